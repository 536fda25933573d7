package search

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/internal/markdown"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Entry is one thing, or a piece of one, as it can be found in one language.
type Entry struct {
	Kind     Kind
	Ref      uid.ID
	Draft    bool
	Language string
	Part     int
	Inner    bool // only for who is in the course
	CourseID *uid.ID
	Seconds  int
	Title    string
	Around   string // found by, and not shown: the course of a lesson
	Body     string
	At       time.Time
}

// Limits of an entry and of a course's entries.
const (
	bodyMax    = 16000 // bytes of one piece of a text
	cuesMax    = 5000  // of one film
	positions  = 16000 // PostgreSQL knows 16,383 places of a word
	wordsAtOne = 2000
)

// Vector is the entry's words as PostgreSQL reads a tsvector: those of the title weigh most (A), what is around it less (C),
// the body least (D).
func (e Entry) Vector() string {
	at, places := 0, map[string][]string{}
	add := func(text, weight string) {
		for _, t := range tokens(text) {
			if at++; at > positions {
				return
			}
			for _, w := range []string{t.word, t.other} {
				if w != "" && len(places[w]) < 200 {
					places[w] = append(places[w], strconv.Itoa(at)+weight)
				}
			}
		}
		at++ // so that no run of characters goes on from one into the next
	}
	add(e.Title, "A")
	add(e.Around, "C")
	add(e.Body, "")
	var b strings.Builder
	for w, list := range places {
		b.WriteString(quoted(w) + ":" + strings.Join(list, ",") + " ")
	}
	return b.String()
}

// Folded is a text as PostgreSQL is to stem it: words without accents, none of a script without spaces.
func Folded(text string) string {
	var b strings.Builder
	for _, t := range tokens(text) {
		if !t.dense {
			b.WriteString(t.word + " ")
		}
	}
	return b.String()
}

// holds tells whether a word holds another behind its beginning.
func holds(word, part string) bool { return strings.Index(word, part) > 0 }

// vocabulary gives the words of entries that may be mistyped: three letters and more.
func vocabulary(entries []Entry) []string {
	seen := map[string]bool{}
	for _, e := range entries {
		for _, text := range []string{e.Title, e.Body} {
			for _, t := range tokens(text) {
				if n := utf8.RuneCountInString(t.word); !t.dense && n >= 3 && n <= 40 && strings.Trim(t.word, "0123456789") != "" {
					seen[t.word] = true
				}
			}
		}
	}
	list := make([]string, 0, len(seen))
	for w := range seen {
		list = append(list, w)
	}
	slices.Sort(list) // two jobs wait for each other and never for ever
	return list
}

// IndexCourse brings a course's entries to what it says now: its published version for those who may see it, its draft for
// authors. A course that is gone is no failure. It asks nobody's permission, as all below: jobs call them, as often as they
// need to.
func (s *Service) IndexCourse(ctx context.Context, course uid.ID) error {
	at := s.now() // before it is read: what changes meanwhile is stale
	var c catalog.Course
	var published, draft CourseTexts
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if c, err = s.keep.CourseByID(ctx, course); err != nil {
			return err
		}
		if c.PublishedID != nil {
			if published, err = s.keep.TextsOfVersion(ctx, *c.PublishedID); err != nil {
				return err
			}
		}
		if c.DraftID != nil {
			draft, err = s.keep.TextsOfVersion(ctx, *c.DraftID)
		}
		return err
	})
	if errors.Is(err, catalog.ErrCourseNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var entries []Entry
	if c.PublishedID != nil {
		entries = s.entriesOf(ctx, c, published, false)
	}
	if c.DraftID != nil {
		entries = append(entries, s.entriesOf(ctx, c, draft, true)...)
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		return s.keep.PutCourseEntries(ctx, course, entries, at)
	})
	if err != nil {
		return err
	}
	return s.putWords(ctx, entries)
}

// putWords keeps the words of entries, in transactions of their own: jobs that add the same ones wait for each other.
func (s *Service) putWords(ctx context.Context, entries []Entry) error {
	for words := range slices.Chunk(vocabulary(entries), wordsAtOne) {
		if err := s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.PutWords(ctx, words) }); err != nil {
			return err
		}
	}
	return nil
}

// entriesOf makes the entries of one version.
func (s *Service) entriesOf(ctx context.Context, c catalog.Course, texts CourseTexts, draft bool) (out []Entry) {
	at := texts.Version.CreatedAt
	if texts.Version.PublishedAt != nil {
		at = *texts.Version.PublishedAt
	}
	course := func(language, title, summary string) Entry {
		return Entry{Kind: KindCourse, Ref: c.ID, Draft: draft, Language: language, CourseID: &c.ID, Title: title, Body: markdown.PlainText(summary), At: at}
	}
	titles := map[string]string{texts.Version.Language: texts.Version.Title}
	out = append(out, course(texts.Version.Language, texts.Version.Title, texts.Version.Summary))
	for _, t := range texts.Others {
		if t.Part == texts.Version.ID && t.Title != "" {
			titles[t.Language] = t.Title
			out = append(out, course(t.Language, t.Title, t.Body))
		}
	}
	for _, l := range texts.Lessons {
		base := Entry{Kind: KindLesson, Ref: l.ID, Draft: draft, CourseID: &c.ID, At: at}
		body := markdown.PlainText(l.Body)
		for _, q := range l.Questions {
			body += "\n" + markdown.PlainText(q.Prompt)
		}
		out = append(out, s.lesson(ctx, base, texts.Version.Language, texts.Version.Title, l.Title, body, l.CaptionsFileID)...)
		for _, t := range texts.Others {
			if t.Part == l.ID {
				title := t.Title
				if title == "" {
					title = l.Title
				}
				out = append(out, s.lesson(ctx, base, t.Language, titles[t.Language], title, markdown.PlainText(t.Body), t.CaptionsFileID)...)
			}
		}
	}
	return out
}

// lesson makes the entries of a lesson in one language: its title, the pieces of its text, its captions.
func (s *Service) lesson(ctx context.Context, base Entry, language, course, title, body string, captions *uid.ID) []Entry {
	base.Language, base.Title, base.Around = language, title, course
	out := []Entry{base}
	base.Inner = true
	for _, piece := range split(body) {
		base.Part++
		base.Body = piece
		out = append(out, base)
	}
	if captions == nil || s.captions == nil {
		return out
	}
	vtt, err := s.captions(ctx, *captions)
	if err != nil {
		return out // a file that cannot be read now is looked at again when the course changes
	}
	base.Kind, base.Part = KindCaption, 0
	cues := Cues(vtt)
	for i, cue := range cues {
		base.Seconds, base.Body = int(cue.At), cue.Text
		if i+1 < len(cues) {
			base.Body += " " + cues[i+1].Text // a sentence may go on
		}
		out = append(out, base)
		base.Part++
	}
	return out
}

// split cuts a text into pieces at the ends of lines or words.
func split(text string) (out []string) {
	for text = strings.TrimSpace(text); len(text) > bodyMax; {
		at := strings.LastIndexAny(text[:bodyMax], "\n")
		if at < bodyMax/2 {
			at = strings.LastIndexAny(text[:bodyMax], " ")
		}
		if at < bodyMax/2 {
			for at = bodyMax; !utf8.RuneStart(text[at]); {
				at--
			}
		}
		out = append(out, text[:at])
		text = strings.TrimSpace(text[at:])
	}
	if text != "" {
		out = append(out, text)
	}
	return out
}

// Cue is what is said at a moment of a film, in seconds.
type Cue struct {
	At   float64
	Text string
}

// Cues reads the cues of a WebVTT file, at most 5,000; what is no cue is passed over.
func Cues(vtt []byte) (out []Cue) {
	blocks := bytes.ReplaceAll(bytes.ReplaceAll(vtt, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	for _, block := range strings.Split(string(blocks), "\n\n") {
		lines := strings.Split(strings.Trim(block, "\n"), "\n")
		for i, line := range lines {
			from, _, timed := strings.Cut(line, "-->")
			if !timed {
				continue
			}
			at, ok := clockTime(strings.TrimSpace(from))
			text := strings.TrimSpace(untagged(strings.Join(lines[i+1:], " ")))
			if ok && text != "" && len(text) < bodyMax/2 && len(out) < cuesMax {
				out = append(out, Cue{at, strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")})
			}
			break
		}
	}
	return out
}

// clockTime reads 00:01:02.500 or 01:02.500.
func clockTime(text string) (seconds float64, ok bool) {
	for _, part := range strings.Split(text, ":") {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil || n < 0 || n > 100000 {
			return 0, false
		}
		seconds = seconds*60 + n
	}
	return seconds, seconds < 1e6
}

// untagged takes the tags out of a cue: <v Anna>, <i>, <00:01.000>.
func untagged(text string) string {
	var b strings.Builder
	for {
		before, rest, tag := strings.Cut(text, "<")
		b.WriteString(before)
		if !tag {
			return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&nbsp;", " ", "&amp;", "&").Replace(b.String())
		}
		_, text, _ = strings.Cut(rest, ">")
	}
}

// IndexPeople brings the entries of people to who they are now; IndexGroups those of groups.
func (s *Service) IndexPeople(ctx context.Context, ids ...uid.ID) error {
	return s.index(ctx, KindPerson, ids, s.keep.FindablePeople)
}

// IndexGroups brings the entries of groups to what they are now.
func (s *Service) IndexGroups(ctx context.Context, ids ...uid.ID) error {
	return s.index(ctx, KindGroup, ids, s.keep.FindableGroups)
}

func (s *Service) index(ctx context.Context, kind Kind, ids []uid.ID, read func(context.Context, []uid.ID) ([]Entry, error)) error {
	at := s.now()
	var entries []Entry
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if entries, err = read(ctx, ids); err != nil {
			return err
		}
		return s.keep.PutEntries(ctx, kind, ids, entries, at)
	})
	if err != nil {
		return err
	}
	return s.putWords(ctx, entries)
}

// staleAtOnce is how many things one turn of Sweep takes.
const staleAtOnce = 500

// Sweep brings up to date what changed and was not indexed since: drafts, which tell no event, and what was there before
// searching was.
func (s *Service) Sweep(ctx context.Context) error {
	for _, step := range []struct {
		stale func(context.Context, uid.ID, int) ([]uid.ID, error)
		index func(context.Context, ...uid.ID) error
	}{
		{s.keep.StaleCourses, func(ctx context.Context, ids ...uid.ID) error {
			for _, id := range ids {
				if err := s.IndexCourse(ctx, id); err != nil {
					return err
				}
			}
			return nil
		}},
		{s.keep.StalePeople, s.IndexPeople}, {s.keep.StaleGroups, s.IndexGroups},
	} {
		for after := uid.Nil; ; {
			var ids []uid.ID
			err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
				ids, err = step.stale(ctx, after, staleAtOnce)
				return err
			})
			if err != nil {
				return err
			}
			if len(ids) > 0 {
				if err := step.index(ctx, ids...); err != nil {
					return err
				}
			}
			if len(ids) < staleAtOnce {
				break
			}
			after = ids[len(ids)-1]
		}
	}
	return nil
}

// Rebuild forgets everything and indexes all anew.
func (s *Service) Rebuild(ctx context.Context) error {
	if err := s.keep.InTenant(ctx, s.keep.ClearSearch); err != nil {
		return err
	}
	return s.Sweep(ctx)
}
