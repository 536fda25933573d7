package auth_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestInvitingSomeoneAgainCorrectsThemAndSendsANewLink(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	first, err := h.auth.Invite(owner, auth.InviteInput{Email: " New@Example.com", Name: " Ada ", Role: policy.Learner})
	wants(t, err, nil)
	if first.Email != "new@example.com" || first.Name != "Ada" {
		t.Errorf("invited %q %q; want them trimmed and the e-mail in lower case", first.Email, first.Name)
	}
	second, err := h.auth.Invite(owner, auth.InviteInput{Email: "new@example.com", Name: "Ada Lovelace", Role: policy.Manager})
	wants(t, err, nil)
	got, err := h.auth.Person(owner, first.ID)
	wants(t, err, nil)
	if second.ID != first.ID || got.Name != "Ada Lovelace" || !slices.Equal(got.Roles, []policy.Role{policy.Manager}) {
		t.Errorf("invited again: %+v; want the same person, corrected", got)
	}
	invitations := 0
	for _, e := range h.events() {
		if e == "invitation.created" {
			invitations++
		}
	}
	if invitations != 2 {
		t.Errorf("%d invitations told, want 2", invitations)
	}
}

func TestWhoIsHereAlreadyIsNotInvited(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	active, gone := h.person(policy.Learner), h.person(policy.Learner)
	wants(t, h.auth.Deactivate(owner, gone.ID), nil)
	for _, p := range []auth.Person{active, gone} {
		_, err := h.auth.Invite(owner, auth.InviteInput{Email: p.Email, Name: "Again", Role: policy.Learner})
		wants(t, err, auth.ErrEmailTaken)
	}
}

func TestAnInvitationWithFaultsNamesEachField(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	_, err := h.auth.Invite(owner, auth.InviteInput{Email: "nobody", Name: strings.Repeat("x", 201)})
	for _, field := range []string{"email", "name", "role"} {
		wantsField(t, err, field)
	}
	_, err = h.auth.Invite(owner, auth.InviteInput{Email: "a@example.com", Name: "Ada", Role: "emperor"})
	wantsField(t, err, "role")
}

func TestANameThatBreaksALineIsRefusedWhereverNamesAreTaken(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, link := h.invite(policy.Learner)
	p := h.person(policy.Owner)
	ctx := h.as(p)
	operators := auth.NewOperators(h.w.Store, h.w.Now.Clock(), open{}, cheap)
	for _, name := range []string{"Ada\nBcc: x", "Ada\x00L", "Ada\u007fL", "Ada\u0085L", "Ada\u2028L", "Ada\u2029L"} {
		_, err := h.auth.Invite(ctx, auth.InviteInput{Email: "a@example.com", Name: name, Role: policy.Learner})
		wantsField(t, err, "name")
		_, err = h.auth.AcceptInvitation(h.ctx, link, name, password, client)
		wantsField(t, err, "name")
		wantsField(t, h.auth.UpdateProfile(ctx, auth.ProfileInput{Name: name}), "name")
		_, _, err = h.auth.CreateKey(ctx, auth.KeyInput{Name: name, Scopes: []string{"*"}})
		wantsField(t, err, "name")
		_, err = h.auth.CreateOwner(h.ctx, "owner@example.com", name, "")
		wantsField(t, err, "name")
		_, err = operators.Create(t.Context(), "o@example.com", name, password)
		wantsField(t, err, "name")
	}
	wants(t, h.auth.UpdateProfile(ctx, auth.ProfileInput{Name: "Zoë Çelik‐Ōta 李 (2)"}), nil)
}

func TestOnePersonSendsOnlySoManyInvitations(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.auth = h.service(auth.Options{Invites: throttle.New(h.w.Now.Clock(), 2, time.Hour, 2)})
	busy, other := h.as(h.person(policy.Owner)), h.as(h.person(policy.Owner))
	invite := func(ctx context.Context, email string) error {
		_, err := h.auth.Invite(ctx, auth.InviteInput{Email: email, Name: "Ada", Role: policy.Learner})
		return err
	}
	wantsField(t, invite(busy, "nobody"), "email") // one that cannot be sent does not count
	wants(t, invite(busy, "one@example.com"), nil)
	wants(t, invite(busy, "two@example.com"), nil)
	wants(t, invite(busy, "three@example.com"), auth.ErrTooManyInvitations)
	wants(t, invite(other, "three@example.com"), nil)
	h.w.Now.Advance(30 * time.Minute)
	wants(t, invite(busy, "four@example.com"), nil)
	wants(t, invite(busy, "five@example.com"), auth.ErrTooManyInvitations)
}

func TestPeopleAreListedByNameInPiecesWithTheirRoles(t *testing.T) {
	t.Parallel()
	h := setup(t)
	me := storetest.AddPerson(t, h.ctx, h.w, auth.Person{Name: "aaron", Email: "aaron@example.com"}, policy.Owner, policy.Instructor)
	for _, name := range []string{"Zoë", "bea", "Bea", "Çelik", "100% Sure", "under_score"} {
		storetest.AddPerson(t, h.ctx, h.w, auth.Person{Name: name}, policy.Learner)
	}
	ctx := h.as(me)
	var names []string
	after, pieces := "", 0
	for {
		piece, err := h.auth.People(ctx, auth.PeopleFilter{Page: page.Request{After: after, Limit: 2}})
		wants(t, err, nil)
		for _, p := range piece.Items {
			names = append(names, p.Name)
			if len(p.Roles) == 0 || p.PasswordHash != "" {
				t.Errorf("%s is listed with roles %v and hash %q", p.Name, p.Roles, p.PasswordHash)
			}
		}
		pieces++
		if after = piece.Next; after == "" {
			break
		}
	}
	if len(names) != 7 || pieces != 4 {
		t.Fatalf("listed %v in %d pieces; want 7 people in 4", names, pieces)
	}
	if a, b := slices.Index(names, "aaron"), slices.Index(names, "Zoë"); a > b {
		t.Errorf("listed %v; want aaron before Zoë", names)
	}
	if b := slices.Index(names, "bea") - slices.Index(names, "Bea"); b != 1 && b != -1 {
		t.Errorf("listed %v; want both Beas together", names)
	}
	_, err := h.auth.People(ctx, auth.PeopleFilter{Page: page.Request{After: "nonsense"}})
	wants(t, err, page.ErrCursor)
}

func TestPeopleAreFoundByPartOfNameOrEmailByRoleAndByStatus(t *testing.T) {
	t.Parallel()
	h := setup(t)
	me := storetest.AddPerson(t, h.ctx, h.w, auth.Person{Name: "Root", Email: "root@example.org"}, policy.Owner)
	storetest.AddPerson(t, h.ctx, h.w, auth.Person{Name: "100% Sure", Email: "sure@example.com"}, policy.Learner)
	storetest.AddPerson(t, h.ctx, h.w, auth.Person{Name: "100 Unsure", Email: "un_sure@example.com"}, policy.Instructor, policy.Manager)
	storetest.AddPerson(t, h.ctx, h.w, auth.Person{Name: `Back\slash`, Email: "back@example.com", Status: auth.PersonInvited}, policy.Learner)
	ctx := h.as(me)
	for name, c := range map[string]struct {
		filter auth.PeopleFilter
		want   []string
	}{
		"part of the name in any case": {auth.PeopleFilter{Query: "SURE"}, []string{"100 Unsure", "100% Sure"}},
		"part of the e-mail":           {auth.PeopleFilter{Query: "@example.org"}, []string{"Root"}},
		"a percent sign is itself":     {auth.PeopleFilter{Query: "0%"}, []string{"100% Sure"}},
		"an underscore is itself":      {auth.PeopleFilter{Query: "n_s"}, []string{"100 Unsure"}},
		"a backslash is itself":        {auth.PeopleFilter{Query: `k\s`}, []string{`Back\slash`}},
		"role":                         {auth.PeopleFilter{Role: policy.Manager}, []string{"100 Unsure"}},
		"status":                       {auth.PeopleFilter{Status: auth.PersonInvited}, []string{`Back\slash`}},
		"all at once":                  {auth.PeopleFilter{Query: "back", Role: policy.Learner, Status: auth.PersonInvited}, []string{`Back\slash`}},
		"no one":                       {auth.PeopleFilter{Query: "nobody"}, nil},
		"bytes that are no text":       {auth.PeopleFilter{Query: "a\x00\xff"}, nil},
	} {
		piece, err := h.auth.People(ctx, c.filter)
		wants(t, err, nil)
		var names []string
		for _, p := range piece.Items {
			names = append(names, p.Name)
		}
		slices.Sort(names)
		slices.Sort(c.want)
		if !slices.Equal(names, c.want) {
			t.Errorf("%s: found %q, want %q", name, names, c.want)
		}
	}
	all, err := h.auth.People(ctx, auth.PeopleFilter{Query: "un_sure"})
	wants(t, err, nil)
	if !slices.Equal(all.Items[0].Roles, []policy.Role{policy.Instructor, policy.Manager}) {
		t.Errorf("roles %v, want instructor and manager", all.Items[0].Roles)
	}
}

func TestEachActNeedsItsPermission(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, manager := h.as(h.person(policy.Learner)), h.as(h.person(policy.Manager))
	someone := h.person(policy.Learner)
	acts := map[string]func(*house) error{
		"people":  func(*house) error { _, err := h.auth.People(learner, auth.PeopleFilter{}); return err },
		"person":  func(*house) error { _, err := h.auth.Person(learner, someone.ID); return err },
		"invite":  func(*house) error { _, err := h.auth.Invite(manager, auth.InviteInput{}); return err },
		"roles":   func(*house) error { return h.auth.SetRoles(manager, someone.ID, []policy.Role{policy.Manager}) },
		"off":     func(*house) error { return h.auth.Deactivate(manager, someone.ID) },
		"on":      func(*house) error { return h.auth.Reactivate(manager, someone.ID) },
		"new key": func(*house) error { _, _, err := h.auth.CreateKey(learner, auth.KeyInput{}); return err },
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) { wantsOf(t, act(h), policy.ErrForbidden) })
	}
	_, err := h.auth.People(h.ctx, auth.PeopleFilter{})
	wants(t, err, auth.ErrSignInFirst)
	_, err = h.auth.Sessions(h.ctx)
	wants(t, err, auth.ErrSignInFirst)
	me, _ := auth.PrincipalFrom(learner)
	_, err = h.auth.Person(learner, me.PersonID)
	wants(t, err, nil)
}

func TestDeactivationEndsSessionsAndKeysAtOnceAndReactivationBringsNeitherBack(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	p := h.person(policy.Instructor)
	session, ctx := h.signIn(p)
	key, _, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "Export", Scopes: []string{"*"}})
	wants(t, err, nil)
	_, err = h.auth.KeyPrincipal(h.ctx, key)
	wants(t, err, nil)

	wants(t, h.auth.Deactivate(owner, p.ID), nil)
	refused := func() {
		t.Helper()
		_, err = h.auth.Resume(h.ctx, session)
		wants(t, err, auth.ErrSignInFirst)
		_, err = h.auth.KeyPrincipal(h.ctx, key)
		wants(t, err, auth.ErrKeyInvalid)
	}
	refused()
	_, _, err = h.auth.CreateKey(ctx, auth.KeyInput{Name: "Late", Scopes: []string{"*"}})
	wants(t, err, auth.ErrSignInFirst)

	wants(t, h.auth.Reactivate(owner, p.ID), nil)
	refused()
	h.signIn(p)
	h.told("person.deactivated")
	h.told("person.reactivated")
	wants(t, h.auth.Deactivate(owner, uid.New()), auth.ErrPersonNotFound)
}

func TestAProfileChangeShowsAtOnceAndFaultsNameTheirField(t *testing.T) {
	t.Parallel()
	h := setup(t)
	secret, ctx := h.signIn(h.person(policy.Learner))
	wants(t, h.auth.UpdateProfile(ctx, auth.ProfileInput{Name: " Ada ", Locale: "de-at", TimeZone: "Europe/Vienna"}), nil)
	who, err := h.auth.Resume(h.ctx, secret)
	if wants(t, err, nil); who.Name != "Ada" || who.Locale != "de-AT" || who.TimeZone != "Europe/Vienna" {
		t.Errorf("resumed %q %q %q; want the new profile", who.Name, who.Locale, who.TimeZone)
	}
	wants(t, h.auth.UpdateProfile(ctx, auth.ProfileInput{Name: "Ada"}), nil)
	for field, in := range map[string]auth.ProfileInput{
		"name":      {Name: "  "},
		"locale":    {Name: "Ada", Locale: "klingon!"},
		"time_zone": {Name: "Ada", TimeZone: "Mars/Olympus"},
	} {
		wantsField(t, h.auth.UpdateProfile(ctx, in), field)
	}
	wantsField(t, h.auth.UpdateProfile(ctx, auth.ProfileInput{Name: "Ada", TimeZone: "Local"}), "time_zone")
}

func TestMakingTheOwnerTwiceMakesOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	storetest.Person(t, h.ctx, h.w, policy.Learner) // seeds the roles
	hash, err := h.auth.HashPassword(h.ctx, password)
	wants(t, err, nil)
	first, err := h.auth.CreateOwner(h.ctx, "Owner@Example.com", "Olga", hash)
	wants(t, err, nil)
	second, err := h.auth.CreateOwner(h.ctx, "owner@example.com", "Olga", hash)
	wants(t, err, nil)
	if first.ID != second.ID || !slices.Equal(second.Roles, []policy.Role{policy.Owner}) {
		t.Errorf("made %+v, then %+v; want one owner", first, second)
	}
	h.signIn(second)
	if n := strings.Count(strings.Join(h.events(), " "), "person.created"); n != 1 {
		t.Errorf("%d people told of, want 1", n)
	}
	_, err = h.auth.CreateOwner(h.ctx, "nobody", "Olga", hash)
	wantsField(t, err, "email")
}
