package themes_test

import (
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/report/export"
	"lyceum/learning/report/schedule"
	"lyceum/themes"
)

// scheduleSpecimens are reports that are sent by mail.
func scheduleSpecimens(w *world) []specimen {
	at := func(days int) *time.Time { t := now.Add(time.Duration(days) * 24 * time.Hour); return &t }
	people := `["` + id("p1").String() + `", "` + id("p2").String() + `"]`
	weekly := schedule.Schedule{ID: id("k1"), OwnerID: id("p"), OwnerName: "Grace Hopper", Name: "Late in the workshop", Wish: `{"kind": "matrix"}`, Format: export.PDF, Times: schedule.Times{Every: schedule.Weekly, Weekday: 7, Day: 1, Hour: 7, Zone: "Europe/Berlin"}, People: people, NextAt: *at(3), LastAt: at(-4), Revision: 2}
	daily, monthly := weekly, weekly
	daily.ID, daily.Times.Every, daily.Paused, daily.LastAt, daily.People = id("k2"), schedule.Daily, schedule.Nobody, nil, `["`+id("p1").String()+`"]`
	monthly.ID, monthly.Times.Every, monthly.Times.Day = id("k3"), schedule.Monthly, 31
	readers := []schedule.Reader{{ID: id("p1"), Name: longName, Email: "maya@example.com"}, {ID: id("p3"), Email: "lee@example.com"}}
	form := themes.ScheduleForm{Name: weekly.Name, Format: weekly.Format, Times: weekly.Times, People: weekly.To()}
	zones := []string{"Europe/Berlin", "UTC"}
	runs := []schedule.Run{
		{ID: id("q1"), DueAt: *at(0), AskedBy: &weekly.OwnerID, Status: schedule.Working, Deliveries: []schedule.Delivery{{Name: longName, Status: schedule.Begun}, {Name: "Lee", Status: schedule.ToSend}}},
		{ID: id("q2"), DueAt: *at(-4), Status: schedule.Done, EndedAt: at(-4), Deliveries: []schedule.Delivery{{Name: longName, Status: schedule.Attached, At: at(-4)}, {Name: "Lee", Status: schedule.NoRight}, {Name: "Kim", Status: schedule.Linked}}},
		{ID: id("q3"), DueAt: *at(-11), Status: schedule.Broken, Problem: schedule.Failed, EndedAt: at(-11)},
	}
	fresh := themes.SchedulePage{Form: themes.ScheduleForm{Format: export.XLSX, Times: schedule.Times{Every: schedule.Weekly, Weekday: 1, Hour: 7, Zone: "UTC"}}, Asked: "report=x&name=Late", Readers: readers, Zones: zones}
	refusedForm := fresh
	refusedForm.Asked, refusedForm.Problem = "", refused(map[string]string{"people": "Choose 1 to 50 people."})
	paused := themes.SchedulePage{Schedule: &daily, Form: themes.ScheduleForm{Name: daily.Name, Format: daily.Format, Times: daily.Times, People: []uid.ID{id("p2")}}, Readers: readers, Zones: zones}
	return []specimen{
		{"schedules", w.portal("/reports/schedules", may()), themes.SchedulesPage{List: []schedule.Schedule{weekly, daily, monthly}}},
		{"schedules-none", w.portal("/reports/schedules", may()), themes.SchedulesPage{}},
		{"schedule", w.portal("/reports/schedules/x", may()), themes.SchedulePage{Schedule: &weekly, Runs: runs, Form: form, Readers: readers, Zones: zones}},
		{"schedule-paused", w.portal("/reports/schedules/x", may()), paused},
		{"schedule-new", w.portal("/reports/schedules/new", may()), fresh},
		{"schedule-refused", w.portal("/reports/schedules/new", may()), refusedForm},
	}
}
