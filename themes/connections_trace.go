package themes

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
)

// MappingLine is a field of a mapping as the form shows it.
type MappingLine struct {
	Field, Label string
	From         []string // the sources and an empty one more
	Preview      *signon.FieldPreview
	Error        string
}

// MappingLines are all fields of a mapping in their order.
func (c *Chrome) MappingLines(p ConnectionMappingPage) ([]MappingLine, error) {
	var out []MappingLine
	for _, field := range auth.MappedFields() {
		label, err := c.Named("mapped", field)
		if err != nil {
			return nil, err
		}
		l := MappingLine{Field: field, Label: label, Error: c.FieldText(p.Problem, "mapping."+field)}
		for _, r := range p.Mapping {
			if r.Field == field {
				l.From = append(l.From, r.From...)
			}
		}
		l.From = append(l.From, "")
		if p.Preview != nil {
			for i := range p.Preview.Fields {
				if p.Preview.Fields[i].Field == field {
					l.Preview = &p.Preview.Fields[i]
				}
			}
		}
		out = append(out, l)
	}
	return out, nil
}

// Unused tells whether no rule looks at a claim.
func (p ConnectionMappingPage) Unused(claim string) bool {
	return p.Preview != nil && slices.Contains(p.Preview.Unused, claim)
}

// Decided is what the rules give for the groups of the last answer.
type Decided struct {
	Groups []string
	Role   policy.Role
	Rule   int
	OK     bool
}

// Decided tries the rules on the last answer; nil: none came yet.
func (p ConnectionAccessPage) Decided() *Decided {
	if p.Seen.Last == nil {
		return nil
	}
	d := &Decided{Groups: p.Head.Connection.Mapping.V.Apply(p.Seen.Last.Claims.V).Groups}
	d.Role, d.Rule, d.OK = p.Rules.For(d.Groups)
	return d
}

// Line is what is wrong with a rule, by its number from 1.
func (c *Chrome) RuleProblem(f *fault.Fault, n int) Field {
	return c.Wrongs(f, fmt.Sprintf("role_rules.%d", n))
}

// LastRule is the index of the last rule.
func (p ConnectionAccessPage) LastRule() int { return len(p.Rules.Rules) - 1 }

// Who names the person of an attempt, "" when nobody is known.
func (p ConnectionAttemptsPage) Who(a signon.Attempt) string {
	if a.PersonID == nil {
		return ""
	}
	return p.Trace.Names[*a.PersonID]
}

// Who names the person of the attempt, "" when nobody is known.
func (p ConnectionAttemptPage) Who() string {
	if p.Attempt.PersonID == nil {
		return ""
	}
	return p.Names[*p.Attempt.PersonID]
}

// Effect says what an attempt came to, or in a dry run would have.
func (c *Chrome) Effect(a signon.Attempt) (string, error) {
	if a.Outcome == signon.OutcomeDryRun {
		return c.Named("effect_dry", a.Result.V.Effect)
	}
	return c.Named("effect", a.Result.V.Effect)
}

// Outcomes lists them to filter by.
func (ConnectionAttemptsPage) Outcomes() []signon.Outcome { return signon.Outcomes() }

// AttemptClaim is a claim of an attempt.
type AttemptClaim struct {
	Name   string
	Values []string
	More   int // values that are not shown
}

const claimValuesShown = 20

// Claims lists an attempt's claims by name.
func (p ConnectionAttemptPage) Claims() (out []AttemptClaim) {
	for name, values := range p.Attempt.Claims.V {
		shown := values[:min(len(values), claimValuesShown)]
		out = append(out, AttemptClaim{Name: name, Values: shown, More: len(values) - len(shown)})
	}
	slices.SortFunc(out, func(a, b AttemptClaim) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Mapped lists what the mapping made of the claims.
func (c *Chrome) Mapped(a signon.Attempt) ([]Fact, error) {
	r := a.Result.V
	var out []Fact
	for _, f := range []struct{ field, value string }{
		{auth.FieldEmail, r.Profile.Email}, {auth.FieldName, r.Profile.Name}, {auth.FieldLocale, r.Profile.Locale}, {auth.FieldTimeZone, r.Profile.TimeZone},
	} {
		if err := c.mapped(&out, f.field, f.value); err != nil {
			return nil, err
		}
	}
	for _, name := range auth.AttributeNames() {
		if err := c.mapped(&out, name, r.Profile.Attributes[name]); err != nil {
			return nil, err
		}
	}
	return out, c.mapped(&out, auth.FieldGroups, strings.Join(r.Groups, ", "))
}

func (c *Chrome) mapped(out *[]Fact, field, value string) error {
	if value == "" {
		return nil
	}
	label, err := c.Named("mapped", field)
	*out = append(*out, Fact{Label: label, Value: value})
	return err
}

// FindingTone is the tone of an outlook's finding.
func (c *Chrome) FindingTone(p signon.Prospect) string {
	return map[signon.Prospect]string{signon.ProspectWorks: "good", signon.ProspectWatch: "warn", signon.ProspectBreaks: "bad"}[p]
}

// FindingIcon is its icon.
func (c *Chrome) FindingIcon(p signon.Prospect) (template.HTML, error) {
	if p == signon.ProspectWorks {
		return c.Icon("check")
	}
	return c.Icon("warn")
}

// Worst is the worst of the findings.
func (p ConnectionOutlookPage) Worst() signon.Prospect {
	if len(p.Findings) == 0 {
		return signon.ProspectWorks
	}
	return p.Findings[0].Prospect
}

// Day is the date asked about, as the form has it.
func (p ConnectionOutlookPage) Day() string { return p.At.Format(time.DateOnly) }

// Dates are days worth asking about: a day after each end, the soonest first, at most five.
func (p ConnectionOutlookPage) Dates() (days []time.Time) {
	for _, f := range p.Findings {
		if f.Until.IsZero() {
			continue
		}
		day := f.Until.UTC().AddDate(0, 0, 1)
		if !slices.ContainsFunc(days, func(d time.Time) bool { return d.Format(time.DateOnly) == day.Format(time.DateOnly) }) {
			days = append(days, day)
		}
	}
	slices.SortFunc(days, time.Time.Compare)
	return days[:min(len(days), 5)]
}
