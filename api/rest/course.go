package rest

import (
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// course is a course as a list shows it.
type course struct {
	ID               uid.ID         `json:"id"`
	Slug             string         `json:"slug" doc:"The course's address."`
	Status           catalog.Status `json:"status" enum:"draft,published,archived"`
	SelfEnrol        bool           `json:"self_enrol" doc:"People may enrol themselves."`
	Title            string         `json:"title"`
	Summary          string         `json:"summary"`
	Language         string         `json:"language" doc:"A BCP 47 language tag."`
	CoverFileID      *uid.ID        `json:"cover_file_id,omitempty"`
	EstimatedMinutes int            `json:"estimated_minutes"`
	Lessons          int            `json:"lessons" doc:"How many lessons it has."`
	HasDraft         bool           `json:"has_draft" doc:"There are changes that nobody learns from yet."`
	UpdatedAt        time.Time      `json:"updated_at"`
	CategoryID       *uid.ID        `json:"category_id,omitempty"`
	Visibility       string         `json:"visibility" enum:"everyone,groups,request"`
	Template         bool           `json:"template"`
	Review           string         `json:"review" enum:"none,requested,approved,returned" doc:"Where its draft stands, for authors."`
	Languages        []string       `json:"languages" doc:"That it can be read in, its own first."`
	Reading          string         `json:"reading" doc:"The language that title and summary are shown in."`
	Mine             *place         `json:"mine,omitempty" doc:"Where who asks is in it. It is left out when they are not."`
}

// place is where who asks is in a course.
type place struct {
	Status  string `json:"status" enum:"active,completed"`
	Started bool   `json:"started"`
	Percent int    `json:"percent"`
}

// outline is a version of a course with its modules and lessons in order.
type outline struct {
	ID               uid.ID         `json:"id"`
	Slug             string         `json:"slug" doc:"The course's address."`
	Status           catalog.Status `json:"status" enum:"draft,published,archived"`
	SelfEnrol        bool           `json:"self_enrol" doc:"People may enrol themselves."`
	Revision         int            `json:"revision" doc:"Counts the changes. A change names the revision it was made on."`
	HasDraft         bool           `json:"has_draft" doc:"There are changes that nobody learns from yet."`
	VersionID        uid.ID         `json:"version_id"`
	VersionNumber    int            `json:"version_number"`
	Title            string         `json:"title"`
	Summary          string         `json:"summary"`
	Language         string         `json:"language" doc:"A BCP 47 language tag."`
	CoverFileID      *uid.ID        `json:"cover_file_id,omitempty"`
	EstimatedMinutes int            `json:"estimated_minutes"`
	PublishedAt      *time.Time     `json:"published_at,omitempty" doc:"When this version was published. It is left out while it is a draft."`
	Languages        []string       `json:"languages,omitempty" doc:"That learners can read it in, its own first."`
	Reading          string         `json:"reading" doc:"The language it is shown in; what is not translated stands in its own."`
	Category         string         `json:"category,omitempty" doc:"The name of its category, where learners read."`
	Tags             []string       `json:"tags,omitempty" doc:"Where learners read."`
	Skills           []string       `json:"skills,omitempty" doc:"What it teaches, by name, where learners read."`
	Modules          []module       `json:"modules"`
}

// module is a chapter.
type module struct {
	ID      uid.ID   `json:"id"`
	Title   string   `json:"title"`
	Lessons []lesson `json:"lessons"`
}

// lesson is a step of a module.
type lesson struct {
	ID             uid.ID             `json:"id"`
	Kind           catalog.LessonKind `json:"kind" enum:"text,video,pdf,quiz"`
	Title          string             `json:"title"`
	Minutes        int                `json:"minutes"`
	Body           string             `json:"body,omitempty" doc:"Markdown; pictures are ![alternative text](file:ID)."`
	FileID         *uid.ID            `json:"file_id,omitempty" doc:"The video or the document."`
	CaptionsFileID *uid.ID            `json:"captions_file_id,omitempty"`
	PassPercent    int                `json:"pass_percent,omitempty" doc:"What completes a quiz."`
	Questions      []question         `json:"questions,omitempty"`
}

// question is a multiple-choice question. Its explanation and what is correct are there for authors, and for learners
// once they have passed.
type question struct {
	ID          uid.ID   `json:"id"`
	Prompt      string   `json:"prompt"`
	Multiple    bool     `json:"multiple" doc:"Several answers are correct; all of them and no other must be chosen."`
	Options     []option `json:"options"`
	Explanation string   `json:"explanation,omitempty"`
}

// option is an answer that may be chosen.
type option struct {
	ID      uid.ID `json:"id"`
	Text    string `json:"text"`
	Correct *bool  `json:"correct,omitempty" doc:"Left out for those who may not know yet."`
}

func showCard(c *catalog.Card) course {
	out := course{
		ID: c.ID, Slug: c.Slug, Status: c.Status, SelfEnrol: c.SelfEnrol, Title: c.Title, Summary: c.Summary, Language: c.Language,
		CoverFileID: c.CoverFileID, EstimatedMinutes: c.EstimatedMinutes, Lessons: c.Lessons, HasDraft: c.HasDraft, UpdatedAt: utc(c.UpdatedAt),
		CategoryID: c.CategoryID, Visibility: string(catalog.VisibleToAll), Template: c.Template, Review: "none", Languages: c.Languages, Reading: c.Reading,
	}
	if c.Visibility != "" {
		out.Visibility = string(c.Visibility)
	}
	if c.Review != "" {
		out.Review = string(c.Review)
	}
	if c.Mine != nil {
		out.Mine = &place{c.Mine.Status, c.Mine.Started, c.Mine.Percent}
	}
	return out
}

// answers says whether a quiz is shown with what is correct.
type answers bool

const (
	hidden   answers = false
	revealed answers = true
)

func showOutline(o catalog.Outline, show answers) outline {
	out := outline{
		ID: o.Course.ID, Slug: o.Course.Slug, Status: o.Course.Status, SelfEnrol: o.Course.SelfEnrol, Revision: o.Course.Revision,
		HasDraft: o.Course.DraftID != nil, VersionID: o.Version.ID, VersionNumber: o.Version.Number,
		Title: o.Version.Title, Summary: o.Version.Summary, Language: o.Version.Language, CoverFileID: o.Version.CoverFileID,
		EstimatedMinutes: o.Version.EstimatedMinutes, PublishedAt: utcOrNone(o.Version.PublishedAt), Languages: o.Languages, Reading: o.Shown(), Modules: make([]module, len(o.Modules)),
	}
	out.Category, out.Tags = o.Meta.Category, o.Meta.Tags
	for _, k := range o.Meta.Skills {
		out.Skills = append(out.Skills, k.Name)
	}
	for i, m := range o.Modules {
		out.Modules[i] = module{ID: m.ID, Title: m.Title, Lessons: make([]lesson, len(m.Lessons))}
		for j := range m.Lessons {
			out.Modules[i].Lessons[j] = showLesson(&m.Lessons[j], show)
		}
	}
	return out
}

func showLesson(l *catalog.Lesson, show answers) lesson {
	out := lesson{
		ID: l.ID, Kind: l.Kind, Title: l.Title, Minutes: l.Minutes, Body: l.Body,
		FileID: l.FileID, CaptionsFileID: l.CaptionsFileID, PassPercent: l.PassPercent,
	}
	for _, q := range l.Questions {
		out.Questions = append(out.Questions, showQuestion(q, show))
	}
	return out
}

func showQuestion(q catalog.Question, show answers) question {
	out := question{ID: q.ID, Prompt: q.Prompt, Multiple: q.Multiple(), Options: make([]option, len(q.Options))}
	for i, o := range q.Options {
		out.Options[i] = option{ID: o.ID, Text: o.Text}
		if show == revealed {
			out.Options[i].Correct = &o.Correct
		}
	}
	if show == revealed {
		out.Explanation = q.Explanation
	}
	return out
}
