package builder_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/learning/report/builder"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type house struct {
	*storetest.World
	t           *testing.T
	ctx, asking context.Context
	reports     *builder.Service
	fire        duty.Shown
	cooks       uid.ID
	course      catalog.Outline
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	now := w.Now.Clock()
	h := &house{World: w, t: t, ctx: ctx, asking: storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Manager)), reports: builder.New(w.Store, now)}
	admin := storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin))
	h.course = storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Fire safety"))
	duties, groups := duty.New(w.Store, enrolment.New(enrolment.Options{Keep: w.Store, Now: now}), nil, now), group.New(w.Store, now)
	g, err := groups.Create(admin, group.Input{Name: "Cooks"})
	for _, name := range []string{"ada", "Ben", "cyd"} {
		p := storetest.AddPerson(t, ctx, w, auth.Person{Name: name, Email: name + uid.Opaque(5) + "@example.com"}, policy.Learner)
		if err == nil {
			_, err = groups.Add(admin, g.ID, []uid.ID{p.ID})
		}
	}
	soon := 10
	if err == nil {
		h.fire, err = duties.Save(admin, uid.Nil, duty.Input{Status: duty.StatusOn, Name: "Fire", Framework: "OSHA", Courses: []uid.ID{h.course.Course.ID}, Terms: duty.Terms{DueDays: &soon}})
	}
	if err == nil {
		h.fire, err = duties.Apply(admin, h.fire.ID, duty.Proposal{Do: duty.DoAdd, Group: g.ID})
	}
	if err == nil {
		err = duties.Run(ctx, h.fire.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.cooks = g.ID
	w.Now.Advance(15 * 24 * time.Hour)
	return h
}

func TestReportsHoldWhatTheyArePutTogetherOf(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for name, c := range map[string]struct {
		d    builder.Definition
		want int
	}{
		"duties":              {builder.Definition{Source: builder.Duties}, 3},
		"late":                {builder.Definition{Source: builder.Duties, States: []string{"non_compliant", "in_grace"}}, 3},
		"compliant":           {builder.Definition{Source: builder.Duties, States: []string{"compliant"}}, 0},
		"due these days":      {builder.Definition{Source: builder.Duties, Moment: "due", Days: 7}, 3},
		"due long ago":        {builder.Definition{Source: builder.Duties, Moment: "due", Days: 2}, 0},
		"due in days to come": {builder.Definition{Source: builder.Duties, Moment: "due", Days: -30}, 0},
		"of a group":          {builder.Definition{Source: builder.Duties, Members: h.cooks}, 3},
		"of no group":         {builder.Definition{Source: builder.Duties, Members: uid.New()}, 0},
		"enrolments":          {builder.Definition{Source: builder.Enrolments, Subject: h.course.Course.ID}, 3},
		"completed ones":      {builder.Definition{Source: builder.Enrolments, States: []string{"completed"}}, 0},
		"below nobody":        {builder.Definition{Source: builder.Enrolments, Manager: uid.New()}, 0},
	} {
		r, err := h.reports.Run(h.asking, c.d, page.Request{})
		if err != nil || len(r.Lines.Items) != c.want {
			t.Errorf("%s: %d lines, want %d: %v", name, len(r.Lines.Items), c.want, err)
		}
		n := 0
		_, _, each, err := h.reports.Export(h.asking, c.d)
		if counted, failed := h.reports.Count(h.asking, c.d); failed != nil || counted != c.want {
			t.Errorf("%s: %d counted, want %d: %v", name, counted, c.want, failed)
		}
		if err == nil {
			err = each(h.asking, func(builder.Line) error { n++; return nil })
		}
		if err != nil || n != c.want {
			t.Errorf("%s: %d lines in the file, want %d: %v", name, n, c.want, err)
		}
	}
	for _, g := range builder.Groups() {
		r, err := h.reports.Run(h.asking, builder.Definition{Source: builder.Duties, Group: g}, page.Request{Limit: 2})
		if err != nil || len(r.Counts) != 1 || r.Counts[0].N != 3 || len(r.Lines.Items) != 2 || r.Lines.Items[0].Person != "ada" {
			t.Fatalf("by %s: %v, %+v", g, err, r)
		}
		if r, err = h.reports.Run(h.asking, r.Definition, page.Request{Limit: 2, After: r.Lines.Next}); err != nil || len(r.Lines.Items) != 1 || r.Lines.Items[0].Person != "cyd" {
			t.Errorf("the next page: %v, %+v", err, r.Lines)
		}
	}
	for _, r := range builder.Ready() {
		if _, err := h.reports.Run(h.asking, r.Definition, page.Request{}); err != nil {
			t.Errorf("%s: %v", r.Code, err)
		}
	}
	for _, wrong := range []builder.Definition{{Source: "secrets"}, {Source: builder.Duties, States: []string{"active"}}, {Source: builder.Duties, Group: "password"}, {Source: builder.Duties, Moment: "started", Days: 3}, {Source: builder.Duties, Days: 9999, Moment: "due"}} {
		if _, err := h.reports.Run(h.asking, wrong, page.Request{}); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
	other := h.World.Tenant(t)
	stranger := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	if r, err := h.reports.Run(stranger, builder.Definition{Source: builder.Duties}, page.Request{}); err != nil || len(r.Lines.Items) != 0 {
		t.Errorf("another tenant: %v, %+v", err, r)
	}
}

func TestReportsAreKeptAndShared(t *testing.T) {
	t.Parallel()
	h := setup(t)
	late := builder.Input{Name: " Late ", Definition: builder.Definition{Source: builder.Duties, Columns: []string{"state", "person", "person", "nonsense"}, States: []string{"non_compliant"}}}
	kept, err := h.reports.Save(h.asking, uid.Nil, late)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := kept.Defined(); err != nil || kept.Name != "Late" || len(d.Columns) != 2 || d.Columns[0] != "person" {
		t.Errorf("%v %+v", err, kept)
	}
	if _, err := h.reports.Save(h.asking, uid.Nil, late); !errors.Is(err, builder.ErrNameTaken) {
		t.Error(err)
	}
	friend := storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Manager))
	if _, err := h.reports.Get(friend, kept.ID); !errors.Is(err, builder.ErrNotFound) {
		t.Errorf("not shared: %v", err)
	}
	late.Shared, late.Revision = true, kept.Revision
	if kept, err = h.reports.Save(h.asking, kept.ID, late); err != nil || kept.Revision != 2 {
		t.Fatal(err)
	}
	if _, err := h.reports.Save(h.asking, kept.ID, late); !errors.Is(err, builder.ErrChanged) {
		t.Error(err)
	}
	if got, err := h.reports.Get(friend, kept.ID); err != nil || !got.Shared || got.OwnerName == "" {
		t.Errorf("shared: %v %+v", err, got)
	}
	if list, err := h.reports.List(friend); err != nil || len(list) != 1 {
		t.Errorf("%v %v", list, err)
	}
	if err := h.reports.Delete(friend, kept.ID); !errors.Is(err, builder.ErrNotOwn) {
		t.Error(err)
	}
	other := h.World.Tenant(t)
	stranger := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	if _, err := h.reports.Get(stranger, kept.ID); !errors.Is(err, builder.ErrNotFound) {
		t.Error(err)
	}
	if _, err := h.reports.List(storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Learner))); err == nil {
		t.Error("a learner lists reports")
	}
	if err := h.reports.Delete(h.asking, kept.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.reports.Get(h.asking, kept.ID); !errors.Is(err, builder.ErrNotFound) {
		t.Error(err)
	}
}
