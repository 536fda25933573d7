package bulk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Link lets people ask to join, until it ends, was used often enough or is revoked. Who asks proves their e-mail by the
// invitation that is sent to it. It is a row of join_links.
type Link struct {
	ID        uid.ID
	Hash      []byte
	Sealed    []byte
	Secret    string `gorm:"-"` // filled where a link is shown to who keeps it
	Name      string // what it is for
	Role      policy.Role
	GroupID   *uid.ID
	GroupName string `gorm:"->"`
	Domains   List   `gorm:"serializer:json"` // of e-mail addresses; none: any
	MaxUses   *int
	Used      int
	CreatedBy *uid.ID
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt *time.Time
}

// Open tells whether it can be used at a moment.
func (l Link) Open(now time.Time) bool {
	return l.RevokedAt == nil && now.Before(l.ExpiresAt) && (l.MaxUses == nil || l.Used < *l.MaxUses)
}

// linkKeeper is what links need kept.
type linkKeeper interface {
	AddLink(ctx context.Context, l Link) error
	// LinkByID and LinkByHash give a link; ErrNoLink. LockLink holds it until the transaction ends.
	LinkByID(ctx context.Context, id uid.ID) (Link, error)
	LinkByHash(ctx context.Context, hash []byte) (Link, error)
	LockLink(ctx context.Context, id uid.ID) (Link, error)
	SaveLink(ctx context.Context, l Link) error
	// Links lists them, the newest first, at most 200.
	Links(ctx context.Context) ([]Link, error)
}

// ErrNoLink is a link to join that is none, or none any more.
var ErrNoLink = fault.New(fault.KindNotFound, "join_link_invalid", "This link has ended. Ask who gave it to you for a new one.")

var errTooManyLinks = fault.New(fault.KindConflict, "join_links_too_many", "There are 200 links to join already. Revoke one that is not used any more.")

// LinkInput is a link to be made.
type LinkInput struct {
	Name    string
	Role    policy.Role
	Group   *uid.ID
	Domains []string
	MaxUses *int
	Days    int // that it lasts: 1 to 365
}

const (
	linksMax    = 200
	linkPurpose = "join link"
)

func (in *LinkInput) validate() error {
	f := fault.Fields{}
	in.Name = strings.TrimSpace(in.Name)
	f.Check(in.Name != "" && utf8.RuneCountInString(in.Name) <= 100 && utf8.ValidString(in.Name), "name", "Say what the link is for, in at most 100 characters.")
	f.Check(in.Role != "", "role", "Choose a role.")
	f.Check(in.Days >= 1 && in.Days <= 365, "days", "Choose between 1 and 365 days.")
	f.Check(in.MaxUses == nil || *in.MaxUses >= 1 && *in.MaxUses <= 100_000, "max_uses", "Choose between 1 and 100,000 people, or leave it empty.")
	domains := []string{}
	for _, d := range in.Domains {
		if d = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(d), "@")); d == "" || slices.Contains(domains, d) {
			continue
		}
		_, ok := auth.NormaliseEmail("a@" + d)
		f.Check(ok && strings.Contains(d, "."), "domains", "Write domains such as example.com, one a line.")
		domains = append(domains, d)
	}
	f.Check(len(domains) <= 50, "domains", "Name at most 50 domains.")
	in.Domains = domains
	return f.Err()
}

// CreateLink makes a link by which people ask to join: event join_link.created. It needs person:manage, a role within one's
// own permissions, and for a group group:manage.
func (s *Service) CreateLink(ctx context.Context, in LinkInput) (l Link, err error) {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return l, err
	}
	if err := in.validate(); err != nil {
		return l, err
	}
	t, _ := tenant.From(ctx)
	who, _ := auth.PrincipalFrom(ctx)
	secret, hash := uid.Secret()
	sealed, err := s.Seal.Seal(t.ID, linkPurpose, []byte(secret))
	if err != nil {
		return l, fmt.Errorf("seal a link to join: %w", err)
	}
	now := s.Now()
	l = Link{
		ID: uid.New(), Hash: hash, Sealed: sealed, Secret: secret, Name: in.Name, Role: in.Role, GroupID: in.Group, Domains: in.Domains, MaxUses: in.MaxUses,
		CreatedBy: &who.PersonID, CreatedAt: now, ExpiresAt: now.AddDate(0, 0, in.Days),
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		givable, err := s.Auth.GivableRoles(ctx)
		if err != nil {
			return err
		}
		if !slices.Contains(givable, in.Role) {
			return fault.Invalid(map[string]string{"role": "Choose a role that you may give."})
		}
		if in.Group != nil {
			if err := s.checkGroup(ctx, &l); err != nil {
				return err
			}
		}
		all, err := s.Keep.Links(ctx)
		if err != nil {
			return err
		}
		if open := slices.DeleteFunc(all, func(l Link) bool { return !l.Open(now) }); len(open) >= linksMax {
			return errTooManyLinks
		}
		if err := s.Keep.AddLink(ctx, l); err != nil {
			return err
		}
		return s.tellLink(ctx, "join_link.created", l, nil)
	})
	return l, err
}

func (s *Service) checkGroup(ctx context.Context, l *Link) error {
	if err := auth.Require(ctx, policy.GroupManage); err != nil {
		return err
	}
	g, err := s.Groups.Show(ctx, *l.GroupID)
	if err != nil {
		return err
	}
	if g.DirectoryID != nil || g.Rule != nil {
		return fault.Invalid(map[string]string{"group": errKept.Text})
	}
	l.GroupName = g.Name
	return nil
}

// Links lists the links to join with what they are, the newest first. It needs person:manage.
func (s *Service) Links(ctx context.Context) (list []Link, err error) {
	err = s.reading(ctx, func(ctx context.Context) error {
		list, err = s.Keep.Links(ctx)
		return err
	})
	t, _ := tenant.From(ctx)
	for i := range list {
		raw, err := s.Seal.Open(t.ID, linkPurpose, list[i].Sealed)
		if err != nil {
			return nil, fmt.Errorf("open a link to join: %w", err)
		}
		list[i].Secret = string(raw)
	}
	return list, err
}

// RevokeLink ends a link: event join_link.revoked. It needs person:manage; ErrNoLink.
func (s *Service) RevokeLink(ctx context.Context, id uid.ID) error {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return err
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		l, err := s.Keep.LockLink(ctx, id)
		if err != nil || l.RevokedAt != nil {
			return err
		}
		now := s.Now()
		l.RevokedAt = &now
		if err := s.Keep.SaveLink(ctx, l); err != nil {
			return err
		}
		return s.tellLink(ctx, "join_link.revoked", l, nil)
	})
}

// OpenLink gives a link that can be used; ErrNoLink. It asks nobody's permission: who has the link may look at it.
func (s *Service) OpenLink(ctx context.Context, secret string) (l Link, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		l, err = s.Keep.LinkByHash(ctx, uid.Hash(secret))
		if err == nil && !l.Open(s.Now()) {
			err = ErrNoLink
		}
		return err
	})
	return l, err
}

// Join asks to join by a link: whoever reads the mailbox gets an invitation. The answer is the same for who is here already,
// who gets none. It asks nobody's permission; the link's maker must still have theirs. ErrNoLink, auth.ErrTooManyAttempts.
// Faults at email and name.
func (s *Service) Join(ctx context.Context, secret, email, name string, c auth.Client) error {
	l, err := s.OpenLink(ctx, secret)
	if err != nil {
		return err
	}
	if s.Joins != nil {
		t, _ := tenant.From(ctx)
		if ok, _, _ := s.Joins.Allow(t.ID.String() + " join from " + c.IP); !ok {
			return auth.ErrTooManyAttempts.Saying("Too many people asked to join from here. Wait a few minutes.")
		}
	}
	in := auth.InviteInput{Email: email, Name: name, Role: l.Role}
	if err := in.Validate(); err != nil {
		return err
	}
	if _, domain, _ := strings.Cut(in.Email, "@"); len(l.Domains) > 0 && !slices.Contains(l.Domains, domain) {
		return fault.Invalid(map[string]string{"email": "Use your address at the organization that gave you this link."})
	}
	if s.JoinMails != nil {
		if ok, _, _ := s.JoinMails.Allow(l.ID.String() + " join mail to " + in.Email); !ok {
			return auth.ErrTooManyAttempts.Saying("An invitation is on its way to this address already. Look into your mailbox.")
		}
	}
	err = s.bring(ctx, l.ID, in)
	s.Auth.Changed(ctx)
	return err
}

// bring brings one in for who made the link.
func (s *Service) bring(ctx context.Context, id uid.ID, in auth.InviteInput) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		l, err := s.Keep.LockLink(ctx, id)
		if err != nil {
			return err
		}
		if !l.Open(s.Now()) || l.CreatedBy == nil {
			return ErrNoLink
		}
		known, err := s.Keep.PeopleByEmails(ctx, []string{in.Email})
		if p, here := known[in.Email]; err != nil || here && p.Status != auth.PersonInvited {
			return err // nothing happens, and nobody is told who is here
		}
		asking, err := s.Auth.As(ctx, *l.CreatedBy)
		if err != nil {
			return closed(err)
		}
		src := auth.Source{Kind: auth.SourceLink, ID: l.ID, Name: l.Name}
		p, fresh, _, err := s.Auth.Bring(asking, src, auth.Newcomer{Profile: auth.Profile{Email: in.Email, Name: in.Name}, Roles: []policy.Role{l.Role}, Again: true})
		if err != nil {
			return closed(err)
		}
		if l.GroupID != nil {
			if _, err := s.Groups.Add(asking, *l.GroupID, []uid.ID{p.ID}); err != nil {
				return closed(err)
			}
		}
		if !fresh {
			return nil
		}
		l.Used++
		if err := s.Keep.SaveLink(ctx, l); err != nil {
			return err
		}
		return s.tellLink(ctx, "join_link.used", l, map[string]any{"person_id": p.ID})
	})
}

// closed is what a stranger hears when the link's maker may not do any more what it does.
func closed(err error) error {
	if f := fault.Of(err); f.Kind == fault.KindInternal {
		return err
	}
	return ErrNoLink.Because(err)
}

func (s *Service) tellLink(ctx context.Context, typ string, l Link, more map[string]any) error {
	data := map[string]any{"link_id": l.ID, "name": l.Name, "role": l.Role}
	for k, v := range more {
		data[k] = v
	}
	e, err := event.New(ctx, s.Now(), typ, "join_link", l.ID, data)
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, e)
}
