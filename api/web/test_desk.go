package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/content"
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

// List shows the attempts at a test.
func (m TestMarking) List(c *fiber.Ctx) error {
	place, err := m.place(c, "attempts")
	if err != nil {
		return err
	}
	out := themes.TestSittingsPage{TestPlace: place}
	switch s := assessment.Status(query(c, "status")); s {
	case assessment.StatusRunning, assessment.StatusToMark, assessment.StatusGraded:
		out.Status = s
	default:
	}
	out.Sittings, out.Titles, err = m.Tests.Sittings(c.UserContext(), assessment.SittingFilter{Course: place.Course, Lesson: place.Lesson, Status: out.Status, Page: after(c)})
	if err != nil {
		return err
	}
	return m.show(c, out)
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
	out.Marks = map[int]themes.TestMarkForm{}
	for _, i := range out.Review.View.Items {
		item := themes.NewAskedItem(i, "/files", prose)
		if i.Asked.Picture != nil {
			item.Picture = "/files/" + i.Asked.Picture.String() + "/picture"
		}
		out.Items = append(out.Items, item)
		if given := out.Review.History[i.Slot]; len(given) > 0 {
			last := given[len(given)-1]
			out.Marks[i.Slot] = themes.TestMarkForm{Points: themes.PointsTyped(last.Share, i.Marks), Comment: last.Comment}
		}
	}
	return out, nil
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
	if f.get("do") == "allow" {
		p.Percent, p.Tries, p.Reason = f.get("more_percent"), f.get("more_attempts"), f.get("reason")
		err = m.allow(c.UserContext(), p)
	} else {
		err = m.mark(c.UserContext(), p, f)
	}
	if err == nil {
		return m.done(c, at, themes.FlashSaved, "")
	}
	return m.refused(c, err, func(wrong *fault.Fault) themes.Page {
		p.Problem = wrong
		return p
	})
}

// mark gives every mark that was typed and differs from the newest there is; all of them are read before any is given.
func (m TestMarking) mark(ctx context.Context, p themes.TestReviewPage, f form) error {
	wrong := fault.Fields{}
	var list []assessment.MarkInput
	for _, i := range p.Review.View.Items {
		if !p.ByHand(i.Slot) {
			continue
		}
		slot := strconv.Itoa(i.Slot)
		before, typed := p.Marks[i.Slot], themes.TestMarkForm{Points: strings.TrimSpace(f.get("points." + slot)), Comment: strings.TrimSpace(f.get("comment." + slot))}
		p.Marks[i.Slot] = typed
		if typed == before || typed == (themes.TestMarkForm{}) {
			continue
		}
		share, ok := themes.ShareTyped(typed.Points, i.Marks)
		wrong.Check(ok, "points."+slot, "Give none to all of the marks.")
		list = append(list, assessment.MarkInput{Attempt: p.Review.ID, Slot: i.Slot, Share: share, Comment: typed.Comment})
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	return m.Tests.MarkAll(ctx, list)
}

func (m TestMarking) allow(ctx context.Context, p themes.TestReviewPage) error {
	wrong := fault.Fields{}
	number := func(field, text string) int {
		if text = strings.TrimSpace(text); text == "" {
			return 0
		}
		n, err := strconv.Atoi(text)
		wrong.Check(err == nil, field, "Enter a whole number.")
		return n
	}
	in := assessment.Allowance{LessonID: p.Lesson, MorePercent: number("more_percent", p.Percent), MoreTries: number("more_attempts", p.Tries), Reason: strings.TrimSpace(p.Reason)}
	if err := wrong.Err(); err != nil {
		return err
	}
	return m.Tests.AllowAfter(ctx, p.Review.ID, in)
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
