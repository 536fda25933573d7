package team_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/notice"
	"lyceum/learning/reminder"
	"lyceum/learning/team"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a line: top leads lead and solo, lead leads ana and ben; other is in nobody's line.
type house struct {
	*storetest.World
	t      *testing.T
	ctx    context.Context
	s      *team.Service
	enrol  *enrolment.Service
	people map[string]auth.Person
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	e := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	h := &house{World: w, t: t, ctx: ctx, s: team.New(w.Store, e, w.Now.Clock()), enrol: e, people: map[string]auth.Person{}}
	h.add("top", "")
	h.add("lead", "top")
	h.add("solo", "top")
	h.add("ana", "lead")
	h.add("ben", "lead")
	h.add("other", "")
	return h
}

func (h *house) add(name, manager string) {
	h.t.Helper()
	p := auth.Person{Name: name, TimeZone: "Pacific/Auckland"}
	if manager != "" {
		boss := h.people[manager].ID
		p.ManagerID = &boss
	}
	h.people[name] = storetest.AddPerson(h.t, h.ctx, h.World, p, policy.Learner)
}

func (h *house) as(name string) context.Context {
	h.t.Helper()
	return storetest.As(h.t, h.ctx, h.World, h.people[name])
}

func (h *house) do(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// give puts somebody into a new course that is due in so many days; 0: no date.
func (h *house) give(name string, days int) catalog.Outline {
	h.t.Helper()
	course := storetest.PublishedCourse(h.t, h.ctx, h.World, storetest.SmallCourse("Course "+uid.Opaque(5)))
	_, err := h.enrol.Assign(h.ctx, enrolment.Assignment{Course: course.Course.ID, Person: h.people[name].ID})
	h.do(err)
	if days != 0 {
		portal, _ := tenant.From(h.ctx)
		_, err = h.Admin.Exec(h.t.Context(), fmt.Sprintf("update %s.enrolments set due_at = $1 where course_id = $2", portal.SchemaName), h.Now.Now().Add(time.Duration(days)*24*time.Hour), course.Course.ID)
		h.do(err)
	}
	return course
}

func (h *house) names(ctx context.Context, f team.Filter) (names []string) {
	h.t.Helper()
	for {
		look, err := h.s.List(ctx, f)
		h.do(err)
		for _, m := range look.Members.Items {
			names = append(names, m.Name)
		}
		if f.Page.After = look.Members.Next; f.Page.After == "" {
			return names
		}
	}
}

func TestAManagerSeesTheirOwnLineMostPressingFirst(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.give("ben", -3)
	h.give("ben", 40)
	h.give("ana", 5)
	h.give("solo", 0)
	h.give("other", -9)
	for _, limit := range []int{1, 2, 50} {
		for _, c := range []struct {
			who  string
			f    team.Filter
			want []string
		}{
			{"top", team.Filter{}, []string{"ben", "ana", "solo", "lead"}},
			{"top", team.Filter{Scope: team.ScopeDirect}, []string{"solo", "lead"}},
			{"lead", team.Filter{Scope: team.ScopeLine}, []string{"ben", "ana"}},
			{"lead", team.Filter{Show: team.ShowOverdue}, []string{"ben"}},
			{"top", team.Filter{Show: team.ShowClear}, []string{"lead"}},
			{"top", team.Filter{Query: "BEN"}, []string{"ben"}},
			{"top", team.Filter{Query: "%"}, nil},
			{"ana", team.Filter{}, nil},
			{"other", team.Filter{}, nil},
		} {
			c.f.Page = page.Request{Limit: limit}
			if got := h.names(h.as(c.who), c.f); !slices.Equal(got, c.want) {
				t.Errorf("%s asks %+v: %v, want %v", c.who, c.f, got, c.want)
			}
		}
	}
	look, err := h.s.List(h.as("top"), team.Filter{})
	h.do(err)
	if look.Counts != (team.Counts{People: 4, Overdue: 1, Soon: 1, Open: 1, Clear: 1}) {
		t.Errorf("%+v", look.Counts)
	}
	if ben := look.Members.Items[0]; ben.Overdue != 1 || ben.Open != 1 || ben.Courses != 2 || ben.Depth != 2 || ben.NextDue == nil || ben.SeenAt != nil {
		t.Errorf("%+v", ben)
	}
	if _, err := h.s.List(h.as("top"), team.Filter{Scope: team.ScopeEveryone}); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a manager looks at everybody: %v", err)
	}
	if _, err := h.s.List(h.as("top"), team.Filter{Show: "late"}); fault.Of(err).Fields["show"] == "" {
		t.Errorf("%v", err)
	}
	admin := storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Admin))
	if look, err = h.s.List(admin, team.Filter{}); err != nil || look.Scope != team.ScopeEveryone || look.Counts.People < 7 || look.Counts.Overdue != 2 {
		t.Errorf("an administrator who leads nobody: %+v, %v", look.Counts, err)
	}
}

func TestADutyAndItsCourseAreOneThing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := h.give("ana", -1)
	portal, _ := tenant.From(h.ctx)
	exec := func(sql string, args ...any) {
		t.Helper()
		_, err := h.Admin.Exec(t.Context(), fmt.Sprintf(sql, portal.SchemaName), args...)
		h.do(err)
	}
	r, d, now := uid.New(), uid.New(), h.Now.Now()
	exec("insert into %s.requirements (id, name, framework, grace_days, renew_days, keep_day, revision, created_at, updated_at) values ($1, 'Fire', '', 7, 0, false, 1, $2, $2)", r, now)
	exec("insert into %s.requirement_courses (requirement_id, course_id, position) values ($1, $2, 0)", r, course.Course.ID)
	exec("insert into %s.duties (id, requirement_id, person_id, began_at) values ($1, $2, $3, $4)", d, r, h.people["ana"].ID, now)
	exec("insert into %s.duty_cycles (duty_id, number, began_at, due_at, grace_until) values ($1, 1, $2, $3, $4)", d, now, now.Add(-24*time.Hour), now.Add(6*24*time.Hour))
	sheet, err := h.s.Sheet(h.as("lead"), h.people["ana"].ID)
	h.do(err)
	if len(sheet.Things) != 1 || sheet.Things[0].Kind != team.ThingDuty || sheet.Things[0].State != team.ShowOverdue || sheet.Things[0].Slug != course.Course.Slug || sheet.Member.Overdue != 1 {
		t.Errorf("%+v", sheet)
	}
	if err := h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		return h.Store.WaiveDuty(ctx, r, h.people["ana"].ID, &now, nil, h.people["top"].ID, "Away", now)
	}); err != nil {
		t.Fatal(err)
	}
	if sheet, err = h.s.Sheet(h.as("lead"), h.people["ana"].ID); err != nil || len(sheet.Things) != 1 || sheet.Things[0].Kind != team.ThingCourse {
		t.Errorf("waived: %+v, %v", sheet.Things, err)
	}
}

func TestAReminderGoesOnceADayAndPerson(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.give("ana", -1)
	h.give("ben", -1)
	ana := h.people["ana"]
	if _, err := h.s.Nudge(h.as("lead"), ana.ID, " Shall we? "); err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.Nudge(h.as("top"), ana.ID, ""); !errors.Is(err, team.ErrNudged) {
		t.Errorf("a second one, of another manager: %v", err)
	}
	if n, err := h.s.NudgeOverdue(h.as("top"), "", ""); err != nil || n != 1 {
		t.Errorf("all: %d, %v", n, err)
	}
	h.Now.Advance(3 * time.Hour) // noon in UTC is midnight in Auckland (UTC+13 in March): the day there is over
	if _, err := h.s.Nudge(h.as("lead"), ana.ID, ""); err != nil {
		t.Errorf("on the next day where the person is: %v", err)
	}
	told := 0
	for _, typ := range storetest.EventTypes(t, h.ctx, h.World, ana.ID) {
		if typ == "learner.nudged" {
			told++
		}
	}
	sheet, err := h.s.Sheet(h.as("lead"), ana.ID)
	if told != 2 || err != nil || len(sheet.Nudges) != 2 || sheet.Nudges[1].Note != "Shall we?" || sheet.Nudges[1].SentByName != "lead" || sheet.Member.NudgedAt == nil {
		t.Errorf("%d told; %+v, %v", told, sheet.Nudges, err)
	}
	for name, err := range map[string]error{
		"a colleague": second(h.s.Nudge(h.as("ben"), ana.ID, "")), "upwards": second(h.s.Nudge(h.as("ana"), h.people["lead"].ID, "")), "oneself": second(h.s.Nudge(h.as("lead"), h.people["lead"].ID, "")), "nobody": second(h.s.Nudge(h.as("lead"), uid.New(), "")),
	} {
		if !errors.Is(err, team.ErrNotYours) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAManagerEnrolsAndAnswersWithinTheirLine(t *testing.T) {
	t.Parallel()
	h := setup(t)
	open := storetest.PublishedCourse(t, h.ctx, h.World, storetest.SmallCourse("Open"))
	day, _ := enrolment.ParseDay("2026-04-01")
	ana := h.people["ana"].ID
	if c, err := h.s.Enrol(h.as("top"), ana, open.Course.ID, &day); err != nil || c.Title != "Open" {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := h.s.Enrol(h.as("top"), ana, open.Course.ID, nil); !errors.Is(err, team.ErrNotGiven) {
		t.Errorf("again: %v", err)
	}
	if _, err := h.s.Enrol(h.as("other"), ana, open.Course.ID, nil); !errors.Is(err, team.ErrNotYours) {
		t.Errorf("somebody else's: %v", err)
	}
	if _, err := h.s.Enrol(h.as("top"), ana, uid.New(), nil); !errors.Is(err, catalog.ErrCourseNotFound) {
		t.Errorf("no course: %v", err)
	}
	sheet, err := h.s.Sheet(h.as("lead"), ana)
	if err != nil || len(sheet.Things) != 1 || sheet.Things[0].DueAt == nil || sheet.Things[0].Name != "Open" {
		t.Errorf("%+v, %v", sheet.Things, err)
	}
	asked := storetest.PublishedCourse(t, h.ctx, h.World, storetest.SmallCourse("Asked"))
	portal, _ := tenant.From(h.ctx)
	_, err = h.Admin.Exec(t.Context(), fmt.Sprintf("update %s.courses set visibility = 'request' where id = $1", portal.SchemaName), asked.Course.ID)
	h.do(err)
	r, err := h.enrol.AskPlace(h.as("ana"), asked.Course.Slug, "Please")
	h.do(err)
	if list, err := h.s.Requests(h.as("other"), ""); err != nil || len(list) != 0 {
		t.Errorf("somebody else sees %v, %v", list, err)
	}
	if _, _, err := h.s.Decide(h.as("other"), enrolment.Decision{Request: r.ID, Grant: true}); !errors.Is(err, enrolment.ErrRequestNotFound) {
		t.Errorf("somebody else decides: %v", err)
	}
	if list, err := h.s.Requests(h.as("top"), ""); err != nil || len(list) != 1 || list[0].Course != "Asked" || list[0].Note != "Please" {
		t.Errorf("%+v, %v", list, err)
	}
	if who, got, err := h.s.Decide(h.as("top"), enrolment.Decision{Request: r.ID, Grant: true}); err != nil || got.Status != enrolment.RequestGranted || who.Name != "ana" {
		t.Errorf("%+v, %v", got, err)
	}
	other := h.Tenant(t)
	elsewhere := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	if _, err := h.s.Sheet(elsewhere, ana); !errors.Is(err, team.ErrNotYours) {
		t.Errorf("another portal's administrator: %v", err)
	}
}

// TestNobodyIsSeenOutsideTheLine asks for every pair of people of random trees, while they move.
func TestNobodyIsSeenOutsideTheLine(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := storetest.New(t)
			ctx := w.Tenant(t)
			s := team.New(w.Store, enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()}), w.Now.Clock())
			o := org.New(w.Store, w.Now.Clock())
			admin := storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin))
			r := rand.New(rand.NewPCG(seed, 11)) //nolint:gosec // a test's
			var people []auth.Person
			manager := map[uid.ID]uid.ID{}
			for i := range 14 {
				p := auth.Person{Name: fmt.Sprintf("P%02d", i)}
				if i > 0 && r.IntN(6) > 0 {
					p.ManagerID = &people[r.IntN(i)].ID
				}
				p = storetest.AddPerson(t, ctx, w, p, policy.Learner)
				if p.ManagerID != nil {
					manager[p.ID] = *p.ManagerID
				}
				people = append(people, p)
			}
			for range 2 {
				for range 6 {
					who, to := people[r.IntN(len(people))].ID, people[r.IntN(len(people))].ID
					if err := o.SetManager(admin, who, &to); err == nil {
						manager[who] = to
					} else if !errors.Is(err, auth.ErrLoop) {
						t.Fatal(err)
					}
				}
				for _, boss := range people {
					asking, want := storetest.As(t, ctx, w, boss), []string(nil)
					for _, p := range people {
						below := false
						for at, ok := manager[p.ID]; ok; at, ok = manager[at] {
							below = below || at == boss.ID
						}
						if below {
							want = append(want, p.Name)
						}
						if _, err := s.Sheet(asking, p.ID); below != (err == nil) || !below && !errors.Is(err, team.ErrNotYours) {
							t.Errorf("%s looks at %s: %v", boss.Name, p.Name, err)
						}
					}
					look, err := s.List(asking, team.Filter{})
					if err != nil {
						t.Fatal(err)
					}
					var got []string
					for _, m := range look.Members.Items {
						got = append(got, m.Name)
					}
					if !slices.Equal(got, want) || look.Counts.People != len(want) {
						t.Errorf("%s sees %v, want %v", boss.Name, got, want)
					}
				}
			}
		})
	}
}

// The portal's reminders and a manager's are one message a day: whichever comes first is it.
func TestTheClockAndAManagerShareAPersonsOneMessageADay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	now := h.Now.Clock()
	reminders := reminder.New(h.Store, notice.New(notice.Options{Keep: h.Store, Announce: h.Store, Now: now}), now)
	admin := storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Admin))
	sent := func(name string) (out []string) {
		t.Helper()
		_, err := reminders.Sweep(h.ctx)
		h.do(err)
		list, err := reminders.Sent(admin, h.people[name].ID, page.Request{})
		h.do(err)
		for _, m := range list.Items {
			out = append(out, fmt.Sprintf("%s %s %d", m.Day, m.By, len(m.Items)))
		}
		return out
	}
	h.give("ana", 3)
	h.give("ben", 3)
	h.Now.Advance(36 * time.Hour) // ten in the morning of 6 March where they are, the day before it is due
	if _, err := h.s.Nudge(h.as("lead"), h.people["ben"].ID, "Tomorrow!"); err != nil {
		t.Fatal(err)
	}
	if got := sent("ana"); !slices.Equal(got, []string{"2026-03-06  1"}) {
		t.Fatalf("%q", got)
	}
	if _, err := h.s.Nudge(h.as("lead"), h.people["ana"].ID, ""); !errors.Is(err, team.ErrNudged) {
		t.Errorf("who was reminded by the portal: %v", err)
	}
	if got := sent("ben"); !slices.Equal(got, []string{"2026-03-06 lead 0"}) {
		t.Errorf("who was reminded by a manager: %q", got)
	}
	h.Now.Advance(24 * time.Hour)
	if got := sent("ben"); !slices.Equal(got, []string{"2026-03-07  1", "2026-03-06 lead 0"}) {
		t.Errorf("the next day: %q", got)
	}
	if _, err := h.s.Nudge(h.as("lead"), h.people["ben"].ID, ""); !errors.Is(err, team.ErrNudged) {
		t.Errorf("%v", err)
	}
}
