package ldapsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

const (
	chunk      = 100    // people in one transaction
	groupsKept = 20_000 // of one directory
)

// RunMax is how long one run may take.
const RunMax = 15 * time.Minute

func isUnavailable(err error) bool { return errors.Is(err, ldap.ErrUnavailable) }

func checkStatus(status signon.Status) error {
	if !slices.Contains(signon.Statuses(), status) {
		return fault.Invalid(map[string]string{"status": "Choose off, dry run or on."})
	}
	return nil
}

// SyncDue reads those directories of the tenant of ctx that are on or in dry run and due, one after the other. What is
// wrong with a directory stands in its run.
func (s *Service) SyncDue(ctx context.Context) error {
	var list []Directory
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		list, err = s.keep.LDAPDirectories(ctx)
		return err
	})
	for _, d := range list {
		if d.Status == signon.StatusOff || !d.HasSecret() || !d.due(s.now()) {
			continue
		}
		if _, one := s.Sync(ctx, d.ID, Order{}); one != nil && !errors.Is(one, ErrRunning) {
			err = errors.Join(err, fmt.Errorf("directory %s: %w", d.ID, one))
		}
	}
	return err
}

// Do is the consequence of directory.sync_requested. It is safe to run twice: a directory that was brought to what it says
// does not change a second time.
func (s *Service) Do(ctx context.Context, e event.Event) error {
	var o Order
	if err := json.Unmarshal(e.Data, &o); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	_, err := s.Sync(ctx, e.SubjectID, o)
	if k := fault.Of(err).Kind; err != nil && (k == fault.KindNotFound || errors.Is(err, ErrDirectoryOff)) {
		return nil // it was removed or switched off meanwhile
	}
	return err
}

// work is one run.
type work struct {
	*Service
	d       Directory
	dry     bool
	order   Order
	run     Run
	mapping auth.Mapping
	roles   []policy.Role // that the tenant has
	touched bool          // somebody's sessions, keys or roles changed

	member *ldap.Membership
	groups []ldap.Group
	whole  struct{ people, groups bool } // read to the end

	seen    map[string]bool     // subjects
	byDN    map[string]uid.ID   // DN key → person
	inGroup map[string][]uid.ID // group's DN key → people
	fresh   map[uid.ID]bool     // made in this run
	managed []managed
	leaving []leaver
}

// managed is a person with the name of their manager; empty: the directory names none any more.
type managed struct {
	person  uid.ID
	manager string
}

// leaver is somebody to be deactivated.
type leaver struct {
	record Record
	why    string
}

// Sync reads a directory and brings people and groups to what it says. What goes wrong at the directory is the run's
// outcome and no error. ErrRunning where a run is on its way, ErrDirectoryOff where it is off and the order is no dry run,
// ErrNoPassword, ErrDirectoryNotFound. Events directory.synced where something changed, directory.sync_held and
// directory.sync_failed at the first run that ends so, and those of people and groups.
func (s *Service) Sync(ctx context.Context, id uid.ID, o Order) (Run, error) {
	w, password, err := s.begin(ctx, id, o)
	if err != nil {
		return Run{}, err
	}
	within, cancel := context.WithTimeout(event.WithActor(ctx, event.Actor{Kind: "directory"}), RunMax)
	defer cancel()
	err = w.work(within, password)
	if w.touched {
		s.auth.Changed(ctx)
	}
	return w.run, w.end(context.WithoutCancel(within), err)
}

func (s *Service) begin(ctx context.Context, id uid.ID, o Order) (w *work, password string, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		d, err := s.keep.LDAPDirectory(ctx, id)
		if err != nil {
			return err
		}
		if d.Status == signon.StatusOff && !o.DryRun {
			return ErrDirectoryOff
		}
		if password, err = s.password(ctx, d); err != nil {
			return err
		}
		now := s.now()
		w = &work{
			Service: s, d: d, order: o, dry: o.DryRun || d.Status != signon.StatusOn, mapping: d.mapping(), member: ldap.NewMembership(d.reading()),
			seen: map[string]bool{}, byDN: map[string]uid.ID{}, inGroup: map[string][]uid.ID{}, fresh: map[uid.ID]bool{},
			run: Run{ID: uid.New(), DirectoryID: id, RequestedBy: o.By, StartedAt: now, BeatAt: now, Outcome: OutcomeRunning},
		}
		w.run.DryRun = w.dry
		if w.roles, err = s.keep.Roles(ctx); err != nil {
			return err
		}
		return s.keep.BeginDirectoryRun(ctx, w.run, now.Add(-silence))
	})
	return w, password, err
}

// work reads groups, then people, then does what needs all of them.
func (w *work) work(ctx context.Context, password string) error {
	settings := w.d.reading()
	sum, err := w.ldap.Groups(ctx, settings, password, func(g ldap.Group) error {
		if len(w.groups) >= groupsKept {
			return fmt.Errorf("more than %d groups; make the group filter narrower", groupsKept)
		}
		w.groups = append(w.groups, ldap.Group{Subject: g.Subject, DN: g.DN, Name: g.Name})
		return w.member.Add(g)
	})
	w.report("groups", sum)
	if w.whole.groups = sum.Complete; err != nil {
		return err // whoever is in a group that was not read would lose their role
	}
	if err := w.beat(ctx); err != nil {
		return err
	}
	var batch []ldap.Entry
	sum, err = w.ldap.People(ctx, settings, password, func(e ldap.Entry) error {
		w.member.Complete(&e)
		if batch = append(batch, e); len(batch) < chunk {
			return nil
		}
		full := batch
		batch = nil
		return w.takeAll(ctx, full)
	})
	w.report("people", sum)
	if w.whole.people = sum.Complete; !isRead(err) || ctx.Err() != nil {
		return err
	}
	if one := w.takeAll(ctx, batch); one != nil { // what was read before a reading ended early is true
		return one
	}
	if one := w.finish(ctx); one != nil {
		return one
	}
	return err
}

// isRead tells whether what a reading gave can be used: it went well, or ended early at the directory's fault.
func isRead(err error) bool { return err == nil || errors.Is(err, ldap.ErrIncomplete) }

// finish does what needs everybody to be here.
func (w *work) finish(ctx context.Context) error {
	if err := w.setManagers(ctx); err != nil {
		return err
	}
	if err := w.keepGroups(ctx); err != nil {
		return err
	}
	if err := w.findMissing(ctx); err != nil {
		return err
	}
	return w.letGo(ctx)
}

// report adds what a reading said to the run's report, under its own name.
func (w *work) report(what string, sum ldap.Summary) {
	for _, c := range sum.Report {
		c.Name = what + "_" + c.Name
		w.run.Report.V = append(w.run.Report.V, c)
	}
}

// beat writes a sign of life; ErrRunOver when the run was given up by somebody else.
func (w *work) beat(ctx context.Context) error {
	return w.keep.InTenant(ctx, func(ctx context.Context) error { return w.keep.BeatDirectoryRun(ctx, w.run.ID, w.now()) })
}

// errDry takes back what a dry run did.
var errDry = errors.New("ldapsync: a dry run changes nothing")

// transact runs fn in a transaction, which is taken back in a dry run. fn may run twice.
func (w *work) transact(ctx context.Context, fn func(ctx context.Context) error) error {
	err := w.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil || !w.dry {
			return err
		}
		return errDry
	})
	if errors.Is(err, errDry) {
		return nil
	}
	return err
}

// note keeps a change; of very many only the first.
func (w *work) note(list ...Change) {
	room := ChangesKept - len(w.run.Changes.V)
	w.run.Changes.V = append(w.run.Changes.V, list[:min(room, len(list))]...)
}

// end writes how the run ended. cause is why it could not go on.
func (w *work) end(ctx context.Context, cause error) error {
	now := w.now()
	r := &w.run
	r.EndedAt, r.BeatAt = &now, now
	unread := errors.Is(cause, ldap.ErrIncomplete)
	switch {
	case errors.Is(cause, ErrRunOver):
		return cause // another one has ended it
	case cause != nil && !unread:
		r.Outcome, r.Problem = OutcomeFailed, w.problem(cause)
	case unread || !w.whole.people || !w.whole.groups:
		r.Outcome, r.Problem = OutcomeIncomplete, w.problem(cause)
	case r.Counts.V.Held > 0:
		r.Outcome = OutcomeHeld
		r.Problem = fmt.Sprintf("%d people would be deactivated at once, more than %d of a hundred. Look at who they are; if it is right, let it happen.", r.Counts.V.Held, w.d.Settings.V.WithDefaults().HoldPercent)
	default:
		r.Outcome = OutcomeDone
	}
	err := w.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := w.keep.EndDirectoryRun(ctx, *r); err != nil || w.order.DryRun { // a trial is nobody's business but who asked
			return err
		}
		if err := w.keep.SetLDAPSynced(ctx, w.d.ID, now, r.Problem); err != nil {
			return err
		}
		return w.tellEnd(ctx)
	})
	if cause == nil || unread || fault.Of(cause).Kind == fault.KindUnavailable {
		return err
	}
	return errors.Join(cause, err)
}

// tellEnd appends the event of a run that an auditor wants to read of: one that changed something, and the first of those
// that did not do all.
func (w *work) tellEnd(ctx context.Context) error {
	data := facts(w.d)
	data["run_id"], data["outcome"], data["counts"] = w.run.ID, w.run.Outcome, w.run.Counts.V
	var err error
	if w.run.Counts.V.moved() && !w.dry {
		err = w.tell(ctx, "directory.synced", "directory", w.d.ID, data)
	}
	if w.run.Problem == "" || w.d.Problem == w.run.Problem {
		return err
	}
	typ := "directory.sync_failed"
	if w.run.Outcome == OutcomeHeld {
		typ = "directory.sync_held"
	}
	data["problem"] = w.run.Problem
	return errors.Join(err, w.tell(ctx, typ, "directory", w.d.ID, data))
}

// problem says in English why a run did not do all: what the directory answered, if it was the directory.
func (w *work) problem(cause error) string {
	f := fault.Of(cause)
	if cause != nil && f.Kind == fault.KindInternal {
		w.log.Error("directory not synced", slog.String("directory", w.d.ID.String()), slog.Any("err", cause))
		return "Something went wrong on our side. It will be tried again."
	}
	for _, c := range slices.Backward(w.run.Report.V) {
		if !c.OK {
			return c.Detail
		}
	}
	if cause != nil {
		return f.Text
	}
	return "Not everything was read."
}
