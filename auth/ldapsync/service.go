package ldapsync

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Options says what the service works with. Keep, Auth, Policy and LDAP are required.
type Options struct {
	Keep   Keeper
	Auth   *auth.Service
	Policy *policy.Engine
	LDAP   *ldap.Client
	Seal   seal.Key
	Now    clock.Clock // default clock.Real
	Log    *slog.Logger
}

// Service is the LDAP directories of the tenant of each call's context.
type Service struct {
	keep   Keeper
	auth   *auth.Service
	policy *policy.Engine
	ldap   *ldap.Client
	seal   seal.Key
	now    clock.Clock
	log    *slog.Logger
}

// New makes the service. It panics when a required option is missing: that is a mistake in the wiring.
func New(o Options) *Service {
	if o.Keep == nil || o.Auth == nil || o.Policy == nil || o.LDAP == nil {
		panic("ldapsync.New: Keep, Auth, Policy and LDAP are required")
	}
	if o.Now == nil {
		o.Now = clock.Real
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{keep: o.Keep, auth: o.Auth, policy: o.Policy, ldap: o.LDAP, seal: o.Seal, now: o.Now, log: o.Log}
}

// purpose is what the passwords are sealed for.
const purpose = "directory"

func (s *Service) sealed(ctx context.Context, password string) ([]byte, error) {
	t, _ := tenant.From(ctx)
	return s.seal.Seal(t.ID, purpose, []byte(password))
}

// password opens a directory's; ErrNoPassword.
func (s *Service) password(ctx context.Context, d Directory) (string, error) {
	if !d.HasSecret() {
		return "", ErrNoPassword
	}
	t, _ := tenant.From(ctx)
	raw, err := s.seal.Open(t.ID, purpose, d.Secrets)
	if err != nil {
		return "", fmt.Errorf("password of directory %s: %w", d.ID, err)
	}
	return string(raw), nil
}

// tell appends an event about a directory or a group.
func (s *Service) tell(ctx context.Context, typ, subjectType string, subject uid.ID, data map[string]any) error {
	e, err := event.New(ctx, s.now(), typ, subjectType, subject, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

func facts(d Directory) map[string]any {
	return map[string]any{"directory_id": d.ID, "name": d.Name, "kind": d.Kind, "status": d.Status}
}

// managing runs fn in a transaction for who may manage directories.
func (s *Service) managing(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := auth.Require(ctx, policy.ConnectionManage); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, fn)
}

// check validates input and asks whether who asks may give the roles that its rules give.
func (s *Service) check(ctx context.Context, in *Input) error {
	roles, err := s.keep.Roles(ctx)
	if err != nil {
		return err
	}
	if err := in.Validate(func(r policy.Role) bool { return slices.Contains(roles, r) }); err != nil {
		return err
	}
	var given []policy.Role
	for _, rule := range in.RoleRules.Rules {
		given = append(given, rule.Role)
	}
	if in.RoleRules.Default != "" {
		given = append(given, in.RoleRules.Default)
	}
	theirs, err := s.policy.For(ctx, given)
	if err != nil {
		return err
	}
	if who, _ := auth.PrincipalFrom(ctx); !who.May.Covers(theirs) {
		return auth.ErrRoleExceeds
	}
	return nil
}

// due tells whether a directory is to be read again.
func (d Directory) due(now time.Time) bool {
	return d.SyncedAt == nil || !now.Before(d.SyncedAt.Add(d.Settings.V.every()))
}
