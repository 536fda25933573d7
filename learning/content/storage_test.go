package content_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/store/storetest"
)

func (h house) limit(t *testing.T, bytes int64) {
	t.Helper()
	if _, err := h.files.SetLimit(h.tenant, &bytes); err != nil {
		t.Fatal(err)
	}
}

func (h house) put(t *testing.T, name string, data []byte) content.File {
	t.Helper()
	f, err := h.files.Put(h.author, name, data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (h house) storage(t *testing.T) content.Storage {
	t.Helper()
	st, err := h.files.Storage(h.author)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestFilesBeyondTheLimitAreRefusedAtTheBeginningAndAtTheEnd(t *testing.T) {
	t.Parallel()
	h := setup(t)
	const mb = 1 << 20
	h.limit(t, 10*mb)
	h.put(t, "a.pdf", pdf(4*mb))
	h.put(t, "the same.pdf", pdf(4*mb)) // counts once
	if st := h.storage(t); st.Used != 4*mb || st.Files != 2 || st.Limit != 10*mb || !st.Own || st.Left() != 6*mb || st.Percent() != 40 {
		t.Errorf("%+v", st)
	}
	_, err := h.files.Begin(h.author, content.BeginInput{Name: "film.mp4", Size: 7 * mb})
	if !errors.Is(err, content.ErrStorageFull) || !strings.Contains(fault.Of(err).Text, "6 MB of 10 MB") {
		t.Errorf("begin: %v", err)
	}
	u := h.begin(t, "b.pdf", 5*mb) // reserves
	_, err = h.files.Begin(h.author, content.BeginInput{Name: "c.pdf", Size: 2 * mb})
	wantFault(t, err, content.ErrStorageFull)
	_, err = h.files.Put(h.author, "c.pdf", append(pdf(2*mb), 'x'))
	wantFault(t, err, content.ErrStorageFull)
	if n := h.rows(t, "files"); n != 2 {
		t.Errorf("%d files after a refusal", n)
	}
	h.limit(t, 5*mb) // lowered while it comes
	other := append(pdf(5*mb-1), 'y')
	_, err = h.files.Append(h.author, u.ID, 0, other)
	wantFault(t, err, content.ErrStorageFull)
	_, err = h.files.Status(h.author, u.ID)
	wantFault(t, err, content.ErrUploadNotFound)
	if h.keeps(t, h.tenant, "uploads/"+u.ID.String()+"/0") || h.storage(t).Coming != 0 {
		t.Error("the refused upload is left")
	}
	h.put(t, "again.pdf", pdf(4*mb)) // nothing new is kept
	if st, err := h.files.SetLimit(h.tenant, nil); err != nil || st.Limit != 0 || st.Own {
		t.Errorf("%+v, %v", st, err)
	}
	h.put(t, "more.pdf", pdf(7*mb))
}

func TestUploadsAtTheSameTimeDoNotShareTheLastRoom(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.limit(t, 10_000)
	var taken atomic.Int32
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			_, err := h.files.Begin(h.author, content.BeginInput{Name: "x.pdf", Size: 4_000})
			if err == nil {
				taken.Add(1)
			} else if !errors.Is(err, content.ErrStorageFull) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 2 || h.storage(t).Coming != 8_000 {
		t.Errorf("%d were begun, %+v", taken.Load(), h.storage(t))
	}
}

func TestBytesGoAfterTheLastFileThatHasThem(t *testing.T) {
	t.Parallel()
	h := setup(t)
	first, second := h.put(t, "a.pdf", pdf(3000)), h.put(t, "b.pdf", pdf(3000))
	sweep := func(want int) {
		t.Helper()
		if n, err := h.files.SweepBytes(h.tenant); err != nil || n != want {
			t.Errorf("%d swept, %v; want %d", n, err, want)
		}
	}
	if err := h.files.Remove(h.author, first.ID); err != nil {
		t.Fatal(err)
	}
	h.w.Now.Advance(content.BytesGrace + time.Hour)
	sweep(0) // the other file has them
	if err := h.files.Remove(h.author, second.ID); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.files.Remove(h.author, second.ID), content.ErrFileNotFound)
	if st := h.storage(t); st.Used != 0 || st.Files != 0 {
		t.Errorf("%+v", st)
	}
	sweep(0) // not yet: an upload may count on them
	third := h.put(t, "c.pdf", pdf(3000))
	h.w.Now.Advance(content.BytesGrace + time.Hour)
	sweep(0)
	if data, _ := h.read(t, third.ID, 0, -1); len(data) != 3000 {
		t.Error("bytes were swept that a file has")
	}
	if err := h.files.Remove(h.author, third.ID); err != nil {
		t.Fatal(err)
	}
	h.w.Now.Advance(content.BytesGrace + time.Hour)
	sweep(1)
	if h.keeps(t, h.tenant, third.SHA256) {
		t.Error("the bytes are left")
	}
	h.put(t, "d.pdf", pdf(3000)) // they come anew
	if types := storetest.EventTypes(t, h.tenant, h.w, third.ID); len(types) != 2 || types[0] != "file.added" || types[1] != "file.removed" {
		t.Errorf("told %v", types)
	}
}

func TestASweepAndAnUploadOfTheSameBytesLoseNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for range 5 {
		f := h.put(t, "a.pdf", pdf(2000))
		if err := h.files.Remove(h.author, f.ID); err != nil {
			t.Fatal(err)
		}
		h.w.Now.Advance(content.BytesGrace + time.Hour)
		var again content.File
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := h.files.SweepBytes(h.tenant); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() { again = h.put(t, "a.pdf", pdf(2000)) })
		wg.Wait()
		if data, _ := h.read(t, again.ID, 0, -1); len(data) != 2000 {
			t.Fatal("a file has lost its bytes")
		}
	}
}

// taught publishes a course with a cover, a picture in a text and a film, and gives them.
func (h house) taught(t *testing.T, change func(*catalog.ImportCourse)) (catalog.Outline, map[string]content.File) {
	t.Helper()
	files := map[string]content.File{
		"cover": h.put(t, "cover.png", pngOf(t, 31, 20)), "picture": h.put(t, "picture.png", pngOf(t, 32, 20)),
		"film": h.put(t, "film.mp4", movie(60, 900)), "captions": h.put(t, "en.vtt", []byte(captions)),
	}
	in := storetest.SmallCourse("Safety " + uid.Opaque(4))
	cover, film, track := files["cover"].ID, files["film"].ID, files["captions"].ID
	in.CoverFileID = &cover
	in.Modules[0].Lessons[0].Body = "Look: ![Exit](file:" + files["picture"].ID.String() + ")"
	in.Modules[0].Lessons = append(in.Modules[0].Lessons, catalog.LessonInput{Kind: catalog.LessonVideo, Title: "Watch", FileID: &film, CaptionsFileID: &track})
	if change != nil {
		change(&in)
	}
	return storetest.PublishedCourse(t, h.tenant, h.w, in), files
}

func TestWhatIsUsedIsListedWithItsPlacesAndCannotBeRemoved(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course, files := h.taught(t, nil)
	spare := h.put(t, "spare.pdf", pdf(5000))
	list, err := h.files.List(h.author, content.Filter{})
	if err != nil || len(list.Items) != 5 || list.Items[0].ID != spare.ID {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, f := range list.Items {
		switch {
		case f.ID == spare.ID && len(f.Uses) != 0:
			t.Errorf("%s is used: %+v", f.Name, f.Uses)
		case f.ID != spare.ID && (len(f.Uses) != 1 || f.Uses[0] != content.Use{Place: content.UsedInCourse, CourseID: course.Course.ID, Title: course.Version.Title}):
			t.Errorf("%s: %+v", f.Name, f.Uses)
		}
	}
	for name, f := range files {
		err := h.files.Remove(h.author, f.ID)
		if !errors.Is(err, content.ErrFileInUse) || !strings.Contains(fault.Of(err).Text, course.Version.Title) {
			t.Errorf("%s: %v", name, err)
		}
	}
	unused, err := h.files.List(h.author, content.Filter{Unused: true})
	if err != nil || len(unused.Items) != 1 || unused.Items[0].ID != spare.ID {
		t.Errorf("unused: %+v, %v", unused, err)
	}
	pictures, err := h.files.List(h.author, content.Filter{Kind: content.FilePicture})
	if err != nil || len(pictures.Items) != 2 {
		t.Errorf("pictures: %+v, %v", pictures, err)
	}
	var sizes []int64
	for f := (content.Filter{Largest: true}); ; {
		f.Page.Limit = 2
		piece, err := h.files.List(h.author, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range piece.Items {
			sizes = append(sizes, one.Size)
		}
		if f.Page.After = piece.Next; piece.Next == "" {
			break
		}
	}
	if len(sizes) != 5 || sizes[0] != 5000 || sizes[1] < sizes[2] || sizes[3] < sizes[4] {
		t.Errorf("by size: %v", sizes)
	}
	if err := h.files.Remove(h.author, spare.ID); err != nil {
		t.Error(err)
	}
}

func TestAFileIsForThoseWhoMaySeeACourseThatUsesIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course, files := h.taught(t, nil)
	inside, enrolled := storetest.EnrolledLearner(t, h.tenant, h.w, course)
	outside, _ := storetest.Learner(t, h.tenant, h.w)
	neighbour := h.w.Tenant(t)
	foreign := storetest.Instructor(t, neighbour, h.w)
	may := func(ctx context.Context, name string) bool {
		t.Helper()
		r, _, err := h.files.Open(ctx, files[name].ID, 0, -1)
		if err == nil {
			_ = r.Close()
		} else if !errors.Is(err, content.ErrFileNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		return err == nil
	}
	for name := range files {
		if !may(inside, name) || !may(h.author, name) || may(outside, name) != (name == "cover") || may(foreign, name) {
			t.Errorf("%s: in the course %v, author %v, outside %v, of another portal %v", name, may(inside, name), may(h.author, name), may(outside, name), may(foreign, name))
		}
	}
	h.change(t, "update enrolments set status = 'withdrawn' where id = $1", enrolled.ID)
	if !may(inside, "film") {
		t.Error("what was asked a moment ago was asked again")
	}
	h.w.Now.Advance(2 * time.Minute)
	if may(inside, "film") || !may(inside, "cover") {
		t.Error("who left the course still reads its film, or no longer sees its cover")
	}
	h.change(t, "update courses set visibility = 'groups' where id = $1", course.Course.ID)
	h.w.Now.Advance(2 * time.Minute)
	if may(outside, "cover") {
		t.Error("the cover of a course for a group is shown to all")
	}
	mine, err := h.files.HandIn(outside, "answer.pdf", pdf(300))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.files.File(outside, mine.ID); err != nil {
		t.Errorf("a learner's own file: %v", err)
	}
	_, err = h.files.File(inside, mine.ID)
	wantFault(t, err, content.ErrFileNotFound)
}

func TestALinkOpensOneFileForAWhile(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course, files := h.taught(t, nil)
	inside, _ := storetest.EnrolledLearner(t, h.tenant, h.w, course)
	l, err := h.files.LinkTo(inside, files["film"].ID, 10*time.Minute)
	if err != nil || !l.ExpiresAt.Equal(h.w.Now.Now().Add(10*time.Minute).Truncate(time.Second)) {
		t.Fatalf("%+v, %v", l, err)
	}
	f, err := h.files.Linked(h.tenant, l.File.ID, l.ExpiresAt, l.Signature) // nobody is signed in
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.files.Read(h.tenant, f, 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil || string(data) != string(movie(60, 900)[3:8]) {
		t.Errorf("%q, %v", data, err)
	}
	changed := []byte(l.Signature)
	changed[0] ^= 1
	for name, try := range map[string]func() error{
		"another file": func() error {
			_, err := h.files.Linked(h.tenant, files["cover"].ID, l.ExpiresAt, l.Signature)
			return err
		},
		"a longer life": func() error {
			_, err := h.files.Linked(h.tenant, f.ID, l.ExpiresAt.Add(time.Hour), l.Signature)
			return err
		},
		"another signature": func() error { _, err := h.files.Linked(h.tenant, f.ID, l.ExpiresAt, string(changed)); return err },
		"none":              func() error { _, err := h.files.Linked(h.tenant, f.ID, l.ExpiresAt, ""); return err },
		"nonsense":          func() error { _, err := h.files.Linked(h.tenant, f.ID, l.ExpiresAt, "%%%"); return err },
		"another portal":    func() error { _, err := h.files.Linked(h.w.Tenant(t), f.ID, l.ExpiresAt, l.Signature); return err },
	} {
		if err := try(); !errors.Is(err, content.ErrLink) || fault.Of(err).Kind != fault.KindForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	outside, _ := storetest.Learner(t, h.tenant, h.w)
	_, err = h.files.LinkTo(outside, f.ID, 0)
	wantFault(t, err, content.ErrFileNotFound)
	if long, err := h.files.LinkTo(h.author, f.ID, 1000*time.Hour); err != nil || long.ExpiresAt.Sub(h.w.Now.Now()) > content.LinkLifeMax {
		t.Errorf("%+v, %v", long, err)
	}
	h.w.Now.Advance(11 * time.Minute)
	_, err = h.files.Linked(h.tenant, f.ID, l.ExpiresAt, l.Signature)
	wantFault(t, err, content.ErrLink)
}

func TestALargePictureGetsSmallerOnesAndASmallOneNone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	wide, small := h.put(t, "wide.png", pngOf(t, 1500, 600)), h.put(t, "small.png", pngOf(t, 300, 200))
	vector := h.put(t, "logo.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>`))
	for range 2 { // a job may run twice
		for _, f := range []content.File{wide, small, vector} {
			if err := h.files.MakeVariants(h.tenant, f.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := h.files.MakeVariants(h.tenant, uid.New()); err != nil {
		t.Errorf("of a file that is gone: %v", err)
	}
	known, err := h.files.Pictures(h.tenant, []uid.ID{wide.ID, small.ID, vector.ID, uid.New()})
	if err != nil || len(known) != 3 || len(known[small.ID].Variants) != 0 || len(known[vector.ID].Variants) != 0 || known[small.ID].Width != 300 {
		t.Fatalf("%+v, %v", known, err)
	}
	p := known[wide.ID]
	if len(p.Variants) != 3 || p.Width != 1500 || p.Height != 600 {
		t.Fatalf("%+v", p)
	}
	for i, want := range [][2]int{{320, 128}, {640, 256}, {1280, 512}} {
		v := p.Variants[i]
		f, err := h.files.Variant(h.author, wide.ID, v.SHA256)
		if err != nil || v.Width != want[0] || v.Height != want[1] || f.Size != v.Size || f.Size >= wide.Size || f.MediaType != "image/png" {
			t.Errorf("%+v as %+v, %v", v, f, err)
		}
		r, err := h.files.Read(h.author, f, 0, -1)
		if err != nil || r.Len() != v.Size {
			t.Fatal(err)
		}
		_ = r.Close()
	}
	_, err = h.files.Variant(h.author, wide.ID, wide.SHA256)
	wantFault(t, err, content.ErrFileNotFound)
	outside, _ := storetest.Learner(t, h.tenant, h.w)
	_, err = h.files.Variant(outside, wide.ID, p.Variants[0].SHA256)
	wantFault(t, err, content.ErrFileNotFound)
	if st := h.storage(t); st.Used != wide.Size+small.Size+vector.Size {
		t.Errorf("what we made of it counts: %+v", st)
	}
	if err := h.files.Remove(h.author, wide.ID); err != nil {
		t.Fatal(err)
	}
	h.w.Now.Advance(content.BytesGrace + time.Hour)
	if n, err := h.files.SweepBytes(h.tenant); n != 4 || err != nil {
		t.Errorf("%d swept, %v", n, err)
	}
}
