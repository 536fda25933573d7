package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// signOnRule is whether a company account is required, and from when.
type signOnRule struct {
	Require string     `json:"require,omitempty" enum:"optional,required" doc:"Left out: nothing is said."`
	From    *time.Time `json:"from,omitempty" doc:"From when the rule holds. Left out: at once."`
}

// signOnGroupRule is the rule for people in a group.
type signOnGroupRule struct {
	GroupID uid.ID     `json:"group_id"`
	Require string     `json:"require" enum:"optional,required"`
	From    *time.Time `json:"from,omitempty"`
}

// signOnRules is who must use a company account. The closest rule that holds decides: a group's, the e-mail domain's, the
// portal's.
type signOnRules struct {
	Portal     signOnRule        `json:"portal"`
	Groups     []signOnGroupRule `json:"groups"`
	BreakGlass []uid.ID          `json:"break_glass" doc:"Owners of whom two together can open local sign-in in an emergency. Only an owner changes them."`
	Revision   *int              `json:"revision,omitempty" doc:"Counts the changes. A change names the revision it was made on, here or as If-Match."`
	Confirmed  bool              `json:"confirmed,omitempty" doc:"In a change: says that the owners whom the rules lock out were looked at."`
}

type signOnRulesOut struct {
	ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
	Body signOnRules
}

type signOnRulesIn struct {
	AtRevision
	Body signOnRules
}

// signOnPreview says whom rules would lock out.
type signOnPreview struct {
	Requires bool     `json:"requires" doc:"Whether anything is required of anybody, now or later."`
	Owners   []uid.ID `json:"owners" doc:"Owners who would be locked out."`
	You      bool     `json:"you" doc:"Whether you would be. Such rules are refused."`
	Proven   bool     `json:"proven" doc:"Whether an owner or administrator has signed in over a connection that is on."`
	Spare    bool     `json:"spare" doc:"Whether two owners who can open local sign-in are named."`
	Unlinked int      `json:"unlinked" doc:"Active people who have never signed in over a connection that is on."`
	All      int      `json:"all" doc:"Active people."`
}

type signOnPreviewOut struct{ Body signOnPreview }

type signOnRulesWishIn struct{ Body signOnRules }

// emergency is one opening of local sign-in.
type emergency struct {
	ID          uid.ID     `json:"id"`
	State       string     `json:"state" enum:"waiting,lapsed,open,over"`
	Reason      string     `json:"reason"`
	RequestedBy uid.ID     `json:"requested_by"`
	RequestedAt time.Time  `json:"requested_at"`
	Minutes     int        `json:"minutes"`
	ApprovedBy  *uid.ID    `json:"approved_by,omitempty"`
	OpenUntil   *time.Time `json:"open_until,omitempty"`
	EndedBy     *uid.ID    `json:"ended_by,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
}

type emergencyOut struct{ Body emergency }

func (a *api) signOnRuleOperations() {
	secure := route.For(policy.SecurityManage)
	on(a, operation{
		method: get, path: "/sign-on/rules", id: "get-sign-on-rules", tag: tagConnections, need: secure,
		summary: "Who must use a company account",
	}, func(ctx context.Context, _ *nothing) (*signOnRulesOut, error) {
		return signOnRulesAnswer(a.SignOn.Rules(ctx))
	})
	on(a, operation{
		method: put, path: "/sign-on/rules", id: "update-sign-on-rules", tag: tagConnections, need: secure, fresh: true,
		summary: "Set who must use a company account",
		about:   "All rules are given. Rules that would lock you out are refused; so are rules that require while no owner or administrator has signed in over a connection that is on, unless two owners are named for emergencies.",
		fails:   faults{signon.ErrRulesChanged, signon.ErrLocksYouOut, signon.ErrNoProvenWay, signon.ErrLocksOwners, auth.ErrOwnersOnly},
	}, func(ctx context.Context, in *signOnRulesIn) (*signOnRulesOut, error) {
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		wish := in.Body.rules()
		wish.Revision = at
		return signOnRulesAnswer(a.SignOn.SetRules(ctx, signon.RulesInput{Rules: wish, Confirmed: in.Body.Confirmed}))
	})
	on(a, operation{
		method: post, path: "/sign-on/rules/preview", id: "preview-sign-on-rules", tag: tagConnections, need: secure,
		summary: "Whom rules would lock out; nothing is set",
	}, func(ctx context.Context, in *signOnRulesWishIn) (*signOnPreviewOut, error) {
		p, err := a.SignOn.PreviewSignOnRules(ctx, signon.RulesInput{Rules: in.Body.rules()})
		if err != nil {
			return nil, err
		}
		out := signOnPreview{Requires: p.Requires, Owners: []uid.ID{}, You: p.You, Proven: p.Proven, Spare: p.Spare, Unlinked: p.Unlinked, All: p.All}
		for _, owner := range p.Owners {
			out.Owners = append(out.Owners, owner.ID)
		}
		return &signOnPreviewOut{out}, nil
	})
	on(a, operation{
		method: get, path: "/sign-on/emergencies", id: "list-emergencies", tag: tagConnections, need: secure,
		summary: "The last openings of local sign-in in an emergency (break-glass), the newest first",
		about:   "Asking for one, and opening it, is for two people with their passwords: it is done in the portal at /break-glass.",
	}, func(ctx context.Context, _ *nothing) (*pageOut[emergency], error) {
		list, _, err := a.SignOn.Emergencies(ctx)
		if err != nil {
			return nil, err
		}
		now := a.Now()
		return whole(ctx, list, func(e *signon.Emergency) emergency { return showEmergency(e, now) }), nil
	})
	on(a, operation{
		method: post, path: "/sign-on/emergencies/end", id: "end-emergency", tag: tagConnections, need: secure,
		summary: "Close local sign-in again, and end the sessions that it let in",
		about:   "Only an owner may.",
		fails:   faults{signon.ErrEmergencyOver, signon.ErrEmergencyOwners},
	}, func(ctx context.Context, _ *nothing) (*emergencyOut, error) {
		e, err := a.SignOn.EndEmergency(ctx)
		if err != nil {
			return nil, err
		}
		return &emergencyOut{showEmergency(&e, a.Now())}, nil
	})
}

func (r signOnRules) rules() signon.Rules {
	out := signon.Rules{Portal: signon.Rule{Require: signon.Requirement(r.Portal.Require), From: r.Portal.From}, BreakGlass: r.BreakGlass}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, signon.GroupRule{GroupID: g.GroupID, Rule: signon.Rule{Require: signon.Requirement(g.Require), From: g.From}})
	}
	return out
}

func signOnRulesAnswer(r signon.Rules, err error) (*signOnRulesOut, error) {
	if err != nil {
		return nil, err
	}
	out := signOnRules{
		Portal: signOnRule{Require: string(r.Portal.Require), From: utcOrNone(r.Portal.From)}, Groups: []signOnGroupRule{}, BreakGlass: append([]uid.ID{}, r.BreakGlass...), Revision: &r.Revision,
	}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, signOnGroupRule{GroupID: g.GroupID, Require: string(g.Require), From: utcOrNone(g.From)})
	}
	return &signOnRulesOut{ETag: etag(r.Revision), Body: out}, nil
}

func showEmergency(e *signon.Emergency, now time.Time) emergency {
	return emergency{
		ID: e.ID, State: string(e.State(now)), Reason: e.Reason, RequestedBy: e.RequestedBy, RequestedAt: utc(e.RequestedAt), Minutes: e.Minutes,
		ApprovedBy: e.ApprovedBy, OpenUntil: utcOrNone(e.OpenUntil), EndedBy: e.EndedBy, EndedAt: utcOrNone(e.EndedAt),
	}
}
