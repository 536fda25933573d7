package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/themes"
)

// AddModule adds a chapter at the end.
func (s Studio) AddModule(c *fiber.Ctx) error {
	return s.change(c, themes.FlashModuleAdded, func(ctx context.Context, course uid.ID, f form) (string, error) {
		_, err := s.Catalog.AddModule(ctx, course, f.revision(), f.get("title"))
		return f.get("title"), err
	})
}

// changeModule is change for the module of the path.
func (s Studio) changeModule(c *fiber.Ctx, key themes.FlashKey, do func(ctx context.Context, course, module uid.ID, f form) error) error {
	module, err := id(c, "module")
	if err != nil {
		return err
	}
	return s.change(c, key, func(ctx context.Context, course uid.ID, f form) (string, error) {
		return "", do(ctx, course, module, f)
	})
}

// RenameModule gives a chapter another title.
func (s Studio) RenameModule(c *fiber.Ctx) error {
	return s.changeModule(c, themes.FlashSaved, func(ctx context.Context, course, module uid.ID, f form) error {
		_, err := s.Catalog.RenameModule(ctx, course, f.revision(), module, f.get("title"))
		return err
	})
}

// MoveModule puts a chapter elsewhere.
func (s Studio) MoveModule(c *fiber.Ctx) error {
	return s.changeModule(c, themes.FlashMoved, func(ctx context.Context, course, module uid.ID, f form) error {
		wrong := fault.Fields{}
		position := f.number(wrong, "position")
		if err := wrong.Err(); err != nil {
			return err
		}
		_, err := s.Catalog.MoveModule(ctx, course, f.revision(), module, position)
		return err
	})
}

// DeleteModule takes a chapter with its lessons out of the draft.
func (s Studio) DeleteModule(c *fiber.Ctx) error {
	return s.changeModule(c, themes.FlashModuleDeleted, func(ctx context.Context, course, module uid.ID, f form) error {
		_, err := s.Catalog.DeleteModule(ctx, course, f.revision(), module)
		return err
	})
}

// AddLesson adds a lesson at the end of a module and leads to its editor.
func (s Studio) AddLesson(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	o, err := s.head(c)
	if err != nil {
		return err
	}
	module, err := id(c, "module")
	if err != nil {
		return err
	}
	in := catalog.LessonInput{Kind: catalog.LessonKind(f.get("kind")), Title: f.get("title")}
	_, lesson, err := s.Catalog.AddLesson(c.UserContext(), o.Course.ID, f.revision(), module, in)
	if err != nil {
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.CourseEditPage{Outline: o, Form: courseForm(o), OutlineProblem: wrong}
		})
	}
	return s.to(c, studio(o.Course.ID)+"/lessons/"+lesson.String())
}

// changeLesson is change for the lesson of the path.
func (s Studio) changeLesson(c *fiber.Ctx, key themes.FlashKey, do func(ctx context.Context, course, lesson uid.ID, f form) error) error {
	lesson, err := id(c, "lesson")
	if err != nil {
		return err
	}
	return s.change(c, key, func(ctx context.Context, course uid.ID, f form) (string, error) {
		return "", do(ctx, course, lesson, f)
	})
}

// MoveLesson puts a lesson elsewhere, in its module or another.
func (s Studio) MoveLesson(c *fiber.Ctx) error {
	return s.changeLesson(c, themes.FlashMoved, func(ctx context.Context, course, lesson uid.ID, f form) error {
		wrong := fault.Fields{}
		module, ok := uid.Parse(f.get("module"))
		wrong.Check(ok, "module", "Choose a module of this course.")
		position := f.number(wrong, "position")
		if err := wrong.Err(); err != nil {
			return err
		}
		_, err := s.Catalog.MoveLesson(ctx, course, f.revision(), lesson, module, position)
		return err
	})
}

// DeleteLesson takes a lesson out of the draft.
func (s Studio) DeleteLesson(c *fiber.Ctx) error {
	return s.changeLesson(c, themes.FlashLessonDeleted, func(ctx context.Context, course, lesson uid.ID, f form) error {
		_, err := s.Catalog.DeleteLesson(ctx, course, f.revision(), lesson)
		return err
	})
}
