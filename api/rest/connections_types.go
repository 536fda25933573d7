package rest

import (
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// connection is an identity provider, or a directory that checks passwords.
type connection struct {
	ID        uid.ID              `json:"id"`
	Kind      auth.Protocol       `json:"kind" enum:"saml,oidc,ldap"`
	Product   signon.Product      `json:"product" doc:"Whose guide is followed: entra, okta, google, keycloak, active_directory, openldap or other."`
	Name      string              `json:"name" doc:"On the button that leads there."`
	Status    signon.Status       `json:"status" enum:"off,dry_run,on"`
	Position  int                 `json:"position" doc:"Order of the buttons, from 0."`
	Settings  map[string]any      `json:"settings" doc:"Those of the kind. No secret is in them."`
	HasSecret bool                `json:"has_secret" doc:"A client secret or bind password is kept. It is never shown."`
	Mapping   []mappingRule       `json:"mapping"`
	RoleRules roleRules           `json:"role_rules"`
	Admission connectionAdmission `json:"admission"`
	Revision  int                 `json:"revision" doc:"Counts the changes. A change names the revision it was made on, here or as If-Match."`
	CheckedAt *time.Time          `json:"checked_at,omitempty" doc:"When metadata or discovery was last fetched."`
	Problem   string              `json:"problem,omitempty" doc:"Why the last fetch failed."`
	Health    health              `json:"health"`
	CreatedAt time.Time           `json:"created_at"`
	UpdatedAt time.Time           `json:"updated_at"`
}

// mappingRule says which claims fill a field.
type mappingRule struct {
	Field string   `json:"field" example:"email"`
	From  []string `json:"from" example:"email, mail" doc:"Claims in order: the first that holds something counts. A text with claims in braces joins them: {given_name} {family_name}."`
}

// roleRules give roles by group.
type roleRules struct {
	Rules   []roleRule  `json:"rules" doc:"From the top: the first whose group a person is in decides."`
	Default policy.Role `json:"default,omitempty" doc:"For who is in none. Left out, they get no role."`
}

// connectionAdmission says who gets an account.
type connectionAdmission struct {
	AllowJIT               bool   `json:"allow_jit" doc:"Make an account at the first sign-in, at proven e-mail domains."`
	AllowUnverifiedDomains bool   `json:"allow_unverified_domains" doc:"At other domains too."`
	ExternalIDClaim        string `json:"external_id_claim,omitempty" doc:"The claim that a directory tied to this connection knows as externalId."`
	SubjectIsUserName      bool   `json:"subject_is_user_name" doc:"Compare the subject with the directory's userName too."`
	SingleLogout           bool   `json:"single_logout" doc:"Sign out at the identity provider too."`
	OwnEntity              bool   `json:"own_entity" doc:"SAML: an entity id of its own."`
}

// health is how a connection does.
type health struct {
	LastAdmitted *time.Time `json:"last_admitted,omitempty"`
	LastRefused  *time.Time `json:"last_refused,omitempty"`
	LastDryRun   *time.Time `json:"last_dry_run,omitempty"`
	EndsAt       *time.Time `json:"ends_at,omitempty" doc:"When the last of the certificates ends that it rests on."`
	Incomplete   bool       `json:"incomplete" doc:"The settings are not complete: it cannot be switched on."`
}

// connectionWish is a connection to be made.
type connectionWish struct {
	Kind     auth.Protocol  `json:"kind" enum:"saml,oidc,ldap"`
	Product  signon.Product `json:"product,omitempty" example:"entra" doc:"Its preset fills in what is left out."`
	Name     string         `json:"name" example:"Acme account"`
	Settings map[string]any `json:"settings,omitempty" doc:"Those of the kind; they may be completed later."`
	Secret   string         `json:"secret,omitempty" doc:"A client secret, a client's private key in PEM, or a bind password."`
	Mapping  []mappingRule  `json:"mapping,omitempty"`
}

// connectionChange is what to change; what is left out stays.
type connectionChange struct {
	Name      *string              `json:"name,omitempty"`
	Product   *signon.Product      `json:"product,omitempty"`
	Settings  map[string]any       `json:"settings,omitempty" doc:"All of them: what is left out of them becomes empty."`
	Secret    *string              `json:"secret,omitempty" doc:"Replaces the one that is kept; an empty one removes it."`
	Mapping   []mappingRule        `json:"mapping,omitempty"`
	RoleRules *roleRules           `json:"role_rules,omitempty" doc:"You can give only roles that may no more than you, and never owner."`
	Admission *connectionAdmission `json:"admission,omitempty"`
	Position  *int                 `json:"position,omitempty" doc:"Moves it in the order of the buttons. This is no change of its revision."`
	Revision  *int                 `json:"revision,omitempty"`
}

type connectionStatus struct {
	Status   signon.Status `json:"status" enum:"off,dry_run,on"`
	Revision *int          `json:"revision,omitempty"`
}

// switchedConnection is what switching a connection came to.
type switchedConnection struct {
	Connection connection `json:"connection"`
	Unproven   bool       `json:"unproven" doc:"It is on, and nobody has signed in or tried successfully over it yet."`
	SignedOut  int        `json:"signed_out" doc:"Switched off: how many people it had signed in, who are signed out now."`
}

// signOnAttempt is an answer of an identity provider and what came of it.
type signOnAttempt struct {
	ID       uid.ID              `json:"id"`
	Number   string              `json:"number" doc:"Its short name, which people read out to their IT team."`
	Outcome  signon.Outcome      `json:"outcome" enum:"admitted,refused,dry_run"`
	Reason   string              `json:"reason,omitempty" doc:"The check that refused."`
	PersonID *uid.ID             `json:"person_id,omitempty"`
	Subject  string              `json:"subject,omitempty"`
	IP       string              `json:"ip,omitempty"`
	Checks   []check             `json:"checks"`
	Claims   map[string][]string `json:"claims" doc:"As they came, redacted."`
	Groups   []string            `json:"groups"`
	Role     policy.Role         `json:"role,omitempty" doc:"That the role rules give."`
	Effect   string              `json:"effect,omitempty" doc:"signed_in, linked, created or confirmation_needed; of a dry run, what would have been."`
	At       time.Time           `json:"at"`
}

// check is one thing that was looked at.
type check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

// mappingTrial is a mapping with role rules to try; what is left out is the connection's.
type mappingTrial struct {
	Mapping   []mappingRule       `json:"mapping,omitempty"`
	RoleRules *roleRules          `json:"role_rules,omitempty"`
	Claims    map[string][]string `json:"claims,omitempty" doc:"Left out, those of the last real answer."`
}

// mappingPreview is what they make of the claims, and what the rules would do to those who are linked.
type mappingPreview struct {
	Fields []mappedField `json:"fields"`
	Unused []string      `json:"unused" doc:"Claims that no rule looks at."`
	Role   policy.Role   `json:"role,omitempty"`
	Rule   int           `json:"rule,omitempty" doc:"Which rule decided, from 1. Left out, the default did, or none."`
	Effect ruleEffect    `json:"effect"`
}

// mappedField is what a mapping makes of one field.
type mappedField struct {
	Field string `json:"field"`
	From  string `json:"from,omitempty" doc:"The entry that filled it."`
	Value string `json:"value,omitempty"`
	Why   string `json:"why,omitempty" doc:"Why what was found was left out."`
}

// ruleEffect counts the people whom role rules would change at their next sign-in.
type ruleEffect struct {
	People  int `json:"people" doc:"Linked to the connection."`
	Unknown int `json:"unknown" doc:"Of whose groups nothing is known here."`
	Gain    int `json:"gain"`
	Lose    int `json:"lose"`
}

// finding is what a date means for one thing that ends.
type finding struct {
	Verdict signon.Prospect `json:"verdict" enum:"works,watch,breaks"`
	Code    string          `json:"code" example:"idp_no_successor"`
	Name    string          `json:"name,omitempty"`
	Until   *time.Time      `json:"until,omitempty"`
	Signed  bool            `json:"signed" doc:"It signed the last real answer."`
}

type metadataWish struct {
	URL      string `json:"url,omitempty" doc:"Fetched at once, and from then on by itself."`
	Metadata string `json:"metadata,omitempty" doc:"The XML itself, where there is no address."`
	EntityID string `json:"entity_id,omitempty" doc:"Which identity provider is meant, where the metadata names several."`
	DryRun   bool   `json:"dry_run,omitempty" doc:"Say what would change, and change nothing."`
	Revision *int   `json:"revision,omitempty"`
}

// metadataTaken is what metadata changed, or would.
type metadataTaken struct {
	Connection connection       `json:"connection"`
	Changes    []metadataChange `json:"changes"`
}

// metadataChange is one difference.
type metadataChange struct {
	Kind  saml.ChangeKind `json:"kind"`
	Field string          `json:"field"`
	From  string          `json:"from,omitempty"`
	To    string          `json:"to,omitempty"`
}

type (
	connectionIn struct {
		ID uid.ID `path:"connection" doc:"The connection's id."`
	}
	connectionOut struct {
		ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
		Body connection
	}
	createdConnectionOut struct {
		Location string `header:"Location"`
		ETag     string `header:"ETag"`
		Body     connection
	}
	connectionWishIn   struct{ Body connectionWish }
	connectionChangeIn struct {
		AtRevision
		ID   uid.ID `path:"connection" doc:"The connection's id."`
		Body connectionChange
	}
	connectionStatusIn struct {
		AtRevision
		ID   uid.ID `path:"connection" doc:"The connection's id."`
		Body connectionStatus
	}
	switchedConnectionOut struct{ Body switchedConnection }
	deleteConnectionIn    struct {
		ID   uid.ID `path:"connection" doc:"The connection's id."`
		Name string `query:"name" required:"true" doc:"The connection's name as it stands, so that none is deleted by mistake."`
	}
	attemptsIn struct {
		ID      uid.ID         `path:"connection" doc:"The connection's id."`
		Outcome signon.Outcome `query:"outcome" enum:"admitted,refused,dry_run" doc:"Only attempts that ended so."`
	}
	mappingTrialIn struct {
		ID   uid.ID `path:"connection" doc:"The connection's id."`
		Body mappingTrial
	}
	mappingPreviewOut struct{ Body mappingPreview }
	outlookIn         struct {
		ID uid.ID    `path:"connection" doc:"The connection's id."`
		At time.Time `query:"at" required:"true" doc:"The moment to look at."`
	}
	metadataIn struct {
		AtRevision
		ID   uid.ID `path:"connection" doc:"The connection's id."`
		Body metadataWish
	}
	metadataTakenOut struct{ Body metadataTaken }
)
