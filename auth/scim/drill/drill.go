// Package drill sends a directory what a company of some size sends when it is connected for the first time, so that it can
// be measured. It is no part of serving: `lyceum bench` and a benchmark call it.
package drill

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lyceum/auth/scim"
	"lyceum/internal/clock"
)

// Way is how the people come.
type Way string

const (
	// OneByOne looks each person up and creates them, as Entra ID and Okta do: two requests a person.
	OneByOne Way = "one_by_one"
	// InBulk creates them in bulk requests of bulkSize.
	InBulk Way = "bulk"
)

const (
	bulkSize  = 500
	groupSize = 200 // members that one PATCH adds
)

// Figures are what a sync took.
type Figures struct {
	People   int
	Requests int
	Created  time.Duration // until everybody was there
	Group    time.Duration // putting all of them into one group
}

// Each is how long one person took.
func (f Figures) Each() time.Duration { return f.Created / time.Duration(max(f.People, 1)) }

// Sync brings so many people, and a group with all of them, into a directory that is on, through the service as the HTTP
// binding calls it. User names begin with prefix: a second sync needs another.
func Sync(ctx context.Context, s *scim.Service, d scim.Directory, now clock.Clock, prefix string, people int, way Way) (f Figures, err error) {
	r := run{s: s, d: d}
	began := now()
	var ids []string
	for i := 0; i < people; {
		var made []string
		if way == InBulk {
			made, err = r.bulk(ctx, prefix, i, min(bulkSize, people-i))
		} else {
			made, err = r.one(ctx, prefix, i)
		}
		if err != nil {
			return f, err
		}
		ids = append(ids, made...)
		i = len(ids)
	}
	f.People, f.Created = people, now().Sub(began)
	began = now()
	if err := r.group(ctx, prefix, ids); err != nil {
		return f, err
	}
	f.Group, f.Requests = now().Sub(began), r.requests
	return f, nil
}

type run struct {
	s        *scim.Service
	d        scim.Directory
	requests int
}

// send sends one request and reads the answer; any status but the wished one is an error.
func (r *run) send(ctx context.Context, method, path, query string, body any, want int, into any) error {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r.requests++
	out, err := r.s.Serve(ctx, r.d, scim.Request{Method: method, Path: path, Query: scim.ReadQuery(query), RawQuery: query, Body: raw, Base: "https://portal.example/scim/v2"})
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if out.Status != want {
		return fmt.Errorf("%s %s: status %d, want %d: %s", method, path, out.Status, want, bytes.TrimSpace(out.Body))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(out.Body, into)
}

// person is a User with what a directory usually sends.
func person(prefix string, i int) map[string]any {
	name := fmt.Sprintf("%s%06d", prefix, i)
	return map[string]any{
		"schemas": []string{scim.SchemaUser, scim.SchemaEnterprise}, "userName": name + "@drill.example", "externalId": "ext-" + name, "active": true,
		"displayName": fmt.Sprintf("Person %d of %s", i, prefix), "name": map[string]any{"givenName": "Person", "familyName": fmt.Sprint("Number ", i)}, "title": "Clerk",
		"emails":              []any{map[string]any{"value": name + "@drill.example", "type": "work", "primary": true}},
		"phoneNumbers":        []any{map[string]any{"value": fmt.Sprint("+49 30 ", i), "type": "work"}},
		scim.SchemaEnterprise: map[string]any{"department": fmt.Sprint("Department ", i%40), "employeeNumber": fmt.Sprint(i)},
	}
}

func (r *run) one(ctx context.Context, prefix string, i int) ([]string, error) {
	p := person(prefix, i)
	query := "filter=" + url.QueryEscape(fmt.Sprintf("userName eq %q", p["userName"]))
	var made struct{ ID string }
	if err := r.send(ctx, http.MethodGet, "/Users", query, nil, http.StatusOK, nil); err != nil {
		return nil, err
	}
	err := r.send(ctx, http.MethodPost, "/Users", "", p, http.StatusCreated, &made)
	return []string{made.ID}, err
}

func (r *run) bulk(ctx context.Context, prefix string, from, n int) ([]string, error) {
	var ops []any
	for i := from; i < from+n; i++ {
		ops = append(ops, map[string]any{"method": http.MethodPost, "path": "/Users", "bulkId": fmt.Sprint(i), "data": person(prefix, i)})
	}
	var out struct {
		Operations []struct{ Status, Location string }
	}
	body := map[string]any{"schemas": []string{scim.MessageBulkRequest}, "failOnErrors": 1, "Operations": ops}
	if err := r.send(ctx, http.MethodPost, "/Bulk", "", body, http.StatusOK, &out); err != nil {
		return nil, err
	}
	var ids []string
	for _, op := range out.Operations {
		if op.Status != "201" {
			return nil, fmt.Errorf("bulk from %d: an operation ended with %s", from, op.Status)
		}
		ids = append(ids, op.Location[strings.LastIndexByte(op.Location, '/')+1:])
	}
	return ids, nil
}

func (r *run) group(ctx context.Context, prefix string, ids []string) error {
	var made struct{ ID string }
	if err := r.send(ctx, http.MethodPost, "/Groups", "", map[string]any{"schemas": []string{scim.SchemaGroup}, "displayName": prefix + " everyone"}, http.StatusCreated, &made); err != nil {
		return err
	}
	status := http.StatusOK
	if r.d.Mode.Quirks().NoContent {
		status = http.StatusNoContent
	}
	for len(ids) > 0 {
		n := min(groupSize, len(ids))
		var members []any
		for _, id := range ids[:n] {
			members = append(members, map[string]any{"value": id})
		}
		ops := []any{map[string]any{"op": "add", "path": "members", "value": members}}
		err := r.send(ctx, http.MethodPatch, "/Groups/"+made.ID, "excludedAttributes=members", map[string]any{"schemas": []string{scim.MessagePatch}, "Operations": ops}, status, nil)
		if err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}
