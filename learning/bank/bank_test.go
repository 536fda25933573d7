package bank_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/question"
	"lyceum/store/storetest"
)

func TestABankIsKnownOnlyToThoseItIsSharedWith(t *testing.T) {
	t.Parallel()
	h := setup(t)
	q := h.create(t, truth("Doors open outwards"), false)
	access := func(ctx context.Context) bank.Access {
		b, err := h.banks.Bank(ctx, h.bank.ID)
		if err != nil && !errors.Is(err, bank.ErrNotFound) {
			t.Fatal(err)
		}
		return b.Access
	}
	if got := []bank.Access{access(h.owner), access(h.other), access(admin(t, h))}; !slices.Equal(got, []bank.Access{bank.AccessOwn, bank.AccessNone, bank.AccessOwn}) {
		t.Fatalf("owner, other and administrator may %v", got)
	}
	if _, err := h.banks.Question(h.other, q.ID); !errors.Is(err, bank.ErrQuestionNotFound) {
		t.Errorf("a stranger reads a question: %v", err)
	}
	role := string(policy.Instructor)
	b, err := h.banks.SetShares(h.owner, h.bank.ID, 1, []bank.Share{{Role: &role}})
	if err != nil || access(h.other) != bank.AccessSee {
		t.Fatalf("shared with a role: %v", err)
	}
	if _, err := h.banks.Save(h.other, q.ID, q.Revision, truth("Mine now")); !errors.Is(err, bank.ErrMaySeeOnly) {
		t.Errorf("who may see changes: %v", err)
	}
	if _, err := h.banks.UpdateBank(h.other, h.bank.ID, b.Revision, bank.BankInput{Name: "Mine"}); !errors.Is(err, bank.ErrNotOwner) {
		t.Errorf("who may see renames: %v", err)
	}
	if _, err := h.banks.UpdateBank(h.owner, h.bank.ID, b.Revision, bank.BankInput{Name: "Safety", Everyone: bank.EveryoneEdits}); err != nil || access(h.other) != bank.AccessEdit {
		t.Errorf("everyone edits: %v", err)
	}
	if _, err := h.banks.Save(h.other, q.ID, q.Revision, truth("Doors open inwards")); err != nil {
		t.Errorf("who may edit cannot: %v", err)
	}
	if _, err := h.banks.Save(h.owner, q.ID, q.Revision, truth("Lost")); !errors.Is(err, bank.ErrRevision) {
		t.Errorf("a change on an old revision: %v", err)
	}
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	if _, err := h.banks.Banks(learner, bank.BankFilter{}); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner lists banks: %v", err)
	}
}

func TestAPublishedVersionNeverChanges(t *testing.T) {
	t.Parallel()
	h := setup(t)
	q := h.create(t, truth("One"), true)
	if _, err := h.banks.Publish(h.owner, q.ID, q.Revision); !errors.Is(err, bank.ErrNothingNew) {
		t.Errorf("nothing new is published: %v", err)
	}
	q, err := h.banks.Save(h.owner, q.ID, q.Revision, truth("Two"))
	if err != nil || !q.Changed {
		t.Fatalf("%+v, %v", q, err)
	}
	if q, err = h.banks.Publish(h.owner, q.ID, q.Revision); err != nil || q.Version != 2 || q.Changed {
		t.Fatalf("%+v, %v", q, err)
	}
	bodies, err := h.banks.Bodies(h.tenant, []bank.Ref{{Question: q.ID, Version: 1}, {Question: q.ID, Version: 2}})
	if err != nil || bodies[bank.Ref{Question: q.ID, Version: 1}].Title != "One" || bodies[bank.Ref{Question: q.ID, Version: 2}].Title != "Two" {
		t.Errorf("%v, %v", bodies, err)
	}
	if _, err = h.banks.Bodies(h.tenant, []bank.Ref{{Question: q.ID, Version: 3}}); !errors.Is(err, bank.ErrVersionNotFound) {
		t.Errorf("a version to come: %v", err)
	}
	if err = h.banks.Delete(h.owner, q.ID); !errors.Is(err, bank.ErrInUse) {
		t.Errorf("a published question is deleted: %v", err)
	}
	if got := storetest.EventTypes(t, h.tenant, h.w, q.ID); !slices.Equal(got, []string{"question.created", "question.published", "question.updated", "question.published"}) {
		t.Errorf("events: %v", got)
	}
}

func TestQuestionsAreFoundByWhatIsInThem(t *testing.T) {
	t.Parallel()
	h := setup(t)
	in := truth("Doors", "Fire", "exit ")
	in.Folder, in.Difficulty = " House / Doors ", 2
	doors := h.create(t, in, true)
	h.create(t, truth("100 % sure"), false)
	for _, c := range []struct {
		f    bank.Filter
		want int
	}{
		{bank.Filter{}, 2}, {bank.Filter{Query: "IS IT SO: doors"}, 1}, {bank.Filter{Query: "%"}, 1}, {bank.Filter{Query: "_"}, 0}, {bank.Filter{Folder: "House"}, 1}, {bank.Filter{Folder: "Hous"}, 0}, {bank.Filter{Tag: "fire"}, 1},
		{bank.Filter{Difficulty: 2}, 1}, {bank.Filter{Kind: question.Essay}, 0}, {bank.Filter{Status: bank.StatusDraft}, 1}, {bank.Filter{Status: bank.StatusPublished}, 1}, {bank.Filter{Status: bank.StatusArchived}, 0},
	} {
		c.f.Bank = h.bank.ID
		if got, err := h.banks.Questions(h.owner, c.f); err != nil || len(got.Items) != c.want {
			t.Errorf("%+v: %d, %v", c.f, len(got.Items), err)
		}
	}
	places, err := h.banks.Folders(h.owner, h.bank.ID)
	if err != nil || fmt.Sprint(places) != "{[{ 1} {House/Doors 1}] [{exit 1} {fire 1}]}" {
		t.Errorf("%v, %v", places, err)
	}
	doors, err = h.banks.Archive(h.owner, doors.ID, doors.Revision, true)
	if err != nil || doors.ArchivedAt == nil {
		t.Error(err)
	}
	if got, err := h.banks.Questions(h.owner, bank.Filter{Bank: h.bank.ID, Status: bank.StatusArchived}); err != nil || len(got.Items) != 1 {
		t.Errorf("archived: %+v, %v", got, err)
	}
}

func TestDrawingIsFairAndRepeats(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for i := range 10 {
		in := truth(fmt.Sprint("Question ", i), "pool")
		in.Difficulty = 1 + i%5
		h.create(t, in, i > 0)
	}
	pool := bank.Pool{Bank: h.bank.ID, Tags: []string{"Pool"}, Count: 4, Seed: 7}
	first, err := h.banks.Pick(h.tenant, pool)
	again, err2 := h.banks.Pick(h.tenant, pool)
	if err != nil || err2 != nil || len(first) != 4 || !slices.Equal(first, again) {
		t.Fatalf("%v, %v, %v, %v", first, again, err, err2)
	}
	pool.Without = []uid.ID{first[0].Question}
	rest, err := h.banks.Pick(h.tenant, pool)
	if err != nil || slices.Contains(rest, first[0]) {
		t.Errorf("%v, %v", rest, err)
	}
	pool.Without, pool.Count = nil, 10
	if _, err = h.banks.Pick(h.tenant, pool); !errors.Is(err, bank.ErrTooFew) {
		t.Errorf("a draft was drawn: %v", err)
	}
	if n, err := h.banks.PoolSize(h.owner, bank.Pool{Bank: h.bank.ID, Easiest: 2, Hardest: 3}); err != nil || n != 4 {
		t.Errorf("%d of difficulty 2 and 3, %v", n, err)
	}
	seen := map[uid.ID]int{}
	for seed := range uint64(200) {
		refs, err := h.banks.Pick(h.tenant, bank.Pool{Bank: h.bank.ID, Count: 1, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		seen[refs[0].Question]++
	}
	if len(seen) != 9 {
		t.Errorf("of nine questions %d are ever drawn", len(seen))
	}
}

func TestMovingAndCopyingAskForBothBanks(t *testing.T) {
	t.Parallel()
	h := setup(t)
	q := h.create(t, truth("One"), true)
	theirs, err := h.banks.CreateBank(h.other, bank.BankInput{Name: "Theirs"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.banks.Move(h.owner, q.ID, q.Revision, theirs.ID, ""); !errors.Is(err, bank.ErrNotFound) {
		t.Errorf("moved into a bank of others: %v", err)
	}
	if _, err = h.banks.Copy(h.other, q.ID, theirs.ID, ""); !errors.Is(err, bank.ErrQuestionNotFound) {
		t.Errorf("copied from a bank of others: %v", err)
	}
	made, err := h.banks.Copy(h.owner, q.ID, h.bank.ID, "Copies")
	if err != nil || made.Version != 0 || made.Folder != "Copies" || made.Body.Title != "One" {
		t.Errorf("%+v, %v", made, err)
	}
	if q, err = h.banks.Move(h.owner, q.ID, q.Revision, h.bank.ID, "Elsewhere"); err != nil || q.Folder != "Elsewhere" || q.Version != 1 {
		t.Errorf("%+v, %v", q, err)
	}
	if err = h.banks.DeleteBank(h.owner, h.bank.ID); !errors.Is(err, bank.ErrInUse) {
		t.Errorf("a bank with questions: %v", err)
	}
	h.used[made.ID] = 1
	if err = h.banks.Delete(h.owner, made.ID); !errors.Is(err, bank.ErrInUse) {
		t.Errorf("a used question: %v", err)
	}
	if err = h.banks.DeleteBank(h.other, theirs.ID); err != nil {
		t.Error(err)
	}
}

func TestQuestionsComeAllOrNone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	bad := truth("Bad")
	bad.Body.Prompt = ""
	if _, err := h.banks.Bring(h.owner, h.bank.ID, []bank.Input{truth("Good"), bad}, true, "gift"); fault.Of(err).Fields["1.prompt"] == "" {
		t.Errorf("%v", err)
	}
	ids, err := h.banks.Bring(h.owner, h.bank.ID, []bank.Input{truth("Good"), truth("Better")}, true, "gift")
	if err != nil || len(ids) != 2 {
		t.Fatalf("%v, %v", ids, err)
	}
	list, err := h.banks.All(h.owner, bank.Filter{Bank: h.bank.ID})
	if err == nil {
		err = h.banks.Exported(h.owner, h.bank.ID, "gift", len(list))
	}
	if err != nil || len(list) != 2 || list[0].Version != 1 {
		t.Errorf("%v, %v", list, err)
	}
	if got := storetest.EventTypes(t, h.tenant, h.w, h.bank.ID); !slices.Equal(got, []string{"bank.created", "bank.imported", "bank.exported"}) {
		t.Errorf("events: %v", got)
	}
}

func TestAPictureMustBeOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	in := truth("With a picture")
	none := uid.New()
	in.Body.Picture, in.Body.PictureOf = &none, "A door"
	if _, err := h.banks.Create(h.owner, h.bank.ID, in); fault.Of(err).Fields["picture"] == "" {
		t.Errorf("%v", err)
	}
	file := storetest.File(t, h.tenant, h.w, "picture", "image/png", 0)
	in.Body.Picture = &file.ID
	q, err := h.banks.Create(h.owner, h.bank.ID, in)
	if err != nil || len(question.Pictures(q.Body.Question)) != 1 {
		t.Errorf("%v", err)
	}
	in.Tags = []string{strings.Repeat("x", 41)}
	if _, err := h.banks.Create(h.owner, h.bank.ID, in); fault.Of(err).Fields["tags"] == "" {
		t.Errorf("%v", err)
	}
}
