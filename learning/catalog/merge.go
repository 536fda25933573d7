package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/lines"
	"lyceum/internal/uid"
)

// Merge is what two authors made of one lesson at the same time: mine, which could not be saved, theirs, which was, and
// a proposal that keeps all of both.
type Merge struct {
	Written               // theirs, with the revision to save the proposal on
	By      *uid.ID       // who saved theirs
	Name    string        // of them
	At      *time.Time    // when
	Mine    LessonInput   // as it would have been kept
	Merged  LessonInput   // the proposal
	Body    lines.Merged  // how the proposal's text came about
	Clashes []string      // fields of LessonInput that both changed, each otherwise; in the proposal they are mine, texts are both
	Mended  []QuestionFix // questions that both changed
}

// QuestionFix is a question that both changed, each otherwise.
type QuestionFix struct{ Mine, Theirs Question }

// Clean tells whether nothing clashes.
func (m Merge) Clean() bool { return len(m.Clashes) == 0 && len(m.Mended) == 0 }

// MergeLesson puts what could not be saved, because it was made on an earlier revision, together with what the lesson
// says now; nothing is kept. It needs course:edit.
func (s *Service) MergeLesson(ctx context.Context, course, lesson uid.ID, in LessonSave) (m Merge, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Merge{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if m.Written, err = s.written(ctx, course, lesson, false); err != nil {
			return err
		}
		if m.Mine, err = s.checkedLesson(ctx, m.Lesson, in.Lesson, false); err != nil {
			return err
		}
		base := LessonInput{Kind: m.Lesson.Kind}
		kept, err := s.keep.LessonSaveUpTo(ctx, course, lesson, in.Revision)
		switch {
		case in.Revision > m.Lesson.Revision: // of no state that ever was
			base = m.Lesson.Input()
		case err == nil:
			base = LessonInput(kept.Content)
		case !errors.Is(err, ErrSaveNotFound):
			return err
		}
		latest, err := s.keep.LessonSaveUpTo(ctx, course, lesson, m.Lesson.Revision)
		switch {
		case err == nil:
			all := []Save{latest}
			if err = s.name(ctx, all); err != nil {
				return err
			}
			m.By, m.Name, m.At = latest.SavedBy, all[0].Name, &latest.SavedAt
		case !errors.Is(err, ErrSaveNotFound):
			return err
		}
		m.merge(base)
		return nil
	})
	return m, err
}

// merge fills in the proposal.
func (m *Merge) merge(base LessonInput) {
	theirs := m.Lesson.Input()
	b, mine, their := fieldsOf(base), fieldsOf(m.Mine), fieldsOf(theirs)
	out := map[string]json.RawMessage{}
	for name := range mine {
		switch {
		case name == "Body" || name == "Questions":
			continue
		case bytes.Equal(mine[name], b[name]):
			out[name] = their[name]
		default:
			out[name] = mine[name]
			if !bytes.Equal(their[name], b[name]) && !bytes.Equal(their[name], mine[name]) {
				m.Clashes = append(m.Clashes, name)
			}
		}
	}
	all, err := json.Marshal(out)
	if err == nil {
		err = json.Unmarshal(all, &m.Merged)
	}
	if err != nil {
		panic(err) // unreachable: what was marshalled a moment ago
	}
	m.Body = lines.Merge(base.Body, m.Mine.Body, theirs.Body)
	m.Merged.Body = m.Body.Text()
	if len(m.Body.Clashes()) > 0 {
		m.Clashes = append(m.Clashes, "Body")
	}
	m.mergeQuestions(base.Questions, theirs.Questions)
	slices.Sort(m.Clashes)
}

// mergeQuestions keeps my order, each question as who changed it left it; what they added comes behind, what one of us
// took away and the other left alone is gone.
func (m *Merge) mergeQuestions(base, theirs Questions) {
	was, their, mine := byQuestion(base), byQuestion(theirs), byQuestion(m.Mine.Questions)
	var out Questions
	for _, q := range m.Mine.Questions {
		b, inBase := was[q.ID]
		t, inTheirs := their[q.ID]
		switch {
		case !inTheirs && inBase && alike(q, b): // they took it away
		case inTheirs && alike(q, b):
			out = append(out, t)
		default:
			out = append(out, q)
			if inTheirs && !alike(t, b) && !alike(t, q) {
				m.Mended = append(m.Mended, QuestionFix{q, t})
			}
		}
	}
	for _, t := range theirs {
		b, inBase := was[t.ID]
		if _, inMine := mine[t.ID]; !inMine && (!inBase || !alike(t, b)) {
			out = append(out, t)
		}
	}
	m.Merged.Questions = out
}

func byQuestion(q Questions) map[uid.ID]Question {
	out := make(map[uid.ID]Question, len(q))
	for _, one := range q {
		out[one.ID] = one
	}
	return out
}

func alike(a, b Question) bool {
	return a.ID == b.ID && a.Prompt == b.Prompt && a.Explanation == b.Explanation && slices.Equal(a.Options, b.Options)
}

// fieldsOf gives what a lesson says by field.
func fieldsOf(in LessonInput) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	all, err := json.Marshal(in.plain())
	if err == nil {
		err = json.Unmarshal(all, &out)
	}
	if err != nil {
		panic(err) // unreachable: a plain value
	}
	return out
}

// differing names the fields in which two inputs differ, but the text.
func differing(a, b LessonInput) (names []string) {
	was := fieldsOf(a)
	for name, value := range maps.All(fieldsOf(b)) {
		if name != "Body" && !bytes.Equal(value, was[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
