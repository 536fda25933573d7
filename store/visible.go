package store

import (
	"context"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// visibleCourses is the predicate that every list and search of courses for learners joins: which of the courses c (the
// table's alias in the query around it) someone may find. It says nothing of drafts and archived courses; templates are
// found by nobody.
func visibleCourses(v catalog.Viewer) (sql string, args []any) {
	if v.All {
		return "c.template is not true", nil
	}
	return `c.template is not true and (coalesce(c.visibility, '') <> 'groups'
		or exists (select 1 from course_groups cg join group_members gm on gm.group_id = cg.group_id where cg.course_id = c.id and gm.person_id = ?)
		or exists (select 1 from enrolments ve where ve.course_id = c.id and ve.person_id = ? and ve.status <> 'withdrawn'))`, []any{v.Person, v.Person}
}

// VisibleCourse reads a course that someone may find, by its id, or where that is Nil by its address.
func (s *Store) VisibleCourse(ctx context.Context, id uid.ID, slug string, v catalog.Viewer) (c catalog.Course, err error) {
	sql, args := visibleCourses(v)
	q := s.tx(ctx).Table("courses c").Select(courseColumns).Where(sql, args...)
	if id != uid.Nil {
		q = q.Where("c.id = ?", id)
	} else {
		q = q.Where("c.slug = ?", slug)
	}
	err = q.Take(&c).Error
	return c, notFound(err, catalog.ErrCourseNotFound, "course %s%s", id, slug)
}
