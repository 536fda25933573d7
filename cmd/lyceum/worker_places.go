package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/themes"
)

// placeConsequences is what follows when a place becomes free, and when people are to be moved. Who is told of a place
// that was given or refused stands in worker_home.go.
func (a *app) placeConsequences() []queue.Consequence {
	return []queue.Consequence{
		{When: "enrolment.withdrawn", Name: "fill_places_withdrawn", Do: a.fillPlaces},
		{When: "enrolment.completed", Name: "fill_places_completed", Do: a.fillPlaces},
		{When: "course.settings_changed", Name: "fill_places_changed", Do: a.fillPlaces},
		{When: "enrolment.move_requested", Name: "move_people", Long: true, Timeout: movesMax, Do: a.movePeople},
	}
}

// movesMax is how long one run may move people; the next try goes on where it stopped.
const movesMax = 10 * time.Minute

// placeChores catch up with what no event told of.
func (a *app) placeChores() []queue.Chore {
	return []queue.Chore{
		{Name: "fill_places", Every: time.Hour, Do: func(ctx context.Context) error {
			return a.everywhere(ctx, "places", func(ctx context.Context) error { _, err := a.enrolment.FillAllPlaces(ctx); return err })
		}},
	}
}

// fillPlaces gives the places that an event may have freed: those of the course it names, or is about.
func (a *app) fillPlaces(ctx context.Context, e event.Event) error {
	var d struct {
		CourseID uid.ID `json:"course_id"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	if e.SubjectType == "course" {
		d.CourseID = e.SubjectID
	}
	_, err := a.enrolment.FillPlaces(ctx, d.CourseID)
	if unwanted(err) {
		return nil
	}
	return err
}

// placeMail tells who asked for a place what became of it.
func placeMail(ctx context.Context, a *app, f newsFacts, to auth.Person) (themes.Mail, error) {
	t, _ := tenant.From(ctx)
	return themes.PlaceMail{
		Name: to.Name, CourseTitle: f.Course, Granted: f.Event.Type == "place.granted", Answer: f.Answer, Link: a.hosts.PortalURL(t) + toCourse(f),
	}, nil
}

func (a *app) movePeople(ctx context.Context, e event.Event) error {
	var d struct {
		Stages []enrolment.Stage `json:"stages"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	_, err := a.enrolment.MoveAll(ctx, e.SubjectID, d.Stages, e.ActorID)
	return err
}
