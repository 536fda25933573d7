package catalog_test

import (
	"context"
	"slices"
	"testing"

	"lyceum/auth"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

// group makes a group of people.
func (h house) group(t *testing.T, people ...uid.ID) uid.ID {
	t.Helper()
	g := auth.Group{ID: uid.New(), Name: "Group " + uid.Opaque(6), CreatedAt: h.w.Now.Now(), UpdatedAt: h.w.Now.Now()}
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		if err := h.w.Store.InsertGroup(ctx, g); err != nil {
			return err
		}
		_, err := h.w.Store.AddMembers(ctx, g.ID, people)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return g.ID
}

func (h house) set(t *testing.T, o catalog.Outline, in catalog.Settings) {
	t.Helper()
	c, _, err := h.catalog.Settings(h.instructor, o.Course.ID)
	if err == nil {
		_, err = h.catalog.SetSettings(h.admin(t), o.Course.ID, c.Revision, in)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// offered lists the slugs that someone finds in the catalogue.
func (h house) offered(t *testing.T, ctx context.Context, f catalog.CardFilter) (slugs []string) {
	t.Helper()
	cards, err := h.catalog.Cards(ctx, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cards.Items {
		slugs = append(slugs, c.Slug)
	}
	return slugs
}

func TestACourseForGroupsIsThereForTheirMembersForWhoIsInItAndForAuthors(t *testing.T) {
	t.Parallel()
	h := setup(t)
	secret, open, template := h.published(t, "Secret"), h.published(t, "Open"), h.published(t, "Template")
	member, m := storetest.Learner(t, h.tenant, h.w)
	stranger, _ := storetest.Learner(t, h.tenant, h.w)
	inside, in := storetest.Learner(t, h.tenant, h.w)
	learn := enrolment.New(enrolment.Options{Keep: h.w.Store, Now: h.w.Now.Clock()})
	if _, err := learn.Enrol(h.instructor, secret.Course.ID, in.ID); err != nil {
		t.Fatal(err)
	}
	h.set(t, secret, catalog.Settings{Visibility: catalog.VisibleToGroups, Groups: []uid.ID{h.group(t, m.ID)}, SelfEnrol: true})
	h.set(t, open, catalog.Settings{Visibility: catalog.VisibleOnRequest, SelfEnrol: true})
	h.set(t, template, catalog.Settings{Template: true, SelfEnrol: true})
	for _, who := range []struct {
		ctx  context.Context
		sees []string
	}{{member, []string{"open", "secret"}}, {stranger, []string{"open"}}, {inside, []string{"open", "secret"}}, {h.instructor, []string{"open", "secret"}}} {
		if got := h.offered(t, who.ctx, catalog.CardFilter{}); !slices.Equal(got, who.sees) {
			t.Errorf("offered %v, want %v", got, who.sees)
		}
		facets, err := h.catalog.Facets(who.ctx, catalog.CardFilter{})
		if err != nil || facets.All != len(who.sees) {
			t.Errorf("%d counted, want %d: %v", facets.All, len(who.sees), err)
		}
		for _, o := range []catalog.Outline{secret, open, template} {
			_, bySlug := h.catalog.Published(who.ctx, o.Course.Slug)
			_, byID := h.catalog.PublishedByID(who.ctx, o.Course.ID)
			for _, err := range []error{bySlug, byID} {
				if slices.Contains(who.sees, o.Course.Slug) {
					if err != nil {
						t.Errorf("%s: %v", o.Course.Slug, err)
					}
				} else {
					wantFault(t, err, catalog.ErrCourseNotFound)
				}
			}
		}
	}
	_, err := h.catalog.ByID(stranger, secret.Course.ID)
	wantFault(t, err, catalog.ErrCourseNotFound)
	for _, slug := range []string{"secret", "template"} {
		_, err = learn.SelfEnrol(stranger, slug)
		wantFault(t, err, catalog.ErrCourseNotFound)
	}
	_, err = learn.SelfEnrol(stranger, "open")
	wantFault(t, err, enrolment.ErrAskFirst)
	_, err = learn.AskPlace(stranger, "secret", "")
	wantFault(t, err, catalog.ErrCourseNotFound)
	_, err = learn.Enrol(h.instructor, template.Course.ID, m.ID)
	wantFault(t, err, enrolment.ErrTemplate)
	if _, err = learn.SelfEnrol(member, "secret"); err != nil {
		t.Error(err)
	}
}

func TestTheCatalogueIsNarrowedByCategoryTagSkillLanguageAndTextAndCountsEach(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.admin(t)
	safety, err := h.catalog.AddCategory(admin, nil, "Safety")
	if err != nil {
		t.Fatal(err)
	}
	fire, err := h.catalog.AddCategory(admin, &safety.ID, "Fire")
	if err != nil {
		t.Fatal(err)
	}
	k, err := h.catalog.AddSkill(admin, catalog.SkillInput{Name: "Calm"})
	if err != nil {
		t.Fatal(err)
	}
	a, b := h.published(t, "Alarm"), h.published(t, "Blankets")
	h.published(t, "Chairs")
	h.set(t, a, catalog.Settings{CategoryID: &safety.ID, Tags: []string{"noise"}})
	h.set(t, b, catalog.Settings{CategoryID: &fire.ID, Tags: []string{"noise", "wool"}, Skills: []uid.ID{k.ID}})
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	for _, c := range []struct {
		name string
		f    catalog.CardFilter
		want []string
	}{
		{"category with what is below", catalog.CardFilter{Category: &safety.ID}, []string{"alarm", "blankets"}},
		{"category", catalog.CardFilter{Category: &fire.ID}, []string{"blankets"}},
		{"tag", catalog.CardFilter{Tag: "Noise"}, []string{"alarm", "blankets"}},
		{"skill", catalog.CardFilter{Skill: &k.ID}, []string{"blankets"}},
		{"language", catalog.CardFilter{Language: "de"}, nil},
		{"text", catalog.CardFilter{Query: "hair"}, []string{"chairs"}},
		{"two at once", catalog.CardFilter{Tag: "noise", Category: &fire.ID}, []string{"blankets"}},
	} {
		if got := h.offered(t, learner, c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	got, err := h.catalog.Facets(learner, catalog.CardFilter{Tag: "wool"})
	if err != nil {
		t.Fatal(err)
	}
	want := catalog.Facets{
		All: 1, Categories: []catalog.Facet{{Value: safety.ID.String(), Name: "Safety", Courses: 1}, {Value: fire.ID.String(), Name: "Fire", Depth: 1, Courses: 1}},
		Tags:   []catalog.Facet{{Value: "noise", Name: "noise", Courses: 2}, {Value: "wool", Name: "wool", Courses: 1}},
		Skills: []catalog.Facet{{Value: k.ID.String(), Name: "Calm", Courses: 1}}, Languages: []catalog.Facet{{Value: "en", Courses: 1}},
	}
	if got.All != want.All || !slices.Equal(got.Categories, want.Categories) || !slices.Equal(got.Tags, want.Tags) || !slices.Equal(got.Skills, want.Skills) || !slices.Equal(got.Languages, want.Languages) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	first, err := h.catalog.Cards(learner, catalog.CardFilter{Page: pageOfOne})
	if err != nil || len(first.Items) != 1 || first.Next == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	if _, err = h.catalog.Cards(learner, catalog.CardFilter{Tag: string(make([]byte, 0)) + "x", Language: "a language that is far too long to be a tag"}); err == nil {
		t.Error("a language that is none was looked for")
	}
}
