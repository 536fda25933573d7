package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/path"
)

const pathColumns = "id, slug, title, summary, cover_file_id, status, ordered, revision, sections, created_by, created_at, updated_at"

// pathRequirement is requirement_id of a path enrolment e, null in a portal that has no such column yet.
const pathRequirement = "cast(to_jsonb(e) ->> 'requirement_id' as uuid) as requirement_id"

// AddPath writes a new path; added is false when its slug is taken.
func (s *Store) AddPath(ctx context.Context, p path.Path) (added bool, err error) {
	res := s.tx(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "slug"}}, DoNothing: true}).Create(&p)
	return res.RowsAffected == 1, fail(res.Error, "add path %s", p.Slug)
}

// PathByID reads a path.
func (s *Store) PathByID(ctx context.Context, id uid.ID) (p path.Path, err error) {
	err = s.tx(ctx).Where("id = ?", id).Take(&p).Error
	return p, notFound(err, path.ErrNotFound, "path %s", id)
}

// PathBySlug reads a path by its address.
func (s *Store) PathBySlug(ctx context.Context, slug string) (p path.Path, err error) {
	err = s.tx(ctx).Where("slug = ?", slug).Take(&p).Error
	return p, notFound(err, path.ErrNotFound, "path %s", slug)
}

// SharePath reads a path and keeps it from being changed until the transaction ends.
func (s *Store) SharePath(ctx context.Context, id uid.ID) (p path.Path, err error) {
	err = s.tx(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthShare}).Where("id = ?", id).Take(&p).Error
	return p, notFound(err, path.ErrNotFound, "share path %s", id)
}

// TakePathRevision counts a path's revision up when it still is the one named, and holds the path with that.
func (s *Store) TakePathRevision(ctx context.Context, id uid.ID, revision int, at time.Time) (p path.Path, taken bool, err error) {
	res := s.tx(ctx).Raw("update paths set revision = revision + 1, updated_at = ? where id = ? and revision = ? returning "+pathColumns, at, id, revision).Scan(&p)
	return p, res.RowsAffected == 1, fail(res.Error, "take revision %d of path %s", revision, id)
}

// UpdatePath writes what an author may change of a path.
func (s *Store) UpdatePath(ctx context.Context, p path.Path) error {
	return s.changeOne(ctx, path.ErrNotFound, "update path", "update paths set slug = ?, title = ?, summary = ?, cover_file_id = ?, status = ?, ordered = ?, sections = ? where id = ?",
		p.Slug, p.Title, p.Summary, p.CoverFileID, p.Status, p.Ordered, p.Sections, p.ID)
}

// pathRow is a path in a list with the enrolment of who asks and the key the list is sorted by.
type pathRow struct {
	path.Path
	EnrolledBy  *uid.ID
	EnrolledAt  *time.Time
	CompletedAt *time.Time
	SortKey     string

	RequirementID *uid.ID
}

// Paths lists paths by title, each with the enrolment of a person.
func (s *Store) Paths(ctx context.Context, person uid.ID, f path.Filter) (out page.Of[path.Listed], err error) {
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table("paths p").
		Select("p.id, p.slug, p.title, p.summary, p.cover_file_id, p.status, p.ordered, p.revision, p.sections, p.created_by, p.created_at, p.updated_at, lower(p.title) as sort_key, e.enrolled_by, e.enrolled_at, e.completed_at, "+pathRequirement).
		Joins("left join path_enrolments e on e.path_id = p.id and e.person_id = ?", person).
		Order("lower(p.title), p.id").Limit(limit + 1)
	switch {
	case f.Mine:
		q = q.Where("e.person_id is not null")
	case !f.Authoring:
		q = q.Where("(p.status = 'published' or p.status = 'archived' and e.person_id is not null)")
	}
	if f.Status != "" {
		q = q.Where("p.status = ?", f.Status)
	}
	if f.Query != "" {
		like := "%" + likeText.Replace(f.Query) + "%"
		q = q.Where("(p.title ilike ? or p.summary ilike ?)", like, like)
	}
	if q, err = afterName(q, "(lower(p.title), p.id) > (?, ?)", f.Page.After); err != nil {
		return out, err
	}
	var rows []pathRow
	if err = q.Scan(&rows).Error; err != nil {
		return out, fail(err, "list paths")
	}
	return byName(rows, limit, func(r pathRow) (string, uid.ID) { return r.SortKey, r.ID }, func(r pathRow) path.Listed {
		l := path.Listed{Path: r.Path}
		if r.EnrolledAt != nil {
			l.Mine = &path.Enrolment{PathID: r.ID, PersonID: person, EnrolledBy: r.EnrolledBy, EnrolledAt: *r.EnrolledAt, CompletedAt: r.CompletedAt, RequirementID: r.RequirementID}
		}
		return l
	}), nil
}

// AnyPublishedPath tells whether there is a published path.
func (s *Store) AnyPublishedPath(ctx context.Context) (any bool, err error) {
	err = s.tx(ctx).Raw("select exists (select 1 from paths where status = 'published')").Scan(&any).Error
	return any, fail(err, "look for a published path")
}

// PathsWith reads the paths that are not drafts and have a course.
func (s *Store) PathsWith(ctx context.Context, course uid.ID) (ids []uid.ID, err error) {
	holds, err := path.Sections{{Courses: []uid.ID{course}}}.Holding()
	if err != nil {
		return nil, err
	}
	err = s.tx(ctx).Model(&path.Path{}).Where("status <> 'draft' and sections @> ?::jsonb", holds).Limit(1000).Pluck("id", &ids).Error
	return ids, fail(err, "paths with course %s", course)
}

// completedOnce tells of an enrolment e whether its course was ever completed, on whichever version.
const completedOnce = "(e.status = 'completed' or exists (select 1 from enrolment_moves m where m.enrolment_id = e.id and m.status = 'completed'))"

// PathCourses reads courses as a person meets them.
func (s *Store) PathCourses(ctx context.Context, person uid.ID, ids []uid.ID) (list []path.Course, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	finds, findsArgs := visibleCourses(catalog.Viewer{Person: person})
	args := append(append(findsArgs, needMetFor(person)...), person)
	err = s.tx(ctx).Table("courses c").
		Select(`c.id, c.slug, v.title, v.estimated_minutes as minutes, v.cover_file_id, c.status, c.self_enrol, coalesce(c.visibility, '') as visibility,
			coalesce(c.capacity, 0) as capacity, coalesce(c.waiting_list, false) as waiting_list,
			case when coalesce(c.capacity, 0) > 0 then (select count(*) from enrolments t where t.course_id = c.id and t.status = 'active') else 0 end as taken,
			(`+finds+`) as visible,
			(select count(*) from prerequisites q where q.course_id = c.id and not `+needMet+`) as unmet,
			exists (select 1 from place_requests r where r.course_id = c.id and r.person_id = ? and r.status = 'open') as asked,
			coalesce(e.status, '') as enrolment, coalesce(e.status = 'withdrawn' and e.left_at is not null, false) as left_it, coalesce(e.percent, 0) as percent, coalesce(`+completedOnce+`, false) as done`, args...).
		Joins("join course_versions v on v.id = coalesce(c.published_id, c.draft_id)").
		Joins("left join enrolments e on e.course_id = c.id and e.person_id = ?", person).
		Where("c.id in ?", ids).Find(&list).Error
	return list, fail(err, "read %d courses of paths", len(ids))
}

// PathSteps tells where people are in courses.
func (s *Store) PathSteps(ctx context.Context, people, courses []uid.ID) (list []path.PersonStep, err error) {
	if len(people) == 0 || len(courses) == 0 {
		return nil, nil
	}
	err = s.tx(ctx).Table("enrolments e").Select("e.person_id, e.course_id, e.status as enrolment, e.status = 'withdrawn' and e.left_at is not null as left_it, e.percent, "+completedOnce+" as done").
		Where("e.person_id in ? and e.course_id in ?", people, courses).Find(&list).Error
	return list, fail(err, "steps of %d people", len(people))
}

// AddPathEnrolment puts a person on a path; added is false when they are on it.
func (s *Store) AddPathEnrolment(ctx context.Context, e path.Enrolment) (added bool, err error) {
	once := clause.OnConflict{Columns: []clause.Column{{Name: "path_id"}, {Name: "person_id"}}, DoNothing: true}
	res := s.tx(ctx).Clauses(once).Create(&e)
	return res.RowsAffected == 1, fail(res.Error, "put person %s on path %s", e.PersonID, e.PathID)
}

func (s *Store) pathEnrolment(q *gorm.DB, id, person uid.ID) (e path.Enrolment, err error) {
	err = q.Where("path_id = ? and person_id = ?", id, person).Take(&e).Error
	return e, notFound(err, path.ErrEnrolmentMissing, "person %s on path %s", person, id)
}

// PathEnrolment reads a person's enrolment in a path.
func (s *Store) PathEnrolment(ctx context.Context, id, person uid.ID) (path.Enrolment, error) {
	return s.pathEnrolment(s.tx(ctx), id, person)
}

// LockPathEnrolment is PathEnrolment, held until the transaction ends.
func (s *Store) LockPathEnrolment(ctx context.Context, id, person uid.ID) (path.Enrolment, error) {
	return s.pathEnrolment(s.tx(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), id, person)
}

// CompletePathEnrolment notes when a person came to the end of a path.
func (s *Store) CompletePathEnrolment(ctx context.Context, e path.Enrolment, at time.Time) error {
	return s.changeOne(ctx, path.ErrEnrolmentMissing, "complete path", "update path_enrolments set completed_at = ? where path_id = ? and person_id = ?", at, e.PathID, e.PersonID)
}

// RemovePathEnrolment takes a person off a path.
func (s *Store) RemovePathEnrolment(ctx context.Context, id, person uid.ID) error {
	return s.removeOne(ctx, path.ErrEnrolmentMissing, "leave path", "path_enrolments", "path_id = ? and person_id = ?", id, person)
}

// UncompletedPaths reads the paths that a person is on and has not completed.
func (s *Store) UncompletedPaths(ctx context.Context, person uid.ID) (list []path.Enrolment, err error) {
	err = s.tx(ctx).Where("person_id = ? and completed_at is null", person).Order("path_id").Limit(1000).Find(&list).Error
	return list, fail(err, "paths of person %s", person)
}

// UncompletedOn reads those on a path who have not completed it, by id behind one.
func (s *Store) UncompletedOn(ctx context.Context, id, after uid.ID, limit int) (list []path.Enrolment, err error) {
	err = s.tx(ctx).Where("path_id = ? and person_id > ? and completed_at is null", id, after).Order("person_id").Limit(limit).Find(&list).Error
	return list, fail(err, "people on path %s", id)
}

// PathRoster lists who is on a path in the order they began.
func (s *Store) PathRoster(ctx context.Context, id uid.ID, p page.Request) (out page.Of[path.Member], err error) {
	limit := p.Bounded()
	q := s.tx(ctx).Table("path_enrolments e").
		Select("e.path_id, e.person_id, e.enrolled_by, e.enrolled_at, e.completed_at, "+pathRequirement+", p.name as person_name, p.email as person_email").
		Joins("join people p on p.id = e.person_id").Where("e.path_id = ?", id).Order("e.enrolled_at, e.person_id").Limit(limit + 1)
	if p.After != "" {
		at, person, err := timeCursor(p.After)
		if err != nil {
			return out, err
		}
		q = q.Where("(e.enrolled_at, e.person_id) > (?, ?)", at, person)
	}
	var list []path.Member
	if err = q.Scan(&list).Error; err != nil {
		return out, fail(err, "people on path %s", id)
	}
	return page.Cut(list, limit, func(m path.Member) []string {
		return []string{m.EnrolledAt.UTC().Format(time.RFC3339Nano), m.PersonID.String()}
	}), nil
}
