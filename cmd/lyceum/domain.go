package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"lyceum/tenant"
	"lyceum/tenant/address"
)

type domainCmd struct {
	List    domainListCmd    `cmd:"" help:"Show where a portal answers: its names and domains."`
	Rename  domainRenameCmd  `cmd:"" help:"Give a portal another subdomain; the old one leads there for ever."`
	Add     domainAddCmd     `cmd:"" help:"Put a domain on a portal's list, and show the records that it needs."`
	Check   domainCheckCmd   `cmd:"" help:"Look at a domain's records now."`
	Primary domainPrimaryCmd `cmd:"" help:"Show a portal under one of its domains, or under its subdomain."`
	Remove  domainRemoveCmd  `cmd:"" help:"Take a domain off a portal's list, with its certificate."`
}

// withAddresses runs fn for an organization, as an operator.
func withAddresses(ctx context.Context, c *Config, slug string, fn func(context.Context, *app, *address.Service) error) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		t, err := a.tenants.Show(ctx, slug)
		if err != nil {
			return err
		}
		return fn(tenant.With(ctx, t), a, a.addresses.ForOperators())
	})
}

type domainListCmd struct {
	Slug string `arg:"" help:"Subdomain."`
}

// Run shows names and domains.
func (cmd *domainListCmd) Run(ctx context.Context, c *Config) error {
	return withAddresses(ctx, c, cmd.Slug, func(ctx context.Context, a *app, s *address.Service) error {
		v, err := s.View(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("shown at %s\n", a.hosts.PortalURL(v.Tenant))
		for _, old := range v.Old {
			fmt.Printf("leads there: %s\n", a.hosts.Subdomain(old))
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		for _, d := range v.Domains {
			fmt.Fprintf(w, "%s\t%s\t%s\n", d.Host, d.State(), d.Problem)
		}
		return w.Flush()
	})
}

type domainRenameCmd struct {
	Slug string `arg:"" help:"Subdomain."`
	To   string `arg:"" help:"New subdomain."`
}

// Run renames.
func (cmd *domainRenameCmd) Run(ctx context.Context, c *Config) error {
	return withAddresses(ctx, c, cmd.Slug, func(ctx context.Context, a *app, s *address.Service) error {
		t, err := s.Rename(ctx, cmd.To)
		if err == nil {
			fmt.Printf("%s is shown at %s\n", t.Slug, a.hosts.PortalURL(t))
		}
		return err
	})
}

type domainAddCmd struct {
	Slug   string `arg:"" help:"Subdomain."`
	Domain string `arg:"" help:"Domain, for example learn.acme.com."`
}

// Run adds a domain.
func (cmd *domainAddCmd) Run(ctx context.Context, c *Config) error {
	return withAddresses(ctx, c, cmd.Slug, func(ctx context.Context, _ *app, s *address.Service) error {
		d, err := s.Add(ctx, cmd.Domain)
		if err != nil {
			return err
		}
		v, err := s.View(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%s.  TXT    %q\n", d.RecordName(), d.RecordValue())
		if !d.Apex() {
			fmt.Printf("%s.  CNAME  %s.\n", d.Host, v.Target)
			return nil
		}
		if len(v.Networks) == 0 {
			fmt.Printf("%s.  ALIAS  %s.\n", d.Host, v.Target)
		}
		for _, addr := range v.Networks {
			fmt.Printf("%s.  A/AAAA  %s\n", d.Host, addr)
		}
		return nil
	})
}

type domainCheckCmd struct {
	Slug   string `arg:"" help:"Subdomain."`
	Domain string `arg:"" help:"Domain."`
}

// Run looks at the DNS.
func (cmd *domainCheckCmd) Run(ctx context.Context, c *Config) error {
	return withAddresses(ctx, c, cmd.Slug, func(ctx context.Context, _ *app, s *address.Service) error {
		d, err := s.Check(ctx, cmd.Domain)
		if err == nil {
			fmt.Printf("%s is %s\n", d.Host, d.State())
		}
		return err
	})
}

type domainPrimaryCmd struct {
	Slug   string `arg:"" help:"Subdomain."`
	Domain string `arg:"" optional:"" help:"Domain. Without one: the subdomain."`
}

// Run sets where the portal is shown.
func (cmd *domainPrimaryCmd) Run(ctx context.Context, c *Config) error {
	return withAddresses(ctx, c, cmd.Slug, func(ctx context.Context, a *app, s *address.Service) error {
		t, err := s.MakePrimary(ctx, cmd.Domain)
		if err == nil {
			fmt.Printf("%s is shown at %s\n", t.Slug, a.hosts.PortalURL(t))
		}
		return err
	})
}

type domainRemoveCmd struct {
	Slug   string `arg:"" help:"Subdomain."`
	Domain string `arg:"" help:"Domain."`
}

// Run removes a domain.
func (cmd *domainRemoveCmd) Run(ctx context.Context, c *Config) error {
	return withAddresses(ctx, c, cmd.Slug, func(ctx context.Context, _ *app, s *address.Service) error {
		err := s.Remove(ctx, cmd.Domain)
		if err == nil {
			fmt.Printf("%s is removed\n", cmd.Domain)
		}
		return err
	})
}
