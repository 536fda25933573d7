package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"gorm.io/gorm"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
)

const questionColumns = "id, bank_id, folder, kind, title, tags, difficulty, body, words, revision, version, changed, archived_at, created_by, created_at, updated_at"

// AddQuestions writes new questions.
func (s *Store) AddQuestions(ctx context.Context, list []bank.Question) error {
	if len(list) == 0 {
		return nil
	}
	return fail(s.tx(ctx).CreateInBatches(&list, 200).Error, "add %d questions", len(list))
}

// QuestionByID reads a question.
func (s *Store) QuestionByID(ctx context.Context, id uid.ID) (q bank.Question, err error) {
	err = s.tx(ctx).Where("id = ?", id).Take(&q).Error
	return q, notFound(err, bank.ErrQuestionNotFound, "question %s", id)
}

// QuestionHeads reads questions without their bodies, as far as they are there.
func (s *Store) QuestionHeads(ctx context.Context, ids []uid.ID) (list []bank.Question, err error) {
	err = s.tx(ctx).Model(&bank.Question{}).Select("id, bank_id, folder, kind, title, difficulty, revision, version, changed, archived_at, created_at, updated_at").Where("id in ?", ids).Limit(testPartsMax).Find(&list).Error
	return list, fail(err, "heads of %d questions", len(ids))
}

// TakeQuestionRevision counts a question's revision up when it still is the one named, and holds the question with that.
func (s *Store) TakeQuestionRevision(ctx context.Context, id uid.ID, revision int, at time.Time) (q bank.Question, taken bool, err error) {
	res := s.tx(ctx).Raw("update questions set revision = revision + 1, updated_at = ? where id = ? and revision = ? returning "+questionColumns, at, id, revision).Scan(&q)
	return q, res.RowsAffected == 1, fail(res.Error, "take revision %d of question %s", revision, id)
}

// UpdateQuestion writes what may change of a question.
func (s *Store) UpdateQuestion(ctx context.Context, q bank.Question) error {
	return s.changeOne(ctx, bank.ErrQuestionNotFound, "update question",
		"update questions set bank_id = ?, folder = ?, kind = ?, title = ?, tags = ?, difficulty = ?, body = ?, words = ?, version = ?, changed = ?, archived_at = ? where id = ?",
		q.BankID, q.Folder, q.Kind, q.Title, q.Tags, q.Difficulty, q.Body, q.Words, q.Version, q.Changed, q.ArchivedAt, q.ID)
}

// RemoveQuestion removes a question with its versions.
func (s *Store) RemoveQuestion(ctx context.Context, id uid.ID) error {
	return s.changeOne(ctx, bank.ErrQuestionNotFound, "remove question", "delete from questions where id = ?", id)
}

// CountQuestions counts the questions of a bank, archived ones too.
func (s *Store) CountQuestions(ctx context.Context, of uid.ID) (n int, err error) {
	err = s.tx(ctx).Raw("select count(*) from questions where bank_id = ?", of).Scan(&n).Error
	return n, fail(err, "count the questions of bank %s", of)
}

// inFolder narrows questions to a folder and those in it.
func inFolder(q *gorm.DB, folder string) *gorm.DB {
	if folder == "" {
		return q
	}
	return q.Where("(folder = ? or folder like ?)", folder, likeText.Replace(folder)+"/%")
}

// withTags narrows questions to those that have all of the tags.
func withTags(q *gorm.DB, tags ...string) *gorm.DB {
	if len(tags) == 0 {
		return q
	}
	all, _ := json.Marshal(tags) // strings always marshal
	return q.Where("tags @> ?::jsonb", string(all))
}

// Questions lists questions of a bank by title.
func (s *Store) Questions(ctx context.Context, f bank.Filter) (out page.Of[bank.Question], err error) {
	limit := f.Page.Bounded()
	q := inFolder(s.tx(ctx).Where("bank_id = ?", f.Bank), f.Folder)
	switch f.Status {
	case bank.StatusDraft:
		q = q.Where("version = 0 and archived_at is null")
	case bank.StatusPublished:
		q = q.Where("version > 0 and archived_at is null")
	case bank.StatusChanged:
		q = q.Where("version > 0 and changed and archived_at is null")
	case bank.StatusArchived:
		q = q.Where("archived_at is not null")
	default:
		q = q.Where("archived_at is null")
	}
	if f.Query != "" {
		q = q.Where("words like ?", "%"+likeText.Replace(f.Query)+"%")
	}
	if f.Tag != "" {
		q = withTags(q, f.Tag)
	}
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	if f.Difficulty != 0 {
		q = q.Where("difficulty = ?", f.Difficulty)
	}
	if q, err = afterName(q, "(lower(title), id) > (?, ?)", f.Page.After); err != nil {
		return out, err
	}
	var rows []struct {
		bank.Question
		SortKey string
	}
	if err = q.Model(&bank.Question{}).Select(questionColumns + ", lower(title) as sort_key").Order("lower(title), id").Limit(limit + 1).Scan(&rows).Error; err != nil {
		return out, fail(err, "list questions of bank %s", f.Bank)
	}
	type row = struct {
		bank.Question
		SortKey string
	}
	return byName(rows, limit, func(r row) (string, uid.ID) { return r.SortKey, r.ID }, func(r row) bank.Question { return r.Question }), nil
}

const versionsTable = "question_versions"

// AddQuestionVersion writes a version of a question, which never changes.
func (s *Store) AddQuestionVersion(ctx context.Context, v bank.Version) error {
	return fail(s.tx(ctx).Table(versionsTable).Create(&v).Error, "add version %d of question %s", v.Number, v.QuestionID)
}

// QuestionVersions lists the versions of a question, the newest first.
func (s *Store) QuestionVersions(ctx context.Context, of uid.ID) (list []bank.Version, err error) {
	err = s.tx(ctx).Table(versionsTable).Where("question_id = ?", of).Order("number desc").Limit(bank.MaxAtOnce).Find(&list).Error
	return list, fail(err, "versions of question %s", of)
}

// QuestionVersionsOf reads versions as far as they are there.
func (s *Store) QuestionVersionsOf(ctx context.Context, refs []bank.Ref) (list []bank.Version, err error) {
	if len(refs) == 0 {
		return nil, nil
	}
	var where []string
	var args []any
	for _, r := range refs {
		where, args = append(where, "(?::uuid, ?::integer)"), append(args, r.Question, r.Version)
	}
	err = s.tx(ctx).Table(versionsTable).Where("(question_id, number) in ("+strings.Join(where, ", ")+")", args...).Find(&list).Error
	return list, fail(err, "read %d versions of questions", len(refs))
}

// Drawable lists the last published versions of what a pool draws from, by id.
func (s *Store) Drawable(ctx context.Context, p bank.Pool, limit int) (list []bank.Ref, err error) {
	q := s.tx(ctx).Model(&bank.Question{}).Select("id as question, version").
		Where("bank_id = ? and version > 0 and archived_at is null and exists (select 1 from banks b where b.id = bank_id and b.archived_at is null)", p.Bank)
	q = withTags(inFolder(q, p.Folder), p.Tags...)
	if p.Kind != "" {
		q = q.Where("kind = ?", p.Kind)
	}
	if p.Easiest > 0 {
		q = q.Where("difficulty >= ?", p.Easiest)
	}
	if p.Hardest > 0 {
		q = q.Where("difficulty between 1 and ?", p.Hardest)
	}
	err = q.Order("id").Limit(limit).Scan(&list).Error
	return list, fail(err, "draw from bank %s", p.Bank)
}
