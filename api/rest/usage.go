package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// usage is what was used in a month, in UTC.
type usage struct {
	Period string        `json:"period" example:"2026-03"`
	Meter  billing.Meter `json:"meter" doc:"active_learner counts people with at least one learning event in the month, each once; the others are sums with their unit in the name."`
	Total  int64         `json:"total"`
	PerDay []int64       `json:"per_day" doc:"The sum of each day, the first day first; of active_learner, how many began to count."`
	Meters []meterUsed   `json:"meters" doc:"Every meter's figures in the month."`
	Months []monthUsed   `json:"months" doc:"The meter's months from this one back, the newest first, at most 13. Months without usage are left out."`
	Items  []usageEntry  `json:"items" doc:"A page of the meter's entries, in the order in which they happened."`
	Next   *string       `json:"next" doc:"Give this as after to get the next page. It is null at the end."`
}

type meterUsed struct {
	Meter  billing.Meter `json:"meter"`
	Total  int64         `json:"total"`
	PerDay []int64       `json:"per_day"`
}

type monthUsed struct {
	Period string `json:"period" example:"2026-02"`
	Total  int64  `json:"total"`
}

// usageEntry is an entry of the ledger.
type usageEntry struct {
	ID         uid.ID        `json:"id"`
	Meter      billing.Meter `json:"meter"`
	Period     string        `json:"period" example:"2026-03"`
	Kind       billing.Kind  `json:"kind" enum:"counted,struck,counted_again" doc:"struck is a correction: it takes an entry back. counted_again: the person learned after that."`
	SubjectID  uid.ID        `json:"subject_id" doc:"What counts once on the meter in the month: a person, an hour, a minute of a sitting, calls of a moment."`
	PersonID   *uid.ID       `json:"person_id,omitempty" doc:"The person counted; left out on other meters than active_learner."`
	PersonName string        `json:"person_name" doc:"As it was when they were counted; empty where it is nobody's."`
	Quantity   int64         `json:"quantity"`
	EventID    *uid.ID       `json:"event_id,omitempty" doc:"The event that made it count; left out where there is none in the log."`
	EventType  string        `json:"event_type"`
	OccurredAt time.Time     `json:"occurred_at" doc:"Of a correction: when what it takes back happened."`
	RecordedAt time.Time     `json:"recorded_at"`
	Reason     string        `json:"reason,omitempty" doc:"Of a correction."`
	ByID       *uid.ID       `json:"by_id,omitempty" doc:"Who corrected."`
	ByName     string        `json:"by_name,omitempty"`
}

// usageProof is an entry with the event behind it.
type usageProof struct {
	Entry     usageEntry   `json:"entry"`
	Event     *happened    `json:"event,omitempty" doc:"Left out when its time in the event log is over."`
	Others    []usageEntry `json:"others" doc:"What else is kept of the person in the month: a correction, what it corrects."`
	Strikable bool         `json:"strikable" doc:"You may strike the entry off now."`
}

type usageIn struct {
	Paging
	Period string `query:"period" example:"2026-03" doc:"A month. Left out, it is this one."`
	Meter  string `query:"meter" example:"api_calls" doc:"active_learner, storage_byte_hours, video_minutes, api_calls or ai_tokens. Left out, it is active_learner."`
}

type usageEntryIn struct {
	ID uid.ID `path:"entry" doc:"The entry's id."`
}

type strikeIn struct {
	ID   uid.ID `path:"entry" doc:"The entry's id."`
	Body struct {
		Reason string `json:"reason" example:"Opened the wrong course." doc:"3 to 500 characters. It is kept with the correction."`
	}
}

type usageOut struct {
	Link string `header:"Link" doc:"The next page, as <address>; rel=\"next\". It is left out at the end."`
	Body usage
}

type usageProofOut struct{ Body usageProof }

type usageEntryOut struct {
	Location string `header:"Location"`
	Body     usageEntry
}

func (a *api) usageOperations() {
	see := route.For(policy.UsageRead)
	on(a, operation{
		method: get, path: "/usage", id: "get-usage", tag: tagUsage, need: see,
		summary: "What the portal used in a month",
		fails:   faults{billing.ErrPeriod, billing.ErrMeter},
	}, a.usage)
	on(a, operation{
		method: get, path: "/usage/{entry}", id: "get-usage-entry", tag: tagUsage, need: see,
		summary: "An entry of the ledger, with the event that made it",
		fails:   faults{billing.ErrUsageNotFound},
	}, func(ctx context.Context, in *usageEntryIn) (*usageProofOut, error) {
		proof, err := a.Billing.Proof(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		out := &usageProofOut{usageProof{Entry: showUsageEntry(&proof.Entry), Others: []usageEntry{}, Strikable: proof.Strikable}}
		if proof.Event != nil {
			e := showEvent(proof.Event)
			out.Body.Event = &e
		}
		for i := range proof.Others {
			out.Body.Others = append(out.Body.Others, showUsageEntry(&proof.Others[i]))
		}
		return out, nil
	})
	on(a, operation{
		method: post, path: "/usage/{entry}/strike", id: "strike-usage-entry", tag: tagUsage, need: route.For(policy.BillingManage), status: 201,
		summary: "Take back a person counted by a mistaken first access",
		about: "It answers the correction, an entry of its own with the quantity -1; nothing is changed. It can be done within 24 hours of the event that counted, if the person has handed in " +
			"or completed nothing since, once a person and month. Whoever learns afterwards counts again.",
		fails: faults{billing.ErrUsageNotFound, billing.ErrNotStrikable, billing.ErrStruck, billing.ErrGraceOver, billing.ErrLearned, billing.ErrReasonMissing},
	}, func(ctx context.Context, in *strikeIn) (*usageEntryOut, error) {
		c, err := a.Billing.Strike(ctx, billing.StrikeInput{Entry: in.ID, Reason: in.Body.Reason})
		if err != nil {
			return nil, err
		}
		return &usageEntryOut{base + "/usage/" + c.ID.String(), showUsageEntry(&c)}, nil
	})
}

func (a *api) usage(ctx context.Context, in *usageIn) (*usageOut, error) {
	period, err := billing.ParsePeriod(in.Period, a.Now())
	if err != nil {
		return nil, err
	}
	meter, err := billing.ParseMeter(in.Meter)
	if err != nil {
		return nil, err
	}
	used, err := a.Billing.Usage(ctx, meter, period, in.request())
	if err != nil {
		return nil, err
	}
	rows := paged(ctx, page.Of[billing.UsageEvent]{Items: used.Rows, Next: used.Next}, showUsageEntry)
	out := usage{
		Period: used.Period.Start.Format(month), Meter: meter, Total: used.Total, PerDay: used.PerDay,
		Meters: []meterUsed{}, Months: []monthUsed{}, Items: rows.Body.Items, Next: rows.Body.Next,
	}
	for _, m := range used.Meters {
		out.Meters = append(out.Meters, meterUsed(m))
	}
	for _, m := range used.Months {
		out.Months = append(out.Months, monthUsed{m.Month.UTC().Format(month), m.Total})
	}
	return &usageOut{Link: rows.Link, Body: out}, nil
}

// month is how a period is written.
const month = "2006-01"

func showUsageEntry(e *billing.UsageEvent) usageEntry {
	out := usageEntry{
		ID: e.ID, Meter: e.Meter, Period: e.Period.UTC().Format(month), Kind: e.Kind, SubjectID: e.SubjectID, PersonName: e.SubjectName, Quantity: e.Quantity,
		EventType: e.EventType, OccurredAt: utc(e.OccurredAt), RecordedAt: utc(e.RecordedAt), Reason: e.Reason, ByID: e.ByID, ByName: e.ByName,
	}
	if e.Meter == billing.MeterActiveLearner {
		out.PersonID = &e.SubjectID
	}
	if e.EventID != uid.Nil {
		out.EventID = &e.EventID
	}
	return out
}
