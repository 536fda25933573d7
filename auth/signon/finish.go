package signon

import (
	"context"
	"errors"
	"slices"

	"lyceum/auth"
	"lyceum/auth/saml"
)

// admit decides whose assertion it is and signs them in; use uses up what the answer rested on, in the same transaction.
// Of two first sign-ins at once one makes the account, and the other begins anew and finds it.
func (s *Service) admit(ctx context.Context, t attempt, use func(ctx context.Context, t *attempt) error) (e Arrival, err error) {
	for try := 0; ; try++ {
		var refusal error
		e, refusal, err = s.admitOnce(ctx, t, use)
		if try == 0 && (errors.Is(err, ErrIdentityKnown) || errors.Is(err, auth.ErrEmailTaken)) {
			continue
		}
		switch {
		case isOver(err):
			return Arrival{}, s.refuse(ctx, t, t.report.Refused(CheckHandshake, ErrHandshakeOver, "this sign-on was finished already"))
		case err == nil && refusal != nil:
			return Arrival{}, refusal
		}
		if _, replayed := auth.RefusalOf(err); replayed {
			return Arrival{}, s.refuse(ctx, t, err)
		}
		if err == nil && (e.SignedIn != nil || e.SteppedUp) {
			s.Auth.Changed(ctx) // roles may be others now, or the proof is fresh
		}
		return e, err
	}
}

func (s *Service) admitOnce(ctx context.Context, t attempt, use func(ctx context.Context, t *attempt) error) (e Arrival, refusal, err error) {
	report := slices.Clone(t.report)
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		e, refusal, t.report = Arrival{ReturnTo: t.returnTo}, nil, slices.Clone(report)
		if err := use(ctx, &t); err != nil {
			return err
		}
		v, err := s.decide(ctx, &t)
		if err != nil {
			return err
		}
		if t.dry() {
			return s.showOnly(ctx, t, v, &e)
		}
		if t.purpose == PurposeStepUp {
			s.decideStepUp(ctx, &t, &v)
		}
		switch {
		case v.refused != nil:
			row := t.row(s, OutcomeRefused, v.reason)
			row.Result.V, row.PersonID = v.result(), v.personID()
			if err := s.takeRoles(ctx, t, v); err != nil {
				return err
			}
			refusal = &Refused{Attempt: row.ID, Connection: t.connection.ID, Name: t.connection.Name, ReturnTo: t.returnTo, err: v.refused}
			return s.writeDown(ctx, row)
		case v.effect == EffectConfirm:
			return s.askForProof(ctx, t, v, &e)
		}
		return s.signIn(ctx, t, v, &e)
	})
	return e, refusal, err
}

// showOnly writes a dry run down.
func (s *Service) showOnly(ctx context.Context, t attempt, v verdict, e *Arrival) error {
	row := t.row(s, OutcomeDryRun, v.reason)
	row.Result.V, row.PersonID = v.result(), v.personID()
	e.Result = &Tried{Attempt: row, Connection: t.connection}
	return s.writeDown(ctx, row)
}

// decideStepUp refuses a fresh proof of somebody else than who is signed in.
func (s *Service) decideStepUp(ctx context.Context, t *attempt, v *verdict) {
	who, ok := auth.PrincipalFrom(ctx)
	if v.refused == nil && (!ok || v.effect != EffectSignedIn || v.person.ID != who.PersonID) {
		v.refuse(t, ReasonOtherPerson, auth.ErrStepUpOther, "the proof is of somebody else than who is signed in")
	}
}

// signIn brings the person to what was decided, opens the session and writes the attempt down. The connection is held: who
// switches it off meanwhile waits, and ends this session too.
func (s *Service) signIn(ctx context.Context, t attempt, v verdict, e *Arrival) error {
	if c, err := s.Keep.HoldConnection(ctx, t.connection.ID); err != nil {
		return err
	} else if c.Status != StatusOn {
		return ErrConnectionOff
	}
	p, err := s.settle(ctx, t, v)
	if err != nil {
		return err
	}
	proof, err := s.proof(ctx, t)
	if err != nil {
		return err
	}
	if t.purpose == PurposeStepUp {
		e.SteppedUp, err = true, s.Auth.StepUpVouched(ctx, p.ID, proof)
	} else {
		var in auth.SignedIn
		in, err = s.Auth.SignInVouched(ctx, p.ID, t.client, proof)
		e.SignedIn = &in
	}
	if err != nil {
		return err
	}
	row := t.row(s, OutcomeAdmitted, "")
	row.Result.V, row.PersonID = v.result(), &p.ID
	return s.writeDown(ctx, row)
}

// vouched is what is sealed beside a session that an identity provider vouched for: what logout needs of the assertion.
type vouched struct {
	Issuer          string `json:"issuer"`
	Format          string `json:"format,omitempty"`
	NameQualifier   string `json:"name_qualifier,omitempty"`
	SPNameQualifier string `json:"sp_name_qualifier,omitempty"`
	IDToken         string `json:"id_token,omitempty"`
}

// proof is what the session rests on.
func (s *Service) proof(ctx context.Context, t attempt) (p auth.Proof, err error) {
	a := t.assertion
	about := vouched{Issuer: a.Issuer, Format: a.SubjectFormat, NameQualifier: a.NameQualifier, SPNameQualifier: a.SPNameQualifier, IDToken: a.IDToken}
	p = auth.Proof{Factors: factorsOf(a), ConnectionID: &t.connection.ID, IdpSubject: a.Subject, IdpSession: a.Session}
	switch a.Protocol {
	case auth.ProtocolSAML:
		p.Method, p.IdpSubject = auth.MethodSAML, saml.SubjectOf(a).NameID // single logout speaks of the NameID
	case auth.ProtocolOIDC:
		p.Method = auth.MethodOIDC
	default:
		p.Method = auth.MethodLDAP
	}
	now := s.Now()
	if at := a.AuthenticatedAt; !at.IsZero() && at.Before(now) {
		p.VerifiedAt = &at
	}
	if t.factor {
		p.Factors = "fed mfa"
	}
	if end := a.SessionEndsAt; !end.IsZero() {
		p.EndsAt = &end
	}
	p.IdpSealed, err = s.sealJSON(ctx, sealSession, about)
	return p, err
}

// factorsOf says what was proven at the identity provider, in the words of RFC 8176; it is believed when it says that
// there was more than one factor.
func factorsOf(a auth.Assertion) string {
	strong := slices.ContainsFunc(a.Claims["amr"], func(m string) bool { return m == "mfa" }) ||
		slices.Contains([]string{"http://schemas.microsoft.com/claims/multipleauthn", "https://refeds.org/profile/mfa"}, a.Context)
	if strong {
		return "fed mfa"
	}
	return "fed"
}
