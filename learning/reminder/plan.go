package reminder

import (
	"cmp"
	"slices"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/notice"
)

// Fact is something with a date, for one who is to be told of it.
type Fact struct {
	RecipientID   uid.ID
	RecipientName string
	TimeZone      string // of the recipient
	QuietFrom     *int   // the recipient's own hours; nil: the portal's
	QuietTo       *int
	LastAt        *time.Time // when they were reminded last, of whatever
	LastDay       string     // the day of that, where they were
	AboutID       uid.ID
	AboutName     string
	Kind          Kind
	SubjectID     uid.ID
	Anchor        time.Time  // when it is due, or ends
	BeganAt       time.Time  // steps before that were never owed
	OpensAt       *time.Time // steps before that come too early: it cannot be renewed yet
	RequirementID *uid.ID
	CourseID      *uid.ID
	Title         string
	Slug          string
	Sent          *int // the furthest step that was told; nil: none
}

// team tells whether it is one of somebody the recipient manages.
func (f Fact) team() bool { return f.RecipientID != f.AboutID }

const (
	// staleAfter is how many days a step is still told after its day, so that switching reminders on, or a long outage, tells nobody
	// of what is long over.
	staleAfter = 7
	// apart is the least time between two messages to a person, who may travel.
	apart = 12 * time.Hour
	// freshFor is how long after it began a thing is not told of: that it began was told.
	freshFor  = 12 * time.Hour
	itemsKept = 100
	day       = 24 * time.Hour
)

// Book is all rules of a portal.
type Book struct {
	portal Rules
	of     map[uid.ID]Rules // by requirement or course
}

// NewBook gathers rules; without a portal's the defaults hold.
func NewBook(list []Policy) Book {
	b := Book{portal: Default(), of: map[uid.ID]Rules{}}
	for _, p := range list {
		if p.Scope == ScopePortal {
			b.portal = p.Rules
		} else {
			b.of[p.ScopeID] = p.Rules
		}
	}
	return b
}

// rules are those for a fact.
func (b Book) rules(f Fact) Rules {
	for _, id := range []*uid.ID{f.RequirementID, f.CourseID} {
		if id != nil {
			if r, own := b.of[*id]; own {
				return r
			}
		}
	}
	return b.portal
}

// on tells whether anybody may be told of anything.
func (b Book) on() bool {
	if b.portal.On {
		return true
	}
	for _, r := range b.of {
		if r.On {
			return true
		}
	}
	return false
}

// offsets are all steps that any of the rules has, each once.
func (b Book) offsets() []int {
	var out []int
	for _, r := range append([]Rules{b.portal}, values(b.of)...) {
		for _, f := range []Fact{{Kind: KindDuty}, {Kind: KindRenewal}, {Kind: KindCertificate}, {Kind: KindDuty, AboutID: uid.ID{1}}} {
			out = append(out, r.steps(f)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func values(m map[uid.ID]Rules) (out []Rules) {
	for _, r := range m {
		out = append(out, r)
	}
	return out
}

// steps are the days, counted from the day it is due or ends, on which a fact is told, the earliest first.
func (r Rules) steps(f Fact) (out []int) {
	if !r.On {
		return nil
	}
	if f.team() {
		if r.EscalateAfter > 0 && f.Kind != KindCertificate {
			out = []int{r.EscalateAfter}
		}
		return out
	}
	before := r.BeforeDue
	if f.Kind.expires() {
		before = r.BeforeExpiry
	}
	for _, n := range before {
		out = append(out, -n)
	}
	slices.Sort(out)
	if r.OnDay {
		out = append(out, 0)
	}
	times := r.OverdueTimes
	if f.Kind == KindCertificate {
		times = min(times, 1) // nobody must have it: that it ended is said once
	}
	for i := range times {
		out = append(out, 1+i*r.OverdueEvery)
	}
	return out
}

// Step is the one that a fact is to be told of at a moment; ok is false for none. Only the latest that has come is told: who was not
// told in time hears of it once.
func (r Rules) Step(f Fact, now time.Time, place *time.Location) (step int, ok bool) {
	days := dayNumber(now, place) - dayNumber(f.Anchor, place)
	if f.Kind == KindCertificate { // ends with the same day for everybody
		days = dayNumber(now, place) - dayNumber(f.Anchor, time.UTC)
	}
	for _, s := range r.steps(f) {
		if s <= days {
			step, ok = s, true
		}
	}
	at := f.Anchor.Add(time.Duration(step) * day)
	if !ok || days-step > staleAfter || f.Sent != nil && *f.Sent >= step || at.Before(f.BeganAt.Add(freshFor)) {
		return 0, false
	}
	if f.OpensAt != nil && now.Before(*f.OpensAt) {
		return 0, false
	}
	return step, true
}

// dayNumber counts the days of the calendar in a place.
func dayNumber(at time.Time, place *time.Location) int {
	y, m, d := at.In(place).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// quiet are a person's quiet hours: their own, else the portal's.
func (b Book) quiet(f Fact) notice.Quiet {
	if f.QuietFrom != nil && f.QuietTo != nil {
		return notice.Quiet{From: *f.QuietFrom, To: *f.QuietTo}
	}
	return notice.Quiet{From: b.portal.QuietFrom, To: b.portal.QuietTo}
}

// draft is a message before it is known how its reader wants to be told.
type draft struct {
	PersonID uid.ID
	Name     string
	Day      string
	Items    []Item
	rules    []Rules // of each item
}

// plan makes of facts, those of a recipient beside each other, one message for each who is to be told now. With anyHour quiet hours
// are passed over: that is for looking ahead.
func (b Book) plan(facts []Fact, now time.Time, anyHour bool) (out []draft) {
	for len(facts) > 0 {
		n := 1
		for n < len(facts) && facts[n].RecipientID == facts[0].RecipientID {
			n++
		}
		if d, ok := b.draft(facts[:n], now, anyHour); ok {
			out = append(out, d)
		}
		facts = facts[n:]
	}
	return out
}

func (b Book) draft(facts []Fact, now time.Time, anyHour bool) (draft, bool) {
	f := facts[0]
	place := location(f.TimeZone)
	local := now.In(place)
	d := draft{PersonID: f.RecipientID, Name: f.RecipientName, Day: local.Format(time.DateOnly)}
	if !anyHour && b.quiet(f).At(local.Hour()) || f.LastDay >= d.Day || f.LastAt != nil && now.Sub(*f.LastAt) < apart {
		return d, false
	}
	for _, one := range facts {
		r := b.rules(one)
		if step, ok := r.Step(one, now, place); ok {
			d.Items = append(d.Items, Item{Kind: one.Kind, Subject: one.SubjectID, About: one.AboutID, Name: one.AboutName, Title: one.Title, Slug: one.Slug, At: one.Anchor.UTC(), Step: step})
			d.rules = append(d.rules, r)
		}
	}
	order := make([]int, len(d.Items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, c := d.Items[i], d.Items[j]
		return cmp.Or(cmp.Compare(rank(a.About != d.PersonID), rank(c.About != d.PersonID)), -cmp.Compare(rank(a.Over()), rank(c.Over())), a.At.Compare(c.At), cmp.Compare(a.Title, c.Title), cmp.Compare(a.Name, c.Name))
	})
	items, rules := make([]Item, len(order)), make([]Rules, len(order))
	for i, at := range order {
		items[i], rules[i] = d.Items[at], d.rules[at]
	}
	d.Items, d.rules = items, rules
	return d, len(items) > 0
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func location(zone string) *time.Location {
	place, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	return place
}
