package hrsync

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// bring brings rows of people in who are new, who change or who come back: in a few statements for all of them. What is so already is passed
// over; what is neither as it was when the run was planned nor as it becomes makes a row fail.
func (s *Service) bring(ctx context.Context, src Source, invite bool, rows []Row) error {
	w, err := s.begin(ctx, src, rows)
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if err := w.one(r); err != nil {
			if err := r.settle(err); err != nil {
				return err
			}
		}
	}
	if err := s.Auth.ArriveAll(ctx, src.From(), policy.Learner, invite, w.arrivals); err != nil {
		return err
	}
	if err := s.Keep.SetHRLinks(ctx, w.linked); err != nil {
		return err
	}
	if err := s.Keep.CutHRLinks(ctx, src.ID, w.cut); err != nil {
		return err
	}
	for _, day := range slices.Sorted(maps.Keys(w.facts)) {
		if err := s.Keep.WritePersonFacts(ctx, w.facts[day], day, w.now); err != nil {
			return err
		}
	}
	return s.Keep.AppendEvents(ctx, w.events...)
}

// bringing is the rows that are brought in together.
type bringing struct {
	s        *Service
	ctx      context.Context
	src      Source
	now      time.Time
	st       *standing
	links    map[uid.ID]Link
	holders  map[string]auth.Person // of the e-mails that rows give
	erased   map[string]bool
	arrivals []auth.Arrival
	linked   []Link
	cut      []uid.ID
	facts    map[string][]org.Change // by day
	events   []event.Event
}

func (s *Service) begin(ctx context.Context, src Source, rows []Row) (*bringing, error) {
	w := &bringing{s: s, ctx: ctx, src: src, now: s.Now(), links: map[uid.ID]Link{}, facts: map[string][]org.Change{}}
	var ids []uid.ID
	var emails, names []string
	for _, r := range rows {
		ids = append(ids, *r.PersonID)
		for _, d := range r.Changes {
			if d.Field == auth.FieldEmail {
				emails = append(emails, d.New)
			}
		}
		if r.Outcome == OutcomeCreate {
			names = append(names, r.Email, src.From().Alias(r.ExternalID))
		}
	}
	var err error
	if w.st, err = s.stand(ctx, ids, true); err != nil {
		return nil, err
	}
	links, err := s.Keep.HRLinks(ctx, src.ID)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		w.links[l.PersonID] = l
	}
	if w.holders, err = s.Keep.PeopleByEmails(ctx, emails); err != nil {
		return nil, err
	}
	w.erased, err = s.Auth.ErasedAmong(ctx, names)
	return w, err
}

// one takes a row up, or says why not.
func (w *bringing) one(r *Row) error {
	p := w.st.people[*r.PersonID]
	a := auth.Arrival{New: p == nil && r.Outcome == OutcomeCreate}
	switch {
	case a.New:
		a.Person = auth.Person{ID: *r.PersonID}
		if w.erased[r.Email] || w.erased[w.src.From().Alias(r.ExternalID)] {
			return auth.ErrErased
		}
	case p == nil:
		return errNobody
	case r.Outcome == OutcomeCreate:
		return errMoved
	default:
		a.Person = *p
		a.Person.Attributes = maps.Clone(p.Attributes)
	}
	if a.Person.Attributes == nil {
		a.Person.Attributes = auth.Attributes{}
	}
	if r.Outcome == OutcomeReturn {
		if a.Again = p.Status == auth.PersonDeactivated; a.Again {
			if err := w.s.Auth.MayTouch(w.ctx, p.Roles...); err != nil {
				return err
			}
		}
	}
	link, linked := w.links[*r.PersonID]
	keepsLink, cuts, later := linked && r.Outcome == OutcomeReturn, false, false
	var facts []org.Change
	for _, d := range r.Changes {
		text, id := w.says(p, link, d.Field)
		if slices.Contains(managed, d.Field) {
			later = true
			continue
		}
		if is(d.Field, text, id, d.New, d.NewID) {
			continue
		}
		if !is(d.Field, text, id, d.Old, d.OldID) {
			return errMoved.With(d.Field, errMoved.Text)
		}
		change, isFact, err := w.take(&a, r, d)
		if err != nil {
			return fault.Of(err).With(d.Field, fault.Of(err).Text)
		}
		switch {
		case d.Field == FieldExternalID && d.New == "":
			cuts, keepsLink = true, false
		case d.Field == FieldExternalID:
			link, keepsLink = Link{SourceID: w.src.ID, ExternalID: d.New, PersonID: *r.PersonID, LinkedAt: w.now}, true
		case isFact:
			facts = append(facts, change)
		}
	}
	if cuts {
		w.cut = append(w.cut, *r.PersonID)
	}
	if link.LeftAt = nil; keepsLink {
		w.linked = append(w.linked, link)
	}
	if a.New || a.Again || len(a.Changed) > 0 {
		w.arrivals = append(w.arrivals, a)
	}
	if r.State = RowDone; later {
		r.State = RowPlaced
	}
	return w.place(r, a.Person, facts)
}

// says is what a field says now.
func (w *bringing) says(p *auth.Person, link Link, field string) (string, uid.ID) {
	switch {
	case field == FieldExternalID:
		return link.ExternalID, uid.Nil
	case p == nil:
		return "", uid.Nil
	}
	return w.st.value(p, field)
}

// take writes a change into whom arrives, or makes a fact of it.
func (w *bringing) take(a *auth.Arrival, r *Row, d Diff) (c org.Change, isFact bool, err error) {
	p := &a.Person
	set := func(to *string) { *to, a.Changed = d.New, append(a.Changed, d.Field) }
	switch {
	case d.Field == FieldExternalID:
		return c, false, nil
	case d.Field == auth.FieldEmail:
		if holder, taken := w.holders[d.New]; taken && holder.ID != p.ID {
			return c, false, errEmailTaken
		}
		if !a.New {
			if err := w.s.Auth.MayTouch(w.ctx, p.Roles...); err != nil {
				return c, false, err
			}
		}
		set(&p.Email)
	case d.Field == auth.FieldName:
		set(&p.Name)
	case d.Field == auth.FieldLocale:
		set(&p.Locale)
	case d.Field == auth.FieldTimeZone:
		set(&p.TimeZone)
	case slices.Contains(attributes, d.Field):
		a.Changed = append(a.Changed, d.Field)
		if p.Attributes[d.Field] = d.New; d.New == "" {
			delete(p.Attributes, d.Field)
		}
	case strings.HasPrefix(d.Field, customPrefix):
		field, ok := w.st.own[strings.TrimPrefix(d.Field, customPrefix)]
		if !ok {
			return c, false, org.ErrNoField
		}
		return org.Change{Person: p.ID, Kind: org.SpanField, Field: field.ID, Value: d.New}, true, nil
	default:
		if u := w.st.units[d.NewID]; d.NewID != uid.Nil && u == nil {
			return c, false, org.ErrNoUnit
		} else if u != nil && u.ClosedAt != nil {
			return c, false, org.ErrUnitClosed
		}
		return org.Change{Person: p.ID, Kind: org.SpanKind(d.Field), Unit: d.NewID}, true, nil
	}
	return c, false, nil
}

// place notes facts of a row: event person.placed.
func (w *bringing) place(r *Row, p auth.Person, facts []org.Change) error {
	if len(facts) == 0 {
		return nil
	}
	day := dayOf(r, w.now)
	w.facts[day] = append(w.facts[day], facts...)
	var said []string
	for _, c := range facts {
		said = append(said, string(c.Kind))
	}
	e, err := placedEvent(w.ctx, w.now, r, p, said)
	w.events = append(w.events, e)
	return err
}

func placedEvent(ctx context.Context, now time.Time, r *Row, p auth.Person, said []string) (event.Event, error) {
	data := map[string]any{"person_id": p.ID, "name": p.Name, "changed": said}
	if r.Day != nil {
		data["since"] = org.Day{Time: *r.Day}.String()
	}
	return event.New(ctx, now, "person.placed", "person", p.ID, data)
}

// dayOf is the day from which a row counts.
func dayOf(r *Row, now time.Time) string {
	if r.Day != nil {
		return org.Day{Time: *r.Day}.String()
	}
	return org.DayOf(now).String()
}

// leave deactivates somebody.
func (s *Service) leave(ctx context.Context, src Source, r *Row) error {
	people, err := s.Keep.PeopleForHR(ctx, []uid.ID{*r.PersonID}, true)
	if err != nil {
		return err
	}
	if len(people) == 0 {
		return errNobody
	}
	if slices.Contains(people[0].Roles, policy.Owner) {
		return auth.ErrOwnersOnly
	}
	if err := s.Auth.MayTouch(ctx, people[0].Roles...); err != nil {
		return err
	}
	now := s.Now()
	if r.ExternalID != "" {
		if err := s.Keep.SetHRLinks(ctx, []Link{{SourceID: src.ID, ExternalID: r.ExternalID, PersonID: *r.PersonID, LinkedAt: now, LeftAt: &now}}); err != nil {
			return err
		}
	}
	return s.Auth.DeactivateFrom(ctx, src.From(), *r.PersonID)
}
