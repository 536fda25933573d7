package scim

import (
	"encoding/json"
	"strings"
)

// Mode is whose dialect a directory speaks.
type Mode string

const (
	// ModeStandard holds a client to RFC 7643 and RFC 7644.
	ModeStandard Mode = "standard"
	// ModeEntra is what Microsoft Entra ID's provisioning service sends.
	ModeEntra Mode = "entra"
	// ModeOkta is what Okta's SCIM 2.0 applications send.
	ModeOkta Mode = "okta"
)

// Modes lists them as a form shows them.
var Modes = []Mode{ModeEntra, ModeOkta, ModeStandard}

// Known tells whether there is such a mode.
func (m Mode) Known() bool { return m == ModeStandard || m == ModeEntra || m == ModeOkta }

// Quirks is what a mode takes beyond the standard, one switch for each habit, with the reason. testdata/transcripts
// holds a request for each.
type Quirks struct {
	// PassUnknown passes over attributes that nobody here knows, in bodies, paths and filters, with a line in the request
	// log. Entra's default mappings and Okta's profiles hold attributes of their own, and one of them must not keep a
	// whole change, a deactivation perhaps, from being made. Standard: refused, because it is mostly a typing error.
	PassUnknown bool
	// StringBooleans takes "True" and "false" for booleans, in bodies, patches and filters. Entra sends active as
	// "False" unless its tenant URL carries a flag, and asks for roles[primary eq "True"].
	StringBooleans bool
	// AnyCaseOps takes "Add", "Replace" and "Remove". Entra writes them so without the flag.
	AnyCaseOps bool
	// CreateByFilter makes the value that a path's filter describes when there is none: Entra writes a work address with
	// emails[type eq "work"].value whether or not there is one. Standard: noTarget (RFC 7644 §3.5.2.3).
	CreateByFilter bool
	// PlainValues takes a plain text where a complex value stands: Entra sends manager as the manager's id alone, members
	// as a text, a single value where a list belongs, and the roles of assignments as JSON within a text.
	PlainValues bool
	// DottedKeys takes "name.givenName" and "urn:…:User:department" as keys of a patch's value. Entra packs several
	// changes into one operation without a path that way.
	DottedKeys bool
	// RemoveByValue removes only the values that stand in the operation's value: Entra removes members so, with the path
	// "members" alone. Standard: the whole attribute goes (RFC 7644 §3.5.2.2).
	RemoveByValue bool
	// MissPasses lets a removal that matches nothing pass: both send the removal of a member again when the person has
	// left already. Standard: noTarget.
	MissPasses bool
	// MissingSchemas takes bodies without schemas. Entra leaves them out of some messages, Okta out of some PUTs.
	MissingSchemas bool
	// BareWords takes filters whose texts stand without quotation marks: `userName sw O`. Entra's own tests send them.
	BareWords bool
	// PassReadOnly passes over readOnly attributes in a patch's value: Okta repeats the group's id beside its new name.
	// Standard: mutability.
	PassReadOnly bool
	// PassPassword takes a password and forgets it: Okta pushes one when its administrator switched that on, and people
	// sign in through Okta all the same. Standard: refused, so that nobody believes it was set.
	PassPassword bool
	// LooseReferences takes members and managers that are not (yet) here: Entra assigns a manager before it has created
	// them. A member is passed over, a manager is kept as it was written. Standard: invalidValue.
	LooseReferences bool
	// NoContent answers a PATCH with 204. Entra expects that; Okta and the standard's examples expect the resource.
	NoContent bool
	// OldNames takes members' displayName for display, and the address /serviceConfiguration. Entra's tests use both.
	OldNames bool
}

// Quirks gives what the mode takes.
func (m Mode) Quirks() Quirks {
	switch m {
	case ModeEntra:
		return Quirks{
			PassUnknown: true, StringBooleans: true, AnyCaseOps: true, CreateByFilter: true, PlainValues: true, DottedKeys: true,
			RemoveByValue: true, MissPasses: true, MissingSchemas: true, BareWords: true, PassReadOnly: true, PassPassword: true,
			LooseReferences: true, NoContent: true, OldNames: true,
		}
	case ModeOkta:
		return Quirks{
			PassUnknown: true, MissPasses: true, MissingSchemas: true, PassReadOnly: true, PassPassword: true, LooseReferences: true,
		}
	}
	return Quirks{}
}

// boolean reads a truth value, as a text where the mode takes one.
func (q Quirks) boolean(v any) (b, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		if q.StringBooleans && (strings.EqualFold(v, "true") || strings.EqualFold(v, "false")) {
			return strings.EqualFold(v, "true"), true
		}
	}
	return false, false
}

// unpacked gives the object that a text holds as JSON: Entra's AppRoleAssignmentsComplex writes a role as
// {"value":"{\"id\":…,\"value\":\"Admin\",\"displayName\":\"Admin\"}"}.
func unpacked(text string) (value, display string, ok bool) {
	if !strings.HasPrefix(text, "{") {
		return "", "", false
	}
	var in struct{ Value, DisplayName string }
	if json.Unmarshal([]byte(text), &in) != nil || in.Value == "" {
		return "", "", false
	}
	return in.Value, in.DisplayName, true
}
