package main

import (
	"context"
	"errors"
	"fmt"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// demoGroups gives people departments and puts them into groups: by hand, and by rules. The first course takes a group in.
// owner is a context in which the owner asks.
func (a *app) demoGroups(ctx, owner context.Context, outlines []catalog.Outline) error {
	people, err := a.auth.People(owner, auth.PeopleFilter{Page: page.Request{Limit: page.MaxLimit}})
	if err != nil {
		return err
	}
	departments := []string{"Production", "Sales", "Logistics", "IT"}
	source := auth.Source{Kind: auth.SourceDirectory, ID: uid.ID{1}, Name: "Personnel file"}
	err = a.store.InTenant(ctx, func(ctx context.Context) error {
		for i, p := range people.Items {
			said := auth.Attributes{"department": departments[i%len(departments)], "location": []string{"Ulm", "Lyon", "Leeds"}[i%3], "hire_date": fmt.Sprintf("20%02d-%02d-01", 10+i%16, 1+i%12)}
			if _, _, err := a.auth.Provision(ctx, source, p.ID, auth.Profile{Attributes: said}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	wardens, err := a.demoGroup(owner, group.Input{Name: "Fire wardens", Description: "Know where the extinguishers are"})
	if err != nil {
		return err
	}
	var some []uid.ID
	for _, p := range people.Items[:min(5, len(people.Items))] {
		some = append(some, p.ID)
	}
	if _, err := a.groups.Add(owner, wardens, some); err != nil {
		return err
	}
	for _, in := range []group.Input{
		{Name: "Production and logistics", Description: "Everyone in the hall", Rule: &group.Rule{Match: group.MatchAll, Conditions: []group.Condition{{Field: "department", Op: group.Is, Values: []string{"Production", "Logistics"}}}}},
		{Name: "New since 2024", Rule: &group.Rule{Match: group.MatchAll, Conditions: []group.Condition{{Field: group.FieldHired, Op: group.After, Values: []string{"2023-12-31"}}}}},
	} {
		if _, err := a.demoGroup(owner, in); err != nil {
			return err
		}
	}
	if len(outlines) == 0 {
		return nil
	}
	listed, err := a.intakes.OfGroup(owner, wardens)
	if err != nil || len(listed) > 0 {
		return err
	}
	_, err = a.intakes.Enrol(owner, wardens, outlines[0].Course.ID, true)
	return err
}

// demoGroup makes a group, or finds the one of this name that an earlier start made.
func (a *app) demoGroup(ctx context.Context, in group.Input) (uid.ID, error) {
	g, err := a.groups.Create(ctx, in)
	if !errors.Is(err, group.ErrNameTaken) {
		return g.ID, err
	}
	found, err := a.groups.List(ctx, group.Filter{Query: in.Name})
	if err != nil || len(found.Items) == 0 {
		return uid.Nil, err
	}
	return found.Items[0].ID, nil
}
