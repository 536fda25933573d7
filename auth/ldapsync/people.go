package ldapsync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// piece is what one transaction did; it counts when that was committed.
type piece struct {
	counts  Counts
	changes []Change
	placed  map[string]uid.ID // subject → person
	fresh   []uid.ID          // made
	managed []managed
	leaving []leaver
	touched bool
}

func (p *piece) did(who, what, format string, args ...any) {
	p.changes = append(p.changes, Change{who, what, fmt.Sprintf(format, args...)})
}

// takeAll brings the people of some entries to what these say, in one transaction; where one of them is refused, each in
// their own, so that the others do not wait for a directory that contradicts itself.
func (w *work) takeAll(ctx context.Context, entries []ldap.Entry) error {
	fresh := make([]ldap.Entry, 0, len(entries))
	for _, e := range entries {
		w.run.Counts.V.Read++
		if w.seen[e.Subject] {
			w.pass(e.DN, "another entry has the same %s", w.d.Settings.V.WithDefaults().LDAP.SubjectAttribute)
			continue
		}
		w.seen[e.Subject] = true
		fresh = append(fresh, e)
	}
	err := w.takeSome(ctx, fresh)
	if refused(err) {
		err = nil
		for _, e := range fresh {
			if one := w.takeSome(ctx, []ldap.Entry{e}); refused(one) {
				w.pass(e.DN, "%s", sentence(one))
			} else if one != nil {
				return one
			}
		}
	}
	if err != nil || len(entries) == 0 {
		return err
	}
	return w.beat(ctx)
}

// refused tells failures of what was said of one person from those of ours.
func refused(err error) bool {
	k := fault.Of(err).Kind
	return err != nil && !errors.Is(err, ErrRunOver) && (k == fault.KindInvalid || k == fault.KindConflict || k == fault.KindForbidden)
}

// sentence is a fault's text with those of its fields.
func sentence(err error) string {
	f := fault.Of(err)
	text := f.Text
	for _, field := range slices.Sorted(maps.Keys(f.Fields)) {
		text += " " + field + ": " + f.Fields[field]
	}
	return text
}

// pass notes somebody who is passed over.
func (w *work) pass(dn, format string, args ...any) {
	w.run.Counts.V.Passed++
	w.note(Change{dn, WhatPassed, fmt.Sprintf(format, args...)})
}

func (w *work) takeSome(ctx context.Context, entries []ldap.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	subjects := make([]string, len(entries))
	for i, e := range entries {
		subjects[i] = e.Subject
	}
	var p piece
	err := w.transact(ctx, func(ctx context.Context) error {
		p = piece{placed: map[string]uid.ID{}}
		records, err := w.keep.SubjectRecords(ctx, w.d.ID, subjects)
		if err != nil {
			return err
		}
		known := map[string]Record{}
		for _, r := range records {
			known[r.ExternalID] = r
		}
		for _, e := range entries {
			if r, ok := known[e.Subject]; ok {
				err = w.bring(ctx, &p, r, e)
			} else {
				err = w.welcome(ctx, &p, e)
			}
			if err != nil {
				return fmt.Errorf("entry %s: %w", e.DN, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.settle(p, entries)
	return nil
}

// settle takes over what a committed piece did.
func (w *work) settle(p piece, entries []ldap.Entry) {
	w.run.Counts.V.add(p.counts)
	w.note(p.changes...)
	w.managed, w.leaving = append(w.managed, p.managed...), append(w.leaving, p.leaving...)
	w.touched = w.touched || p.touched && !w.dry
	for _, id := range p.fresh {
		w.fresh[id] = true
	}
	for _, e := range entries {
		person, ok := p.placed[e.Subject]
		if !ok {
			continue
		}
		w.byDN[ldap.DNKey(e.DN)] = person
		for _, group := range e.Groups {
			key := ldap.DNKey(group)
			w.inGroup[key] = append(w.inGroup[key], person)
		}
	}
}

// mapped is what the mapping makes of an entry. A field of the mapping that the entry has not is said to be empty.
func (w *work) mapped(e ldap.Entry) auth.Mapped {
	out := w.mapping.Apply(e.Claims)
	for _, rule := range w.mapping {
		if _, said := out.Profile.Attributes[rule.Field]; !said && slices.Contains(auth.AttributeNames(), rule.Field) {
			out.Profile.Attributes[rule.Field] = ""
		}
	}
	return out
}

// bring brings a person whom the directory knows to what their entry says. Whom it is to deactivate is only noted: that is
// done when it is known how many they are.
func (w *work) bring(ctx context.Context, p *piece, r Record, e ldap.Entry) error {
	p.placed[e.Subject] = r.PersonID
	w.noteManager(p, r, e)
	if r.Active && !e.Active {
		p.leaving = append(p.leaving, leaver{r, "the directory says that the account is disabled"})
	}
	was := r.Resource.V
	same := r.Revision == w.d.Revision && was.DN == e.DN && reflect.DeepEqual(was.Claims, e.Claims)
	if same && (r.Active || !e.Active) {
		p.counts.Unchanged++
		return nil
	}
	person, err := w.keep.PersonByID(ctx, r.PersonID)
	if err != nil {
		return err
	}
	mapped := w.mapped(e)
	if err := w.restrain(ctx, p, person, &mapped, was.Made, e.DN); err != nil {
		return err
	}
	_, changed, err := w.auth.Provision(ctx, w.d.Source(), person.ID, mapped.Profile)
	if err != nil {
		return err
	}
	moved, err := w.assign(ctx, p, person.ID, mapped.Groups, e.DN)
	if err != nil {
		return err
	}
	if moved {
		changed = append(changed, "roles")
	}
	again := !r.Active && e.Active
	switch {
	case len(changed) > 0:
		p.counts.Updated++
		p.did(e.DN, WhatUpdated, "%s", strings.Join(changed, ", "))
	case !again:
		p.counts.Unchanged++
	}
	if again {
		r.Active = true
		p.counts.Reactivated++
		p.did(e.DN, WhatReactivated, "")
		p.touched = true
		if err := w.auth.ReactivateFrom(ctx, w.d.Source(), person.ID); err != nil {
			return err
		}
	}
	return w.keepRecord(ctx, r, e, was.Made, w.keep.SetSubjectRecord)
}

// welcome gives an account to somebody who is new in the directory: the one with their e-mail address where the domain is
// proven to be the organization's, else a new one. Who is disabled there gets none.
func (w *work) welcome(ctx context.Context, p *piece, e ldap.Entry) error {
	if !e.Active {
		p.counts.Unchanged++
		return nil
	}
	mapped := w.mapped(e)
	email := mapped.Profile.Email
	if email == "" {
		p.counts.Passed++
		p.did(e.DN, WhatPassed, "the mapping makes no e-mail address of the entry%s", because(mapped.Left[auth.FieldEmail]))
		return nil
	}
	person, err := w.keep.PersonByEmail(ctx, email)
	made := errors.Is(err, auth.ErrPersonNotFound)
	if err != nil && !made {
		return err
	}
	again := false
	if !made {
		why := ""
		if again, why, err = w.mayLink(ctx, person); err != nil {
			return err
		}
		if why != "" {
			p.counts.Passed++
			p.did(e.DN, WhatPassed, "%s %s", email, why)
			return nil
		}
		if err := w.restrain(ctx, p, person, &mapped, false, e.DN); err != nil {
			return err
		}
	}
	mapped.Profile.Aliases = []string{w.d.Source().Alias(e.Subject)}
	if person, _, err = w.auth.Provision(ctx, w.d.Source(), person.ID, mapped.Profile); err != nil {
		return err
	}
	if made {
		p.counts.Created++
		p.fresh = append(p.fresh, person.ID)
		p.did(e.DN, WhatCreated, "%s", email)
	} else {
		p.counts.Linked++
		p.did(e.DN, WhatLinked, "%s", email)
		if err := w.admit(ctx, p, person, again, e.DN); err != nil {
			return err
		}
	}
	if _, err := w.assign(ctx, p, person.ID, mapped.Groups, e.DN); err != nil {
		return err
	}
	p.placed[e.Subject] = person.ID
	w.noteManager(p, Record{PersonID: person.ID}, e)
	now := w.now()
	r := Record{DirectoryID: w.d.ID, PersonID: person.ID, ExternalID: e.Subject, Active: true, CreatedAt: now}
	return w.keepRecord(ctx, r, e, made, w.keep.PutSubjectRecord)
}

// assign gives a person the role of the rules, and takes those that the directory gave before.
func (w *work) assign(ctx context.Context, p *piece, person uid.ID, groups []string, dn string) (changed bool, err error) {
	var wished []policy.Role
	if role, _, ok := w.d.RoleRules.V.For(groups); ok && role != policy.Owner {
		if slices.Contains(w.roles, role) {
			wished = []policy.Role{role}
		} else {
			p.did(dn, WhatNoted, "the role %s does not exist any more", role)
		}
	}
	changed, err = w.auth.AssignFrom(ctx, w.d.Source(), person, wished)
	p.touched = p.touched || changed
	return changed, err
}

// keepRecord writes what the directory said.
func (w *work) keepRecord(ctx context.Context, r Record, e ldap.Entry, made bool, write func(context.Context, Record) error) error {
	r.Resource = signon.JSON[Resource]{V: Resource{DN: e.DN, Claims: e.Claims, Made: made}}
	r.UserName, r.Revision, r.UpdatedAt = e.Subject, w.d.Revision, w.now()
	if name := strings.ToLower(claim(e.Claims, w.d.Settings.V.WithDefaults().UserNameAttribute)); name != "" {
		holder, err := w.keep.NamedRecord(ctx, w.d.ID, name)
		if err != nil {
			return err
		}
		if holder == uid.Nil || holder == r.PersonID {
			r.UserName = name
		} else {
			r.Revision = 0 // the name may be free when the other one was read too
		}
	}
	return write(ctx, r)
}

// claim gives the first value of a claim, in any case of its name.
func claim(claims map[string][]string, name string) string {
	for _, have := range slices.Sorted(maps.Keys(claims)) {
		if strings.EqualFold(have, name) && len(claims[have]) > 0 {
			return strings.TrimSpace(claims[have][0])
		}
	}
	return ""
}

// noteManager notes whose manager is to be set when everybody is here: of those who have one, or had one before.
func (w *work) noteManager(p *piece, r Record, e ldap.Entry) {
	attribute := w.d.Settings.V.WithDefaults().ManagerAttribute
	if is := claim(e.Claims, attribute); is != "" || claim(r.Resource.V.Claims, attribute) != "" {
		p.managed = append(p.managed, managed{r.PersonID, is})
	}
}
