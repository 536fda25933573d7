package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"lyceum/auth"
	"lyceum/auth/ldapsync"
	"lyceum/auth/signon"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/mail"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/tenant/status"
	"lyceum/themes"
)

// consequences is the table of what follows from what: when this event happened, then this job, inside the tenant.
// Each job may run twice.
func (a *app) consequences() []queue.Consequence {
	table := []queue.Consequence{
		{When: "invitation.created", Name: "mail_invitation", Urgency: queue.Waited, Do: a.mailInvitation},
		{When: "password.reset_requested", Name: "mail_password_reset", Urgency: queue.Waited, Do: a.mailPasswordReset},
		{When: "sign_on.link_requested", Name: "mail_first_link", Urgency: queue.Waited, Do: a.mailFirstLink},
		{When: "enrolment.completed", Name: "issue_certificate", Urgency: queue.Waited, Do: a.issueCertificate},
		{When: "factor.added", Name: "mail_factor_added", Urgency: queue.Waited, Do: a.mailNotice(themes.NoticeFactorAdded)},
		{When: "factor.removed", Name: "mail_factor_removed", Urgency: queue.Waited, Do: a.mailNotice(themes.NoticeFactorRemoved)},
		{When: "factor.reset", Name: "mail_factors_reset", Urgency: queue.Waited, Do: a.mailNotice(themes.NoticeFactorsReset)},
		{When: "factor.used_recovery", Name: "mail_recovery_used", Urgency: queue.Waited, Do: a.mailNotice(themes.NoticeRecoveryUsed)},
		{When: "factor.exhausted", Name: "mail_factor_exhausted", Urgency: queue.Waited, Do: a.mailNotice(themes.NoticeExhausted)},
		{When: "directory.sync_requested", Name: "sync_directory", Long: true, Timeout: syncTimeout, Do: a.ldapsync.Do},
	}
	table = append(table, a.accessConsequences()...)
	table = append(table, a.addressConsequences()...)
	table = append(table, a.leavingConsequences()...)
	table = append(table, a.lessonConsequences()...)
	table = append(table, a.bulkConsequences()...)
	table = append(table, a.groupConsequences()...)
	table = append(table, a.orgConsequences()...)
	table = append(table, a.hrConsequences()...)
	table = append(table, a.dutyConsequences()...)
	table = append(table, a.evidenceConsequences()...)
	table = append(table, a.reportConsequences()...)
	table = append(table, a.scheduleConsequences()...)
	table = append(table, a.searchConsequences()...)
	table = append(table, a.filesConsequences()...)
	table = append(table, a.homeConsequences()...)
	table = append(table, a.reminderConsequences()...)
	table = append(table, a.pushConsequences()...)
	table = append(table, a.placeConsequences()...)
	table = append(table, a.privacyConsequences()...)
	table = append(table, a.supportConsequences()...)
	table = append(table, a.maintenanceConsequences()...)
	table = append(table, a.testConsequences()...)
	table = append(table, a.pathConsequences()...)
	return append(table, a.usageConsequences()...)
}

// chores is what is done every so often.
func (a *app) chores(spares int) []queue.Chore {
	return slices.Concat(
		a.accessChores(),
		a.addressChores(),
		a.billingChores(),
		a.bulkChores(),
		a.dutyChores(),
		a.evidenceChores(),
		a.filesChores(),
		a.groupChores(),
		a.healthChores(),
		a.homeChores(),
		a.hrChores(),
		a.inboxChores(),
		a.leavingChores(),
		a.maintenanceChores(),
		a.paymentChores(),
		a.placeChores(),
		a.planChores(),
		a.privacyChores(),
		a.pushChores(),
		a.reminderChores(),
		a.reportChores(),
		a.scheduleChores(),
		a.searchChores(),
		a.statusChores(),
		a.supportChores(),
		a.testChores(),
		a.usageChores(),
		[]queue.Chore{
			{Name: "fill_spares", Every: time.Minute, Do: func(ctx context.Context) error {
				_, err := a.admin.FillSpares(ctx, spares, a.now())
				return err
			}},
			{Name: "finish_provisioning", Every: time.Minute, Do: func(ctx context.Context) error {
				_, err := a.tenants.FinishAll(ctx)
				return err
			}},
			{Name: "sweep_sign_on", Every: time.Hour, Do: func(ctx context.Context) error { return a.everywhere(ctx, "sign-on", a.signon.Sweep) }},
			{Name: "sync_directories", Every: 5 * time.Minute, Timeout: syncTimeout, Do: a.syncDirectories},
			{Name: "anchor_audit", Every: 24 * time.Hour, Do: func(ctx context.Context) error { return a.everywhere(ctx, "audit log", a.audit.Anchor) }},
		},
	)
}

// syncTimeout is longer than a run of a directory may take, so that the run itself says that it was too long.
const syncTimeout = ldapsync.RunMax + time.Minute

// syncDirectories reads the LDAP directories that are due, of several tenants at a time: one whose server is slow holds
// the others up no longer than it must.
func (a *app) syncDirectories(ctx context.Context) error {
	const atOnce = 8
	var several errgroup.Group
	several.SetLimit(atOnce)
	var mu sync.Mutex
	var failed []error
	err := a.everywhere(ctx, "directories", func(ctx context.Context) error {
		several.Go(func() error {
			if err := a.ldapsync.SyncDue(ctx); err != nil {
				t, _ := tenant.From(ctx)
				mu.Lock()
				failed = append(failed, fmt.Errorf("directories of %s: %w", t.Slug, err))
				mu.Unlock()
			}
			return nil
		})
		return nil
	})
	return errors.Join(append(failed, err, several.Wait())...)
}

// everywhere does something in every tenant whose jobs do not wait for the end of maintenance, one after the other; one tenant's failure does not keep it from the others.
func (a *app) everywhere(ctx context.Context, what string, do func(ctx context.Context) error) error {
	var errs []error
	for after := uid.Nil; ; {
		list, err := a.store.TenantsAfter(ctx, after, 200)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, t := range list {
			after = t.ID
			if a.maintained(ctx, t) {
				continue // it is maintained: the next round
			}
			if err := do(tenant.With(ctx, t)); err != nil {
				errs = append(errs, fmt.Errorf("%s of %s: %w", what, t.Slug, err))
			}
		}
		if len(list) < 200 {
			return errors.Join(errs...)
		}
	}
}

// letter sends a mail in the look of the tenant and the language of the person. To someone without an address there is
// nothing to send.
func (a *app) letter(ctx context.Context, e event.Event, to auth.Person, m themes.Mail) error {
	if mail.Nowhere(to.Email) {
		t, _ := tenant.From(ctx)
		a.log.InfoContext(ctx, "no mail: the person has no address", slog.String("tenant", t.Slug), slog.String("person", to.ID.String()), slog.String("event", e.Type))
		return nil
	}
	return a.letterWith(ctx, e.ID.String()+"."+to.ID.String(), to, m, nil)
}

// letterWith sends a mail with files; the id is the same at every attempt.
func (a *app) letterWith(ctx context.Context, id string, to auth.Person, m themes.Mail, files []mail.Attachment) error {
	t, _ := tenant.From(ctx)
	brand, err := a.brands.Get(ctx)
	if err != nil {
		return err
	}
	portal := a.hosts.PortalURL(t)
	v := themes.MailView{Brand: brand, PortalURL: portal, Locale: to.Locale, TimeZone: to.TimeZone, Now: a.now()}
	subject, text, html, err := a.themes.Mail(v, m)
	if err != nil {
		return err
	}
	return a.mail.Send(ctx, mail.Message{
		To: to.Email, ToName: to.Name, FromName: brand.Name, Subject: subject, Text: text, HTML: html, ID: id, Files: files,
	})
}

// about is what the events that cause mails say.
type about struct {
	PersonID      uid.ID `json:"person_id"`
	EnrolmentID   uid.ID `json:"enrolment_id"`
	CertificateID uid.ID `json:"certificate_id"`
	HandshakeID   uid.ID `json:"handshake_id"`
	Code          string `json:"code"`
	CourseTitle   string `json:"course_title"`
	CourseSlug    string `json:"course_slug"`
	Source        string `json:"source"`
}

func read(e event.Event) (d about, err error) {
	if err = json.Unmarshal(e.Data, &d); err != nil {
		return d, fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	return d, nil
}

// person finds a person as the system, whatever the permissions of who caused the event.
func (a *app) person(ctx context.Context, id uid.ID) (p auth.Person, err error) {
	err = a.store.InTenant(ctx, func(ctx context.Context) (err error) {
		p, err = a.store.PersonByID(ctx, id)
		return err
	})
	return p, err
}

func (a *app) mailInvitation(ctx context.Context, e event.Event) error {
	d, err := read(e)
	if err != nil {
		return err
	}
	secret, who, err := a.auth.MintLink(ctx, auth.TokenInvitation, d.PersonID)
	if unwanted(err) {
		return nil
	}
	if err != nil {
		return err
	}
	by := ""
	if e.ActorID != nil {
		if inviter, err := a.person(ctx, *e.ActorID); err == nil {
			by = inviter.Name
		}
	}
	t, _ := tenant.From(ctx)
	link := a.hosts.PortalURL(t) + "/invitation/" + url.PathEscape(secret)
	return a.letter(ctx, e, who, themes.InvitationMail{Name: who.Name, InvitedBy: by, Link: link, ExpiresAt: a.now().Add(auth.TokenInvitation.Lifetime())})
}

func (a *app) mailPasswordReset(ctx context.Context, e event.Event) error {
	d, err := read(e)
	if err != nil {
		return err
	}
	if a.now().Sub(e.At) > auth.TokenPasswordReset.Lifetime() {
		return nil // who asked has long given up; a link now would only startle
	}
	secret, who, err := a.auth.MintLink(ctx, auth.TokenPasswordReset, d.PersonID)
	if unwanted(err) {
		return nil
	}
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	link := a.hosts.PortalURL(t) + "/reset/" + url.PathEscape(secret)
	return a.letter(ctx, e, who, themes.PasswordResetMail{Name: who.Name, Link: link, ExpiresAt: a.now().Add(auth.TokenPasswordReset.Lifetime())})
}

// mailNotice makes the job that tells a person what happened to how they sign in. Browsers that are forgotten and recovery
// codes that go with the last factor are no news.
func (a *app) mailNotice(kind themes.NoticeKind) func(context.Context, event.Event) error {
	return func(ctx context.Context, e event.Event) error {
		var d struct {
			PersonID uid.ID          `json:"person_id"`
			Kind     auth.FactorKind `json:"kind"`
			Name     string          `json:"name"`
			Left     int             `json:"left"`
		}
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
		}
		if d.Kind != "" && !d.Kind.Proves() {
			return nil
		}
		to, err := a.person(ctx, d.PersonID)
		if unwanted(err) {
			return nil
		}
		if err != nil {
			return err
		}
		what := d.Name
		if kind == themes.NoticeRecoveryUsed {
			what = strconv.Itoa(d.Left)
		}
		t, _ := tenant.From(ctx)
		return a.letter(ctx, e, to, themes.NoticeMail{Kind: kind, Name: to.Name, What: what, At: e.At, Link: a.hosts.PortalURL(t) + "/account/security"})
	}
}

// mailFirstLink sends the link that proves an account which a company account is to open from now on.
func (a *app) mailFirstLink(ctx context.Context, e event.Event) error {
	d, err := read(e)
	if err != nil {
		return err
	}
	secret, link, err := a.signon.MintFirstLink(ctx, d.HandshakeID)
	if unwanted(err) {
		return nil
	}
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	return a.letter(ctx, e, link.Person, themes.FirstLinkMail{
		Name: link.Person.Name, Connection: link.Connection, Link: a.hosts.PortalURL(t) + "/sso/confirm/" + url.PathEscape(secret),
		ExpiresAt: a.now().Add(signon.FirstLinkLifetime),
	})
}

// unwanted tells whether a link is not wanted any more: the person is gone, or has another state by now.
func unwanted(err error) bool {
	k := fault.Of(err).Kind
	return err != nil && (k == fault.KindNotFound || k == fault.KindConflict)
}

func (a *app) issueCertificate(ctx context.Context, e event.Event) error {
	_, err := a.certificates.Issue(ctx, e.SubjectID)
	return err
}

// workerCmd runs jobs only.
type workerCmd struct {
	Workers       int    `default:"8" help:"Jobs at once."`
	Spares        int    `default:"5" help:"Prepared schemas kept ready for sign-ups."`
	MetricsListen string `name:"metrics-listen" placeholder:"ADDR" help:"Serve Prometheus metrics at /metrics on this address."`
}

// Run works until it is told to stop.
func (cmd *workerCmd) Run(ctx context.Context, c *Config) error {
	a, err := newApp(ctx, c, "", true, false)
	if err != nil {
		return err
	}
	defer a.close()
	m := newMetrics(a)
	stopMetrics, err := m.serve(cmd.MetricsListen, a.log)
	if err != nil {
		return err
	}
	defer stopMetrics()
	defer a.flushStatus(ctx)()
	stop, err := a.startJobs(ctx, m, cmd.Workers, cmd.Spares)
	if err != nil {
		return err
	}
	a.log.Info("working", slog.Int("workers", cmd.Workers))
	<-ctx.Done()
	return stop()
}

// startJobs runs the line for announcements, hints, relay, workers and chores; the function it gives ends them in
// order, letting running jobs end.
func (a *app) startJobs(ctx context.Context, m *metrics, workers, spares int) (stop func() error, err error) {
	q, err := queue.New(ctx, queue.Options{
		URL: a.db.direct, Keep: a.store, Consequences: a.consequences(), Chores: a.chores(spares), Workers: workers, Log: a.log, Observed: m.job, Failed: a.health.JobFailed, Holds: a.broadcast.Holds,
		Worked: func(id uid.ID, waited time.Duration, err error) { a.meter.Note(id, status.Jobs, err == nil, waited) },
		Handed: func(id uid.ID, waited time.Duration) { a.meter.Note(id, status.Handing, true, waited) },
	})
	if err != nil {
		return nil, err
	}
	if err := q.Start(ctx); err != nil {
		return nil, errors.Join(err, q.Stop(ctx))
	}
	stopLine := a.startLine(ctx, q.Wake)
	stopHealth := a.noteFailures(ctx)
	return func() error {
		defer stopHealth() // after the last job
		stopLine()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		return q.Stop(drain)
	}, nil
}

// noticesChanged wakes who waits for somebody's notices, and forgets what they had put away.
func (a *app) noticesChanged(tenantID, person uid.ID) {
	a.broadcast.ForgetReader(tenantID, person)
	a.notices.Changed(tenantID, person)
}

// startLine hears announcements and sends hints until the function it gives is called.
func (a *app) startLine(ctx context.Context, wake func(uid.ID)) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{}, 2)
	go func() {
		a.store.Listen(ctx, a.db.direct, store.Listener{Changed: a.forget, Events: wake, Notices: a.noticesChanged, Platform: func() { a.broadcast.Forget(); a.flags.Forget() }})
		done <- struct{}{}
	}()
	go func() { a.hints.Run(ctx); done <- struct{}{} }()
	return func() { cancel(); <-done; <-done }
}
