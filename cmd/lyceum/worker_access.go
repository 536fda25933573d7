package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/themes"
)

// accessConsequences is what follows from e-mail domains, set-up links, expiries and break-glass.
func (a *app) accessConsequences() []queue.Consequence {
	return []queue.Consequence{
		{When: "domain.warned", Name: "mail_domain_warned", Do: a.mailDomain},
		{When: "domain.lost", Name: "mail_domain_lost", Do: a.mailDomain},
		{When: "certificate.expiring", Name: "mail_expiry", Do: a.mailExpiry},
		{When: "setup_link.created", Name: "mail_setup_link", Urgency: queue.Waited, Do: a.mailSetupLink},
		{When: "setup_link.finished", Name: "mail_setup_done", Do: a.mailSetupDone},
		{When: "break_glass.requested", Name: "mail_emergency_requested", Urgency: queue.Waited, Do: a.mailEmergency},
		{When: "break_glass.opened", Name: "mail_emergency_opened", Urgency: queue.Waited, Do: a.mailEmergency},
		{When: "break_glass.opened", Name: "alarm_platform", Urgency: queue.Waited, Do: a.alarmPlatform},
		{When: "break_glass.ended", Name: "mail_emergency_ended", Urgency: queue.Waited, Do: a.mailEmergency},
	}
}

// tenantsAtOnce is in how many tenants a chore works at once that waits for other people's servers.
const tenantsAtOnce = 8

// accessChores look each time only for what is due, so that a run that was cut short is caught up with by the next.
func (a *app) accessChores() []queue.Chore {
	in := func(what string, do func(ctx context.Context) error) func(ctx context.Context) error {
		return func(ctx context.Context) error { return a.everywhereAtOnce(ctx, what, do) }
	}
	return []queue.Chore{
		{Name: "check_domains", Every: time.Hour, Do: in("e-mail domains", a.signon.CheckDomains)},
		{Name: "poll_metadata", Every: 10 * time.Minute, Do: in("metadata", a.signon.PollMetadata)},
		{Name: "turn_keys", Every: 6 * time.Hour, Do: in("signing keys", a.signon.TurnKeys)},
		{Name: "warn_expiries", Every: 6 * time.Hour, Do: in("expiries", a.signon.WarnExpiries)},
	}
}

// everywhereAtOnce is everywhere in several tenants at once, for what waits for other people's servers.
func (a *app) everywhereAtOnce(ctx context.Context, what string, do func(ctx context.Context) error) error {
	var works errgroup.Group
	works.SetLimit(tenantsAtOnce)
	failures := make(chan error, 100) // the rest of them are told by the next run
	err := a.everywhere(ctx, what, func(ctx context.Context) error {
		t, _ := tenant.From(ctx)
		works.Go(func() error {
			if err := do(ctx); err != nil {
				select {
				case failures <- fmt.Errorf("%s of %s: %w", what, t.Slug, err):
				default:
				}
			}
			return nil
		})
		return ctx.Err()
	})
	_ = works.Wait() // each told its own failure
	close(failures)
	for failed := range failures {
		err = errors.Join(err, failed)
	}
	return err
}

// accessFacts is what the events of this file say.
type accessFacts struct {
	Domain      string            `json:"domain"`
	LostAt      time.Time         `json:"lost_at"`
	Kind        signon.ExpiryKind `json:"kind"`
	Name        string            `json:"name"`
	ID          uid.ID            `json:"id"`
	ExpiresAt   time.Time         `json:"expires_at"`
	Mailed      bool              `json:"mailed"`
	Connection  uid.ID            `json:"connection_id"`
	Reason      string            `json:"reason"`
	Minutes     int               `json:"minutes"`
	RequestedBy uid.ID            `json:"requested_by"`
	OpenUntil   time.Time         `json:"open_until"`
}

func accessFactsOf(e event.Event) (d accessFacts, err error) {
	if err = json.Unmarshal(e.Data, &d); err != nil {
		return d, fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	return d, nil
}

// letterToAll sends a mail to several people. Run again after a failure in the middle it sends some of them a second one,
// with the same message id.
func (a *app) letterToAll(ctx context.Context, e event.Event, people []auth.Person, write func(to auth.Person) themes.Mail) error {
	var errs []error
	for _, to := range people {
		errs = append(errs, a.letter(ctx, e, to, write(to)))
	}
	return errors.Join(errs...)
}

func (a *app) signOnPage(ctx context.Context, path string) string {
	t, _ := tenant.From(ctx)
	return a.hosts.PortalURL(t) + "/settings/sign-on" + path
}

func (a *app) mailDomain(ctx context.Context, e event.Event) error {
	d, err := accessFactsOf(e)
	if err != nil {
		return err
	}
	people, err := a.signon.Administrators(ctx, a.policy)
	if err != nil {
		return err
	}
	link := a.signOnPage(ctx, "/domains/"+url.PathEscape(d.Domain))
	return a.letterToAll(ctx, e, people, func(to auth.Person) themes.Mail {
		return themes.DomainMail{Name: to.Name, Domain: signon.Domain{Domain: d.Domain}.Shown(), Lost: e.Type == "domain.lost", LostAt: d.LostAt, Link: link}
	})
}

func (a *app) mailExpiry(ctx context.Context, e event.Event) error {
	d, err := accessFactsOf(e)
	if err != nil {
		return err
	}
	people, err := a.signon.Administrators(ctx, a.policy)
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	link := a.hosts.PortalURL(t) + themes.ExpiryPage(d.Kind, d.ID)
	return a.letterToAll(ctx, e, people, func(to auth.Person) themes.Mail {
		return themes.ExpiryMail{Name: to.Name, Kind: d.Kind, Of: d.Name, At: d.ExpiresAt, Link: link}
	})
}

func (a *app) mailSetupLink(ctx context.Context, e event.Event) error {
	d, err := accessFactsOf(e)
	if err != nil || !d.Mailed {
		return err
	}
	secret, l, err := a.signon.MintSetupLink(ctx, e.SubjectID)
	if unwanted(err) {
		return nil
	}
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	link := a.hosts.PortalURL(t) + "/setup/" + url.PathEscape(secret)
	to := auth.Person{ID: l.ID, Email: l.Email, Name: l.Name}
	if maker, err := a.person(ctx, l.CreatedBy); err == nil {
		to.Locale = maker.Locale // the only guess there is
	}
	return a.letter(ctx, e, to, themes.SetupLinkMail{Name: l.Name, Kind: l.Kind, Link: link, ExpiresAt: l.ExpiresAt})
}

func (a *app) mailSetupDone(ctx context.Context, e event.Event) error {
	d, err := accessFactsOf(e)
	if err != nil {
		return err
	}
	people, err := a.signon.Administrators(ctx, a.policy)
	if err != nil {
		return err
	}
	link := a.signOnPage(ctx, "/domains")
	if d.Connection != uid.Nil {
		link = a.signOnPage(ctx, "/"+d.Connection.String())
	}
	return a.letterToAll(ctx, e, people, func(to auth.Person) themes.Mail {
		return themes.SetupDoneMail{Name: to.Name, By: d.Name, Link: link}
	})
}

func (a *app) mailEmergency(ctx context.Context, e event.Event) error {
	d, err := accessFactsOf(e)
	if err != nil {
		return err
	}
	owners, err := a.signon.Owners(ctx)
	if err != nil {
		return err
	}
	name := func(id uid.ID) string {
		p, err := a.person(ctx, id)
		if err != nil {
			return "?"
		}
		return p.Name
	}
	m := themes.EmergencyMail{Asker: name(d.RequestedBy), Reason: d.Reason, Minutes: d.Minutes, OpenUntil: d.OpenUntil, Link: a.signOnPage(ctx, "/rules")}
	if m.By = m.Asker; e.ActorID != nil {
		m.By = name(*e.ActorID)
	}
	switch e.Type {
	case "break_glass.requested":
		t, _ := tenant.From(ctx)
		m.What, m.Link = "requested", a.hosts.PortalURL(t)+"/break-glass"
	case "break_glass.opened":
		m.What = "opened"
	default:
		m.What = "ended"
	}
	return a.letterToAll(ctx, e, owners, func(to auth.Person) themes.Mail {
		mine := m
		mine.Name = to.Name
		return mine
	})
}

// alarmPlatform tells who runs the platform that a portal's local sign-in was opened: in the log and in the platform's own
// audit log.
func (a *app) alarmPlatform(ctx context.Context, e event.Event) error {
	d, err := accessFactsOf(e)
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	a.log.WarnContext(ctx, "break-glass: local sign-in was opened", slog.String("tenant", t.Slug), slog.Time("until", d.OpenUntil), slog.String("reason", d.Reason))
	return a.store.Audit(ctx, "break_glass.opened", t.ID, map[string]string{"event": e.ID.String(), "until": d.OpenUntil.Format(time.RFC3339), "reason": d.Reason}, e.At)
}
