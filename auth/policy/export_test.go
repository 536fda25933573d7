package policy

import (
	"context"

	"github.com/casbin/casbin/v2/persist"
)

// Enforce asks casbin itself, role by role, as the compiled set is held against.
func (e *Engine) Enforce(ctx context.Context, role Role, p Permission) (bool, error) {
	c, err := e.policyOf(ctx)
	if err != nil {
		return false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.enforcer.Enforce(string(role), p.Object(), p.Action())
}

// Adapter is the adapter over lines, for what casbin must not do through it.
func Adapter(lines []Line) persist.Adapter { return adapter{lines} }
