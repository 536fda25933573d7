package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/internal/fault"
)

// Bounds of what a plan may say. They leave room for any real price and keep sums countable.
const (
	MaxComponents = 30
	MaxTiers      = 20
	MaxPrice      = money.Micros(1e15) // a thousand million of the currency
	MaxUnits      = int64(1e15)
	MaxPer        = int64(1e18)
)

var (
	planCodeRE      = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)
	componentCodeRE = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

// Validate normalises and says what is wrong: code, name, position.
func (p *Plan) Validate() error {
	f := fault.Fields{}
	p.Code, p.Name = strings.TrimSpace(p.Code), strings.TrimSpace(p.Name)
	f.Check(planCodeRE.MatchString(p.Code), "code", "A code is 2 to 40 small letters, digits and hyphens, and begins with a letter.")
	f.Check(line(p.Name, 80), "name", "Use one line of 1 to 80 characters.")
	f.Check(p.Position >= 0 && p.Position <= 10_000, "position", "Choose a number between 0 and 10,000.")
	return f.Err()
}

func line(s string, most int) bool {
	n := len([]rune(s))
	return n > 0 && n <= most && !strings.ContainsAny(s, "\r\n\t")
}

// Validate says what is wrong with a version, each message at its field: currency, interval, trial_days,
// components.<i>.<field>, components.<i>.tiers.<j>.<field>, limits.<field>, life.<field>. What it lets pass never bills less
// than nothing.
func (v *Version) Validate() error {
	f := fault.Fields{}
	if c, err := money.ParseCurrency(string(v.Currency)); err != nil {
		f.Add("currency", money.ErrCurrency.Text)
	} else {
		v.Currency = c
	}
	f.Check(v.Interval == Month || v.Interval == Year, "interval", "Choose month or year.")
	f.Check(v.TrialDays >= 0 && v.TrialDays <= 365, "trial_days", "Choose a number of days between 0 and 365.")
	f.Check(len(v.Components) > 0, "components", "A plan needs at least one price; for a plan that costs nothing, a fixed sum of 0.")
	f.Check(len(v.Components) <= MaxComponents, "components", fmt.Sprintf("A plan has at most %d prices.", MaxComponents))
	seen := map[string]bool{}
	for i := range v.Components {
		c, at := &v.Components[i], "components."+strconv.Itoa(i)+"."
		c.Code, c.Name = strings.TrimSpace(c.Code), strings.TrimSpace(c.Name)
		f.Check(!seen[c.Code], at+"code", "This code is used twice in the plan.")
		seen[c.Code] = true
		c.validate(f, at)
	}
	v.Limits.validate(f)
	v.Life.validate(f)
	return f.Err()
}

func (c *Component) validate(f fault.Fields, at string) {
	f.Check(componentCodeRE.MatchString(c.Code), at+"code", "A code is 1 to 40 small letters, digits and underscores, and begins with a letter.")
	f.Check(line(c.Name, 120), at+"name", "Use one line of 1 to 120 characters.")
	f.Check(!c.AddOn || c.Scheme == Flat, at+"scheme", "An add-on is a fixed sum for each time it is booked.")
	price(f, at+"price", c.Price)
	switch c.Scheme {
	case Flat:
		f.Check(c.Meter == "", at+"meter", "A fixed sum counts nothing. Leave the meter out, or choose a price for each unit.")
		f.Check(c.Per == 0 && c.Included == 0, at+"included", "A fixed sum has no units. Leave unit and included amount out.")
	case PerUnit, Graduated, Volume:
		f.Check(c.Meter != "", at+"meter", "Choose what is counted.")
		f.Check(c.Meter == "" || slices.Contains(billing.Meters(), c.Meter), at+"meter", "There is no such meter.")
		f.Check(c.Per >= 0 && c.Per <= MaxPer, at+"per", "One unit is between 1 and 10^18 of the meter.")
		f.Check(c.Included >= 0 && c.Included <= MaxUnits, at+"included", "What is included cannot be below zero, nor above 10^15.")
	default:
		f.Add(at+"scheme", "Choose how it is priced.")
	}
	if c.Scheme == Graduated || c.Scheme == Volume {
		f.Check(c.Price == 0, at+"price", "The tiers have the prices. Leave this one out.")
		c.validateTiers(f, at)
		return
	}
	f.Check(len(c.Tiers) == 0, at+"tiers", "Only graduated and volume prices have tiers.")
}

func price(f fault.Fields, at string, p money.Micros) {
	f.Check(p >= 0, at, "A price cannot be below zero.")
	f.Check(p <= MaxPrice, at, "This price is too large.")
}

func (c *Component) validateTiers(f fault.Fields, at string) {
	f.Check(len(c.Tiers) > 0, at+"tiers", "Add at least one tier.")
	f.Check(len(c.Tiers) <= MaxTiers, at+"tiers", fmt.Sprintf("At most %d tiers are possible.", MaxTiers))
	below := int64(0)
	for j, t := range c.Tiers {
		tier := at + "tiers." + strconv.Itoa(j) + "."
		price(f, tier+"price", t.Price)
		price(f, tier+"flat", t.Flat)
		if j == len(c.Tiers)-1 {
			f.Check(t.UpTo == 0, tier+"up_to", "The last tier has no end. Leave it empty.")
			break
		}
		f.Check(t.UpTo != 0, tier+"up_to", "Only the last tier has no end.")
		f.Check(t.UpTo == 0 || t.UpTo > below, tier+"up_to", "Each tier ends above the one before.")
		f.Check(t.UpTo <= MaxUnits, tier+"up_to", "This is too many.")
		below = max(below, t.UpTo)
	}
}

// Stopping lists the meters whose limits can stop: uploads are refused, and calls. Nothing else is refused for its limit.
func Stopping() []billing.Meter { return []billing.Meter{billing.MeterStorage, billing.MeterAPICalls} }

// Stops tells whether a meter's limit stops when it is reached. A version of before may name one that nothing stops at.
func (l Limits) Stops(m billing.Meter) bool {
	return slices.Contains(l.Hard, m) && slices.Contains(Stopping(), m)
}

func (l *Limits) validate(f fault.Fields) {
	for name, n := range map[string]int64{
		"active_learners": l.ActiveLearners, "storage_bytes": l.StorageBytes, "api_calls": l.APICalls, "video_minutes": l.VideoMinutes,
		"ai_tokens": l.AITokens, "custom_domains": l.CustomDomains,
	} {
		f.Check(n >= Unlimited && n <= MaxPer, "limits."+name, "Write a number from 0, or leave it empty for no limit.")
	}
	known := billing.Meters()
	for i, m := range l.Hard {
		f.Check(m != billing.MeterActiveLearner, "limits.hard", "The limit of active learners never stops: learning is not stopped by a bill.")
		f.Check(slices.Contains(known, m), "limits.hard", "There is no such meter.")
		f.Check(m == billing.MeterActiveLearner || !slices.Contains(known, m) || slices.Contains(Stopping(), m), "limits.hard", "Only the limits of storage and of API calls can stop. The others warn.")
		f.Check(!slices.Contains(l.Hard[:i], m), "limits.hard", "A meter is named twice.")
		f.Check(l.Of(m) != Unlimited, "limits.hard", "A limit can only stop where there is one.")
	}
}

// Of gives a meter's limit: in a month, but for storage, which has one at a time, in bytes.
func (l Limits) Of(m billing.Meter) int64 {
	switch m {
	case billing.MeterActiveLearner:
		return l.ActiveLearners
	case billing.MeterStorage:
		return l.StorageBytes
	case billing.MeterAPICalls:
		return l.APICalls
	case billing.MeterVideo:
		return l.VideoMinutes
	case billing.MeterAITokens:
		return l.AITokens
	}
	return Unlimited
}

// minRetained is the least that data are kept after the end: people are warned thirty days before they are erased.
const minRetained = 30

func (l *Life) validate(f fault.Fields) {
	for name, n := range map[string]int{"past_due_days": l.PastDueDays, "grace_days": l.GraceDays, "read_only_days": l.ReadOnlyDays, "suspended_days": l.SuspendedDays} {
		f.Check(n >= 0 && n <= 365, "life."+name, "Choose a number of days between 0 and 365.")
	}
	f.Check(l.RetainedDays >= minRetained && l.RetainedDays <= 3650, "life.retained_days", "Data are kept between 30 and 3,650 days.")
}
