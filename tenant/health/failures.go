package health

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// ledger counts failures in memory until they are written.
type ledger struct {
	mu     sync.Mutex
	counts map[spot]count
}

type spot struct {
	tenant      uid.ID
	kind        Kind
	what, class string
	hour        time.Time
}

type count struct {
	n         int
	last      time.Time
	requestID string
}

// spotsMax bounds what is counted between two writes: a storm of failures is known by then.
const spotsMax = 5000

// flushEvery is how often failures are written.
const flushEvery = 5 * time.Second

// Failed notes that something failed at a tenant: what is the pattern of a route or the name of a job. It keeps the sort of the error
// (Class), not its text, which may name people. It never waits; uid.Nil is no tenant, and noted nowhere.
func (s *Service) Failed(tenantID uid.ID, kind Kind, what, requestID string, err error) {
	if tenantID == uid.Nil || err == nil || errors.Is(err, context.Canceled) {
		return
	}
	if what == "" {
		what = "-"
	}
	now := s.Now()
	at := spot{tenantID, kind, what, Class(err), now.UTC().Truncate(time.Hour)}
	s.failures.mu.Lock()
	defer s.failures.mu.Unlock()
	c, there := s.failures.counts[at]
	if !there && len(s.failures.counts) >= spotsMax {
		return
	}
	s.failures.counts[at] = count{c.n + 1, now, requestID}
}

// JobFailed notes that a job failed at a tenant; those named mail_… send mail.
func (s *Service) JobFailed(tenantID uid.ID, name string, err error) {
	kind := KindJob
	if strings.HasPrefix(name, "mail_") {
		kind = KindMail
	}
	s.Failed(tenantID, kind, name, "", err)
}

// Class is the sort of an error, in a word or two that name nobody: the code of a declared failure, the database's SQLSTATE, timeout,
// network, panic, else internal.
func Class(err error) string {
	var sql interface{ SQLState() string }
	var declared *fault.Fault
	var network net.Error
	switch {
	case errors.As(err, &sql):
		return "database " + sql.SQLState()
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.As(err, &declared):
		return declared.Code
	case errors.As(err, &network):
		return "network"
	case strings.HasPrefix(err.Error(), "panic: "):
		return "panic"
	}
	return "internal"
}

// Flush writes what was noted. What could not be written is tried again with the next.
func (s *Service) Flush(ctx context.Context) error {
	s.failures.mu.Lock()
	todo := s.failures.counts
	s.failures.counts = map[spot]count{}
	s.failures.mu.Unlock()
	if len(todo) == 0 {
		return nil
	}
	list := make([]Failure, 0, len(todo))
	for at, c := range todo {
		list = append(list, Failure{TenantID: at.tenant, Kind: at.kind, What: at.what, Class: at.class, Hour: at.hour, Count: c.n, LastAt: c.last, RequestID: c.requestID})
	}
	err := s.Keep.AddFailures(ctx, list)
	if err == nil {
		return nil
	}
	s.failures.mu.Lock()
	defer s.failures.mu.Unlock()
	for at, c := range todo {
		now := s.failures.counts[at]
		if now.n == 0 {
			now = c
		} else {
			now.n += c.n
		}
		s.failures.counts[at] = now
	}
	return err
}

// Run writes what is noted until ctx ends, and then the rest.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushEvery)
			defer cancel()
			s.write(last)
			return
		case <-tick.C:
			s.write(ctx)
		}
	}
}

func (s *Service) write(ctx context.Context) {
	if err := s.Flush(ctx); err != nil {
		s.Log.WarnContext(ctx, "failures are not noted yet; it is tried again", slog.Any("err", err))
	}
}
