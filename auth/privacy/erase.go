package privacy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// The steps of an erasure, in their order. Each but StepFiles and StepReceipt is one transaction, in which it is noted too: a run that is
// cut short goes on behind the last one. Name and e-mail go last, because the steps before look for them.
const (
	StepClosed   = "closed"   // nobody signs in as them any more; the marks that keep them from coming back are written
	StepLearning = "learning" // what they did to learn; certificates lose the name
	StepFiles    = "files"    // what they handed in
	StepTraces   = "traces"   // name and e-mail in the text of logs, lists and messages of others
	StepPerson   = "person"   // the rest, and the person
	StepReceipt  = "receipt"
)

// Steps lists them.
func Steps() []string {
	return []string{StepClosed, StepLearning, StepFiles, StepTraces, StepPerson, StepReceipt}
}

const dueAtOnce = 100

// Run begins the erasures of the tenant whose day has come, and goes on with those that were cut short. One that fails does not keep it
// from the others. It is a job's: it asks for no permission.
func (s *Service) Run(ctx context.Context) error {
	var due []Erasure
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		due, err = s.Keep.DueErasures(ctx, s.Now(), dueAtOnce)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range due {
		if err := s.erase(ctx, e); err != nil {
			errs = append(errs, fmt.Errorf("erasure %s: %w", e.ID, err))
		}
	}
	return errors.Join(errs...)
}

// errHeld is an erasure that waits: a hold came over the person. What is done stays done, the next run looks again.
var errHeld = errors.New("privacy: a hold is over the person")

func (s *Service) erase(ctx context.Context, e Erasure) error {
	for _, step := range Steps() {
		var err error
		if step == StepPerson {
			err = s.farewell(ctx, e)
		}
		if err == nil {
			err = s.step(ctx, e, step)
		}
		if errors.Is(err, errHeld) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	return nil
}

// unheld is errHeld while a hold is over the person. Once the person is gone there is only the receipt left to write.
func (s *Service) unheld(ctx context.Context, e Erasure, step string) error {
	if step == StepReceipt {
		return nil
	}
	holds, err := s.Keep.HoldsOver(ctx, e.PersonID)
	if err == nil && len(holds) > 0 {
		err = errHeld
	}
	return err
}

// farewell has the person told that they are erased, while their address is there. A mail that cannot be sent holds the erasure up for LastFor,
// and no longer: the right to be erased does not hang on a mail.
func (s *Service) farewell(ctx context.Context, e Erasure) error {
	if s.Last == nil {
		return nil
	}
	var p auth.Person
	due := false
	err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
		held, err := s.Keep.ErasureByID(ctx, e.ID)
		if err != nil || held.Status != Working {
			return err
		}
		e = held
		done, err := s.Keep.PersonErasureSteps(ctx, e.ID)
		if err != nil || slices.ContainsFunc(done, func(d Step) bool { return d.Step == StepPerson }) {
			return err
		}
		if err := s.unheld(ctx, e, StepPerson); err != nil {
			return err
		}
		due = true
		p, err = s.Auth.PersonForErasure(ctx, e.PersonID)
		return err
	})
	if err != nil || !due {
		return err
	}
	if err = s.Last(ctx, p, e); err == nil {
		return nil
	}
	if e.BegunAt != nil && s.Now().Before(e.BegunAt.Add(LastFor)) {
		return fmt.Errorf("the last mail: %w", err)
	}
	s.Log.WarnContext(ctx, "erased without a last mail", slog.String("erasure", e.ID.String()), slog.Any("err", err))
	return nil
}

// step does a step that was not done.
func (s *Service) step(ctx context.Context, e Erasure, name string) error {
	if name == StepFiles { // which begins with files, outside of its transaction
		open := false
		if err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
			held, err := s.Keep.ErasureByID(ctx, e.ID)
			if err != nil {
				return err
			}
			open = held.Status == Working // no step is done twice, and none of what was taken back meanwhile
			return s.unheld(ctx, e, name)
		}); err != nil || !open {
			return err
		}
	}
	files := int64(0)
	if name == StepFiles && s.Files != nil {
		n, err := s.Files.RemoveHandedBy(ctx, e.PersonID)
		if err != nil {
			return err
		}
		files = int64(n)
	}
	if name == StepFiles && s.Copies != nil {
		n, err := s.Copies.RemoveOf(ctx, e.PersonID)
		if err != nil {
			return err
		}
		files += int64(n)
	}
	var receipt string
	if name == StepReceipt {
		signed, err := s.receipt(ctx, e)
		if err != nil || signed == "" {
			return err
		}
		receipt = signed
	}
	err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
		held, err := s.Keep.ErasureByID(ctx, e.ID)
		if err != nil || held.Status != Scheduled && held.Status != Working {
			return err
		}
		done, err := s.Keep.PersonErasureSteps(ctx, e.ID)
		if err != nil || slices.ContainsFunc(done, func(d Step) bool { return d.Step == name }) {
			return err
		}
		if err := s.unheld(ctx, e, name); err != nil {
			return err
		}
		counts, err := s.do(ctx, &held, name)
		if err != nil {
			return err
		}
		if name == StepFiles {
			counts = map[string]int64{string(Deleted): files}
		}
		if err := s.Keep.PersonStepDone(ctx, Step{ErasureID: e.ID, Step: name, DoneAt: s.Now(), Counts: counts}); err != nil {
			return err
		}
		if name == StepReceipt {
			now := s.Now()
			held.Status, held.ErasedAt, held.Receipt = Erased, &now, receipt
			if err := s.Keep.SaveErasure(ctx, held); err != nil {
				return err
			}
			return s.tell(ctx, "erasure.done", held, nil)
		}
		return nil
	})
	if err == nil && (name == StepClosed || name == StepPerson) {
		s.Auth.Changed(ctx)
	}
	return err
}

func (s *Service) do(ctx context.Context, e *Erasure, step string) (counts map[string]int64, err error) {
	counts = map[string]int64{}
	deleted := func(which func(Entry) bool) error {
		for _, entry := range Register {
			if entry.Fate != Deleted || !entry.counted() || entry.Link == ByText || entry.Link == ByHanded || !which(entry) {
				continue
			}
			n, err := s.Keep.DeletePersonRows(ctx, e.PersonID, entry)
			if err != nil {
				return err
			}
			counts[string(Deleted)] += n
		}
		return nil
	}
	switch step {
	case StepClosed:
		return counts, s.close(ctx, e, counts)
	case StepLearning:
		if err := s.Keep.HandOverHandIns(ctx, e.PersonID); err != nil {
			return nil, err
		}
		if err := deleted(func(e Entry) bool { return e.Class == Learning }); err != nil {
			return nil, err
		}
		counts[string(Pseudonymised)], err = s.Keep.PseudonymisePerson(ctx, e.PersonID, e.Pseudonym)
	case StepTraces:
		p, err := s.Auth.PersonForErasure(ctx, e.PersonID)
		if err != nil {
			return nil, err
		}
		counts[string(Scrubbed)], err = s.Keep.ScrubPerson(ctx, p, e.Pseudonym)
		return counts, err
	case StepPerson:
		if e.DecidedBy != nil {
			if err := s.Keep.HandOverReports(ctx, e.PersonID, *e.DecidedBy); err != nil {
				return nil, err
			}
		}
		if err := s.Keep.LeaveLines(ctx, e.PersonID, s.Now()); err != nil {
			return nil, err
		}
		err = deleted(func(e Entry) bool { return e.Class != Learning })
	}
	return counts, err
}

// close ends every way in, and writes the marks by which somebody erased is known again.
func (s *Service) close(ctx context.Context, e *Erasure, counts map[string]int64) error {
	p, err := s.Auth.MayGo(ctx, e.PersonID)
	if err != nil {
		return err
	}
	aliases, err := s.Keep.AliasesOf(ctx, p.ID)
	if err != nil {
		return err
	}
	marks, err := s.Auth.ErasedMarks(ctx, append(aliases, p.Email)...)
	if err != nil {
		return err
	}
	if err := s.Keep.InsertErasedMarks(ctx, e.ID, marks, s.Now()); err != nil {
		return err
	}
	counts["marks"] = int64(len(marks))
	if err := s.Auth.CloseAccount(ctx, p.ID); err != nil {
		return err
	}
	now := s.Now()
	e.Status, e.BegunAt = Working, &now
	for _, entry := range Register {
		if entry.Topic != TopicSignIn || entry.Fate != Deleted {
			continue
		}
		n, err := s.Keep.DeletePersonRows(ctx, e.PersonID, entry)
		if err != nil {
			return err
		}
		counts[string(Deleted)] += n
	}
	if err := s.Keep.SaveErasure(ctx, *e); err != nil {
		return err
	}
	return s.tell(ctx, "erasure.begun", *e, nil)
}

// Stayed counts what is left of a person after their erasure; tests and operators ask.
func (s *Service) Stayed(ctx context.Context, person uid.ID) (lines []Line, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		counts, err := s.Keep.CountPersonRows(ctx, person)
		lines = sum(counts, false)
		return err
	})
	return lines, err
}
