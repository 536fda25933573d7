package certificate_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
	"lyceum/store/storetest"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 23, 59, 59, 0, time.UTC) }

func TestMonthsAreCountedAsPeopleCountThem(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		months    int
		completed time.Time
		want      time.Time
	}{
		{12, time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC), day(2027, 3, 4)},
		{1, time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC), day(2027, 2, 28)},
		{1, time.Date(2028, 1, 31, 0, 0, 0, 0, time.UTC), day(2028, 2, 29)},
		{24, time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC), day(2030, 2, 28)},
		{11, time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC), day(2027, 11, 30)},
		{1, time.Date(2026, 3, 4, 1, 0, 0, 0, time.FixedZone("UTC+2", 7200)), day(2026, 4, 3)},
	} {
		got := certificate.Rule{Months: &one.months}.ValidUntil(one.completed)
		if got == nil || !got.Equal(one.want) {
			t.Errorf("%d months after %s: %v, want %s", one.months, one.completed, got, one.want)
		}
	}
	until := day(2026, 12, 31)
	if got := (certificate.Rule{Until: &until}).ValidUntil(time.Now()); !got.Equal(until) {
		t.Errorf("until a day: %s", got)
	}
	if got := (certificate.Rule{}).ValidUntil(time.Now()); got != nil {
		t.Errorf("for ever: %s", got)
	}
}

func TestACertificateIsValidToTheLastSecondOfItsDay(t *testing.T) {
	t.Parallel()
	end := day(2026, 12, 31)
	c := certificate.Certificate{ValidUntil: &end}
	if !c.Holds(end) || c.Holds(end.Add(time.Second)) || c.State(end.Add(time.Second)) != certificate.StateExpired {
		t.Error("the last second")
	}
	for _, hours := range []int{-11, -5, 0, 5, 11} {
		if at := c.LastDay().In(time.FixedZone("", hours*3600)); at.Day() != 31 || at.Month() != time.December {
			t.Errorf("%d hours from UTC the day is %s", hours, at)
		}
	}
	c.RevokedAt = &end
	if c.State(end.Add(time.Hour)) != certificate.StateRevoked {
		t.Error("withdrawn goes before expired")
	}
}

// ruled is a course whose certificates are valid for some months.
func (h house) ruled(t *testing.T, title string, months int) catalog.Outline {
	t.Helper()
	o := storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse(title))
	if _, err := h.certificates.SetRule(h.may(t, h.tenant, policy.CourseEdit), certificate.Rule{CourseID: o.Course.ID, Months: &months}); err != nil {
		t.Fatal(err)
	}
	return o
}

func (h house) issued(t *testing.T, o catalog.Outline) (context.Context, certificate.Certificate) {
	t.Helper()
	learner, e := h.completed(t, o)
	c, err := h.certificates.Issue(h.tenant, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	return learner, c
}

func TestTheRuleOfACourseHoldsForThoseThatCome(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse("Rules"))
	_, before := h.issued(t, o)
	author := h.may(t, h.tenant, policy.CourseEdit)
	months, many, over, soon := 12, 241, h.w.Now.Now().AddDate(0, 0, -1), h.w.Now.Now()
	for what, one := range map[string]struct {
		rule  certificate.Rule
		field string
	}{
		"too many months": {certificate.Rule{Months: &many}, "valid_months"},
		"both":            {certificate.Rule{Months: &months, Until: &soon}, "valid_until"},
		"a day over":      {certificate.Rule{Until: &over}, "valid_until"},
	} {
		one.rule.CourseID = o.Course.ID
		if _, err := h.certificates.SetRule(author, one.rule); fault.Of(err).Fields[one.field] == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := h.certificates.SetRule(h.may(t, h.tenant, policy.CertificateAll), certificate.Rule{CourseID: o.Course.ID})
	wantFault(t, err, policy.ErrForbidden)
	abroad := h.may(t, h.w.Tenant(t), policy.CourseEdit)
	_, err = h.certificates.SetRule(abroad, certificate.Rule{CourseID: o.Course.ID, Months: &months})
	wantFault(t, err, catalog.ErrCourseNotFound)
	_, err = h.certificates.RuleOf(abroad, o.Course.ID)
	wantFault(t, err, catalog.ErrCourseNotFound)

	if _, err = h.certificates.SetRule(author, certificate.Rule{CourseID: o.Course.ID, Until: &soon}); err != nil {
		t.Fatal(err)
	}
	if _, err = h.certificates.SetRule(author, certificate.Rule{CourseID: o.Course.ID, Months: &months}); err != nil {
		t.Fatal(err)
	}
	r, err := h.certificates.RuleOf(author, o.Course.ID)
	if err != nil || r.Months == nil || *r.Months != 12 || r.Until != nil {
		t.Errorf("%+v, %v", r, err)
	}
	_, after := h.issued(t, o)
	if before.ValidUntil != nil || after.ValidUntil == nil || !after.ValidUntil.Equal(day(2027, 3, 4)) {
		t.Errorf("before %v, after %v", before.ValidUntil, after.ValidUntil)
	}
	kept, err := h.certificates.ByCode(h.tenant, after.Code)
	if err != nil || !kept.ValidUntil.Equal(*after.ValidUntil) {
		t.Errorf("kept %v, %v", kept.ValidUntil, err)
	}
}

// news are the events about a certificate's end, in order.
func (h house) news(t *testing.T, c certificate.Certificate) (list []string) {
	t.Helper()
	for _, e := range storetest.Events(t, h.tenant, h.w, c.EnrolmentID) {
		if e.Data["code"] != c.Code {
			continue
		}
		switch e.Type {
		case "certificate.expired":
			list = append(list, "over")
		case "certificate.expires_soon":
			if e.Data["valid_until"] == nil || e.Data["person_id"] != c.PersonID.String() {
				t.Errorf("told %v", e.Data)
			}
			list = append(list, map[float64]string{30: "month", 7: "week"}[e.Data["days"].(float64)])
		}
	}
	return list
}

func wantNews(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("told %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("told %v, want %v", got, want)
		}
	}
}

func TestAnEndIsToldOnceAMonthAndAWeekBeforeAndWhenItIsThere(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.ruled(t, "Told", 2)
	_, c := h.issued(t, o)
	_, gone := h.issued(t, o)
	_, replaced := h.issued(t, o)
	admin := h.may(t, h.tenant, policy.CertificateManage)
	if _, err := h.certificates.Revoke(admin, certificate.Withdrawal{Code: gone.Code, Reason: "Gone."}); err != nil {
		t.Fatal(err)
	}
	next, err := h.certificates.Reissue(admin, certificate.Withdrawal{Code: replaced.Code, Reason: "A name was wrong."})
	if err != nil || !next.ValidUntil.Equal(*replaced.ValidUntil) {
		t.Fatalf("%+v, %v", next, err)
	}
	remind := func(at time.Time) {
		t.Helper()
		s := certificate.New(certificate.Options{Keep: h.w.Store, Now: func() time.Time { return at }})
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if err := s.Remind(h.tenant); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
	}
	end := *c.ValidUntil
	remind(end.Add(-31 * 24 * time.Hour))
	wantNews(t, h.news(t, c))
	remind(end.Add(-30 * 24 * time.Hour))
	remind(end.Add(-29 * 24 * time.Hour))
	wantNews(t, h.news(t, c), "month")
	remind(end.Add(-7 * 24 * time.Hour))
	remind(end)
	wantNews(t, h.news(t, c), "month", "week")
	remind(end.Add(time.Second))
	remind(end.Add(48 * time.Hour))
	wantNews(t, h.news(t, c), "month", "week", "over")
	wantNews(t, h.news(t, next), "month", "week", "over")
	wantNews(t, h.news(t, gone))
	wantNews(t, h.news(t, replaced))
}

// crashing fails where a process would be killed: behind what was noted, before the transaction is over.
type crashing struct {
	certificate.Keeper
	left *int
}

var errKilled = errors.New("killed")

func (c crashing) ExpiryTold(ctx context.Context, id uid.ID, how certificate.Nearness) error {
	if err := c.Keeper.ExpiryTold(ctx, id, how); err != nil {
		return err
	}
	if *c.left--; *c.left < 0 {
		return nil
	}
	return errKilled
}

func TestAKilledReminderIsMadeAgainAndOnlyOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, c := h.issued(t, h.ruled(t, "Killed", 1))
	left := 2
	s := certificate.New(certificate.Options{Keep: crashing{h.w.Store, &left}, Now: func() time.Time { return c.ValidUntil.Add(time.Hour) }})
	for range 2 {
		if err := s.Remind(h.tenant); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		wantNews(t, h.news(t, c))
	}
	for range 2 {
		if err := s.Remind(h.tenant); err != nil {
			t.Fatal(err)
		}
	}
	wantNews(t, h.news(t, c), "over")
}

func TestWhatHasEndedIsNotHeldAndIsFoundByWhoLooksForIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.ruled(t, "Ended", 1)
	learner, c := h.issued(t, o)
	next := storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse("Asks for it"))
	met := func() bool {
		t.Helper()
		var needs []enrolment.Need
		err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) (err error) {
			needs, err = h.w.Store.NeedsOf(ctx, c.PersonID, []uid.ID{next.Course.ID})
			return err
		})
		if err != nil || len(needs) != 1 {
			t.Fatalf("%+v, %v", needs, err)
		}
		return needs[0].Met
	}
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		_, err := h.w.Store.AddNeed(ctx, path.Prerequisite{ID: uid.New(), CourseID: next.Course.ID, Kind: enrolment.NeedCertificate, NeededCourse: &o.Course.ID})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all := h.may(t, h.tenant, policy.CertificateAll)
	count := func(state certificate.Narrow) int {
		t.Helper()
		list, err := h.certificates.Issued(all, certificate.Filter{State: state})
		if err != nil {
			t.Fatal(err)
		}
		return len(list.Items)
	}
	if !met() || count(certificate.NarrowExpiring) != 0 && count(certificate.NarrowExpired) != 0 {
		t.Error("it is held")
	}
	h.w.Now.Advance(15 * 24 * time.Hour)
	if count(certificate.NarrowExpiring) != 1 || count(certificate.NarrowExpired) != 0 {
		t.Error("it ends within 30 days")
	}
	h.w.Now.Advance(30 * 24 * time.Hour)
	if err := h.certificates.Remind(h.tenant); err != nil {
		t.Fatal(err)
	}
	if met() || count(certificate.NarrowExpiring) != 0 || count(certificate.NarrowExpired) != 1 {
		t.Error("it has ended")
	}
	list, err := h.certificates.Mine(learner)
	if err != nil || len(list) != 1 || list[0].State(h.w.Now.Now()) != certificate.StateExpired {
		t.Errorf("%+v, %v", list, err)
	}
	renewed, err := h.certificates.Reissue(h.may(t, h.tenant, policy.CertificateManage), certificate.Withdrawal{Code: c.Code, Reason: "Refreshed in the classroom.", Class: certificate.ClassOther, Renew: true})
	if err != nil || !renewed.Holds(h.w.Now.Now()) || !met() {
		t.Errorf("%+v, %v", renewed, err)
	}
	history, err := h.certificates.History(all, c.Code)
	if err != nil || len(history) != 2 || history[0].Code != renewed.Code || history[1].RevokeClass != certificate.ClassOther || history[1].RevokeReason != "Refreshed in the classroom." {
		t.Errorf("%+v, %v", history, err)
	}
	_, err = h.certificates.History(h.may(t, h.w.Tenant(t), policy.CertificateAll), c.Code)
	wantFault(t, err, certificate.ErrNotFound)
	_, err = h.certificates.History(learner, c.Code)
	wantFault(t, err, policy.ErrForbidden)
}
