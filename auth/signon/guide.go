package signon

import (
	"lyceum/auth"
)

// Product is the make of an identity provider or directory: whose guide is shown and whose claims are expected.
type Product string

// The products with a guide of their own.
const (
	ProductEntra    Product = "entra"            // Microsoft Entra ID
	ProductOkta     Product = "okta"             // Okta
	ProductGoogle   Product = "google"           // Google Workspace
	ProductKeycloak Product = "keycloak"         // Keycloak
	ProductAD       Product = "active_directory" // Microsoft Active Directory
	ProductOpenLDAP Product = "openldap"         // OpenLDAP
	ProductOther    Product = "other"            // any other, by the standard
)

// Label is the name that a connection to the product has where none was typed.
func (p Product) Label() string {
	switch p {
	case ProductEntra:
		return "Microsoft"
	case ProductOkta:
		return "Okta"
	case ProductGoogle:
		return "Google"
	case ProductKeycloak:
		return "Keycloak"
	case ProductAD:
		return "Active Directory"
	}
	return "Company account"
}

// Value is something of ours that is pasted at the identity provider.
type Value string

// The values. Addresses gives them.
const (
	ValueEntityID     Value = "entity_id"
	ValueACS          Value = "acs"
	ValueSLO          Value = "slo"
	ValueMetadata     Value = "metadata"
	ValueStart        Value = "start"
	ValueRedirect     Value = "redirect"
	ValueSignedOut    Value = "signed_out"
	ValueBackChannel  Value = "back_channel"
	ValueFrontChannel Value = "front_channel"
)

// Paste says into which field of the product a value goes. Field is a key of the product's own words.
type Paste struct {
	Field string
	Value Value
}

// Claim says what is to be sent under a name, and what the product calls its source.
type Claim struct{ Name, Source string }

// Step is one thing to do at the product. Its words are the messages guide.<kind>.<product>.<Key>.
type Step struct {
	Key    string
	Pastes []Paste
	Claims []Claim
}

// Guide is how one product is set up for one protocol, and what a connection to it begins with.
type Guide struct {
	Kind     auth.Protocol
	Product  Product
	Steps    []Step
	Needs    string // what comes back from the product: metadata_url, metadata_file, issuer, directory
	Settings Raw    // what a new connection begins with
	Mapping  auth.Mapping
}

// Guides lists all, those of a kind together, ProductOther last.
func Guides() []Guide {
	return []Guide{
		samlEntra(), samlOkta(), samlGoogle(), samlKeycloak(), samlOther(),
		oidcEntra(), oidcOkta(), oidcGoogle(), oidcKeycloak(), oidcOther(),
		ldapAD(), ldapOpenLDAP(), ldapOther(),
	}
}

// GuideFor gives the guide of a product for a protocol.
func GuideFor(kind auth.Protocol, p Product) (Guide, bool) {
	if p == "" {
		p = ProductOther
	}
	for _, g := range Guides() {
		if g.Kind == kind && g.Product == p {
			return g, true
		}
	}
	return Guide{}, false
}

// ProductsOf lists the products that have a guide for a protocol.
func ProductsOf(kind auth.Protocol) (list []Product) {
	for _, g := range Guides() {
		if g.Kind == kind {
			list = append(list, g.Product)
		}
	}
	return list
}

func rule(field string, from ...string) auth.FieldRule {
	return auth.FieldRule{Field: field, From: from}
}

// Names of claims that products send.
const (
	wsClaims   = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	msIdentity = "http://schemas.microsoft.com/identity/claims/"
	msGroups   = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
	oidMail    = "urn:oid:0.9.2342.19200300.100.1.3"
	oidX500    = "urn:oid:1.2.840.113549.1.9.1"
	oidGiven   = "urn:oid:2.5.4.42"
	oidSurname = "urn:oid:2.5.4.4"
	oidDisplay = "urn:oid:2.16.840.1.113730.3.1.241"
	oidMember  = "urn:oid:1.3.6.1.4.1.5923.1.5.1.1" // isMemberOf
)

const strictSAML = `"sign_requests":true,"request_binding":"redirect"`

func samlEntra() Guide {
	return Guide{
		Kind: auth.ProtocolSAML, Product: ProductEntra, Needs: "metadata_url",
		// Entra's name ID is the user principal name, which is given anew when people marry; the object id is for ever.
		Settings: Raw(`{` + strictSAML + `,"subject_attribute":"` + msIdentity + `objectidentifier"}`),
		Steps: []Step{
			{Key: "app"},
			{Key: "basic", Pastes: []Paste{{"entra.identifier", ValueEntityID}, {"entra.reply_url", ValueACS}, {"entra.sign_on_url", ValueStart}, {"entra.logout_url", ValueSLO}}},
			{Key: "claims", Claims: []Claim{{"department", "user.department"}, {"jobtitle", "user.jobtitle"}, {"employeeid", "user.employeeid"}}},
			{Key: "metadata"}, {Key: "assign"},
		},
		Mapping: auth.Mapping{
			rule(auth.FieldEmail, wsClaims+"emailaddress", wsClaims+"name"),
			rule(auth.FieldName, msIdentity+"displayname", "{"+wsClaims+"givenname} {"+wsClaims+"surname}"),
			rule("given_name", wsClaims+"givenname"), rule("family_name", wsClaims+"surname"),
			rule("department", "department", "http://schemas.microsoft.com/ws/2008/06/identity/claims/department"),
			rule("title", "jobtitle"), rule("employee_number", "employeeid"),
			rule(auth.FieldGroups, msGroups, "groups"),
		},
	}
}

func samlOkta() Guide {
	return Guide{
		Kind: auth.ProtocolSAML, Product: ProductOkta, Needs: "metadata_url",
		Settings: Raw(`{` + strictSAML + `,"subject_attribute":"userId"}`),
		Steps: []Step{
			{Key: "app"},
			{Key: "saml", Pastes: []Paste{{"okta.sso_url", ValueACS}, {"okta.audience", ValueEntityID}}},
			{Key: "attributes", Claims: []Claim{
				{"userId", `user.getInternalProperty("id")`}, {"email", "user.email"}, {"firstName", "user.firstName"}, {"lastName", "user.lastName"},
				{"displayName", "user.displayName"}, {"department", "user.department"}, {"title", "user.title"}, {"employeeNumber", "user.employeeNumber"},
			}},
			{Key: "groups"}, {Key: "metadata"}, {Key: "assign"},
		},
		Mapping: auth.Mapping{
			rule(auth.FieldEmail, "email"), rule(auth.FieldName, "displayName", "{firstName} {lastName}"),
			rule("given_name", "firstName"), rule("family_name", "lastName"), rule("department", "department"), rule("title", "title"),
			rule("employee_number", "employeeNumber"), rule(auth.FieldGroups, "groups"),
		},
	}
}

func samlGoogle() Guide {
	return Guide{
		Kind: auth.ProtocolSAML, Product: ProductGoogle, Needs: "metadata_file",
		// Google signs no logout and reads no signed request, but minds none either.
		Settings: Raw(`{` + strictSAML + `}`),
		Steps: []Step{
			{Key: "app"}, {Key: "metadata"},
			{Key: "provider", Pastes: []Paste{{"google.acs", ValueACS}, {"google.entity_id", ValueEntityID}, {"google.start", ValueStart}}},
			{Key: "attributes", Claims: []Claim{
				{"email", "Basic Information > Primary email"}, {"firstName", "Basic Information > First name"}, {"lastName", "Basic Information > Last name"},
				{"department", "Employee Details > Department"}, {"title", "Employee Details > Title"}, {"employeeNumber", "Employee Details > Employee ID"},
			}},
			{Key: "groups"}, {Key: "access"},
		},
		Mapping: auth.Mapping{
			rule(auth.FieldEmail, "email"), rule(auth.FieldName, "{firstName} {lastName}"), rule("given_name", "firstName"), rule("family_name", "lastName"),
			rule("department", "department"), rule("title", "title"), rule("employee_number", "employeeNumber"), rule(auth.FieldGroups, "groups"),
		},
	}
}

func samlKeycloak() Guide {
	return Guide{
		Kind: auth.ProtocolSAML, Product: ProductKeycloak, Needs: "metadata_url",
		Settings: Raw(`{` + strictSAML + `,"name_id_format":"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"}`),
		Steps: []Step{
			{Key: "import", Pastes: []Paste{{"keycloak.metadata", ValueMetadata}, {"keycloak.client_id", ValueEntityID}, {"keycloak.redirect", ValueACS}}},
			{Key: "client"},
			{Key: "mappers", Claims: []Claim{{"email", "X500 email"}, {"givenName", "X500 givenName"}, {"surname", "X500 surname"}, {"groups", "Group list"}}},
			{Key: "metadata"},
		},
		Mapping: auth.Mapping{
			rule(auth.FieldEmail, oidX500, oidMail, "email"), rule(auth.FieldName, "{"+oidGiven+"} {"+oidSurname+"}", "{givenName} {surname}"),
			rule("given_name", oidGiven, "givenName", "firstName"), rule("family_name", oidSurname, "surname", "lastName"), rule(auth.FieldGroups, "groups", "member"),
		},
	}
}

func samlOther() Guide {
	return Guide{
		Kind: auth.ProtocolSAML, Product: ProductOther, Needs: "metadata_url",
		Settings: Raw(`{` + strictSAML + `}`),
		Steps: []Step{
			{Key: "app", Pastes: []Paste{{"saml.metadata", ValueMetadata}, {"saml.entity_id", ValueEntityID}, {"saml.acs", ValueACS}, {"saml.slo", ValueSLO}, {"saml.start", ValueStart}}},
			{Key: "subject"},
			{Key: "attributes", Claims: []Claim{{"email", ""}, {"firstName", ""}, {"lastName", ""}, {"groups", ""}}},
			{Key: "metadata"},
		},
		Mapping: auth.Mapping{
			rule(auth.FieldEmail, "email", "mail", oidMail, oidX500, wsClaims+"emailaddress"),
			rule(auth.FieldName, "displayName", oidDisplay, "name", "{firstName} {lastName}", "{givenName} {sn}", "{"+oidGiven+"} {"+oidSurname+"}"),
			rule("given_name", "firstName", "givenName", oidGiven, wsClaims+"givenname"), rule("family_name", "lastName", "sn", "surname", oidSurname, wsClaims+"surname"),
			rule(auth.FieldGroups, "groups", "memberOf", oidMember, msGroups),
		},
	}
}

// standardClaims are those of OpenID Connect Core 1.0 §5.1.
func standardClaims(more ...auth.FieldRule) auth.Mapping {
	return append(auth.Mapping{
		rule(auth.FieldEmail, "email"), rule(auth.FieldName, "name", "{given_name} {family_name}"), rule("given_name", "given_name"),
		rule("family_name", "family_name"), rule(auth.FieldLocale, "locale"), rule(auth.FieldTimeZone, "zoneinfo"),
	}, more...)
}

func oidcEntra() Guide {
	return Guide{
		Kind: auth.ProtocolOIDC, Product: ProductEntra, Needs: "issuer",
		// sub differs from one application to the next; oid and tid name the person in all of them.
		Settings: Raw(`{"issuer":"","client_id":"","subject_claim":"oid+tid"}`),
		Steps: []Step{
			{Key: "app", Pastes: []Paste{{"entra.redirect_uri", ValueRedirect}}},
			{Key: "ids"}, {Key: "secret"}, {Key: "claims"}, {Key: "groups"},
			{Key: "logout", Pastes: []Paste{{"entra.front_channel", ValueFrontChannel}}}, {Key: "assign"},
		},
		Mapping: auth.Mapping{
			rule(auth.FieldEmail, "email", "preferred_username", "upn"), rule(auth.FieldName, "name", "{given_name} {family_name}"),
			rule("given_name", "given_name"), rule("family_name", "family_name"), rule(auth.FieldGroups, "groups", "roles"),
		},
	}
}

func oidcOkta() Guide {
	return Guide{
		Kind: auth.ProtocolOIDC, Product: ProductOkta, Needs: "issuer",
		// Okta's ID token of the code flow is thin; name and e-mail come from UserInfo.
		Settings: Raw(`{"issuer":"","client_id":"","scopes":["openid","email","profile","groups"],"use_user_info":true}`),
		Steps: []Step{
			{Key: "app"},
			{Key: "uris", Pastes: []Paste{{"okta.redirect", ValueRedirect}, {"okta.signed_out", ValueSignedOut}}},
			{Key: "ids"}, {Key: "groups"}, {Key: "assign"},
		},
		Mapping: standardClaims(rule(auth.FieldGroups, "groups")),
	}
}

func oidcGoogle() Guide {
	return Guide{
		Kind: auth.ProtocolOIDC, Product: ProductGoogle, Needs: "issuer",
		Settings: Raw(`{"issuer":"https://accounts.google.com","client_id":"","require_verified_email":true}`),
		Steps: []Step{
			{Key: "consent"},
			{Key: "client", Pastes: []Paste{{"google.redirect", ValueRedirect}}},
			{Key: "ids"}, {Key: "domain"},
		},
		Mapping: standardClaims(),
	}
}

func oidcKeycloak() Guide {
	return Guide{
		Kind: auth.ProtocolOIDC, Product: ProductKeycloak, Needs: "issuer",
		Settings: Raw(`{"issuer":"","client_id":""}`),
		Steps: []Step{
			{Key: "client"},
			{Key: "uris", Pastes: []Paste{{"keycloak.redirect", ValueRedirect}, {"keycloak.signed_out", ValueSignedOut}, {"keycloak.back_channel", ValueBackChannel}}},
			{Key: "ids"}, {Key: "groups"},
		},
		Mapping: standardClaims(rule(auth.FieldGroups, "groups")),
	}
}

func oidcOther() Guide {
	return Guide{
		Kind: auth.ProtocolOIDC, Product: ProductOther, Needs: "issuer",
		Settings: Raw(`{"issuer":"","client_id":""}`),
		Steps: []Step{
			{Key: "client", Pastes: []Paste{{"oidc.redirect", ValueRedirect}, {"oidc.signed_out", ValueSignedOut}, {"oidc.back_channel", ValueBackChannel}, {"oidc.front_channel", ValueFrontChannel}}},
			{Key: "ids"}, {Key: "claims"},
		},
		Mapping: standardClaims(rule(auth.FieldGroups, "groups", "roles")),
	}
}

func ldapAD() Guide {
	return Guide{
		Kind: auth.ProtocolLDAP, Product: ProductAD, Needs: "directory", Settings: Raw(`{"kind":"active_directory"}`),
		Steps: []Step{{Key: "account"}, {Key: "server"}, {Key: "base"}, {Key: "test"}},
		Mapping: auth.Mapping{
			rule(auth.FieldEmail, "mail", "userPrincipalName"), rule(auth.FieldName, "displayName", "{givenName} {sn}", "cn"), rule("given_name", "givenName"),
			rule("family_name", "sn"), rule("department", "department"), rule("title", "title"), rule("organization", "company"),
			rule("employee_number", "employeeID"), rule(auth.FieldLocale, "preferredLanguage"), rule(auth.FieldGroups, "memberOf"),
		},
	}
}

func ldapOpenLDAP() Guide {
	return Guide{
		Kind: auth.ProtocolLDAP, Product: ProductOpenLDAP, Needs: "directory", Settings: Raw(`{"kind":"openldap"}`),
		Steps: []Step{{Key: "account"}, {Key: "server"}, {Key: "base"}, {Key: "test"}}, Mapping: inetOrgPerson(),
	}
}

func ldapOther() Guide {
	return Guide{
		Kind: auth.ProtocolLDAP, Product: ProductOther, Needs: "directory", Settings: Raw(`{"kind":"other"}`),
		Steps: []Step{{Key: "account"}, {Key: "server"}, {Key: "base"}, {Key: "test"}}, Mapping: inetOrgPerson(),
	}
}

// inetOrgPerson are the attributes of RFC 2798.
func inetOrgPerson() auth.Mapping {
	return auth.Mapping{
		rule(auth.FieldEmail, "mail"), rule(auth.FieldName, "displayName", "{givenName} {sn}", "cn"), rule("given_name", "givenName"), rule("family_name", "sn"),
		rule("department", "departmentNumber"), rule("title", "title"), rule("organization", "o"), rule("employee_number", "employeeNumber"),
		rule(auth.FieldLocale, "preferredLanguage"), rule(auth.FieldGroups, "groups"),
	}
}
