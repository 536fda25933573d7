package web

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/question"
	"lyceum/themes"
)

// TestDesk is where tests are written.
type TestDesk struct {
	*Site
	Tests   *assessment.Service
	Banks   *bank.Service
	Catalog *catalog.Service
	Content *content.Service
}

func (t TestDesk) page(c *fiber.Ctx) (out themes.TestEditPage, err error) {
	course, lesson, err := within(c)
	if err != nil {
		return out, err
	}
	ctx := c.UserContext()
	written, err := t.Catalog.Lesson(ctx, course, lesson)
	if err != nil {
		return out, err
	}
	out.Course, out.Lesson, out.Picking = written.Course, written.Lesson, -1
	rules, err := t.Tests.Rules(ctx, course, lesson)
	if err != nil {
		return out, err
	}
	out.Number, out.Heads = rules.Number, rules.Heads
	out.Form = themes.NewTestForm(rules.Settings, momentOf(ctx, rules.OpensAt), momentOf(ctx, rules.ClosesAt))
	list, err := t.Banks.Banks(ctx, bank.BankFilter{Page: page.Request{Limit: page.MaxLimit}})
	out.Banks = list.Items
	return out, err
}

// Edit shows the test of a lesson to its author.
func (t TestDesk) Edit(c *fiber.Ctx) error {
	p, err := t.page(c)
	if err != nil {
		return err
	}
	return t.show(c, p)
}

// Save does what a button of the editor says.
func (t TestDesk) Save(c *fiber.Ctx) error {
	p, err := t.page(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	ctx, do := c.UserContext(), f.get("do")
	p.Form = themes.ReadTestForm(f.get, f.all)
	if p.Number, err = strconv.Atoi(f.get("number")); err != nil {
		p.Number = -1
	}
	if do != "" && do != "save" {
		picked := pickedOf(f)
		ids := []uid.ID{}
		for _, r := range picked {
			ids = append(ids, r.Question)
		}
		for _, sec := range p.Form.Sections {
			for _, r := range sec.Fixed {
				ids = append(ids, r.Question)
			}
		}
		if p.Heads, err = t.Tests.Heads(ctx, ids); err != nil {
			return err
		}
		p.Form = p.Form.Apply(do, picked, p.Heads)
		if err = t.offer(c, f, do, &p); err != nil {
			return err
		}
		return t.showWith(c, fiber.StatusOK, p)
	}
	wrong := fault.Fields{}
	s := p.Form.Settings(wrong)
	s.OpensAt, s.ClosesAt = f.moment(ctx, wrong, "opens_at"), f.moment(ctx, wrong, "closes_at")
	if err = wrong.Err(); err == nil {
		_, err = t.Tests.SetSettings(ctx, assessment.SetInput{Course: p.Course.ID, Lesson: p.Lesson.ID, Number: p.Number, Settings: s})
	}
	if err == nil {
		return t.done(c, p.At(), themes.FlashSaved, "")
	}
	ids := []uid.ID{}
	for _, sec := range s.Sections {
		for _, r := range sec.Fixed {
			ids = append(ids, r.Question)
		}
	}
	heads, failed := t.Tests.Heads(ctx, ids)
	if failed != nil {
		return failed
	}
	return t.refused(c, err, func(wrong *fault.Fault) themes.Page {
		p.Problem, p.Heads = wrong, heads
		return p
	})
}

func pickedOf(f form) (refs []bank.Ref) {
	for _, text := range f.all("picked") {
		id, number, _ := strings.Cut(text, ":")
		asked, ok := uid.Parse(id)
		if n, err := strconv.Atoi(number); ok && err == nil {
			refs = append(refs, bank.Ref{Question: asked, Version: n})
		}
	}
	return refs
}

// offer lists what may be picked, where that was asked for.
func (t TestDesk) offer(c *fiber.Ctx, f form, do string, p *themes.TestEditPage) error {
	section, ok := strings.CutPrefix(do, "pick.")
	n, err := strconv.Atoi(section)
	if !ok || err != nil || len(p.Banks) == 0 {
		return nil
	}
	p.Picking, p.From, p.Query = n, f.get("from"), f.get("q")
	if p.From == "" {
		p.From = p.Banks[0].ID.String()
	}
	at, ok := uid.Parse(p.From)
	if !ok {
		return nil
	}
	list, err := t.Banks.Questions(c.UserContext(), bank.Filter{Bank: at, Query: p.Query, Page: page.Request{Limit: page.MaxLimit}})
	if err != nil {
		return err
	}
	taken := map[uid.ID]bool{}
	for _, sec := range p.Form.Sections {
		for _, r := range sec.Fixed {
			taken[r.Question] = true
		}
	}
	for _, q := range list.Items {
		if q.Version > 0 && q.ArchivedAt == nil && !taken[q.ID] {
			p.Offered = append(p.Offered, q)
		}
	}
	return nil
}

// Try shows a test as its author tries it; with a form what the answers come to. Nothing is kept.
func (t TestDesk) Try(c *fiber.Ctx) error {
	p, err := t.page(c)
	if err != nil {
		return err
	}
	ctx, at := c.UserContext(), p.At()+"/try"
	seed, err := strconv.ParseUint(query(c, "seed"), 10, 64)
	if err != nil {
		seed = uint64(t.now().UnixNano())
	}
	v, err := t.Tests.Try(ctx, p.Course.ID, p.Lesson.ID, seed, nil)
	if err != nil {
		return err
	}
	if c.Method() != fiber.MethodPost {
		return t.show(c, t.trying(v, at, p.At(), seed))
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	answers := map[int]question.Answer{}
	for _, i := range v.Items {
		if answers[i.Slot], err = answerOf(f, themes.AskedItem{Item: i}); err != nil {
			return err
		}
	}
	if v, err = t.Tests.Try(ctx, p.Course.ID, p.Lesson.ID, seed, answers); err != nil {
		return err
	}
	page := t.trying(v, at, p.At(), seed)
	return t.showWith(c, fiber.StatusOK, themes.TestResultPage{View: v, Items: page.Items, At: at, Back: p.At(), Preview: true})
}

func (t TestDesk) trying(v assessment.View, at, back string, seed uint64) themes.TestPage {
	page := themes.TestPage{View: v, At: at, Back: back, Preview: true, Seed: seed}
	for _, i := range v.Items {
		item := themes.NewAskedItem(i, "/files", prose)
		if i.Asked.Picture != nil {
			item.Picture = "/files/" + i.Asked.Picture.String() + "/picture"
		}
		page.Items = append(page.Items, item)
	}
	return page
}
