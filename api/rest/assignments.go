package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
)

// handIn is what a learner hands in.
type handIn struct {
	Text    string   `json:"text,omitempty" doc:"Markdown, at most 100 000 characters."`
	FileID  *uid.ID  `json:"file_id,omitempty" doc:"A file that one uploaded oneself, with /submission-files."`
	FileIDs []uid.ID `json:"file_ids,omitempty" maxItems:"10" doc:"Several such files, in their order."`
}

func (h handIn) files() []uid.ID {
	if h.FileID != nil {
		return append([]uid.ID{*h.FileID}, h.FileIDs...)
	}
	return h.FileIDs
}

// draftBody is what is being written.
type draftBody struct {
	Revision int      `json:"revision" minimum:"0" doc:"The one it was written on; 0: nothing was saved yet."`
	Text     string   `json:"text,omitempty"`
	FileIDs  []uid.ID `json:"file_ids,omitempty" maxItems:"10"`
}

// savedDraft is what was saved.
type savedDraft struct {
	Revision int        `json:"revision"`
	Text     string     `json:"text"`
	FileIDs  []uid.ID   `json:"file_ids"`
	SavedAt  *time.Time `json:"saved_at,omitempty"`
}

func showDraft(d assignment.Draft) savedDraft {
	out := savedDraft{Revision: d.Revision, Text: d.Text, FileIDs: listed(d.Files)}
	if !d.SavedAt.IsZero() {
		at := utc(d.SavedAt)
		out.SavedAt = &at
	}
	return out
}

// task is an assignment as its learner sees it.
type task struct {
	Rules    assignmentRules `json:"rules"`
	DueAt    *time.Time      `json:"due_at,omitempty" doc:"For this learner, with an extension."`
	ClosesAt *time.Time      `json:"closes_at,omitempty" doc:"When nothing is taken any more."`
	Extended bool            `json:"extended"`
	LateDays int             `json:"late_days" doc:"Were it handed in now."`
	Off      int             `json:"off" doc:"Percent taken off, were it handed in now."`
	Group    string          `json:"group,omitempty" doc:"The group that one hands in for."`
	Left     *int            `json:"attempts_left,omitempty" doc:"Left out: as often as it is returned."`
	Open     bool            `json:"open" doc:"Something may be handed in now."`
	Why      string          `json:"why,omitempty" doc:"The code of why not."`
	Draft    savedDraft      `json:"draft"`
	Handed   []handed        `json:"submissions" doc:"The newest first."`
}

// markDraft is what a marker says of something handed in.
type markDraft struct {
	Accept   bool       `json:"accept" doc:"It is marked. Without accept and fail it is returned, to be done again."`
	Fail     bool       `json:"fail,omitempty" doc:"Where there are no points: it does not pass, and is not returned."`
	Percent  *int       `json:"percent,omitempty" minimum:"0" maximum:"100" doc:"How good it is, where there are no points."`
	Points   float64    `json:"points,omitempty" minimum:"0" maximum:"1000" doc:"Where it is marked by points."`
	Criteria []workPick `json:"criteria,omitempty" maxItems:"30" doc:"Where it is marked by a rubric: a level for each criterion."`
	Agreed   bool       `json:"agreed,omitempty" doc:"It is what markers who were apart agreed on."`
	Comment  string     `json:"comment,omitempty" doc:"To the learner; required when it is returned."`
	FileIDs  []uid.ID   `json:"file_ids,omitempty" maxItems:"10" doc:"Given back with it; uploaded oneself with /submission-files."`
}

type taskIn struct {
	Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
}

type handInIn struct {
	Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
	Body      handIn
}

type draftIn struct {
	Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
	Body      draftBody
}

type submissionsIn struct {
	Paging
	Status   enrolment.SubmissionStatus `query:"status" enum:"submitted,accepted,returned,failed" default:"submitted" doc:"Only what is in this state."`
	Course   string                     `query:"course" format:"uuid" doc:"Of one course only, by its id."`
	Lesson   string                     `query:"lesson" format:"uuid" doc:"Of one lesson only, by its id."`
	Mine     bool                       `query:"mine" doc:"Only what one has claimed."`
	Appealed bool                       `query:"appealed" doc:"Only where an objection waits for an answer, in whatever state."`
}

type submissionIn struct {
	ID uid.ID `path:"submission" doc:"The submission's id."`
}

type markIn struct {
	ID   uid.ID `path:"submission" doc:"The submission's id."`
	Body markDraft
}

type claimIn struct {
	ID   uid.ID `path:"submission" doc:"The submission's id."`
	Body struct {
		Back bool `json:"back,omitempty" doc:"Gives it back."`
	}
}

type appealIn struct {
	ID   uid.ID `path:"submission" doc:"The submission's id."`
	Body struct {
		Reason string `json:"reason" maxLength:"2000"`
	}
}

type answerIn struct {
	ID   uid.ID `path:"submission" doc:"The submission's id."`
	Body struct {
		Change   bool       `json:"change" doc:"Else the mark is kept."`
		Answer   string     `json:"answer" maxLength:"2000" doc:"To the learner."`
		Pass     bool       `json:"pass,omitempty" doc:"Where there are no points."`
		Points   float64    `json:"points,omitempty" minimum:"0" maximum:"1000"`
		Criteria []workPick `json:"criteria,omitempty" maxItems:"30"`
	}
}

type extensionIn struct {
	Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
	Body      struct {
		Until  time.Time `json:"until"`
		Reason string    `json:"reason" maxLength:"2000" doc:"Kept with it."`
	}
}

type extension struct {
	ID      uid.ID    `json:"id"`
	Until   time.Time `json:"until"`
	Reason  string    `json:"reason"`
	GivenBy uid.ID    `json:"given_by"`
	GivenAt time.Time `json:"given_at"`
}

type lessonRulesIn struct {
	Course uid.ID `path:"course" doc:"The course's id."`
	Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
}

type setRulesIn struct {
	Course uid.ID `path:"course" doc:"The course's id."`
	Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
	Body   assignmentRules
}

type compareIn struct {
	ID    uid.ID `path:"submission" doc:"The submission's id."`
	Other uid.ID `path:"other" doc:"The other submission's id."`
}

type passage struct {
	Text string `json:"text"`
	Pair int    `json:"pair" doc:"The same number in both; 0: only here."`
}

type comparison struct {
	Percent int       `json:"percent" doc:"How much of the one stands in the other."`
	Back    int       `json:"back" doc:"The other way round."`
	One     []passage `json:"one"`
	Other   []passage `json:"other"`
}

type released struct {
	Released int `json:"released"`
}

type (
	handedOut        struct{ Body handed }
	createdHandedOut struct {
		Location string `header:"Location"`
		Body     handed
	}
	taskOut       struct{ Body task }
	draftOut      struct{ Body savedDraft }
	extensionOut  struct{ Body extension }
	rulesOut      struct{ Body assignmentRules }
	comparisonOut struct{ Body comparison }
	releasedOut   struct{ Body released }
)

func (a *api) submissionOperations() {
	a.handInOperations()
	a.markOperations()
	a.afterMarkOperations()
	a.assignmentRulesOperations()
}

var noTask = faults{enrolment.ErrEnrolmentNotFound, catalog.ErrLessonNotFound, enrolment.ErrNotASubmission}

func (a *api) handInOperations() {
	learn := route.For(policy.EnrolmentSelf)
	on(a, operation{
		method: post, path: "/submission-files", id: "put-submission-file", tag: tagLearning, need: learn, status: 201,
		summary: "Upload a file to hand in",
		about:   "Up to 8 MiB; a larger one goes in chunks: begin-upload with handed_in. What a file is, is found out from its bytes.",
		bytes:   true, fails: faults{content.ErrHandedWaiting, content.ErrFileType, content.ErrFileTooLarge, content.ErrStorageFull},
	}, func(ctx context.Context, in *wholeFileIn) (*createdFileOut, error) {
		f, err := a.Content.HandIn(ctx, in.Name, sentBytes(ctx))
		if err != nil {
			return nil, err
		}
		return &createdFileOut{Location: base + "/files/" + f.ID.String(), Body: showFile(f)}, nil
	})
	on(a, operation{
		method: get, path: "/enrolments/{enrolment}/lessons/{lesson}/assignment", id: "get-assignment", tag: tagLearning, need: learn,
		summary: "An assignment, with its dates for oneself, the draft and what one handed in", fails: noTask,
	}, func(ctx context.Context, in *taskIn) (*taskOut, error) {
		d, err := a.Assignments.Desk(ctx, in.Enrolment, in.Lesson)
		if err != nil {
			return nil, err
		}
		return &taskOut{showTask(d)}, nil
	})
	on(a, operation{
		method: put, path: "/enrolments/{enrolment}/lessons/{lesson}/draft", id: "save-draft", tag: tagLearning, need: learn, status: 200,
		summary: "Save what is being written",
		about:   "It is kept when this is answered. The same again changes nothing; what was changed elsewhere meanwhile is refused.",
		fails:   append(faults{assignment.ErrDraftChanged, enrolment.ErrWithdrawn}, noTask...),
	}, func(ctx context.Context, in *draftIn) (*draftOut, error) {
		d, err := a.Assignments.SaveDraft(ctx, assignment.DraftInput{Enrolment: in.Enrolment, Lesson: in.Lesson, Revision: in.Body.Revision, Text: in.Body.Text, Files: in.Body.FileIDs})
		if err != nil {
			return nil, err
		}
		return &draftOut{showDraft(d)}, nil
	})
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/lessons/{lesson}/submissions", id: "hand-in", tag: tagLearning, need: learn, status: 201,
		summary: "Hand in a text, files, or both",
		about:   "By the rules of get-assignment. The same handed in again while it waits is the same submission.",
		fails:   append(faults{enrolment.ErrWithdrawn, enrolment.ErrSubmissionWaits, enrolment.ErrSubmissionAccepted, assignment.ErrClosed, assignment.ErrNoAttemptLeft}, noTask...),
	}, func(ctx context.Context, in *handInIn) (*createdHandedOut, error) {
		sub, err := a.Assignments.HandIn(ctx, assignment.HandInput{Enrolment: in.Enrolment, Lesson: in.Lesson, Text: in.Body.Text, Files: in.Body.files()})
		if err != nil {
			return nil, err
		}
		s, err := a.Assignments.Sheet(ctx, sub.ID)
		if err != nil {
			return nil, err
		}
		return &createdHandedOut{Location: base + "/submissions/" + sub.ID.String(), Body: showSheet(s)}, nil
	})
	on(a, operation{
		method: post, path: "/submissions/{submission}/appeal", id: "appeal-submission", tag: tagLearning, need: learn, status: 204,
		summary: "Object to a mark, once", fails: faults{assignment.ErrNotFound, assignment.ErrNoAppeal, assignment.ErrAppealed, assignment.ErrAppealClosed},
	}, func(ctx context.Context, in *appealIn) (*struct{}, error) {
		return nil, a.Assignments.Appeal(ctx, in.ID, in.Body.Reason)
	})
}

func showTask(d assignment.Desk) task {
	out := task{
		Rules: showAssignment(d.Settings, 0), DueAt: utcOrNone(d.Due), ClosesAt: utcOrNone(d.Closes), Extended: d.Extended, LateDays: d.LateDays, Off: d.Off, Group: d.Team,
		Open: d.Refused == nil, Draft: showDraft(d.Draft), Handed: []handed{},
	}
	if d.Left >= 0 {
		out.Left = &d.Left
	}
	if d.Refused != nil {
		out.Why = fault.Of(d.Refused).Code
	}
	for _, s := range d.Works {
		out.Handed = append(out.Handed, showOwn(s))
	}
	return out
}

func (a *api) assignmentRulesOperations() {
	edit := route.For(policy.CourseEdit)
	on(a, operation{
		method: get, path: "/courses/{course}/lessons/{lesson}/assignment", id: "get-assignment-rules", tag: tagAuthoring, need: edit,
		summary: "The rules of an assignment",
		fails:   faults{catalog.ErrCourseNotFound, catalog.ErrLessonNotFound},
	}, func(ctx context.Context, in *lessonRulesIn) (*rulesOut, error) {
		if err := a.Assignments.Task(ctx, in.Course, in.Lesson); err != nil {
			return nil, err
		}
		r, err := a.Assignments.Rules(ctx, in.Lesson)
		if err != nil {
			return nil, err
		}
		return &rulesOut{showAssignment(r.Settings, r.Number)}, nil
	})
	on(a, operation{
		method: put, path: "/courses/{course}/lessons/{lesson}/assignment", id: "set-assignment-rules", tag: tagAuthoring, need: edit, status: 200,
		summary: "Set the rules of an assignment",
		about:   "They hold at once, for what is handed in from now on; what was handed in is marked by the rules it came under.",
		fails:   faults{assignment.ErrSettingsMoved, catalog.ErrCourseNotFound, catalog.ErrLessonNotFound},
	}, func(ctx context.Context, in *setRulesIn) (*rulesOut, error) {
		settings, err := in.Body.read()
		if err != nil {
			return nil, err
		}
		if _, err = a.Assignments.SetRules(ctx, assignment.SetRulesInput{Course: in.Course, Lesson: in.Lesson, Number: in.Body.Number, Settings: settings}); err != nil {
			return nil, err
		}
		r, err := a.Assignments.Rules(ctx, in.Lesson)
		if err != nil {
			return nil, err
		}
		return &rulesOut{showAssignment(r.Settings, r.Number)}, nil
	})
}
