package rest

import (
	"context"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
)

// pathCard is a path as a list shows it.
type pathCard struct {
	ID          uid.ID      `json:"id"`
	Slug        string      `json:"slug" doc:"The path's address."`
	Title       string      `json:"title"`
	Summary     string      `json:"summary"`
	CoverFileID *uid.ID     `json:"cover_file_id,omitempty"`
	Status      path.Status `json:"status" enum:"draft,published,archived"`
	Courses     int         `json:"courses" doc:"How many courses it has."`
	Minutes     int         `json:"minutes" doc:"What all its courses take."`
	UpdatedAt   time.Time   `json:"updated_at"`
	Mine        *pathMine   `json:"mine,omitempty" doc:"Left out where who asks is not on it."`
}

// pathMine is how far who asks is.
type pathMine struct {
	EnrolledAt  time.Time  `json:"enrolled_at"`
	CompletedAt *time.Time `json:"completed_at,omitempty" doc:"The first time; it stays when the path grows."`
	Assigned    bool       `json:"assigned" doc:"Someone who manages enrolments put them on it."`
	Done        int        `json:"done" doc:"Courses completed, of those needed."`
	Need        int        `json:"need"`
	Percent     int        `json:"percent"`
}

// pathShown is a path with how far who asks is.
type pathShown struct {
	ID          uid.ID        `json:"id"`
	Slug        string        `json:"slug" doc:"The path's address."`
	Title       string        `json:"title"`
	Summary     string        `json:"summary"`
	CoverFileID *uid.ID       `json:"cover_file_id,omitempty"`
	Status      path.Status   `json:"status" enum:"draft,published,archived"`
	Ordered     bool          `json:"ordered" doc:"A section opens when those before it are done."`
	Revision    int           `json:"revision" doc:"Counts the changes. A change names the revision it was made on."`
	Minutes     int           `json:"minutes"`
	Sections    []pathSection `json:"sections"`
	Mine        *pathMine     `json:"mine,omitempty" doc:"Left out where who asks is not on it."`
	NextCourse  string        `json:"next_course,omitempty" doc:"The address of the course to go on with."`
}

// pathSection is a part of a path.
type pathSection struct {
	ID       uid.ID     `json:"id"`
	Title    string     `json:"title"`
	Ordered  bool       `json:"ordered" doc:"A course opens when those before it are done."`
	Need     int        `json:"need" doc:"How many of its courses must be completed; 0 is all."`
	Of       int        `json:"of" doc:"How many that is for who asks: archived courses they are not in are passed over."`
	Done     int        `json:"done"`
	Open     bool       `json:"open"`
	Complete bool       `json:"complete"`
	Courses  []pathStep `json:"courses"`
}

// pathStep is a course of a path.
type pathStep struct {
	CourseID  uid.ID           `json:"course_id"`
	Slug      string           `json:"slug"`
	Title     string           `json:"title"`
	Minutes   int              `json:"minutes"`
	State     path.StepState   `json:"state" enum:"done,underway,open,locked,passed"`
	Reason    path.Reason      `json:"reason,omitempty" enum:"section,course,needs,withdrawn,left,hidden,request,asked,closed,full" doc:"Why it is locked."`
	Enrolment enrolment.Status `json:"enrolment,omitempty" enum:"active,completed,withdrawn"`
	Percent   int              `json:"percent"`
}

// PathFields is what a path says of itself. It is exported because huma looks into embedded structs of exported types only.
type PathFields struct {
	Title       string  `json:"title"`
	Slug        string  `json:"slug,omitempty" doc:"The path's address: a–z, 0–9 and hyphens. Left out on creation, it is made from the title."`
	Summary     string  `json:"summary,omitempty"`
	CoverFileID *uid.ID `json:"cover_file_id,omitempty" doc:"An uploaded picture."`
	Ordered     bool    `json:"ordered,omitempty" doc:"A section opens when those before it are done."`
}

func (in PathFields) input() path.Input {
	return path.Input{Title: in.Title, Slug: in.Slug, Summary: in.Summary, CoverFileID: in.CoverFileID, Ordered: in.Ordered}
}

type newPath struct{ PathFields }

// pathChange is everything of a path, made on a revision. What is left out becomes empty.
type pathChange struct {
	PathFields
	Sections []sectionChange `json:"sections"`
	Revision *int            `json:"revision,omitempty" doc:"The revision this change was made on, unless If-Match names it."`
}

type sectionChange struct {
	ID      *uid.ID  `json:"id,omitempty" doc:"Left out, it is a new section."`
	Title   string   `json:"title"`
	Ordered bool     `json:"ordered,omitempty"`
	Need    int      `json:"need,omitempty" doc:"How many of its courses must be completed; 0 is all."`
	Courses []uid.ID `json:"courses"`
}

func (in pathChange) sections() path.Sections {
	out := make(path.Sections, len(in.Sections))
	for i, s := range in.Sections {
		out[i] = path.Section{Title: s.Title, Ordered: s.Ordered, Need: s.Need, Courses: s.Courses}
		if s.ID != nil {
			out[i].ID = *s.ID
		}
	}
	return out
}

// pathMember is a person on a path.
type pathMember struct {
	PersonID    uid.ID     `json:"person_id"`
	PersonName  string     `json:"person_name"`
	PersonEmail string     `json:"person_email"`
	Assigned    bool       `json:"assigned"`
	EnrolledAt  time.Time  `json:"enrolled_at"`
	CompletedAt *time.Time `json:"completed_at,omitempty"`
	Done        int        `json:"done"`
	Need        int        `json:"need"`
	Percent     int        `json:"percent"`
}

func showPathCard(p *path.Listed) pathCard {
	return pathCard{
		ID: p.ID, Slug: p.Slug, Title: p.Title, Summary: p.Summary, CoverFileID: p.CoverFileID, Status: p.Status,
		Courses: len(p.Courses()), Minutes: p.Minutes, UpdatedAt: utc(p.UpdatedAt), Mine: showPathMine(p.Mine, p.Standing),
	}
}

func showPathMine(e *path.Enrolment, s path.Standing) *pathMine {
	if e == nil {
		return nil
	}
	return &pathMine{EnrolledAt: utc(e.EnrolledAt), CompletedAt: utcOrNone(e.CompletedAt), Assigned: e.Assigned(), Done: s.Done, Need: s.Need, Percent: s.Percent()}
}

func showPath(s path.Shown) pathShown {
	p := s.Path
	out := pathShown{
		ID: p.ID, Slug: p.Slug, Title: p.Title, Summary: p.Summary, CoverFileID: p.CoverFileID, Status: p.Status, Ordered: p.Ordered, Revision: p.Revision,
		Minutes: s.Minutes, Sections: make([]pathSection, len(s.Standing.Parts)), Mine: showPathMine(s.Mine, s.Standing),
	}
	if c := s.Standing.Next(); c != nil {
		out.NextCourse = c.Slug
	}
	for i, part := range s.Standing.Parts {
		x := pathSection{
			ID: part.Section.ID, Title: part.Section.Title, Ordered: part.Section.Ordered, Need: part.Section.Need, Of: part.Need, Done: part.Done,
			Open: part.Open, Complete: part.Complete, Courses: make([]pathStep, len(part.Steps)),
		}
		for j, step := range part.Steps {
			c := step.Course
			x.Courses[j] = pathStep{CourseID: c.ID, Slug: c.Slug, Title: c.Title, Minutes: c.Minutes, State: step.State, Reason: step.Reason, Enrolment: c.Enrolment, Percent: c.Percent}
		}
		out.Sections[i] = x
	}
	return out
}

func showPathMember(m *path.Member) pathMember {
	return pathMember{
		PersonID: m.PersonID, PersonName: m.PersonName, PersonEmail: m.PersonEmail, Assigned: m.Assigned(), EnrolledAt: utc(m.EnrolledAt), CompletedAt: utcOrNone(m.CompletedAt),
		Done: m.Standing.Done, Need: m.Standing.Need, Percent: m.Standing.Percent(),
	}
}

// pathNamed reads a path named by address or id.
func (a *api) pathNamed(ctx context.Context, name string) (path.Shown, error) {
	if id, ok := uid.Parse(name); ok {
		return a.Paths.ByID(ctx, id)
	}
	return a.Paths.BySlug(ctx, name)
}

// courseNamed gives the id of a course named by address or id.
func (a *api) courseNamed(ctx context.Context, name string) (uid.ID, error) {
	if id, ok := uid.Parse(name); ok {
		return id, nil
	}
	var c catalog.Course
	c, err := a.Catalog.BySlug(ctx, name)
	return c.ID, err
}
