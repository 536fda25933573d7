package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/learning/push"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/themes"
)

// tellDevices puts together what tells people on their devices.
func (a *app) tellDevices() {
	a.push = push.New(push.Options{
		Keep: a.store, Seal: a.seal, HTTP: a.http, Anywhere: a.private, Contact: a.contact(), Quiet: a.reminders.Quiet, Words: a.pushWords,
		Now: a.now,
	})
	a.reminders.Pushing(a.push)
}

// contact is how push services reach who runs this (RFC 8292 §2.1): the sender of mail, else the platform's site.
func (a *app) contact() string {
	if from, err := mail.ParseAddress(a.mailFrom); err == nil {
		return "mailto:" + from.Address
	}
	return strings.Replace(a.hosts.PlatformURL(), "http://", "https://", 1)
}

// pushWords says a notice in the look and the language of the portal's.
func (a *app) pushWords(ctx context.Context, n notice.Notice, locale, zone string) (w push.Words, err error) {
	brand, err := a.brands.Get(ctx)
	if err != nil {
		return w, err
	}
	text, err := a.themes.NoticeText(themes.View{Brand: brand, Locale: locale, TimeZone: zone, Now: a.now()}, n)
	return push.Words{Title: brand.Name, Text: text, Icon: "/app-icon.png"}, err
}

// tell tells people in the app and on their devices, and gives those who want a mail.
func (a *app) tell(ctx context.Context, t notice.Telling) (mail []uid.ID, err error) {
	if mail, err = a.notices.Tell(ctx, t); err != nil {
		return nil, err
	}
	return mail, a.push.Tell(ctx, t)
}

// pushConsequences send what is to be sent to devices, and remove devices of who signed out.
func (a *app) pushConsequences() []queue.Consequence {
	out := []queue.Consequence{{When: "push.made", Name: "send_push", Timeout: 2 * time.Minute, Do: func(ctx context.Context, e event.Event) error {
		again, err := a.push.Send(ctx, e.ID)
		if err == nil && again > 0 {
			return queue.Again(again)
		}
		return err
	}}}
	for _, when := range []string{"person.signed_out", "person.session_ended", "person.password_changed", "person.deactivated"} {
		out = append(out, queue.Consequence{When: when, Name: "forget_devices_" + when, Do: a.forgetDevices})
	}
	return out
}

// forgetDevices removes the devices that a sign-out, a new password or a deactivation ended. Sessions that gave way to newer ones end nothing.
func (a *app) forgetDevices(ctx context.Context, e event.Event) error {
	var d struct {
		PersonID   uid.ID `json:"person_id"`
		Session    uid.ID `json:"session_id"`
		Kept       uid.ID `json:"kept_session_id"`
		Connection uid.ID `json:"connection_id"`
		Because    string `json:"because"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	if d.PersonID == uid.Nil && e.SubjectType == "person" {
		d.PersonID = e.SubjectID
	}
	if d.Because != "" {
		return nil
	}
	ended := push.Ended{Session: d.Session, Spared: d.Kept}
	if e.Type == "person.session_ended" || e.Type == "person.signed_out" {
		ended.Closed = d.Session == uid.Nil && d.Kept == uid.Nil
	}
	err := a.push.SignedOut(ctx, d.PersonID, ended)
	if errors.Is(err, tenant.ErrSchemaVersion) {
		return nil // nobody has a device yet
	}
	return err
}

// pushChores forget what was sent long ago.
func (a *app) pushChores() []queue.Chore {
	return []queue.Chore{
		{Name: "sweep_push", Every: 24 * time.Hour, Do: func(ctx context.Context) error { return a.everywhere(ctx, "messages to devices", a.push.Sweep) }},
	}
}
