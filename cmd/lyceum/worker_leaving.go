package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/mail"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/tenant/leaving"
	"lyceum/tenant/takeout"
	"lyceum/themes"
)

// letGo puts together how organizations go; whoever deletes a portal, it is erased by it.
func (a *app) letGo(days int) {
	a.leaving = leaving.New(leaving.Options{
		Keep: a.store, Tenants: a.tenants, Schemas: a.admin, Files: tenantFiles{a}, Jobs: a.store, Payments: a.subscriptions, People: a.person, Owners: a.signon.Owners, Mails: leavingMails{a},
		Seal: a.seal, Hosts: a.hosts, Days: days, Holds: a.maintained, Held: a.portalHeld, Now: a.now, Log: a.log,
	})
	a.tenants.Eraser = a.leaving
	a.takeouts = takeout.New(takeout.Options{Keep: a.store, Blobs: a.blobs, Now: a.now})
}

// leavingConsequences make the archives that were wished for.
func (a *app) leavingConsequences() []queue.Consequence {
	return []queue.Consequence{
		{When: "takeout.requested", Name: "make_takeout", Long: true, Timeout: 6 * time.Hour, Do: func(ctx context.Context, e event.Event) error { return a.takeouts.Run(ctx, e.SubjectID) }},
		{When: "takeout.ready", Name: "mail_takeout", Do: a.mailTakeout},
	}
}

// leavingChores look each time only for what is due.
func (a *app) leavingChores() []queue.Chore {
	return []queue.Chore{
		{Name: "let_go", Every: time.Minute, Timeout: time.Hour, Do: a.leaving.Run},
		{Name: "tell_life", Every: time.Minute, Timeout: 10 * time.Minute, Do: a.tenants.TellSteps},
		{Name: "prune_takeouts", Every: 6 * time.Hour, Timeout: time.Hour, Do: func(ctx context.Context) error {
			return a.everywhere(ctx, "archives", a.takeouts.Prune)
		}},
	}
}

func (a *app) mailTakeout(ctx context.Context, e event.Event) error {
	var t takeout.Takeout
	err := a.store.InTenant(ctx, func(ctx context.Context) (err error) {
		t, err = a.store.TakeoutByID(ctx, e.SubjectID)
		return err
	})
	if unwanted(err) || err == nil && (t.AskedBy == nil || t.ExpiresAt == nil) {
		return nil
	}
	if err != nil {
		return err
	}
	to, err := a.person(ctx, *t.AskedBy)
	if unwanted(err) {
		return nil
	}
	if err != nil {
		return err
	}
	tn, _ := tenant.From(ctx)
	return a.letter(ctx, e, to, themes.LeavingMail{Kind: themes.MailTakeout, Name: to.Name, Portal: tn.Name, At: *t.ExpiresAt, Link: a.hosts.PortalURL(tn) + "/settings/leaving"})
}

// leavingMails tells the owners of a portal that goes.
type leavingMails struct{ app *app }

// Leaving sends one. The last goes out when the portal is gone, in the platform's look.
func (m leavingMails) Leaving(ctx context.Context, kind string, l leaving.Leaving, to leaving.Recipient) error {
	a := m.app
	if mail.Nowhere(to.Email) {
		return nil
	}
	t, err := a.store.TenantByID(context.WithoutCancel(ctx), l.TenantID)
	if err != nil && !errors.Is(err, tenant.ErrNotFound) {
		return err
	}
	letter := themes.LeavingMail{Kind: kind, Name: to.Name, Portal: l.TenantName, At: l.EraseAt, Link: a.hosts.PortalURL(t) + "/settings/leaving"}
	view := themes.MailView{Brand: themes.PlatformBrand(), PortalURL: a.hosts.PlatformURL(), Locale: to.Locale, Now: a.now()}
	switch {
	case !l.ByPerson():
		letter.By = themes.AnOperator
	case !strings.EqualFold(to.Email, l.ByEmail):
		letter.By = l.ByName
	}
	if kind == leaving.MailErased {
		letter.Link, letter.At = a.leaving.ReceiptURL(l), *l.ErasedAt
	} else {
		brand, err := a.brands.Get(tenant.With(ctx, t))
		if err != nil {
			return err
		}
		view.Brand, view.PortalURL = brand, a.hosts.PortalURL(t)
	}
	subject, text, html, err := a.themes.Mail(view, letter)
	if err != nil {
		return err
	}
	return a.mail.Send(ctx, mail.Message{To: to.Email, ToName: to.Name, FromName: view.Brand.Name, Subject: subject, Text: text, HTML: html, ID: l.ID.String() + "." + kind + "." + to.Key()})
}
