package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

// AskPlace asks for a place in a course for who asks.
func (l Learn) AskPlace(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	slug := c.Params("slug")
	_, err = l.Enrolment.AskPlace(c.UserContext(), slug, f.get("note"))
	p, missing := l.course(c)
	switch {
	case missing != nil:
		return missing
	case err != nil:
		return l.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return l.done(c, "/courses/"+p.Outline.Course.Slug, themes.FlashPlaceAsked, p.Outline.Version.Title)
}

// TakeBackPlace takes back what was asked.
func (l Learn) TakeBackPlace(c *fiber.Ctx) error {
	p, err := l.course(c)
	if err != nil {
		return err
	}
	if err = l.Enrolment.TakeBackPlace(c.UserContext(), p.Outline.Course.Slug); err != nil {
		return l.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return l.done(c, "/courses/"+p.Outline.Course.Slug, themes.FlashPlaceTakenBack, p.Outline.Version.Title)
}

// places fills the page of requests and versions.
func (s Studio) places(c *fiber.Ctx) (p themes.PlacesPage, err error) {
	ctx := c.UserContext()
	course, err := id(c, "course")
	if err != nil {
		return p, err
	}
	if p.Outline, err = s.Catalog.Head(ctx, course); err != nil {
		return p, err
	}
	if p.Status = enrolment.RequestOpen; query(c, "status") == "all" {
		p.Status = ""
	}
	if p.Requests, err = s.Enrolment.PlaceRequests(ctx, enrolment.PlaceFilter{Course: course, Status: p.Status, Page: after(c)}); err != nil {
		return p, err
	}
	if p.Standings, err = s.Enrolment.Standings(ctx, course); err != nil {
		return p, err
	}
	p.Places, err = s.Enrolment.PlacesIn(ctx, p.Outline.Course)
	return p, err
}

// Places shows who asks for a place, who waits, and who is on which version.
func (s Studio) Places(c *fiber.Ctx) error {
	p, err := s.places(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// DecidePlace grants or refuses a request.
func (s Studio) DecidePlace(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	request, err := id(c, "request")
	if err != nil {
		return err
	}
	r, err := s.decidePlace(c, course, enrolment.Decision{Request: request, Grant: f.get("decision") == "grant", Answer: f.get("answer")})
	if err != nil {
		return s.placesAgain(c, err)
	}
	flash := themes.FlashPlaceRefused
	switch r.Status {
	case enrolment.RequestGranted:
		flash = themes.FlashPlaceGranted
	case enrolment.RequestOpen:
		flash = themes.FlashPlaceWaits
	case enrolment.RequestRefused, enrolment.RequestTakenBack:
	}
	return s.done(c, studio(course)+"/places", flash, called(auth.Person{Name: r.PersonName, Email: r.PersonEmail}))
}

// decidePlace decides a request of the course in the address, and of no other.
func (s Studio) decidePlace(c *fiber.Ctx, course uid.ID, d enrolment.Decision) (enrolment.PlaceAsked, error) {
	ctx := c.UserContext()
	r, err := s.Enrolment.PlaceRequest(ctx, d.Request)
	if err == nil && r.CourseID != course {
		err = enrolment.ErrRequestNotFound
	}
	if err == nil {
		r.PlaceRequest, err = s.Enrolment.DecidePlace(ctx, d)
	}
	return r, err
}

// MovePeople asks for people to be moved to the newest version.
func (s Studio) MovePeople(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	if err = s.Enrolment.RequestMove(c.UserContext(), course, stages(f)); err != nil {
		return s.placesAgain(c, err)
	}
	return s.done(c, studio(course)+"/places", themes.FlashMoving, "")
}

// stages reads the stages ticked.
func stages(f form) (list []enrolment.Stage) {
	for _, v := range f.all("move") {
		list = append(list, enrolment.Stage(v))
	}
	return list
}

// placesAgain shows the page with what was refused.
func (s Studio) placesAgain(c *fiber.Ctx, refused error) error {
	p, err := s.places(c)
	if err != nil {
		return err
	}
	return s.refused(c, refused, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

// withPlaces adds how the places of a course stand, for who is not in it.
func (l Learn) withPlaces(c *fiber.Ctx, p themes.CoursePage) (themes.CoursePage, error) {
	if p.Enrolment != nil || p.Outline.Course.Status != catalog.StatusPublished {
		return p, nil
	}
	var err error
	p.Places, err = l.Enrolment.PlacesIn(c.UserContext(), p.Outline.Course)
	return p, err
}
