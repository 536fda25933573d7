package rest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/report/export"
	"lyceum/store/storetest"
)

// reportWords are the words of a PDF, as codes.
func reportWords(locale, _ string, _ time.Time) export.Words {
	day := func(at time.Time) string { return at.Format(time.DateOnly) }
	return export.Words{Language: locale, Named: func(_ string, code any) string { return fmt.Sprint(code) }, Day: day, Moment: day, Page: func(n, of int) string { return fmt.Sprint(n, "/", of) }}
}

func TestFilesOfReportsAreStartedLookedAtFetchedAndDeleted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	boss, _ := s.person(t, policy.Manager)
	other, _ := s.person(t, policy.Manager)
	lee, _ := s.person(t, policy.Learner)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire"))
	storetest.EnrolledLearner(t, s.ctx, s.World, course)
	in := object{"format": "csv", "wish": object{"kind": "built", "definition": object{"source": "enrolments", "columns": []string{"person", "subject", "state"}}}}
	s.call(t, lee, "POST", "/report-exports", in).want(t, 403)
	id := s.call(t, boss, "POST", "/report-exports", in).want(t, 202).object(t).text("id")
	at := "/report-exports/" + id
	s.call(t, boss, "GET", at+"/file", nil).failed(t, 409, "export_not_ready")
	s.call(t, other, "GET", at, nil).failed(t, 404, "export_not_found")
	export, _ := uid.Parse(id)
	if err := s.services.Exports.Make(s.ctx, export); err != nil {
		t.Fatal(err)
	}
	if got := s.call(t, boss, "GET", at, nil).want(t, 200).object(t); got.text("status") != "ready" || got.at("percent") != 100.0 || got.at("lines") != 1.0 {
		t.Errorf("%v", got)
	}
	if file := s.call(t, boss, "GET", at+"/file", nil).want(t, 200); !strings.HasPrefix(string(file.body), "person_id,person,subject,state\n") || !strings.Contains(string(file.body), "Fire,active") {
		t.Errorf("%s", file.body)
	}
	s.call(t, other, "DELETE", at, nil).failed(t, 404, "export_not_found")
	s.call(t, boss, "DELETE", at, nil).want(t, 204)
	s.call(t, boss, "GET", at+"/file", nil).failed(t, 409, "export_not_ready")
	s.call(t, boss, "DELETE", at, nil).failed(t, 409, "export_not_ready")
	if list := s.call(t, boss, "GET", "/report-exports", nil).want(t, 200).object(t).at("items").([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	s.call(t, boss, "GET", "/report-exports/"+uid.New().String(), nil).failed(t, 404, "export_not_found")
	s.call(t, boss, "POST", "/report-exports", object{"format": "pdf", "wish": object{"kind": "matrix", "matrix": object{"state": "compliant"}}}).want(t, 202)
}
