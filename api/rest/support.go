package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/auth/support"
	"lyceum/internal/uid"
)

type supportRules struct {
	Off         bool       `json:"off" doc:"No operator may look at the portal as one of its people."`
	Approve     bool       `json:"approve" doc:"Each visit needs the yes of one of the portal's people."`
	WritesUntil *time.Time `json:"writes_until" doc:"Visits may change things until then; null: they only look."`
}

type supportVisitShown struct {
	ID         uid.ID        `json:"id"`
	Operator   string        `json:"operator" doc:"The operator's name."`
	PersonID   uid.ID        `json:"person_id" doc:"As whom they look."`
	PersonName string        `json:"person_name"`
	Reason     string        `json:"reason"`
	Ticket     string        `json:"ticket"`
	Minutes    int           `json:"minutes" doc:"How long it lasts from the first entry."`
	Writes     bool          `json:"writes" doc:"Changes were asked for; they are possible while the portal grants them."`
	State      support.State `json:"state" enum:"waiting,approved,open,ended,refused,lapsed"`
	Why        support.Why   `json:"why" doc:"What ended it: time, operator, portal, suspended; empty while it goes on."`
	AskedAt    time.Time     `json:"asked_at"`
	BeganAt    *time.Time    `json:"began_at"`
	EndsAt     *time.Time    `json:"ends_at"`
	EndedAt    *time.Time    `json:"ended_at"`
}

type supportAccess struct {
	Rules  supportRules        `json:"rules"`
	Visits []supportVisitShown `json:"visits" doc:"The newest 50."`
}

type supportAccessOut struct{ Body supportAccess }

type supportRulesIn struct {
	Body struct {
		Off     bool `json:"off"`
		Approve bool `json:"approve"`
		Hours   int  `json:"hours" minimum:"0" maximum:"72" doc:"For how many hours from now visits may change things; 0: not, or no longer."`
	}
}

type supportVisitIn struct {
	ID uid.ID `path:"visit" doc:"The visit's id."`
}

type supportAnswerIn struct {
	ID   uid.ID `path:"visit" doc:"The visit's id."`
	Body struct {
		Approve bool `json:"approve"`
	}
}

func showVisit(v *support.Visit) supportVisitShown {
	return supportVisitShown{
		ID: v.ID, Operator: v.OperatorName, PersonID: v.PersonID, PersonName: v.PersonName, Reason: v.Reason, Ticket: v.Ticket, Minutes: v.Minutes, Writes: v.Writes,
		State: v.State, Why: v.Why, AskedAt: v.AskedAt.UTC(), BeganAt: utcOrNone(v.BeganAt), EndsAt: utcOrNone(v.EndsAt), EndedAt: utcOrNone(v.EndedAt),
	}
}

func (a *api) supportNow(ctx context.Context) (*supportAccessOut, error) {
	now, err := a.Support.Access(ctx)
	if err != nil {
		return nil, err
	}
	out := &supportAccessOut{supportAccess{
		Rules:  supportRules{Off: now.Rules.Off, Approve: now.Rules.Approve, WritesUntil: utcOrNone(now.Rules.WritesUntil)},
		Visits: make([]supportVisitShown, len(now.Visits)),
	}}
	for i := range now.Visits {
		out.Body.Visits[i] = showVisit(&now.Visits[i])
	}
	return out, nil
}

func (a *api) supportOperations() {
	rule := route.For(policy.SecurityManage)
	on(a, operation{
		method: get, path: "/portal/support-access", id: "get-support-access", tag: tagSecurity, need: rule,
		summary: "What the platform's operators may see of the portal, and their visits",
	}, func(ctx context.Context, _ *nothing) (*supportAccessOut, error) { return a.supportNow(ctx) })
	on(a, operation{
		method: put, path: "/portal/support-access", id: "set-support-access", tag: tagSecurity, need: rule, fresh: true,
		summary: "Choose what operators may see", about: "Switched off, visits that go on end at once.",
	}, func(ctx context.Context, in *supportRulesIn) (*supportAccessOut, error) {
		if err := a.Support.SetRules(ctx, support.Wanted{Off: in.Body.Off, Approve: in.Body.Approve, Hours: in.Body.Hours}); err != nil {
			return nil, err
		}
		return a.supportNow(ctx)
	})
	on(a, operation{
		method: post, path: "/portal/support-access/visits/{visit}/answer", id: "answer-support-visit", tag: tagSecurity, need: rule, fresh: true,
		summary: "Say yes or no to a visit that waits", fails: faults{support.ErrNotFound, support.ErrDecided},
	}, func(ctx context.Context, in *supportAnswerIn) (*supportAccessOut, error) {
		if err := a.Support.Decide(ctx, in.ID, in.Body.Approve); err != nil {
			return nil, err
		}
		return a.supportNow(ctx)
	})
	on(a, operation{
		method: del, path: "/portal/support-access/visits/{visit}", id: "end-support-visit", tag: tagSecurity, need: rule,
		summary: "End a visit", about: "One that is over already is no failure.", fails: faults{support.ErrNotFound},
	}, func(ctx context.Context, in *supportVisitIn) (*nothing, error) { return nil, a.Support.End(ctx, in.ID) })
}
