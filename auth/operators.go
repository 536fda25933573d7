package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/seal"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
)

// An operator's session is short: it opens every tenant's life and death.
const (
	OperatorSessionLifetime = 12 * time.Hour     // without use
	OperatorSessionMaximum  = 7 * 24 * time.Hour // at all
)

// OperatorKeeper is what Operators needs kept, in the control schema. Everything but InControl runs inside InControl.
type OperatorKeeper interface {
	OperatorKeyKeeper
	InControl(ctx context.Context, fn func(ctx context.Context) error) error
	// InsertOperator adds an operator; ErrOperatorTaken.
	InsertOperator(ctx context.Context, o Operator) error
	// OperatorByEmail gives the operator of a normalised e-mail; ErrOperatorNotFound.
	OperatorByEmail(ctx context.Context, email string) (Operator, error)
	// EveryOperator lists all operators by name, the deactivated last; at most 1,000.
	EveryOperator(ctx context.Context) ([]Operator, error)
	// OperatorByID gives an operator; ErrOperatorNotFound.
	OperatorByID(ctx context.Context, id uid.ID) (Operator, error)
	// SetOperatorPassword writes a password's hash, if the old one is still there; ErrOperatorNotFound.
	SetOperatorPassword(ctx context.Context, id uid.ID, old, hash string) error
	InsertOperatorSession(ctx context.Context, s OperatorSession) error
	// OperatorSessionByHash gives a session, expired or not, and whose it is; ErrSessionNotFound.
	OperatorSessionByHash(ctx context.Context, hash []byte) (OperatorSession, Operator, error)
	// TouchOperatorSession writes SeenAt and ExpiresAt unless a later SeenAt stands there already.
	TouchOperatorSession(ctx context.Context, s OperatorSession) error
	// DeleteOperatorSession ends a session; one that is not there is no failure.
	DeleteOperatorSession(ctx context.Context, hash []byte) error
	// SetOperatorTOTP writes the seed of an operator's app (nil takes it away) and the last step used; ErrOperatorNotFound.
	SetOperatorTOTP(ctx context.Context, id uid.ID, sealed []byte, step int64) error
	// SpendOperatorStep notes that a code of a time step was used, when no later one was; ErrFactorSpent.
	SpendOperatorStep(ctx context.Context, id uid.ID, step int64) error
	// VerifyOperatorSession writes when an operator proved themselves anew in a session; ErrSessionNotFound.
	VerifyOperatorSession(ctx context.Context, id uid.ID, at time.Time) error
	// DeleteOperatorSessions ends the sessions of an operator, but one; uid.Nil: all.
	DeleteOperatorSessions(ctx context.Context, operator, but uid.ID) error
	// SetOperatorCodes writes the hashes of an operator's recovery codes over those from before.
	SetOperatorCodes(ctx context.Context, operator uid.ID, hashes [][]byte) error
	// SpendOperatorCode uses a recovery code up; ErrFactorSpent.
	SpendOperatorCode(ctx context.Context, operator uid.ID, hash []byte) error
	// OperatorCodes counts the recovery codes that an operator has left.
	OperatorCodes(ctx context.Context, operator uid.ID) (int, error)
	// HoldOperatorAdmins holds the active admins until the transaction ends, and counts them.
	HoldOperatorAdmins(ctx context.Context) (int, error)
	// SetOperatorRole writes what an operator may do; ErrOperatorNotFound.
	SetOperatorRole(ctx context.Context, id uid.ID, role OperatorRole) error
	// SetOperatorDeactivated writes since when an operator may not sign in, nil: they may; ErrOperatorNotFound.
	SetOperatorDeactivated(ctx context.Context, id uid.ID, at *time.Time) error
	// ReplaceOperatorInvitation adds an invitation in the place of one to the same e-mail.
	ReplaceOperatorInvitation(ctx context.Context, i OperatorInvitation) error
	// OperatorInvitations lists those that have not expired, newest first; at most 200.
	OperatorInvitations(ctx context.Context, now time.Time) ([]OperatorInvitation, error)
	// OperatorInvitationByHash gives one, expired or not; ErrOperatorInvitation.
	OperatorInvitationByHash(ctx context.Context, hash []byte) (OperatorInvitation, error)
	// TakeOperatorInvitation gives one and removes it; ErrOperatorInvitation.
	TakeOperatorInvitation(ctx context.Context, id uid.ID) (OperatorInvitation, error)
	// Audit notes an act in the log of acts.
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error
	// DeleteExpiredOperatorSessions removes what has expired of an operator's.
	DeleteExpiredOperatorSessions(ctx context.Context, operator uid.ID, now time.Time) error
}

// Operators is sign-in and sessions of those who run the platform. They are no tenant's people and never have a
// Principal.
type Operators struct {
	keep      OperatorKeeper
	now       clock.Clock
	guesses   guesses
	passwords *passwords
	seal      seal.Key
}

// How often an operator's e-mail may be tried from all networks together.
const (
	operatorTriesAMinute = 60
	operatorTriesAtOnce  = 120
)

// NewOperators makes the service. Guess bounds attempts from one network; from all networks together an operator's
// e-mail may be tried 120 times at once, then 60 times a minute. A cost other than ProductionCost may follow, for tests.
func NewOperators(keep OperatorKeeper, now clock.Clock, guess Limiter, cost ...PasswordCost) *Operators {
	at := throttle.New(now, operatorTriesAMinute, time.Minute, operatorTriesAtOnce)
	o := &Operators{keep: keep, now: now, guesses: guesses{of: guess, from: guess, at: at}}
	if len(cost) > 0 {
		o.passwords = newPasswords(cost[0], 0)
	} else {
		o.passwords = newPasswords(ProductionCost, 0)
	}
	return o
}

// Sealing hands over the key that closes the seeds of operators' apps, and gives the service back. Without it nobody can
// sign in: nobody does so by a password alone.
func (o *Operators) Sealing(key seal.Key) *Operators {
	o.seal = key
	return o
}

// OperatorIn is what an operator's sign-in led to: a challenge after the password, a session after the factor.
type OperatorIn struct {
	Secret    string // of the session; "" while a challenge stands before it
	Challenge string
	Enrol     bool // the challenge is to add the app, not to show its code
	Operator  Operator
}

// SignIn asks who knows the password for the code of their app, or to add one: nobody enters by the password alone.
// ErrWrongCredentials, after the same work, for an unknown e-mail, a wrong password and who is deactivated;
// ErrTooManyAttempts.
func (o *Operators) SignIn(ctx context.Context, email, password string, c Client) (in OperatorIn, err error) {
	email, _ = NormaliseEmail(email)
	if err := o.guesses.allow("operator sign-in", c.IP, email, adviceNone); err != nil {
		return in, err
	}
	var who Operator
	err = o.keep.InControl(ctx, func(ctx context.Context) (err error) {
		who, err = o.keep.OperatorByEmail(ctx, email)
		return err
	})
	if err != nil && !errors.Is(err, ErrOperatorNotFound) {
		return in, err
	}
	right, stale, err := o.passwords.verify(ctx, password, who.PasswordHash)
	if err != nil {
		return in, err
	}
	if !right || !who.Active() {
		return in, ErrWrongCredentials
	}
	if stale {
		fresh, err := o.passwords.hash(ctx, password)
		if err != nil {
			return in, err
		}
		err = o.keep.InControl(ctx, func(ctx context.Context) error {
			return o.keep.SetOperatorPassword(ctx, who.ID, who.PasswordHash, fresh)
		})
		if err != nil {
			return in, err
		}
		who.PasswordHash = fresh
	}
	in.Enrol = !who.HasApp()
	in.Challenge, err = o.challenge(who)
	return in, err
}

// begin writes an operator's session, and clears away their expired ones.
func (o *Operators) begin(ctx context.Context, who Operator, c Client) (OperatorIn, error) {
	secret, hash := uid.Secret()
	now := o.now()
	if err := o.keep.DeleteExpiredOperatorSessions(ctx, who.ID, now); err != nil {
		return OperatorIn{}, err
	}
	err := o.keep.InsertOperatorSession(ctx, OperatorSession{
		ID: uid.New(), Hash: hash, OperatorID: who.ID, CreatedAt: now, SeenAt: now, VerifiedAt: &now,
		ExpiresAt: now.Add(OperatorSessionLifetime), IP: printable(c.IP, ipMax), UserAgent: printable(c.UserAgent, userAgentMax),
	})
	if err != nil {
		return OperatorIn{}, err
	}
	who.PasswordHash = ""
	return OperatorIn{Secret: secret, Operator: who}, nil
}

// Resume gives the operator who holds a session's secret; ErrSignInFirst when it is unknown or has expired, and when they
// are deactivated or have no app: a session from before the app was a must, or from before it was reset, is over. It is
// not cached: operators are few.
func (o *Operators) Resume(ctx context.Context, secret string) (who Operator, err error) {
	if len(secret) != secretLength {
		return who, ErrSignInFirst
	}
	now := o.now()
	err = o.keep.InControl(ctx, func(ctx context.Context) error {
		s, operator, err := o.keep.OperatorSessionByHash(ctx, uid.Hash(secret))
		if errors.Is(err, ErrSessionNotFound) || err == nil && !now.Before(s.ExpiresAt) {
			return ErrSignInFirst
		}
		if err != nil {
			return err
		}
		if !operator.Active() || !operator.HasApp() {
			return ErrSignInFirst
		}
		who = operator
		who.SessionID = s.ID
		if s.VerifiedAt != nil {
			who.VerifiedAt = *s.VerifiedAt
		}
		if now.Sub(s.SeenAt) < seenEvery {
			return nil
		}
		s.SeenAt, s.ExpiresAt = now, rolled(now.Add(OperatorSessionLifetime), s.CreatedAt.Add(OperatorSessionMaximum))
		return o.keep.TouchOperatorSession(ctx, s)
	})
	if err != nil {
		return Operator{}, err
	}
	who.PasswordHash = ""
	return who, nil
}

// SignOut ends the session of a secret. One that has ended already is no failure.
func (o *Operators) SignOut(ctx context.Context, secret string) error {
	return o.keep.InControl(ctx, func(ctx context.Context) error {
		return o.keep.DeleteOperatorSession(ctx, uid.Hash(secret))
	})
}

// All lists the operators, the deactivated last.
func (o *Operators) All(ctx context.Context) (all []Operator, err error) {
	err = o.keep.InControl(ctx, func(ctx context.Context) (err error) {
		all, err = o.keep.EveryOperator(ctx)
		return err
	})
	for i := range all {
		all[i].PasswordHash = ""
	}
	return all, err
}

// Create adds an operator with a role, "" for an admin; field faults, ErrOperatorTaken. The command line calls it: in a
// browser they are invited.
func (o *Operators) Create(ctx context.Context, email, name, password string, role ...OperatorRole) (who Operator, err error) {
	f := fault.Fields{}
	as := OperatorAdmin
	if len(role) > 0 && role[0] != "" {
		as = role[0]
	}
	checkOperatorRole(f, as)
	email, ok := NormaliseEmail(email)
	f.Check(ok, "email", "Enter an e-mail address, for example “anna@example.com”.")
	name = checkName(f, "name", name)
	checkPassword(f, password, Person{Email: email, Name: name})
	if err := f.Err(); err != nil {
		return who, err
	}
	hash, err := o.passwords.hash(ctx, password)
	if err != nil {
		return who, err
	}
	who = Operator{ID: uid.New(), Email: email, Name: name, PasswordHash: hash, Role: as, CreatedAt: o.now()}
	err = o.keep.InControl(ctx, func(ctx context.Context) error { return o.keep.InsertOperator(ctx, who) })
	if err != nil {
		return Operator{}, err
	}
	who.PasswordHash = ""
	return who, nil
}

func checkOperatorRole(f fault.Fields, role OperatorRole) {
	f.Check(slices.Contains(OperatorRoles(), role), "role", "Choose a role.")
}
