package scim_test

import (
	"encoding/json"
	"strings"
	"testing"

	"lyceum/auth/scim"
	"lyceum/internal/fault"
)

// patched applies a patch's operations to a resource, both as JSON.
func patched(t testing.TB, rt *scim.ResourceType, resource, ops string, q scim.Quirks) (scim.Resource, []string, error) {
	t.Helper()
	body := object(t, `{"schemas":["`+scim.MessagePatch+`"],"Operations":`+ops+`}`)
	parsed, err := scim.ParsePatch(body, q)
	if err != nil {
		return nil, nil, err
	}
	return scim.Patch(rt, object(t, resource), parsed, q)
}

const (
	bob   = `{"userName":"bob","emails":[{"value":"b@work","type":"work","primary":true},{"value":"b@home","type":"home"}],"name":{"givenName":"Bob","familyName":"Ross"}}`
	plain = `{"userName":"bob"}`
	ext   = `"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
)

func TestAPatchChangesWhatItNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ on, ops, want string }{
		"add an attribute":             {plain, `[{"op":"add","path":"title","value":"Boss"}]`, `{"userName":"bob","title":"Boss"}`},
		"add without a path":           {plain, `[{"op":"add","value":{"title":"Boss","nickName":"B"}}]`, `{"userName":"bob","title":"Boss","nickName":"B"}`},
		"names in any case":            {plain, `[{"op":"add","path":"TITLE","value":"Boss"}]`, `{"userName":"bob","title":"Boss"}`},
		"the core URN before a name":   {plain, `[{"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:User:title","value":"Boss"}]`, `{"userName":"bob","title":"Boss"}`},
		"add a part":                   {plain, `[{"op":"add","path":"name.givenName","value":"Bob"}]`, `{"userName":"bob","name":{"givenName":"Bob"}}`},
		"replace keeps other parts":    {bob, `[{"op":"replace","path":"name","value":{"givenName":"Rob"}},{"op":"remove","path":"emails"}]`, `{"userName":"bob","name":{"givenName":"Rob","familyName":"Ross"}}`},
		"null removes":                 {`{"userName":"bob","title":"x"}`, `[{"op":"replace","path":"title","value":null}]`, plain},
		"an empty list removes":        {`{"userName":"bob","emails":[{"value":"x"}]}`, `[{"op":"replace","path":"emails","value":[]}]`, plain},
		"add to a list":                {`{"userName":"bob","emails":[{"value":"x"}]}`, `[{"op":"add","path":"emails","value":[{"value":"y"},{"value":"x"}]}]`, `{"userName":"bob","emails":[{"value":"x"},{"value":"y"}]}`},
		"add one value without a list": {plain, `[{"op":"add","path":"emails","value":{"value":"y"}}]`, `{"userName":"bob","emails":[{"value":"y"}]}`},
		"a new primary value":          {`{"userName":"bob","emails":[{"value":"x","primary":true}]}`, `[{"op":"add","path":"emails","value":[{"value":"y","primary":true}]}]`, `{"userName":"bob","emails":[{"value":"x","primary":false},{"value":"y","primary":true}]}`},
		"primary by path":              {`{"userName":"bob","emails":[{"value":"x","primary":true},{"value":"y"}]}`, `[{"op":"replace","path":"emails[value eq \"y\"].primary","value":true}]`, `{"userName":"bob","emails":[{"value":"x","primary":false},{"value":"y","primary":true}]}`},
		"replace a list":               {bob, `[{"op":"replace","path":"emails","value":[{"value":"z"}]},{"op":"remove","path":"name"}]`, `{"userName":"bob","emails":[{"value":"z"}]}`},
		"replace a matched value":      {`{"userName":"bob","emails":[{"value":"x","type":"work"},{"value":"y"}]}`, `[{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"z","type":"work"}}]`, `{"userName":"bob","emails":[{"value":"z","type":"work"},{"value":"y"}]}`},
		"replace a part of the match":  {`{"userName":"bob","emails":[{"value":"x","type":"work"},{"value":"y"}]}`, `[{"op":"replace","path":"emails[type eq \"work\"].value","value":"z"}]`, `{"userName":"bob","emails":[{"value":"z","type":"work"},{"value":"y"}]}`},
		"remove a part":                {`{"userName":"bob","name":{"givenName":"Bob","familyName":"Ross"}}`, `[{"op":"remove","path":"name.familyName"}]`, `{"userName":"bob","name":{"givenName":"Bob"}}`},
		"remove the last part":         {`{"userName":"bob","name":{"givenName":"Bob"}}`, `[{"op":"remove","path":"name.givenName"}]`, plain},
		"remove a matched value":       {`{"userName":"bob","emails":[{"value":"x","type":"work"},{"value":"y"}]}`, `[{"op":"remove","path":"emails[type eq \"work\" and value sw \"x\"]"}]`, `{"userName":"bob","emails":[{"value":"y"}]}`},
		"remove a part of the match":   {`{"userName":"bob","emails":[{"value":"x","type":"work"}]}`, `[{"op":"remove","path":"emails[value eq \"x\"].type"}]`, `{"userName":"bob","emails":[{"value":"x"}]}`},
		"remove what is not there":     {plain, `[{"op":"remove","path":"title"}]`, plain},
		"an extension by path":         {plain, `[{"op":"add","path":` + strings.TrimSuffix(ext, `"`) + `:department","value":"R&D"}]`, `{"userName":"bob",` + ext + `:{"department":"R&D"}}`},
		"an extension by object":       {plain, `[{"op":"add","value":{` + ext + `:{"department":"R&D","manager":{"value":"9"}}}}]`, `{"userName":"bob",` + ext + `:{"department":"R&D","manager":{"value":"9"}}}`},
		"a part within an extension":   {plain, `[{"op":"add","path":` + strings.TrimSuffix(ext, `"`) + `:manager.value","value":"9"}]`, `{"userName":"bob",` + ext + `:{"manager":{"value":"9"}}}`},
		"remove a whole extension":     {`{"userName":"bob",` + ext + `:{"department":"R&D"}}`, `[{"op":"remove","path":` + ext + `}]`, plain},
		"the last of an extension":     {`{"userName":"bob",` + ext + `:{"department":"R&D"}}`, `[{"op":"remove","path":` + strings.TrimSuffix(ext, `"`) + `:department"}]`, plain},
		"one after the other":          {plain, `[{"op":"add","path":"title","value":"A"},{"op":"replace","path":"title","value":"B"},{"op":"remove","path":"title"},{"op":"add","path":"title","value":"C"}]`, `{"userName":"bob","title":"C"}`},
		"an address has no value":      {`{"userName":"bob","addresses":[{"type":"work","locality":"Bonn"}]}`, `[{"op":"replace","path":"addresses[type eq \"work\"].country","value":"DE"}]`, `{"userName":"bob","addresses":[{"type":"work","locality":"Bonn","country":"DE"}]}`},
	} {
		got, _, err := patched(t, scim.Users, c.on, c.ops, standard)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Log(name)
		same(t, got, c.want)
	}
}

func TestAPatchIsRefusedWithTheStandardsReason(t *testing.T) {
	t.Parallel()
	for ops, want := range map[string]*fault.Fault{
		`[]`:                             scim.ErrInvalidSyntax,
		`[5]`:                            scim.ErrInvalidSyntax,
		`[{"op":"move","path":"title"}]`: scim.ErrInvalidSyntax,
		`[{"op":"Add","path":"title","value":"x"}]`:                                                          scim.ErrInvalidSyntax,
		`[{"op":"add","path":"title"}]`:                                                                      scim.ErrInvalidSyntax,
		`[{"op":"add","value":"x"}]`:                                                                         scim.ErrInvalidSyntax,
		`[{"op":"add","path":5,"value":"x"}]`:                                                                scim.ErrInvalidPath,
		`[{"op":"add","path":"emails[","value":"x"}]`:                                                        scim.ErrInvalidPath,
		`[{"op":"add","path":"emails[type eq]","value":"x"}]`:                                                scim.ErrInvalidPath,
		`[{"op":"add","path":"emails[type eq \"x\"].","value":"x"}]`:                                         scim.ErrInvalidPath,
		`[{"op":"add","path":"title[type eq \"x\"]","value":"x"}]`:                                           scim.ErrInvalidPath,
		`[{"op":"add","path":"title extra","value":"x"}]`:                                                    scim.ErrInvalidPath,
		`[{"op":"add","path":"shoeSize","value":"x"}]`:                                                       scim.ErrInvalidPath,
		`[{"op":"add","value":{"shoeSize":"x"}}]`:                                                            scim.ErrInvalidPath,
		`[{"op":"add","value":{"name.givenName":"x"}}]`:                                                      scim.ErrInvalidPath,
		`[{"op":"remove"}]`:                                                                                  scim.ErrNoTarget,
		`[{"op":"remove","path":"emails[type eq \"fax\"]"}]`:                                                 scim.ErrNoTarget,
		`[{"op":"replace","path":"emails[type eq \"fax\"].value","value":"x"}]`:                              scim.ErrNoTarget,
		`[{"op":"add","path":"emails[type eq \"fax\"].value","value":"x"}]`:                                  scim.ErrNoTarget,
		`[{"op":"replace","path":"id","value":"x"}]`:                                                         scim.ErrMutability,
		`[{"op":"replace","path":"meta.created","value":"x"}]`:                                               scim.ErrMutability,
		`[{"op":"add","path":"groups","value":[{"value":"x"}]}]`:                                             scim.ErrMutability,
		`[{"op":"add","value":{"id":"x"}}]`:                                                                  scim.ErrMutability,
		`[{"op":"remove","path":"userName"}]`:                                                                scim.ErrMutability,
		`[{"op":"replace","path":"userName","value":""}]`:                                                    scim.ErrInvalidValue,
		`[{"op":"replace","path":"userName","value":5}]`:                                                     scim.ErrInvalidValue,
		`[{"op":"replace","path":"active","value":"False"}]`:                                                 scim.ErrInvalidValue,
		`[{"op":"replace","path":"password","value":"secret"}]`:                                              scim.ErrInvalidValue,
		`[{"op":"add","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}]`: scim.ErrInvalidValue,
		`[{"op":"add","path":"x509Certificates","value":[{"value":"%%"}]}]`:                                  scim.ErrInvalidValue,
		`[{"op":"add","path":"title","value":"a\u0000"}]`:                                                    scim.ErrInvalidValue,
	} {
		_, _, err := patched(t, scim.Users, bob, ops, standard)
		t.Log(ops)
		fails(t, err, want)
	}
}

func TestAFailingPatchChangesNothing(t *testing.T) {
	t.Parallel()
	before := object(t, bob)
	ops := []scim.Operation{
		{Op: "add", Path: "emails", Value: []any{map[string]any{"value": "new", "primary": true}}},
		{Op: "replace", Path: "name.givenName", Value: "Rob"},
		{Op: "replace", Path: "id", Value: "x"},
	}
	_, _, err := scim.Patch(scim.Users, before, ops, standard)
	fails(t, err, scim.ErrMutability)
	same(t, before, bob)
}

func TestEntraMayPatchInItsOwnWay(t *testing.T) {
	t.Parallel()
	manager := strings.TrimSuffix(ext, `"`) + `:manager"`
	for name, c := range map[string]struct{ on, ops, want string }{
		"booleans as texts":        {plain, `[{"op":"Replace","path":"active","value":"False"}]`, `{"userName":"bob","active":false}`},
		"a work address from none": {plain, `[{"op":"Add","path":"emails[type eq \"work\"].value","value":"b@acme"}]`, `{"userName":"bob","emails":[{"type":"work","value":"b@acme"}]}`},
		"a primary role from none": {plain, `[{"op":"Add","path":"roles[primary eq \"True\"].value","value":"Admin"}]`, `{"userName":"bob","roles":[{"primary":true,"value":"Admin"}]}`},
		"an address emptied":       {`{"userName":"bob","emails":[{"type":"work","value":"b@acme"}]}`, `[{"op":"Replace","path":"emails[type eq \"work\"].value","value":""}]`, plain},
		"a manager as a text":      {plain, `[{"op":"Add","path":` + manager + `,"value":"9"}]`, `{"userName":"bob",` + ext + `:{"manager":{"value":"9"}}}`},
		"a manager taken away":     {`{"userName":"bob",` + ext + `:{"manager":{"value":"9"}}}`, `[{"op":"Remove","path":` + manager + `}]`, plain},
		"dotted keys": {plain, `[{"op":"Replace","value":{"name.givenName":"Bob","displayName":"Bob R","emails[type eq \"work\"].value":"b@acme",` + strings.TrimSuffix(ext, `"`) + `:department":"R&D"}}]`,
			`{"userName":"bob","displayName":"Bob R","name":{"givenName":"Bob"},"emails":[{"type":"work","value":"b@acme"}],` + ext + `:{"department":"R&D"}}`},
		"attributes of its own":  {plain, `[{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:acme:2.0:User:badge","value":"1"},{"op":"Add","path":"shoe[size eq 4].value","value":"1"},{"op":"Add","path":"title","value":"x"}]`, `{"userName":"bob","title":"x"}`},
		"a role within a text":   {plain, `[{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"1\",\"value\":\"Admin\",\"displayName\":\"The admin\"}"}]}]`, `{"userName":"bob","roles":[{"value":"Admin","display":"The admin"}]}`},
		"a removal that misses":  {plain, `[{"op":"Remove","path":"emails[type eq \"work\"]"}]`, plain},
		"its password forgotten": {plain, `[{"op":"Replace","path":"password","value":"secret"}]`, plain},
	} {
		got, _, err := patched(t, scim.Users, c.on, c.ops, entra)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Log(name)
		same(t, got, c.want)
	}
}

func TestMembersComeAndGo(t *testing.T) {
	t.Parallel()
	const staff = `{"displayName":"Staff","members":[{"value":"1","display":"One"},{"value":"2"}]}`
	for name, c := range map[string]struct {
		q         scim.Quirks
		ops, want string
	}{
		"added, each once":        {standard, `[{"op":"add","path":"members","value":[{"value":"2"},{"value":"3"}]}]`, `{"displayName":"Staff","members":[{"value":"1","display":"One"},{"value":"2"},{"value":"3"}]}`},
		"removed by filter":       {standard, `[{"op":"remove","path":"members[value eq \"1\"]"}]`, `{"displayName":"Staff","members":[{"value":"2"}]}`},
		"all removed":             {standard, `[{"op":"remove","path":"members"}]`, `{"displayName":"Staff"}`},
		"replaced":                {standard, `[{"op":"replace","path":"members","value":[{"value":"3"}]}]`, `{"displayName":"Staff","members":[{"value":"3"}]}`},
		"Entra: removed by value": {entra, `[{"op":"Remove","path":"members","value":[{"value":"1"}]}]`, `{"displayName":"Staff","members":[{"value":"2"}]}`},
		"Entra: as a text":        {entra, `[{"op":"add","path":"members","value":"3"}]`, `{"displayName":"Staff","members":[{"value":"1","display":"One"},{"value":"2"},{"value":"3"}]}`},
		"Entra: its name for it":  {entra, `[{"op":"add","path":"members","value":[{"value":"3","displayName":"Three"}]}]`, `{"displayName":"Staff","members":[{"value":"1","display":"One"},{"value":"2"},{"value":"3","display":"Three"}]}`},
		"Okta: the id repeated":   {okta, `[{"op":"replace","value":{"id":"7","displayName":"Team"}}]`, `{"displayName":"Team","members":[{"value":"1","display":"One"},{"value":"2"}]}`},
		"Okta: removed again":     {okta, `[{"op":"remove","path":"members[value eq \"9\"]"}]`, staff},
	} {
		got, _, err := patched(t, scim.Groups, staff, c.ops, c.q)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Log(name)
		same(t, got, c.want)
	}
	for ops, want := range map[string]*fault.Fault{
		`[{"op":"replace","path":"members[value eq \"1\"].display","value":"x"}]`: scim.ErrMutability,
		`[{"op":"add","path":"members","value":[{"display":"x"}]}]`:               scim.ErrInvalidValue,
		`[{"op":"add","path":"members","value":[{"value":"g","type":"Group"}]}]`:  scim.ErrInvalidValue,
		`[{"op":"replace","value":{"id":"7","displayName":"Team"}}]`:              scim.ErrMutability,
	} {
		_, _, err := patched(t, scim.Groups, staff, ops, standard)
		fails(t, err, want)
	}
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{
		"members", "name.familyName", `addresses[type eq "work"]`, `members[value eq "2819c223"]`, `members[value eq "2819c223"].displayName`,
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "emails[", "a.b.c", "emails[type eq \"x\"].",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, q := range []scim.Quirks{standard, entra, okta} {
			path, err := scim.ParsePath(scim.Users, text, q)
			if err != nil {
				fails(t, err, scim.ErrInvalidPath)
				continue
			}
			if path.Unknown != "" || path.Filter != nil {
				continue
			}
			again, err := scim.ParsePath(scim.Users, path.String(), q)
			if err != nil || again.String() != path.String() {
				t.Errorf("%q reads back as %q, %v", path, again, err)
			}
		}
	})
}

func FuzzPatch(f *testing.F) {
	for _, seed := range []string{
		`[{"op":"add","path":"emails[type eq \"work\"].value","value":"x"}]`, `[{"op":"Replace","value":{"name.givenName":"x","active":"False"}}]`,
		`[{"op":"remove","path":"emails[type eq \"work\"]"}]`, `[{"op":"replace","path":"emails","value":[{"value":"a","primary":true}]}]`,
		`[{"op":"add","path":"roles[primary eq \"True\"].value","value":"x"},{"op":"remove","path":"roles"}]`, `[{"op":"add","value":{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":"9"}}}]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ops string) {
		var list []any
		if json.Unmarshal([]byte(ops), &list) != nil {
			return
		}
		for _, q := range []scim.Quirks{standard, entra, okta} {
			parsed, err := scim.ParsePatch(map[string]any{"schemas": []any{scim.MessagePatch}, "Operations": list}, q)
			if err != nil {
				continue
			}
			before := object(t, bob)
			after, _, err := scim.Patch(scim.Users, before, parsed, q)
			same(t, before, bob)
			if err != nil {
				if status, body := scim.Answer(err); status != 400 || body.ScimType == "" {
					t.Errorf("%d %+v", status, body)
				}
				continue
			}
			// What a patch leaves is a resource that a PUT would be allowed to bring.
			after["schemas"] = []any{scim.SchemaUser}
			if _, _, err := scim.Clean(scim.Users, after, standard); err != nil {
				t.Errorf("%s leaves %v: %v", ops, after, err)
			}
		}
	})
}
