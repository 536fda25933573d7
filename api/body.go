package api

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/internal/fault"
)

// Sizes of a request's body, in bytes. What a header announces beyond them is refused before it is read.
const (
	formLimit   = 1 << 20
	chunkLimit  = 8<<20 + 64<<10
	uploadLimit = 9 << 20 // a file of 8 MiB and the form around it
)

// room tells how large a body may be, before a byte of it is read: a body is kept in memory whole, and the header is all
// that is known by then. More than formLimit have only the routes that take files, from who shows a session or a key,
// whether or not they turn out to hold.
type room struct {
	secure bool
	wide   []route.Route // those that take files
}

func newRoom(secure bool, all []route.Route) room {
	r := room{secure: secure}
	for _, one := range all {
		if one.Body > formLimit {
			r.wide = append(r.wide, one)
		}
	}
	return r
}

// of is the most that the body of a request with this header may hold.
func (r room) of(h *fasthttp.RequestHeader) int {
	if !bringsFile(string(h.ContentType())) {
		return formLimit
	}
	address := fasthttp.AcquireURI()
	defer fasthttp.ReleaseURI(address)
	if address.Parse(h.Host(), h.RequestURI()) != nil {
		return formLimit
	}
	path := string(address.PathOriginal())
	key := strings.HasPrefix(path, "/api/") && len(h.Peek(fiber.HeaderAuthorization)) > 0
	if !key && len(h.Cookie(visit.SessionCookie(r.secure))) == 0 {
		return formLimit
	}
	for _, one := range r.wide {
		if one.Method == string(h.Method()) && fits(path, one.Path) {
			return one.Body
		}
	}
	return formLimit
}

func bringsFile(contentType string) bool {
	for _, t := range []string{fiber.MIMEMultipartForm, "application/offset+octet-stream", fiber.MIMEOctetStream, "text/csv", "application/x-ndjson"} {
		if strings.HasPrefix(contentType, t) {
			return true
		}
	}
	return false
}

// fits tells whether a path is one of a pattern whose parameters are whole segments. Like Fiber it overlooks a slash at
// the end.
func fits(path, pattern string) bool {
	given, want := strings.Split(strings.TrimSuffix(path, "/"), "/"), strings.Split(pattern, "/")
	if len(given) != len(want) {
		return false
	}
	for i, w := range want {
		if given[i] != w && (given[i] == "" || !strings.HasPrefix(w, ":")) {
			return false
		}
	}
	return true
}

// plain refuses compressed bodies: they may be a thousand times what they seem.
func plain(c *fiber.Ctx) error {
	if e := c.Get(fiber.HeaderContentEncoding); e != "" && !strings.EqualFold(e, "identity") {
		return fiber.ErrUnsupportedMediaType
	}
	return c.Next()
}

var errIllegible = fault.New(fault.KindInvalid, "illegible", "The address or the form holds characters that cannot be read. Type the text again; a program sends UTF-8 without the character NUL.")

// legible refuses what PostgreSQL cannot keep and no keyboard types, in the decoded path, in the query and in a form: NUL
// and broken UTF-8. Bodies of other types are read, and refused, by those who know the type.
func legible(c *fiber.Ctx) error {
	path, err := url.PathUnescape(string(c.Request().URI().PathOriginal()))
	if err != nil || !readable(path) || !readableAll(c.Context().QueryArgs()) {
		return errIllegible
	}
	if strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEApplicationForm) && !readableAll(c.Context().PostArgs()) {
		return errIllegible
	}
	return c.Next()
}

func readable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

func readableAll(args *fasthttp.Args) bool {
	for name, value := range args.All() {
		if !readable(string(name)) || !readable(string(value)) {
			return false
		}
	}
	return true
}

// bounded refuses bodies larger than the route takes.
func bounded(limit int) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if len(c.Request().Body()) > limit {
			return fiber.ErrRequestEntityTooLarge
		}
		return c.Next()
	}
}
