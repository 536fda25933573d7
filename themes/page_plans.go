package themes

import (
	"errors"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/offer"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Messages of plans.
const (
	FlashPlanCreated         FlashKey = "plan_created"      // Name: the plan
	FlashPlanSaved           FlashKey = "plan_saved"        // Name: the plan
	FlashPlanArchived        FlashKey = "plan_archived"     // Name: the plan
	FlashPlanRestored        FlashKey = "plan_restored"     // Name: the plan
	FlashSignUpPlan          FlashKey = "plan_for_sign_ups" // Name: the plan
	FlashNoSignUpPlan        FlashKey = "no_plan_for_sign_ups"
	FlashPlanDraftSaved      FlashKey = "plan_draft_saved"
	FlashPlanDraftDiscarded  FlashKey = "plan_draft_discarded" // Name: the plan
	FlashPlanPublished       FlashKey = "plan_published"       // Name: the plan
	FlashPlanPublishedUntold FlashKey = "plan_published_untold"
	FlashPlanRetired         FlashKey = "plan_retired" // Name: the plan
	FlashMigrationStarted    FlashKey = "plan_migration_started"
	FlashMigrationStopped    FlashKey = "plan_migration_stopped"
)

// NewPlanFields is what was typed about a plan.
type NewPlanFields struct {
	Code, Name, Position string
	Public               bool
}

// OperatorPlansPage is GET /operator/billing/plans. It posts code, name and public to the same, and plan (an id, "" for
// none) to …/sign-up.
type OperatorPlansPage struct {
	Plans    []offer.Listed
	Provider string // what takes payments; "" for nothing
	Form     NewPlanFields
	Problem  *fault.Fault
}

func (p OperatorPlansPage) in(c *Chrome) (string, any) {
	return "operator_plans", framed[OperatorPlansPage]{c, p}
}

// SignUpPlan is the plan on which new organizations begin; nil: none.
func (p OperatorPlansPage) SignUpPlan() *offer.Listed {
	for i := range p.Plans {
		if p.Plans[i].SignUp {
			return &p.Plans[i]
		}
	}
	return nil
}

// OperatorPlanPage is GET /operator/billing/plans/:plan. It posts name, position, public and revision to the same, revision
// to …/archive and …/restore, and from (a version) to …/versions.
type OperatorPlanPage struct {
	Plan    offer.Listed
	Form    NewPlanFields
	Problem *fault.Fault
}

func (p OperatorPlanPage) in(c *Chrome) (string, any) {
	return "operator_plan", framed[OperatorPlanPage]{c, p}
}

// AskRevision is the revision that archiving agrees with.
func (p OperatorPlanPage) AskRevision() int { return int(p.Plan.Revision) }

// PlanVersionPage is GET /operator/billing/versions/:version. It posts revision to …/publish and …/discard, nothing to …/retire.
type PlanVersionPage struct {
	Opened   offer.Opened
	Examples []offer.Example
	Replaces *plan.Version // what publishing a draft would retire
	Before   []offer.Example
	Problem  *fault.Fault
}

func (p PlanVersionPage) in(c *Chrome) (string, any) {
	return "operator_version", framed[PlanVersionPage]{c, p}
}

// AskRevision is the revision that publishing and discarding agree with.
func (p PlanVersionPage) AskRevision() int { return int(p.Opened.Version.Revision) }

// PlanDraftPage is GET /operator/billing/versions/:version/edit. It posts revision and the form to the same, with do: save,
// preview, review, or a button of PlanForm.Apply.
type PlanDraftPage struct {
	Opened   offer.Opened
	Revision int64
	Form     PlanForm
	Examples []offer.Example // nil while something is wrong
	Problem  *fault.Fault
}

func (p PlanDraftPage) in(c *Chrome) (string, any) {
	return "operator_draft", framed[PlanDraftPage]{c, p}
}

// Yearly tells whether a year is chosen.
func (p PlanDraftPage) Yearly() bool { return p.Form.Interval == string(plan.Year) }

// PlanMovePage is GET /operator/billing/versions/:version/migrate?to=. It posts to to the same, and nothing to …/stop.
type PlanMovePage struct {
	Opened  offer.Opened
	Targets []provider.Offer
	To      uid.ID // uid.Nil: not chosen yet
	Outlook *offer.Outlook
	History []offer.Migration
	Problem *fault.Fault
}

func (p PlanMovePage) in(c *Chrome) (string, any) {
	return "operator_migrate", framed[PlanMovePage]{c, p}
}

// Running tells whether those on the version are being moved now.
func (p PlanMovePage) Running() bool {
	return len(p.History) > 0 && p.History[0].FinishedAt == nil
}

// Going is how many would move, as far as those shown tell.
func (p PlanMovePage) Going() (n int) {
	if p.Outlook == nil {
		return 0
	}
	n = p.Outlook.Count
	for _, f := range p.Outlook.Rows {
		if f.Refused != "" {
			n--
		}
	}
	return n
}

// Rest is how many organizations are not shown.
func (p PlanMovePage) Rest() int {
	if p.Outlook == nil {
		return 0
	}
	return max(p.Outlook.Count-len(p.Outlook.Rows), 0)
}

// PlanStatusBadge names the status of a version.
func (c *Chrome) PlanStatusBadge(s plan.Status) (Badge, error) {
	b, err := c.StatusBadge("plan_status", string(s))
	b.Tone = map[plan.Status]string{plan.StatusDraft: "warn", plan.StatusPublished: "good"}[s]
	return b, err
}

// PlanSchemes lists how something may be priced, for a choice.
func (c *Chrome) PlanSchemes() []string {
	return []string{string(plan.Flat), addOnScheme, string(plan.PerUnit), string(plan.Graduated), string(plan.Volume)}
}

// PlanMeters lists what is counted, for a choice.
func (c *Chrome) PlanMeters() []billing.Meter { return billing.Meters() }

// HardMeters lists what a limit may stop.
func (c *Chrome) HardMeters() []billing.Meter { return plan.Stopping() }

// PlanIntervals lists the intervals, for a choice.
func (c *Chrome) PlanIntervals() []plan.Interval { return []plan.Interval{plan.Month, plan.Year} }

// LimitNames lists the limits of the editor, LifeNames its days.
func (c *Chrome) LimitNames() []string { return limitNames }

// LifeNames lists the days of the editor.
func (c *Chrome) LifeNames() []string { return lifeNames }

// PlanPrice is a component of a version as a list shows it.
type PlanPrice struct {
	Name, Text, Unit, AddOn string   // AddOn: the word for it, "" for what everybody pays
	Tiers                   []string // from where to where, each
}

// PlanPrices says what a version costs, line by line. Drawn by parts/plan.html.
func (c *Chrome) PlanPrices(v plan.Version) (out []PlanPrice, err error) {
	for _, k := range v.Components {
		p := PlanPrice{Name: k.Name}
		if p.Text, err = c.PriceLine(v, k); err != nil {
			return out, err
		}
		if k.AddOn {
			if p.AddOn, err = c.T("billing.add_on"); err != nil {
				return out, err
			}
		}
		if p.Unit, err = c.unitText(k); err != nil {
			return out, err
		}
		for j := range k.Tiers {
			text, err := c.tierText(v, k, j)
			if err != nil {
				return out, err
			}
			p.Tiers = append(p.Tiers, text)
		}
		out = append(out, p)
	}
	return out, nil
}

// tierText says what a tier costs: from where to where, each, and once.
func (c *Chrome) tierText(v plan.Version, k plan.Component, j int) (string, error) {
	t, from := k.Tiers[j], k.Included+1
	if j > 0 {
		from = k.Included + k.Tiers[j-1].UpTo + 1
	}
	price := c.Price(t.Price, v.Currency)
	var text string
	var err error
	if t.UpTo == 0 {
		text, err = c.T("plans.tier_last", "From", c.Number(from), "Price", price)
	} else {
		text, err = c.T("plans.tier", "From", c.Number(from), "UpTo", c.Number(k.Included+t.UpTo), "Price", price)
	}
	if err != nil || t.Flat == 0 {
		return text, err
	}
	once, err := c.T("plans.tier_once", "Price", c.Price(t.Flat, v.Currency))
	return text + " " + once, err
}

// unitText says what one unit of a price is where that is not one of the meter; "" elsewhere.
func (c *Chrome) unitText(k plan.Component) (string, error) {
	switch {
	case k.Per <= 1:
		return "", nil
	case k.Meter == billing.MeterStorage && k.Per == gigabyteMonth:
		return c.T("plans.unit_gigabyte")
	}
	meter, err := c.MeterName(k.Meter)
	if err != nil {
		return "", err
	}
	return c.T("plans.unit_is", "Per", c.Number(k.Per), "Meter", meter)
}

// ExampleTable is what some numbers of learners would pay. Drawn by parts/plan.html.
type ExampleTable struct {
	Caption, Learners, Sum, Hint string
	Today                        string // the column of what is replaced; "" without one
	Rows                         []ExampleRow
}

// ExampleRow is one number of learners.
type ExampleRow struct{ Learners, Today, Sum string }

// gather gives texts one after the other and keeps what went wrong with any.
func gather(err *error) func(string, error) string {
	return func(text string, wrong error) string {
		*err = errors.Join(*err, wrong)
		return text
	}
}

// ExampleTable makes the table; before is what the version replaces, nil for nothing.
func (c *Chrome) ExampleTable(now, before []offer.Example, yearly bool) (t ExampleTable, err error) {
	say := gather(&err)
	t.Caption, t.Learners, t.Sum = say(c.T("plans.examples")), say(c.T("plans.learners")), say(c.T("plans.sum"))
	t.Hint = say(c.T("plans.examples_hint"))
	if yearly {
		t.Hint = say(c.T("plans.examples_year"))
	}
	if before != nil {
		t.Today, t.Sum = say(c.T("plans.today")), say(c.T("plans.then"))
	}
	sum := func(m *money.Money) string {
		if m != nil {
			return c.Sum(*m)
		}
		return say(c.T("plans.too_large"))
	}
	for i, e := range now {
		row := ExampleRow{Learners: say(c.N("plans.n_learners", int(e.Learners))), Sum: sum(e.Total)}
		if i < len(before) {
			row.Today = sum(before[i].Total)
		}
		t.Rows = append(t.Rows, row)
	}
	return t, err
}

// PlanFact is something that a version allows.
type PlanFact struct{ Label, Text, Note string }

// PlanFacts lists what a version allows, as it is shown.
func (c *Chrome) PlanFacts(v plan.Version) (out []PlanFact, err error) {
	say := gather(&err)
	for _, m := range billing.Meters() {
		n := v.Limits.Of(m)
		f := PlanFact{Label: say(c.T("plan_limit." + string(m))), Text: say(c.LimitText(m, n))}
		switch {
		case n == plan.Unlimited:
		case v.Limits.Stops(m):
			f.Note = say(c.T("billing.limit_hard"))
		default:
			f.Note = say(c.T("billing.limit_soft"))
		}
		out = append(out, f)
	}
	domains := c.Number(v.Limits.CustomDomains)
	if v.Limits.CustomDomains == plan.Unlimited {
		domains = say(c.T("billing.unlimited"))
	}
	yes := map[bool]string{true: say(c.T("billing.yes")), false: say(c.T("billing.no"))}
	return append(out, PlanFact{Label: say(c.T("plans.custom_domains")), Text: domains},
		PlanFact{Label: say(c.T("billing.sso")), Text: yes[v.Limits.SSO]}, PlanFact{Label: say(c.T("plans.sandbox")), Text: yes[v.Limits.Sandbox]}), err
}

// RefusedText says why an organization is not moved.
func (c *Chrome) RefusedText(code string) string {
	if text, err := c.Named("plan_refused", code); err == nil {
		return text
	}
	return code
}

// VersionText names a version: its number, currency and interval.
func (c *Chrome) VersionText(v plan.Version) (string, error) {
	return c.T("plan_version."+string(v.Interval), "Number", v.Number, "Currency", string(v.Currency))
}
