package main

import (
	"context"
	"encoding/json"
	"fmt"

	"lyceum/auth"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/themes"
)

// lessonConsequences is what follows when an instructor has marked something.
func (a *app) lessonConsequences() []queue.Consequence {
	return []queue.Consequence{
		{When: "submission.accepted", Name: "mail_submission_accepted", Do: a.mailMarked},
		{When: "submission.returned", Name: "mail_submission_returned", Do: a.mailMarked},
		{When: "submission.failed", Name: "mail_submission_failed", Do: a.mailMarked},
		{When: "submission.submitted", Name: "compare_submission", Do: a.compareHanded},
	}
}

// compareHanded compares what was handed in with the rest of its cohort, where the assignment asks for it.
func (a *app) compareHanded(ctx context.Context, e event.Event) error {
	var d struct {
		SubmissionID uid.ID `json:"submission_id"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	err := a.assignments.Fingerprint(ctx, d.SubmissionID)
	if unwanted(err) {
		return nil
	}
	return err
}

// mailMarked tells a learner what was said of what they handed in.
func (a *app) mailMarked(ctx context.Context, e event.Event) error {
	var d struct {
		PersonID     uid.ID `json:"person_id"`
		LessonID     uid.ID `json:"lesson_id"`
		LessonTitle  string `json:"lesson_title"`
		CourseTitle  string `json:"course_title"`
		CourseID     uid.ID `json:"course_id"`
		Percent      *int   `json:"percent"`
		SubmissionID uid.ID `json:"submission_id"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	who, err := a.person(ctx, d.PersonID)
	if unwanted(err) || err == nil && who.Status != auth.PersonActive {
		return nil
	}
	if err != nil {
		return err
	}
	comment, slug := "", ""
	err = a.store.InTenant(ctx, func(ctx context.Context) error {
		h, err := a.store.SubmissionByID(ctx, d.SubmissionID)
		if err != nil {
			return err
		}
		c, err := a.store.CourseByID(ctx, d.CourseID)
		comment, slug = h.Comment, c.Slug
		return err
	})
	if unwanted(err) {
		return nil
	}
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	return a.letter(ctx, e, who, themes.MarkedMail{
		Name: who.Name, LessonTitle: d.LessonTitle, CourseTitle: d.CourseTitle, Accepted: e.Type == "submission.accepted", Failed: e.Type == "submission.failed", Percent: d.Percent, Comment: comment,
		Link: a.hosts.PortalURL(t) + "/learn/" + slug + "/" + d.LessonID.String(),
	})
}
