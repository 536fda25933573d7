package signon_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

// idp is the metadata of an identity provider, served over HTTP.
type idp struct {
	text  atomic.Pointer[string]
	calls atomic.Int64
	url   string
}

const entity = "https://idp.example/metadata"

func newIdP(t *testing.T, certificates ...string) *idp {
	t.Helper()
	i := &idp{}
	i.says(described(certificates...))
	i.url = serving(t, func(w http.ResponseWriter, _ *http.Request) {
		i.calls.Add(1)
		text := *i.text.Load()
		if text == "" {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte(text))
	}) + "/metadata"
	return i
}

func (i *idp) says(text string) { i.text.Store(&text) }

func described(certificates ...string) string {
	var keys strings.Builder
	for _, c := range certificates {
		fmt.Fprintf(&keys, `<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`, c)
	}
	return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entity + `"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
		keys.String() + `<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/></IDPSSODescriptor></EntityDescriptor>`
}

// certificate makes one that ends after a time, with its fingerprint.
func (o *office) certificate(life time.Duration) (text, fingerprint string) {
	o.t.Helper()
	k, err := saml.NewKey(entity, o.w.Now.Now(), life)
	if err != nil {
		o.t.Fatal(err)
	}
	d, err := k.Describe()
	if err != nil {
		o.t.Fatal(err)
	}
	return k.Certificate, d.Fingerprint
}

// samlAt adds a SAML connection whose metadata lies at an address, with pinned certificates.
func (o *office) samlAt(address string, certificates ...string) signon.Connection {
	o.t.Helper()
	st := saml.NewSettings()
	st.EntityID, st.SSORedirect, st.MetadataURL, st.SigningCertificates = entity, "https://idp.example/sso", address, certificates
	raw, err := json.Marshal(st)
	if err != nil {
		o.t.Fatal(err)
	}
	now := o.w.Now.Now()
	c := signon.Connection{ID: uid.New(), Kind: auth.ProtocolSAML, Name: "Acme", Status: signon.StatusOn, Settings: raw, Revision: 1, CreatedAt: now, UpdatedAt: now}
	o.in(o.ctx, func(ctx context.Context) error { return o.w.Store.InsertConnection(ctx, c) })
	return c
}

func (o *office) now(c signon.Connection) (got signon.Connection, pinned []string) {
	o.t.Helper()
	o.in(o.ctx, func(ctx context.Context) (err error) { got, err = o.w.Store.ConnectionByID(ctx, c.ID); return err })
	st, err := got.SAML()
	if err != nil {
		o.t.Fatal(err)
	}
	return got, sorted(st.SigningCertificates)
}

func (o *office) poll(wait time.Duration) {
	o.t.Helper()
	o.w.Now.Advance(wait)
	if err := o.signon.PollMetadata(o.ctx); err != nil {
		o.t.Fatal(err)
	}
}

func TestACertificateThatIsAddedCountsAtOnceAndOneThatIsGoneForAWeek(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	before, _ := o.certificate(1000 * day)
	after, _ := o.certificate(2000 * day)
	provider := newIdP(t, before)
	c := o.samlAt(provider.url, before)
	o.poll(0)
	if got, _ := o.now(c); got.CheckedAt == nil || got.Revision != 1 || o.happened("connection.metadata_changed") != 0 {
		t.Errorf("nothing changed, and %+v", got)
	}
	provider.says(described(before, after))
	o.poll(time.Hour)
	if _, pinned := o.now(c); len(pinned) != 1 {
		t.Error("metadata is read more often than every six hours")
	}
	o.poll(7 * time.Hour)
	got, pinned := o.now(c)
	if !slices.Equal(pinned, sorted([]string{before, after})) || got.Revision != 2 || got.Status != signon.StatusOn || o.happened("connection.metadata_changed") != 1 {
		t.Fatalf("%d pinned, revision %d", len(pinned), got.Revision)
	}
	provider.says(described(after))
	o.poll(8 * time.Hour)
	if _, pinned = o.now(c); len(pinned) != 2 || o.happened("connection.metadata_changed") != 2 {
		t.Fatal("the old certificate is dropped at once: whoever signs in at the provider's other machine is shut out")
	}
	o.poll(6 * day)
	if got, pinned = o.now(c); len(pinned) != 2 || o.happened("connection.metadata_changed") != 2 || got.Revision != 3 {
		t.Fatalf("after six days %d pinned, revision %d", len(pinned), got.Revision)
	}
	o.poll(day)
	if _, pinned = o.now(c); !slices.Equal(pinned, []string{after}) || o.happened("connection.metadata_changed") != 3 {
		t.Errorf("after a week %d are pinned", len(pinned))
	}
}

func TestACertificateThatIsGoneCountsNoLongerOnceTheNextOneWasSeenToSign(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	before, _ := o.certificate(1000 * day)
	after, fingerprint := o.certificate(2000 * day)
	provider := newIdP(t, before, after)
	c := o.samlAt(provider.url, before)
	o.poll(0)
	attempt := func(outcome signon.Outcome, ok bool) {
		o.in(o.ctx, func(ctx context.Context) error {
			return o.w.Store.InsertAttempt(ctx, signon.Attempt{
				ID: uid.New(), ConnectionID: c.ID, Outcome: outcome, At: o.w.Now.Now(),
				Checks: signon.JSON[auth.Report]{V: auth.Report{{Name: saml.CheckSignature, OK: ok, Detail: "the assertion is signed with rsa-sha256 by the certificate " + fingerprint}}},
			}, signon.AttemptsKept)
		})
	}
	provider.says(described(after))
	attempt(signon.OutcomeRefused, true) // believed in nothing
	attempt(signon.OutcomeAdmitted, false)
	o.poll(8 * time.Hour)
	if _, pinned := o.now(c); len(pinned) != 2 {
		t.Fatal("an answer that was refused shuts the old certificate out")
	}
	attempt(signon.OutcomeAdmitted, true)
	o.poll(8 * time.Hour)
	if _, pinned := o.now(c); !slices.Equal(pinned, []string{after}) {
		t.Errorf("%d are pinned", len(pinned))
	}
}

func TestWhatCannotBeReadChangesNothingButTheNote(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	good, _ := o.certificate(1000 * day)
	provider := newIdP(t, good)
	c := o.samlAt(provider.url, good)
	for _, bad := range []string{"", "<html>sign in</html>", strings.Replace(described(good), entity, "https://another.example", 1), described(), strings.Repeat("x", 2<<20)} {
		provider.says(bad)
		o.poll(2 * time.Hour)
		got, pinned := o.now(c)
		if got.Problem == "" || !slices.Equal(pinned, []string{good}) || got.Revision != 1 || got.Status != signon.StatusOn {
			t.Errorf("%.30q: %+v", bad, got)
		}
	}
	provider.says(described(good))
	o.poll(2 * time.Hour)
	if got, _ := o.now(c); got.Problem != "" {
		t.Errorf("it answers again, and the note stays: %s", got.Problem)
	}
	calls := provider.calls.Load()
	if err := o.signon.PollMetadata(o.other); err != nil || provider.calls.Load() != calls {
		t.Errorf("another tenant's poll: %v", err)
	}
}

func TestEachExpiryIsToldOnceAtEachStepHoweverOftenTheChoreRuns(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	short, _ := o.certificate(100 * day)
	o.samlAt("", short)
	told := func() []float64 {
		t.Helper()
		for range 3 { // as after a crash
			if err := o.signon.WarnExpiries(o.ctx); err != nil {
				t.Fatal(err)
			}
		}
		var days []float64
		for _, e := range storetest.Events(t, o.ctx, o.w, o.id(o.ctx)) {
			if e.Type == "certificate.expiring" {
				days = append(days, e.Data["days"].(float64))
			}
		}
		return days
	}
	for _, c := range []struct {
		wait time.Duration
		want []float64
	}{
		{39 * day, nil}, {day, []float64{60}}, {day, []float64{60}}, {29 * day, []float64{60, 30}}, {23 * day, []float64{60, 30, 7}}, {6 * day, []float64{60, 30, 7, 1}},
		{day, []float64{60, 30, 7, 1, 0}}, {day, []float64{60, 30, 7, 1, 0}},
	} {
		o.w.Now.Advance(c.wait)
		got := told()
		if len(got) == 5 {
			got[4] = 0 // on the day itself, or just after it
		}
		if !slices.Equal(got, c.want) {
			t.Fatalf("after another %s: told at %v days, want %v", c.wait, got, c.want)
		}
	}
	list, err := o.signon.Expiring(admin)
	if err != nil || len(list) != 1 || list[0].Kind != signon.ExpiryIdP || list[0].Name != "Acme" {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := o.signon.Expiring(o.admin(o.other)); err != nil || len(list) != 0 {
		t.Errorf("another tenant: %+v, %v", list, err)
	}
}

func TestOnlyTheLastCertificateOfAConnectionIsWarnedOf(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	short, _ := o.certificate(10 * day)
	long, _ := o.certificate(1000 * day)
	c := o.samlAt("", short, long)
	if list, err := o.signon.Expiring(admin); err != nil || len(list) != 0 {
		t.Errorf("the next one is pinned already: %+v, %v", list, err)
	}
	o.in(o.ctx, func(ctx context.Context) error {
		directory := uid.New()
		_, err := store.Pgx(ctx).Exec(ctx, `insert into directories (id, kind, name, status, mode, settings, mapping, role_rules, revision, problem, created_at, updated_at)
			values ($1, 'scim', 'Entra', 'on', '', '{}', '[]', '{}', 1, '', $2, $2)`, directory.String(), o.w.Now.Now())
		if err != nil {
			return err
		}
		for i, ends := range []time.Duration{5 * day, 300 * day} {
			_, err = store.Pgx(ctx).Exec(ctx, "insert into directory_tokens (id, directory_id, name, prefix, hash, created_at, expires_at) values ($1, $2, 'Token', 'p', $3, $4, $5)",
				uid.New().String(), directory.String(), []byte{byte(i)}, o.w.Now.Now(), o.w.Now.Now().Add(ends))
			if err != nil {
				return err
			}
		}
		return nil
	})
	list, err := o.signon.Expiring(admin)
	if err != nil || len(list) != 1 || list[0].Kind != signon.ExpiryToken || list[0].Name != "Entra · Token" || list[0].Days(o.w.Now.Now()) != 5 {
		t.Errorf("a directory's token: %+v, %v", list, err)
	}
	o.write("update connections set status = 'off' where id = $1", c.ID.String())
	o.w.Now.Advance(990 * day)
	if list, err = o.signon.Expiring(admin); err != nil || slices.ContainsFunc(list, func(e signon.Expiry) bool { return e.Kind == signon.ExpiryIdP }) {
		t.Errorf("of a connection that is off: %+v, %v", list, err)
	}
	learner, _ := storetest.Learner(t, o.ctx, o.w)
	if _, err := o.signon.Expiring(learner); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner: %v", err)
	}
}

func TestThoseWhoLookAfterSignOnAreTold(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	owner, admin := o.person("o@acme.example", policy.Owner), o.person("a@acme.example", policy.Admin)
	o.person("i@acme.example", policy.Instructor)
	gone := o.person("g@acme.example", policy.Admin)
	o.write("update people set status = 'deactivated' where id = $1", gone.ID.String())
	people, err := o.signon.Administrators(o.ctx, o.policy)
	if err != nil || len(people) != 2 || people[0].PasswordHash != "" {
		t.Fatalf("%+v, %v", people, err)
	}
	for _, p := range people {
		if p.ID != owner.ID && p.ID != admin.ID {
			t.Errorf("%s is told", p.Email)
		}
	}
	if owners, err := o.signon.Owners(o.ctx); err != nil || len(owners) != 1 || owners[0].ID != owner.ID {
		t.Errorf("owners: %+v, %v", owners, err)
	}
}
