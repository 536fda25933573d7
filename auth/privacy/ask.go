package privacy

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/privacy/hold"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

const answerMax = 500

// Erasures lists erasures, the newest first. It needs privacy:read.
func (s *Service) Erasures(ctx context.Context, p page.Request) (list page.Of[Erasure], err error) {
	if err := auth.Require(ctx, policy.PrivacyRead); err != nil {
		return list, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.Keep.Erasures(ctx, p)
		return err
	})
	return list, err
}

// Show gives one with what of it is done. It needs privacy:read; ErrNotFound.
func (s *Service) Show(ctx context.Context, id uid.ID) (e Erasure, steps []Step, err error) {
	if err := auth.Require(ctx, policy.PrivacyRead); err != nil {
		return e, nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if e, err = s.Keep.ErasureByID(ctx, id); err != nil {
			return err
		}
		steps, err = s.Keep.PersonErasureSteps(ctx, id)
		return err
	})
	return e, steps, err
}

// Proof gives the receipt of one that is done. It needs privacy:read; ErrNotFound, ErrNoProof.
func (s *Service) Proof(ctx context.Context, id uid.ID) (Erasure, error) {
	e, _, err := s.Show(ctx, id)
	if err == nil && e.Receipt == "" {
		err = ErrNoProof
	}
	return e, err
}

// Preview says what the erasure of a person would do, and changes nothing. It needs privacy:read; auth.ErrPersonNotFound.
func (s *Service) Preview(ctx context.Context, person uid.ID) (p Preview, err error) {
	if err := auth.Require(ctx, policy.PrivacyRead); err != nil {
		return p, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if p.Person, err = s.Auth.PersonForErasure(ctx, person); err != nil {
			return err
		}
		if p.Open, err = s.Keep.OpenErasureOf(ctx, person); err != nil {
			return err
		}
		if p.Holds, err = s.Keep.HoldsOver(ctx, person); err != nil {
			return err
		}
		counts, err := s.Keep.CountPersonRows(ctx, person)
		p.Lines = sum(counts, false)
		return err
	})
	return p, err
}

// Own is the open erasure of who asks; nil: none. It needs person:self.
func (s *Service) Own(ctx context.Context) (e *Erasure, err error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		e, err = s.Keep.OpenErasureOf(ctx, who.PersonID)
		return err
	})
	return e, err
}

// OwnRefused is the latest wish of who asks for their own erasure, where it was refused; nil: it was not. It needs person:self.
func (s *Service) OwnRefused(ctx context.Context) (e *Erasure, err error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		e, err = s.Keep.LastWishOf(ctx, who.PersonID)
		return err
	})
	if e != nil && e.Status != Refused {
		e = nil
	}
	return e, err
}

// AskOwn wishes for one's own erasure: somebody with privacy:manage decides. It needs person:self; ErrOpen. Event erasure.asked.
func (s *Service) AskOwn(ctx context.Context) (e Erasure, err error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return e, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	e = Erasure{ID: uid.New(), PersonID: who.PersonID, Pseudonym: PseudonymOf(who.PersonID), Status: Asked, BySelf: true, AskedBy: &who.PersonID, AskedAt: s.Now()}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.Keep.InsertErasure(ctx, e); err != nil {
			return err
		}
		return s.tell(ctx, "erasure.asked", e, nil)
	})
	return e, err
}

// TakeBack withdraws one's own wish, as long as the erasure has not begun. It needs person:self; ErrNotFound, ErrBegun. Event erasure.withdrawn.
func (s *Service) TakeBack(ctx context.Context) error {
	own, err := s.Own(ctx)
	if err != nil {
		return err
	}
	if own == nil || !own.BySelf {
		return ErrNotFound
	}
	return s.settle(ctx, own.ID, func(e *Erasure) error { return s.withdrawn(ctx, e) }, "erasure.withdrawn", nil)
}

func (s *Service) withdrawn(ctx context.Context, e *Erasure) error {
	switch e.Status {
	case Asked, Scheduled:
		who, _ := auth.PrincipalFrom(ctx)
		now := s.Now()
		e.Status, e.DecidedBy, e.DecidedAt, e.EraseAt = Withdrawn, &who.PersonID, &now, nil
		return nil
	case Working:
		return ErrBegun
	}
	return ErrDecided
}

// settle changes an erasure under its lock.
func (s *Service) settle(ctx context.Context, id uid.ID, change func(*Erasure) error, typ string, data map[string]any) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.Keep.ErasureByID(ctx, id)
		if err != nil {
			return err
		}
		if err := change(&e); err != nil {
			return err
		}
		if err := s.Keep.SaveErasure(ctx, e); err != nil {
			return err
		}
		return s.tell(ctx, typ, e, data)
	})
}

// Schedule decides that a person is erased when the days to think again are over, also where they asked for it themselves. Confirm is
// the person's name or e-mail, typed, to show that they are meant. It needs privacy:manage and no fewer permissions than theirs; a
// fault at confirm, ErrSelf, auth.ErrLastOwner, ErrDecided, hold.ErrHeld. Event erasure.scheduled.
func (s *Service) Schedule(ctx context.Context, person uid.ID, confirm string) (e Erasure, err error) {
	if err := auth.Require(ctx, policy.PrivacyManage); err != nil {
		return e, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	if who.PersonID == person {
		return e, ErrSelf
	}
	now := s.Now()
	day := now.Add(time.Duration(s.Days) * 24 * time.Hour)
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.Auth.MayErase(ctx, person)
		if err != nil {
			return err
		}
		if !same(confirm, p.Name) && !same(confirm, p.Email) {
			return fault.Invalid(map[string]string{"confirm": "Type the person’s name or e-mail as it stands above."})
		}
		holds, err := s.Keep.HoldsOver(ctx, person)
		if err != nil {
			return err
		}
		if len(holds) > 0 {
			return hold.ErrHeld
		}
		open, err := s.Keep.OpenErasureOf(ctx, person)
		if err != nil {
			return err
		}
		if open == nil {
			e = Erasure{ID: uid.New(), PersonID: person, Pseudonym: PseudonymOf(person), Status: Scheduled, AskedBy: &who.PersonID, AskedAt: now, DecidedBy: &who.PersonID, DecidedAt: &now, EraseAt: &day}
			if err := s.Keep.InsertErasure(ctx, e); err != nil {
				return err
			}
		} else {
			if open.Status != Asked {
				return ErrDecided
			}
			e = *open
			e.Status, e.DecidedBy, e.DecidedAt, e.EraseAt = Scheduled, &who.PersonID, &now, &day
			if err := s.Keep.SaveErasure(ctx, e); err != nil {
				return err
			}
		}
		return s.tell(ctx, "erasure.scheduled", e, map[string]any{"erase_at": day.UTC()})
	})
	return e, err
}

// ScheduleLeft decides, within the caller's transaction, that somebody is erased who left longer ago than the portal keeps people (auth/privacy/retention),
// after the days to think again. It is a job's: it asks for no permission; ErrOpen, hold.ErrHeld. Event erasure.scheduled.
func (s *Service) ScheduleLeft(ctx context.Context, person uid.ID) error {
	holds, err := s.Keep.HoldsOver(ctx, person)
	if err != nil {
		return err
	}
	if len(holds) > 0 {
		return hold.ErrHeld
	}
	now := s.Now()
	day := now.Add(time.Duration(s.Days) * 24 * time.Hour)
	e := Erasure{ID: uid.New(), PersonID: person, Pseudonym: PseudonymOf(person), Status: Scheduled, AskedAt: now, DecidedAt: &now, EraseAt: &day}
	if err := s.Keep.InsertErasure(ctx, e); err != nil {
		return err
	}
	return s.tell(ctx, "erasure.scheduled", e, map[string]any{"erase_at": day.UTC(), "by": "retention"})
}

// Cancel takes a decided or wished erasure back, as long as it has not begun. It needs privacy:manage; ErrNotFound, ErrBegun, ErrDecided. Event
// erasure.withdrawn.
func (s *Service) Cancel(ctx context.Context, id uid.ID) error {
	if err := auth.Require(ctx, policy.PrivacyManage); err != nil {
		return err
	}
	return s.settle(ctx, id, func(e *Erasure) error { return s.withdrawn(ctx, e) }, "erasure.withdrawn", nil)
}

// Refuse answers a person's wish with no, and why: the law wants a reason (GDPR Art. 12(4)). It needs privacy:manage; a fault at answer,
// ErrNotFound, ErrDecided. Event erasure.refused.
func (s *Service) Refuse(ctx context.Context, id uid.ID, answer string) error {
	if err := auth.Require(ctx, policy.PrivacyManage); err != nil {
		return err
	}
	answer = strings.TrimSpace(answer)
	wrong := fault.Fields{}
	wrong.Check(answer != "", "answer", "Say why: the person has a right to know.")
	wrong.Check(utf8.RuneCountInString(answer) <= answerMax && utf8.ValidString(answer), "answer", "Use at most 500 characters.")
	if err := wrong.Err(); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	now := s.Now()
	return s.settle(ctx, id, func(e *Erasure) error {
		if e.Status != Asked {
			return ErrDecided
		}
		e.Status, e.DecidedBy, e.DecidedAt, e.Answer = Refused, &who.PersonID, &now, answer
		return nil
	}, "erasure.refused", nil)
}

// Welcome lets somebody come back who was erased: directories, lists and identity providers may bring in this e-mail again. It needs
// privacy:manage; a fault at email where nobody of it was erased. Event erasure.return_allowed.
func (s *Service) Welcome(ctx context.Context, email string) error {
	if err := auth.Require(ctx, policy.PrivacyManage); err != nil {
		return err
	}
	norm, ok := auth.NormaliseEmail(email)
	if !ok {
		return fault.Invalid(map[string]string{"email": "Enter an e-mail address, for example “anna@example.com”."})
	}
	marks, err := s.Auth.ErasedMarks(ctx, norm)
	if err != nil {
		return err
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		n, err := s.Keep.DeleteErasedMarks(ctx, marks)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Invalid(map[string]string{"email": "Nobody with this e-mail was erased here."})
		}
		return s.tell(ctx, "erasure.return_allowed", Erasure{ID: uid.New()}, nil)
	})
}
