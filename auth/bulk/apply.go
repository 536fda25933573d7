package bulk

import (
	"context"
	"errors"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Apply has a job bring a list in as it was reviewed at a revision: event people_import.requested. It needs person:manage;
// ErrNotFound, ErrNotNow, ErrReview, ErrNothing, ErrTooMany.
func (s *Service) Apply(ctx context.Context, id uid.ID, revision int) (i Import, err error) {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return i, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if i, err = s.Keep.LockImport(ctx, id); err != nil {
			return err
		}
		switch {
		case i.Status != StatusPlanned:
			return ErrNotNow
		case i.Revision != revision:
			return ErrReview
		case i.Work() == 0:
			return ErrNothing
		}
		now := s.Now()
		mailed, err := s.Keep.MailedSince(ctx, now.AddDate(0, 0, -1))
		if err != nil {
			return err
		}
		if mailed+i.Mailed > MaxADay {
			return ErrTooMany
		}
		i.Status, i.RequestedBy, i.RequestedAt = StatusRunning, &who.PersonID, &now
		if err := s.Keep.SaveImport(ctx, i); err != nil {
			return err
		}
		return s.tell(ctx, "people_import.requested", i, map[string]any{"counts": i.Counts, "role": i.Role, "quiet": i.Quiet})
	})
	return i, err
}

// Discard removes a list that is not being brought in. It needs person:manage; ErrNotFound, ErrNotNow.
func (s *Service) Discard(ctx context.Context, id uid.ID) error {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return err
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		i, err := s.Keep.LockImport(ctx, id)
		if err != nil {
			return err
		}
		if i.Status == StatusRunning {
			return ErrNotNow
		}
		return s.Keep.DeleteImport(ctx, id)
	})
}

// What follows asks nobody's permission: jobs do it, each safe to run twice.

// Run brings a list in for who asked for it, some lines in each transaction: one that is cut short goes on with the rest, and
// no line is done twice. Event people_import.finished.
func (s *Service) Run(ctx context.Context, id uid.ID) error {
	for {
		left, err := s.step(ctx, id)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil || !left {
			return err
		}
		s.Auth.Changed(ctx)
	}
}

// step brings in the next lines; left tells whether there may be more.
func (s *Service) step(ctx context.Context, id uid.ID) (left bool, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		i, err := s.Keep.LockImport(ctx, id)
		if err != nil || i.Status != StatusRunning {
			return err
		}
		lines, err := s.Keep.WaitingLines(ctx, id, batch)
		if err != nil {
			return err
		}
		if left = len(lines) > 0; !left {
			now := s.Now()
			i.Status, i.FinishedAt = StatusDone, &now
			if err := s.tell(ctx, "people_import.finished", i, map[string]any{"done": i.Done, "failed": i.Failed}); err != nil {
				return err
			}
			return s.Keep.SaveImport(ctx, i)
		}
		if err := s.take(ctx, &i, lines); err != nil {
			return err
		}
		if err := s.Keep.SaveLines(ctx, lines); err != nil {
			return err
		}
		return s.Keep.SaveImport(ctx, i)
	})
	return left, err
}

// take brings lines in, and notes at each what became of it.
func (s *Service) take(ctx context.Context, i *Import, lines []Line) error {
	asking, err := s.Auth.As(ctx, *i.RequestedBy)
	if err == nil {
		err = auth.Require(asking, policy.PersonManage)
	}
	if f := fault.Of(err); err != nil && f.Kind != fault.KindInternal {
		for n := range lines {
			lines[n].State, lines[n].Problem = LineFailed, errAskerGone.Text
		}
		i.Failed += len(lines)
		return nil
	}
	if err != nil {
		return err
	}
	into := map[string][]uid.ID{}
	for n := range lines {
		l := &lines[n]
		p, _, _, err := s.Auth.Bring(asking, auth.Source{Kind: auth.SourceImport, ID: i.ID, Name: i.Name}, auth.Newcomer{Profile: l.Detail.Profile, Roles: l.Detail.Roles, Quiet: i.Quiet})
		if refused(err, p) {
			l.State, l.Problem = LineFailed, fault.Of(err).Text
			i.Failed++
			continue
		}
		if err != nil {
			return err // the job comes again
		}
		l.State, l.PersonID = LineDone, &p.ID
		i.Done++
		for _, name := range l.Detail.Groups {
			into[name] = append(into[name], p.ID)
		}
	}
	return s.join(asking, into, lines)
}

// refused tells whether a line cannot be done, however often it is tried.
func refused(err error, p auth.Person) bool {
	if errors.Is(err, auth.ErrEmailTaken) {
		return p.Status == auth.PersonDeactivated // another: someone of this address came in at the same moment
	}
	return err != nil && fault.Of(err).Kind != fault.KindInternal
}

// join puts people into the groups that their lines name; those that are not here are made.
func (s *Service) join(ctx context.Context, into map[string][]uid.ID, lines []Line) error {
	for _, name := range slices.Sorted(keys(into)) {
		found, err := s.Keep.GroupsByNames(ctx, []string{strings.ToLower(name)})
		if err != nil {
			return err
		}
		g, there := found[strings.ToLower(name)]
		if !there {
			g, err = s.Groups.Create(ctx, group.Input{Name: name})
		}
		if err == nil {
			_, err = s.Groups.Add(ctx, g.ID, into[name])
		}
		if f := fault.Of(err); err != nil && f.Kind == fault.KindInternal {
			return err
		} else if err != nil { // the people are in; of the group their lines say why not
			for n := range lines {
				if slices.Contains(lines[n].Detail.Groups, name) && lines[n].State == LineDone {
					lines[n].Problem = f.Text
				}
			}
		}
	}
	return nil
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// Prune removes lists that are older than they are kept.
func (s *Service) Prune(ctx context.Context) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		_, err := s.Keep.DeleteImports(ctx, s.Now().Add(-keptFor))
		return err
	})
}
