package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// OperatorsPath is where admins look after the operators.
const OperatorsPath = "/operator/operators"

// Operators is the accounts of those who run the platform.
type Operators struct {
	*Site
	Operators *auth.Operators
}

func (o Operators) page(c *fiber.Ctx) (p themes.OperatorsPage, err error) {
	if p.Operators, err = o.Operators.All(c.UserContext()); err != nil {
		return p, err
	}
	p.Form.Role = auth.OperatorRunner
	p.Invitations, err = o.Operators.Invitations(c.UserContext())
	return p, err
}

// List shows the operators and the open invitations.
func (o Operators) List(c *fiber.Ctx) error {
	p, err := o.page(c)
	if err != nil {
		return err
	}
	return o.show(c, p)
}

// Invite shows the link by which somebody becomes an operator, this once.
func (o Operators) Invite(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	by, _ := route.OperatorFrom(c.UserContext())
	typed := auth.InviteOperator{Email: f.get("email"), Name: f.get("name"), Role: auth.OperatorRole(f.get("role"))}
	secret, err := o.Operators.Invite(c.UserContext(), by, typed)
	p, failed := o.page(c)
	if failed != nil {
		return failed
	}
	noStore(c)
	if err != nil {
		p.Form = typed
		return o.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	p.Link = o.hosts.PlatformURL() + "/operator/join/" + secret
	return o.show(c, p)
}

// Revoke takes an invitation back.
func (o Operators) Revoke(c *fiber.Ctx) error {
	invitation, err := id(c, "invitation")
	if err != nil {
		return err
	}
	if err := o.Operators.RevokeInvitation(c.UserContext(), invitation); err != nil {
		return err
	}
	return o.done(c, OperatorsPath, themes.FlashSaved, "")
}

// Show shows an operator.
func (o Operators) Show(c *fiber.Ctx) error {
	operator, err := id(c, "operator")
	if err != nil {
		return err
	}
	who, err := o.Operators.Show(c.UserContext(), operator)
	if err != nil {
		return err
	}
	return o.show(c, themes.OperatorPage{Operator: who, Role: who.Role})
}

// change does something to the operator of the path and shows them, with what is wrong.
func (o Operators) change(c *fiber.Ctx, do func(operator uid.ID, f form) error) error {
	operator, err := id(c, "operator")
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	who, err := o.Operators.Show(c.UserContext(), operator)
	if err != nil {
		return err
	}
	if err := do(operator, f); err != nil {
		p := themes.OperatorPage{Operator: who, Role: who.Role, Reason: f.get("reason")}
		return o.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return o.done(c, OperatorsPath+"/"+operator.String(), themes.FlashSaved, "")
}

// SetRole gives an operator another role.
func (o Operators) SetRole(c *fiber.Ctx) error {
	return o.change(c, func(operator uid.ID, f form) error {
		return o.Operators.SetRole(c.UserContext(), operator, auth.OperatorRole(f.get("role")))
	})
}

// Deactivate ends an operator's access.
func (o Operators) Deactivate(c *fiber.Ctx) error {
	return o.change(c, func(operator uid.ID, f form) error {
		return o.Operators.Deactivate(c.UserContext(), operator, f.get("reason"))
	})
}

// Reactivate gives it back.
func (o Operators) Reactivate(c *fiber.Ctx) error {
	return o.change(c, func(operator uid.ID, _ form) error { return o.Operators.Reactivate(c.UserContext(), operator) })
}

// ResetApp takes the app of an operator away who lost it.
func (o Operators) ResetApp(c *fiber.Ctx) error {
	by, _ := route.OperatorFrom(c.UserContext())
	return o.change(c, func(operator uid.ID, f form) error {
		return o.Operators.ResetAppOf(c.UserContext(), by, operator, f.get("reason"))
	})
}

// JoinForm asks who was invited for a password.
func (o Operators) JoinForm(c *fiber.Ctx) error {
	i, err := o.Operators.OpenInvitation(c.UserContext(), c.Params("token"))
	if err != nil {
		return err
	}
	noStore(c)
	return o.show(c, themes.OperatorJoinPage{Invitation: i})
}

// Join makes the account and leads to its first sign-in.
func (o Operators) Join(c *fiber.Ctx) error {
	i, err := o.Operators.OpenInvitation(c.UserContext(), c.Params("token"))
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if _, err := o.Operators.Join(c.UserContext(), c.Params("token"), f.get("password")); err != nil {
		noStore(c)
		return o.refused(c, err, func(wrong *fault.Fault) themes.Page { return themes.OperatorJoinPage{Invitation: i, Problem: wrong} })
	}
	return o.done(c, "/operator/signin", themes.FlashSaved, "")
}
