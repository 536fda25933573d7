package hrsync

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// mayGo refuses to deactivate owners, and those who may more than who asks.
func (p *planner) mayGo(r *planned) {
	if slices.Contains(r.person.Roles, policy.Owner) {
		r.refuse("", "An owner is not deactivated by a list. Take the role from them first, or deactivate them in the portal.")
		return
	}
	p.mayTouch(r)
}

// mayTouch refuses what lets somebody in or out who may more than who asks.
func (p *planner) mayTouch(r *planned) {
	key := fmt.Sprint(r.person.Roles)
	err, asked := p.may[key]
	if !asked {
		err = p.Auth.MayTouch(p.ctx, r.person.Roles...)
		p.may[key] = err
	}
	if err != nil {
		r.refuse("", fault.Of(err).Text)
	}
}

// profile compares what stands in a person's own row.
func (p *planner) profile(r *planned) {
	e := r.entry
	if r.Email != "" {
		p.email(r)
	}
	if r.Name != "" {
		name, why := auth.CheckName(r.Name)
		if why != "" {
			r.refuse(auth.FieldName, why)
		}
		p.differ(r, auth.FieldName, name)
	} else if r.person != nil {
		r.Name = r.person.Name
	}
	if text := e.get(auth.FieldLocale); text != "" {
		tag, err := language.Parse(strings.ReplaceAll(text, "_", "-"))
		if err != nil {
			r.refuse(auth.FieldLocale, "This language is not known. Write it as “de” or “en-GB”.")
		}
		p.differ(r, auth.FieldLocale, tag.String())
	}
	if text := e.get(auth.FieldTimeZone); text != "" {
		if _, err := time.LoadLocation(text); err != nil || text == "Local" {
			r.refuse(auth.FieldTimeZone, "Choose a time zone from the list, for example “Europe/Berlin”.")
		}
		p.differ(r, auth.FieldTimeZone, text)
	}
	for _, field := range attributes {
		if !e.says(field) {
			continue
		}
		text := e.get(field)
		if field == FieldHireDate && text != "" {
			d, ok := day(text)
			if !ok {
				r.refuse(field, "Write a day as year-month-day, for example 2026-03-31.")
				continue
			}
			text = d.String()
		}
		if len([]rune(text)) > 300 {
			r.refuse(field, "Use at most 300 characters, in one line.")
			continue
		}
		p.differ(r, field, text)
	}
}

// email compares the e-mail: no two people have one.
func (p *planner) email(r *planned) {
	if holder, here := p.st.byEmail[r.Email]; here && holder != *r.PersonID {
		r.refuse(auth.FieldEmail, "The e-mail is somebody else’s here: %s. Correct it, or change theirs first.", p.st.called(holder))
	}
	if other := p.emails[r.Email]; other != nil {
		r.refuse(auth.FieldEmail, "This e-mail stands in line %d too. Correct one of both.", other.Line)
	}
	if r.person != nil && r.person.Email != r.Email {
		p.mayTouch(r)
	}
	if !r.refused() {
		p.emails[r.Email] = r
	}
	p.differ(r, auth.FieldEmail, r.Email)
}

// differ notes where a field becomes another.
func (p *planner) differ(r *planned, field, becomes string) {
	was := ""
	if r.person != nil {
		was, _ = p.st.value(r.person, field)
	}
	if was != becomes {
		r.add(Diff{Field: field, Old: was, New: becomes})
	}
}

// point notes where a field names another.
func (p *planner) point(r *planned, field, called string, becomes uid.ID) {
	var text string
	var was uid.ID
	if r.person != nil {
		text, was = p.st.value(r.person, field)
	}
	if was != becomes {
		r.add(Diff{Field: field, Old: text, New: called, OldID: was, NewID: becomes})
	}
}

// custom compares the portal's own fields.
func (p *planner) custom(r *planned) {
	for _, code := range p.ownInOrder() {
		field := customPrefix + code
		if !r.entry.says(field) {
			continue
		}
		one := p.st.own[code]
		value, why := one.Read(r.entry.get(field))
		if why == "" && value == "" && one.Required {
			why = "This must be filled in."
		}
		if why != "" {
			r.refuse(field, why)
			return
		}
		p.differ(r, field, value)
	}
}

func (p *planner) ownInOrder() []string {
	codes := make([]string, 0, len(p.st.own))
	for code := range p.st.own {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// manager finds whom a field names, by external id or by e-mail.
func (p *planner) manager(r *planned, field string) {
	text := r.entry.get(field)
	if text == "" {
		p.point(r, field, "", uid.Nil)
		return
	}
	id := uid.Nil
	if email, ok := auth.NormaliseEmail(text); ok {
		if one := p.mails[email]; one != nil {
			id = *one.PersonID
		} else {
			id = p.st.byEmail[email]
		}
	} else if one := p.ext[text]; one != nil && one.PersonID != nil {
		id = *one.PersonID
	} else if l, ok := p.links[text]; ok {
		id = l.PersonID
	}
	switch {
	case id == uid.Nil:
		r.refuse(field, "Nobody is known as “%s”. Correct it, or add them to the list.", text)
	case id == *r.PersonID:
		r.refuse(field, "Nobody is their own manager. Choose another person.")
	}
	called := p.st.called(id)
	if one := p.new[id]; one != nil {
		called = one.Name
	}
	p.point(r, field, called, id)
}
