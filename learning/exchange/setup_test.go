package exchange_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/blob"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/exchange"
	"lyceum/learning/sample"
	"lyceum/store"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a tenant with an instructor who takes courses in and out.
type house struct {
	w        *storetest.World
	catalog  *catalog.Service
	files    *content.Service
	exchange *exchange.Service
	tenant   context.Context
	author   context.Context
}

func setup(t *testing.T) house {
	t.Helper()
	w := storetest.New(t)
	blobs, err := blob.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	ctx := w.Tenant(t)
	h := house{w: w, tenant: ctx, author: storetest.Instructor(t, ctx, w)}
	h.catalog = catalog.New(catalog.Options{Keep: w.Store, Now: w.Now.Clock()})
	h.files = content.New(content.Options{Keep: w.Store, Blobs: blobs, Now: w.Now.Clock()})
	h.exchange = exchange.New(exchange.Options{Keep: w.Store, Catalog: h.catalog, Content: h.files})
	return h
}

// entry is a file of a package.
type entry struct{ name, text string }

// packed is a package of files in order.
func packed(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e.name)
		if err == nil {
			_, err = w.Write([]byte(e.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (h house) imported(t *testing.T, data []byte) (catalog.Outline, *exchange.Course) {
	t.Helper()
	o, c, err := h.exchange.Import(h.author, bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatalf("%v %v", err, fault.Of(err).Fields)
	}
	return o, c
}

// refused fails unless a package is refused, and gives why. Nothing of it may be there afterwards.
func (h house) refused(t *testing.T, data []byte) *fault.Fault {
	t.Helper()
	_, _, err := h.exchange.Import(h.author, bytes.NewReader(data), int64(len(data)))
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind == fault.KindInternal {
		t.Fatalf("not refused: %v", err)
	}
	cards, err := h.catalog.Cards(h.author, catalog.CardFilter{Authoring: true, Page: page.Request{Limit: 5}})
	if err != nil || len(cards.Items) != 0 {
		t.Errorf("a course is there: %v %v", cards.Items, err)
	}
	if n := h.rows(t, "files"); n != 0 {
		t.Errorf("%d files are there", n)
	}
	return f
}

// rows counts the rows of a table of the tenant.
func (h house) rows(t *testing.T, table string) int {
	t.Helper()
	var n int
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select count(*) from "+pgx.Identifier{table}.Sanitize()).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func pngFile(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 3))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const pdfFile = "%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"

// mp4File is a film.
var mp4File = func() string {
	c, err := sample.BySlug("information-security-awareness")
	if err != nil {
		panic(err) // unreachable: it is embedded
	}
	for _, m := range c.Modules {
		for _, l := range m.Lessons {
			if l.Kind == sample.KindVideo {
				return string(l.File.Data)
			}
		}
	}
	return ""
}()

// told joins the notes of a course.
func told(c *exchange.Course) string {
	var all []string
	for _, n := range c.Notes {
		all = append(all, n.Place()+": "+n.Text)
	}
	return strings.Join(all, "\n")
}

func exported(t *testing.T, h house, course uid.ID, format exchange.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := h.exchange.Export(h.author, course, format, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// content of a package by name.
func unpacked(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(b)
	}
	return out
}
