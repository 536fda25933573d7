package themes

import (
	"lyceum/auth"
	"lyceum/internal/fault"
)

// OperatorsPage is GET and POST /operator/operators: fields email, name, role.
type OperatorsPage struct {
	Operators   []auth.Operator
	Invitations []auth.OperatorInvitation
	Link        string // of the invitation that was just made, shown once
	Form        auth.InviteOperator
	Problem     *fault.Fault
}

func (p OperatorsPage) in(c *Chrome) (string, any) { return "operators", framed[OperatorsPage]{c, p} }

// OperatorPage is GET /operator/operators/:operator. It posts role to …/role, reason to …/deactivate and …/reset-app, and
// nothing to …/reactivate.
type OperatorPage struct {
	Operator auth.Operator
	Role     auth.OperatorRole
	Reason   string
	Problem  *fault.Fault
}

func (p OperatorPage) in(c *Chrome) (string, any) { return "operator", framed[OperatorPage]{c, p} }

// Own tells whether the operator is who looks.
func (p OperatorPage) Own(c *Chrome) bool {
	return c.View.Operator != nil && c.View.Operator.ID == p.Operator.ID
}

// OperatorJoinPage is GET and POST /operator/join/:token: field password.
type OperatorJoinPage struct {
	Invitation auth.OperatorInvitation
	Problem    *fault.Fault
}

func (p OperatorJoinPage) in(c *Chrome) (string, any) {
	return "operator_join", framed[OperatorJoinPage]{c, p}
}

// OperatorRoles are the roles of operators.
func (c *Chrome) OperatorRoles() []auth.OperatorRole { return auth.OperatorRoles() }

// Admin tells whether the operator who looks is an admin.
func (c *Chrome) Admin() bool {
	return c.View.Operator != nil && c.View.Operator.Role == auth.OperatorAdmin
}

// Reader tells whether the operator who looks may change nothing.
func (c *Chrome) Reader() bool {
	return c.View.Operator != nil && c.View.Operator.Role == auth.OperatorReader
}
