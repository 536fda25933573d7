package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/support"
	"lyceum/billing"
	"lyceum/internal/mail"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/reminder"
	"lyceum/migrations"
	"lyceum/store"
	"lyceum/store/fleet"
	"lyceum/tenant"
	"lyceum/tenant/rollout"
	"lyceum/tenant/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newTestApp is the whole product with a database of its own, as the demo runs it, without a server.
func newTestApp(t *testing.T) *app {
	t.Helper()
	dir := folderOf(t)
	c := &Config{Data: dir, BaseDomain: "localhost", MailFrom: "Lyceum <no-reply@lyceum.example>", LogFormat: "text", LogLevel: "error"}
	a, err := newApp(t.Context(), c, "127.0.0.1:8080", true, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a
}

// counts is how many rows the demo has.
func counts(t *testing.T, a *app) map[string]int {
	t.Helper()
	out := map[string]int{}
	scan := func(ctx context.Context, name, sql string) {
		var n int
		if err := store.Pgx(ctx).QueryRow(ctx, sql).Scan(&n); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = n
	}
	err := a.store.InControl(t.Context(), func(ctx context.Context) error {
		scan(ctx, "tenants", "select count(*) from control.tenants")
		scan(ctx, "operators", "select count(*) from control.operators")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range organizations() {
		tn, err := a.tenants.Show(t.Context(), o.slug)
		if err != nil {
			t.Fatal(err)
		}
		err = a.store.InTenant(tenant.With(t.Context(), tn), func(ctx context.Context) error {
			for _, table := range []string{"people", "person_roles", "courses", "course_versions", "lessons", "files", "enrolments", "lesson_progress", "quiz_attempts", "api_keys", "events"} {
				scan(ctx, o.slug+"."+table, "select count(*) from "+table)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestTheDemoFilledTwiceHasNothingTwice(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	file := filepath.Join(t.TempDir(), "demo.json")
	first, err := a.fillDemo(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	before := counts(t, a)
	second, err := a.fillDemo(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range counts(t, a) {
		if n != before[name] {
			t.Errorf("%s: %d, then %d", name, before[name], n)
		}
	}
	if before["acme.people"] != 44 || before["globex.people"] != 44 || before["acme.courses"] != 4 || before["tenants"] != 2 {
		t.Errorf("the demo has %v", before)
	}
	if len(first.Tenants) != 2 || first.Tenants[0].APIKey == "" || first.Tenants[0].APIKey != second.Tenants[0].APIKey {
		t.Error("the API key changed")
	}
	for _, d := range second.Tenants {
		tn, err := a.tenants.Show(t.Context(), d.Slug)
		if err != nil {
			t.Fatal(err)
		}
		ctx := tenant.With(t.Context(), tn)
		for role, acc := range d.Accounts {
			if in, err := a.auth.SignIn(ctx, acc.Email, acc.Password, auth.Client{IP: "192.0.2.1"}); err != nil || in.Person.Email != acc.Email {
				t.Errorf("%s of %s cannot sign in: %v", role, d.Slug, err)
			}
		}
		if who, err := a.auth.KeyPrincipal(ctx, d.APIKey); err != nil || !who.May.Has(policy.UsageRead) {
			t.Errorf("the key of %s does not work: %v", d.Slug, err)
		}
	}
}

// waitFor asks until it gets an answer: jobs run in their own time.
func waitFor[T any](t *testing.T, what string, ask func() (T, bool)) T {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(60 * time.Second)
	for {
		if got, ok := ask(); ok {
			return got
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}

// mailTo waits for a mail to an address with a subject.
func mailTo(t *testing.T, a *app, to, subject string) mail.Stored {
	t.Helper()
	return waitFor(t, "mail to "+to, func() (mail.Stored, bool) {
		for _, m := range a.mailbox.List() {
			if m.Message.To == to && strings.Contains(m.Message.Subject, subject) {
				return m, true
			}
		}
		return mail.Stored{}, false
	})
}

var linkIn = regexp.MustCompile(`http://northwind\.localhost:8080/(?:invitation|reset)/(\S+)`)

func TestWhatHappensHasItsConsequences(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	stop, err := a.startJobs(t.Context(), newMetrics(a), 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	tn, err := a.tenants.SignUp(t.Context(), signUp(tenant.SignUp{Organization: "Northwind", Slug: "northwind", OwnerName: "Nora", Email: "nora@northwind.example", Password: "sails up and away"}))
	if err != nil {
		t.Fatal(err)
	}
	ctx := tenant.With(t.Context(), tn)
	people, err := a.auth.People(systemOwner(t, a, ctx), auth.PeopleFilter{})
	if err != nil || len(people.Items) != 1 {
		t.Fatalf("%d people (%v)", len(people.Items), err)
	}
	owner, err := a.auth.As(ctx, people.Items[0].ID)
	if err != nil {
		t.Fatal(err)
	}

	// An invitation is mailed, with a link that works.
	finn, err := a.auth.Invite(owner, auth.InviteInput{Email: "finn@northwind.example", Name: "Finn", Role: policy.Learner})
	if err != nil {
		t.Fatal(err)
	}
	m := mailTo(t, a, finn.Email, "")
	if m.Message.FromName != "Northwind" || !strings.Contains(m.Message.Text, "Nora") {
		t.Errorf("the invitation is from %q and says\n%s", m.Message.FromName, m.Message.Text)
	}
	secret := linkIn.FindStringSubmatch(m.Message.Text)
	if secret == nil {
		t.Fatalf("no link in\n%s", m.Message.Text)
	}
	if _, err := a.auth.AcceptInvitation(ctx, secret[1], "Finn Keel", "knots and more knots", auth.Client{}); err != nil {
		t.Fatal(err)
	}

	// A completed course gives a certificate and a mail, and counts the learner once.
	course, err := a.catalog.Import(owner, catalog.ImportCourse{
		CourseInput: catalog.CourseInput{Title: "Knots", Summary: "Two of them.", Language: "en", SelfEnrol: true},
		Modules:     []catalog.ImportModule{{Title: "One", Lessons: []catalog.LessonInput{{Kind: catalog.LessonText, Title: "Bowline", Minutes: 1, Body: "A loop that does not slip."}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	soon := time.Now().AddDate(0, 0, 2)
	if _, err := a.certificates.SetRule(owner, certificate.Rule{CourseID: course.Course.ID, Until: &soon}); err != nil {
		t.Fatal(err)
	}
	learner, err := a.auth.As(ctx, finn.ID)
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.enrolment.SelfEnrol(learner, course.Course.Slug)
	if err != nil {
		t.Fatal(err)
	}
	lesson := course.Lessons()[0].ID
	if _, err := a.enrolment.Open(learner, course.Course.Slug, &lesson); err != nil {
		t.Fatal(err)
	}
	if _, err := a.enrolment.Continue(learner, e.ID, lesson); err != nil {
		t.Fatal(err)
	}
	m = mailTo(t, a, finn.Email, "ertificate")
	certificates, err := a.certificates.Mine(learner)
	if err != nil || len(certificates) != 1 || !strings.Contains(m.Message.Text, "/verify/"+certificates[0].Code) {
		t.Errorf("%d certificates (%v); the mail says\n%s", len(certificates), err, m.Message.Text)
	}
	checkedOffLine(t, a, learner, certificates[0])

	// It ends in two days, of which its owner is told tomorrow, whatever hour it is.
	rules := reminder.Default()
	rules.BeforeExpiry, rules.QuietFrom, rules.QuietTo = []int{1}, 0, 0
	if _, err := a.reminders.Save(owner, reminder.Policy{Scope: reminder.ScopePortal, Rules: rules}); err != nil {
		t.Fatal(err)
	}
	tomorrow := reminder.New(a.store, a.notices, func() time.Time { return time.Now().Add(24 * time.Hour) })
	if _, err := tomorrow.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if m = mailTo(t, a, finn.Email, "Knots: ends on"); !strings.Contains(m.Message.Text, "/certificates") {
		t.Errorf("the reminder says\n%s", m.Message.Text)
	}
	usage := waitFor(t, "usage", func() (billing.Usage, bool) {
		u, err := a.billing.Usage(owner, billing.MeterActiveLearner, billing.PeriodOf(time.Now()), page.Request{})
		return u, err == nil && u.Total > 0
	})
	if usage.Total != 1 || usage.Rows[0].SubjectName != "Finn Keel" || usage.Rows[0].EventType != "lesson.started" {
		t.Errorf("counted %d: %+v", usage.Total, usage.Rows)
	}

	// A support visit is mailed to the owner when it begins, and counts nobody.
	visit, err := a.support.Ask(ctx, auth.Operator{ID: uid.New(), Name: "Olga Petrova"}, support.Wish{Email: finn.Email, Reason: "Knots cannot be opened", Ticket: "T-9"})
	if err != nil {
		t.Fatal(err)
	}
	browser, hash := uid.Secret()
	code, err := a.support.Code(ctx, auth.Operator{ID: visit.OperatorID}, visit.ID, hash)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.support.Enter(ctx, code, browser); err != nil {
		t.Fatal(err)
	}
	m = mailTo(t, a, "nora@northwind.example", "Support looks at Northwind")
	if !strings.Contains(m.Message.Text, "Olga Petrova") || !strings.Contains(m.Message.Text, "Knots cannot be opened") || !strings.Contains(m.Message.Text, "T-9") {
		t.Errorf("the mail about a support visit says\n%s", m.Message.Text)
	}
	if u, err := a.billing.Usage(owner, billing.MeterActiveLearner, billing.PeriodOf(time.Now()), page.Request{}); err != nil || u.Total != 1 {
		t.Errorf("counted %d after a support visit, %v", u.Total, err)
	}

	// What was done stands in the status: mails went out, jobs ran, events were handed on.
	if err := a.meter.Flush(ctx, a.store); err != nil {
		t.Fatal(err)
	}
	report, err := a.status.Portal(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range []status.Part{status.Mails, status.Jobs, status.Handing} {
		if n := report.Parts[i+2]; n.Part != part || n.Count.Good < 3 || n.Verdict != status.Working {
			t.Errorf("the status says %+v", n.Count)
		}
	}

	// A forgotten password is mailed too.
	if err := a.auth.RequestReset(ctx, finn.Email, auth.Client{IP: "192.0.2.1"}); err != nil {
		t.Fatal(err)
	}
	reset := waitFor(t, "reset mail", func() (string, bool) {
		for _, m := range a.mailbox.List() {
			if found := linkIn.FindStringSubmatch(m.Message.Text); found != nil && strings.Contains(m.Message.Text, "/reset/") {
				return found[1], true
			}
		}
		return "", false
	})
	if err := a.auth.ResetPassword(ctx, reset, "sheets and halyards"); err != nil {
		t.Error(err)
	}
}

// systemOwner lets the test list people before it knows any.
func systemOwner(t *testing.T, a *app, ctx context.Context) context.Context {
	t.Helper()
	set, err := a.policy.For(ctx, []policy.Role{policy.Owner})
	if err != nil {
		t.Fatal(err)
	}
	return auth.WithPrincipal(ctx, auth.Principal{May: set})
}

func TestDoctorSaysWhatIsWellAndHowToMendTheRest(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	dir, err := os.MkdirTemp("", "lyceum-doctor-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	well := &Config{DatabaseURL: a.db.admin, Data: dir, FilesURL: "file://" + dir, LogLevel: "error"}
	script, err := migrations.Control()
	if err != nil {
		t.Fatal(err)
	}
	newest := fmt.Sprintf("control schema %d of %[1]d", script.Latest())
	var out strings.Builder
	if sick := tellFindings(&out, examine(t.Context(), well)); sick != 0 {
		t.Errorf("%d need mending:\n%s", sick, out.String())
	}
	for _, want := range []string{"PostgreSQL 1", newest, "lyceum_app can sign in", "cannot become another's", "no server is configured"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	out.Reset()
	ill := &Config{DatabaseURL: "postgres://nobody:x@127.0.0.1:1/none", FilesURL: "file:///proc/none", SMTPURL: "smtp://127.0.0.1:1", MailFrom: "a@example.com", LogLevel: "error"}
	if sick := tellFindings(&out, examine(t.Context(), ill)); sick != 3 {
		t.Errorf("%d need mending, want database, storage and mail:\n%s", sick, out.String())
	}
	if !strings.Contains(out.String(), "--database-url") || !strings.Contains(out.String(), "--files-url") || !strings.Contains(out.String(), "--smtp-url") {
		t.Errorf("it does not say how:\n%s", out.String())
	}
}

func TestAddressesFollowTheFlags(t *testing.T) {
	t.Parallel()
	acme := tenant.Tenant{Slug: "acme"}
	for _, c := range []struct {
		config           Config
		listen           string
		platform, portal string
	}{
		{Config{BaseDomain: "localhost"}, "127.0.0.1:8080", "http://lyceum.localhost:8080", "http://acme.localhost:8080"},
		{Config{BaseDomain: "localhost"}, ":80", "http://lyceum.localhost", "http://acme.localhost"},
		{Config{BaseDomain: "learn.example", BaseURL: "https://www.learn.example"}, ":8080", "https://www.learn.example", "https://acme.learn.example"},
	} {
		h, err := c.config.hosts(c.listen)
		if err != nil || h.PlatformURL() != c.platform || h.PortalURL(acme) != c.portal {
			t.Errorf("%+v: %s and %s (%v)", c.config, h.PlatformURL(), h.PortalURL(acme), err)
		}
	}
	for _, bad := range []Config{{BaseDomain: "a b"}, {BaseDomain: "localhost", BaseURL: "lyceum.example"}} {
		if _, err := bad.hosts(":8080"); err == nil || !strings.Contains(err.Error(), "--base-") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestTheDemoRefusesADatabaseThatPeopleWorkIn(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	ctx := t.Context()
	if _, err := a.tenants.SignUp(ctx, signUp(tenant.SignUp{Organization: "Real Ltd", Slug: "real", OwnerName: "Rea", Email: "rea@real.example", Password: "a password of theirs"})); err != nil {
		t.Fatal(err)
	}
	if _, err := a.fillDemo(ctx, filepath.Join(t.TempDir(), "demo.json")); err == nil || !strings.Contains(err.Error(), "known passwords") {
		t.Fatalf("the demo was filled in: %v", err)
	}
	if _, err := a.operators.SignIn(ctx, "operator@lyceum.example", demoPassword, auth.Client{}); err == nil {
		t.Fatal("the demo's operator was made")
	}
}

func TestOneTenantThatCannotBeMigratedStopsNoServer(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	ctx := t.Context()
	good, err := a.tenants.SignUp(ctx, signUp(tenant.SignUp{Organization: "Good", Slug: "good", OwnerName: "Gil", Email: "gil@good.example", Password: "a password of theirs"}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.admin.Pool().Exec(ctx, `insert into control.tenants (id, slug, name, status, schema_name, node, schema_version, contact_email, suspended_reason, created_at, updated_at)
		select gen_random_uuid(), 'lost', 'Lost', 'active', 't_000000000000', node, 1, contact_email, '', created_at, updated_at from control.tenants where id = $1`, good.ID)
	if err != nil {
		t.Fatal(err)
	}
	script, err := migrations.Tenant()
	if err != nil {
		t.Fatal(err)
	}
	script = append(script, migrations.Migration{Number: len(script) + 1, Name: "one_more", Statements: []string{"alter table people add column nickname text"}})
	a.admin.Close()
	if a.admin, err = fleet.Open(ctx, fleet.Options{URL: a.db.admin, Tenant: script}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.admin.Migrate(ctx, "", rollout.Options{}, nil); !errors.Is(err, fleet.ErrTenantsBehind) {
		t.Fatalf("the lost tenant was migrated: %v", err)
	}
	if err := a.migrate(ctx); err != nil {
		t.Fatalf("the start fails: %v", err)
	}
	if _, _, err := a.directory.ByHost(ctx, "good.localhost:8080"); err != nil {
		t.Errorf("the good tenant is not served: %v", err)
	}
}
