package scim_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const base = "https://acme.example/scim/v2"

// stand is a portal with a directory.
type stand struct {
	t     testing.TB
	w     *storetest.World
	ctx   context.Context // a stranger in the tenant
	admin context.Context
	auth  *auth.Service
	scim  *scim.Service
	dir   scim.Directory
	token string
}

// freely is a limiter that holds nobody back.
type freely struct{ auth.Limiter }

func setup(t testing.TB, mode scim.Mode, edit ...func(*scim.DirectoryInput)) *stand {
	t.Helper()
	w := storetest.New(t)
	return open(t, w, w.Tenant(t), mode, edit...)
}

func open(t testing.TB, w *storetest.World, ctx context.Context, mode scim.Mode, edit ...func(*scim.DirectoryInput)) *stand {
	t.Helper()
	engine := policy.NewEngine(w.Store, w.Now.Clock())
	s := &stand{t: t, w: w, ctx: ctx}
	s.auth = auth.New(auth.Options{Keep: w.Store, Policy: engine, Now: w.Now.Clock(), Guess: freely{}, Cost: auth.PasswordCost{MemoryKiB: 64, Iterations: 1, Parallelism: 1}})
	s.scim = scim.New(scim.Options{Keep: w.Store, Auth: s.auth, Policy: engine, Now: w.Now.Clock()})
	s.admin = storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin))
	in := scim.DirectoryInput{Name: "Head office", Mode: mode, Status: signon.StatusOn, RoleRules: auth.RoleRules{Default: policy.Learner}}
	for _, e := range edit {
		e(&in)
	}
	var err error
	if s.dir, err = s.scim.CreateDirectory(s.admin, in); err != nil {
		t.Fatal(err)
	}
	if s.token, _, err = s.scim.CreateToken(s.admin, s.dir.ID, scim.TokenInput{Name: "First"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// answer is what came back.
type answer struct {
	scim.Response
	t    testing.TB
	body map[string]any
}

// ask sends a request as the directory. path may carry a query.
func (s *stand) ask(method, path, body string, edit ...func(*scim.Request)) answer {
	s.t.Helper()
	d, _, err := s.scim.Authenticate(s.ctx, s.token)
	if err != nil {
		s.t.Fatal(err)
	}
	path, query, _ := strings.Cut(path, "?")
	req := scim.Request{Method: method, Path: path, Query: scim.ReadQuery(query), RawQuery: query, Body: []byte(body), Base: base}
	for _, e := range edit {
		e(&req)
	}
	out, err := s.scim.Serve(s.ctx, d, req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	a := answer{Response: out, t: s.t}
	if len(out.Body) > 0 {
		if err := json.Unmarshal(out.Body, &a.body); err != nil {
			s.t.Fatalf("%v in %s", err, out.Body)
		}
	}
	return a
}

// is checks the status, and the scimType of a failure.
func (a answer) is(status int, scimType ...string) answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status %d, want %d: %s", a.Status, status, a.Body)
	}
	if len(scimType) > 0 && a.body["scimType"] != scimType[0] {
		a.t.Fatalf("scimType %v, want %s: %s", a.body["scimType"], scimType[0], a.Body)
	}
	return a
}

// id is the resource's.
func (a answer) id() string {
	a.t.Helper()
	id, ok := a.body["id"].(string)
	if !ok {
		a.t.Fatalf("no id in %s", a.Body)
	}
	return id
}

// at follows names and positions into the body.
func (a answer) at(path ...any) any {
	a.t.Helper()
	var v any = a.body
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

// user adds a User and gives their id.
func (s *stand) user(userName string, more ...string) string {
	s.t.Helper()
	return s.ask("POST", "/Users", userJSON(userName, more...)).is(201).id()
}

// userJSON is a User with further members, each written as JSON.
func userJSON(userName string, more ...string) string {
	parts := append([]string{`"schemas":["` + scim.SchemaUser + `"]`, `"userName":` + quoted(userName)}, more...)
	return "{" + strings.Join(parts, ",") + "}"
}

func quoted(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// group adds a Group with members and gives its id.
func (s *stand) group(name string, members ...string) string {
	s.t.Helper()
	list := []string{}
	for _, m := range members {
		list = append(list, `{"value":"`+m+`"}`)
	}
	return s.ask("POST", "/Groups", `{"schemas":["`+scim.SchemaGroup+`"],"displayName":`+quoted(name)+`,"members":[`+strings.Join(list, ",")+`]}`).is(201).id()
}

func patchJSON(ops ...string) string {
	return `{"schemas":["` + scim.MessagePatch + `"],"Operations":[` + strings.Join(ops, ",") + `]}`
}

func filtered(path, filter string) string { return path + "?filter=" + url.QueryEscape(filter) }

// person reads who an id is in the portal.
func (s *stand) person(id string) auth.Person {
	s.t.Helper()
	one, ok := uid.Parse(id)
	if !ok {
		s.t.Fatalf("%q is no id", id)
	}
	p, err := s.auth.Person(s.admin, one)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// people counts everyone in the portal.
func (s *stand) people() int {
	s.t.Helper()
	n := 0
	err := s.w.Admin.QueryRow(s.t.Context(), "select count(*) from "+schemaOf(s.ctx)+".people").Scan(&n)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
