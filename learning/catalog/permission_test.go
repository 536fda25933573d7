package catalog_test

import (
	"context"
	"errors"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

func TestEveryOperationAsksForItsPermission(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.published(t, "Guarded")
	id, r, module, lesson := o.Course.ID, o.Course.Revision, o.Modules[0].ID, o.Lessons()[0].ID
	drop := func(_ catalog.Outline, err error) error { return err }
	all := policy.Set{policy.CourseRead: {}, policy.CourseEdit: {}, policy.CoursePublish: {}}
	for name, c := range map[string]struct {
		needs policy.Permission
		call  func(context.Context) error
	}{
		"Create":       {policy.CourseEdit, func(a context.Context) error { return drop(h.catalog.Create(a, catalog.CourseInput{Title: "X"})) }},
		"Edit":         {policy.CourseEdit, func(a context.Context) error { return drop(h.catalog.Edit(a, id)) }},
		"UpdateCourse": {policy.CourseEdit, func(a context.Context) error { return drop(h.catalog.UpdateCourse(a, id, r, catalog.CourseInput{})) }},
		"AddModule":    {policy.CourseEdit, func(a context.Context) error { return drop(h.catalog.AddModule(a, id, r, "")) }},
		"RenameModule": {policy.CourseEdit, func(a context.Context) error { return drop(h.catalog.RenameModule(a, id, r, module, "")) }},
		"MoveModule":   {policy.CourseEdit, func(a context.Context) error { return drop(h.catalog.MoveModule(a, id, r, module, 0)) }},
		"DeleteModule": {policy.CourseEdit, func(a context.Context) error { return drop(h.catalog.DeleteModule(a, id, r, module)) }},
		"AddLesson": {policy.CourseEdit, func(a context.Context) error {
			_, _, err := h.catalog.AddLesson(a, id, r, module, text(""))
			return err
		}},
		"SaveLesson": {policy.CourseEdit, func(a context.Context) error {
			_, err := h.catalog.SaveLesson(a, id, lesson, catalog.LessonSave{})
			return err
		}},
		"Lesson":        {policy.CourseEdit, func(a context.Context) error { _, err := h.catalog.Lesson(a, id, lesson); return err }},
		"Saves":         {policy.CourseEdit, func(a context.Context) error { _, err := h.catalog.Saves(a, id, lesson); return err }},
		"SaveOf":        {policy.CourseEdit, func(a context.Context) error { _, err := h.catalog.SaveOf(a, id, lesson, 0); return err }},
		"RestoreLesson": {policy.CourseEdit, func(a context.Context) error { _, err := h.catalog.RestoreLesson(a, id, lesson, 0, 0); return err }},
		"MergeLesson": {policy.CourseEdit, func(a context.Context) error {
			_, err := h.catalog.MergeLesson(a, id, lesson, catalog.LessonSave{})
			return err
		}},
		"Writing":         {policy.CourseEdit, func(a context.Context) error { _, _, err := h.catalog.Writing(a, id, lesson); return err }},
		"MoveLesson":      {policy.CourseEdit, func(a context.Context) error { return drop(h.catalog.MoveLesson(a, id, r, lesson, module, 0)) }},
		"DeleteLesson":    {policy.CourseEdit, func(a context.Context) error { return drop(h.catalog.DeleteLesson(a, id, r, lesson)) }},
		"Publish":         {policy.CoursePublish, func(a context.Context) error { return drop(h.catalog.Publish(a, id, r)) }},
		"Check":           {policy.CoursePublish, func(a context.Context) error { return h.catalog.Check(a, id) }},
		"Archive":         {policy.CoursePublish, func(a context.Context) error { return h.catalog.Archive(a, id) }},
		"Restore":         {policy.CoursePublish, func(a context.Context) error { return h.catalog.Restore(a, id) }},
		"Import, edit":    {policy.CourseEdit, func(a context.Context) error { return drop(h.catalog.Import(a, storetest.SmallCourse("X"))) }},
		"Import, publish": {policy.CoursePublish, func(a context.Context) error { return drop(h.catalog.Import(a, storetest.SmallCourse("X"))) }},
		"Published":       {policy.CourseRead, func(a context.Context) error { return drop(h.catalog.Published(a, "guarded")) }},
		"PublishedByID":   {policy.CourseRead, func(a context.Context) error { return drop(h.catalog.PublishedByID(a, id)) }},
		"Head":            {policy.CourseEdit, func(a context.Context) error { return drop(h.catalog.Head(a, id)) }},
		"ByID":            {policy.CourseRead, func(a context.Context) error { _, err := h.catalog.ByID(a, id); return err }},
		"BySlug":          {policy.CourseRead, func(a context.Context) error { _, err := h.catalog.BySlug(a, "guarded"); return err }},
		"Cards":           {policy.CourseRead, func(a context.Context) error { _, err := h.catalog.Cards(a, catalog.CardFilter{}); return err }},
		"Cards to write": {policy.CourseEdit, func(a context.Context) error {
			_, err := h.catalog.Cards(a, catalog.CardFilter{Authoring: true})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.call(h.tenant); !errors.Is(err, auth.ErrSignInFirst) {
				t.Errorf("a stranger gets %v", err)
			}
			may := policy.Set{}
			for p := range all {
				if p != c.needs {
					may[p] = struct{}{}
				}
			}
			who := auth.WithPrincipal(h.tenant, auth.Principal{PersonID: uid.New(), May: may})
			if err := c.call(event.WithActor(who, event.Actor{Kind: "person"})); !errors.Is(err, policy.ErrForbidden) {
				t.Errorf("without %s: %v", c.needs, err)
			}
		})
	}
}
