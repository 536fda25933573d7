package hrsync

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Sent is a list that comes in.
type Sent struct {
	Name    string // of the file; "" for none
	Key     string // the client's Idempotency-Key; "" for none
	Raw     []byte
	Program bool // it may be brought in by itself, where its source says so
}

const keyMax = 200

// Take reads a list and says row by row what it would change. A run of the source that waits is discarded: the newest list counts. Where the
// source says so, what a program sent is brought in by itself within the limits. The same key brings the same run again, and reads nothing.
// Where nothing is to be done, nothing but the run is written. A list that a program sent and that cannot be read is kept as a failed run:
// event hr_run.failed. Events hr_run.planned, hr_run.requested. It needs person:manage; ErrNoSource, ErrArchived, ErrOpen, ErrKeyReused, faults
// at list and key.
func (s *Service) Take(ctx context.Context, source uid.ID, in Sent) (r Run, err error) {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return r, err
	}
	if len(in.Key) > keyMax || !utf8.ValidString(in.Key) || strings.ContainsRune(in.Key, 0) {
		return r, fault.Invalid(map[string]string{"key": "Use at most 200 characters."})
	}
	who, _ := auth.PrincipalFrom(ctx)
	digest := sha256.Sum256(in.Raw)
	r = Run{
		ID: uid.New(), SourceID: source, Name: short(strings.TrimSpace(strings.ToValidUTF8(in.Name, "")), 200), RequestKey: in.Key, Digest: digest[:], Status: StatusPlanned,
		Columns: map[string]string{}, Counts: Counts{}, CreatedBy: &who.PersonID, CreatedAt: s.Now(),
	}
	var src Source
	unread := error(nil)
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if src, err = s.Keep.LockHRSource(ctx, source); err != nil {
			return err
		}
		if src.ArchivedAt != nil {
			return ErrArchived
		}
		if in.Key != "" {
			before, err := s.Keep.HRRunByKey(ctx, source, in.Key)
			if err == nil && !bytes.Equal(before.Digest, r.Digest) {
				return ErrKeyReused
			}
			if err == nil || !errors.Is(err, ErrNoRun) {
				r = before
				return err
			}
		}
		if err := s.makeRoom(ctx, source); err != nil {
			return err
		}
		own, err := s.Keep.PersonFields(ctx, false)
		if err != nil {
			return err
		}
		r.SourceRevision = src.Revision
		var entries []entry
		if entries, r.Columns, err = src.read(in.Raw, own); err != nil {
			unread = err
			return err
		}
		return s.plan(ctx, src, &r, entries, in.Program)
	})
	if unread != nil && in.Program {
		s.noteFailed(ctx, src, r, unread)
	}
	return r, err
}

func short(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n])
}

// makeRoom discards a run that waits; ErrOpen while one is being brought in.
func (s *Service) makeRoom(ctx context.Context, source uid.ID) error {
	before, err := s.Keep.OpenHRRun(ctx, source)
	if errors.Is(err, ErrNoRun) {
		return nil
	}
	if err == nil && before.Status == StatusRunning {
		err = ErrOpen
	}
	if err != nil {
		return err
	}
	now := s.Now()
	before.Status, before.FinishedAt = StatusDiscarded, &now
	return s.Keep.SaveHRRun(ctx, before)
}

func (s *Service) plan(ctx context.Context, src Source, r *Run, entries []entry, program bool) (err error) {
	var rows []Row
	if src.Kind == KindUnits {
		rows, r.Counts, r.Known, err = s.planUnits(ctx, src, entries)
	} else {
		rows, r.Counts, r.Known, err = s.planPeople(ctx, src, entries)
	}
	if err != nil {
		return err
	}
	r.Total = len(entries)
	r.Held = src.held(*r, program)
	now := s.Now()
	switch {
	case r.Work() == 0:
		r.Status, r.Held, r.FinishedAt = StatusDone, "", &now
	case r.Held == "":
		r.Status, r.RequestedBy, r.RequestedAt = StatusRunning, r.CreatedBy, &now
	}
	for i := range rows {
		rows[i].RunID = r.ID
	}
	if err := s.Keep.AddHRRun(ctx, *r, rows); err != nil {
		return err
	}
	switch {
	case r.Status == StatusRunning:
		return s.tell(ctx, "hr_run.requested", src, *r)
	case r.Status == StatusPlanned || r.Counts[OutcomeRefused] > 0:
		return s.tell(ctx, "hr_run.planned", src, *r)
	}
	return nil
}

// held says why a run waits for somebody to look at it; "" for a run that does not.
func (src Source) held(r Run, program bool) Held {
	over := func(n, percent int) bool { return n*100 > r.Known*percent }
	switch {
	case over(r.Counts[OutcomeLeave], src.LeaversMax):
		return HeldLeavers
	case over(r.Work(), src.ChangesMax):
		return HeldChanges
	case !src.Auto || !program || src.Invites && r.Counts[OutcomeCreate] > MaxInvited:
		return HeldAsked
	}
	return ""
}

// noteFailed keeps that a list could not be read: who sends it at night does not look at the answer.
func (s *Service) noteFailed(ctx context.Context, src Source, r Run, why error) {
	now := s.Now()
	f := fault.Of(why)
	r.Status, r.FinishedAt, r.Problem, r.RequestKey = StatusFailed, &now, f.Text, ""
	for _, field := range slices.Sorted(maps.Keys(f.Fields)) {
		r.Problem = f.Fields[field]
	}
	if r.Columns == nil {
		r.Columns = map[string]string{}
	}
	_ = s.Keep.InTenant(ctx, func(ctx context.Context) error { // the caller has the reason anyway
		if err := s.Keep.AddHRRun(ctx, r, nil); err != nil {
			return err
		}
		return s.tell(ctx, "hr_run.failed", src, r)
	})
}

// tell appends an event about a run.
func (s *Service) tell(ctx context.Context, typ string, src Source, r Run) error {
	data := map[string]any{
		"run_id": r.ID, "source_id": src.ID, "title": src.Name, "status": r.Status, "counts": r.Counts, "done": r.Done, "failed": r.Failed,
	}
	if r.Held != "" {
		data["held"] = r.Held
	}
	if r.Problem != "" {
		data["problem"] = r.Problem
	}
	if r.UndoOf != nil {
		data["undo_of"] = *r.UndoOf
	}
	e, err := event.New(ctx, s.Now(), typ, "hr_run", r.ID, data)
	if err != nil {
		return fmt.Errorf("tell of run %s: %w", r.ID, err)
	}
	return s.Keep.AppendEvents(ctx, e)
}

// Discard forgets what a run that waits would do: event hr_run.discarded. It needs person:manage; ErrNoRun, ErrNotNow.
func (s *Service) Discard(ctx context.Context, id uid.ID) error {
	return s.managing(ctx, func(ctx context.Context) error {
		r, err := s.Keep.LockHRRun(ctx, id)
		if err != nil {
			return err
		}
		if r.Status != StatusPlanned {
			return ErrNotNow
		}
		src, err := s.Keep.HRSource(ctx, r.SourceID)
		if err != nil {
			return err
		}
		now := s.Now()
		r.Status, r.FinishedAt = StatusDiscarded, &now
		if err := s.Keep.SaveHRRun(ctx, r); err != nil {
			return err
		}
		return s.tell(ctx, "hr_run.discarded", src, r)
	})
}

// Apply has a job bring a run in as it was reviewed: event hr_run.requested. It needs person:manage; ErrNoRun, ErrNotNow, ErrStale,
// ErrNothing, ErrTooMany.
func (s *Service) Apply(ctx context.Context, id uid.ID) (r Run, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if r, err = s.Keep.LockHRRun(ctx, id); err != nil {
			return err
		}
		src, err := s.Keep.HRSource(ctx, r.SourceID)
		if err != nil {
			return err
		}
		switch {
		case r.Status != StatusPlanned:
			return ErrNotNow
		case r.UndoOf == nil && r.SourceRevision != src.Revision:
			return ErrStale
		case r.Work() == 0:
			return ErrNothing
		case src.Invites && r.UndoOf == nil && r.Counts[OutcomeCreate] > MaxInvited:
			return ErrTooMany
		}
		who, _ := auth.PrincipalFrom(ctx)
		now := s.Now()
		r.Status, r.RequestedBy, r.RequestedAt = StatusRunning, &who.PersonID, &now
		if err := s.Keep.SaveHRRun(ctx, r); err != nil {
			return err
		}
		return s.tell(ctx, "hr_run.requested", src, r)
	})
	return r, err
}
