package content_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/store/storetest"
)

func TestTwoLearnersHandInTheSameBytesEachAsTheirOwn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	one, p := storetest.Learner(t, h.tenant, h.w)
	two, q := storetest.Learner(t, h.tenant, h.w)
	a, err := h.files.HandIn(one, "form.pdf", pdf(300))
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.files.HandIn(one, "form.pdf", pdf(300))
	if err != nil || again.ID != a.ID {
		t.Errorf("the same again: %v, %v", again.ID, err)
	}
	b, err := h.files.HandIn(two, "form.pdf", pdf(300))
	if err != nil || b.ID == a.ID || *a.CreatedBy != p.ID || *b.CreatedBy != q.ID {
		t.Fatalf("files of two people: %+v and %+v, %v", a, b, err)
	}
	c, err := h.files.Put(h.author, "form.pdf", pdf(300))
	if err != nil || c.ID == a.ID || c.ID == b.ID || c.Handed {
		t.Errorf("an author got what a learner handed in: %+v, %v", c, err)
	}
}

func TestWhatIsHandedInIsForWhoMarks(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	f, err := h.files.HandIn(learner, "sick.png", pngOf(t, 4, 4))
	if err != nil {
		t.Fatal(err)
	}
	writer := auth.WithPrincipal(h.tenant, auth.Principal{PersonID: uid.New(), SessionID: uid.New(), May: policy.Set{policy.CourseEdit: {}, policy.FileUpload: {}, policy.BrandEdit: {}}})
	_, err = h.files.File(writer, f.ID)
	wantFault(t, err, content.ErrFileNotFound)
	if _, err = h.files.File(learner, f.ID); err != nil {
		t.Errorf("whose it is: %v", err)
	}
}

func TestALargeFileIsHandedInInPartsThatGoOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	other, _ := storetest.Learner(t, h.tenant, h.w)
	film := movie(4, 5000)
	_, err := h.files.Begin(learner, content.BeginInput{Name: "me.mp4", Size: 5000})
	wantFault(t, err, policy.ErrForbidden) // as an author does, they may not
	_, err = h.files.Begin(learner, content.BeginInput{Name: "me.mp4", Size: content.MaxHanded + 1, HandedIn: true})
	wantFault(t, err, content.ErrFileTooLarge)
	u, err := h.files.Begin(learner, content.BeginInput{Name: "me.mp4", Size: 5000, HandedIn: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.files.Append(learner, u.ID, 0, film[:3000]); err != nil {
		t.Fatal(err)
	}
	_, err = h.files.Append(other, u.ID, 3000, film[3000:])
	wantFault(t, err, content.ErrUploadNotFound)
	if now, err := h.files.Status(learner, u.ID); err != nil || now.Received != 3000 {
		t.Errorf("after a break %+v, %v", now, err)
	}
	u, err = h.files.Append(learner, u.ID, 3000, film[3000:])
	if err != nil || u.FileID == nil {
		t.Fatalf("ended as %+v, %v", u, err)
	}
	r, f, err := h.files.Open(learner, *u.FileID, 0, -1)
	if err != nil || f.Kind != content.FileVideo || !f.Handed {
		t.Fatalf("the file is %+v, %v", f, err)
	}
	defer r.Close()
	var got bytes.Buffer
	if _, err = got.ReadFrom(r); err != nil || !bytes.Equal(got.Bytes(), film) {
		t.Errorf("other bytes came back, %v", err)
	}
}

func TestWhatIsNotHandedInGoesAfterADayAndDoesNotPileUp(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	for i := range content.MaxHandedWaiting {
		if _, err := h.files.HandIn(learner, fmt.Sprintf("%d.pdf", i), pdf(300+i)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := h.files.HandIn(learner, "more.pdf", pdf(500))
	wantFault(t, err, content.ErrHandedWaiting)
	_, err = h.files.Begin(learner, content.BeginInput{Name: "more.pdf", Size: 500, HandedIn: true})
	wantFault(t, err, content.ErrHandedWaiting)
	kept, err := h.files.Put(h.author, "kept.pdf", pdf(900))
	if err != nil {
		t.Fatal(err)
	}
	h.w.Now.Advance(content.UploadLife - time.Minute)
	if n, err := h.files.SweepHanded(h.tenant); n != 0 || err != nil {
		t.Errorf("too early: %d, %v", n, err)
	}
	h.w.Now.Advance(2 * time.Minute)
	if n, err := h.files.SweepHanded(h.tenant); n != content.MaxHandedWaiting || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	if _, err = h.files.File(h.author, kept.ID); err != nil {
		t.Errorf("what an author uploaded and nobody uses: %v", err)
	}
	if _, err = h.files.HandIn(learner, "more.pdf", pdf(500)); err != nil {
		t.Errorf("after that: %v", err)
	}
}
