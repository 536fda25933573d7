package ldapsync

import (
	"context"
	"errors"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
)

// What follows keeps a directory from taking over accounts that it did not make.

// mayLink says why an account that is here is not taken for an entry's, empty when it is; again tells that another entry
// had it, which is gone. Nobody is linked by an e-mail address alone: whoever keeps a directory could become anybody.
// Owners are never: they are who sets the directory right.
func (w *work) mayLink(ctx context.Context, person auth.Person) (again bool, why string, err error) {
	old, err := w.keep.RecordOfPerson(ctx, w.d.ID, person.ID)
	again = err == nil
	switch {
	case err != nil && !errors.Is(err, auth.ErrPersonNotFound):
		return false, "", err
	case again && old.Active:
		return false, "belongs to another entry", nil
	case slices.Contains(person.Roles, policy.Owner):
		return false, "is an owner's, whom no directory changes", nil
	}
	verified, err := w.keep.DomainVerified(ctx, domainOf(person.Email))
	if err != nil || verified {
		return again, "", err
	}
	return false, "has an account here; it is linked when the domain of the address is proven to be the organization's", nil
}

func domainOf(email string) string { return email[strings.LastIndexByte(email, '@')+1:] }

// admit lets somebody in who was invited and is in the directory, or whom the directory had deactivated (again). Who was
// deactivated by hand stays so.
func (w *work) admit(ctx context.Context, p *piece, person auth.Person, again bool, dn string) error {
	switch {
	case person.Status == auth.PersonActive:
		return nil
	case person.Status == auth.PersonDeactivated && !again:
		p.did(dn, WhatNoted, "%s was deactivated here and stays so", person.Email)
		return nil
	}
	p.touched = true
	return w.auth.ReactivateFrom(ctx, w.d.Source(), person.ID)
}

// restrain takes out of a profile what must not be taken over for a person who is here already: language and time zone
// that they chose, a name that is only made of the address, and an address that would give the account to somebody else.
func (w *work) restrain(ctx context.Context, p *piece, person auth.Person, mapped *auth.Mapped, made bool, dn string) error {
	in := &mapped.Profile
	if mapped.From[auth.FieldName] == "" && in.Attributes["given_name"] == "" && in.Attributes["family_name"] == "" {
		in.Name = ""
	}
	if person.Locale != "" {
		in.Locale = ""
	}
	if person.TimeZone != "" {
		in.TimeZone = ""
	}
	if in.Email == "" || in.Email == person.Email {
		return nil
	}
	why, err := w.keepsEmail(ctx, person, in.Email, made)
	if err == nil && why != "" {
		p.did(dn, WhatNoted, "%s is not taken over: %s", in.Email, why)
		in.Email = ""
	}
	return err
}

func (w *work) keepsEmail(ctx context.Context, person auth.Person, email string, made bool) (why string, err error) {
	if slices.Contains(person.Roles, policy.Owner) {
		return "an owner's address is changed by owners", nil
	}
	if _, err := w.keep.PersonByEmail(ctx, email); !errors.Is(err, auth.ErrPersonNotFound) {
		return "someone else has it here", err
	}
	if made { // and still nobody but whom the directory says: whoever keeps it must not get at what people gave them here
		if theirs, err := w.onlyTheirs(ctx, person); err != nil || theirs {
			return "", err
		}
	}
	verified, err := w.keep.DomainVerified(ctx, domainOf(email))
	if err == nil && !verified {
		why = "its domain is not proven to be the organization's"
	}
	return why, err
}

// onlyTheirs tells whether a person has no role but those that the directory gave.
func (w *work) onlyTheirs(ctx context.Context, person auth.Person) (bool, error) {
	given, err := w.keep.RolesFrom(ctx, person.ID, w.d.ID)
	return !slices.ContainsFunc(person.Roles, func(r policy.Role) bool { return !slices.Contains(given, r) }), err
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}
