package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/themes"
)

// wantsNone tells whether a script asked, which draws the page itself.
func wantsNone(c *fiber.Ctx) bool { return visit.WantsJSON(c) }

// changed answers what was accepted: 204 for scripts, else it leads on with a message.
func (s *Site) changed(c *fiber.Ctx, address string, key themes.FlashKey, name string) error {
	if wantsNone(c) {
		return c.SendStatus(fiber.StatusNoContent)
	}
	return s.done(c, address, key, name)
}

// head reads the course of the path as its authors see it, its lessons without what they say.
func (s Studio) head(c *fiber.Ctx) (catalog.Outline, error) {
	course, err := id(c, "course")
	if err != nil {
		return catalog.Outline{}, err
	}
	return s.Catalog.EditHead(c.UserContext(), course)
}

// settings fills the page of where a course stands.
func (s Studio) settings(c *fiber.Ctx) (p themes.CourseSettingsPage, err error) {
	ctx := c.UserContext()
	if p.Outline, err = s.head(c); err != nil {
		return p, err
	}
	_, set, err := s.Catalog.Settings(ctx, p.Outline.Course.ID)
	if err != nil {
		return p, err
	}
	p.Form, p.CopyTitle = settingsForm(set), p.Outline.Version.Title
	if p.Categories, err = s.Catalog.Categories(ctx); err != nil {
		return p, err
	}
	skills, err := s.Catalog.Skills(ctx, "", page.Request{Limit: page.MaxLimit})
	if err != nil {
		return p, err
	}
	p.Skills = skills.Items
	if p.Tags, err = s.Catalog.Tags(ctx, ""); err != nil {
		return p, err
	}
	p.Groups, err = s.Catalog.Groups(ctx)
	return p, err
}

func settingsForm(s catalog.Settings) themes.SettingsForm {
	f := themes.SettingsForm{
		Tags: strings.Join(s.Tags, ", "), Visibility: string(s.Visibility), SelfEnrol: s.SelfEnrol, WaitingList: s.WaitingList, Template: s.Template,
		Skills: texts(s.Skills), Groups: texts(s.Groups),
	}
	if s.CategoryID != nil {
		f.Category = s.CategoryID.String()
	}
	if s.Capacity > 0 {
		f.Capacity = strconv.Itoa(s.Capacity)
	}
	return f
}

func texts(ids []uid.ID) (out []string) {
	for _, id := range ids {
		out = append(out, id.String())
	}
	return out
}

func ids(texts []string) (out []uid.ID) {
	for _, t := range texts {
		if id, ok := uid.Parse(t); ok {
			out = append(out, id)
		}
	}
	return out
}

// Settings shows where a course stands and who may come in.
func (s Studio) Settings(c *fiber.Ctx) error {
	p, err := s.settings(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// SaveSettings changes it.
func (s Studio) SaveSettings(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	typed := themes.SettingsForm{
		Category: f.get("category_id"), Tags: f.get("tags"), Visibility: f.get("visibility"), Capacity: f.get("capacity"), Skills: f.all("skills"), Groups: f.all("groups"),
		SelfEnrol: f.get("self_enrol") != "", WaitingList: f.get("waiting_list") != "", Template: f.get("template") != "",
	}
	wrong := fault.Fields{}
	in := catalog.Settings{
		CategoryID: optionalID(typed.Category), Tags: strings.Split(typed.Tags, ","), Skills: ids(typed.Skills), Visibility: catalog.Visibility(typed.Visibility), Groups: ids(typed.Groups),
		SelfEnrol: typed.SelfEnrol, Capacity: f.number(wrong, "capacity"), WaitingList: typed.WaitingList, Template: typed.Template,
	}
	if err = wrong.Err(); err == nil {
		_, err = s.Catalog.SetSettings(c.UserContext(), course, f.revision(), in)
	}
	if err != nil {
		p, failed := s.settings(c)
		if failed != nil {
			return failed
		}
		p.Form = typed
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, studio(course)+"/settings", themes.FlashSaved, "")
}

// Copy begins a course as a copy of this one and leads to it.
func (s Studio) Copy(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	o, err := s.Catalog.Duplicate(c.UserContext(), course, catalog.CopyInput{Title: f.get("title")})
	if err != nil {
		p, failed := s.settings(c)
		if failed != nil {
			return failed
		}
		p.CopyTitle = f.get("title")
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.CopyWrong = wrong; return p })
	}
	return s.done(c, studio(o.Course.ID), themes.FlashCourseCopied, o.Version.Title)
}

// review fills the page of a draft that is read over.
func (s Studio) review(c *fiber.Ctx) (p themes.ReviewPage, err error) {
	course, err := id(c, "course")
	if err != nil {
		return p, err
	}
	p.Review, err = s.Catalog.ReviewOf(c.UserContext(), course)
	return p, err
}

// Review shows where a draft stands and what changed in it.
func (s Studio) Review(c *fiber.Ctx) error {
	p, err := s.review(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// AskReview asks for someone else to read it.
func (s Studio) AskReview(c *fiber.Ctx) error {
	return s.answer(c, themes.FlashReviewAsked, func(ctx context.Context, course uid.ID, f form) error {
		return s.Catalog.AskReview(ctx, course, f.revision(), f.get("note"))
	})
}

// Approve says that it may be published.
func (s Studio) Approve(c *fiber.Ctx) error {
	return s.answer(c, themes.FlashCourseApproved, func(ctx context.Context, course uid.ID, f form) error {
		return s.Catalog.Approve(ctx, course, f.revision(), f.get("note"))
	})
}

// Return gives it back.
func (s Studio) Return(c *fiber.Ctx) error {
	return s.answer(c, themes.FlashCourseReturned, func(ctx context.Context, course uid.ID, f form) error {
		return s.Catalog.Return(ctx, course, f.get("note"))
	})
}

func (s Studio) answer(c *fiber.Ctx, key themes.FlashKey, do func(context.Context, uid.ID, form) error) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	if err = do(c.UserContext(), course, f); err != nil {
		p, failed := s.review(c)
		if failed != nil {
			return failed
		}
		p.Note = f.get("note")
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, studio(course)+"/review", key, "")
}
