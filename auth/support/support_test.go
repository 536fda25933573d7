package support_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/support"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// freely is a limiter that allows everything.
type freely struct{}

func (freely) Allow(string) (bool, time.Duration, int) { return true, 0, 99 }

// world is the service over the real store, with a person whom an operator looks as.
type world struct {
	*storetest.World
	t        *testing.T
	s        *support.Service
	ctx      context.Context
	owner    context.Context
	person   auth.Person
	operator auth.Operator
}

func setup(t *testing.T) *world {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	owner := storetest.Person(t, ctx, w, policy.Owner)
	return &world{
		World: w, t: t, s: service(w, w.Store), ctx: ctx, owner: storetest.As(t, ctx, w, owner), person: storetest.Person(t, ctx, w, policy.Learner),
		operator: auth.Operator{ID: uid.New(), Name: "Olga Petrova"},
	}
}

func service(w *storetest.World, keep support.Keeper) *support.Service {
	now := w.Now.Clock()
	return support.New(keep, auth.New(auth.Options{Keep: w.Store, Policy: policy.NewEngine(w.Store, now), Guess: freely{}, Now: now}), now)
}

func (w *world) wish() support.Wish {
	return support.Wish{Email: w.person.Email, Reason: "The course list stays empty", Ticket: "T-7", Minutes: 30}
}

func (w *world) ask() support.Visit {
	w.t.Helper()
	v, err := w.s.Ask(w.ctx, w.operator, w.wish())
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// enter takes the way in for one browser.
func (w *world) enter(v support.Visit) (secret string) {
	w.t.Helper()
	browser, hash := uid.Secret()
	code, err := w.s.Code(w.ctx, w.operator, v.ID, hash)
	if err != nil {
		w.t.Fatal(err)
	}
	if secret, _, err = w.s.Enter(w.ctx, code, browser); err != nil {
		w.t.Fatal(err)
	}
	return secret
}

func TestWhatAVisitIsAskedWith(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for name, c := range map[string]struct {
		change func(*support.Wish)
		field  string
	}{
		"no address":         {func(v *support.Wish) { v.Email = "anna" }, "email"},
		"nobody here":        {func(v *support.Wish) { v.Email = "nobody@example.com" }, "email"},
		"no reason":          {func(v *support.Wish) { v.Reason = "  why not " }, "reason"},
		"a novel":            {func(v *support.Wish) { v.Reason = strings.Repeat("x", 501) }, "reason"},
		"no ticket":          {func(v *support.Wish) { v.Ticket = " " }, "ticket"},
		"too short":          {func(v *support.Wish) { v.Minutes = 4 }, "minutes"},
		"too long":           {func(v *support.Wish) { v.Minutes = 121 }, "minutes"},
		"unreadable as text": {func(v *support.Wish) { v.Reason = "because \xff of this" }, "reason"},
	} {
		wish := w.wish()
		c.change(&wish)
		_, err := w.s.Ask(w.ctx, w.operator, wish)
		if f := fault.Of(err); f.Kind != fault.KindInvalid || f.Fields[c.field] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if a, err := w.s.Access(w.owner); err != nil || len(a.Visits) != 0 {
		t.Errorf("%d visits were written, %v", len(a.Visits), err)
	}
}

func TestAnotherPortalHasNoPartInAVisit(t *testing.T) {
	t.Parallel()
	w := setup(t)
	elsewhere := w.Tenant(t)
	theirs := storetest.As(t, elsewhere, w.World, storetest.Person(t, elsewhere, w.World, policy.Owner))
	if err := w.s.SetRules(theirs, support.Wanted{Off: true}); err != nil { // their rules are theirs
		t.Fatal(err)
	}
	v := w.ask()
	browser, hash := uid.Secret()
	code, err := w.s.Code(w.ctx, w.operator, v.ID, hash)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.s.Enter(elsewhere, code, browser); !errors.Is(err, support.ErrCode) {
		t.Errorf("the code opens another portal: %v", err)
	}
	if _, _, err := w.s.Enter(w.ctx, code, "another browser"); !errors.Is(err, support.ErrCode) {
		t.Errorf("the code opens for another browser: %v", err)
	}
	secret, _, err := w.s.Enter(w.ctx, code, browser)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.Resume(elsewhere, secret); !errors.Is(err, support.ErrOver) {
		t.Errorf("the visit goes on in another portal: %v", err)
	}
	if err := w.s.End(theirs, v.ID); !errors.Is(err, support.ErrNotFound) {
		t.Errorf("another portal's owner ends it: %v", err)
	}
	if err := w.s.Decide(theirs, v.ID, false); !errors.Is(err, support.ErrNotFound) {
		t.Errorf("another portal's owner answers it: %v", err)
	}
	if n, err := w.s.EndEvery(theirs); n != 0 || err != nil {
		t.Errorf("another portal's owner ended %d, %v", n, err)
	}
	if a, err := w.s.Access(theirs); err != nil || len(a.Visits) != 0 || !a.Rules.Off {
		t.Errorf("another portal sees %d visits, %v", len(a.Visits), err)
	}
	p, err := w.s.Resume(w.ctx, secret)
	if err != nil || p.PersonID != w.person.ID || p.Guise == nil || p.Guise.Writes {
		t.Errorf("the visit itself: %+v, %v", p, err)
	}
	if _, err := w.s.Code(w.ctx, auth.Operator{ID: uid.New()}, v.ID, hash); !errors.Is(err, support.ErrNotYours) {
		t.Errorf("another operator: %v", err)
	}
}

func TestAVisitHasNoneOfTheOwnersRights(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.person = storetest.Person(t, w.ctx, w.World, policy.Owner)
	p, err := w.s.Resume(w.ctx, w.enter(w.ask()))
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []policy.Permission{policy.SecurityManage, policy.APIKeyManage, policy.BillingRead, policy.BillingManage} {
		if p.May.Has(never) {
			t.Errorf("a visit may %s", never)
		}
	}
	if !p.May.Has(policy.CourseRead) {
		t.Error("a visit sees nothing")
	}
}

// torn is a store whose register fails, as when a process is killed between the portal's commit and the operators'.
type torn struct {
	support.Keeper
	fails bool
}

var errKilled = errors.New("killed")

func (k *torn) RegisterVisit(ctx context.Context, l support.Listed) (bool, error) {
	if k.fails {
		return false, errKilled
	}
	return k.Keeper.RegisterVisit(ctx, l)
}

func TestAKilledProcessLosesNoVisitOfTheRegister(t *testing.T) {
	t.Parallel()
	w := setup(t)
	k := &torn{Keeper: w.Store, fails: true}
	s := service(w.World, k)
	if _, err := s.Ask(w.ctx, w.operator, w.wish()); !errors.Is(err, errKilled) {
		t.Fatalf("got %v", err)
	}
	a, err := w.s.Access(w.owner)
	if err != nil || len(a.Visits) != 1 || a.Visits[0].State != support.Approved {
		t.Fatalf("the portal knows of %+v, %v", a.Visits, err)
	}
	id := a.Visits[0].ID
	if _, _, err := w.s.Find(w.ctx, id); !errors.Is(err, support.ErrNotFound) {
		t.Fatalf("the register has it: %v", err)
	}
	k.fails = false
	for range 2 { // the job after the event; run twice it changes nothing
		if err := s.Registered(w.ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	l, tn, err := w.s.Find(w.ctx, id)
	mine, _ := tenant.From(w.ctx)
	if err != nil || l.State != support.Approved || tn.ID != mine.ID || l.Reason != "The course list stays empty" {
		t.Errorf("%+v, %v", l, err)
	}
	var entries int
	if err := w.Admin.QueryRow(t.Context(), "select count(*) from control.audit where tenant_id = $1 and action = 'support.approved'", mine.ID).Scan(&entries); err != nil || entries != 1 {
		t.Errorf("%d entries in the operators' log, %v", entries, err)
	}
	var kind, who string // the job names nobody, the log names the operator
	if err := w.Admin.QueryRow(t.Context(), "select actor_kind, actor_id::text from control.audit where tenant_id = $1 and action = 'support.approved'", mine.ID).Scan(&kind, &who); err != nil || kind != "operator" || who != w.operator.ID.String() {
		t.Errorf("the log names %s %s, %v", kind, who, err)
	}
}
