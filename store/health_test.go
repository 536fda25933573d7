package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/health"
)

// one gathers of one tenant only: the others of this database belong to other tests, with other clocks.
type only struct {
	*store.Store
	list []tenant.Tenant
}

func (o only) TenantsAfter(_ context.Context, after uid.ID, _ int) ([]tenant.Tenant, error) {
	if after != uid.Nil {
		return nil, nil
	}
	return o.list, nil
}

func (o only) SweepFailures(context.Context, time.Time) error { return nil }

func TestHealthIsGatheredForEachTenantAlone(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx, other := w.Tenant(t), w.Tenant(t)
	a, _ := tenant.From(ctx)
	b, _ := tenant.From(other)
	owner := storetest.Person(t, ctx, w, policy.Owner)
	s := health.New(health.Options{
		Keep: only{w.Store, []tenant.Tenant{a, b}}, Versions: health.Versions{Newest: a.SchemaVersion, Oldest: 1}, Now: w.Now.Clock(),
		Storage: func(ctx context.Context) (int64, int64, error) {
			if tn, _ := tenant.From(ctx); tn.ID == a.ID {
				return 95, 100, nil
			}
			return 1, 0, nil
		},
	})
	secret := errors.New("learner ada@acme.example has no course")
	for range 3 {
		s.Failed(a.ID, health.KindRequest, "/courses/:slug", "request-3", secret)
	}
	s.JobFailed(a.ID, "mail_invitation", context.DeadlineExceeded)
	s.Failed(uid.Nil, health.KindRequest, "/", "x", secret)
	s.Failed(uid.New(), health.KindRequest, "/", "gone", secret) // a tenant that went meanwhile
	e, err := event.New(ctx, w.Now.Now(), "course.created", "course", uid.New(), map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	e.ID = uid.Floor(w.Now.Now().Add(-2 * time.Hour))
	if err := w.Store.InTenant(ctx, func(ctx context.Context) error { return w.Store.AppendEvents(ctx, e) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Gather(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, failed, err := s.Of(t.Context(), a.ID)
	if err != nil || h == nil || h.Verdict != health.Bad || h.RequestsFailed != 3 || h.MailsFailed != 1 || h.EventLag != 7200 || h.StorageUsed != 95 || h.Owners != owner.Email || h.LastErrorAt == nil {
		t.Fatalf("%+v, %v", h, err)
	}
	if len(h.Reasons) != 4 || h.Reasons[0] != (health.Reason{Code: "event_lag", Number: 120, Bad: true}) {
		t.Errorf("reasons %+v", h.Reasons)
	}
	if len(failed) != 2 || failed[1].Count != 3 || failed[1].RequestID != "request-3" || failed[1].Class != "internal" {
		t.Errorf("failures %+v", failed)
	}
	h, failed, err = s.Of(t.Context(), b.ID)
	if err != nil || h == nil || h.Verdict != health.Good || len(h.Reasons) != 0 || len(failed) != 0 {
		t.Errorf("the other tenant: %+v %+v, %v", h, failed, err)
	}

	w.Now.Advance(25 * time.Hour)
	s.Failed(a.ID, health.KindRequest, "/courses/:slug", "request-4", secret)
	if err := s.Gather(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h, failed, err = s.Of(t.Context(), a.ID); err != nil || h.RequestsFailed != 1 || h.MailsFailed != 0 || len(failed) != 3 || failed[0].RequestID != "request-4" {
		t.Errorf("a day later: %+v %+v, %v", h, failed, err)
	}
	if h, _, err := s.Of(t.Context(), uid.New()); h != nil || err != nil {
		t.Errorf("nobody's health: %+v, %v", h, err)
	}
}

func TestTheListOfTenantsIsSearchedSortedAndPaged(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	// Names of the test's own: other tests' tenants are in the same list.
	mark := "Zz" + uid.Opaque(10)
	var all []tenant.Tenant
	for i, name := range []string{"beta", "Alpha", "gamma"} {
		tn := w.TenantRow(t)
		if _, err := w.Admin.Exec(t.Context(), "update control.tenants set name = $2, created_at = $3, life = 'trial' where id = $1", tn.ID, mark+" "+name, w.Now.Now().Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		all = append(all, tn)
	}
	beta, alpha, gamma := all[0], all[1], all[2]
	later := w.Now.Now().Add(time.Minute)
	err := w.Store.SaveHealth(t.Context(), []health.Health{
		{TenantID: beta.ID, Verdict: health.Bad, JobLag: 60, ActiveLearners: 5, Owners: mark + "@owners.example", CheckedAt: later},
		{TenantID: alpha.ID, Verdict: health.Good, JobLag: 30, ActiveLearners: 50, LastErrorAt: &later, CheckedAt: later},
		{TenantID: uid.New(), Verdict: health.Good, CheckedAt: later},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Admin.Exec(t.Context(), "insert into control.domains (host, tenant_id, created_at) values ($1, $2, now())", mark+".example", gamma.ID); err != nil {
		t.Fatal(err)
	}
	list := func(f health.Filter) (out []uid.ID) {
		t.Helper()
		f.Page.Limit = 2
		for {
			piece, err := w.Store.TenantRows(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range piece.Items {
				out = append(out, r.ID)
			}
			if f.Page.After = piece.Next; piece.Next == "" {
				return out
			}
		}
	}
	is := func(what string, got []uid.ID, want ...tenant.Tenant) {
		t.Helper()
		same := len(got) == len(want)
		for i := 0; same && i < len(got); i++ {
			same = got[i] == want[i].ID
		}
		if !same {
			t.Errorf("%s: %v", what, got)
		}
	}
	is("by name", list(health.Filter{Query: mark + " "}), alpha, beta, gamma)
	is("newest first", list(health.Filter{Query: mark + " ", Sort: health.ByCreated}), gamma, alpha, beta)
	is("most learners first", list(health.Filter{Query: mark + " ", Sort: health.ByUsage}), alpha, beta, gamma)
	is("longest wait first", list(health.Filter{Query: mark + " ", Sort: health.ByLag}), beta, alpha, gamma)
	if got := list(health.Filter{Query: mark + " ", Sort: health.ByError}); len(got) != 3 || got[0] != alpha.ID {
		t.Errorf("last error first: %v", got)
	}
	is("by an owner's e-mail", list(health.Filter{Query: mark + "@owners"}), beta)
	is("by a domain", list(health.Filter{Query: mark + ".exam"}), gamma)
	is("by a subdomain", list(health.Filter{Query: alpha.Slug}), alpha)
	is("those that do badly", list(health.Filter{Query: mark, Verdict: health.Bad}), beta)
	is("of another state", list(health.Filter{Query: mark, State: "suspended"}))
	is("of a state", list(health.Filter{Query: mark + " ", State: "trial"}), alpha, beta, gamma)
	is("of a plan", list(health.Filter{Query: mark, Plan: "nobody's"}))
	is("behind", list(health.Filter{Query: mark + " g", Behind: gamma.SchemaVersion + 1}), gamma)
	is("not behind", list(health.Filter{Query: mark, Behind: gamma.SchemaVersion}))
	is("what stands for anything stands for itself", list(health.Filter{Query: mark + "%a"}))
	for _, after := range []string{"nonsense", page.Cursor("x"), page.Cursor("x", "y"), page.Cursor("x", uid.New().String()), page.Cursor("\x00", uid.New().String())} {
		for _, sort := range health.Sorts() {
			if _, err := w.Store.TenantRows(t.Context(), health.Filter{Sort: sort, Page: page.Request{After: after}}); err != nil && !errors.Is(err, page.ErrCursor) {
				t.Errorf("cursor %q of %s: %v", after, sort, err)
			}
		}
	}
}
