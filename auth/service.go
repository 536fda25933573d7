package auth

import (
	"context"

	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/recall"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what the service needs kept. Everything but InTenant and Announce runs inside InTenant.
type Keeper interface {
	InTenant(ctx context.Context, fn func(ctx context.Context) error) error
	// Announce tells every process, after a commit, to forget what it remembers of a tenant.
	Announce(ctx context.Context, tenantID uid.ID)
	event.Log
	PeopleKeeper
	ProvisionKeeper
	GroupKeeper
	RoleKeeper
	RoleKeepingKeeper
	SessionKeeper
	TokenKeeper
	KeyKeeper
	FactorKeeper
	ChallengeKeeper
	SecurityKeeper
	ErasedKeeper
}

// Options says what a service works with.
type Options struct {
	Keep   Keeper         // required
	Policy *policy.Engine // required
	Now    clock.Clock    // default clock.Real
	// Guess bounds attempts at one person's password from one network in one tenant; required.
	Guess Limiter
	// GuessFrom bounds attempts from one network in one tenant. Default Guess; an office behind one address wants more.
	GuessFrom Limiter
	// GuessAt bounds attempts at one person's password from all networks together in one tenant. Default GuessFrom. It is
	// to be far looser than Guess: whoever uses it up keeps the right person out too.
	GuessAt Limiter
	// Resets bounds how often one e-mail may ask for a reset in one tenant, from wherever. Default Guess.
	Resets Limiter
	// Invites bounds how many invitations one person sends. Default: no bound.
	Invites Limiter
	// HashSlots is how many passwords are hashed at once. Default: the number of processors.
	HashSlots int
	// Cost is what one password hash costs. Default ProductionCost.
	Cost PasswordCost
	// Gate says who may still use a local sign-in where an identity provider is required. Default: everyone may.
	Gate Gate
	// Seal closes seeds of one-time passwords and what is under way with a browser. Without one nobody can add a second
	// factor, or sign in with one.
	Seal seal.Key
	// Remembered is how many principals are cached for up to 5 seconds. Default 10,000.
	Remembered int
}

// Service is sign-in, sessions, people and their keys, in the tenant of each call's context.
type Service struct {
	keep      Keeper
	policy    *policy.Engine
	now       clock.Clock
	guesses   guesses
	resets    Limiter
	invites   Limiter // nil: no bound
	passwords *passwords
	memory    *memory
	gate      Gate
	seal      seal.Key
	ruled     *recall.Cache[uid.ID, SecurityRules]
}

// ruledTenants is how many tenants' rules are kept at hand.
const ruledTenants = 5000

// New makes the service. It panics when a required option is missing: that is a mistake in the wiring.
func New(o Options) *Service {
	if o.Keep == nil || o.Policy == nil || o.Guess == nil {
		panic("auth.New: Keep, Policy and Guess are required")
	}
	if o.Now == nil {
		o.Now = clock.Real
	}
	if o.GuessFrom == nil {
		o.GuessFrom = o.Guess
	}
	if o.GuessAt == nil {
		o.GuessAt = o.GuessFrom
	}
	if o.Resets == nil {
		o.Resets = o.Guess
	}
	if o.Gate == nil {
		o.Gate = open{}
	}
	return &Service{
		keep: o.Keep, policy: o.Policy, now: o.Now,
		guesses: guesses{of: o.Guess, from: o.GuessFrom, at: o.GuessAt}, resets: o.Resets, invites: o.Invites,
		passwords: newPasswords(o.Cost, o.HashSlots), memory: newMemory(o.Remembered), gate: o.Gate,
		seal: o.Seal, ruled: recall.New[uid.ID, SecurityRules](ruledTenants, rulesLifetime, o.Now),
	}
}

// Drop forgets the cached sessions, keys, rules and policy of a tenant; uid.Nil those of all. The store's listener calls it
// when any process announced a change.
func (s *Service) Drop(tenantID uid.ID) {
	s.ruled.Drop(func(id uid.ID, _ SecurityRules) bool { return tenantID == uid.Nil || id == tenantID })
	s.memory.drop(tenantID)
	s.policy.Drop(tenantID)
}

// changed is called after the commit of anything that a cached principal shows.
func (s *Service) changed(ctx context.Context) {
	if t, ok := tenant.From(ctx); ok {
		s.Drop(t.ID)
		s.keep.Announce(ctx, t.ID)
	}
}

// tell appends an event about a person.
func (s *Service) tell(ctx context.Context, typ string, person uid.ID, data any) error {
	e, err := event.New(ctx, s.now(), typ, "person", person, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// tellAs appends an event that the person caused who has no session yet.
func (s *Service) tellAs(ctx context.Context, typ string, person uid.ID, data any) error {
	return s.tell(event.WithActor(ctx, event.Actor{ID: person, Kind: "person"}), typ, person, data)
}

// requirePerson is Require that also gives who asks.
func requirePerson(ctx context.Context, p policy.Permission) (Principal, error) {
	if err := Require(ctx, p); err != nil {
		return Principal{}, err
	}
	who, _ := PrincipalFrom(ctx)
	return who, nil
}
