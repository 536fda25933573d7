package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

type personFieldShown struct {
	ID       uid.ID        `json:"id"`
	Code     string        `json:"code" doc:"What lists, rules and placements call it; it stays."`
	Name     string        `json:"name"`
	Kind     org.FieldKind `json:"kind" enum:"text,number,date,choice"`
	Choices  []string      `json:"choices" doc:"Of a choice."`
	Pattern  string        `json:"pattern" doc:"A regular expression (RE2) that the whole of a text must match; empty: any."`
	Required bool          `json:"required"`
	SeenBy   org.Circle    `json:"seen_by" enum:"manage,read,self" doc:"Who may manage people, who may look people up too, the person too."`
	EditedBy org.Circle    `json:"edited_by" enum:"manage,self" doc:"Who may manage people, the person too."`
	Archived bool          `json:"archived"`
	Revision int           `json:"revision"`
}

type personFieldsIn struct {
	Archived bool `query:"archived" doc:"Archived ones too."`
}

type personFieldsOut struct {
	Body struct {
		Items []personFieldShown `json:"items"`
	}
}

type personFieldNewIn struct {
	Body struct {
		Code     string        `json:"code,omitempty" required:"false" maxLength:"40" doc:"Small letters, digits and _; made of the name without it."`
		Name     string        `json:"name" maxLength:"80"`
		Kind     org.FieldKind `json:"kind" enum:"text,number,date,choice"`
		Choices  []string      `json:"choices,omitempty" required:"false"`
		Pattern  string        `json:"pattern,omitempty" required:"false" maxLength:"200"`
		Required bool          `json:"required,omitempty" required:"false"`
		SeenBy   org.Circle    `json:"seen_by" enum:"manage,read,self"`
		EditedBy org.Circle    `json:"edited_by" enum:"manage,self"`
	}
}

type personFieldChangeIn struct {
	ID   uid.ID `path:"field" doc:"The field's id."`
	Body struct {
		Name     string     `json:"name" maxLength:"80"`
		Choices  []string   `json:"choices,omitempty" required:"false"`
		Pattern  string     `json:"pattern,omitempty" required:"false" maxLength:"200"`
		Required bool       `json:"required,omitempty" required:"false"`
		SeenBy   org.Circle `json:"seen_by" enum:"manage,read,self"`
		EditedBy org.Circle `json:"edited_by" enum:"manage,self"`
		Revision *int       `json:"revision,omitempty" required:"false" doc:"Refused if it is another by now; any without it."`
	}
}

type personFieldIn struct {
	ID uid.ID `path:"field" doc:"The field's id."`
}

type personFieldOut struct{ Body personFieldShown }

func showPersonField(f org.Field) personFieldShown {
	return personFieldShown{ID: f.ID, Code: f.Code, Name: f.Name, Kind: f.Kind, Choices: listed(f.Choices), Pattern: f.Pattern, Required: f.Required, SeenBy: f.SeenBy, EditedBy: f.EditedBy, Archived: f.ArchivedAt != nil, Revision: f.Revision}
}

type factShown struct {
	Kind       org.SpanKind `json:"kind" enum:"department,location,position,functional,mentor,field"`
	UnitID     *uid.ID      `json:"unit_id,omitempty"`
	ManagerID  *uid.ID      `json:"manager_id,omitempty"`
	FieldID    *uid.ID      `json:"field_id,omitempty"`
	Name       string       `json:"name" doc:"Of the unit on that day, of the manager or of the field."`
	Code       string       `json:"code" doc:"Of the unit or field."`
	Value      string       `json:"value" doc:"Of the field."`
	ValidFrom  string       `json:"valid_from" format:"date"`
	ValidTo    string       `json:"valid_to,omitempty" format:"date" doc:"The first day on which it was no more; left out: until further notice."`
	RecordedAt time.Time    `json:"recorded_at"`
}

type placementIn struct {
	ID    uid.ID    `path:"person" doc:"The person's id."`
	On    string    `query:"on" format:"date" doc:"The day; today without it. Days are those of UTC."`
	Known time.Time `query:"known_at" doc:"As it was known then; now without it."`
}

type placementOut struct {
	Body struct {
		On      string      `json:"on" format:"date"`
		Known   time.Time   `json:"known_at"`
		Facts   []factShown `json:"facts" doc:"What was so on the day."`
		History []factShown `json:"history" doc:"All that is known now, the newest first."`
	}
}

type placementChangeIn struct {
	ID   uid.ID `path:"person" doc:"The person's id."`
	Body struct {
		DepartmentID *uid.ID           `json:"department_id,omitempty" required:"false" doc:"Left out: stays. 00000000-0000-0000-0000-000000000000: none."`
		LocationID   *uid.ID           `json:"location_id,omitempty" required:"false"`
		PositionID   *uid.ID           `json:"position_id,omitempty" required:"false"`
		FunctionalID *uid.ID           `json:"functional_manager_id,omitempty" required:"false" doc:"The manager of their trade."`
		MentorID     *uid.ID           `json:"mentor_id,omitempty" required:"false"`
		Fields       map[string]string `json:"fields,omitempty" required:"false" doc:"Values by the fields' codes; an empty one takes it away."`
		Since        string            `json:"since,omitempty" required:"false" format:"date" doc:"From this day on, today or one that is over; today without it."`
	}
}

type ownFieldsIn struct {
	Body struct {
		Fields map[string]string `json:"fields" doc:"Values by the fields' codes; an empty one takes it away."`
	}
}

type teamKindsBody struct {
	Body struct {
		Kinds []org.SpanKind `json:"kinds" doc:"functional, mentor."`
	}
}

func showFacts(list []org.Fact) []factShown {
	out := []factShown{}
	for _, f := range list {
		one := factShown{Kind: f.Kind, UnitID: f.UnitID, ManagerID: f.ManagerID, FieldID: f.FieldID, Name: f.Name, Code: f.Code, Value: f.Value, ValidFrom: f.ValidFrom.Format(time.DateOnly), RecordedAt: f.RecordedAt.UTC()}
		if f.ValidTo != nil {
			one.ValidTo = f.ValidTo.Format(time.DateOnly)
		}
		out = append(out, one)
	}
	return out
}

func showPlacement(p org.Placement, err error) (*placementOut, error) {
	if err != nil {
		return nil, err
	}
	out := &placementOut{}
	b := &out.Body
	b.On, b.Known, b.Facts, b.History = p.When.Day.String(), p.When.Known.UTC(), showFacts(p.Facts), showFacts(p.History)
	return out, nil
}

type personFieldOrderIn struct {
	Body struct {
		Fields []uid.ID `json:"fields" maxItems:"50" doc:"The ids of all fields that are not archived, each once."`
	}
}

func (a *api) personFieldOperations() {
	read, manage := route.For(policy.PersonRead), route.For(policy.PersonManage)
	on(a, operation{method: get, path: "/person-fields", id: "list-person-fields", tag: tagPeople, need: read, summary: "The portal's own fields of a person", about: "Those that one may see."},
		func(ctx context.Context, in *personFieldsIn) (*personFieldsOut, error) {
			list, err := a.Org.Fields(ctx, in.Archived)
			if err != nil {
				return nil, err
			}
			out := &personFieldsOut{}
			out.Body.Items = []personFieldShown{}
			for _, f := range list {
				out.Body.Items = append(out.Body.Items, showPersonField(f))
			}
			return out, nil
		})
	on(a, operation{method: post, path: "/person-fields", id: "create-person-field", tag: tagPeople, need: manage, fresh: true, status: 201, summary: "Make a field", fails: faults{org.ErrFieldCode, org.ErrFieldsFull}},
		func(ctx context.Context, in *personFieldNewIn) (*personFieldOut, error) {
			b := in.Body
			f, err := a.Org.AddField(ctx, org.FieldInput{Code: b.Code, Name: b.Name, Kind: b.Kind, Choices: b.Choices, Pattern: b.Pattern, Required: b.Required, SeenBy: b.SeenBy, EditedBy: b.EditedBy})
			if err != nil {
				return nil, err
			}
			return &personFieldOut{showPersonField(f)}, nil
		})
	on(a, operation{method: put, path: "/person-fields/{field}", id: "change-person-field", tag: tagPeople, need: manage, fresh: true, status: 200, summary: "Change a field; code and kind stay", fails: faults{org.ErrNoField, org.ErrFieldChanged}},
		func(ctx context.Context, in *personFieldChangeIn) (*personFieldOut, error) {
			b, revision := in.Body, -1
			if b.Revision != nil {
				revision = *b.Revision
			}
			f, err := a.Org.ChangeField(ctx, in.ID, revision, org.FieldInput{Name: b.Name, Choices: b.Choices, Pattern: b.Pattern, Required: b.Required, SeenBy: b.SeenBy, EditedBy: b.EditedBy})
			if err != nil {
				return nil, err
			}
			return &personFieldOut{showPersonField(f)}, nil
		})
	on(a, operation{method: put, path: "/person-fields", id: "order-person-fields", tag: tagPeople, need: manage, status: 204, summary: "Have the fields in use stand in another order"},
		func(ctx context.Context, in *personFieldOrderIn) (*struct{}, error) {
			return nil, a.Org.OrderFields(ctx, in.Body.Fields)
		})
	on(a, operation{method: post, path: "/person-fields/{field}/archive", id: "archive-person-field", tag: tagPeople, need: manage, fresh: true, summary: "Ask a field of nobody any more; what people have stays", fails: faults{org.ErrNoField}},
		func(ctx context.Context, in *personFieldIn) (*struct{}, error) {
			return nil, a.Org.ArchiveField(ctx, in.ID, true)
		})
	on(a, operation{method: post, path: "/person-fields/{field}/restore", id: "restore-person-field", tag: tagPeople, need: manage, fresh: true, summary: "Ask a field again", fails: faults{org.ErrNoField, org.ErrFieldsFull}},
		func(ctx context.Context, in *personFieldIn) (*struct{}, error) {
			return nil, a.Org.ArchiveField(ctx, in.ID, false)
		})
}

func (a *api) placementOperations() {
	read, manage := route.For(policy.PersonRead), route.For(policy.PersonManage)
	on(a, operation{method: get, path: "/people/{person}/placement", id: "get-placement", tag: tagPeople, need: read, summary: "Where a person stood on a day, as known at a moment", about: "Department, location, position, managers beside the line's, and those fields that one may see.", fails: faults{auth.ErrPersonNotFound}},
		func(ctx context.Context, in *placementIn) (*placementOut, error) {
			day, err := dayIn("on", in.On)
			if err != nil {
				return nil, err
			}
			return showPlacement(a.Org.Placement(ctx, in.ID, org.When{Day: day, Known: in.Known}))
		})
	on(a, operation{method: get, path: "/me/placement", id: "get-own-placement", tag: tagMe, need: route.For(policy.PersonSelf), summary: "Where one stands, with those fields that one may see"},
		func(ctx context.Context, _ *struct{}) (*placementOut, error) {
			who, _ := auth.PrincipalFrom(ctx)
			return showPlacement(a.Org.Placement(ctx, who.PersonID, org.When{}))
		})
	on(a, operation{method: put, path: "/people/{person}/placement", id: "set-placement", tag: tagPeople, need: manage, fresh: true, summary: "Say where a person stands from a day on", about: "What was known from that day on is superseded; what was known before can still be asked for.", fails: faults{auth.ErrPersonNotFound, org.ErrNoUnit, org.ErrUnitClosed}},
		func(ctx context.Context, in *placementChangeIn) (*struct{}, error) {
			b := in.Body
			wish := org.PlaceInput{Department: b.DepartmentID, Location: b.LocationID, Position: b.PositionID, Functional: b.FunctionalID, Mentor: b.MentorID, Fields: b.Fields}
			if b.Since != "" {
				day, err := dayIn("since", b.Since)
				if err != nil {
					return nil, err
				}
				wish.Since = &day
			}
			return nil, a.Org.SetPlacement(ctx, in.ID, wish)
		})
	on(a, operation{method: put, path: "/me/fields", id: "set-own-fields", tag: tagMe, need: route.For(policy.PersonSelf), fresh: true, summary: "Write those of one's own fields that one may change"},
		func(ctx context.Context, in *ownFieldsIn) (*struct{}, error) {
			return nil, a.Org.SetOwnFields(ctx, in.Body.Fields)
		})
	on(a, operation{method: get, path: "/structure/team-kinds", id: "get-team-kinds", tag: tagPeople, need: read, summary: "Which managers beside the line's see their people under /team"},
		func(ctx context.Context, _ *struct{}) (*teamKindsBody, error) {
			kinds, err := a.Org.TeamKinds(ctx)
			if err != nil {
				return nil, err
			}
			out := &teamKindsBody{}
			out.Body.Kinds = listed(kinds)
			return out, nil
		})
	on(a, operation{method: put, path: "/structure/team-kinds", id: "set-team-kinds", tag: tagPeople, need: manage, fresh: true, summary: "Say which managers beside the line's see their people under /team"},
		func(ctx context.Context, in *teamKindsBody) (*struct{}, error) {
			return nil, a.Org.SetTeamKinds(ctx, in.Body.Kinds)
		})
}
