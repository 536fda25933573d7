package themes_test

import (
	"time"

	"lyceum/auth/org"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// structureSpecimens are departments, locations and positions, the portal's own fields, and where a person stands.
func structureSpecimens(w *world) []specimen {
	at := func(days int) *time.Time { t := now.Add(time.Duration(days) * 24 * time.Hour); return &t }
	unit := func(name string, kind org.UnitKind, parent *uid.ID) org.Unit {
		return org.Unit{ID: id(name), Kind: kind, Name: name, Code: "HR-" + name[:2], ParentID: parent, Revision: 2, CreatedAt: now, UpdatedAt: now}
	}
	top := unit("Harbour Works", org.Department, nil)
	sales := unit("Sales", org.Department, &top.ID)
	gone := unit("Telegraph room", org.Department, &top.ID)
	gone.ClosedAt, gone.Code = at(-90), ""
	long := unit(longName, org.Department, &sales.ID)
	tree := []org.Branch{
		{Unit: top, Path: "Harbour Works", Here: 4, All: 1312}, {Unit: sales, Path: "Harbour Works / Sales", Depth: 1, Here: 212, All: 240},
		{Unit: long, Path: "Harbour Works / Sales / " + longName, Depth: 2, Here: 28, All: 28}, {Unit: gone, Path: "Harbour Works / Telegraph room", Depth: 1},
	}
	clerk, ulm := unit("Clerk", org.Position, nil), unit("Ulm", org.Location, nil)
	all := append(append([]org.Branch{}, tree[:3]...), org.Branch{Unit: ulm, Path: "Ulm"}, org.Branch{Unit: clerk, Path: "Clerk"})
	then := org.When{Day: org.DayOf(*at(-200)), Known: *at(-190)}
	fields := []org.Field{
		{ID: id("f1"), Code: "badge_no", Name: "Badge number", Kind: org.FieldText, Pattern: "[A-Z]{2}[0-9]{4}", Required: true, SeenBy: org.CircleManage, EditedBy: org.CircleManage, Revision: 1},
		{ID: id("f2"), Code: "shift", Name: "Shift", Kind: org.FieldChoice, Choices: []string{"Early", "Late", "Night"}, SeenBy: org.CircleRead, EditedBy: org.CircleManage, Revision: 3},
		{ID: id("f3"), Code: "shoe_size", Name: "Shoe size", Kind: org.FieldNumber, SeenBy: org.CircleSelf, EditedBy: org.CircleSelf, ArchivedAt: at(-4), Revision: 1},
		{ID: id("f4"), Code: "check", Name: "Medical check", Kind: org.FieldDate, SeenBy: org.CircleRead, EditedBy: org.CircleManage, Revision: 1},
	}
	manager := w.people[1].ID
	facts := []org.Fact{
		{Kind: org.SpanDepartment, UnitID: &sales.ID, Name: "Sales", Code: "HR-Sa", ValidFrom: *at(-40), RecordedAt: *at(-39), RecordedByName: "Maya Chen"},
		{Kind: org.SpanMentor, ManagerID: &manager, Name: w.people[1].Name, ValidFrom: *at(-40), RecordedAt: *at(-39)},
		{Kind: org.SpanField, FieldID: &fields[1].ID, Name: "Shift", Code: "shift", Value: "Late", ValidFrom: *at(-10), RecordedAt: *at(-10)},
		{Kind: org.SpanField, FieldID: &fields[0].ID, Name: "Badge number", Code: "badge_no", Value: "AB1234", ValidFrom: *at(-10), RecordedAt: *at(-10)},
	}
	past := org.Fact{Kind: org.SpanDepartment, UnitID: &top.ID, Name: "Harbour Works", ValidFrom: *at(-400), ValidTo: at(-40), RecordedAt: *at(-400)}
	place := org.Placement{Person: w.people[0], When: org.When{Day: org.DayOf(now), Known: now}, Facts: facts, History: append(append([]org.Fact{}, facts...), past), Fields: []org.Field{fields[0], fields[1], fields[3]}}
	typed := map[string]string{"department": sales.ID.String(), "mentor": w.people[1].Email, "fields.shift": "Late", "fields.badge_no": "x", "since": "2030-01-01"}
	form := themes.NewPersonFieldForm(fields[1])
	return []specimen{
		{"units", w.portal("/people/structure/units", may()), themes.UnitsPage{Kind: org.Department, Closed: true, Units: tree, Form: themes.UnitForm{Name: "sales", Parent: top.ID.String()}, Problem: org.ErrUnitName}},
		{"units-then", w.portal("/people/structure/units", may()), themes.UnitsPage{Kind: org.Department, When: then, On: "2026-03-31", Known: "2026-04-01", Units: tree[:2]}},
		{"units-empty", w.portal("/people/structure/units", learnerMay()), themes.UnitsPage{Kind: org.Position}},
		{"unit", w.portal("/people/structure/units/x", may()), themes.UnitPage{Unit: sales, Units: tree, Form: themes.UnitForm{Name: "Sales", Code: "HR-Sa", Parent: top.ID.String()}}},
		{"unit-refused", w.portal("/people/structure/units/x", may()), themes.UnitPage{Unit: long, Units: tree, Form: themes.UnitForm{}, Problem: refused(map[string]string{"name": "Enter a name.", "into": "Choose where the people go."})}},
		{"unit-closed", w.portal("/people/structure/units/x", may()), themes.UnitPage{Unit: gone, Units: tree}},
		{"person-fields", w.portal("/people/fields", may()), themes.PersonFieldsPage{Fields: fields, Kinds: []org.SpanKind{org.SpanMentor}, Form: themes.PersonFieldForm{Kind: "choice", SeenBy: "read", EditedBy: "self"}, Problem: refused(map[string]string{"choices": "Enter what can be chosen, one a line.", "edited_by": "Who changes it must see it."})}},
		{"person-fields-empty", w.portal("/people/fields", learnerMay()), themes.PersonFieldsPage{}},
		{"person-field", w.portal("/people/fields/x", may()), themes.PersonFieldPage{Field: fields[1], Form: form}},
		{"person-field-archived", w.portal("/people/fields/x", may()), themes.PersonFieldPage{Field: fields[2], Form: themes.NewPersonFieldForm(fields[2]), Problem: org.ErrFieldChanged}},
		{"placement", w.portal("/people/x/placement", may()), themes.PlacementPage{Placement: place, Units: all, Typed: typed, Problem: refused(map[string]string{"since": "Choose today or a day that is over.", "fields.badge_no": "This must be filled in."})}},
		{"placement-then", w.portal("/people/x/placement", may()), themes.PlacementPage{Placement: org.Placement{Person: w.people[0], When: then, History: place.History}, On: "2026-03-31", Known: "2026-04-01", Units: all}},
	}
}
