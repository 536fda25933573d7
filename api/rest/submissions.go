package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
)

// completion is what completes a lesson.
type completion struct {
	Rule    catalog.Rule `json:"rule" enum:"viewed,watched,passed,submitted,marked"`
	Seconds int          `json:"seconds,omitempty" doc:"Of viewed: how long the lesson must be looked at."`
	Percent int          `json:"percent,omitempty" doc:"Of watched: the share that must be played; left out, it is 90. Of passed: the pass mark."`
}

func showCompletion(c catalog.Completion) *completion {
	if c.Rule == "" {
		return nil
	}
	out := completion(c)
	return &out
}

// reportDraft is what a player tells of a few seconds of learning.
type reportDraft struct {
	ID       uid.ID              `json:"id" doc:"Made by who reports: a report that arrives again changes nothing."`
	Position *float64            `json:"position,omitempty" minimum:"0" doc:"The second of the recording the player stands at."`
	Played   enrolment.Intervals `json:"played,omitempty" doc:"The seconds of the recording really played, as [from, to]."`
	Seen     enrolment.Intervals `json:"seen,omitempty" doc:"When the lesson was in front of the person, or playing, as [from, to] in seconds ago: [[15, 0]] is the last quarter of a minute. At most seven days ago."`
}

// reportsDraft is reports of a lesson.
type reportsDraft struct {
	Reports []reportDraft `json:"reports" minItems:"1" maxItems:"200" doc:"The oldest first."`
}

// handIn is what a learner hands in.
type handIn struct {
	Text   string  `json:"text,omitempty" doc:"At most 20 000 characters."`
	FileID *uid.ID `json:"file_id,omitempty" doc:"A file that one uploaded oneself, with /submission-files."`
}

// handed is something handed in.
type handed struct {
	ID          uid.ID                     `json:"id"`
	EnrolmentID uid.ID                     `json:"enrolment_id"`
	LessonID    uid.ID                     `json:"lesson_id"`
	LessonTitle string                     `json:"lesson_title,omitempty"`
	CourseID    uid.ID                     `json:"course_id"`
	CourseTitle string                     `json:"course_title,omitempty"`
	PersonID    uid.ID                     `json:"person_id"`
	PersonName  string                     `json:"person_name,omitempty"`
	Number      int                        `json:"number" doc:"Counts what one handed in for the lesson."`
	Text        string                     `json:"text"`
	FileID      *uid.ID                    `json:"file_id,omitempty"`
	Status      enrolment.SubmissionStatus `json:"status" enum:"submitted,accepted,returned"`
	Comment     string                     `json:"comment,omitempty" doc:"Of who marked it."`
	Percent     *int                       `json:"percent,omitempty" doc:"How good it was found, where a number was given."`
	MarkedBy    *uid.ID                    `json:"marked_by,omitempty"`
	SubmittedAt time.Time                  `json:"submitted_at"`
	MarkedAt    *time.Time                 `json:"marked_at,omitempty"`
}

// markDraft is what an instructor says of something handed in.
type markDraft struct {
	Accept  bool   `json:"accept" doc:"Else it is returned, to be done again."`
	Percent *int   `json:"percent,omitempty" minimum:"0" maximum:"100" doc:"How good it is."`
	Comment string `json:"comment,omitempty" doc:"To the learner; required when it is returned."`
}

// embedHosts is the sites that lessons may show.
type embedHosts struct {
	Hosts []string `json:"hosts" doc:"Host names, such as player.vimeo.com."`
}

type reportsIn struct {
	Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
	Body      reportsDraft
}

type handInIn struct {
	Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
	Body      handIn
}

type submissionsIn struct {
	Paging
	Status enrolment.SubmissionStatus `query:"status" enum:"submitted,accepted,returned" default:"submitted" doc:"Only what is in this state."`
	Course string                     `query:"course" format:"uuid" doc:"Of one course only, by its id."`
}

type submissionIn struct {
	ID uid.ID `path:"submission" doc:"The submission's id."`
}

type markIn struct {
	ID   uid.ID `path:"submission" doc:"The submission's id."`
	Body markDraft
}

type embedHostsIn struct{ Body embedHosts }

type handedOut struct{ Body handed }

type createdHandedOut struct {
	Location string `header:"Location"`
	Body     handed
}

type embedHostsOut struct{ Body embedHosts }

func showHanded(h enrolment.Handed) handed {
	return handed{
		ID: h.ID, EnrolmentID: h.EnrolmentID, LessonID: h.LessonID, LessonTitle: h.LessonTitle, CourseID: h.CourseID, CourseTitle: h.CourseTitle,
		PersonID: h.PersonID, PersonName: h.PersonName, Number: h.Number, Text: h.Text, FileID: h.FileID, Status: h.Status, Comment: h.Comment, Percent: h.Percent,
		MarkedBy: h.MarkedBy, SubmittedAt: utc(h.SubmittedAt), MarkedAt: utcOrNone(h.MarkedAt),
	}
}

func (a *api) reportOperations() {
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/lessons/{lesson}/reports", id: "report-lesson", tag: tagLearning, need: route.For(policy.EnrolmentSelf), status: 200,
		summary: "Report what was seen and played of a lesson",
		about:   "Reports may come late, from several devices, in any order and more than once: each counts once. Only what was played while the lesson was in front of the person counts, at 2.2 times the speed and 15 seconds more.",
		fails:   faults{enrolment.ErrEnrolmentNotFound, enrolment.ErrWithdrawn, catalog.ErrLessonNotFound, enrolment.ErrNotAVideo, enrolment.ErrWatchedTooFast},
	}, func(ctx context.Context, in *reportsIn) (*progressOut, error) {
		reports := enrolment.ReportInput{Enrolment: in.Enrolment, Lesson: in.Lesson}
		for _, r := range in.Body.Reports {
			reports.Reports = append(reports.Reports, enrolment.Report{ID: r.ID, Position: r.Position, Played: r.Played, Seen: r.Seen})
		}
		p, _, err := a.Enrolment.Report(ctx, reports)
		if err != nil {
			return nil, err
		}
		return &progressOut{showProgress(p)}, nil
	})
}

func (a *api) submissionOperations() {
	learn, mark := route.For(policy.EnrolmentSelf), route.For(policy.EnrolmentMark)
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
		method: post, path: "/enrolments/{enrolment}/lessons/{lesson}/submissions", id: "hand-in", tag: tagLearning, need: learn, status: 201,
		summary: "Hand in a text, a file, or both",
		about:   "While one waits to be marked, and after one was accepted, no other is taken.",
		fails:   faults{enrolment.ErrEnrolmentNotFound, enrolment.ErrWithdrawn, catalog.ErrLessonNotFound, enrolment.ErrNotASubmission, enrolment.ErrSubmissionWaits, enrolment.ErrSubmissionAccepted},
	}, func(ctx context.Context, in *handInIn) (*createdHandedOut, error) {
		sub, err := a.Enrolment.HandIn(ctx, enrolment.HandInInput{Enrolment: in.Enrolment, Lesson: in.Lesson, Text: in.Body.Text, FileID: in.Body.FileID})
		if err != nil {
			return nil, err
		}
		return a.handedIn(ctx, sub.ID)
	})
	on(a, operation{
		method: get, path: "/submissions", id: "list-submissions", tag: tagLearning, need: mark,
		summary: "What learners handed in",
		about:   "What waits to be marked, the longest first; or what was accepted or returned, the newest first.",
	}, func(ctx context.Context, in *submissionsIn) (*pageOut[handed], error) {
		course, _ := uid.Parse(in.Course)
		list, err := a.Enrolment.Submissions(ctx, enrolment.HandedFilter{Status: in.Status, Course: course, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, func(h *enrolment.Handed) handed { return showHanded(*h) }), nil
	})
	on(a, operation{
		method: get, path: "/submissions/{submission}", id: "get-submission", tag: tagLearning, need: route.SignedIn,
		summary: "Something handed in", about: "To its person, and to who may mark.", fails: faults{enrolment.ErrSubmissionNotFound},
	}, func(ctx context.Context, in *submissionIn) (*handedOut, error) {
		h, err := a.Enrolment.Submission(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &handedOut{showHanded(h)}, nil
	})
	on(a, operation{
		method: post, path: "/submissions/{submission}/mark", id: "mark-submission", tag: tagLearning, need: mark, status: 200,
		summary: "Accept something handed in, or return it to be done again",
		about:   "Accepting completes the lesson. The learner is told by mail.",
		fails:   faults{enrolment.ErrSubmissionNotFound, enrolment.ErrMarked, enrolment.ErrOwnSubmission},
	}, func(ctx context.Context, in *markIn) (*handedOut, error) {
		h, err := a.Enrolment.Mark(ctx, enrolment.MarkInput{Submission: in.ID, Accept: in.Body.Accept, Percent: in.Body.Percent, Comment: in.Body.Comment})
		if err != nil {
			return nil, err
		}
		return &handedOut{showHanded(h)}, nil
	})
}

func (a *api) handedIn(ctx context.Context, id uid.ID) (*createdHandedOut, error) {
	h, err := a.Enrolment.Submission(ctx, id)
	if err != nil {
		return nil, err
	}
	return &createdHandedOut{Location: base + "/submissions/" + id.String(), Body: showHanded(h)}, nil
}

func (a *api) embedOperations() {
	on(a, operation{
		method: get, path: "/embed-hosts", id: "get-embed-hosts", tag: tagAuthoring, need: route.For(policy.CourseRead),
		summary: "Which sites lessons may show",
	}, func(ctx context.Context, _ *struct{}) (*embedHostsOut, error) {
		hosts, err := a.Catalog.EmbedHosts(ctx)
		if err != nil {
			return nil, err
		}
		return &embedHostsOut{embedHosts{listed(hosts)}}, nil
	})
	on(a, operation{
		method: put, path: "/embed-hosts", id: "set-embed-hosts", tag: tagAuthoring, need: route.For(policy.SecurityManage), status: 200, fresh: true,
		summary: "Say which sites lessons may show",
		about:   "An empty list lets lessons show none. What lessons show already of a site taken away becomes a link.",
	}, func(ctx context.Context, in *embedHostsIn) (*embedHostsOut, error) {
		hosts, err := a.Catalog.SetEmbedHosts(ctx, in.Body.Hosts)
		if err != nil {
			return nil, err
		}
		return &embedHostsOut{embedHosts{listed(hosts)}}, nil
	})
}
