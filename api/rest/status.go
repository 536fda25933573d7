package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/tenant/status"
)

// StatusCount is how often a part went well.
type StatusCount struct {
	Good        int64 `json:"good" doc:"How often it went well."`
	Bad         int64 `json:"bad" doc:"How often it did not."`
	LongestWait int64 `json:"longest_wait_ms" doc:"Longest wait in milliseconds; of jobs and events only."`
}

type statusSpan struct {
	Begin  time.Time      `json:"begin"`
	Status status.Verdict `json:"status" enum:"working,disturbed,down" doc:"The worst of its quarters of an hour."`
	StatusCount
}

type statusPart struct {
	Part   status.Part    `json:"part" enum:"pages,sign_in,mail,jobs,events"`
	Status status.Verdict `json:"status" enum:"working,disturbed,down"`
	Now    StatusCount    `json:"now" doc:"The quarter of an hour that runs and the one before."`
	Hours  []statusSpan   `json:"hours" doc:"The last 24 hours, the oldest first."`
}

type portalStatus struct {
	Status status.Verdict `json:"status" enum:"working,disturbed,down" doc:"The worst of the parts'."`
	At     time.Time      `json:"at" doc:"A report is shown again for 15 seconds."`
	Parts  []statusPart   `json:"parts"`
}

type portalStatusOut struct{ Body portalStatus }

func counted(c status.Count) StatusCount {
	return StatusCount{Good: c.Good, Bad: c.Bad, LongestWait: c.WorstMS}
}

func (a *api) statusOperations() {
	on(a, operation{
		method: get, path: "/portal/status", id: "get-portal-status", tag: tagLeaving, need: route.For(policy.AuditRead),
		summary: "How well the portal works: pages, signing in, mail, background work, events",
		about:   "The same without figures, for anyone and without a key, is at /status.json of the portal.",
	}, func(ctx context.Context, _ *nothing) (*portalStatusOut, error) {
		r, err := a.Status.Portal(ctx)
		if err != nil {
			return nil, err
		}
		out := &portalStatusOut{portalStatus{Status: r.Verdict, At: r.At}}
		for _, n := range r.Parts {
			p := statusPart{Part: n.Part, Status: n.Verdict, Now: counted(n.Count), Hours: make([]statusSpan, 0, len(n.Past))}
			for _, s := range n.Past {
				p.Hours = append(p.Hours, statusSpan{s.Begin, s.Verdict, counted(s.Count)})
			}
			out.Body.Parts = append(out.Body.Parts, p)
		}
		return out, nil
	})
}
