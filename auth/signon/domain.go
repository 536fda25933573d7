package signon

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Domain is an e-mail domain of the organization: who has an address there is led to its connection once the domain is
// proven. A subdomain is a domain of its own. It is a row of email_domains.
type Domain struct {
	Domain string // as it stands in the DNS: lower case, international labels in their ASCII form (RFC 5891)
	Token  string // what the TXT record must hold behind challengePrefix
	// ConnectionID is where its people are led to; nil: to the password form, or to any connection's button.
	ConnectionID *uid.ID
	// Policy overrides the portal's rule for people with an address here, from PolicyFrom on (nil: at once).
	Policy     Requirement
	PolicyFrom *time.Time
	VerifiedAt *time.Time // nil: not proven; it leads nobody anywhere then
	CheckedAt  *time.Time // when the DNS last answered
	// MissingSince is when the record of a proven domain was first found gone; nil: it is there.
	MissingSince *time.Time
	CreatedAt    time.Time
}

// Verified tells whether the domain is proven.
func (d Domain) Verified() bool { return d.VerifiedAt != nil }

// LostAt is when a domain whose record stays away stops being proven; the zero time while the record is there.
func (d Domain) LostAt() time.Time {
	if d.MissingSince == nil {
		return time.Time{}
	}
	return d.MissingSince.Add(missingFor)
}

// Shown is the domain as people write it: international labels in their own script.
func (d Domain) Shown() string {
	if shown, err := idna.Display.ToUnicode(d.Domain); err == nil {
		return shown
	}
	return d.Domain
}

// RecordName is where the TXT record is looked for first; the domain itself is the second place.
func (d Domain) RecordName() string { return challengeLabel + "." + d.Domain }

// RecordValue is what the TXT record must hold.
func (d Domain) RecordValue() string { return challengePrefix + d.Token }

const (
	challengeLabel  = "_lyceum-challenge"
	challengePrefix = "lyceum-verification="
	tokenLength     = 32
	domainsMax      = 200

	// missingFor is how long a proven domain outlives its record: a mistake in the DNS must not lock an organization out.
	missingFor = 14 * 24 * time.Hour
)

// Failures of e-mail domains.
var (
	ErrDomainNotFound  = fault.New(fault.KindNotFound, "domain_not_found", "There is no such e-mail domain here.")
	ErrDomainHere      = fault.New(fault.KindConflict, "domain_here", "This domain stands in your list already.")
	ErrDomainElsewhere = fault.New(fault.KindConflict, "domain_elsewhere", "This domain has been proven for another organization on this platform. If it is yours, ask the platform's support to look into it.")
	ErrDomainUnproven  = fault.New(fault.KindConflict, "domain_unproven", "The record is not in the DNS yet. A change can take up to a day to be seen everywhere; check name and value, then try again.")
	ErrDNS             = fault.New(fault.KindUnavailable, "dns_unavailable", "The DNS did not answer just now. Try again in a few minutes.")
	ErrTooManyDomains  = fault.New(fault.KindConflict, "too_many_domains", "200 domains are the most. Remove those that are no longer used.")
)

// domainForm is how a name is brought into the form in which the DNS has it: lower case, ASCII, every label checked.
var domainForm = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.BidiRule())

// normaliseDomain brings an e-mail domain into the form in which it is kept; ok is false for what is no domain.
func normaliseDomain(s string) (name string, ok bool) {
	s = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "@"), ".")
	name, err := domainForm.ToASCII(s)
	if err != nil || !strings.Contains(name, ".") || len(name) > 253-len(challengeLabel)-1 {
		return "", false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "", false
	}
	return name, true
}

// domainOf gives the domain of an e-mail address as it is kept; ok is false where there is none.
func domainOf(email string) (name string, ok bool) {
	i := strings.LastIndexByte(email, '@')
	if i < 0 {
		return "", false
	}
	return normaliseDomain(email[i+1:])
}

// checkDomain brings a wished domain into the form in which it is kept, and says why it cannot be one organization's.
func checkDomain(wished string) (name string, err error) {
	refused := func(text string) (string, error) { return "", fault.Invalid(map[string]string{"domain": text}) }
	name, ok := normaliseDomain(wished)
	if !ok {
		return refused("Enter a domain, for example “acme.com”: the part of an e-mail address behind the @.")
	}
	if suffix, _ := publicsuffix.PublicSuffix(name); suffix == name {
		return refused("Under this domain anyone may register a name, so it is nobody's alone. Enter your own, for example “acme." + name + "”.")
	}
	if freeMail(name) {
		return refused("Anyone can have an address at this mail provider, so no organization can own it. Enter your organization's own domain.")
	}
	return name, nil
}

// freeMail tells a domain, or one below it, where anyone gets an address.
func freeMail(name string) bool {
	suffix, _ := publicsuffix.PublicSuffix(name)
	registered, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return false
	}
	brand := strings.TrimSuffix(registered, "."+suffix)
	return slices.Contains(freeMailDomains, registered) || slices.Contains(freeMailBrands, brand)
}

// freeMailBrands give addresses under many countries' domains.
var freeMailBrands = []string{"gmail", "googlemail", "hotmail", "live", "outlook", "yahoo", "ymail", "gmx", "yandex", "aol", "protonmail"}

// freeMailDomains give addresses under one.
var freeMailDomains = []string{
	"163.com", "126.com", "yeah.net", "att.net", "bellsouth.net", "bigpond.com", "bluewin.ch", "bol.com.br", "btinternet.com", "caiway.nl", "centrum.cz",
	"comcast.net", "cox.net", "docomo.ne.jp", "duck.com", "email.com", "email.cz", "fastmail.com", "fastmail.fm", "foxmail.com", "free.fr", "freenet.de",
	"hanmail.net", "hey.com", "hushmail.com", "icloud.com", "inbox.lv", "interia.pl", "juno.com", "kpnmail.nl", "laposte.net", "libero.it", "list.ru", "mac.com",
	"mail.com", "mail.de", "mail.ru", "mailbox.org", "mailinator.com", "me.com", "msn.com", "naver.com", "neuf.fr", "o2.pl", "onet.pl", "optonline.net",
	"orange.fr", "pm.me", "posteo.de", "proton.me", "qq.com", "rambler.ru", "rediffmail.com", "rocketmail.com", "sbcglobal.net", "seznam.cz", "sfr.fr",
	"shaw.ca", "sina.com", "sky.com", "sohu.com", "talktalk.net", "telenet.be", "terra.com.br", "t-online.de", "tutanota.com", "tuta.com", "uol.com.br",
	"verizon.net", "virgilio.it", "virginmedia.com", "wanadoo.fr", "web.de", "wp.pl", "ziggo.nl", "zoho.com", "zohomail.com",
}
