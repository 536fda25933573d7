package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/dashboard"
	"lyceum/learning/duty"
)

type standingShown struct {
	Percent int            `json:"percent" doc:"Of those not waived, how many are compliant or expiring."`
	Counts  []standingRows `json:"counts" doc:"Those that are not none."`
}

type standingRows struct {
	State  duty.State `json:"state" enum:"non_compliant,in_grace,expiring,not_started,in_progress,compliant,waived"`
	Duties int        `json:"duties"`
}

type standingPoint struct {
	Day      string        `json:"day" doc:"How it stood at the end of this day; the last one is today, as it stands."`
	Standing standingShown `json:"standing"`
}

type standingOf struct {
	ID       uid.ID        `json:"id"`
	Name     string        `json:"name"`
	Standing standingShown `json:"standing"`
}

type completionMonth struct {
	Month     string `json:"month" doc:"As 2026-03."`
	Completed int    `json:"completed"`
}

type dashboardShown struct {
	TimeZone     string            `json:"time_zone"`
	Now          standingShown     `json:"now"`
	Points       []standingPoint   `json:"points" doc:"The ends of the last six months as it is known now, and today; empty where there are more than 20,000 duties, unless the past is asked for."`
	Requirements []standingOf      `json:"requirements"`
	Groups       []standingOf      `json:"groups" doc:"All duties of the people of each group that a requirement applies to, at most 200."`
	Completions  []completionMonth `json:"completions" doc:"Courses completed in each of the last twelve months."`
}

type dashboardIn struct {
	TimeZone string `query:"time_zone" maxLength:"60" doc:"An IANA time zone for days and months; UTC without it."`
	Past     bool   `query:"past" doc:"Count the past however many duties there are."`
}

type dashboardOut struct{ Body dashboardShown }

type completionShown struct {
	EnrolmentID uid.ID    `json:"enrolment_id"`
	PersonID    uid.ID    `json:"person_id"`
	Name        string    `json:"name"`
	Course      string    `json:"course"`
	CompletedAt time.Time `json:"completed_at"`
}

type completionsIn struct {
	Paging
	Month    string `query:"month" maxLength:"7" doc:"As 2026-03; the current one without it."`
	TimeZone string `query:"time_zone" maxLength:"60" doc:"An IANA time zone; UTC without it."`
}

func showDashboardStanding(s dashboard.Standing) standingShown {
	out := standingShown{Percent: s.Percent(), Counts: []standingRows{}}
	for _, c := range s.Counts() {
		out.Counts = append(out.Counts, standingRows{c.State, c.N})
	}
	return out
}

func zoneNamed(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fault.Invalid(map[string]string{"time_zone": "Use an IANA time zone, for example Europe/Berlin."})
	}
	return zone, nil
}

func (a *api) dashboardOperations() {
	manage := route.For(policy.EnrolmentManage)
	on(a, operation{method: get, path: "/dashboard", id: "get-dashboard", tag: tagEnrolments, need: manage, summary: "How people stand with what they must have done, and what was completed"},
		func(ctx context.Context, in *dashboardIn) (*dashboardOut, error) {
			zone, err := zoneNamed(in.TimeZone)
			if err != nil {
				return nil, err
			}
			d, err := a.Dashboards.Look(ctx, zone, in.Past)
			if err != nil {
				return nil, err
			}
			out := dashboardShown{TimeZone: zone.String(), Now: showDashboardStanding(d.Now), Points: []standingPoint{}, Requirements: []standingOf{}, Groups: []standingOf{}, Completions: []completionMonth{}}
			for _, p := range d.Points {
				out.Points = append(out.Points, standingPoint{p.Day, showDashboardStanding(p.Standing)})
			}
			for _, r := range d.Requirements {
				out.Requirements = append(out.Requirements, standingOf{r.ID, r.Name, showDashboardStanding(r.Standing)})
			}
			for _, g := range d.Groups {
				out.Groups = append(out.Groups, standingOf{g.ID, g.Name, showDashboardStanding(g.Standing)})
			}
			for _, m := range d.Completions {
				out.Completions = append(out.Completions, completionMonth{m.Month, m.N})
			}
			return &dashboardOut{out}, nil
		})
	on(a, operation{method: get, path: "/completions", id: "list-completions", tag: tagEnrolments, need: manage, summary: "What was completed in a month, the newest first"},
		func(ctx context.Context, in *completionsIn) (*pageOut[completionShown], error) {
			zone, err := zoneNamed(in.TimeZone)
			if err != nil {
				return nil, err
			}
			_, list, err := a.Dashboards.Completions(ctx, in.Month, zone, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, func(c *dashboard.Completion) completionShown {
				return completionShown{c.ID, c.PersonID, c.Name, c.Title, c.At.UTC()}
			}), nil
		})
}
