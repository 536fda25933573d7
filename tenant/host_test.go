package tenant_test

import (
	"strings"
	"testing"

	"lyceum/tenant"
)

func TestAHostLeadsToItsPlaceWhateverItsCasePortAndDot(t *testing.T) {
	t.Parallel()
	h := tenant.Hosts{Base: "example.com", Platform: "lyceum.example.com"}
	for _, c := range []struct {
		host  string
		place tenant.Place
		slug  string
	}{
		{"acme.example.com", tenant.PlaceTenant, "acme"},
		{"ACME.Example.COM:8080", tenant.PlaceTenant, "acme"},
		{"acme.example.com.", tenant.PlaceTenant, "acme"},
		{"acme.example.com.:443", tenant.PlaceTenant, "acme"},
		{"lyceum.example.com", tenant.PlacePlatform, ""},
		{"example.com:80", tenant.PlacePlatform, ""},
		{"learn.acme.io", tenant.PlaceTenant, ""},       // a custom domain, to be looked up whole
		{"a.acme.example.com", tenant.PlaceUnknown, ""}, // no portal has two labels
		{"www.example.com", tenant.PlaceUnknown, ""},    // reserved
		{"-acme.example.com", tenant.PlaceUnknown, ""},
		{"xn--acme-1.example.com", tenant.PlaceUnknown, ""},
		{"", tenant.PlaceUnknown, ""},
		{"acme.example.com/evil", tenant.PlaceUnknown, ""},
		{"acme@example.com", tenant.PlaceUnknown, ""},
		{"acme.example.com:80@globex.example.com", tenant.PlaceUnknown, ""},
		{"acme.example.com:http", tenant.PlaceUnknown, ""},
		{strings.Repeat("a", 254), tenant.PlaceUnknown, ""},
	} {
		place, slug, _ := h.Resolve(c.host)
		if place != c.place || slug != c.slug {
			t.Errorf("%q leads to %v %q, want %v %q", c.host, place, slug, c.place, c.slug)
		}
	}
}

func TestASubdomainThatMayNotBeTakenIsExplained(t *testing.T) {
	t.Parallel()
	for slug, part := range map[string]string{
		"ab":                    "at least 3",
		strings.Repeat("a", 41): "at most 40",
		"Acme":                  "small letters",
		"acme_tools":            "small letters",
		"acme--tools":           "small letters",
		"1acme":                 "beginning with a letter",
		"acme-":                 "small letters",
		"admin":                 "reserved",
		"lyceum":                "reserved",
		"xn--80ak6aa92e":        "small letters",
		"über":                  "small letters",
	} {
		if got := tenant.CheckSlug(slug); !strings.Contains(got, part) {
			t.Errorf("%q: %q does not say %q", slug, got, part)
		}
	}
	for _, slug := range []string{"acme", "acme-tools", "a1b", strings.Repeat("a", 40)} {
		if got := tenant.CheckSlug(slug); got != "" {
			t.Errorf("%q is refused: %s", slug, got)
		}
	}
}

func TestOnlyAnOpaqueNameIsASchemaName(t *testing.T) {
	t.Parallel()
	for range 100 {
		if n := tenant.NewSchemaName(); !tenant.ValidSchemaName(n) {
			t.Fatalf("%q is refused", n)
		}
	}
	for _, n := range []string{"", "public", "control", "t_abc", "t_ABCDEFABCDEF", "t_0123456789ab;", `t_0123456789a"`, "t_0123456789abc"} {
		if tenant.ValidSchemaName(n) {
			t.Errorf("%q is accepted", n)
		}
	}
}

func TestABrandColourThatCannotBeReadOffersTheNearestThatCan(t *testing.T) {
	t.Parallel()
	b := tenant.DefaultBrand("Acme")
	if err := b.Validate(); err != nil {
		t.Fatal(err)
	}
	b.Colour = "#ffee00"
	err := b.Validate()
	if err == nil || !strings.Contains(err.Error(), "attention") {
		t.Fatalf("yellow on white was accepted: %v", err)
	}
	b.Colour, b.Name, b.Theme = "red", " ", "nope"
	b.Normalise()
	if err := b.Validate(); err == nil {
		t.Fatal("accepted")
	}
}
