package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/tenant/address"
	"lyceum/themes"
)

// Address is where an owner renames the portal and gives it domains of its own.
type Address struct {
	*Site
	Addresses *address.Service
}

const atAddress = "/settings/address"

func (a Address) page(c *fiber.Ctx) (p themes.AddressPage, err error) {
	if p.Address, err = a.Addresses.View(c.UserContext()); err != nil {
		return p, err
	}
	p.URL, p.SubdomainURL, p.Base = a.hosts.PortalURL(p.Address.Tenant), a.hosts.Subdomain(p.Address.Tenant.Slug), a.hosts.Base
	p.Form.Slug = p.Address.Tenant.Slug
	return p, nil
}

// Show shows name and domains.
func (a Address) Show(c *fiber.Ctx) error {
	p, err := a.page(c)
	if err != nil {
		return err
	}
	return a.show(c, p)
}

// moved shows where the portal is from now on. It does not lead there by itself: browsers hold the redirects of a form that was
// posted here to form-action, which knows this site only.
func (a Address) moved(c *fiber.Ctx) error {
	p, err := a.page(c)
	if err != nil {
		return err
	}
	noStore(c)
	p.Moved = true
	return a.show(c, p)
}

// Rename gives the portal another subdomain. The session stays behind at the old one, unless the portal is shown under a domain
// of its own.
func (a Address) Rename(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := a.page(c)
	if err != nil {
		return err
	}
	p.Form.Slug = f.get("slug")
	if _, err = a.Addresses.Rename(c.UserContext(), p.Form.Slug); err != nil {
		return a.refused(c, err, func(wrong *fault.Fault) themes.Page { p.RenameProblem = wrong; return p })
	}
	return a.moved(c)
}

// Add puts a domain on the list and leads on to its records.
func (a Address) Add(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	d, err := a.Addresses.Add(c.UserContext(), f.get("domain"))
	if err != nil {
		p, failed := a.page(c)
		if failed != nil {
			return failed
		}
		p.Form.Domain = f.get("domain")
		return a.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return a.done(c, atAddress+"/domains/"+d.Host, themes.FlashAddressAdded, d.Shown())
}

func (a Address) domainPage(c *fiber.Ctx) (p themes.AddressDomainPage, err error) {
	if p.Domain, err = a.Addresses.Domain(c.UserContext(), c.Params("domain")); err != nil {
		return p, err
	}
	v, err := a.Addresses.View(c.UserContext())
	p.Target, p.Networks, p.Primary = v.Target, v.Networks, v.Tenant.PrimaryHost == p.Domain.Host
	return p, err
}

// Domain shows a domain's records and what the DNS says.
func (a Address) Domain(c *fiber.Ctx) error {
	p, err := a.domainPage(c)
	if err != nil {
		return err
	}
	return a.show(c, p)
}

// Check looks at the DNS now.
func (a Address) Check(c *fiber.Ctx) error {
	d, err := a.Addresses.Check(c.UserContext(), c.Params("domain"))
	if err != nil {
		p, failed := a.domainPage(c)
		if failed != nil {
			return failed
		}
		return a.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return a.done(c, atAddress+"/domains/"+d.Host, themes.FlashAddressVerified, d.Shown())
}

// MakePrimary shows the portal under a domain.
func (a Address) MakePrimary(c *fiber.Ctx) error {
	if _, err := a.Addresses.MakePrimary(c.UserContext(), c.Params("domain")); err != nil {
		p, failed := a.domainPage(c)
		if failed != nil {
			return failed
		}
		return a.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return a.moved(c)
}

// UseSubdomain shows the portal under its subdomain again.
func (a Address) UseSubdomain(c *fiber.Ctx) error {
	if _, err := a.Addresses.MakePrimary(c.UserContext(), ""); err != nil {
		return err
	}
	return a.moved(c)
}

// Remove takes a domain off the list.
func (a Address) Remove(c *fiber.Ctx) error {
	d, err := a.Addresses.Domain(c.UserContext(), c.Params("domain"))
	if err != nil {
		return err
	}
	if err := a.Addresses.Remove(c.UserContext(), d.Host); err != nil {
		return err
	}
	return a.done(c, atAddress, themes.FlashAddressRemoved, d.Shown())
}
