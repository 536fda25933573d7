package scim_test

import (
	"fmt"
	"strings"
	"testing"

	"lyceum/auth/scim"
)

func TestAFilterMatchesWhatTheStandardSays(t *testing.T) {
	t.Parallel()
	r := object(t, anna)
	for filter, want := range map[string]bool{
		`userName eq "ANNA@acme.example"`: true,
		`username Eq "anna@acme.example"`: true,
		`externalId eq "ex-7"`:            false,
		`externalId eq "EX-7"`:            true,
		`id eq "7"`:                       true,
		`userName ne "anna@acme.example"`: false,
		`userName co "@ACME"`:             true,
		`userName sw "anna"`:              true,
		`userName ew ".example"`:          true,
		`userName ew "anna"`:              false,
		`name.familyName eq "álvarez"`:    true,
		`urn:ietf:params:scim:schemas:core:2.0:User:name.givenName eq "anna"`:                    true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department pr`:               true,
		`URN:ietf:params:scim:schemas:extension:enterprise:2.0:user:Department sw "r"`:           true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "9"`:              true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName co "ma"`: true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr`:                          true,
		`title pr`:                                    true,
		`nickName pr`:                                 false,
		`not (nickName pr)`:                           true,
		`nickName eq null`:                            true,
		`title ne null`:                               true,
		`nickName ne "x"`:                             true,
		`nickName gt "a"`:                             false,
		`active eq true`:                              true,
		`active ne true`:                              false,
		`emails eq "anna@home.example"`:               true,
		`emails.type eq "home"`:                       true,
		`emails.value ne "anna@home.example"`:         true,
		`emails[type eq "home" and value co "@home"]`: true,
		`emails[type eq "home" and value co "@acme"]`: false,
		`emails[primary eq true]`:                     true,
		`emails[type eq "work"].value eq "anna@acme.example"`: true,
		`emails[type eq "work"].value eq "anna@home.example"`: false,
		`emails[not (type eq "work")]`:                        true,
		`phoneNumbers[type eq "work"]`:                        false,
		`meta.lastModified gt "2026-02-01T08:00:00Z"`:         true,
		`meta.lastModified le "2026-02-01T09:00:00.5+01:00"`:  true,
		`meta.created lt "2026-01-31T08:00:00Z"`:              false,
		`title gt "Eng"`:                                      true,
		`title ge "engineer" and title le "ENGINEER"`:         true,
		`title lt "D"`: false,
		`userName eq "x" or title eq "engineer" and active eq false`: false, // and before or
		`active eq false and userName eq "x" or title pr`:            true,
		`active eq false and (userName eq "x" or title pr)`:          false,
		`not (active eq false) and title pr`:                         true,
		`((title pr))`:                                               true,
		`title eq "\u0065ngineer"`:                                   true,
		`title eq "a\"b"`:                                            false,
		`groups.value eq "g1"`:                                       true,
		`groups[display eq "staff"]`:                                 true,
	} {
		f, err := scim.ParseFilter(scim.Users, filter, standard)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		if got := scim.Matches(f, r); got != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
}

func TestAFilterThatCannotBeReadSaysWhere(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("(", 30) + "title pr" + strings.Repeat(")", 30)
	var many []string
	for range 101 {
		many = append(many, "title pr")
	}
	for filter, where := range map[string]string{
		``:                                 "at position 1 the name of an attribute is missing",
		`userName`:                         "at position 9 an operator is missing",
		`userName is "x"`:                  "at position 10 an operator is missing",
		`userName eq`:                      "at position 12 the value is missing",
		`userName eq x`:                    "at position 13 a text stands without quotation marks",
		`userName eq "x`:                   "at position 13 the quotation mark is not closed",
		`userName eq "\x"`:                 "at position 13 the text in quotation marks is no JSON string",
		`userName eq 5`:                    "at position 13 userName is compared with a text",
		`userName eq "x" and`:              "at position 20 the name of an attribute is missing",
		`userName eq "x" title pr`:         "at position 17 something stands",
		`(userName eq "x"`:                 "at position 1 a bracket is not closed",
		`userName eq "x")`:                 "at position 16 something stands",
		`not userName eq "x"`:              `at position 1 "not" is no attribute`,
		`shoeSize eq "x"`:                  `at position 1 "shoeSize" is no attribute here`,
		`name eq "x"`:                      "at position 1 name has parts",
		`active gt true`:                   "at position 1 active is boolean and cannot be compared with gt",
		`active eq "true"`:                 "at position 11 active is compared with true or false",
		`title gt null`:                    "at position 10 null can only be compared",
		`meta.created gt "yesterday"`:      "at position 17 created is compared with a time",
		`userName[type eq "x"]`:            "at position 1 only an attribute with several values",
		`emails[type eq "work"`:            "at position 7 the bracket is not closed",
		`emails[type[x eq "y"]]`:           "at position 8 only an attribute with several values",
		`emails[shape eq "x"]`:             `at position 8 "shape" is no attribute`,
		`emails[type eq "x"].shape eq "y"`: `at position 21 "shape" is no sub-attribute`,
		`urn:example:User:x eq "y"`:        `is no attribute here`,
		deep:                               "nested more than 20 deep",
		strings.Join(many, " or "):         "more than 100 comparisons",
		`title eq "` + strings.Repeat("x", 5000) + `"`: "longer than 4096 bytes",
		"title eq \"\xff\"":                            "not valid UTF-8",
	} {
		_, err := scim.ParseFilter(scim.Users, filter, standard)
		fails(t, err, scim.ErrInvalidFilter)
		if _, body := scim.Answer(err); !strings.Contains(body.Detail, where) {
			t.Errorf("%s: %q, want %q", filter, body.Detail, where)
		}
	}
}

func TestEntraMayAskLoosely(t *testing.T) {
	t.Parallel()
	r := object(t, anna)
	for filter, want := range map[string]bool{
		`userName sw a`: true,
		`name.FamilyName eq Álvarez and (emails.Value co acme.example or emails.Value co example.org)`: true,
		`meta.Created gt 2015-10-10T14:38:21.8617979-07:00`:                                            true,
		`active eq "True"`:                            true,
		`roles[primary eq "True"]`:                    false,
		`emails[primary eq "True"].value sw "anna@a"`: true,
		`shoeSize eq "x"`:                             false,
		`not (shoeSize eq "x")`:                       true,
		`title eq 5`:                                  false,
	} {
		f, err := scim.ParseFilter(scim.Users, filter, entra)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		if got := scim.Matches(f, r); got != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
}

// TestTheStoreIsAskedForNoLessThanTheFilterMatches pins what is asked of the store and what is left to Matches.
func TestTheStoreIsAskedForNoLessThanTheFilterMatches(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]string{
		`userName eq "a"`:                         `true scim.Test{Field:"userName", Op:"eq", Value:"a"}`,
		`emails eq "a"`:                           `true scim.Test{Field:"emails.value", Op:"eq", Value:"a"}`,
		`emails[value eq "a"]`:                    `true scim.Test{Field:"emails.value", Op:"eq", Value:"a"}`,
		`emails[type eq "work" and value eq "a"]`: `false scim.All{scim.Test{Field:"emails.value", Op:"eq", Value:"a"}}`,
		`emails[type eq "work"].value eq "a"`:     `false scim.All{scim.Test{Field:"emails.value", Op:"eq", Value:"a"}}`,
		`emails[not (value eq "a")]`:              `false <nil>`,
		`emails[type eq "work"]`:                  `false <nil>`,
		`userName eq "a" and title eq "b"`:        `false scim.All{scim.Test{Field:"userName", Op:"eq", Value:"a"}}`,
		`userName eq "a" or title eq "b"`:         `false <nil>`,
		`userName eq "a" or id eq "b"`:            `true scim.Any{scim.Test{Field:"userName", Op:"eq", Value:"a"}, scim.Test{Field:"id", Op:"eq", Value:"b"}}`,
		`not (userName eq "a")`:                   `true scim.None{Of:scim.Test{Field:"userName", Op:"eq", Value:"a"}}`,
		`not (userName eq "a" and title pr)`:      `false <nil>`,
		`active eq true`:                          `true scim.Test{Field:"active", Op:"eq", Value:true}`,
		`title pr`:                                `false <nil>`,
		`userName eq ""`:                          `false <nil>`,
		`displayName ne "x"`:                      `false <nil>`,
		`id sw "x"`:                               `false <nil>`,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "x"`: `false <nil>`,
	} {
		f, err := scim.ParseFilter(scim.Users, filter, standard)
		if err != nil {
			t.Fatal(err)
		}
		c, exact := scim.Translate(scim.Users, f)
		if got := fmt.Sprintf("%v %#v", exact, c); got != want {
			t.Errorf("%s:\n got %s\nwant %s", filter, got, want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`userName eq "bjensen"`, `name.familyName co "O'Malley"`, `emails[type eq "work" and value co "@example.com"]`,
		`userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")`, `active eq "True"`,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department pr`, `meta.lastModified gt "2011-05-13T04:42:34Z"`,
		`((((`, `a[b[c`, `x eq "\`, `not (`, `emails[type eq "work"].value eq "x"`,
	} {
		f.Add(seed)
	}
	r := object(f, anna)
	f.Fuzz(func(t *testing.T, text string) {
		for _, q := range []scim.Quirks{standard, entra, okta} {
			parsed, err := scim.ParseFilter(scim.Users, text, q)
			if err != nil {
				fails(t, err, scim.ErrInvalidFilter)
				continue
			}
			matches := scim.Matches(parsed, r)
			if scim.Matches(scim.Not{Of: parsed}, r) == matches {
				t.Error("the filter and its negation agree")
			}
			scim.Translate(scim.Users, parsed)
		}
	})
}
