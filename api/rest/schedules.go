package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/report/builder"
	"lyceum/learning/report/export"
	"lyceum/learning/report/schedule"
)

// reportScheduleInput is a report that is sent by mail.
type reportScheduleInput struct {
	Name     string          `json:"name" minLength:"1" maxLength:"120"`
	Report   *uid.ID         `json:"report,omitempty" doc:"A report that was kept: as it is kept when it is sent."`
	Wish     *reportFileWish `json:"wish,omitempty" doc:"What is sent, where there is no report."`
	Format   string          `json:"format" enum:"csv,xlsx,pdf"`
	Every    string          `json:"every" enum:"daily,weekly,monthly"`
	Weekday  int             `json:"weekday,omitempty" minimum:"0" maximum:"7" doc:"Of a weekly one: 1 is Monday (ISO 8601)."`
	Day      int             `json:"day,omitempty" minimum:"0" maximum:"31" doc:"Of a monthly one; the last day where a month is shorter."`
	Hour     int             `json:"hour" minimum:"0" maximum:"23"`
	Zone     string          `json:"zone" maxLength:"64" doc:"Whose hour it is and whose days are in the file, an IANA name."`
	People   []uid.ID        `json:"people" minItems:"1" maxItems:"50" doc:"Whom it goes to: people who may see reports."`
	Revision int             `json:"revision,omitempty" minimum:"0" doc:"That of the one it was made from; 0 for a new one."`
}

// reportScheduleShown is one as it is kept.
type reportScheduleShown struct {
	ID       uid.ID     `json:"id"`
	Owner    uid.ID     `json:"owner"`
	Name     string     `json:"name"`
	Report   *uid.ID    `json:"report,omitempty"`
	Format   string     `json:"format" enum:"csv,xlsx,pdf"`
	Every    string     `json:"every" enum:"daily,weekly,monthly"`
	Weekday  int        `json:"weekday,omitempty"`
	Day      int        `json:"day,omitempty"`
	Hour     int        `json:"hour"`
	Zone     string     `json:"zone"`
	People   []uid.ID   `json:"people"`
	Paused   string     `json:"paused,omitempty" enum:"by_hand,failed,nobody,owner,gone,long" doc:"Why it is not sent."`
	NextAt   *time.Time `json:"next_at,omitempty" doc:"Left out while it is paused."`
	LastAt   *time.Time `json:"last_at,omitempty"`
	Revision int        `json:"revision"`
}

// reportRunShown is one time that it was sent.
type reportRunShown struct {
	ID         uid.ID                `json:"id"`
	DueAt      time.Time             `json:"due_at"`
	ByHand     bool                  `json:"by_hand"`
	Status     string                `json:"status" enum:"waiting,working,done,failed"`
	Problem    string                `json:"problem,omitempty"`
	EndedAt    *time.Time            `json:"ended_at,omitempty"`
	Deliveries []reportDeliveryShown `json:"deliveries"`
}

type reportDeliveryShown struct {
	PersonID uid.ID     `json:"person_id"`
	Status   string     `json:"status" enum:"waiting,sending,attached,linked,no_right,refused,stopped"`
	Export   uid.ID     `json:"export" doc:"The file, for its reader."`
	At       *time.Time `json:"at,omitempty"`
}

type reportScheduleOut struct{ Body reportScheduleShown }

type reportScheduleWithRunsOut struct {
	Body struct {
		Schedule reportScheduleShown `json:"schedule"`
		Runs     []reportRunShown    `json:"runs" doc:"The last 30, the newest first."`
	}
}

type reportScheduleIn struct {
	Schedule uid.ID `path:"schedule" doc:"The schedule's id."`
}

type reportScheduleNewIn struct{ Body reportScheduleInput }

type reportScheduleSetIn struct {
	Schedule uid.ID `path:"schedule" doc:"The schedule's id."`
	Body     reportScheduleInput
}

type reportSchedulePauseIn struct {
	Schedule uid.ID `path:"schedule" doc:"The schedule's id."`
	Body     struct {
		Paused bool `json:"paused"`
	}
}

func showSchedule(s *schedule.Schedule) reportScheduleShown {
	out := reportScheduleShown{ID: s.ID, Owner: s.OwnerID, Name: s.Name, Report: s.ReportID, Format: string(s.Format), Every: string(s.Every), Weekday: s.Weekday, Day: s.Day, Hour: s.Hour, Zone: s.Zone, People: s.To(), Paused: string(s.Paused), LastAt: utcOrNone(s.LastAt), Revision: s.Revision}
	if s.Paused == "" {
		out.NextAt = utcOrNone(&s.NextAt)
	}
	return out
}

func (in reportScheduleInput) input() schedule.Input {
	out := schedule.Input{
		Name: in.Name, ReportID: in.Report, Format: export.Format(in.Format), People: in.People, Revision: in.Revision,
		Times: schedule.Times{Every: schedule.Every(in.Every), Weekday: in.Weekday, Day: in.Day, Hour: in.Hour, Zone: in.Zone},
	}
	if in.Wish != nil {
		out.Wish = in.Wish.wish()
	}
	return out
}

func (a *api) scheduleOperations() {
	manage := route.For(policy.EnrolmentManage)
	save := func(ctx context.Context, id uid.ID, in reportScheduleInput) (*reportScheduleOut, error) {
		saved, err := a.Schedules.Save(ctx, id, in.input())
		if err != nil {
			return nil, err
		}
		return &reportScheduleOut{showSchedule(&saved)}, nil
	}
	on(a, operation{method: get, path: "/report-schedules", id: "list-report-schedules", tag: tagEnrolments, need: manage, summary: "Reports that are sent by mail, by name", about: "One's own, and everybody's with person:manage."},
		func(ctx context.Context, _ *nothing) (*pageOut[reportScheduleShown], error) {
			list, err := a.Schedules.List(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, showSchedule), nil
		})
	on(a, operation{method: post, path: "/report-schedules", id: "create-report-schedule", tag: tagEnrolments, need: manage, status: 201, summary: "Have a report sent regularly", fails: faults{schedule.ErrPeople, schedule.ErrTooMany, builder.ErrNotFound}},
		func(ctx context.Context, in *reportScheduleNewIn) (*reportScheduleOut, error) {
			return save(ctx, uid.Nil, in.Body)
		})
	on(a, operation{method: get, path: "/report-schedules/{schedule}", id: "get-report-schedule", tag: tagEnrolments, need: manage, summary: "A schedule with what was sent", fails: faults{schedule.ErrNotFound}},
		func(ctx context.Context, in *reportScheduleIn) (*reportScheduleWithRunsOut, error) {
			one, runs, err := a.Schedules.Get(ctx, in.Schedule)
			if err != nil {
				return nil, err
			}
			out := &reportScheduleWithRunsOut{}
			out.Body.Schedule, out.Body.Runs = showSchedule(&one), []reportRunShown{}
			for _, r := range runs {
				shown := reportRunShown{ID: r.ID, DueAt: r.DueAt.UTC(), ByHand: r.AskedBy != nil, Status: string(r.Status), Problem: string(r.Problem), EndedAt: utcOrNone(r.EndedAt), Deliveries: []reportDeliveryShown{}}
				for _, d := range r.Deliveries {
					shown.Deliveries = append(shown.Deliveries, reportDeliveryShown{d.PersonID, string(d.Status), d.ExportID, utcOrNone(d.At)})
				}
				out.Body.Runs = append(out.Body.Runs, shown)
			}
			return out, nil
		})
	on(a, operation{method: put, path: "/report-schedules/{schedule}", id: "set-report-schedule", tag: tagEnrolments, need: manage, summary: "Change a schedule", fails: faults{schedule.ErrNotFound, schedule.ErrPeople, schedule.ErrChanged, builder.ErrNotFound}},
		func(ctx context.Context, in *reportScheduleSetIn) (*reportScheduleOut, error) {
			return save(ctx, in.Schedule, in.Body)
		})
	on(a, operation{method: put, path: "/report-schedules/{schedule}/paused", id: "pause-report-schedule", tag: tagEnrolments, need: manage, status: 204, summary: "Pause or resume a schedule", fails: faults{schedule.ErrNotFound}},
		func(ctx context.Context, in *reportSchedulePauseIn) (*nothing, error) {
			if in.Body.Paused {
				return nil, a.Schedules.Pause(ctx, in.Schedule)
			}
			return nil, a.Schedules.Resume(ctx, in.Schedule)
		})
	on(a, operation{method: post, path: "/report-schedules/{schedule}/run", id: "run-report-schedule", tag: tagEnrolments, need: manage, status: 202, summary: "Send a report at once", fails: faults{schedule.ErrNotFound, schedule.ErrRunning}},
		func(ctx context.Context, in *reportScheduleIn) (*nothing, error) {
			return nil, a.Schedules.RunNow(ctx, in.Schedule)
		})
	on(a, operation{method: del, path: "/report-schedules/{schedule}", id: "delete-report-schedule", tag: tagEnrolments, need: manage, summary: "Delete a schedule with what is known of its runs", fails: faults{schedule.ErrNotFound}},
		func(ctx context.Context, in *reportScheduleIn) (*nothing, error) {
			return nil, a.Schedules.Delete(ctx, in.Schedule)
		})
}
