package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/notice"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/themes"
)

// telling is one line of the table of what people are told: when this happened, these are told of that kind, and led
// there. Facts are what the event says; a telling without people is none.
type telling struct {
	when string
	kind notice.Kind
	to   func(ctx context.Context, a *app, f newsFacts) ([]uid.ID, error)
	data func(f newsFacts) notice.Data // beside course and by; nil: nothing
	path func(f newsFacts) string
	mail func(ctx context.Context, a *app, f newsFacts, to auth.Person) (themes.Mail, error) // nil: themes.NewsMail
}

// newsFacts is what events say that people are told of. Fields that an event does not have stay empty.
type newsFacts struct {
	Event      event.Event `json:"-"`
	By         string      `json:"-"` // who caused it, when it was somebody else
	PersonID   uid.ID      `json:"person_id"`
	PersonName string      `json:"person_name"`
	CourseID   uid.ID      `json:"course_id"`
	Course     string      `json:"course_title"`
	Title      string      `json:"title"`
	Slug       string      `json:"slug"`
	Source     string      `json:"source"`
	Code       string      `json:"code"`
	Kind       string      `json:"kind"`
	Failed     int         `json:"failed"`
	DueAt      *time.Time  `json:"due_at"`
	Until      *time.Time  `json:"until"`
	ValidUntil *time.Time  `json:"valid_until"`
	First      bool        `json:"first"`
	Days       int         `json:"days"`
	Status     string      `json:"status"`
	Comment    string      `json:"comment"`
	Operator   string      `json:"operator"`
	Answer     string      `json:"answer"`
	Note       string      `json:"note"`
	Number     int         `json:"version"`
	LessonID   uid.ID      `json:"lesson_id"`
	Was        string      `json:"was"`         // the review that was taken back
	AskedBy    *uid.ID     `json:"asked_by"`    // for it
	ReviewedBy *uid.ID     `json:"reviewed_by"` // nil: nobody yet
	BySelf     bool        `json:"by_self"`     // of a wish about data: the person's own
	Submission uid.ID      `json:"submission_id"`
	AttemptID  uid.ID      `json:"attempt_id"`
	Message    uid.ID      `json:"message_id"`
	ToMark     bool        `json:"to_mark"`   // of a test: a person has to mark some of it
	Anonymous  bool        `json:"anonymous"` // of a test: its rules hide names from markers
	Author     *uid.ID     `json:"-"`         // who made the course
	Hidden     bool        `json:"-"`         // the assignment hides names from markers
}

// tellings is the table. A line costs nothing where its event never happens. Names of jobs are "tell_" and the event.
func tellings() []telling {
	return append(hrTellings(), []telling{
		{when: "enrolment.created", kind: notice.KindEnrolled, to: assigned, data: enrolledData, path: toCourse, mail: enrolledMail},
		{when: "enrolment.reinstated", kind: notice.KindEnrolled, to: assigned, data: enrolledData, path: toCourse, mail: enrolledMail},
		{when: "enrolment.renewed", kind: notice.KindEnrolled, to: theLearner, data: againData, path: toCourse},
		{when: "enrolment.due_changed", kind: notice.KindDue, to: unlessFirst, data: dueData, path: toCourse},
		{when: "enrolment.moved", kind: notice.KindMoved, to: theLearner, data: versionData, path: toCourse},
		{when: "certificate.issued", kind: notice.KindCertificate, to: theLearner, path: func(newsFacts) string { return "/certificates" }, mail: certificateMail},
		{when: "certificate.revoked", kind: notice.KindCertificate, to: theLearner, data: as("withdrawn"), path: func(newsFacts) string { return "/certificates" }},
		{when: "submission.marked", kind: notice.KindMarked, to: theLearner, data: markedData, path: toLesson},
		{when: "submission.accepted", kind: notice.KindMarked, to: theLearner, data: as("accepted"), path: toLesson},
		{when: "submission.returned", kind: notice.KindMarked, to: theLearner, data: as("returned"), path: toLesson},
		{when: "submission.failed", kind: notice.KindMarked, to: theLearner, data: as("failed"), path: toLesson},
		{when: "submission.appealed", kind: notice.KindSubmitted, to: theMarker, data: as("appealed"), path: toMarking},
		{when: "submission.appeal_answered", kind: notice.KindMarked, to: theLearner, data: as("answered"), path: toLesson},
		{when: "test.handed_in", kind: notice.KindSubmitted, to: testMarker, data: testHandedData, path: toTestMarking},
		{when: "test.graded", kind: notice.KindMarked, to: markedByOthers, data: as("graded"), path: toLesson},
		{when: "test.regraded", kind: notice.KindMarked, to: theLearner, data: as("regraded"), path: toLesson},
		{when: "test.second_needed", kind: notice.KindSubmitted, to: otherMarkers, data: as("second"), path: toTestMarking},
		{when: "test.appealed", kind: notice.KindSubmitted, to: theMarker, data: as("test_appealed"), path: toTestMarking},
		{when: "test.appeal_answered", kind: notice.KindMarked, to: theLearner, data: as("answered"), path: toLesson},
		{when: "test.allowed", kind: notice.KindDue, to: theLearner, data: as("allowed"), path: toLesson},
		{when: "assignment.extended", kind: notice.KindDue, to: theLearner, data: extendedData, path: toLesson},
		{when: "submission.submitted", kind: notice.KindSubmitted, to: theMarker, data: hiddenData, path: toMarking},
		{when: "data_request.ready", kind: notice.KindPrivacy, to: whoAsked, data: copyData, path: toCopy},
		{when: "erasure.asked", kind: notice.KindPrivacy, to: whoMay(policy.PrivacyManage), data: as("asked"), path: toErasure},
		{when: "delegation.made", kind: notice.KindMessage, to: theLearner, data: deputyData, path: func(newsFacts) string { return "/team" }},
		{when: "report.schedule_paused", kind: notice.KindMessage, to: theLearner, data: func(f newsFacts) notice.Data { return notice.Data{"as": "report", "course": f.Title} }, path: func(newsFacts) string { return "/reports/schedules" }},
		{when: "learner.nudged", kind: notice.KindMessage, to: theLearner, data: as("nudge"), path: func(newsFacts) string { return "/" }},
		{when: "learner.messaged", kind: notice.KindMessage, to: theLearner, data: messageData, path: toCourse},
		{when: "support.asked", kind: notice.KindSupport, to: whenWaiting(whoMay(policy.SecurityManage)), data: supportData("asked"), path: toSupport},
		{when: "support.started", kind: notice.KindSupport, to: whoMay(policy.SecurityManage), data: supportData("started"), path: toSupport},
		{when: "support.ended", kind: notice.KindSupport, to: whoMay(policy.SecurityManage), data: supportData("ended"), path: toSupport},
		{when: "place.requested", kind: notice.KindRequested, to: whoMay(policy.EnrolmentManage), path: toPlaces},
		{when: "place.granted", kind: notice.KindAnswered, to: theLearner, data: grantedData, path: toCourse, mail: placeMail},
		{when: "place.refused", kind: notice.KindAnswered, to: theLearner, data: as("refused"), path: toCourse, mail: placeMail},
		{when: "course.review_requested", kind: notice.KindReviewRequested, to: whoMay(policy.CourseReview), path: toStudio},
		{when: "course.approved", kind: notice.KindReviewed, to: theAuthor, data: as("approved"), path: toStudio},
		{when: "course.returned", kind: notice.KindReviewed, to: theAuthor, data: as("returned"), path: toStudio},
		{when: "course.review_taken_back", kind: notice.KindReviewTakenBack, to: reviewParties, data: func(f newsFacts) notice.Data { return notice.Data{"as": f.Was} }, path: toReview},
		{when: "path.enrolled", kind: notice.KindEnrolled, to: putOnPath, data: as("path"), path: toPath},
		{when: "path.completed", kind: notice.KindPathCompleted, to: theLearner, path: toPath},
		{when: "course.published", kind: notice.KindCourseUpdated, to: underWay, data: versionData, path: toCourse},
	}...)
}

// homeConsequences makes jobs of the table.
func (a *app) homeConsequences() []queue.Consequence {
	var out []queue.Consequence
	for _, t := range tellings() {
		out = append(out, queue.Consequence{When: t.when, Name: "tell_" + t.when, Urgency: queue.Waited, Do: a.telling(t)})
	}
	return out
}

// homeChores forget what was told long ago. Reminders of dates are worker_reminders.go's.
func (a *app) homeChores() []queue.Chore {
	return []queue.Chore{
		{Name: "sweep_notices", Every: 24 * time.Hour, Do: func(ctx context.Context) error { return a.everywhere(ctx, "notices", a.notices.Sweep) }},
	}
}

// telling is the job of a line: notices for those who want them in the app, mails for those who want them.
func (a *app) telling(t telling) func(context.Context, event.Event) error {
	return func(ctx context.Context, e event.Event) error {
		f, err := a.newsFacts(ctx, e)
		if unwanted(err) {
			return nil
		}
		if err != nil {
			return err
		}
		people, err := t.to(ctx, a, f)
		if err != nil || len(people) == 0 {
			return err
		}
		data := notice.Data{"course": f.Course}
		if f.By != "" {
			data["by"] = f.By
		}
		if t.data != nil {
			for k, v := range t.data(f) {
				data[k] = v
			}
		}
		path := t.path(f)
		mails, err := a.tell(ctx, notice.Telling{Source: e.ID, Kind: t.kind, People: people, Data: data, Path: path})
		if err != nil {
			return err
		}
		return a.newsMails(ctx, t, f, mails, notice.Notice{Kind: t.kind, Data: data, Path: path, At: e.At})
	}
}

func (a *app) newsMails(ctx context.Context, t telling, f newsFacts, people []uid.ID, n notice.Notice) error {
	at, _ := tenant.From(ctx)
	portal := a.hosts.PortalURL(at)
	for _, id := range people {
		to, err := a.person(ctx, id)
		if unwanted(err) {
			continue
		}
		if err != nil {
			return err
		}
		var letter themes.Mail = themes.NewsMail{Name: to.Name, Notice: n, Link: portal + n.Path, Choose: portal + "/notifications/settings"}
		if t.mail != nil {
			if letter, err = t.mail(ctx, a, f, to); err != nil {
				return err
			}
		}
		if err := a.letter(ctx, f.Event, to, letter); err != nil {
			return err
		}
	}
	return nil
}

// newsFacts reads an event, and fills in the course's title and address and who caused it.
func (a *app) newsFacts(ctx context.Context, e event.Event) (f newsFacts, err error) {
	if err = json.Unmarshal(e.Data, &f); err != nil {
		return f, fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	f.Event = e
	if e.SubjectType == "course" && f.CourseID == uid.Nil {
		f.CourseID = e.SubjectID
	}
	if f.Course == "" {
		f.Course = f.Title
	}
	err = a.store.InTenant(ctx, func(ctx context.Context) error {
		if e.ActorID != nil && (*e.ActorID != f.PersonID || f.Message != uid.Nil) {
			if by, err := a.store.PersonByID(ctx, *e.ActorID); err == nil {
				f.By = by.Name
			}
		}
		if e.SubjectType == "data_request" || e.SubjectType == "erasure" {
			if p, err := a.store.PersonByID(ctx, f.PersonID); err == nil {
				f.Course = cmp.Or(p.Name, p.Email) // whose data it is about
			}
		}
		if f.Submission != uid.Nil {
			if w, err := a.store.WorkByID(ctx, f.Submission); err == nil {
				f.Hidden = w.Anonymous && (e.Type == "submission.submitted" || e.Type == "submission.appealed")
			}
		}
		if f.Message != uid.Nil {
			m, err := a.store.CourseMessage(ctx, f.Message)
			if err != nil {
				return err
			}
			f.Note = m.Body
		}
		if f.CourseID == uid.Nil {
			return nil
		}
		c, err := a.store.CourseByID(ctx, f.CourseID)
		if err != nil {
			return err
		}
		f.Slug, f.Author = c.Slug, c.CreatedBy
		if f.Course == "" {
			f.Course, err = a.titleOf(ctx, c)
		}
		return err
	})
	if f.Hidden {
		f.By = ""
	} else if f.By == "" && e.ActorID != nil && *e.ActorID == f.PersonID {
		f.By = f.PersonName // a learner tells those who look after the course
	}
	return f, err
}

func (a *app) titleOf(ctx context.Context, c catalog.Course) (string, error) {
	for _, version := range []*uid.ID{c.DraftID, c.PublishedID} {
		if version != nil {
			v, err := a.store.VersionByID(ctx, *version)
			return v.Title, err
		}
	}
	return c.Slug, nil
}

// Who is told.

func theLearner(_ context.Context, _ *app, f newsFacts) ([]uid.ID, error) {
	if f.PersonID == uid.Nil {
		return nil, nil
	}
	return []uid.ID{f.PersonID}, nil
}

// assigned is the learner, when someone else enrolled them.
func assigned(ctx context.Context, a *app, f newsFacts) ([]uid.ID, error) {
	if f.Source != string(enrolment.SourceAssigned) {
		return nil, nil
	}
	return theLearner(ctx, a, f)
}

// putOnPath is the learner, when someone else put them on the path.
func putOnPath(ctx context.Context, a *app, f newsFacts) ([]uid.ID, error) {
	if f.Event.ActorID == nil || *f.Event.ActorID == f.PersonID {
		return nil, nil
	}
	return theLearner(ctx, a, f)
}

// unlessFirst leaves out the date that came with the enrolment, which tells of it itself.
func unlessFirst(ctx context.Context, a *app, f newsFacts) ([]uid.ID, error) {
	if f.First {
		return nil, nil
	}
	return theLearner(ctx, a, f)
}

// theAuthor is who made the course.
func theAuthor(_ context.Context, _ *app, f newsFacts) ([]uid.ID, error) {
	if f.Author == nil || f.Event.ActorID != nil && *f.Event.ActorID == *f.Author {
		return nil, nil
	}
	return []uid.ID{*f.Author}, nil
}

// reviewParties are those whom a review concerns that was taken back: who made the course, who asked for it, and who answered
// it, or where nobody has yet, all who may; not who changed the draft.
func reviewParties(ctx context.Context, a *app, f newsFacts) (people []uid.ID, err error) {
	if f.ReviewedBy == nil {
		if people, err = whoMay(policy.CourseReview)(ctx, a, f); err != nil {
			return nil, err
		}
	}
	for _, id := range []*uid.ID{f.Author, f.AskedBy, f.ReviewedBy} {
		if id != nil && !slices.Contains(people, *id) && (f.Event.ActorID == nil || *id != *f.Event.ActorID) {
			people = append(people, *id)
		}
	}
	return people, nil
}

// maxTold is how many of those who look after something are told of it.
const maxTold = 200

// whoMay are those with a permission, but who caused it.
func whoMay(p policy.Permission) func(context.Context, *app, newsFacts) ([]uid.ID, error) {
	return func(ctx context.Context, a *app, f newsFacts) (people []uid.ID, err error) {
		var roles []policy.Role
		err = a.store.InTenant(ctx, func(ctx context.Context) error {
			roles, err = a.store.Roles(ctx)
			return err
		})
		if err != nil {
			return nil, err
		}
		var may []policy.Role
		for _, role := range roles {
			set, err := a.policy.For(ctx, []policy.Role{role})
			if err != nil {
				return nil, err
			}
			if set.Has(p) {
				may = append(may, role)
			}
		}
		err = a.store.InTenant(ctx, func(ctx context.Context) error {
			people, err = a.store.ActiveInRoles(ctx, may, maxTold)
			return err
		})
		return slices.DeleteFunc(people, func(id uid.ID) bool { return f.Event.ActorID != nil && id == *f.Event.ActorID }), err
	}
}

// theMarker is who made the course when they may mark, else all who may.
func theMarker(ctx context.Context, a *app, f newsFacts) ([]uid.ID, error) {
	all, err := whoMay(policy.EnrolmentMark)(ctx, a, f)
	if f.Author != nil && slices.Contains(all, *f.Author) {
		return []uid.ID{*f.Author}, err
	}
	return all, err
}

// underWay are those who learn from an earlier version of the course.
func underWay(ctx context.Context, a *app, f newsFacts) (people []uid.ID, err error) {
	err = a.store.InTenant(ctx, func(ctx context.Context) error {
		people, err = a.store.LearnersOnEarlier(ctx, f.CourseID)
		return err
	})
	return people, err
}

// What is said.
