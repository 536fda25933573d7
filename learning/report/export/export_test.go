package export_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/internal/sheet"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/learning/report"
	"lyceum/learning/report/builder"
	"lyceum/learning/report/export"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(orders); text != "" {
		child(text)
	}
	storetest.Main(m)
}

type house struct {
	*storetest.World
	t           *testing.T
	ctx, asking context.Context
	boss        auth.Person
	files       *export.Service
	blobs       *blob.Store
}

func words(locale, _ string, _ time.Time) export.Words {
	day := func(at time.Time) string { return at.Format(time.DateOnly) }
	return export.Words{Language: locale, Named: func(family string, code any) string { return fmt.Sprint(family, ".", code) }, Day: day, Moment: day, Page: func(n, of int) string { return fmt.Sprint(n, " of ", of) }}
}

func service(s export.Keeper, all *store.Store, blobs *blob.Store, now func() time.Time) *export.Service {
	may := policy.NewEngine(all, now)
	return export.New(export.Options{
		Keep: s, Blobs: blobs, Built: builder.New(all, now), Matrix: report.New(all, now), Words: words, Now: now,
		As: func(ctx context.Context, id uid.ID) (context.Context, error) {
			var who auth.Principal
			err := all.InTenant(ctx, func(ctx context.Context) error {
				p, err := all.PersonByID(ctx, id)
				if err != nil {
					return err
				}
				set, err := may.For(ctx, p.Roles)
				who = auth.Principal{PersonID: p.ID, Roles: p.Roles, May: set}
				return err
			})
			return auth.WithPrincipal(ctx, who), err
		},
		Brand: func(context.Context) (tenant.Brand, error) { return tenant.DefaultBrand("Harbour"), nil },
	})
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	boss := storetest.Person(t, ctx, w, policy.Manager)
	h := &house{World: w, t: t, ctx: ctx, boss: boss, asking: storetest.As(t, ctx, w, boss)}
	h.open("mem://")
	course := storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Fire safety"))
	h.duty(course)
	return h
}

// open works with files at an address.
func (h *house) open(address string) {
	h.t.Helper()
	var err error
	if h.blobs, err = blob.Open(h.ctx, address); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = h.blobs.Close() })
	h.files = service(h.Store, h.Store, h.blobs, h.Now.Clock())
}

// duty gives three cooks a duty, with names that a spreadsheet might take for formulas.
func (h *house) duty(course catalog.Outline) {
	h.t.Helper()
	now := h.Now.Clock()
	duties, groups := duty.New(h.Store, enrolment.New(enrolment.Options{Keep: h.Store, Now: now}), nil, now), group.New(h.Store, now)
	admin := storetest.As(h.t, h.ctx, h.World, storetest.Person(h.t, h.ctx, h.World, policy.Admin))
	g, err := groups.Create(admin, group.Input{Name: "Cooks"})
	for _, name := range []string{"=Ada", "Ben", "Cyd"} {
		p := storetest.AddPerson(h.t, h.ctx, h.World, auth.Person{Name: name, Email: strings.Trim(strings.ToLower(name), "=") + uid.Opaque(5) + "@example.com"}, policy.Learner)
		if err == nil {
			_, err = groups.Add(admin, g.ID, []uid.ID{p.ID})
		}
	}
	var fire duty.Shown
	soon := 10
	if err == nil {
		fire, err = duties.Save(admin, uid.Nil, duty.Input{Status: duty.StatusOn, Name: "Fire", Courses: []uid.ID{course.Course.ID}, Terms: duty.Terms{DueDays: &soon}})
	}
	if err == nil {
		fire, err = duties.Apply(admin, fire.ID, duty.Proposal{Do: duty.DoAdd, Group: g.ID})
	}
	if err == nil {
		err = duties.Run(h.ctx, fire.ID)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

var (
	built  = export.Wish{Kind: export.Built, Title: "Who must", Definition: builder.Definition{Source: builder.Duties, Columns: []string{"person", "subject", "state", "due"}}}
	matrix = export.Wish{Kind: export.Matrix}
	berlin = export.Look{Zone: "Europe/Berlin", Locale: "en"}
)

func (h *house) ask(w export.Wish, f export.Format) export.Export {
	h.t.Helper()
	e, err := h.files.Ask(h.asking, w, f, berlin)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

func (h *house) read(id uid.ID) []byte {
	h.t.Helper()
	_, r, err := h.files.Read(h.asking, id)
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		h.t.Fatal(err)
	}
	return data
}

var pages = regexp.MustCompile(`/Type /Pages\s+/Kids \[[^\]]*\]\s*/Count (\d+)|/Count (\d+)`)

func TestFilesHoldTheLinesOfTheirReports(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, w := range []export.Wish{built, matrix} {
		for _, f := range export.Formats() {
			e := h.ask(w, f)
			if err := h.files.Make(h.ctx, e.ID); err != nil {
				t.Fatal(err)
			}
			got, err := h.files.Get(h.asking, e.ID)
			if err != nil || got.Status != export.Ready || got.Lines != 3 || got.Done != 3 || got.Bytes == 0 || len(got.SHA256) != 64 || !got.ExpiresAt.Equal(h.Now.Now().Add(export.KeptFor)) {
				t.Fatalf("%s %s: %v, %+v", w.Kind, f, err, got)
			}
			data := h.read(e.ID)
			if f == export.PDF {
				if !strings.HasPrefix(string(data), "%PDF-") || pages.FindString(string(data)) == "" || !strings.Contains(string(data), "/Lang (en)") {
					t.Errorf("%s: no PDF of sheets in a language", w.Kind)
				}
				continue
			}
			rows, err := sheet.Read(data)
			if err != nil || len(rows) != 4 || rows[1][1] != "=Ada" {
				t.Errorf("%s %s: %v, %q", w.Kind, f, err, rows)
			}
		}
	}
	if _, err := h.files.Open(h.asking, built, "doc", berlin); !errors.Is(err, export.ErrFormat) {
		t.Error(err)
	}
	if _, large, err := h.files.Large(h.asking, built, export.CSV); err != nil || large {
		t.Error(large, err)
	}
}

func TestAFileIsItsAskersAloneAndOnlyWhileTheyMay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	e := h.ask(built, export.CSV)
	for name, ctx := range map[string]context.Context{
		"a colleague": storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Admin)),
		"another portal": func() context.Context {
			o := h.World.Tenant(t)
			return storetest.As(t, o, h.World, storetest.Person(t, o, h.World, policy.Admin))
		}(),
	} {
		if _, err := h.files.Get(ctx, e.ID); !errors.Is(err, export.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if err := h.files.Stop(ctx, e.ID); !errors.Is(err, export.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.files.Ask(storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Learner)), built, export.CSV, berlin); !errors.Is(err, policy.ErrForbidden) {
		t.Error(err)
	}
	if err := h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		return h.Store.TakeRoles(ctx, h.boss.ID, []policy.Role{policy.Manager})
	}); err != nil {
		t.Fatal(err)
	}
	if err := h.files.Make(h.ctx, e.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := h.files.Get(h.asking, e.ID); err != nil || got.Status != export.Failed || got.Problem != export.NoRight {
		t.Errorf("%v %+v", err, got)
	}
}

func TestAFileIsCancelledDeletedAndGoesAfterItsDays(t *testing.T) {
	t.Parallel()
	h := setup(t)
	cancelled := h.ask(built, export.CSV)
	if err := h.files.Stop(h.asking, cancelled.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.files.Make(h.ctx, cancelled.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := h.files.Get(h.asking, cancelled.ID); err != nil || got.Status != export.Cancelled || got.Object != "" {
		t.Errorf("%v %+v", err, got)
	}
	kept, deleted := h.ask(built, export.CSV), h.ask(built, export.CSV)
	for _, e := range []export.Export{kept, deleted} {
		if err := h.files.Make(h.ctx, e.ID); err != nil {
			t.Fatal(err)
		}
	}
	ready, err := h.files.Get(h.asking, deleted.ID)
	if err == nil {
		err = h.files.Stop(h.asking, deleted.ID)
	}
	if err == nil {
		err = h.files.Prune(h.ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	if there, err := h.blobs.Exists(h.ctx, ready.Object); err != nil || there {
		t.Errorf("a file that was deleted is there: %v", err)
	}
	h.read(kept.ID)
	h.Now.Advance(export.KeptFor)
	if _, _, err := h.files.Read(h.asking, kept.ID); !errors.Is(err, export.ErrNotReady) {
		t.Error(err)
	}
	if err := h.files.Prune(h.ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := h.files.Get(h.asking, kept.ID); err != nil || got.Status != export.Expired {
		t.Errorf("%v %+v", err, got)
	}
	for range 5 {
		h.ask(built, export.CSV)
	}
	if _, err := h.files.Ask(h.asking, built, export.CSV, berlin); !errors.Is(err, export.ErrTooMany) {
		t.Error(err)
	}
}

// orders tell a child process which file to make.
const orders = "LYCEUM_TEST_EXPORTS"

type order struct {
	URL, Blobs string
	Tenant     tenant.Tenant
	Now        time.Time
	ID         uid.ID
	Saves      int // of how far it is, before it is killed
}

// killer kills its own process at a note of how far a file is.
type killer struct {
	*store.Store
	left *int
}

func (k killer) SaveExport(ctx context.Context, e export.Export) (bool, error) {
	if *k.left--; *k.left < 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return k.Store.SaveExport(ctx, e)
}

func child(text string) {
	var o order
	err := json.Unmarshal([]byte(text), &o)
	ctx := tenant.With(context.Background(), o.Tenant)
	var s *store.Store
	var blobs *blob.Store
	if err == nil {
		s, err = store.Open(ctx, store.Options{URL: o.URL})
	}
	if err == nil {
		blobs, err = blob.Open(ctx, o.Blobs)
	}
	if err == nil {
		err = service(killer{s, &o.Saves}, s, blobs, func() time.Time { return o.Now }).Make(ctx, o.ID)
	}
	fmt.Fprintln(os.Stderr, "nothing killed us", err)
	os.Exit(3)
}

// A process that is really killed, before it wrote or with the whole file written and not yet noted, is followed by another one that makes
// the file anew; what was left behind is removed.
func TestAfterAKilledProcessAFileIsMadeAnew(t *testing.T) {
	t.Parallel()
	h := setup(t)
	at := "file://" + t.TempDir()
	h.open(at)
	e := h.ask(built, export.CSV)
	var left []string
	for saves := range 2 {
		o := order{URL: h.URL, Blobs: at, Now: h.Now.Now(), ID: e.ID, Saves: saves}
		o.Tenant, _ = tenant.From(h.ctx)
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), orders+"="+string(text))
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the child ended otherwise: %v\n%s", err, out)
		}
		got, err := h.files.Get(h.asking, e.ID)
		if err != nil || got.Status != export.Working || got.Attempts != saves+1 {
			t.Fatalf("%v %+v", err, got)
		}
		left = append(left, got.Object)
	}
	if err := h.files.Make(h.ctx, e.ID); err != nil {
		t.Fatal(err)
	}
	if rows, err := sheet.Read(h.read(e.ID)); err != nil || len(rows) != 4 {
		t.Errorf("%v %q", err, rows)
	}
	for _, key := range left {
		if key == "" {
			continue
		}
		if there, err := h.blobs.Exists(h.ctx, key); err != nil || there {
			t.Errorf("%s was left behind: %v", key, err)
		}
	}
}

func TestAFileHasRoomForSoManyLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format export.Format
		lines  int
		want   error
	}{
		{export.PDF, 10_000, nil}, {export.PDF, 10_001, export.ErrTooLong}, {export.XLSX, 1_048_575, nil}, {export.XLSX, 1_048_576, export.ErrSheetTooLong}, {export.CSV, 2_000_000, nil},
	} {
		if err := c.format.Fits(c.lines); !errors.Is(err, c.want) {
			t.Errorf("%d lines as %s: %v", c.lines, c.format, err)
		}
	}
}
