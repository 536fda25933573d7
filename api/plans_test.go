package api_test

import (
	"regexp"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

var field = regexp.MustCompile(`<(?:input|option)[^>]*>`)

// filled gives the fields of a page's form as a browser posts them: hidden ones, texts, what is checked and chosen.
func filled(body string) (pairs []string) {
	attr := func(tag, name string) string {
		if m := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag); m != nil {
			return m[1]
		}
		return ""
	}
	_, body, _ = strings.Cut(body, `<form class="form loose"`)
	name := ""
	for _, part := range strings.Split(body, "<select") {
		if m := regexp.MustCompile(`^ id="[^"]*" name="([^"]*)"`).FindStringSubmatch(part); m != nil {
			name = m[1]
		}
		for _, tag := range field.FindAllString(part, -1) {
			switch {
			case strings.HasPrefix(tag, "<option"):
				if strings.Contains(tag, " selected") {
					pairs = append(pairs, name, attr(tag, "value"))
				}
			case attr(tag, "name") == "" || attr(tag, "type") == "checkbox" && !strings.Contains(tag, " checked"):
			default:
				pairs = append(pairs, attr(tag, "name"), attr(tag, "value"))
			}
		}
	}
	return pairs
}

// with gives fields with some of them changed or added.
func with(pairs []string, change ...string) []string {
	out := append([]string{}, pairs...)
	for i := 0; i < len(change); i += 2 {
		found := false
		for j := 0; j < len(out); j += 2 {
			if out[j] == change[i] {
				out[j+1], found = change[i+1], true
			}
		}
		if !found {
			out = append(out, change[i], change[i+1])
		}
	}
	return out
}

func TestAnOperatorWritesAPlanWithoutAScript(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.operator()
	code := "plan-" + uid.Opaque(8)
	o.get("/operator/billing/plans").is(200).says("New plan")
	o.post("/operator/billing/plans", "code", "No Good", "name", "Gold").is(422).says("A code is 2 to 40 small letters", `value="No Good"`)
	at := o.post("/operator/billing/plans", "code", code, "name", "Gold", "public", "1").is(303).Header.Get("Location")
	o.post("/operator/billing/plans", "code", code, "name", "Gold").is(409).says("Another plan has this code")
	edit := regexp.MustCompile(`/operator/billing/versions/[0-9a-f-]+/edit`).FindString(o.get(at).is(200).says("Gold is made").body)
	page := o.get(edit).is(200).says(`value="0.00"`, "They pay")

	// Buttons add and take away, and nothing that was typed is lost.
	fields := with(filled(page.body), "components.0.price", "oops", "limits.api_calls", "777", "do", "add_component")
	page = o.post(edit, fields...).is(200).says(`value="oops"`, `value="777"`, `name="components.1.name"`)
	fields = with(filled(page.body), "components.1.name", "Active learners", "components.1.code", "learners", "components.1.scheme", "graduated", "do", "add_tier.1")
	page = o.post(edit, fields...).is(200).says(`value="oops"`, `value="Active learners"`, `name="components.1.tiers.0.price"`)
	page = o.post(edit, with(filled(page.body), "components.1.tiers.0.price", "2,50", "do", "add_tier.1")...).is(200).says(`name="components.1.tiers.1.price" type="text" value="2,50"`)
	page = o.post(edit, with(filled(page.body), "components.1.tiers.0.up_to", "10", "components.1.tiers.0.price", "3.00", "do", "save")...).is(422).says("Write a price such as 4.50", `value="oops"`, "Mend what is marked")
	page = o.post(edit, with(filled(page.body), "components.0.price", "-1", "do", "preview")...).is(200).says("A price cannot be below zero.")
	good := with(filled(page.body), "components.0.price", "40.00")
	page = o.post(edit, with(good, "do", "preview")...).is(200).says("43.00", "70.00", "295.00") // 40 + 1 × 3; 40 + 10 × 3; 40 + 10 × 3 + 90 × 2.50
	version := strings.TrimSuffix(edit, "/edit")
	o.post(edit, with(good, "do", "review")...).is(303).leads(version)
	o.post(edit, with(good, "do", "save")...).is(409).says("Somebody else changed this meanwhile", `value="40.00"`)

	review := o.get(version).is(200).says("Nobody sees this yet", "777 ", "from 11: 2.50", "Publish it")
	// Who is no admin sees plans and drafts, and no button that changes them.
	for _, role := range []auth.OperatorRole{auth.OperatorReader, auth.OperatorRunner} {
		r := h.operator(role)
		r.get("/operator/billing/plans").is(200).says("Gold").saysNot("New plan")
		r.get(at).is(200).says("Gold").saysNot(at+"/versions", at+"/archive", "/edit")
		r.get(version).is(200).says("Nobody sees this yet").saysNot("Publish it", version+"/edit", version+"/discard")
		r.get(edit).is(403).says("Only an admin")
		r.get(at).is(200)
		r.post(edit, with(good, "do", "save")...).is(403)
	}
	o.post(version+"/publish", "revision", "1").is(409).says("Somebody else changed this meanwhile")
	o.post(version+"/publish", "revision", review.revision()).is(303).leads(at)
	o.get(at).is(200).says("Gold is published", "On sale", "New version from this")
	o.post(edit, with(good, "do", "save")...).is(409).says("Only a draft can be changed")
	o.get(edit).is(303).leads(version)
}

// TestACustomerChoosesAPlanThatAnOperatorWrote goes from the operator's plan to the customer's bill, and on to a new price.
func TestACustomerChoosesAPlanThatAnOperatorWrote(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ctx, offers := t.Context(), h.o.Mover.Service
	p, err := offers.Create(ctx, plan.Plan{Code: "plan-" + uid.Opaque(8), Name: "Gold " + uid.Opaque(6), Public: true})
	if err != nil {
		t.Fatal(err)
	}
	publish := func(limit int64) plan.Version {
		l, err := offers.Show(ctx, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		v := l.Draft()
		if v == nil {
			made, err := offers.NewVersion(ctx, p.ID, uid.Nil)
			if err != nil {
				t.Fatal(err)
			}
			v = &made
		}
		v.Components = []plan.Component{
			{Code: "base", Name: "Base fee", Scheme: plan.Flat, Price: 21_000_000},
			{Code: "learners", Name: "Active learners", Scheme: plan.Graduated, Meter: billing.MeterActiveLearner, Tiers: []plan.Tier{{UpTo: 5, Price: 0}, {Price: 1_000_000}}},
			{Code: "support", Name: "Priority support", Scheme: plan.Flat, AddOn: true, Price: 7_000_000},
		}
		v.Limits.ActiveLearners = limit
		saved, err := offers.SaveDraft(ctx, *v)
		if err != nil {
			t.Fatal(err)
		}
		saved, _, err = offers.Publish(ctx, saved.ID, saved.Revision)
		if err != nil {
			t.Fatal(err)
		}
		return saved
	}
	one := publish(40)
	me, _ := tenant.From(h.ctx)
	if err := h.o.Subscriptions.Begin(h.ctx, me); err != nil {
		t.Fatal(err)
	}
	if _, err := h.o.Subscriptions.Assign(h.ctx, me.ID, &one.ID, subscription.CollectInvoice); err != nil {
		t.Fatal(err)
	}
	owner, o := h.as(h.person(policy.Owner)), h.operator()
	owner.get("/settings/billing").is(200).says(p.Name, "21.00", "Base fee", "0 / 40")
	owner.get("/settings/billing/plans").is(200).says(p.Name, "Priority support")
	owner.get("/settings/billing/plans/"+one.ID.String()).is(200).says("1 to 5", "from 6")

	two := publish(50)
	from := "/operator/billing/versions/" + one.ID.String() + "/migrate"
	owner.get("/settings/billing/plans/" + one.ID.String()).is(200) // who has it keeps it
	o.get(from).is(200).says("To which version?")
	o.get(from+"?to="+two.ID.String()).is(200).says("1 organization would move", me.Name, "21.00")
	o.post(from).is(422).says("Choose the version that they are to be moved to.")
	o.post(from, "to", two.ID.String()).is(303).leads(from)
	o.get(from).is(200).says("Running since")
	if err := h.o.Mover.Run(ctx); err != nil {
		t.Fatal(err)
	}
	o.get(from).is(200).says("Done on", "1 moved")
	owner.get("/settings/billing").is(200).says("0 / 50")
	h.as(h.person(policy.Owner)).get("/operator/billing/plans").is(404)
}
