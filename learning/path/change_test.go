package path_test

import (
	"slices"
	"strings"
	"testing"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/path"
	"lyceum/store/storetest"
)

func TestAPathIsWrittenStepByStep(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a, b, c := h.course(t, "A", 10), h.course(t, "B", 20), h.course(t, "C", 30)
	p, err := h.paths.Create(h.author, path.Input{Title: " First  weeks ", Summary: "Begin\x00 here."})
	if err != nil || p.Slug != "first-weeks" || p.Title != "First weeks" || p.Summary != "Begin here." || p.Status != path.StatusDraft {
		t.Fatalf("%+v, %v", p, err)
	}
	if again, err := h.paths.Create(h.author, path.Input{Title: "First weeks"}); err != nil || again.Slug != "first-weeks-2" {
		t.Errorf("%+v, %v", again, err)
	}
	_, err = h.paths.Create(h.author, path.Input{Title: "Other", Slug: "first-weeks"})
	wantFault(t, err, path.ErrSlugTaken)
	_, err = h.paths.Publish(h.author, p.ID, p.Revision)
	wantFault(t, err, path.ErrIncomplete)
	step := func(next path.Path, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		p = next
	}
	step(h.paths.AddSection(h.author, p.ID, p.Revision, path.SectionInput{Title: "One"}))
	step(h.paths.AddSection(h.author, p.ID, p.Revision, path.SectionInput{Title: "Two", Ordered: true}))
	one, two := p.Sections[0].ID, p.Sections[1].ID
	for _, o := range []catalog.Outline{a, b, c} {
		step(h.paths.AddCourse(h.author, p.ID, p.Revision, one, o.Course.ID))
	}
	_, err = h.paths.AddCourse(h.author, p.ID, p.Revision, two, a.Course.ID)
	wantField(t, err, "course", "once")
	_, err = h.paths.AddCourse(h.author, p.ID, p.Revision, two, uid.New())
	wantField(t, err, "sections.1.courses", "not here")
	step(h.paths.MoveCourse(h.author, p.ID, p.Revision, c.Course.ID, one, 0))
	step(h.paths.MoveCourse(h.author, p.ID, p.Revision, a.Course.ID, two, 9))
	step(h.paths.MoveSection(h.author, p.ID, p.Revision, two, 0))
	if got := p.Courses(); !slices.Equal(got, []uid.ID{a.Course.ID, c.Course.ID, b.Course.ID}) || p.Sections[0].ID != two {
		t.Errorf("%+v", p.Sections)
	}
	_, err = h.paths.UpdateSection(h.author, p.ID, p.Revision, one, path.SectionInput{Title: "One", Need: 3})
	wantField(t, err, "need", "how many")
	step(h.paths.UpdateSection(h.author, p.ID, p.Revision, one, path.SectionInput{Title: "One of them", Need: 1}))
	stale := p.Revision
	step(h.paths.Publish(h.author, p.ID, p.Revision))
	_, err = h.paths.RemoveSection(h.author, p.ID, stale, one)
	wantFault(t, err, path.ErrRevision)
	_, err = h.paths.RemoveSection(h.author, uid.New(), 1, one)
	wantFault(t, err, path.ErrNotFound)
	_, err = h.paths.RemoveSection(h.author, p.ID, p.Revision, uid.New())
	wantFault(t, err, path.ErrSectionNotFound)
	step(h.paths.RemoveCourse(h.author, p.ID, p.Revision, c.Course.ID))
	step(h.paths.RemoveSection(h.author, p.ID, p.Revision, two))
	s, err := h.paths.Edit(h.author, p.ID)
	if err != nil || len(s.Path.Sections) != 1 || s.Path.Sections[0].Need != 1 || s.Minutes != 20 || s.Missing() != nil {
		t.Errorf("%+v, %v", s, err)
	}
	told := storetest.EventTypes(t, h.tenant, h.w, p.ID)
	if told[0] != "path.created" || !slices.Contains(told, "path.published") || told[len(told)-1] != "path.changed" {
		t.Errorf("told %v", told)
	}
}

func TestOnlyPublishedCoursesComeIntoAPublishedPath(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a := h.course(t, "A", 1)
	draft, err := h.catalog.Create(h.author, catalog.CourseInput{Title: "Not ready"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.paths.Create(h.author, path.Input{Title: "P"})
	if err == nil {
		p, err = h.paths.Set(h.author, p.ID, p.Revision, path.Input{Title: "P", Slug: "p"}, path.Sections{part(false, 0, a, draft)})
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.paths.Publish(h.author, p.ID, p.Revision)
	wantFault(t, err, path.ErrIncomplete)
	wantField(t, err, "sections.0.courses", "“Not ready”")
	q := h.path(t, "Q", false, part(false, 0, a))
	_, err = h.paths.AddCourse(h.author, q.ID, q.Revision, q.Sections[0].ID, draft.Course.ID)
	wantField(t, err, "sections.0.courses", "publish “Not ready” first")
	if err = h.catalog.Archive(h.author, a.Course.ID); err != nil {
		t.Fatal(err)
	}
	if _, err = h.paths.Update(h.author, q.ID, q.Revision, path.Input{Title: "Q2", Slug: "q"}); err != nil {
		t.Errorf("an archived course keeps its path from being changed: %v", err)
	}
}

func TestWhatIsWrongWithAPathIsSaidByField(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a := h.course(t, "A", 1)
	_, err := h.paths.Create(h.author, path.Input{Title: " ", Slug: "Ä!", Summary: strings.Repeat("x", path.MaxSummary+1)})
	wantField(t, err, "title", "Enter a title")
	wantField(t, err, "slug", "small letters")
	wantField(t, err, "summary", "at most")
	cover := uid.New()
	_, err = h.paths.Create(h.author, path.Input{Title: "P", CoverFileID: &cover})
	wantField(t, err, "cover_file_id", "not here")
	p, err := h.paths.Create(h.author, path.Input{Title: "P"})
	if err != nil {
		t.Fatal(err)
	}
	in := path.Input{Title: "P", Slug: "p"}
	_, err = h.paths.Set(h.author, p.ID, p.Revision, in, path.Sections{part(false, 0, a), part(false, 2, a)})
	wantField(t, err, "sections.1.courses", "once")
	wantField(t, err, "sections.1.need", "how many")
	_, err = h.paths.Set(h.author, p.ID, p.Revision, in, make(path.Sections, path.MaxSections+1))
	wantField(t, err, "sections", "at most")
	_, err = h.paths.AddSection(h.author, p.ID, p.Revision, path.SectionInput{Need: -1})
	wantField(t, err, "need", "how many")
	_, err = h.paths.List(h.author, path.Filter{Status: "odd"})
	wantField(t, err, "status", "draft")
}
