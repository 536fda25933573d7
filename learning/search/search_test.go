package search_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/learning/search"
	"lyceum/store"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const vtt = "WEBVTT\n\nNOTE a note\n\n1\n00:00:05.000 --> 00:00:09.000\n<v Anna>Hold the extinguisher upright.\n\n00:01:23.500 --> 00:01:30.000 align:start\nThen pull the safety pin &amp; aim low.\n\nbroken --> line\nnever\n"

// world is the service over the real store, with an instructor who asks.
type world struct {
	*storetest.World
	t          *testing.T
	search     *search.Service
	catalog    *catalog.Service
	ctx        context.Context
	instructor context.Context
}

func setup(t *testing.T) *world {
	t.Helper()
	s := storetest.New(t)
	w := &world{World: s, t: t, ctx: s.Tenant(t), catalog: catalog.New(catalog.Options{Keep: s.Store, Now: s.Now.Clock()})}
	w.search = search.New(search.Options{Keep: s.Store, Now: s.Now.Clock(), Captions: func(context.Context, uid.ID) ([]byte, error) { return []byte(vtt), nil }})
	w.instructor = storetest.Instructor(t, w.ctx, s)
	return w
}

func (w *world) do(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) course(language, title, summary string, lessons ...catalog.LessonInput) catalog.Outline {
	w.t.Helper()
	if len(lessons) == 0 {
		lessons = []catalog.LessonInput{{Kind: catalog.LessonText, Title: "Opening", Body: "Nothing to see."}}
	}
	o, err := w.catalog.Import(w.instructor, catalog.ImportCourse{
		CourseInput: catalog.CourseInput{Title: title, Slug: "c-" + uid.Opaque(8), Summary: summary, Language: language, SelfEnrol: true},
		Modules:     []catalog.ImportModule{{Title: "Part", Lessons: lessons}},
	})
	w.do(err)
	return o
}

// as asks as a new person with a role.
func (w *world) as(role policy.Role) context.Context {
	w.t.Helper()
	return storetest.As(w.t, w.ctx, w.World, storetest.Person(w.t, w.ctx, w.World, role))
}

func (w *world) find(ctx context.Context, text string, kinds ...search.Kind) search.Results {
	w.t.Helper()
	out, err := w.search.Search(ctx, search.Question{Text: text, Kinds: kinds, Limit: search.LimitPage})
	w.do(err)
	return out
}

func plain(pieces []search.Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.Text)
	}
	return b.String()
}

func titles(r search.Results) (out []string) {
	for _, i := range r.Items {
		out = append(out, plain(i.Title))
	}
	return out
}

func TestWordsAreFoundAsTheyBeginInTheirLanguageAndMistyped(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.course("de", "Brandschutz für Führungskräfte", "Übungen mit dem Feuerlöscher. Die Straße bleibt frei.")
	w.course("en", "Working with ladders", "How to climb, and how to fall. Running is not allowed.")
	w.course("zh", "企业信息安全培训", "密码与钓鱼邮件")
	w.course("ja", "安全な職場", "はしごの使い方")
	w.course("fr", "Sécurité au travail", "Éviter les chutes de hauteur")
	w.do(w.search.Sweep(w.ctx))
	learner := w.as(policy.Learner)
	brand, ladders, zh, ja, fr := "Brandschutz für Führungskräfte", "Working with ladders", "企业信息安全培训", "安全な職場", "Sécurité au travail"
	for text, want := range map[string][]string{
		"brand": {brand}, "BRANDSCHUTZ": {brand}, "brandshutz": {brand}, "Brandscuhtz führung": {brand}, "fuhrungskrafte": {brand}, "fuehrungskraefte": {brand},
		"führungskraft": {brand}, "uebung": {brand}, "Übung": {brand}, "strasse": {brand}, "feuerlöscher übungen": {brand}, "löscher": {brand}, "schutz": {brand}, "feuerloscher": {brand},
		"ladder": {ladders}, "laders": {ladders}, "wokring ladders": {ladders}, "run": {ladders}, "climbing": {ladders}, "lad": {ladders},
		"信息安全": {zh}, "安全": {ja, zh}, "培训": {zh}, "全培": {zh}, "息": {zh}, "钓鱼": {zh}, "職場": {ja}, "はしご": {ja}, "安全 培训": {zh},
		"securite": {fr}, "éviter": {fr}, "chute": {fr}, "sécurtié": {fr},
		"brand ladders": nil, "qqqqqq": nil, "' | 'x": nil, "ladders & !working": {ladders}, "": nil, "   ": nil, "(((": nil, "%": nil, "<script>alert(1)</script>": nil, "\x00\xff": nil, "la\x00dder": {ladders},
	} {
		got := titles(w.find(learner, text, search.KindCourse))
		slices.Sort(got)
		sorted := slices.Clone(want)
		slices.Sort(sorted)
		if !slices.Equal(got, sorted) {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
	}
	if r := w.find(learner, "brandshutz"); !r.Guessed {
		t.Error("a guess is not called one")
	}
	if r := w.find(learner, "brandschutz"); r.Guessed {
		t.Error("what was typed rightly is called a guess")
	}
	_, err := w.search.Search(learner, search.Question{Text: "x", Kinds: []search.Kind{"secret"}})
	if fault.Of(err).Kind != fault.KindInvalid {
		t.Errorf("an unknown kind: %v", err)
	}
	if _, err := w.search.Search(learner, search.Question{Text: strings.Repeat("ladder ' ( ", 5000)}); err != nil {
		t.Errorf("a long question: %v", err)
	}
}

func TestTheBestStandsFirst(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.course("en", "Opening doors", "All about ladders")
	title := w.course("en", "Ladders", "Up")
	mine := w.course("en", "Ropes", "Better than ladders")
	w.do(w.search.Sweep(w.ctx))
	learner, _ := storetest.EnrolledLearner(t, w.ctx, w.World, mine)
	if got := titles(w.find(learner, "ladders", search.KindCourse)); !slices.Equal(got, []string{"Ladders", "Ropes", "Opening doors"}) {
		t.Errorf("found %q", got)
	}
	many := w.course("en", "Opening", "x", catalog.LessonInput{Kind: catalog.LessonText, Title: "Reading", Body: strings.Repeat("Ladder, ladders, laddered. ", 200)})
	w.do(w.search.Sweep(w.ctx))
	_, err := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()}).SelfEnrol(learner, many.Course.Slug)
	w.do(err)
	if got := titles(w.find(learner, "ladd")); got[0] != "Ladders" {
		t.Errorf("a title stands behind a text: %q", got)
	}
	r := w.find(learner, "better", search.KindCourse).Items[0]
	if !r.Inside || r.Path() != "/courses/"+mine.Course.Slug || len(r.Excerpt) == 0 || !r.Excerpt[0].Hit {
		t.Errorf("found %+v", r)
	}
	if r := w.find(learner, "ladders", search.KindCourse).Items[0]; r.Path() != "/courses/"+title.Course.Slug || !slices.Equal(r.Title, []search.Piece{{Text: "Ladders", Hit: true}}) {
		t.Errorf("found %+v at %s", r, r.Path())
	}
}

func TestTextsAndFilmsAreFoundByWhoIsInTheCourse(t *testing.T) {
	t.Parallel()
	w := setup(t)
	film := storetest.File(t, w.ctx, w.World, content.FileVideo, "video/mp4", 120)
	captions := storetest.File(t, w.ctx, w.World, content.FileCaptions, "text/vtt", 0)
	o := w.course("en", "Fire", "Put it out",
		catalog.LessonInput{Kind: catalog.LessonText, Title: "Reading", Body: "A **blanket** smothers it. " + strings.Repeat("More words. ", 3000) + " The last is kryptonite."},
		catalog.LessonInput{Kind: catalog.LessonVideo, Title: "Watching", FileID: &film.ID, CaptionsFileID: &captions.ID})
	w.do(w.search.Sweep(w.ctx))
	outside := w.as(policy.Learner)
	inside, _ := storetest.EnrolledLearner(t, w.ctx, w.World, o)
	for _, text := range []string{"blanket", "kryptonite", "extinguisher", "safety pin"} {
		if got := w.find(outside, text).Items; len(got) != 0 {
			t.Errorf("who is not in the course finds %q: %+v", text, got)
		}
		if got := w.find(inside, text).Items; len(got) != 1 || !strings.Contains(plain(got[0].Excerpt), strings.Fields(text)[0]) {
			t.Errorf("who is in the course finds for %q: %+v", text, got)
		}
	}
	if got := titles(w.find(outside, "fire")); !slices.Equal(got, []string{"Fire"}) {
		t.Errorf("a course's title brings its lessons along: %q", got)
	}
	if got := titles(w.find(outside, "fire watching")); !slices.Equal(got, []string{"Watching"}) {
		t.Errorf("a lesson of a course: %q", got)
	}
	if got := titles(w.find(outside, "watch")); !slices.Equal(got, []string{"Watching"}) {
		t.Errorf("a lesson's title: %q", got)
	}
	said := w.find(inside, "safety pin").Items[0]
	if said.Kind != search.KindCaption || said.Seconds != 83 && said.Seconds != 5 || !strings.HasPrefix(said.Path(), "/learn/"+o.Course.Slug+"/"+said.ID.String()+"#t=") {
		t.Errorf("a caption: %+v at %s", said, said.Path())
	}
	if said := w.find(inside, "aim low").Items[0]; said.Seconds > 83 {
		t.Errorf("aim low is at %d", said.Seconds)
	}
}

func TestWhatChangedIsFoundAsItIsNow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	o := w.course("en", "Ladders", "Up")
	w.do(w.search.Sweep(w.ctx))
	learner := w.as(policy.Learner)
	edit, err := w.catalog.Edit(w.instructor, o.Course.ID)
	w.do(err)
	_, err = w.catalog.UpdateCourse(w.instructor, o.Course.ID, edit.Course.Revision, catalog.CourseInput{Title: "Scaffolds", Slug: o.Course.Slug, Language: "en"})
	w.do(err)
	w.Now.Advance(time.Second)
	w.do(w.search.Sweep(w.ctx))
	if got := w.find(learner, "scaffolds").Items; len(got) != 0 {
		t.Errorf("a learner finds a draft: %+v", got)
	}
	if got := w.find(w.instructor, "scaffolds", search.KindCourse).Items; len(got) != 1 || !got[0].Draft || got[0].Path() != "/studio/"+o.Course.ID.String() {
		t.Errorf("an author finds %+v", got)
	}
	w.do(w.catalog.Archive(w.instructor, o.Course.ID))
	w.do(w.search.IndexCourse(w.ctx, o.Course.ID))
	if got := w.find(learner, "ladders").Items; len(got) != 0 {
		t.Errorf("an archived course is found: %+v", got)
	}
	w.do(w.search.Rebuild(w.ctx))
	if got := w.find(w.instructor, "scaffolds").Items; len(got) == 0 {
		t.Error("nothing is found after building anew")
	}
	w.do(w.search.IndexCourse(w.ctx, uid.New())) // gone
}

func TestPeopleAndGroupsAreFoundByWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin := w.as(policy.Admin)
	zoe := storetest.AddPerson(t, w.ctx, w.World, auth.Person{Name: "Zoë Müller-Östberg", Email: "zoe.m@acme.example", Attributes: auth.Attributes{"department": "Gravimetrics", "phone": "5550123"}}, policy.Learner)
	gone := storetest.AddPerson(t, w.ctx, w.World, auth.Person{Name: "Zoltan Gone", Status: auth.PersonDeactivated})
	_, err := group.New(w.Store, w.Now.Clock()).Create(admin, group.Input{Name: "Zorro fans", Description: "They wear masks"})
	w.do(err)
	w.do(w.search.Sweep(w.ctx))
	for text, want := range map[string][]string{
		"zoe": {zoe.Name}, "muller": {zoe.Name}, "mueller": {zoe.Name}, "ostberg": {zoe.Name}, "mülelr": {zoe.Name}, "zoe.m@acme.example": {zoe.Name}, "gravimetrics": {zoe.Name},
		"zorro": {"Zorro fans"}, "masks": {"Zorro fans"}, "zoltan": nil, "5550123": nil,
	} {
		if got := titles(w.find(admin, text)); !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
		if got := w.find(w.as(policy.Learner), text).Items; len(got) != 0 {
			t.Errorf("a learner finds %+v", got)
		}
	}
	w.do(w.Store.InTenant(w.ctx, func(ctx context.Context) error {
		return w.Store.SetPersonStatus(ctx, zoe.ID, auth.PersonDeactivated, w.Now.Now())
	}))
	if got := w.find(admin, "zoe").Items; len(got) != 0 {
		t.Errorf("before the job ran, a deactivated person is found: %+v", got)
	}
	w.do(w.search.IndexPeople(w.ctx, zoe.ID, gone.ID, uid.New()))
	if _, err := w.search.Search(w.ctx, search.Question{Text: "x"}); !errors.Is(err, auth.ErrSignInFirst) {
		t.Errorf("a stranger: %v", err)
	}

	other := w.Tenant(t)
	stranger := storetest.As(t, other, w.World, storetest.Person(t, other, w.World, policy.Admin))
	w.course("en", "Zorro for beginners", "Masks")
	w.do(w.search.Sweep(w.ctx))
	w.do(w.search.Sweep(other))
	if got := w.find(stranger, "zorro").Items; len(got) != 0 {
		t.Errorf("another tenant finds %+v", got)
	}
}

// TestEverythingFoundMayBeSeen builds portals at random and asks as everyone.
func TestEverythingFoundMayBeSeen(t *testing.T) {
	t.Parallel()
	w := setup(t)
	r := rand.New(rand.NewPCG(4, 2026))
	groups := group.New(w.Store, w.Now.Clock())
	enrol := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	admin := w.as(policy.Admin)
	var people []auth.Person
	for _, role := range []policy.Role{policy.Learner, policy.Learner, policy.Learner, policy.Manager, policy.Instructor} {
		people = append(people, storetest.Person(t, w.ctx, w.World, role))
	}
	club, err := groups.Create(admin, group.Input{Name: "Ladder club"})
	w.do(err)
	_, err = groups.Add(admin, club.ID, []uid.ID{people[0].ID})
	w.do(err)
	type made struct {
		o          catalog.Outline
		visibility catalog.Visibility
		archived   bool
		in         map[uid.ID]bool
	}
	courses := map[uid.ID]made{}
	for i := range 24 {
		m := made{o: w.course("en", fmt.Sprintf("Ladder %d", i), "ladder", catalog.LessonInput{Kind: catalog.LessonText, Title: "Ladder lesson", Body: "ladder text"}), in: map[uid.ID]bool{}}
		m.visibility = []catalog.Visibility{"", catalog.VisibleToAll, catalog.VisibleToGroups, catalog.VisibleOnRequest}[r.IntN(4)]
		for _, p := range people[:4] {
			if r.IntN(4) == 0 {
				_, err := enrol.Enrol(admin, m.o.Course.ID, p.ID)
				w.do(err)
				m.in[p.ID] = true
			}
		}
		w.do(w.Store.InTenant(w.ctx, func(ctx context.Context) error {
			_, err := store.Pgx(ctx).Exec(ctx, "update courses set visibility = $2 where id = $1", m.o.Course.ID.String(), string(m.visibility))
			if err == nil && r.IntN(2) == 0 && m.visibility == catalog.VisibleToGroups {
				m.in[uid.Nil] = true // the club sees it
				_, err = store.Pgx(ctx).Exec(ctx, "insert into course_groups (course_id, group_id) values ($1, $2)", m.o.Course.ID.String(), club.ID.String())
			}
			return err
		}))
		if r.IntN(5) == 0 {
			w.do(w.catalog.Archive(w.instructor, m.o.Course.ID))
			m.archived = true
		}
		courses[m.o.Course.ID] = m
	}
	w.do(w.search.Sweep(w.ctx))
	for i, p := range people {
		author := i == 4
		found := map[search.Kind]map[uid.ID]bool{}
		for _, k := range search.Kinds() {
			found[k] = map[uid.ID]bool{}
			for _, one := range w.find(storetest.As(t, w.ctx, w.World, p), "ladder", k).Items {
				id := one.ID
				if one.CourseID != nil {
					id = *one.CourseID
				}
				if found[k][id] = true; one.Kind != k {
					t.Errorf("asked for %s, found %s", k, one.Kind)
				}
				if k == search.KindLesson && one.Excerpt != nil && !courses[id].in[p.ID] && !author {
					t.Errorf("person %d reads the text of a lesson of %s", i, courses[id].o.Version.Title)
				}
			}
		}
		for id, m := range courses {
			sees := author || m.in[p.ID] || !m.archived && (m.visibility != catalog.VisibleToGroups || i == 0 && m.in[uid.Nil])
			for _, k := range []search.Kind{search.KindCourse, search.KindLesson} {
				if found[k][id] != sees {
					t.Errorf("person %d finds %s %s (%q, archived %v, in it %v): %v, want %v", i, k, m.o.Version.Title, m.visibility, m.archived, m.in[p.ID], found[k][id], sees)
				}
			}
		}
		if (len(found[search.KindGroup]) > 0) != (i >= 3) {
			t.Errorf("person %d finds groups %v", i, found[search.KindGroup])
		}
	}
}
