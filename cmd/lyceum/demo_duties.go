package main

import (
	"context"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/internal/clock"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
)

const (
	// dutiesBegan is how many days ago the demo's requirements began: by now one is overdue, the other is not yet.
	dutiesBegan = 35
	// reportsOfTheManager are how many people the demo's manager looks after.
	reportsOfTheManager = 9
)

// demoDuties makes two requirements that began some weeks ago, and gives the manager people. It does nothing where there are requirements already.
func (a *app) demoDuties(owner context.Context, people map[string]auth.Person, courses []catalog.Outline) error {
	if had, err := a.duties.List(owner); err != nil || len(had) > 0 || len(courses) == 0 {
		return err
	}
	began := a.now().AddDate(0, 0, -dutiesBegan)
	then := clock.Clock(func() time.Time { return began })
	duties := duty.New(a.store, enrolment.New(enrolment.Options{Keep: a.store, Now: then}), a.auth, then)
	year, twoMonths, threeWeeks := 12, 60, 21
	for _, one := range []struct {
		in    duty.Input
		group string
	}{
		{duty.Input{Name: "Workplace safety, every year", Framework: "ISO 45001", Courses: []uid.ID{courses[0].Course.ID}, Terms: duty.Terms{ValidMonths: &year, DueDays: &twoMonths, GraceDays: 14, RenewDays: 60, KeepDay: true}}, "Production and logistics"},
		{duty.Input{Name: "Information security for newcomers", Framework: "ISO 27001", Courses: []uid.ID{courses[len(courses)-1].Course.ID}, Terms: duty.Terms{DueDays: &threeWeeks, GraceDays: 7}}, "New since 2024"},
	} {
		found, err := a.groups.List(owner, group.Filter{Query: one.group})
		if err != nil {
			return err
		}
		one.in.Status = duty.StatusOn
		r, err := duties.Save(owner, uid.Nil, one.in)
		if err != nil {
			return fmt.Errorf("requirement %s: %w", one.in.Name, err)
		}
		if len(found.Items) > 0 {
			if _, err = duties.Apply(owner, r.ID, duty.Proposal{Do: duty.DoAdd, Group: found.Items[0].ID}); err != nil {
				return fmt.Errorf("requirement %s: %w", one.in.Name, err)
			}
		}
		if err = duties.Run(owner, r.ID); err != nil {
			return fmt.Errorf("requirement %s: %w", one.in.Name, err)
		}
	}
	manager := people["manager"].ID
	team, err := a.auth.People(owner, auth.PeopleFilter{Role: "learner", Status: auth.PersonActive})
	if err != nil {
		return err
	}
	for _, p := range team.Items[:min(reportsOfTheManager, len(team.Items))] {
		if err := a.org.SetManager(owner, p.ID, &manager); err != nil {
			return fmt.Errorf("the manager of %s: %w", p.Email, err)
		}
	}
	return nil
}
