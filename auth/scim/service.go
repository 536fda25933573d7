package scim

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Options says what the service works with. Keep, Auth and Policy are required.
type Options struct {
	Keep   Keeper
	Auth   *auth.Service
	Policy *policy.Engine
	Limit  auth.Limiter // bounds the requests of one directory; default: no bound
	Now    clock.Clock  // default clock.Real
	Log    *slog.Logger
}

// Service is the directories of the tenant of each call's context.
type Service struct {
	keep   Keeper
	auth   *auth.Service
	policy *policy.Engine
	limit  auth.Limiter
	now    clock.Clock
	log    *slog.Logger
}

// New makes the service. It panics when a required option is missing: that is a mistake in the wiring.
func New(o Options) *Service {
	if o.Keep == nil || o.Auth == nil || o.Policy == nil {
		panic("scim.New: Keep, Auth and Policy are required")
	}
	if o.Now == nil {
		o.Now = clock.Real
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{keep: o.Keep, auth: o.Auth, policy: o.Policy, limit: o.Limit, now: o.Now, log: o.Log}
}

// usedEvery is how often a token's use is written at most.
const usedEvery = time.Minute

// Authenticate finds the directory whose bearer token this is. ErrUnauthorised when the token is unknown, expired,
// revoked or another tenant's; ErrDirectoryOff; ErrTooManyRequests with how long to wait.
func (s *Service) Authenticate(ctx context.Context, secret string) (d Directory, retry time.Duration, err error) {
	if len(secret) != len(TokenPrefix)+secretLength || !strings.HasPrefix(secret, TokenPrefix) {
		return d, 0, ErrUnauthorised
	}
	t, d, err := s.keep.DirectoryTokenByHash(ctx, uid.Hash(secret))
	if err != nil {
		return d, 0, err
	}
	now := s.now()
	switch {
	case t.RevokedAt != nil || !now.Before(t.ExpiresAt) || d.Kind != KindSCIM:
		return Directory{}, 0, ErrUnauthorised
	case d.Status == signon.StatusOff:
		return Directory{}, 0, ErrDirectoryOff
	}
	if s.limit != nil {
		if ok, retry, _ := s.limit.Allow("scim " + d.ID.String()); !ok {
			return Directory{}, retry, ErrTooManyRequests
		}
	}
	if t.LastUsedAt == nil || now.Sub(*t.LastUsedAt) >= usedEvery {
		err = s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.TouchDirectoryToken(ctx, t, now) })
	}
	return d, 0, err
}

// acting is the context in which a directory's requests do what they do.
func acting(ctx context.Context) context.Context {
	return event.WithActor(ctx, event.Actor{Kind: "directory"})
}

// tell appends an event about a directory or a group.
func (s *Service) tell(ctx context.Context, typ, subjectType string, subject uid.ID, data map[string]any) error {
	e, err := event.New(ctx, s.now(), typ, subjectType, subject, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// Me gives the User that a person is in a directory, as an API key of theirs asks at /Me (RFC 7644 §3.11); ErrNotFound
// when no directory brought them.
func (s *Service) Me(ctx context.Context, base string) (Response, error) {
	who, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return Response{}, auth.ErrSignInFirst
	}
	var out Response
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		r, err := s.keep.RecordOf(ctx, who.PersonID)
		if err != nil {
			return err
		}
		d, err := s.keep.DirectoryByID(ctx, KindSCIM, r.DirectoryID)
		if err != nil {
			return err
		}
		w := s.begin(d, Request{Base: base})
		found, err := w.showUsers(ctx, []Record{r}, Selection{})
		if err != nil {
			return err
		}
		out = w.resource(200, found[0], Selection{}, Users)
		return nil
	})
	if errors.Is(err, ErrDirectoryNotFound) {
		err = ErrNotFound
	}
	return out, err
}

// inTenant tells whether there is a tenant at all: without one nothing of this package works.
func inTenant(ctx context.Context) bool {
	_, ok := tenant.From(ctx)
	return ok
}
