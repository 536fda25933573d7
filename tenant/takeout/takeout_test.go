package takeout_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/takeout"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type house struct {
	*storetest.World
	s     *takeout.Service
	blobs *blob.Store
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	blobs, err := blob.Open(t.Context(), "file://"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	return &house{w, takeout.New(takeout.Options{Keep: w.Store, Blobs: blobs, Now: w.Now.Clock()}), blobs}
}

func (h *house) owner(t *testing.T) (context.Context, auth.Person) {
	t.Helper()
	ctx := h.Tenant(t)
	p := storetest.Person(t, ctx, h.World, policy.Owner)
	return storetest.As(t, ctx, h.World, p), p
}

// open reads an archive.
func (h *house) open(t *testing.T, ctx context.Context, made takeout.Takeout) map[string][]byte {
	t.Helper()
	got, r, err := h.s.Read(ctx, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != got.SHA256 || int64(len(raw)) != got.Bytes {
		t.Error("the archive is not what was noted of it")
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
		_ = in.Close()
	}
	return files
}

func TestEverythingIsTakenOutAndNothingOfOthersAndNoSecret(t *testing.T) {
	t.Parallel()
	h := setup(t)
	other := h.Tenant(t)
	stranger := storetest.Person(t, other, h.World, policy.Learner)
	ctx, owner := h.owner(t)
	course := storetest.PublishedCourse(t, ctx, h.World, storetest.SmallCourse("Fire “safety”, with\na line"))
	tn, _ := tenant.From(ctx)
	f := storetest.File(t, ctx, h.World, "document", "application/pdf", 0)
	if _, _, err := h.blobs.Put(ctx, tn.SchemaName+"/"+f.SHA256, "application/pdf", strings.NewReader("the bytes")); err != nil {
		t.Fatal(err)
	}
	made, err := h.s.Ask(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.Ask(ctx); !errors.Is(err, takeout.ErrOpen) {
		t.Errorf("a second one meanwhile: %v", err)
	}
	if _, _, err := h.s.Read(ctx, made.ID); !errors.Is(err, takeout.ErrNotReady) {
		t.Errorf("read before it is made: %v", err)
	}
	cut, stop := context.WithCancel(ctx)
	stop()
	if err := h.s.Run(cut, made.ID); err == nil {
		t.Error("a run that was cut short says that it is done")
	}
	for range 2 { // a job may run twice
		if err := h.s.Run(ctx, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	files := h.open(t, ctx, made)
	if string(files["files/"+f.ID.String()]) != "the bytes" || len(files["README.txt"]) == 0 {
		t.Error("an upload or the explanation is missing")
	}
	rows, err := csv.NewReader(bytes.NewReader(files["csv/people.csv"])).ReadAll()
	if err != nil || len(rows) != 3 || !strings.Contains(string(files["csv/people.csv"]), owner.Email) {
		t.Errorf("people are %v (%v)", rows, err)
	}
	var version struct{ Title string }
	if err := json.Unmarshal(files["json/course_versions.jsonl"], &version); err != nil || version.Title != course.Version.Title {
		t.Errorf("the course is %q (%v)", version.Title, err)
	}
	for name, data := range files {
		if strings.Contains(string(data), stranger.Email) {
			t.Errorf("%s names somebody of another tenant", name)
		}
		if strings.HasPrefix(name, "csv/") {
			head, _, _ := strings.Cut(string(data), "\n")
			for _, column := range strings.Split(strings.TrimSpace(head), ",") {
				for _, secret := range []string{"password_hash", "sealed", "secret", "secrets", "token"} {
					if column == secret {
						t.Errorf("%s gives %s away", name, column)
					}
				}
			}
		}
	}
	var manifest struct {
		Files []struct {
			Name   string
			Bytes  int
			SHA256 string
			Rows   *int
		}
	}
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil || len(manifest.Files) != len(files)-1 {
		t.Fatalf("the manifest has %d of %d files (%v)", len(manifest.Files), len(files)-1, err)
	}
	for _, m := range manifest.Files {
		if sum := sha256.Sum256(files[m.Name]); hex.EncodeToString(sum[:]) != m.SHA256 || len(files[m.Name]) != m.Bytes {
			t.Errorf("%s is not as the manifest says", m.Name)
		}
	}
	h.Now.Advance(takeout.KeptFor + time.Minute)
	if err := h.s.Prune(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := h.s.Show(ctx, made.ID); err != nil || got.Status != takeout.Expired {
		t.Errorf("after its days it is %+v (%v)", got, err)
	}
	if _, _, err := h.s.Read(ctx, made.ID); !errors.Is(err, takeout.ErrNotReady) {
		t.Errorf("read after its days: %v", err)
	}
	if _, err := h.s.Ask(ctx); err != nil {
		t.Errorf("another one: %v", err)
	}
}

func TestSomebodyDecidedAboutEveryTable(t *testing.T) {
	t.Parallel()
	h := setup(t)
	tn, _ := tenant.From(h.Tenant(t))
	rows, err := h.Admin.Query(t.Context(), "select table_name from information_schema.tables where table_schema = $1", tn.SchemaName)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	there := map[string]bool{}
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		there[table] = true
		if !takeout.Known(table) {
			t.Errorf("is %s taken out when an organization goes? Say so in parts.go", table)
		}
	}
	for _, p := range takeout.Parts {
		if !there[p.Table] {
			t.Errorf("there is no table %s", p.Table)
		}
	}
}

func TestOnlyOwnersTakeOut(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ctx, _ := h.owner(t)
	made, err := h.s.Ask(ctx)
	if err != nil {
		t.Fatal(err)
	}
	admin := storetest.As(t, ctx, h.World, storetest.Person(t, ctx, h.World, policy.Admin))
	if _, err := h.s.Ask(admin); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("an administrator asks: %v", err)
	}
	if _, _, err := h.s.Read(admin, made.ID); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("an administrator reads: %v", err)
	}
	elsewhere, _ := h.owner(t)
	if _, err := h.s.Show(elsewhere, made.ID); !errors.Is(err, takeout.ErrNotFound) {
		t.Errorf("another organization's owner: %v", err)
	}
}
