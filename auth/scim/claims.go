package scim

import (
	"slices"

	"lyceum/auth"
)

// DefaultMapping says which attributes of a SCIM User become which fields of a person. A directory's own mapping is laid
// over it.
func DefaultMapping() auth.Mapping {
	from := func(field string, sources ...string) auth.FieldRule {
		return auth.FieldRule{Field: field, From: sources}
	}
	return auth.Mapping{
		from(auth.FieldEmail, "emails", "userName"),
		from(auth.FieldName, "displayName", "name.formatted", "{name.givenName} {name.familyName}", "name.familyName", "userName"),
		from(auth.FieldLocale, "preferredLanguage", "locale"),
		from(auth.FieldTimeZone, "timezone"),
		from("given_name", "name.givenName"),
		from("family_name", "name.familyName"),
		from("title", "title"),
		from("department", "department"),
		from("division", "division"),
		from("organization", "organization"),
		from("cost_center", "costCenter"),
		from("employee_number", "employeeNumber"),
		from("user_type", "userType"),
		from("phone", "phoneNumbers"),
		from("location", `addresses[type eq "work"].locality`, "addresses.locality"),
	}
}

// claims flattens a User for a mapping: "userName", "name.givenName"; of several values "emails" (the primary one first,
// then that of work) and `emails[type eq "work"].value`; those of an extension with and without its URN.
func claims(r Resource) map[string][]string {
	out := map[string][]string{}
	for name, v := range r {
		if ext, ok := v.(map[string]any); ok && userSchema.attribute(name) == nil {
			for sub, one := range ext {
				flatten(out, sub, one)
				flatten(out, name+":"+sub, one)
			}
			continue
		}
		flatten(out, name, v)
	}
	return out
}

func flatten(out map[string][]string, name string, v any) {
	switch v := v.(type) {
	case string:
		out[name] = append(out[name], v)
	case bool:
		out[name] = append(out[name], map[bool]string{true: "true", false: "false"}[v])
	case map[string]any:
		for _, sub := range sortedKeys(v) {
			flatten(out, name+"."+sub, v[sub])
		}
	case []any:
		sorted := slices.Clone(v)
		slices.SortStableFunc(sorted, func(a, b any) int { return rank(a) - rank(b) })
		for _, one := range sorted {
			m, ok := one.(map[string]any)
			if !ok {
				continue
			}
			if value, ok := m["value"].(string); ok {
				out[name] = append(out[name], value)
			}
			kind, _ := m["type"].(string)
			for _, sub := range sortedKeys(m) {
				flatten(out, name+"."+sub, m[sub])
				if kind != "" {
					flatten(out, name+`[type eq "`+kind+`"].`+sub, m[sub])
				}
			}
		}
	}
}

// rank sorts the primary value before that of work before the rest.
func rank(v any) int {
	m, _ := v.(map[string]any)
	switch {
	case m["primary"] == true:
		return 0
	case m["type"] == "work":
		return 1
	}
	return 2
}

// mapped is what a directory's mapping makes of a User.
func (d Directory) mapped(r Resource) auth.Mapped {
	mapping := d.Mapping.V.Over(DefaultMapping())
	out := mapping.Apply(claims(r))
	for _, rule := range mapping {
		if slices.Contains(auth.AttributeNames(), rule.Field) {
			if _, said := out.Profile.Attributes[rule.Field]; !said {
				out.Profile.Attributes[rule.Field] = "" // the directory says that there is none
			}
		}
	}
	return out
}

// addresses gives the e-mail addresses by which a person may be known here, the best first.
func addresses(mapped auth.Mapped, r Resource) []string {
	all := append([]string{mapped.Profile.Email}, claims(r)["emails"]...)
	if name, ok := r["userName"].(string); ok {
		all = append(all, name)
	}
	var out []string
	for _, one := range all {
		if email, ok := auth.NormaliseEmail(one); ok && !slices.Contains(out, email) {
			out = append(out, email)
		}
	}
	return out
}
