package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/content"
	"lyceum/learning/question"
	"lyceum/themes"
)

// written is the editor of a question as it stands in its bank; of a new one when the address names none.
func (q Questions) written(c *fiber.Ctx) (out themes.QuestionPage, err error) {
	at, err := id(c, "bank")
	if err != nil {
		return out, err
	}
	ctx := c.UserContext()
	if out.Bank, err = q.Banks.Bank(ctx, at); err != nil {
		return out, err
	}
	if c.Params("question") == "" {
		if out.Bank.Access < bank.AccessEdit {
			return out, bank.ErrMaySeeOnly
		}
		kind := question.Kind(query(c, "kind"))
		if !slices.Contains(question.Kinds, kind) {
			kind = question.Single
		}
		out.Form = themes.EmptyQuestionForm(kind, query(c, "folder"))
		return out, nil
	}
	asked, err := id(c, "question")
	if err != nil {
		return out, err
	}
	shown, err := q.Banks.Question(ctx, asked)
	if err == nil && shown.Question.BankID != at {
		err = problem.ErrNotFound
	}
	if err != nil {
		return out, err
	}
	out.Shown = &shown
	out.Form = themes.NewQuestionForm(shown.Question.Body.Question, shown.Question)
	list, err := q.Banks.Banks(ctx, bank.BankFilter{Page: page.Request{Limit: page.MaxLimit}})
	for _, b := range list.Items {
		if b.Access >= bank.AccessEdit {
			out.Banks = append(out.Banks, b)
		}
	}
	preview(&out, shown.Question.Body.Question)
	return out, err
}

// previewSeed shuffles what authors see: always the same, so that trying does not move things.
const previewSeed = 1

// preview shows what is asked.
func preview(out *themes.QuestionPage, body question.Question) {
	asked := question.Ask(body, previewSeed)
	out.Asked, out.Prompt, out.Parts = &asked, prose(asked.Prompt, "ask-"), nil
	if asked.Kind != question.Blanks {
		return
	}
	out.Parts = themes.PromptParts(asked)
}

// New shows the editor of a new question.
func (q Questions) New(c *fiber.Ctx) error { return q.Edit(c) }

// Edit shows a question to its authors.
func (q Questions) Edit(c *fiber.Ctx) error {
	page, err := q.written(c)
	if err != nil {
		return err
	}
	if n := query(c, "version"); n != "" && page.Shown != nil {
		if err := q.asPublished(c, &page, n); err != nil {
			return err
		}
	}
	return q.show(c, page)
}

// asPublished puts what a question was when it was published into the editor, where saving brings it back.
func (q Questions) asPublished(c *fiber.Ctx, page *themes.QuestionPage, n string) error {
	number, err := strconv.Atoi(n)
	if err != nil {
		return bank.ErrVersionNotFound
	}
	v, err := q.Banks.Version(c.UserContext(), page.Shown.Question.ID, number)
	if err != nil {
		return err
	}
	page.Version, page.Form = &v, themes.NewQuestionForm(v.Body.Question, page.Shown.Question)
	preview(page, v.Body.Question)
	return nil
}

// Create keeps a new question.
func (q Questions) Create(c *fiber.Ctx) error { return q.Save(c) }

// Save does what a button of the editor asks: changes rows, shows the preview, saves or publishes.
func (q Questions) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	out, err := q.written(c)
	if err != nil {
		return err
	}
	was := question.Question{}
	if out.Shown != nil {
		was = out.Shown.Question.Body.Question
	}
	out.Form = themes.ReadQuestionForm(f.get)
	if f.get("remove_picture") != "" {
		out.Form.Picture = ""
	}
	ctx, do := c.UserContext(), f.get("do")
	picture, err := keep(ctx, q.Content, f, "upload", content.FilePicture)
	if picture != nil {
		out.Form.Picture = picture.ID.String()
	}
	body := out.Form.Question(was)
	in := bank.Input{Folder: out.Form.Folder, Tags: strings.Split(out.Form.Tags, ","), Body: body}
	if text := strings.TrimSpace(out.Form.Difficulty); err == nil && text != "" {
		if in.Difficulty, err = strconv.Atoi(text); err != nil {
			err = fault.Invalid(map[string]string{"difficulty": "Choose a difficulty from 1 to 5."})
		}
	}
	if err == nil {
		_, err = out.Form.Marking()
	}
	out.Asked, out.Result, out.Parts = nil, nil, nil
	if question.Check(body) == nil {
		preview(&out, body)
	}
	if err == nil && do != "save" && do != "publish" {
		if do == "preview" {
			err = question.Check(body)
		} else {
			out.Form = out.Form.Apply(do)
		}
		if err == nil {
			return q.showWith(c, fiber.StatusOK, out)
		}
	}
	var kept bank.Question
	switch {
	case err != nil:
	case out.Shown == nil:
		kept, err = q.Banks.Create(ctx, out.Bank.ID, in)
	default:
		kept, err = q.Banks.Save(ctx, out.Shown.Question.ID, f.revision(), in)
	}
	if err == nil && do == "publish" && kept.Changed {
		kept, err = q.Banks.Publish(ctx, kept.ID, kept.Revision)
	}
	if err != nil {
		return q.refused(c, err, func(wrong *fault.Fault) themes.Page { out.Problem = wrong; return out })
	}
	return q.done(c, studioBank(out.Bank.ID)+"/"+kept.ID.String(), themes.FlashSaved, "")
}

// Try marks an answer to what is being written, and keeps nothing.
func (q Questions) Try(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	out, err := q.written(c)
	if err != nil {
		return err
	}
	body := out.Shown.Question.Body.Question
	a := question.Answer{Choices: f.all("choice"), Text: f.get("text"), Unit: f.get("unit"), Parts: map[string]string{}}
	for name, values := range f.values {
		if part, ok := strings.CutPrefix(name, "part."); ok && len(values) > 0 {
			a.Parts[part] = values[0]
		}
	}
	if body.Kind == question.Ordering {
		a.Choices = placed(f.all("item"), f.all("place"))
	}
	clean, err := question.Clean(body, a)
	if err != nil {
		return q.refused(c, err, func(wrong *fault.Fault) themes.Page { out.Problem = wrong; return out })
	}
	result := question.Grade(body, clean)
	out.Given, out.Result = clean, &result
	return q.showWith(c, fiber.StatusOK, out)
}

// placed puts items in the order of the places typed beside them; those without one are left out.
func placed(items, places []string) (out []string) {
	at := map[string]int{}
	for i, item := range items {
		if i < len(places) {
			if n, err := strconv.Atoi(strings.TrimSpace(places[i])); err == nil {
				at[item] = n
				out = append(out, item)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(at[a], at[b]) })
	return out
}

// Copy writes a question again into a bank, or moves it there.
func (q Questions) Copy(c *fiber.Ctx) error {
	return q.act(c, func(f form, _, asked uid.ID) (string, error) {
		to, ok := uid.Parse(f.get("bank"))
		if !ok {
			return "", fault.Invalid(map[string]string{"bank": "Choose a question bank."})
		}
		var kept bank.Question
		var err error
		if f.get("move") != "" {
			kept, err = q.Banks.Move(c.UserContext(), asked, f.revision(), to, f.get("folder"))
		} else {
			kept, err = q.Banks.Copy(c.UserContext(), asked, to, f.get("folder"))
		}
		return studioBank(to) + "/" + kept.ID.String(), err
	})
}

// Archive puts a question away or takes it back.
func (q Questions) Archive(c *fiber.Ctx) error {
	return q.act(c, func(f form, b, asked uid.ID) (string, error) {
		_, err := q.Banks.Archive(c.UserContext(), asked, f.revision(), f.get("archive") != "")
		return studioBank(b), err
	})
}

// Delete removes a draft.
func (q Questions) Delete(c *fiber.Ctx) error {
	return q.act(c, func(_ form, b, asked uid.ID) (string, error) {
		return studioBank(b), q.Banks.Delete(c.UserContext(), asked)
	})
}
