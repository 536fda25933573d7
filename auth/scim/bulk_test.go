package scim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"lyceum/auth/scim"
	"lyceum/internal/fault"
)

func bulkJSON(failOnErrors int, ops ...string) string {
	return fmt.Sprintf(`{"schemas":["%s"],"failOnErrors":%d,"Operations":[%s]}`, scim.MessageBulkRequest, failOnErrors, strings.Join(ops, ","))
}

func postUser(bulkID, userName string, more ...string) string {
	return `{"method":"POST","path":"/Users","bulkId":"` + bulkID + `","data":` + userJSON(userName, more...) + `}`
}

func statuses(a answer) string {
	var out []string
	list, _ := a.at("Operations").([]any)
	for _, one := range list {
		out = append(out, fmt.Sprint(one.(map[string]any)["status"]))
	}
	return strings.Join(out, " ")
}

func TestABulkCreatesWhatRefersToEachOther(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	a := s.ask("POST", "/Bulk", bulkJSON(0,
		`{"method":"POST","path":"/Groups","bulkId":"g","data":{"schemas":["`+scim.SchemaGroup+`"],"displayName":"Tour","members":[{"value":"bulkId:u"},{"value":"bulkId:v"}]}}`,
		postUser("u", "u", `"`+scim.SchemaEnterprise+`":{"manager":{"value":"bulkId:v"}}`), postUser("v", "v"),
		`{"method":"PATCH","path":"/Users/bulkId:v","data":`+patchJSON(`{"op":"add","path":"title","value":"Boss"}`)+`}`,
		postUser("w", "U"), // taken
		`{"method":"DELETE","path":"/Users/01890000-0000-7000-8000-000000000000"}`,
	)).is(200)
	if got := statuses(a); got != "201 201 201 200 409 404" {
		t.Fatalf("%s: %s", got, a.Body)
	}
	ids := map[string]string{}
	for _, one := range a.at("Operations").([]any) {
		op := one.(map[string]any)
		if id, ok := op["bulkId"].(string); ok && op["response"] == nil {
			place, _ := op["location"].(string)
			ids[id] = place[strings.LastIndexByte(place, '/')+1:]
			if op["version"] == nil {
				t.Errorf("no version in %v", op)
			}
		}
	}
	s.hasMembers(ids["g"], ids["u"], ids["v"])
	if got := s.ask("GET", "/Users/"+ids["u"], "").is(200); got.at(scim.SchemaEnterprise, "manager", "value") != ids["v"] {
		t.Errorf("%s", got.Body)
	}
	if got := s.ask("GET", "/Users/"+ids["v"], "").is(200); got.at("title") != "Boss" {
		t.Errorf("%s", got.Body)
	}
	if got := a.at("Operations", 4, "response", "scimType"); got != "uniqueness" {
		t.Errorf("refused with %v", got)
	}
}

func TestABulkEndsAfterSoManyFailures(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	a := s.ask("POST", "/Bulk", bulkJSON(2, postUser("1", "a"), postUser("2", "a"), postUser("3", "b"), postUser("4", "b"), postUser("5", "c"))).is(200)
	if got := statuses(a); got != "201 409 201 409" {
		t.Errorf("%s", got)
	}
	if n := s.ask("GET", "/Users", "").at("totalResults"); n != 2.0 {
		t.Errorf("%v people", n)
	}
}

func TestABulkThatRefersInACircleIsRefused(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	manager := func(id string) string {
		return `"` + scim.SchemaEnterprise + `":{"manager":{"value":"bulkId:` + id + `"}}`
	}
	a := s.ask("POST", "/Bulk", bulkJSON(0, postUser("a", "a", manager("b")), postUser("b", "b", manager("a")), postUser("c", "c", manager("nobody")), postUser("d", "d"), postUser("e", "e", manager("e")))).is(200)
	if got := statuses(a); got != "201 409 409 409 409" {
		t.Errorf("%s: %s", got, a.Body)
	}
	// What waits for one that failed is refused too.
	a = s.ask("POST", "/Bulk", bulkJSON(0, postUser("x", "D"), postUser("y", "y", manager("x")))).is(200)
	if got := statuses(a); got != "409 409" {
		t.Errorf("%s: %s", got, a.Body)
	}
	if n := s.ask("GET", "/Users", "").at("totalResults"); n != 1.0 {
		t.Errorf("%v people", n)
	}
}

func TestABulkIsBounded(t *testing.T) {
	t.Parallel()
	many := make([]string, scim.BulkOperationsMax+1)
	for i := range many {
		many[i] = postUser(fmt.Sprint(i), fmt.Sprint("u", i))
	}
	for body, want := range map[string]*fault.Fault{
		bulkJSON(0, many...):                                                      scim.ErrTooLarge,
		bulkJSON(0):                                                               scim.ErrInvalidSyntax,
		`{"schemas":["x"],"Operations":[{}]}`:                                     scim.ErrInvalidSyntax,
		bulkJSON(0, `{"method":"GET","path":"/Users"}`):                           scim.ErrInvalidSyntax,
		bulkJSON(0, `{"method":"POST","path":"/Users","data":{}}`):                scim.ErrInvalidSyntax,
		bulkJSON(0, `{"method":"POST","path":"/Bulk","bulkId":"x","data":{}}`):    scim.ErrInvalidSyntax,
		bulkJSON(0, `{"method":"POST","path":"/Users/x","bulkId":"x","data":{}}`): scim.ErrInvalidSyntax,
		bulkJSON(0, `{"method":"PUT","path":"/Users/x"}`):                         scim.ErrInvalidSyntax,
		bulkJSON(0, `{"method":"PATCH","path":"/Users","data":{}}`):               scim.ErrInvalidSyntax,
		bulkJSON(0, postUser("x", "a"), postUser("x", "b")):                       scim.ErrInvalidSyntax,
		bulkJSON(-1, postUser("x", "a")):                                          scim.ErrInvalidSyntax,
		bulkJSON(0, `5`):                                                          scim.ErrInvalidSyntax,
		bulkJSON(0, `{"method":"DELETE","path":"/Users/x/y"}`):                    scim.ErrInvalidSyntax,
	} {
		_, err := scim.ParseBulk(object(t, body), standard)
		t.Log(body[:min(len(body), 200)])
		fails(t, err, want)
	}
}

func TestOperationsWaitForThoseTheyName(t *testing.T) {
	t.Parallel()
	in, err := scim.ParseBulk(object(t, bulkJSON(0, postUser("a", "a", `"title":"bulkId:b"`), postUser("b", "b", `"title":"bulkId:c"`), postUser("c", "c"), postUser("d", "d", `"title":"bulkId:d"`))), standard)
	if err != nil {
		t.Fatal(err)
	}
	order, stuck := in.Ordered()
	if !slices.Equal(order, []int{2, 1, 0}) || !slices.Equal(stuck, []int{3}) {
		t.Errorf("%v, stuck %v", order, stuck)
	}
	op := in.Operations[0].Resolved(map[string]string{"b": "7"})
	if op.Data["title"] != "7" || in.Operations[0].Data["title"] != "bulkId:b" {
		t.Errorf("%v from %v", op.Data, in.Operations[0].Data)
	}
}
