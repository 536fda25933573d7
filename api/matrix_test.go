package api_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/sheet"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/store/storetest"
)

func TestTheMatrixIsReadOnThePageInFilesAndAsOfADay(t *testing.T) {
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
		r, err = h.o.Duties.Save(admin, uid.Nil, duty.Input{Status: duty.StatusOn, Name: "=Rigging", Courses: []uid.ID{course.Course.ID}, Terms: duty.Terms{DueDays: &soon}})
	}
	if err == nil {
		_, err = h.o.Duties.Apply(admin, r.ID, duty.Proposal{Do: duty.DoAdd, Group: g.ID})
	}
	if err != nil {
		t.Fatal(err)
	}
	first := h.w.Now.Now()
	h.w.Now.Advance(20 * 24 * time.Hour)
	boss, learner := h.as(h.person(policy.Manager)), h.as(lee)
	learner.get("/compliance/matrix").is(403)
	learner.get("/compliance/matrix.csv").is(403)
	at := "/compliance/matrix"
	boss.get("/compliance").is(200).says(`href="/compliance/matrix"`)
	boss.get(at).is(200).says("=Rigging", "Non-compliant", "As things stand now", "Days end at midnight in UTC.", "Count people")
	boss.get(at+"?figures=1").is(200).says("requirement="+r.ID.String(), "state=non_compliant")
	boss.get(at + "?state=compliant").is(200).says("Nobody here")
	boss.get(at+"?as_of="+first.Format(time.DateOnly)).is(200).says("Not started", "As of ", "as it was known on")
	boss.get(at + "?as_of=" + first.Format(time.DateOnly) + "&known_on=" + first.AddDate(0, 0, -1).Format(time.DateOnly)).is(200).says("Nobody here")
	boss.get(at + "?as_of=tomorrow").is(422).says("Write a day as year-month-day")
	boss.get(at + "?requirement=x").is(422).says("Choose one of the list.")
	boss.get("/compliance/"+r.ID.String()+"/people/"+lee.ID.String()).is(200).says("What was known, and when", "Riggers", "Non-compliant")
	boss.get("/compliance/" + r.ID.String() + "/people/" + uid.New().String()).is(404)
	for _, kind := range []string{"csv", "xlsx"} {
		file := boss.get("/compliance/matrix." + kind + "?group=" + g.ID.String()).is(200)
		rows, err := sheet.Read([]byte(file.body))
		if err != nil || len(rows) != 2 || rows[0][4] != "=Rigging" || rows[1][0] != lee.ID.String() || rows[1][4] != "non_compliant" || rows[1][5] != first.AddDate(0, 0, soon).Format(time.DateOnly) {
			t.Errorf("%s: %v %q", kind, err, rows)
		}
		if kind == "csv" && (!strings.Contains(file.body, "'=Rigging") || bytes.Contains([]byte(file.body), []byte("BROKE OFF"))) {
			t.Errorf("%s", file.body)
		}
	}
}
