package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// moduleTitle names a chapter.
type moduleTitle struct {
	Title    string `json:"title"`
	Revision *int   `json:"revision,omitempty" doc:"The revision this change was made on, unless If-Match names it."`
}

// modulePlace is where a chapter goes.
type modulePlace struct {
	Position int  `json:"position" minimum:"0" doc:"Counted from 0. Beyond the end means the end."`
	Revision *int `json:"revision,omitempty" doc:"The revision this change was made on, unless If-Match names it."`
}

// lessonPlace is where a lesson goes.
type lessonPlace struct {
	ModuleID uid.ID `json:"module_id" doc:"Its own module or another one."`
	Position int    `json:"position" minimum:"0" doc:"Counted from 0. Beyond the end means the end."`
	Revision *int   `json:"revision,omitempty" doc:"The revision this change was made on, unless If-Match names it."`
}

// lessonDraft is a lesson as an author writes it. What its kind does not use is dropped.
type lessonDraft struct {
	Kind           catalog.LessonKind `json:"kind,omitempty" enum:"text,video,audio,pdf,file,embed,link,quiz,submission" doc:"A lesson keeps its kind: it may be left out of a change."`
	Title          string             `json:"title"`
	Minutes        int                `json:"minutes,omitempty"`
	Body           string             `json:"body,omitempty" doc:"Markdown; pictures are ![alternative text](file:ID)."`
	FileID         *uid.ID            `json:"file_id,omitempty" doc:"The uploaded recording or document."`
	CaptionsFileID *uid.ID            `json:"captions_file_id,omitempty" doc:"The uploaded captions of a recording."`
	PassPercent    int                `json:"pass_percent,omitempty" doc:"What completes a quiz, 1 to 100. Left out means 80."`
	URL            string             `json:"url,omitempty" doc:"What an embed shows, or a link leads to. Embeds may show the sites of /embed-hosts."`
	Completion     *completion        `json:"completion,omitempty" doc:"Left out, it is the rule of the kind: recordings are watched to 90 %, quizzes passed, submissions submitted, all others viewed."`
	NoSkip         bool               `json:"no_skip,omitempty" doc:"Of a recording only what was played on from the beginning counts."`
	Questions      []questionDraft    `json:"questions,omitempty"`
	Revision       *int               `json:"revision,omitempty" doc:"The revision this change was made on, unless If-Match names it."`
}

// questionDraft is a question as an author writes it. Questions and options keep the ids they come with; new ones get one.
type questionDraft struct {
	ID          uid.ID        `json:"id,omitempty" required:"false"`
	Prompt      string        `json:"prompt"`
	Explanation string        `json:"explanation,omitempty" doc:"Shown to those who have passed."`
	Options     []optionDraft `json:"options"`
}

// optionDraft is an answer as an author writes it.
type optionDraft struct {
	ID      uid.ID `json:"id,omitempty" required:"false"`
	Text    string `json:"text"`
	Correct bool   `json:"correct,omitempty"`
}

type newModuleIn struct {
	AtRevision
	ID   uid.ID `path:"course" doc:"The course's id."`
	Body moduleTitle
}

type moduleIn struct {
	AtRevision
	ID     uid.ID `path:"course" doc:"The course's id."`
	Module uid.ID `path:"module" doc:"The module's id."`
}

type moduleTitleIn struct {
	AtRevision
	ID     uid.ID `path:"course" doc:"The course's id."`
	Module uid.ID `path:"module" doc:"The module's id."`
	Body   moduleTitle
}

type modulePlaceIn struct {
	AtRevision
	ID     uid.ID `path:"course" doc:"The course's id."`
	Module uid.ID `path:"module" doc:"The module's id."`
	Body   modulePlace
}

type newLessonIn struct {
	AtRevision
	ID     uid.ID `path:"course" doc:"The course's id."`
	Module uid.ID `path:"module" doc:"The module's id."`
	Body   lessonDraft
}

type lessonIn struct {
	AtRevision
	ID     uid.ID `path:"course" doc:"The course's id."`
	Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
}

type lessonPlaceIn struct {
	AtRevision
	ID     uid.ID `path:"course" doc:"The course's id."`
	Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
	Body   lessonPlace
}

func (d lessonDraft) input() catalog.LessonInput {
	in := catalog.LessonInput{
		Kind: d.Kind, Title: d.Title, Minutes: d.Minutes, Body: d.Body,
		FileID: d.FileID, CaptionsFileID: d.CaptionsFileID, PassPercent: d.PassPercent,
		URL: d.URL, NoSkip: d.NoSkip,
	}
	if d.Completion != nil {
		in.Completion = catalog.Completion{Rule: d.Completion.Rule, Seconds: d.Completion.Seconds, Percent: d.Completion.Percent}
	}
	for _, q := range d.Questions {
		asked := catalog.Question{ID: q.ID, Prompt: q.Prompt, Explanation: q.Explanation}
		for _, o := range q.Options {
			asked.Options = append(asked.Options, catalog.Option{ID: o.ID, Text: o.Text, Correct: o.Correct})
		}
		in.Questions = append(in.Questions, asked)
	}
	return in
}

// changed runs a change of the draft on the revision that header or body names.
func changed(ctx context.Context, named AtRevision, body *int, change func(revision int) (catalog.Outline, error)) (*outlineOut, error) {
	at, err := named.revision(body)
	if err != nil {
		return nil, err
	}
	o, err := change(at)
	return authored(ctx, o, err)
}

// created answers a draft with the address of the part that was added.
func created(o *outlineOut, parts string, id uid.ID) *createdOutlineOut {
	return &createdOutlineOut{ETag: o.ETag, Location: base + "/courses/" + o.Body.ID.String() + parts + id.String(), Body: o.Body}
}

func (a *api) moduleOperations() {
	inModule := faults{catalog.ErrCourseNotFound, catalog.ErrModuleNotFound, catalog.ErrRevision}
	on(a, operation{
		method: post, path: "/courses/{course}/modules", id: "add-module", tag: tagAuthoring, need: route.For(policy.CourseEdit), status: 201,
		summary: "Add a module at the end of the draft",
		fails:   faults{catalog.ErrCourseNotFound, catalog.ErrRevision, catalog.ErrCourseFull},
	}, func(ctx context.Context, in *newModuleIn) (*createdOutlineOut, error) {
		o, err := changed(ctx, in.AtRevision, in.Body.Revision, func(at int) (catalog.Outline, error) {
			return a.Catalog.AddModule(ctx, in.ID, at, in.Body.Title)
		})
		if err != nil {
			return nil, err
		}
		added := o.Body.Modules[len(o.Body.Modules)-1].ID
		return created(o, "/modules/", added), nil
	})
	on(a, operation{
		method: put, path: "/courses/{course}/modules/{module}", id: "rename-module", tag: tagAuthoring, need: route.For(policy.CourseEdit),
		summary: "Give a module another title", fails: inModule,
	}, func(ctx context.Context, in *moduleTitleIn) (*outlineOut, error) {
		return changed(ctx, in.AtRevision, in.Body.Revision, func(at int) (catalog.Outline, error) {
			return a.Catalog.RenameModule(ctx, in.ID, at, in.Module, in.Body.Title)
		})
	})
	on(a, operation{
		method: post, path: "/courses/{course}/modules/{module}/move", id: "move-module", tag: tagAuthoring, need: route.For(policy.CourseEdit),
		summary: "Move a module to another position", fails: inModule,
	}, func(ctx context.Context, in *modulePlaceIn) (*outlineOut, error) {
		return changed(ctx, in.AtRevision, in.Body.Revision, func(at int) (catalog.Outline, error) {
			return a.Catalog.MoveModule(ctx, in.ID, at, in.Module, in.Body.Position)
		})
	})
	on(a, operation{
		method: del, path: "/courses/{course}/modules/{module}", id: "delete-module", tag: tagAuthoring, need: route.For(policy.CourseEdit), status: 200,
		summary: "Take a module with its lessons out of the draft",
		about:   "Versions published earlier keep it.", fails: inModule,
	}, func(ctx context.Context, in *moduleIn) (*outlineOut, error) {
		return changed(ctx, in.AtRevision, nil, func(at int) (catalog.Outline, error) {
			return a.Catalog.DeleteModule(ctx, in.ID, at, in.Module)
		})
	})
}

func (a *api) lessonOperations() {
	inLesson := faults{catalog.ErrCourseNotFound, catalog.ErrLessonNotFound, catalog.ErrRevision}
	on(a, operation{
		method: post, path: "/courses/{course}/modules/{module}/lessons", id: "add-lesson", tag: tagAuthoring, need: route.For(policy.CourseEdit), status: 201,
		summary: "Add a lesson at the end of a module",
		about:   "A draft may be incomplete; publishing asks for the rest.",
		fails:   faults{catalog.ErrCourseNotFound, catalog.ErrModuleNotFound, catalog.ErrRevision, catalog.ErrCourseFull},
	}, func(ctx context.Context, in *newLessonIn) (*createdOutlineOut, error) {
		var added uid.ID
		o, err := changed(ctx, in.AtRevision, in.Body.Revision, func(at int) (o catalog.Outline, err error) {
			o, added, err = a.Catalog.AddLesson(ctx, in.ID, at, in.Module, in.Body.input())
			return o, err
		})
		if err != nil {
			return nil, err
		}
		return created(o, "/lessons/", added), nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/lessons/{lesson}/move", id: "move-lesson", tag: tagAuthoring, need: route.For(policy.CourseEdit),
		summary: "Move a lesson within its module or to another one",
		fails:   faults{catalog.ErrCourseNotFound, catalog.ErrLessonNotFound, catalog.ErrModuleNotFound, catalog.ErrRevision},
	}, func(ctx context.Context, in *lessonPlaceIn) (*outlineOut, error) {
		return changed(ctx, in.AtRevision, in.Body.Revision, func(at int) (catalog.Outline, error) {
			return a.Catalog.MoveLesson(ctx, in.ID, at, in.Lesson, in.Body.ModuleID, in.Body.Position)
		})
	})
	on(a, operation{
		method: del, path: "/courses/{course}/lessons/{lesson}", id: "delete-lesson", tag: tagAuthoring, need: route.For(policy.CourseEdit), status: 200,
		summary: "Take a lesson out of the draft",
		about:   "Versions published earlier keep it.", fails: inLesson,
	}, func(ctx context.Context, in *lessonIn) (*outlineOut, error) {
		return changed(ctx, in.AtRevision, nil, func(at int) (catalog.Outline, error) {
			return a.Catalog.DeleteLesson(ctx, in.ID, at, in.Lesson)
		})
	})
}
