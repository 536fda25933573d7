package themes

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/report/export"
	"lyceum/learning/report/schedule"
)

// FlashScheduleRuns tells that a report is being sent.
const FlashScheduleRuns FlashKey = "schedule_runs"

// SchedulesPage is GET /reports/schedules: reports that are sent by mail.
type SchedulesPage struct{ List []schedule.Schedule }

func (p SchedulesPage) in(c *Chrome) (string, any) { return "schedules", framed[SchedulesPage]{c, p} }

// ScheduleForm is a schedule as it was typed.
type ScheduleForm struct {
	Name   string
	Format export.Format
	Times  schedule.Times
	People []uid.ID
}

// SchedulePage is GET and POST /reports/schedules/new?report= or with what a report is put together of, and /reports/schedules/:schedule. The
// form has name, format, every, weekday, day, hour, zone, people and revision; …/pause, /resume, /run and /delete are posted nothing.
type SchedulePage struct {
	Schedule *schedule.Schedule // nil: a new one
	Runs     []schedule.Run
	Form     ScheduleForm
	Asked    string // the query of the address
	Readers  []schedule.Reader
	Zones    []string
	Problem  *fault.Fault
}

func (p SchedulePage) in(c *Chrome) (string, any) { return "schedule", framed[SchedulePage]{c, p} }

// At is where the form is posted.
func (p SchedulePage) At() string {
	switch {
	case p.Schedule != nil:
		return "/reports/schedules/" + p.Schedule.ID.String()
	case p.Asked == "":
		return "/reports/schedules/new"
	}
	return "/reports/schedules/new?" + p.Asked
}

// Everies, Weekdays and Hours are what there is to choose from.
func (p SchedulePage) Everies() []schedule.Every { return schedule.Everies() }

// Weekdays are 1 (Monday) to 7.
func (p SchedulePage) Weekdays() []int { return []int{1, 2, 3, 4, 5, 6, 7} }

// Hours are 0 to 23.
func (p SchedulePage) Hours() (list []int) {
	for h := range 24 {
		list = append(list, h)
	}
	return list
}

// Day is the day of the month as it is typed.
func (p SchedulePage) Day() string { return strconv.Itoa(max(p.Form.Times.Day, 1)) }

// Gets tells whether somebody is chosen.
func (p SchedulePage) Gets(id uid.ID) bool { return slices.Contains(p.Form.People, id) }

// Lost is how many are chosen who may see reports no more.
func (p SchedulePage) Lost() (n int) {
	for _, id := range p.Form.People {
		if !slices.ContainsFunc(p.Readers, func(r schedule.Reader) bool { return r.ID == id }) {
			n++
		}
	}
	return n
}

// Going tells that it is being sent.
func (p SchedulePage) Going() bool {
	return slices.ContainsFunc(p.Runs, func(r schedule.Run) bool { return r.Status == schedule.Waiting || r.Status == schedule.Working })
}

// Hour writes an hour of the day.
func (c *Chrome) Hour(h int) string { return fmt.Sprintf("%02d:00", h) }

// ScheduleTimes says in words when a report is sent.
func (t talk) ScheduleTimes(at schedule.Times) (string, error) {
	day, err := t.IsoWeekday(at.Weekday)
	if err != nil {
		return "", err
	}
	key := "schedule.when_" + string(at.Every)
	return t.T(key, "Weekday", day, "Day", at.Day, "Hour", fmt.Sprintf("%02d:00", at.Hour), "Zone", at.Zone)
}

// IsoWeekday names a day of the week, 1 (Monday) to 7 (ISO 8601).
func (t talk) IsoWeekday(n int) (string, error) { return t.Named("weekday", n%7) }

// InZone writes a moment in a schedule's own zone.
func (t talk) InZone(at time.Time, zone string) string {
	if z, err := time.LoadLocation(zone); err == nil {
		t.zone = z
	}
	return t.LongDateTime(at)
}

// ReportMail brings a report: as a file, or as a link to it.
type ReportMail struct {
	Name     string
	Report   string
	Owner    string
	Times    schedule.Times
	Attached string // the name of the file that comes with it; "" none
	Lines    int
	Until    time.Time // the file is there until then
	Link     string
}

func (m ReportMail) letter(c *MailChrome) (string, any) { return "report", enveloped[ReportMail]{c, m} }
