package themes_test

import (
	"strings"
	"testing"
	"time"

	"lyceum/learning/enrolment"
	"lyceum/learning/home"
	"lyceum/learning/notice"
	"lyceum/themes"
)

func TestHomeSaysWhatIsDueWhereOneWasAndWhy(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	v := w.portal("/", learnerMay())
	v.TimeZone = "Europe/Berlin"
	doc := render(t, s, v, themes.HomePage{Home: w.home()})
	for _, want := range []string{
		"One course is overdue.", "3 days overdue", "Due in 2 days", "Lesson 3 of 8 · at 4:12", "Watch: leaving the building", "Lesson 5 of 9<",
		"5 people of Sales take it", "Teaches Listening, like a course of yours", "“Workplace safety”, which you are in, asks for it first", "New since 17 November 2026",
		"7 colleagues of your department take it", "First aid",
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("home does not say %q", want)
		}
	}
	if first := render(t, s, v, themes.HomePage{}); !strings.Contains(first, "This is where your courses will be.") || strings.Contains(first, "What you earned") {
		t.Error("the first day shows what was earned, or no word of welcome")
	}
}

func TestADueDateIsADayOfTheReader(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	for _, c := range []struct {
		zone, due, want string
	}{
		{"Europe/Berlin", "2026-11-20T22:59:59Z", "Due today"},
		{"Pacific/Auckland", "2026-11-21T10:59:59Z", "Due tomorrow"}, // the 21st ends there; now is 22:24 on the 20th
		{"America/Los_Angeles", "2026-11-21T07:59:59Z", "Due today"},
		{"Europe/Berlin", "2026-11-20T09:23:00Z", "One day overdue"},
		{"Europe/Berlin", "2026-11-18T22:59:59Z", "2 days overdue"},
		{"Europe/Berlin", "2026-11-30T22:59:59Z", "Due in 10 days"},
		{"Europe/Berlin", "2027-01-31T22:59:59Z", "Due on 31 January 2027"},
	} {
		at, err := time.Parse(time.RFC3339, c.due)
		if err != nil {
			t.Fatal(err)
		}
		v := w.portal("/", learnerMay())
		v.TimeZone = c.zone
		m := w.mine(0, 40)
		m.DueAt = &at
		if doc := render(t, s, v, themes.HomePage{Home: home.Home{Due: []enrolment.Mine{m}}}); !strings.Contains(doc, ">"+c.want+"<") {
			t.Errorf("%s in %s is not %q", c.due, c.zone, c.want)
		}
	}
}

func TestTheBellCountsWhatIsUnread(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	v := w.portal("/courses", learnerMay())
	for unread, want := range map[int]string{0: `aria-hidden="true" hidden>0</b>`, 1: "One new notification", 7: "7 new notifications", notice.MaxUnread: `aria-hidden="true">99&#43;</b>`} {
		v.News.Unread = unread
		if doc := render(t, s, v, themes.HomePage{}); !strings.Contains(doc, want) {
			t.Errorf("%d unread: no %q", unread, want)
		}
	}
}

// Every kind has a sentence of its own, a name and a hint, whatever its event says or leaves out.
func TestEveryKindOfNoticeSpeaks(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	v := w.portal("/", learnerMay())
	seen := map[string]notice.Kind{}
	for _, a := range notice.Kinds() {
		for _, as := range []string{"", "by", "due", "none", "granted", "refused", "free", "accepted", "returned", "approved", "nonsense"} {
			text, err := s.NoticeText(v, notice.Notice{Kind: a.Kind, Data: notice.Data{"course": "Fire", "by": "Maya", "due": "2026-11-27T22:59:59Z", "days": "7", "version": "3", "as": as}})
			if err != nil || !strings.Contains(text, "Fire") || strings.Contains(text, "{{") || strings.Contains(text, "notice.") {
				t.Errorf("%s as %q: %q, %v", a.Kind, as, text, err)
			}
			if other, said := seen[text]; said && other != a.Kind {
				t.Errorf("%s and %s say the same: %q", a.Kind, other, text)
			}
			seen[text] = a.Kind
		}
	}
	limit := notice.Notice{Kind: notice.KindBilling, Data: notice.Data{"as": "limit", "course": "Acme", "meter": "api_calls", "percent": "80"}}
	if text, err := s.NoticeText(v, limit); err != nil || text != "Acme: API calls at 80 % of the plan" {
		t.Errorf("a limit that is near: %q, %v", text, err)
	}
	if text, err := s.NoticeText(v, notice.Notice{Kind: "yet_unknown", Data: notice.Data{"course": "Fire"}}); err != nil || !strings.Contains(text, "Fire") {
		t.Errorf("a kind that is not known yet: %q, %v", text, err)
	}
}

func TestTheMonthBeginsOnMondayAndShowsWholeWeeks(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	v := w.portal("/calendar", learnerMay())
	for month, days := range map[string]int{"2026-11": 42, "2026-02": 35, "2027-02": 28} {
		at, err := time.Parse("2006-01", month)
		if err != nil {
			t.Fatal(err)
		}
		doc := render(t, s, v, themes.CalendarPage{Month: at, Today: at})
		if got := strings.Count(doc, "<td"); got != days {
			t.Errorf("%s shows %d days, want %d", month, got, days)
		}
	}
}
