package scim_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth/scim"
)

// crowd fills a directory with people of every kind, and two groups.
func (s *stand) crowd() (ids []string) {
	s.t.Helper()
	given := []string{"Anna", "Béla", "Chi", "Ωmega", "o'Neil", "100%", `back\slash`, "under_score"}
	for i := range 24 {
		more := []string{fmt.Sprintf(`"active":%v`, i%3 != 0)}
		if i%2 == 0 {
			more = append(more, `"name":{"givenName":`+quoted(given[i%len(given)])+`,"familyName":"Fam`+fmt.Sprint(i%5)+`"}`)
		}
		if i%4 != 0 {
			more = append(more, fmt.Sprintf(`"emails":[{"value":"P%d@work.example","type":"work"},{"value":"p%d@home.example","type":"home","primary":true}]`, i, i%7))
		}
		if i%5 == 0 {
			more = append(more, fmt.Sprintf(`"externalId":"Ext-%d"`, i%10), fmt.Sprintf(`"displayName":"Display %d É"`, i%3))
		}
		if i%6 == 0 {
			more = append(more, fmt.Sprintf(`"title":"Title %d"`, i%4), `"`+scim.SchemaEnterprise+`":{"department":"D`+fmt.Sprint(i%2)+`"}`)
		}
		ids = append(ids, s.user(fmt.Sprintf("User.%02d-%s", i, given[i%len(given)]), more...))
		s.w.Now.Advance(1500 * time.Millisecond)
	}
	s.group("Even", ids[0], ids[2], ids[4])
	s.group("Odd", ids[1], ids[3])
	return ids
}

// all reads every User as the directory sees them.
func (s *stand) all() []scim.Resource {
	s.t.Helper()
	a := s.ask("GET", "/Users?count=500", "").is(200)
	var out []scim.Resource
	list, _ := a.at("Resources").([]any)
	for _, one := range list {
		out = append(out, one.(map[string]any))
	}
	return out
}

func idsIn(resources []scim.Resource) []string {
	out := []string{}
	for _, r := range resources {
		id, _ := r["id"].(string)
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// TestTheStoreAndTheEvaluatorAgree: whatever a filter asks, the database gives what Matches finds among all, were it only
// because it is asked for less.
func TestTheStoreAndTheEvaluatorAgree(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	ids := s.crowd()
	everyone := s.all()
	group, _ := everyone[0]["groups"].([]any)[0].(map[string]any)["value"].(string)
	created := func(i int) string {
		at, _ := everyone[i]["meta"].(map[string]any)["created"].(string)
		return `"` + at + `"`
	}
	texts := []string{`"user.03"`, `"USER"`, `"-anna"`, `"Béla"`, `"ÉLA"`, `"Ω"`, `"ωmega"`, `"100%"`, `"%"`, `"_"`, `"\\"`, `"'"`, `"Ext-5"`, `"ext-5"`, `"p3@home.example"`, `"WORK"`, `"display 1 é"`, `"display"`, `"fam2"`, `"nobody"`, `""`}
	atoms := []string{
		`active eq true`, `active eq false`, `active ne true`, `id eq "` + ids[3] + `"`, `id eq "x"`, `groups.value eq "` + group + `"`, `groups eq "` + group + `"`, `groups.value eq "x"`,
		`groups.display sw "o"`, `groups[display eq "even"]`, `title pr`, `externalId pr`, `name.givenName pr`, `emails pr`, `displayName eq null`, `emails[type eq "work" and value sw "p1"]`,
		`emails[type eq "work"].value ew "work.example"`, `emails[not (value co "home")]`, `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "d1"`,
	}
	for _, attribute := range []string{"userName", "externalId", "displayName", "name.givenName", "name.familyName", "name.formatted", "emails", "emails.value", "title"} {
		for _, op := range []string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"} {
			for _, text := range texts {
				atoms = append(atoms, attribute+" "+op+" "+text)
			}
		}
	}
	for _, op := range []string{"eq", "ne", "gt", "ge", "lt", "le"} {
		atoms = append(atoms, "meta.created "+op+" "+created(7), "meta.lastModified "+op+" "+created(15))
	}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func() string { return atoms[random.IntN(len(atoms))] }
	filters := []string{}
	for range 150 {
		filters = append(filters, pick(), pick())
		filters = append(filters, fmt.Sprintf("%s and (%s or not (%s))", pick(), pick(), pick()), fmt.Sprintf("not (%s and %s) or %s", pick(), pick(), pick()))
	}
	matching, exact := 0, 0
	for _, filter := range filters {
		f, err := scim.ParseFilter(scim.Users, filter, standard)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		var want []scim.Resource
		for _, r := range everyone {
			if scim.Matches(f, r) {
				want = append(want, r)
			}
		}
		got := s.ask("GET", "/Users?count=500&filter="+url.QueryEscape(filter), "").is(200)
		list, _ := got.at("Resources").([]any)
		var found []scim.Resource
		for _, one := range list {
			found = append(found, one.(map[string]any))
		}
		if got.at("totalResults") != float64(len(want)) || !slices.Equal(idsIn(found), idsIn(want)) {
			t.Errorf("%s: the store finds %d (says %v), the evaluator %d", filter, len(found), got.at("totalResults"), len(want))
		}
		if _, whole := scim.Translate(scim.Users, f); whole {
			exact++
		}
		if len(want) > 0 && len(want) < len(everyone) {
			matching++
		}
	}
	if matching < len(filters)/5 || exact < len(filters)/5 {
		t.Errorf("of %d filters only %d tell people apart, and %d are asked of the store", len(filters), matching, exact)
	}
}

func TestPagesByIndexAndByCursorGiveEveryoneOnce(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	s.crowd()
	for _, order := range []string{"", "&sortBy=userName", "&sortBy=userName&sortOrder=descending", "&sortBy=meta.created&sortOrder=descending", "&sortBy=id", "&sortBy=displayName", "&sortBy=displayName&sortOrder=descending",
		"&sortBy=emails", "&sortBy=name.familyName&sortOrder=descending", "&filter=" + url.QueryEscape(`title pr or emails co "p"`), "&sortBy=userName&filter=" + url.QueryEscape(`active eq true`)} {
		var byIndex, byCursor []string
		total := s.ask("GET", "/Users?count=0"+order, "").is(200).at("totalResults").(float64)
		for at := 1; at <= int(total); at += 7 {
			a := s.ask("GET", fmt.Sprintf("/Users?startIndex=%d&count=7%s", at, order), "").is(200)
			if a.at("startIndex") != float64(at) || a.at("itemsPerPage") != float64(len(a.at("Resources").([]any))) {
				t.Errorf("page %s", a.Body)
			}
			for _, one := range a.at("Resources").([]any) {
				byIndex = append(byIndex, one.(map[string]any)["id"].(string))
			}
		}
		for cursor, pages := "", 0; ; pages++ {
			a := s.ask("GET", "/Users?count=7&cursor="+url.QueryEscape(cursor)+order, "").is(200)
			if a.at("totalResults") != total || a.at("startIndex") != nil {
				t.Errorf("cursor page says %v", a.at("totalResults"))
			}
			for _, one := range a.at("Resources").([]any) {
				byCursor = append(byCursor, one.(map[string]any)["id"].(string))
			}
			next, _ := a.at("nextCursor").(string)
			if next == "" || pages > 10 {
				break
			}
			cursor = next
		}
		if !slices.Equal(byIndex, byCursor) || len(byIndex) != int(total) {
			t.Errorf("%q: by index %d, by cursor %d of %v; the same order: %v", order, len(byIndex), len(byCursor), total, slices.Equal(byIndex, byCursor))
		}
		slices.Sort(byIndex)
		if len(slices.Compact(byIndex)) != int(total) {
			t.Errorf("%q: someone is there twice", order)
		}
	}
}

func TestAListIsSortedByWhatTheStoreCannotSortByToo(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	for i, title := range []string{"beta", "", "Alpha", "gamma"} {
		more := []string{}
		if title != "" {
			more = append(more, `"title":`+quoted(title))
		}
		s.user(fmt.Sprintf("u%d", 9-i), more...)
	}
	for query, want := range map[string]string{
		"sortBy=title": "u7 u9 u6 u8", "sortBy=title&sortOrder=descending": "u8 u6 u9 u7", "sortBy=userName": "u6 u7 u8 u9", "sortBy=USERNAME&sortOrder=Descending": "u9 u8 u7 u6", "": "u9 u8 u7 u6",
	} {
		var got []string
		for _, one := range s.ask("GET", "/Users?"+query, "").is(200).at("Resources").([]any) {
			got = append(got, one.(map[string]any)["userName"].(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
}

func TestAListIsRefusedWithTheStandardsReason(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	s.user("a")
	s.user("b")
	cursor, _ := s.ask("GET", "/Users?cursor=&count=1", "").is(200).at("nextCursor").(string)
	if cursor == "" {
		t.Fatal("no cursor")
	}
	for query, scimType := range map[string]string{
		"filter=" + url.QueryEscape(`shoeSize eq "4"`): "invalidFilter", "filter=x": "invalidFilter", "sortBy=shoeSize": "invalidPath", "sortBy=name": "invalidPath", "sortOrder=up": "invalidValue",
		"startIndex=x": "invalidValue", "count=x": "invalidValue", "cursor=x": "invalidCursor", "cursor=" + cursor + "&sortBy=userName": "invalidCursor", "cursor=&count=0": "invalidCount",
		"cursor=&count=100000": "invalidCount", "cursor=&count=x": "invalidCount", "attributes=userName&excludedAttributes=emails": "invalidValue",
	} {
		s.ask("GET", "/Users?"+query, "").is(400, scimType)
	}
	for query, want := range map[string]int{"count=-5": 0, "startIndex=-3": 2, "startIndex=3": 0, "count=100000": 2, "startIndex=2&count=1": 1} {
		if a := s.ask("GET", "/Users?"+query, "").is(200); a.at("totalResults") != 2.0 || len(a.at("Resources").([]any)) != want {
			t.Errorf("%s: %s", query, a.Body)
		}
	}
}

func TestOnlyWhatIsAskedForIsTold(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	id := s.user("bertha@acme.example", bertha)
	s.group("Drivers", id)
	names := func(a answer, at ...any) string {
		m, _ := a.at(at...).(map[string]any)
		var out []string
		for name := range m {
			out = append(out, strings.TrimPrefix(name, "urn:ietf:params:scim:schemas:extension:"))
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{
		"attributes=userName":                                 "id schemas userName",
		"attributes=USERNAME,emails.value,nope":               "emails id schemas userName",
		"attributes=name.givenName":                           "id name schemas",
		"attributes=groups":                                   "groups id schemas",
		"attributes=password":                                 "id schemas",
		"attributes=" + scim.SchemaEnterprise + ":department": "enterprise:2.0:User id schemas",
		"excludedAttributes=emails,name,groups,meta,id,phoneNumbers,title,preferredLanguage,timezone,displayName": "active enterprise:2.0:User id schemas userName",
		"excludedAttributes=" + scim.SchemaEnterprise:                                                             "active displayName emails groups id meta name phoneNumbers preferredLanguage schemas timezone title userName",
	} {
		if got := names(s.ask("GET", "/Users/"+id+"?"+query, "").is(200)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
		if got := names(s.ask("GET", "/Users?"+query, "").is(200), "Resources", 0); got != want {
			t.Errorf("list %s: %s, want %s", query, got, want)
		}
	}
	a := s.ask("GET", "/Users/"+id+"?attributes=emails.value,name.familyName", "").is(200)
	same(t, a.at("emails"), `[{"value":"bertha@home.example"},{"value":"Bertha@Acme.example"}]`)
	same(t, a.at("name"), `{"familyName":"Benz"}`)
	a = s.ask("GET", "/Users/"+id+"?excludedAttributes=emails.value,name.familyName", "").is(200)
	same(t, a.at("emails"), `[{"type":"home"},{"type":"work"}]`)
	// A search is a list whose parameters stand in a body.
	a = s.ask("POST", "/Users/.search", `{"schemas":["`+scim.MessageSearch+`"],"attributes":["userName"],"filter":"emails eq \"bertha@acme.example\"","startIndex":1,"count":10}`).is(200)
	if got := names(a, "Resources", 0); got != "id schemas userName" || a.at("totalResults") != 1.0 {
		t.Errorf("search: %s", a.Body)
	}
	s.ask("POST", "/Users/.search", `{"filter":"title pr"}`).is(400, "invalidSyntax")
	s.ask("POST", "/.search", `{}`).is(501)
	if created := s.ask("POST", "/Users?attributes=userName", userJSON("c")).is(201); names(created) != "id schemas userName" {
		t.Errorf("created: %s", created.Body)
	}
}

func TestGroupsAreListedToo(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	a, b := s.user("a"), s.user("b")
	staff, empty := s.group("Staff", a, b), s.group("Empty")
	for filter, want := range map[string][]string{
		`displayName eq "STAFF"`: {staff}, `displayName ne "staff"`: {empty}, `members.value eq "` + a + `"`: {staff}, `members eq "` + b + `"`: {staff}, `members[value eq "` + b + `"]`: {staff},
		`members pr`: {staff}, `not (members pr)`: {empty}, `members.display sw "a"`: {staff}, `id eq "` + empty + `"`: {empty}, `externalId eq "x"`: {}, `displayName co "f"`: {staff}, `displayName ew "y" or displayName sw "st"`: {staff, empty},
	} {
		got := s.ask("GET", filtered("/Groups", filter), "").is(200)
		var found []string
		for _, one := range got.at("Resources").([]any) {
			found = append(found, one.(map[string]any)["id"].(string))
		}
		slices.Sort(found)
		slices.Sort(want)
		if !slices.Equal(found, want) {
			t.Errorf("%s: %v, want %v", filter, found, want)
		}
	}
	light := s.ask("GET", "/Groups/"+staff+"?excludedAttributes=members", "").is(200)
	if light.at("members") != nil || light.at("displayName") != "Staff" {
		t.Errorf("%s", light.Body)
	}
}
