package address

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what the service needs kept.
type Keeper interface {
	InTenant(ctx context.Context, fn func(context.Context) error) error
	InControl(ctx context.Context, fn func(context.Context) error) error
	AppendEvents(ctx context.Context, events ...event.Event) error
	Announce(ctx context.Context, tenantID uid.ID)
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error

	TenantByID(ctx context.Context, id uid.ID) (tenant.Tenant, error)
	TenantBySlug(ctx context.Context, slug string) (tenant.Tenant, error)
	LooksAlike(ctx context.Context, id uid.ID, skeleton string) (bool, error)
	// HoldTenant makes others who change the tenant's row wait until the transaction ends.
	HoldTenant(ctx context.Context, id uid.ID) (tenant.Tenant, error)
	SlugsOf(ctx context.Context, id uid.ID) ([]string, error)
	// RenameTenant gives the tenant another subdomain and keeps the one before; tenant.ErrSlugTaken.
	RenameTenant(ctx context.Context, t tenant.Tenant, slug string, at time.Time) error
	SetPrimaryHost(ctx context.Context, id uid.ID, host string, at time.Time) error

	WishedDomains(ctx context.Context, id uid.ID) ([]Domain, error)
	WishedDomain(ctx context.Context, id uid.ID, host string) (Domain, error)
	InsertWishedDomain(ctx context.Context, d Domain) error
	SetWishedDomain(ctx context.Context, d Domain) error
	DeleteWishedDomain(ctx context.Context, id uid.ID, host string) error
	// ClaimHost gives a host to a tenant unless another has it, and says who has it then.
	ClaimHost(ctx context.Context, host string, id uid.ID, at time.Time) (owner uid.ID, err error)
	ReleaseHost(ctx context.Context, host string, id uid.ID) error
	// DropCertificates forgets certificate and key of a host.
	DropCertificates(ctx context.Context, host string) error
}

// Resolver asks the DNS; *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options are what the service works with.
type Options struct {
	Keep     Keeper
	Hosts    tenant.Hosts
	Resolver Resolver
	// Target is the name that domains are to point to by CNAME; default Hosts.Platform.
	Target string
	// Networks are the addresses that domains may point to besides those of Target: of a proxy or a second site before us.
	Networks []netip.Prefix
	// May is nil for who may change the addresses; it is not asked of operators.
	May func(ctx context.Context) error
	// Plan is nil where the plan has room for another domain beside the have there are; it is not asked of operators.
	Plan func(ctx context.Context, have int64) error
	Now  clock.Clock
	Log  *slog.Logger
}

// Service is what owners do with their portal's addresses, and the watch over them.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service {
	if o.Target == "" {
		o.Target = o.Hosts.Platform
	}
	return &Service{o}
}

// ForOperators is the same service for operators and the command line: permissions and plans are not asked.
func (s *Service) ForOperators() *Service {
	o := s.Options
	o.May, o.Plan = nil, nil
	return &Service{o}
}

// Overview is everything about a tenant's addresses.
type Overview struct {
	Tenant   tenant.Tenant
	Domains  []Domain // by host
	Old      []string // subdomains it once had, which lead here
	Target   string
	Networks []netip.Addr // addresses for an A or AAAA record; empty when Target's cannot be found
}

// mine is the tenant of ctx as it stands in the database, for who may.
func (s *Service) mine(ctx context.Context) (tenant.Tenant, error) {
	if s.May != nil {
		if err := s.May(ctx); err != nil {
			return tenant.Tenant{}, err
		}
	}
	t, ok := tenant.From(ctx)
	if !ok {
		return t, fault.Of(tenant.ErrNotFound)
	}
	return t, nil
}

// View gives the addresses of the tenant of ctx.
func (s *Service) View(ctx context.Context) (v Overview, err error) {
	t, err := s.mine(ctx)
	if err != nil {
		return v, err
	}
	v.Target = s.Target
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if v.Tenant, err = s.Keep.TenantByID(ctx, t.ID); err != nil {
			return err
		}
		if v.Domains, err = s.Keep.WishedDomains(ctx, t.ID); err != nil {
			return err
		}
		slugs, err := s.Keep.SlugsOf(ctx, t.ID)
		for _, slug := range slugs {
			if slug != v.Tenant.Slug {
				v.Old = append(v.Old, slug)
			}
		}
		return err
	})
	if err != nil {
		return v, err
	}
	v.Networks = s.targetAddresses(ctx)
	return v, nil
}

// Domain gives one; ErrNotFound.
func (s *Service) Domain(ctx context.Context, host string) (d Domain, err error) {
	t, err := s.mine(ctx)
	if err != nil {
		return d, err
	}
	return s.domain(ctx, t.ID, host)
}

func (s *Service) domain(ctx context.Context, id uid.ID, host string) (d Domain, err error) {
	if host, err = domainForm.ToASCII(strings.TrimSuffix(strings.TrimSpace(host), ".")); err != nil {
		return d, ErrNotFound
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		d, err = s.Keep.WishedDomain(ctx, id, host)
		return err
	})
	return d, err
}

// Rename gives the portal another subdomain. The old one stays its own for ever and leads on. Faults at slug, tenant.ErrSlugTaken,
// tenant.ErrLookAlike, ErrTooManyOld. Renaming to the present name changes nothing. Event address.renamed.
func (s *Service) Rename(ctx context.Context, slug string) (t tenant.Tenant, err error) {
	return s.rename(ctx, slug, "")
}

// Move is what operators ask for to have a portal at another address.
type Move struct {
	Slug   string // the new one
	Typed  string // the present one, typed by hand
	Reason string // for the owners, who are told by mail
}

// reasonMax is how long a reason may be, in characters.
const reasonMax = 300

// Move is Rename by an operator, who says why; the owners get a mail. Also faults at typed and reason, and at slug for the present
// name. Events address.renamed with the reason.
func (s *Service) Move(ctx context.Context, in Move) (t tenant.Tenant, err error) {
	if t, err = s.mine(ctx); err != nil {
		return t, err
	}
	in.Slug, in.Reason = strings.ToLower(strings.TrimSpace(in.Slug)), strings.TrimSpace(in.Reason)
	f := fault.Fields{}
	f.Check(strings.TrimSpace(in.Typed) == t.Slug, "typed", "Type “"+t.Slug+"” to move this portal.")
	n := utf8.RuneCountInString(in.Reason)
	f.Check(n >= 3 && n <= reasonMax && utf8.ValidString(in.Reason), "reason", "Say why, in at most 300 characters: the owners will read it.")
	f.Check(in.Slug != t.Slug, "slug", "The portal has this address already.")
	if wrong := s.wrongSlug(in.Slug); wrong != "" {
		f.Add("slug", wrong)
	}
	if err := f.Err(); err != nil {
		return t, err
	}
	return s.rename(ctx, in.Slug, in.Reason)
}

func (s *Service) wrongSlug(slug string) string {
	if wrong := tenant.CheckSlug(slug); wrong != "" {
		return wrong
	}
	if s.Hosts.Subdomain(slug) == s.Hosts.Platform {
		return "This name is reserved. Please choose another."
	}
	return ""
}

func (s *Service) rename(ctx context.Context, slug, reason string) (t tenant.Tenant, err error) {
	if t, err = s.mine(ctx); err != nil {
		return t, err
	}
	slug = strings.ToLower(strings.TrimSpace(slug))
	if wrong := s.wrongSlug(slug); wrong != "" {
		return t, fault.Invalid(map[string]string{"slug": wrong})
	}
	was := ""
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		held, err := s.Keep.HoldTenant(ctx, t.ID)
		if err != nil {
			return err
		}
		if was = held.Slug; was == slug {
			return nil
		}
		if err := s.mayRename(ctx, held, slug); err != nil {
			return err
		}
		if err := s.Keep.RenameTenant(ctx, held, slug, s.Now()); err != nil {
			return err
		}
		facts := map[string]string{"slug": slug, "was": was}
		if reason != "" {
			facts["reason"] = reason
		}
		return s.Keep.Audit(ctx, "tenant.renamed", t.ID, facts, s.Now())
	})
	if err != nil || was == slug {
		return t, err
	}
	data := map[string]any{"slug": slug, "was": was}
	if reason != "" {
		data["reason"] = reason
	}
	return s.turned(ctx, t.ID, "address.renamed", data)
}

func (s *Service) mayRename(ctx context.Context, t tenant.Tenant, slug string) error {
	other, err := s.Keep.TenantBySlug(ctx, slug)
	switch {
	case err == nil && other.ID == t.ID:
		return nil // back to a name that it had
	case err == nil:
		return tenant.ErrSlugTaken.With("slug", tenant.ErrSlugTaken.Text)
	case fault.Of(err).Kind != fault.KindNotFound:
		return err
	}
	alike, err := s.Keep.LooksAlike(ctx, t.ID, tenant.Skeleton(slug))
	if err != nil {
		return err
	}
	if alike {
		return tenant.ErrLookAlike.With("slug", tenant.ErrLookAlike.Text)
	}
	slugs, err := s.Keep.SlugsOf(ctx, t.ID)
	if err == nil && len(slugs) >= slugsMax {
		err = ErrTooManyOld.With("slug", ErrTooManyOld.Text)
	}
	return err
}

// turned is called after a commit that changed where a portal answers: every process forgets what it knew, and the tenant's log
// says what was done.
func (s *Service) turned(ctx context.Context, id uid.ID, typ string, data map[string]any) (t tenant.Tenant, err error) {
	s.Keep.Announce(ctx, id)
	if err := s.tell(ctx, id, typ, data); err != nil {
		return t, err
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		t, err = s.Keep.TenantByID(ctx, id)
		return err
	})
	return t, err
}

// tell appends an event of a tenant.
func (s *Service) tell(ctx context.Context, id uid.ID, typ string, data map[string]any) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := event.New(ctx, s.Now(), typ, "tenant", id, data)
		if err != nil {
			return err
		}
		return s.Keep.AppendEvents(ctx, e)
	})
}
