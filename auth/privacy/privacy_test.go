package privacy_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/privacy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

// personal are names of columns that lead to a person or say something of one.
var personal = regexp.MustCompile(`^(person_id|manager_id|owner_id|giver_id|taker_id|marker_id|actor_id|by_id|person_name|operator_name|email|emails|ip|user_agent|.*_by)$`)

// impersonalColumns look like that and are not.
var impersonalColumns = []string{"test_attempts.ended_by", "person_fields.seen_by", "person_fields.edited_by"}

func (h *house) columns(schema string) map[string][]string {
	h.t.Helper()
	rows, err := h.Admin.Query(h.t.Context(), "select table_name, column_name from information_schema.columns c where table_schema = $1 and exists (select 1 from pg_class k where k.relnamespace = table_schema::regnamespace and k.relname = c.table_name and k.relkind in ('r', 'p')) order by 1, ordinal_position", schema)
	h.ok(err)
	out := map[string][]string{}
	var table, column string
	_, err = pgx.ForEachRow(rows, []any{&table, &column}, func() error {
		out[table] = append(out[table], column)
		return nil
	})
	h.ok(err)
	return out
}

func TestEveryColumnAboutAPersonHasAVerdict(t *testing.T) {
	t.Parallel()
	h := setup(t)
	tn, _ := tenant.From(h.ctx)
	schema := h.columns(tn.SchemaName)
	for table, columns := range schema {
		if !privacy.Known(table) {
			t.Errorf("nobody decided what an erasure does with the table %s: auth/privacy/register.go", table)
			continue
		}
		for _, c := range columns {
			_, ok := privacy.Verdict(table, c)
			if !ok && personal.MatchString(c) && !slices.Contains(impersonalColumns, table+"."+c) {
				t.Errorf("%s.%s is about a person and has no verdict: auth/privacy/register.go", table, c)
			}
		}
	}
	for _, e := range privacy.Register {
		for _, c := range slices.Concat(e.Columns, e.Secret) {
			if !slices.Contains(schema[e.Table], c) {
				t.Errorf("the register has %s.%s, the schema has not", e.Table, c)
			}
		}
		if schema[e.Table] == nil {
			t.Errorf("the register has the table %s, the schema has not", e.Table)
		}
		if (e.Fate == privacy.Kept) != (e.Why != "") {
			t.Errorf("%s: kept is what has a reason, and nothing else", e.Table)
		}
		if !slices.Contains(privacy.Topics(), e.Topic) || !slices.Contains(privacy.Classes(), e.Class) {
			t.Errorf("%s: %s, %s", e.Table, e.Topic, e.Class)
		}
	}
}

// allowed are columns in which a name may stay, by what the register says of them.
var allowed = []string{"audit.data"}

// found tells where in a schema a text stands.
func (h *house) found(schema string, texts ...string) (places []string) {
	h.t.Helper()
	for table, columns := range h.columns(schema) {
		for _, c := range columns {
			for _, text := range texts {
				var n int
				quoted := strings.ReplaceAll(text, `"`, `\"`)
				sql := fmt.Sprintf("select count(*) from %s where strpos(lower(%s::text), lower($1)) > 0 or strpos(lower(%s::text), lower($2)) > 0", pgx.Identifier{schema, table}.Sanitize(), pgx.Identifier{c}.Sanitize(), pgx.Identifier{c}.Sanitize())
				h.ok(h.Admin.QueryRow(h.t.Context(), sql, text, quoted).Scan(&n))
				if n > 0 && !slices.Contains(allowed, table+"."+c) {
					places = append(places, fmt.Sprintf("%s.%s has %q %d times", table, c, text, n))
				}
			}
		}
	}
	slices.Sort(places)
	return places
}

func TestAfterAnErasureNoNameIsLeftInTheSchema(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	other := &house{World: h.World, t: t, ctx: h.Tenant(t), services: h.services}
	other.admin = storetest.As(t, other.ctx, h.World, storetest.Person(t, other.ctx, h.World, policy.Owner))
	twin := storetest.AddPerson(t, other.ctx, h.World, auth.Person{ID: h.who.ID, Name: h.who.Name, Email: h.who.Email}, policy.Learner)
	tn, _ := tenant.From(h.ctx)
	words := []string{h.who.Name, h.who.Email, h.subject, "hr-0815", "192.0.2.7"}
	if before := h.found(tn.SchemaName, words...); len(before) < 15 {
		t.Fatalf("the person stands in too few places to prove anything: %v", before)
	}
	before, err := h.p.Preview(h.admin, h.who.ID)
	h.ok(err)
	if before.Goes() < 20 || before.Stays() < 3 {
		t.Errorf("%d go, %d stay: %+v", before.Goes(), before.Stays(), before.Lines)
	}
	e := h.erase()
	if e.Status != privacy.Erased || e.Shown() != privacy.PseudonymOf(h.who.ID) {
		t.Errorf("%+v", e)
	}
	for _, place := range h.found(tn.SchemaName, words...) {
		t.Error(place)
	}
	stayed, err := h.p.Stayed(h.ctx, h.who.ID)
	h.ok(err)
	for _, l := range stayed {
		if l.Fate == privacy.Deleted {
			t.Errorf("%d rows of %v are left", l.Rows, l.Tables)
		}
	}
	for what, sql := range map[string]string{
		"proof of the certificate": "select count(*) from certificates where person_id = $1 and person_name like 'Erased person %'",
		"proof of the duty":        "select count(*) from duty_history where person_id = $1",
		"the message to a course":  "select count(*) from course_messages where sent_by = $1",
	} {
		if n := h.count(sql, h.who.ID.String()); n != 1 {
			t.Errorf("%s: %d rows", what, n)
		}
	}
	if n := h.count("select count(*) from reports"); n != 1 {
		t.Errorf("%d saved reports are left: the shared one is handed over", n)
	}
	if n := h.count("select count(*) from people where id = $1 and manager_id is null", h.mate.ID.String()); n != 1 {
		t.Error("somebody reports to nobody who is there")
	}
	if n := h.count("select count(*) from notifications where person_id = $1 and data->>'name' like 'Erased person %'", h.mate.ID.String()); n != 1 {
		t.Error("what another was told is gone, or was not scrubbed")
	}
	if n := h.count("select count(*) from push_sends where person_id = $1 and data->>'name' like 'Erased person %'", h.mate.ID.String()); n != 1 {
		t.Error("what another was told on a device is gone, or was not scrubbed")
	}
	if _, err := h.auth.As(h.ctx, h.who.ID); err == nil {
		t.Error("the person still acts")
	}
	// The other tenant has somebody of the same id, name and e-mail: nothing of it was touched, and it sees nothing of the erasure.
	if p, err := other.p.Preview(other.admin, twin.ID); err != nil || p.Person.Name != h.who.Name {
		t.Errorf("%v: %+v", err, p.Person)
	}
	_, _, err = other.p.Show(other.admin, e.ID)
	other.wants(err, privacy.ErrNotFound)
	other.wants(other.p.Cancel(other.admin, e.ID), privacy.ErrNotFound)
}

func TestWhoIsErasedIsNotBroughtBackByThemselves(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	source := auth.Source{Kind: auth.SourceConnection, Name: "IdP"}
	h.ok(h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		names, err := h.Store.AliasesOf(ctx, h.who.ID)
		if err == nil && len(names) != 3 {
			t.Errorf("%v", names)
		}
		for _, name := range names {
			if id, subject, _ := strings.Cut(name, " "); subject == h.subject {
				source.ID, _ = uid.Parse(id)
			}
		}
		return err
	}))
	h.erase()
	bring := func(email string, aliases ...string) error {
		_, _, err := h.in(func(ctx context.Context) (auth.Person, []string, error) {
			return h.auth.Provision(ctx, source, uid.Nil, auth.Profile{Email: email, Name: "Zora", Aliases: aliases})
		})
		return err
	}
	h.wants(bring("Zora.Quill+x@example.com"), auth.ErrErased)
	h.wants(bring("another@example.com", source.Alias(h.subject)), auth.ErrErased)
	h.ok(bring("somebody@example.com", source.Alias("another-sub")))
	_, err := h.auth.Invite(h.admin, auth.InviteInput{Email: h.who.Email, Name: "Zora", Role: policy.Learner})
	h.wants(err, auth.ErrErased)
	err = h.Store.InTenant(h.admin, func(ctx context.Context) error {
		_, _, _, err := h.auth.Bring(ctx, source, auth.Newcomer{Profile: auth.Profile{Email: h.who.Email, Name: "Zora"}, Roles: []policy.Role{policy.Learner}})
		return err
	})
	h.wants(err, auth.ErrErased)
	if err := h.p.Welcome(h.admin, "stranger@example.com"); err == nil {
		t.Error("nobody of this e-mail was erased")
	}
	h.ok(h.p.Welcome(h.admin, h.who.Email))
	h.ok(bring("another@example.com", source.Alias(h.subject)))
	_, err = h.auth.Invite(h.admin, auth.InviteInput{Email: h.who.Email, Name: "Zora", Role: policy.Learner})
	h.ok(err)
}

func TestAReceiptNamesNobodyAndTamperingIsFound(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	e := h.erase()
	keys := h.keys()
	if !privacy.IsReceipt(e.Receipt) {
		t.Fatalf("%q", e.Receipt)
	}
	r, err := privacy.Verify(e.Receipt, keys)
	h.ok(err)
	if r.Subject != e.Pseudonym || r.AskedBy != "portal" || r.Portal != base || len(r.Steps) != len(privacy.Steps())-1 || len(r.Stays) < 4 {
		t.Errorf("%+v", r)
	}
	text := fmt.Sprintf("%+v", r)
	for _, word := range []string{"Zora", "Quill", "quill", "example.com", h.who.ID.String()} {
		if strings.Contains(text, word) {
			t.Errorf("the receipt says %q", word)
		}
	}
	for i := range e.Receipt {
		changed := []byte(e.Receipt)
		if changed[i] ^= 1; changed[i] == e.Receipt[i] {
			continue
		}
		if _, err := privacy.Verify(string(changed), keys); err == nil {
			t.Fatalf("a change of character %d is not found", i)
		}
	}
	h.ok(h.Store.InTenant(h.ctx, func(ctx context.Context) error { return nil }))
	if _, err := h.p.Proof(h.admin, e.ID); err != nil {
		t.Error(err)
	}
}

func TestAnErasureSurvivesBeingKilledAnywhere(t *testing.T) {
	t.Parallel()
	// A run has a transaction that looks for what is due, one a step, and some around the receipt.
	for dieAt := int32(1); dieAt <= 12; dieAt++ {
		at := dieAt * (1 - 2*(dieAt%2)) // before a commit and after one, in turn
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			h := setup(t)
			h.full()
			e, err := h.p.Schedule(h.admin, h.who.ID, h.who.Name)
			h.ok(err)
			h.Now.Advance(privacy.CoolingOff * 24 * 3600 * 1e9)
			killed := !h.run(at)
			for n := 0; !h.run(0) && n < 3; n++ {
				t.Error("an undisturbed run was killed")
			}
			e, steps, err := h.p.Show(h.admin, e.ID)
			h.ok(err)
			if e.Status != privacy.Erased || len(steps) != len(privacy.Steps()) {
				t.Fatalf("killed %v: %+v %+v", killed, e, steps)
			}
			if _, err := privacy.Verify(e.Receipt, h.keys()); err != nil {
				t.Error(err)
			}
			tn, _ := tenant.From(h.ctx)
			for _, place := range h.found(tn.SchemaName, h.who.Email) {
				t.Error(place)
			}
			if n := h.count("select count(*) from events where type = 'erasure.done'"); n != 1 {
				t.Errorf("told %d times", n)
			}
		})
	}
}

func TestWhoMayDecideAboutAnErasure(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	owner, _ := auth.PrincipalFrom(h.admin)
	admin := storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Admin))
	_, err := h.p.Schedule(h.self, h.mate.ID, h.mate.Name)
	h.wants(err, policy.ErrForbidden)
	_, err = h.p.Preview(h.self, h.mate.ID)
	h.wants(err, policy.ErrForbidden)
	_, err = h.p.Schedule(h.admin, owner.PersonID, owner.Name)
	h.wants(err, privacy.ErrSelf)
	_, err = h.p.Schedule(admin, owner.PersonID, owner.Name)
	h.wants(err, auth.ErrLastOwner)
	second := storetest.Person(t, h.ctx, h.World, policy.Owner)
	_, err = h.p.Schedule(admin, second.ID, second.Name)
	h.wants(err, auth.ErrOwnersOnly)
	if _, err = h.p.Schedule(admin, h.who.ID, "Somebody else"); err == nil {
		t.Error("another name was typed")
	}
	// They ask, take it back, ask again, are refused with a reason, ask again and are granted it.
	_, err = h.p.AskOwn(h.self)
	h.ok(err)
	_, err = h.p.AskOwn(h.self)
	h.wants(err, privacy.ErrOpen)
	h.ok(h.p.TakeBack(h.self))
	h.wants(h.p.TakeBack(h.self), privacy.ErrNotFound)
	e, err := h.p.AskOwn(h.self)
	h.ok(err)
	if err := h.p.Refuse(admin, e.ID, " "); err == nil {
		t.Error("refused without a reason")
	}
	h.ok(h.p.Refuse(admin, e.ID, "The law wants your records for another year."))
	h.wants(h.p.Refuse(admin, e.ID, "Again"), privacy.ErrDecided)
	e, err = h.p.AskOwn(h.self)
	h.ok(err)
	granted, err := h.p.Schedule(admin, h.who.ID, "  zora o'quill-\"q\"  ümit ")
	h.ok(err)
	if granted.ID != e.ID || granted.Status != privacy.Scheduled || !granted.BySelf {
		t.Errorf("%+v", granted)
	}
	h.ok(h.p.Run(h.ctx)) // its day has not come
	if _, err := h.auth.As(h.ctx, h.who.ID); err != nil {
		t.Error("erased before the days to think again were over")
	}
	h.ok(h.p.Cancel(admin, e.ID))
	h.wants(h.p.Cancel(admin, e.ID), privacy.ErrDecided)
	list, err := h.p.Erasures(admin, page.Request{})
	if err != nil || len(list.Items) != 3 {
		t.Errorf("%v: %+v", err, list)
	}
}

func TestANameThatAnotherHasTooIsLeftWhereItIsTheirs(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	twin := storetest.AddPerson(t, h.ctx, h.World, auth.Person{Name: h.who.Name}, policy.Learner)
	h.exec(`insert into notifications (id, person_id, source, kind, data, path, at) values ($1, $2, $3, 'nudge', $4, '/', $5)`, uid.New().String(), h.mate.ID.String(), uid.New().String(), `{"who": "`+twin.ID.String()+`", "short": "`+strings.ReplaceAll(h.who.Name, `"`, `\"`)+`"}`, h.Now.Now())
	h.erase()
	if n := h.count("select count(*) from notifications where data->>'short' = $1", h.who.Name); n != 1 {
		t.Error("a namesake's name was taken out")
	}
}
