package billing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Grace is how long after it a first access may be struck off.
const Grace = 24 * time.Hour

// MaxReason is the length of a correction's reason, in characters.
const MaxReason = 500

// EventStruck tells that an entry was struck off; its subject is the entry.
const EventStruck = "usage.struck"

// Failures of striking off.
var (
	ErrNotStrikable  = fault.New(fault.KindConflict, "usage_not_strikable", "Only the entry by which a person began to count this month can be struck off.")
	ErrStruck        = fault.New(fault.KindConflict, "usage_struck", "This person was struck off this month already. That is possible once a person and month.")
	ErrGraceOver     = fault.New(fault.KindConflict, "usage_grace_over", "An entry can be struck off within 24 hours of the event that counted. These are over.")
	ErrLearned       = fault.New(fault.KindConflict, "usage_learned", "This person has handed in or completed something since, so the first access was no mistake.")
	ErrReasonMissing = fault.New(fault.KindInvalid, "usage_reason", "Say in 3 to 500 characters why the entry is struck off.")
)

// StrikeInput is which entry to strike off, and why.
type StrikeInput struct {
	Entry  uid.ID
	Reason string // 3 to MaxReason characters; field reason
}

// Validate checks and trims it.
func (in *StrikeInput) Validate() error {
	in.Reason = strings.TrimSpace(in.Reason)
	if n := utf8.RuneCountInString(in.Reason); n < 3 || n > MaxReason || strings.ContainsRune(in.Reason, 0) {
		return ErrReasonMissing.With("reason", ErrReasonMissing.Text)
	}
	return nil
}

// struck is the data of EventStruck.
type struck struct {
	Entry      uid.ID `json:"entry_id"`
	PersonID   uid.ID `json:"person_id"`
	PersonName string `json:"person_name"`
	Period     string `json:"period"`
	Reason     string `json:"reason"`
	ByName     string `json:"by_name"`
}

// Strike takes back the entry of a person who was counted by a mistaken first access: a correction of -1 is written beside
// it, nothing is changed. It may be done within Grace of the event that counted, if nothing was handed in or completed,
// once a person and period. Who learns afterwards counts again. Event usage.struck. It needs billing:manage.
func (s *Service) Strike(ctx context.Context, in StrikeInput) (correction UsageEvent, err error) {
	if err := auth.Require(ctx, policy.BillingManage); err != nil {
		return correction, err
	}
	if err := in.Validate(); err != nil {
		return correction, err
	}
	t, _ := tenant.From(ctx)
	entry, err := s.keep.UsageEventOf(ctx, t.ID, in.Entry)
	if err != nil {
		return correction, err
	}
	same, err := s.keep.UsageOf(ctx, t.ID, entry.Meter, PeriodOf(entry.Period), entry.SubjectID)
	if err != nil {
		return correction, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	e, err := event.New(ctx, s.now(), EventStruck, "usage_entry", entry.ID, struck{
		Entry: entry.ID, PersonID: entry.SubjectID, PersonName: entry.SubjectName, Period: entry.Period.UTC().Format("2006-01"), Reason: in.Reason, ByName: who.Name,
	})
	if err != nil {
		return correction, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.strikable(ctx, entry, same); err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, e)
	})
	if err != nil {
		return correction, err
	}
	// What the event enqueued would write it too; so whoever struck it off sees it at once.
	return s.correct(ctx, e)
}

// strikable fails when an entry cannot be struck off now. It runs inside InTenant.
func (s *Service) strikable(ctx context.Context, entry UsageEvent, same []UsageEvent) error {
	switch {
	case entry.Meter != MeterActiveLearner || entry.Kind == KindStruck:
		return ErrNotStrikable
	case ofKind(same, KindStruck) != nil:
		return ErrStruck
	case entry.Kind != KindCounted:
		return ErrNotStrikable
	case s.now().After(entry.OccurredAt.Add(Grace)):
		return ErrGraceOver
	}
	_, err := s.keep.FirstEventOf(ctx, Sought{
		Person: entry.SubjectID, Types: CompletingEvents(), From: entry.OccurredAt, Before: s.now().Add(time.Minute),
	})
	switch {
	case errors.Is(err, event.ErrNotFound):
		return nil
	case err == nil:
		return ErrLearned
	}
	return err
}

// Correct writes the correction that an event usage.struck of the tenant of ctx asks for, unless it is there.
func (s *Service) Correct(ctx context.Context, e event.Event) error {
	_, err := s.correct(ctx, e)
	return err
}

func (s *Service) correct(ctx context.Context, e event.Event) (c UsageEvent, err error) {
	var d struck
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return c, fmt.Errorf("correct usage by event %s: %w", e.ID, err)
	}
	t, ok := tenant.From(ctx)
	if !ok {
		return c, errors.New("correct usage: no tenant in the context")
	}
	entry, err := s.keep.UsageEventOf(ctx, t.ID, d.Entry)
	if err != nil {
		return c, err
	}
	c = UsageEvent{
		ID: uid.New(), TenantID: t.ID, Meter: entry.Meter, SubjectID: entry.SubjectID, SubjectName: entry.SubjectName, Period: entry.Period,
		Kind: KindStruck, Quantity: -entry.Quantity, EventID: e.ID, EventType: e.Type, OccurredAt: entry.OccurredAt, RecordedAt: e.At,
		Reason: d.Reason, ByID: e.ActorID, ByName: d.ByName,
	}
	written, err := s.keep.RecordUsage(ctx, c)
	if err != nil || written == 1 {
		return c, err
	}
	same, err := s.keep.UsageOf(ctx, t.ID, entry.Meter, PeriodOf(entry.Period), entry.SubjectID)
	if err != nil {
		return c, err
	}
	if there := ofKind(same, KindStruck); there != nil {
		c = *there // another hand was quicker
	}
	return c, nil
}
