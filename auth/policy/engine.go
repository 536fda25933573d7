package policy

import (
	"context"
	_ "embed" // the model
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"lyceum/internal/clock"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

//go:embed model.conf
var modelText string

const (
	// enginesKept is how many tenants' policies are held at once: about 50 KB each.
	enginesKept = 500
	// setsKept is how many role sets are held compiled for one tenant.
	setsKept = 64
	// policyLifetime is how long a policy is believed without a word: the net below a lost notification.
	policyLifetime = time.Minute
	// loadDeadline is how long a load may take that several callers wait for.
	loadDeadline = 5 * time.Second
)

// errNoTenant is a question without a tenant: there is no policy outside one.
var errNoTenant = errors.New("policy: no tenant in the context")

// Keeper is what the engine needs kept.
type Keeper interface {
	InTenant(ctx context.Context, fn func(ctx context.Context) error) error
	// PolicyLines gives all lines of the tenant of ctx.
	PolicyLines(ctx context.Context) ([]Line, error)
	// RoleNames gives the names of the roles of the tenant of ctx that are not built in.
	RoleNames(ctx context.Context) (map[Role]string, error)
}

// Engine answers what roles may do in the tenant of a context. It holds the policies of the tenants asked for last.
type Engine struct {
	keep        Keeper
	now         clock.Clock
	policies    *lru.Cache[engineKey, *compiled]
	loads       singleflight.Group
	generations [256]atomic.Uint64
}

// engineKey carries the generation, so that a load that began before Drop can only be kept where nobody looks any more.
type engineKey struct {
	tenant     uid.ID
	generation uint64
}

// compiled is one tenant's policy: the enforcer, and the sets compiled from it so far.
type compiled struct {
	mu       sync.Mutex // casbin's plain enforcer is not made for use by many at once
	enforcer *casbin.Enforcer
	sets     *lru.Cache[string, Set]
	names    map[Role]string
	until    time.Time
}

// NewEngine makes an engine without any policy loaded.
func NewEngine(keep Keeper, now clock.Clock) *Engine {
	policies, err := lru.New[engineKey, *compiled](enginesKept)
	if err != nil {
		panic(err) // unreachable: the size is a positive constant
	}
	return &Engine{keep: keep, now: now, policies: policies}
}

// For gives what these roles together may do in the tenant of ctx: the union of what each may. A role without any line
// may nothing.
func (e *Engine) For(ctx context.Context, roles []Role) (Set, error) {
	c, err := e.policyOf(ctx)
	if err != nil {
		return nil, err
	}
	return c.setOf(roles)
}

// Explain answers one question and names the line that decided: "owner: p, instructor, course, edit" says that the
// owner role may because of the instructor's line. The rule is "" when nothing allows it.
func (e *Engine) Explain(ctx context.Context, roles []Role, p Permission) (allowed bool, rule string, err error) {
	c, err := e.policyOf(ctx)
	if err != nil || !Known(p) {
		return false, "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, role := range roles {
		allowed, line, err := c.enforcer.EnforceEx(string(role), p.Object(), p.Action())
		if err != nil {
			return false, "", fmt.Errorf("explain %s for %s: %w", p, role, err)
		}
		if allowed {
			return true, string(role) + ": " + string(LineAllows) + ", " + strings.Join(line, ", "), nil
		}
	}
	return false, "", nil
}

// Drop forgets a tenant's policy; the next question loads it anew. uid.Nil forgets all.
func (e *Engine) Drop(tenantID uid.ID) {
	if tenantID != uid.Nil {
		e.generation(tenantID).Add(1)
		return
	}
	for i := range e.generations {
		e.generations[i].Add(1)
	}
}

// generation counts a tenant's drops. Tenants share counters: a drop too many costs one query.
func (e *Engine) generation(tenantID uid.ID) *atomic.Uint64 {
	return &e.generations[tenantID[len(tenantID)-1]]
}

func (e *Engine) policyOf(ctx context.Context) (*compiled, error) {
	t, ok := tenant.From(ctx)
	if !ok || t.ID == uid.Nil {
		return nil, errNoTenant
	}
	key := engineKey{t.ID, e.generation(t.ID).Load()}
	if c, ok := e.policies.Get(key); ok && e.now().Before(c.until) {
		return c, nil
	}
	loaded, err, _ := e.loads.Do(fmt.Sprint(key), func() (any, error) {
		// Several requests wait for this load: it must not end because the first of them hung up.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadDeadline)
		defer cancel()
		if c, ok := e.policies.Get(key); ok && e.now().Before(c.until) {
			return c, nil // a load ended between our look and our turn
		}
		c, err := e.load(ctx)
		if err == nil {
			e.policies.Add(key, c)
		}
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("policy of tenant %s: %w", t.ID, err)
	}
	return loaded.(*compiled), nil
}

func (e *Engine) load(ctx context.Context) (*compiled, error) {
	lines, err := e.keep.PolicyLines(ctx)
	if err != nil {
		return nil, err
	}
	c, err := compile(lines, e.now().Add(policyLifetime))
	if err != nil || !slices.ContainsFunc(lines, func(l Line) bool { return !slices.Contains(BuiltInRoles(), Role(l.V0)) }) {
		return c, err
	}
	c.names, err = e.keep.RoleNames(ctx)
	return c, err
}

// Names gives what the tenant of ctx calls the roles of its own. Never change the map: it is shared.
func (e *Engine) Names(ctx context.Context) (map[Role]string, error) {
	c, err := e.policyOf(ctx)
	if err != nil {
		return nil, err
	}
	return c.names, nil
}

func compile(lines []Line, until time.Time) (*compiled, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("casbin model: %w", err)
	}
	enforcer, err := casbin.NewEnforcer(m, adapter{lines})
	if err != nil {
		return nil, fmt.Errorf("casbin enforcer: %w", err)
	}
	sets, err := lru.New[string, Set](setsKept)
	if err != nil {
		return nil, fmt.Errorf("compiled sets: %w", err)
	}
	return &compiled{enforcer: enforcer, sets: sets, until: until}, nil
}

// setOf compiles what the roles may do. It reads the lines that reach a role instead of asking Enforce for every
// permission, which is a hundred times dearer; a test holds both to the same answers.
func (c *compiled) setOf(roles []Role) (Set, error) {
	sorted := slices.Compact(slices.Sorted(slices.Values(roles)))
	key := fmt.Sprintf("%q", sorted)
	if set, ok := c.sets.Get(key); ok {
		return set, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	set := Set{}
	for _, role := range sorted {
		rules, err := c.enforcer.GetImplicitPermissionsForUser(string(role))
		if err != nil {
			return nil, fmt.Errorf("permissions of %s: %w", role, err)
		}
		for _, rule := range rules {
			if p := Permission(rule[1] + ":" + rule[2]); Known(p) {
				set[p] = struct{}{}
			}
		}
	}
	c.sets.Add(key, set)
	return set, nil
}
