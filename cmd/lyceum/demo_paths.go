package main

import (
	"context"
	"errors"
	"fmt"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
)

// demoPaths makes one path of the demo's courses, and has the last course ask for the first. It does nothing where they
// are there already.
func (a *app) demoPaths(instructor, learner context.Context, courses []catalog.Outline) error {
	if len(courses) < 2 {
		return nil
	}
	first, last := courses[0].Course.ID, courses[len(courses)-1].Course.ID
	if _, err := a.paths.AddNeed(instructor, last, path.NeedInput{Kind: enrolment.NeedCourse, Course: first}); err != nil && !errors.Is(err, path.ErrNeedTwice) {
		return fmt.Errorf("prerequisite: %w", err)
	}
	in := path.Input{Title: "Your first weeks", Slug: "first-weeks", Summary: "What everyone needs from the first day on: work safely, and keep what is ours to ourselves.", Ordered: true}
	p, err := a.paths.BySlug(instructor, in.Slug)
	if errors.Is(err, path.ErrNotFound) {
		p.Path, err = a.paths.Create(instructor, in)
	}
	if err != nil {
		return fmt.Errorf("path: %w", err)
	}
	made := p.Path
	if len(made.Sections) == 0 {
		sections := path.Sections{{Title: "Begin here", Courses: []uid.ID{first}}, {Title: "Then", Ordered: true}}
		for _, o := range courses[1:] {
			sections[1].Courses = append(sections[1].Courses, o.Course.ID)
		}
		if made, err = a.paths.Set(instructor, made.ID, made.Revision, in, sections); err != nil {
			return fmt.Errorf("sections of the path: %w", err)
		}
	}
	if made.Status == path.StatusDraft {
		if made, err = a.paths.Publish(instructor, made.ID, made.Revision); err != nil {
			return fmt.Errorf("publish the path: %w", err)
		}
	}
	_, err = a.paths.Take(learner, made.ID)
	return err
}
