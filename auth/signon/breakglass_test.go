package signon_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store"
)

// locked is an office whose rule requires sign-on, with two owners named for emergencies and one who is not.
func locked(t *testing.T, edit ...func(*office)) (o *office, a, b, third auth.Person) {
	t.Helper()
	o = furnished(t, edit...)
	a, b, third = o.person("a@acme.example", policy.Owner), o.person("b@acme.example", policy.Owner), o.person("c@acme.example", policy.Owner)
	o.rules(signon.Rules{Portal: signon.Rule{Require: signon.RequirementRequired}, BreakGlass: []uid.ID{a.ID, b.ID}})
	return o, a, b, third
}

func (o *office) prove(p auth.Person) signon.Standing {
	o.t.Helper()
	st, err := o.signon.ProveForEmergency(o.ctx, signon.EmergencyProof{Email: p.Email, Password: password}, client)
	if err != nil {
		o.t.Fatal(err)
	}
	return st
}

func TestTwoOwnersTogetherOpenLocalSignInForAWhile(t *testing.T) {
	t.Parallel()
	o, a, b, third := locked(t)
	admin, learner := o.person("admin@acme.example", policy.Admin), o.person("learner@acme.example", policy.Learner)
	signIn := func(p auth.Person) (string, error) {
		in, err := o.auth.SignIn(o.ctx, p.Email, password, client)
		secret := in.Secret
		return secret, err
	}
	mine := o.prove(a)
	if mine.State != "" || mine.You.PasswordHash != "" {
		t.Fatalf("%+v", mine)
	}
	e, err := o.signon.AskEmergency(o.ctx, mine.Ticket, "  The provider\n is down ", 30)
	if err != nil || e.Reason != "The provider is down" {
		t.Fatalf("%+v, %v", e, err)
	}
	if _, err := signIn(a); !errors.Is(err, auth.ErrUseSignOn) {
		t.Fatalf("one owner alone opens: %v", err)
	}
	if _, err := o.signon.OpenEmergency(o.ctx, mine.Ticket); !errors.Is(err, signon.ErrTwoPeople) {
		t.Fatalf("the same owner opens what they asked for: %v", err)
	}
	theirs := o.prove(b)
	if theirs.State != signon.EmergencyWaiting || theirs.Yours || theirs.Asker != a.Name || theirs.Last.Reason != e.Reason {
		t.Fatalf("the second owner sees %+v", theirs)
	}
	if _, err := o.signon.AskEmergency(o.ctx, theirs.Ticket, "me too", 15); !errors.Is(err, signon.ErrAlreadyAsked) {
		t.Errorf("asked twice: %v", err)
	}
	if e, err = o.signon.OpenEmergency(o.ctx, theirs.Ticket); err != nil || !e.OpenUntil.Equal(*o.after(30 * time.Minute)) {
		t.Fatalf("%+v, %v", e, err)
	}
	secret, err := signIn(admin)
	if err != nil {
		t.Fatalf("an administrator: %v", err)
	}
	if _, err := signIn(third); err != nil {
		t.Errorf("an owner who is not named: %v", err)
	}
	if _, err := signIn(learner); !errors.Is(err, auth.ErrUseSignOn) {
		t.Errorf("a learner, whose password may be old: %v", err)
	}
	notices, err := o.signon.Notices(o.as(admin))
	if err != nil || len(notices) != 1 || notices[0].Kind != signon.NoticeEmergencyOpen {
		t.Errorf("administrators are not reminded: %+v, %v", notices, err)
	}
	entrance, err := o.signon.Entrance(o.other)
	if err != nil || entrance.OpenUntil != nil || entrance.Emergency {
		t.Errorf("another portal is open: %+v, %v", entrance, err)
	}
	for range 6 { // used all the while, a session still ends with the emergency
		if _, err := o.auth.Resume(o.ctx, secret); err != nil {
			t.Fatalf("within the time: %v", err)
		}
		o.w.Now.Advance(4*time.Minute + 59*time.Second)
	}
	o.w.Now.Advance(6 * time.Second)
	if _, err := o.auth.Resume(o.ctx, secret); !errors.Is(err, auth.ErrSignInFirst) {
		t.Errorf("its session outlives it: %v", err)
	}
	if _, err := signIn(admin); !errors.Is(err, auth.ErrUseSignOn) {
		t.Errorf("it does not end by itself: %v", err)
	}
	for typ, n := range map[string]int{"break_glass.requested": 1, "break_glass.opened": 1, "break_glass.ended": 0} {
		if got := o.happened(typ); got != n {
			t.Errorf("%s %d times, want %d", typ, got, n)
		}
	}
}

func TestAnOwnerEndsAnEmergencyWithItsSessions(t *testing.T) {
	t.Parallel()
	o, a, b, third := locked(t)
	admin := o.person("admin@acme.example", policy.Admin)
	if _, err := o.signon.EndEmergency(o.as(a)); !errors.Is(err, signon.ErrEmergencyOver) {
		t.Errorf("none is there: %v", err)
	}
	if _, err := o.signon.AskEmergency(o.ctx, o.prove(a).Ticket, "down", 240); err != nil {
		t.Fatal(err)
	}
	if _, err := o.signon.OpenEmergency(o.ctx, o.prove(b).Ticket); err != nil {
		t.Fatal(err)
	}
	in, err := o.auth.SignIn(o.ctx, admin.Email, password, client)
	secret := in.Secret
	if err != nil {
		t.Fatal(err)
	}
	vouched, err := o.auth.OpenVouchedSession(o.ctx, admin.ID, client, auth.Proof{Method: auth.MethodSAML, ConnectionID: &uid.ID{1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.signon.EndEmergency(o.as(admin)); !errors.Is(err, signon.ErrEmergencyOwners) {
		t.Errorf("an administrator ends it: %v", err)
	}
	if e, err := o.signon.EndEmergency(o.as(third)); err != nil || e.State(o.w.Now.Now()) != signon.EmergencyOver {
		t.Fatalf("%+v, %v", e, err)
	}
	if _, err := o.auth.Resume(o.ctx, secret); !errors.Is(err, auth.ErrSignInFirst) {
		t.Errorf("a session that it let in: %v", err)
	}
	if _, err := o.auth.Resume(o.ctx, vouched); err != nil {
		t.Errorf("a session that the identity provider vouched for has ended: %v", err)
	}
	if _, err := o.auth.SignIn(o.ctx, admin.Email, password, client); !errors.Is(err, auth.ErrUseSignOn) {
		t.Errorf("still open: %v", err)
	}
	if _, err := o.signon.AskEmergency(o.ctx, o.prove(b).Ticket, "down again", 15); err != nil {
		t.Errorf("a second emergency: %v", err)
	}
}

func TestOnlyNamedOwnersTakePartAndOnlyWhileSomethingIsLocked(t *testing.T) {
	t.Parallel()
	o, a, _, third := locked(t)
	try := func(p auth.Person, typed string) error {
		_, err := o.signon.ProveForEmergency(o.ctx, signon.EmergencyProof{Email: p.Email, Password: typed}, client)
		return err
	}
	if err := try(third, password); !errors.Is(err, signon.ErrNotNamed) {
		t.Errorf("an owner who is not named: %v", err)
	}
	if err := try(a, "wrong"); !errors.Is(err, auth.ErrWrongCredentials) {
		t.Errorf("a wrong password: %v", err)
	}
	ticket := o.prove(a).Ticket
	o.write("delete from person_roles where person_id = $1", a.ID.String())
	if _, err := o.signon.AskEmergency(o.ctx, ticket, "down", 15); !errors.Is(err, signon.ErrNotNamed) {
		t.Errorf("who is an owner no more: %v", err)
	}
	o.write("insert into person_roles (person_id, role) values ($1, 'owner')", a.ID.String())
	for name, forged := range map[string]string{"none": "", "nonsense": "abc", "a changed one": ticket[:len(ticket)-2] + "AA"} {
		if _, err := o.signon.AskEmergency(o.ctx, forged, "down", 15); !errors.Is(err, signon.ErrTicketOver) {
			t.Errorf("ticket, %s: %v", name, err)
		}
	}
	if _, err := o.signon.AskEmergency(o.other, ticket, "down", 15); !errors.Is(err, signon.ErrTicketOver) {
		t.Errorf("another portal takes the ticket: %v", err)
	}
	for minutes, ok := range map[int]bool{0: false, 14: false, 241: false, -5: false} {
		if _, err := o.signon.AskEmergency(o.ctx, ticket, "down", minutes); (err == nil) != ok || fault.Of(err).Fields["minutes"] == "" {
			t.Errorf("%d minutes: %v", minutes, err)
		}
	}
	if _, err := o.signon.AskEmergency(o.ctx, ticket, strings.Repeat("a", 501), 15); fault.Of(err).Fields["reason"] == "" {
		t.Errorf("a long reason: %v", err)
	}
	o.w.Now.Advance(11 * time.Minute)
	if _, err := o.signon.AskEmergency(o.ctx, ticket, "down", 15); !errors.Is(err, signon.ErrTicketOver) {
		t.Errorf("after eleven minutes: %v", err)
	}
	o.rules(signon.Rules{BreakGlass: []uid.ID{a.ID, third.ID}})
	if err := try(a, password); !errors.Is(err, signon.ErrNotRequired) {
		t.Errorf("while nothing is locked: %v", err)
	}
}

func TestARequestLapsesAfterHalfAnHour(t *testing.T) {
	t.Parallel()
	o, a, b, _ := locked(t)
	if _, err := o.signon.AskEmergency(o.ctx, o.prove(a).Ticket, "down", 15); err != nil {
		t.Fatal(err)
	}
	o.w.Now.Advance(30 * time.Minute)
	st := o.prove(b)
	if _, err := o.signon.OpenEmergency(o.ctx, st.Ticket); !errors.Is(err, signon.ErrNothingWaits) || st.State != signon.EmergencyLapsed {
		t.Errorf("%s: %v", st.State, err)
	}
	if _, err := o.signon.AskEmergency(o.ctx, st.Ticket, "still down", 15); err != nil {
		t.Errorf("asked anew: %v", err)
	}
}

func TestTheDatabaseHoldsThatTwoPeopleOpened(t *testing.T) {
	t.Parallel()
	o, a, b, _ := locked(t)
	now := o.w.Now.Now()
	e := signon.Emergency{ID: uid.New(), Reason: "down", RequestedBy: a.ID, RequestedAt: now, ExpiresAt: now.Add(time.Hour), Minutes: 15}
	o.in(o.ctx, func(ctx context.Context) error { return o.w.Store.InsertEmergency(ctx, e) })
	until := now.Add(time.Hour)
	set := func(by *uid.ID) error {
		e.ApprovedBy, e.ApprovedAt, e.OpenUntil = by, &now, &until
		return o.w.Store.InTenant(o.ctx, func(ctx context.Context) error { return o.w.Store.SetEmergency(ctx, e) })
	}
	if err := set(&a.ID); !errors.Is(err, signon.ErrTwoPeople) {
		t.Errorf("the same person: %v", err)
	}
	if err := set(nil); err == nil {
		t.Error("opened by nobody")
	}
	if err := set(&b.ID); err != nil {
		t.Errorf("another: %v", err)
	}
	o.in(o.other, func(ctx context.Context) error {
		var n int
		if err := store.Pgx(ctx).QueryRow(ctx, "select count(*) from break_glass").Scan(&n); err != nil || n != 0 {
			t.Errorf("another tenant sees %d", n)
		}
		return nil
	})
}

func TestGuessesAtAnEmergencyAreBoundedAsGuessesAtSigningIn(t *testing.T) {
	t.Parallel()
	o, a, _, _ := locked(t, func(o *office) { o.limiter = never{} })
	_, err := o.signon.ProveForEmergency(o.ctx, signon.EmergencyProof{Email: a.Email, Password: password}, client)
	if !errors.Is(err, auth.ErrTooManyAttempts) {
		t.Errorf("got %v", err)
	}
}

// never is a limiter that has nothing left.
type never struct{}

func (never) Allow(string) (bool, time.Duration, int) { return false, time.Minute, 0 }
