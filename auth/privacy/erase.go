package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

func (s *Service) erase(ctx context.Context, e Erasure) error {
	for _, step := range Steps() {
		if err := s.step(ctx, e, step); err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	return nil
}

// step does a step that was not done.
func (s *Service) step(ctx context.Context, e Erasure, name string) error {
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
