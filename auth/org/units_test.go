package org_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func (h *house) unit(kind org.UnitKind, name, code string, parent *org.Unit) org.Unit {
	h.t.Helper()
	in := org.UnitInput{Kind: kind, Name: name, Code: code}
	if parent != nil {
		in.Parent = &parent.ID
	}
	u, err := h.org.AddUnit(h.admin, in)
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

func (h *house) put(person uid.ID, in org.PlaceInput) {
	h.t.Helper()
	if err := h.org.SetPlacement(h.admin, person, in); err != nil {
		h.t.Fatal(err)
	}
}

// tree writes the departments of a day as "path here/all", one an entry.
func (h *house) tree(w org.When) (out []string) {
	h.t.Helper()
	list, err := h.org.Units(h.admin, org.Department, w, false)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, b := range list {
		out = append(out, fmt.Sprintf("%s %d/%d", b.Path, b.Here, b.All))
	}
	return out
}

func (h *house) is(what string, got []string, want ...string) {
	h.t.Helper()
	if !slices.Equal(got, want) {
		h.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestUnitsMoveMergeAndCloseAndTheirPastStays(t *testing.T) {
	t.Parallel()
	h := setup(t) // it is 4 March
	company := h.unit(org.Department, "Company", "C", nil)
	sales := h.unit(org.Department, "Sales", "S", &company)
	north := h.unit(org.Department, "North", "S-N", &sales)
	plant := h.unit(org.Department, "Plant", "", &company)
	anna, ben := h.person("Anna", nil), h.person("Ben", nil)
	h.put(anna.ID, org.PlaceInput{Department: &north.ID})
	h.put(ben.ID, org.PlaceInput{Department: &sales.ID})
	h.is("at first", h.tree(org.When{}), "Company 0/2", "Company / Plant 0/0", "Company / Sales 1/2", "Company / Sales / North 1/1")
	before := org.When{Day: day(t, "2026-03-04"), Known: h.Now.Now()}

	if _, err := h.org.ChangeUnit(h.admin, company.ID, -1, org.UnitInput{Name: "Company", Parent: &north.ID}); !errors.Is(err, org.ErrUnitLoop) {
		t.Errorf("below itself: %v", err)
	}
	if _, err := h.org.AddUnit(h.admin, org.UnitInput{Kind: org.Department, Name: "sales", Parent: &company.ID}); !errors.Is(err, org.ErrUnitName) {
		t.Errorf("the same name: %v", err)
	}
	if _, err := h.org.AddUnit(h.admin, org.UnitInput{Kind: org.Department, Name: "Other", Code: "s-n"}); !errors.Is(err, org.ErrUnitCode) {
		t.Errorf("the same code: %v", err)
	}
	if err := h.org.CloseUnit(h.admin, sales.ID); !errors.Is(err, org.ErrUnitHeld) {
		t.Errorf("closed with people in it: %v", err)
	}
	h.Now.Advance(48 * time.Hour)
	if _, err := h.org.ChangeUnit(h.admin, north.ID, north.Revision, org.UnitInput{Name: "Nord", Code: "S-N", Parent: &plant.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.org.ChangeUnit(h.admin, north.ID, north.Revision, org.UnitInput{Name: "Nord", Parent: &plant.ID}); !errors.Is(err, org.ErrUnitChanged) {
		t.Errorf("an old revision: %v", err)
	}
	h.is("moved and renamed", h.tree(org.When{}), "Company 0/2", "Company / Plant 0/1", "Company / Plant / Nord 1/1", "Company / Sales 1/1")
	if p, err := h.org.Placement(h.admin, anna.ID, org.When{}); err != nil || p.Fact(org.SpanDepartment).Name != "Nord" || p.Person.Attributes["department"] != "Nord" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := h.org.MergeUnit(h.admin, plant.ID, north.ID); !errors.Is(err, org.ErrUnitMerge) {
		t.Errorf("merged into what stands below it: %v", err)
	}
	if moved, err := h.org.MergeUnit(h.admin, plant.ID, sales.ID); err != nil || moved != 0 {
		t.Errorf("%d, %v", moved, err)
	}
	if moved, err := h.org.MergeUnit(h.admin, north.ID, sales.ID); err != nil || moved != 1 {
		t.Errorf("%d, %v", moved, err)
	}
	h.is("merged", h.tree(org.When{}), "Company 0/2", "Company / Sales 2/2")
	h.is("the day before", h.tree(before), "Company 0/2", "Company / Plant 0/0", "Company / Sales 1/2", "Company / Sales / North 1/1")
	h.is("that day as known now", h.tree(org.When{Day: before.Day}), "Company 0/2", "Company / Plant 0/0", "Company / Sales 1/2", "Company / Sales / North 1/1")
	if p, err := h.org.Placement(h.admin, anna.ID, before); err != nil || p.Fact(org.SpanDepartment).Name != "North" || len(p.History) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	if err := h.org.OpenUnit(h.admin, plant.ID); err != nil {
		t.Error(err)
	}
	told := storetest.EventTypes(t, h.ctx, h.World, north.ID)
	slices.Sort(told)
	h.is("told", told, "org_unit.changed", "org_unit.created", "org_unit.merged")

	other := h.Tenant(t)
	elsewhere := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	if list, err := h.org.Units(elsewhere, org.Department, org.When{}, true); err != nil || len(list) != 0 {
		t.Errorf("another portal: %v, %v", list, err)
	}
	_, merge := h.org.MergeUnit(elsewhere, sales.ID, company.ID)
	for i, err := range []error{merge, h.org.CloseUnit(elsewhere, sales.ID), h.org.OpenUnit(elsewhere, sales.ID)} {
		if !errors.Is(err, org.ErrNoUnit) {
			t.Errorf("another portal, %d: %v", i, err)
		}
	}
	learner := storetest.As(t, h.ctx, h.World, anna)
	_, add := h.org.AddUnit(learner, org.UnitInput{Kind: org.Position, Name: "King"})
	_, see := h.org.Units(learner, org.Department, org.When{}, false)
	for i, err := range []error{add, see, h.org.SetPlacement(learner, anna.ID, org.PlaceInput{}), h.org.SetTeamKinds(learner, nil)} {
		if !errors.Is(err, policy.ErrForbidden) {
			t.Errorf("a learner, %d: %v", i, err)
		}
	}
}

func TestWhereSomebodyStoodOnADayAsKnownOnAnother(t *testing.T) {
	t.Parallel()
	h := setup(t)
	sales, plant := h.unit(org.Department, "Sales", "", nil), h.unit(org.Department, "Plant", "", nil)
	clerk, ulm := h.unit(org.Position, "Clerk", "", nil), h.unit(org.Location, "Ulm", "", nil)
	anna, ben := h.person("Anna", nil), h.person("Ben", nil)
	since := day(t, "2026-01-10")
	h.put(anna.ID, org.PlaceInput{Department: &sales.ID, Position: &clerk.ID, Location: &ulm.ID, Mentor: &ben.ID, Since: &since})
	first := h.Now.Now()
	h.Now.Advance(24 * time.Hour)
	corrected := day(t, "2026-02-01")
	h.put(anna.ID, org.PlaceInput{Department: &plant.ID, Since: &corrected})
	on := func(day string, known time.Time) string {
		p, err := h.org.Placement(h.admin, anna.ID, org.When{Day: h.day(day), Known: known})
		if err != nil {
			t.Fatal(err)
		}
		return p.Fact(org.SpanDepartment).Name + "," + p.Fact(org.SpanPosition).Name + "," + p.Fact(org.SpanMentor).Name
	}
	h.is("days and knowledge", []string{on("2026-01-09", first), on("2026-02-10", first), on("2026-02-10", h.Now.Now()), on("2026-01-31", h.Now.Now())},
		",,", "Sales,Clerk,Ben", "Plant,Clerk,Ben", "Sales,Clerk,Ben")
	p, err := h.org.Placement(h.admin, anna.ID, org.When{})
	if a := p.Person.Attributes; err != nil || a["department"] != "Plant" || a["title"] != "Clerk" || a["location"] != "Ulm" {
		t.Errorf("%v, %v", a, err)
	}
	later := day(t, "2027-01-01")
	if err := h.org.SetPlacement(h.admin, anna.ID, org.PlaceInput{Since: &later}); fault.Of(err).Fields["since"] == "" {
		t.Errorf("a day to come: %v", err)
	}
	if err := h.org.SetPlacement(h.admin, anna.ID, org.PlaceInput{Mentor: &anna.ID}); fault.Of(err).Fields["mentor"] == "" {
		t.Errorf("their own mentor: %v", err)
	}
	if err := h.org.SetPlacement(h.admin, anna.ID, org.PlaceInput{Location: &clerk.ID}); !errors.Is(err, org.ErrNoUnit) {
		t.Errorf("a position as a location: %v", err)
	}
	none := uid.Nil
	h.put(anna.ID, org.PlaceInput{Position: &none})
	if p, err = h.org.Placement(h.admin, anna.ID, org.When{}); err != nil || p.Fact(org.SpanPosition).UnitID != nil || p.Person.Attributes["title"] != "" {
		t.Errorf("%+v, %v", p, err)
	}
	told := len(storetest.EventTypes(t, h.ctx, h.World, anna.ID))
	h.put(anna.ID, org.PlaceInput{Department: &plant.ID, Position: &none, Mentor: &ben.ID})
	if again := len(storetest.EventTypes(t, h.ctx, h.World, anna.ID)); again != told {
		t.Errorf("the same once more is told: %d, %d", told, again)
	}
}

func (h *house) day(text string) org.Day { return day(h.t, text) }

// TestAnyKnowledgeOfAnyDay holds placements against a plain list of what was said, in its order.
func TestAnyKnowledgeOfAnyDay(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := setup(t)
			r := rand.New(rand.NewPCG(seed, 11)) //nolint:gosec // a test's
			units := []org.Unit{h.unit(org.Department, "A", "", nil), h.unit(org.Department, "B", "", nil), h.unit(org.Department, "C", "", nil)}
			anna := h.person("Anna", nil)
			type said struct {
				at   time.Time
				day  org.Day
				name string
			}
			var all []said
			first := org.DayOf(h.Now.Now())
			for range 25 {
				h.Now.Advance(time.Duration(r.IntN(60)) * time.Hour)
				since := org.Day{Time: org.DayOf(h.Now.Now()).AddDate(0, 0, -r.IntN(20))}
				unit, name := uid.Nil, ""
				if r.IntN(5) > 0 {
					u := units[r.IntN(len(units))]
					unit, name = u.ID, u.Name
				}
				h.Now.Advance(time.Millisecond)
				h.put(anna.ID, org.PlaceInput{Department: &unit, Since: &since})
				all = append(all, said{h.Now.Now(), since, name})
			}
			for range 60 {
				known := all[r.IntN(len(all))].at
				on := org.Day{Time: first.AddDate(0, 0, r.IntN(80)-20)}
				want := ""
				for _, s := range all { // what was said last counts from its day on
					if !s.at.After(known) && !s.day.After(on.Time) {
						want = s.name
					} else if !s.at.After(known) {
						continue
					}
				}
				p, err := h.org.Placement(h.admin, anna.ID, org.When{Day: on, Known: known})
				if err != nil {
					t.Fatal(err)
				}
				if got := p.Fact(org.SpanDepartment).Name; got != want || len(p.Facts) > 1 {
					t.Fatalf("on %s as known at %s: %q, want %q (%+v)", on, known, got, want, p.Facts)
				}
			}
		})
	}
}

func TestFieldsOfThePortalsOwn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	add := func(in org.FieldInput) org.Field {
		t.Helper()
		f, err := h.org.AddField(h.admin, in)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	shift := add(org.FieldInput{Name: "Shift", Kind: org.FieldChoice, Choices: []string{"Early", " Late", "early"}, SeenBy: org.CircleRead, EditedBy: org.CircleManage})
	badge := add(org.FieldInput{Name: "Badge no.", Kind: org.FieldText, Pattern: "[A-Z]{2}[0-9]{3}", Required: true, SeenBy: org.CircleManage, EditedBy: org.CircleManage})
	shoe := add(org.FieldInput{Code: "shoe", Name: "Shoe size", Kind: org.FieldNumber, SeenBy: org.CircleSelf, EditedBy: org.CircleSelf})
	add(org.FieldInput{Name: "Médical check", Kind: org.FieldDate, SeenBy: org.CircleSelf, EditedBy: org.CircleManage})
	if badge.Code != "badge_no" || !slices.Equal(shift.Choices, []string{"Early", "Late"}) {
		t.Errorf("%+v, %+v", badge, shift)
	}
	for what, in := range map[string]org.FieldInput{
		"pattern":   {Name: "X", Kind: org.FieldText, Pattern: "([", SeenBy: org.CircleRead, EditedBy: org.CircleManage},
		"choices":   {Name: "X", Kind: org.FieldChoice, SeenBy: org.CircleRead, EditedBy: org.CircleManage},
		"edited_by": {Name: "X", Kind: org.FieldText, SeenBy: org.CircleRead, EditedBy: org.CircleSelf},
		"code":      {Name: "X", Code: "A B", Kind: org.FieldText, SeenBy: org.CircleRead, EditedBy: org.CircleManage},
	} {
		if _, err := h.org.AddField(h.admin, in); fault.Of(err).Fields[what] == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := h.org.AddField(h.admin, org.FieldInput{Name: "Shift", Kind: org.FieldText, SeenBy: org.CircleRead, EditedBy: org.CircleManage}); !errors.Is(err, org.ErrFieldCode) {
		t.Errorf("the same code: %v", err)
	}
	anna := h.person("Anna", nil)
	err := h.org.SetPlacement(h.admin, anna.ID, org.PlaceInput{Fields: map[string]string{"shift": "night", "badge_no": "x1", "shoe": "many", "m_dical_check": "soon", "nonsense": "1"}})
	if got := slices.Sorted(maps.Keys(fault.Of(err).Fields)); strings.Join(got, " ") != "fields.badge_no fields.m_dical_check fields.nonsense fields.shift fields.shoe" {
		t.Errorf("%v", err)
	}
	h.put(anna.ID, org.PlaceInput{Fields: map[string]string{"shift": " LATE", "badge_no": "AB123", "shoe": "41.50", "m_dical_check": "2026-02-28"}})
	if err := h.org.SetPlacement(h.admin, anna.ID, org.PlaceInput{Fields: map[string]string{"badge_no": " "}}); fault.Of(err).Fields["fields.badge_no"] != "This must be filled in." {
		t.Errorf("%v", err)
	}
	mine := storetest.As(t, h.ctx, h.World, anna)
	for who, ctx := range map[string]context.Context{"Late AB123 41.5 2026-02-28": h.admin, " 41.5 2026-02-28": mine, "Late 41.5 2026-02-28": storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Manager))} {
		p, err := h.org.Placement(ctx, anna.ID, org.When{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, code := range []string{"shift", "badge_no", "shoe", "m_dical_check"} {
			for _, f := range p.Facts {
				if f.Code == code {
					got = append(got, f.Value)
				}
			}
		}
		if strings.Join(got, " ") != strings.TrimSpace(who) || len(p.History) != len(got) {
			t.Errorf("%q sees %q, %+v", who, got, p.History)
		}
	}
	if err := h.org.SetOwnFields(mine, map[string]string{"shoe": "42"}); err != nil {
		t.Error(err)
	}
	if err := h.org.SetOwnFields(mine, map[string]string{"m_dical_check": "2026-03-01"}); fault.Of(err).Fields["fields.m_dical_check"] == "" {
		t.Errorf("one's own, that only others change: %v", err)
	}
	if err := h.org.ArchiveField(h.admin, shoe.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := h.org.SetOwnFields(mine, map[string]string{"shoe": "43"}); fault.Of(err).Fields["fields.shoe"] == "" {
		t.Errorf("archived: %v", err)
	}
	if _, err := h.org.ChangeField(h.admin, shift.ID, 7, org.FieldInput{Name: "Shift", Choices: []string{"x"}, SeenBy: org.CircleRead, EditedBy: org.CircleManage}); !errors.Is(err, org.ErrFieldChanged) {
		t.Errorf("%v", err)
	}
}

func TestRulesAskUnitsAndFields(t *testing.T) {
	t.Parallel()
	h := setup(t)
	sales := h.unit(org.Department, "Sales", "S", nil)
	north := h.unit(org.Department, "North", "", &sales)
	if _, err := h.org.AddField(h.admin, org.FieldInput{Name: "Shift", Kind: org.FieldText, SeenBy: org.CircleRead, EditedBy: org.CircleManage}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.org.AddField(h.admin, org.FieldInput{Name: "Check", Kind: org.FieldDate, SeenBy: org.CircleRead, EditedBy: org.CircleManage}); err != nil {
		t.Fatal(err)
	}
	anna, ben := h.person("Anna", nil), h.person("Ben", nil)
	h.put(anna.ID, org.PlaceInput{Department: &sales.ID, Fields: map[string]string{"shift": "Early", "check": "2026-02-20"}})
	h.put(ben.ID, org.PlaceInput{Department: &north.ID, Fields: map[string]string{"check": "2025-02-20"}})
	groups := group.New(h.Store, h.Now.Clock())
	for what, c := range map[string]struct {
		condition group.Condition
		want      []string
	}{
		"is":         {group.Condition{Field: group.FieldUnit, Op: group.Is, Values: []string{"s"}}, []string{"Anna"}},
		"with below": {group.Condition{Field: group.FieldUnit, Op: group.Under, Values: []string{"Sales"}}, []string{"Anna", "Ben"}},
		"by path":    {group.Condition{Field: group.FieldUnit, Op: group.Is, Values: []string{"sales / north"}}, []string{"Ben"}},
		"field":      {group.Condition{Field: group.CustomField("shift"), Op: group.Is, Values: []string{"EARLY"}}, []string{"Anna"}},
		"contains":   {group.Condition{Field: group.CustomField("shift"), Op: group.Contains, Values: []string{"x", "arl"}}, []string{"Anna"}},
		"begins":     {group.Condition{Field: group.CustomField("shift"), Op: group.StartsWith, Values: []string{"e"}}, []string{"Anna"}},
		"filled":     {group.Condition{Field: group.CustomField("check"), Op: group.Filled}, []string{"Anna", "Ben"}},
		"within":     {group.Condition{Field: group.CustomField("check"), Op: group.Within, Values: []string{"30"}}, []string{"Anna"}},
		"before":     {group.Condition{Field: group.CustomField("check"), Op: group.Before, Values: []string{"2026-01-01"}}, []string{"Ben"}},
		"after":      {group.Condition{Field: group.CustomField("check"), Op: group.After, Values: []string{"2026-01-01"}}, []string{"Anna"}},
	} {
		found, err := groups.Preview(h.admin, group.Rule{Match: group.MatchAll, Conditions: []group.Condition{c.condition}})
		var names []string
		for _, m := range found.First {
			names = append(names, m.Name)
		}
		if err != nil || !slices.Equal(names, c.want) {
			t.Errorf("%s: %v, %v", what, names, err)
		}
	}
	for what, c := range map[string]group.Condition{"conditions.0.values": {Field: group.FieldUnit, Op: group.Is, Values: []string{"Nowhere"}}, "conditions.0.field": {Field: group.CustomField("none"), Op: group.Filled}} {
		if _, err := groups.Preview(h.admin, group.Rule{Match: group.MatchAll, Conditions: []group.Condition{c}}); fault.Of(err).Fields[what] == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestADirectorysWordsPlacePeople(t *testing.T) {
	t.Parallel()
	h := setup(t)
	sales := h.unit(org.Department, "Sales", "4711", nil)
	h.unit(org.Department, "North", "", &sales)
	plant := h.unit(org.Department, "Plant", "", nil)
	h.unit(org.Department, "North", "", &plant)
	for said, want := range map[string]string{"sales": "Sales", "4711": "Sales", "Sales / North": "North", "North": "", "Nowhere": ""} {
		p := storetest.AddPerson(t, h.ctx, h.World, auth.Person{Name: said, Attributes: auth.Attributes{"department": said}}, policy.Learner)
		for range 2 {
			if err := h.org.Follow(h.ctx, p.ID); err != nil {
				t.Fatal(err)
			}
		}
		at, err := h.org.Placement(h.admin, p.ID, org.When{})
		if err != nil || at.Fact(org.SpanDepartment).Name != want || len(at.History) > 1 {
			t.Errorf("%q: %+v, %v", said, at, err)
		}
	}
	if err := h.org.Follow(h.ctx, uid.New()); err != nil {
		t.Error(err)
	}
}

func TestManagersOfOtherKindsSeeTheirPeopleWhenThePortalSaysSo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	boss, anna := h.person("Boss", nil), h.person("Anna", nil)
	h.put(anna.ID, org.PlaceInput{Functional: &boss.ID})
	leads := func(want bool) {
		t.Helper()
		h.Now.Advance(2 * time.Minute)
		if got, err := h.org.Leads(storetest.As(t, h.ctx, h.World, boss)); err != nil || got != want {
			t.Errorf("leads %v, %v, want %v", got, err, want)
		}
	}
	leads(false)
	if err := h.org.SetTeamKinds(h.admin, []org.SpanKind{org.SpanMentor, org.SpanFunctional, org.SpanMentor}); err != nil {
		t.Fatal(err)
	}
	leads(true)
	if kinds, err := h.org.TeamKinds(h.admin); err != nil || len(kinds) != 2 {
		t.Errorf("%v, %v", kinds, err)
	}
	if err := h.org.SetTeamKinds(h.admin, []org.SpanKind{"line"}); fault.Of(err).Fields["kinds"] == "" {
		t.Errorf("%v", err)
	}
	if err := h.org.SetTeamKinds(h.admin, []org.SpanKind{org.SpanMentor}); err != nil {
		t.Fatal(err)
	}
	leads(false)
}
