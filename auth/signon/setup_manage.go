package signon

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

const (
	setupLinksShown = 100
	setupNameMax    = 200
	setupSecretSize = 43 // what uid.Secret makes
)

// SetupInput is a set-up link to be made.
type SetupInput struct {
	Kind         SetupKind
	ConnectionID *uid.ID // of SetupExisting
	Name         string  // whom it is for
	Email        string  // may be empty unless Mail is set
	Hours        int     // how long it lasts; 0 is SetupHoursDefault
	Mail         bool    // send it to Email; nobody here sees it then
}

func (in *SetupInput) check() error {
	f := fault.Fields{}
	in.Name = strings.TrimSpace(in.Name)
	f.Check(in.Name != "", "name", "Enter the name of the person who sets it up.")
	f.Check(utf8.RuneCountInString(in.Name) <= setupNameMax && !strings.ContainsFunc(in.Name, unicode.IsControl), "name", "Use at most 200 characters.")
	if in.Email = strings.TrimSpace(in.Email); in.Email != "" || in.Mail {
		email, ok := auth.NormaliseEmail(in.Email)
		f.Check(ok, "email", "Enter an e-mail address, for example “anna@example.com”.")
		in.Email = email
	}
	if in.Hours == 0 {
		in.Hours = SetupHoursDefault
	}
	f.Check(in.Hours >= SetupHoursMin && in.Hours <= SetupHoursMax, "hours", "Choose 1 to 336 hours.")
	f.Check(slices.Contains(SetupKinds(), in.Kind), "kind", "Choose what is to be set up.")
	f.Check((in.Kind == SetupExisting) == (in.ConnectionID != nil), "connection", "Choose the connection that is to be set up.")
	return f.Err()
}

// CreateSetupLink makes a link; its secret is given this once, and not at all when the link is mailed. It needs
// connection:manage, and an administrator of the portal. A connection that is on is a fault at connection. Event
// setup_link.created, on which the mail goes out.
func (s *Service) CreateSetupLink(ctx context.Context, in SetupInput) (secret string, l SetupLink, err error) {
	if err := s.portalAdmin(ctx); err != nil {
		return "", l, err
	}
	if err := in.check(); err != nil {
		return "", l, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	now := s.Now()
	secret, hash := uid.Secret()
	l = SetupLink{
		ID: uid.New(), Hash: hash, Name: in.Name, Email: in.Email, Kind: in.Kind, Mailed: in.Mail, ConnectionID: in.ConnectionID,
		CreatedBy: who.PersonID, CreatedAt: now, ExpiresAt: now.Add(time.Duration(in.Hours) * time.Hour),
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if in.ConnectionID != nil {
			c, err := s.Keep.ConnectionByID(ctx, *in.ConnectionID)
			if err != nil {
				return err
			}
			if c.Status == StatusOn {
				return fault.Invalid(map[string]string{"connection": "This connection is on, and nobody changes it through a link then. Switch it to dry run first, or change it yourself."})
			}
		}
		if err := s.Keep.InsertSetupLink(ctx, l); err != nil {
			return err
		}
		return s.tellSetup(ctx, "setup_link.created", l)
	})
	if in.Mail {
		secret = "" // the mail's job makes another
	}
	return secret, l, err
}

// MintSetupLink makes the secret of a link that is mailed; the one before is void. The mail's job calls it, so that no
// secret lies in a queue. ErrSetupLinkOver when the link waits for nobody any more: nothing is to be sent then.
func (s *Service) MintSetupLink(ctx context.Context, id uid.ID) (secret string, l SetupLink, err error) {
	secret, hash := uid.Secret()
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if l, err = s.Keep.LockSetupLink(ctx, id); err != nil {
			return err
		}
		if l.State(s.Now()) != SetupWaiting {
			return ErrSetupLinkOver
		}
		l.Hash = hash
		return s.Keep.SetSetupLink(ctx, l)
	})
	return secret, l, err
}

// SetupLinks lists the last links, the newest first, without secrets. It needs connection:manage, and an administrator of
// the portal.
func (s *Service) SetupLinks(ctx context.Context) (list []SetupLink, err error) {
	if err := s.portalAdmin(ctx); err != nil {
		return nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.Keep.SetupLinks(ctx, setupLinksShown)
		return err
	})
	for i := range list {
		list[i].Hash, list[i].Browser = nil, nil
	}
	return list, err
}

// RevokeSetupLink ends a link at once, whoever has it open. Revoking one that is over is no failure. It needs
// connection:manage, and an administrator of the portal. Event setup_link.revoked.
func (s *Service) RevokeSetupLink(ctx context.Context, id uid.ID) (l SetupLink, err error) {
	if err := s.portalAdmin(ctx); err != nil {
		return l, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if l, err = s.Keep.LockSetupLink(ctx, id); err != nil {
			return err
		}
		now := s.Now()
		if st := l.State(now); st != SetupWaiting && st != SetupOpened {
			return nil
		}
		l.RevokedAt = &now
		if err := s.Keep.SetSetupLink(ctx, l); err != nil {
			return err
		}
		return s.tellSetup(ctx, "setup_link.revoked", l)
	})
	return l, err
}

// LookAtSetup gives a link that works still, to show what it is for before it is opened: looking opens nothing, so that a
// mail scanner does not use it up. ErrSetupLinkOver.
func (s *Service) LookAtSetup(ctx context.Context, secret string) (l SetupLink, err error) {
	if len(secret) != setupSecretSize {
		return l, ErrSetupLinkOver
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		l, err = s.Keep.SetupLinkByHash(ctx, uid.Hash(secret))
		return err
	})
	if errors.Is(err, ErrSetupLinkNotFound) {
		err = ErrSetupLinkOver
	}
	if st := l.State(s.Now()); err == nil && st != SetupWaiting && st != SetupOpened {
		err = ErrSetupLinkOver
	}
	return l, err
}

// OpenSetup binds a link to the browser that opens it first, and gives the secret that this browser is to carry. ErrSetupLinkOver,
// ErrSetupLinkUsed. Event setup_link.opened.
func (s *Service) OpenSetup(ctx context.Context, secret string) (l SetupLink, carried string, err error) {
	if l, err = s.LookAtSetup(ctx, secret); err != nil {
		return l, "", err
	}
	carried, browser := uid.Secret()
	err = s.Keep.InTenant(setupActor(ctx, l), func(ctx context.Context) error {
		if err := s.Keep.BindSetupLink(ctx, l.ID, browser, s.Now()); err != nil {
			return err
		}
		return s.tellSetup(ctx, "setup_link.opened", l)
	})
	return l, carried, err
}

type setupKey struct{}

// setupFrom gives the link under which ctx acts; ok is false for everyone else.
func setupFrom(ctx context.Context) (l SetupLink, ok bool) {
	l, ok = ctx.Value(setupKey{}).(SetupLink)
	return l, ok
}

// SetupFrom gives the set-up link under which ctx acts; ok is false for everyone else.
func SetupFrom(ctx context.Context) (l SetupLink, ok bool) { return setupFrom(ctx) }

func setupActor(ctx context.Context, l SetupLink) context.Context {
	return event.WithActor(ctx, event.Actor{ID: l.ID, Kind: "setup_link"})
}

// EnterSetup lets the browser that opened a link in: who asks under the context it gives has connection:manage, is nobody,
// and reaches only what the link is for. ErrSetupLinkOver, ErrSetupLinkUsed.
func (s *Service) EnterSetup(ctx context.Context, secret, carried string) (context.Context, SetupLink, error) {
	l, err := s.LookAtSetup(ctx, secret)
	if err != nil {
		return ctx, l, err
	}
	if l.OpenedAt == nil || subtle.ConstantTimeCompare(l.Browser, uid.Hash(carried)) != 1 {
		return ctx, l, ErrSetupLinkUsed
	}
	ctx = auth.WithPrincipal(setupActor(ctx, l), auth.Principal{Name: l.Name, Email: l.Email, May: policy.Set{policy.ConnectionManage: {}}})
	ctx = context.WithValue(ctx, setupKey{}, l)
	return WithOnly(ctx, l.only()), l, nil
}

// only is what of the connections a link is for.
func (l SetupLink) only() Only {
	switch {
	case l.ConnectionID != nil:
		return Only{Connection: *l.ConnectionID}
	case l.Kind == SetupAny:
		return Only{}
	}
	return Only{Kind: auth.Protocol(l.Kind)} // SetupDomains is no protocol: such a link makes none
}

// NoteSetupConnection ties the link under which ctx acts to the connection that was made through it: from now on it is for
// that one alone. Event setup_link.used.
func (s *Service) NoteSetupConnection(ctx context.Context, connection uid.ID) error {
	l, ok := setupFrom(ctx)
	if !ok {
		return policy.ErrForbidden
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		l, err := s.Keep.LockSetupLink(ctx, l.ID)
		if err != nil {
			return err
		}
		if l.ConnectionID != nil {
			return ErrSetupLinkUsed
		}
		l.ConnectionID = &connection
		if err := s.Keep.SetSetupLink(ctx, l); err != nil {
			return err
		}
		return s.tellSetup(ctx, "setup_link.used", l)
	})
}

// FinishSetup ends the link under which ctx acts: its work is done, and the portal's administrators are told to look at it
// and switch it on. Event setup_link.finished.
func (s *Service) FinishSetup(ctx context.Context) error {
	l, ok := setupFrom(ctx)
	if !ok {
		return policy.ErrForbidden
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		l, err := s.Keep.LockSetupLink(ctx, l.ID)
		if err != nil {
			return err
		}
		now := s.Now()
		if l.State(now) != SetupOpened {
			return ErrSetupLinkOver
		}
		l.FinishedAt = &now
		if err := s.Keep.SetSetupLink(ctx, l); err != nil {
			return err
		}
		return s.tellSetup(ctx, "setup_link.finished", l)
	})
}

func (s *Service) tellSetup(ctx context.Context, typ string, l SetupLink) error {
	data := map[string]any{"setup_link_id": l.ID, "name": l.Name, "email": l.Email, "kind": l.Kind, "expires_at": l.ExpiresAt.Format(time.RFC3339)}
	if l.Mailed {
		data["mailed"] = true
	}
	if l.ConnectionID != nil {
		data["connection_id"] = *l.ConnectionID
	}
	return s.tell(ctx, typ, "setup_link", l.ID, data)
}
