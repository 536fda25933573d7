package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

type spanShown struct {
	ManagerID  uid.ID    `json:"manager_id"`
	Name       string    `json:"name"`
	Email      string    `json:"email"`
	ValidFrom  string    `json:"valid_from" format:"date"`
	ValidTo    string    `json:"valid_to,omitempty" format:"date" doc:"The first day on which it was no more; left out: until further notice."`
	RecordedAt time.Time `json:"recorded_at"`
}

type spansOut struct {
	Body struct {
		Items []spanShown `json:"items"`
	}
}

type structureIn struct {
	Person uid.ID    `query:"person" doc:"Whose direct reports; without it who stood at the top."`
	On     string    `query:"on" format:"date" doc:"The day; today without it. Days are those of UTC."`
	Known  time.Time `query:"known_at" doc:"As it was known then; now without it."`
}

type nodeShown struct {
	PersonID uid.ID            `json:"person_id"`
	Name     string            `json:"name"`
	Email    string            `json:"email"`
	Status   auth.PersonStatus `json:"status" enum:"invited,active,deactivated"`
	Reports  int               `json:"reports" doc:"Who reported to them directly."`
	Below    int               `json:"below" doc:"At any distance."`
}

type structureOut struct {
	Body struct {
		On    string      `json:"on" format:"date"`
		Known time.Time   `json:"known_at"`
		Above []nodeShown `json:"above" doc:"Who stood above the person, from the top down."`
		Items []nodeShown `json:"items" doc:"By name; at most 500."`
	}
}

type delegationShown struct {
	ID       uid.ID `json:"id"`
	GiverID  uid.ID `json:"giver_id"`
	Giver    string `json:"giver"`
	TakerID  uid.ID `json:"taker_id"`
	Taker    string `json:"taker"`
	FirstDay string `json:"first_day" format:"date"`
	LastDay  string `json:"last_day" format:"date" doc:"Included."`
}

type delegationsIn struct {
	Everybody bool `query:"everybody" doc:"Everybody's; needs person:manage."`
}

type delegationsOut struct {
	Body struct {
		Items []delegationShown `json:"items"`
	}
}

type delegationNewIn struct {
	Body struct {
		GiverID  *uid.ID `json:"giver_id,omitempty" required:"false" doc:"Whose people; one's own without it. For another it needs person:manage."`
		To       string  `json:"to" doc:"The e-mail of who takes over."`
		FirstDay string  `json:"first_day" format:"date"`
		LastDay  string  `json:"last_day" format:"date" doc:"Included. Within a year of the first."`
	}
}

type delegationOut struct{ Body delegationShown }

type delegationIn struct {
	ID uid.ID `path:"delegation" doc:"The delegation's id."`
}

func showDelegation(d org.Delegation) delegationShown {
	return delegationShown{ID: d.ID, GiverID: d.GiverID, Giver: d.Giver, TakerID: d.TakerID, Taker: d.Taker, FirstDay: d.First.String(), LastDay: d.Last.String()}
}

// dayIn reads a day; the zero Day for none.
func dayIn(field, text string) (org.Day, error) {
	if text == "" {
		return org.Day{}, nil
	}
	day, ok := org.ParseDay(text)
	if !ok {
		return day, fault.Invalid(map[string]string{field: "Write a day as year-month-day, for example 2026-03-31."})
	}
	return day, nil
}

func (a *api) structureOperations() {
	read, own := route.For(policy.PersonRead), route.For(policy.PersonSelf)
	on(a, operation{method: get, path: "/people/{person}/managers", id: "list-managers-over-time", tag: tagPeople, need: read, summary: "Whom a person reported to over time, the newest first", fails: faults{auth.ErrPersonNotFound}},
		func(ctx context.Context, in *teamPersonIn) (*spansOut, error) {
			list, err := a.Org.SpansOf(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			out := &spansOut{}
			out.Body.Items = []spanShown{}
			for _, s := range list {
				one := spanShown{ManagerID: s.ManagerID, Name: s.Name, Email: s.Email, ValidFrom: s.ValidFrom.Format(time.DateOnly), RecordedAt: s.RecordedAt.UTC()}
				if s.ValidTo != nil {
					one.ValidTo = s.ValidTo.Format(time.DateOnly)
				}
				out.Body.Items = append(out.Body.Items, one)
			}
			return out, nil
		})
	on(a, operation{method: get, path: "/structure", id: "get-structure", tag: tagPeople, need: read, summary: "Who reported to whom on a day, as it was known at a moment", fails: faults{auth.ErrPersonNotFound}},
		func(ctx context.Context, in *structureIn) (*structureOut, error) {
			day, err := dayIn("on", in.On)
			if err != nil {
				return nil, err
			}
			s, err := a.Org.Structure(ctx, in.Person, org.When{Day: day, Known: in.Known})
			if err != nil {
				return nil, err
			}
			out := &structureOut{}
			b := &out.Body
			b.On, b.Known, b.Above, b.Items = s.When.Day.String(), s.When.Known.UTC(), []nodeShown{}, []nodeShown{}
			for _, n := range s.Above {
				b.Above = append(b.Above, nodeShown(n))
			}
			for _, n := range s.Nodes {
				b.Items = append(b.Items, nodeShown(n))
			}
			return out, nil
		})
	on(a, operation{method: get, path: "/delegations", id: "list-delegations", tag: tagPeople, need: own, summary: "Who looks after whose people while they are away", about: "One's own, given and taken, that are not over; at most 200."},
		func(ctx context.Context, in *delegationsIn) (*delegationsOut, error) {
			list, err := a.Org.Delegations(ctx, in.Everybody)
			if err != nil {
				return nil, err
			}
			out := &delegationsOut{}
			out.Body.Items = []delegationShown{}
			for _, d := range list {
				out.Body.Items = append(out.Body.Items, showDelegation(d))
			}
			return out, nil
		})
	on(a, operation{method: post, path: "/delegations", id: "delegate", tag: tagPeople, need: own, fresh: true, status: 201, summary: "Have somebody look after one's people while one is away", about: "They see and do under /team what the giver may, and cannot pass it on.", fails: faults{org.ErrNoDeputy, org.ErrSelfDeputy, auth.ErrPersonNotFound}},
		func(ctx context.Context, in *delegationNewIn) (*delegationOut, error) {
			wish := org.Absence{To: in.Body.To}
			if in.Body.GiverID != nil {
				wish.Giver = *in.Body.GiverID
			}
			var err error
			if wish.First, err = dayIn("first_day", in.Body.FirstDay); err != nil {
				return nil, err
			}
			if wish.Last, err = dayIn("last_day", in.Body.LastDay); err != nil {
				return nil, err
			}
			d, err := a.Org.Delegate(ctx, wish)
			if err != nil {
				return nil, err
			}
			return &delegationOut{showDelegation(d)}, nil
		})
	on(a, operation{method: del, path: "/delegations/{delegation}", id: "end-delegation", tag: tagPeople, need: own, summary: "End a delegation before its last day", about: "The giver, the taker, or who may manage people.", fails: faults{org.ErrNoDelegation}},
		func(ctx context.Context, in *delegationIn) (*struct{}, error) {
			return nil, a.Org.EndDelegation(ctx, in.ID)
		})
}
