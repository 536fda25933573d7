package content_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"lyceum/internal/blob"
	"lyceum/internal/fault"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a tenant with an object store of its own and an instructor who uploads.
type house struct {
	w      *storetest.World
	blobs  *blob.Store
	files  *content.Service
	tenant context.Context // nobody asks
	author context.Context
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
	return house{
		w: w, blobs: blobs, tenant: ctx, author: storetest.Instructor(t, ctx, w),
		files: content.New(content.Options{Keep: w.Store, Blobs: blobs, Seal: sealKey(t), Now: w.Now.Clock()}),
	}
}

func sealKey(t *testing.T) seal.Key {
	t.Helper()
	k, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (h house) begin(t *testing.T, name string, size int) content.Upload {
	t.Helper()
	u, err := h.files.Begin(h.author, content.BeginInput{Name: name, Size: int64(size)})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (h house) add(t *testing.T, id uid.ID, offset int64, part []byte) content.Upload {
	t.Helper()
	u, err := h.files.Append(h.author, id, offset, part)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// read gives a part of a file as it is kept.
func (h house) read(t *testing.T, id uid.ID, offset, length int64) ([]byte, content.File) {
	t.Helper()
	r, f, err := h.files.Open(h.author, id, offset, length)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data, f
}

// keeps tells whether the object store has something under a key of the tenant of ctx.
func (h house) keeps(t *testing.T, ctx context.Context, key string) bool {
	t.Helper()
	tn, _ := tenant.From(ctx)
	ok, err := h.blobs.Exists(ctx, tn.SchemaName+"/"+key)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// rows counts the rows of a table of the tenant.
func (h house) rows(t *testing.T, table string) (n int) {
	t.Helper()
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, map[string]string{"files": "select count(*) from files", "uploads": "select count(*) from uploads"}[table]).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func wantFault(t *testing.T, err error, want *fault.Fault) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
}

// movie is an MP4 with a header that says how long it is, and noise after it up to a size.
func movie(seconds, size int) []byte {
	box := func(typ string, body []byte) []byte {
		return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), typ...), body...)
	}
	header := make([]byte, 100)
	binary.BigEndian.PutUint32(header[12:], 1000)
	binary.BigEndian.PutUint32(header[16:], uint32(seconds*1000))
	out := append(box("ftyp", []byte("isom\x00\x00\x02\x00isommp42")), box("moov", box("mvhd", header))...)
	noise := make([]byte, max(0, size-len(out)-8))
	for i := range noise {
		noise[i] = byte(i*7 + i>>8)
	}
	return append(out, box("mdat", noise)...)
}

// office is a ZIP with the entries of a document; its content types are those of Word.
func office(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Write([]byte(`<Types><Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func raster(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		for y := range h {
			img.Set(x, y, color.NRGBA{R: uint8(x), G: uint8(y), B: 90, A: 255})
		}
	}
	return img
}

func pngOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, raster(w, h)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// jpegWithPlace is a JPEG whose EXIF says where it was taken.
func jpegWithPlace(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, raster(40, 30), nil); err != nil {
		t.Fatal(err)
	}
	exif := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00GPS 52.5200 N 13.4050 E")
	segment := append([]byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	return append(append([]byte{0xff, 0xd8}, segment...), b.Bytes()[2:]...)
}

const captions = "WEBVTT\n\n00:00.000 --> 00:02.000\nWelcome.\n"

func pdf(size int) []byte {
	return append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("% page\n"), size/7+1)...)[:size]
}

// change runs a statement in the tenant, as other rooms would.
func (h house) change(t *testing.T, sql string, args ...any) {
	t.Helper()
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, sql, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
