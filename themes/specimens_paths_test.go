package themes_test

import (
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
	"lyceum/themes"
)

func pathsSpecimens(w *world) []specimen {
	a, b := w.outlines[0], w.outlines[1]
	course := func(name string, minutes int, change ...func(*path.Course)) path.Course {
		c := path.Course{ID: id("path course " + name), Slug: catalog.SlugFrom(name), Title: name, Minutes: minutes, Status: catalog.StatusPublished, SelfEnrol: true, Visible: true}
		for _, f := range change {
			f(&c)
		}
		return c
	}
	list := []path.Course{
		course(a.Version.Title, 45, func(c *path.Course) { c.Enrolment, c.Done, c.Percent = enrolment.StatusCompleted, true, 100 }),
		course(b.Version.Title, 40, func(c *path.Course) { c.Enrolment, c.Percent = enrolment.StatusActive, 40 }),
		course("First aid at work", 90, func(c *path.Course) { c.Visibility = catalog.VisibleOnRequest }),
		course("Giving feedback that helps", 25, func(c *path.Course) { c.Unmet = 1 }),
		course("Ladders and scaffolds", 15),
		course("Lifting without pain", 15, func(c *path.Course) { c.Status = catalog.StatusArchived }),
		course("Leading a team through a change nobody asked for", 120),
	}
	known := map[uid.ID]path.Course{}
	for _, c := range list {
		known[c.ID] = c
	}
	p := path.Path{
		ID: id("path"), Slug: "first-weeks", Title: "Your first weeks at Acme", Summary: "Work safely from the first day on, and know whom to ask.", Status: path.StatusPublished, Ordered: true, Revision: 7, UpdatedAt: now,
		Sections: path.Sections{
			{ID: id("section 1"), Title: "Safety first", Ordered: true, Courses: []uid.ID{list[0].ID, list[1].ID}},
			{ID: id("section 2"), Title: "Two more that fit your work", Need: 2, Courses: []uid.ID{list[2].ID, list[3].ID, list[4].ID, list[5].ID}},
			{ID: id("section 3"), Title: "Leading", Courses: []uid.ID{list[6].ID}},
		},
	}
	free := p
	free.Ordered = false
	mine := &path.Enrolment{PathID: p.ID, PersonID: w.people[0].ID, EnrolledAt: now.AddDate(0, 0, -9)}
	completed := *mine
	completed.CompletedAt = &now
	show := func(p path.Path, m *path.Enrolment) path.Shown {
		return path.Shown{Path: p, Courses: known, Standing: path.Stand(p, known, false), Mine: m, Minutes: 350}
	}
	look := func(s path.Shown) themes.PathPage {
		return themes.PathPage{Shown: s, Summary: prose(s.Path.Summary)}
	}
	stuck := look(show(free, mine))
	stuck.Problem = path.ErrNothingOpen
	draft := p
	draft.Status, draft.Sections = path.StatusDraft, append(path.Sections{{ID: id("section 0"), Title: "Empty"}}, p.Sections...)
	edit := themes.PathEditPage{Shown: show(p, nil), Form: themes.PathForm{Title: p.Title, Slug: p.Slug, Summary: p.Summary, Ordered: true}}
	searched := edit
	searched.Section, searched.Find, searched.Found = p.Sections[0].ID, "safe", []catalog.Card{w.card(0), w.card(1)}
	unready := themes.PathEditPage{Shown: show(draft, nil), Form: edit.Form, SectionsProblem: path.ErrRevision}
	empty := path.Path{ID: id("path"), Title: "New", Status: path.StatusDraft}
	listed := []path.Listed{{Path: p, Mine: mine, Standing: path.Stand(p, known, false), Minutes: 350}, {Path: draft, Minutes: 350}, {Path: free, Mine: &completed, Standing: path.Stand(free, known, false)}}
	member := func(i int, e path.Enrolment) path.Member {
		return path.Member{Enrolment: path.Enrolment{PathID: p.ID, PersonID: w.people[i].ID, EnrolledAt: e.EnrolledAt, CompletedAt: e.CompletedAt}, PersonName: w.people[i].Name, PersonEmail: w.people[i].Email, Standing: path.Stand(p, known, false)}
	}
	people := themes.PathRosterPage{Shown: show(p, nil), People: listOf(member(0, *mine), member(1, completed)), Find: "jo", FoundIn: []auth.Person{w.people[1], w.people[2]}}
	needs := []enrolment.Need{
		{ID: id("need 1"), Kind: enrolment.NeedCourse, NeededCourse: &a.Course.ID, Name: a.Version.Title, Slug: a.Course.Slug},
		{ID: id("need 2"), Kind: enrolment.NeedCertificate, NeededCourse: &b.Course.ID, Name: b.Version.Title, Slug: b.Course.Slug},
		{ID: id("need 3"), Kind: enrolment.NeedSkill, Name: "Speaking in front of many people"},
	}
	way := path.Way{Missing: needs, Exact: true, Minutes: 100, Steps: []path.WayStep{
		{Slug: "a", Title: a.Version.Title, Minutes: 30, Percent: 40, Status: enrolment.StatusActive}, {Slug: "b", Title: b.Version.Title, Minutes: 40}, {Slug: "c", Title: "Speaking freely", Minutes: 30, Reason: path.ReasonRequest},
	}}
	none := path.Way{Missing: needs[2:], Exact: true}
	asks := themes.PrerequisitesPage{Outline: a, Needs: needs, Skills: []path.Skill{{ID: id("skill"), Name: "Speaking"}}, Find: "safe", Found: []catalog.Card{w.card(1)},
		Waivers: listOf(path.Waived{Waiver: path.Waiver{PersonID: w.people[1].ID, WaivedAt: now}, PersonName: w.people[1].Name}), Person: "ma", FoundWho: []auth.Person{w.people[0]}}
	circle := themes.PrerequisitesPage{Outline: a, Waivers: page.Of[path.Waived]{}, Problem: fault.Invalid(map[string]string{"course": "That would be a circle: “A” needs “B”, “B” needs “A”."})}
	taker := func(at string) themes.View {
		v := w.portal(at, learnerMay())
		v.Paths = true
		return v
	}
	active := w.mine(0, 0).Enrolment
	active.StartedAt = nil
	return []specimen{
		{"paths", taker("/paths"), themes.PathsPage{Paths: listOf(listed...)}},
		{"paths-none", taker("/paths?q=x"), themes.PathsPage{Query: "x"}},
		{"paths-empty", w.portal("/paths", may()), themes.PathsPage{}},
		{"path", taker("/paths/x"), look(show(p, nil))},
		{"path-on", taker("/paths/x"), look(show(p, mine))},
		{"path-free", w.portal("/paths/x", may()), stuck},
		{"path-completed", taker("/paths/x"), look(show(free, &completed))},
		{"path-draft", w.portal("/paths/x", may()), look(show(draft, nil))},
		{"studio-paths", w.portal("/studio/paths", may()), themes.StudioPathsPage{Paths: listOf(listed...)}},
		{"studio-paths-empty", w.portal("/studio/paths", may()), themes.StudioPathsPage{Problem: refused(map[string]string{"title": "Enter a title."})}},
		{"path-edit", w.portal("/studio/paths/x", may()), edit},
		{"path-edit-find", w.portal("/studio/paths/x", may()), searched},
		{"path-edit-draft", w.portal("/studio/paths/x", may()), unready},
		{"path-edit-empty", w.portal("/studio/paths/x", may()), themes.PathEditPage{Shown: show(empty, nil), Problem: refused(map[string]string{"title": "Enter a title."})}},
		{"path-people", w.portal("/studio/paths/x/people", may()), people},
		{"path-people-none", w.portal("/studio/paths/x/people", may()), themes.PathRosterPage{Shown: show(draft, nil)}},
		{"prerequisites", w.portal("/studio/x/prerequisites", may()), asks},
		{"prerequisites-none", w.portal("/studio/x/prerequisites", may()), circle},
		{"course-way", taker("/courses/x"), themes.CoursePage{Outline: a, Summary: prose(a.Version.Summary), Way: way}},
		{"course-way-none", taker("/courses/x"), themes.CoursePage{Outline: a, Way: none, Enrolment: &active}},
		{"catalogue-ways", taker("/courses"), themes.CataloguePage{Cards: listOf(w.card(0), w.card(1)), Ways: map[uid.ID]path.Way{a.Course.ID: way, b.Course.ID: none}}},
	}
}
