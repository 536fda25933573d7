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
	Meter  billing.Meter `json:"meter" doc:"active_learner counts people with at least one learning event in the month, each once."`
	Total  int64         `json:"total"`
	PerDay []int64       `json:"per_day" doc:"New active learners on each day, the first day first."`
	Items  []usageEntry  `json:"items" doc:"A page of the entries, in the order in which they happened."`
	Next   *string       `json:"next" doc:"Give this as after to get the next page. It is null at the end."`
}

// usageEntry is one person counted.
type usageEntry struct {
	ID         uid.ID        `json:"id"`
	Meter      billing.Meter `json:"meter"`
	Period     string        `json:"period" example:"2026-03"`
	PersonID   uid.ID        `json:"person_id"`
	PersonName string        `json:"person_name" doc:"As it was when they were counted."`
	Quantity   int64         `json:"quantity"`
	EventID    uid.ID        `json:"event_id" doc:"The event that made them count."`
	EventType  string        `json:"event_type"`
	OccurredAt time.Time     `json:"occurred_at"`
	RecordedAt time.Time     `json:"recorded_at"`
}

// usageProof is an entry with the event behind it.
type usageProof struct {
	Entry usageEntry `json:"entry"`
	Event *happened  `json:"event,omitempty" doc:"Left out when its time in the event log is over."`
}

type usageIn struct {
	Paging
	Period string `query:"period" example:"2026-03" doc:"A month. Left out, it is this one."`
}

type usageEntryIn struct {
	ID uid.ID `path:"entry" doc:"The entry's id."`
}

type usageOut struct {
	Link string `header:"Link" doc:"The next page, as <address>; rel=\"next\". It is left out at the end."`
	Body usage
}

type usageProofOut struct{ Body usageProof }

func (a *api) usageOperations() {
	on(a, operation{
		method: get, path: "/usage", id: "get-usage", tag: tagUsage, need: route.For(policy.UsageRead),
		summary: "What the portal used in a month",
		fails:   faults{billing.ErrPeriod},
	}, func(ctx context.Context, in *usageIn) (*usageOut, error) {
		period, err := billing.ParsePeriod(in.Period, a.Now())
		if err != nil {
			return nil, err
		}
		used, err := a.Billing.Usage(ctx, billing.MeterActiveLearner, period, in.request())
		if err != nil {
			return nil, err
		}
		rows := paged(ctx, page.Of[billing.UsageEvent]{Items: used.Rows, Next: used.Next}, showUsageEntry)
		return &usageOut{Link: rows.Link, Body: usage{
			Period: used.Period.Start.Format(month), Meter: billing.MeterActiveLearner, Total: used.Total, PerDay: used.PerDay,
			Items: rows.Body.Items, Next: rows.Body.Next,
		}}, nil
	})
	on(a, operation{
		method: get, path: "/usage/{entry}", id: "get-usage-entry", tag: tagUsage, need: route.For(policy.UsageRead),
		summary: "One person counted, with the event that made them count",
		fails:   faults{billing.ErrUsageNotFound},
	}, func(ctx context.Context, in *usageEntryIn) (*usageProofOut, error) {
		proof, err := a.Billing.Proof(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		out := &usageProofOut{usageProof{Entry: showUsageEntry(&proof.Entry)}}
		if proof.Event != nil {
			e := showEvent(proof.Event)
			out.Body.Event = &e
		}
		return out, nil
	})
}

// month is how a period is written.
const month = "2006-01"

func showUsageEntry(e *billing.UsageEvent) usageEntry {
	return usageEntry{
		ID: e.ID, Meter: e.Meter, Period: e.Period.UTC().Format(month), PersonID: e.SubjectID, PersonName: e.SubjectName, Quantity: e.Quantity,
		EventID: e.EventID, EventType: e.EventType, OccurredAt: utc(e.OccurredAt), RecordedAt: utc(e.RecordedAt),
	}
}
