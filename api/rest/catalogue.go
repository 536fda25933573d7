package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// category is a shelf of the catalogue.
type category struct {
	ID       uid.ID  `json:"id"`
	ParentID *uid.ID `json:"parent_id,omitempty" doc:"The category it stands in. It is left out at the top."`
	Name     string  `json:"name"`
	Position int     `json:"position" doc:"Among those that stand in the same one, from 0."`
	Depth    int     `json:"depth" doc:"0 at the top."`
	Courses  int     `json:"courses" doc:"That stand in it itself."`
}

// newCategory is a shelf to add.
type newCategory struct {
	Name     string  `json:"name"`
	ParentID *uid.ID `json:"parent_id,omitempty" doc:"Left out, it stands at the top."`
}

// categoryName renames a shelf.
type categoryName struct {
	Name string `json:"name"`
}

// categoryPlace is where a shelf goes.
type categoryPlace struct {
	ParentID *uid.ID `json:"parent_id,omitempty" doc:"Left out, it goes to the top."`
	Position int     `json:"position" minimum:"0" doc:"Counted from 0. Beyond the end means the end."`
}

// skill is what a course teaches.
type skill struct {
	ID          uid.ID `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Courses     int    `json:"courses" doc:"That teach it."`
}

// skillInput is a skill as it is wished.
type skillInput struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// tagged is a tag and how many courses have it.
type tagged struct {
	Tag     string `json:"tag"`
	Courses int    `json:"courses"`
}

// catalogueRules are how the portal keeps its catalogue.
type catalogueRules struct {
	ReviewRequired bool `json:"review_required" doc:"A draft is published only when another person has approved it."`
}

// facet is a value to narrow by.
type facet struct {
	Value   string `json:"value" doc:"As the parameter of list-courses takes it."`
	Name    string `json:"name"`
	Depth   int    `json:"depth" doc:"Of a category, 0 at the top."`
	Courses int    `json:"courses"`
}

// facets are what the catalogue can be narrowed by.
type facets struct {
	Courses    int     `json:"courses" doc:"That fit every filter."`
	Categories []facet `json:"categories"`
	Tags       []facet `json:"tags"`
	Skills     []facet `json:"skills"`
	Languages  []facet `json:"languages"`
}

// Narrowing is what the catalogue can be narrowed by. It is exported because huma looks into embedded structs of exported
// types only.
type Narrowing struct {
	Query    string `query:"q" doc:"Part of the title, summary or address, in any of the course's languages."`
	Category uid.ID `query:"category" doc:"Only courses in this category or below it."`
	Tag      string `query:"tag" doc:"Only courses with this tag."`
	Skill    uid.ID `query:"skill" doc:"Only courses that teach this skill."`
	Language string `query:"language" doc:"Only courses that can be read in this language."`
}

func (n Narrowing) filter() catalog.CardFilter {
	return catalog.CardFilter{Query: n.Query, Category: unlessNil(n.Category), Tag: n.Tag, Skill: unlessNil(n.Skill), Language: n.Language}
}

type (
	facetsIn   struct{ Narrowing }
	facetsOut  struct{ Body facets }
	categoryIn struct {
		ID uid.ID `path:"category" doc:"The category's id."`
	}
	newCategoryIn struct{ Body newCategory }
	categoryOut   struct {
		Location string `header:"Location"`
		Body     category
	}
	categoryNameIn struct {
		ID   uid.ID `path:"category" doc:"The category's id."`
		Body categoryName
	}
	categoryPlaceIn struct {
		ID   uid.ID `path:"category" doc:"The category's id."`
		Body categoryPlace
	}
	skillsIn struct {
		Paging
		Query string `query:"q" doc:"Part of the name."`
	}
	skillIn struct {
		ID uid.ID `path:"skill" doc:"The skill's id."`
	}
	newSkillIn struct{ Body skillInput }
	skillOut   struct {
		Location string `header:"Location"`
		Body     skill
	}
	skillPutIn struct {
		ID   uid.ID `path:"skill" doc:"The skill's id."`
		Body skillInput
	}
	tagsIn struct {
		Query string `query:"q" doc:"The tag's beginning."`
	}
	rulesBody struct{ Body catalogueRules }
)

func showCategory(c *catalog.Category) category {
	return category{ID: c.ID, ParentID: c.ParentID, Name: c.Name, Position: c.Position, Depth: c.Depth, Courses: c.Courses}
}

func showSkill(k *catalog.Skill) skill {
	return skill{ID: k.ID, Name: k.Name, Description: k.Description, Courses: k.Courses}
}

func showFacets(list []catalog.Facet) []facet {
	out := make([]facet, len(list))
	for i, f := range list {
		out[i] = facet{Value: f.Value, Name: f.Name, Depth: f.Depth, Courses: f.Courses}
	}
	return out
}

func (a *api) catalogueOperations() {
	on(a, operation{
		method: get, path: "/catalogue/facets", id: "count-courses", tag: tagCourses, need: route.For(policy.CourseRead),
		summary: "Count what the catalogue can be narrowed by",
		about:   "Over the courses that who asks may find. Each facet is counted under all filters but its own.",
	}, func(ctx context.Context, in *facetsIn) (*facetsOut, error) {
		f, err := a.Catalog.Facets(ctx, in.filter())
		if err != nil {
			return nil, err
		}
		return &facetsOut{facets{
			Courses: f.All, Categories: showFacets(f.Categories), Tags: showFacets(f.Tags), Skills: showFacets(f.Skills), Languages: showFacets(f.Languages),
		}}, nil
	})
	on(a, operation{
		method: get, path: "/catalogue/rules", id: "get-catalogue-rules", tag: tagAuthoring, need: route.For(policy.CourseEdit), summary: "How the portal keeps its catalogue",
	}, func(ctx context.Context, _ *nothing) (*rulesBody, error) {
		r, err := a.Catalog.Rules(ctx)
		if err != nil {
			return nil, err
		}
		return &rulesBody{catalogueRules{r.ReviewRequired}}, nil
	})
	on(a, operation{
		method: put, path: "/catalogue/rules", id: "set-catalogue-rules", tag: tagAuthoring, need: route.For(policy.CatalogueManage), summary: "Change how the portal keeps its catalogue",
	}, func(ctx context.Context, in *rulesBody) (*nothing, error) {
		return nil, a.Catalog.SetRules(ctx, catalog.Rules{ReviewRequired: in.Body.ReviewRequired})
	})
	on(a, operation{
		method: get, path: "/tags", id: "list-tags", tag: tagAuthoring, need: route.For(policy.CourseEdit), summary: "List tags, the most used first",
		about: "The first 100 that begin so.",
	}, func(ctx context.Context, in *tagsIn) (*pageOut[tagged], error) {
		list, err := a.Catalog.Tags(ctx, in.Query)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, func(t *catalog.Tag) tagged { return tagged{t.Tag, t.Courses} }), nil
	})
	a.categoryOperations()
	a.skillOperations()
	a.courseSettingsOperations()
	a.reviewOperations()
	a.versionOperations()
	a.translationOperations()
}

func (a *api) categoryOperations() {
	manage := route.For(policy.CatalogueManage)
	on(a, operation{
		method: get, path: "/categories", id: "list-categories", tag: tagCourses, need: route.For(policy.CourseRead), summary: "List categories as a tree is read",
		about: "Each comes before what stands in it.",
	}, func(ctx context.Context, _ *nothing) (*pageOut[category], error) {
		list, err := a.Catalog.Categories(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, showCategory), nil
	})
	on(a, operation{
		method: post, path: "/categories", id: "add-category", tag: tagAuthoring, need: manage, status: 201, summary: "Add a category at the end",
		fails: faults{catalog.ErrCategoryTaken, catalog.ErrCategoryNotFound, catalog.ErrCategoryDeep, catalog.ErrCategoriesFull},
	}, func(ctx context.Context, in *newCategoryIn) (*categoryOut, error) {
		c, err := a.Catalog.AddCategory(ctx, in.Body.ParentID, in.Body.Name)
		if err != nil {
			return nil, err
		}
		return &categoryOut{Location: base + "/categories/" + c.ID.String(), Body: showCategory(&c)}, nil
	})
	on(a, operation{
		method: put, path: "/categories/{category}", id: "rename-category", tag: tagAuthoring, need: manage, summary: "Give a category another name",
		fails: faults{catalog.ErrCategoryNotFound, catalog.ErrCategoryTaken},
	}, func(ctx context.Context, in *categoryNameIn) (*nothing, error) {
		return nil, a.Catalog.RenameCategory(ctx, in.ID, in.Body.Name)
	})
	on(a, operation{
		method: post, path: "/categories/{category}/move", id: "move-category", tag: tagAuthoring, need: manage, summary: "Put a category elsewhere",
		fails: faults{catalog.ErrCategoryNotFound, catalog.ErrCategoryDeep, catalog.ErrCategoryTaken},
	}, func(ctx context.Context, in *categoryPlaceIn) (*nothing, error) {
		return nil, a.Catalog.MoveCategory(ctx, in.ID, in.Body.ParentID, in.Body.Position)
	})
	on(a, operation{
		method: del, path: "/categories/{category}", id: "delete-category", tag: tagAuthoring, need: manage, summary: "Take an empty category away",
		about: "Its courses stand in none then.", fails: faults{catalog.ErrCategoryNotFound, catalog.ErrCategoryNotEmpty},
	}, func(ctx context.Context, in *categoryIn) (*nothing, error) {
		return nil, a.Catalog.DeleteCategory(ctx, in.ID)
	})
}

func (a *api) skillOperations() {
	manage := route.For(policy.CatalogueManage)
	on(a, operation{method: get, path: "/skills", id: "list-skills", tag: tagCourses, need: route.For(policy.CourseRead), summary: "List skills by name"},
		func(ctx context.Context, in *skillsIn) (*pageOut[skill], error) {
			list, err := a.Catalog.Skills(ctx, in.Query, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showSkill), nil
		})
	on(a, operation{
		method: post, path: "/skills", id: "add-skill", tag: tagAuthoring, need: manage, status: 201, summary: "Add a skill", fails: faults{catalog.ErrSkillTaken},
	}, func(ctx context.Context, in *newSkillIn) (*skillOut, error) {
		k, err := a.Catalog.AddSkill(ctx, catalog.SkillInput(in.Body))
		if err != nil {
			return nil, err
		}
		return &skillOut{Location: base + "/skills/" + k.ID.String(), Body: showSkill(&k)}, nil
	})
	on(a, operation{
		method: put, path: "/skills/{skill}", id: "change-skill", tag: tagAuthoring, need: manage, summary: "Change a skill",
		fails: faults{catalog.ErrSkillNotFound, catalog.ErrSkillTaken},
	}, func(ctx context.Context, in *skillPutIn) (*nothing, error) {
		return nil, a.Catalog.ChangeSkill(ctx, in.ID, catalog.SkillInput(in.Body))
	})
	on(a, operation{
		method: del, path: "/skills/{skill}", id: "delete-skill", tag: tagAuthoring, need: manage, summary: "Take a skill away, from its courses too",
		fails: faults{catalog.ErrSkillNotFound},
	}, func(ctx context.Context, in *skillIn) (*nothing, error) {
		return nil, a.Catalog.DeleteSkill(ctx, in.ID)
	})
}
