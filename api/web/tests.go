package web

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/learning/question"
	"lyceum/themes"
)

// Tests is taking tests.
type Tests struct {
	*Site
	Tests     *assessment.Service
	Enrolment *enrolment.Service
	Content   *content.Service
}

// testDesk fills in what a lesson that is a test shows.
func (l Learn) testDesk(ctx context.Context, p enrolment.Player, page *themes.PlayerPage) error {
	if p.Lesson.Kind != catalog.LessonTest {
		return nil
	}
	d, err := l.Tests.Desk(ctx, p.Enrolment.ID, p.Lesson.ID)
	page.Test = &d
	return err
}

// StartTest begins an attempt at the test of the lesson, or goes on with the one that runs.
func (l Learn) StartTest(c *fiber.Ctx) error {
	p, err := l.open(c)
	if err != nil {
		return l.notIn(c, err)
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	a, err := l.Tests.Start(c.UserContext(), p.Enrolment.ID, p.Lesson.ID, f.get("code"))
	if err == nil {
		return l.to(c, here(c)+"/test/"+a.ID.String())
	}
	page, failed := l.playerPage(c, p)
	if failed != nil {
		return failed
	}
	return l.refused(c, err, func(wrong *fault.Fault) themes.Page {
		page.Code, page.Problem = f.get("code"), wrong
		return page
	})
}

// look reads the attempt of the path, which must be one at the lesson of the path.
func (t Tests) look(c *fiber.Ctx) (assessment.View, error) {
	attempt, err := id(c, "attempt")
	if err != nil {
		return assessment.View{}, err
	}
	v, err := t.Tests.Look(c.UserContext(), attempt)
	if err == nil && (v.Outline.Slug != c.Params("slug") || v.LessonID.String() != c.Params("lesson")) {
		err = assessment.ErrAttempt
	}
	return v, err
}

func testAt(c *fiber.Ctx) string { return here(c) + "/test/" + c.Params("attempt") }

func askedItems(v assessment.View, at string) (out []themes.AskedItem) {
	for _, i := range v.Items {
		out = append(out, themes.NewAskedItem(i, at+"/pictures", prose))
	}
	return out
}

func (t Tests) taking(c *fiber.Ctx, v assessment.View) themes.TestPage {
	return themes.TestPage{View: v, Items: askedItems(v, testAt(c)), At: testAt(c), Back: here(c), Review: query(c, "review") != "" && v.SectionNow < 0 || query(c, "review") != "" && v.SectionNow == len(v.Settings.Sections)-1}
}

// Show shows an attempt: its questions while it runs, what it came to after.
func (t Tests) Show(c *fiber.Ctx) error {
	v, err := t.look(c)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store") // going back must not show answers of before
	if v.Status == assessment.StatusRunning {
		return t.show(c, t.taking(c, v))
	}
	return t.show(c, themes.TestResultPage{View: v, Items: askedItems(v, testAt(c)), At: testAt(c), Back: here(c)})
}

// Picture gives a picture of a question of the attempt.
func (t Tests) Picture(c *fiber.Ctx) error {
	attempt, err := id(c, "attempt")
	if err != nil {
		return err
	}
	wanted, err := id(c, "file")
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	if err = t.Tests.Picture(ctx, attempt, wanted); err != nil {
		return err
	}
	file, err := t.Content.Branded(ctx, wanted, "")
	if err != nil {
		return err
	}
	return Files{Site: t.Site, Content: t.Content}.give(c, file, privately)
}

// Answer keeps one answer, as the script sends it. It is kept when this is answered.
func (t Tests) Answer(c *fiber.Ctx) error {
	attempt, err := id(c, "attempt")
	if err != nil {
		return err
	}
	var in struct {
		Slot     int             `json:"slot"`
		Sequence int64           `json:"sequence"`
		Answer   question.Answer `json:"answer"`
		Flagged  bool            `json:"flagged"`
	}
	if err := json.Unmarshal(c.Request().Body(), &in); err != nil {
		return problem.ErrBadRequest.Because(err)
	}
	k, err := t.Tests.Save(c.UserContext(), assessment.Saving{Attempt: attempt, Slot: in.Slot, Sequence: in.Sequence, Answer: in.Answer, Flagged: in.Flagged})
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Sequence int64           `json:"sequence"`
		Stale    bool            `json:"stale"`
		Answer   question.Answer `json:"answer"`
		Flagged  bool            `json:"flagged"`
		SavedAt  time.Time       `json:"saved_at"`
	}{k.Sequence, k.Stale, k.Answer.Answer, k.Flagged, k.SavedAt.UTC()})
}

// Post takes the form of an attempt: it saves what was answered, and does what the pressed button says.
func (t Tests) Post(c *fiber.Ctx) error {
	v, err := t.look(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if slot, ok := strings.CutPrefix(f.get("do"), "object."); ok && v.Status != assessment.StatusRunning {
		return t.object(c, v, f, slot)
	}
	if v.Status != assessment.StatusRunning {
		return t.to(c, testAt(c))
	}
	ctx, at, do := c.UserContext(), testAt(c), f.get("do")
	stale, err := t.keepAll(ctx, v, f)
	if err == nil {
		if at, err = t.press(ctx, v, f, do, at); err == nil && len(stale) == 0 {
			return t.to(c, at)
		}
	}
	if v, failed := t.look(c); failed != nil {
		return failed
	} else if v.Status != assessment.StatusRunning {
		return t.to(c, testAt(c))
	} else if err == nil {
		page := t.taking(c, v)
		page.Stale = stale
		return t.showWith(c, fiber.StatusOK, page)
	} else {
		page := t.taking(c, v)
		return t.refused(c, err, func(wrong *fault.Fault) themes.Page {
			page.Stale, page.Problem = stale, wrong
			return page
		})
	}
}

// object takes an objection to how an answer was marked.
func (t Tests) object(c *fiber.Ctx, v assessment.View, f form, text string) error {
	slot, err := strconv.Atoi(text)
	if err != nil {
		slot = -1
	}
	reason := f.get("reason." + text)
	if err = t.Tests.Appeal(c.UserContext(), v.ID, slot, reason); err == nil {
		return t.to(c, testAt(c)+"#q-"+strconv.Itoa(slot+1))
	}
	err = renamed(err, func(field string) string { return slotField(field, slot) })
	return t.refused(c, err, func(wrong *fault.Fault) themes.Page {
		return themes.TestResultPage{View: v, Items: askedItems(v, testAt(c)), At: testAt(c), Back: here(c), Objects: slot + 1, Reason: reason, Problem: wrong}
	})
}

// press does what a button says, and gives where it leads.
func (t Tests) press(ctx context.Context, v assessment.View, f form, do, at string) (string, error) {
	switch {
	case do == "hand_in":
		_, err := t.Tests.HandIn(ctx, v.ID)
		return at, err
	case do == "review":
		return at + "?review=1", nil
	case do == "next":
		from, err := strconv.Atoi(f.get("section"))
		if err != nil {
			return at, nil
		}
		return at, t.Tests.NextSection(ctx, v.ID, from)
	case strings.HasPrefix(do, "look."):
		slot, err := strconv.Atoi(do[len("look."):])
		if err != nil || slot < 0 || slot >= len(v.Slots) {
			return at, assessment.ErrNoSuchSlot
		}
		return at + "#q-" + strconv.Itoa(slot+1), t.Tests.LookAt(ctx, v.ID, slot)
	}
	return at, nil
}

// keepAll saves the answers of a form that are not kept as they stand in it. One that was changed in another window after
// the form was shown stays as it is there, and is named by its number.
func (t Tests) keepAll(ctx context.Context, v assessment.View, f form) (stale []int, err error) {
	wrong := fault.Fields{}
	for _, item := range v.Items {
		drawn := themes.AskedItem{Item: item}
		if !item.Open || f.get(drawn.Name("seq")) == "" {
			continue
		}
		answer, err := answerOf(f, drawn)
		if err == nil {
			answer, err = t.withFile(ctx, f, drawn, answer)
		}
		if err == nil {
			var late bool
			late, err = t.keepOne(ctx, v, f, drawn, answer)
			if late {
				stale = append(stale, item.Number)
			}
		}
		switch text := faultText(err); {
		case err == nil:
		case fault.Of(err).Kind == fault.KindInvalid:
			wrong.Add(drawn.Name("answer"), text)
		default:
			return stale, err
		}
	}
	return stale, wrong.Err()
}

// faultText is the first sentence that says what is wrong.
func faultText(err error) string {
	f := fault.Of(err)
	if f == nil {
		return ""
	}
	for _, text := range f.Fields {
		return text
	}
	return f.Text
}

func (t Tests) keepOne(ctx context.Context, v assessment.View, f form, i themes.AskedItem, answer question.Answer) (late bool, err error) {
	flagged := f.get(i.Name("flag")) != ""
	if sameAnswer(answer, i.Answer) && flagged == i.Flagged {
		return false, nil
	}
	if shown, err := strconv.ParseInt(f.get(i.Name("seq")), 10, 64); err != nil || shown < i.Sequence {
		return true, nil
	}
	_, err = t.Tests.Save(ctx, assessment.Saving{Attempt: v.ID, Slot: i.Slot, Sequence: max(i.Sequence+1, t.now().UnixMilli()), Answer: answer, Flagged: flagged})
	return false, err
}

func sameAnswer(a, b question.Answer) bool {
	if len(a.Parts) == 0 {
		a.Parts = nil
	}
	if len(a.Choices) == 0 {
		a.Choices = nil
	}
	a.Text = strings.TrimSpace(a.Text)
	return reflect.DeepEqual(a, b)
}

// answerOf reads the answer to a question from a form.
func answerOf(f form, i themes.AskedItem) (a question.Answer, err error) {
	switch i.Asked.Kind {
	case question.Ordering:
		a.Choices = placed(f.all(i.Name("item")), f.all(i.Name("place")))
	case question.Matching, question.Blanks:
		a.Parts = map[string]string{}
		for name, values := range f.values {
			if part, ok := strings.CutPrefix(name, i.Name("part.")); ok && len(values) > 0 && values[0] != "" {
				a.Parts[part] = values[0]
			}
		}
	case question.File:
		drop := map[string]bool{}
		for _, text := range f.all(i.Name("drop")) {
			drop[text] = true
		}
		for _, text := range f.all(i.Name("keep")) {
			if id, ok := uid.Parse(text); ok && !drop[text] {
				a.Files = append(a.Files, id)
			}
		}
	case question.HotSpot:
		if a.Choices = f.all(i.Name("choice")); len(a.Choices) == 0 {
			a.Points = pointed(f.all(i.Name("point")))
		}
	case question.Single, question.Multiple, question.TrueFalse:
		a.Choices = f.all(i.Name("choice"))
	case question.ShortText, question.Numeric, question.Essay:
		a.Text, a.Unit = strings.ReplaceAll(f.get(i.Name("text")), "\r\n", "\n"), f.get(i.Name("unit"))
		if i.Asked.Kind == question.Essay && i.Sequence == 0 && strings.TrimSpace(a.Text) == strings.TrimSpace(i.Asked.Template) {
			a.Text = "" // nobody wrote anything yet
		}
	}
	return a, nil
}

// pointed reads places of a picture, "x,y" in ten-thousandths; what is none is left out.
func pointed(list []string) (points []question.Point) {
	for _, text := range list {
		left, top, _ := strings.Cut(text, ",")
		x, err := strconv.Atoi(left)
		y, bad := strconv.Atoi(top)
		if err == nil && bad == nil {
			points = append(points, question.Point{X: x, Y: y})
		}
	}
	return points
}

// withFile adds the file that came with a form.
func (t Tests) withFile(ctx context.Context, f form, i themes.AskedItem, a question.Answer) (question.Answer, error) {
	name, data, chosen, err := f.file(i.Name("file"))
	if err != nil || !chosen {
		return a, err
	}
	if !accepted(name, i.Asked.Accept) {
		return a, fault.Invalid(map[string]string{"files": "Choose a file of one of the kinds that are asked for."})
	}
	file, err := t.Content.HandIn(ctx, name, data)
	if err == nil {
		a.Files = append(a.Files, file.ID)
	}
	return a, err
}

func accepted(name string, endings []string) bool {
	for _, e := range endings {
		if strings.HasSuffix(strings.ToLower(name), strings.ToLower(strings.TrimSpace(e))) {
			return true
		}
	}
	return len(endings) == 0
}
