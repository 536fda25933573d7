package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/calendar"
	"lyceum/learning/notice"
	"lyceum/learning/transcript"
	"lyceum/store/storetest"
)

func notices(w *storetest.World) *notice.Service {
	return notice.New(notice.Options{Keep: w.Store, Announce: w.Store, Now: w.Now.Clock()})
}

func TestWhatIsToldTwiceIsToldOnceAndAnotherTenantHearsNothing(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx, other := w.Tenant(t), w.Tenant(t)
	s := notices(w)
	me, p := storetest.Learner(t, ctx, w)
	gone := storetest.AddPerson(t, ctx, w, auth.Person{Status: auth.PersonDeactivated}, policy.Learner)
	source := uid.New()
	tell := notice.Telling{Source: source, Kind: notice.KindEnrolled, People: []uid.ID{p.ID, gone.ID, uid.New()}, Data: notice.Data{"course": "Fire"}, Path: "/courses/fire"}
	for range 2 {
		mail, err := s.Tell(ctx, tell)
		if err != nil || len(mail) != 1 || mail[0] != p.ID {
			t.Fatalf("mails to %v, %v", mail, err)
		}
	}
	list, err := s.Mine(me, page.Request{})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	want := notice.Notice{PersonID: p.ID, Source: source, Kind: notice.KindEnrolled, Data: notice.Data{"course": "Fire"}, Path: "/courses/fire", At: w.Now.Now(), ID: list.Items[0].ID}
	if diff := cmp.Diff(want, list.Items[0]); diff != "" {
		t.Error(diff)
	}
	far, _ := storetest.Learner(t, other, w)
	far = auth.WithPrincipal(far, auth.Principal{PersonID: p.ID, May: mayOf(far)})
	if list, err := s.Mine(far, page.Request{}); err != nil || len(list.Items) != 0 {
		t.Errorf("another tenant reads %d, %v", len(list.Items), err)
	}
	if _, err := s.Read(far, want.ID); !errors.Is(err, notice.ErrNotFound) {
		t.Errorf("another tenant's read: %v", err)
	}
	colleague, _ := storetest.Learner(t, ctx, w)
	if _, err := s.Read(colleague, want.ID); !errors.Is(err, notice.ErrNotFound) {
		t.Errorf("a colleague's read: %v", err)
	}
	if st, err := s.Standing(me); err != nil || st.Unread != 1 || st.Newest != want.ID {
		t.Errorf("standing %+v, %v", st, err)
	}
	if _, err := s.Read(me, want.ID); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Standing(me); err != nil || st.Unread != 0 {
		t.Errorf("standing after reading %+v, %v", st, err)
	}
}

func TestReadingAllLeavesWhatCameMeanwhile(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	s := notices(w)
	me, p := storetest.Learner(t, ctx, w)
	one := func() {
		t.Helper()
		if _, err := s.Tell(ctx, notice.Telling{Source: uid.New(), Kind: notice.KindDue, People: []uid.ID{p.ID}, Path: "/"}); err != nil {
			t.Fatal(err)
		}
	}
	one()
	one()
	st, err := s.Standing(me)
	if err != nil {
		t.Fatal(err)
	}
	one()
	if err := s.ReadAll(me, &st.Newest); err != nil {
		t.Fatal(err)
	}
	if st, err = s.Standing(me); err != nil || st.Unread != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	list, err := s.Mine(me, page.Request{Limit: 2})
	if err != nil || len(list.Items) != 2 || list.Next == "" || list.Items[0].ReadAt != nil || list.Items[1].ReadAt == nil {
		t.Fatalf("%+v, %v", list, err)
	}
	if rest, err := s.Mine(me, page.Request{Limit: 2, After: list.Next}); err != nil || len(rest.Items) != 1 || rest.Next != "" {
		t.Errorf("%+v, %v", rest, err)
	}
	if _, err := s.Mine(me, page.Request{After: "nonsense"}); !errors.Is(err, page.ErrCursor) {
		t.Errorf("a cursor that is none: %v", err)
	}
	if after, err := s.After(me, list.Items[1].ID, 10); err != nil || len(after) != 1 || after[0].ID != list.Items[0].ID {
		t.Errorf("after: %+v, %v", after, err)
	}
	w.Now.Advance(366 * 24 * time.Hour)
	if err := s.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if list, err = s.Mine(me, page.Request{}); err != nil || len(list.Items) != 3 { // ids are of the machine's clock, which did not move
		t.Errorf("%d are left, %v", len(list.Items), err)
	}
}

func TestAPersonChoosesHowToBeTold(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	s := notices(w)
	me, p := storetest.Learner(t, ctx, w)
	for _, c := range []struct {
		ways notice.Ways
	}{{notice.Ways{App: true, Mail: true, Push: true}}, {notice.Ways{App: true}}, {notice.Ways{Mail: true}}, {notice.Ways{}}} {
		if err := s.Choose(me, map[notice.Kind]notice.Wish{notice.KindEnrolled: {App: c.ways.App, Mail: c.ways.Mail, Push: &c.ways.Push}}); err != nil {
			t.Fatal(err)
		}
		before, err := s.Mine(me, page.Request{})
		if err != nil {
			t.Fatal(err)
		}
		mail, err := s.Tell(ctx, notice.Telling{Source: uid.New(), Kind: notice.KindEnrolled, People: []uid.ID{p.ID}, Path: "/"})
		if err != nil {
			t.Fatal(err)
		}
		now, err := s.Mine(me, page.Request{})
		if err != nil {
			t.Fatal(err)
		}
		if (len(mail) == 1) != c.ways.Mail || (len(now.Items) > len(before.Items)) != c.ways.App {
			t.Errorf("%+v: %d mails, %d notices more", c.ways, len(mail), len(now.Items)-len(before.Items))
		}
	}
	list, err := s.Choices(me)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.Kind == notice.KindEnrolled && c.Ways != (notice.Ways{}) || c.Kind == notice.KindDue && c.Ways != c.Own || c.Kind == notice.KindReviewRequested {
			t.Errorf("choice %+v of a learner", c)
		}
	}
	if err := s.Choose(me, map[notice.Kind]notice.Wish{"nonsense": {}}); err == nil {
		t.Error("a kind that is none was chosen")
	}
	if got := storetest.EventTypes(t, ctx, w, p.ID); len(got) != 3 { // the first choice was the kind's own way
		t.Errorf("told: %v", got)
	}
}

func TestACalendarsAddressOpensItUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx, other := w.Tenant(t), w.Tenant(t)
	s := calendar.New(calendar.Options{Keep: w.Store, Now: w.Now.Clock()})
	me, p := storetest.Learner(t, ctx, w)
	first, err := s.MakeAddress(me)
	if err != nil {
		t.Fatal(err)
	}
	if whose, _, err := s.Feed(ctx, first); err != nil || whose.ID != p.ID {
		t.Fatalf("%+v, %v", whose, err)
	}
	refused := func(ctx context.Context, secret, when string) {
		t.Helper()
		if _, _, err := s.Feed(ctx, secret); !errors.Is(err, calendar.ErrNoAddress) {
			t.Errorf("%s: %v", when, err)
		}
	}
	refused(other, first, "in another tenant")
	refused(ctx, "guess", "a guess")
	second, err := s.MakeAddress(me)
	if err != nil {
		t.Fatal(err)
	}
	refused(ctx, first, "the address before")
	execute(t, w, ctx, "update people set status = 'deactivated' where id = $1", p.ID)
	refused(ctx, second, "of who was deactivated")
	execute(t, w, ctx, "update people set status = 'active' where id = $1", p.ID)
	if err := s.RevokeAddress(me); err != nil {
		t.Fatal(err)
	}
	refused(ctx, second, "revoked")
	if err := s.RevokeAddress(me); err != nil {
		t.Errorf("revoked again: %v", err)
	}
}

func TestATranscriptSaysTheSameUnderTheSameNumber(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx, other := w.Tenant(t), w.Tenant(t)
	s := transcript.New(w.Store, w.Now.Clock())
	o := small(t, w, ctx)
	me, e := storetest.EnrolledLearner(t, ctx, w, o)
	_, one, err := s.Issue(me, e.PersonID, transcript.Period{})
	if err != nil {
		t.Fatal(err)
	}
	w.Now.Advance(time.Hour)
	manager := storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Manager))
	_, again, err := s.Issue(manager, e.PersonID, transcript.Period{})
	if err != nil || again.Code != one.Code || !again.IssuedAt.Equal(one.IssuedAt) {
		t.Errorf("%+v, then %+v, %v", one, again, err)
	}
	execute(t, w, ctx, "update enrolments set percent = 50, started_at = $1 where id = $2", w.Now.Now(), e.ID)
	tr, changed, err := s.Issue(me, e.PersonID, transcript.Period{})
	if err != nil || changed.Code == one.Code || len(tr.Lines) != 1 || tr.Lines[0].Percent != 50 {
		t.Errorf("after a change: %+v, %+v, %v", tr, changed, err)
	}
	if found, err := s.ByCode(ctx, one.Spaced()); err != nil || found.PersonID != e.PersonID || found.Courses != 1 {
		t.Errorf("by its number: %+v, %v", found, err)
	}
	if _, err := s.ByCode(other, one.Code); !errors.Is(err, transcript.ErrNotFound) {
		t.Errorf("in another tenant: %v", err)
	}
	colleague, _ := storetest.Learner(t, ctx, w)
	if _, err := s.Of(colleague, e.PersonID, transcript.Period{}); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a colleague's look: %v", err)
	}
	if _, err := s.Of(storetest.As(t, other, w, storetest.Person(t, other, w, policy.Manager)), e.PersonID, transcript.Period{}); !errors.Is(err, auth.ErrPersonNotFound) {
		t.Errorf("another tenant's manager: %v", err)
	}
	from, until := w.Now.Now().AddDate(0, 0, 1), w.Now.Now().AddDate(0, 0, 2)
	if later, err := s.Of(me, e.PersonID, transcript.Period{From: &from, Until: &until}); err != nil || len(later.Lines) != 0 {
		t.Errorf("a later period: %+v, %v", later, err)
	}
	if _, err := s.Of(me, e.PersonID, transcript.Period{From: &until, Until: &from}); !errors.Is(err, transcript.ErrPeriod) {
		t.Errorf("a period that ends before it begins: %v", err)
	}
}

func TestTheTimeSpentIsWhatWasPlayedOrBounded(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	o := small(t, w, ctx)
	me, e := storetest.EnrolledLearner(t, ctx, w, o)
	text, quiz, at := o.Lessons()[0], o.Lessons()[1], w.Now.Now()
	put := func(lesson uid.ID, watched string, took time.Duration) {
		execute(t, w, ctx, `insert into lesson_progress (enrolment_id, lesson_id, status, position, watched, evidence, started_at, updated_at, completed_at)
			values ($1, $2, 'completed', 0, $3, '{}', $4, $5, $5)`, e.ID, lesson, watched, at, at.Add(took))
	}
	put(text.ID, "[]", 30*24*time.Hour)              // left open for a month: twice its 10 minutes
	put(quiz.ID, "[[0, 30], [60, 90.5]]", time.Hour) // as a recording: what was played
	tr, err := transcript.New(w.Store, w.Now.Clock()).Of(me, e.PersonID, transcript.Period{})
	if err != nil || len(tr.Lines) != 1 || tr.Lines[0].Seconds != 20*60+60 && tr.Lines[0].Seconds != 20*60+61 {
		t.Errorf("%+v, %v", tr.Lines, err)
	}
}
