package themes

import (
	"net/netip"

	"lyceum/internal/fault"
	"lyceum/tenant/address"
)

// Flash messages of a portal's domains; Name is the domain.
const (
	FlashAddressAdded    FlashKey = "address_added"
	FlashAddressVerified FlashKey = "address_verified"
	FlashAddressRemoved  FlashKey = "address_removed"
)

// AddressForm is what was typed.
type AddressForm struct{ Slug, Domain string }

// AddressPage is GET /settings/address. It posts slug to /settings/address/name, domain to /settings/address/domains, and
// nothing to /settings/address/subdomain.
type AddressPage struct {
	Address       address.Overview
	URL           string // where the portal is shown
	SubdomainURL  string // the host of its subdomain
	Base          string // the domain below which portals live
	Form          AddressForm
	Moved         bool // it has just got another address
	RenameProblem *fault.Fault
	Problem       *fault.Fault
}

func (p AddressPage) in(c *Chrome) (string, any) { return "address", framed[AddressPage]{c, p} }

// AddressDomainPage is GET /settings/address/domains/:domain. It posts nothing to /check, /primary and /remove below it.
type AddressDomainPage struct {
	Domain   address.Domain
	Primary  bool
	Target   string
	Networks []netip.Addr
	Problem  *fault.Fault
}

func (p AddressDomainPage) in(c *Chrome) (string, any) {
	return "address_domain", framed[AddressDomainPage]{c, p}
}

// Record is one line of a DNS zone.
type Record struct{ ID, Type, Name, Value string }

// Records are what the domain's zone is to hold: the proof, and the way here. A domain that is registered itself takes no CNAME.
func (p AddressDomainPage) Records() []Record {
	list := []Record{{"proof", "TXT", p.Domain.RecordName(), p.Domain.RecordValue()}}
	if !p.Domain.Apex() {
		return append(list, Record{"way", "CNAME", p.Domain.Host, p.Target})
	}
	for _, a := range p.Networks {
		typ := "A"
		if a.Is6() {
			typ = "AAAA"
		}
		list = append(list, Record{"way-" + a.String(), typ, p.Domain.Host, a.String()})
	}
	if len(p.Networks) == 0 {
		list = append(list, Record{"way", "ALIAS", p.Domain.Host, p.Target})
	}
	return list
}

var addressTones = map[address.State]string{
	address.StateWaiting: "brandly", address.StateProven: "warn", address.StateLive: "good", address.StateWarned: "bad", address.StateOff: "bad",
}

// AddressBadge names where a domain stands.
func (c *Chrome) AddressBadge(d address.Domain) (Badge, error) {
	text, err := c.Named("address_state", string(d.State()))
	return Badge{Text: text, Tone: addressTones[d.State()]}, err
}
