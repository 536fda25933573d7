package signon

import (
	"context"
	"errors"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// ErrOwnersTrust is a change, by someone who is no owner, of whom a connection trusts over which an owner signs in.
var ErrOwnersTrust = fault.New(fault.KindForbidden, "owners_trust", "Owners sign in over this connection, and whoever says whom it trusts could sign in as them. Ask an owner of the portal to make this change.")

// trusts tells whether fields of a connection that changed (see differences) say whom it trusts and as whom people come:
// all of the protocol's settings (issuer, certificates, metadata, servers, what the subject is) and the secret.
func trusts(c Connection, changed []string) bool {
	return slices.ContainsFunc(changed, func(field string) bool {
		return field == "secret" || field == "settings" || strings.HasPrefix(field, string(c.Kind)+".")
	})
}

// mayTrust is nil when who asks may change whom a connection trusts: anyone who looks after it, but where an owner is linked
// to it owners only. Otherwise connection:manage would be the power to sign in as an owner. It holds whatever the
// connection's status: it could be switched off, changed and switched on again.
func (s *Service) mayTrust(ctx context.Context, connection uid.ID) error {
	if who, _ := auth.PrincipalFrom(ctx); slices.Contains(who.Roles, policy.Owner) {
		return nil
	}
	n, err := s.Keep.OwnersOver(ctx, connection)
	if err == nil && n > 0 {
		err = ErrOwnersTrust
	}
	return err
}

// OwnersDecide tells whether only an owner may change whom a connection trusts, and who asks is none. It needs
// connection:manage.
func (s *Service) OwnersDecide(ctx context.Context, connection uid.ID) (decide bool, err error) {
	err = s.within(ctx, connection, func(ctx context.Context) error {
		if _, err := s.Keep.ConnectionByID(ctx, connection); err != nil {
			return err
		}
		return s.mayTrust(ctx, connection)
	})
	if errors.Is(err, ErrOwnersTrust) {
		return true, nil
	}
	return false, err
}

// tellTrustRefused writes down that somebody tried. Event connection.change_refused.
func (s *Service) tellTrustRefused(ctx context.Context, c Connection, fields []string) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		return s.tell(ctx, "connection.change_refused", "connection", c.ID, facts(c, fields))
	})
}
