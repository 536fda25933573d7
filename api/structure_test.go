package api_test

import (
	"strings"
	"testing"

	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

func TestAPortalBuildsItsStructure(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee, boss := h.person(policy.Learner), h.person(policy.Learner)
	admin := h.as(h.person(policy.Admin))
	units := "/people/structure/units"
	admin.get(units).is(200).says("Departments", "Nothing here yet")
	admin.post(units, "kind", "department", "name", " ").is(422).says("Enter a name.")
	admin.post(units, "kind", "department", "name", "Company", "code", "C").is(303).leads(units + "?kind=department")
	of := func(name string) org.Branch {
		t.Helper()
		list, err := org.New(h.w.Store, h.w.Now.Clock()).Units(h.acting(policy.Admin), org.Department, org.When{}, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range list {
			if b.Name == name {
				return b
			}
		}
		return org.Branch{}
	}
	company := of("Company")
	admin.post(units, "kind", "department", "name", "Sales", "parent", company.ID.String()).is(303)
	admin.post(units, "kind", "department", "name", "Sale", "parent", company.ID.String()).is(303)
	admin.post(units, "kind", "position", "name", "Clerk").is(303)
	sales, sale := of("Sales"), of("Sale")
	at := "/people/" + lee.ID.String() + "/placement"
	admin.get(at).is(200).says("Nothing is known of this day")
	admin.post(at, "department", sale.ID.String(), "mentor", "nobody@example.com").is(422).says("Nobody in this portal has this e-mail address.")
	admin.post(at, "department", sale.ID.String(), "mentor", boss.Email, "since", "2026-01-15").is(303).leads(at)
	admin.get(at).is(200).says("Since 15 January 2026", boss.Name, "Company / Sale")
	admin.get("/people/"+lee.ID.String()).is(200).says("Department", "Sale", "Mentor", boss.Name)
	admin.get("/people?unit=" + company.ID.String()).is(200).says(lee.Name).saysNot(boss.Name)
	admin.post(units + "/" + sale.ID.String() + "/close").is(409).says("People are in it")
	admin.post(units + "/" + sale.ID.String() + "/merge").is(422).says("Choose where the people go.")
	admin.post(units+"/"+sale.ID.String()+"/merge", "into", sales.ID.String()).is(303)
	admin.get(units+"/"+sales.ID.String()).is(200).says("Merged. People who moved: 1.", "Company / Sales")
	admin.get(units + "/" + sale.ID.String()).is(200).says("Open again")
	admin.post(units + "/" + sale.ID.String() + "/open").is(303)
	admin.post(units+"/"+sales.ID.String(), "name", "Vertrieb", "code", "V", "revision", "1", "parent", company.ID.String()).is(303)
	admin.get(at).is(200).says("Company / Vertrieb")
	admin.get(units + "?kind=location").is(200).says("Nothing here yet")

	admin.get("/people/fields").is(200).says("No fields yet")
	admin.post("/people/fields", "name", "Shift", "kind", "choice", "seen_by", "read", "edited_by", "manage").is(422).says("Enter what can be chosen, one a line.")
	admin.post("/people/fields", "name", "Shift", "kind", "choice", "choices", "Early\nLate", "seen_by", "read", "edited_by", "manage").is(303)
	admin.post("/people/fields", "name", "Badge", "kind", "text", "seen_by", "read", "edited_by", "manage").is(303)
	_, rest, _ := strings.Cut(admin.get("/people/fields").is(200).body, "/people/fields/")
	badge, _, _ := strings.Cut(rest, `"`)
	before := func(a, b string) bool {
		body := admin.get("/people/fields").is(200).body
		return strings.Index(body, ">"+a+"</a>") < strings.Index(body, ">"+b+"</a>")
	}
	if !before("Badge", "Shift") {
		t.Error("by name at first")
	}
	admin.post("/people/fields/"+badge+"/move", "do", "down").is(303).leads("/people/fields")
	if before("Badge", "Shift") {
		t.Error("moved down")
	}
	admin.post("/people/fields/"+badge+"/move", "do", "down").is(303)
	admin.get("/people/fields/" + badge).is(200).says("Badge")
	admin.post("/people/fields/"+badge, "name", "Badge no.", "pattern", "([", "seen_by", "read", "edited_by", "manage", "revision", "1").is(422).says("Write a regular expression")
	admin.post("/people/fields/"+badge, "name", "Badge no.", "seen_by", "read", "edited_by", "manage", "revision", "1").is(303)
	admin.post("/people/fields/" + badge + "/archive").is(303)
	admin.get("/people/fields").is(200).says("Badge no.", "Archived")
	admin.post("/people/fields/" + badge + "/restore").is(303)
	if before("Badge no.", "Shift") {
		t.Error("restored to another place")
	}
	admin.post("/people/fields/" + badge + "/archive").is(303)
	admin.post("/people/fields/managers", "kinds", "mentor").is(303)
	admin.post(at, "department", sales.ID.String(), "mentor", boss.Email, "fields.shift", "Late").is(303)
	admin.get("/people?field=shift&value=late").is(200).says(lee.Name).saysNot(boss.Name)
	admin.get("/groups/new?kind=rule").is(200).says(`value="custom.shift"`)
	admin.post("/groups/new", "kind", "rule", "name", "Late shift", "match", "all", "field", "custom.shift", "op", "is", "values", "late", "do", "save").is(303)
	h.as(boss).get("/team").is(200).says(lee.Name)

	learner := h.as(lee)
	learner.get(units).is(403)
	learner.get(at).is(403)
	admin.get(units + "/" + uid.New().String()).is(404)
	admin.get("/people/" + uid.New().String() + "/placement").is(404)
}
