package builder

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
)

// Ready are reports that everybody has: their codes and definitions, in order.
func Ready() []struct {
	Code string
	Definition
} {
	return []struct {
		Code string
		Definition
	}{
		{"overdue", Definition{Source: Duties, Columns: []string{"person", "email", "department", "subject", "state", "due", "grace", "expires"}, Group: "subject", States: []string{string(duty.StateNonCompliant), string(duty.StateInGrace)}}},
		{"expiring", Definition{Source: Duties, Columns: []string{"person", "email", "department", "subject", "state", "completed", "expires"}, Group: "subject", Moment: "expires", Days: -60}},
		{"activity", Definition{Source: Enrolments, Columns: []string{"person", "department", "subject", "version", "started", "completed"}, Group: "subject", Moment: "completed", Days: 30}},
		{"transcript", Definition{Source: Enrolments, Columns: []string{"person", "email", "department", "subject", "version", "state", "percent", "given", "started", "completed"}, Group: "state"}},
		{"unfinished", Definition{Source: Enrolments, Columns: []string{"person", "email", "department", "subject", "percent", "given", "started", "due"}, Group: "subject", States: []string{"active"}}},
	}
}

// List gives the asker's own reports and those that others share, by name. It needs enrolment:manage.
func (s *Service) List(ctx context.Context) (list []Saved, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		who, _ := auth.PrincipalFrom(ctx)
		list, err = s.keep.SavedReports(ctx, who.PersonID, savedMax*2)
		return err
	})
	return list, err
}

// Get finds one that is the asker's or shared. It needs enrolment:manage; ErrNotFound.
func (s *Service) Get(ctx context.Context, id uid.ID) (out Saved, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		out, err = s.visible(ctx, id)
		return err
	})
	return out, err
}

func (s *Service) visible(ctx context.Context, id uid.ID) (Saved, error) {
	who, _ := auth.PrincipalFrom(ctx)
	one, err := s.keep.SavedReport(ctx, id)
	if err == nil && one.OwnerID != who.PersonID && !one.Shared {
		return Saved{}, ErrNotFound
	}
	return one, err
}

func (s *Service) own(ctx context.Context, id uid.ID) (Saved, error) {
	who, _ := auth.PrincipalFrom(ctx)
	one, err := s.visible(ctx, id)
	if err == nil && one.OwnerID != who.PersonID {
		err = ErrNotOwn
	}
	return one, err
}

// Save keeps a report, a new one with uid.Nil. It needs enrolment:manage, and one that is there has to be the asker's: ErrNotOwn; faults at
// the fields, ErrNotFound, ErrNameTaken, ErrChanged, ErrTooMany. Event report.saved.
func (s *Service) Save(ctx context.Context, id uid.ID, in Input) (out Saved, err error) {
	in.Name = strings.TrimSpace(in.Name)
	wrong := fault.Fields{}
	wrong.Check(in.Name != "" && utf8.ValidString(in.Name) && utf8.RuneCountInString(in.Name) <= nameMax, "name", "Use a name of 1 to 120 characters.")
	if err := wrong.Err(); err != nil {
		return out, err
	}
	if err := in.Definition.Check(); err != nil {
		return out, err
	}
	text, err := json.Marshal(in.Definition)
	if err != nil {
		return out, err
	}
	now := s.now()
	err = s.in(ctx, func(ctx context.Context) error {
		who, _ := auth.PrincipalFrom(ctx)
		out = Saved{ID: id, Name: in.Name, Definition: string(text), OwnerID: who.PersonID, Shared: in.Shared, Revision: in.Revision + 1, CreatedAt: now, UpdatedAt: now}
		if id == uid.Nil {
			list, err := s.keep.SavedReports(ctx, who.PersonID, savedMax*2)
			if err != nil {
				return err
			}
			n := 0
			for _, one := range list {
				if one.OwnerID == who.PersonID {
					n++
				}
			}
			if n >= savedMax {
				return ErrTooMany
			}
			out.ID, out.Revision = uid.New(), 1
			err = s.keep.AddReport(ctx, out)
			if err != nil {
				return err
			}
		} else {
			if _, err := s.own(ctx, id); err != nil {
				return err
			}
			if err := s.keep.SaveReport(ctx, out); err != nil {
				return err
			}
		}
		return s.tell(ctx, "report.saved", out)
	})
	return out, err
}

// Delete removes one of the asker's. It needs enrolment:manage; ErrNotFound, ErrNotOwn. Event report.deleted.
func (s *Service) Delete(ctx context.Context, id uid.ID) error {
	return s.in(ctx, func(ctx context.Context) error {
		one, err := s.own(ctx, id)
		if err != nil {
			return err
		}
		if err := s.keep.DeleteReport(ctx, id); err != nil {
			return err
		}
		return s.tell(ctx, "report.deleted", one)
	})
}

func (s *Service) tell(ctx context.Context, typ string, r Saved) error {
	e, err := event.New(ctx, s.now(), typ, "report", r.ID, map[string]any{"name": r.Name, "shared": r.Shared})
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}
