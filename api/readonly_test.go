package api_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lyceum/api"
	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/billing/subscription"
	"lyceum/learning/bank"
	"lyceum/learning/question"
)

// unsafeRoutes are the portal's routes that may write.
func unsafeRoutes(h *house) (list []route.Route) {
	for r, host := range hostsOf(h) {
		if host == h.host && r.Method != http.MethodGet && r.Method != http.MethodHead {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b route.Route) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	return list
}

func TestEveryWriteOfAReadOnlyPortalIsRefusedButWhatIsLetThroughByName(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	owner.get("/").is(200)
	h.stands(subscription.StateReadOnly, false)
	let, refused := 0, 0
	for _, r := range unsafeRoutes(h) {
		if strings.HasPrefix(r.Path, "/signout") || strings.Contains(r.Path, "/sessions/end") || r.Path == "/api/v1/me/sessions" {
			continue // the walk goes on signed in
		}
		got := owner.ask(r)
		readOnly := got.StatusCode == http.StatusForbidden && (strings.Contains(got.body, "portal_read_only") || strings.Contains(got.body, "Nothing new can be made here"))
		why, passes := api.Passed(r)
		switch {
		case passes && readOnly:
			t.Errorf("%s %s is refused, though %s", r.Method, r.Path, why)
		case !passes && !readOnly:
			t.Errorf("%s %s is not refused: %d\n%s", r.Method, r.Path, got.StatusCode, firstOf(got.body, 300))
		}
		if passes {
			let++
		} else {
			refused++
		}
	}
	if refused < 150 || let < 100 {
		t.Errorf("%d let through, %d refused: the walk saw too little", let, refused)
	}
}

func TestNoExceptionToReadOnlyIsWithoutARoute(t *testing.T) {
	t.Parallel()
	h := setup(t)
	routes := unsafeRoutes(h)
	for _, line := range api.PassLines() {
		if !slices.ContainsFunc(routes, line.Fits) {
			t.Errorf("%s lets nothing through: it can go", line)
		}
	}
}

func TestAReadOnlyPortalTakesRightsAwayAndGivesNone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner, who := h.as(h.person(policy.Owner)), h.person(policy.Instructor, policy.Manager)
	at := "/people/" + who.ID.String()
	h.stands(subscription.StateReadOnly, false)
	owner.get(at).is(200)
	owner.post(at+"/roles", "roles", "instructor", "roles", "admin").is(403).says("Nothing new can be made here")
	owner.get(at).is(200)
	owner.post(at+"/roles", "roles", "instructor").is(303)
	owner.get(at).is(200)
	owner.post(at+"/roles", "roles", "instructor", "roles", "manager").is(403)
}

// What docs/LIFE.md says goes on does: a test is taken and marked, a bank taken out, and support shown the door.
func TestInAReadOnlyPortalTestsAreTakenAndMarkedAndVisitsEnd(t *testing.T) {
	t.Parallel()
	x := newExam(t)
	ids, err := x.banks.Bring(x.by, x.bank, []bank.Input{{Body: question.Question{Kind: question.Essay, Title: "Why", Prompt: "Why do we drill?"}}}, true, "test")
	if err != nil {
		t.Fatal(err)
	}
	x.author.get(x.studio).is(200)
	x.author.post(x.studio, "do", "save", "number", "1", "sections.0.here", "1", "sections.0.marks", "4", "sections.0.fixed", ids[0].String()+":1", "pass", "60", "tell_marks", "1", "appeal_days", "7").is(303)
	x.learner.get(x.lesson).is(200)
	owner, o := x.as(x.house.person(policy.Owner)), x.operator()
	visiting := x.visits(o, x.person)
	owner.get("/settings/support-access").is(200)
	owner.post("/settings/support-access", "mode", "read", "approve", "1").is(303)
	x.asks(o, x.person)

	x.stands(subscription.StateReadOnly, false)
	parts := strings.Split(x.lesson, "/")
	course := strings.Split(x.studio, "/")[2]
	enrolment := x.enrolmentOf(x.person, parts[2]).String()
	begun := x.learner.json("POST", "/api/v1/enrolments/"+enrolment+"/lessons/"+parts[3]+"/test/attempts", "{}").is(201)
	attempt := begun.Header.Get("Location")
	x.learner.json("PUT", attempt+"/answers/0", `{"sequence":1,"answer":{"text":"So that nobody has to think."}}`).is(200)
	x.learner.json("POST", attempt+"/hand-in", "").is(200).says(`"to_mark"`)
	marks := "/api/v1/courses/" + course + "/test-attempts/" + attempt[strings.LastIndex(attempt, "/")+1:]
	x.author.json("POST", marks+"/marks", `{"marks":[{"slot":0,"points":1}]}`).is(200).says(`"graded"`)
	x.learner.json("POST", attempt+"/answers/0/appeal", `{"reason":"Look again."}`).is(204)
	x.author.json("POST", marks+"/answers/0/appeal/answer", `{"change":true,"points":4,"answer":"You are right."}`).is(200).says(`"percent":100`)
	page := x.studio + "/attempts" + attempt[strings.LastIndex(attempt, "/"):]
	x.author.get(page).is(200)
	x.author.post(page, "do", "mark", "points.0", "3").is(303)
	x.author.post("/studio/questions/"+x.bank.String()+"/export", "format", "gift", "anyway", "1").is(200).says("Where is the exit?")

	asked := regexp.MustCompile("/settings/support-access/([0-9a-f-]{36})/approve").FindStringSubmatch(owner.get("/settings/support-access").is(200).body)
	if asked == nil {
		t.Fatal("no visit waits")
	}
	waiting := asked[1]
	at := "/api/v1/portal/support-access"
	owner.json("PUT", at, `{"off":false,"approve":true,"hours":4}`).is(403).says("portal_read_only")
	owner.json("PUT", at, `{"off":false,"approve":false,"hours":0}`).is(403).says("portal_read_only")
	owner.json("POST", at+"/visits/"+waiting+"/answer", `{"approve":true}`).is(403).says("portal_read_only")
	owner.post("/settings/support-access", "mode", "write", "hours", "4", "approve", "1").is(403)
	owner.get("/settings/support-access").is(200)
	owner.post("/settings/support-access/" + waiting + "/approve").is(403)
	owner.json("POST", at+"/visits/"+waiting+"/answer", `{"approve":false}`).is(200).says(`"refused"`)
	owner.get("/settings/support-access").is(200)
	owner.post("/settings/support-access/end").is(303)
	visiting.get("/").is(403).says("This support visit is over")
	owner.json("PUT", at, `{"off":true,"approve":true,"hours":0}`).is(200).says(`"off":true`)
	owner.json("PUT", at, `{"off":false,"approve":true,"hours":0}`).is(403)
}
