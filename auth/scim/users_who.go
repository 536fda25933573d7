package scim

import (
	"context"
	"errors"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// Who a record is about, and by which address they are known.

// noEmail is the domain of the addresses of people for whom the directory named none of their own (RFC 2606 §2): nothing
// can be sent there.
const noEmail = "@no-email.invalid"

// whose finds the person whom a new record is about, the zero Person for someone new, and the address they are to have.
func (w *work) whose(ctx context.Context, r Record, res Resource) (p auth.Person, email string, err error) {
	if p, err = w.unlinked(ctx, r); err != nil {
		return p, "", err
	}
	candidates := addresses(w.d.mapped(res), res)
	for i, candidate := range candidates {
		owner, err := w.keep.PersonByEmail(ctx, candidate)
		switch {
		case errors.Is(err, auth.ErrPersonNotFound):
			email, err := w.readdressed(ctx, p, candidate)
			return p, email, err
		case err != nil:
			return p, "", err
		case owner.ID == p.ID:
			return p, "", nil // it stays as it is
		}
		here, err := w.keep.Linked(ctx, w.d.ID, []uid.ID{owner.ID})
		if err != nil {
			return p, "", err
		}
		if len(here) > 0 || p.ID != uid.Nil || i > 0 {
			w.note("the address %s belongs to someone else: passed over", candidate)
			continue
		}
		if err := w.mayLink(ctx, owner, candidate); err != nil {
			return p, "", err
		}
		w.changed(r.UserName, "linked", "", candidate)
		return owner, "", nil
	}
	if p.ID == uid.Nil {
		email = placeholder(r.UserName)
		w.note("no address is free: the person has a placeholder for one, and gets no mail")
	}
	return p, email, nil
}

// unlinked gives the person whom the directory deleted before under the same userName or externalId. A userName that
// comes back with another externalId is another person's; an externalId that several had names nobody.
func (w *work) unlinked(ctx context.Context, r Record) (p auth.Person, err error) {
	old, err := w.keep.Unlinked(ctx, w.d.ID, r.UserName, r.ExternalID)
	if err != nil {
		return p, err
	}
	var found []Record
	for _, o := range old {
		if o.UserName == r.UserName && (o.ExternalID == nil || r.ExternalID == nil || *o.ExternalID == *r.ExternalID) {
			found = []Record{o}
			break
		}
		if o.ExternalID != nil && r.ExternalID != nil && *o.ExternalID == *r.ExternalID {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		return p, nil
	}
	w.changed(r.UserName, "linked", "", found[0].UserName)
	return w.keep.PersonByID(ctx, found[0].PersonID)
}

// mayLink refuses to take over an account by its e-mail address alone: whoever holds a token could become anybody. A
// domain that was proven to be the organization's makes the address its directory's to give; owners are theirs alone.
func (w *work) mayLink(ctx context.Context, owner auth.Person, email string) error {
	if slices.Contains(owner.Roles, policy.Owner) {
		return ErrUniqueness.Saying("%s is the address of an owner of the portal, whom no directory takes over. An owner can link the account on the directory's page.", email)
	}
	domain := domainOf(email)
	proven, err := w.keep.DomainVerified(ctx, domain)
	if err != nil || proven {
		return err
	}
	return ErrUniqueness.Saying("%s has an account in the portal already. An administrator can link it on the directory's page, or prove the domain %s under Sign-on.", email, domain)
}

func domainOf(email string) string { return email[strings.LastIndexByte(email, '@')+1:] }

// readdressed gives the address, or nothing where a person may not get it from the directory: whoever reads mail there
// could choose a new password, and have what the directory did not give. Owners keep theirs; who has roles from elsewhere
// gets only one at a domain that was proven. A person whom the directory alone made what they are is its own.
func (w *work) readdressed(ctx context.Context, p auth.Person, email string) (string, error) {
	if p.ID == uid.Nil {
		return email, nil
	}
	if slices.Contains(p.Roles, policy.Owner) {
		w.note("the address %s was not taken over: this is an owner of the portal, whose address no directory changes", email)
		return "", nil
	}
	given, err := w.keep.RolesGiven(ctx, w.d.ID, []uid.ID{p.ID})
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(p.Roles, func(r policy.Role) bool { return !slices.Contains(given[p.ID], r) }) {
		return email, nil
	}
	proven, err := w.keep.DomainVerified(ctx, domainOf(email))
	if err != nil || proven {
		return email, err
	}
	w.note("the address %s was not taken over: the person has roles that this directory did not give, and the domain %s is not proven under Sign-on", email, domainOf(email))
	return "", nil
}

// placeholder makes an address for someone who has none.
func placeholder(userName string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, userName)
	if len(name) > 40 {
		name = name[:40]
	}
	if name == "" {
		name = "person"
	}
	return name + "." + uid.Opaque(10) + noEmail
}

// nextEmail gives the address that a person is to have from now on: the first that is free or theirs; empty when theirs
// stays.
func (w *work) nextEmail(ctx context.Context, p auth.Person, res Resource) (string, error) {
	for _, candidate := range addresses(w.d.mapped(res), res) {
		owner, err := w.keep.PersonByEmail(ctx, candidate)
		switch {
		case errors.Is(err, auth.ErrPersonNotFound):
			return w.readdressed(ctx, p, candidate)
		case err != nil:
			return "", err
		case owner.ID == p.ID:
			return "", nil
		}
		w.note("the address %s belongs to someone else: passed over", candidate)
	}
	return "", nil
}
