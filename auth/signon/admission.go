package signon

import (
	"fmt"
	"strings"

	"lyceum/internal/fault"
)

// Admission says whom a connection lets in beside what its protocol demands: how an assertion finds its person, and when
// one is made. It is kept beside the settings as one JSON object; the zero value lets in only those who are known.
type Admission struct {
	// AllowJIT makes an account for who has none (just in time), when their e-mail's domain is verified for this portal.
	AllowJIT bool `json:"allow_jit"`
	// AllowUnverifiedDomains makes accounts, and takes over changed e-mails, at domains that the organization has not
	// proven too. It never links to an account that is here already.
	AllowUnverifiedDomains bool `json:"allow_unverified_domains,omitempty"`
	// ExternalIDClaim names the claim that a directory tied to this connection knows as externalId; empty: the subject is
	// compared alone.
	ExternalIDClaim string `json:"external_id_claim,omitempty"`
	// SubjectIsUserName compares the subject, and the external id, with the directory's userName too (in any case).
	SubjectIsUserName bool `json:"subject_is_user_name,omitempty"`
	// SingleLogout signs people out at the identity provider too when they sign out here, where it takes part in that. Its
	// own logout messages are obeyed either way.
	SingleLogout bool `json:"single_logout"`
	// OwnEntity gives a SAML connection an entity id of its own (Addresses.OwnMetadata), where one identity provider serves
	// two connections of a portal and takes each entity once.
	OwnEntity bool `json:"own_entity,omitempty"`
}

// NewAdmission gives what a new connection begins with: accounts just in time at verified domains, single logout on.
func NewAdmission() Admission { return Admission{AllowJIT: true, SingleLogout: true} }

// Validate gathers every fault by the JSON name of its field.
func (a Admission) Validate() error {
	f := fault.Fields{}
	f.Check(len(a.ExternalIDClaim) <= externalIDClaimMax && !strings.ContainsAny(a.ExternalIDClaim, "{}\x00"), "external_id_claim",
		fmt.Sprintf("Write the name of one claim, at most %d characters.", externalIDClaimMax))
	f.Check(!a.AllowUnverifiedDomains || a.AllowJIT, "allow_unverified_domains", "This widens accounts just in time: switch those on first.")
	return f.Err()
}

const externalIDClaimMax = 300 // as a mapping's
