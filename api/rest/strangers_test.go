package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

// elsewhere are names in addresses that another tenant's are not given for here, and why.
var elsewhere = map[string]string{
	"attempt": "assessment: a stranger's attempts", "submission": "assignment: works of others", "other": "as submission", "slot": "a place in an attempt", "step": "a word", "part": "a word",
	"permission": "a word", "prerequisite": "stands below a course", "code": "certificate: a code of another portal", "connection": "signon: connections of others", "directory": "scim, ldap: directories of others",
	"domain": "address, signon: domains of others", "entry": "usage: entries of others", "factor": "one's own alone", "session": "one's own alone", "device": "one's own alone", "notification": "one's own alone",
	"key": "one's own alone, and keys of directories", "takeout": "takeout: archives of others", "visit": "support: visits of others", "delegation": "org: delegations of others",
}

// TestNoOperationOfLearningTakesAnotherTenantsIds goes through every operation that names something of learning by an id in
// its address, with the ids of another tenant's things: there is none here.
func TestNoOperationOfLearningTakesAnotherTenantsIds(t *testing.T) {
	t.Parallel()
	mine := newSite(t)
	theirs := newSiteIn(t, mine.World)
	owner, me := mine.person(t, policy.Owner, policy.Learner)
	boss, bossPerson := theirs.person(t, policy.Owner)
	asker, _ := theirs.person(t, policy.Learner)

	course := storetest.PublishedCourse(t, theirs.ctx, theirs.World, storetest.SmallCourse("Theirs"))
	_, e := storetest.EnrolledLearner(t, theirs.ctx, theirs.World, course)
	closed := storetest.PublishedCourse(t, theirs.ctx, theirs.World, storetest.SmallCourse("On request"))
	id := closed.Course.ID.String()
	settings := theirs.call(t, boss, "GET", "/courses/"+id+"/settings", nil).want(t, 200).object(t)
	settings["visibility"] = string(catalog.VisibleOnRequest)
	theirs.call(t, boss, "PUT", "/courses/"+id+"/settings", settings, "If-Match", `"`+itoa(closed.Course.Revision)+`"`).want(t, 200)
	request := theirs.call(t, asker, "POST", "/courses/on-request/place-requests", object{}).want(t, 201).object(t)
	data := theirs.call(t, asker, "POST", "/me/data-requests", object{}).want(t, 202).object(t).text("id")
	path := theirs.call(t, boss, "POST", "/paths", object{"title": "Their path"}).want(t, 201).object(t)
	made := func(path string, body any) string {
		t.Helper()
		return theirs.call(t, boss, "POST", path, body).want(t, 201).object(t).text("id")
	}
	bank := made("/question-banks", object{"name": "Theirs"})
	source := made("/hr-sources", object{"name": "Personnel"})
	requirement := made("/requirements", object{"name": "Fire", "courses": []string{course.Course.ID.String()}})
	ids := map[string]string{
		"course": course.Course.ID.String(), "lesson": course.Lessons()[0].ID.String(), "module": course.Modules[0].ID.String(),
		"version": course.Version.ID.String(), "enrolment": e.ID.String(), "person": e.PersonID.String(),
		"file":    theirs.call(t, boss, "POST", "/files?name=a.png", png(t)).want(t, 201).object(t).text("id"),
		"upload":  theirs.call(t, boss, "POST", "/uploads", object{"name": "a.png", "size": 10}).want(t, 201).object(t).text("id"),
		"path":    path.text("id"),
		"request": request.text("id"), "language": "en", "revision": "1",
		"requirement": requirement, "bank": bank, "source": source,
		"question": made("/question-banks/"+bank+"/questions", object{"question": object{"kind": "single", "title": "Exit", "prompt": "Where?", "options": []object{{"text": "Left", "share": 1_000_000}, {"text": "Right"}}}}),
		"category": made("/categories", object{"name": "Theirs"}),
		"skill":    made("/skills", object{"name": "Theirs"}),
		"group":    made("/groups", object{"name": "Theirs"}),
		"design":   made("/certificate-designs", object{"name": "Theirs", "paper": "a4", "orientation": "landscape", "background": "plain"}),
		"link":     made("/people/join-links", object{"name": "Theirs", "role": "learner", "days": 3}),
		"report":   made("/reports", object{"name": "Theirs", "definition": object{"source": "enrolments"}}),
		"role":     theirs.call(t, boss, "POST", "/roles", object{"name": "Theirs", "inherits": []string{"learner"}, "permissions": []string{}}).want(t, 201).object(t).text("code"),
		"import":   made("/people/imports", object{"list": "email,name\nnew@example.com,New", "role": "learner"}),
		"run":      theirs.call(t, boss, "POST", "/hr-sources/"+source+"/runs", []byte("external_id,email,name\n1,a@example.com,A\n"), "Content-Type", "text/csv").want(t, 201).object(t).text("id"),
		"pack":     theirs.call(t, boss, "POST", "/requirements/"+requirement+"/evidence", object{"from": "2020-01-01T00:00:00Z", "until": "2020-02-01T00:00:00Z"}).want(t, 202).object(t).text("id"),
		"unit":     theirs.call(t, boss, "POST", "/structure/units", object{"kind": "department", "name": "Sales"}).want(t, 201).object(t).text("id"),
		"field":    theirs.call(t, boss, "POST", "/person-fields", object{"name": "Shoe size", "kind": "number", "seen_by": "self", "edited_by": "self"}).want(t, 201).object(t).text("id"),
		"schedule": theirs.call(t, boss, "POST", "/report-schedules", object{"name": "Who is in", "wish": object{"kind": "built", "definition": object{"source": "enrolments"}}, "format": "xlsx", "every": "weekly", "weekday": 1, "hour": 7, "zone": "UTC", "people": []string{bossPerson.ID.String()}}).want(t, 201).object(t).text("id"),
		"export":   theirs.call(t, boss, "POST", "/report-exports", object{"format": "csv", "wish": object{"kind": "built", "definition": object{"source": "enrolments"}}}).want(t, 202).object(t).text("id"),
		"hold":     theirs.call(t, boss, "POST", "/holds", object{"name": "Dispute", "reason": "A court asked for it.", "people": []string{e.PersonID.String()}}).want(t, 201).object(t).text("id"),
		"erasure":  theirs.call(t, asker, "POST", "/me/erasure", object{}).want(t, 202).object(t).text("id"),
	}
	own := storetest.PublishedCourse(t, mine.ctx, mine.World, storetest.SmallCourse("Mine"))
	for _, r := range mine.operations() {
		parts, named := strings.Split(r.Path, "/"), 0
		for i, p := range parts {
			if name, ok := strings.CutPrefix(p, ":"); ok {
				if name == "request" && i > 0 && parts[i-1] == "data-requests" {
					parts[i], named = data, named+1
					continue
				}
				if name == "version" && parts[i-1] == "versions" && parts[i-2] == ids["question"] {
					parts[i] = "1" // of a question versions are counted
					continue
				}
				if parts[i], ok = ids[name]; ok {
					named++
				} else if parts[i] = uid.New().String(); elsewhere[name] == "" {
					t.Errorf("%s %s: nobody gives another tenant's %s here, nor says in elsewhere where that is tried", r.Method, r.Path, name)
				}
			}
		}
		if named == 0 || strings.Contains(r.Path, "/directories/") || strings.Contains(r.Path, "/connections/") {
			continue
		}
		at := strings.Join(parts, "/")
		switch {
		case strings.HasSuffix(at, "/plan"):
			at += "?do=on" // it asks for a change
		case strings.Contains(at, "/question-banks/") && strings.Contains(at, "/export"):
			at += "?format=gift"
		}
		got := mine.call(t, owner, r.Method, at, nil, "Upload-Offset", "0", "If-Match", `"1"`)
		refused := []int{http.StatusNotFound}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodDelete {
			refused = append(refused, http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusForbidden) // what it wants is not sent
		}
		known := false
		for _, status := range refused {
			known = known || got.StatusCode == status
		}
		if !known {
			t.Errorf("%s %s with their ids: %d %s", r.Method, r.Path, got.StatusCode, got.body)
		}
	}
	// Their ids in what is sent, where the address is one's own.
	at := "/courses/" + own.Course.ID.String()
	for _, c := range []struct {
		path string
		body object
	}{
		{at + "/enrolments", object{"person_id": ids["person"]}},
		{at + "/prerequisites", object{"kind": string(enrolment.NeedCourse), "course_id": ids["course"]}},
		{"/enrolments/" + ids["enrolment"] + "/lessons/" + ids["lesson"] + "/submissions", object{"text": "x"}},
		{"/paths/" + ids["path"] + "/enrolments", object{"person_id": me.ID}},
	} {
		if got := mine.call(t, owner, "POST", c.path, c.body); got.StatusCode != http.StatusNotFound && got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("POST %s with their ids: %d %s", c.path, got.StatusCode, got.body)
		}
	}
}
