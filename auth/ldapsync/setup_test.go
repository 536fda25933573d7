package ldapsync_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldap/slapd"
	"lyceum/auth/ldapsync"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/seal"
	"lyceum/store"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// open is a limiter that holds nobody back.
type open struct{}

func (open) Allow(string) (bool, time.Duration, int) { return true, 0, 1 }

// house is a portal with a directory beside it.
type house struct {
	t      *testing.T
	w      *storetest.World
	ctx    context.Context // the system in the tenant
	other  context.Context // the system in another one
	admin  context.Context // an administrator
	auth   *auth.Service
	sync   *ldapsync.Service
	server *slapd.Server
	made   ldapsync.Directory
}

func setup(t *testing.T, o slapd.Options, change ...func(*ldapsync.Input)) *house {
	t.Helper()
	server := slapd.Start(t, o)
	w := storetest.New(t)
	h := &house{t: t, w: w, ctx: w.Tenant(t), other: w.Tenant(t), server: server}
	engine := policy.NewEngine(w.Store, w.Now.Clock())
	h.auth = auth.New(auth.Options{Keep: w.Store, Policy: engine, Now: w.Now.Clock(), Guess: open{}, Cost: auth.PasswordCost{MemoryKiB: 64, Iterations: 1, Parallelism: 1}})
	key, err := seal.New([]byte(strings.Repeat("k", seal.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	h.sync = ldapsync.New(ldapsync.Options{
		Keep: w.Store, Auth: h.auth, Policy: engine, Seal: key, Now: w.Now.Clock(),
		LDAP: ldap.New(ldap.Options{AllowPrivate: true}), // by the machine's clock, as the server's certificate
	})
	h.admin = storetest.As(t, h.ctx, w, storetest.Person(t, h.ctx, w, policy.Owner))
	in := h.input()
	for _, fn := range change {
		fn(&in)
	}
	if h.made, err = h.sync.Create(h.admin, in); err != nil {
		t.Fatal(err)
	}
	return h
}

// input is a directory that gives learners, and managers to who is in the group heads.
func (h *house) input() ldapsync.Input {
	password := slapd.BindPassword
	return ldapsync.Input{
		Name: "Head office", Status: signon.StatusOn, Password: &password,
		Settings:  ldapsync.Settings{LDAP: h.server.Settings()},
		RoleRules: auth.RoleRules{Rules: []auth.RoleRule{{Group: "heads", Role: policy.Manager}}, Default: policy.Learner},
	}
}

// run syncs and expects an outcome.
func (h *house) run(want ldapsync.Outcome, o ldapsync.Order) ldapsync.Run {
	h.t.Helper()
	r, err := h.sync.Sync(h.ctx, h.made.ID, o)
	if err != nil || r.Outcome != want {
		h.t.Fatalf("outcome %s, want %s: %v; %s\n%+v\n%+v\n%+v", r.Outcome, want, err, r.Problem, r.Counts.V, r.Changes.V, r.Report.V)
	}
	return r
}

func (h *house) counts(r ldapsync.Run, want ldapsync.Counts) {
	h.t.Helper()
	if r.Counts.V != want {
		h.t.Errorf("counted %+v\n   want %+v\n%+v", r.Counts.V, want, r.Changes.V)
	}
}

// person finds somebody of the directory by uid.
func (h *house) person(name string) auth.Person {
	h.t.Helper()
	return h.byEmail(name + "@example.org")
}

func (h *house) byEmail(email string) (p auth.Person) {
	h.t.Helper()
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) (err error) {
		p, err = h.w.Store.PersonByEmail(ctx, email)
		return err
	})
	if err != nil {
		h.t.Fatalf("%s: %v", email, err)
	}
	return p
}

// nobody fails when somebody has an e-mail.
func (h *house) nobody(email string) {
	h.t.Helper()
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		_, err := h.w.Store.PersonByEmail(ctx, email)
		return err
	})
	wants(h.t, err, auth.ErrPersonNotFound)
}

// groups gives the names of a person's groups.
func (h *house) groups(p auth.Person) (names []string) {
	h.t.Helper()
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		list, err := h.w.Store.GroupsOf(ctx, p.ID)
		for _, g := range list {
			names = append(names, g.Name)
		}
		return err
	})
	wants(h.t, err, nil)
	return names
}

// prove writes an e-mail domain down as proven.
func (h *house) prove(domain string) {
	h.t.Helper()
	h.exec("insert into email_domains (domain, token, policy, verified_at, created_at) values ($1, 'x', '', now(), now())", domain)
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, sql, args...)
		return err
	})
	wants(h.t, err, nil)
}

// number asks the tenant's database for one number.
func (h *house) number(ctx context.Context, sql string, args ...any) (n int) {
	h.t.Helper()
	err := h.w.Store.InTenant(ctx, func(ctx context.Context) error { return store.Pgx(ctx).QueryRow(ctx, sql, args...).Scan(&n) })
	wants(h.t, err, nil)
	return n
}

func (h *house) events(typ string) int {
	h.t.Helper()
	return h.number(h.ctx, "select count(*) from events where type = $1", typ)
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// says fails unless the run did this to somebody.
func (h *house) says(r ldapsync.Run, who, what, detail string) {
	h.t.Helper()
	for _, c := range r.Changes.V {
		if strings.Contains(c.Who, who) && c.What == what && strings.Contains(c.Detail, detail) {
			return
		}
	}
	h.t.Errorf("nothing says %s %s %q in %+v", who, what, detail, r.Changes.V)
}

// vouched opens a session as a sign-on does.
func (h *house) vouched(p auth.Person) (secret string) {
	h.t.Helper()
	secret, err := h.auth.OpenVouchedSession(h.ctx, p.ID, auth.Client{IP: "192.0.2.7"}, auth.Proof{Method: auth.MethodLDAP})
	wants(h.t, err, nil)
	return secret
}
