package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Count takes an event of the tenant of ctx into the ledger when it makes a person an active learner of the period in
// which it happened (not in which it is told). However often and in whatever order events are told, a person counts
// once a period, by the first of them in the log; and once more when they learn after they were struck off.
func (s *Service) Count(ctx context.Context, e event.Event) error {
	who, ok, err := Learning(e)
	if err != nil {
		return fmt.Errorf("count usage: %w", err)
	}
	if !ok {
		return nil
	}
	t, ok := tenant.From(ctx)
	if !ok {
		return errors.New("count usage: no tenant in the context")
	}
	if err := s.count(ctx, t, who, e); err != nil {
		return fmt.Errorf("count usage of event %s: %w", e.ID, err)
	}
	return nil
}

func (s *Service) count(ctx context.Context, t tenant.Tenant, who Learner, e event.Event) error {
	period := PeriodOf(e.At)
	have, err := s.keep.UsageOf(ctx, t.ID, MeterActiveLearner, period, who.ID)
	if err != nil {
		return err
	}
	kind, from := KindCounted, period.Start
	if len(have) > 0 {
		struck := ofKind(have, KindStruck)
		if struck == nil || ofKind(have, KindAgain) != nil {
			return nil
		}
		// What was completed as the entry was struck off, and was not seen then, is learning all the same.
		raced := slices.Contains(CompletingEvents(), e.Type)
		if !e.At.After(struck.RecordedAt) && !raced {
			return nil
		}
		kind, from = KindAgain, struck.RecordedAt
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		first, err := s.keep.FirstEventOf(ctx, Sought{Person: who.ID, Types: LearningEvents(), From: from, Before: period.End(), Own: true})
		if err == nil && !first.At.After(e.At) {
			e = first
		}
		if errors.Is(err, event.ErrNotFound) {
			return nil // about no enrolment that is still there: the event itself is the first we know of
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.keep.RecordUsage(ctx, UsageEvent{
		ID: uid.New(), TenantID: t.ID, Meter: MeterActiveLearner, SubjectID: who.ID, SubjectName: who.Name, Kind: kind,
		Period: period.Start, Quantity: 1, EventID: e.ID, EventType: e.Type, OccurredAt: e.At, RecordedAt: s.now(),
	})
	return err
}

// ofKind finds an entry of a kind; nil when there is none.
func ofKind(entries []UsageEvent, k Kind) *UsageEvent {
	for i := range entries {
		if entries[i].Kind == k {
			return &entries[i]
		}
	}
	return nil
}

// MakeMonths makes room in the ledger for this month and the two after. What is used in another month makes its own.
func (s *Service) MakeMonths(ctx context.Context) error {
	this := PeriodOf(s.now())
	return s.keep.MakeUsageMonths(ctx, this, Period{Start: this.Start.AddDate(0, 1, 0)}, Period{Start: this.Start.AddDate(0, 2, 0)})
}

// Rebuilt is what a rebuild found in a month.
type Rebuilt struct {
	Period Period
	Wrong  int // days of a meter that were not the sum of their entries, and are now
}

// Rebuild works the days of months out anew from the ledger's entries, of one month or with nil of all, and tells of each as
// it is done. It is for who runs the platform: it asks for no permission. Usage may be counted meanwhile.
func (s *Service) Rebuild(ctx context.Context, p *Period, done func(Rebuilt)) error {
	months := []Period{}
	if p != nil {
		months = append(months, *p)
	} else {
		var err error
		if months, err = s.keep.UsageMonthsKept(ctx); err != nil {
			return err
		}
	}
	for _, m := range months {
		wrong, err := s.keep.RebuildUsage(ctx, m)
		if err != nil {
			return err
		}
		done(Rebuilt{m, wrong})
	}
	return nil
}
