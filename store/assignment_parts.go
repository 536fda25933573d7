package store

import (
	"context"

	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/assignment"
)

// workPartsMax bounds what belongs to one submission, or to those of one lesson that one person sees.
const workPartsMax = 5000

// AddWorkFiles writes files of a submission; one that is there already stays.
func (s *Store) AddWorkFiles(ctx context.Context, files []assignment.File) error {
	if len(files) == 0 {
		return nil
	}
	return fail(s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&files).Error, "add files of submission %s", files[0].SubmissionID)
}

// WorkFiles reads the files of submissions in their order.
func (s *Store) WorkFiles(ctx context.Context, submissions []uid.ID) (list []assignment.File, err error) {
	if len(submissions) == 0 {
		return nil, nil
	}
	err = s.tx(ctx).Table("submission_files w").Select("w.submission_id, w.file_id, w.kind, w.position, f.name, f.size, f.media_type, f.sha256").
		Joins("join files f on f.id = w.file_id").Where("w.submission_id in ?", submissions).Order("w.submission_id, w.kind, w.position, w.file_id").Limit(workPartsMax).Find(&list).Error
	return list, fail(err, "files of submissions")
}

// FilesOf reads those of the files that a person uploaded, in the order in which they are named.
func (s *Store) FilesOf(ctx context.Context, ids []uid.ID, person uid.ID) (list []assignment.File, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var found []assignment.File
	err = s.tx(ctx).Table("files f").Select("f.id as file_id, f.name, f.size, f.media_type, f.sha256").Where("f.id in ? and f.created_by = ?", ids, person).Limit(workPartsMax).Find(&found).Error
	for _, id := range ids {
		for _, f := range found {
			if f.FileID == id {
				list = append(list, f)
				break
			}
		}
	}
	return list, fail(err, "files of person %s", person)
}

// AddWorkMembers writes whose work a submission is.
func (s *Store) AddWorkMembers(ctx context.Context, submission uid.ID, enrolments []uid.ID) error {
	for _, e := range enrolments {
		if err := s.tx(ctx).Exec("insert into submission_members (submission_id, enrolment_id) values (?, ?) on conflict do nothing", submission, e).Error; err != nil {
			return fail(err, "add members of submission %s", submission)
		}
	}
	return nil
}

// WorkMembers reads whose work a submission is, by name.
func (s *Store) WorkMembers(ctx context.Context, submission uid.ID) (list []assignment.Member, err error) {
	err = s.tx(ctx).Table("submission_members m").Select("m.enrolment_id, e.person_id, p.name as person_name").
		Joins("join enrolments e on e.id = m.enrolment_id").Joins("join people p on p.id = e.person_id").
		Where("m.submission_id = ?", submission).Order("lower(p.name), m.enrolment_id").Limit(workPartsMax).Find(&list).Error
	return list, fail(err, "members of submission %s", submission)
}

// TeamOf reads the first of the groups that a person is in, with the enrolments of its members in a course.
func (s *Store) TeamOf(ctx context.Context, person, course uid.ID, groups []uid.ID) (group uid.ID, name string, members []assignment.Member, err error) {
	var own []assignment.Team
	err = s.tx(ctx).Table("groups g").Select("g.id, g.name").Joins("join group_members m on m.group_id = g.id").Where("m.person_id = ? and g.id in ?", person, groups).Limit(workPartsMax).Find(&own).Error
	if err != nil {
		return uid.Nil, "", nil, fail(err, "team of person %s", person)
	}
	for _, id := range groups {
		for _, t := range own {
			if t.ID == id && group == uid.Nil {
				group, name = t.ID, t.Name
			}
		}
	}
	if group == uid.Nil {
		return uid.Nil, "", nil, nil
	}
	err = s.tx(ctx).Table("group_members m").Select("e.id as enrolment_id, e.person_id, p.name as person_name").
		Joins("join enrolments e on e.person_id = m.person_id and e.course_id = ? and e.status <> 'withdrawn'", course).Joins("join people p on p.id = e.person_id").
		Where("m.group_id = ?", group).Order("lower(p.name), e.id").Limit(workPartsMax).Find(&members).Error
	return group, name, members, fail(err, "team %s", group)
}

// TeamNames lists the groups that can be chosen to hand in together, by name.
func (s *Store) TeamNames(ctx context.Context) (list []assignment.Team, err error) {
	err = s.tx(ctx).Table("groups").Select("id, name").Order("lower(name), id").Limit(workPartsMax).Find(&list).Error
	return list, fail(err, "groups to hand in together")
}

// AddMark writes a mark, which never changes.
func (s *Store) AddMark(ctx context.Context, m assignment.Mark) error {
	return fail(s.tx(ctx).Omit("MarkerName").Create(&m).Error, "add mark %d of submission %s", m.Number, m.SubmissionID)
}

// MarksOf reads the marks of submissions, the oldest first.
func (s *Store) MarksOf(ctx context.Context, submissions []uid.ID) (list []assignment.Mark, err error) {
	if len(submissions) == 0 {
		return nil, nil
	}
	err = s.tx(ctx).Table("submission_marks m").Select("m.submission_id, m.number, m.kind, m.marker_id, m.given, m.verdict, m.comment, m.at, coalesce(p.name, '') as marker_name").
		Joins("left join people p on p.id = m.marker_id").Where("m.submission_id in ?", submissions).Order("m.submission_id, m.number").Limit(workPartsMax).Find(&list).Error
	return list, fail(err, "marks of submissions")
}

// AddExtension writes more time for somebody.
func (s *Store) AddExtension(ctx context.Context, e assignment.Extension) error {
	return fail(s.tx(ctx).Create(&e).Error, "extend enrolment %s", e.EnrolmentID)
}

// ExtensionsOf reads what time somebody was given for a lesson, the newest first.
func (s *Store) ExtensionsOf(ctx context.Context, enrolmentID, lesson uid.ID) (list []assignment.Extension, err error) {
	err = s.tx(ctx).Where("enrolment_id = ? and lesson_id = ?", enrolmentID, lesson).Order("given_at desc, id desc").Limit(workPartsMax).Find(&list).Error
	return list, fail(err, "extensions of enrolment %s", enrolmentID)
}

// AddAppeal writes an objection, of which there is one a submission.
func (s *Store) AddAppeal(ctx context.Context, a assignment.Appeal) error {
	return fail(s.tx(ctx).Omit("Answer", "Changed", "After", "AnsweredBy", "AnsweredAt").Create(&a).Error, "appeal of submission %s", a.SubmissionID)
}

// AppealOf reads the objection to a submission's mark.
func (s *Store) AppealOf(ctx context.Context, submission uid.ID) (a assignment.Appeal, found bool, err error) {
	res := s.tx(ctx).Table("submission_appeals").Select("submission_id, enrolment_id, reason, asked_at, coalesce(answer, '') as answer, changed, before, after, answered_by, answered_at").
		Where("submission_id = ?", submission).Limit(1).Find(&a)
	return a, res.RowsAffected == 1, fail(res.Error, "appeal of submission %s", submission)
}

// AnswerAppeal writes the answer to an objection that waits for one.
func (s *Store) AnswerAppeal(ctx context.Context, a assignment.Appeal) error {
	res := s.tx(ctx).Model(&assignment.Appeal{}).Where("submission_id = ? and answered_at is null", a.SubmissionID).
		Select("Answer", "Changed", "After", "AnsweredBy", "AnsweredAt").Updates(&a)
	if res.Error == nil && res.RowsAffected == 0 {
		return assignment.ErrNoAppealOpen
	}
	return fail(res.Error, "answer the appeal of submission %s", a.SubmissionID)
}

// PutPrints replaces the prints of a submission.
func (s *Store) PutPrints(ctx context.Context, submission uid.ID, prints []assignment.Print) error {
	if err := s.tx(ctx).Exec("delete from submission_prints where submission_id = ?", submission).Error; err != nil || len(prints) == 0 {
		return fail(err, "drop prints of submission %s", submission)
	}
	return fail(s.tx(ctx).Create(&prints).Error, "put prints of submission %s", submission)
}

// PrintsIn reads the prints of a lesson's newest submissions, without the words.
func (s *Store) PrintsIn(ctx context.Context, lesson uid.ID) (list []assignment.Print, err error) {
	err = s.tx(ctx).Table("submission_prints").Select("submission_id, part, lesson_id, enrolment_id, group_id, prints").Where("lesson_id = ?", lesson).
		Order("submission_id desc, part").Limit(workPartsMax).Find(&list).Error
	return list, fail(err, "prints of lesson %s", lesson)
}

// PrintsOf reads the words and prints of a submission.
func (s *Store) PrintsOf(ctx context.Context, submission uid.ID) (list []assignment.Print, err error) {
	err = s.tx(ctx).Where("submission_id = ?", submission).Order("part").Limit(workPartsMax).Find(&list).Error
	return list, fail(err, "prints of submission %s", submission)
}

// PutMatches replaces the matches of a submission: there is what it has of others, back what others have of it.
func (s *Store) PutMatches(ctx context.Context, submission uid.ID, there, back []assignment.Match) error {
	if err := s.tx(ctx).Exec("delete from submission_matches where submission_id = ? or other_id = ?", submission, submission).Error; err != nil {
		return fail(err, "drop matches of submission %s", submission)
	}
	const add = "insert into submission_matches (submission_id, other_id, percent) values (?, ?, ?)"
	for _, m := range there {
		if err := s.tx(ctx).Exec(add, submission, m.OtherID, m.Percent).Error; err != nil {
			return fail(err, "put matches of submission %s", submission)
		}
	}
	for _, m := range back {
		if err := s.tx(ctx).Exec(add, m.OtherID, submission, m.Percent).Error; err != nil {
			return fail(err, "put matches of submission %s", submission)
		}
	}
	return nil
}

// MatchesOf reads what a submission has in common with others, the most first.
func (s *Store) MatchesOf(ctx context.Context, submission uid.ID, limit int) (list []assignment.Match, err error) {
	err = s.tx(ctx).Table("submission_matches m").Select("m.other_id, m.percent, p.name as person_name, s.number").
		Joins("join submissions s on s.id = m.other_id").Joins("join enrolments e on e.id = s.enrolment_id").Joins("join people p on p.id = e.person_id").
		Where("m.submission_id = ?", submission).Order("m.percent desc, m.other_id").Limit(limit).Find(&list).Error
	return list, fail(err, "matches of submission %s", submission)
}
