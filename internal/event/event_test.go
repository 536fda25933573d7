package event_test

import (
	"strings"
	"testing"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/uid"
)

func TestAnEventNamesWhoDidItAndHoldsWhatHappened(t *testing.T) {
	t.Parallel()
	at, subject, actor := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC), uid.New(), uid.New()
	e, err := event.New(event.WithActor(t.Context(), event.Actor{ID: actor, Kind: "person"}), at, "course.published", "course", subject, map[string]int{"version": 2})
	if err != nil {
		t.Fatal(err)
	}
	if e.ActorID == nil || *e.ActorID != actor || e.ActorKind != "person" || e.SubjectID != subject || !e.At.Equal(at) || string(e.Data) != `{"version":2}` || e.Version != 1 {
		t.Errorf("got %+v", e)
	}
	e, err = event.New(t.Context(), at, "tenant.provisioned", "tenant", subject, nil)
	if err != nil || e.ActorID != nil || e.ActorKind != "system" || string(e.Data) != "{}" {
		t.Errorf("by the system: %+v (%v)", e, err)
	}
	if _, err := event.New(t.Context(), at, "bad.data", "x", subject, func() {}); err == nil || !strings.Contains(err.Error(), "bad.data") {
		t.Errorf("data that cannot be kept: %v", err)
	}
}
