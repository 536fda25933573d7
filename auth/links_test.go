package auth_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
)

// invite asks a new person to join and gives them with a link's secret.
func (h *house) invite(role policy.Role) (auth.Person, string) {
	h.t.Helper()
	p, err := h.auth.Invite(h.as(h.person(policy.Owner)), auth.InviteInput{Email: "new." + string(role) + "@example.com", Name: "Ada New", Role: role})
	if err != nil {
		h.t.Fatal(err)
	}
	return p, h.link(auth.TokenInvitation, p)
}

func (h *house) link(kind auth.TokenKind, p auth.Person) string {
	h.t.Helper()
	secret, who, err := h.auth.MintLink(h.ctx, kind, p.ID)
	if err != nil || who.Email != p.Email || who.PasswordHash != "" {
		h.t.Fatalf("mint a link: %+v, %v; want %s without a hash", who, err, p.Email)
	}
	return secret
}

func TestAnInvitedPersonChoosesAPasswordAndIsSignedIn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	invited, link := h.invite(policy.Instructor)
	if invited.Status != auth.PersonInvited || len(invited.Roles) != 1 {
		t.Errorf("invited %+v", invited)
	}
	h.told("invitation.created")

	for range 2 { // looking does not use it up
		p, err := h.auth.OpenLink(h.ctx, auth.TokenInvitation, link)
		if wants(t, err, nil); p.ID != invited.ID {
			t.Errorf("the link is %s's, want %s's", p.ID, invited.ID)
		}
	}
	_, err := h.auth.AcceptInvitation(h.ctx, link, "", "short", client)
	wantsField(t, err, "password")
	_, err = h.auth.AcceptInvitation(h.ctx, link, "Ada\x00", password, client)
	wantsField(t, err, "name")
	session, err := h.auth.AcceptInvitation(h.ctx, link, " Ada Lovelace ", password, client)
	wants(t, err, nil)
	who, err := h.auth.Resume(h.ctx, session.Secret)
	if wants(t, err, nil); who.Name != "Ada Lovelace" || !who.May.Has(policy.CourseEdit) {
		t.Errorf("resumed %+v; want the instructor Ada Lovelace", who)
	}
	_, err = h.auth.SignIn(h.ctx, invited.Email, password, client)
	wants(t, err, nil)
	h.told("invitation.accepted")

	_, err = h.auth.OpenLink(h.ctx, auth.TokenInvitation, link)
	wants(t, err, auth.ErrLinkInvalid)
	_, err = h.auth.AcceptInvitation(h.ctx, link, "", password, client)
	wants(t, err, auth.ErrLinkInvalid)
	_, _, err = h.auth.MintLink(h.ctx, auth.TokenInvitation, invited.ID)
	wants(t, err, auth.ErrLinkInvalid)
}

func TestOfManyUsesOfOneLinkAtOnceOneWorks(t *testing.T) {
	t.Parallel()
	for kind, use := range map[auth.TokenKind]func(*house, string) error{
		auth.TokenInvitation: func(h *house, link string) error {
			_, err := h.auth.AcceptInvitation(h.ctx, link, "", password, client)
			return err
		},
		auth.TokenPasswordReset: func(h *house, link string) error {
			return h.auth.ResetPassword(h.ctx, link, "another good password")
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			link := ""
			if kind == auth.TokenInvitation {
				_, link = h.invite(policy.Learner)
			} else {
				link = h.link(kind, h.person(policy.Learner))
			}
			var worked atomic.Int64
			h.together(8, func(int) {
				if err := use(h, link); err == nil {
					worked.Add(1)
				} else {
					wantsOf(t, err, auth.ErrLinkInvalid)
				}
			})
			if n := worked.Load(); n != 1 {
				t.Errorf("%d uses of a single-use link worked, want 1", n)
			}
		})
	}
}

func TestLinksExpire(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, invitation := h.invite(policy.Learner)
	reset := h.link(auth.TokenPasswordReset, h.person(policy.Learner))

	h.w.Now.Advance(time.Hour - time.Second)
	_, err := h.auth.OpenLink(h.ctx, auth.TokenPasswordReset, reset)
	wants(t, err, nil)
	h.w.Now.Advance(time.Second)
	_, err = h.auth.OpenLink(h.ctx, auth.TokenPasswordReset, reset)
	wants(t, err, auth.ErrLinkInvalid)
	wants(t, h.auth.ResetPassword(h.ctx, reset, password), auth.ErrLinkInvalid)

	h.w.Now.Advance(14*24*time.Hour - time.Hour - time.Second)
	_, err = h.auth.OpenLink(h.ctx, auth.TokenInvitation, invitation)
	wants(t, err, nil)
	h.w.Now.Advance(time.Second)
	_, err = h.auth.AcceptInvitation(h.ctx, invitation, "", password, client)
	wants(t, err, auth.ErrLinkInvalid)
}

func TestALinkThatExpiresBetweenTheFormAndItsUseOpensNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	link := h.link(auth.TokenPasswordReset, p)
	h.keep.beforeLock = func(context.Context) { h.w.Now.Advance(time.Hour) }
	wants(t, h.auth.ResetPassword(h.ctx, link, "another good password"), auth.ErrLinkInvalid)
	h.signIn(p)
}

func TestANewLinkVoidsTheEarlierOnesOfItsKindOnly(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	first := h.link(auth.TokenPasswordReset, p)
	second := h.link(auth.TokenPasswordReset, p)
	_, invitation := h.invite(policy.Learner)

	_, err := h.auth.OpenLink(h.ctx, auth.TokenPasswordReset, first)
	wants(t, err, auth.ErrLinkInvalid)
	_, err = h.auth.OpenLink(h.ctx, auth.TokenPasswordReset, second)
	wants(t, err, nil)
	_, err = h.auth.OpenLink(h.ctx, auth.TokenInvitation, invitation)
	wants(t, err, nil)
	_, err = h.auth.OpenLink(h.ctx, auth.TokenPasswordReset, invitation)
	wants(t, err, auth.ErrLinkInvalid)
	_, err = h.auth.OpenLink(h.w.Tenant(t), auth.TokenPasswordReset, second)
	wants(t, err, auth.ErrLinkInvalid)
}

func TestAResetEndsAllSessionsAndChangesThePassword(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	session, _ := h.signIn(p)
	link := h.link(auth.TokenPasswordReset, p)

	wantsField(t, h.auth.ResetPassword(h.ctx, link, "short"), "password")
	wants(t, h.auth.ResetPassword(h.ctx, link, "another good password"), nil)
	_, err := h.auth.Resume(h.ctx, session)
	wants(t, err, auth.ErrSignInFirst)
	_, err = h.auth.SignIn(h.ctx, p.Email, password, client)
	wants(t, err, auth.ErrWrongCredentials)
	_, err = h.auth.SignIn(h.ctx, p.Email, "another good password", client)
	wants(t, err, nil)
}

func TestAskingForAResetNeverSaysWhetherTheEmailIsHere(t *testing.T) {
	t.Parallel()
	h := setup(t)
	active := h.person(policy.Learner)
	invited, _ := h.invite(policy.Learner)
	gone := h.person(policy.Learner)
	if err := h.auth.Deactivate(h.as(h.person(policy.Owner)), gone.ID); err != nil {
		t.Fatal(err)
	}
	for email, event := range map[string]string{
		active.Email:         "password.reset_requested",
		invited.Email:        "invitation.created",
		gone.Email:           "password.reset_refused",
		"nobody@example.com": "password.reset_refused",
	} {
		before := len(h.events())
		wants(t, h.auth.RequestReset(h.ctx, email, client), nil)
		if log := h.events(); len(log) != before+1 || log[before] != event {
			t.Errorf("%s: events %v, want one more, %s", email, log[before:], event)
		}
	}
	wantsField(t, h.auth.RequestReset(h.ctx, "no address", client), "email")
}

func TestSomeoneDeactivatedCannotUseALinkSentBefore(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	p := h.person(policy.Learner)
	reset := h.link(auth.TokenPasswordReset, p)
	invited, invitation := h.invite(policy.Learner)
	wants(t, h.auth.Deactivate(owner, p.ID), nil)
	wants(t, h.auth.Deactivate(owner, invited.ID), nil)

	wants(t, h.auth.ResetPassword(h.ctx, reset, "another good password"), auth.ErrLinkInvalid)
	_, err := h.auth.AcceptInvitation(h.ctx, invitation, "", password, client)
	wants(t, err, auth.ErrLinkInvalid)
	_, err = h.auth.OpenSession(h.ctx, p.ID, client)
	wants(t, err, auth.ErrPersonNotFound)

	wants(t, h.auth.Reactivate(owner, invited.ID), nil)
	again, err := h.auth.Person(owner, invited.ID)
	if wants(t, err, nil); again.Status != auth.PersonInvited {
		t.Errorf("reactivated without a password: %s, want invited", again.Status)
	}
}

func TestAHandOverSignsTheOwnerInOnceAndOnlySoon(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.person(policy.Owner)
	link, err := h.auth.HandOver(h.ctx, owner.Email)
	wants(t, err, nil)
	session, err := h.auth.SignInByLink(h.ctx, link, client)
	wants(t, err, nil)
	who, err := h.auth.Resume(h.ctx, session.Secret)
	if wants(t, err, nil); who.PersonID != owner.ID {
		t.Errorf("signed in %s, want %s", who.PersonID, owner.ID)
	}
	_, err = h.auth.SignInByLink(h.ctx, link, client)
	wants(t, err, auth.ErrLinkInvalid)

	late, err := h.auth.HandOver(h.ctx, owner.Email)
	wants(t, err, nil)
	h.w.Now.Advance(auth.HandoverLifetime)
	_, err = h.auth.SignInByLink(h.ctx, late, client)
	wants(t, err, auth.ErrLinkInvalid)
	_, err = h.auth.HandOver(h.ctx, "nobody@example.com")
	wants(t, err, auth.ErrPersonNotFound)
	_, err = h.auth.SignInByLink(h.ctx, h.link(auth.TokenPasswordReset, owner), client)
	wants(t, err, auth.ErrLinkInvalid)
}
