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
	ids := map[string]string{
		"course": course.Course.ID.String(), "lesson": course.Lessons()[0].ID.String(), "module": course.Modules[0].ID.String(),
		"version": course.Version.ID.String(), "enrolment": e.ID.String(), "person": e.PersonID.String(),
		"file":    theirs.call(t, boss, "POST", "/files?name=a.png", png(t)).want(t, 201).object(t).text("id"),
		"upload":  theirs.call(t, boss, "POST", "/uploads", object{"name": "a.png", "size": 10}).want(t, 201).object(t).text("id"),
		"path":    path.text("id"),
		"request": request.text("id"), "language": "en", "revision": "1",
		"requirement": theirs.call(t, boss, "POST", "/requirements", object{"name": "Fire", "courses": []string{course.Course.ID.String()}}).want(t, 201).object(t).text("id"),
		"unit":        theirs.call(t, boss, "POST", "/structure/units", object{"kind": "department", "name": "Sales"}).want(t, 201).object(t).text("id"),
		"field":       theirs.call(t, boss, "POST", "/person-fields", object{"name": "Shoe size", "kind": "number", "seen_by": "self", "edited_by": "self"}).want(t, 201).object(t).text("id"),
		"source":      theirs.call(t, boss, "POST", "/hr-sources", object{"name": "Personnel"}).want(t, 201).object(t).text("id"),
		"schedule":    theirs.call(t, boss, "POST", "/report-schedules", object{"name": "Who is in", "wish": object{"kind": "built", "definition": object{"source": "enrolments"}}, "format": "xlsx", "every": "weekly", "weekday": 1, "hour": 7, "zone": "UTC", "people": []string{bossPerson.ID.String()}}).want(t, 201).object(t).text("id"),
		"export":      theirs.call(t, boss, "POST", "/report-exports", object{"format": "csv", "wish": object{"kind": "built", "definition": object{"source": "enrolments"}}}).want(t, 202).object(t).text("id"),
		"hold":        theirs.call(t, boss, "POST", "/holds", object{"name": "Dispute", "reason": "A court asked for it.", "people": []string{e.PersonID.String()}}).want(t, 201).object(t).text("id"),
		"erasure":     theirs.call(t, asker, "POST", "/me/erasure", object{}).want(t, 202).object(t).text("id"),
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
				if parts[i], ok = ids[name]; ok {
					named++
				} else {
					parts[i] = uid.New().String()
				}
			}
		}
		if named == 0 || strings.Contains(r.Path, "/directories/") || strings.Contains(r.Path, "/connections/") {
			continue
		}
		at := strings.Join(parts, "/")
		if strings.HasSuffix(at, "/plan") {
			at += "?do=on" // it asks for a change
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
