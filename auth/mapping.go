package auth

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
)

// Fields of a person that a mapping fills beside AttributeNames.
const (
	FieldEmail    = "email"
	FieldName     = "name"
	FieldLocale   = "locale"
	FieldTimeZone = "time_zone"
	FieldGroups   = "groups" // all values: what role rules look at
)

// MappedFields lists every field that a mapping may fill.
func MappedFields() []string {
	return append([]string{FieldEmail, FieldName, FieldLocale, FieldTimeZone, FieldGroups}, AttributeNames()...)
}

// FieldRule says where one field comes from: the first of From that gives something. An entry is a claim's name, or a
// text with claims in braces: "{given_name} {family_name}".
type FieldRule struct {
	Field string   `json:"field"`
	From  []string `json:"from"`
}

// Mapping turns the claims of an identity provider or directory into a person's fields.
type Mapping []FieldRule

// Limits of a mapping and of what it takes over.
const (
	mappingSourcesMax = 10
	claimNameMax      = 300
	fieldValueMax     = 300
	groupsMax         = 2000
)

// Validate gathers what is wrong: fields that do not exist or stand twice, rules without a source.
func (m Mapping) Validate() error {
	f, seen := fault.Fields{}, map[string]bool{}
	for _, r := range m {
		name := "mapping." + r.Field
		f.Check(slices.Contains(MappedFields(), r.Field), name, "There is no such field. Choose one from the list.")
		f.Check(!seen[r.Field], name, "This field stands here twice. Put all its sources into one rule.")
		seen[r.Field] = true
		f.Check(len(r.From) > 0 && len(r.From) <= mappingSourcesMax, name, fmt.Sprintf("Name 1 to %d claims.", mappingSourcesMax))
		for _, from := range r.From {
			f.Check(from != "" && len(from) <= claimNameMax && strings.Count(from, "{") == strings.Count(from, "}"), name,
				"Write a claim's name, or a text with claims in braces, for example “{given_name} {family_name}”.")
		}
	}
	return f.Err()
}

// Over gives this mapping laid over another: its rules win field by field.
func (m Mapping) Over(base Mapping) Mapping {
	out := slices.Clone(m)
	for _, r := range base {
		if !slices.ContainsFunc(m, func(mine FieldRule) bool { return mine.Field == r.Field }) {
			out = append(out, r)
		}
	}
	return out
}

// Claims gives the names of the claims that the mapping looks at, those in braces too, each once.
func (m Mapping) Claims() (names []string) {
	for _, r := range m {
		for _, from := range r.From {
			if !strings.Contains(from, "{") {
				names = append(names, from)
				continue
			}
			for _, part := range strings.Split(from, "{")[1:] {
				name, _, _ := strings.Cut(part, "}")
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Mapped is what a mapping made of claims: the profile, the groups, and for each field the source that gave it.
type Mapped struct {
	Profile Profile
	Groups  []string
	// From tells, for whoever reads the trace, which entry of a rule filled a field.
	From map[string]string
	// Left are fields whose value was not fit to be taken over, with the reason in English.
	Left map[string]string
}

// Apply fills a profile. What does not fit a field (an e-mail that is none, a language that does not exist) is left out and
// named in Left; claims are looked up exactly, then in any case. Without a name it is made of given and family name, else
// of the e-mail.
func (m Mapping) Apply(claims map[string][]string) Mapped {
	out := Mapped{Profile: Profile{Attributes: Attributes{}}, From: map[string]string{}, Left: map[string]string{}}
	for _, r := range m {
		for _, from := range r.From {
			values := lookUp(claims, from)
			if len(values) == 0 {
				continue
			}
			if why := out.take(r.Field, values); why != "" {
				out.Left[r.Field] = why
				continue
			}
			delete(out.Left, r.Field)
			out.From[r.Field] = from
			break
		}
	}
	p := &out.Profile
	if p.Name == "" {
		p.Name = strings.TrimSpace(p.Attributes["given_name"] + " " + p.Attributes["family_name"])
	}
	if p.Name == "" {
		p.Name, _, _ = strings.Cut(p.Email, "@")
	}
	return out
}

// take puts values into a field; it says why not.
func (out *Mapped) take(field string, values []string) (why string) {
	value := strings.TrimSpace(values[0])
	p := &out.Profile
	switch field {
	case FieldEmail:
		email, ok := NormaliseEmail(value)
		if a, err := mail.ParseAddress(value); !ok && err == nil {
			email, ok = NormaliseEmail(a.Address) // "Anna Berg <anna@example.com>"
		}
		if !ok {
			return "not an e-mail address"
		}
		p.Email = email
	case FieldName:
		f := fault.Fields{}
		if p.Name = checkName(f, "name", value); f.Err() != nil {
			p.Name = ""
			return "not fit for a name"
		}
	case FieldLocale:
		tag, err := language.Parse(strings.ReplaceAll(value, "_", "-"))
		if err != nil {
			return "not a language (BCP 47)"
		}
		p.Locale = tag.String()
	case FieldTimeZone:
		if _, err := time.LoadLocation(value); err != nil || value == "Local" || value == "" {
			return "not an IANA time zone"
		}
		p.TimeZone = value
	case FieldGroups:
		out.Groups = slices.Compact(slices.Sorted(slices.Values(values[:min(len(values), groupsMax)])))
	default:
		if utf8.RuneCountInString(value) > fieldValueMax || !utf8.ValidString(value) || strings.ContainsFunc(value, breaks) {
			return "too long, or not printable"
		}
		p.Attributes[field] = value
	}
	return ""
}

// lookUp gives the values of a claim, or of a text with claims in braces; nothing when a claim in it is missing.
func lookUp(claims map[string][]string, from string) []string {
	if !strings.Contains(from, "{") {
		return nonEmpty(claimOf(claims, from))
	}
	var b strings.Builder
	for rest := from; ; {
		text, after, found := strings.Cut(rest, "{")
		b.WriteString(text)
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		values := nonEmpty(claimOf(claims, name))
		if !closed || len(values) == 0 {
			return nil
		}
		b.WriteString(values[0])
		rest = tail
	}
	return []string{b.String()}
}

func claimOf(claims map[string][]string, name string) []string {
	if v, ok := claims[name]; ok {
		return v
	}
	var found string // the smallest name of those that differ in case alone: the same at each call
	for have := range claims {
		if strings.EqualFold(have, name) && (found == "" || have < found) {
			found = have
		}
	}
	return claims[found]
}

func nonEmpty(values []string) (out []string) {
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			out = append(out, v)
		}
	}
	return out
}

// RoleRule gives a role to who is in a group. A group is compared exactly, but for case.
type RoleRule struct {
	Group string      `json:"group"`
	Role  policy.Role `json:"role"`
}

// RoleRules are tried in order: the first whose group a person is in decides, the others are not looked at. Default is for
// who is in none; empty gives no role.
type RoleRules struct {
	Rules   []RoleRule  `json:"rules"`
	Default policy.Role `json:"default"`
}

const roleRulesMax = 200

// Validate gathers what is wrong: rules without group or role, a group twice. known tells whether the tenant has a role.
func (r RoleRules) Validate(known func(policy.Role) bool) error {
	f, seen := fault.Fields{}, map[string]bool{}
	f.Check(len(r.Rules) <= roleRulesMax, "role_rules", fmt.Sprintf("Use at most %d rules.", roleRulesMax))
	for i, rule := range r.Rules {
		name := fmt.Sprintf("role_rules.%d", i+1)
		f.Check(strings.TrimSpace(rule.Group) != "" && len(rule.Group) <= claimNameMax, name, "Name the group as your directory sends it.")
		f.Check(known(rule.Role), name, "There is no such role. Choose one from the list.")
		f.Check(!seen[strings.ToLower(rule.Group)], name, "This group stands here twice: only its first rule would ever count.")
		seen[strings.ToLower(rule.Group)] = true
	}
	f.Check(r.Default == "" || known(r.Default), "role_default", "There is no such role. Choose one from the list.")
	return f.Err()
}

// For gives the role for who is in these groups, and which rule decided (from 1); 0 is the default. ok is false when they
// get none.
func (r RoleRules) For(groups []string) (role policy.Role, rule int, ok bool) {
	for i, one := range r.Rules {
		if slices.ContainsFunc(groups, func(g string) bool { return strings.EqualFold(g, one.Group) }) {
			return one.Role, i + 1, true
		}
	}
	return r.Default, 0, r.Default != ""
}
