package rest

import (
	"context"
	"errors"
	"time"

	"lyceum/api/problem"
	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// lessonText is a lesson of a draft, as its authors write it.
type lessonText struct {
	CourseID  uid.ID `json:"course_id"`
	VersionID uid.ID `json:"version_id" doc:"The version it stands in: the draft, or the published one while nothing was changed since."`
	Lesson    lesson `json:"lesson"`
}

// LessonState is what a lesson said at one of its revisions.
type LessonState struct {
	Revision  int       `json:"revision"`
	Automatic bool      `json:"automatic" doc:"Saved by the editor, not by its button."`
	SavedBy   *uid.ID   `json:"saved_by,omitempty" doc:"Left out for what the lesson said before anything of it was kept."`
	Name      string    `json:"name,omitempty" doc:"Of who saved it, while they are here."`
	SavedAt   time.Time `json:"saved_at"`
}

// lessonPast is such a state with what it says and what made it of the one before.
type lessonPast struct {
	LessonState
	Lesson  lesson       `json:"lesson"`
	Fields  []string     `json:"fields" doc:"What changed beside the text."`
	Changes []textChange `json:"changes" doc:"How the text changed, line by line; those that stayed are among them."`
}

// textChange is a stretch of lines.
type textChange struct {
	Kind  string   `json:"kind" enum:"same,added,removed"`
	Lines []string `json:"lines"`
}

// lessonMerge is what two authors made of one lesson.
type lessonMerge struct {
	Revision int        `json:"revision" doc:"What to save the proposal on."`
	Theirs   lesson     `json:"theirs" doc:"What the lesson says now."`
	SavedBy  string     `json:"saved_by" doc:"Who saved it."`
	SavedAt  *time.Time `json:"saved_at,omitempty"`
	Merged   lesson     `json:"merged" doc:"A proposal that keeps all of both."`
	Clean    bool       `json:"clean" doc:"Nothing was changed by both, each otherwise."`
	Clashes  []string   `json:"clashes" doc:"What both changed: in the proposal mine stands, and in its text mine before theirs."`
}

type lessonDraftIn struct {
	AtRevision
	ID        uid.ID `path:"course" doc:"The course's id."`
	Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
	Automatic bool   `query:"automatic" doc:"Saved by a program while somebody writes: pictures may still lack their alternative texts, and of a few minutes only the last save is kept."`
	Body      lessonDraft
}

type lessonMergeIn struct {
	AtRevision
	ID     uid.ID `path:"course" doc:"The course's id."`
	Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
	Body   lessonDraft
}

type lessonOneIn struct {
	ID     uid.ID `path:"course" doc:"The course's id."`
	Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
}

type lessonSaveIn struct {
	ID     uid.ID `path:"course" doc:"The course's id."`
	Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
	Save   int    `path:"revision" minimum:"0" doc:"The revision of the state."`
}

type lessonRestoreIn struct {
	AtRevision
	ID     uid.ID `path:"course" doc:"The course's id."`
	Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
	Save   int    `path:"revision" minimum:"0" doc:"The revision of the state."`
	Body   *revisionOnly
}

type lessonTextOut struct {
	ETag string `header:"ETag" doc:"The lesson's own revision, as If-Match takes it."`
	Body lessonText
}

type lessonPastOut struct{ Body lessonPast }

type lessonMergeOut struct{ Body lessonMerge }

func showWritten(w catalog.Written) lessonText {
	return lessonText{CourseID: w.Course.ID, VersionID: w.Version.ID, Lesson: showLesson(&w.Lesson, revealed)}
}

func showState(s *catalog.Save) LessonState {
	return LessonState{Revision: s.Revision, Automatic: s.Automatic, SavedBy: s.SavedBy, Name: s.Name, SavedAt: utc(s.SavedAt)}
}

// showInput shows what an author wrote as the lesson it is of.
func showInput(w catalog.Written, in catalog.LessonInput) lesson {
	l := in.Into(w.Lesson)
	return showLesson(&l, revealed)
}

func showMerge(m catalog.Merge) lessonMerge {
	out := lessonMerge{
		Revision: m.Lesson.Revision, Theirs: showLesson(&m.Lesson, revealed), SavedBy: m.Name, SavedAt: utcOrNone(m.At), Merged: showInput(m.Written, m.Merged),
		Clean: m.Clean(), Clashes: []string{},
	}
	for _, field := range m.Clashes {
		out.Clashes = append(out.Clashes, jsonField(field))
	}
	if len(m.Mended) > 0 {
		out.Clashes = append(out.Clashes, "questions")
	}
	return out
}

// jsonField is what a field of a lesson is called here.
func jsonField(name string) string {
	if known := map[string]string{"FileID": "file_id", "CaptionsFileID": "captions_file_id", "PassPercent": "pass_percent", "NoSkip": "no_skip", "URL": "url"}[name]; known != "" {
		return known
	}
	return string(name[0]|0x20) + name[1:]
}

// rewritten answers a save; one on an old revision is answered with what the lesson says now and a proposal.
func (a *api) rewritten(ctx context.Context, in *lessonDraftIn) (*lessonTextOut, error) {
	at, err := in.revision(in.Body.Revision)
	if err != nil {
		return nil, err
	}
	save := catalog.LessonSave{Revision: at, Automatic: in.Automatic, Lesson: in.Body.input()}
	w, err := a.Catalog.SaveLesson(ctx, in.ID, in.Lesson, save)
	if errors.Is(err, catalog.ErrLessonChanged) {
		m, failed := a.Catalog.MergeLesson(ctx, in.ID, in.Lesson, save)
		if failed != nil {
			return nil, failed
		}
		return nil, problem.Carrying(err, showMerge(m))
	}
	return textOut(w, err)
}

func textOut(w catalog.Written, err error) (*lessonTextOut, error) {
	if err != nil {
		return nil, err
	}
	return &lessonTextOut{ETag: etag(w.Lesson.Revision), Body: showWritten(w)}, nil
}

func (a *api) writingOperations() {
	edit := route.For(policy.CourseEdit)
	there := faults{catalog.ErrCourseNotFound, catalog.ErrLessonNotFound}
	on(a, operation{
		method: get, path: "/courses/{course}/lessons/{lesson}", id: "get-lesson-draft", tag: tagAuthoring, need: edit,
		summary: "Read a lesson as its authors see it", fails: there,
	}, func(ctx context.Context, in *lessonOneIn) (*lessonTextOut, error) {
		w, err := a.Catalog.Lesson(ctx, in.ID, in.Lesson)
		return textOut(w, err)
	})
	on(a, operation{
		method: put, path: "/courses/{course}/lessons/{lesson}", id: "update-lesson", tag: tagAuthoring, need: edit,
		summary: "Change what a lesson says",
		about: "The revision is the lesson's own, not the course's. What is left out becomes empty. Questions and options keep the ids they come with. " +
			"On an old revision nothing changes: the problem's current tells what the lesson says now and a proposal that keeps both, as merge-lesson does. The same content again, after an answer that was lost, is answered as done.",
		fails: faults{catalog.ErrCourseNotFound, catalog.ErrLessonNotFound, catalog.ErrLessonChanged},
	}, a.rewritten)
	on(a, operation{
		method: post, path: "/courses/{course}/lessons/{lesson}/merge", id: "merge-lesson", tag: tagAuthoring, need: edit, status: 200,
		summary: "Put a lesson written on an old revision together with what it says now",
		about:   "Nothing is kept: save the proposal, or what you make of it, on its revision.", fails: there,
	}, func(ctx context.Context, in *lessonMergeIn) (*lessonMergeOut, error) {
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		m, err := a.Catalog.MergeLesson(ctx, in.ID, in.Lesson, catalog.LessonSave{Revision: at, Lesson: in.Body.input()})
		if err != nil {
			return nil, err
		}
		return &lessonMergeOut{showMerge(m)}, nil
	})
	a.pastOperations()
}

func (a *api) pastOperations() {
	edit := route.For(policy.CourseEdit)
	kept := faults{catalog.ErrCourseNotFound, catalog.ErrLessonNotFound, catalog.ErrSaveNotFound}
	on(a, operation{
		method: get, path: "/courses/{course}/lessons/{lesson}/saves", id: "list-lesson-saves", tag: tagAuthoring, need: edit,
		summary: "What is kept of a lesson's past, the newest first",
		about:   "At most 100: a person's automatic saves of three minutes count as one.", fails: faults{catalog.ErrCourseNotFound, catalog.ErrLessonNotFound},
	}, func(ctx context.Context, in *lessonOneIn) (*pageOut[LessonState], error) {
		saves, err := a.Catalog.Saves(ctx, in.ID, in.Lesson)
		if err != nil {
			return nil, err
		}
		return whole(ctx, saves, showState), nil
	})
	on(a, operation{
		method: get, path: "/courses/{course}/lessons/{lesson}/saves/{revision}", id: "get-lesson-save", tag: tagAuthoring, need: edit,
		summary: "What a lesson said at a revision, and what changed", fails: kept,
	}, func(ctx context.Context, in *lessonSaveIn) (*lessonPastOut, error) {
		p, err := a.Catalog.SaveOf(ctx, in.ID, in.Lesson, in.Save)
		if err != nil {
			return nil, err
		}
		l := catalog.LessonInput(p.Content).Into(catalog.Lesson{ID: in.Lesson, Revision: p.Revision})
		out := &lessonPastOut{lessonPast{LessonState: showState(&p.Save), Lesson: showLesson(&l, revealed), Fields: []string{}, Changes: []textChange{}}}
		for _, field := range p.Fields() {
			out.Body.Fields = append(out.Body.Fields, jsonField(field))
		}
		for _, c := range p.Changes() {
			out.Body.Changes = append(out.Body.Changes, textChange{string(c.Kind), c.Lines})
		}
		return out, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/lessons/{lesson}/saves/{revision}/restore", id: "restore-lesson", tag: tagAuthoring, need: edit, status: 200,
		summary: "Let a lesson say again what it said at a revision",
		about:   "As a new save on the lesson's revision named by If-Match or the body.",
		fails:   append(faults{catalog.ErrLessonChanged}, kept...),
	}, func(ctx context.Context, in *lessonRestoreIn) (*lessonTextOut, error) {
		at, err := in.revision(in.Body.named())
		if err != nil {
			return nil, err
		}
		w, err := a.Catalog.RestoreLesson(ctx, in.ID, in.Lesson, at, in.Save)
		return textOut(w, err)
	})
}
