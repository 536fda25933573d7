package scim

// The schemas, as data: the discovery endpoints are rendered from them and resources are checked against them.

// multi is a multi-valued attribute with the sub-attributes of RFC 7643 §2.4.
func multi(name, description string, value Attribute, types ...string) Attribute {
	value.Name = "value"
	if value.Description == "" {
		value.Description = "The value itself."
	}
	return Attribute{Name: name, Type: TypeComplex, Multi: true, Description: description, Sub: []Attribute{
		value,
		{Name: "display", Description: "How the value is shown to people."},
		{Name: "type", Description: "What the value is for.", Canonical: types},
		{Name: "primary", Type: TypeBoolean, Description: "Whether this is the preferred value. At most one is."},
	}}
}

// User is RFC 7643 §4.1.
var userSchema = newSchema(SchemaUser, "User", "User Account",
	Attribute{Name: "userName", Required: true, Uniqueness: UniqueServer, Description: "The name by which the directory knows the person. Unique in the directory, in any case."},
	Attribute{Name: "name", Type: TypeComplex, Description: "The parts of the person's name.", Sub: []Attribute{
		{Name: "formatted", Description: "The whole name, ready to be shown."},
		{Name: "familyName", Description: "The family name."},
		{Name: "givenName", Description: "The given name."},
		{Name: "middleName", Description: "The middle names."},
		{Name: "honorificPrefix", Description: "What stands before the name, for example “Dr”."},
		{Name: "honorificSuffix", Description: "What stands after the name, for example “III”."},
	}},
	Attribute{Name: "displayName", Description: "The name that is shown. Without it, name.formatted or the given and family names are."},
	Attribute{Name: "nickName", Description: "How the person is called casually."},
	Attribute{Name: "profileUrl", Type: TypeReference, References: []string{"external"}, Description: "The address of the person's own page."},
	Attribute{Name: "title", Description: "The job title."},
	Attribute{Name: "userType", Description: "How the person relates to the company, for example “Employee”."},
	Attribute{Name: "preferredLanguage", Description: "The language of the portal for this person, as in Accept-Language."},
	Attribute{Name: "locale", Description: "The region for dates and numbers (BCP 47)."},
	Attribute{Name: "timezone", Description: "The time zone, as an IANA name."},
	Attribute{Name: "active", Type: TypeBoolean, Description: "Whether the person may sign in. False ends sessions and API keys and keeps the learning record."},
	Attribute{Name: "password", Mutability: WriteOnly, Returned: ReturnedNever, CaseExact: true, Description: "Never taken: people sign in through the identity provider."},
	multi("emails", "E-mail addresses.", Attribute{}, "work", "home", "other"),
	multi("phoneNumbers", "Telephone numbers.", Attribute{}, "work", "home", "mobile", "fax", "pager", "other"),
	multi("ims", "Addresses for instant messages.", Attribute{}, "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
	multi("photos", "Addresses of pictures.", Attribute{Type: TypeReference, References: []string{"external"}}, "photo", "thumbnail"),
	Attribute{Name: "addresses", Type: TypeComplex, Multi: true, Description: "Postal addresses.", Sub: []Attribute{
		{Name: "formatted", Description: "The whole address, ready to be shown."},
		{Name: "streetAddress", Description: "Street and number."},
		{Name: "locality", Description: "Town or city."},
		{Name: "region", Description: "State or region."},
		{Name: "postalCode", Description: "Postal code."},
		{Name: "country", Description: "Country (ISO 3166-1 alpha-2)."},
		{Name: "type", Description: "What the address is for.", Canonical: []string{"work", "home", "other"}},
		{Name: "primary", Type: TypeBoolean, Description: "Whether this is the preferred address."},
	}},
	Attribute{Name: "groups", Type: TypeComplex, Multi: true, Mutability: ReadOnly, Description: "The groups of this directory that the person is in. Change them at the group.", Sub: []Attribute{
		{Name: "value", CaseExact: true, Mutability: ReadOnly, Description: "The group's id."},
		{Name: "$ref", Type: TypeReference, References: []string{"Group"}, Mutability: ReadOnly, Description: "The group's address."},
		{Name: "display", Mutability: ReadOnly, Description: "The group's name."},
		{Name: "type", Canonical: []string{"direct", "indirect"}, Mutability: ReadOnly, Description: "Whether the person is in the group itself."},
	}},
	multi("entitlements", "What the person is entitled to.", Attribute{}),
	multi("roles", "The person's roles in the company, as the directory names them.", Attribute{}),
	multi("x509Certificates", "Certificates issued to the person.", Attribute{Type: TypeBinary}),
)

// enterpriseSchema is RFC 7643 §4.3.
var enterpriseSchema = newSchema(SchemaEnterprise, "EnterpriseUser", "Enterprise User",
	Attribute{Name: "employeeNumber", Description: "The number by which the company knows the person."},
	Attribute{Name: "costCenter", Description: "The cost centre."},
	Attribute{Name: "organization", Description: "The organization."},
	Attribute{Name: "division", Description: "The division."},
	Attribute{Name: "department", Description: "The department."},
	Attribute{Name: "manager", Type: TypeComplex, Description: "Whom the person reports to.", Sub: []Attribute{
		{Name: "value", CaseExact: true, Description: "The manager's id."},
		{Name: "$ref", Type: TypeReference, References: []string{"User"}, Description: "The manager's address."},
		{Name: "displayName", Mutability: ReadOnly, Description: "The manager's name."},
	}},
)

// groupSchema is RFC 7643 §4.2.
var groupSchema = newSchema(SchemaGroup, "Group", "Group",
	Attribute{Name: "displayName", Required: true, Description: "The group's name."},
	Attribute{Name: "members", Type: TypeComplex, Multi: true, Description: "Who is in the group. Groups within groups are not taken.", Sub: []Attribute{
		{Name: "value", CaseExact: true, Mutability: Immutable, Description: "The person's id."},
		{Name: "$ref", Type: TypeReference, References: []string{"User"}, Mutability: Immutable, Description: "The person's address."},
		{Name: "display", Mutability: Immutable, Description: "The person's name, as the directory or else the portal tells it."},
		{Name: "type", Canonical: []string{"User"}, Mutability: Immutable, Description: "The kind of member: always a User."},
	}},
)

// The kinds of resource that a directory provisions.
var (
	Users = &ResourceType{
		ID: "User", Name: "User", Endpoint: "/Users", Description: "User Account", Core: userSchema, Extensions: []*Schema{enterpriseSchema},
	}
	Groups = &ResourceType{ID: "Group", Name: "Group", Endpoint: "/Groups", Description: "Group", Core: groupSchema}
)

var (
	allSchemas = []*Schema{userSchema, enterpriseSchema, groupSchema}
	allTypes   = []*ResourceType{Users, Groups}
)
