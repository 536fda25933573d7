// Package address is where a portal answers: its subdomain, which may be changed, and domains of its own. It knows how a domain
// is proven and watched, and for which hosts a certificate may be had; it speaks neither ACME (internal/acme) nor HTTP.
package address

import (
	"net/netip"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Domain is a domain that a tenant wishes to have or has. It is a row of control.wished_domains.
type Domain struct {
	TenantID     uid.ID
	Host         string     // as it stands in the DNS: lower case, international labels in their ASCII form (RFC 5891)
	Token        string     // what the TXT record must hold behind recordPrefix
	Problem      Problem    // what the last look at the DNS found wrong; "" for nothing
	VerifiedAt   *time.Time // nil: not proven, so that it leads nowhere
	PointedAt    *time.Time // when it was last seen to lead here; nil: it does not
	CheckedAt    *time.Time // when the DNS last answered
	MissingSince *time.Time // when the proof, or the way here, of a proven domain was first found gone
	LostAt       *time.Time // when it was switched off for that; nil: it was not
	CreatedAt    time.Time
}

// Problem is what the DNS says wrong about a domain.
type Problem string

// The problems.
const (
	ProblemNone      Problem = ""
	ProblemRecord    Problem = "no_record"  // the TXT record is not there
	ProblemNoAddress Problem = "no_address" // the name has no address: a dangling CNAME, or none yet
	ProblemElsewhere Problem = "elsewhere"  // it leads to somebody else's
	ProblemPartly    Problem = "partly"     // some of its addresses are ours, others not
)

// State is where a domain is in its life.
type State string

// The states.
const (
	StateWaiting State = "waiting" // to be proven
	StateProven  State = "proven"  // proven, but it does not lead here
	StateLive    State = "live"    // the portal answers there
	StateWarned  State = "warned"  // proof or way here have gone: switched off at OffAt
	StateOff     State = "off"     // switched off; a new proof is needed
)

// State tells it.
func (d Domain) State() State {
	switch {
	case d.VerifiedAt == nil && d.LostAt != nil:
		return StateOff
	case d.VerifiedAt == nil:
		return StateWaiting
	case d.MissingSince != nil:
		return StateWarned
	case d.PointedAt == nil:
		return StateProven
	}
	return StateLive
}

// OffAt is when a domain whose proof or way here stays away is switched off; the zero time while nothing is missing.
func (d Domain) OffAt() time.Time {
	if d.MissingSince == nil {
		return time.Time{}
	}
	return d.MissingSince.Add(missingFor)
}

// Shown is the domain as people write it: international labels in their own script.
func (d Domain) Shown() string {
	if shown, err := idna.Display.ToUnicode(d.Host); err == nil {
		return shown
	}
	return d.Host
}

// Apex tells a domain that is registered itself, such as acme.com: the DNS allows no CNAME there (RFC 1034 §3.6.2).
func (d Domain) Apex() bool {
	registered, err := publicsuffix.EffectiveTLDPlusOne(d.Host)
	return err == nil && registered == d.Host
}

// RecordName is where the TXT record is looked for.
func (d Domain) RecordName() string { return recordLabel + "." + d.Host }

// RecordValue is what the TXT record must hold.
func (d Domain) RecordValue() string { return recordPrefix + d.Token }

const (
	recordLabel  = "_lyceum-portal"
	recordPrefix = "lyceum-portal="
	tokenLength  = 32

	// wishesMax and slugsMax bound what a tenant may have, whatever its plan: wished domains, and subdomains past and present.
	wishesMax = 50
	slugsMax  = 10

	// missingFor is how long a domain outlives its records: a mistake in the DNS must not close a portal.
	missingFor = 14 * 24 * time.Hour
	// checkEvery is how often a domain's records are looked up; proofAwaited for how long those of one never proven are.
	checkEvery   = 23 * time.Hour
	proofAwaited = 30 * 24 * time.Hour
)

// Failures of this package.
var (
	ErrNotFound    = fault.New(fault.KindNotFound, "portal_domain_not_found", "There is no such domain here.")
	ErrHere        = fault.New(fault.KindConflict, "portal_domain_here", "This domain stands in your list already.")
	ErrElsewhere   = fault.New(fault.KindConflict, "portal_domain_elsewhere", "This domain has been proven for another portal on this platform. If it is yours, ask the platform's support to look into it.")
	ErrUnproven    = fault.New(fault.KindConflict, "portal_domain_unproven", "The TXT record is not in the DNS yet. A change can take up to a day to be seen everywhere; check name and value, then try again.")
	ErrNotPointing = fault.New(fault.KindConflict, "portal_domain_not_pointing", "The domain is proven but does not lead here yet. Set the CNAME or address record, then try again.")
	ErrDNS         = fault.New(fault.KindUnavailable, "portal_domain_dns", "The DNS did not answer just now. Try again in a few minutes.")
	ErrTooMany     = fault.New(fault.KindConflict, "portal_domains_too_many", "50 domains are the most. Remove those that are no longer used.")
	ErrBusy        = fault.New(fault.KindConflict, "portal_domains_changed", "Someone else added a domain at the same moment. Reload the page and try again.")
	ErrTooManyOld  = fault.New(fault.KindConflict, "portal_names_too_many", "A portal can have ten names in its life: each is kept for its old links. Go back to one of them, or use a domain of your own.")
)

// domainForm is how a name is brought into the form in which the DNS has it: lower case, ASCII, every label checked.
var domainForm = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.BidiRule())

func refused(text string) error { return fault.Invalid(map[string]string{"domain": text}) }

// Check brings a wished domain into the form in which it is kept, and says why it can be nobody's portal.
func Check(wished string, hosts tenant.Hosts) (host string, err error) {
	s := strings.TrimSuffix(strings.TrimSpace(wished), ".")
	switch {
	case strings.Contains(s, "://"), strings.ContainsAny(s, "/@?#\\ "):
		return "", refused("Enter the domain alone, for example “learn.acme.com”, without https:// and what stands behind it.")
	case strings.Contains(s, "*"):
		return "", refused("A domain with * stands for many. Enter each one by itself.")
	}
	if _, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return "", refused("This is an IP address. Enter a domain, for example “learn.acme.com”.")
	}
	if strings.Contains(s, ":") {
		return "", refused("Enter the domain without a port.")
	}
	host, err = domainForm.ToASCII(s)
	if err != nil || !strings.Contains(host, ".") || len(host) > 253-len(recordLabel)-1 {
		return "", refused("Enter a domain, for example “learn.acme.com”.")
	}
	if tld := host[strings.LastIndexByte(host, '.')+1:]; strings.Trim(tld, "0123456789") == "" {
		return "", refused("This is an IP address. Enter a domain, for example “learn.acme.com”.")
	}
	if ours(host, hosts) {
		return "", refused("This address belongs to the platform. Change your portal's name above, or enter a domain of your own.")
	}
	return host, foreign(host, hosts)
}

// foreign says why a domain that is well written can be nobody's portal all the same.
func foreign(host string, hosts tenant.Hosts) error {
	if special(host) {
		return refused("This name is never seen on the internet. Enter a domain that your organization has registered.")
	}
	if suffix, _ := publicsuffix.PublicSuffix(host); suffix == host {
		return refused("Under this domain anyone may register a name, so it is nobody's alone. Enter your own, for example “acme." + host + "”.")
	}
	shown, err := idna.Display.ToUnicode(host)
	if err != nil {
		return refused("Enter a domain, for example “learn.acme.com”.")
	}
	if mixed(shown) {
		return refused("This domain mixes letters of several scripts, as forged addresses do. Enter one in a single script.")
	}
	if ours(alike(shown), tenant.Hosts{Platform: alike(hosts.Platform), Base: alike(hosts.Base)}) {
		return refused("This domain is easily taken for the platform's own. Enter another.")
	}
	return nil
}

// ours tells the platform's own hosts and everything below its base.
func ours(host string, hosts tenant.Hosts) bool {
	return host == hosts.Platform || host == hosts.Base || strings.HasSuffix(host, "."+hosts.Base) || strings.HasSuffix(host, "."+hosts.Platform)
}

// special tells names that the DNS of the internet never has (RFC 6761, RFC 8375, RFC 9476, reserved by ICANN: internal).
func special(host string) bool {
	for _, s := range []string{"localhost", "local", "invalid", "test", "onion", "alt", "internal", "arpa"} {
		if strings.HasSuffix(host, "."+s) {
			return true
		}
	}
	return false
}

// mixed tells whether one label has letters of two scripts of which one looks like the other.
func mixed(shown string) bool {
	for label := range strings.SplitSeq(shown, ".") {
		scripts := 0
		for _, script := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee} {
			if strings.ContainsFunc(label, func(r rune) bool { return unicode.Is(script, r) }) {
				scripts++
			}
		}
		if scripts > 1 {
			return true
		}
	}
	return false
}

// alike writes domains that are easily taken for each other alike: with the Latin letters that its own look like, and those that look
// like each other as one.
func alike(shown string) string { return tenant.Skeleton(looksLatin.Replace(shown)) }

var looksLatin = strings.NewReplacer(
	"а", "a", "с", "c", "ԁ", "d", "е", "e", "һ", "h", "і", "i", "ј", "j", "ӏ", "l", "м", "m", "о", "o", "р", "p", "ԛ", "q", "ѕ", "s", "т", "t", "у", "y", "х", "x", "ѵ", "v", "ԝ", "w",
	"α", "a", "ο", "o", "ρ", "p", "ν", "v", "υ", "u", "ι", "i", "κ", "k", "τ", "t", "χ", "x", "ı", "i", "ł", "l", "ø", "o", "ɡ", "g",
	"á", "a", "à", "a", "ä", "a", "â", "a", "é", "e", "è", "e", "ë", "e", "ê", "e", "í", "i", "ì", "i", "ï", "i", "ó", "o", "ò", "o", "ö", "o", "ú", "u", "ù", "u", "ü", "u", "ý", "y", "ÿ", "y", "ç", "c", "ñ", "n",
)
