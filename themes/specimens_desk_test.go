package themes_test

import (
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/desk"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

// deskSpecimens shows who is stuck where in a course.
func deskSpecimens(w *world) []specimen {
	o := w.outlines[0]
	var lessons []desk.Lesson
	for i, l := range o.Lessons() {
		lessons = append(lessons, desk.Lesson{ID: l.ID, Title: l.Title, Kind: l.Kind, Begun: max(46-i*7, 4), Done: max(41-i*8, 1), Here: map[int]int{2: 6, 4: 2}[i]})
	}
	at := func(d time.Duration) *time.Time { t := now.Add(-d); return &t }
	var people []desk.Person
	for i, p := range w.people {
		cells := map[uid.ID]enrolment.ProgressStatus{}
		for j, l := range lessons {
			if j < i {
				cells[l.ID] = enrolment.ProgressCompleted
			} else if j == i {
				cells[l.ID] = enrolment.ProgressStarted
			}
		}
		one := desk.Person{EnrolmentID: id("e" + p.Name), PersonID: p.ID, Name: p.Name, Email: p.Email, Percent: i * 12, Status: enrolment.StatusActive, EnrolledAt: now.Add(-40 * 24 * time.Hour), Cells: cells}
		switch i {
		case 0:
			one.Cells, one.Unbegun, one.MessagedAt = nil, true, at(3*24*time.Hour)
		case 1:
			one.Quiet, one.SeenAt, one.LastID = true, at(19*24*time.Hour), &lessons[1].ID
		case 2:
			one.Overdue, one.SeenAt, one.LastID = true, at(26*time.Hour), &lessons[2].ID
		default:
			one.SeenAt = at(time.Duration(i) * time.Hour)
		}
		people = append(people, one)
	}
	page := themes.DeskPage{
		Outline: o, Key: id("key"), People: listOf(people...),
		Desk: desk.Desk{Lessons: lessons, Counts: desk.Counts{Active: 38, Completed: 8, Quiet: 8, Unbegun: 3, Overdue: 5, Behind: 13, Waiting: 4}, Messages: []desk.Message{
			{ID: id("m"), Audience: desk.Behind, Body: "How is it going?\nThe exits in lesson 3 are easier than they look.", People: 12, SentByName: "Maya Chen", SentAt: now.Add(-3 * 24 * time.Hour)},
		}},
	}
	refusedPage := page
	refusedPage.Who, refusedPage.Problem = desk.Behind, refused(map[string]string{"body": "Write a few words."})
	counts := page.Desk.Counts
	desks := themes.DesksPage{Whose: desk.All, Who: desk.Behind, Totals: desk.Totals{Courses: 3, Counts: counts}}
	desks.Courses = listOf(
		desk.Standing{CourseID: o.Course.ID, Title: o.Version.Title, Counts: counts, StuckID: &lessons[1].ID, StuckTitle: lessons[1].Title, Stuck: 6, Drop: &desk.Drop{Title: lessons[2].Title, Before: 41, Lost: 17}},
		desk.Standing{CourseID: id("course 2"), Title: longName, Counts: desk.Counts{Active: 3, Completed: 240, Quiet: 1, Behind: 1}, Drop: &desk.Drop{Title: "Show what you know", Before: 243, Lost: 3}},
		desk.Standing{CourseID: id("course 3"), Title: "Working at heights", Counts: desk.Counts{Active: 12}})
	var behind []desk.Straggler
	for i, p := range people[:3] {
		behind = append(behind, desk.Straggler{CourseID: o.Course.ID, CourseTitle: o.Version.Title, EnrolmentID: p.EnrolmentID, PersonID: p.PersonID, Name: p.Name, Email: p.Email, Percent: p.Percent, SeenAt: p.SeenAt, LastTitle: lessons[i].Title, MessagedAt: p.MessagedAt, Quiet: p.Quiet, Unbegun: p.Unbegun, Overdue: p.Overdue})
	}
	desks.People = listOf(behind...)
	calm := desks
	calm.Whose, calm.Who, calm.People = desk.Mine, desk.Quiet, listOf[desk.Straggler]()
	return []specimen{
		{"desks", w.portal("/studio/desk", may()), desks},
		{"desks-calm", w.portal("/studio/desk", may()), calm},
		{"desks-empty", w.portal("/studio/desk", may()), themes.DesksPage{Whose: desk.All, Who: desk.Behind}},
		{"desk", w.portal("/studio/x/desk", may()), page},
		{"desk-refused", w.portal("/studio/x/desk", may()), refusedPage},
		{"desk-empty", w.portal("/studio/x/desk", may()), themes.DeskPage{Outline: o, Key: id("key"), Who: desk.Quiet}},
	}
}
