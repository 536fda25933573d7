package act_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"lyceum/auth/act"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// setup notes three acts about one portal, each in a transaction of its own.
func setup(t *testing.T) (w *storetest.World, s *act.Service, slug string) {
	t.Helper()
	w = storetest.New(t)
	s, slug = act.New(w.Store, w.Now.Clock()), uid.Opaque(8)
	note := func(ctx context.Context, action string, data map[string]string) {
		data["slug"] = slug
		if err := w.Store.Audit(ctx, action, uid.New(), data, w.Now.Now()); err != nil {
			t.Fatal(err)
		}
	}
	operator := event.WithActor(t.Context(), event.Actor{ID: uid.New(), Kind: "operator"})
	note(operator, "tenant.suspended", map[string]string{"reason": "=unpaid, “since March” <b>"})
	note(event.WithActor(t.Context(), event.Actor{Kind: "command_line"}), "tenant.resumed", map[string]string{})
	note(event.WithActor(t.Context(), event.Actor{Kind: "system"}), "tenant.erased", map[string]string{})
	return w, s, slug
}

func names(acts []act.Act) (out []string) {
	for _, a := range acts {
		out = append(out, a.Action)
	}
	return out
}

func TestActsAreReadNewestFirstAndNarrowed(t *testing.T) {
	t.Parallel()
	_, s, slug := setup(t)
	for _, c := range []struct {
		f    act.Filter
		want string
	}{
		{act.Filter{}, "tenant.resumed tenant.suspended"},
		{act.Filter{System: true}, "tenant.erased tenant.resumed tenant.suspended"},
		{act.Filter{Kind: "system"}, "tenant.erased"},
		{act.Filter{Action: "tenant.suspended"}, "tenant.suspended"},
		{act.Filter{Action: "domain.*"}, ""},
		{act.Filter{Actor: uid.New()}, ""},
		{act.Filter{Until: time.Unix(0, 0)}, ""},
	} {
		c.f.Tenant = slug
		got, err := s.Read(t.Context(), c.f)
		if err != nil || strings.Join(names(got.Items), " ") != c.want {
			t.Errorf("%+v: %v (%v), want %s", c.f, names(got.Items), err, c.want)
		}
	}
	first, err := s.Read(t.Context(), act.Filter{Tenant: slug, Page: page.Request{Limit: 1}})
	if err != nil || len(first.Items) != 1 || first.Next == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := s.Read(t.Context(), act.Filter{Tenant: slug, Page: page.Request{Limit: 1, After: first.Next}})
	if err != nil || len(second.Items) != 1 || second.Items[0].Action != "tenant.suspended" {
		t.Errorf("%+v, %v", second, err)
	}
}

func TestEveryActIsChainedWhoeverWritesItAndNoneCanBeChanged(t *testing.T) {
	t.Parallel()
	w, s, slug := setup(t)
	// As the former release and the rollouts write.
	_, err := w.Admin.Exec(t.Context(), "insert into control.audit (id, actor_kind, action, data, at) values ($1, 'operator', 'rollout.began', $2, now())", uid.New(), `{"plan":[1,10,100],"slug":"`+slug+`"}`)
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Check(t.Context())
	if err != nil || found.Broken != nil || found.Entries < 4 {
		t.Fatalf("%+v, %v", found, err)
	}
	for _, sql := range []string{"update control.audit set action = 'x'", "delete from control.audit"} {
		err := w.Store.InControl(t.Context(), func(ctx context.Context) error { _, err := store.Pgx(ctx).Exec(ctx, sql); return err })
		if err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: %v, want permission denied", sql, err)
		}
	}
}

func TestAWholeExportIsVerifiedElsewhereAndShowsWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	_, s, slug := setup(t)
	export := func(f act.Filter, as act.Format) string {
		t.Helper()
		write, err := s.Begin(t.Context(), f, as)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := write(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	whole := export(act.Filter{System: true}, act.JSONLines)
	h, found, err := act.Verify(strings.NewReader(whole))
	if err != nil || !h.Whole || found.Entries < 4 || found.Head == "" {
		t.Fatalf("%+v, %+v, %v", h, found, err)
	}
	lines := strings.SplitAfter(whole, "\n")
	at := 0
	for i, line := range lines {
		if strings.Contains(line, slug) && strings.Contains(line, "tenant.suspended") {
			at = i
		}
	}
	changed := strings.Replace(whole, "unpaid", "paid", 1)
	removed := strings.Join(append(append([]string{}, lines[:at]...), lines[at+1:]...), "")
	for name, export := range map[string]string{"changed": changed, "removed": removed} {
		if _, _, err := act.Verify(strings.NewReader(export)); !errors.Is(err, act.ErrBroken) {
			t.Errorf("%s: %v, want %v", name, err, act.ErrBroken)
		}
	}
	if _, _, err := act.Verify(strings.NewReader("{}")); !errors.Is(err, act.ErrExport) {
		t.Errorf("no export: %v", err)
	}

	part := export(act.Filter{Tenant: slug}, act.JSONLines)
	if h, found, err := act.Verify(strings.NewReader(part)); err != nil || h.Whole || found.Entries != 2 {
		t.Errorf("%+v, %+v, %v", h, found, err)
	}
	if _, _, err := act.Verify(strings.NewReader(strings.Replace(part, "unpaid", "paid", 1))); !errors.Is(err, act.ErrBroken) {
		t.Errorf("changed in part: %v", err)
	}
	if csv := export(act.Filter{Tenant: slug}, act.CSV); !strings.HasPrefix(csv, "seq,at,action") || !strings.Contains(csv, "tenant.suspended") {
		t.Errorf("csv: %s", csv)
	}
}
