package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

const courseColumns = "id, slug, status, self_enrol, visibility, category_id, template, capacity, waiting_list, draft_id, published_id, revision, saves, created_by, created_at, updated_at, review, review_note, review_asked_by, reviewed_by, reviewed_revision"

const versionColumns = "id, course_id, number, title, summary, language, cover_file_id, estimated_minutes, created_at, published_at, published_by"

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
		draft_id = ?, published_id = ?, updated_at = ?, review = ?, review_note = ?, review_asked_by = ?, reviewed_by = ?, reviewed_revision = ? where id = ?`,
		c.Slug, c.Status, c.SelfEnrol, c.Visibility, c.CategoryID, c.Template, c.Capacity, c.WaitingList, c.DraftID, c.PublishedID, c.UpdatedAt,
		c.Review, c.ReviewNote, c.ReviewAskedBy, c.ReviewedBy, c.ReviewedRevision, c.ID)
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

// CloneVersion begins the course's next version as an unpublished copy of another.
func (s *Store) CloneVersion(ctx context.Context, from, to uid.ID, at time.Time) error {
	return s.changeOne(ctx, catalog.ErrCourseNotFound, "clone version", `insert into course_versions (id, course_id, number, title, summary, language, cover_file_id, estimated_minutes, created_at, published_at)
		select ?::uuid, v.course_id, (select max(n.number) from course_versions n where n.course_id = v.course_id) + 1,
			v.title, v.summary, v.language, v.cover_file_id, v.estimated_minutes, ?::timestamptz, null
		from course_versions v where v.id = ?`, to, at, from)
}

// UpdateVersion writes what an author may change of a version and its time of publishing. A published version is
// refused.
func (s *Store) UpdateVersion(ctx context.Context, v catalog.Version) error {
	return s.changeOne(ctx, catalog.ErrVersionFixed, "update version", `update course_versions set title = ?, summary = ?, language = ?, cover_file_id = ?, estimated_minutes = ?, published_at = ?, published_by = ?
		where id = ? and published_at is null`, v.Title, v.Summary, v.Language, v.CoverFileID, v.EstimatedMinutes, v.PublishedAt, v.PublishedBy, v.ID)
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

// outlineRow is a course with one of its versions, and what goes with that, in one row.
type outlineRow struct {
	Course    catalog.Course  `gorm:"embedded;embeddedPrefix:c_"`
	Version   catalog.Version `gorm:"embedded;embeddedPrefix:v_"`
	Languages string
	Modules   string
	Meta      string
}

// outlineParts are the languages, modules and meta of a version v of a course c.
const outlineParts = `coalesce((select string_agg(t.language, ' ' order by t.language) from version_texts t where t.version_id = v.id and t.part = v.id), '') as languages,
			coalesce((select jsonb_agg(jsonb_build_object('ID', m.id, 'VersionID', m.version_id, 'Position', m.position, 'Title', m.title) order by m.position, m.id)
				from modules m where m.version_id = v.id)::text, '[]') as modules,
			jsonb_build_object('Category', (select k.name from categories k where k.id = c.category_id),
				'Tags', (select jsonb_agg(g.tag order by g.tag) from course_tags g where g.course_id = c.id),
				'Skills', (select jsonb_agg(jsonb_build_object('ID', k.id, 'Name', k.name, 'Description', k.description) order by k.name)
					from course_skills g join skills k on k.id = g.skill_id where g.course_id = c.id))::text as meta`

var outlineColumns = prefixed("c", courseColumns) + ", " + prefixed("v", versionColumns) + ", " + outlineParts

// OutlineHead reads a course with one of its versions, its languages and modules, its category, tags and skills, in one
// query.
func (s *Store) OutlineHead(ctx context.Context, course, version uid.ID) (o catalog.Outline, err error) {
	var row outlineRow
	err = s.tx(ctx).Table("courses c").Select(outlineColumns).Joins("join course_versions v on v.course_id = c.id").Where("c.id = ? and v.id = ?", course, version).Take(&row).Error
	if err != nil {
		return o, notFound(err, catalog.ErrCourseNotFound, "version %s of course %s", version, course)
	}
	return row.outline()
}

// PublishedHead is OutlineHead of the published version of a course that someone may find, by its id, or where that is Nil
// by its address; catalog.ErrCourseNotFound also for one that was never published.
func (s *Store) PublishedHead(ctx context.Context, id uid.ID, slug string, viewer catalog.Viewer) (o catalog.Outline, err error) {
	sql, args := visibleCourses(viewer)
	q := s.tx(ctx).Table("courses c").Select(outlineColumns).Joins("join course_versions v on v.id = c.published_id").Where(sql, args...)
	if id != uid.Nil {
		q = q.Where("c.id = ?", id)
	} else {
		q = q.Where("c.slug = ?", slug)
	}
	var row outlineRow
	if err = q.Take(&row).Error; err != nil {
		return o, notFound(err, catalog.ErrCourseNotFound, "published course %s%s", id, slug)
	}
	return row.outline()
}

// outline makes the head of an outline of a row.
func (row outlineRow) outline() (o catalog.Outline, err error) {
	o = catalog.Outline{Course: row.Course, Version: row.Version, Languages: append([]string{row.Version.Language}, strings.Fields(row.Languages)...)}
	if err = json.Unmarshal([]byte(row.Meta), &o.Meta); err != nil {
		return o, fmt.Errorf("category, tags and skills of course %s: %w", row.Course.ID, err)
	}
	var modules []catalog.Module
	if err = json.Unmarshal([]byte(row.Modules), &modules); err != nil {
		return o, fmt.Errorf("modules of version %s: %w", row.Version.ID, err)
	}
	for _, m := range modules {
		o.Modules = append(o.Modules, catalog.OutlineModule{Module: m})
	}
	return o, nil
}

// prefixed names columns of a table so that two tables fit in one row: c.id as c_id.
func prefixed(table, columns string) string {
	list := strings.Split(columns, ", ")
	for i, c := range list {
		list[i] = table + "." + c + " as " + table + "_" + c
	}
	return strings.Join(list, ", ")
}
