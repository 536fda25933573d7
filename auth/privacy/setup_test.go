package privacy_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/retention"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/learning/badge"
	"lyceum/learning/certificate"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/store"
	"lyceum/store/fleet"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(orders); text != "" {
		child(text)
	}
	storetest.Main(m)
}

const base = "https://acme.example"

type freely struct{}

func (freely) Allow(string) (bool, time.Duration, int) { return true, 0, 0 }

type keeper interface {
	auth.Keeper
	privacy.Keeper
	badge.Keeper
}

type services struct {
	auth   *auth.Service
	badges *badge.Service
	p      *privacy.Service
}

func servicesOver(keep keeper, engine *policy.Engine, now func() time.Time) services {
	key, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		panic(err)
	}
	var s services
	s.auth = auth.New(auth.Options{Keep: keep, Policy: engine, Now: now, Guess: freely{}, Seal: key})
	s.badges = badge.New(badge.Options{Keep: keep, Seal: key, Now: now})
	s.p = privacy.New(privacy.Options{Keep: keep, Auth: s.auth, Sign: s.badges, Base: func(tenant.Tenant) string { return base }, Now: now})
	return s
}

// house is a tenant with somebody of whom much is kept.
type house struct {
	*storetest.World
	t   *testing.T
	ctx context.Context
	services
	admin   context.Context
	who     auth.Person
	self    context.Context
	round   enrolment.Enrolment
	mate    auth.Person // who has been told of them, and reports to them
	subject string      // at the identity provider

	sweeping bool // a child sweeps, and erases nobody
}

func setup(t *testing.T) *house {
	t.Helper()
	h := &house{World: storetest.New(t), t: t}
	h.ctx = h.Tenant(t)
	h.services = servicesOver(h.Store, policy.NewEngine(h.Store, h.Now.Clock()), h.Now.Clock())
	h.admin = storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Owner))
	return h
}

// full adds the person with rows all over the schema.
func (h *house) full() {
	h.t.Helper()
	course := storetest.PublishedCourse(h.t, h.ctx, h.World, storetest.SmallCourse("Fire safety"))
	h.who = storetest.AddPerson(h.t, h.ctx, h.World, auth.Person{Name: `Zora O'Quill-"Q" Ümit`, Email: "zora.quill+x@example.com", Attributes: auth.Attributes{"title": "Rigger"}}, policy.Learner)
	h.mate = storetest.AddPerson(h.t, h.ctx, h.World, auth.Person{Name: "Ben Mate", ManagerID: &h.who.ID}, policy.Learner)
	h.self = storetest.As(h.t, h.ctx, h.World, h.who)
	h.subject = "quill-sub-4711"
	learn := enrolment.New(enrolment.Options{Keep: h.Store, Now: h.Now.Clock()})
	duties := duty.New(h.Store, learn, h.auth, h.Now.Clock())
	r, err := duties.Save(h.admin, uid.Nil, duty.Input{Name: "Fire", Courses: []uid.ID{course.Course.ID}})
	h.ok(err)
	h.exec("update requirements set status = 'on' where id = $1 and status is not null", r.ID.String())
	h.round, err = learn.SelfEnrol(h.self, course.Course.Slug)
	h.ok(err)
	for _, l := range course.Lessons() {
		if len(l.Questions) > 0 {
			_, err = learn.Submit(h.self, h.round.ID, l.ID, storetest.RightAnswers(l.Questions))
		} else {
			_, err = learn.Continue(h.self, h.round.ID, l.ID)
		}
		h.ok(err)
	}
	_, err = certificate.New(certificate.Options{Keep: h.Store, Now: h.Now.Clock()}).Issue(h.ctx, h.round.ID)
	h.ok(err)
	_, _, err = h.in(func(ctx context.Context) (auth.Person, []string, error) {
		return h.auth.Provision(ctx, auth.Source{Kind: auth.SourceDirectory, ID: uid.New(), Name: "HR"}, h.who.ID, auth.Profile{Locale: "de"})
	})
	h.ok(err)
	id, at := h.who.ID.String(), h.Now.Now()
	said, _ := json.Marshal(map[string]string{"name": h.who.Name, "email": h.who.Email, "text": "Ask " + h.who.Name + " <" + h.who.Email + ">."})
	one, two := uid.New().String(), uid.New().String()
	h.exec("insert into connections (id, kind, product, name, status, position, settings, mapping, role_rules, admission, revision, problem, created_at, updated_at) values ($1, 'oidc', 'oidc', 'IdP', 'off', 1, '{}', '[]', '[]', '{}', 1, '', $2, $2)", one, at)
	h.exec("insert into identities (id, person_id, connection_id, issuer, subject, linked_by, linked_at, seen_at) values ($1, $2, $3, 'https://idp', $4, 'link', $5, $5)", uid.New().String(), id, one, h.subject, at)
	h.exec("insert into sign_on_attempts (id, connection_id, outcome, reason, person_id, subject, ip, checks, claims, result, at) values ($1, $2, 'admitted', '', $3, $4, '192.0.2.7', '[]', $5, '{}', $6)", uid.New().String(), one, id, h.subject, string(said), at)
	h.exec("insert into directories (id, kind, name, status, mode, settings, mapping, role_rules, revision, problem, created_at, updated_at) values ($1, 'scim', 'HR', 'on', 'live', '{}', '[]', '[]', 1, '', $2, $2)", two, at)
	h.exec("insert into directory_people (directory_id, person_id, external_id, user_name, active, emails, resource, revision, created_at, updated_at) values ($1, $2, 'hr-0815', $3, true, array[$3], $4, 1, $5, $5)", two, id, h.who.Email, string(said), at)
	h.exec("insert into directory_requests (id, directory_id, method, path, status, request, response, outcome, dry_run, millis, at) values ($1, $2, 'POST', '/Users', 201, $3, '', '{}', false, 3, $4)", uid.New().String(), two, strings.ToUpper(string(said)), at)
	h.exec("insert into directory_runs (id, directory_id, dry_run, started_at, beat_at, outcome, problem, counts, changes, report) values ($1, $2, false, $3, $3, 'done', '', '{}', $4, '{}')", uid.New().String(), two, at, "["+string(said)+"]")
	h.exec("insert into reminder_messages (id, person_id, day, sent_at, app, mail, items, more) values ($1, $2, cast(cast($3 as timestamptz) as date), cast($3 as timestamptz), true, 'none', $4, 0)", uid.New().String(), h.mate.ID.String(), at, "["+string(said)+"]")
	h.exec("insert into notifications (id, person_id, source, kind, data, path, at) values ($1, $2, $3, 'nudge', $4, '/', $5), ($6, $7, $8, 'nudge', $4, '/', $5)", uid.New().String(), id, uid.New().String(), string(said), at, uid.New().String(), h.mate.ID.String(), uid.New().String())
	phone := uid.New().String()
	h.exec("insert into push_devices (id, person_id, endpoint, p256dh, auth, user_agent, added_at) values ($1, $2, $3, '\\x04', '\\x05', 'Firefox', $4)", phone, id, "https://push.example.com/"+phone, at)
	h.exec("insert into push_sends (id, batch, source, person_id, device_id, kind, data, path, state, attempts, status, made_at, next_at) values ($1, $2, $2, $3, $4, 'message', $5, '/', 'sent', 1, 201, $6, $6), ($7, $2, $2, $8, null, 'message', $5, '/', 'sent', 1, 201, $6, $6)",
		uid.New().String(), uid.New().String(), id, phone, string(said), at, uid.New().String(), h.mate.ID.String())
	list := uid.New().String()
	h.exec("insert into people_imports (id, name, status, header, columns, role, quiet, new_groups, revision, total, counts, done, failed, mailed, created_at) values ($1, 'list.csv', 'done', '[]', '[]', 'learner', true, true, 1, 1, '{}', 1, 0, 0, $2)", list, at)
	h.exec("insert into people_import_lines (import_id, number, cells, email, name, outcome, detail, problem, state, person_id) values ($1, 1, $2, $3, $4, 'new', $5, '', 'done', $6)", list, `["`+h.who.Email+`"]`, h.who.Email, h.who.Name, string(said), id)
	h.exec("insert into sessions (id, hash, person_id, created_at, seen_at, expires_at, ip, user_agent, idp_subject) values ($1, '\\x01', $2, $3, $3, $4, '192.0.2.7', 'Firefox', $5)", uid.New().String(), id, at, at.Add(time.Hour), h.subject)
	h.exec("insert into api_keys (id, name, prefix, hash, scopes, person_id, created_at, expires_at) values ($1, 'key of Zora', 'lyc_', '\\x02', '*', $2, $3, $4)", uid.New().String(), id, at, at.Add(time.Hour))
	h.exec("insert into calendars (person_id, hash, created_at) values ($1, '\\x03', $2)", id, at)
	h.exec("insert into setup_links (id, hash, name, email, kind, mailed, created_by, created_at, expires_at) values ($1, '\\x04', $2, $3, 'connection', true, $4, $5, $6)", uid.New().String(), h.who.Name, h.who.Email, h.mate.ID.String(), at, at.Add(time.Hour))
	h.exec("insert into transcripts (id, code, person_id, person_name, digest, courses, completed, issued_at) values ($1, 'TTTT', $2, $3, '\\x05', 1, 1, $4)", uid.New().String(), id, h.who.Name, at)
	h.exec("insert into reports (id, name, definition, owner_id, shared, revision, created_at, updated_at) values ($1, 'Mine', '{}', $2, false, 1, $3, $3), ($4, 'Ours', '{}', $2, true, 1, $3, $3)", uid.New().String(), id, at, uid.New().String())
	h.exec("insert into course_messages (id, course_id, audience, body, people, sent_by, sent_at) values ($1, $2, 'all', 'Well done.', 1, $3, $4)", uid.New().String(), course.Course.ID.String(), id, at)
	h.exec("insert into duty_history (requirement_id, duty_id, number, revision, person_id, spell, recorded_at, began_at, given_at, completed_at, reasons) values ($1, $2, 1, 1, $3, 1, $4, $4, $4, $4, '[]')", r.ID.String(), uid.New().String(), id, at)
	h.exec("insert into requirement_runs (id, requirement_id, cause, about_id, about_name, was, note, at, given, withdrawn) values ($1, $2, 'person', $3, $4, '', 'for ' || $4, $5, 1, 0)", uid.New().String(), r.ID.String(), id, h.who.Name, at)
}

// erase has the person erased.
func (h *house) erase() privacy.Erasure {
	h.t.Helper()
	e, err := h.p.Schedule(h.admin, h.who.ID, h.who.Email)
	h.ok(err)
	h.Now.Advance(8 * 24 * time.Hour)
	h.ok(h.p.Run(h.ctx))
	e, _, err = h.p.Show(h.admin, e.ID)
	h.ok(err)
	return e
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) wants(err, want error) {
	h.t.Helper()
	if !errors.Is(err, want) {
		h.t.Errorf("got %v, want %v", err, want)
	}
}

func (h *house) in(fn func(context.Context) (auth.Person, []string, error)) (p auth.Person, changed []string, err error) {
	err = h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		p, changed, err = fn(ctx)
		return err
	})
	return p, changed, err
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	err := h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, sql, args...)
		return err
	})
	if err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
}

func (h *house) count(sql string, args ...any) (n int) {
	h.t.Helper()
	err := h.Store.InTenant(h.ctx, func(ctx context.Context) error { return store.Pgx(ctx).QueryRow(ctx, sql, args...).Scan(&n) })
	if err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// keys are the portal's as it publishes them.
func (h *house) keys() privacy.Keys {
	h.t.Helper()
	doc, err := h.badges.Issuer(h.ctx, base)
	h.ok(err)
	return func(portal, kid string) (ed25519.PublicKey, error) { return badge.KeyOf(portal, kid, published(doc)) }
}

type published []byte

func (p published) Document(string) ([]byte, error) { return p, nil }
func (p published) List(string) ([]byte, error)     { return nil, nil }

// What follows kills a process in the midst of an erasure.

const orders = "LYCEUM_TEST_PRIVACY"

type order struct {
	URL    string
	Tenant tenant.Tenant
	Now    time.Time
	Admin  string
	Sweep  bool  // by the schedule of retention; else: erase
	DieAt  int32 // kills itself before this transaction commits, the first is 1; below zero: after that one did; 0: never
}

// pruner is the database's administrator.
type pruner struct{ pool *pgxpool.Pool }

func (p pruner) PruneOld(ctx context.Context, t tenant.Tenant, table string, before time.Time, n int) (int64, error) {
	return fleet.PruneOld(ctx, p.pool, t, table, before, n)
}

type dying struct {
	*store.Store
	left atomic.Int32
	late bool
	deep atomic.Bool
}

func (d *dying) InTenant(ctx context.Context, fn func(context.Context) error) error {
	if d.deep.Load() {
		return d.Store.InTenant(ctx, fn)
	}
	die := d.left.Add(-1) == 0
	d.deep.Store(true)
	err := d.Store.InTenant(ctx, func(ctx context.Context) error {
		err := fn(ctx)
		if die && !d.late {
			kill()
		}
		return err
	})
	d.deep.Store(false)
	if die {
		kill()
	}
	return err
}

func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func child(text string) {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(tenant.With(context.Background(), o.Tenant), time.Minute)
	defer cancel()
	s, err := store.Open(ctx, store.Options{URL: o.URL})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	keep := &dying{Store: s, late: o.DieAt < 0}
	keep.left.Store(max(o.DieAt, -o.DieAt))
	now := func() time.Time { return o.Now }
	all := servicesOver(keep, policy.NewEngine(keep, now), now)
	do := all.p.Run
	if o.Sweep {
		pool, err := pgxpool.New(ctx, o.Admin)
		if err != nil {
			panic(err)
		}
		do = retention.New(keep, all.p, pruner{pool}, now).Sweep
	}
	if err := do(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	os.Exit(0)
}

// run has a child do what is due; ended is false when it was killed.
func (h *house) run(dieAt int32) (ended bool) {
	h.t.Helper()
	tn, _ := tenant.From(h.ctx)
	text, err := json.Marshal(order{URL: h.URL, Tenant: tn, Now: h.Now.Now(), Sweep: h.sweeping, Admin: h.Admin.Config().ConnString(), DieAt: dieAt})
	h.ok(err)
	var said strings.Builder
	cmd := exec.CommandContext(h.t.Context(), os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), orders+"="+string(text)), &said
	err = cmd.Run()
	if err != nil && !strings.Contains(err.Error(), "killed") {
		h.t.Fatalf("the child ended otherwise: %v\n%s", err, said.String())
	}
	return err == nil
}
