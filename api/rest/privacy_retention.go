package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/retention"
)

// retentionLine is a line of the schedule.
type retentionLine struct {
	Line    string          `json:"line" example:"compliance.duties"`
	Class   privacy.Class   `json:"class" enum:"identity,learning,compliance,security,authored,technical"`
	Topic   privacy.Topic   `json:"topic"`
	Clock   retention.Clock `json:"clock" enum:"left,ended,made" doc:"From when days count: the person was deactivated, the record was completed or closed, it was written."`
	Days    int             `json:"days" doc:"0: for ever."`
	Default int             `json:"default_days"`
	Floor   int             `json:"least_days" doc:"Fewer are refused."`
}

// retentionRun is a sweep.
type retentionRun struct {
	BeganAt time.Time        `json:"began_at"`
	EndedAt *time.Time       `json:"ended_at,omitempty" doc:"Left out while it goes on."`
	Counts  map[string]int64 `json:"counts" doc:"Rows by line; of identity.account people whose erasure was scheduled."`
}

// retentionShown is how long a portal keeps what it keeps of people.
type retentionShown struct {
	On    bool            `json:"on" doc:"Whether sweeps are on."`
	Lines []retentionLine `json:"lines"`
	Runs  []retentionRun  `json:"runs" doc:"The latest sweeps, the newest first."`
}

type retentionOut struct{ Body retentionShown }

// retentionDays are the days of a line.
type retentionDays struct {
	Line string `json:"line"`
	Days int    `json:"days" minimum:"0" maximum:"36500" doc:"0: for ever."`
}

type retentionIn struct {
	Body struct {
		Lines []retentionDays `json:"lines" maxItems:"50" doc:"Those left out stay."`
	}
}

// retentionCount is what is older than a line allows.
type retentionCount struct {
	Line   string `json:"line"`
	Rows   int64  `json:"rows"`
	People int64  `json:"people" doc:"Whose rows these are."`
}

// retentionPreview is what a sweep would delete now.
type retentionPreview struct {
	Lines  []retentionCount `json:"lines"`
	Rows   int64            `json:"rows"`
	People int64            `json:"people" doc:"Each once."`
}

type retentionPreviewOut struct{ Body retentionPreview }

type retentionSwitchIn struct {
	Body struct {
		On bool `json:"on"`
	}
}

func (a *api) retentionOperations() {
	read, manage := route.For(policy.PrivacyRead), route.For(policy.PrivacyManage)
	show := func(ctx context.Context) (*retentionOut, error) {
		s, err := a.Retention.Show(ctx)
		if err != nil {
			return nil, err
		}
		out := retentionShown{On: s.On, Lines: []retentionLine{}, Runs: []retentionRun{}}
		for _, l := range s.Lines {
			out.Lines = append(out.Lines, retentionLine{Line: l.Name, Class: l.Class, Topic: l.Topic, Clock: l.Clock, Days: l.Days, Default: l.Default, Floor: l.Floor})
		}
		for _, r := range s.Runs {
			counts := r.Counts
			if counts == nil {
				counts = map[string]int64{}
			}
			out.Runs = append(out.Runs, retentionRun{BeganAt: r.BeganAt.UTC(), EndedAt: utcOrNone(r.EndedAt), Counts: counts})
		}
		return &retentionOut{out}, nil
	}
	on(a, operation{method: get, path: "/retention", id: "get-retention", tag: tagPrivacy, need: read, summary: "How long what is kept of people is kept, and the latest sweeps"},
		func(ctx context.Context, _ *nothing) (*retentionOut, error) { return show(ctx) })
	on(a, operation{method: put, path: "/retention", id: "set-retention", tag: tagPrivacy, need: manage, fresh: true, status: 200, summary: "Choose how long it is kept", fails: faults{retention.ErrUnknown}},
		func(ctx context.Context, in *retentionIn) (*retentionOut, error) {
			days := map[string]int{}
			for _, l := range in.Body.Lines {
				days[l.Line] = l.Days
			}
			if err := a.Retention.Save(ctx, days); err != nil {
				return nil, err
			}
			return show(ctx)
		})
	on(a, operation{method: get, path: "/retention/preview", id: "preview-retention", tag: tagPrivacy, need: read, summary: "What a sweep would delete now"},
		func(ctx context.Context, _ *nothing) (*retentionPreviewOut, error) {
			p, err := a.Retention.Preview(ctx)
			if err != nil {
				return nil, err
			}
			out := retentionPreview{Rows: p.Rows, People: p.People, Lines: []retentionCount{}}
			for _, c := range p.Counts {
				out.Lines = append(out.Lines, retentionCount(c))
			}
			return &retentionPreviewOut{out}, nil
		})
	on(a, operation{method: post, path: "/retention/switch", id: "switch-retention", tag: tagPrivacy, need: manage, fresh: true, status: 204, summary: "Switch sweeps on or off", about: "They are off until somebody switches them on."},
		func(ctx context.Context, in *retentionSwitchIn) (*nothing, error) {
			return nil, a.Retention.Switch(ctx, in.Body.On)
		})
}
