package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/route"
	"lyceum/internal/uid"
	"lyceum/learning/rubric"
)

// The tags, and what each is about, in the order in which they are shown.
const (
	tagMe           = "Me"
	tagCourses      = "Courses"
	tagAuthoring    = "Authoring"
	tagEnrolments   = "Enrolments"
	tagLearning     = "Learning"
	tagPaths        = "Paths"
	tagCertificates = "Certificates"
	tagPeople       = "People"
	tagFiles        = "Files"
	tagBrand        = "Brand"
	tagAddress      = "Address"
	tagLeaving      = "Leaving"
	tagPrivacy      = "Privacy"
	tagUsage        = "Usage"
	tagBilling      = "Billing"
	tagEvents       = "Events"
	tagAudit        = "Audit log"
	tagRoles        = "Roles"
	tagGroups       = "Groups"
	tagSearch       = "Search"
	tagDirectories  = "Directories"
	tagConnections  = "Sign-on"
	tagLDAP         = "LDAP directories"
	tagKeys         = "API keys"
	tagSecurity     = "Security"
)

func tags() []*huma.Tag {
	return []*huma.Tag{
		{Name: tagMe, Description: "Who is asking, and what is theirs."},
		{Name: tagCourses, Description: "What is taught."},
		{Name: tagAuthoring, Description: "Writing courses. Every change names the revision it was made on, so that nobody overwrites what they have not seen."},
		{Name: tagEnrolments, Description: "Who learns what."},
		{Name: tagLearning, Description: "Taking a course, as a player does."},
		{Name: tagPaths, Description: "Courses in an order, what a course asks for first, and the shortest way to it."},
		{Name: tagCertificates, Description: "Proofs of completion, for anyone to check."},
		{Name: tagPeople, Description: "Who is in the portal, and as what."},
		{Name: tagSearch, Description: "Find what one may see, as it is typed."},
		{Name: tagGroups, Description: "People together: chosen by hand, by a rule, or by a directory."},
		{Name: tagRoles, Description: "What people may do, and why."},
		{Name: tagDirectories, Description: "Companies' directories that bring people by SCIM 2.0, and what they sent. SCIM itself is spoken at /scim/v2."},
		{Name: tagLDAP, Description: "LDAP servers that are read for people on a schedule, and what each reading did."},
		{Name: tagFiles, Description: "Pictures, videos, documents and captions. Large files go up in chunks that resume."},
		{Name: tagBrand, Description: "How the portal looks."},
		{Name: tagPrivacy, Description: "What is kept of people, and having somebody erased."},
		{Name: tagLeaving, Description: "Taking everything out of the portal, and having it erased."},
		{Name: tagAddress, Description: "Where the portal answers: its name, and domains of its own."},
		{Name: tagUsage, Description: "What is counted for the bill, each entry with its proof."},
		{Name: tagBilling, Description: "The portal's plan, what it costs, and its bills."},
		{Name: tagEvents, Description: "What happened, for those who follow it."},
		{Name: tagAudit, Description: "Who did what, kept for good and chained, for those who audit it."},
		{Name: tagConnections, Description: "Identity providers and directories through which people sign in."},
		{Name: tagKeys, Description: "Keys for programs that act as you."},
		{Name: tagSecurity, Description: "Second factors, and the portal's rules for them and for sessions."},
	}
}

const about = `The portal's data and actions as JSON.

**Signing in.** Send an API key as ` + "`Authorization: Bearer lyc_…`" + `; you make one in the portal under API keys. A key acts as the person who made it, narrowed to its scopes. Pages of the portal itself use the session's cookie.

**Lists** answer ` + "`items`" + ` and ` + "`next`" + `. Give ` + "`next`" + ` as ` + "`after`" + ` to get the page that follows, or follow the Link header; ` + "`next`" + ` is null at the end.

**Failures** are problem documents (RFC 9457): ` + "`code`" + ` tells them apart for good, ` + "`detail`" + ` is a sentence for people, ` + "`errors`" + ` says what is wrong with which field, and ` + "`request_id`" + ` is what to send us. Unknown fields and parameters are refused.

**Limits.** RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset stand on every answer; beyond the limit it is 429 with Retry-After. A JSON body holds at most 1 MiB.

**Ids** are UUIDs, and **times** RFC 3339 in UTC. Fields that are left out have no value.`

// Names of the two ways to prove who asks, in the document.
const (
	schemeKey     = "api_key"
	schemeSession = "session"
)

// paper is what a document says of its operations as a whole.
type paper struct {
	title, about, server string
	schemes              map[string]*huma.SecurityScheme
	security             []map[string][]string
	tags                 []*huma.Tag
	common               map[int]string // of common failures that have another text here
}

func portalPaper() paper {
	return paper{
		title: "Lyceum API", about: about, server: "The portal itself", tags: tags(),
		schemes: map[string]*huma.SecurityScheme{
			schemeKey:     {Type: "http", Scheme: "bearer", BearerFormat: "lyc_…", Description: "An API key, made in the portal under API keys."},
			schemeSession: {Type: "apiKey", In: "cookie", Name: "__Host-lyceum", Description: "The session of the portal's own pages. Changes carry the page's token as X-CSRF-Token."},
		},
		security: []map[string][]string{{schemeKey: {}}, {schemeSession: {}}},
	}
}

// newHuma makes huma's side without what it adds by itself: no $schema in bodies, no documentation from a CDN, no text
// or value of its own failures.
func newHuma(router fiber.Router, p paper) huma.API {
	schemas := huma.NewMapRegistry("#/components/schemas/", schemaName)
	schemas.RegisterTypeAlias(reflect.TypeFor[uid.ID](), reflect.TypeFor[identifier]())
	schemas.RegisterTypeAlias(reflect.TypeFor[rubric.Points](), reflect.TypeFor[float64]()) // written as points: 2.5
	adapter := humafiber.NewWithGroup(nil, router, huma.Config{}).Adapter()
	return huma.NewAPI(huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: p.title, Version: "1.0.0", Description: p.about},
			Servers: []*huma.Server{{URL: "/", Description: p.server}},
			Components: &huma.Components{
				Schemas:         schemas,
				Responses:       sharedFailures(schemas, p.common),
				SecuritySchemes: p.schemes,
			},
			Security: p.security,
			Tags:     p.tags,
		},
		Formats:       map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{refuse},
	}, headToo{adapter})
}

// headToo answers HEAD wherever GET is answered (RFC 9110 §9.3.2). An operation of its own for HEAD comes before.
type headToo struct{ huma.Adapter }

// Handle registers an operation.
func (h headToo) Handle(op *huma.Operation, handler func(huma.Context)) {
	h.Adapter.Handle(op, handler)
	if op.Method == get {
		asHead := *op
		asHead.Method = head
		h.Adapter.Handle(&asHead, handler)
	}
}

// jsonFormat is huma's, but that a failure which enter will answer writes nothing.
var jsonFormat = huma.Format{Marshal: writeJSON, Unmarshal: json.Unmarshal}

// identifier is an id as the document describes it. The length keeps out the other forms that the uuid package reads.
type identifier struct{}

// Schema describes an id.
func (identifier) Schema(huma.Registry) *huma.Schema {
	length := len(uid.Nil.String())
	return &huma.Schema{Type: huma.TypeString, Format: "uuid", MinLength: &length, MaxLength: &length}
}

// renamed are types whose names in Go only keep out of the way of a package's.
var renamed = map[string]string{
	"happened": "Event", "proof": "Certificate", "enrolled": "Enrolment", "whom": "NewEnrolment", "roles": "RoleSet",
	"apiKey": "APIKey", "apiKeyWish": "APIKeyWish", "Document": "Problem", "FieldError": "ProblemField",
}

// schemaName names a type in the document: Person for person, PersonPage for a page of them.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, suffix := t.Name(), ""
	switch {
	case strings.HasSuffix(t.PkgPath(), "learning/question") && name == "Question":
		return "QuestionBody"
	case strings.HasSuffix(t.PkgPath(), "learning/question"), strings.HasSuffix(t.PkgPath(), "bank/format"):
		return "Question" + name // those of a quiz have names of their own
	}
	if item, ok := strings.CutPrefix(name, "pageOf["); ok {
		name, suffix = strings.TrimSuffix(item[strings.LastIndexByte(item, '.')+1:], "]"), "Page"
	}
	if better, ok := renamed[name]; ok {
		return better + suffix
	}
	if suffix != "" {
		return strings.ToUpper(name[:1]) + name[1:] + suffix
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// described is what the document says of an operation beside what its types say.
func (a *api) described(o operation) huma.Operation {
	d := huma.Operation{
		OperationID: o.id, Method: o.method, Path: base + o.path, Tags: []string{o.tag}, Summary: o.summary, DefaultStatus: o.status,
		Description: strings.TrimSpace(o.about + "\n\n" + needed(o.need) + proven(o)), Extensions: map[string]any{"x-permission": string(o.need)},
		Responses: a.failures(o),
		// The body is here already: huma's limits of its size and time would only be in the way of ours.
		MaxBodyBytes: -1, BodyReadTimeout: -1,
	}
	if o.need == route.Public {
		d.Security = []map[string][]string{}
	}
	if o.media != "" {
		d.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{o.media: {Schema: binary()}}}
	}
	if o.bytes {
		d.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{fiber.MIMEOctetStream: {Schema: binary()}, chunkType: {Schema: binary()}}}
		if o.lists {
			d.RequestBody.Content = map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}, "application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString}}, fiber.MIMEOctetStream: {Schema: binary()}}
		}
	}
	return d
}

func binary() *huma.Schema { return &huma.Schema{Type: huma.TypeString, Format: "binary"} }

// proven says that an operation asks for a fresh proof.
func proven(o operation) string {
	if !o.fresh {
		return ""
	}
	return " In a session, its person must have proved themselves lately; else it is 403 with `step_up_required`."
}

func needed(n route.Need) string {
	switch n {
	case route.Public:
		return "Open to everyone."
	case route.SignedIn:
		return "Open to everyone who is signed in."
	}
	if scope, ok := n.Scope(); ok {
		return "Needs a key with the scope `" + string(scope) + "`."
	}
	return "Needs the permission `" + string(n) + "`."
}

// common are the failures that many operations share, by status: what the document calls them, and what it says.
var common = map[int]struct{ name, text string }{
	http.StatusUnauthorized:          {"Unauthenticated", "`sign_in_first`, `api_key_invalid`: there is no session or key, or the key is not valid."},
	http.StatusForbidden:             {"Forbidden", "`forbidden`: the permission is missing."},
	http.StatusRequestEntityTooLarge: {"TooLarge", "`body_too_large`: the body is beyond the limit."},
	http.StatusUnsupportedMediaType:  {"MediaType", "`media_type`: the body is not of the type that is taken here."},
	http.StatusUnprocessableEntity:   {"Invalid", "`invalid_input`: a field or parameter is missing, unknown or does not fit; `errors` says which."},
	http.StatusTooManyRequests:       {"TooMany", "`rate_limited`: there were too many requests. Retry-After says how long to wait."},
	http.StatusInternalServerError:   {"Internal", "`internal`: something went wrong on our side."},
	http.StatusServiceUnavailable:    {"Unavailable", "`too_slow` and others: a part is down for the moment. Retry-After says when to try again."},
}

// sharedFailures are the common failures as the document's components.
func sharedFailures(schemas huma.Registry, own map[int]string) map[string]*huma.Response {
	out := map[string]*huma.Response{}
	for status, c := range common {
		text := c.text
		if own[status] != "" {
			text = own[status]
		}
		out[c.name] = failure(schemas, text)
	}
	return out
}

func failure(schemas huma.Registry, text string) *huma.Response {
	schema := schemas.Schema(reflect.TypeFor[problem.Document](), true, "")
	return &huma.Response{Description: text, Content: map[string]*huma.MediaType{problem.MediaType: {Schema: schema}}}
}

// failures are the answers to an operation that fails, by status: the common ones, and those of the domain.
func (a *api) failures(o operation) map[string]*huma.Response {
	may := []int{
		http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable,
	}
	_, some := o.need.Permission()
	if _, key := o.need.Scope(); key || some {
		may = append(may, http.StatusForbidden)
	}
	if o.method == post || o.method == put || o.method == patch {
		may = append(may, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	out := map[string]*huma.Response{}
	for _, status := range may {
		out[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + common[status].name}
	}
	own := map[int][]string{}
	for _, f := range o.fails {
		status := problem.Status(f.Kind)
		own[status] = append(own[status], fmt.Sprintf("`%s`: %s", f.Code, f.Text))
	}
	for status, texts := range own {
		if slices.Contains(may, status) {
			texts = append(texts, a.huma.OpenAPI().Components.Responses[common[status].name].Description)
		}
		out[strconv.Itoa(status)] = failure(a.huma.OpenAPI().Components.Schemas, strings.Join(texts, "\n\n"))
	}
	return out
}
