package rest

import (
	"context"
	"encoding/json"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/uid"
)

// happened is an entry of the event log.
type happened struct {
	ID      uid.ID          `json:"id"`
	Type    string          `json:"type" example:"course.published"`
	Version int             `json:"version" doc:"Of the form of data."`
	Actor   actor           `json:"actor"`
	Subject subject         `json:"subject"`
	Data    json.RawMessage `json:"data" doc:"An object; its form depends on type and version."`
	At      time.Time       `json:"at"`
}

// actor is who did it.
type actor struct {
	Kind string  `json:"kind" doc:"person, api_key, operator or system"`
	ID   *uid.ID `json:"id,omitempty" doc:"Left out when the system did it."`
}

// subject is what it was done to.
type subject struct {
	Type string `json:"type" example:"course"`
	ID   uid.ID `json:"id"`
}

type eventsIn struct {
	Paging
	Type    string `query:"type" doc:"Only events of this type. course.* stands for every type that begins with course." example:"course.*"`
	Subject uid.ID `query:"subject" doc:"Only events about this id."`
	Actor   uid.ID `query:"actor" doc:"Only events caused by this person."`
}

func (a *api) eventOperations() {
	on(a, operation{
		method: get, path: "/events", id: "list-events", tag: tagEvents, need: route.For(policy.AuditRead),
		summary: "The event log, the newest first",
		about:   "An event is kept for at least 30 days. To follow the log, read until you meet the last id you know.",
	}, func(ctx context.Context, in *eventsIn) (*pageOut[happened], error) {
		list, err := a.Events.Read(ctx, event.Filter{Type: in.Type, Subject: in.Subject, Actor: in.Actor, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showEvent), nil
	})
}

func showEvent(e *event.Event) happened {
	out := happened{
		ID: e.ID, Type: e.Type, Version: e.Version, Actor: actor{Kind: e.ActorKind, ID: e.ActorID},
		Subject: subject{Type: e.SubjectType, ID: e.SubjectID}, Data: e.Data, At: utc(e.At),
	}
	if len(out.Data) == 0 {
		out.Data = json.RawMessage("{}")
	}
	return out
}
