package visit

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// CSRFField is the form field that carries the token; CSRFHeader is where scripts send it.
const (
	CSRFField  = "csrf"
	CSRFHeader = "X-CSRF-Token"
)

// ErrForm is a form or a script's request that was not made by a page of this site for this visitor.
var ErrForm = fault.New(fault.KindForbidden, "form_expired", "This form has expired: you signed in or out since it was opened, or it did not come from this site. Go back, copy what you typed if you want to keep it, reload the page and send it again.")

// Anchor binds the request's CSRF token to a session's secret.
func Anchor(c *fiber.Ctx, secret string) { Of(c).anchor = secret }

// anchored gives what the token is bound to: the session, else a random cookie that a stranger is given with the first
// page they see (make).
func anchored(c *fiber.Ctx, makeOne bool) string {
	v := Of(c)
	if v.anchor != "" {
		return v.anchor
	}
	if carried := get(c, strangerCookie); len(carried) == 43 {
		v.anchor = carried
		return carried
	}
	if makeOne {
		v.anchor, _ = uid.Secret()
		set(c, strangerCookie, v.anchor, 0)
	}
	return v.anchor
}

// Token is what the page's forms carry. It is a digest of the session's secret, so the server keeps nothing, and it is
// masked with random bytes anew on every page: compressed pages would otherwise give it away by their length (BREACH).
func Token(c *fiber.Ctx) string {
	digest := digestOf(anchored(c, true))
	mask := make([]byte, len(digest), 2*len(digest))
	rand.Read(mask) // never fails: crypto/rand ends the process instead
	subtle.XORBytes(digest, digest, mask)
	return base64.RawURLEncoding.EncodeToString(append(mask, digest...))
}

func digestOf(secret string) []byte {
	sum := sha256.Sum256([]byte("csrf" + secret))
	return sum[:]
}

// CheckForm fails with ErrForm unless the request was made by a page of this site for this visitor: what browsers say
// of its origin must not speak against it, and it must carry the token. Neither alone is trusted.
func CheckForm(c *fiber.Ctx) error {
	if !sameOrigin(c) {
		return ErrForm
	}
	sent := c.Get(CSRFHeader)
	if sent == "" {
		sent = formField(c, CSRFField)
	}
	secret := anchored(c, false)
	masked, err := base64.RawURLEncoding.DecodeString(sent)
	if secret == "" || err != nil || len(masked) != 2*sha256.Size {
		return ErrForm
	}
	token := make([]byte, sha256.Size)
	subtle.XORBytes(token, masked[:sha256.Size], masked[sha256.Size:])
	if subtle.ConstantTimeCompare(token, digestOf(secret)) != 1 {
		return ErrForm
	}
	return nil
}

// sameOrigin reads what browsers say: Sec-Fetch-Site, and Origin, which every browser sends with an unsafe request
// (Fetch §3.2). A neighbouring portal is "same-site" and no better than a stranger. Behind a proxy that ends TLS the
// scheme may differ, so hosts are compared.
func sameOrigin(c *fiber.Ctx) bool {
	switch c.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, Of(c).Host)
}

func formField(c *fiber.Ctx, name string) string {
	switch sent := c.Get(fiber.HeaderContentType); {
	case strings.HasPrefix(sent, fiber.MIMEApplicationForm):
		return string(c.Context().PostArgs().Peek(name))
	case strings.HasPrefix(sent, fiber.MIMEMultipartForm):
		form, err := c.MultipartForm()
		if err != nil || len(form.Value[name]) == 0 {
			return ""
		}
		return form.Value[name][0]
	}
	return ""
}
