package org_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type house struct {
	*storetest.World
	t          *testing.T
	ctx, admin context.Context
	org        *org.Service
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	return &house{World: w, t: t, ctx: ctx, admin: storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin)), org: org.New(w.Store, w.Now.Clock())}
}

func (h *house) person(name string, manager *auth.Person) auth.Person {
	p := auth.Person{Name: name}
	if manager != nil {
		p.ManagerID = &manager.ID
	}
	return storetest.AddPerson(h.t, h.ctx, h.World, p, policy.Learner)
}

// lines reads the closure as "manager person depth".
func (h *house) lines(ctx context.Context) map[string]bool {
	h.t.Helper()
	portal, _ := tenant.From(ctx)
	rows, err := h.Admin.Query(h.t.Context(), fmt.Sprintf("select manager_id, person_id, depth from %s.reporting_lines", portal.SchemaName))
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var manager, person uid.ID
		var depth int
		if err := rows.Scan(&manager, &person, &depth); err != nil {
			h.t.Fatal(err)
		}
		out[fmt.Sprint(manager, person, depth)] = true
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	return out
}

func TestALoopIsRefusedAndNamed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	cleo := h.person("Cleo", nil)
	ben := h.person("Ben", &cleo)
	anna := h.person("Anna", &ben)
	err := h.org.SetManager(h.admin, cleo.ID, &anna.ID)
	if !errors.Is(err, auth.ErrLoop) || !strings.Contains(err.Error(), "Cleo cannot report to Anna: that makes a loop, because Anna reports to Ben, who reports to Cleo.") {
		t.Errorf("%v", err)
	}
	if err := h.org.SetManager(h.admin, anna.ID, &anna.ID); !errors.Is(err, auth.ErrLoop) || !strings.Contains(err.Error(), "themselves") {
		t.Errorf("%v", err)
	}
	if err := h.org.SetManagerByEmail(h.admin, anna.ID, "nobody@example.com", nil); !errors.Is(err, org.ErrNoManager) {
		t.Errorf("%v", err)
	}
	if err := h.org.SetManagerByEmail(h.admin, anna.ID, strings.ToUpper(cleo.Email), nil); err != nil {
		t.Error(err)
	}
	place, err := h.org.Place(h.admin, anna.ID)
	if err != nil || place.Manager == nil || place.Manager.ID != cleo.ID || place.Reports != 0 {
		t.Errorf("%+v, %v", place, err)
	}
	if place, err = h.org.Place(h.admin, cleo.ID); err != nil || place.Manager != nil || place.Reports != 2 {
		t.Errorf("%+v, %v", place, err)
	}
	if err := h.org.SetManagerByEmail(h.admin, anna.ID, " ", nil); err != nil {
		t.Error(err)
	}
	if got := storetest.EventTypes(t, h.ctx, h.World, anna.ID); len(got) != 2 || got[0] != "person.manager_changed" {
		t.Errorf("told %v", got)
	}
	learner := storetest.As(t, h.ctx, h.World, anna)
	if err := h.org.SetManager(learner, ben.ID, nil); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner moves people: %v", err)
	}
	other := h.Tenant(t)
	elsewhere := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	if err := h.org.SetManager(elsewhere, ben.ID, nil); !errors.Is(err, auth.ErrPersonNotFound) {
		t.Errorf("another portal's administrator: %v", err)
	}
	if len(h.lines(other)) != 0 {
		t.Error("another portal has lines")
	}
}

func TestALineHasAnEnd(t *testing.T) {
	t.Parallel()
	h := setup(t)
	top := h.person("Top", nil)
	last := top
	for i := range auth.LineMax {
		last = h.person(fmt.Sprint("Level ", i), &last)
	}
	below := h.person("Below", nil)
	if err := h.org.SetManager(h.admin, below.ID, &last.ID); !errors.Is(err, auth.ErrLineLong) {
		t.Errorf("a line of more than %d: %v", auth.LineMax, err)
	}
	above := h.person("Above", nil)
	if err := h.org.SetManager(h.admin, top.ID, &above.ID); !errors.Is(err, auth.ErrLineLong) {
		t.Errorf("a line that grows at its top: %v", err)
	}
	if got, want := len(h.lines(h.ctx)), auth.LineMax*(auth.LineMax+1)/2; got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

// TestLinesFollowEveryMove holds the kept lines against a plain walk over random trees and moves.
func TestLinesFollowEveryMove(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := setup(t)
			r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a test's
			var people []auth.Person
			manager := map[uid.ID]uid.ID{}
			for i := range 30 {
				var above *auth.Person
				if i > 0 && r.IntN(5) > 0 {
					above = &people[r.IntN(i)]
				}
				p := h.person(fmt.Sprint("P", i), above)
				if above != nil {
					manager[p.ID] = above.ID
				}
				people = append(people, p)
			}
			for range 60 {
				who, to := people[r.IntN(len(people))].ID, people[r.IntN(len(people))].ID
				if r.IntN(8) == 0 {
					if err := h.org.SetManager(h.admin, who, nil); err != nil {
						t.Fatal(err)
					}
					delete(manager, who)
				} else {
					loops := false
					for at, ok := to, true; ok; at, ok = manager[at] {
						loops = loops || at == who
					}
					err := h.org.SetManager(h.admin, who, &to)
					if loops != errors.Is(err, auth.ErrLoop) || !loops && err != nil {
						t.Fatalf("loops %v: %v", loops, err)
					}
					if !loops {
						manager[who] = to
					}
				}
			}
			want := map[string]bool{}
			for _, p := range people {
				depth := 1
				for at, ok := manager[p.ID]; ok; at, ok = manager[at] {
					want[fmt.Sprint(at, p.ID, depth)] = true
					depth++
				}
			}
			got := h.lines(h.ctx)
			for line := range want {
				if !got[line] {
					t.Errorf("%s is missing", line)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d lines, want %d", len(got), len(want))
			}
		})
	}
}
