package signon_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/store"
)

// shows is the report of a server that showed a certificate; zero: none was seen.
func (o *office) shows(until time.Time) string {
	o.t.Helper()
	r := auth.Report{}
	r.Passed("connect", "ldaps://dc1.acme.example")
	r.Passed("tls", "certificate of CN=dc1")
	if !until.IsZero() {
		r[1].Until = &until
	}
	raw, err := json.Marshal(r)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(raw)
}

// TestTheAuthorityOfADirectoryThatIsReadIsWarnedOf60DaysAhead: no run reaches the server any more once it has ended.
func TestTheAuthorityOfADirectoryThatIsReadIsWarnedOf60DaysAhead(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin, now := o.admin(o.ctx), o.w.Now.Now()
	authority := func(life time.Duration) string {
		k, err := saml.NewKey("Head office CA", now, life)
		if err != nil {
			t.Fatal(err)
		}
		return "-----BEGIN CERTIFICATE-----\n" + k.Certificate + "\n-----END CERTIFICATE-----\n"
	}
	directory := uid.New()
	keep := func(pem, status string) {
		settings, err := json.Marshal(map[string]any{"ldap": map[string]any{"ca_certificates": pem}})
		if err != nil {
			t.Fatal(err)
		}
		o.rows(o.ctx, []any{`insert into directories (id, kind, name, status, mode, settings, mapping, role_rules, revision, problem, created_at, updated_at)
			values ($1, 'ldap', 'Head office', $4, '', $3, '[]', '{}', 1, '', $2, $2) on conflict (id) do update set settings = excluded.settings, status = excluded.status`,
			directory.String(), now, string(settings), status})
	}
	warned := func() int {
		if err := o.signon.WarnExpiries(o.ctx); err != nil {
			t.Fatal(err)
		}
		return o.happened("certificate.expiring")
	}
	keep(authority(62*day), "on")
	if n := warned(); n != 0 {
		t.Errorf("62 days ahead it is warned of %d times", n)
	}
	times := 0
	for _, ahead := range []time.Duration{2, 30, 23, 6} { // to 60, 30, 7 and 1 days before
		o.w.Now.Advance(ahead * day)
		times++
		if n := warned(); n != times {
			t.Errorf("warned %d times, want %d", n, times)
		}
		warned()
	}
	list, err := o.signon.Expiring(admin)
	if err != nil || len(list) != 1 || list[0].Kind != signon.ExpirySyncAuthority || list[0].ID != directory || list[0].Name != "Head office" {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := o.signon.Expiring(o.admin(o.other)); err != nil || len(list) != 0 {
		t.Errorf("another tenant: %+v, %v", list, err)
	}
	keep(authority(62*day)+authority(400*day), "on")
	if list, err := o.signon.Expiring(admin); err != nil || len(list) != 0 {
		t.Errorf("the next one is there: %+v, %v", list, err)
	}
	keep(authority(62*day), "off")
	if list, err := o.signon.Expiring(admin); err != nil || len(list) != 0 {
		t.Errorf("it is off: %+v, %v", list, err)
	}
}

// rows runs statements in a tenant, each with its arguments.
func (o *office) rows(ctx context.Context, statements ...[]any) {
	o.t.Helper()
	o.in(ctx, func(ctx context.Context) error {
		for _, s := range statements {
			if _, err := store.Pgx(ctx).Exec(ctx, s[0].(string), s[1:]...); err != nil { //nolint:forcetypeassert // a test's own
				return err
			}
		}
		return nil
	})
}

func TestTheCertificateThatADirectorysServerShowedLastIsWarnedOf(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin, now := o.admin(o.ctx), o.w.Now.Now()
	connection, directory := uid.New(), uid.New()
	attempt := func(until time.Time) []any {
		return []any{`insert into sign_on_attempts (id, connection_id, outcome, reason, subject, ip, checks, claims, result, at)
			values ($1, $2, 'admitted', '', '', '', $3, '{}', '{}', $4)`, uid.New().String(), connection.String(), o.shows(until), now}
	}
	run := func(until time.Time) []any {
		return []any{`insert into directory_runs (id, directory_id, dry_run, started_at, beat_at, ended_at, outcome, problem, counts, changes, report)
			values ($1, $2, false, $3, $3, $3, 'done', '', '{}', '[]', $4)`, uid.New().String(), directory.String(), now, o.shows(until)}
	}
	o.rows(o.ctx,
		[]any{`insert into connections (id, kind, product, name, status, position, settings, mapping, role_rules, admission, revision, problem, created_at, updated_at)
			values ($1, 'ldap', 'other', 'Acme LDAP', 'on', 0, '{}', '[]', '{}', '{}', 1, '', $2, $2)`, connection.String(), now},
		[]any{`insert into directories (id, kind, name, status, mode, settings, mapping, role_rules, revision, problem, created_at, updated_at)
			values ($1, 'ldap', 'Head office', 'dry_run', '', '{}', '[]', '{}', 1, '', $2, $2)`, directory.String(), now},
		attempt(now.Add(2*day)), attempt(now.Add(20*day)), attempt(time.Time{}), run(now.Add(400*day)), run(now.Add(7*day)),
	)
	list, err := o.signon.Expiring(admin)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, want := range []signon.Expiry{
		{Kind: signon.ExpirySyncServer, Name: "Head office", ID: directory, At: now.Add(7 * day)},
		{Kind: signon.ExpiryServer, Name: "Acme LDAP", ID: connection, At: now.Add(20 * day)},
	} {
		if got := list[i]; got.Kind != want.Kind || got.Name != want.Name || got.ID != want.ID || !got.At.Equal(want.At) {
			t.Errorf("expires %+v, want %+v", got, want)
		}
	}
	if list, err := o.signon.Expiring(o.admin(o.other)); err != nil || len(list) != 0 {
		t.Errorf("another tenant: %+v, %v", list, err)
	}

	// The next sign-in sees the certificate that took its place; one that is good for long is nothing to tell of yet.
	o.rows(o.ctx, attempt(now.Add(40*day)), run(now.Add(40*day)))
	if list, err := o.signon.Expiring(admin); err != nil || len(list) != 0 {
		t.Errorf("renewed: %+v, %v", list, err)
	}
	o.w.Now.Advance(39 * day)
	o.rows(o.ctx, []any{"update connections set status = 'off' where id = $1", connection.String()})
	if list, err := o.signon.Expiring(admin); err != nil || len(list) != 1 || list[0].Kind != signon.ExpirySyncServer {
		t.Errorf("the connection is off: %+v, %v", list, err)
	}
}
