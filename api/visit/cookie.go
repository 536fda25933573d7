package visit

import (
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// Names of cookies. Over https each is prefixed with __Host-, which browsers accept only with Secure, with Path=/ and
// without Domain (RFC 6265bis §4.1.3.2): no neighbouring portal can plant one. Over plain http, which only the demo and
// development serve, the prefix would have the cookie refused.
const (
	sessionCookie  = "lyceum"
	operatorCookie = "lyceum-operator"
	strangerCookie = "lyceum-visitor"
	flashCookie    = "lyceum-flash"
	// The sign-in that waits for its second factor, the challenge of a passkey under way, and the browser that is remembered.
	challengeCookie = "lyceum-challenge"
	ceremonyCookie  = "lyceum-passkey"
	knownCookie     = "lyceum-known"
	lookCookie      = "theme"
	localeCookie    = "locale"
	readingCookie   = "reading"
	browserCookie   = "lyceum-sso"
	setupCookie     = "lyceum-setup-"
	// An operator's support visit, and the browser that is on its way into one.
	supportCookie        = "lyceum-support"
	supportBrowserCookie = "lyceum-support-way"
)

const year = 365 * 24 * time.Hour

// secretLength is how long what uid.Secret makes is.
const secretLength = 43

func (v *Visit) cookieName(name string) string { return cookieName(v.Secure, name) }

func cookieName(secure bool, name string) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// SessionCookie is the name of the cookie that carries the session of a portal's person.
func SessionCookie(secure bool) string { return cookieName(secure, sessionCookie) }

// set gives the browser a cookie. A zero life lasts until the browser is closed; a negative one removes the cookie.
func set(c *fiber.Ctx, name, value string, life time.Duration) {
	v := Of(c)
	cookie := fiber.Cookie{
		Name: v.cookieName(name), Value: value, Path: "/", Secure: v.Secure, HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	}
	switch {
	case life == 0:
		cookie.SessionOnly = true
	case life < 0:
		cookie.Expires = fasthttp.CookieExpireDelete // a removal must carry the prefix's attributes too
	default:
		cookie.MaxAge = int(life / time.Second)
	}
	c.Cookie(&cookie)
}

func get(c *fiber.Ctx, name string) string { return c.Cookies(Of(c).cookieName(name)) }

// Reading is the language that courses are to be read in where they offer it, "" for none chosen.
func Reading(c *fiber.Ctx) string { return get(c, readingCookie) }

// SetReading keeps the language that courses are to be read in; "" forgets it.
func SetReading(c *fiber.Ctx, tag string) {
	if tag == "" {
		set(c, readingCookie, "", -1)
		return
	}
	set(c, readingCookie, tag, year)
}

// Session is the secret of the person's session that the browser carries, "" for none.
func Session(c *fiber.Ctx) string { return get(c, sessionCookie) }

// SetSession signs the browser in. How long the session lasts is the server's to say; the cookie only outlives it.
func SetSession(c *fiber.Ctx, secret string) {
	set(c, sessionCookie, secret, auth.SessionMaximum)
	set(c, strangerCookie, "", -1)
}

// ClearSession signs the browser out.
func ClearSession(c *fiber.Ctx) { set(c, sessionCookie, "", -1) }

// Challenge is the secret of the sign-in that waits for its second factor, "" for none.
func Challenge(c *fiber.Ctx) string { return get(c, challengeCookie) }

// SetChallenge binds a sign-in that waits for its second factor to this browser.
func SetChallenge(c *fiber.Ctx, secret string) {
	set(c, challengeCookie, secret, auth.ChallengeLifetime)
}

// ClearChallenge lets go of the sign-in that waited.
func ClearChallenge(c *fiber.Ctx) {
	if Challenge(c) != "" {
		set(c, challengeCookie, "", -1)
	}
}

// Ceremony is the sealed challenge that a passkey was asked with last, "" for none.
func Ceremony(c *fiber.Ctx) string { return get(c, ceremonyCookie) }

// SetCeremony keeps the challenge that a passkey is asked with.
func SetCeremony(c *fiber.Ctx, token string) { set(c, ceremonyCookie, token, 0) }

// ClearCeremony lets go of a challenge that was answered.
func ClearCeremony(c *fiber.Ctx) { set(c, ceremonyCookie, "", -1) }

// Known is the secret of a remembered browser, "" for none.
func Known(c *fiber.Ctx) string { return get(c, knownCookie) }

// SetKnown has the browser remembered for so many days.
func SetKnown(c *fiber.Ctx, secret string, days int) {
	set(c, knownCookie, secret, time.Duration(days)*24*time.Hour)
}

// browserLife is how long a browser is known that signs in through someone else. It outlives all that is bound to it.
const browserLife = 2 * time.Hour

// Browser is the secret that binds sign-ons under way to this browser, "" for none. It proves nothing but that it is the
// same browser.
func Browser(c *fiber.Ctx) string { return get(c, browserCookie) }

// KnowBrowser gives the browser its secret, one for all of its tabs, or prolongs the one it has.
func KnowBrowser(c *fiber.Ctx) string {
	secret := Browser(c)
	if len(secret) != secretLength {
		secret, _ = uid.Secret()
	}
	set(c, browserCookie, secret, browserLife)
	return secret
}

// SetSetup marks the browser that opened a set-up link, until the link expires at the latest.
func SetSetup(c *fiber.Ctx, link uid.ID, secret string, life time.Duration) {
	set(c, setupCookie+setupName(link), secret, life)
}

// Setup is the mark of the browser that opened a set-up link, "" for any other.
func Setup(c *fiber.Ctx, link uid.ID) string { return get(c, setupCookie+setupName(link)) }

// setupName tells the cookies of several links apart by the end of their id, which is random.
func setupName(link uid.ID) string {
	id := link.String()
	return id[len(id)-12:]
}

// OperatorSession is the secret of the operator's session that the browser carries, "" for none.
func OperatorSession(c *fiber.Ctx) string { return get(c, operatorCookie) }

// SetOperatorSession signs the browser in to the console.
func SetOperatorSession(c *fiber.Ctx, secret string) {
	set(c, operatorCookie, secret, auth.OperatorSessionMaximum)
	set(c, strangerCookie, "", -1)
}

// ClearOperatorSession signs the browser out of the console.
func ClearOperatorSession(c *fiber.Ctx) { set(c, operatorCookie, "", -1) }

// Appearance is the wish for light or dark that the browser carries, "" for none.
func Appearance(c *fiber.Ctx) string { return c.Cookies(lookCookie) }

// SetAppearance keeps the wish for a year. It is no secret and no proof: it has its plain name everywhere.
func SetAppearance(c *fiber.Ctx, look string) { setPlain(c, lookCookie, look) }

// Locale is the language last used on this browser, "" for none.
func Locale(c *fiber.Ctx) string { return c.Cookies(localeCookie) }

// SetLocale keeps the language for pages before signing in.
func SetLocale(c *fiber.Ctx, locale string) { setPlain(c, localeCookie, url.QueryEscape(locale)) }

func setPlain(c *fiber.Ctx, name, value string) {
	c.Cookie(&fiber.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(year / time.Second), Secure: Of(c).Secure, HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	})
}

// flashNameMax bounds the name in a flash, in bytes.
const flashNameMax = 300

// SetFlash leaves a message for the next page: a key of themes and the name of what it is about.
func SetFlash(c *fiber.Ctx, key, name string) {
	for len(name) > flashNameMax {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	set(c, flashCookie, url.QueryEscape(key)+"|"+url.QueryEscape(name), 5*time.Minute)
}

// TakeFlash gives the message left for this page and removes it. What comes from a cookie may be anything: the page
// shows only keys it knows, and the name as text.
func TakeFlash(c *fiber.Ctx) (key, name string, ok bool) {
	left := get(c, flashCookie)
	if left == "" {
		return "", "", false
	}
	set(c, flashCookie, "", -1)
	k, n, _ := strings.Cut(left, "|")
	key, err := url.QueryUnescape(k)
	if err != nil {
		return "", "", false
	}
	if name, err = url.QueryUnescape(n); err != nil || !utf8.ValidString(name) {
		return "", "", false
	}
	return key, name, true
}

// Support is the secret of the support visit that the browser is on, "" for none.
func Support(c *fiber.Ctx) string { return get(c, supportCookie) }

// SetSupport puts the browser on a support visit until it ends at the latest.
func SetSupport(c *fiber.Ctx, secret string, life time.Duration) {
	set(c, supportCookie, secret, max(life, time.Second))
	set(c, supportBrowserCookie, "", -1)
}

// ClearSupport takes the browser off its support visit.
func ClearSupport(c *fiber.Ctx) { set(c, supportCookie, "", -1) }

// SetSupportBrowser marks the browser that is on its way into a support visit.
func SetSupportBrowser(c *fiber.Ctx, secret string) {
	set(c, supportBrowserCookie, secret, 2*time.Minute)
}

// SupportBrowser is the mark of the browser that is on its way into a support visit, "" for any other.
func SupportBrowser(c *fiber.Ctx) string { return get(c, supportBrowserCookie) }
