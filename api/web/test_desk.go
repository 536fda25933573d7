package web

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/content"
	"lyceum/learning/question"
	"lyceum/learning/rubric"
	"lyceum/themes"
)

// TestMarking is the attempts at a test, for those who mark them.
type TestMarking struct {
	*Site
	Tests   *assessment.Service
	Content *content.Service
}

func (m TestMarking) place(c *fiber.Ctx, tab string) (p themes.TestPlace, err error) {
	p.Tab = tab
	p.Course, p.Lesson, err = within(c)
	return p, err
}

func (m TestMarking) list(c *fiber.Ctx) (out themes.TestSittingsPage, err error) {
	if out.TestPlace, err = m.place(c, "attempts"); err != nil {
		return out, err
	}
	switch s := assessment.Status(query(c, "status")); s {
	case assessment.StatusRunning, assessment.StatusToMark, assessment.StatusGraded:
		out.Status = s
	default:
	}
	out.Sittings, out.Titles, err = m.Tests.Sittings(c.UserContext(), assessment.SittingFilter{Course: out.Course, Lesson: out.Lesson, Status: out.Status, Page: after(c)})
	return out, err
}

// List shows the attempts at a test.
func (m TestMarking) List(c *fiber.Ctx) error {
	p, err := m.list(c)
	if err != nil {
		return err
	}
	return m.show(c, p)
}

func (m TestMarking) page(c *fiber.Ctx) (out themes.TestReviewPage, err error) {
	if out.TestPlace, err = m.place(c, "attempts"); err != nil {
		return out, err
	}
	attempt, err := id(c, "attempt")
	if err != nil {
		return out, err
	}
	if out.Review, err = m.Tests.Review(c.UserContext(), out.Course, attempt); err != nil {
		return out, err
	}
	if out.Review.LessonID != out.Lesson {
		return out, assessment.ErrAttempt
	}
	out.Titles = out.Review.View.Outline
	who, _ := auth.PrincipalFrom(c.UserContext())
	out.Marks = map[int]themes.TestMarkForm{}
	for _, i := range out.Review.View.Items {
		item := themes.NewAskedItem(i, "/files", prose)
		if i.Asked.Picture != nil {
			item.Picture = "/files/" + i.Asked.Picture.String() + "/picture"
		}
		out.Items = append(out.Items, item)
		if last, ok := lastMark(out.Review, i.Slot, who.PersonID); ok {
			out.Marks[i.Slot] = themes.TestMarkForm{Points: themes.PointsTyped(last.Share, i.Marks), Comment: last.Comment, Picks: picksOf(last.Picks)}
			if out.Rubric(i.Slot) != nil {
				out.Marks[i.Slot] = themes.TestMarkForm{Comment: last.Comment, Picks: picksOf(last.Picks)}
			}
		}
	}
	out.Answers = map[int]themes.TestAnswerForm{}
	if more := out.Review.More; more.Reason != "" {
		out.Allow.Percent, out.Allow.Tries = strconv.Itoa(more.MorePercent), strconv.Itoa(more.MoreTries)
	}
	return out, nil
}

// lastMark is the mark with which the fields of an answer begin: the newest, or where two people mark one's own.
func lastMark(r assessment.Review, slot int, person uid.ID) (out assessment.Mark, found bool) {
	for _, m := range r.History[slot] {
		if !r.View.Settings.TwoMarkers || m.MarkerID == person && m.Kind == assessment.MarkGiven && r.MayNot[slot] == nil {
			out, found = m, true
		}
	}
	return out, found
}

func picksOf(list []assessment.Picked) map[int]rubric.Pick {
	out := map[int]rubric.Pick{}
	for _, p := range list {
		out[p.Criterion] = p.Pick
	}
	return out
}

// Show shows an attempt to who marks it.
func (m TestMarking) Show(c *fiber.Ctx) error {
	p, err := m.page(c)
	if err != nil {
		return err
	}
	return m.show(c, p)
}

// Post takes marks, or gives the person more time or attempts.
func (m TestMarking) Post(c *fiber.Ctx) error {
	p, err := m.page(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	at := p.At() + "/attempts/" + p.Review.ID.String()
	ctx, do := c.UserContext(), f.get("do")
	word, rest, _ := strings.Cut(do, ".")
	slot, bad := strconv.Atoi(rest)
	switch {
	case do == "allow":
		p.Allow = typedAllowance(f)
		err = m.allow(ctx, p)
	case word == "agree" && bad == nil:
		err = m.agree(ctx, p, f, slot)
	case (word == "keep" || word == "change") && bad == nil:
		err = m.answer(ctx, p, f, slot, word == "change")
	default:
		err = m.mark(ctx, p, f)
	}
	if err == nil {
		return m.done(c, at, themes.FlashSaved, "")
	}
	return m.refused(c, err, func(wrong *fault.Fault) themes.Page {
		p.Problem = wrong
		return p
	})
}

// typedMark reads the fields of one answer: points, comment, criteria and said, behind a prefix.
func typedMark(f form, prefix string, slot int) themes.TestMarkForm {
	at := func(field string) string { return fmt.Sprintf("%s%s.%d", prefix, field, slot) }
	out := themes.TestMarkForm{Points: strings.TrimSpace(f.get(at("points"))), Comment: strings.TrimSpace(f.get(at("comment"))), Picks: map[int]rubric.Pick{}}
	for i := range rubric.MaxCriteria {
		if level, err := strconv.Atoi(f.get(fmt.Sprintf("%s.%d", at("criteria"), i))); err == nil {
			out.Picks[i] = rubric.Pick{Criterion: i, Level: level, Comment: strings.TrimSpace(f.get(fmt.Sprintf("%s.%d", at("said"), i)))}
		}
	}
	return out
}

// judgement is what was typed for an answer.
func judgement(p themes.TestReviewPage, typed themes.TestMarkForm, slot int, field string, wrong fault.Fields) (share question.Share, picks []rubric.Pick) {
	if p.Rubric(slot) != nil {
		for _, n := range slices.Sorted(maps.Keys(typed.Picks)) {
			picks = append(picks, typed.Picks[n])
		}
		return 0, picks
	}
	share, ok := themes.ShareTyped(typed.Points, p.Review.Slots[slot].Marks)
	wrong.Check(ok, fmt.Sprintf("%s.%d", field, slot), "Give none to all of the marks.")
	return share, nil
}

// mark gives every mark that was typed and differs from the newest there is; all of them are read before any is given.
func (m TestMarking) mark(ctx context.Context, p themes.TestReviewPage, f form) error {
	wrong := fault.Fields{}
	var list []assessment.MarkInput
	for _, i := range p.Review.View.Items {
		if !p.ByHand(i.Slot) || p.MayNot(i.Slot) != nil {
			continue
		}
		before, typed := p.Marks[i.Slot], typedMark(f, "", i.Slot)
		p.Marks[i.Slot] = typed
		if typed.Same(before) || typed.Same(themes.TestMarkForm{}) {
			continue
		}
		in := assessment.MarkInput{Attempt: p.Review.ID, Slot: i.Slot, Comment: typed.Comment}
		in.Share, in.Picks = judgement(p, typed, i.Slot, "points", wrong)
		list = append(list, in)
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	return renamed(m.Tests.MarkAll(ctx, list), func(field string) string {
		parts := strings.SplitN(field, ".", 3)
		n, err := strconv.Atoi(parts[min(1, len(parts)-1)])
		if err != nil || len(parts) < 3 || n >= len(list) {
			return field
		}
		return slotField(parts[2], list[n].Slot)
	})
}

// slotField is how the form names a field of the mark of a slot.
func slotField(field string, slot int) string {
	name, rest, more := strings.Cut(field, ".")
	if name == "share" {
		name = "points"
	}
	out := name + "." + strconv.Itoa(slot)
	if more {
		out += "." + rest
	}
	return out
}

// agree writes down what the markers of an answer agreed on.
func (m TestMarking) agree(ctx context.Context, p themes.TestReviewPage, f form, slot int) error {
	if slot < 0 || slot >= len(p.Review.Slots) {
		return assessment.ErrNoSuchSlot
	}
	wrong, typed := fault.Fields{}, typedMark(f, "", slot)
	p.Marks[slot] = typed
	in := assessment.MarkInput{Attempt: p.Review.ID, Slot: slot, Comment: typed.Comment, Agreed: true}
	in.Share, in.Picks = judgement(p, typed, slot, "points", wrong)
	if err := wrong.Err(); err != nil {
		return err
	}
	_, err := m.Tests.Mark(ctx, in)
	return renamed(err, func(field string) string { return slotField(field, slot) })
}

// answer answers an objection.
func (m TestMarking) answer(ctx context.Context, p themes.TestReviewPage, f form, slot int, change bool) error {
	if slot < 0 || slot >= len(p.Review.Slots) {
		return assessment.ErrNoSuchSlot
	}
	wrong, typed := fault.Fields{}, themes.TestAnswerForm{Answer: f.get("answer." + strconv.Itoa(slot)), TestMarkForm: typedMark(f, "changed.", slot)}
	p.Answers[slot] = typed
	in := assessment.AnswerInput{Attempt: p.Review.ID, Slot: slot, Change: change, Answer: typed.Answer}
	if change {
		in.Share, in.Picks = judgement(p, typed.TestMarkForm, slot, "changed.points", wrong)
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	return renamed(m.Tests.AnswerAppeal(ctx, in), func(field string) string {
		if field == "answer" {
			return slotField(field, slot)
		}
		return "changed." + slotField(field, slot)
	})
}

// allowed reads what is to be allowed: an empty field leaves it as it is.
func allowed(p themes.TestAllowForm) (in assessment.AllowInput, err error) {
	wrong := fault.Fields{}
	number := func(field, text string) *int {
		if text = strings.TrimSpace(text); text == "" {
			return nil
		}
		n, err := strconv.Atoi(text)
		wrong.Check(err == nil, field, "Enter a whole number.")
		return &n
	}
	in = assessment.AllowInput{MorePercent: number("more_percent", p.Percent), MoreTries: number("more_attempts", p.Tries), Reason: strings.TrimSpace(p.Reason)}
	return in, wrong.Err()
}

func typedAllowance(f form) themes.TestAllowForm {
	return themes.TestAllowForm{Open: true, Email: f.get("email"), Percent: f.get("more_percent"), Tries: f.get("more_attempts"), Reason: f.get("reason")}
}

func (m TestMarking) allow(ctx context.Context, p themes.TestReviewPage) error {
	in, err := allowed(p.Allow)
	if err != nil {
		return err
	}
	return m.Tests.AllowAfter(ctx, p.Review.ID, in)
}

// Allow gives somebody in the course more time or attempts, also before their first attempt.
func (m TestMarking) Allow(c *fiber.Ctx) error {
	p, err := m.list(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p.Allow = typedAllowance(f)
	in, err := allowed(p.Allow)
	if err == nil {
		in.Lesson = p.Lesson
		err = m.Tests.AllowPerson(c.UserContext(), p.Course, p.Allow.Email, in)
	}
	if err == nil {
		return m.done(c, p.At()+"/attempts", themes.FlashSaved, "")
	}
	return m.refused(c, err, func(wrong *fault.Fault) themes.Page {
		p.Problem = wrong
		return p
	})
}

// Analysis shows the item analysis of a test.
func (m TestMarking) Analysis(c *fiber.Ctx) error {
	place, err := m.place(c, "analysis")
	if err != nil {
		return err
	}
	out := themes.TestAnalysisPage{TestPlace: place}
	if out.Analysis, err = m.Tests.Analyse(c.UserContext(), place.Course, place.Lesson, query(c, "all") == ""); err != nil {
		return err
	}
	out.Titles = out.Analysis.Titles
	return m.show(c, out)
}

func (m TestMarking) regradePage(c *fiber.Ctx) (out themes.TestRegradePage, err error) {
	if out.TestPlace, err = m.place(c, "regrade"); err != nil {
		return out, err
	}
	out.Mendable, err = m.Tests.Mendable(c.UserContext(), out.Course, out.Lesson)
	out.Titles, out.Chosen = out.Mendable.Titles, map[uid.ID]string{}
	return out, err
}

// Regrading shows what of a test may be graded in another way.
func (m TestMarking) Regrading(c *fiber.Ctx) error {
	p, err := m.regradePage(c)
	if err != nil {
		return err
	}
	return m.show(c, p)
}

// Regrade shows what grading anew would change, or does it.
func (m TestMarking) Regrade(c *fiber.Ctx) error {
	p, err := m.regradePage(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	in := assessment.Regrading{Course: p.Course, Lesson: p.Lesson, Reason: f.get("reason")}
	if in.Number, err = strconv.Atoi(f.get("number")); err != nil {
		in.Number = -1
	}
	p.Reason = in.Reason
	for _, q := range p.Mendable.Asked {
		way := f.get("mend." + q.Question.String())
		if way == "" {
			continue
		}
		p.Chosen[q.Question] = way
		mend := assessment.Mend{Question: q.Question}
		if n, err := strconv.Atoi(way); err == nil {
			mend.Version = n
		} else {
			mend.Counts = assessment.Counts(way)
		}
		in.Mends = append(in.Mends, mend)
	}
	ctx := c.UserContext()
	if f.get("do") == "apply" {
		if _, err = m.Tests.Regrade(ctx, in); err == nil {
			return m.done(c, p.At()+"/regrade", themes.FlashSaved, "")
		}
	} else {
		var preview assessment.Preview
		if preview, err = m.Tests.PreviewRegrade(ctx, in); err == nil {
			p.Preview = &preview
			return m.showWith(c, fiber.StatusOK, p)
		}
	}
	return m.refused(c, err, func(wrong *fault.Fault) themes.Page {
		p.Problem = wrong
		return p
	})
}
