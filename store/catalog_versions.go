package store

import (
	"context"
	"strconv"

	"gorm.io/gorm/clause"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// VersionsOf lists a course's published versions, the newest first.
func (s *Store) VersionsOf(ctx context.Context, course uid.ID, p page.Request) (out page.Of[catalog.Edition], err error) {
	limit := p.Bounded()
	q := s.tx(ctx).Table("course_versions v").
		Select(`v.id, v.course_id, v.number, v.title, v.summary, v.language, v.cover_file_id, v.estimated_minutes, v.created_at, v.published_at, v.published_by,
			coalesce(p.name, '') as publisher, (select count(*) from lessons l where l.version_id = v.id) as lessons,
			(select count(*) from enrolments e where e.course_id = v.course_id and e.version_id = v.id and e.status <> 'withdrawn') as people,
			(select b.id from course_versions b where b.course_id = v.course_id and b.number < v.number and b.published_at is not null order by b.number desc limit 1) as before`).
		Joins("left join people p on p.id = v.published_by").
		Where("v.course_id = ? and v.published_at is not null", course).Order("v.number desc").Limit(limit + 1)
	if p.After != "" {
		parts, err := page.Parts(p.After, 1)
		if err != nil {
			return out, err
		}
		n, err := strconv.Atoi(parts[0])
		if err != nil {
			return out, page.ErrCursor
		}
		q = q.Where("v.number < ?", n)
	}
	var list []catalog.Edition
	if err = q.Scan(&list).Error; err != nil {
		return out, fail(err, "versions of course %s", course)
	}
	return page.Cut(list, limit, func(e catalog.Edition) []string { return []string{strconv.Itoa(e.Number)} }), nil
}

// partsMax bounds the parts of the versions that are compared at once.
const partsMax = 12 * (catalog.MaxLessons + catalog.MaxModules)

// PartsOf lists modules and lessons of versions in order of place, with a digest of what each says.
func (s *Store) PartsOf(ctx context.Context, versions []uid.ID) (parts []catalog.Part, err error) {
	err = s.tx(ctx).Raw(`select x.version_id, x.id, x.module, x.title, x.digest from (
			select m.version_id, m.id, true as module, m.title, md5(m.title) as digest, m.position as place, -1 as step from modules m where m.version_id in ?
			union all select l.version_id, l.id, false, l.title,
				md5(concat_ws('|', l.kind, l.title, l.minutes, l.body, l.file_id, l.captions_file_id, l.pass_percent, l.questions, l.url, l.completion, l.no_skip)),
				m.position, l.position
			from lessons l join modules m on m.version_id = l.version_id and m.id = l.module_id where l.version_id in ?) x
		order by x.version_id, x.place, x.step, x.id limit ?`, versions, versions, partsMax).Scan(&parts).Error
	return parts, fail(err, "parts of %d versions", len(versions))
}

// TongueDigests digests what versions say in each of their other languages.
func (s *Store) TongueDigests(ctx context.Context, versions []uid.ID) (list []catalog.TongueDigest, err error) {
	err = s.tx(ctx).Raw(`select x.version_id, x.language, md5(string_agg(x.digest, '' order by x.place)) as digest from (
			select version_id, language, case when part = version_id then '' else part::text end as place,
				md5(concat_ws('|', case when part = version_id then '' else part::text end, title, body, file_id, captions_file_id, questions)) as digest
			from version_texts where version_id in ?) x group by x.version_id, x.language`, versions).Scan(&list).Error
	return list, fail(err, "translations of %d versions", len(versions))
}

// RemoveVersion deletes a version that was never published, with all that is in it.
func (s *Store) RemoveVersion(ctx context.Context, version uid.ID) error {
	return s.changeOne(ctx, catalog.ErrVersionFixed, "remove version", "delete from course_versions where id = ? and published_at is null", version)
}

// textsMax bounds the texts of a version in all its languages.
const textsMax = (catalog.MaxLessons + catalog.MaxModules + 1) * (catalog.MaxLanguages + 1)

// TextsOf reads every text of a version in every language.
func (s *Store) TextsOf(ctx context.Context, version uid.ID) (texts []catalog.Text, err error) {
	err = s.tx(ctx).Where("version_id = ?", version).Order("language, part").Limit(textsMax).Find(&texts).Error
	return texts, fail(err, "texts of version %s", version)
}

// TextHeads reads the texts of one language, of lessons the title and files only.
func (s *Store) TextHeads(ctx context.Context, version uid.ID, language string) (texts []catalog.Text, err error) {
	err = s.tx(ctx).Select("version_id", "language", "part", "title", "case when part = version_id then body else '' end as body", "file_id", "captions_file_id").
		Where("version_id = ? and language = ?", version, language).Limit(catalog.MaxLessons + catalog.MaxModules + 1).Find(&texts).Error
	return texts, fail(err, "titles of version %s in %s", version, language)
}

// TextOf reads one text; known is false when there is none.
func (s *Store) TextOf(ctx context.Context, version uid.ID, language string, part uid.ID) (t catalog.Text, known bool, err error) {
	res := s.tx(ctx).Where("version_id = ? and language = ? and part = ?", version, language, part).Limit(1).Find(&t)
	return t, res.RowsAffected == 1, fail(res.Error, "text of %s in %s", part, language)
}

// PutText writes a text over what was there.
func (s *Store) PutText(ctx context.Context, t catalog.Text) error {
	err := s.tx(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "version_id"}, {Name: "language"}, {Name: "part"}},
		DoUpdates: clause.AssignmentColumns([]string{"title", "body", "file_id", "captions_file_id", "questions", "source"}),
	}).Create(&t).Error
	return fail(err, "write the text of %s in %s", t.Part, t.Language)
}

// RemoveTexts removes what was translated of parts, in every language.
func (s *Store) RemoveTexts(ctx context.Context, version uid.ID, parts []uid.ID) error {
	return fail(s.tx(ctx).Exec("delete from version_texts where version_id = ? and part in ?", version, parts).Error, "remove texts of version %s", version)
}

// RemoveLanguage removes all texts of a language and says how many.
func (s *Store) RemoveLanguage(ctx context.Context, version uid.ID, language string) (int64, error) {
	res := s.tx(ctx).Exec("delete from version_texts where version_id = ? and language = ?", version, language)
	return res.RowsAffected, fail(res.Error, "remove %s of version %s", language, version)
}

// CloneTexts copies the texts of a version to another of the same course.
func (s *Store) CloneTexts(ctx context.Context, from, to uid.ID) error {
	err := s.tx(ctx).Exec(`insert into version_texts (version_id, language, part, title, body, file_id, captions_file_id, questions, source)
		select ?::uuid, language, case when part = version_id then ?::uuid else part end, title, body, file_id, captions_file_id, questions, source
		from version_texts where version_id = ?`, to, to, from).Error
	return fail(err, "clone texts of version %s", from)
}
