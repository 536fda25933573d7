package signon

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/oidc"
	"lyceum/auth/saml"
	"lyceum/internal/fault"
)

// SAML reads the settings of a SAML connection.
func (c Connection) SAML() (st saml.Settings, err error) { return st, c.read(auth.ProtocolSAML, &st) }

// OIDC reads the settings of an OpenID Connect connection.
func (c Connection) OIDC() (st oidc.Settings, err error) { return st, c.read(auth.ProtocolOIDC, &st) }

// LDAP reads the settings of a directory that checks passwords.
func (c Connection) LDAP() (st ldap.Settings, err error) { return st, c.read(auth.ProtocolLDAP, &st) }

func (c Connection) read(kind auth.Protocol, into any) error {
	if c.Kind != kind {
		return ErrOtherKind.Because(fmt.Errorf("connection %s is %s, not %s", c.ID, c.Kind, kind))
	}
	if len(c.Settings) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.Settings, into); err != nil {
		return fmt.Errorf("settings of connection %s: %w", c.ID, err)
	}
	return nil
}

// HasSecret tells whether a secret is kept.
func (c Connection) HasSecret() bool { return len(c.Secrets) > 0 }

// Complete is nil when the connection has all it needs to work; else a fault that names every field in need of attention,
// the secret as `secret`.
func (c Connection) Complete() error {
	f := fault.Fields{}
	gather := func(err error) error {
		var broken *fault.Fault
		switch {
		case errors.As(err, &broken):
			for field, text := range broken.Fields {
				f.Add(field, text)
			}
			return nil
		}
		return err
	}
	var err error
	switch c.Kind {
	case auth.ProtocolSAML:
		var st saml.Settings
		if st, err = c.SAML(); err == nil {
			err = gather(st.Validate())
		}
	case auth.ProtocolOIDC:
		var st oidc.Settings
		if st, err = c.OIDC(); err == nil {
			err = gather(st.Validate())
			f.Check(c.HasSecret() || st.AuthMethod == oidc.AuthNone, "secret", "Paste the client secret that your identity provider shows once.")
		}
	case auth.ProtocolLDAP:
		var st ldap.Settings
		if st, err = c.LDAP(); err == nil {
			err = gather(st.Validate())
			f.Check(c.HasSecret(), "secret", "Give the password of the service account.")
		}
	}
	if err != nil {
		return err
	}
	if len(f) == 0 {
		return nil
	}
	incomplete := *ErrIncomplete
	incomplete.Fields = f
	return &incomplete
}

// sameRecipient tells whether a secret that was kept for one state of a connection goes to the same party, for the same
// account there, in the other: see ldap.Settings.SameAccount and oidc.Settings.SameClient.
func sameRecipient(was, is Connection) (bool, error) {
	switch was.Kind {
	case auth.ProtocolOIDC:
		a, err := was.OIDC()
		if err != nil {
			return false, err
		}
		b, err := is.OIDC()
		return a.SameClient(b), err
	case auth.ProtocolLDAP:
		a, err := was.LDAP()
		if err != nil {
			return false, err
		}
		b, err := is.LDAP()
		return a.SameAccount(b), err
	}
	return true, nil
}

// tidy reads settings that were typed: unknown names and wrong types are a fault, and so is what is there and wrong; what
// is still missing is not.
func tidy(kind auth.Protocol, raw Raw) (Raw, error) {
	var st any
	switch kind {
	case auth.ProtocolSAML:
		st = &saml.Settings{}
	case auth.ProtocolOIDC:
		st = &oidc.Settings{}
	case auth.ProtocolLDAP:
		st = &ldap.Settings{}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(st); err != nil {
		return nil, ErrSettingsUnreadable.Because(err)
	}
	if err := wrongOnly(st); err != nil {
		return nil, err
	}
	out, err := json.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("write settings: %w", err)
	}
	if len(out) > settingsMax {
		return nil, ErrSettingsUnreadable.Saying("The settings are longer than %d KiB.", settingsMax>>10)
	}
	return out, nil
}

const settingsMax = 256 << 10

// wrongOnly gives what Validate says of settings but for fields that are empty: they are still to come.
func wrongOnly(st any) error {
	checked, ok := st.(interface{ Validate() error })
	if !ok {
		return nil
	}
	var broken *fault.Fault
	if err := checked.Validate(); !errors.As(err, &broken) {
		return err
	}
	raw, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	var have map[string]json.RawMessage
	if err := json.Unmarshal(raw, &have); err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	f := fault.Fields{}
	for field, text := range broken.Fields {
		f.Check(slices.Contains([]string{"", `""`, "null", "[]", "0", "false"}, string(have[field])), field, text)
	}
	return f.Err()
}

// differences names the fields in which two states of a connection differ; those of settings by their JSON names, with
// the protocol in front.
func differences(was, is Connection) (fields []string) {
	note := func(name string, a, b any) {
		x, errX := json.Marshal(a)
		y, errY := json.Marshal(b)
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			fields = append(fields, name)
		}
	}
	note("name", was.Name, is.Name)
	note("product", was.Product, is.Product)
	var a, b map[string]json.RawMessage
	if errA, errB := json.Unmarshal(orEmpty(was.Settings), &a), json.Unmarshal(orEmpty(is.Settings), &b); errA != nil || errB != nil {
		fields = append(fields, "settings")
	}
	names := slices.Collect(maps.Keys(a))
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if !sameJSON(a[name], b[name]) {
			fields = append(fields, string(is.Kind)+"."+name)
		}
	}
	note("mapping", was.Mapping.V, is.Mapping.V)
	note("role_rules", was.RoleRules.V, is.RoleRules.V)
	note("admission", was.Admission.V, is.Admission.V)
	return fields
}

func orEmpty(r Raw) []byte {
	if len(r) == 0 {
		return []byte("{}")
	}
	return r
}

// sameJSON compares values whatever their spelling; one that is not there is the same as an empty one.
func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	if len(a) > 0 && json.Unmarshal(a, &x) != nil || len(b) > 0 && json.Unmarshal(b, &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y) || blank(x) && blank(y)
}

func blank(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// Failures of settings.
var (
	ErrOtherKind  = fault.New(fault.KindConflict, "connection_other_kind", "A connection of this kind has no such part.")
	ErrIncomplete = fault.New(fault.KindInvalid, "connection_incomplete", "The connection is not complete yet. Fill in what is named here, then switch it on.")
	// ErrSecretAgain is a change, or a try, that would send a kept secret to another party than it was given for.
	ErrSecretAgain        = fault.New(fault.KindInvalid, "connection_secret_again", "The secret that is kept was given for another server or account. Type it again.").With("secret", "Type it again: the one that is kept was given for another server or account, and goes nowhere else.")
	ErrSettingsUnreadable = fault.New(fault.KindInvalid, "settings_unreadable", "These settings cannot be read. Send those of the connection's kind, by the names in the documentation.")
)
