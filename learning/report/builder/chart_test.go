package builder_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/report/builder"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

// given is a course that somebody of a department was given at a moment.
type given struct {
	course, department string
	at                 time.Time
}

// fill enrols a person of their own in each.
func fill(t *testing.T, list ...given) (h *house, courses map[string]catalog.Outline) {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	h = &house{World: w, t: t, ctx: ctx, asking: storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Manager)), reports: builder.New(w.Store, w.Now.Clock())}
	enrolments := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	courses = map[string]catalog.Outline{}
	at, _ := tenant.From(ctx)
	for _, g := range list {
		o, known := courses[g.course]
		if !known {
			o = storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse(g.course))
			courses[g.course] = o
		}
		p := storetest.AddPerson(t, ctx, w, auth.Person{Name: "x"}, policy.Learner)
		e, err := enrolments.EnrolBy(h.asking, o.Course.ID, p.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		for sql, args := range map[string][]any{
			"update %s.enrolment_rounds set enrolled_at = $1 where id = $2":                              {g.at, e.ID.String()},
			"update %s.people set attributes = jsonb_build_object('department', $1::text) where id = $2": {g.department, p.ID.String()},
		} {
			if _, err := h.Admin.Exec(t.Context(), fmt.Sprintf(sql, at.SchemaName), args...); err != nil {
				t.Fatal(err)
			}
		}
	}
	return h, courses
}

func day(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

// told writes a chart's rows, each with its parts.
func told(d *builder.Drawn) (out []string) {
	var parts []string
	for _, p := range d.Parts {
		name := p.Label
		if p.Rest {
			name = "rest"
		}
		parts = append(parts, name)
	}
	out = append(out, fmt.Sprintf("%q", parts))
	for _, r := range d.Rows {
		out = append(out, fmt.Sprintf("%s %d %v", r.Label, r.N, r.Parts))
	}
	return out
}

func TestCountsAreDividedAndSumUp(t *testing.T) {
	t.Parallel()
	now := day("2026-03-01T10:00:00Z")
	h, courses := fill(t, given{"Knots", "Kitchen", now}, given{"Knots", "Kitchen", now}, given{"Knots", "", now}, given{"Sails", "Kitchen", now}, given{"Sails", "Bar", now}, given{"Oars", "Bar", now})
	far, _ := fill(t, given{"Knots", "Kitchen", now})
	for _, chart := range []builder.Chart{builder.ChartStacked, builder.ChartShare} {
		d := builder.Definition{Source: builder.Enrolments, Chart: chart, Group: "subject", Split: "department"}
		r, err := h.reports.Run(h.asking, d, page.Request{})
		if err != nil {
			t.Fatal(err)
		}
		if got := told(r.Drawn); r.Counts != nil || !slices.Equal(got, []string{`["Kitchen" "Bar" ""]`, "Knots 3 [2 0 1]", "Sails 2 [1 1 0]", "Oars 1 [0 1 0]"}) || r.Drawn.Rows[0].ID != courses["Knots"].Course.ID {
			t.Errorf("%s: %q", chart, got)
		}
		if r, err = far.reports.Run(far.asking, d, page.Request{}); err != nil || len(r.Drawn.Rows) != 1 || r.Drawn.Rows[0].N != 1 {
			t.Errorf("another portal: %+v, %v", r.Drawn, err)
		}
	}
	r, err := h.reports.Run(h.asking, builder.Definition{Source: builder.Enrolments, Chart: builder.ChartStacked, Group: "department", Split: "subject"}, page.Request{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Drawn.Rows { // each figure is that of the lines which it opens
		for i, n := range row.Parts {
			if row.Label == "" {
				continue
			}
			lines, err := h.reports.Count(h.asking, builder.Definition{Source: builder.Enrolments, Department: row.Label, Subject: r.Drawn.Parts[i].ID})
			if err != nil || lines != n {
				t.Errorf("%s, %s: %d drawn, %d lines, %v", row.Label, r.Drawn.Parts[i].Label, n, lines, err)
			}
		}
	}
}

func TestPartsBeyondTheFirstAreOne(t *testing.T) {
	t.Parallel()
	var list []given
	for i := range 10 {
		for range 1 + i%2 {
			list = append(list, given{"Knots", fmt.Sprintf("D%d", i), day("2026-03-01T10:00:00Z")})
		}
	}
	list = append(list, given{"Knots", "", day("2026-03-01T10:00:00Z")}) // of no department, which is not the rest
	h, _ := fill(t, list...)
	r, err := h.reports.Run(h.asking, builder.Definition{Source: builder.Enrolments, Chart: builder.ChartShare, Group: "subject", Split: "department"}, page.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if got := told(r.Drawn); !slices.Equal(got, []string{`["D1" "D3" "D5" "D7" "D9" "" "D0" "rest"]`, "Knots 16 [2 2 2 2 2 1 1 4]"}) {
		t.Errorf("%q", got)
	}
}

// A day is that of the zone that is asked for: an hour before midnight in London is the next day in Berlin.
func TestLinesAreCountedOverTimeInAZone(t *testing.T) {
	t.Parallel()
	h, _ := fill(t, given{"Knots", "Kitchen", day("2026-02-27T23:30:00Z")}, given{"Knots", "Bar", day("2026-02-28T23:30:00Z")}, given{"Knots", "Kitchen", day("2026-03-02T10:00:00Z")}, given{"Sails", "Kitchen", day("2026-05-04T10:00:00Z")})
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		d    builder.Definition
		want []string
	}{
		"months":            {builder.Definition{Step: builder.StepMonth}, []string{`[""]`, "2026-02-01 2 [2]", "2026-03-01 1 [1]", "2026-04-01 0 [0]", "2026-05-01 1 [1]"}},
		"months in Berlin":  {builder.Definition{Zone: berlin}, []string{`[""]`, "2026-02-01 1 [1]", "2026-03-01 2 [2]", "2026-04-01 0 [0]", "2026-05-01 1 [1]"}},
		"days":              {builder.Definition{Step: builder.StepDay, From: "2026-02-27", Until: "2026-03-02"}, []string{`[""]`, "2026-02-27 1 [1]", "2026-02-28 1 [1]", "2026-03-01 0 [0]", "2026-03-02 1 [1]"}},
		"weeks from Monday": {builder.Definition{Step: builder.StepWeek, Until: "2026-03-02", Split: "department"}, []string{`["Kitchen" "Bar"]`, "2026-02-23 2 [1 1]", "2026-03-02 1 [1 0]"}},
		"a day in Berlin":   {builder.Definition{Step: builder.StepDay, From: "2026-02-28", Until: "2026-02-28", Zone: berlin}, []string{`[""]`, "2026-02-28 1 [1]"}},
		"nothing":           {builder.Definition{Step: builder.StepDay, Until: "2020-01-01"}, []string{`[]`}},
	} {
		c.d.Source, c.d.Chart, c.d.Moment = builder.Enrolments, builder.ChartLine, "given"
		r, err := h.reports.Run(h.asking, c.d, page.Request{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := told(r.Drawn); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
		for _, row := range r.Drawn.Rows {
			d := c.d
			d.Chart, d.Step, d.Split = "", "", ""
			d.From, d.Until = row.From.Format(time.DateOnly), row.Until.AddDate(0, 0, -1).Format(time.DateOnly)
			if n, err := h.reports.Count(h.asking, d); err != nil || n != row.N {
				t.Errorf("%s, %s: %d drawn, %d lines, %v", name, row.Label, row.N, n, err)
			}
		}
	}
}

func TestChartsThatAreNoneAreRefusedAtTheirField(t *testing.T) {
	t.Parallel()
	h, _ := fill(t, given{"Knots", "", day("2020-03-01T10:00:00Z")}, given{"Knots", "", day("2026-03-01T10:00:00Z")})
	for field, d := range map[string]builder.Definition{
		"chart":  {Chart: "pie", Group: "state"},
		"split":  {Chart: builder.ChartStacked, Group: "state", Split: "state"},
		"group":  {Chart: builder.ChartShare, Split: "state"},
		"moment": {Chart: builder.ChartLine},
		"step":   {Chart: builder.ChartLine, Moment: "given", Step: builder.StepDay}, // six years of days
		"from":   {Moment: "given", From: "31.3.2026"},
		"until":  {Moment: "given", From: "2026-03-31", Until: "2026-03-01"},
	} {
		d.Source = builder.Enrolments
		if _, err := h.reports.Run(h.asking, d, page.Request{}); fault.Of(err).Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := h.reports.Run(storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Learner)), builder.Definition{Source: builder.Enrolments, Chart: builder.ChartLine, Moment: "given"}, page.Request{}); err == nil {
		t.Error("a learner sees it")
	}
}
