package support

import (
	"context"
	"crypto/subtle"
	"errors"
	"maps"
	"strconv"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// stripped are permissions that no visit has: all that they open is the person's or the owner's alone.
var stripped = []policy.Permission{policy.SecurityManage, policy.APIKeyManage, policy.BillingRead, policy.BillingManage}

// as is the context in which an operator does something about a visit.
func as(ctx context.Context, operator uid.ID) context.Context {
	return event.WithActor(auth.Unguised(ctx), event.Actor{ID: operator, Kind: "operator"})
}

// Ask asks for a visit of the tenant of ctx. It is approved at once, unless the portal wants to be asked each time. ErrOff. Event
// support.asked.
func (s *Service) Ask(ctx context.Context, op auth.Operator, w Wish) (v Visit, err error) {
	if err := w.validate(); err != nil {
		return v, err
	}
	if t, _ := tenant.From(ctx); t.Status != tenant.StatusActive {
		return v, ErrOff.Saying("This portal is not open now.")
	}
	ctx, now := as(ctx, op.ID), s.now()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		rules, err := s.keep.SupportRules(ctx)
		if err != nil {
			return err
		}
		if rules.Off {
			return ErrOff
		}
		p, err := s.keep.PersonByEmail(ctx, w.Email)
		if errors.Is(err, auth.ErrPersonNotFound) || err == nil && p.Status != auth.PersonActive {
			return fault.Invalid(map[string]string{"email": "Nobody with this e-mail can sign in to this portal."})
		}
		if err != nil {
			return err
		}
		v = Visit{
			ID: uid.New(), OperatorID: op.ID, OperatorName: op.Name, PersonID: p.ID, PersonName: p.Name, Reason: w.Reason, Ticket: w.Ticket, Minutes: w.Minutes,
			Writes: w.Writes, State: Waiting, AskedAt: now,
		}
		if !rules.Approve {
			v.State, v.DecidedAt = Approved, &now
		}
		if err := s.keep.InsertVisit(ctx, v); err != nil {
			return err
		}
		return s.tell(ctx, "support.asked", v)
	})
	if err != nil {
		return Visit{}, err
	}
	return v, s.Register(ctx, v)
}

// tell writes what happened to a visit into the tenant's log.
func (s *Service) tell(ctx context.Context, typ string, v Visit) error {
	data := map[string]any{
		"operator": v.OperatorName, "person_id": v.PersonID, "person_name": v.PersonName, "reason": v.Reason, "ticket": v.Ticket, "minutes": v.Minutes, "writes": v.Writes, "status": v.State,
	}
	if v.Why != "" {
		data["why"] = v.Why
	}
	e, err := event.New(ctx, s.now(), typ, "support_visit", v.ID, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// Register writes a visit into the operators' register, and into their log when it has come to another state. Written again it
// changes nothing: a job does so after each event, so that a process that dies in between loses nothing.
func (s *Service) Register(ctx context.Context, v Visit) error {
	t, _ := tenant.From(ctx)
	ctx = byWhom(ctx, v)
	return s.keep.InControl(ctx, func(ctx context.Context) error {
		news, err := s.keep.RegisterVisit(ctx, Listed{
			ID: v.ID, TenantID: t.ID, TenantSlug: t.Slug, OperatorID: v.OperatorID, OperatorName: v.OperatorName, PersonID: v.PersonID, Reason: v.Reason, Ticket: v.Ticket,
			Minutes: v.Minutes, Writes: v.Writes, State: v.State, Why: v.Why, AskedAt: v.AskedAt, BeganAt: v.BeganAt, EndsAt: v.EndsAt, EndedAt: v.EndedAt,
		})
		if err != nil || !news {
			return err
		}
		return s.keep.Audit(ctx, "support."+string(v.State), t.ID, map[string]string{
			"visit": v.ID.String(), "operator": v.OperatorName, "person": v.PersonID.String(), "reason": v.Reason, "ticket": v.Ticket, "minutes": strconv.Itoa(v.Minutes), "why": string(v.Why),
		}, s.now())
	})
}

// byWhom names who brought a visit to its state where nobody is noted: the job after an event may be the first to register it,
// and what an operator or one of the portal's people did is not the system's act. What time or a suspension ended stays the system's.
func byWhom(ctx context.Context, v Visit) context.Context {
	if event.ActorFrom(ctx).Kind != "system" {
		return ctx
	}
	var person *uid.ID
	switch {
	case v.State == Approved || v.State == Refused:
		person = v.DecidedBy
	case v.State == Ended && v.Why == WhyPortal:
		person = v.EndedBy
	}
	switch {
	case person != nil:
		return event.WithActor(ctx, event.Actor{ID: *person, Kind: "person"})
	case v.State == Waiting || v.State == Approved || v.State == Open || v.State == Ended && v.Why == WhyOperator:
		return as(ctx, v.OperatorID)
	}
	return ctx
}

// Registered is Register for the visit of an event.
func (s *Service) Registered(ctx context.Context, id uid.ID) error {
	v, err := s.visit(ctx, id)
	if err != nil {
		return err
	}
	return s.Register(ctx, v)
}

func (s *Service) visit(ctx context.Context, id uid.ID) (v Visit, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		v, err = s.keep.VisitByID(ctx, id)
		return err
	})
	return v, err
}

// Find gives a visit of the register with its tenant; ErrNotFound.
func (s *Service) Find(ctx context.Context, id uid.ID) (l Listed, t tenant.Tenant, err error) {
	err = s.keep.InControl(ctx, func(ctx context.Context) error {
		l, err = s.keep.ListedVisit(ctx, id)
		return err
	})
	if err == nil {
		t, err = s.keep.TenantByID(ctx, l.TenantID)
	}
	return l, t, err
}

// List lists the newest visits of all portals, for operators.
func (s *Service) List(ctx context.Context, n int) (list []Listed, err error) {
	err = s.keep.InControl(ctx, func(ctx context.Context) error {
		list, err = s.keep.ListedVisits(ctx, n)
		return err
	})
	return list, err
}

// Code makes the way into a visit for the browser that holds the secret whose SHA-256 is bound: it works once, for a minute. A visit
// that goes on can be entered again. ErrNotYours, ErrOver.
func (s *Service) Code(ctx context.Context, op auth.Operator, id uid.ID, bound []byte) (code string, err error) {
	code, hash := uid.Secret()
	now := s.now()
	until := now.Add(CodeLifetime)
	err = s.keep.InTenant(as(ctx, op.ID), func(ctx context.Context) error {
		v, err := s.keep.LockVisit(ctx, id)
		switch {
		case err != nil:
			return err
		case v.OperatorID != op.ID:
			return ErrNotYours
		case v.State != Approved && v.State != Open || v.over(now):
			return ErrOver
		}
		v.CodeHash, v.CodeBound, v.CodeEndsAt = hash, bound, &until
		return s.keep.SaveVisit(ctx, v)
	})
	return code, err
}

// Peek shows the visit that a code leads into, and leaves the code unused; ErrCode.
func (s *Service) Peek(ctx context.Context, code, browser string) (v Visit, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		v, err = s.keep.VisitByCode(ctx, uid.Hash(code))
		return err
	})
	if errors.Is(err, ErrNotFound) || err == nil && !s.fits(v, browser) {
		return Visit{}, ErrCode
	}
	return v, err
}

func (s *Service) fits(v Visit, browser string) bool {
	return v.CodeEndsAt != nil && s.now().Before(*v.CodeEndsAt) && subtle.ConstantTimeCompare(v.CodeBound, uid.Hash(browser)) == 1
}

// Enter uses a code up and opens the visit: its time begins with the first entry. ErrCode, ErrOver, ErrOff. Event support.started.
func (s *Service) Enter(ctx context.Context, code, browser string) (secret string, v Visit, err error) {
	peeked, err := s.Peek(ctx, code, browser)
	if err != nil {
		return "", v, err
	}
	secret, hash := uid.Secret()
	now := s.now()
	ctx = as(ctx, peeked.OperatorID)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		rules, err := s.keep.SupportRules(ctx)
		if err != nil {
			return err
		}
		if v, err = s.keep.LockVisit(ctx, peeked.ID); err != nil {
			return err
		}
		switch {
		case subtle.ConstantTimeCompare(v.CodeHash, uid.Hash(code)) != 1 || !s.fits(v, browser):
			return ErrCode
		case rules.Off:
			return ErrOff
		case v.State != Approved && v.State != Open || v.over(now):
			return ErrOver
		}
		v.CodeHash, v.CodeBound, v.CodeEndsAt, v.Hash = nil, nil, nil, hash
		again := v.State == Open
		if !again {
			until := now.Add(time.Duration(v.Minutes) * time.Minute)
			v.State, v.BeganAt, v.EndsAt = Open, &now, &until
		}
		if err := s.keep.SaveVisit(ctx, v); err != nil || again {
			return err
		}
		return s.tell(ctx, "support.started", v)
	})
	if err != nil {
		return "", Visit{}, err
	}
	return secret, v, s.Register(ctx, v)
}

// Resume gives the person that an open visit looks as, with who stands behind them; ErrOver. It is not remembered: what ends a
// visit holds at once. It changes nothing about the person, not even when they were last seen.
func (s *Service) Resume(ctx context.Context, secret string) (auth.Principal, error) {
	var v Visit
	var rules Rules
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if v, err = s.keep.VisitByHash(ctx, uid.Hash(secret)); err != nil {
			return err
		}
		rules, err = s.keep.SupportRules(ctx)
		return err
	})
	now := s.now()
	if errors.Is(err, ErrNotFound) || err == nil && (v.State != Open || v.over(now) || rules.Off) {
		return auth.Principal{}, ErrOver
	}
	if err != nil {
		return auth.Principal{}, err
	}
	person, err := s.auth.As(ctx, v.PersonID)
	if errors.Is(err, auth.ErrPersonNotFound) {
		return auth.Principal{}, ErrOver
	}
	if err != nil {
		return auth.Principal{}, err
	}
	p, _ := auth.PrincipalFrom(person)
	p.SessionID, p.May = v.ID, maps.Clone(p.May)
	for _, permission := range stripped {
		delete(p.May, permission)
	}
	p.Guise = &auth.Guise{
		Visit: v.ID, Operator: v.OperatorID, Name: v.OperatorName, Reason: v.Reason, Ticket: v.Ticket, Writes: v.Writes && rules.Grants(now), EndsAt: *v.EndsAt,
	}
	return p, nil
}

// Leave ends a visit, for the operator who asked for it; one that is over is no failure. Event support.ended.
func (s *Service) Leave(ctx context.Context, operator, id uid.ID) error {
	return s.end(as(ctx, operator), id, WhyOperator, nil, func(v Visit) error {
		if v.OperatorID != operator {
			return ErrNotYours
		}
		return nil
	})
}

// end ends a visit if may says so.
func (s *Service) end(ctx context.Context, id uid.ID, why Why, by *uid.ID, may func(Visit) error) error {
	var v Visit
	ended := false
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if v, err = s.keep.LockVisit(ctx, id); err != nil {
			return err
		}
		if err = may(v); err != nil || !v.Going() {
			return err
		}
		ended = true
		return s.close(ctx, &v, why, by)
	})
	if err != nil || !ended {
		return err
	}
	return s.Register(ctx, v)
}

// close writes that a held visit is over.
func (s *Service) close(ctx context.Context, v *Visit, why Why, by *uid.ID) error {
	now, was := s.now(), v.State
	v.State, v.Why, v.EndedAt, v.EndedBy, v.Hash, v.CodeHash, v.CodeBound, v.CodeEndsAt = Ended, why, &now, by, nil, nil, nil, nil
	if was != Open && why == WhyTime {
		v.State = Lapsed
	}
	if err := s.keep.SaveVisit(ctx, *v); err != nil {
		return err
	}
	return s.tell(ctx, "support."+string(v.State), *v)
}

// EndAll ends the visits of the tenant of ctx that are going on, those that are over only when why is WhyTime, and says how many.
// It asks nobody's permission.
func (s *Service) EndAll(ctx context.Context, why Why, by *uid.ID) (ended int, err error) {
	var closed []Visit
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		closed = nil
		going, err := s.keep.VisitsGoing(ctx)
		if err != nil {
			return err
		}
		for _, g := range going {
			v, err := s.keep.LockVisit(ctx, g.ID)
			if err != nil {
				return err
			}
			if !v.Going() || why == WhyTime && !v.over(s.now()) {
				continue
			}
			if err := s.close(ctx, &v, why, by); err != nil {
				return err
			}
			closed = append(closed, v)
		}
		return nil
	})
	for i := 0; err == nil && i < len(closed); i++ {
		err = s.Register(ctx, closed[i])
	}
	return len(closed), err
}

// EndDue ends what is over everywhere. A chore calls it.
func (s *Service) EndDue(ctx context.Context) error {
	now := s.now()
	var due []uid.ID
	err := s.keep.InControl(ctx, func(ctx context.Context) (err error) {
		due, err = s.keep.ListedDue(ctx, now, now.Add(-comesWithin))
		return err
	})
	var errs []error
	for _, id := range due {
		t, missing := s.keep.TenantByID(ctx, id)
		if errors.Is(missing, tenant.ErrNotFound) {
			continue
		}
		if missing == nil && s.holds != nil && s.holds(ctx, t) {
			continue // such a visit holds no longer anyway: it is written down afterwards
		}
		why := WhyTime
		if t.Status != tenant.StatusActive {
			why = WhySuspended
		}
		_, failed := s.EndAll(tenant.With(ctx, t), why, nil)
		errs = append(errs, missing, failed)
	}
	return errors.Join(append(errs, err)...)
}
