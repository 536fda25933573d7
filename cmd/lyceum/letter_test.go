package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/internal/event"
	"lyceum/internal/mail"
	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/themes"
)

func TestSomeoneWithoutAnAddressGetsNoMailAndTheLogSaysSo(t *testing.T) {
	t.Parallel()
	box, err := mail.NewMailbox(time.Now, 10, "")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	a := &app{mail: box, log: slog.New(slog.NewTextHandler(&log, nil))}
	to := auth.Person{ID: uid.New(), Email: "ada.k3j2m9x0q1@no-email.invalid", Name: "Ada"}
	ctx := tenant.With(t.Context(), tenant.Tenant{ID: uid.New(), Slug: "acme"})
	if err := a.letter(ctx, event.Event{ID: uid.New(), Type: "enrolment.created"}, to, themes.NoticeMail{Name: to.Name}); err != nil {
		t.Errorf("the job fails, and would be tried again: %v", err)
	}
	if sent := box.List(); len(sent) != 0 {
		t.Errorf("sent %d mails", len(sent))
	}
	for _, word := range []string{"the person has no address", to.ID.String(), "tenant=acme", "event=enrolment.created"} {
		if !strings.Contains(log.String(), word) {
			t.Errorf("the log lacks %q: %s", word, log.String())
		}
	}
	if strings.Contains(log.String(), to.Email) {
		t.Errorf("the log names the address: %s", log.String())
	}
}
