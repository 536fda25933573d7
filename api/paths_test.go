package api_test

import (
	"regexp"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
	"lyceum/store/storetest"
)

func TestAnAuthorWritesAPathAndALearnerTakesIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	fire := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire"))
	storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Ladders"))
	l := h.as(h.person(policy.Learner))
	l.get("/").is(200).saysNot(`href="/paths"`) // there is none yet
	l.get("/studio/paths").is(403)
	b := h.as(h.person(policy.Instructor))
	b.get("/").is(200).says(`href="/paths"`)
	b.get("/studio/paths").is(200).says("No paths yet")
	b.post("/studio/paths", "title", " ").is(422).says("Enter a title")
	b.post("/studio/paths", "title", "First <weeks>").is(303)
	at := regexp.MustCompile(`/studio/paths/[0-9a-f-]{36}`).FindString(b.get("/studio/paths").is(200).says("First &lt;weeks&gt;").body)
	edit := b.get(at).is(200).says("Add a section with courses.")
	b.post(at+"/publish", "revision", edit.revision()).is(422).says("cannot be published yet")
	b.post(at+"/sections", "revision", edit.revision(), "title", "Safety").is(303).leads(at)
	edit = b.get(at).is(200).says("Safety")
	section := regexp.MustCompile(`id="section-([0-9a-f-]{36})"`).FindStringSubmatch(edit.body)[1]
	b.get(at + "?section=" + section + "&find=nothing").is(200).says("No published course is found")
	for _, title := range []string{"fire", "ladders"} {
		found := b.get(at + "?section=" + section + "&find=" + title).is(200)
		course := regexp.MustCompile(`name="course" value="([0-9a-f-]{36})"`).FindStringSubmatch(found.body)[1]
		b.post(at+"/sections/"+section+"/courses", "revision", found.revision(), "course", course).is(303)
		b.post(at+"/sections/"+section+"/courses", "revision", b.get(at).revision(), "course", course).is(422).says("once")
	}
	b.post(at+"/sections/"+section, "revision", b.get(at).revision(), "title", "Safety", "need", "3").is(422).says("how many")
	b.post(at+"/sections/"+section, "revision", b.get(at).revision(), "title", "Safety", "need", "two").is(422).says("whole number")
	b.post(at+"/sections/"+section, "revision", b.get(at).revision(), "title", "Safety", "ordered", "1").is(303)
	move := at + "/courses/" + fire.Course.ID.String() + "/move"
	b.post(move, "revision", b.get(at).revision(), "module", section, "position", "1").is(303)
	b.post(move, "revision", "1", "module", section, "position", "0").is(409).says("Someone else changed this path")
	b.post(move, "revision", b.get(at).revision(), "module", section, "position", "0").is(303)
	b.post(at+"/publish", "revision", b.get(at).revision()).is(303)
	b.get(at).is(200).says("is published")

	slug := regexp.MustCompile(`href="(/paths/[a-z-]+)"`).FindStringSubmatch(b.get(at).body)[1]
	l.get("/").is(200).says(`href="/paths"`)
	l.get("/paths").is(200).says("First &lt;weeks&gt;", "2 courses")
	l.get(slug).is(200).says("Begin this path", "opens after the course before it", "0 of 2 done").saysNot("Go on")
	l.post(slug + "/take").is(303).leads(slug)
	l.get(slug).is(200).says("under way", "Go on", "Next: Fire")
	l.post(slug + "/go-on").is(303).leads("/learn/fire")
	l.get("/paths?mine=1").is(200).says("First &lt;weeks&gt;")
	l.get("/paths/nowhere").is(404)
	l.post("/paths/nowhere/take").is(404)
	l.get(slug).is(200).says("Leave this path")
	l.post(slug + "/leave").is(303).leads(slug)
	l.get(slug).is(200).says("Begin this path").saysNot("Leave this path")
	l.post(slug + "/leave").is(404)
	l.post(slug + "/take").is(303)
	l.get(at + "/people").is(403)

	m := h.as(h.person(policy.Manager))
	m.get(at).is(403)
	other := h.person(policy.Learner)
	m.get(at+"/people?find="+other.Email).is(200).says(other.Name, "Put on the path")
	m.post(at+"/people", "person", "x").is(422).says("Choose a person")
	m.post(at+"/people", "person", other.ID.String()).is(303)
	m.post(at+"/people", "person", other.ID.String()).is(409).says("on the path already")
	m.get(at+"/people").is(200).says(other.Name, "0 of 2 done")
	m.post(at + "/people/" + other.ID.String() + "/remove").is(303)
	m.post(at + "/people/" + other.ID.String() + "/remove").is(404)
	m.post(at + "/people/" + uid.New().String() + "/remove").is(404)
	b.post(at+"/archive", "revision", b.get(at).revision()).is(303)
	h.as(other).get(slug).is(409)
	l.get(slug).is(200).says("Go on")
}

func TestACourseShowsWhatComesFirstAndTheShortestWay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	basics := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Basics"))
	goal := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Goal"))
	b, at := h.as(h.person(policy.Instructor)), "/studio/"+goal.Course.ID.String()
	b.get(at + "/prerequisites").is(200).says("Anyone may start right away")
	b.get(at+"/prerequisites?find=bas").is(200).says("Basics", "Its certificate")
	b.post(at+"/prerequisites", "kind", "course").is(422).says("Choose a course")
	b.post(at+"/prerequisites", "kind", "course", "course", basics.Course.ID.String()).is(303)
	b.post("/studio/"+basics.Course.ID.String()+"/prerequisites", "kind", "course", "course", goal.Course.ID.String()).is(422).says("That would be a circle: “Basics” needs “Goal”, “Goal” needs “Basics”.")
	page := b.get(at + "/prerequisites").is(200)
	need := regexp.MustCompile(`/prerequisites/([0-9a-f-]{36})/delete`).FindStringSubmatch(page.body)[1]

	learner := h.person(policy.Learner)
	l := h.as(learner)
	l.get(at + "/prerequisites").is(403)
	l.get("/courses").is(200).says("First: Basics.", "1 course first, 15 minutes")
	l.get("/courses/goal").is(200).says("This comes first", "The shortest way there", `href="/courses/basics"`).saysNot("/courses/goal/enrol")
	l.post("/courses/goal/enrol").is(409).says("Before this course comes: “Basics”.")

	m := h.as(h.person(policy.Manager))
	m.get(at + "/people").is(200)
	m.post("/studio/"+goal.Course.ID.String()+"/people", "person", learner.ID.String()).is(303)
	l.get("/courses/goal").is(200).says("This comes first").saysNot(`href="/learn/goal"`)
	l.get("/learn/goal").is(303).leads("/courses/goal")
	m.get(at + "/prerequisites?person=" + learner.Email).is(200).says(learner.Name).saysNot("Ask for something first")
	m.post(at + "/prerequisites/" + need + "/delete").is(403)
	m.post(at+"/waivers", "person", learner.ID.String()).is(303)
	m.get(at+"/prerequisites").is(200).says("Take back", learner.Name)
	l.get("/courses/goal").is(200).says(`href="/learn/goal"`).saysNot("This comes first")
	m.post(at + "/waivers/" + learner.ID.String() + "/delete").is(303)
	l.get("/courses/goal").is(200).says("This comes first")
	b.post(at + "/prerequisites/" + need + "/delete").is(303)
	b.post(at + "/prerequisites/" + need + "/delete").is(404)
	l.get("/courses/goal").is(200).says(`href="/learn/goal"`)
}

func TestAPathSaysWhyNothingIsOpen(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Closed"))
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.SelfEnrol = false })
	before := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Before"))
	author := storetest.Instructor(t, h.ctx, h.w)
	if _, err := h.o.Paths.AddNeed(author, o.Course.ID, path.NeedInput{Kind: enrolment.NeedCourse, Course: before.Course.ID}); err != nil {
		t.Fatal(err)
	}
	p, err := h.o.Paths.Create(author, path.Input{Title: "P"})
	if err == nil {
		p, err = h.o.Paths.Set(author, p.ID, p.Revision, path.Input{Title: "P", Slug: "p"}, path.Sections{{Title: "S", Courses: []uid.ID{o.Course.ID}}})
	}
	if err == nil {
		_, err = h.o.Paths.Publish(author, p.ID, p.Revision)
	}
	if err != nil {
		t.Fatal(err)
	}
	l := h.as(h.person(policy.Learner))
	l.get("/paths/p").is(200)
	l.post("/paths/p/take").is(303)
	l.get("/paths/p").is(200).says("something comes first", "/courses/closed#way", "Nothing is open for you right now").saysNot("Go on")
	l.post("/paths/p/go-on").is(409).says("nothing to go on with")
}
