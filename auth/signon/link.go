package signon

import (
	"context"
	"errors"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// FirstLink is a sign-on that waits for a proof that the account which has its e-mail is the same person's.
type FirstLink struct {
	Person      auth.Person // without password hash
	Connection  string      // its name
	HasPassword bool
	ByMail      bool // the link of the mail was opened: a yes is all that is missing
	Proven      bool // everything is proven, their second factor here too: FinishFirstLink ends it
}

// mailsMax is how many mails one first link may send.
const mailsMax = 3

// ErrTooManyMails is a first link that asks for its mail once more.
var ErrTooManyMails = fault.New(fault.KindTooMany, "sign_on_mails", "We have sent this link three times. Look in the spam folder, or sign in again later.")

// askForProof keeps the assertion until its person has proven the account that is here. Nothing is linked yet.
func (s *Service) askForProof(ctx context.Context, t attempt, v verdict, e *Arrival) error {
	about := answered{Assertion: t.assertion, Report: t.report, ReturnTo: t.returnTo, Purpose: t.purpose, Person: v.person.ID}
	secret, h, err := s.newHandshake(ctx, purposeFirstLink, t.connection.ID, FirstLinkLifetime, about)
	if err != nil {
		return err
	}
	h.Browser, h.PersonID = uid.Hash(t.browser), &v.person.ID
	if err := s.Keep.InsertHandshake(ctx, h); err != nil {
		return err
	}
	e.FirstLink = secret
	row := t.row(s, OutcomeRefused, ReasonFirstLink)
	row.Result.V, row.PersonID = v.result(), &v.person.ID
	return s.Keep.InsertAttempt(ctx, row, AttemptsKept)
}

// pending is a first link with what it is about.
type pending struct {
	handshake  Handshake
	connection Connection
	about      answered
	person     auth.Person
}

// pendingLink opens a first link in the browser that it belongs to. ErrHandshakeOver, ErrOtherBrowser, ErrLinkElsewhere.
func (s *Service) pendingLink(ctx context.Context, secret, browser string) (p pending, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if p.handshake, err = s.handshake(ctx, secret, purposeFirstLink, purposeMailedLink, purposeProvenLink); err != nil {
			return err
		}
		if !p.handshake.open(s.Now()) {
			return ErrHandshakeOver
		}
		if !p.handshake.with(browser) {
			if p.handshake.Purpose == purposeMailedLink {
				return ErrLinkElsewhere
			}
			return ErrOtherBrowser
		}
		if err := s.openJSON(ctx, sealHandshake, p.handshake.Sealed, &p.about); err != nil {
			return err
		}
		if p.connection, err = s.Keep.ConnectionByID(ctx, *p.handshake.ConnectionID); err != nil {
			return err
		}
		p.person, err = s.Keep.PersonByID(ctx, p.about.Person)
		return err
	})
	return p, err
}

// OpenFirstLink shows what a first link is about and leaves it unused.
func (s *Service) OpenFirstLink(ctx context.Context, secret, browser string) (f FirstLink, err error) {
	p, err := s.pendingLink(ctx, secret, browser)
	if err != nil {
		return f, err
	}
	f = FirstLink{Person: p.person, Connection: p.connection.Name, HasPassword: p.person.PasswordHash != "", ByMail: p.handshake.Purpose == purposeMailedLink, Proven: p.handshake.Purpose == purposeProvenLink}
	f.Person.PasswordHash = ""
	return f, nil
}

// ProveByPassword links the account whose password this is, and ends the sign-on; where the account has a second factor or
// its roles need one, that is asked for before (Arrival.SignedIn is a challenge), and FinishFirstLink ends it.
// auth.ErrWrongCredentials, auth.ErrTooManyAttempts.
func (s *Service) ProveByPassword(ctx context.Context, secret, browser, password string, from auth.Client) (Arrival, error) {
	p, err := s.pendingLink(ctx, secret, browser)
	if err == nil && p.handshake.Purpose == purposeProvenLink {
		err = ErrHandshakeOver
	}
	if err != nil {
		return Arrival{}, err
	}
	if err := s.Auth.ProvePassword(ctx, p.person.ID, password, from); err != nil {
		return Arrival{}, err
	}
	return s.firstProven(ctx, p, "by password", browser, from)
}

// ProveByMail links the account whose mailbox the link came from, and ends the sign-on, or asks for the second factor as
// ProveByPassword does. ErrHandshakeOver for a first link that no mail brought.
func (s *Service) ProveByMail(ctx context.Context, secret, browser string, from auth.Client) (Arrival, error) {
	p, err := s.pendingLink(ctx, secret, browser)
	if err == nil && p.handshake.Purpose != purposeMailedLink {
		err = ErrHandshakeOver
	}
	if err != nil {
		return Arrival{}, err
	}
	return s.firstProven(ctx, p, "by a link in a mail", browser, from)
}

// firstProven goes on when the first factor of the account that is here was proven. Whoever links once signs in for good:
// who has only the password or the mailbox must not get round the account's second factor by that.
func (s *Service) firstProven(ctx context.Context, p pending, how, browser string, from auth.Client) (Arrival, error) {
	about := p.about
	about.Proven = how
	secret, h, err := s.newHandshake(ctx, purposeProvenLink, p.connection.ID, auth.ChallengeLifetime, about)
	if err != nil {
		return Arrival{}, err
	}
	in, err := s.Auth.ChallengeBefore(ctx, p.person.ID, secret)
	if errors.Is(err, auth.ErrPersonNotFound) {
		err = ErrDeactivated
	}
	if err != nil {
		return Arrival{}, err
	}
	if in.Challenge == "" {
		return s.endProven(ctx, p, how, browser, from)
	}
	h.Browser, h.PersonID = p.handshake.Browser, p.handshake.PersonID
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.Keep.InsertHandshake(ctx, h) })
	return Arrival{SignedIn: &in, ReturnTo: p.about.ReturnTo}, err
}

// FinishFirstLink links an account that was proven with its second factor, by what the answered challenge gave
// (auth.SignedIn.Waited), and ends the sign-on. ErrHandshakeOver for any other first link.
func (s *Service) FinishFirstLink(ctx context.Context, secret, browser string, from auth.Client) (Arrival, error) {
	p, err := s.pendingLink(ctx, secret, browser)
	if err == nil && p.handshake.Purpose != purposeProvenLink {
		err = ErrHandshakeOver
	}
	if err != nil {
		return Arrival{}, err
	}
	return s.endProven(ctx, p, p.about.Proven+" and a second factor", browser, from)
}

// endProven ends a sign-on whose person has proven the account that is here. What has changed meanwhile is met again: the
// decision is made anew.
func (s *Service) endProven(ctx context.Context, p pending, how, browser string, from auth.Client) (Arrival, error) {
	t := attempt{
		connection: p.connection, client: from, purpose: p.about.Purpose, assertion: p.about.Assertion, report: p.about.Report, browser: browser, returnTo: p.about.ReturnTo,
		proven: p.about.Person, factor: p.handshake.Purpose == purposeProvenLink,
	}
	t.report.Passed("first_link", "the account that is here was proven %s", how)
	if err := t.mayUse(); err != nil {
		return Arrival{}, s.refuse(ctx, t, err)
	}
	return s.admit(ctx, t, func(ctx context.Context, _ *attempt) error { return s.Keep.UseHandshake(ctx, p.handshake.ID, s.Now()) })
}

// RequestFirstLink asks for the mail that proves the account: event sign_on.link_requested, on which it goes out. Three
// times at most for one first link; ErrTooManyMails.
func (s *Service) RequestFirstLink(ctx context.Context, secret, browser string) error {
	p, err := s.pendingLink(ctx, secret, browser)
	if err != nil {
		return err
	}
	if p.handshake.Purpose != purposeFirstLink {
		return ErrHandshakeOver
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		tries, err := s.Keep.CountTry(ctx, p.handshake.ID)
		if err != nil {
			return err
		}
		if tries > mailsMax {
			return ErrTooManyMails
		}
		return s.tell(ctx, "sign_on.link_requested", "person", p.person.ID, map[string]any{
			"person_id": p.person.ID, "connection_id": p.connection.ID, "connection_name": p.connection.Name, "handshake_id": p.handshake.ID,
		})
	})
}

// MintFirstLink makes the secret of the mailed link of a first link and voids the one before. The mail job calls it, so
// that no secret lies in a queue or a log. ErrHandshakeOver when it is not wanted any more: nothing is to be sent then.
func (s *Service) MintFirstLink(ctx context.Context, handshake uid.ID) (secret string, f FirstLink, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		h, err := s.Keep.HandshakeByID(ctx, handshake)
		if err != nil {
			return err
		}
		if h.Purpose != purposeFirstLink || h.ConnectionID == nil || h.PersonID == nil || !h.open(s.Now()) {
			return ErrHandshakeOver
		}
		c, err := s.Keep.ConnectionByID(ctx, *h.ConnectionID)
		if err != nil {
			return err
		}
		p, err := s.Keep.PersonByID(ctx, *h.PersonID)
		if err != nil {
			return err
		}
		if p.Status == auth.PersonDeactivated {
			return ErrHandshakeOver
		}
		if err := s.Keep.VoidHandshakes(ctx, purposeMailedLink, p.ID, c.ID); err != nil {
			return err
		}
		var about answered
		if err := s.openJSON(ctx, sealHandshake, h.Sealed, &about); err != nil {
			return err
		}
		var mailed Handshake
		if secret, mailed, err = s.newHandshake(ctx, purposeMailedLink, c.ID, FirstLinkLifetime, about); err != nil {
			return err
		}
		mailed.Browser, mailed.PersonID = h.Browser, h.PersonID
		p.PasswordHash = ""
		f = FirstLink{Person: p, Connection: c.Name, ByMail: true}
		return s.Keep.InsertHandshake(ctx, mailed)
	})
	if err != nil {
		return "", FirstLink{}, err
	}
	return secret, f, nil
}

// LinkedAccount is a company account of a person, with its connection's name.
type LinkedAccount struct {
	Identity
	Connection string
}

// LinkedAccounts lists a person's company accounts, the oldest first. It needs connection:manage.
func (s *Service) LinkedAccounts(ctx context.Context, person uid.ID) (list []LinkedAccount, err error) {
	if err := auth.Require(ctx, policy.ConnectionManage); err != nil {
		return nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list = nil
		identities, err := s.Keep.IdentitiesOf(ctx, person)
		if err != nil || len(identities) == 0 {
			return err
		}
		all, err := s.Keep.SignOnConnections(ctx)
		if err != nil {
			return err
		}
		names := map[uid.ID]string{}
		for _, c := range all {
			names[c.ID] = c.Name
		}
		for _, i := range identities {
			list = append(list, LinkedAccount{i, names[i.ConnectionID]})
		}
		return nil
	})
	return list, err
}

// Unlink disconnects a company account from a person: the sessions that it opened end, and the roles that its connection
// gave go with it. The next sign-in finds its person anew. It needs connection:manage; ErrIdentityNotFound. Event
// person.unlinked.
func (s *Service) Unlink(ctx context.Context, person, identity uid.ID) error {
	if err := s.decides(ctx); err != nil {
		return err
	}
	err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.Keep.LockPerson(ctx, person); errors.Is(err, auth.ErrPersonNotFound) {
			return ErrIdentityNotFound
		} else if err != nil {
			return err
		}
		i, err := s.Keep.DeleteIdentity(ctx, person, identity)
		if err != nil {
			return err
		}
		c, err := s.Keep.ConnectionByID(ctx, i.ConnectionID)
		if err != nil {
			return err
		}
		if _, err := s.Auth.AssignFrom(ctx, c.Source(), person, nil); err != nil {
			return err
		}
		if err := s.Keep.EndSessionsOver(ctx, person, c.ID); err != nil {
			return err
		}
		return s.tell(ctx, "person.unlinked", "person", person, map[string]any{
			"person_id": person, "connection_id": c.ID, "connection_name": c.Name, "subject": cut(i.Subject, subjectMax),
		})
	})
	if err == nil {
		s.Auth.Changed(ctx)
	}
	return err
}
