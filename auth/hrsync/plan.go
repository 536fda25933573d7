package hrsync

import (
	"context"
	"fmt"
	"strings"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/internal/uid"
)

// planned is a row while a plan is made.
type planned struct {
	Row
	entry  entry
	person *auth.Person // nil: somebody new
	names  map[string]string
}

func (r *planned) refuse(field, problem string, args ...any) {
	if r.Outcome != OutcomeRefused {
		if len(args) > 0 {
			problem = fmt.Sprintf(problem, args...)
		}
		r.Outcome, r.State, r.Field, r.Problem, r.Changes = OutcomeRefused, RowPassed, field, problem, Diffs{}
	}
}

func (r *planned) refused() bool { return r.Outcome == OutcomeRefused }

// planner makes a plan of a list of people: it knows what is so, compares in memory, and writes nothing.
type planner struct {
	*Service
	ctx    context.Context
	src    Source
	st     *standing
	today  org.Day
	rows   []*planned
	links  map[string]Link
	knows  map[uid.ID]string   // person → external id
	ext    map[string]*planned // of this list
	new    map[uid.ID]*planned // who is to be made
	made   []*org.Unit         // units to be made, those above first
	may    map[string]error    // roles → whether who asks may change whom has them
	emails map[string]*planned // that rows give which are not refused
	mails  map[string]*planned // of all rows
}

// planPeople says what a list of people would change. Leaves of those who are missing come last.
func (s *Service) planPeople(ctx context.Context, src Source, entries []entry) (rows []Row, counts Counts, known int, err error) {
	st, err := s.stand(ctx, nil, false)
	if err != nil {
		return nil, nil, 0, err
	}
	links, err := s.Keep.HRLinks(ctx, src.ID)
	if err != nil {
		return nil, nil, 0, err
	}
	p := &planner{
		Service: s, ctx: ctx, src: src, st: st, today: org.DayOf(s.Now()), links: make(map[string]Link, len(links)), knows: make(map[uid.ID]string, len(links)),
		ext: make(map[string]*planned, len(entries)), new: map[uid.ID]*planned{}, may: map[string]error{}, emails: map[string]*planned{}, mails: map[string]*planned{},
	}
	for _, l := range links {
		p.links[l.ExternalID], p.knows[l.PersonID] = l, l.ExternalID
		if l.LeftAt == nil {
			known++
		}
	}
	p.identify(entries)
	if err := p.refuseErased(); err != nil {
		return nil, nil, 0, err
	}
	for _, r := range p.rows {
		if !r.refused() {
			p.compare(r)
		}
	}
	p.settle()
	p.missing()
	rows, counts = p.result()
	return rows, counts, known, nil
}

// identify finds out whom each entry is about.
func (p *planner) identify(entries []entry) {
	for _, e := range entries {
		r := &planned{Row: Row{Line: e.line, Subject: SubjectPerson, State: RowWaiting, ExternalID: e.get(FieldExternalID), Changes: Diffs{}}, entry: e}
		p.rows = append(p.rows, r)
		r.Name = nameOf(e)
		if r.ExternalID == "" {
			r.Email = e.get(auth.FieldEmail)
			r.refuse(FieldExternalID, "This line has no external id. Fill in what the HR system calls the person.")
			continue
		}
		if before := p.ext[r.ExternalID]; before != nil {
			r.refuse(FieldExternalID, "This external id stands in line %d already. Leave one of both out.", before.Line)
			continue
		}
		p.ext[r.ExternalID] = r
		if written := e.get(auth.FieldEmail); written != "" {
			email, ok := auth.NormaliseEmail(written)
			if r.Email = email; !ok {
				r.Email = written
				r.refuse(auth.FieldEmail, "This is no e-mail address. Correct it, for example “anna@example.com”.")
			}
		}
		l, linked := p.links[r.ExternalID]
		if linked {
			r.person = p.st.people[l.PersonID]
		} else if id, here := p.st.byEmail[r.Email]; here && r.Email != "" {
			if as, other := p.knows[id]; other {
				r.refuse(auth.FieldEmail, "The e-mail is %s’s, whom this source knows as “%s”. Correct the e-mail or the external id.", p.st.called(id), as)
				continue
			}
			r.person = p.st.people[id]
		}
		if r.person != nil {
			r.PersonID = &r.person.ID
		} else {
			id := uid.New()
			r.PersonID, p.new[id] = &id, r
		}
		if r.Email != "" && p.mails[r.Email] == nil {
			p.mails[r.Email] = r
		}
	}
}

// nameOf is the name that an entry says.
func nameOf(e entry) string {
	if name := e.get(auth.FieldName); name != "" {
		return name
	}
	return strings.TrimSpace(e.get(FieldGivenName) + " " + e.get(FieldFamilyName))
}

// refuseErased refuses new people who were erased before.
func (p *planner) refuseErased() error {
	var names []string
	for _, r := range p.rows {
		if r.person == nil && !r.refused() {
			names = append(names, r.Email, p.src.From().Alias(r.ExternalID))
		}
	}
	if len(names) == 0 {
		return nil
	}
	erased, err := p.Auth.ErasedAmong(p.ctx, names)
	if err != nil {
		return err
	}
	for _, r := range p.rows {
		if r.person == nil && !r.refused() && (erased[r.Email] || erased[p.src.From().Alias(r.ExternalID)]) {
			r.refuse("", auth.ErrErased.Text)
		}
	}
	return nil
}

// compare says what an entry changes of its person.
func (p *planner) compare(r *planned) {
	e := r.entry
	p.when(r)
	gone, wrong := p.gone(r)
	if wrong || r.refused() {
		return
	}
	link, linked := p.links[r.ExternalID]
	switch {
	case gone && (r.person == nil || r.person.Status == auth.PersonDeactivated):
		r.Outcome = OutcomeSame
		return
	case gone:
		if r.Outcome = OutcomeLeave; linked || p.adopt(r) {
			p.mayGo(r)
		}
		return
	case r.person == nil:
		r.Outcome = OutcomeCreate
		if r.Email == "" {
			r.refuse(auth.FieldEmail, "A new person needs an e-mail address. Fill it in.")
		}
		if r.Name == "" {
			r.refuse(auth.FieldName, "A new person needs a name. Fill it in.")
		}
		r.add(Diff{Field: FieldExternalID, New: r.ExternalID})
	case r.person.Status == auth.PersonDeactivated:
		r.Outcome = OutcomeReturn
		if !linked || link.LeftAt == nil {
			r.refuse("", "This person was deactivated in the portal and not by this source. Reactivate them there first.")
			return
		}
		p.mayTouch(r)
	default:
		r.Outcome = OutcomeUpdate
	}
	if r.person != nil && !linked {
		p.adopt(r)
	}
	p.profile(r)
	for _, u := range placed {
		if e.says(u.field) || e.says(u.code) {
			p.place(r, u.field, u.code, u.kind)
		}
	}
	for _, field := range managed {
		if e.says(field) {
			p.manager(r, field)
		}
	}
	p.custom(r)
	if r.Outcome == OutcomeUpdate && len(r.Changes) == 0 {
		r.Outcome = OutcomeSame
	}
}

// adopt has the source know somebody from now on who is here already.
func (p *planner) adopt(r *planned) bool {
	r.add(Diff{Field: FieldExternalID, New: r.ExternalID})
	return !r.refused()
}

func (r *planned) add(d Diff) {
	if !r.refused() {
		r.Changes = append(r.Changes, d)
	}
}

// when reads from which day an entry counts.
func (p *planner) when(r *planned) {
	text := r.entry.get(FieldEffective)
	if text == "" {
		return
	}
	d, ok := day(text)
	switch {
	case !ok:
		r.refuse(FieldEffective, "Write a day as year-month-day, for example 2026-03-31.")
	case d.After(p.today.Time):
		r.refuse(FieldEffective, "This counts from %s on. Send it again then.", d.String())
	case d.Before(p.today.Time):
		at := d.Time
		r.Day = &at
	}
}

// gone tells whether an entry says that somebody left: by a last day that is over, or outright.
func (p *planner) gone(r *planned) (gone, wrong bool) {
	if text := r.entry.get(FieldEndDate); text != "" {
		d, ok := day(text)
		if !ok {
			r.refuse(FieldEndDate, "Write a day as year-month-day, for example 2026-03-31.")
			return false, true
		}
		gone = d.Before(p.today.Time)
	}
	return gone || yes(r.entry.get(FieldLeft)), false
}
