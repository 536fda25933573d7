// Package search finds courses, lessons, what is said in films, people and groups, as one types. What can be found stands in
// one table of entries, which jobs fill from what happened; who may find what is decided in the query itself, by what is
// true at that moment. It keeps nothing that is not kept elsewhere: everything can be built anew.
package search

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Kind is what sort of thing was found.
type Kind string

const (
	// KindCourse is a course, by its title and summary.
	KindCourse Kind = "course"
	// KindLesson is a lesson, by its title; for who is in the course by its text too.
	KindLesson Kind = "lesson"
	// KindCaption is a moment of a film, by what is said in it.
	KindCaption Kind = "caption"
	// KindPerson is a person.
	KindPerson Kind = "person"
	// KindGroup is a group of people.
	KindGroup Kind = "group"
)

// Kinds lists them in the order in which pages offer them.
func Kinds() []Kind { return []Kind{KindCourse, KindLesson, KindCaption, KindPerson, KindGroup} }

// Question is what someone looks for.
type Question struct {
	Text   string
	Kinds  []Kind // none: all
	Locale string // of who asks: entries in it come first
	Limit  int    // 1 to 50; 0 is 8, what is offered while one types
}

// Limits of what is answered.
const (
	LimitTyping = 8
	LimitPage   = 50
)

// Result is one thing that was found.
type Result struct {
	Kind        Kind
	ID          uid.ID // of the course, lesson, person or group; of a caption the lesson's
	CourseID    *uid.ID
	CourseSlug  string
	CourseTitle string
	Language    string
	Draft       bool // found in what is not published
	Inside      bool // who asks is in the course
	Seconds     int  // of a caption: where in the film
	Title       []Piece
	Excerpt     []Piece // nil where only the title was found
}

// Path is where it stands in the portal.
func (r Result) Path() string {
	switch {
	case r.Kind == KindPerson:
		return "/people/" + r.ID.String()
	case r.Kind == KindGroup:
		return "/groups/" + r.ID.String()
	case r.CourseID == nil:
		return "/"
	case r.Kind == KindCourse && !r.Draft:
		return "/courses/" + r.CourseSlug
	case r.Kind == KindCourse:
		return "/studio/" + r.CourseID.String()
	case r.Inside && !r.Draft && r.Kind == KindCaption:
		return "/learn/" + r.CourseSlug + "/" + r.ID.String() + "#t=" + strconv.Itoa(r.Seconds)
	case r.Inside && !r.Draft:
		return "/learn/" + r.CourseSlug + "/" + r.ID.String()
	case r.Draft || r.Kind == KindCaption:
		return "/studio/" + r.CourseID.String() + "/lessons/" + r.ID.String()
	}
	return "/courses/" + r.CourseSlug
}

// Results are what was found, the best first.
type Results struct {
	Items []Result
	// Guessed says that nothing was found as it was typed: these are what is nearest to it.
	Guessed bool
}

// Found is an entry as the store finds it.
type Found struct {
	Kind        Kind
	Ref         uid.ID
	Draft       bool
	Language    string
	CourseID    *uid.ID
	CourseSlug  string
	CourseTitle string
	Inside      bool
	Seconds     int
	Title       string
	Body        string
}

// Wanted is a question as the store takes it.
type Wanted struct {
	All, Title, Exact, Own string // in PostgreSQL's terms
	Kinds                  []Kind
	Viewer                 Viewer
	Language               string
	Fresh                  time.Time // what was published since counts for more
	Limit                  int
}

// Viewer is who looks.
type Viewer struct {
	Person  uid.ID
	Courses bool // finds courses
	Drafts  bool // finds everything that is taught, drafts too
	People  bool // finds people and groups
}

// CourseTexts is all that a course says, in one of its versions.
type CourseTexts struct {
	Version catalog.Version
	Lessons []catalog.Lesson
	Others  []Text // in other languages
}

// Text is a part of a version in another language.
type Text struct {
	Language       string
	Part           uid.ID // the version or a lesson
	Title          string
	Body           string
	CaptionsFileID *uid.ID
}

// Keeper is what searching needs kept; all but InTenant joins the running transaction.
type Keeper interface {
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// FindEntries gives the best entry of each thing found, the best first.
	FindEntries(ctx context.Context, w Wanted) ([]Found, error)
	// Stems gives the stems of words in the languages of the portal's courses.
	Stems(ctx context.Context, words []string) (map[string][]string, error)
	// WordsNear gives words that are kept with one of these keys (see Near), at most n; WordsWith those that hold one of
	// these parts.
	WordsNear(ctx context.Context, keys []string, n int) ([]string, error)
	WordsWith(ctx context.Context, parts []string, n int) ([]string, error)

	CourseByID(ctx context.Context, id uid.ID) (catalog.Course, error)
	TextsOfVersion(ctx context.Context, version uid.ID) (CourseTexts, error)
	// FindablePeople and FindableGroups give entries of those that are there; deactivated people are not.
	FindablePeople(ctx context.Context, ids []uid.ID) ([]Entry, error)
	FindableGroups(ctx context.Context, ids []uid.ID) ([]Entry, error)
	// PutCourseEntries replaces all entries of a course, PutEntries those of things of a kind.
	PutCourseEntries(ctx context.Context, course uid.ID, entries []Entry, at time.Time) error
	PutEntries(ctx context.Context, kind Kind, refs []uid.ID, entries []Entry, at time.Time) error
	// PutWords keeps words, each with its keys.
	PutWords(ctx context.Context, words []string) error
	// StaleCourses, StalePeople and StaleGroups give, by id, what changed since it was indexed or less than a minute before (it
	// may have been committed later), was never indexed, or is to be found no more; at most n after one.
	StaleCourses(ctx context.Context, after uid.ID, n int) ([]uid.ID, error)
	StalePeople(ctx context.Context, after uid.ID, n int) ([]uid.ID, error)
	StaleGroups(ctx context.Context, after uid.ID, n int) ([]uid.ID, error)
	// ClearSearch forgets all entries and words.
	ClearSearch(ctx context.Context) error
}

// Captions reads a captions file (WebVTT) as the system.
type Captions func(ctx context.Context, file uid.ID) ([]byte, error)

// Options is what the service works with.
type Options struct {
	Keep     Keeper   // required
	Captions Captions // nil: films are not searched
	Now      clock.Clock
}

// Service finds, and keeps what can be found.
type Service struct {
	keep     Keeper
	captions Captions
	now      clock.Clock
}

// New makes the service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = clock.Real
	}
	return &Service{keep: o.Keep, captions: o.Captions, now: o.Now}
}

// few is how many results make a second look for what may have been meant needless.
const few = 3

// freshness is how long what was published counts as new.
const freshness = 30 * 24 * time.Hour

// Search finds what fits every word of a question, as words begin; where that is little, also what may have been meant. Who
// asks finds published courses they may see (course:read), the texts of courses they are in, drafts with course:edit, people
// and groups with person:read. A question without a word finds nothing. It needs course:read or person:read.
func (s *Service) Search(ctx context.Context, q Question) (out Results, err error) {
	who, _ := auth.PrincipalFrom(ctx)
	v := Viewer{Person: who.PersonID, Courses: who.May.Has(policy.CourseRead), Drafts: who.May.Has(policy.CourseEdit), People: who.May.Has(policy.PersonRead)}
	if !v.Courses && !v.People {
		return out, auth.Require(ctx, policy.CourseRead)
	}
	if err := q.validate(); err != nil {
		return out, err
	}
	terms := parse(q.Text)
	if len(terms) == 0 {
		return out, nil
	}
	w := Wanted{Kinds: q.Kinds, Viewer: v, Language: q.Locale, Fresh: s.now().Add(-freshness), Limit: q.Limit}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.stem(ctx, terms); err != nil {
			return err
		}
		found, err := s.find(ctx, w, terms)
		if err != nil {
			return err
		}
		out = Results{Items: shownAll(found, terms)}
		if len(found) >= min(few, w.Limit) {
			return nil
		}
		wider, err := s.widen(ctx, terms)
		if err != nil || wider == nil {
			return err
		}
		more, err := s.find(ctx, w, wider)
		out = Results{Items: merged(out.Items, shownAll(more, wider), w.Limit), Guessed: len(found) == 0 && len(more) > 0}
		return err
	})
	return out, err
}

func (q *Question) validate() error {
	f := fault.Fields{}
	for _, k := range q.Kinds {
		known := false
		for _, one := range Kinds() {
			known = known || one == k
		}
		f.Check(known, "kind", "Choose what to look for from the list.")
	}
	if len(q.Kinds) == 0 {
		q.Kinds = Kinds()
	}
	f.Check(q.Limit >= 0 && q.Limit <= LimitPage, "limit", fmt.Sprintf("Ask for 1 to %d results.", LimitPage))
	if q.Limit == 0 {
		q.Limit = LimitTyping
	}
	return f.Err()
}

func (s *Service) find(ctx context.Context, w Wanted, terms []term) ([]Found, error) {
	a := ask(terms)
	w.All, w.Title, w.Exact, w.Own = a.All, a.Title, a.Exact, a.Own
	return s.keep.FindEntries(ctx, w)
}

// stem fills in the stems of the terms' words.
func (s *Service) stem(ctx context.Context, terms []term) error {
	var words []string
	for _, t := range terms {
		if !t.run {
			words = append(words, t.words...)
		}
	}
	if len(words) == 0 {
		return nil
	}
	stems, err := s.keep.Stems(ctx, words)
	if err != nil {
		return err
	}
	for i, t := range terms {
		if t.run {
			continue
		}
		for _, w := range t.words {
			terms[i].stems = append(terms[i].stems, stems[w]...)
		}
	}
	return nil
}

// What one word is widened to at most.
const (
	wordsMet      = 600 // words that are compared with what was typed
	wordsMeant    = 6
	wordsHolding  = 40
	holdingLetter = 4 // letters that a part of a word has at least
)

// widen gives the terms with what each word may have meant, and with longer words that hold it; nil where there is nothing.
func (s *Service) widen(ctx context.Context, terms []term) ([]term, error) {
	var keys, parts []string
	for _, t := range terms {
		if t.run {
			continue
		}
		if n := len([]rune(t.words[0])); n >= holdingLetter {
			keys, parts = append(keys, Near(t.words[0])...), append(parts, t.words[0])
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	near, err := s.keep.WordsNear(ctx, keys, wordsMet)
	if err != nil {
		return nil, err
	}
	holding, err := s.keep.WordsWith(ctx, parts, wordsHolding)
	if err != nil {
		return nil, err
	}
	wider, more := make([]term, len(terms)), false
	for i, t := range terms {
		wider[i] = t
		if t.run {
			continue
		}
		wider[i].words = append(append([]string{}, t.words...), meant(t.words[0], near, i == len(terms)-1, wordsMeant)...)
		for _, w := range holding {
			if len([]rune(t.words[0])) >= holdingLetter && holds(w, t.words[0]) {
				wider[i].words = append(wider[i].words, w)
			}
		}
		more = more || len(wider[i].words) > len(t.words)
	}
	if !more {
		return nil, nil
	}
	return wider, nil
}

func shownAll(found []Found, terms []term) []Result {
	out := make([]Result, len(found))
	for i, f := range found {
		out[i] = Result{
			Kind: f.Kind, ID: f.Ref, CourseID: f.CourseID, CourseSlug: f.CourseSlug, CourseTitle: f.CourseTitle, Language: f.Language,
			Draft: f.Draft, Inside: f.Inside, Seconds: f.Seconds, Title: mark(f.Title, terms), Excerpt: excerpt(f.Body, terms),
		}
	}
	return out
}

// merged puts what was guessed behind what was found.
func merged(found, guessed []Result, limit int) []Result {
	seen := map[string]bool{}
	for _, r := range found {
		seen[string(r.Kind)+r.ID.String()] = true
	}
	for _, r := range guessed {
		if len(found) < limit && !seen[string(r.Kind)+r.ID.String()] {
			found = append(found, r)
		}
	}
	return found
}

// Moment writes a place in a film as players do: 1:23, 1:02:03.
func Moment(seconds int) string {
	if seconds >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}
