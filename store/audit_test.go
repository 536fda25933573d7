package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/auth/audit"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

// happen appends an event in a transaction of its own.
func happen(t testing.TB, w *storetest.World, ctx context.Context, typ string, subject uid.ID) {
	t.Helper()
	err := w.Store.InTenant(ctx, func(ctx context.Context) error {
		e, err := event.New(ctx, w.Now.Now(), typ, "person", subject, map[string]any{"note": "äöü \"quoted\" \\ 1.0"})
		if err != nil {
			return err
		}
		return w.Store.AppendEvents(ctx, e)
	})
	if err != nil {
		t.Error(err)
	}
}

func auditor(t testing.TB, ctx context.Context, w *storetest.World) context.Context {
	t.Helper()
	return storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin))
}

func TestWhatHappensAtOnceMakesOneChain(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	log := audit.New(w.Store, w.Now.Clock())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				happen(t, w, mine, "person.signed_in", uid.New())
			}
		})
	}
	wg.Wait()
	happen(t, w, mine, "lesson.started", uid.New()) // a step of learning: nobody's to answer for
	err := w.Store.InTenant(mine, func(ctx context.Context) error {
		e, err := event.New(ctx, w.Now.Now(), "person.deactivated", "person", uid.New(), nil)
		if err == nil {
			err = w.Store.AppendEvents(ctx, e)
		}
		return errors.Join(err, errors.New("no"))
	})
	if err == nil {
		t.Fatal("a failed transaction was kept")
	}
	got, err := log.Check(auditor(t, mine, w))
	if err != nil || got.Broken != nil || got.Entries != 80 {
		t.Errorf("checked %+v, %v; want 80 entries that hold", got, err)
	}
	if got, err = log.Check(auditor(t, other, w)); err != nil || got.Entries != 0 {
		t.Errorf("another tenant's log: %+v, %v", got, err)
	}
}

// TestManyEventsAtOnceAreInTheChainInTheirOrder: many go another way into the tables than few.
func TestManyEventsAtOnceAreInTheChainInTheirOrder(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	happen(t, w, mine, "person.signed_in", uid.New())
	const many = 150
	var list []event.Event
	who := storetest.Person(t, mine, w, policy.Admin)
	asking := storetest.As(t, mine, w, who)
	err := w.Store.InTenant(asking, func(ctx context.Context) error {
		for i := range many {
			typ := "person.deactivated"
			if i%3 == 0 {
				typ = "lesson.started"
			}
			e, err := event.New(ctx, w.Now.Now(), typ, "person", uid.New(), map[string]any{"note": fmt.Sprintf("äöü \"%d\" \\ 1.0", i)})
			if err != nil {
				return err
			}
			list = append(list, e)
		}
		return w.Store.AppendEvents(ctx, list...)
	})
	if err != nil {
		t.Fatal(err)
	}
	happen(t, w, mine, "person.signed_in", uid.New())
	log := audit.New(w.Store, w.Now.Clock())
	if got, err := log.Check(asking); err != nil || got.Broken != nil || got.Entries != many*2/3+2 {
		t.Errorf("checked %+v, %v; want %d entries that hold", got, err, many*2/3+2)
	}
	err = w.Store.InTenant(mine, func(ctx context.Context) error {
		waiting, err := w.Store.WaitingEvents(ctx, 1000)
		if err != nil || len(waiting) != many+2 {
			return fmt.Errorf("%d wait, %w", len(waiting), err)
		}
		for i, e := range list {
			got := waiting[i+1]
			var a, b map[string]any
			if err := errors.Join(json.Unmarshal(e.Data, &a), json.Unmarshal(got.Data, &b)); err != nil {
				return err
			}
			if got.ID != e.ID || got.Type != e.Type || got.SubjectID != e.SubjectID || got.ActorKind != e.ActorKind || !got.At.Equal(e.At.Truncate(time.Microsecond)) || a["note"] != b["note"] {
				t.Errorf("event %d is kept as %+v, %s", i, got, got.Data)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if got, err := log.Check(auditor(t, other, w)); err != nil || got.Entries != 0 {
		t.Errorf("another tenant's log: %+v, %v", got, err)
	}
}

func TestTheAuditLogCannotBeChangedByTheTenantsRole(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	happen(t, w, ctx, "person.signed_in", uid.New())
	for _, sql := range []string{
		"update audit set type = 'x'", "delete from audit", "truncate audit", "drop table audit", "alter table audit disable trigger all",
		"insert into audit select * from audit on conflict (seq) do update set type = 'x'",
	} {
		err := w.Store.InTenant(ctx, func(ctx context.Context) error { _, err := store.Pgx(ctx).Exec(ctx, sql); return err })
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "42501" {
			t.Errorf("%s: %v, want permission denied (42501)", sql, err)
		}
	}
}

func TestWhatWasChangedRemovedOrCutOffBehindOurBackIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, says string }{
		"a changed entry":   {"update %s.audit set data = '{}' where seq = 2", "Entry 2 was changed"},
		"a removed entry":   {"delete from %s.audit where seq = 2", "goes on with 3"},
		"a removed first":   {"delete from %s.audit where seq = 1", "goes on with 2"},
		"an end cut off":    {"delete from %s.audit where seq >= 3", "ends earlier"},
		"two entries moved": {"update %s.audit set seq = case seq when 1 then -2 else -1 end where seq <= 2; update %[1]s.audit set seq = -seq where seq < 0", "Entry 1 does not follow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := storetest.New(t)
			ctx := w.Tenant(t)
			log := audit.New(w.Store, w.Now.Clock())
			for range 4 {
				happen(t, w, ctx, "person.signed_in", uid.New())
			}
			for range 2 { // the second time nothing has come since
				if err := log.Anchor(ctx); err != nil {
					t.Fatal(err)
				}
			}
			asker := auditor(t, ctx, w)
			before, err := log.Check(asker)
			if err != nil || before.Broken != nil || before.Anchor == nil || before.Anchor.Seq != 4 {
				t.Fatalf("before: %+v, %v", before, err)
			}
			tn, _ := tenant.From(ctx)
			if _, err := w.Admin.Exec(ctx, fmt.Sprintf(c.sql, tn.SchemaName)); err != nil {
				t.Fatal(err)
			}
			after, err := log.Check(asker)
			if err != nil || after.Broken == nil || !strings.Contains(after.Broken.Error(), c.says) {
				t.Errorf("after: %v, %v; want it to say %q", after.Broken, err, c.says)
			}
		})
	}
}

func TestTheAuditLogIsFilteredPagedAndExported(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	log := audit.New(w.Store, w.Now.Clock())
	anna := uid.New()
	from := event.WithOrigin(event.WithActor(ctx, event.Actor{ID: anna, Kind: "person"}), event.Origin{IP: "=192.0.2.7", RequestID: "r-1"})
	happen(t, w, from, "person.signed_in", anna)
	w.Now.Advance(time.Hour)
	happen(t, w, ctx, "person.roles_changed", anna)
	happen(t, w, ctx, "connection.created", uid.New())
	asker := auditor(t, ctx, w)
	for name, c := range map[string]struct {
		f    audit.Filter
		want int
	}{
		"all":       {audit.Filter{}, 3},
		"a kind":    {audit.Filter{Type: "person.*"}, 2},
		"a type":    {audit.Filter{Type: "connection.created"}, 1},
		"an actor":  {audit.Filter{Actor: anna}, 1},
		"a subject": {audit.Filter{Subject: anna}, 2},
		"an ip":     {audit.Filter{IP: "=192.0.2.7"}, 1},
		"later":     {audit.Filter{From: w.Now.Now()}, 2},
		"earlier":   {audit.Filter{Until: w.Now.Now()}, 1},
	} {
		if got, err := log.Read(asker, c.f); err != nil || len(got.Items) != c.want {
			t.Errorf("%s: %d entries, %v; want %d", name, len(got.Items), err, c.want)
		}
	}
	first, err := log.Read(asker, audit.Filter{Page: page.Request{Limit: 2}})
	if err != nil || len(first.Items) != 2 || first.Items[0].Type != "connection.created" {
		t.Fatalf("the first page: %+v, %v", first, err)
	}
	if rest, err := log.Read(asker, audit.Filter{Page: page.Request{Limit: 2, After: first.Next}}); err != nil || len(rest.Items) != 1 || rest.Next != "" {
		t.Errorf("the second page: %+v, %v", rest, err)
	}
	export := func(f audit.Filter, as audit.Format) string {
		t.Helper()
		write, err := log.Begin(asker, f, as)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := write(asker, &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if text := export(audit.Filter{Actor: anna}, audit.CSV); !strings.Contains(text, ",'=192.0.2.7,") || strings.Count(text, "\n") != 2 {
		t.Errorf("as CSV:\n%s", text)
	}
	whole := export(audit.Filter{}, audit.JSONLines)
	h, got, err := audit.Verify(strings.NewReader(whole))
	if err != nil || !h.Whole || got.Entries != 5 { // the two exports are in it
		t.Errorf("verified %+v, %+v, %v", h, got, err)
	}
	for name, forged := range map[string]string{
		"a word":       strings.Replace(whole, "person.roles_changed", "person.roles_chanqed", 1),
		"a line":       strings.Join(append(strings.SplitAfter(whole, "\n")[:2], strings.SplitAfter(whole, "\n")[3:]...), ""),
		"the tenant":   strings.Replace(whole, h.Tenant.String(), uid.New().String(), 1),
		"a data space": strings.Replace(whole, `"note":"äöü`, `"note": "äöü`, 1),
	} {
		if _, _, err := audit.Verify(strings.NewReader(forged)); !errors.Is(err, audit.ErrBroken) {
			t.Errorf("%s forged: %v", name, err)
		}
	}
	part := export(audit.Filter{Type: "person.*"}, audit.JSONLines)
	if h, got, err := audit.Verify(strings.NewReader(part)); err != nil || h.Whole || got.Entries != 2 {
		t.Errorf("a part: %+v, %+v, %v", h, got, err)
	}
	learner := storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Learner))
	if _, err := log.Read(learner, audit.Filter{}); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner reads: %v", err)
	}
	if _, err := log.Begin(learner, audit.Filter{}, audit.CSV); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner exports: %v", err)
	}
}
