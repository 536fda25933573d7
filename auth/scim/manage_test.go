package scim_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/tenant"
)

func TestATokenHoldsUntilItIsRevokedOrOver(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	second, made, err := s.scim.CreateToken(s.admin, s.dir.ID, scim.TokenInput{Name: "Next", Days: 1})
	if err != nil || !strings.HasPrefix(second, scim.TokenPrefix) || !strings.HasPrefix(second, made.Prefix) || made.Hash != nil {
		t.Fatalf("%q %+v: %v", second, made, err)
	}
	opens := func(secret string) error { _, _, err := s.scim.Authenticate(s.ctx, secret); return err }
	for _, secret := range []string{s.token, second} {
		fails(t, opens(secret), nil)
	}
	for _, secret := range []string{"", "x", second[:len(second)-1] + "!", strings.ToUpper(second), "lyc_" + second[4:]} {
		fails(t, opens(secret), scim.ErrUnauthorised)
	}
	list, err := s.scim.Tokens(s.admin, s.dir.ID)
	if err != nil || len(list) != 2 || list[0].Hash != nil || list[1].LastUsedAt == nil || !list[1].LastUsedAt.Equal(s.w.Now.Now()) {
		t.Errorf("%+v: %v", list, err)
	}
	s.w.Now.Advance(24 * time.Hour)
	fails(t, opens(second), scim.ErrUnauthorised)
	fails(t, opens(s.token), nil)
	fails(t, s.scim.RevokeToken(s.admin, s.dir.ID, list[1].ID), nil)
	fails(t, s.scim.RevokeToken(s.admin, s.dir.ID, list[1].ID), scim.ErrTokenNotFound)
	fails(t, opens(s.token), scim.ErrUnauthorised)
	_, _, err = s.scim.CreateToken(s.admin, s.dir.ID, scim.TokenInput{Name: "Long", Days: 9999})
	if err == nil {
		t.Error("a token for 27 years")
	}
	for range scim.TokensMax {
		_, _, err = s.scim.CreateToken(s.admin, s.dir.ID, scim.TokenInput{Name: "More"})
	}
	fails(t, err, nil)
	_, _, err = s.scim.CreateToken(s.admin, s.dir.ID, scim.TokenInput{Name: "One more"})
	fails(t, err, scim.ErrTooManyTokens)
}

func TestADirectoryThatIsOffAnswersNobody(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	fails(t, s.scim.SetStatus(s.admin, s.dir.ID, signon.StatusOff), nil)
	_, _, err := s.scim.Authenticate(s.ctx, s.token)
	fails(t, err, scim.ErrDirectoryOff)
	fails(t, s.scim.SetStatus(s.admin, s.dir.ID, signon.StatusOn), nil)
	s.user("a")
}

func TestOnlyWhoManagesConnectionsManagesDirectories(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	id := s.user("a")
	one, _ := uid.Parse(id)
	learner, err := s.auth.As(s.ctx, one)
	if err != nil {
		t.Fatal(err)
	}
	for ctx, want := range map[context.Context]error{learner: policy.ErrForbidden, s.ctx: auth.ErrSignInFirst} {
		_, e1 := s.scim.Directories(ctx)
		_, e2 := s.scim.Directory(ctx, s.dir.ID)
		_, e3 := s.scim.CreateDirectory(ctx, scim.DirectoryInput{})
		_, e4 := s.scim.UpdateDirectory(ctx, s.dir.ID, 1, scim.DirectoryInput{})
		_, _, e5 := s.scim.CreateToken(ctx, s.dir.ID, scim.TokenInput{})
		_, e6 := s.scim.Tokens(ctx, s.dir.ID)
		_, e7 := s.scim.Requests(ctx, s.dir.ID, page.Request{}, true)
		_, e8 := s.scim.LoggedRequest(ctx, s.dir.ID, s.dir.ID)
		_, e9 := s.scim.Replay(ctx, s.dir.ID, s.dir.ID, base, true)
		_, e10 := s.scim.People(ctx, s.dir.ID, page.Request{})
		_, e11 := s.scim.GroupsOf(ctx, s.dir.ID, page.Request{})
		for i, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, s.scim.RevokeToken(ctx, s.dir.ID, s.dir.ID),
			s.scim.DeleteDirectory(ctx, s.dir.ID), s.scim.Link(ctx, s.dir.ID, "a@b.example", "a"), s.scim.SetStatus(ctx, s.dir.ID, signon.StatusOff)} {
			if !errors.Is(err, want) {
				t.Errorf("method %d: %v, want %v", i, err, want)
			}
		}
	}
}

func TestADeletedDirectoryLeavesItsPeople(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	id := s.user("a@acme.example")
	s.group("Staff", id)
	fails(t, s.scim.DeleteDirectory(s.admin, s.dir.ID), nil)
	fails(t, s.scim.DeleteDirectory(s.admin, s.dir.ID), scim.ErrDirectoryNotFound)
	if p := s.person(id); p.Status != auth.PersonActive || len(p.Roles) != 1 {
		t.Errorf("%+v", p)
	}
	_, _, err := s.scim.Authenticate(s.ctx, s.token)
	fails(t, err, scim.ErrUnauthorised)
}

func TestEveryChangeIsAnEventWithoutSecrets(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeOkta)
	id := s.user("a@acme.example", `"password":"s3cret!"`)
	g := s.group("Staff", id)
	s.ask("PATCH", "/Groups/"+g, patchJSON(`{"op":"replace","value":{"id":"`+g+`","displayName":"Team"}}`)).is(200)
	s.ask("PATCH", "/Users/"+id, patchJSON(`{"op":"replace","value":{"active":false}}`)).is(200)
	s.ask("DELETE", "/Groups/"+g, "").is(204)
	tokens, err := s.scim.Tokens(s.admin, s.dir.ID)
	if err != nil {
		t.Fatal(err)
	}
	fails(t, s.scim.SetStatus(s.admin, s.dir.ID, signon.StatusDryRun), nil)
	fails(t, s.scim.RevokeToken(s.admin, s.dir.ID, tokens[0].ID), nil)
	fails(t, s.scim.DeleteDirectory(s.admin, s.dir.ID), nil)
	seen, kinds := map[string]int{}, map[string]string{}
	err = s.w.Store.InTenant(s.ctx, func(ctx context.Context) error {
		list, err := s.w.Store.Events(ctx, event.Filter{Page: page.Request{Limit: page.MaxLimit}})
		for _, e := range list.Items {
			seen[e.Type]++
			kinds[e.Type] = e.ActorKind
			if strings.Contains(string(e.Data), "s3cret") || strings.Contains(string(e.Data), s.token) {
				t.Errorf("%s tells a secret: %s", e.Type, e.Data)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for typ, kind := range map[string]string{
		"directory.created": "person", "directory.updated": "person", "directory.deleted": "person", "directory_token.created": "person", "directory_token.revoked": "person",
		"person.created": "directory", "person.deactivated": "directory", "person.roles_changed": "directory", "group.created": "directory", "group.updated": "directory",
		"group.members_changed": "directory", "group.deleted": "directory",
	} {
		if seen[typ] != 1 || kinds[typ] != kind {
			t.Errorf("%s: %d times by %q, want once by %s", typ, seen[typ], kinds[typ], kind)
		}
	}
}

func TestADryRunChecksAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	id := s.user("a@acme.example")
	fails(t, s.scim.SetStatus(s.admin, s.dir.ID, signon.StatusDryRun), nil)
	n := s.people()
	made := s.ask("POST", "/Users", userJSON("b@acme.example")).is(201)
	if !made.DryRun || len(made.Outcome.Changes) == 0 || made.Outcome.Changes[0].Field != "created" {
		t.Errorf("%+v", made.Response)
	}
	s.ask("GET", "/Users/"+made.id(), "").is(404)
	s.ask("POST", "/Users", userJSON("a@acme.example")).is(409, "uniqueness")
	s.ask("PATCH", "/Users/"+id, patchJSON(`{"op":"replace","path":"active","value":false}`)).is(200)
	s.ask("DELETE", "/Users/"+id, "").is(204)
	a := s.ask("POST", "/Bulk", bulkJSON(0, postUser("c", "c"), postUser("d", "d", `"`+scim.SchemaEnterprise+`":{"manager":{"value":"bulkId:c"}}`), postUser("e", "C"))).is(200)
	if got := statuses(a); got != "201 201 409" {
		t.Errorf("bulk: %s", got)
	}
	if p := s.person(id); p.Status != auth.PersonActive || s.people() != n {
		t.Errorf("changed: %+v among %d, were %d", p, s.people(), n)
	}
	log, err := s.scim.Requests(s.admin, s.dir.ID, page.Request{}, false)
	if err != nil || len(log.Items) != 7 {
		t.Fatalf("%d requests: %v", len(log.Items), err)
	}
	for i, l := range log.Items {
		if l.DryRun != (i < 6) {
			t.Errorf("%s %s: dry run %v", l.Method, l.Path, l.DryRun)
		}
	}
}

func TestTheLogKeepsTheLastRequestsWithoutSecrets(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeEntra)
	id := s.user("a@acme.example", `"password":"s3cret!"`)
	s.ask("PATCH", "/Users/"+id, patchJSON(`{"op":"Replace","path":"password","value":"s3cret!"}`, `{"op":"Replace","value":{"Password":"s3cret!","title":"x"}}`)).is(204)
	s.ask("POST", "/Users", `{"password":"s3cret!", not JSON`).is(400)
	s.ask("GET", filtered("/Users", `userName eq "a@acme.example"`)+"&count=1", "").is(200)
	log, err := s.scim.Requests(s.admin, s.dir.ID, page.Request{}, true)
	if err != nil || len(log.Items) != 4 {
		t.Fatalf("%d requests: %v", len(log.Items), err)
	}
	for _, l := range log.Items {
		if strings.Contains(l.Request+l.Response+l.Path, "s3cret") {
			t.Errorf("%s %s keeps the password: %s", l.Method, l.Path, l.Request)
		}
	}
	get, junk, patch, post := log.Items[0], log.Items[1], log.Items[2], log.Items[3]
	if get.Method != http.MethodGet || get.Path != `/Users?filter=userName+eq+%22a%40acme.example%22&count=1` || get.Status != 200 || !strings.Contains(get.Response, id) {
		t.Errorf("%+v", get)
	}
	if junk.Status != 400 || !strings.Contains(junk.Request, "not JSON") || !strings.Contains(patch.Request, `"title":"x"`) || post.Status != 201 || !strings.Contains(post.Request, "[redacted]") {
		t.Errorf("%+v\n%+v", junk, patch)
	}
	if notes := post.Outcome.V.Notes; len(notes) == 0 || !strings.Contains(notes[0], "passwords are not kept") {
		t.Errorf("notes %v", notes)
	}
	changes := patch.Outcome.V.Changes
	if len(changes) != 1 || changes[0] != (scim.Change{Subject: "a@acme.example", Field: "title", After: "x"}) {
		t.Errorf("changes %+v", changes)
	}
	for range scim.RequestsKept + 5 {
		s.ask("GET", "/ServiceProviderConfig", "").is(200)
	}
	n := 0
	for after := ""; ; {
		piece, err := s.scim.Requests(s.admin, s.dir.ID, page.Request{After: after, Limit: 150}, false)
		if err != nil {
			t.Fatal(err)
		}
		n += len(piece.Items)
		if after = piece.Next; after == "" {
			break
		}
	}
	if n != scim.RequestsKept {
		t.Errorf("%d are kept", n)
	}
	_, err = s.scim.LoggedRequest(s.admin, s.dir.ID, post.ID)
	fails(t, err, scim.ErrRequestNotFound)
}

func TestARequestOfTheLogIsSentAgain(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeEntra)
	id := s.user("a@acme.example", `"title":"Clerk"`)
	s.ask("PATCH", "/Users/"+id, patchJSON(`{"op":"Replace","path":"title","value":"Boss"}`)).is(204)
	log, err := s.scim.Requests(s.admin, s.dir.ID, page.Request{}, false)
	if err != nil {
		t.Fatal(err)
	}
	s.ask("PATCH", "/Users/"+id, patchJSON(`{"op":"Replace","path":"title","value":"Clerk"}`)).is(204)
	title := func() any { return s.ask("GET", "/Users/"+id, "").is(200).at("title") }
	dry, err := s.scim.Replay(s.admin, s.dir.ID, log.Items[0].ID, base, false)
	if err != nil || dry.Status != 204 || !dry.DryRun || len(dry.Outcome.Changes) != 1 || dry.Outcome.Changes[0] != (scim.Change{Subject: "a@acme.example", Field: "title", Before: "Clerk", After: "Boss"}) {
		t.Errorf("%+v: %v", dry, err)
	}
	if got := title(); got != "Clerk" {
		t.Errorf("a dry replay made them %v", got)
	}
	hot, err := s.scim.Replay(s.admin, s.dir.ID, log.Items[0].ID, base, true)
	if err != nil || hot.Status != 204 || hot.DryRun {
		t.Errorf("%+v: %v", hot, err)
	}
	if got := title(); got != "Boss" {
		t.Errorf("a real replay made them %v", got)
	}
	if again, err := s.scim.Replay(s.admin, s.dir.ID, log.Items[1].ID, base, true); err != nil || again.Status != 409 {
		t.Errorf("creating them again: %+v, %v", again, err)
	}
	_, err = s.scim.Replay(s.admin, s.dir.ID, uid.New(), base, true)
	fails(t, err, scim.ErrRequestNotFound)
	long := s.ask("PUT", "/Users/"+id, userJSON("a@acme.example", `"nothing":"`+strings.Repeat("x", 70_000)+`"`)).is(200)
	if len(long.Outcome.Notes) != 1 {
		t.Errorf("%+v", long.Outcome)
	}
	if log, err = s.scim.Requests(s.admin, s.dir.ID, page.Request{Limit: 1}, false); err != nil {
		t.Fatal(err)
	}
	_, err = s.scim.Replay(s.admin, s.dir.ID, log.Items[0].ID, base, false)
	fails(t, err, scim.ErrRequestCut)
}

// TestWhoIsSwitchedOffIsOutOnEveryProcess: two processes remember the same person; the one that hears of it by
// announcement lets them in no longer.
func TestWhoIsSwitchedOffIsOutOnEveryProcess(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeEntra)
	id := s.user("a@acme.example")
	one, _ := uid.Parse(id)
	elsewhere := auth.New(auth.Options{Keep: s.w.Store, Policy: policy.NewEngine(s.w.Store, s.w.Now.Clock()), Now: s.w.Now.Clock(), Guess: freely{}})
	heard := s.listen(elsewhere)
	secret, err := s.auth.OpenSession(s.ctx, one, auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	err = s.w.Store.InTenant(s.ctx, func(ctx context.Context) error { return s.w.Store.GiveRoles(ctx, one, []policy.Role{policy.Manager}) })
	if err != nil {
		t.Fatal(err)
	}
	s.auth.Changed(s.ctx)
	<-heard
	as, err := s.auth.As(s.ctx, one)
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := s.auth.CreateKey(as, auth.KeyInput{Name: "Script", Scopes: []string{auth.AllScopes}})
	if err != nil {
		t.Fatal(err)
	}
	for name, service := range map[string]*auth.Service{"here": s.auth, "elsewhere": elsewhere} {
		if _, err := service.Resume(s.ctx, secret); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := service.KeyPrincipal(s.ctx, key); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	s.ask("PATCH", "/Users/"+id, patchJSON(`{"op":"Replace","path":"active","value":"False"}`)).is(204)
	<-heard // the clock stands still: nothing is forgotten by age
	for name, service := range map[string]*auth.Service{"here": s.auth, "elsewhere": elsewhere} {
		if _, err := service.Resume(s.ctx, secret); !errors.Is(err, auth.ErrSignInFirst) {
			t.Errorf("%s the session goes on: %v", name, err)
		}
		if _, err := service.KeyPrincipal(s.ctx, key); !errors.Is(err, auth.ErrKeyInvalid) {
			t.Errorf("%s the key goes on: %v", name, err)
		}
	}
}

// listen has another process hear announcements; the channel tells of each.
func (s *stand) listen(other *auth.Service) <-chan struct{} {
	s.t.Helper()
	heard, ended := make(chan struct{}, 100), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	s.t.Cleanup(func() { cancel(); <-ended })
	here, _ := tenant.From(s.ctx)
	mine := here.ID
	connected := make(chan struct{}, 1)
	go func() {
		defer close(ended)
		s.w.Store.Listen(ctx, s.w.URL, store.Listener{Changed: func(id uid.ID) {
			other.Drop(id)
			switch id {
			case uid.Nil:
				connected <- struct{}{}
			case mine:
				heard <- struct{}{}
			}
		}, Events: func(uid.ID) {}})
	}()
	<-connected
	return heard
}
