package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/hold"
	"lyceum/internal/uid"
)

// registerLine is the verdict about some of what is kept of people.
type registerLine struct {
	Topic  privacy.Topic `json:"topic" doc:"What it is about."`
	Class  privacy.Class `json:"class" enum:"identity,learning,compliance,security,authored,technical"`
	Fate   privacy.Fate  `json:"fate" enum:"deleted,pseudonymised,scrubbed,kept" doc:"What an erasure does with it. scrubbed: name and e-mail are taken out of its text."`
	Why    privacy.Why   `json:"why,omitempty" enum:"proof,duty,log,others,receipt" doc:"By which right it is kept (docs/PRIVACY.md)."`
	Export bool          `json:"export" doc:"Whether the person is given it who asks for their data."`
	Tables []string      `json:"tables"`
	Rows   int64         `json:"rows" doc:"Of a person; 0 in the register."`
}

// personData is what is kept of somebody.
type personData struct {
	Lines   []registerLine `json:"lines"`
	Goes    int            `json:"goes" doc:"Rows that an erasure deletes or takes the name out of."`
	Stays   int            `json:"stays" doc:"Rows that stay by right."`
	Erasure *uid.ID        `json:"erasure_id,omitempty" doc:"The erasure that was asked for already."`
	Holds   []uid.ID       `json:"hold_ids" doc:"Legal holds in force: while there is one nothing is erased."`
}

type personDataOut struct{ Body personData }

// erasureShown is the erasure of a person.
type erasureShown struct {
	ID        uid.ID         `json:"id"`
	PersonID  uid.ID         `json:"person_id"`
	Pseudonym string         `json:"pseudonym" doc:"What stands where the name stood."`
	Status    privacy.Status `json:"status" enum:"asked,scheduled,working,erased,refused,withdrawn"`
	BySelf    bool           `json:"by_self" doc:"The person asked themselves."`
	AskedAt   time.Time      `json:"asked_at"`
	DecidedAt *time.Time     `json:"decided_at,omitempty"`
	Answer    string         `json:"answer,omitempty" doc:"Why it was refused."`
	EraseAt   *time.Time     `json:"erase_at,omitempty" doc:"When it begins; until then it can be taken back."`
	ErasedAt  *time.Time     `json:"erased_at,omitempty"`
	Receipt   string         `json:"receipt,omitempty" doc:"A JWS in compact form, signed with the portal's key: lyceum verify checks it."`
}

type erasureOut struct{ Body erasureShown }

type erasureIn struct {
	Erasure uid.ID `path:"erasure" doc:"The erasure's id."`
}

type personEraseIn struct {
	ID   uid.ID `path:"person" doc:"The person's id."`
	Body struct {
		Confirm string `json:"confirm" doc:"The person's name or e-mail, to show that they are meant."`
	}
}

type refuseErasureIn struct {
	Erasure uid.ID `path:"erasure" doc:"The erasure's id."`
	Body    struct {
		Answer string `json:"answer" doc:"Why: the person is told (GDPR Art. 12(4))."`
	}
}

type erasureReturnIn struct {
	Body struct {
		Email string `json:"email" doc:"Of somebody who was erased and may be brought back."`
	}
}

func showRegister(l *privacy.Line) registerLine {
	return registerLine{Topic: l.Topic, Class: l.Class, Fate: l.Fate, Why: l.Why, Export: l.Export, Tables: listed(l.Tables), Rows: l.Rows}
}

func showErasure(e *privacy.Erasure) erasureShown {
	return erasureShown{
		ID: e.ID, PersonID: e.PersonID, Pseudonym: e.Pseudonym, Status: e.Status, BySelf: e.BySelf, AskedAt: e.AskedAt.UTC(), DecidedAt: utcOrNone(e.DecidedAt), Answer: e.Answer,
		EraseAt: utcOrNone(e.EraseAt), ErasedAt: utcOrNone(e.ErasedAt), Receipt: e.Receipt,
	}
}

func (a *api) privacyOperations() {
	read, manage, self := route.For(policy.PrivacyRead), route.For(policy.PrivacyManage), route.For(policy.PersonSelf)
	on(a, operation{method: get, path: "/privacy/register", id: "list-personal-data", tag: tagPrivacy, need: read, summary: "What is kept of people, and what an erasure does with it"},
		func(ctx context.Context, _ *nothing) (*pageOut[registerLine], error) {
			return whole(ctx, privacy.Overview(), showRegister), nil
		})
	on(a, operation{method: get, path: "/people/{person}/data", id: "get-person-data", tag: tagPrivacy, need: read, summary: "What is kept of somebody, and what their erasure would do", fails: faults{auth.ErrPersonNotFound}},
		func(ctx context.Context, in *personIn) (*personDataOut, error) {
			p, err := a.Privacy.Preview(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			out := personData{Goes: p.Goes(), Stays: p.Stays(), Lines: []registerLine{}, Holds: []uid.ID{}}
			for _, h := range p.Holds {
				out.Holds = append(out.Holds, h.ID)
			}
			for i := range p.Lines {
				out.Lines = append(out.Lines, showRegister(&p.Lines[i]))
			}
			if p.Open != nil {
				out.Erasure = &p.Open.ID
			}
			return &personDataOut{out}, nil
		})
	on(a, operation{
		method: post, path: "/people/{person}/erasure", id: "erase-person", tag: tagPrivacy, need: manage, fresh: true, status: 202, summary: "Have somebody erased when the days to think again are over",
		about: "Grants their own wish where they asked for it. A job erases them; get-erasure says how far it is.", fails: faults{auth.ErrPersonNotFound, auth.ErrLastOwner, privacy.ErrSelf, privacy.ErrDecided, hold.ErrHeld},
	}, func(ctx context.Context, in *personEraseIn) (*erasureOut, error) {
		e, err := a.Privacy.Schedule(ctx, in.ID, in.Body.Confirm)
		if err != nil {
			return nil, err
		}
		return &erasureOut{showErasure(&e)}, nil
	})
	on(a, operation{method: get, path: "/erasures", id: "list-erasures", tag: tagPrivacy, need: read, summary: "Erasures of people, the newest first"},
		func(ctx context.Context, in *Paging) (*pageOut[erasureShown], error) {
			list, err := a.Privacy.Erasures(ctx, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showErasure), nil
		})
	on(a, operation{method: get, path: "/erasures/{erasure}", id: "get-erasure", tag: tagPrivacy, need: read, summary: "Where an erasure stands, with its receipt when it is done", fails: faults{privacy.ErrNotFound}},
		func(ctx context.Context, in *erasureIn) (*erasureOut, error) {
			e, _, err := a.Privacy.Show(ctx, in.Erasure)
			if err != nil {
				return nil, err
			}
			return &erasureOut{showErasure(&e)}, nil
		})
	on(a, operation{method: del, path: "/erasures/{erasure}", id: "cancel-erasure", tag: tagPrivacy, need: manage, fresh: true, summary: "Take an erasure back that has not begun", fails: faults{privacy.ErrNotFound, privacy.ErrBegun, privacy.ErrDecided}},
		func(ctx context.Context, in *erasureIn) (*nothing, error) {
			return nil, a.Privacy.Cancel(ctx, in.Erasure)
		})
	on(a, operation{method: post, path: "/erasures/{erasure}/refuse", id: "refuse-erasure", tag: tagPrivacy, need: manage, fresh: true, summary: "Refuse somebody's wish to be erased", fails: faults{privacy.ErrNotFound, privacy.ErrDecided}},
		func(ctx context.Context, in *refuseErasureIn) (*nothing, error) {
			return nil, a.Privacy.Refuse(ctx, in.Erasure, in.Body.Answer)
		})
	on(a, operation{method: post, path: "/erasures/returns", id: "allow-return", tag: tagPrivacy, need: manage, fresh: true, summary: "Let somebody be brought back who was erased"},
		func(ctx context.Context, in *erasureReturnIn) (*nothing, error) {
			return nil, a.Privacy.Welcome(ctx, in.Body.Email)
		})
	on(a, operation{method: post, path: "/me/erasure", id: "ask-own-erasure", tag: tagPrivacy, need: self, fresh: true, status: 202, summary: "Ask to be erased", fails: faults{privacy.ErrOpen}},
		func(ctx context.Context, _ *nothing) (*erasureOut, error) {
			e, err := a.Privacy.AskOwn(ctx)
			if err != nil {
				return nil, err
			}
			return &erasureOut{showErasure(&e)}, nil
		})
	on(a, operation{method: get, path: "/me/erasure", id: "get-own-erasure", tag: tagPrivacy, need: self, summary: "Where one's own wish to be erased stands", fails: faults{privacy.ErrNotFound}},
		func(ctx context.Context, _ *nothing) (*erasureOut, error) {
			e, err := a.Privacy.Own(ctx)
			if err == nil && e == nil {
				err = privacy.ErrNotFound
			}
			if err != nil {
				return nil, err
			}
			return &erasureOut{showErasure(e)}, nil
		})
	on(a, operation{method: del, path: "/me/erasure", id: "take-back-own-erasure", tag: tagPrivacy, need: self, fresh: true, summary: "Take one's own wish to be erased back", fails: faults{privacy.ErrNotFound, privacy.ErrBegun, privacy.ErrDecided}},
		func(ctx context.Context, _ *nothing) (*nothing, error) { return nil, a.Privacy.TakeBack(ctx) })
}
