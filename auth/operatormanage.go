package auth

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Admins among the operators look after the others here. That who asks is an admin is the route's to say.

// OperatorInvitationLifetime is how long an invitation's link works.
const OperatorInvitationLifetime = 3 * 24 * time.Hour

var (
	// ErrOperatorAdminOnly is what an operator asked for who is no admin.
	ErrOperatorAdminOnly = fault.New(fault.KindForbidden, "operator_admin_only", "Only an admin of the platform may do this. Ask one of your colleagues.")
	// ErrOperatorReads is a change by an operator who may only look.
	ErrOperatorReads = fault.New(fault.KindForbidden, "operator_reads", "You may look at the console and change nothing. Ask an admin for another role.")
	// ErrLastAdmin is a change that would leave the platform without an admin.
	ErrLastAdmin = fault.New(fault.KindConflict, "last_operator_admin", "This is the last active admin of the platform. Make somebody else an admin first.")
	// ErrOwnApp is an admin who would reset their own app.
	ErrOwnApp = fault.New(fault.KindConflict, "own_operator_app", "Your own app is replaced under “Sign-in and security”. Only another admin can reset it.")
	// ErrOperatorInvitation is a link that was used, taken back or has expired.
	ErrOperatorInvitation = fault.New(fault.KindNotFound, "operator_invitation_over", "This invitation was used or taken back, or it has expired. Ask for another one.")
)

// OperatorInvitation is an invitation that was not accepted yet. It is a row of control.operator_invitations.
type OperatorInvitation struct {
	ID        uid.ID
	Hash      []byte
	Email     string
	Name      string
	Role      OperatorRole
	ByID      uid.ID
	ByName    string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// InviteOperator is who is invited.
type InviteOperator struct {
	Email, Name string
	Role        OperatorRole
}

// Invite gives the secret of a link by which somebody becomes an operator; an invitation to the same e-mail from before is
// void. Field faults; ErrOperatorTaken. Act operator.invited.
func (o *Operators) Invite(ctx context.Context, by Operator, in InviteOperator) (secret string, err error) {
	f := fault.Fields{}
	email, ok := NormaliseEmail(in.Email)
	f.Check(ok, "email", "Enter an e-mail address, for example “anna@example.com”.")
	name := checkName(f, "name", in.Name)
	checkOperatorRole(f, in.Role)
	if err := f.Err(); err != nil {
		return "", err
	}
	secret, hash := uid.Secret()
	now := o.now()
	err = o.keep.InControl(ctx, func(ctx context.Context) error {
		if _, err := o.keep.OperatorByEmail(ctx, email); err == nil {
			return ErrOperatorTaken
		} else if !errors.Is(err, ErrOperatorNotFound) {
			return err
		}
		i := OperatorInvitation{
			ID: uid.New(), Hash: hash, Email: email, Name: name, Role: in.Role, ByID: by.ID, ByName: by.Name, CreatedAt: now, ExpiresAt: now.Add(OperatorInvitationLifetime),
		}
		if err := o.keep.ReplaceOperatorInvitation(ctx, i); err != nil {
			return err
		}
		return o.keep.Audit(ctx, "operator.invited", uid.Nil, map[string]string{"email": email, "name": name, "role": string(in.Role)}, now)
	})
	return secret, err
}

// Invitations lists those that can still be accepted.
func (o *Operators) Invitations(ctx context.Context) (all []OperatorInvitation, err error) {
	err = o.keep.InControl(ctx, func(ctx context.Context) (err error) {
		all, err = o.keep.OperatorInvitations(ctx, o.now())
		return err
	})
	return all, err
}

// RevokeInvitation takes an invitation back; ErrOperatorInvitation. Act operator.invitation_revoked.
func (o *Operators) RevokeInvitation(ctx context.Context, id uid.ID) error {
	return o.keep.InControl(ctx, func(ctx context.Context) error {
		i, err := o.keep.TakeOperatorInvitation(ctx, id)
		if err != nil {
			return err
		}
		return o.keep.Audit(ctx, "operator.invitation_revoked", uid.Nil, map[string]string{"email": i.Email}, o.now())
	})
}

// OpenInvitation gives the invitation of a link and leaves it unused; ErrOperatorInvitation.
func (o *Operators) OpenInvitation(ctx context.Context, secret string) (i OperatorInvitation, err error) {
	err = o.keep.InControl(ctx, func(ctx context.Context) (err error) {
		i, err = o.opened(ctx, secret)
		return err
	})
	return i, err
}

func (o *Operators) opened(ctx context.Context, secret string) (OperatorInvitation, error) {
	if len(secret) != secretLength {
		return OperatorInvitation{}, ErrOperatorInvitation
	}
	i, err := o.keep.OperatorInvitationByHash(ctx, uid.Hash(secret))
	if err == nil && !o.now().Before(i.ExpiresAt) {
		err = ErrOperatorInvitation
	}
	return i, err
}

// Join makes the account of who follows an invitation's link: they sign in then, which adds their app. A fault at
// password; ErrOperatorInvitation, ErrOperatorTaken. Act operator.joined.
func (o *Operators) Join(ctx context.Context, secret, password string) (who Operator, err error) {
	i, err := o.OpenInvitation(ctx, secret)
	if err != nil {
		return who, err
	}
	f := fault.Fields{}
	checkPassword(f, password, Person{Email: i.Email, Name: i.Name})
	if err := f.Err(); err != nil {
		return who, err
	}
	hash, err := o.passwords.hash(ctx, password)
	if err != nil {
		return who, err
	}
	who = Operator{ID: uid.New(), Email: i.Email, Name: i.Name, PasswordHash: hash, Role: i.Role, CreatedAt: o.now()}
	err = o.keep.InControl(ctx, func(ctx context.Context) error {
		if _, err := o.keep.TakeOperatorInvitation(ctx, i.ID); err != nil {
			return err
		}
		if err := o.keep.InsertOperator(ctx, who); err != nil {
			return err
		}
		return o.note(ctx, who, "operator.joined", who, map[string]string{"role": string(who.Role), "by": i.ByName})
	})
	who.PasswordHash = ""
	return who, err
}

// Show gives an operator; ErrOperatorNotFound.
func (o *Operators) Show(ctx context.Context, id uid.ID) (who Operator, err error) {
	err = o.keep.InControl(ctx, func(ctx context.Context) (err error) {
		who, err = o.keep.OperatorByID(ctx, id)
		return err
	})
	who.PasswordHash = ""
	return who, err
}

// change does something to an operator while all admins are held, and keeps one of them active.
func (o *Operators) change(ctx context.Context, id uid.ID, do func(ctx context.Context, who Operator) error) error {
	return o.keep.InControl(ctx, func(ctx context.Context) error {
		if _, err := o.keep.HoldOperatorAdmins(ctx); err != nil {
			return err
		}
		who, err := o.keep.OperatorByID(ctx, id)
		if err != nil {
			return err
		}
		if err := do(ctx, who); err != nil {
			return err
		}
		left, err := o.keep.HoldOperatorAdmins(ctx)
		if err == nil && left == 0 {
			err = ErrLastAdmin
		}
		return err
	})
}

func (o *Operators) about(ctx context.Context, action string, who Operator, more map[string]string) error {
	a := event.ActorFrom(ctx)
	return o.note(ctx, Operator{ID: a.ID}, action, who, more)
}

// SetRole gives an operator another role. A fault at role; ErrOperatorNotFound, ErrLastAdmin. Act operator.role_set.
func (o *Operators) SetRole(ctx context.Context, id uid.ID, role OperatorRole) error {
	f := fault.Fields{}
	checkOperatorRole(f, role)
	if err := f.Err(); err != nil {
		return err
	}
	return o.change(ctx, id, func(ctx context.Context, who Operator) error {
		if who.Role == role {
			return nil
		}
		if err := o.keep.SetOperatorRole(ctx, id, role); err != nil {
			return err
		}
		return o.about(ctx, "operator.role_set", who, map[string]string{"role": string(role), "was": string(who.Role)})
	})
}

// checkReason is a fault at reason for one that says nothing.
func checkReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 3 || n > 300 || !utf8.ValidString(reason) {
		return "", fault.Invalid(map[string]string{"reason": "Say why, in at most 300 characters: colleagues will read it."})
	}
	return reason, nil
}

// Deactivate ends an operator's sessions, and they sign in no more. A fault at reason; ErrOperatorNotFound, ErrLastAdmin.
// Act operator.deactivated.
func (o *Operators) Deactivate(ctx context.Context, id uid.ID, reason string) error {
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	return o.change(ctx, id, func(ctx context.Context, who Operator) error {
		if !who.Active() {
			return nil
		}
		now := o.now()
		if err := o.keep.SetOperatorDeactivated(ctx, id, &now); err != nil {
			return err
		}
		if err := o.keep.DeleteOperatorSessions(ctx, id, uid.Nil); err != nil {
			return err
		}
		return o.about(ctx, "operator.deactivated", who, map[string]string{"reason": reason})
	})
}

// Reactivate lets an operator sign in again; ErrOperatorNotFound. Act operator.reactivated.
func (o *Operators) Reactivate(ctx context.Context, id uid.ID) error {
	return o.change(ctx, id, func(ctx context.Context, who Operator) error {
		if who.Active() {
			return nil
		}
		if err := o.keep.SetOperatorDeactivated(ctx, id, nil); err != nil {
			return err
		}
		return o.about(ctx, "operator.reactivated", who, nil)
	})
}

// ResetAppOf is ResetApp by another admin, with a reason. A fault at reason; ErrOperatorNotFound, ErrOwnApp.
func (o *Operators) ResetAppOf(ctx context.Context, by Operator, id uid.ID, reason string) error {
	if by.ID == id {
		return ErrOwnApp
	}
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	return o.change(ctx, id, func(ctx context.Context, who Operator) error { return o.reset(ctx, by, who, reason) })
}
