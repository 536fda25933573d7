package themes_test

import (
	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/intake"
	"lyceum/learning/search"
	"lyceum/themes"
)

func searchSpecimens(w *world) []specimen {
	course := uid.New()
	hit := func(kind search.Kind, title string, excerpt string, edit func(*search.Result)) search.Result {
		r := search.Result{Kind: kind, ID: uid.New(), CourseID: &course, CourseSlug: "workplace-safety", CourseTitle: "Workplace safety", Title: []search.Piece{{Text: title + " "}, {Text: "ladder", Hit: true}}}
		if excerpt != "" {
			r.Excerpt = []search.Piece{{Text: "… " + excerpt + " "}, {Text: "ladders", Hit: true}, {Text: " and a very long word: Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen …"}}
		}
		if edit != nil {
			edit(&r)
		}
		return r
	}
	all := search.Results{Items: []search.Result{
		hit(search.KindCourse, "Up the", "All about", func(r *search.Result) { r.Inside = true }), hit(search.KindLesson, "Climbing a", "", nil),
		hit(search.KindCaption, "Falling off a", "he said of", func(r *search.Result) { r.Seconds, r.Inside = 83, true }), hit(search.KindLesson, "Draft of a", "not yet", func(r *search.Result) { r.Draft = true }),
		hit(search.KindPerson, "Lea", "", func(r *search.Result) { r.CourseID, r.CourseTitle = nil, "" }), hit(search.KindGroup, "Friends of the", "", func(r *search.Result) { r.CourseID, r.CourseTitle = nil, "" }),
	}}
	guessed := all
	guessed.Guessed = true
	return []specimen{
		{"search", w.portal("/search?q=ladder", may()), themes.SearchPage{Query: "ladder", Results: all}},
		{"search-guessed", w.portal("/search?q=laddre", learnerMay()), themes.SearchPage{Query: "laddre", Kind: search.KindCourse, Results: guessed}},
		{"search-none", w.portal("/search?q=qqq", learnerMay()), themes.SearchPage{Query: "<b>qqq</b>"}},
		{"search-empty", w.portal("/search", may()), themes.SearchPage{}},
	}
}

func groupSpecimens(w *world) []specimen {
	boss := w.people[2]
	rule := &group.Rule{Match: group.MatchAny, Conditions: []group.Condition{
		{Field: "department", Op: group.Is, Values: []string{"Sales", "Customer service and everything that belongs to it"}},
		{Field: group.FieldManager, Op: group.Under, Values: []string{boss.ID.String()}}, {Field: group.FieldHired, Op: group.Within, Values: []string{"30"}},
		{Field: group.FieldRole, Op: group.IsNot, Values: []string{"learner"}}, {Field: "location", Op: group.Filled},
	}}
	names := map[string]string{boss.ID.String(): boss.Name}
	hand := group.Group{Group: auth.Group{ID: uid.New(), Name: "Fire wardens", Description: "Know where the extinguishers are", Revision: 3}, Members: 2}
	ruled := group.Group{Group: auth.Group{ID: uid.New(), Name: "Sales", Revision: 1}, Rule: rule, SettledAt: &now, Members: 1204}
	hr := uid.New()
	kept := group.Group{Group: auth.Group{ID: uid.New(), Name: "All staff", DirectoryID: &hr}, Directory: "Entra ID", Members: 10000}
	members := []group.Member{}
	for _, p := range w.people[:3] {
		members = append(members, group.Member{ID: p.ID, Name: p.Name, Email: p.Email, Status: p.Status})
	}
	page := themes.GroupPage{
		Group: group.Shown{Group: hand, Uses: []group.Use{{Kind: group.UseVisible, ID: uid.New(), Name: "First aid at work"}, {Kind: group.UseRule, ID: ruled.ID, Name: "Sales"}}}, Members: listOf(members...),
		Find: "a", Found: w.people[:2], Inside: map[uid.ID]bool{w.people[0].ID: true},
		Intakes: []intake.Listed{
			{Intake: intake.Intake{Later: true, FinishedAt: &now, Enrolled: 12}, CourseTitle: "Workplace safety", CourseSlug: "workplace-safety"},
			{Intake: intake.Intake{FinishedAt: &now, Enrolled: 1, Problem: catalog.ErrNotPublished.Text}, CourseTitle: "Lifting", CourseSlug: "lifting"},
			{Intake: intake.Intake{}, CourseTitle: "First aid", CourseSlug: "first-aid"},
		},
		Courses: []catalog.Card{w.card(0)},
	}
	wrong := page
	wrong.Problem, wrong.Course, wrong.Later = refused(map[string]string{"course": "There is no such course. Choose one from the list."}), "ladder", true
	edit := themes.GroupEditPage{Group: ruled, Kind: group.ByRule, Form: themes.NewGroupForm(ruled), Names: names}
	shown, refusedRule := edit, edit
	shown.Preview = &group.Preview{Count: 1204, First: members}
	refusedRule.Group = group.Group{}
	refusedRule.Problem = refused(map[string]string{"conditions.0.values": "Enter a value.", "conditions.1.op": "This field cannot be compared like that. Choose another comparison.", "name": "Enter a name."})
	may := may()
	return []specimen{
		{"groups", w.portal("/groups", may), themes.GroupsPage{Groups: listOf(kept, hand, ruled)}},
		{"groups-none", w.portal("/groups?q=zz", may), themes.GroupsPage{Query: "zz", Kind: group.ByRule}},
		{"group", w.portal("/groups/x", may), page},
		{"group-wrong", w.portal("/groups/x", may), wrong},
		{"group-rule", w.portal("/groups/x", may), themes.GroupPage{Group: group.Shown{Group: ruled, Names: names}, Members: listOf(members...)}},
		{"group-directory", w.portal("/groups/x", policy.Set{policy.PersonRead: {}}), themes.GroupPage{Group: group.Shown{Group: kept}, Query: "nobody"}},
		{"group-new", w.portal("/groups/new", may), themes.GroupEditPage{Kind: group.ByHand}},
		{"group-rule-new", w.portal("/groups/new", may), themes.GroupEditPage{Kind: group.ByRule, Form: themes.GroupForm{Rows: []themes.RuleRow{{}}}}},
		{"group-rule-preview", w.portal("/groups/x/edit", may), shown},
		{"group-rule-wrong", w.portal("/groups/new", may), refusedRule},
	}
}
