package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/bulk"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// open is a limiter that holds nobody back.
type open struct{}

func (open) Allow(string) (bool, time.Duration, int) { return true, 0, 1 }

// dying is a store that dies in the midst of a list, once so many of its lines were saved.
type dying struct {
	bulk.Keeper
	after int
}

var errKilled = errors.New("killed")

func (d *dying) SaveLines(ctx context.Context, lines []bulk.Line) error {
	if d.after--; d.after == 0 {
		return errKilled
	}
	return d.Keeper.SaveLines(ctx, lines)
}

// house is a portal with the service, and an administrator who asks.
type house struct {
	*storetest.World
	t      *testing.T
	s      *bulk.Service
	auth   *auth.Service
	groups *group.Service
	ctx    context.Context
	admin  context.Context
	boss   auth.Person
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	h := &house{World: w, t: t, ctx: w.Tenant(t), groups: group.New(w.Store, w.Now.Clock())}
	key, err := seal.New([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	h.auth = auth.New(auth.Options{Keep: w.Store, Policy: policy.NewEngine(w.Store, w.Now.Clock()), Now: w.Now.Clock(), Guess: open{}})
	h.s = bulk.New(bulk.Options{Keep: w.Store, Auth: h.auth, Groups: h.groups, Seal: key, Now: w.Now.Clock()})
	h.boss = storetest.Person(t, h.ctx, w, policy.Admin)
	h.admin = storetest.As(t, h.ctx, w, h.boss)
	return h
}

func (h *house) plan(list string, w bulk.Wish) bulk.Import {
	h.t.Helper()
	if w.Role == "" {
		w.Role = policy.Learner
	}
	i, err := h.s.Plan(h.admin, "people.csv", []byte(list), w)
	if err != nil {
		h.t.Fatal(err)
	}
	return i
}

func (h *house) lines(i bulk.Import, f bulk.Filter) []bulk.Line {
	h.t.Helper()
	out, err := h.s.Lines(h.admin, i.ID, f)
	if err != nil {
		h.t.Fatal(err)
	}
	return out.Items
}

func (h *house) bringIn(i bulk.Import) bulk.Import {
	h.t.Helper()
	if _, err := h.s.Apply(h.admin, i.ID, i.Revision); err != nil {
		h.t.Fatal(err)
	}
	if err := h.s.Run(h.ctx, i.ID); err != nil {
		h.t.Fatal(err)
	}
	i, err := h.s.Show(h.admin, i.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return i
}

// here lists the e-mails of a portal's people.
func (h *house) here(f auth.PeopleFilter) (out []string) {
	h.t.Helper()
	for {
		list, err := h.auth.People(h.admin, f)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, p := range list.Items {
			if p.ID != h.boss.ID {
				out = append(out, p.Email)
			}
		}
		if f.Page.After = list.Next; list.Next == "" {
			slices.Sort(out)
			return out
		}
	}
}

func TestAListIsReadAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for what, in := range map[string]struct {
		list    string
		columns []string
		lines   string // number email name outcome, one a line
	}{
		"addresses alone": {"anna@example.com\r\n\r\nBEN.cole@Example.com\n", []string{"email"}, "1 anna@example.com Anna invite\n3 ben.cole@example.com Ben Cole invite\n"},
		"a German export": {
			"\ufeffNachname;Vorname;E-Mail-Adresse;Abteilung;Personalnummer\nBerg;Anna;anna@example.com;Einkauf;007\n", []string{"family_name", "given_name", "email", "department", "employee_number"},
			"2 anna@example.com Anna Berg invite\n",
		},
		"Windows-1252":             {"name,email\nJ\xfcrgen M\xfcller,jm@example.com\n", []string{"name", "email"}, "2 jm@example.com Jürgen Müller invite\n"},
		"UTF-16":                   {"\xff\xfee\x00m\x00a\x00i\x00l\x00\n\x00a\x00@\x00b\x00.\x00d\x00e\x00\n\x00", []string{"email"}, "2 a@b.de A invite\n"},
		"as mail programs write":   {"Anna Berg <anna@example.com>\nben@example.com\n", []string{"email", "name"}, "1 anna@example.com Anna Berg invite\n2 ben@example.com Ben invite\n"},
		"quoted, with line breaks": {"mail,name\n\"anna@example.com\",\"Berg, Anna\"\n", []string{"email", "name"}, "2 anna@example.com Berg, Anna invite\n"},
		"no heading":               {"Anna Berg\tanna@example.com\n", []string{"name", "email"}, "1 anna@example.com Anna Berg invite\n"},
		"what cannot be": {
			"email,role\nnonsense,\nanna@example.com,\nanna@example.com,\nben@example.com,emperor\ncem@example.com,owner\n", []string{"email", "roles"},
			"2 nonsense   refused\n3 anna@example.com Anna invite\n4 anna@example.com Anna refused\n5 ben@example.com Ben refused\n6 cem@example.com Cem refused\n",
		},
	} {
		i := h.plan(in.list, bulk.Wish{})
		if !slices.Equal(i.Columns, in.columns) {
			t.Errorf("%s: columns %v, want %v", what, i.Columns, in.columns)
		}
		got := ""
		for _, l := range h.lines(i, bulk.Filter{}) {
			got += fmt.Sprintln(l.Number, l.Email, l.Name, l.Outcome)
			if (l.Problem != "") != (l.Outcome == bulk.OutcomeRefused) {
				t.Errorf("%s, line %d: %s, %q", what, l.Number, l.Outcome, l.Problem)
			}
		}
		if got != in.lines {
			t.Errorf("%s:\n%swant\n%s", what, got, in.lines)
		}
	}
	if got := h.here(auth.PeopleFilter{}); len(got) > 0 {
		t.Errorf("reading lists brought in %v", got)
	}
}

func TestAListThatCannotBeReadIsRefusedWithWhy(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for what, in := range map[string]struct {
		list  string
		wish  bulk.Wish
		field string
	}{
		"nobody":              {"\n \n", bulk.Wish{Role: policy.Learner}, "list"},
		"too many":            {strings.Repeat("a@example.com\n", bulk.MaxLines+1), bulk.Wish{Role: policy.Learner}, "list"},
		"a workbook":          {"PK\x03\x04abc", bulk.Wish{Role: policy.Learner}, "list"},
		"bytes":               {"a@example.com\x00\n", bulk.Wish{Role: policy.Learner}, "list"},
		"too large":           {strings.Repeat("a", bulk.MaxBytes+1), bulk.Wish{Role: policy.Learner}, "list"},
		"no addresses":        {"name\nAnna\n", bulk.Wish{Role: policy.Learner}, "columns"},
		"two of one":          {"a,b\nx@example.com,y@example.com\n", bulk.Wish{Role: policy.Learner, Columns: []string{"email", "email"}}, "columns"},
		"an unknown column":   {"a\nx@example.com\n", bulk.Wish{Role: policy.Learner, Columns: []string{"password"}}, "columns"},
		"too few columns":     {"a,b\nx@example.com,y\n", bulk.Wish{Role: policy.Learner, Columns: []string{"email"}}, "columns"},
		"no role":             {"a@example.com\n", bulk.Wish{}, "role"},
		"a role above theirs": {"a@example.com\n", bulk.Wish{Role: policy.Owner}, "role"},
	} {
		if _, err := h.s.Plan(h.admin, "", []byte(in.list), in.wish); fault.Of(err).Fields[in.field] == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if list, err := h.s.Imports(h.admin, page.Request{}); err != nil || len(list.Items) > 0 {
		t.Errorf("%d lists are kept (%v)", len(list.Items), err)
	}
}

func TestWhatWasReviewedIsBroughtInOnceAndTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	old := storetest.AddPerson(t, h.ctx, h.World, auth.Person{Email: "old@example.com", Name: "Old Hand"}, policy.Learner)
	storetest.AddPerson(t, h.ctx, h.World, auth.Person{Email: "gone@example.com", Status: auth.PersonDeactivated}, policy.Learner)
	list := "email,name,role,group,department\nanna@example.com,Anna Berg,manager,Roofers;Night shift,Roofs\nold@example.com,Another Name,,roofers,Roofs\ngone@example.com,,,,\nben@example.com,Ben,,,\n"
	i := h.plan(list, bulk.Wish{})
	if i.Counts[bulk.OutcomeRefused] != 3 {
		t.Fatalf("%v: two lines name groups that are not here, one somebody deactivated", i.Counts)
	}
	i, err := h.s.Replan(h.admin, i.ID, bulk.Wish{Role: policy.Learner, NewGroups: true})
	if err != nil || i.Counts[bulk.OutcomeInvite] != 2 || i.Counts[bulk.OutcomeUpdate] != 1 || i.Counts[bulk.OutcomeRefused] != 1 {
		t.Fatalf("%v (%v)", i.Counts, err)
	}
	if _, err := h.s.Apply(h.admin, i.ID, i.Revision-1); !errors.Is(err, bulk.ErrReview) {
		t.Errorf("what was not reviewed is brought in: %v", err)
	}
	if i = h.bringIn(i); i.Status != bulk.StatusDone || i.Done != 3 || i.Failed != 0 || i.Percent() != 100 {
		t.Fatalf("it is %+v", i)
	}
	if got := h.here(auth.PeopleFilter{Status: auth.PersonInvited}); !slices.Equal(got, []string{"anna@example.com", "ben@example.com"}) {
		t.Errorf("invited are %v", got)
	}
	if p, err := h.auth.Person(h.admin, old.ID); err != nil || p.Name != "Old Hand" || p.Attributes["department"] != "Roofs" || !slices.Equal(p.Roles, []policy.Role{policy.Learner}) {
		t.Errorf("who was here is %+v (%v)", p, err)
	}
	anna := *h.lines(i, bulk.Filter{})[0].PersonID
	if p, err := h.auth.Person(h.admin, anna); err != nil || !slices.Equal(p.Roles, []policy.Role{policy.Manager}) {
		t.Errorf("Anna is %v (%v)", p.Roles, err)
	}
	names := func(id uid.ID) (out []string) {
		list, err := h.groups.Of(h.admin, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range list {
			out = append(out, g.Name)
		}
		return out
	}
	if got := names(anna); !slices.Equal(got, []string{"Night shift", "Roofers"}) {
		t.Errorf("Anna is in %v", got)
	}
	if got := names(old.ID); !slices.Equal(got, []string{"Roofers"}) {
		t.Errorf("Old Hand is in %v", got)
	}
	if _, err := h.s.Apply(h.admin, i.ID, i.Revision); !errors.Is(err, bulk.ErrNotNow) {
		t.Errorf("a second time: %v", err)
	}
	again := h.plan(list, bulk.Wish{NewGroups: true})
	if again.Work() != 0 || again.Counts[bulk.OutcomeSame] != 3 {
		t.Errorf("the same list would do %v", again.Counts)
	}
	if _, err := h.s.Apply(h.admin, again.ID, again.Revision); !errors.Is(err, bulk.ErrNothing) {
		t.Errorf("nothing to do: %v", err)
	}
	if got := storetest.EventTypes(t, h.ctx, h.World, i.ID); !slices.Equal(got, []string{"people_import.requested", "people_import.finished"}) {
		t.Errorf("told %v", got)
	}
}

func TestAListThatIsCutShortGoesOnAndNobodyIsInvitedTwice(t *testing.T) {
	t.Parallel()
	for after := 1; after <= 3; after++ {
		h := setup(t)
		var list strings.Builder
		for n := range 120 {
			fmt.Fprintf(&list, "person%d@example.com\n", n)
		}
		i := h.plan(list.String(), bulk.Wish{})
		if _, err := h.s.Apply(h.admin, i.ID, i.Revision); err != nil {
			t.Fatal(err)
		}
		h.s.Keep = &dying{h.Store, after}
		if err := h.s.Run(h.ctx, i.ID); !errors.Is(err, errKilled) {
			t.Fatalf("killed at step %d: %v", after, err)
		}
		h.s.Keep = h.Store
		if err := h.s.Run(h.ctx, i.ID); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Run(h.ctx, i.ID); err != nil {
			t.Fatal(err)
		}
		if got := h.here(auth.PeopleFilter{Status: auth.PersonInvited}); len(got) != 120 {
			t.Errorf("%d are invited", len(got))
		}
		if got := storetest.EventTypes(t, h.ctx, h.World, *h.lines(i, bulk.Filter{})[40].PersonID); !slices.Equal(got, []string{"invitation.created"}) {
			t.Errorf("one was told of by %v", got)
		}
	}
}

func TestAccountsWithoutInvitationsAndWhoLostTheirRights(t *testing.T) {
	t.Parallel()
	h := setup(t)
	if i := h.bringIn(h.plan("anna@example.com\n", bulk.Wish{Quiet: true})); i.Counts[bulk.OutcomeCreate] != 1 || i.Mailed != 0 {
		t.Errorf("%+v", i)
	}
	if got := h.here(auth.PeopleFilter{Status: auth.PersonActive}); !slices.Equal(got, []string{"anna@example.com"}) {
		t.Errorf("active are %v", got)
	}
	i := h.plan("ben@example.com\n", bulk.Wish{})
	if _, err := h.s.Apply(h.admin, i.ID, i.Revision); err != nil {
		t.Fatal(err)
	}
	owner := storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Owner))
	if err := h.auth.Deactivate(owner, h.boss.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.s.Run(h.ctx, i.ID); err != nil {
		t.Fatal(err)
	}
	h.admin = owner
	if got := h.lines(i, bulk.Filter{State: bulk.LineFailed}); len(got) != 1 || got[0].Problem == "" || got[0].PersonID != nil {
		t.Errorf("of somebody deactivated: %+v", got)
	}
	manager := storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Manager))
	if _, err := h.s.Plan(manager, "", []byte("a@example.com"), bulk.Wish{Role: policy.Learner}); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a manager reads a list: %v", err)
	}
}

func TestListsSendOnlySoManyInvitationsADayAndAreForgotten(t *testing.T) {
	t.Parallel()
	h := setup(t)
	var list strings.Builder
	for n := range 2600 {
		fmt.Fprintf(&list, "p%d@example.com\n", n)
	}
	first, second := h.plan(list.String(), bulk.Wish{}), h.plan(strings.ReplaceAll(list.String(), "p", "q"), bulk.Wish{})
	if _, err := h.s.Apply(h.admin, first.ID, first.Revision); err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.Apply(h.admin, second.ID, second.Revision); !errors.Is(err, bulk.ErrTooMany) {
		t.Errorf("5,200 in a day: %v", err)
	}
	h.Now.Advance(25 * time.Hour)
	if _, err := h.s.Apply(h.admin, second.ID, second.Revision); err != nil {
		t.Errorf("the next day: %v", err)
	}
	third := h.plan("a@example.com\n", bulk.Wish{})
	h.Now.Advance(31 * 24 * time.Hour)
	if err := h.s.Prune(h.ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.Show(h.admin, third.ID); !errors.Is(err, bulk.ErrNotFound) {
		t.Errorf("after a month: %v", err)
	}
	if _, err := h.s.Show(h.admin, second.ID); err != nil {
		t.Errorf("one that is not through yet: %v", err)
	}
}

func TestAListIsOfItsPortalOnly(t *testing.T) {
	t.Parallel()
	h := setup(t)
	i := h.plan("anna@example.com\n", bulk.Wish{})
	l, err := h.s.CreateLink(h.admin, bulk.LinkInput{Name: "Roofers", Role: policy.Learner, Days: 5})
	if err != nil {
		t.Fatal(err)
	}
	other := h.Tenant(t)
	asks := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Owner))
	_, shown := h.s.Show(asks, i.ID)
	_, applied := h.s.Apply(asks, i.ID, i.Revision)
	_, opened := h.s.OpenLink(other, l.Secret)
	for what, err := range map[string]error{"shown": shown, "applied": applied, "discarded": h.s.Discard(asks, i.ID), "opened": opened, "revoked": h.s.RevokeLink(asks, l.ID), "joined": h.s.Join(other, l.Secret, "x@example.com", "X", auth.Client{})} {
		if fault.Of(err).Kind != fault.KindNotFound {
			t.Errorf("%s by another portal: %v", what, err)
		}
	}
	if links, err := h.s.Links(asks); err != nil || len(links) > 0 {
		t.Errorf("another portal's links are %v (%v)", links, err)
	}
	if err := h.s.Discard(h.admin, i.ID); err != nil {
		t.Error(err)
	}
}

func TestALinkToJoinInvitesWhoeverReadsTheMailbox(t *testing.T) {
	t.Parallel()
	h := setup(t)
	g, err := h.groups.Create(h.admin, group.Input{Name: "Roofers"})
	if err != nil {
		t.Fatal(err)
	}
	two := 2
	l, err := h.s.CreateLink(h.admin, bulk.LinkInput{Name: "Roofers", Role: policy.Learner, Group: &g.ID, Domains: []string{"@Example.com", ""}, MaxUses: &two, Days: 5})
	if err != nil {
		t.Fatal(err)
	}
	join := func(email string) error {
		return h.s.Join(h.ctx, l.Secret, email, "Some Body", auth.Client{IP: "192.0.2.1"})
	}
	storetest.AddPerson(t, h.ctx, h.World, auth.Person{Email: "here@example.com"}, policy.Manager)
	for _, email := range []string{"anna@example.com", "ANNA@example.com", "here@example.com"} {
		if err := join(email); err != nil {
			t.Errorf("%s: %v", email, err)
		}
	}
	if err := join("x@elsewhere.example"); fault.Of(err).Fields["email"] == "" {
		t.Errorf("of another domain: %v", err)
	}
	if err := h.s.Join(h.ctx, l.Secret, "b@example.com", " ", auth.Client{}); fault.Of(err).Fields["name"] == "" {
		t.Errorf("without a name: %v", err)
	}
	if got := h.here(auth.PeopleFilter{Status: auth.PersonInvited}); !slices.Equal(got, []string{"anna@example.com"}) {
		t.Errorf("invited are %v", got)
	}
	links, err := h.s.Links(h.admin)
	if err != nil || len(links) != 1 || links[0].Used != 1 || links[0].Secret != l.Secret || links[0].GroupName != "Roofers" {
		t.Errorf("the links are %+v (%v)", links, err)
	}
	if err := join("ben@example.com"); err != nil {
		t.Error(err)
	}
	if err := join("cem@example.com"); !errors.Is(err, bulk.ErrNoLink) {
		t.Errorf("a third of two: %v", err)
	}
	if m, err := h.groups.Members(h.admin, g.ID, group.MemberFilter{}); err != nil || len(m.Items) != 2 {
		t.Errorf("in the group are %+v (%v)", m.Items, err)
	}
}

func TestALinkToJoinEnds(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]func(h *house, l bulk.Link) error{
		"revoked": func(h *house, l bulk.Link) error { return h.s.RevokeLink(h.admin, l.ID) },
		"old":     func(h *house, _ bulk.Link) error { h.Now.Advance(6 * 24 * time.Hour); return nil },
		"its maker's left": func(h *house, _ bulk.Link) error {
			return h.auth.Deactivate(storetest.As(h.t, h.ctx, h.World, storetest.Person(h.t, h.ctx, h.World, policy.Owner)), h.boss.ID)
		},
	} {
		h := setup(t)
		l, err := h.s.CreateLink(h.admin, bulk.LinkInput{Name: "Roofers", Role: policy.Learner, Days: 5})
		if err == nil {
			err = end(h, l)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := h.s.Join(h.ctx, l.Secret, "anna@example.com", "Anna", auth.Client{}); !errors.Is(err, bulk.ErrNoLink) {
			t.Errorf("%s: %v", what, err)
		}
	}
	h := setup(t)
	zero := 0
	for field, in := range map[string]bulk.LinkInput{
		"name": {Role: policy.Learner, Days: 5}, "role": {Name: "x", Role: policy.Owner, Days: 5}, "days": {Name: "x", Role: policy.Learner, Days: 366},
		"domains": {Name: "x", Role: policy.Learner, Days: 5, Domains: []string{"no domain"}}, "max_uses": {Name: "x", Role: policy.Learner, Days: 5, MaxUses: &zero},
	} {
		if _, err := h.s.CreateLink(h.admin, in); fault.Of(err).Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}
