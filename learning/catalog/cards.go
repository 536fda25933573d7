package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// CardFilter narrows a list of courses. Authoring shows drafts and archived courses too, each as its authors see it,
// and needs course:edit; without it only published ones come, and of those only what who asks may find. Query is looked
// for in title, summary and address. Category takes what stands below it too.
type CardFilter struct {
	Status    Status
	Query     string
	Category  *uid.ID
	Tag       string
	Skill     *uid.ID
	Language  string // that the course can be read in
	Authoring bool
	Template  bool   // authoring: only templates
	Review    Review // authoring: only drafts that stand so
	Page      page.Request

	// Who asks, and in which languages they read best; the service fills them in.
	Viewer Viewer
	Wishes []string
}

// Facet is a value to narrow by, and how many courses have it.
type Facet struct {
	Value   string // an id, a tag or a language
	Name    string
	Depth   int
	Courses int // a category counts what stands below it too
}

// Facets are what the catalogue can be narrowed by, counted over what who asks may find. Each facet is counted under
// all filters but its own.
type Facets struct {
	All        int // courses that fit every filter
	Categories []Facet
	Tags       []Facet
	Skills     []Facet
	Languages  []Facet
}

// VisibleKeeper is what showing courses to learners needs kept.
type VisibleKeeper interface {
	// PublishedHead is OutlineHead of the published version of a course that someone may find, by its id, or where that is Nil by
	// its address; ErrCourseNotFound also for one that was never published.
	PublishedHead(ctx context.Context, id uid.ID, slug string, v Viewer) (Outline, error)
	// VisibleCourse reads a course that someone may find, by its id, or where that is Nil by its address.
	VisibleCourse(ctx context.Context, id uid.ID, slug string, v Viewer) (Course, error)
	// OutlineHead reads a course with one of its versions, its languages and modules, without lessons.
	OutlineHead(ctx context.Context, course, version uid.ID) (Outline, error)
	// Facets counts categories by themselves, not what stands below.
	Facets(ctx context.Context, f CardFilter) (Facets, error)
}

// Cards lists courses by title. It needs course:read, or course:edit for authoring.
func (s *Service) Cards(ctx context.Context, f CardFilter) (out page.Of[Card], err error) {
	if f, err = s.narrowed(ctx, f); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.keep.CourseCards(ctx, f)
		return err
	})
	return out, err
}

// narrowed checks a filter and says for whom it is.
func (s *Service) narrowed(ctx context.Context, f CardFilter) (CardFilter, error) {
	need := policy.CourseRead
	if f.Authoring {
		need = policy.CourseEdit
	} else {
		f.Status, f.Template, f.Review = StatusPublished, false, ReviewNone
		f.Viewer, f.Wishes = ViewerFrom(ctx), LanguagesFrom(ctx)
	}
	if err := auth.Require(ctx, need); err != nil {
		return f, err
	}
	wrong := fault.Fields{}
	switch f.Status {
	case "", StatusDraft, StatusPublished, StatusArchived:
	default:
		wrong.Add("status", "Choose draft, published or archived.")
	}
	switch f.Review {
	case ReviewNone, ReviewRequested, ReviewApproved, ReviewReturned:
	default:
		wrong.Add("review", "Choose requested, approved or returned.")
	}
	f.Query, f.Tag, f.Language = line(f.Query), strings.ToLower(line(f.Tag)), line(f.Language)
	wrong.Check(length(f.Query) <= MaxTitle, "query", fmt.Sprintf("Search for at most %d characters.", MaxTitle))
	wrong.Check(length(f.Tag) <= MaxTag, "tag", fmt.Sprintf("A tag has at most %d characters.", MaxTag))
	wrong.Check(len(f.Language) <= 35, "language", "Enter a language tag such as en, de or pt-BR.")
	return f, wrong.Err()
}

// Facets counts what the catalogue can be narrowed by under a filter, for who asks. It needs course:read.
func (s *Service) Facets(ctx context.Context, f CardFilter) (out Facets, err error) {
	f.Authoring = false
	if f, err = s.narrowed(ctx, f); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out, err = s.keep.Facets(ctx, f); err != nil {
			return err
		}
		if len(out.Categories) == 0 && f.Category == nil {
			return nil
		}
		tree, err := s.keep.Categories(ctx)
		if err != nil {
			return err
		}
		out.Categories = shelves(tree, out.Categories, f.Category)
		return nil
	})
	return out, err
}

// shelves is the tree with the courses of each shelf and of what stands below it, without empty ones but the chosen.
func shelves(tree []Category, counted []Facet, chosen *uid.ID) []Facet {
	own := map[string]int{}
	for _, f := range counted {
		own[f.Value] = f.Courses
	}
	sum := map[uid.ID]int{}
	for _, c := range slices.Backward(tree) { // what stands below comes later
		sum[c.ID] += own[c.ID.String()]
		if c.ParentID != nil {
			sum[*c.ParentID] += sum[c.ID]
		}
	}
	var out []Facet
	for _, c := range tree {
		if sum[c.ID] > 0 || chosen != nil && *chosen == c.ID {
			out = append(out, Facet{Value: c.ID.String(), Name: c.Name, Depth: c.Depth, Courses: sum[c.ID]})
		}
	}
	return out
}
