package tenant

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// PendingOwner is what provisioning needs to make the owner's account. It is wiped in the step that made it.
type PendingOwner struct {
	Email        string `json:"email"`
	Name         string `json:"name"`
	PasswordHash string `json:"password_hash"`
}

// Filter narrows a list of tenants. Query matches slug, name and contact.
type Filter struct {
	Query  string
	Status Status
	Page   page.Request
}

// Keeper is what the service needs kept.
type Keeper interface {
	DirectoryKeeper
	StepKeeper
	InTenant(ctx context.Context, fn func(context.Context) error) error
	InControl(ctx context.Context, fn func(context.Context) error) error
	AppendEvents(ctx context.Context, events ...event.Event) error
	Announce(ctx context.Context, tenantID uid.ID)

	TakeSpare(ctx context.Context, node string, version int) (schema string, ok bool, err error)
	InsertTenant(ctx context.Context, t Tenant, owner PendingOwner) error
	// LooksAlike tells whether another tenant than id has or had a subdomain of that skeleton.
	LooksAlike(ctx context.Context, id uid.ID, skeleton string) (bool, error)
	PendingOwnerOf(ctx context.Context, id uid.ID) (PendingOwner, error)
	ActivateTenant(ctx context.Context, id uid.ID, at time.Time) error
	ChangeStatus(ctx context.Context, id uid.ID, from []Status, to Status, reason string, at time.Time) error
	TenantByID(ctx context.Context, id uid.ID) (Tenant, error)
	Tenants(ctx context.Context, f Filter) (page.Of[Tenant], error)
	TenantsIn(ctx context.Context, status Status) ([]Tenant, error)
	RemoveTenant(ctx context.Context, id uid.ID) error
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error
	SeedTenant(ctx context.Context, b Brand, at time.Time) error
}

// Schemas makes and drops tenants' schemas, as the database's administrator. Both may be called again after a crash.
type Schemas interface {
	// Make makes the tenant's schema, fully migrated, and notes its version in control.tenants.
	Make(ctx context.Context, t Tenant) error
	// Drop removes schema and role.
	Drop(ctx context.Context, t Tenant) error
	// Version is the version a new schema gets.
	Version() int
}

// Owners makes the first account of a tenant; it runs inside the tenant and may be called again. Without a password's hash the
// owner is invited.
type Owners interface {
	HashPassword(ctx context.Context, password string) (string, error)
	MakeOwner(ctx context.Context, email, name, passwordHash string) error
}

// Files removes everything a tenant has in the object store.
type Files interface {
	RemoveTenantFiles(ctx context.Context, t Tenant) error
}

// Eraser removes everything that a tenant has; it may be called again after a crash.
type Eraser interface {
	Erase(ctx context.Context, t Tenant) error
}

// Options are what the service works with.
type Options struct {
	Keep    Keeper
	Schemas Schemas
	Owners  Owners
	Files   Files
	Hosts   Hosts  // the platform's own address can be nobody's portal
	Node    string // the node new tenants go to; default "main"
	Now     clock.Clock
	// Eraser takes a tenant that is deleting through the recorded steps of its end, with a receipt; nil: it is removed without one.
	Eraser Eraser
	// Began is told of a new tenant before its portal opens, maybe more than once; nil: nobody is.
	Began func(ctx context.Context, t Tenant)
	// Closed is told of a portal that was suspended; nil: nobody is.
	Closed func(ctx context.Context, t Tenant) error
	// Holds tells that nothing is to be done in a portal now, because it is maintained: its steps are told later. Nil: nothing waits.
	Holds func(ctx context.Context, t Tenant) bool
	Log   *slog.Logger
}

// Service makes, suspends, resumes and deletes tenants.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service {
	if o.Node == "" {
		o.Node = "main"
	}
	return &Service{o}
}

// SignUp is the wish for a portal.
type SignUp struct {
	Organization string
	Slug         string
	OwnerName    string
	Email        string
	Password     string
	Invited      bool // no password: the owner chooses one by a link that is mailed. Operators make portals so.
	// CheckEmail and CheckPassword are auth's rules: they give the normal form, and what is wrong ("" when nothing is).
	CheckEmail    func(string) (string, bool)
	CheckPassword func(password, email, name string) string
}

// Validate normalises and gathers every fault.
func (in *SignUp) Validate() error {
	in.Organization, in.OwnerName = strings.TrimSpace(in.Organization), strings.TrimSpace(in.OwnerName)
	in.Slug = strings.ToLower(strings.TrimSpace(in.Slug))
	f := fault.Fields{}
	f.Check(in.Organization != "", "organization", "Enter the name of your organization.")
	f.Check(len([]rune(in.Organization)) <= 80, "organization", "Use at most 80 characters.")
	f.Check(in.OwnerName != "", "name", "Enter your name.")
	f.Check(len([]rune(in.OwnerName)) <= 120, "name", "Use at most 120 characters.")
	f.Check(oneLine(in.Organization), "organization", "Use plain text on one line, without tabs or other control characters.")
	f.Check(oneLine(in.OwnerName), "name", "Use plain text on one line, without tabs or other control characters.")
	if wrong := CheckSlug(in.Slug); wrong != "" {
		f.Add("slug", wrong)
	}
	email, ok := in.CheckEmail(in.Email)
	f.Check(ok, "email", "Enter a complete e-mail address, for example ada@example.com.")
	if !in.Invited {
		if wrong := in.CheckPassword(in.Password, in.Email, in.OwnerName); wrong != "" {
			f.Add("password", wrong)
		}
	}
	in.Email = email
	return f.Err()
}

// Available tells whether a subdomain may be taken now, and if not why.
func (s *Service) Available(ctx context.Context, slug string) (why string, err error) {
	slug = strings.ToLower(strings.TrimSpace(slug))
	if wrong := CheckSlug(slug); wrong != "" {
		return wrong, nil
	}
	if slug+"."+s.Hosts.Base == s.Hosts.Platform {
		return "This name is reserved. Please choose another.", nil
	}
	switch _, err = s.Keep.TenantBySlug(ctx, slug); {
	case err == nil:
		return ErrSlugTaken.Text, nil
	case fault.Of(err).Kind != fault.KindNotFound:
		return "", err
	}
	alike, err := s.Keep.LooksAlike(ctx, uid.Nil, Skeleton(slug))
	if err != nil || !alike {
		return "", err
	}
	return ErrLookAlike.Text, nil
}

// SignUp makes a portal and gives its tenant, active. Of two wishes for one name one wins, the other gets
// ErrSlugTaken. A crash at any step leaves the tenant provisioning; Finish goes on from there.
func (s *Service) SignUp(ctx context.Context, in SignUp) (Tenant, error) {
	if err := in.Validate(); err != nil {
		return Tenant{}, err
	}
	if why, err := s.Available(ctx, in.Slug); err != nil {
		return Tenant{}, err
	} else if why != "" {
		return Tenant{}, ErrSlugTaken.With("slug", why)
	}
	hash, err := "", error(nil)
	if !in.Invited {
		hash, err = s.Owners.HashPassword(ctx, in.Password)
	}
	if err != nil {
		return Tenant{}, err
	}
	t, err := s.reserve(ctx, in, hash)
	if err != nil {
		return Tenant{}, err
	}
	return s.Finish(ctx, t)
}

// reserve writes the tenant's row, with a prepared schema where one is ready.
func (s *Service) reserve(ctx context.Context, in SignUp, hash string) (Tenant, error) {
	now := s.Now()
	t := Tenant{
		ID: uid.New(), Slug: in.Slug, Name: in.Organization, Status: StatusProvisioning, SchemaName: NewSchemaName(), Node: s.Node,
		ContactEmail: in.Email, CreatedAt: now, UpdatedAt: now,
	}
	err := s.Keep.InControl(ctx, func(ctx context.Context) error {
		spare, ok, err := s.Keep.TakeSpare(ctx, s.Node, s.Schemas.Version())
		if err != nil {
			return err
		}
		if ok {
			t.SchemaName, t.SchemaVersion = spare, s.Schemas.Version()
		}
		if err := s.Keep.InsertTenant(ctx, t, PendingOwner{Email: in.Email, Name: in.OwnerName, PasswordHash: hash}); err != nil {
			return err
		}
		action := "tenant.signed_up"
		if in.Invited {
			action = "tenant.created"
		}
		return s.Keep.Audit(ctx, action, t.ID, map[string]string{"slug": t.Slug, "contact": in.Email}, now)
	})
	if err != nil {
		if fault.Of(err).Code == ErrSlugTaken.Code {
			return Tenant{}, ErrSlugTaken.With("slug", ErrSlugTaken.Text)
		}
		return Tenant{}, fmt.Errorf("reserve %s: %w", in.Slug, err)
	}
	return t, nil
}

// Finish takes a provisioning tenant through the steps it still lacks: schema, default roles and look, owner, active.
// Each step may be run again, so two finishers do no harm.
func (s *Service) Finish(ctx context.Context, t Tenant) (Tenant, error) {
	if t.SchemaVersion == 0 {
		if err := s.Schemas.Make(ctx, t); err != nil {
			return t, fmt.Errorf("provision %s: %w", t.Slug, err)
		}
		t.SchemaVersion = s.Schemas.Version()
	}
	owner, err := s.Keep.PendingOwnerOf(ctx, t.ID)
	if err != nil {
		return t, fmt.Errorf("provision %s: %w", t.Slug, err)
	}
	now := s.Now()
	inside := With(ctx, t)
	err = s.Keep.InTenant(inside, func(ctx context.Context) error {
		if err := s.Keep.SeedTenant(ctx, DefaultBrand(t.Name), now); err != nil {
			return err
		}
		if owner.Email == "" {
			return nil
		}
		return s.Owners.MakeOwner(ctx, owner.Email, owner.Name, owner.PasswordHash)
	})
	if err != nil {
		return t, fmt.Errorf("provision %s: %w", t.Slug, err)
	}
	if s.Began != nil {
		s.Began(ctx, t)
	}
	if err := s.Keep.ActivateTenant(ctx, t.ID, now); err != nil {
		return t, fmt.Errorf("provision %s: %w", t.Slug, err)
	}
	return s.Keep.TenantByID(ctx, t.ID)
}

// FinishAll finishes what crashes left: tenants in provisioning or deleting for longer than a minute. It goes on after
// a failure and gives all of them joined.
func (s *Service) FinishAll(ctx context.Context) (done int, err error) {
	var errs []string
	for _, status := range []Status{StatusProvisioning, StatusDeleting} {
		list, err := s.Keep.TenantsIn(ctx, status)
		if err != nil {
			return done, err
		}
		for _, t := range list {
			if s.Now().Sub(t.UpdatedAt) < time.Minute {
				continue // someone is at it
			}
			if status == StatusProvisioning {
				_, err = s.Finish(ctx, t)
			} else {
				err = s.erase(ctx, t)
			}
			if err != nil {
				errs = append(errs, err.Error())
				continue
			}
			done++
		}
	}
	if len(errs) > 0 {
		return done, fmt.Errorf("finish provisioning: %s", strings.Join(errs, "; "))
	}
	return done, nil
}
