package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
	"lyceum/learning/question"
	"lyceum/learning/rubric"
	"lyceum/store/storetest"
)

// exam is a published course whose last lesson is a test that its author wrote in the browser.
type exam struct {
	*house
	author   *browser
	learner  *browser
	person   auth.Person
	studio   string // of the test
	lesson   string // of the learner
	attempt  string
	question []uid.ID
	bank     uid.ID
	by       context.Context // who wrote it
	banks    *bank.Service
}

func newExam(t *testing.T, fields ...string) *exam {
	t.Helper()
	h := setup(t)
	x := &exam{house: h}
	by := storetest.Instructor(t, h.ctx, h.w)
	banks := bank.New(bank.Options{Keep: h.w.Store, Now: h.w.Now.Clock()})
	courses := catalog.New(catalog.Options{Keep: h.w.Store, Now: h.w.Now.Clock()})
	b, err := banks.CreateBank(by, bank.BankInput{Name: "Safety", Everyone: bank.EveryoneSees})
	if err != nil {
		t.Fatal(err)
	}
	right := []question.Option{{Text: "Left", Share: question.Whole, Feedback: "Well seen."}, {Text: "Right"}}
	x.bank, x.by, x.banks = b.ID, by, banks
	if x.question, err = banks.Bring(by, b.ID, []bank.Input{
		{Body: question.Question{Kind: question.Single, Title: "Exit", Prompt: "Where is the exit?", Options: right}},
		{Body: question.Question{Kind: question.Ordering, Title: "Steps", Prompt: "What comes first?", Options: []question.Option{{Text: "Look"}, {Text: "Call"}, {Text: "Help"}}}},
	}, true, "test"); err != nil {
		t.Fatal(err)
	}
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire"))
	o, err := courses.Edit(by, course.Course.ID)
	if err != nil {
		t.Fatal(err)
	}
	o, lesson, err := courses.AddLesson(by, o.Course.ID, o.Course.Revision, o.Modules[0].ID, catalog.LessonInput{Kind: catalog.LessonTest, Title: "Show it"})
	if err != nil {
		t.Fatal(err)
	}
	x.author = h.as(h.person(policy.Instructor))
	x.studio = fmt.Sprintf("/studio/%s/lessons/%s/test", course.Course.ID, lesson)
	x.author.get(x.studio).is(200).says("Write the test")
	x.author.post(x.studio, "do", "pick.0", "number", "0", "sections.0.here", "1", "sections.0.marks", "2", "from", b.ID.String()).is(200).says("Exit", "Steps")
	x.author.post(x.studio, "do", "save", "number", "0", "sections.0.here", "1", "sections.0.marks", "2", "pass", "101").is(422).says("Choose questions for this section.", "Choose 0 to 100 percent.")
	x.author.post(x.studio, append([]string{"do", "save", "number", "0", "sections.0.here", "1", "sections.0.marks", "2", "sections.0.fixed", x.question[0].String() + ":1", "sections.0.fixed", x.question[1].String() + ":1", "pass", "60", "tell_marks", "1", "tell_right", "1", "tell_texts", "1"}, fields...)...).is(303)
	x.author.get(x.studio).is(200).says("2 questions, 4 marks in all")
	if _, err = courses.Publish(by, o.Course.ID, o.Course.Revision); err != nil {
		t.Fatal(err)
	}
	p := h.person(policy.Learner)
	x.person, x.learner = p, h.as(p)
	x.learner.get("/courses/" + o.Course.Slug).is(200)
	x.learner.post("/courses/" + o.Course.Slug + "/enrol").is(303)
	x.lesson = "/learn/" + o.Course.Slug + "/" + lesson.String()
	return x
}

func (x *exam) begin(fields ...string) string {
	x.learner.get(x.lesson).is(200).says("The test")
	x.attempt = x.learner.post(x.lesson+"/test", fields...).is(303).Header.Get("Location")
	return x.learner.get(x.attempt).is(200).says("Where is the exit?").body
}

var optionOf = regexp.MustCompile(`value="([a-z2-7]{10})"[^>]*><span>(Left|Right)`)

func option(t *testing.T, page, text string) string {
	t.Helper()
	for _, m := range optionOf.FindAllStringSubmatch(page, -1) {
		if m[2] == text {
			return m[1]
		}
	}
	t.Fatalf("no option %s in %s", text, page)
	return ""
}

func (x *exam) save(slot int, sequence int64, answer question.Answer) answer {
	body, err := json.Marshal(map[string]any{"slot": slot, "sequence": sequence, "answer": answer})
	if err != nil {
		panic(err)
	}
	return x.learner.json("POST", x.attempt+"/answers", string(body))
}

func TestATestIsTakenAndPassed(t *testing.T) {
	t.Parallel()
	x := newExam(t, "minutes", "10", "attempts", "2", "code", "Owl")
	x.author.get(x.studio + "/try").is(200).says("Where is the exit?")
	x.learner.get(x.lesson).is(200).says("10 minutes", "2 left", "Access code")
	x.learner.post(x.lesson+"/test", "code", "cat").is(422).says("This is not the code of this test.")
	page := x.begin("code", " owl ")
	if again := x.learner.post(x.lesson+"/test", "code", "owl").is(303).Header.Get("Location"); again != x.attempt {
		t.Errorf("a second tab begins another attempt: %s and %s", again, x.attempt)
	}
	left := option(t, page, "Left")
	x.save(0, 5, question.Answer{Choices: []string{left}}).is(200).says(`"sequence":5`, `"stale":false`)
	x.save(0, 4, question.Answer{}).is(200).says(`"sequence":5`, `"stale":true`, left)
	x.save(7, 1, question.Answer{}).is(404)
	x.save(0, 0, question.Answer{}).is(422).says("Count answers from 1.")
	x.save(1, 9, question.Answer{Choices: []string{"zzzz"}}).is(200).says(`"answer":{}`) // what is not asked is no answer
	x.learner.json("POST", x.attempt+"/answers", "{").is(422)
	x.learner.get(x.attempt).is(200).says(`value="` + left + `" checked`)
	{
		other := x.as(x.house.person(policy.Learner))
		other.get(x.attempt).is(404)
		other.json("POST", x.attempt+"/answers", `{"slot":0,"sequence":9,"answer":{}}`).is(404)
	}
	x.learner.post(x.attempt, "do", "review").is(303).leads(x.attempt + "?review=1")
	x.learner.get(x.attempt+"?review=1").is(200).says("Hand in", "One question has no answer")
	x.learner.post(x.attempt, "do", "hand_in").is(303).leads(x.attempt)
	x.learner.get(x.attempt).is(200).says("50%", "2 of 4 marks; 60% are needed to pass.", "Well seen.", "No answer")
	x.save(1, 9, question.Answer{}).is(409).says("This attempt was handed in.")
	x.learner.get(x.lesson).is(200).says("1 left", "Attempt 1", "50%")

	// The second attempt by plain forms alone.
	page = x.begin("code", "owl")
	var items []string
	for _, word := range []string{"Look", "Call", "Help"} {
		m := regexp.MustCompile(`name="a.1.item" value="([a-z2-7]{10})"><label for="[^"]*">` + word).FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("no %s in %s", word, page)
		}
		items = append(items, m[1])
	}
	form := []string{"a.0.seq", "0", "a.0.choice", option(t, page, "Left"), "a.1.seq", "0"}
	for n, id := range items {
		form = append(form, "a.1.item", id, "a.1.place", fmt.Sprint(n+1))
	}
	x.learner.post(x.attempt, append(form, "do", "review")...).is(303)
	x.learner.get(x.attempt + "?review=1").is(200).says("Every question is answered")
	x.learner.post(x.attempt, "do", "hand_in").is(303)
	x.learner.post(x.attempt, "do", "hand_in").is(303) // a second click
	x.learner.get(x.attempt).is(200).says("100%", "You passed")
	x.learner.get(x.lesson).is(200).says("Completed")
	x.learner.post(x.lesson+"/test", "code", "owl").is(409).says("as often as it may be taken")
}

func TestATestEndsWithItsTime(t *testing.T) {
	t.Parallel()
	x := newExam(t, "minutes", "10")
	page := x.begin()
	x.save(0, 1, question.Answer{Choices: []string{option(t, page, "Left")}}).is(200)
	x.w.Now.Advance(10*time.Minute + 3*time.Second)
	x.save(1, 1, question.Answer{}).is(200) // on its way when the time was over
	x.w.Now.Advance(3 * time.Second)
	x.save(1, 2, question.Answer{}).is(409).says("The time for this test is over.")
	x.learner.get(x.attempt).is(200).says("50%", "time")
	if got := x.learner.get(x.attempt).body; strings.Contains(got, `name="do"`) {
		t.Error("an ended attempt takes answers")
	}
}

// What a person has to mark waits in one place; a mended question is graded anew after a look; what happened is told and kept.
func TestATestIsMarkedGradedAnewAndAnalysed(t *testing.T) {
	t.Parallel()
	x := newExam(t)
	page := x.begin()
	x.save(0, 1, question.Answer{Choices: []string{option(t, page, "Right")}}).is(200)
	x.learner.post(x.attempt, "do", "hand_in").is(303)
	x.learner.get(x.attempt).is(200).says("0%")
	at := x.studio + "/attempts"
	review := at + x.attempt[strings.LastIndex(x.attempt, "/"):]
	x.author.get(at).is(200).says(x.person.Name, "0%")
	x.author.get(at + "?status=to_mark").is(200).says("No attempts yet")
	x.author.get(review).is(200).says("Where is the exit?", "Right")
	x.author.post(review, "do", "mark", "points.0", "1").is(303) // the question marks itself: nothing to do
	x.author.post(review, "do", "allow", "more_percent", "25", "more_attempts", "1").is(422).says("Say why")
	x.author.post(review, "do", "allow", "more_percent", "25", "more_attempts", "1", "reason", "Reads slowly.").is(303)
	x.author.get(review).is(200).says("Reads slowly.")

	regrade := x.studio + "/regrade"
	exit := "mend." + x.question[0].String()
	x.author.get(regrade).is(200).says("Exit", "Steps")
	x.author.post(regrade, "do", "preview", "number", "0").is(422).says("Choose at least one question")
	x.author.post(regrade, "do", "preview", "number", "0", exit, "7").is(422).says("Choose a published version of the question.")
	x.author.post(regrade, "do", "preview", "number", "0", exit, "full").is(200).says("What would change", "50%", x.person.Name)
	x.author.post(regrade, "do", "apply", "number", "0", exit, "full").is(422).says("Say why")
	x.author.post(regrade, "do", "apply", "number", "0", exit, "full", "reason", "Both doors lead out.").is(303)
	x.author.post(regrade, "do", "apply", "number", "0", exit, "out", "reason", "A second tab.").is(409)
	x.author.get(regrade).is(200).says("Both doors lead out.", "One attempt changed")
	x.learner.get(x.attempt).is(200).says("50%", "Full marks for everybody")
	x.author.get(review).is(200).says("Both doors lead out.", "0% → 50%")
	x.author.get(x.studio+"/analysis").is(200).says("Exit", "Discrimination", "say little")
	x.learner.get(at).is(403)
	x.learner.get(regrade).is(403)
	x.author.get("/studio/marking").is(200)
	if x.author.get(strings.Replace(review, x.studio[8:44], uid.New().String(), 1)).StatusCode != 404 {
		t.Error("an attempt is found below another course")
	}
}

// An essay is marked by two people by its rubric; the learner objects to what it came to, and is answered.
func TestATestIsMarkedByTwoPeopleAndObjectedTo(t *testing.T) {
	t.Parallel()
	x := newExam(t)
	table, err := rubric.Read("Reasons\n- 2 Two\n- 1 One\n- 0 None", "rubric")
	if err != nil {
		t.Fatal(err)
	}
	essay := question.Question{Kind: question.Essay, Title: "Why", Prompt: "Why do we drill?", Hand: &question.HandRule{Rubric: &table}}
	ids, err := x.banks.Bring(x.by, x.bank, []bank.Input{{Body: essay}}, true, "test")
	if err != nil {
		t.Fatal(err)
	}
	x.author.get("/studio/questions/" + x.bank.String() + "/" + ids[0].String()).is(200).says("- 2 Two")
	form := []string{"do", "save", "number", "1", "sections.0.here", "1", "sections.0.marks", "4", "sections.0.fixed", ids[0].String() + ":1", "pass", "60", "two_markers", "1", "apart", "20"}
	x.author.post(x.studio, append(form, "appeal_days", "400")...).is(422).says("Enter days from 0 to 365.")
	x.author.post(x.studio, append(form, "appeal_days", "7", "when", "never")...).is(422).says("Learners object to marks that they were told.")
	x.author.post(x.studio, append(form, "appeal_days", "7", "tell_marks", "1")...).is(303)
	x.learner.get(x.lesson).is(200)
	x.attempt = x.learner.post(x.lesson + "/test").is(303).Header.Get("Location")
	x.save(0, 1, question.Answer{Text: "So that nobody has to think."}).is(200)
	x.learner.post(x.attempt, "do", "hand_in").is(303)
	x.learner.get(x.attempt).is(200).says("waits")

	review := x.studio + "/attempts" + x.attempt[strings.LastIndex(x.attempt, "/"):]
	second := x.as(x.house.person(policy.Instructor))
	x.author.get(review).is(200).says("Why do we drill?", "Reasons", "What you say of it")
	x.author.post(review, "do", "mark", "comment.0", "Nothing chosen.").is(422).says("Choose a level.")
	x.author.post(review, "do", "mark", "criteria.0.0", "0", "said.0.0", "Both are there.", "comment.0", "> nobody has to\nA passage of the first.").is(303)
	x.author.get(review).is(200).says("Needs a second marker", "Both are there.")
	x.author.get(x.studio + "/attempts?status=to_mark").is(200).says("Marked by you")
	if page := second.get(review).is(200).says("Another person has marked this.").body; strings.Contains(page, "Both are there.") || strings.Contains(page, "A passage of the first.") || strings.Contains(page, `class="remark"`) {
		t.Error("the second marker sees the first one's mark")
	}
	second.post(review, "do", "mark", "criteria.0.0", "2").is(303)
	second.get(review).is(200).says("Markers apart", "Both are there.", "You have given your mark.")
	x.author.post(review, "do", "agree.0", "criteria.0.0", "1", "comment.0", "We talked.\n\n> nobody has to  think\nAbout what?\n\n> nowhere\nLost.").is(303)
	x.author.get(review).is(200).says(`<mark class="remark" id="q1-note-1">nobody has to`, "A passage of the first.", "About what?")
	x.learner.get(x.attempt).is(200).says(`So that <mark class="remark" id="q1-note-1">nobody has to think<a`, "About what?", "<q>nowhere</q>", "Lost.")
	x.learner.get(x.attempt).is(200).says("50%", "We talked.", "Reasons", "Ask to have the mark looked at again")
	if strings.Contains(x.learner.get(x.attempt).body, "Both are there.") {
		t.Error("a mark that does not count is told")
	}

	x.learner.post(x.attempt, "do", "object.0", "reason.0", " ").is(422).says("Say why")
	x.learner.post(x.attempt, "do", "object.5", "reason.5", "What?").is(404)
	x.learner.post(x.attempt, "do", "object.0", "reason.0", "The second line has a reason.").is(303)
	x.learner.get(x.attempt).is(200).says("The second line has a reason.", "You will be told what comes of it.")
	x.learner.post(x.attempt, "do", "object.0", "reason.0", "Again.").is(409)
	x.author.get("/studio/marking?show=appeals").is(200).says("Objections to marks of tests", x.person.Name)
	x.author.get(x.studio + "/attempts").is(200).says("Objection")
	second.get(review).is(200).says("The second line has a reason.", "Objection to the mark")
	second.post(review, "do", "change.0", "answer.0", "You are right.").is(422).says("Choose a level.", "You are right.")
	second.post(review, "do", "keep.0").is(422).says("Say why")
	second.post(review, "do", "change.0", "answer.0", "You are right.", "changed.criteria.0.0", "0").is(303)
	second.post(review, "do", "keep.0", "answer.0", "No.").is(409)
	x.learner.get(x.attempt).is(200).says("100%", "You are right.", "The mark was changed from 2 to 4.")
	x.author.get(review).is(200).says("After an objection", "Agreed")
	x.author.get("/studio/marking?show=appeals").is(200).says("Nothing")
}

// Where names are hidden from who marks, nothing gives them away before everything is marked: not the list of those who are at it, not the
// page or the API, not what they were allowed and why, not what they called a file. The id of an attempt stays the same all along.
func TestWhoseAnAnonymousTestIsNobodyReadsBeforeItIsMarked(t *testing.T) {
	t.Parallel()
	x := newExam(t)
	ids, err := x.banks.Bring(x.by, x.bank, []bank.Input{{Body: question.Question{Kind: question.Essay, Title: "Why", Prompt: "Why do we drill?"}}}, true, "test")
	if err != nil {
		t.Fatal(err)
	}
	x.author.get(x.studio).is(200)
	x.author.post(x.studio, "do", "save", "number", "1", "sections.0.here", "1", "sections.0.marks", "4", "sections.0.fixed", ids[0].String()+":1", "pass", "60", "tell_marks", "1", "anonymous", "1").is(303)
	parts := strings.Split(x.lesson, "/")
	course, enrolment := strings.Split(x.studio, "/")[2], x.enrolmentOf(x.person, parts[2]).String()
	list, lists := x.studio+"/attempts", "/api/v1/courses/"+course+"/lessons/"+parts[3]+"/test/attempts"
	x.author.get(list).is(200)
	x.author.post(list, "email", x.person.Email, "more_percent", "25", "reason", "Reads slowly.").is(303)

	x.learner.get(x.lesson).is(200)
	x.attempt = x.learner.post(x.lesson + "/test").is(303).Header.Get("Location")
	id := x.attempt[strings.LastIndex(x.attempt, "/")+1:]
	review, reviews := list+"/"+id, "/api/v1/courses/"+course+"/test-attempts/"+id
	hidden := func(status string, addresses ...string) {
		t.Helper()
		for _, at := range addresses {
			page := x.author.get(at).is(200).says(id)
			page.saysNot(x.person.Name, x.person.Email, x.person.ID.String(), enrolment, "Reads slowly.")
			if t.Failed() {
				t.Fatalf("%s gives away whose it is while it is %s", at, status)
			}
		}
	}
	hidden("running", lists, lists+"?status=running")
	x.author.get(list).is(200).saysNot(x.person.Name, x.person.Email)
	x.author.get(list+"?status=running").is(200).saysNot(x.person.Name, x.person.Email)
	x.author.get(reviews).is(409).saysNot(x.person.Name)
	x.save(0, 1, question.Answer{Text: "So that nobody has to think."}).is(200)
	x.learner.post(x.attempt, "do", "hand_in").is(303)
	hidden("to be marked", list, list+"?status=to_mark", review, lists, lists+"?status=to_mark", reviews)
	x.author.get("/studio/marking").is(200).saysNot(x.person.Name)
	x.author.post(review, "do", "mark", "points.0", "3").is(303)
	x.author.get(list).is(200).says(x.person.Name)
	x.author.get(review).is(200).says(x.person.Name, "Reads slowly.")
	x.author.get(reviews).is(200).says(x.person.Name, enrolment)
}

// More time holds when one gives more attempts after it, and can be given before anything began.
func TestWhatSomebodyWasAllowedStaysWhenTheyAreAllowedMore(t *testing.T) {
	t.Parallel()
	x := newExam(t, "minutes", "10", "attempts", "1")
	list := x.studio + "/attempts"
	x.author.get(list).is(200).says("E-mail of the learner")
	x.author.post(list, "email", "nobody@example.com", "more_percent", "50", "reason", "Dyslexia.").is(422).says("Nobody with this address is in the course.", "Dyslexia.")
	x.author.post(list, "email", "?", "more_percent", "half", "reason", " ").is(422).says("Enter a whole number.")
	x.author.post(list, "email", strings.ToUpper(x.person.Email), "more_percent", "50", "reason", "Dyslexia.").is(303)
	x.learner.get(x.lesson).is(200).says("15 minutes")
	x.begin()
	x.learner.post(x.attempt, "do", "hand_in").is(303)
	review := list + x.attempt[strings.LastIndex(x.attempt, "/"):]
	x.author.get(review).is(200).says(`name="more_percent"`, `value="50"`, `name="more_attempts"`)
	x.author.post(review, "do", "allow", "more_percent", "", "more_attempts", "1", "reason", "The alarm went.").is(303)
	x.learner.get(x.lesson).is(200).says("15 minutes", "1 left")
	x.author.get(review).is(200)
	x.author.post(review, "do", "allow", "more_percent", "0", "more_attempts", "", "reason", "A mistake.").is(303)
	x.learner.get(x.lesson).is(200).says("10 minutes", "1 left")
	x.learner.get(x.lesson).is(200)
	x.learner.post(list, "email", x.person.Email, "more_percent", "50", "reason", "Me.").is(403)
}
