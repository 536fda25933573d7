package providertest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/provider"
)

func publishes(t *testing.T, h *house) {
	h.offers = newOffers()
	list := []provider.Offer{h.offers.team, h.offers.year}
	count := func(dry bool) (made int) {
		t.Helper()
		changes, err := h.Provider.Publish(h.ctx(), list, dry)
		h.ok(err)
		for _, c := range changes {
			if c.Verb == "create" && (c.Kind != "meter") {
				made++
			}
			if c.Kind == "" || c.Name == "" {
				t.Errorf("%+v says nothing", c)
			}
		}
		return made
	}
	tried, triedAgain := count(true), count(true)
	if tried == 0 || triedAgain != tried {
		t.Errorf("a dry run would make %d things, then %d", tried, triedAgain)
	}
	if made := count(false); made != tried {
		t.Errorf("%d things were made instead of %d", made, tried)
	}
	if made := count(false); made != 0 {
		t.Errorf("%d things were made a second time", made)
	}
	list = list[:1]
	changes, err := h.Provider.Publish(h.ctx(), list, true)
	h.ok(err)
	archived := false
	for _, c := range changes {
		archived = archived || c.Verb == "archive" && strings.HasPrefix(c.Name, h.offers.year.Plan.Code)
	}
	if !archived {
		t.Errorf("a version that is no longer on offer is not archived: %+v", changes)
	}
}

func pays(t *testing.T, h *house) {
	p := h.customer()
	in := h.wish(p, h.offers.team.Version)
	url, err := h.Provider.Checkout(h.ctx(), in)
	h.ok(err)
	again, err := h.Provider.Checkout(h.ctx(), in)
	h.ok(err)
	if url == "" || again != url {
		t.Errorf("one key gave %q, then %q", url, again)
	}
	p.ref = h.Pay(t, p.tenant, url, true)
	h.ok(h.Provider.Tend(h.ctx(), p.ref))
	s := h.read(p)
	if s.State != provider.StateActive || s.Ref != p.ref || s.Customer != p.customer || s.TenantID != p.tenant || s.VersionID != h.offers.team.Version.ID {
		t.Errorf("%+v", s)
	}
	if want := h.Now().AddDate(0, 1, 0); !s.PeriodStart.Equal(h.Now()) || !s.PeriodEnd.Equal(want) {
		t.Errorf("the period is %s to %s instead of a month from %s", s.PeriodStart, s.PeriodEnd, h.Now())
	}
	h.is("paid at once", h.billed(p, ""), flatTeam)
	for _, i := range h.bills(p) {
		if i.Status != "paid" || i.PaidAt == nil || i.Number == "" || i.Total.Currency != "EUR" {
			t.Errorf("%+v", i)
		}
	}
	if url, err := h.Provider.Portal(h.ctx(), p.customer, "https://acme.example/settings/billing"); err != nil || !strings.HasPrefix(url, "http") {
		t.Errorf("portal: %q, %v", url, err)
	}
}

func declined(t *testing.T, h *house) {
	p := h.customer()
	url, err := h.Provider.Checkout(h.ctx(), h.wish(p, h.offers.team.Version))
	h.ok(err)
	if p.ref = h.Pay(t, p.tenant, url, false); p.ref == "" {
		return
	}
	if s := h.read(p); s.State == provider.StateActive || s.State == provider.StateTrialing {
		t.Errorf("a declined card made it %s", s.State)
	}
}

func trial(t *testing.T, h *house) {
	end := h.Now().AddDate(0, 0, 10)
	p := h.subscribed(team, func(in *provider.Checkout) { in.TrialEnd = &end })
	s := h.read(p)
	if s.State != provider.StateTrialing || s.TrialEnd == nil || !s.TrialEnd.Equal(end) {
		t.Fatalf("%+v", s)
	}
	h.used(p, billing.MeterActiveLearner, "in the trial", 25)
	h.is("in the trial", h.billed(p, ""), 0)
	h.until(p, end.Add(2*time.Hour))
	h.state(p, provider.StateActive)
	if s := h.read(p); !s.PeriodStart.Equal(end) {
		t.Errorf("the first period begins at %s instead of the trial's end %s", s.PeriodStart, end)
	}
	h.is("after the trial", h.billed(p, ""), flatTeam)
	h.used(p, billing.MeterActiveLearner, "after the trial", 13)
	h.nextMonth(p)
	h.is("learners after the trial", h.billed(p, "learners"), 3*learner)
}

func usage(t *testing.T, h *house) {
	p := h.subscribed(team)
	for range 2 {
		h.used(p, billing.MeterActiveLearner, "a", 8)
		h.used(p, billing.MeterActiveLearner, "b", 7)
		h.used(p, billing.MeterAPICalls, "calls", 20_001)
	}
	from := billing.PeriodOf(h.Now())
	sum, err := h.Provider.Reported(h.ctx(), p.customer, billing.MeterActiveLearner, from.Start, from.End())
	h.ok(err)
	h.is("reported", sum, 15)
	if sum, err = h.Provider.Reported(h.ctx(), p.customer, billing.MeterActiveLearner, from.Start.AddDate(0, -1, 0), from.Start); err != nil || sum != 0 {
		t.Errorf("the month before has %d, %v", sum, err)
	}
	h.is("learners before the month is over", h.billed(p, "learners"), 0)
	h.nextMonth(p)
	h.is("learners", h.billed(p, "learners"), 5*learner)
	h.is("started ten thousands of calls", h.billed(p, "calls"), 3*tenthousandCalls)
	h.nextMonth(p)
	h.is("learners after an idle month", h.billed(p, "learners"), 5*learner)
	for _, i := range h.bills(p) {
		for _, l := range i.Lines {
			if l.Component == "learners" && (l.Meter != billing.MeterActiveLearner || !i.PeriodEnd.Equal(from.End()) && l.Amount.Minor > 0) {
				t.Errorf("learners stand on %+v of %s to %s", l, i.PeriodStart, i.PeriodEnd)
			}
		}
	}
}

func corrections(t *testing.T, h *house) {
	p := h.subscribed(team)
	h.used(p, billing.MeterActiveLearner, "wrong", 40)
	h.used(p, billing.MeterActiveLearner, "correction", -25)
	h.used(p, billing.MeterAPICalls, "calls taken back", -50_000)
	h.nextMonth(p)
	h.is("learners", h.billed(p, "learners"), 5*learner)
	h.is("calls below zero", h.billed(p, "calls"), 0)
}

func late(t *testing.T, h *house) {
	p := h.subscribed(team)
	month := billing.PeriodOf(h.Now())
	then := h.Now()
	h.nextMonth(p)
	h.refused(h.report(p, billing.MeterActiveLearner, "late", 30, then), provider.ErrTooLate)
	if sum, err := h.Provider.Reported(h.ctx(), p.customer, billing.MeterActiveLearner, month.Start, month.End()); err != nil || sum != 0 {
		t.Errorf("what came too late is counted: %d, %v", sum, err)
	}
	h.refused(h.report(p, billing.MeterActiveLearner, "ahead", 1, h.Now().Add(time.Hour)), provider.ErrUnavailable)
	h.ok(h.report(p, billing.MeterActiveLearner, "a clock that is ahead", 1, h.Now().Add(4*time.Minute)))
	item := provider.Item{Customer: p.customer, Text: "Active learners of March, told late", Amount: money.Money{Minor: 777, Currency: "EUR"}, Period: month}
	for range 2 {
		h.ok(h.Provider.AddItem(h.ctx(), "late:"+p.tenant.String(), item))
	}
	before := h.billed(p, "")
	h.nextMonth(p)
	found := 0
	for _, i := range h.bills(p) {
		for _, l := range i.Lines {
			if l.Text == item.Text {
				found++
				h.is("the item", l.Amount.Minor, 777)
			}
		}
	}
	h.is("items billed", int64(found), 1)
	h.is("the bills since", h.billed(p, "")-before, flatTeam+777)
}

func moves(t *testing.T, h *house) {
	p := h.subscribed(team)
	paid := h.read(p)
	h.until(p, h.Now().AddDate(0, 0, 10).Add(3*time.Hour+7*time.Second))
	in := provider.Move{Subscription: p.ref, Version: h.offers.large.Version, At: h.Now()}
	preview, err := h.Provider.Preview(h.ctx(), in)
	h.ok(err)
	left, whole := int64(paid.PeriodEnd.Sub(h.Now())/time.Second), int64(paid.PeriodEnd.Sub(paid.PeriodStart)/time.Second)
	share := func(cents int64) int64 { return (money.Money{Minor: cents, Currency: "EUR"}).Part(left, whole).Minor }
	h.is("the preview", preview.Due.Minor, share(flatLarge)-share(flatTeam))
	var lines int64
	for _, l := range preview.Lines {
		lines += l.Amount.Minor
	}
	h.is("the preview's lines", lines, preview.Due.Minor)
	before := h.billed(p, "")
	for range 2 {
		s, err := h.Provider.Move(h.ctx(), "move:"+p.tenant.String(), in)
		h.ok(err)
		if s.VersionID != in.Version.ID || s.Ref != p.ref || !s.PeriodEnd.Equal(paid.PeriodEnd) {
			t.Errorf("%+v", s)
		}
	}
	h.is("billed for the change", h.billed(p, "")-before, preview.Due.Minor)
	h.used(p, billing.MeterActiveLearner, "after the change", 12)
	h.nextMonth(p)
	h.is("learners", h.billed(p, "learners"), 2*learner)

	// Down again: the difference is a credit on the next bill.
	in = provider.Move{Subscription: p.ref, Version: h.offers.team.Version, At: h.Now()}
	preview, err = h.Provider.Preview(h.ctx(), in)
	h.ok(err)
	if preview.Due.Minor >= 0 {
		t.Errorf("a smaller plan costs %s now", preview.Due)
	}
	before = h.billed(p, "")
	_, err = h.Provider.Move(h.ctx(), "back:"+p.tenant.String(), in)
	h.ok(err)
	h.until(p, h.read(p).PeriodEnd.Add(2*time.Hour))
	h.is("the next bill less the credit", h.billed(p, "")-before, max(flatTeam+preview.Due.Minor, 0))
}

func declinedMove(t *testing.T, h *house) {
	p := h.subscribed(team)
	h.until(p, h.Now().AddDate(0, 0, 2))
	h.Card(t, p.tenant, false)
	before := h.billed(p, "")
	_, err := h.Provider.Move(h.ctx(), "move:"+p.tenant.String(), provider.Move{Subscription: p.ref, Version: h.offers.large.Version, At: h.Now()})
	h.refused(err, provider.ErrRefused)
	s := h.read(p)
	if s.VersionID != h.offers.team.Version.ID || s.State != provider.StateActive {
		t.Errorf("%+v", s)
	}
	h.is("billed", h.billed(p, ""), before)
}

func continues(t *testing.T, h *house) {
	p := h.subscribed(team)
	end := h.read(p).PeriodEnd
	s, err := h.Provider.Cancel(h.ctx(), "cancel:"+p.tenant.String(), p.ref, false)
	h.ok(err)
	if s.State != provider.StateActive || s.CancelAt == nil || !s.CancelAt.Equal(end) {
		t.Fatalf("%+v", s)
	}
	s, err = h.Provider.Continue(h.ctx(), "continue:"+p.tenant.String(), p.ref)
	h.ok(err)
	if s.CancelAt != nil {
		t.Errorf("%+v", s)
	}
	h.until(p, end.Add(2*time.Hour))
	h.state(p, provider.StateActive)
	h.is("two periods", h.billed(p, "base"), 2*flatTeam)
}

func cancels(t *testing.T, h *house) {
	p := h.subscribed(team)
	end := h.read(p).PeriodEnd
	for range 2 {
		_, err := h.Provider.Cancel(h.ctx(), "cancel:"+p.tenant.String(), p.ref, false)
		h.ok(err)
	}
	h.nextMonth(p)
	h.used(p, billing.MeterActiveLearner, "in the last days", 14)
	h.until(p, end.Add(2*time.Hour))
	s := h.read(p)
	if s.State != provider.StateCancelled || s.CancelledAt == nil {
		t.Fatalf("%+v", s)
	}
	h.until(p, end.AddDate(0, 2, 0))
	h.is("one period", h.billed(p, "base"), flatTeam)
	h.is("learners of the last days", h.billed(p, "learners"), 4*learner)
}

func cancelsNow(t *testing.T, h *house) {
	p := h.subscribed(team)
	h.until(p, h.Now().AddDate(0, 0, 3))
	h.used(p, billing.MeterActiveLearner, "until now", 11)
	s, err := h.Provider.Cancel(h.ctx(), "cancel:"+p.tenant.String(), p.ref, true)
	h.ok(err)
	// Who asks for the end of what is over has what they asked for, whatever their key.
	if again, err := h.Provider.Cancel(h.ctx(), "cancel again:"+p.tenant.String(), p.ref, true); err != nil || again.State != provider.StateCancelled {
		h.Errorf("ended once more it is %s, %v", again.State, err)
	}
	if s.State != provider.StateCancelled || s.CancelledAt == nil {
		t.Fatalf("%+v", s)
	}
	h.ok(h.Provider.Tend(h.ctx(), p.ref))
	h.is("learners", h.billed(p, "learners"), learner)
	h.nextMonth(p)
	h.is("all", h.billed(p, ""), flatTeam+learner)
	if _, err := h.Provider.Continue(h.ctx(), "too late:"+p.tenant.String(), p.ref); err == nil {
		t.Error("what has ended goes on")
	}
}

func coupons(t *testing.T, h *house) {
	p := h.subscribed(team, func(in *provider.Checkout) { in.Coupon = h.Coupon })
	h.is("with 20 % off", h.billed(p, ""), flatTeam*8/10)
	h.until(p, h.read(p).PeriodEnd.Add(2*time.Hour))
	h.until(p, h.read(p).PeriodEnd.Add(2*time.Hour))
	h.is("thrice", h.billed(p, ""), 3*flatTeam*8/10)
	h.until(p, h.read(p).PeriodEnd.Add(2*time.Hour))
	h.is("a fourth time", h.billed(p, ""), 3*flatTeam*8/10+flatTeam)

	other := h.subscribed(team)
	h.refused(h.Provider.Apply(h.ctx(), "no:"+other.tenant.String(), other.ref, "NO-SUCH-COUPON"), provider.ErrRefused)
	h.ok(h.Provider.Apply(h.ctx(), "yes:"+other.tenant.String(), other.ref, h.Coupon))
	h.until(other, h.read(other).PeriodEnd.Add(2*time.Hour))
	h.is("redeemed later", h.billed(other, ""), flatTeam+flatTeam*8/10)
	in := h.wish(other, h.offers.team.Version)
	in.Key, in.Coupon = in.Key+":coupon", "NO-SUCH-COUPON"
	_, err := h.Provider.Checkout(h.ctx(), in)
	h.refused(err, provider.ErrRefused)
}

func dunning(t *testing.T, h *house) {
	p := h.subscribed(team)
	h.Card(t, p.tenant, false)
	h.until(p, h.read(p).PeriodEnd.Add(2*time.Hour))
	h.state(p, provider.StatePastDue)
	newest := h.bills(p)[0]
	if newest.Status != "open" || newest.PaidAt != nil {
		t.Errorf("%+v", newest)
	}
	h.Card(t, p.tenant, true)
	h.state(p, provider.StateActive)
	for _, i := range h.bills(p) {
		if i.Status != "paid" {
			t.Errorf("%s is %s", i.Number, i.Status)
		}
	}
}

func yearly(t *testing.T, h *house) {
	p := h.subscribed(year)
	s := h.read(p)
	if want := h.Now().AddDate(1, 0, 0); !s.PeriodEnd.Equal(want) {
		t.Errorf("the period ends %s instead of %s", s.PeriodEnd, want)
	}
	for month := range 3 {
		h.used(p, billing.MeterActiveLearner, h.Now().Format("2006-01"), int64(11+month))
		h.nextMonth(p)
	}
	h.is("base", h.billed(p, "base"), flatYear)
	h.is("learners of three months", h.billed(p, "learners"), (1+2+3)*learner)
	h.until(p, s.PeriodEnd.Add(2*time.Hour))
	h.is("base of a second year", h.billed(p, "base"), 2*flatYear)
}

// books says that exactly this is booked, and that a plan without any says so too.
func (h *house) books(p payer, want ...provider.AddOn) {
	h.Helper()
	if got := h.read(p).AddOns; got == nil || !slices.Equal(got, want) {
		h.Errorf("booked are %+v, want %+v", got, want)
	}
}

func addOns(t *testing.T, h *house) {
	p := h.subscribed(team, func(in *provider.Checkout) { in.AddOns = []provider.AddOn{{Component: "sandbox", Quantity: 3}} })
	h.is("three sandboxes", h.billed(p, "sandbox"), 3*sandbox)
	h.books(p, provider.AddOn{Component: "sandbox", Quantity: 3})
	in := provider.Move{Subscription: p.ref, Version: h.offers.team.Version, AddOns: []provider.AddOn{{Component: "sandbox", Quantity: 1}}, At: h.Now()}
	_, err := h.Provider.Move(h.ctx(), "fewer:"+p.tenant.String(), in)
	h.ok(err)
	h.books(p, provider.AddOn{Component: "sandbox", Quantity: 1})
	h.until(p, h.read(p).PeriodEnd.Add(2*time.Hour))
	h.is("all", h.billed(p, ""), flatTeam+3*sandbox+flatTeam+sandbox-2*sandbox)
}

func refuses(t *testing.T, h *house) {
	h.publish()
	_, err := h.Provider.Subscription(h.ctx(), "sub_of_nobody")
	h.refused(err, provider.ErrRefused)
	_, err = h.Provider.Cancel(h.ctx(), "k", "sub_of_nobody", true)
	h.refused(err, provider.ErrRefused)
	_, err = h.Provider.Preview(h.ctx(), provider.Move{Subscription: "sub_of_nobody", Version: h.offers.team.Version, At: h.Now()})
	h.refused(err, provider.ErrRefused)
	h.refused(h.Provider.AddItem(h.ctx(), "k", provider.Item{Customer: "cus_of_nobody", Text: "x", Amount: money.Money{Minor: 1, Currency: "EUR"}, Period: billing.PeriodOf(h.Now())}), provider.ErrRefused)
	_, err = h.Provider.Read([]byte(`{"id":"evt_1"}`), "t=1,v1=00", h.Now())
	h.refused(err, provider.ErrForged)
}

func strangers(t *testing.T, h *house) {
	one, two := h.subscribed(team), h.subscribed(large)
	h.used(one, billing.MeterActiveLearner, "a", 5)
	again, err := h.Provider.EnsureCustomer(h.ctx(), provider.Customer{
		TenantID: one.tenant, Ref: one.customer, Name: "Acme Ltd", Email: "new@acme.example",
		TaxIDs: []provider.TaxID{{Kind: "eu_vat", Value: "DE123456789"}}, Address: provider.Address{Line1: "Hauptstr. 1", City: "Berlin", PostalCode: "10115", Country: "DE"},
	})
	h.ok(err)
	if again != one.customer || one.customer == two.customer {
		t.Errorf("customers %s, %s and %s", one.customer, again, two.customer)
	}
	from := billing.PeriodOf(h.Now())
	sum, err := h.Provider.Reported(h.ctx(), two.customer, billing.MeterActiveLearner, from.Start, from.End())
	h.ok(err)
	h.is("the stranger's usage", sum, 0)
	h.is("the stranger's bills", h.billed(two, ""), flatLarge)
	h.is("one's own", h.billed(one, ""), flatTeam)
	if first, err := h.Provider.Invoices(h.ctx(), one.customer, h.bills(one)[0].Ref, 10); err != nil || len(first) != 0 {
		t.Errorf("after the last bill come %d, %v", len(first), err)
	}
}

func forgets(t *testing.T, h *house) {
	p, other := h.subscribed(team), h.subscribed(team)
	before := h.billed(p, "")
	_, err := h.Provider.Cancel(h.ctx(), "end", p.ref, true)
	h.ok(err)
	for range 2 { // whoever forgets may be cut short and try again
		h.ok(h.Provider.Forget(h.ctx(), p.customer))
	}
	h.ok(h.Provider.Forget(h.ctx(), "cus_of_nobody"))
	h.is("the bills of who was forgotten", h.billed(p, ""), before)
	if s, err := h.Provider.Subscription(h.ctx(), other.ref); err != nil || s.State != provider.StateActive {
		t.Errorf("another one's subscription is %+v (%v)", s, err)
	}
}
