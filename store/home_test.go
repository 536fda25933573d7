package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/home"
	"lyceum/store"
	"lyceum/store/storetest"
)

// exec runs statements in the tenant of ctx.
func execute(t *testing.T, w *storetest.World, ctx context.Context, sql string, args ...any) {
	t.Helper()
	within(t, w, ctx, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, sql, args...)
		return err
	})
}

func course(t *testing.T, w *storetest.World, ctx context.Context, title string) catalog.Outline {
	t.Helper()
	return storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse(title))
}

func look(t *testing.T, w *storetest.World, as context.Context) home.Home {
	t.Helper()
	h, err := home.New(w.Store, w.Now.Clock()).Look(as)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// mayOf is what who asks may do.
func mayOf(ctx context.Context) policy.Set {
	who, _ := auth.PrincipalFrom(ctx)
	return who.May
}

func TestHomeOrdersWhatIsDueAndShowsWhereOneWas(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx, other := w.Tenant(t), w.Tenant(t)
	learn := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	me, p := storetest.Learner(t, ctx, w)
	titles := map[uid.ID]string{}
	byTitle := map[string]enrolment.Enrolment{}
	for _, title := range []string{"Late", "Soon", "Begun", "New", "Done"} {
		o := course(t, w, ctx, title)
		e, err := learn.SelfEnrol(me, o.Course.Slug)
		if err != nil {
			t.Fatal(err)
		}
		titles[e.ID], byTitle[title] = title, e
		w.Now.Advance(time.Minute)
		switch title {
		case "Begun", "Done":
			text, quiz := o.Lessons()[0], o.Lessons()[1]
			if _, err = learn.Open(me, o.Course.Slug, &text.ID); err != nil {
				t.Fatal(err)
			}
			if _, err = learn.Continue(me, e.ID, text.ID); err != nil {
				t.Fatal(err)
			}
			if title == "Done" {
				if _, err = learn.Submit(me, e.ID, quiz.ID, storetest.RightAnswers(quiz.Questions)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	execute(t, w, ctx, "update enrolments set due_at = $1 where id = $2", w.Now.Now().Add(-time.Hour), byTitle["Late"].ID)
	execute(t, w, ctx, "update enrolments set due_at = $1 where id = $2", w.Now.Now().Add(48*time.Hour), byTitle["Soon"].ID)
	h := look(t, w, me)
	names := func(list []enrolment.Mine) (out []string) {
		for _, m := range list {
			out = append(out, titles[m.ID])
		}
		return out
	}
	if got := names(h.Due); !slices.Equal(got, []string{"Late", "Soon"}) {
		t.Errorf("due: %v", got)
	}
	if got := names(h.Mine); !slices.Equal(got, []string{"New"}) {
		t.Errorf("others: %v", got)
	}
	if got := names(h.Completed); !slices.Equal(got, []string{"Done"}) || h.Overdue(w.Now.Now()) != 1 || h.Active() != 4 {
		t.Errorf("completed %v, overdue %d, active %d", got, h.Overdue(w.Now.Now()), h.Active())
	}
	if len(h.Doing) != 1 || titles[h.Doing[0].ID] != "Begun" || h.Doing[0].Spot.Title != "Check yourself" || h.Doing[0].Spot.Number != 2 || h.Doing[0].Spot.Lessons != 2 {
		t.Errorf("doing: %+v", h.Doing)
	}
	stranger, _ := storetest.Learner(t, other, w)
	stranger = auth.WithPrincipal(stranger, auth.Principal{PersonID: p.ID, May: mayOf(stranger)})
	if far := look(t, w, stranger); !far.Empty() || len(far.Recommended) != 0 {
		t.Errorf("another tenant's home: %+v", far)
	}
}

// The spot that home shows must be where the player would go on: whereTheyWere is the rule, home asks PostgreSQL.
func TestHomeShowsTheLessonThatThePlayerOpens(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	learn := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	in := storetest.SmallCourse("Long")
	text := func(title string) catalog.LessonInput {
		return catalog.LessonInput{Kind: catalog.LessonText, Title: title, Minutes: 1, Body: "Read."}
	}
	in.Modules = []catalog.ImportModule{{Title: "A", Lessons: []catalog.LessonInput{text("1"), text("2"), text("3")}}, {Title: "B", Lessons: []catalog.LessonInput{text("4"), text("5")}}}
	o := storetest.PublishedCourse(t, ctx, w, in)
	lessons := o.Lessons()
	for name, steps := range map[string][]int{ // lessons opened in turn; a negative one is completed
		"opened the second": {1}, "went on": {-1, -2}, "jumped ahead": {4}, "did the last": {-5}, "went round": {-1, -5, -4}, "left a hole": {-1, -3, -4}, "back at the first": {-2, 0},
	} {
		me, e := storetest.EnrolledLearner(t, ctx, w, o)
		for _, s := range steps {
			n := s
			if s < 0 {
				n = -s - 1
			}
			w.Now.Advance(time.Minute)
			if _, err := learn.Open(me, o.Course.Slug, &lessons[n].ID); err != nil {
				t.Fatal(err)
			}
			if s < 0 {
				if _, err := learn.Continue(me, e.ID, lessons[n].ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		h := look(t, w, me)
		player, err := learn.Open(me, o.Course.Slug, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(h.Doing) != 1 || h.Doing[0].Spot.LessonID != player.Lesson.ID {
			t.Errorf("%s: home shows %+v, the player opens lesson %s", name, h.Doing, player.Lesson.Title)
		}
	}
}

func TestARecommendationSaysWhyAndShowsNothingHidden(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	learn := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	me, p := storetest.Learner(t, ctx, w)
	mine := course(t, w, ctx, "Mine")
	if _, err := learn.SelfEnrol(me, mine.Course.Slug); err != nil {
		t.Fatal(err)
	}
	ids := map[string]uid.ID{}
	for _, title := range []string{"Skill", "Tag", "Category", "Group", "Department", "Needed", "Hidden", "Shown", "Template", "Archived", "Left"} {
		ids[title] = course(t, w, ctx, title).Course.ID
	}
	skill, category, group, closed := uid.New(), uid.New(), uid.New(), uid.New()
	now := w.Now.Now()
	execute(t, w, ctx, "insert into skills (id, name, description, created_at) values ($1, 'Listening', '', $2)", skill, now)
	execute(t, w, ctx, "insert into course_skills (course_id, skill_id) values ($1, $3), ($2, $3)", mine.Course.ID, ids["Skill"], skill)
	execute(t, w, ctx, "insert into course_tags (course_id, tag) values ($1, 'fire'), ($2, 'fire')", mine.Course.ID, ids["Tag"])
	execute(t, w, ctx, "insert into categories (id, name, position) values ($1, 'Leadership', 1)", category)
	execute(t, w, ctx, "update courses set category_id = $1 where id in ($2, $3)", category, mine.Course.ID, ids["Category"])
	execute(t, w, ctx, "insert into prerequisites (id, course_id, kind, needed_course) values ($1, $2, 'course', $3)", uid.New(), mine.Course.ID, ids["Needed"])
	for id, name := range map[uid.ID]string{group: "Sales", closed: "Board"} {
		execute(t, w, ctx, "insert into groups (id, name, revision, created_at, updated_at) values ($1, $2, 1, $3, $3)", id, name, now)
	}
	execute(t, w, ctx, "insert into group_members (group_id, person_id) values ($1, $2)", group, p.ID)
	execute(t, w, ctx, `update people set attributes = '{"department": "Logistics"}' where id = $1`, p.ID)
	for range home.MinCount {
		mate, q := storetest.Learner(t, ctx, w)
		execute(t, w, ctx, "insert into group_members (group_id, person_id) values ($1, $2)", group, q.ID)
		execute(t, w, ctx, `update people set attributes = '{"department": "Logistics"}' where id = $1`, q.ID)
		for _, c := range []string{"group", "department"} {
			if _, err := learn.SelfEnrol(mate, c); err != nil {
				t.Fatal(err)
			}
		}
	}
	execute(t, w, ctx, "delete from group_members where person_id <> $1 and person_id in (select person_id from enrolments where course_id = $2 limit 0)", p.ID, ids["Department"])
	execute(t, w, ctx, "update courses set visibility = 'groups' where id in ($1, $2)", ids["Hidden"], ids["Shown"])
	execute(t, w, ctx, "insert into course_groups (course_id, group_id) values ($1, $2), ($3, $4)", ids["Hidden"], closed, ids["Shown"], group)
	execute(t, w, ctx, "update courses set template = true where id = $1", ids["Template"])
	execute(t, w, ctx, "update courses set status = 'archived' where id = $1", ids["Archived"])
	e, err := learn.SelfEnrol(me, "left")
	if err != nil {
		t.Fatal(err)
	}
	execute(t, w, ctx, "update enrolments set status = 'withdrawn' where id = $1", e.ID)

	var g home.Glance
	within(t, w, ctx, func(ctx context.Context) (err error) {
		g, err = w.Store.Glance(ctx, home.Question{Person: p.ID, Now: now})
		return err
	})
	reasons := map[uid.ID][]home.Reason{}
	for _, c := range g.Candidates {
		reasons[c.CourseID] = append(reasons[c.CourseID], c.Reason)
		if c.Reason == home.ReasonGroup && (c.Name != "Sales" || c.Count != home.MinCount) {
			t.Errorf("group: %+v", c)
		}
	}
	for title, want := range map[string]home.Reason{
		"Skill": home.ReasonSkill, "Tag": home.ReasonTag, "Category": home.ReasonCategory, "Group": home.ReasonGroup, "Department": home.ReasonDepartment,
		"Needed": home.ReasonPrerequisite, "Shown": home.ReasonNew,
	} {
		if !slices.Contains(reasons[ids[title]], want) {
			t.Errorf("%s is recommended because of %v, want %s", title, reasons[ids[title]], want)
		}
	}
	for _, title := range []string{"Hidden", "Template", "Archived", "Left"} {
		if len(reasons[ids[title]]) > 0 {
			t.Errorf("%s is recommended", title)
		}
	}
	if len(reasons[mine.Course.ID]) > 0 {
		t.Error("a course the person is in is recommended")
	}
	h := look(t, w, me)
	if len(h.Recommended) != home.MaxRecommended || h.Recommended[0].Title != "Needed" || h.Recommended[1].Title != "Skill" || h.Recommended[0].Why[0].Name != "Mine" {
		t.Errorf("recommended: %+v", h.Recommended)
	}
	manager := storetest.As(t, ctx, w, auth.Person{ID: p.ID})
	if _, err := home.New(w.Store, w.Now.Clock()).Look(manager); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("without a role: %v", err)
	}
}

func TestFewerThanThreePeopleAreNotTalkedOf(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	learn := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	o := course(t, w, ctx, "Secret")
	me, p := storetest.Learner(t, ctx, w)
	group := uid.New()
	execute(t, w, ctx, "insert into groups (id, name, revision, created_at, updated_at) values ($1, 'Sales', 1, $2, $2)", group, w.Now.Now())
	execute(t, w, ctx, "insert into group_members (group_id, person_id) values ($1, $2)", group, p.ID)
	for range home.MinCount - 1 {
		mate, q := storetest.Learner(t, ctx, w)
		execute(t, w, ctx, "insert into group_members (group_id, person_id) values ($1, $2)", group, q.ID)
		if _, err := learn.SelfEnrol(mate, o.Course.Slug); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range look(t, w, me).Recommended {
		for _, why := range r.Why {
			if why.Reason == home.ReasonGroup {
				t.Errorf("it is said that %d people take it", why.Count)
			}
		}
	}
}

func TestHomeNamesCoursesAndLessonsInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx, abroad := w.Tenant(t), w.Tenant(t)
	learn := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	me, _ := storetest.Learner(t, ctx, w)
	mine, offered := course(t, w, ctx, "Screens"), course(t, w, ctx, "Ladders")
	translated := func(in context.Context, version, part uid.ID, title, body string) {
		execute(t, w, in, "insert into version_texts (version_id, language, part, title, body, source) values ($1, 'de', $2, $3, $4, '{}')", version, part, title, body)
	}
	translated(ctx, mine.Version.ID, mine.Version.ID, "Bildschirme", "Sperren.")
	translated(ctx, mine.Version.ID, mine.Lessons()[1].ID, "Probe", "")
	translated(ctx, offered.Version.ID, offered.Version.ID, "Leitern", "")
	e, err := learn.SelfEnrol(me, mine.Course.Slug)
	if err == nil {
		_, err = learn.Continue(me, e.ID, mine.Lessons()[0].ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	for language, want := range map[string][]string{
		"de": {"Bildschirme", "Sperren.", "Probe", "Leitern", offered.Version.Summary}, "en": {"Screens", mine.Version.Summary, mine.Lessons()[1].Title, "Ladders", offered.Version.Summary},
		"fr": {"Screens", mine.Version.Summary, mine.Lessons()[1].Title, "Ladders", offered.Version.Summary},
	} {
		h := look(t, w, catalog.WithLanguages(me, language))
		if len(h.Doing) != 1 || len(h.Recommended) != 1 {
			t.Fatalf("%s: %+v", language, h)
		}
		d, r := h.Doing[0], h.Recommended[0]
		if got := []string{d.Title, d.Summary, d.Spot.Title, r.Title, r.Summary}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", language, got, want)
		}
	}
	stranger, _ := storetest.Learner(t, abroad, w)
	if h := look(t, w, stranger); len(h.Doing)+len(h.Recommended) != 0 {
		t.Errorf("another tenant sees %+v", h)
	}
}
