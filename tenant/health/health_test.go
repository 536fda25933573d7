package health_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/fault"
	"lyceum/tenant/health"
)

func TestAVerdictHasItsReasonsTheBadOnesFirst(t *testing.T) {
	t.Parallel()
	v := health.Versions{Newest: 20, Oldest: 15}
	for name, c := range map[string]struct {
		h      health.Health
		schema int
		want   health.Verdict
		why    []string
	}{
		"nothing known":         {health.Health{}, 20, health.Good, nil},
		"behind":                {health.Health{}, 18, health.Warn, []string{"behind"}},
		"too old":               {health.Health{}, 14, health.Bad, []string{"not_served"}},
		"one failure":           {health.Health{RequestsFailed: 1}, 20, health.Warn, []string{"requests_failed"}},
		"a storm, and behind":   {health.Health{RequestsFailed: 20}, 19, health.Bad, []string{"requests_failed", "behind"}},
		"a short wait":          {health.Health{JobLag: 599}, 20, health.Good, nil},
		"a wait":                {health.Health{JobLag: 600, JobsFailing: 1}, 20, health.Warn, []string{"job_lag", "jobs_failing"}},
		"a long wait":           {health.Health{EventLag: 3600}, 20, health.Bad, []string{"event_lag"}},
		"few sign-ons say none": {health.Health{SignOnsRefused: 9}, 20, health.Good, nil},
		"sign-ons refused":      {health.Health{SignOns: 7, SignOnsRefused: 3}, 20, health.Warn, []string{"sign_on"}},
		"nobody gets in":        {health.Health{SignOnsRefused: 10}, 20, health.Bad, []string{"sign_on"}},
		"room":                  {health.Health{StorageUsed: 89, StorageLimit: 100}, 20, health.Good, nil},
		"no room":               {health.Health{StorageUsed: 100, StorageLimit: 100, MailsFailed: 2}, 20, health.Bad, []string{"storage", "mails_failed"}},
	} {
		c.h.Judge(c.schema, v)
		var why []string
		for _, r := range c.h.Reasons {
			why = append(why, r.Code)
		}
		if diff := cmp.Diff(c.why, why); c.h.Verdict != c.want || diff != "" {
			t.Errorf("%s: %s\n%s", name, c.h.Verdict, diff)
		}
	}
}

type sqlError struct{}

func (sqlError) Error() string    { return "duplicate key (email)=(ada@acme.example)" }
func (sqlError) SQLState() string { return "23505" }

func TestTheSortOfAnErrorNamesNobody(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"database 23505": fmt.Errorf("insert ada@acme.example: %w", sqlError{}),
		"timeout":        fmt.Errorf("mail to ada@acme.example: %w", context.DeadlineExceeded),
		"bank_gone":      fmt.Errorf("x: %w", fault.New(fault.KindInternal, "bank_gone", "ada")),
		"network":        fmt.Errorf("send to ada: %w", &net.OpError{Op: "dial", Err: errors.New("refused")}),
		"panic":          errors.New("panic: ada"),
		"internal":       errors.New("ada"),
	} {
		if got := health.Class(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
