package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"lyceum/auth"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/themes"
)

// placeConsequences is what follows when a place becomes free, is given or refused, and when people are to be moved.
func (a *app) placeConsequences() []queue.Consequence {
	return []queue.Consequence{
		{When: "enrolment.withdrawn", Name: "fill_places_withdrawn", Do: a.fillPlaces},
		{When: "enrolment.completed", Name: "fill_places_completed", Do: a.fillPlaces},
		{When: "course.changed", Name: "fill_places_changed", Do: a.fillPlaces},
		{When: "place.granted", Name: "mail_place_granted", Do: a.mailPlace},
		{When: "place.refused", Name: "mail_place_refused", Do: a.mailPlace},
		{When: "enrolment.move_requested", Name: "move_people", Timeout: movesMax, Do: a.movePeople},
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

func (a *app) mailPlace(ctx context.Context, e event.Event) error {
	var d struct {
		PersonID    uid.ID `json:"person_id"`
		CourseTitle string `json:"course_title"`
		CourseSlug  string `json:"course_slug"`
		Answer      string `json:"answer"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	who, err := a.person(ctx, d.PersonID)
	if err != nil || who.Status != auth.PersonActive {
		return err
	}
	t, _ := tenant.From(ctx)
	link := a.hosts.PortalURL(t) + "/courses/" + url.PathEscape(d.CourseSlug)
	return a.letter(ctx, e, who, themes.PlaceMail{Name: who.Name, CourseTitle: d.CourseTitle, Granted: e.Type == "place.granted", Answer: d.Answer, Link: link})
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
