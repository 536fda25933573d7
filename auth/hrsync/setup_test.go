package hrsync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/hrsync"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/seal"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type freely struct{}

func (freely) Allow(string) (bool, time.Duration, int) { return true, 0, 1 }

// dying is a store that dies in the midst of a run, once rows were saved so many times.
type dying struct {
	hrsync.Keeper
	after int
}

var errKilled = errors.New("killed")

func (d *dying) SaveHRRows(ctx context.Context, rows []hrsync.Row) error {
	if d.after--; d.after == 0 {
		return errKilled
	}
	return d.Keeper.SaveHRRows(ctx, rows)
}

// house is a portal with the service, and an administrator who asks.
type house struct {
	*storetest.World
	t          *testing.T
	s          *hrsync.Service
	auth       *auth.Service
	org        *org.Service
	ctx, admin context.Context
	boss       auth.Person
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	h := &house{World: w, t: t, ctx: w.Tenant(t), org: org.New(w.Store, w.Now.Clock())}
	key, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	h.auth = auth.New(auth.Options{Keep: w.Store, Policy: policy.NewEngine(w.Store, w.Now.Clock()), Now: w.Now.Clock(), Guess: freely{}, Seal: key})
	h.s = h.over(w.Store)
	h.boss = storetest.Person(t, h.ctx, w, policy.Admin)
	h.admin = storetest.As(t, h.ctx, w, h.boss)
	return h
}

func (h *house) over(keep hrsync.Keeper) *hrsync.Service {
	return hrsync.New(hrsync.Options{Keep: keep, Auth: h.auth, Org: h.org, Now: h.Now.Clock()})
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) source(in hrsync.SourceInput) hrsync.Source {
	h.t.Helper()
	if in.Name == "" {
		in.Name = "Personnel"
	}
	if in.Kind == "" {
		in.Kind = hrsync.KindPeople
	}
	if in.ChangesMax == 0 {
		in.LeaversMax, in.ChangesMax = 100, 100
	}
	src, err := h.s.AddSource(h.admin, in)
	h.ok(err)
	return src
}

func (h *house) take(src hrsync.Source, list string) hrsync.Run {
	h.t.Helper()
	h.Now.Advance(time.Minute)
	r, err := h.s.Take(h.admin, src.ID, hrsync.Sent{Raw: []byte(list)})
	h.ok(err)
	return r
}

// rows writes what becomes of a run's rows as "line subject outcome state name field: problem" and, behind it, the changes.
func (h *house) rows(r hrsync.Run) (out []string) {
	h.t.Helper()
	list, err := h.s.Rows(h.admin, r.ID, hrsync.Filter{Page: page.Request{Limit: 200}})
	h.ok(err)
	for _, row := range list.Items {
		text := fmt.Sprintf("%d %s %s %s", row.Line, row.Outcome, row.State, row.Name)
		if row.Problem != "" {
			text += " (" + row.Field + ": " + row.Problem + ")"
		}
		for _, d := range row.Changes {
			text += fmt.Sprintf(" %s[%s>%s]", d.Field, d.Old, d.New)
		}
		out = append(out, text)
	}
	return out
}

// apply brings a run in and gives it as it is then.
func (h *house) apply(r hrsync.Run) hrsync.Run {
	h.t.Helper()
	if r.Status == hrsync.StatusPlanned {
		_, err := h.s.Apply(h.admin, r.ID)
		h.ok(err)
	}
	h.ok(h.s.Work(h.ctx, r.ID))
	r, err := h.s.Run(h.admin, r.ID)
	h.ok(err)
	return r
}

// bring takes a list and brings it in.
func (h *house) bring(src hrsync.Source, list string) hrsync.Run {
	h.t.Helper()
	r := h.take(src, list)
	if r.Work() == 0 {
		return r
	}
	if r = h.apply(r); r.Status != hrsync.StatusDone {
		h.t.Fatalf("%+v", r)
	}
	return r
}

func (h *house) is(what string, got []string, want ...string) {
	h.t.Helper()
	if !slices.Equal(got, want) {
		h.t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// people writes everybody but who asks: "email name status | manager | department location position functional mentor | attributes".
func (h *house) people() (out []string) {
	h.t.Helper()
	list, err := h.auth.People(h.admin, auth.PeopleFilter{Page: page.Request{Limit: 200}})
	h.ok(err)
	names := map[string]string{}
	for _, p := range list.Items {
		names[p.ID.String()] = p.Name
	}
	for _, p := range list.Items {
		if p.ID == h.boss.ID {
			continue
		}
		at, err := h.org.Placement(h.admin, p.ID, org.When{})
		h.ok(err)
		text := fmt.Sprintf("%s %s %s", p.Email, p.Name, p.Status)
		if p.ManagerID != nil {
			text += " under " + names[p.ManagerID.String()]
		}
		for _, f := range at.Facts {
			if f.FieldID != nil {
				text += fmt.Sprintf(" %s=%s", f.Code, f.Value)
			} else {
				text += fmt.Sprintf(" %s=%s", f.Kind, f.Name)
			}
		}
		for _, name := range auth.AttributeNames() {
			if v := p.Attributes[name]; v != "" {
				text += fmt.Sprintf(" %s:%s", name, v)
			}
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// written counts the rows of a portal's tables that a run may write.
func (h *house) written() (out []string) {
	h.t.Helper()
	portal, _ := tenant.From(h.ctx)
	for _, table := range []string{"people", "person_spans", "manager_spans", "reporting_lines", "events", "audit", "outbox", "org_units", "org_unit_spans", "hr_links", "hr_rows", "person_roles"} {
		var n int
		var last string // the newest version of any row: an update is a new one
		err := h.Admin.QueryRow(h.t.Context(), fmt.Sprintf("select count(*), coalesce(string_agg(cast(xmin as text) || cast(ctid as text), ',' order by ctid), '') from %s.%s", portal.SchemaName, table)).Scan(&n, &last)
		h.ok(err)
		out = append(out, fmt.Sprintf("%s %d %s", table, n, last))
	}
	return out
}
