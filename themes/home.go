package themes

import (
	"fmt"
	"strconv"
	"time"

	"lyceum/learning/calendar"
	"lyceum/learning/enrolment"
	"lyceum/learning/home"
	"lyceum/learning/notice"
	"lyceum/learning/transcript"
)

// daysTo counts the calendar days from now to a moment, in the reader's zone.
func (t talk) daysTo(at time.Time) int {
	day := func(m time.Time) time.Time {
		l := m.In(t.zone)
		return time.Date(l.Year(), l.Month(), l.Day(), 0, 0, 0, 0, time.UTC)
	}
	return int(day(at).Sub(day(t.now)).Hours() / 24)
}

// DueText says when something is due, in words: today, tomorrow, in 5 days, 3 days overdue, or the date.
func (t talk) DueText(at time.Time) (string, error) {
	days := t.daysTo(at)
	switch {
	case at.Before(t.now):
		return t.N("due.overdue", max(1, -days))
	case days <= 0:
		return t.T("due.today")
	case days == 1:
		return t.T("due.tomorrow")
	case days <= 14:
		return t.N("due.in_days", days)
	}
	return t.T("due.on", "Date", t.LongDate(at))
}

// DueBadge is DueText with a tone: bad when it is over, warn within three days.
func (c *Chrome) DueBadge(at time.Time) (Badge, error) {
	text, err := c.DueText(at)
	b := Badge{Text: text}
	switch {
	case at.Before(c.now):
		b.Tone = "bad"
	case c.daysTo(at) <= 3:
		b.Tone = "warn"
	}
	return b, err
}

// DueLine says of a courses's date whether it is near, for who is in it; nil without one and when it is done.
func (c *Chrome) DueLine(e enrolment.Enrolment) (*Badge, error) {
	if e.DueAt == nil || e.Status != enrolment.StatusActive {
		return nil, nil //nolint:nilnil // no line
	}
	b, err := c.DueBadge(*e.DueAt)
	return &b, err
}

// Spot says where the person is in a course: "Lesson 3 of 8 · at 4:12".
func (c *Chrome) Spot(s home.Spot) (string, error) {
	text, err := c.T("home.lesson", "Number", s.Number, "All", s.Lessons)
	if err != nil || s.Position < 1 {
		return text, err
	}
	at, err := c.T("home.at", "Time", Clock(s.Position))
	return text + " · " + at, err
}

// Clock writes a second of a recording: 4:12, 1:04:12.
func Clock(seconds float64) string {
	n := int(seconds)
	if n >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
	}
	return fmt.Sprintf("%d:%02d", n/60, n%60)
}

// Because says in words why a course is recommended.
func (c *Chrome) Because(w home.Why, k home.Card) (string, error) {
	switch w.Reason {
	case home.ReasonGroup, home.ReasonDepartment:
		return c.N("why."+string(w.Reason), w.Count, "Name", w.Name)
	case home.ReasonNew:
		if k.PublishedAt == nil {
			return c.T("why.offered")
		}
		return c.T("why.new", "Date", c.LongDate(*k.PublishedAt))
	case home.ReasonPrerequisite, home.ReasonSkill, home.ReasonTag, home.ReasonCategory:
	}
	return c.T("why."+string(w.Reason), "Name", w.Name)
}

// HomeTile is the card of a recommended course, its first reason in place of the facts.
func (c *Chrome) HomeTile(r home.Recommendation) (*Tile, error) {
	t := &Tile{
		Chrome: c, Course: r.CourseID, Href: "/courses/" + r.Slug, Title: r.Title, Summary: r.Summary,
		CoverFileID: r.CoverFileID, EstimatedMinutes: r.EstimatedMinutes,
	}
	for _, w := range r.Why {
		text, err := c.Because(w, r.Card)
		if err != nil {
			return t, err
		}
		t.Why = append(t.Why, text)
	}
	return t, nil
}

// HomeLead is the line under the greeting: what matters most today.
func (c *Chrome) HomeLead(h home.Home) (string, error) {
	if n := h.Overdue(c.now); n > 0 {
		return c.N("home.overdue", n)
	}
	week := 0
	for _, m := range h.Due {
		if c.daysTo(*m.DueAt) <= 7 {
			week++
		}
	}
	switch {
	case week > 0:
		return c.N("home.due_week", week)
	case h.Active() > 0:
		return c.N("home.under_way", h.Active())
	case !h.Empty():
		return c.T("home.all_done")
	}
	return c.T("home.none_yet")
}

// Day is a day of a calendar's month.
type Day struct {
	At      time.Time
	Items   []calendar.Item
	Outside bool // of another month
	Today   bool
}

// Weeks are the weeks of a page's month, from Monday on, with what lies in each day.
func (c *Chrome) Weeks(p CalendarPage) (weeks [][]Day) {
	byDay := map[string][]calendar.Item{}
	for _, i := range p.Items {
		key := i.Begins.In(c.zone).Format(time.DateOnly)
		byDay[key] = append(byDay[key], i)
	}
	first := p.Month.AddDate(0, 0, -int(p.Month.Weekday()+6)%7)
	for at := first; at.Before(p.Month.AddDate(0, 1, 0)); {
		week := make([]Day, 7)
		for i := range week {
			key := at.Format(time.DateOnly)
			week[i] = Day{At: at, Items: byDay[key], Outside: at.Month() != p.Month.Month(), Today: key == p.Today.Format(time.DateOnly)}
			at = at.AddDate(0, 0, 1)
		}
		weeks = append(weeks, week)
	}
	return weeks
}

// Agenda are the days of a page that have something, in order.
func (c *Chrome) Agenda(p CalendarPage) (days []Day) {
	for _, i := range p.Items {
		l := i.Begins.In(c.zone)
		if n := len(days); n > 0 && days[n-1].At.Format(time.DateOnly) == l.Format(time.DateOnly) {
			days[n-1].Items = append(days[n-1].Items, i)
			continue
		}
		days = append(days, Day{At: l, Items: []calendar.Item{i}, Today: l.Format(time.DateOnly) == p.Today.Format(time.DateOnly)})
	}
	return days
}

// Weekdays are the days of the week from Monday on: short and whole.
func (c *Chrome) Weekdays() ([]Weekday, error) {
	var out []Weekday
	for i := range 7 {
		w, err := c.Weekday(time.Weekday((i + 1) % 7))
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// Weekday is a day of the week as it is written.
type Weekday struct{ Short, Long string }

// Weekday names a day of the week.
func (c *Chrome) Weekday(d time.Weekday) (Weekday, error) {
	long, err := c.T(fmt.Sprintf("weekday.%d", int(d)))
	if err != nil {
		return Weekday{}, err
	}
	short, err := c.T(fmt.Sprintf("weekday_short.%d", int(d)))
	return Weekday{Short: short, Long: long}, err
}

// WeekdayOf names the day of the week of a moment in the reader's zone.
func (c *Chrome) WeekdayOf(at time.Time) (string, error) {
	w, err := c.Weekday(at.In(c.zone).Weekday())
	return w.Long, err
}

// MonthLink is the address of the calendar some months on.
func (c *Chrome) MonthLink(p CalendarPage, months int) string {
	return "/calendar?month=" + p.Month.AddDate(0, months, 0).Format("2006-01")
}

// Late tells whether an item is over and not done.
func (c *Chrome) Late(i calendar.Item) bool { return !i.Done && i.Ends.Before(c.now) }

// DueRow is a course with a date, drawn by parts/home.html.
type DueRow struct {
	*Chrome
	Mine  enrolment.Mine
	Badge Badge
	Where string // where the person is in it, "" when not known
}

// DueRow makes the row of a course with a date.
func (c *Chrome) DueRow(p HomePage, m enrolment.Mine) (*DueRow, error) {
	r := &DueRow{Chrome: c, Mine: m}
	var err error
	if r.Badge, err = c.DueBadge(*m.DueAt); err != nil {
		return r, err
	}
	if spot := p.SpotOf(m.ID); spot != nil {
		r.Where, err = c.Spot(*spot)
	}
	return r, err
}

// LineBadge names where someone is in a course of their transcript.
func (c *Chrome) LineBadge(l transcript.Line) (Badge, error) {
	return c.EnrolmentBadge(enrolment.Enrolment{Status: l.Status, StartedAt: l.StartedAt})
}

// Bell leads to the notifications and says how many are unread, drawn by parts/home.html. A layout may have two: one for
// each width.
type Bell struct {
	*Chrome
	ID string
}

// Bell makes a bell.
func (c *Chrome) Bell(id string) *Bell { return &Bell{c, id} }

// Unread is how many notices are unread, "99+" for more.
func (c *Chrome) Unread() string {
	if n := c.View.News.Unread; n < notice.MaxUnread {
		return strconv.Itoa(n)
	}
	return strconv.Itoa(notice.MaxUnread-1) + "+"
}

// ItemTitles gives what items of a calendar are called in a language.
func (s *Set) ItemTitles(locale string) func(calendar.Item) string {
	t := s.talk(locale, "", time.Time{})
	return func(i calendar.Item) string {
		key := "calendar.due"
		if i.Done {
			key = "calendar.done"
		}
		word, err := t.T(key)
		if err != nil || i.Kind != calendar.KindDue {
			return i.Title
		}
		return word + ": " + i.Title
	}
}
