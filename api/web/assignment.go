package web

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

// desk fills in what a lesson that asks for something to be handed in shows.
func (l Learn) desk(ctx context.Context, p enrolment.Player, page *themes.PlayerPage) error {
	if p.Lesson.Kind != catalog.LessonSubmission {
		return nil
	}
	d, err := l.Assignments.Desk(ctx, p.Enrolment.ID, p.Lesson.ID)
	if err != nil {
		return err
	}
	page.Desk = &d
	for _, w := range d.Works {
		page.Texts = append(page.Texts, prose(w.Text, "handed-"+w.ID.String()+"-"))
	}
	return nil
}

// HandIn takes what a learner answers a lesson with: it adds a file to the draft or takes one out of it, saves it, or hands
// it in.
func (l Learn) HandIn(c *fiber.Ctx) error {
	p, err := l.open(c)
	if err != nil {
		return l.notIn(c, err)
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	at := "#handed"
	if f.get("do") != "hand_in" {
		at = "#hand-in"
	}
	fileID := f.get("file_id")
	if err = l.handIn(c.UserContext(), p, f, &fileID); err == nil {
		return l.to(c, here(c)+at)
	}
	page, failed := l.playerPage(c, p)
	if failed != nil {
		return failed
	}
	err = renamed(err, func(field string) string { // the form has one file field for all of them
		if field == "files" || field == "file_id" {
			return "file"
		}
		return field
	})
	return l.refused(c, err, func(f2 *fault.Fault) themes.Page {
		page.Text, page.FileID, page.Problem = f.get("text"), fileID, f2
		return page
	})
}

func (l Learn) handIn(ctx context.Context, p enrolment.Player, f form, fileID *string) error {
	files := kept(f)
	file, err := brought(ctx, l.Content, f)
	if err != nil {
		return err
	}
	if file != uid.Nil && !slices.Contains(files, file) {
		files, *fileID = append(files, file), file.String()
	}
	if out, removing := strings.CutPrefix(f.get("do"), "remove."); removing {
		files = slices.DeleteFunc(files, func(id uid.ID) bool { return id.String() == out })
	}
	if f.get("do") == "hand_in" || f.get("do") == "" {
		_, err = l.Assignments.HandIn(ctx, assignment.HandInput{Enrolment: p.Enrolment.ID, Lesson: p.Lesson.ID, Text: f.get("text"), Files: files})
		return err
	}
	_, err = l.Assignments.SaveDraft(ctx, assignment.DraftInput{Enrolment: p.Enrolment.ID, Lesson: p.Lesson.ID, Revision: max(0, f.revision()), Text: f.get("text"), Files: files})
	return err
}

// kept are the files of the draft that the form carries.
func kept(f form) (ids []uid.ID) {
	for _, text := range f.all("keep") {
		if id, ok := uid.Parse(text); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// brought is the file that came with a form: one that went up before, or in it; uid.Nil for none.
func brought(ctx context.Context, files *content.Service, f form) (uid.ID, error) {
	name, data, chosen, err := f.file("file")
	if err != nil {
		return uid.Nil, err
	}
	if !chosen {
		if id, ok := uid.Parse(f.get("file_id")); ok {
			return id, nil
		}
		return uid.Nil, nil
	}
	put := files.HandIn
	if !who(ctx).May.Has(policy.EnrolmentSelf) { // who only marks brings files as an author does
		put = files.Put
	}
	file, err := put(ctx, name, data)
	if err != nil {
		return uid.Nil, atField(err, "file")
	}
	return file.ID, nil
}

// Draft saves what is being written, as a script sends it. It is kept when this is answered.
func (l Learn) Draft(c *fiber.Ctx) error {
	p, err := l.open(c)
	if err != nil {
		return l.notIn(c, err)
	}
	var in struct {
		Revision int      `json:"revision"`
		Text     string   `json:"text"`
		Files    []uid.ID `json:"files"`
	}
	if err := json.Unmarshal(c.Request().Body(), &in); err != nil {
		return problem.ErrBadRequest.Because(err)
	}
	d, err := l.Assignments.SaveDraft(c.UserContext(), assignment.DraftInput{Enrolment: p.Enrolment.ID, Lesson: p.Lesson.ID, Revision: in.Revision, Text: in.Text, Files: in.Files})
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Revision int       `json:"revision"`
		SavedAt  time.Time `json:"saved_at"`
		Words    int       `json:"words"`
	}{d.Revision, d.SavedAt.UTC(), assignment.Words(d.Text)})
}

// Appeal objects to a mark.
func (l Learn) Appeal(c *fiber.Ctx) error {
	p, err := l.open(c)
	if err != nil {
		return l.notIn(c, err)
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	work, ok := uid.Parse(f.get("submission"))
	if !ok {
		return problem.ErrNotFound
	}
	if err = l.Assignments.Appeal(c.UserContext(), work, f.get("reason")); err == nil {
		return l.to(c, here(c)+"#handed")
	}
	page, failed := l.playerPage(c, p)
	if failed != nil {
		return failed
	}
	return l.refused(c, err, func(f2 *fault.Fault) themes.Page {
		page.Objection, page.Problem = f.get("reason"), f2
		return page
	})
}
