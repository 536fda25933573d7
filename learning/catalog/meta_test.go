package catalog_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

func (h house) admin(t *testing.T) context.Context {
	t.Helper()
	return storetest.As(t, h.tenant, h.w, storetest.Person(t, h.tenant, h.w, policy.Admin))
}

// tree writes the categories one a line, indented, with their place.
func (h house) tree(t *testing.T) string {
	t.Helper()
	list, err := h.catalog.Categories(h.instructor)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "%s%s %d\n", strings.Repeat(" ", c.Depth), c.Name, c.Position)
	}
	return b.String()
}

func TestCategoriesAreATreeInAnOrderThatPeopleChoose(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.admin(t)
	add := func(parent *uid.ID, name string) uid.ID {
		c, err := h.catalog.AddCategory(admin, parent, name)
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	safety, it := add(nil, "Safety"), add(nil, " IT ")
	fire, aid := add(&safety, "Fire"), add(&safety, "First aid")
	doors := add(&fire, "Doors")
	if got := h.tree(t); got != "Safety 0\n Fire 0\n  Doors 0\n First aid 1\nIT 1\n" {
		t.Fatal(got)
	}
	if _, err := h.catalog.AddCategory(admin, &safety, "FIRE"); true {
		wantFault(t, err, catalog.ErrCategoryTaken)
	}
	wantFault(t, h.catalog.MoveCategory(admin, safety, &doors, 0), catalog.ErrCategoryDeep)
	wantFault(t, h.catalog.MoveCategory(admin, safety, &safety, 0), catalog.ErrCategoryDeep)
	wantFault(t, h.catalog.DeleteCategory(admin, safety), catalog.ErrCategoryNotEmpty)
	for _, err := range []error{
		h.catalog.MoveCategory(admin, it, nil, 0), h.catalog.MoveCategory(admin, aid, &safety, 0), h.catalog.MoveCategory(admin, doors, nil, 99),
		h.catalog.RenameCategory(admin, aid, "Aid"), h.catalog.DeleteCategory(admin, fire),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := h.tree(t); got != "IT 0\nSafety 1\n Aid 0\nDoors 2\n" {
		t.Error(got)
	}
	deep := it
	for range 3 {
		deep = add(&deep, "Below")
	}
	_, err := h.catalog.AddCategory(admin, &deep, "Too deep")
	wantFault(t, err, catalog.ErrCategoryDeep)
	_, err = h.catalog.AddCategory(h.instructor, nil, "Mine")
	wantFault(t, err, policy.ErrForbidden)
	_, err = h.catalog.AddCategory(admin, nil, " ")
	wantFields(t, err, "name")
	list, err := h.catalog.Categories(h.neighbour(t))
	if err != nil || len(list) != 0 {
		t.Errorf("a neighbour sees %d categories, %v", len(list), err)
	}
}

func TestSkillsAreListedByNameWithTheCoursesThatTeachThem(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.admin(t)
	lift, err := h.catalog.AddSkill(admin, catalog.SkillInput{Name: "Lifting", Description: "Moves loads"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.catalog.AddSkill(admin, catalog.SkillInput{Name: "Aid"}); err != nil {
		t.Fatal(err)
	}
	_, err = h.catalog.AddSkill(admin, catalog.SkillInput{Name: "lifting"})
	wantFault(t, err, catalog.ErrSkillTaken)
	o := h.create(t, "Loads")
	if _, err = h.catalog.SetSettings(h.instructor, o.Course.ID, o.Course.Revision, catalog.Settings{Skills: []uid.ID{lift.ID, lift.ID}}); err != nil {
		t.Fatal(err)
	}
	first, err := h.catalog.Skills(h.instructor, "", page.Request{Limit: 1})
	if err != nil || len(first.Items) != 1 || first.Items[0].Name != "Aid" || first.Next == "" {
		t.Fatalf("got %+v, %v", first, err)
	}
	rest, err := h.catalog.Skills(h.instructor, "", page.Request{After: first.Next})
	if err != nil || len(rest.Items) != 1 || rest.Items[0].Courses != 1 || rest.Next != "" {
		t.Fatalf("got %+v, %v", rest, err)
	}
	if err = h.catalog.ChangeSkill(admin, lift.ID, catalog.SkillInput{Name: "Lifting well"}); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.catalog.ChangeSkill(storetest.As(t, h.tenant, h.w, storetest.Person(t, h.tenant, h.w, policy.Instructor)), lift.ID, catalog.SkillInput{Name: "No"}), policy.ErrForbidden)
	if err = h.catalog.DeleteSkill(admin, lift.ID); err != nil {
		t.Fatal(err)
	}
	_, set, err := h.catalog.Settings(h.instructor, o.Course.ID)
	if err != nil || len(set.Skills) != 0 {
		t.Errorf("the course still teaches %v, %v", set.Skills, err)
	}
	wantFault(t, h.catalog.DeleteSkill(admin, lift.ID), catalog.ErrSkillNotFound)
}

func TestACoursesSettingsHoldAtOnceAndAreToldByName(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c, err := h.catalog.AddCategory(h.admin(t), nil, "Safety")
	if err != nil {
		t.Fatal(err)
	}
	o := h.published(t, "Ladders")
	set := catalog.Settings{CategoryID: &c.ID, Tags: []string{"Height ", "fall  protection", "height", ""}, Visibility: catalog.VisibleOnRequest, Capacity: 12, WaitingList: true}
	after, err := h.catalog.SetSettings(h.instructor, o.Course.ID, o.Course.Revision, set)
	if err != nil || after.DraftID != nil {
		t.Fatalf("got %+v, %v", after, err)
	}
	_, got, err := h.catalog.Settings(h.instructor, o.Course.ID)
	if err != nil || !slices.Equal(got.Tags, []string{"fall protection", "height"}) || *got.CategoryID != c.ID || got.Capacity != 12 || !got.WaitingList || got.SelfEnrol {
		t.Errorf("got %+v, %v", got, err)
	}
	told := storetest.Events(t, h.tenant, h.w, o.Course.ID)
	last := told[len(told)-1]
	if last.Type != "course.settings_changed" || fmt.Sprint(last.Data["changed"]) != "[category tags visibility self_enrol capacity]" {
		t.Errorf("told %+v", last)
	}
	tags, err := h.catalog.Tags(h.instructor, "HEI")
	if err != nil || len(tags) != 1 || tags[0] != (catalog.Tag{Tag: "height", Courses: 1}) {
		t.Errorf("suggested %v, %v", tags, err)
	}
	_, err = h.catalog.SetSettings(h.instructor, o.Course.ID, o.Course.Revision, set)
	wantFault(t, err, catalog.ErrRevision)
	nowhere := uid.New()
	for field, bad := range map[string]catalog.Settings{
		"category_id": {CategoryID: &nowhere}, "groups": {Visibility: catalog.VisibleToGroups}, "visibility": {Visibility: "secret"}, "capacity": {Capacity: -1},
		"tags": {Tags: []string{strings.Repeat("x", catalog.MaxTag+1)}},
	} {
		_, err = h.catalog.SetSettings(h.instructor, o.Course.ID, after.Revision, bad)
		wantFields(t, err, field)
	}
	_, err = h.catalog.SetSettings(h.instructor, o.Course.ID, after.Revision, catalog.Settings{Skills: []uid.ID{nowhere}})
	wantFault(t, err, catalog.ErrSkillNotFound)
	_, err = h.catalog.SetSettings(h.instructor, o.Course.ID, after.Revision, catalog.Settings{Visibility: catalog.VisibleToGroups, Groups: []uid.ID{nowhere}})
	wantFault(t, err, catalog.ErrNoSuchGroup)
	_, err = h.catalog.SetSettings(h.instructor, o.Course.ID, after.Revision, catalog.Settings{Template: true})
	wantFault(t, err, policy.ErrForbidden)
}
