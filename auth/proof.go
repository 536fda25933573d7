package auth

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"lyceum/internal/uid"
)

// Method is how a session was opened.
type Method string

// The methods.
const (
	MethodPassword Method = "password"
	MethodPasskey  Method = "passkey"
	MethodLink     Method = "link" // an accepted invitation, the owner's hand-over after signing up
	MethodSAML     Method = "saml"
	MethodOIDC     Method = "oidc"
	MethodLDAP     Method = "ldap"
)

// Local tells whether the portal itself proved the person, not an identity provider.
func (m Method) Local() bool { return m != MethodSAML && m != MethodOIDC && m != MethodLDAP }

// Proof is what a session rests on.
type Proof struct {
	Method Method
	// Factors are what was proven, separated by a space, in the words of RFC 8176: pwd, otp, hwk, swk, user, mfa; fed for
	// what an identity provider vouched for.
	Factors    string
	VerifiedAt *time.Time // when the person last proved themselves in this session; nil: when it began
	// ConnectionID is the identity provider's that vouched; nil for a local sign-in. The three after it find the session
	// again at single logout.
	ConnectionID *uid.ID
	IdpSubject   string
	IdpSession   string
	IdpSealed    []byte     // what logout sends back (NameID's format, the id token), sealed by auth/signon
	EndsAt       *time.Time // the provider's own end of the session; nil: it sets none
}

func (s Session) verifiedAt() time.Time {
	if s.VerifiedAt == nil {
		return s.CreatedAt
	}
	return *s.VerifiedAt
}

// Attributes are what a directory or identity provider says of a person beside name and e-mail, by the names in
// AttributeNames. They are kept as one JSON object.
type Attributes map[string]string

// AttributeNames lists the attributes that a mapping may fill, each with what it is called in SCIM (RFC 7643 §4.1, §4.3).
func AttributeNames() []string {
	return []string{
		"given_name", "family_name", "title", "department", "division", "organization", "cost_center", "employee_number", "user_type", "phone", "location", "hire_date",
	}
}

// Value gives the JSON object as text (a []byte fails as jsonb in pgx's exec mode); no attributes are null.
func (a Attributes) Value() (driver.Value, error) {
	if len(a) == 0 {
		return nil, nil //nolint:nilnil // null is the value
	}
	raw, err := json.Marshal(map[string]string(a))
	return string(raw), err
}

// Scan reads the JSON object.
func (a *Attributes) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*a = nil
		return nil
	case string:
		return json.Unmarshal([]byte(v), (*map[string]string)(a))
	case []byte:
		return json.Unmarshal(v, (*map[string]string)(a))
	}
	return fmt.Errorf("attributes: cannot read %T", src)
}

// GormDataType names the column's type.
func (Attributes) GormDataType() string { return "jsonb" }

// multi tells whether more than one factor was proven (RFC 8176 "mfa"), by us or as an identity provider says.
func (p Proof) multi() bool { return slices.Contains(strings.Fields(p.Factors), "mfa") }

// joined adds words to a list of words, each once.
func joined(words string, more ...string) string {
	list := strings.Fields(words)
	for _, word := range strings.Fields(strings.Join(more, " ")) {
		if !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	return strings.Join(list, " ")
}
