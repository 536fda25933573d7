package themes_test

import (
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

func placesSpecimens(w *world) []specimen {
	o := w.outlines[0]
	o.Course.Capacity, o.Course.WaitingList, o.Course.Visibility = 12, true, catalog.VisibleOnRequest
	open := o
	open.Course.Capacity, open.Course.Visibility = 0, catalog.VisibleToAll
	asked := func(i int, kind enrolment.RequestKind, status enrolment.RequestStatus, note, answer string) enrolment.PlaceAsked {
		p := w.people[i]
		return enrolment.PlaceAsked{
			PlaceRequest: enrolment.PlaceRequest{ID: uid.New(), CourseID: o.Course.ID, PersonID: p.ID, Kind: kind, Status: status, Note: note, Answer: answer, AskedAt: now.Add(-time.Duration(i+1) * time.Hour)},
			PersonName:   p.Name, PersonEmail: p.Email,
		}
	}
	earlier := now.AddDate(0, -4, 0)
	standings := []enrolment.VersionStages{
		{VersionID: o.Version.ID, Number: 3, PublishedAt: &now, NotStarted: 4, InProgress: 2}, {VersionID: uid.New(), Number: 2, PublishedAt: &earlier, InProgress: 7, Done: 41},
	}
	page := themes.PlacesPage{
		Outline: o, Places: enrolment.Places{Capacity: 12, Taken: 12, Waiting: 2}, Status: enrolment.RequestOpen, Standings: standings,
		Requests: listOf(asked(0, enrolment.RequestApproval, enrolment.RequestOpen, "I lead the evacuation on the third floor from May on.", ""), asked(1, enrolment.RequestWaiting, enrolment.RequestOpen, "", "")),
	}
	all := page
	all.Status, all.Requests = "", listOf(asked(0, enrolment.RequestApproval, enrolment.RequestGranted, "", "Welcome."), asked(1, enrolment.RequestApproval, enrolment.RequestRefused, "Please.", "Next spring."))
	none := themes.PlacesPage{Outline: open, Status: enrolment.RequestOpen, Problem: enrolment.ErrDecided}
	course := func(o catalog.Outline, p enrolment.Places) themes.CoursePage {
		return themes.CoursePage{Outline: o, Summary: prose(o.Version.Summary), Places: p}
	}
	full := o
	full.Course.Visibility = catalog.VisibleToAll
	mine := asked(1, enrolment.RequestWaiting, enrolment.RequestOpen, "", "").PlaceRequest
	wish := asked(1, enrolment.RequestApproval, enrolment.RequestOpen, "", "").PlaceRequest
	no := asked(1, enrolment.RequestApproval, enrolment.RequestRefused, "", "Next spring.").PlaceRequest
	return []specimen{
		{"places", w.portal("/studio/x/places", may()), page},
		{"places-all", w.portal("/studio/x/places", may()), all},
		{"places-none", w.portal("/studio/x/places", may()), none},
		{"course-on-request", w.portal("/courses/x", learnerMay()), course(o, enrolment.Places{Capacity: 12, Taken: 3})},
		{"course-asked", w.portal("/courses/x", learnerMay()), course(o, enrolment.Places{Capacity: 12, Taken: 3, Mine: &wish})},
		{"course-refused", w.portal("/courses/x", learnerMay()), course(o, enrolment.Places{Capacity: 12, Taken: 3, Mine: &no})},
		{"course-full", w.portal("/courses/x", learnerMay()), course(full, enrolment.Places{Capacity: 12, Taken: 12, Waiting: 3})},
		{"course-waiting", w.portal("/courses/x", learnerMay()), course(full, enrolment.Places{Capacity: 12, Taken: 12, Waiting: 3, Mine: &mine, Ahead: 2})},
		{"course-places-left", w.portal("/courses/x", learnerMay()), course(full, enrolment.Places{Capacity: 12, Taken: 9})},
		{"publish-moving", w.portal("/studio/x/publish", may()), themes.PublishPage{Outline: drafted(o), Standings: standings}},
	}
}

// drafted is a published course with changes nobody learns from yet.
func drafted(o catalog.Outline) catalog.Outline {
	id := uid.New()
	o.Course.DraftID = &id
	return o
}
