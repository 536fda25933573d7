// Package route is how a route says what it needs: the vocabulary that the table of contents (api/router.go) and the
// REST operations share. It answers no request and knows no handler.
package route

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
)

// Need is what who asks must have: a permission (`object:action`), or one of the special needs below. The zero Need is
// none at all, and a route with it does not start.
type Need string

const (
	// Public is open to everyone, strangers included.
	Public Need = "public"
	// SignedIn is any signed-in person of the portal.
	SignedIn Need = "signed_in"
	// Operator is a signed-in operator of the platform. One who may only look is refused changes by a middleware.
	Operator Need = "operator"
	// OperatorAdmin is an operator who is an admin.
	OperatorAdmin Need = "operator_admin"
)

// keyed begins the needs of the console's REST: a key of operators with a scope.
const keyed = "operator_key:"

// ForKey is the need of a key of operators that has a scope.
func ForKey(s auth.OperatorScope) Need { return Need(keyed + string(s)) }

// Scope gives the scope that a need names; ok is false for every other need.
func (n Need) Scope() (s auth.OperatorScope, ok bool) {
	rest, ok := strings.CutPrefix(string(n), keyed)
	s = auth.OperatorScope(rest)
	return s, ok && slices.Contains(auth.OperatorScopes(), s)
}

// For is the need of a permission.
func For(p policy.Permission) Need { return Need(p) }

// Permission gives the permission a need names; ok is false for the special needs and for what is no permission.
func (n Need) Permission() (p policy.Permission, ok bool) {
	p = policy.Permission(n)
	return p, policy.Known(p)
}

// Named tells whether this is a need at all: a special one or a known permission.
func (n Need) Named() bool {
	if n == Public || n == SignedIn || n.Operators() {
		return true
	}
	_, ok := n.Permission()
	return ok
}

// Operators tells whether the need is met by operators of the platform only, or by their programs.
func (n Need) Operators() bool {
	_, key := n.Scope()
	return key || n == Operator || n == OperatorAdmin
}

// Check is nil when who asks under ctx meets the need, else auth.ErrSignInFirst or policy.ErrForbidden. Operator is
// met only under WithOperator. What is no need is met by nobody.
func (n Need) Check(ctx context.Context) error {
	switch n {
	case Public:
		return nil
	case SignedIn:
		if _, ok := auth.PrincipalFrom(ctx); !ok {
			return auth.ErrSignInFirst
		}
		return nil
	case Operator, OperatorAdmin:
		who, ok := OperatorFrom(ctx)
		if !ok {
			return auth.ErrSignInFirst
		}
		if n == OperatorAdmin && who.Role != auth.OperatorAdmin {
			return auth.ErrOperatorAdminOnly
		}
		return nil
	}
	if scope, ok := n.Scope(); ok {
		key, ok := OperatorKeyFrom(ctx)
		switch {
		case !ok:
			return auth.ErrSignInFirst
		case !key.May(scope):
			return auth.ErrOperatorKeyScope
		}
		return nil
	}
	p, ok := n.Permission()
	if !ok {
		return fmt.Errorf("a route needs %q, which is no permission", string(n))
	}
	return auth.Require(ctx, p)
}

type operatorKey struct{}

// WithOperator puts the operator who asks into the context.
func WithOperator(ctx context.Context, o auth.Operator) context.Context {
	return context.WithValue(ctx, operatorKey{}, o)
}

// OperatorFrom gives the operator who asks; ok is false for everyone else.
func OperatorFrom(ctx context.Context) (o auth.Operator, ok bool) {
	o, ok = ctx.Value(operatorKey{}).(auth.Operator)
	return o, ok
}

type operatorKeyKey struct{}

// WithOperatorKey puts the key of operators that a program asks with into the context.
func WithOperatorKey(ctx context.Context, k auth.OperatorKey) context.Context {
	return context.WithValue(ctx, operatorKeyKey{}, k)
}

// OperatorKeyFrom gives the key of operators that asks; ok is false for everyone else.
func OperatorKeyFrom(ctx context.Context) (k auth.OperatorKey, ok bool) {
	k, ok = ctx.Value(operatorKeyKey{}).(auth.OperatorKey)
	return k, ok
}

// Route is one line of the table: method, path as Fiber writes it (":id"), need, and what it takes.
type Route struct {
	Method string
	Path   string
	Need   Need
	Fresh  bool // in a session, its person must have proved themselves lately
	Body   int  // the most that a body with files may hold, in bytes; 0: none are taken, and 1 MiB is the most
}
