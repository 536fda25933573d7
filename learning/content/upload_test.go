package content_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/blob"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestAFileComesInPartsAndGoesOnAfterABreak(t *testing.T) {
	t.Parallel()
	h := setup(t)
	film := movie(61, 50_000)
	u := h.begin(t, "welcome.mp4", len(film))
	if u.Received != 0 || u.FileID != nil || !u.ExpiresAt.Equal(h.w.Now.Now().Add(content.UploadLife)) {
		t.Errorf("begun as %+v", u)
	}
	h.add(t, u.ID, 0, film[:20_000])
	h.add(t, u.ID, 0, film[:20_000])                                                // the answer was lost: sent again
	if got := h.add(t, u.ID, 10_000, film[10_000:20_000]); got.Received != 20_000 { // also cut otherwise
		t.Errorf("received %d", got.Received)
	}
	for name, c := range map[string]struct {
		offset int64
		part   []byte
	}{
		"a gap":                       {30_000, film[30_000:40_000]},
		"an overlap":                  {10_000, film[10_000:30_000]},
		"before the beginning":        {-1, film[:10]},
		"more than was announced":     {20_000, append(film[20_000:], 0)},
		"behind everything announced": {50_001, nil},
	} {
		_, err := h.files.Append(h.author, u.ID, c.offset, c.part)
		if !errors.Is(err, content.ErrOffset) {
			t.Errorf("%s: %v", name, err)
		}
	}
	now, err := h.files.Status(h.author, u.ID)
	if err != nil || now.Received != 20_000 || now.FileID != nil {
		t.Errorf("status %+v, %v", now, err)
	}
	h.add(t, u.ID, now.Received, film[now.Received:40_000])
	done := h.add(t, u.ID, 40_000, film[40_000:])
	if done.FileID == nil {
		t.Fatalf("not finished: %+v", done)
	}
	if again := h.add(t, u.ID, 40_000, film[40_000:]); *again.FileID != *done.FileID {
		t.Error("the last part again made another file")
	}
	data, f := h.read(t, *done.FileID, 0, -1)
	if !bytes.Equal(data, film) || f.Kind != content.FileVideo || f.MediaType != "video/mp4" || f.Size != 50_000 || f.Seconds != 61 || f.Name != "welcome.mp4" {
		t.Errorf("kept %+v with %d bytes", f, len(data))
	}
	if part, _ := h.read(t, *done.FileID, 19_990, 30); !bytes.Equal(part, film[19_990:20_020]) {
		t.Error("a range across parts is not what was sent")
	}
	_, _, err = h.files.Open(h.author, *done.FileID, 50_000, 1)
	wantFault(t, err, blob.ErrRange)
	if h.rows(t, "files") != 1 || h.keeps(t, h.tenant, "uploads/"+u.ID.String()+"/0") || h.keeps(t, h.tenant, "uploads/"+u.ID.String()+"/40000") {
		t.Error("more than the file is left")
	}
}

func TestTheLastPartSentManyTimesAtOnceMakesOneFile(t *testing.T) {
	t.Parallel()
	h := setup(t)
	doc := pdf(30_000)
	u := h.begin(t, "rules.pdf", len(doc))
	h.add(t, u.ID, 0, doc[:20_000])
	got, wait := make([]content.Upload, 6), sync.WaitGroup{}
	for i := range got {
		wait.Go(func() {
			var err error
			if got[i], err = h.files.Append(h.author, u.ID, 20_000, doc[20_000:]); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, g := range got {
		if g.FileID == nil || *g.FileID != *got[0].FileID {
			t.Errorf("finished as %+v", g)
		}
	}
	if n := h.rows(t, "files"); n != 1 {
		t.Errorf("%d files", n)
	}
	if data, _ := h.read(t, *got[0].FileID, 0, -1); !bytes.Equal(data, doc) {
		t.Error("the file is not what was sent")
	}
}

// stumbling is a keeper whose writes fail where a crash would have stopped them.
type stumbling struct {
	content.Keeper
	addFile, updateUpload int // how many calls still fail
}

var errCrash = errors.New("crash")

func (s *stumbling) AddFile(ctx context.Context, f content.File) error {
	if s.addFile > 0 {
		s.addFile--
		return errCrash
	}
	return s.Keeper.AddFile(ctx, f)
}

func (s *stumbling) UpdateUpload(ctx context.Context, u content.Upload) error {
	if s.updateUpload > 0 {
		s.updateUpload--
		return errCrash
	}
	return s.Keeper.UpdateUpload(ctx, u)
}

func TestACrashBetweenBytesAndRowIsMendedByGoingOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	keep := &stumbling{Keeper: h.w.Store}
	h.files = content.New(content.Options{Keep: keep, Blobs: h.blobs, Now: h.w.Now.Clock()})
	doc := pdf(30_000)
	u := h.begin(t, "rules.pdf", len(doc))

	keep.updateUpload = 1 // the part is written, its row is not
	if _, err := h.files.Append(h.author, u.ID, 0, doc[:9_000]); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	if now, err := h.files.Status(h.author, u.ID); err != nil || now.Received != 0 {
		t.Errorf("status %+v, %v", now, err)
	}
	h.add(t, u.ID, 0, doc[:12_000]) // cut otherwise this time
	keep.addFile = 1                // everything is there, the file's row is not
	if _, err := h.files.Append(h.author, u.ID, 12_000, doc[12_000:]); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	now, err := h.files.Status(h.author, u.ID)
	if err != nil || now.Received != 30_000 || now.FileID != nil {
		t.Errorf("status %+v, %v", now, err)
	}
	keep.updateUpload = 1 // the file's row is rolled back with the upload's
	if _, err = h.files.Append(h.author, u.ID, 30_000, nil); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	done := h.add(t, u.ID, 30_000, nil)
	if data, _ := h.read(t, *done.FileID, 0, -1); !bytes.Equal(data, doc) || h.rows(t, "files") != 1 {
		t.Error("the file is not what was sent, or there are several")
	}
}

func TestAnUploadThatExpiredIsRemovedWithItsParts(t *testing.T) {
	t.Parallel()
	h := setup(t)
	doc := pdf(30_000)
	old := h.begin(t, "old.pdf", len(doc))
	h.add(t, old.ID, 0, doc[:10_000])
	h.add(t, old.ID, 10_000, doc[10_000:20_000])
	h.w.Now.Advance(content.UploadLife / 2)
	young := h.begin(t, "young.pdf", len(doc))
	h.add(t, young.ID, 0, doc[:10_000])
	h.w.Now.Advance(content.UploadLife/2 + time.Second)

	_, err := h.files.Append(h.author, old.ID, 20_000, doc[20_000:])
	wantFault(t, err, content.ErrUploadNotFound)
	_, err = h.files.Status(h.author, old.ID)
	wantFault(t, err, content.ErrUploadNotFound)
	for want := 1; want >= 0; want-- { // the second sweep finds nothing
		if n, err := h.files.Sweep(h.tenant); err != nil || n != want {
			t.Errorf("swept %d, %v", n, err)
		}
	}
	for _, offset := range []int{0, 10_000} {
		if h.keeps(t, h.tenant, fmt.Sprintf("uploads/%s/%d", old.ID, offset)) {
			t.Errorf("the part at %d is left", offset)
		}
	}
	if h.rows(t, "uploads") != 1 {
		t.Error("rows are left")
	}
	h.add(t, young.ID, 10_000, doc[10_000:])
}

func TestASweepLeavesFilesOfFinishedUploads(t *testing.T) {
	t.Parallel()
	h := setup(t)
	doc := pdf(100)
	u := h.begin(t, "kept.pdf", len(doc))
	done := h.add(t, u.ID, 0, doc)
	h.w.Now.Advance(2 * content.UploadLife)
	if n, err := h.files.Sweep(h.tenant); err != nil || n != 1 {
		t.Errorf("swept %d, %v", n, err)
	}
	if data, _ := h.read(t, *done.FileID, 0, -1); !bytes.Equal(data, doc) {
		t.Error("the file went with its upload")
	}
}

func TestTheSameBytesAreKeptOnceInATenantAndApartFromOthers(t *testing.T) {
	t.Parallel()
	h := setup(t)
	doc := pdf(1000)
	first, err := h.files.Put(h.author, "one.pdf", doc)
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.files.Put(h.author, "two.pdf", doc)
	if err != nil || second.ID == first.ID || second.SHA256 != first.SHA256 {
		t.Errorf("under another name: %+v, %v", second, err)
	}
	same, err := h.files.Put(h.author, "one.pdf", doc)
	if diff := cmp.Diff(first, same); err != nil || diff != "" {
		t.Errorf("put again: %v %s", err, diff)
	}
	other := h.w.Tenant(t)
	stranger := storetest.Instructor(t, other, h.w)
	if h.keeps(t, other, first.SHA256) {
		t.Error("another tenant has the bytes before it put them")
	}
	if _, err = h.files.Put(stranger, "one.pdf", doc); err != nil || !h.keeps(t, other, first.SHA256) {
		t.Errorf("another tenant's own: %v", err)
	}
}

func TestNobodyReachesAnothersFileOrUpload(t *testing.T) {
	t.Parallel()
	h := setup(t)
	f, err := h.files.Put(h.author, "one.pdf", pdf(1000))
	if err != nil {
		t.Fatal(err)
	}
	u := h.begin(t, "more.pdf", 1000)
	colleague := storetest.Instructor(t, h.tenant, h.w)
	abroad := storetest.Instructor(t, h.w.Tenant(t), h.w)
	for name, as := range map[string]context.Context{"a colleague": colleague, "another tenant": abroad} {
		t.Run(name, func(t *testing.T) {
			_, err := h.files.Status(as, u.ID)
			wantFault(t, err, content.ErrUploadNotFound)
			_, err = h.files.Append(as, u.ID, 0, pdf(1000))
			wantFault(t, err, content.ErrUploadNotFound)
		})
	}
	if got, err := h.files.File(colleague, f.ID); err != nil || got.SHA256 != f.SHA256 {
		t.Errorf("a colleague reads %+v, %v", got, err)
	}
	_, err = h.files.File(abroad, f.ID)
	wantFault(t, err, content.ErrFileNotFound)
	_, _, err = h.files.Open(abroad, f.ID, 0, -1)
	wantFault(t, err, content.ErrFileNotFound)
	_, _, err = h.files.Public(abroad, f.ID)
	wantFault(t, err, content.ErrFileNotFound)
	if now, err := h.files.Status(h.author, u.ID); err != nil || now.Received != 0 {
		t.Errorf("it became %+v, %v", now, err)
	}
	_, err = h.files.Status(h.author, uid.New())
	wantFault(t, err, content.ErrUploadNotFound)
	if _, err = h.files.Put(tenant.With(h.author, tenant.Tenant{}), "x.pdf", pdf(10)); err == nil || fault.Of(err).Kind != fault.KindInternal {
		t.Errorf("outside a tenant: %v", err)
	}
}

func TestPartsAndFilesHaveTheirLimits(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, err := h.files.Begin(h.author, content.BeginInput{Name: "x", Size: content.MaxVideo + 1})
	wantFault(t, err, content.ErrFileTooLarge)
	for _, size := range []int64{0, -1} {
		_, err = h.files.Begin(h.author, content.BeginInput{Name: "x", Size: size})
		if fault.Of(err).Fields["size"] == "" {
			t.Errorf("size %d: %v", size, err)
		}
	}
	_, err = h.files.Put(h.author, "x", nil)
	if fault.Of(err).Fields["file"] == "" {
		t.Errorf("nothing: %v", err)
	}
	u := h.begin(t, "x.mp4", content.MaxChunk+1)
	_, err = h.files.Append(h.author, u.ID, 0, make([]byte, content.MaxChunk+1))
	wantFault(t, err, content.ErrFileTooLarge)
	for name, c := range map[string]struct {
		size int
		head []byte
	}{
		"a picture":  {content.MaxPicture + 1, pngOf(t, 60, 60)},
		"a document": {content.MaxDocument + 1, pdf(10_000)},
		"captions":   {content.MaxCaptions + 1, []byte(captions + strings.Repeat("\n", 10_000))},
	} {
		u = h.begin(t, "x.mp4", c.size)
		head := append(c.head, make([]byte, max(0, 8<<10-len(c.head)))...)
		_, err = h.files.Append(h.author, u.ID, 0, head)
		if !errors.Is(err, content.ErrFileTooLarge) || fault.Of(err).Fields["size"] == "" {
			t.Errorf("%s: %v", name, err)
		}
		if _, err = h.files.Status(h.author, u.ID); !errors.Is(err, content.ErrUploadNotFound) {
			t.Errorf("%s: the refused upload is left: %v", name, err)
		}
	}
	_, err = h.files.Put(h.author, "x.vtt", []byte(captions+strings.Repeat("\n", content.MaxCaptions)))
	wantFault(t, err, content.ErrFileTooLarge)
}
