// Package broadcast is what operators say to many portals at once: banners on their pages, and windows of maintenance in which
// portals stand still. What is on now is worked out from the clock, so that no process has to begin or end anything. It is not
// about one portal's own messages to its people (learning/notice).
package broadcast

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant/life"
)

// Texts are a text in several languages, by their codes.
type Texts map[string]string

// In gives the text in a language, else in English, else in the first language that there is; "" where there is none.
func (t Texts) In(language string) string {
	for _, l := range []string{language, "en"} {
		if t[l] != "" {
			return t[l]
		}
	}
	langs := make([]string, 0, len(t))
	for l := range t {
		langs = append(langs, l)
	}
	slices.Sort(langs)
	for _, l := range langs {
		if t[l] != "" {
			return t[l]
		}
	}
	return ""
}

// MaxText is how long a text may be, in characters.
const MaxText = 500

// tidy trims and drops empty texts, and gathers what is wrong at text_<language>.
func (t Texts) tidy(f fault.Fields, languages []string) Texts {
	out := Texts{}
	for l, text := range t {
		text = strings.TrimSpace(text)
		if text == "" || !slices.Contains(languages, l) {
			continue
		}
		f.Check(utf8.RuneCountInString(text) <= MaxText, "text_"+l, "Use at most 500 characters.")
		out[l] = text
	}
	return out
}

// Audience is to which portals something is said. Each list narrows it; an empty one narrows nothing.
type Audience struct {
	Tenants []uid.ID     `gorm:"serializer:json"`
	Plans   []string     `gorm:"serializer:json"` // codes
	States  []life.State `gorm:"serializer:json"`
}

// All tells that every portal is meant.
func (a Audience) All() bool { return len(a.Tenants)+len(a.Plans)+len(a.States) == 0 }

// Portal is what an audience asks of a portal.
type Portal struct {
	ID   uid.ID
	Life life.State
	Plan string // its code; "": none
}

// Reaches tells whether a portal is meant.
func (a Audience) Reaches(p Portal) bool {
	return (len(a.Tenants) == 0 || slices.Contains(a.Tenants, p.ID)) && (len(a.Plans) == 0 || slices.Contains(a.Plans, p.Plan)) && (len(a.States) == 0 || slices.Contains(a.States, p.Life))
}

// maxTenants bounds the portals that are chosen one by one.
const maxTenants = 500

// tidy makes empty lists of none, which are written as such, and gathers what is wrong.
func (a Audience) tidy(f fault.Fields) Audience {
	f.Check(len(a.Tenants) <= maxTenants, "tenants", "Choose at most 500 portals; by plan or state there may be more.")
	for _, s := range a.States {
		f.Check(slices.Contains(life.States(), s), "states", "Choose among the states of the list.")
	}
	if a.Tenants == nil {
		a.Tenants = []uid.ID{}
	}
	if a.Plans == nil {
		a.Plans = []string{}
	}
	if a.States == nil {
		a.States = []life.State{}
	}
	return a
}

// Kind is how urgent a banner is.
type Kind string

// The kinds of banners.
const (
	Info    Kind = "info"    // may be put away by each reader, where it says so
	Warning Kind = "warning" // stays
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Info, Warning} }

// Readers is who of a portal sees a banner.
type Readers string

// The readers.
const (
	Everyone Readers = "everyone" // also who is not signed in
	People   Readers = "people"   // who is signed in
	Admins   Readers = "admins"   // who runs the portal
)

// AllReaders lists them.
func AllReaders() []Readers { return []Readers{Everyone, People, Admins} }

// Reader is who looks at a page.
type Reader struct {
	Person uid.ID // uid.Nil: nobody is signed in
	Admin  bool
}

// Sees tells whether these readers are meant with one.
func (r Readers) Sees(who Reader) bool {
	return r == Everyone || r == People && who.Person != uid.Nil || r == Admins && who.Admin
}

// Banner is one text on the pages of portals. It is a row of control.banners.
type Banner struct {
	ID          uid.ID
	Kind        Kind
	Texts       Texts  `gorm:"serializer:json"`
	Link        string // https://…, for more about it; "": none
	Readers     Readers
	Dismissible bool // each reader may put it away; only of Info
	Audience    `gorm:"embedded"`
	FromAt      time.Time
	UntilAt     time.Time
	EndedAt     *time.Time // by an operator, before its time
	Revision    int        // counts changes, from 1
	ByName      string     // who wrote it
	CreatedAt   time.Time
}

// TableName is where it is kept.
func (Banner) TableName() string { return "control.banners" }

// State is where a banner or a window is.
type State string

// The states.
const (
	Planned   State = "planned"   // its time comes
	Running   State = "running"   // it is on
	Over      State = "over"      // its time is over, or it was ended
	Cancelled State = "cancelled" // it was ended before it began
)

func stateOf(from, until time.Time, ended *time.Time, now time.Time) State {
	switch {
	case ended != nil && !ended.After(from):
		return Cancelled
	case ended != nil || !now.Before(until):
		return Over
	case now.Before(from):
		return Planned
	}
	return Running
}

// State tells where it is.
func (b Banner) State(now time.Time) State { return stateOf(b.FromAt, b.UntilAt, b.EndedAt, now) }

// longest bounds how long a banner is shown, and how far ahead a window may lie.
const longest = 366 * 24 * time.Hour

// check tidies what was typed and gathers what is wrong with it.
func (b *Banner) check(now time.Time, languages []string) error {
	f := fault.Fields{}
	b.Texts = b.Texts.tidy(f, languages)
	f.Check(len(b.Texts) > 0, "text_"+languages[0], "Write what is to be said, at least in one language.")
	b.Link = strings.TrimSpace(b.Link)
	f.Check(b.Link == "" || strings.HasPrefix(b.Link, "https://") && len(b.Link) <= 300 && !strings.ContainsAny(b.Link, " \t\n\"<>"), "link", "Write an address that begins with https://, of at most 300 characters.")
	f.Check(slices.Contains(Kinds(), b.Kind), "kind", "Choose a kind.")
	f.Check(slices.Contains(AllReaders(), b.Readers), "readers", "Choose who sees it.")
	f.Check(!b.Dismissible || b.Kind == Info, "dismissible", "A warning stays: only an information can be put away.")
	b.Audience = b.Audience.tidy(f)
	if b.FromAt.IsZero() {
		b.FromAt = now
	}
	f.Check(b.UntilAt.After(b.FromAt), "until", "Choose an end after the beginning.")
	f.Check(b.UntilAt.After(now), "until", "Choose an end that is still to come.")
	f.Check(b.UntilAt.Sub(b.FromAt) <= longest, "until", "A banner is shown for a year at most.")
	return f.Err()
}

// Mode is what a window does to portals.
type Mode string

// The modes.
const (
	ReadOnly Mode = "read_only" // everything can be read, nothing changed
	Closed   Mode = "closed"    // pages and programs are answered 503 with Retry-After
)

// Modes lists them.
func Modes() []Mode { return []Mode{ReadOnly, Closed} }

// Window is a time in which portals stand still. It is a row of control.maintenance_windows.
type Window struct {
	ID        uid.ID
	Mode      Mode
	Texts     Texts `gorm:"serializer:json"` // what is done, for readers; may be empty
	HoldsJobs bool  // background work of these portals waits as well
	// TellsOwners has the owners of these portals told by mail when it is announced, once.
	TellsOwners bool
	Audience    `gorm:"embedded"`
	AnnounceAt  time.Time // from when portals' pages say so
	FromAt      time.Time
	UntilAt     time.Time
	EndedAt     *time.Time // by an operator, before its time
	Revision    int
	ByName      string
	CreatedAt   time.Time
}

// TableName is where it is kept.
func (Window) TableName() string { return "control.maintenance_windows" }

// State tells where it is.
func (w Window) State(now time.Time) State { return stateOf(w.FromAt, w.UntilAt, w.EndedAt, now) }

// Announced tells whether pages speak of it now.
func (w Window) Announced(now time.Time) bool {
	s := w.State(now)
	return s == Running || s == Planned && !now.Before(w.AnnounceAt)
}

// longestWindow bounds a window: what takes longer is no maintenance.
const longestWindow = 48 * time.Hour

func (w *Window) check(now time.Time, languages []string) error {
	f := fault.Fields{}
	w.Texts = w.Texts.tidy(f, languages)
	f.Check(slices.Contains(Modes(), w.Mode), "mode", "Choose what happens to the portals.")
	w.Audience = w.Audience.tidy(f)
	if w.FromAt.IsZero() {
		w.FromAt = now
	}
	if w.AnnounceAt.IsZero() || w.AnnounceAt.After(w.FromAt) {
		w.AnnounceAt = w.FromAt
	}
	f.Check(w.UntilAt.After(w.FromAt), "until", "Choose an end after the beginning.")
	f.Check(w.UntilAt.After(now), "until", "Choose an end that is still to come.")
	f.Check(w.UntilAt.Sub(w.FromAt) <= longestWindow, "until", "A window lasts 48 hours at most.")
	f.Check(w.FromAt.Sub(now) <= longest, "from", "A window begins within a year.")
	return f.Err()
}

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "broadcast_not_found", "There is no such announcement.")
	ErrChanged  = fault.New(fault.KindConflict, "broadcast_changed", "Somebody else changed this meanwhile. Load the page again, and change what is there now.")
	ErrOver     = fault.New(fault.KindConflict, "broadcast_over", "Its time is over, so nothing can be changed about it. Write a new one.")
	ErrStays    = fault.New(fault.KindConflict, "banner_stays", "This announcement cannot be put away.")
	// ErrClosed and ErrReadOnly are what a portal answers during a window.
	ErrClosed   = fault.New(fault.KindUnavailable, "portal_maintenance", "This portal is closed for maintenance. Try again when it is over.")
	ErrReadOnly = fault.New(fault.KindUnavailable, "portal_maintenance_read_only", "This portal is being maintained, so nothing can be changed now. Reading goes on; try again when it is over.")
)
