package ldapsync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// setManagers sets the managers whom entries name. A name that is nobody's here changes nothing. Where two swap their places
// the first would make a loop until the second moved: what was refused is tried once more when all others stand.
func (w *work) setManagers(ctx context.Context) error {
	if w.dry {
		return nil // those who would be new are not here
	}
	refused, err := w.setTheirs(ctx, w.managed)
	if err != nil || len(refused) == 0 {
		return err
	}
	again := make([]managed, len(refused))
	for i, r := range refused {
		again[i] = r.managed
	}
	if refused, err = w.setTheirs(ctx, again); err != nil {
		return err
	}
	for _, r := range refused {
		w.pass(r.manager, "is not taken over as a manager: %s", sentence(r.why))
	}
	return nil
}

// refusal is a manager whom the lines refuse.
type refusal struct {
	managed
	why error
}

// setTheirs sets managers and gives those that lines refuse.
func (w *work) setTheirs(ctx context.Context, all []managed) (refused []refusal, err error) {
	for list := range slices.Chunk(all, chunk) {
		people := make([]uid.ID, len(list))
		for i, m := range list {
			people[i] = m.person
		}
		var here []refusal
		err := w.keep.InTenant(ctx, func(ctx context.Context) error {
			here = nil
			if err := w.keep.HoldLines(ctx); err != nil {
				return err
			}
			now, err := w.keep.ManagersOf(ctx, people)
			if err != nil {
				return err
			}
			for _, m := range list {
				wished := w.byDN[ldap.DNKey(m.manager)]
				if wished == m.person || wished == now[m.person] || wished == uid.Nil && m.manager != "" {
					continue
				}
				_, _, err := w.auth.Provision(ctx, w.d.Source(), m.person, auth.Profile{ManagerID: &wished})
				if errors.Is(err, auth.ErrLoop) || errors.Is(err, auth.ErrLineLong) {
					here = append(here, refusal{m, err})
				} else if err != nil {
					return err
				}
			}
			return nil
		})
		refused = append(refused, here...)
		if err == nil {
			err = w.beat(ctx)
		}
		if err != nil {
			return refused, err
		}
	}
	return refused, nil
}

// keepGroups brings the directory's groups and their members to what was read. Nobody is taken out of a group, and no group
// is removed, unless all was read. Groups that are new have no members in a dry run: their people may not be here yet.
func (w *work) keepGroups(ctx context.Context) error {
	have, err := w.groupsHere(ctx)
	if err != nil {
		return err
	}
	for i, g := range w.groups {
		err := w.keepGroup(ctx, g, have[g.Subject])
		if err == nil && i%chunk == chunk-1 {
			err = w.beat(ctx)
		}
		if err != nil {
			return fmt.Errorf("group %s: %w", g.DN, err)
		}
		delete(have, g.Subject)
	}
	w.run.Counts.V.Groups = len(w.groups)
	if !w.whole.groups {
		return nil
	}
	for _, g := range have {
		err := w.transact(ctx, func(ctx context.Context) error {
			if err := w.keep.DeleteGroup(ctx, g.ID); err != nil {
				return err
			}
			return w.tell(ctx, "group.deleted", "group", g.ID, w.groupFacts(*g))
		})
		if err != nil {
			return err
		}
		w.run.Counts.V.GroupsMoved++
		w.note(Change{g.Name, WhatGroup, "gone from the directory"})
	}
	return nil
}

// groupsHere gives the groups that are kept of the directory, by subject.
func (w *work) groupsHere(ctx context.Context) (map[string]*auth.Group, error) {
	have := map[string]*auth.Group{}
	for p := (page.Request{Limit: page.MaxLimit}); ; {
		var list page.Of[auth.Group]
		err := w.keep.InTenant(ctx, func(ctx context.Context) (err error) {
			list, err = w.keep.GroupsBy(ctx, auth.GroupFilter{Directory: w.d.ID, Page: p})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, g := range list.Items {
			if g.ExternalID != nil {
				have[*g.ExternalID] = &g
			}
		}
		if p.After = list.Next; p.After == "" {
			return have, nil
		}
	}
}

func (w *work) groupFacts(g auth.Group) map[string]any {
	return map[string]any{"group_id": g.ID, "name": g.Name, "directory_id": w.d.ID}
}

func (w *work) keepGroup(ctx context.Context, g ldap.Group, here *auth.Group) error {
	what := ""
	err := w.transact(ctx, func(ctx context.Context) (err error) {
		what = ""
		now := w.now()
		row := auth.Group{ID: uid.New(), Name: g.Name, DirectoryID: &w.d.ID, ExternalID: &g.Subject, Revision: 1, CreatedAt: now, UpdatedAt: now}
		switch {
		case here == nil:
			what = "made"
			if err := w.keep.InsertGroup(ctx, row); err != nil {
				return err
			}
			err = w.tell(ctx, "group.created", "group", row.ID, w.groupFacts(row))
		case here.Name != g.Name:
			what = "renamed from " + here.Name
			row = *here
			row.Name, row.Revision, row.UpdatedAt = g.Name, here.Revision+1, now
			if err := w.keep.SetGroup(ctx, row); err != nil {
				return err
			}
			err = w.tell(ctx, "group.updated", "group", row.ID, w.groupFacts(row))
		default:
			row = *here
		}
		if err != nil || w.dry && here == nil {
			return err
		}
		came, went, err := w.keepMembers(ctx, row, w.inGroup[ldap.DNKey(g.DN)])
		if err != nil || came+went == 0 {
			return err
		}
		what += fmt.Sprintf(" +%d −%d people", came, went)
		data := w.groupFacts(row)
		data["people"] = came + went
		return w.tell(ctx, "group.members_changed", "group", row.ID, data)
	})
	if err == nil && what != "" {
		w.run.Counts.V.GroupsMoved++
		w.note(Change{g.Name, WhatGroup, what})
	}
	return err
}

// keepMembers brings a group to these members.
func (w *work) keepMembers(ctx context.Context, g auth.Group, wished []uid.ID) (came, went int, err error) {
	stay := map[uid.ID]bool{}
	for _, id := range wished {
		stay[id] = true
	}
	const some = 1000
	var gone []uid.ID
	for after := uid.Nil; ; {
		have, err := w.keep.MembersOf(ctx, g.ID, after, some)
		if err != nil {
			return 0, 0, err
		}
		for _, id := range have {
			after = id
			if stay[id] {
				delete(stay, id)
			} else {
				gone = append(gone, id)
			}
		}
		if len(have) < some {
			break
		}
	}
	var joining []uid.ID
	for _, id := range wished {
		if stay[id] && (!w.dry || !w.fresh[id]) {
			joining = append(joining, id)
			delete(stay, id)
		}
	}
	if came, err = w.keep.AddMembers(ctx, g.ID, joining); err != nil {
		return came, 0, err
	}
	if w.whole.people && w.whole.groups && len(gone) > 0 {
		went, err = w.keep.RemoveMembers(ctx, g.ID, gone)
	}
	return came, went, err
}

// findMissing adds to those who leave whoever is active here and was not read. It asks only when everything was read.
func (w *work) findMissing(ctx context.Context) error {
	if !w.whole.people || !w.whole.groups {
		return nil
	}
	const some = 1000
	for after := uid.Nil; ; {
		var list []Record
		err := w.keep.InTenant(ctx, func(ctx context.Context) (err error) {
			list, err = w.keep.ActiveRecords(ctx, w.d.ID, after, some)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range list {
			after = r.PersonID
			if !w.seen[r.ExternalID] {
				w.leaving = append(w.leaving, leaver{r, "the directory has them no more"})
			}
		}
		if len(list) < some {
			return nil
		}
	}
}

// letGo deactivates who leaves, unless they are too many.
func (w *work) letGo(ctx context.Context) error {
	if len(w.leaving) == 0 {
		return nil
	}
	all := 0
	err := w.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		all, err = w.keep.CountActiveRecords(ctx, w.d.ID)
		return err
	})
	if err != nil {
		return err
	}
	if n := len(w.leaving); !w.order.Confirmed && n > holdNever && n*100 > all*w.d.Settings.V.WithDefaults().HoldPercent {
		w.run.Counts.V.Held = n
		for _, l := range w.leaving {
			w.note(Change{l.record.Resource.V.DN, WhatHeld, l.why})
		}
		return nil
	}
	for list := range slices.Chunk(w.leaving, chunk) {
		for _, l := range list {
			if err := w.letOneGo(ctx, l); err != nil {
				return err
			}
		}
		if err := w.beat(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) letOneGo(ctx context.Context, l leaver) error {
	dn := l.record.Resource.V.DN
	err := w.transact(ctx, func(ctx context.Context) error {
		if err := w.auth.DeactivateFrom(ctx, w.d.Source(), l.record.PersonID); err != nil {
			return err
		}
		// What else was read of the entry in this run stands in the record already.
		list, err := w.keep.SubjectRecords(ctx, w.d.ID, []string{l.record.ExternalID})
		if err != nil || len(list) == 0 {
			return err
		}
		r := list[0]
		r.Active, r.UpdatedAt = false, w.now()
		return w.keep.SetSubjectRecord(ctx, r)
	})
	switch {
	case errors.Is(err, auth.ErrLastOwner):
		w.pass(dn, "%s", sentence(err))
		return nil
	case err != nil:
		return fmt.Errorf("deactivate %s: %w", dn, err)
	}
	w.touched = w.touched || !w.dry
	w.run.Counts.V.Deactivated++
	w.note(Change{dn, WhatDeactivated, l.why})
	return nil
}
