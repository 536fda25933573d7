package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

const courseColumns = "id, slug, status, self_enrol, visibility, category_id, template, capacity, waiting_list, draft_id, published_id, revision, saves, created_by, created_at, updated_at"

// AddCourse writes a new course; added is false when its slug is taken.
func (s *Store) AddCourse(ctx context.Context, c catalog.Course) (added bool, err error) {
	res := s.tx(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "slug"}}, DoNothing: true}).Create(&c)
	return res.RowsAffected == 1, fail(res.Error, "add course %s", c.Slug)
}

// CourseByID reads a course.
func (s *Store) CourseByID(ctx context.Context, id uid.ID) (c catalog.Course, err error) {
	err = s.tx(ctx).Where("id = ?", id).Take(&c).Error
	return c, notFound(err, catalog.ErrCourseNotFound, "course %s", id)
}

// CourseBySlug reads a course by its address.
func (s *Store) CourseBySlug(ctx context.Context, slug string) (c catalog.Course, err error) {
	err = s.tx(ctx).Where("slug = ?", slug).Take(&c).Error
	return c, notFound(err, catalog.ErrCourseNotFound, "course %s", slug)
}

// LockCourse reads a course and holds it until the transaction ends.
func (s *Store) LockCourse(ctx context.Context, id uid.ID) (c catalog.Course, err error) {
	err = s.tx(ctx).Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Where("id = ?", id).Take(&c).Error
	return c, notFound(err, catalog.ErrCourseNotFound, "lock course %s", id)
}

// TakeRevision counts a course's revision up when it still is the one named, and holds the course with that.
func (s *Store) TakeRevision(ctx context.Context, id uid.ID, revision int, at time.Time) (c catalog.Course, taken bool, err error) {
	res := s.tx(ctx).Raw("update courses set revision = revision + 1, updated_at = ? where id = ? and revision = ? returning "+courseColumns, at, id, revision).Scan(&c)
	return c, res.RowsAffected == 1, fail(res.Error, "take revision %d of course %s", revision, id)
}

// UpdateCourseRow writes what may change of a course.
func (s *Store) UpdateCourseRow(ctx context.Context, c catalog.Course) error {
	return s.changeOne(ctx, catalog.ErrCourseNotFound, "update course", `update courses set slug = ?, status = ?, self_enrol = ?, visibility = ?, category_id = ?, template = ?, capacity = ?, waiting_list = ?,
		draft_id = ?, published_id = ?, updated_at = ? where id = ?`,
		c.Slug, c.Status, c.SelfEnrol, c.Visibility, c.CategoryID, c.Template, c.Capacity, c.WaitingList, c.DraftID, c.PublishedID, c.UpdatedAt, c.ID)
}

// AddVersion writes a new version.
func (s *Store) AddVersion(ctx context.Context, v catalog.Version) error {
	return fail(s.tx(ctx).Create(&v).Error, "add version %d of course %s", v.Number, v.CourseID)
}

// VersionByID reads a version.
func (s *Store) VersionByID(ctx context.Context, id uid.ID) (v catalog.Version, err error) {
	err = s.tx(ctx).Where("id = ?", id).Take(&v).Error
	return v, notFound(err, catalog.ErrCourseNotFound, "version %s", id)
}

// CloneVersion begins the next version as an unpublished copy of another.
func (s *Store) CloneVersion(ctx context.Context, from, to uid.ID, at time.Time) error {
	return s.changeOne(ctx, catalog.ErrCourseNotFound, "clone version", `insert into course_versions (id, course_id, number, title, summary, language, cover_file_id, estimated_minutes, created_at, published_at)
		select ?::uuid, course_id, number + 1, title, summary, language, cover_file_id, estimated_minutes, ?::timestamptz, null
		from course_versions where id = ?`, to, at, from)
}

// UpdateVersion writes what an author may change of a version and its time of publishing. A published version is
// refused.
func (s *Store) UpdateVersion(ctx context.Context, v catalog.Version) error {
	return s.changeOne(ctx, catalog.ErrVersionFixed, "update version", `update course_versions set title = ?, summary = ?, language = ?, cover_file_id = ?, estimated_minutes = ?, published_at = ?
		where id = ? and published_at is null`, v.Title, v.Summary, v.Language, v.CoverFileID, v.EstimatedMinutes, v.PublishedAt, v.ID)
}

// FileInfos tells what is known of the files that are here.
func (s *Store) FileInfos(ctx context.Context, ids []uid.ID) (infos []catalog.FileInfo, err error) {
	err = s.tx(ctx).Table("files").Select("id", "kind", "seconds").Where("id in ?", ids).Find(&infos).Error
	return infos, fail(err, "read %d files", len(ids))
}

// MoveUnstarted puts everyone who is enrolled and has not started onto a version of the course.
func (s *Store) MoveUnstarted(ctx context.Context, course, version uid.ID) (int64, error) {
	res := s.tx(ctx).Exec("update enrolments set version_id = ? where course_id = ? and status = 'active' and started_at is null and version_id <> ?",
		version, course, version)
	return res.RowsAffected, fail(res.Error, "move the unstarted of course %s", course)
}

// cardRow is a card with the key its list is sorted by.
type cardRow struct {
	catalog.Card
	SortKey string
}

const cardColumns = `c.id, c.slug, c.status, c.self_enrol, v.title, v.summary, v.language, v.cover_file_id, v.estimated_minutes, c.updated_at,
	lower(v.title) as sort_key, (select count(*) from lessons l where l.version_id = v.id) as lessons`

// CourseCards lists courses by title.
func (s *Store) CourseCards(ctx context.Context, f catalog.CardFilter) (out page.Of[catalog.Card], err error) {
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table("courses c").Order("lower(v.title), c.id").Limit(limit + 1)
	if f.Authoring {
		q = q.Select(cardColumns + ", c.draft_id is not null as has_draft").Joins("join course_versions v on v.id = coalesce(c.draft_id, c.published_id)")
	} else {
		q = q.Select(cardColumns).Joins("join course_versions v on v.id = c.published_id")
	}
	if f.Status != "" {
		q = q.Where("c.status = ?", f.Status)
	}
	if f.Query != "" {
		like := "%" + likeText.Replace(f.Query) + "%"
		q = q.Where("(v.title ilike ? or v.summary ilike ? or c.slug ilike ?)", like, like, like)
	}
	q, err = afterName(q, "(lower(v.title), c.id) > (?, ?)", f.Page.After)
	if err != nil {
		return out, err
	}
	var rows []cardRow
	if err = q.Scan(&rows).Error; err != nil {
		return out, fail(err, "list courses")
	}
	return byName(rows, limit, func(r cardRow) (string, uid.ID) { return r.SortKey, r.ID }, func(r cardRow) catalog.Card { return r.Card }), nil
}

// likeText makes a text mean itself in LIKE.
var likeText = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
