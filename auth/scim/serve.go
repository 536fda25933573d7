package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Request is one request of a directory, as far as the protocol goes. It comes over HTTP, out of a bulk, or out of the
// log.
type Request struct {
	Method      string
	Path        string // below /scim/v2: "/Users/<id>"
	Query       Parameters
	Body        []byte
	IfMatch     string
	IfNoneMatch string
	Base        string // the address of /scim/v2, for locations
	RawQuery    string // as it came, for the log
}

// Response is what is answered. Body is empty with 204 and 304.
type Response struct {
	Status   int
	Body     []byte
	ETag     string
	Location string
	Outcome  Outcome
	DryRun   bool
}

var (
	errDry    = errors.New("scim: a dry run changes nothing")
	errMethod = fault.New(fault.KindInvalid, "scim_method", "This address does not take this method.")
	errFilter = fault.New(fault.KindForbidden, "scim_discovery_filter", "This endpoint takes no filter.")
)

// Serve answers a request of a directory that is on, or in dry run, which takes back all that was done. The request is
// noted in the directory's log. err is our own mistake, for the log: the response says nothing of it.
func (s *Service) Serve(ctx context.Context, d Directory, req Request) (Response, error) {
	return s.serve(ctx, d, req, d.Status != signon.StatusOn)
}

func (s *Service) serve(ctx context.Context, d Directory, req Request, dry bool) (out Response, err error) {
	if !inTenant(ctx) {
		return refusal(ErrUnauthorised), nil
	}
	began := s.now()
	var w *work
	logged := false
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		w, logged = s.begin(d, req), false // it may run twice
		if out, err = w.dispatch(acting(ctx), req); err != nil {
			return err
		}
		if out.Outcome = w.outcome; dry {
			return errDry
		}
		logged = true
		return s.keep.LogRequest(ctx, s.logged(d, req, out, began))
	})
	if err == nil && w.touched {
		s.auth.Changed(ctx)
	}
	if errors.Is(err, errDry) {
		err = nil
	}
	if err != nil {
		out, logged = refusal(err), false
		if w != nil {
			out.Outcome.Notes = w.outcome.Notes
		}
	}
	if out.DryRun = dry; !logged {
		after := s.keep.InTenant(context.WithoutCancel(ctx), func(ctx context.Context) error { return s.keep.LogRequest(ctx, s.logged(d, req, out, began)) })
		err = errors.Join(err, after)
	}
	if fault.Of(err).Kind != fault.KindInternal {
		return out, nil
	}
	return out, err
}

// refusal is the response for a failure.
func refusal(err error) Response {
	status, body := Answer(err)
	raw, err := json.Marshal(body)
	if err != nil {
		return Response{Status: http.StatusInternalServerError}
	}
	return Response{Status: status, Body: raw}
}

// Refusal is the response for a failure that was met before a directory was known.
func Refusal(err error) Response { return refusal(err) }

// work is one request under way.
type work struct {
	*Service
	d       Directory
	q       Quirks
	base    string
	outcome Outcome
	touched bool // something changed that other processes remember
}

func (s *Service) begin(d Directory, req Request) *work {
	return &work{Service: s, d: d, q: d.Mode.Quirks(), base: strings.TrimSuffix(req.Base, "/")}
}

const (
	outcomeMax = 200 // notes, and changes, of one request
	valueShown = 200 // characters of a value in a change
)

func (w *work) note(format string, args ...any) { w.notes([]string{fmt.Sprintf(format, args...)}) }

func (w *work) notes(notes []string) {
	for _, n := range notes {
		if len(w.outcome.Notes) < outcomeMax {
			w.outcome.Notes = append(w.outcome.Notes, n)
		}
	}
}

func (w *work) changed(subject, field, before, after string) {
	if len(w.outcome.Changes) < outcomeMax {
		w.outcome.Changes = append(w.outcome.Changes, Change{clip(subject), field, clip(before), clip(after)})
	}
}

func clip(s string) string {
	if r := []rune(s); len(r) > valueShown {
		return string(r[:valueShown]) + "…"
	}
	return s
}

// dispatch leads a request to what answers it.
func (w *work) dispatch(ctx context.Context, req Request) (Response, error) {
	written, id, _ := strings.Cut(strings.Trim(req.Path, "/"), "/")
	kind := endpoint(written)
	switch kind {
	case "Users", "Groups":
		rt, h := Users, handlers{w.listUsers, w.createUser, w.getUser, w.replaceUser, w.patchUser, w.deleteUser}
		if kind == "Groups" {
			rt, h = Groups, handlers{w.listGroups, w.createGroup, w.getGroup, w.replaceGroup, w.patchGroup, w.deleteGroup}
		}
		return w.resources(ctx, rt, h, id, req)
	case "Bulk":
		if id == "" && req.Method == http.MethodPost {
			return w.bulk(ctx, req)
		}
	case "Me":
		return Response{}, ErrNotSupported.Saying("A directory's token is nobody's: there is no Me. A person's own API key may ask for it.")
	case ".search":
		return Response{}, ErrNotSupported.Saying("Search /Users or /Groups: there is no search over both.")
	default:
		return w.discovery(kind, id, req)
	}
	return Response{}, errMethod
}

// endpoint is an endpoint's name as the standard writes it; Entra's tests ask for /users.
func endpoint(written string) string {
	for _, name := range []string{"Users", "Groups", "Me", "Bulk", "ServiceProviderConfig", "ResourceTypes", "Schemas"} {
		if strings.EqualFold(written, name) {
			return name
		}
	}
	return written
}

// handlers answer for one kind of resource.
type handlers struct {
	list    func(context.Context, Query) (Response, error)
	create  func(context.Context, map[string]any, Selection) (Response, error)
	get     func(context.Context, uid.ID, Selection, Request) (Response, error)
	replace func(context.Context, uid.ID, map[string]any, Selection, string) (Response, error)
	patch   func(context.Context, uid.ID, map[string]any, Selection, string) (Response, error)
	delete  func(context.Context, uid.ID, string) (Response, error)
}

func (w *work) resources(ctx context.Context, rt *ResourceType, h handlers, id string, req Request) (Response, error) {
	in := req.Query
	if id == ".search" {
		if req.Method != http.MethodPost {
			return Response{}, errMethod
		}
		body, err := Decode(req.Body)
		if err != nil {
			return Response{}, err
		}
		if in, err = ParseSearch(body, w.q); err != nil {
			return Response{}, err
		}
		id, req.Method = "", http.MethodGet
	}
	if id == "" {
		return w.collection(ctx, rt, h, in, req)
	}
	one, ok := uid.Parse(id)
	if !ok {
		return Response{}, ErrNotFound
	}
	sel, err := ParseSelection(rt, in["attributes"], in["excludedAttributes"])
	if err != nil {
		return Response{}, err
	}
	switch req.Method {
	case http.MethodGet:
		return h.get(ctx, one, sel, req)
	case http.MethodDelete:
		return h.delete(ctx, one, req.IfMatch)
	}
	body, err := Decode(req.Body)
	switch {
	case req.Method != http.MethodPut && req.Method != http.MethodPatch:
		return Response{}, errMethod
	case err != nil:
		return Response{}, err
	case req.Method == http.MethodPut:
		return h.replace(ctx, one, body, sel, req.IfMatch)
	}
	return h.patch(ctx, one, body, sel, req.IfMatch)
}

func (w *work) collection(ctx context.Context, rt *ResourceType, h handlers, in Parameters, req Request) (Response, error) {
	switch req.Method {
	case http.MethodGet:
		q, err := ParseQuery(rt, in, w.q)
		if err != nil {
			return Response{}, err
		}
		return h.list(ctx, q)
	case http.MethodPost:
		sel, err := ParseSelection(rt, in["attributes"], in["excludedAttributes"])
		if err != nil {
			return Response{}, err
		}
		body, err := Decode(req.Body)
		if err != nil {
			return Response{}, err
		}
		return h.create(ctx, body, sel)
	}
	return Response{}, errMethod
}

// discovery answers what a client may find out about this service (RFC 7644 §4).
func (w *work) discovery(kind, id string, req Request) (Response, error) {
	if kind == "serviceConfiguration" && w.q.OldNames {
		kind = "ServiceProviderConfig"
	}
	var list []Resource
	switch kind {
	case "ServiceProviderConfig":
		list = []Resource{ProviderConfig(w.base)}
	case "ResourceTypes":
		list = ResourceTypes(w.base)
	case "Schemas":
		list = Schemas(w.base)
	default:
		return Response{}, ErrNotFound.Saying("There is nothing at this address.")
	}
	switch {
	case req.Method != http.MethodGet:
		return Response{}, errMethod
	case req.Query["filter"] != "":
		return Response{}, errFilter
	case kind == "ServiceProviderConfig" && id == "":
		return answered(http.StatusOK, list[0])
	case id == "":
		return answered(http.StatusOK, ListOf(list))
	}
	for _, one := range list {
		if name, _ := one["id"].(string); strings.EqualFold(name, id) {
			return answered(http.StatusOK, one)
		}
	}
	return Response{}, ErrNotFound
}

// answered is a response with a body.
func answered(status int, body any) (Response, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return Response{}, fmt.Errorf("write a response: %w", err)
	}
	return Response{Status: status, Body: raw}, nil
}

// resource is the response that holds one resource, with its version and place.
func (w *work) resource(status int, r Resource, sel Selection, rt *ResourceType) Response {
	out, err := answered(status, sel.Apply(rt, r))
	if err != nil {
		return refusal(err)
	}
	meta, _ := r["meta"].(map[string]any)
	out.ETag, _ = meta["version"].(string)
	out.Location, _ = meta["location"].(string)
	return out
}

// patchedResponse is the response to a PATCH: 204, unless the mode or the client wants the resource (RFC 7644 §3.5.2).
func (w *work) patchedResponse(r Resource, sel Selection, rt *ResourceType) Response {
	out := w.resource(http.StatusOK, r, sel, rt)
	if w.q.NoContent && sel.only == nil {
		out.Status, out.Body = http.StatusNoContent, nil
	}
	return out
}

// meta is a resource's meta (RFC 7643 §3.1).
func (w *work) meta(rt *ResourceType, id uid.ID, created, changed time.Time, revision int) map[string]any {
	return map[string]any{
		"resourceType": rt.Name, "created": moment(created), "lastModified": moment(changed),
		"location": w.base + rt.Endpoint + "/" + id.String(), "version": Version(changed, revision),
	}
}

// moment writes a time so that texts sort as times do.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z07:00") }

// guarded checks If-Match (RFC 7644 §3.14).
func guarded(ifMatch string, changed time.Time, revision int) error {
	if ifMatch != "" && !Fulfils(ifMatch, Version(changed, revision)) {
		return ErrVersion
	}
	return nil
}

// taken turns a failure of another room into the one that SCIM tells.
func taken(err error, email string) error {
	if errors.Is(err, auth.ErrEmailTaken) {
		return ErrUniqueness.Saying("The e-mail address %s belongs to someone else in the portal.", email).Because(err)
	}
	return err
}
