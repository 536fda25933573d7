package signon

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/oidc"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/outbound"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what the service needs kept. Everything but InTenant and InControl runs inside one of them.
type Keeper interface {
	InTenant(ctx context.Context, fn func(ctx context.Context) error) error
	InControl(ctx context.Context, fn func(ctx context.Context) error) error
	event.Log
	// LockPerson, PersonByID and PersonByEmail are auth's.
	LockPerson(ctx context.Context, id uid.ID) (auth.Person, error)
	PersonByID(ctx context.Context, id uid.ID) (auth.Person, error)
	PersonByEmail(ctx context.Context, email string) (auth.Person, error)
	auth.GroupKeeper
	ConnectionKeeper
	FlowKeeper
	DomainKeeper
	AccessKeeper
}

// Resolver asks the DNS for TXT records; net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Options says what the service works with. Keep, Auth, Seal and Hosts are required.
type Options struct {
	Keep  Keeper
	Auth  *auth.Service
	Seal  seal.Key
	Hosts tenant.Hosts
	// HTTP calls identity providers; default outbound.Client with public addresses only.
	HTTP *http.Client
	// AllowPrivate lets LDAP servers stand in private networks too; HTTP has its own.
	AllowPrivate bool
	// Gate is the one that Auth asks; default one of its own, which then learns of changes by its time alone.
	Gate     *Gate
	Resolver Resolver    // default net.DefaultResolver
	Now      clock.Clock // default clock.Real
	Log      *slog.Logger
}

// Service is corporate sign-on in the tenant of each call's context.
type Service struct {
	Options
	oidc *oidc.Client
	ldap *ldap.Client
}

// New makes the service. It panics when a required option is missing: that is a mistake in the wiring.
func New(o Options) *Service {
	if o.Keep == nil || o.Auth == nil || o.Hosts.Base == "" {
		panic("signon.New: Keep, Auth and Hosts are required")
	}
	if o.HTTP == nil {
		o.HTTP = outbound.Client(outbound.Options{})
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Now == nil {
		o.Now = clock.Real
	}
	if o.Gate == nil {
		o.Gate = NewGate(o.Keep, o.Now)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{
		Options: o, oidc: oidc.New(oidc.Options{HTTP: o.HTTP, Now: o.Now}), ldap: ldap.New(ldap.Options{Now: o.Now, AllowPrivate: o.AllowPrivate}),
	}
}

// tell appends an event about something of sign-on's.
func (s *Service) tell(ctx context.Context, typ, subjectType string, subject uid.ID, data any) error {
	e, err := event.New(ctx, s.Now(), typ, subjectType, subject, data)
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, e)
}
