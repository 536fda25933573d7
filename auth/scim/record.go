package scim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/auth/signon"
)

// Lengths of what is looked up by, in characters.
const (
	userNameMax   = 255
	externalIDMax = 500
	emailMax      = 320
)

// write takes a resource into the record.
func (r *Record) write(res Resource) error {
	kept := shallow(res)
	for _, name := range []string{"schemas", "id", "meta", "groups", "password"} {
		delete(kept, name)
	}
	name, _ := kept["userName"].(string)
	external, _ := kept["externalId"].(string)
	switch {
	case utf8.RuneCountInString(name) > userNameMax:
		return ErrInvalidValue.Saying("userName is longer than %d characters.", userNameMax)
	case utf8.RuneCountInString(external) > externalIDMax:
		return ErrInvalidValue.Saying("externalId is longer than %d characters.", externalIDMax)
	}
	r.Emails = nil
	for _, v := range values(kept, Path{Attr: userSchema.attribute("emails"), Sub: userSchema.attribute("emails").sub("value")}) {
		email, _ := v.(string)
		if utf8.RuneCountInString(email) > emailMax {
			return ErrInvalidValue.Saying("An e-mail address is longer than %d characters.", emailMax)
		}
		if email = fold(email); email != "" && !slices.Contains(r.Emails, email) {
			r.Emails = append(r.Emails, email)
		}
	}
	raw, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("keep a resource: %w", err)
	}
	r.UserName, r.Resource, r.ExternalID = fold(name), signon.Raw(raw), nil
	if external != "" {
		r.ExternalID = &external
	}
	r.Active, _ = kept["active"].(bool)
	return nil
}

// differences lists what changed between two resources, by attribute.
func differences(subject string, before, after Resource) []Change {
	var out []Change
	compare := func(prefix string, was, is map[string]any) {
		names := map[string]bool{}
		for name := range was {
			names[name] = true
		}
		for name := range is {
			names[name] = true
		}
		for _, name := range sortedKeys(names) {
			if strings.HasPrefix(name, "urn:") {
				continue
			}
			if b, a := told(was[name]), told(is[name]); b != a {
				out = append(out, Change{subject, prefix + name, b, a})
			}
		}
	}
	compare("", before, after)
	for _, s := range Users.Extensions {
		was, _ := before[s.ID].(map[string]any)
		is, _ := after[s.ID].(map[string]any)
		compare("", was, is)
	}
	return out
}

// told writes a value for people to read.
func told(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(raw)
}
