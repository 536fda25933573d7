// Package event is what happened, told once: the entry of a tenant's event log, which is also its outbox. An event is
// appended in the transaction that made it happen; the relay hands it on to jobs (see cmd/lyceum/worker.go). It holds
// no rules and knows no consumer.
package event

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Event is one entry. Type is `noun.verb_in_past` (course.published). Data is a small JSON object without secrets:
// the log is kept for at least 30 days and shown to auditors.
type Event struct {
	ID          uid.ID
	Type        string
	Version     int
	ActorID     *uid.ID // the person; nil when the system did it
	ActorKind   string  // person, api_key, operator, operator_key, support (an operator as the person), system
	SubjectType string
	SubjectID   uid.ID
	Data        json.RawMessage
	At          time.Time

	// Where the request came from that caused it; for the audit log, the event log keeps neither.
	IP        string `gorm:"-"`
	RequestID string `gorm:"-"`
}

// Actor says who causes what happens under a context.
type Actor struct {
	ID   uid.ID
	Kind string
	// Behind is who acts as the person, where Kind is support. It becomes the member "support" of each event's data.
	Behind *Behind
}

// Behind is an operator who acts as a person, on a visit.
type Behind struct {
	OperatorID uid.ID `json:"operator_id"`
	Operator   string `json:"operator"`
	VisitID    uid.ID `json:"visit_id"`
}

type actorKey struct{}

// WithActor notes who acts. The API sets it after sign-in; jobs leave it unset, which means the system.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom gives who acts; the zero Actor's Kind is "system".
func ActorFrom(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Actor{Kind: "system"}
}

// Origin is where a request came from.
type Origin struct{ IP, RequestID string }

type originKey struct{}

// WithOrigin notes where the request came from under whose context things happen.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// New makes an event of version 1 caused by the actor of ctx. Data must marshal: it is a struct or map of ours.
func New(ctx context.Context, at time.Time, typ, subjectType string, subject uid.ID, data any) (Event, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("event %s: %w", typ, err)
	}
	if data == nil {
		raw = json.RawMessage("{}")
	}
	e := Event{ID: uid.New(), Type: typ, Version: 1, SubjectType: subjectType, SubjectID: subject, Data: raw, At: at}
	a := ActorFrom(ctx)
	e.ActorKind = a.Kind
	if a.Behind != nil {
		if e.Data, err = a.Behind.beside(raw); err != nil {
			return Event{}, fmt.Errorf("event %s: %w", typ, err)
		}
	}
	if a.ID != uid.Nil {
		e.ActorID = &a.ID
	}
	if o, ok := ctx.Value(originKey{}).(Origin); ok {
		e.IP, e.RequestID = o.IP, o.RequestID
	}
	return e, nil
}

// beside puts who acts as the person among what an event says.
func (b Behind) beside(data json.RawMessage) (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	who, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	members["support"] = who
	return json.Marshal(members)
}

// Log takes events into the transaction of ctx.
type Log interface {
	AppendEvents(ctx context.Context, events ...Event) error
}

// ErrNotFound is an id that names no event here, or one whose 30 days are over.
var ErrNotFound = fault.New(fault.KindNotFound, "event_not_found", "There is no such event in the log.")

// Filter narrows a reading of the log. Type may end in ".*" ("course.*"); zero values narrow nothing.
type Filter struct {
	Type    string
	Subject uid.ID
	Actor   uid.ID
	Page    page.Request
}
