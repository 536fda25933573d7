package hrsync

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/internal/event"
	"lyceum/internal/uid"
)

// report sets whom people report to, and their other managers, now that everybody is here: all at once, so that two may swap places. Who
// would stand above themselves is left as they are, with the reason.
func (s *Service) report(ctx context.Context, src Source, rows []Row) error {
	if err := s.Keep.HoldLines(ctx); err != nil {
		return err
	}
	people, err := s.Keep.PeopleForHR(ctx, nil, false)
	if err != nil {
		return err
	}
	ids := make([]uid.ID, len(rows))
	for i, r := range rows {
		ids[i] = *r.PersonID
	}
	facts, err := s.Keep.FactsForHR(ctx, ids)
	if err != nil {
		return err
	}
	st := &standing{people: make(map[uid.ID]*auth.Person, len(people)), facts: map[factKey]Fact{}}
	for i := range people {
		st.people[people[i].ID] = &people[i]
	}
	for _, f := range facts {
		if f.FieldID == nil {
			st.facts[factKey{f.PersonID, string(f.Kind)}] = f
		}
	}
	w := &reporting{s: s, st: st, now: s.Now(), wished: map[uid.ID]*wishedLine{}, facts: map[string][]org.Change{}}
	for i := range rows {
		if err := w.one(ctx, &rows[i]); err != nil {
			return err
		}
	}
	w.straighten()
	return w.write(ctx)
}

type wishedLine struct {
	row  *Row
	diff Diff
}

// reporting is the managers that are set together.
type reporting struct {
	s      *Service
	st     *standing
	now    time.Time
	wished map[uid.ID]*wishedLine
	facts  map[string][]org.Change
	events []event.Event
}

func (w *reporting) one(ctx context.Context, r *Row) error {
	r.State = RowDone
	p := w.st.people[*r.PersonID]
	if p == nil {
		r.State, r.Problem = RowPartly, errNobody.Text
		return nil
	}
	var said []string
	for _, d := range r.Changes {
		if !slices.Contains(managed, d.Field) {
			continue
		}
		_, id := w.st.value(p, d.Field)
		switch {
		case id == d.NewID:
		case id != d.OldID:
			r.State, r.Field, r.Problem = RowPartly, d.Field, errMoved.Text
		case d.NewID != uid.Nil && w.st.people[d.NewID] == nil:
			r.State, r.Field, r.Problem = RowPartly, d.Field, errNobody.Text
		case d.Field == FieldManager:
			w.wished[p.ID] = &wishedLine{r, d}
		default:
			day := dayOf(r, w.now)
			w.facts[day] = append(w.facts[day], org.Change{Person: p.ID, Kind: org.SpanKind(d.Field), Manager: d.NewID})
			said = append(said, d.Field)
		}
	}
	if len(said) == 0 {
		return nil
	}
	e, err := placedEvent(ctx, w.now, r, *p, said)
	w.events = append(w.events, e)
	return err
}

// straighten leaves out those who would stand above themselves.
func (w *reporting) straighten() {
	for {
		rings, long := inLoops(w.wished, func(id uid.ID) uid.ID {
			if l := w.wished[id]; l != nil {
				return l.diff.NewID
			}
			if p := w.st.people[id]; p != nil && p.ManagerID != nil {
				return *p.ManagerID
			}
			return uid.Nil
		})
		if len(rings)+len(long) == 0 {
			return
		}
		for _, id := range slices.Concat(append(rings, long)...) {
			l := w.wished[id]
			if l == nil {
				continue
			}
			if l.row.State, l.row.Field, l.row.Problem = RowPartly, FieldManager, auth.ErrLoop.Text; len(rings) == 0 {
				l.row.Problem = auth.ErrLineLong.Text
			}
			delete(w.wished, id)
		}
	}
}

func (w *reporting) write(ctx context.Context) error {
	var changes []ManagerChange
	ids := slices.SortedFunc(maps.Keys(w.wished), func(a, b uid.ID) int { return strings.Compare(string(a[:]), string(b[:])) })
	for _, id := range ids {
		l := w.wished[id]
		c := ManagerChange{Person: id, Day: org.DayOf(w.now)}
		if l.row.Day != nil {
			c.Day = org.Day{Time: *l.row.Day}
		}
		p := w.st.people[id]
		data := map[string]any{"person_id": id, "name": p.Name, "was": p.ManagerID, "manager_id": nil}
		if l.diff.NewID != uid.Nil {
			manager := l.diff.NewID
			c.Manager = &manager
			data["manager_id"], data["manager"] = manager, w.st.called(manager)
		}
		if l.row.Day != nil {
			data["since"] = c.Day.String()
		}
		changes = append(changes, c)
		e, err := event.New(ctx, w.now, "person.manager_changed", "person", id, data)
		if err != nil {
			return err
		}
		w.events = append(w.events, e)
	}
	if err := w.s.Keep.SetManagers(ctx, changes, w.now); err != nil {
		return err
	}
	for _, day := range slices.Sorted(maps.Keys(w.facts)) {
		if err := w.s.Keep.WritePersonFacts(ctx, w.facts[day], day, w.now); err != nil {
			return err
		}
	}
	return w.s.Keep.AppendEvents(ctx, w.events...)
}
