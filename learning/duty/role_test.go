package duty_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

// What is kept is what the pure functions say, with certificates that are issued late, end and are withdrawn, and with days of hiring.
func TestKeptDutiesFollowCertificatesAndDaysOfHiring(t *testing.T) {
	t.Parallel()
	h := setup(t)
	r := rand.New(rand.NewPCG(9, 6)) //nolint:gosec // a test
	began := h.World.Now.Now()
	people := make([]auth.Person, 12)
	hired := map[uid.ID]*time.Time{}
	for i := range people {
		people[i] = storetest.Person(t, h.ctx, h.World, policy.Learner)
		switch i % 3 {
		case 0:
			day := began.AddDate(0, 0, r.IntN(120)-60).UTC().Truncate(24 * time.Hour)
			hired[people[i].ID] = &day
			h.exec(`update %s.people set attributes = jsonb_build_object('hire_date', $1::text) where id = $2`, day.Format(time.DateOnly), people[i].ID)
		case 1:
			h.exec(`update %s.people set attributes = jsonb_build_object('hire_date', $1::text) where id = $2`, []string{"soon", "2026-02-99", "0000-01-01"}[r.IntN(3)], people[i].ID)
		}
	}
	months, soon := 6, 40
	terms := duty.Terms{ValidMonths: &months, DueDays: &soon, GraceDays: 20, RenewDays: 60, FromHired: true, Certificate: true}
	one := h.requirement(terms)
	_, err := h.duties.Apply(h.asking, one.ID, duty.Proposal{Do: duty.DoAdd, Group: h.group("All", people...)})
	h.do(err)
	done := map[uid.ID][]duty.Completion{}
	for range 30 {
		h.World.Now.Advance(time.Duration(r.IntN(40*24)) * time.Hour)
		now := h.World.Now.Now()
		for _, p := range people {
			if n := len(done[p.ID]); n < len(h.courses) && r.IntN(3) == 0 {
				id := uid.New()
				h.exec(`insert into %s.enrolment_rounds (id, course_id, version_id, person_id, status, source, percent, enrolled_at, started_at, completed_at) values ($1, $2, $3, $4, 'completed', 'assigned', 100, $5, $5, $5)
					on conflict (person_id, course_id) where superseded_at is null do update set id = excluded.id, status = 'completed', percent = 100, started_at = excluded.started_at, completed_at = excluded.completed_at`, id, h.courses[n].Course.ID, *h.courses[n].Course.PublishedID, p.ID, now)
				got := duty.Completion{At: now}
				if r.IntN(2) == 0 {
					h.do(h.duties.Advance(h.ctx, p.ID)) // before there is a certificate
				}
				if r.IntN(4) > 0 {
					if r.IntN(3) > 0 {
						until := now.Add(time.Duration(1+r.IntN(300)) * 24 * time.Hour)
						got.Until = &until
					}
					h.exec(`insert into %s.certificates (id, code, enrolment_id, person_id, course_id, person_name, course_title, version_number, minutes, completed_at, issued_at, valid_until) values ($1, $2, $3, $4, $5, '', '', 1, 0, $6, $6, $7)`,
						uid.New(), uid.Opaque(12), id, p.ID, h.courses[n].Course.ID, now, got.Until)
				}
				done[p.ID] = append(done[p.ID], got)
				h.do(h.duties.Advance(h.ctx, p.ID))
			} else if n > 0 && r.IntN(6) == 0 { // the last certificate is withdrawn
				portal, _ := tenant.From(h.ctx)
				res, err := h.Admin.Exec(t.Context(), fmt.Sprintf(`update %[1]s.certificates c set revoked_at = $1 where revoked_at is null and person_id = $2 and completed_at = $3`, portal.SchemaName), now, p.ID, done[p.ID][n-1].At)
				h.do(err)
				if last := &done[p.ID][n-1]; res.RowsAffected() == 1 && (last.Until == nil || last.Until.After(now)) {
					last.Until = &now
				}
				h.do(h.duties.Advance(h.ctx, p.ID))
			}
		}
		if r.IntN(3) == 0 {
			h.do(h.duties.RunAll(h.ctx))
		}
		for id, d := range h.all(one.ID) {
			list := duty.Cycles(terms, duty.Facts{BeganAt: began, HiredAt: hired[id], Done: done[id]})
			last := list[len(list)-1]
			same := func(a, b *time.Time) bool { return (a == nil) == (b == nil) && (a == nil || a.Equal(*b)) }
			if len(done[id]) == 0 && hired[id] == nil {
				last.DueAt = d.DueAt // a day that is none may roll over the end of a month; it must only not fail
			}
			if !same(d.CompletedAt, last.CompletedAt) || !same(d.ExpiresAt, last.ExpiresAt) || !same(d.DueAt, last.DueAt) {
				t.Fatalf("kept %+v, but the facts say %+v of %+v, hired %v", d, last, done[id], hired[id])
			}
		}
	}
}

// given is auth's answers, as far as duties ask.
type given map[policy.Role][]policy.Permission

func (g given) GivableRoles(context.Context) (list []policy.Role, _ error) {
	for role := range g {
		list = append(list, role)
	}
	return list, nil
}

func (g given) RoleMay(_ context.Context, role policy.Role) (policy.Set, error) {
	set := policy.Set{}
	for _, p := range g[role] {
		set[p] = struct{}{}
	}
	return set, nil
}

func TestARequirementGivesARoleAndTakesIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	now := h.World.Now.Clock()
	h.duties = duty.New(h.World.Store, enrolment.New(enrolment.Options{Keep: h.World.Store, Now: now}), given{policy.Instructor: {policy.CourseEdit}, policy.Admin: {policy.PersonManage}, policy.Learner: nil}, now)
	ada, lee, kim := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner, policy.Instructor)
	holders := func() (list []string) {
		portal, _ := tenant.From(h.ctx)
		rows, err := h.Admin.Query(t.Context(), fmt.Sprintf("select person_id from %s.person_roles where role = 'instructor'", portal.SchemaName))
		h.do(err)
		defer rows.Close()
		for rows.Next() {
			var id uid.ID
			h.do(rows.Scan(&id))
			for name, p := range map[string]auth.Person{"ada": ada, "lee": lee, "kim": kim} {
				if p.ID == id {
					list = append(list, name)
				}
			}
		}
		slices.Sort(list)
		return list
	}
	check := func(when string, want ...string) {
		t.Helper()
		if got := holders(); !slices.Equal(got, want) {
			t.Errorf("%s: %v are instructors, want %v", when, got, want)
		}
	}
	months := 6
	in := duty.Input{Name: "Teach", Courses: []uid.ID{h.courses[0].Course.ID}, Terms: duty.Terms{ValidMonths: &months, GraceDays: 10}, Status: duty.StatusOn, Role: policy.Admin}
	for _, role := range []policy.Role{policy.Admin, policy.Owner, policy.Learner, "no_such"} {
		in.Role = role
		if _, err := h.duties.Save(h.asking, uid.Nil, in); fault.Of(err).Fields["role"] == "" {
			t.Errorf("%s: %v", role, err)
		}
	}
	in.Role = policy.Instructor
	everyone := h.group("Everyone", ada, lee, kim)
	always, err := h.duties.Save(h.asking, uid.Nil, in)
	h.do(err)
	in.Name, in.RoleWhile = "Teach well", duty.RoleWhileValid
	valid, err := h.duties.Save(h.asking, uid.Nil, in)
	h.do(err)
	check("before", "kim")
	for _, r := range []duty.Shown{always, valid} {
		_, err = h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoAdd, Group: everyone})
		h.do(err)
	}
	check("while it is a duty", "ada", "kim", "lee")
	_, err = h.duties.Apply(h.asking, always.ID, duty.Proposal{Do: duty.DoOff})
	h.do(err)
	check("nobody has fulfilled the other", "kim")
	h.do(h.duties.Run(h.ctx, valid.ID))
	h.exec("update %s.enrolments set status = 'completed', percent = 100, started_at = $1, completed_at = $1 where person_id = $2", h.World.Now.Now(), ada.ID)
	h.do(h.duties.Advance(h.ctx, ada.ID))
	check("who fulfilled it", "ada", "kim")
	_, err = h.duties.Apply(h.asking, always.ID, duty.Proposal{Do: duty.DoOn})
	h.do(err)
	_, err = h.duties.Apply(h.asking, always.ID, duty.Proposal{Do: duty.DoOff})
	h.do(err)
	check("another that gave it as well ended", "ada", "kim")
	h.World.Now.Advance(190 * 24 * time.Hour) // expired, in the days of grace
	h.do(h.duties.RunAll(h.ctx))
	check("in grace", "ada", "kim")
	h.World.Now.Advance(10 * 24 * time.Hour)
	h.do(h.duties.RunAll(h.ctx))
	check("lapsed", "kim")
	// Its end is told. Another tenant's roles are not touched, and it can neither see nor change the requirement.
	other := h.World.Tenant(t)
	teacher := storetest.Person(t, other, h.World, policy.Learner, policy.Instructor)
	stranger := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	h.do(h.duties.RunAll(other))
	h.do(h.duties.Advance(other, ada.ID))
	theirs, _ := tenant.From(other)
	var kept int
	h.do(h.Admin.QueryRow(t.Context(), fmt.Sprintf("select count(*) from %s.person_roles where person_id = $1 and role = 'instructor'", theirs.SchemaName), teacher.ID).Scan(&kept))
	if kept != 1 {
		t.Error("another tenant's teacher is none any more")
	}
	in.Name, in.Role, in.RoleWhile, in.Revision = "Teach well", policy.Instructor, duty.RoleWhileDuty, 1
	if _, err := h.duties.Get(stranger, valid.ID); !errors.Is(err, duty.ErrNotFound) {
		t.Errorf("another tenant sees it: %v", err)
	}
	in.Courses = []uid.ID{storetest.PublishedCourse(t, other, h.World, storetest.SmallCourse("Theirs")).Course.ID}
	if _, err := h.duties.Save(stranger, valid.ID, in); !errors.Is(err, duty.ErrNotFound) {
		t.Errorf("another tenant changes it: %v", err)
	}
	in.Courses = []uid.ID{h.courses[0].Course.ID}
	for what, ctx := range map[string]context.Context{"a learner": storetest.As(t, h.ctx, h.World, lee), "nobody": h.ctx} {
		if _, err := h.duties.Save(ctx, valid.ID, in); err == nil {
			t.Errorf("%s changes it", what)
		}
		if _, err := h.duties.GivableRoles(ctx); err == nil {
			t.Errorf("%s sees which roles it may give", what)
		}
	}
	portal, _ := tenant.From(h.ctx)
	var told int
	h.do(h.Admin.QueryRow(t.Context(), fmt.Sprintf("select count(*) from %s.events where type = 'person.roles_changed' and subject_id = $1 and data ->> 'by' = 'requirements'", portal.SchemaName), ada.ID).Scan(&told))
	if told < 4 {
		t.Errorf("told %d times", told)
	}
	in.Name, in.Role, in.Revision = "Teach well", "", 1
	_, err = h.duties.Save(h.asking, valid.ID, in)
	h.do(err)
	check("it gives none any more", "kim")
}
