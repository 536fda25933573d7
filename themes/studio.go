package themes

import (
	"maps"
	"slices"
	"strings"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
)

// Studio is the head of a course's authoring pages with its tabs, drawn by parts/studio.html.
type Studio struct {
	*Chrome
	Outline catalog.Outline
	Tab     string // content, settings, languages, versions, review, people, publish
}

// Studio makes the head of a course's authoring pages.
func (c *Chrome) Studio(o catalog.Outline, tab string) Studio { return Studio{c, o, tab} }

// Pending tells whether a published course has changes nobody learns from yet.
func (s Studio) Pending() bool {
	return s.Outline.Course.Status == catalog.StatusPublished && s.Outline.Course.DraftID != nil
}

// Small is how many lessons a course has at most whose modules all stand open.
const Small = 60

// Opened tells whether a module is shown with its lessons: all are in a small course, and where the address says so.
func (p CourseEditPage) Opened(module uid.ID) bool {
	return p.AllOpen() || slices.Contains(p.Open, module.String())
}

// AllOpen tells whether every module is.
func (p CourseEditPage) AllOpen() bool {
	return p.Outline.Count() <= Small || slices.Contains(p.Open, "all") || p.OutlineProblem != nil && len(p.Open) == 0
}

// Large tells whether modules can be closed.
func (p CourseEditPage) Large() bool { return p.Outline.Count() > Small }

// With is the address of the page with a module open beside those that are, or closed.
func (p CourseEditPage) With(module uid.ID, open bool) string {
	at := "/studio/" + p.Outline.Course.ID.String()
	var list []string
	for _, m := range p.Outline.Modules {
		if id := m.ID.String(); m.ID == module && open || m.ID != module && p.Opened(m.ID) {
			list = append(list, "open="+id)
		}
	}
	if len(list) == 0 {
		return at + "#module-" + module.String()
	}
	return at + "?" + strings.Join(list, "&") + "#module-" + module.String()
}

// Fresh tells whether the organization has no course yet, so that the form for one stands open.
func (p StudioPage) Fresh() bool { return len(p.Cards.Items) == 0 && !p.Narrowed() }

// Narrowed tells whether anything narrows the list.
func (p StudioPage) Narrowed() bool { return p.Query != "" || p.Status != "" || p.Review != "" }

// LastModule is the index of the last module.
func (p CourseEditPage) LastModule() int { return len(p.Outline.Modules) - 1 }

// Beside is the module before (−1) or after (1) that at index i, nil at the ends.
func (p CourseEditPage) Beside(i, step int) *catalog.OutlineModule {
	if i+step < 0 || i+step >= len(p.Outline.Modules) {
		return nil
	}
	return &p.Outline.Modules[i+step]
}

// Cover is the picture that the form carries, nil for none.
func (p CourseEditPage) Cover() *uid.ID {
	if id, ok := uid.Parse(p.Form.CoverFileID); ok {
		return &id
	}
	return nil
}

// Has tells whether a role's box is ticked.
func (p PersonPage) Has(r policy.Role) bool { return slices.Contains(p.Chosen, r) }

// Self tells whether the page is about who looks at it.
func (p PersonPage) Self(who uid.ID) bool { return p.Person.ID == who }

// In tells whether a person found is in the course.
func (p RosterPage) In(person uid.ID) bool {
	status, ok := p.Inside[person]
	return ok && status != "withdrawn"
}

// Todo is something to do before publishing and where.
type Todo struct {
	What string
	Href string // "" when it is about the whole course
	Rank int
}

// Todo lists what is missing in the order of the course. A field begins with lessons.<id>. or modules.<id>. where it
// is about one.
func (p PublishPage) Todo() []Todo {
	if p.Missing == nil {
		return nil
	}
	places := map[string]Todo{}
	at := "/studio/" + p.Outline.Course.ID.String()
	for _, m := range p.Outline.Modules {
		places["modules."+m.ID.String()] = Todo{Href: at + "#module-" + m.ID.String(), Rank: len(places) + 1}
		for _, l := range m.Lessons {
			places["lessons."+l.ID.String()] = Todo{Href: at + "/lessons/" + l.ID.String(), Rank: len(places) + 1}
		}
	}
	var out []Todo
	for _, field := range slices.Sorted(maps.Keys(p.Missing.Fields)) {
		parts := strings.SplitN(field, ".", 3)
		t := places[strings.Join(parts[:min(2, len(parts))], ".")]
		t.What = p.Missing.Fields[field]
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b Todo) int { return a.Rank - b.Rank })
	return out
}

// Upload is a file control of the lesson editor, drawn by parts/studio.html.
type Upload struct {
	*Chrome
	Name, Label, Hint, Error string
	FileID, Kind, Accept     string
	At                       string // where it is sent in parts; "" is /files/uploads
	Limit                    int64
	File                     *content.File
	Removable                bool
}

// Upload makes a file control: "file" for the lesson's video or document, "captions" for a video's captions.
func (c *Chrome) Upload(p LessonEditPage, name string) (Upload, error) {
	u := Upload{Chrome: c, Name: name, Error: c.FieldText(p.Problem, name)}
	if u.Error == "" {
		u.Error = c.FieldText(p.Problem, name+"_id")
	}
	switch name {
	case "captions":
		u.Name, u.Kind, u.Accept, u.Limit = "captions", "captions", ".vtt,text/vtt", content.MaxCaptions
		u.File, u.FileID, u.Removable = p.Captions, p.Form.CaptionsFileID, true
		if u.Error == "" {
			u.Error = c.FieldText(p.Problem, "captions_file_id")
		}
	default:
		u.Kind, u.Accept, u.Limit = uploadOf(p.Lesson.Kind)
		u.File, u.FileID = p.File, p.Form.FileID
	}
	var err error
	if u.Label, err = c.T("field.file_" + u.Kind); err != nil {
		return u, err
	}
	u.Hint, err = c.T("upload.hint_"+u.Kind, "Limit", c.Bytes(u.Limit))
	return u, err
}

// HandIn makes the file control of what is handed in or given back.
func (c *Chrome) HandIn(f *fault.Fault, fileID string, back bool) (u Upload, err error) {
	u = Upload{Chrome: c, Name: "file", Kind: "handed", At: "/hand-ins", Limit: content.MaxHanded, FileID: fileID, Error: c.FieldText(f, "file")}
	if u.Label, err = c.T("field.handed_file"); back && err == nil {
		u.Label, err = c.T("field.feedback_file")
	}
	if err != nil {
		return u, err
	}
	u.Hint, err = c.T("submission.file_hint", "Limit", c.Bytes(u.Limit))
	return u, err
}

// HiddenName is the hidden field that carries the file's id.
func (u Upload) HiddenName() string {
	if u.Kind == "captions" {
		return "captions_file_id"
	}
	return "file_id"
}
