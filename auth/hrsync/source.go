package hrsync

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// SourceInput is a source as it is wished. Code and Kind count when it is made only; without a code it is made of the name.
type SourceInput struct {
	Name, Code string
	Kind       Kind
	Columns    map[string]string // field → heading; "" is the usual ones
	Whole      bool
	LeaversMax int
	ChangesMax int
	MakesUnits bool
	Invites    bool
	Auto       bool
}

// Limits of what may change without a look at it, in per cent, where nobody says otherwise.
const (
	LeaversUsually = 5
	ChangesUsually = 20
)

var codeShape = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

func codeOf(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	code := strings.Join(words, "-")
	if code == "" || code[0] < 'a' {
		code = "hr-" + code
	}
	return strings.TrimRight(code[:min(len(code), 40)], "-")
}

func (in *SourceInput) validate(fields []org.Field) error {
	f := fault.Fields{}
	in.Name, in.Code = strings.TrimSpace(in.Name), strings.TrimSpace(in.Code)
	f.Check(in.Name != "", "name", "Enter a name.")
	f.Check(utf8.RuneCountInString(in.Name) <= 80 && utf8.ValidString(in.Name) && !strings.ContainsFunc(in.Name, unicode.IsControl), "name", "Use at most 80 characters.")
	if in.Code == "" {
		in.Code = codeOf(in.Name)
	}
	f.Check(codeShape.MatchString(in.Code), "code", "Use small letters, digits, - and _, at most 40, and begin with a letter.")
	f.Check(slices.Contains(Kinds(), in.Kind), "kind", "Choose people or units.")
	f.Check(in.LeaversMax >= 0 && in.LeaversMax <= 100, "leavers_max", "Use a number from 0 to 100.")
	f.Check(in.ChangesMax >= 0 && in.ChangesMax <= 100, "changes_max", "Use a number from 0 to 100.")
	columns, known := map[string]string{}, Fields(in.Kind, fields)
	taken := map[string]bool{}
	for _, field := range slices.Sorted(maps.Keys(in.Columns)) {
		heading := strings.TrimSpace(in.Columns[field])
		if heading == "" {
			continue
		}
		at := "columns." + field
		f.Check(slices.Contains(known, field), at, "There is no such field. Choose one from the list.")
		f.Check(utf8.RuneCountInString(heading) <= 100 && utf8.ValidString(heading) && !strings.ContainsFunc(heading, unicode.IsControl), at, "Use at most 100 characters.")
		f.Check(!taken[plain(heading)], at, "Two fields cannot be the same column.")
		taken[plain(heading)] = true
		columns[field] = heading
	}
	in.Columns = columns
	return f.Err()
}

// Sources lists the sources by name, those in use first. It needs person:manage.
func (s *Service) Sources(ctx context.Context) (list []Source, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		list, err = s.Keep.HRSources(ctx)
		return err
	})
	return list, err
}

// Source gives one. It needs person:manage; ErrNoSource.
func (s *Service) Source(ctx context.Context, id uid.ID) (src Source, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		src, err = s.Keep.HRSource(ctx, id)
		return err
	})
	return src, err
}

// SourceCalled gives one by its id or its code, in any case. It needs person:manage; ErrNoSource.
func (s *Service) SourceCalled(ctx context.Context, ref string) (src Source, err error) {
	list, err := s.Sources(ctx)
	if err != nil {
		return src, err
	}
	id, _ := uid.Parse(ref)
	for _, one := range list {
		if one.ID == id || strings.EqualFold(one.Code, ref) {
			return one, nil
		}
	}
	return src, ErrNoSource
}

// OwnFields lists the portal's own fields that a column can be. It needs person:manage.
func (s *Service) OwnFields(ctx context.Context) (list []org.Field, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		list, err = s.Keep.PersonFields(ctx, false)
		return err
	})
	return list, err
}

// AddSource makes a source: event hr_source.created. It needs person:manage; ErrCode, ErrFull, faults at the fields.
func (s *Service) AddSource(ctx context.Context, in SourceInput) (src Source, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		fields, err := s.Keep.PersonFields(ctx, false)
		if err != nil {
			return err
		}
		if err := in.validate(fields); err != nil {
			return err
		}
		if err := s.roomForSources(ctx); err != nil {
			return err
		}
		who, _ := auth.PrincipalFrom(ctx)
		now := s.Now()
		src = Source{ID: uid.New(), Code: in.Code, Kind: in.Kind, Revision: 1, CreatedBy: &who.PersonID, CreatedAt: now, UpdatedAt: now}
		src.take(in)
		if err := s.Keep.AddHRSource(ctx, src); err != nil {
			return err
		}
		return s.tellSource(ctx, "hr_source.created", src)
	})
	return src, err
}

func (src *Source) take(in SourceInput) {
	src.Name, src.Columns, src.Whole, src.LeaversMax, src.ChangesMax = in.Name, in.Columns, in.Whole, in.LeaversMax, in.ChangesMax
	src.MakesUnits, src.Invites, src.Auto = in.MakesUnits, in.Invites, in.Auto
}

func (s *Service) roomForSources(ctx context.Context) error {
	list, err := s.Keep.HRSources(ctx)
	if err != nil {
		return err
	}
	open := 0
	for _, src := range list {
		if src.ArchivedAt == nil {
			open++
		}
	}
	if open >= sourcesMax {
		return ErrFull
	}
	return nil
}

// ChangeSource changes a source, as made on a revision (below 0: on any); its code and kind stay. A run that waits has to be sent again.
// Event hr_source.changed. It needs person:manage; ErrNoSource, ErrChanged.
func (s *Service) ChangeSource(ctx context.Context, id uid.ID, revision int, in SourceInput) (src Source, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if src, err = s.Keep.LockHRSource(ctx, id); err != nil {
			return err
		}
		in.Code, in.Kind = src.Code, src.Kind
		fields, err := s.Keep.PersonFields(ctx, false)
		if err != nil {
			return err
		}
		if err := in.validate(fields); err != nil {
			return err
		}
		if revision >= 0 && revision != src.Revision {
			return ErrChanged
		}
		src.take(in)
		return s.saveSource(ctx, &src, "hr_source.changed")
	})
	return src, err
}

// ArchiveSource has a source take no lists any more, or take them again; whom it knows stays. Events hr_source.archived,
// hr_source.restored. It needs person:manage; ErrNoSource, ErrFull.
func (s *Service) ArchiveSource(ctx context.Context, id uid.ID, archive bool) error {
	return s.managing(ctx, func(ctx context.Context) error {
		src, err := s.Keep.LockHRSource(ctx, id)
		if err != nil || archive == (src.ArchivedAt != nil) {
			return err
		}
		now, typ := s.Now(), "hr_source.archived"
		if src.ArchivedAt = &now; !archive {
			if err := s.roomForSources(ctx); err != nil {
				return err
			}
			src.ArchivedAt, typ = nil, "hr_source.restored"
		}
		return s.saveSource(ctx, &src, typ)
	})
}

func (s *Service) saveSource(ctx context.Context, src *Source, typ string) error {
	src.Revision++
	src.UpdatedAt = s.Now()
	if err := s.Keep.SaveHRSource(ctx, *src); err != nil {
		return err
	}
	return s.tellSource(ctx, typ, *src)
}

func (s *Service) tellSource(ctx context.Context, typ string, src Source) error {
	e, err := event.New(ctx, s.Now(), typ, "hr_source", src.ID, map[string]any{
		"source_id": src.ID, "name": src.Name, "code": src.Code, "kind": src.Kind, "whole": src.Whole, "auto": src.Auto, "leavers_max": src.LeaversMax, "changes_max": src.ChangesMax,
		"makes_units": src.MakesUnits, "invites": src.Invites,
	})
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, e)
}

// Runs lists the runs of a source, uid.Nil: of all, the newest first. It needs person:manage; ErrNoSource.
func (s *Service) Runs(ctx context.Context, source uid.ID, r page.Request) (out page.Of[Run], err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if source != uid.Nil {
			if _, err := s.Keep.HRSource(ctx, source); err != nil {
				return err
			}
		}
		out, err = s.Keep.HRRuns(ctx, source, r)
		return err
	})
	return out, err
}

// Run gives one. It needs person:manage; ErrNoRun.
func (s *Service) Run(ctx context.Context, id uid.ID) (r Run, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		r, err = s.Keep.HRRun(ctx, id)
		return err
	})
	return r, err
}

// Rows lists what becomes of a run's rows; those for which nothing changes are counted only. It needs person:manage; ErrNoRun.
func (s *Service) Rows(ctx context.Context, run uid.ID, f Filter) (out page.Of[Row], err error) {
	if !utf8.ValidString(f.Query) || strings.ContainsRune(f.Query, 0) {
		f.Query = ""
	}
	err = s.managing(ctx, func(ctx context.Context) error {
		if _, err := s.Keep.HRRun(ctx, run); err != nil {
			return err
		}
		out, err = s.Keep.HRRows(ctx, run, f)
		return err
	})
	return out, err
}

func (s *Service) managing(ctx context.Context, do func(context.Context) error) error {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return err
	}
	return s.Keep.InTenant(ctx, do)
}
