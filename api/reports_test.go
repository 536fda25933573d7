package api_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/sheet"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/report/builder"
	"lyceum/learning/report/export"
	"lyceum/store/storetest"
)

func TestReportsArePutTogetherKeptSharedAndTakenAsFiles(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Knots"))
	lee := h.person(policy.Learner)
	admin := storetest.As(t, h.ctx, h.w, storetest.Person(t, h.ctx, h.w, policy.Admin))
	soon := 10
	g, err := h.o.Groups.Create(admin, group.Input{Name: "Riggers"})
	if err == nil {
		_, err = h.o.Groups.Add(admin, g.ID, []uid.ID{lee.ID})
	}
	var r duty.Shown
	if err == nil {
		r, err = h.o.Duties.Save(admin, uid.Nil, duty.Input{Status: duty.StatusOn, Name: "Rigging", Courses: []uid.ID{course.Course.ID}, Terms: duty.Terms{DueDays: &soon}})
	}
	if err == nil {
		_, err = h.o.Duties.Apply(admin, r.ID, duty.Proposal{Do: duty.DoAdd, Group: g.ID})
	}
	if err != nil {
		t.Fatal(err)
	}
	h.w.Now.Advance(20 * 24 * time.Hour)
	bossPerson := h.person(policy.Manager)
	boss, friend, learner := h.as(bossPerson), h.as(h.person(policy.Manager)), h.as(lee)
	learner.get("/reports").is(403)
	learner.get("/reports/run.csv").is(403)
	boss.get("/reports").is(200).says("Overdue", "Expiring", "No reports are kept yet")
	late := url.Values{"source": {"duties"}, "states": {"non_compliant", "in_grace"}, "columns": {"person", "subject", "state", "due"}, "group": {"subject"}}
	boss.get("/reports/run?"+late.Encode()).is(200).says("Rigging", "Non-compliant", "Counts", "Days are those of UTC.")
	boss.get("/reports/run?source=enrolments").is(200).says("Nothing matches")
	boss.get("/reports/run?source=secrets").is(422)
	boss.get("/reports/run?chart=share&group=subject&split=state").is(200).says("What the parts are", "100%", "Non-compliant", `class="part s0"`)
	boss.get("/reports/run?chart=stacked&group=subject&split=subject").is(422).says("Choose what the counts are divided by")
	line := boss.get("/reports/run?chart=line&moment=due&step=day").is(200).says("line-plot", "role=\"img\"", "from=20")
	opened := regexp.MustCompile(`href="(/reports/run\?[^"]*from=[^"]*)"`).FindStringSubmatch(line.body)
	if len(opened) != 2 {
		t.Fatal("no figure opens its lines")
	}
	boss.get(html.UnescapeString(opened[1])).is(200).says("Rigging").saysNot("Nothing matches")
	for _, kind := range []string{"csv", "xlsx"} {
		rows, err := sheet.Read([]byte(boss.get("/reports/run." + kind + "?" + late.Encode()).is(200).body))
		if err != nil || len(rows) != 2 || strings.Join(rows[0], " ") != "person_id person subject state due" || rows[1][0] != lee.ID.String() || rows[1][3] != "non_compliant" {
			t.Errorf("%s: %v %q", kind, err, rows)
		}
	}
	if pdf := boss.get("/reports/run.pdf?title=Late&" + late.Encode()).is(200); pdf.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(pdf.body, "%PDF-") {
		t.Errorf("%v", pdf.Header)
	}
	boss.post("/reports/exports?"+late.Encode(), "kind", "built", "title", "Late", "format", "xlsx").is(303).leads("/reports/run.xlsx?" + late.Encode() + "&title=Late")
	boss.post("/reports/exports?state=compliant", "kind", "matrix", "format", "pdf").is(303).leads("/compliance/matrix.pdf?state=compliant")
	boss.post("/reports/exports?source=secrets", "kind", "built", "format", "csv").is(422)
	boss.post("/reports/exports?"+late.Encode(), "kind", "built", "format", "doc").is(422)
	learner.post("/reports/exports?"+late.Encode(), "kind", "built", "format", "csv").is(403)
	learner.get("/reports/exports").is(403)
	boss.get("/reports/exports").is(200).says("No files yet")
	bossSelf := storetest.As(t, h.ctx, h.w, bossPerson)
	asked, err := h.o.Exports.Ask(bossSelf, export.Wish{Kind: export.Built, Title: "Late", Definition: builder.Definition{Source: builder.Duties}}, export.CSV, export.Look{})
	if err != nil {
		t.Fatal(err)
	}
	boss.get("/reports/exports?watch=1").is(200).says("Waiting", "Late", "data-live")
	boss.get("/reports/exports/" + asked.ID.String() + "/file").is(409)
	friend.get("/reports/exports").is(200).says("No files yet")
	friend.get("/reports/exports/" + asked.ID.String() + "/file").is(404)
	if err := h.o.Exports.Make(h.ctx, asked.ID); err != nil {
		t.Fatal(err)
	}
	boss.get("/reports/exports").is(200).says("Ready", "1 line")
	if file := boss.get("/reports/exports/" + asked.ID.String() + "/file").is(200); !strings.Contains(file.Header.Get("Content-Disposition"), ".csv") || !strings.Contains(file.body, "Rigging") {
		t.Errorf("%v %s", file.Header, file.body)
	}
	boss.post("/reports/exports/" + asked.ID.String() + "/stop").is(303)
	boss.get("/reports/exports/" + asked.ID.String() + "/file").is(409)
	boss.post("/reports", "source", "duties", "name", " ").is(422).says("Use a name of 1 to 120 characters.")
	at := boss.post("/reports", "source", "duties", "states", "non_compliant", "columns", "person", "name", "Late ones").is(303).Header.Get("Location")
	boss.get(at).is(200).says("Late ones", "Delete this report")
	friend.get(at).is(404)
	boss.post("/reports", "source", "duties", "name", "late ones").is(409).says("You have a report of this name.")
	boss.post(at, "source", "duties", "states", "non_compliant", "name", "Late ones", "shared", "1", "revision", "1").is(303)
	friend.get("/reports").is(200).says("Late ones", "Shared")
	friend.get(at).is(200).says("Save as a new report")
	friend.post(at, "source", "duties", "name", "Mine now", "revision", "2").is(403)
	friend.post(at + "/delete").is(403)
	boss.post(at + "/delete").is(303).leads("/reports")
	boss.get(at).is(404)
}
