// Package dashboard is how a portal does, in a few figures that each open their rows: how people stand with what they must have done, month
// by month and now, by requirement and by group, and what was completed in each month. It counts by the matrix's own rules (report) and keeps
// nothing of its own.
package dashboard

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/report"
)

// Standing is how many duties are in which state.
type Standing map[duty.State]int

// All is how many there are.
func (s Standing) All() (n int) {
	for _, of := range s {
		n += of
	}
	return n
}

// Percent is how many of those that are not waived are compliant or expiring, 0 to 100; 0 of none.
func (s Standing) Percent() int {
	if n := s.All() - s[duty.StateWaived]; n > 0 {
		return 100 * (s[duty.StateCompliant] + s[duty.StateExpiring]) / n
	}
	return 0
}

// Counts are those that are not none, in the order of duty.States.
func (s Standing) Counts() (list []duty.Count) {
	for _, state := range duty.States() {
		if s[state] > 0 {
			list = append(list, duty.Count{State: state, N: s[state]})
		}
	}
	return list
}

// Point is how people stood at the end of a day.
type Point struct {
	Day      string    // 2026-03-31, in the zone asked for
	At       time.Time // its end
	Now      bool      // it is today, as it stands
	Standing Standing
}

// Of is how people stand with a requirement, or the people of a group with all.
type Of struct {
	ID       uid.ID
	Name     string
	Standing Standing
}

// Month is how many courses were completed in a month.
type Month struct {
	Month string    // 2026-03, in the zone asked for
	From  time.Time // its first moment
	N     int
}

// Dashboard is all of it. Zone is that of its days and months.
type Dashboard struct {
	Zone         *time.Location
	Now          Standing
	Points       []Point // the last ends of months, and now; none where it is too much to count unasked
	Requirements []Of    // by name
	Groups       []Of    // that requirements apply to, by name
	Completions  []Month // the last twelve months, the current one last
}

// Completion is a course that somebody completed.
type Completion struct {
	ID       uid.ID // the enrolment
	PersonID uid.ID
	Name     string
	Email    string
	Title    string
	At       time.Time
}

// Keeper is what dashboards ask, within InTenant.
type Keeper interface {
	InTenant(ctx context.Context, fn func(context.Context) error) error
	Requirements(ctx context.Context, now time.Time) ([]duty.Shown, error)
	// GroupStandings counts the duties of the people of each group that a requirement applies to, by name, at most 200 groups.
	GroupStandings(ctx context.Context, now time.Time) ([]GroupCount, error)
	// CompletionsWithin counts what was completed in each span, from one moment to the next.
	CompletionsWithin(ctx context.Context, moments []time.Time) ([]int, error)
	// Completions lists what was completed in a span, the newest first.
	Completions(ctx context.Context, from, until time.Time, p page.Request) (page.Of[Completion], error)
}

// GroupCount is how many duties of a group's people are in a state.
type GroupCount struct {
	ID    uid.ID
	Name  string
	State duty.State
	N     int
}

// Totals counts as the matrix does; report.Service is one.
type Totals interface {
	Totals(ctx context.Context, f report.Filter) ([]report.Total, error)
}

// Service is dashboards.
type Service struct {
	keep   Keeper
	totals Totals
	now    clock.Clock
}

// New makes the service.
func New(keep Keeper, totals Totals, now clock.Clock) *Service { return &Service{keep, totals, now} }

const (
	months   = 12
	points   = 6      // ends of months that are counted
	unasked  = 20_000 // duties beyond which the past is counted when asked for only
	monthKey = "2006-01"
)

// Look counts everything. The past of a portal with many duties is counted only when it is asked for. It needs enrolment:manage.
func (s *Service) Look(ctx context.Context, zone *time.Location, past bool) (d Dashboard, err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return d, err
	}
	now := s.now()
	d.Zone = zone
	first := monthOf(now, zone)
	moments := []time.Time{}
	for i := 1 - months; i <= 1; i++ {
		moments = append(moments, first.AddDate(0, i, 0))
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err := s.keep.Requirements(ctx, now)
		if err != nil {
			return err
		}
		d.Requirements, d.Now = nil, Standing{}
		for _, r := range list {
			one := Of{r.ID, r.Name, Standing{}}
			for _, c := range r.Counts {
				one.Standing[c.State] += c.N
				d.Now[c.State] += c.N
			}
			d.Requirements = append(d.Requirements, one)
		}
		counts, err := s.keep.GroupStandings(ctx, now)
		if err != nil {
			return err
		}
		d.Groups = nil
		for _, c := range counts {
			if n := len(d.Groups); n == 0 || d.Groups[n-1].ID != c.ID {
				d.Groups = append(d.Groups, Of{c.ID, c.Name, Standing{}})
			}
			d.Groups[len(d.Groups)-1].Standing[c.State] += c.N
		}
		completed, err := s.keep.CompletionsWithin(ctx, moments)
		d.Completions = nil
		for i, n := range completed {
			d.Completions = append(d.Completions, Month{Month: moments[i].Format(monthKey), From: moments[i], N: n})
		}
		return err
	})
	if err == nil && d.Now.All() > 0 && (past || d.Now.All() <= unasked) {
		d.Points, err = s.points(ctx, first, now, d.Now)
	}
	return d, err
}

// monthOf is the first moment of the month of another.
func monthOf(at time.Time, zone *time.Location) time.Time {
	y, m, _ := at.In(zone).Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, zone)
}

// points are how people stood at the ends of the months before first, as it is known now, and how they stand.
func (s *Service) points(ctx context.Context, first, now time.Time, today Standing) (out []Point, err error) {
	for i := 1 - points; i <= 0; i++ {
		end := first.AddDate(0, i, 0).Add(-time.Microsecond)
		p := Point{Day: end.Format(time.DateOnly), At: end, Standing: Standing{}}
		list, err := s.totals.Totals(ctx, report.Filter{As: report.Moment{At: end.UTC()}})
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			p.Standing[t.State] += t.N
		}
		out = append(out, p)
	}
	return append(out, Point{Day: now.In(first.Location()).Format(time.DateOnly), At: now, Now: true, Standing: today}), nil
}

// Completions lists what was completed in a month, as 2026-03; of no month, the current one. It needs enrolment:manage.
func (s *Service) Completions(ctx context.Context, month string, zone *time.Location, p page.Request) (from time.Time, out page.Of[Completion], err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return from, out, err
	}
	if from, err = time.ParseInLocation(monthKey, month, zone); err != nil || from.Year() < 1970 || from.Year() > 2999 {
		from = monthOf(s.now(), zone)
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.keep.Completions(ctx, from, from.AddDate(0, 1, 0), p)
		return err
	})
	return from, out, err
}
