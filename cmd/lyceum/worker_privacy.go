package main

import (
	"context"
	"errors"
	"time"

	"lyceum/auth"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/access"
	"lyceum/auth/privacy/hold"
	"lyceum/auth/privacy/retention"
	"lyceum/internal/event"
	"lyceum/internal/mail"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/themes"
)

// protect puts together what a portal owes to people about their data.
func (a *app) protect() {
	a.access = access.New(access.Options{Keep: a.store, Blobs: a.blobs, Explain: a.explainCopy, Now: a.now})
	a.legalHolds = hold.New(a.store, a.now)
	a.privacy = privacy.New(privacy.Options{
		Keep: a.store, Auth: a.auth, Files: a.content, Copies: a.access, Last: a.mailErased, Sign: a.badges, Base: func(t tenant.Tenant) string { return a.hosts.PortalURL(t) }, Now: a.now, Log: a.log,
	})
	a.retention = retention.New(a.store, a.privacy, a.admin, a.now)
}

// portalHeld tells whether a legal hold of a portal is open.
func (a *app) portalHeld(ctx context.Context, t tenant.Tenant) (held bool, err error) {
	err = a.store.InTenant(tenant.With(ctx, t), func(ctx context.Context) error {
		held, err = a.store.AnyHold(ctx)
		return err
	})
	return held, err
}

// explainCopy writes the page that goes with a copy of somebody's data.
func (a *app) explainCopy(ctx context.Context, r access.Readme) (string, error) {
	brand, err := a.brands.Get(ctx)
	if err != nil {
		return "", err
	}
	t, _ := tenant.From(ctx)
	return a.themes.DataReadme(r, brand.Name, a.hosts.PortalURL(t))
}

// privacyConsequences make the copies that were asked for, and tell people what becomes of their erasure.
func (a *app) privacyConsequences() []queue.Consequence {
	return []queue.Consequence{
		{When: "data_request.asked", Name: "copy_data", Long: true, Timeout: 2 * time.Hour, Do: func(ctx context.Context, e event.Event) error {
			return a.access.Make(ctx, e.SubjectID)
		}},
		{When: "erasure.scheduled", Name: "mail_erasure_decided", Do: a.mailErasure(themes.ErasureDecided)},
		{When: "erasure.withdrawn", Name: "mail_erasure_kept", Do: a.mailErasure(themes.ErasureKept)},
		{When: "erasure.refused", Name: "mail_erasure_refused", Do: a.mailErasure(themes.ErasureRefused)},
	}
}

// mailErasure tells the person what was decided; not what they did themselves.
func (a *app) mailErasure(news themes.ErasureNews) func(context.Context, event.Event) error {
	return func(ctx context.Context, ev event.Event) error {
		var e privacy.Erasure
		var to auth.Person
		err := a.store.InTenant(ctx, func(ctx context.Context) (err error) {
			if e, err = a.store.ErasureByID(ctx, ev.SubjectID); err != nil {
				return err
			}
			to, err = a.store.PersonByID(ctx, e.PersonID)
			return err
		})
		if unwanted(err) {
			return nil // they are gone already
		}
		if err != nil {
			return err
		}
		if ev.ActorID != nil && *ev.ActorID == e.PersonID {
			return nil
		}
		if news == themes.ErasureDecided && e.EraseAt == nil || news == themes.ErasureKept && e.Status != privacy.Withdrawn || news == themes.ErasureKept && e.BySelf {
			return nil // it was decided otherwise since; a wish that was not decided is not news
		}
		t, _ := tenant.From(ctx)
		m := themes.ErasureMail{Name: to.Name, News: news, BySelf: e.BySelf, Answer: e.Answer, Link: a.hosts.PortalURL(t) + "/account/data"}
		if e.EraseAt != nil {
			m.Day = *e.EraseAt
		}
		return a.letter(ctx, ev, to, m)
	}
}

// mailErased is the last mail to somebody, before their address goes.
func (a *app) mailErased(ctx context.Context, p auth.Person, e privacy.Erasure) error {
	if mail.Nowhere(p.Email) {
		return nil
	}
	t, _ := tenant.From(ctx)
	err := a.letterWith(ctx, e.ID.String()+".done", p, themes.ErasureMail{Name: p.Name, News: themes.ErasureDone, Link: a.hosts.PortalURL(t)}, nil)
	if errors.Is(err, mail.ErrRecipientRefused) {
		return nil
	}
	return err
}

func toErasure(f newsFacts) string { return "/privacy/erasures/" + f.Event.SubjectID.String() }

// privacyChores erase people whose day has come, and go on where a process was killed; what is older than the portal's schedule goes, and copies when their days are over.
func (a *app) privacyChores() []queue.Chore {
	return []queue.Chore{
		{Name: "erase_people", Every: 10 * time.Minute, Timeout: time.Hour, Do: func(ctx context.Context) error {
			return a.everywhereAtOnce(ctx, "erasures", a.privacy.Run)
		}},
		{Name: "sweep_retention", Every: time.Hour, Timeout: 2 * time.Hour, Do: func(ctx context.Context) error {
			return a.everywhere(ctx, "retention", updating(a.retention.Sweep))
		}},
		{Name: "prune_copies", Every: 6 * time.Hour, Timeout: time.Hour, Do: func(ctx context.Context) error {
			return a.everywhere(ctx, "copies of data", updating(a.access.Prune))
		}},
	}
}

// whoAsked is who asked for something.
func whoAsked(_ context.Context, _ *app, f newsFacts) ([]uid.ID, error) {
	if f.AskedBy == nil {
		return nil, nil
	}
	return []uid.ID{*f.AskedBy}, nil
}

func copyData(f newsFacts) notice.Data {
	if f.BySelf {
		return notice.Data{"as": "copy"}
	}
	return notice.Data{"as": "copy_for"}
}

func toCopy(f newsFacts) string {
	if f.BySelf {
		return "/account/data"
	}
	return "/privacy/people/" + f.PersonID.String()
}
