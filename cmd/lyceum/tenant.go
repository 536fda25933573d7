package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"lyceum/auth"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

type tenantCmd struct {
	Create  tenantCreateCmd  `cmd:"" help:"Make an organization with its portal and its owner's account."`
	List    tenantListCmd    `cmd:"" help:"List organizations."`
	Show    tenantShowCmd    `cmd:"" help:"Show one."`
	Suspend tenantSuspendCmd `cmd:"" help:"Close a portal: it answers only that it is suspended."`
	Resume  tenantResumeCmd  `cmd:"" help:"Open a suspended portal again."`
	Quota   tenantQuotaCmd   `cmd:"" help:"Show or set how much an organization may store."`
	Delete  tenantDeleteCmd  `cmd:"" help:"Have a portal and everything in it erased for good: after the cooling-off days, or with --at-once now."`
	Keep    tenantKeepCmd    `cmd:"" help:"Keep a portal that is to be erased."`
	Receipt tenantReceiptCmd `cmd:"" help:"Print the signed receipt of an erasure."`
	Keys    tenantKeysCmd    `cmd:"" name:"receipt-keys" help:"Print the public keys that receipts are checked with."`

	RebuildProgress tenantProgressCmd `cmd:"" name:"rebuild-progress" help:"Derive everyone's progress anew from the learning log."`
}

// operate runs fn with all services, noted in the audit log as done from the command line.
func operate(ctx context.Context, c *Config, fn func(context.Context, *app) error) error {
	a, err := newApp(ctx, c, "", false, false)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.ready(ctx); err != nil {
		return fmt.Errorf("%w (lyceum doctor says more)", err)
	}
	return fn(event.WithActor(ctx, event.Actor{Kind: "command_line"}), a)
}

// secretFrom reads a password from standard input, so that it stands in no history and no process list.
func secretFrom(in io.Reader, prompt string) (string, error) {
	fmt.Fprint(os.Stderr, prompt)
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

type tenantCreateCmd struct {
	Slug  string `arg:"" help:"Subdomain, for example acme."`
	Name  string `required:"" help:"Name of the organization."`
	Email string `required:"" help:"The owner's e-mail."`
	Owner string `required:"" help:"The owner's name."`
}

// Run makes the organization; the owner's password is read from standard input.
func (cmd *tenantCreateCmd) Run(ctx context.Context, c *Config) error {
	password, err := secretFrom(os.Stdin, "The owner's password (read from standard input): ")
	if err != nil {
		return err
	}
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		t, err := a.tenants.SignUp(ctx, signUp(tenant.SignUp{Organization: cmd.Name, Slug: cmd.Slug, OwnerName: cmd.Owner, Email: cmd.Email, Password: password}))
		if err != nil {
			return err
		}
		fmt.Printf("%s is %s at %s\n", t.Slug, t.Status, a.hosts.PortalURL(t))
		return nil
	})
}

type tenantListCmd struct {
	Query  string `help:"Part of name, subdomain or contact."`
	Status string `enum:",provisioning,active,suspended,deleting" default:"" help:"provisioning, active, suspended or deleting."`
}

// Run lists all that match.
func (cmd *tenantListCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "SUBDOMAIN\tNAME\tSTATUS\tVERSION\tCREATED\tCONTACT")
		f := tenant.Filter{Query: cmd.Query, Status: tenant.Status(cmd.Status), Page: page.Request{Limit: page.MaxLimit}}
		for {
			list, err := a.tenants.List(ctx, f)
			if err != nil {
				return err
			}
			for _, t := range list.Items {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", t.Slug, t.Name, t.Status, t.SchemaVersion, t.CreatedAt.Format(time.DateOnly), t.ContactEmail)
			}
			if f.Page.After = list.Next; list.Next == "" {
				return w.Flush()
			}
		}
	})
}

type tenantShowCmd struct {
	Slug string `arg:"" help:"Subdomain."`
}

// Run shows one organization.
func (cmd *tenantShowCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		t, err := a.tenants.Show(ctx, cmd.Slug)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		for _, line := range [][2]string{
			{"name", t.Name}, {"address", a.hosts.PortalURL(t)}, {"status", string(t.Status)}, {"suspended because", t.SuspendedReason}, {"contact", t.ContactEmail},
			{"id", t.ID.String()}, {"schema", t.SchemaName}, {"schema version", fmt.Sprint(t.SchemaVersion)}, {"node", t.Node}, {"created", t.CreatedAt.Format(time.RFC3339)},
		} {
			if line[1] != "" {
				fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
			}
		}
		return w.Flush()
	})
}

type tenantSuspendCmd struct {
	Slug   string `arg:"" help:"Subdomain."`
	Reason string `required:"" help:"Why; colleagues will read it."`
}

// Run closes a portal.
func (cmd *tenantSuspendCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		t, err := a.tenants.Suspend(ctx, cmd.Slug, cmd.Reason)
		if err == nil {
			fmt.Printf("%s is %s\n", t.Slug, t.Status)
		}
		return err
	})
}

type tenantResumeCmd struct {
	Slug string `arg:"" help:"Subdomain."`
}

// Run opens a portal again.
func (cmd *tenantResumeCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		t, err := a.tenants.Resume(ctx, cmd.Slug)
		if err == nil {
			fmt.Printf("%s is %s\n", t.Slug, t.Status)
		}
		return err
	})
}

type tenantDeleteCmd struct {
	Slug    string `arg:"" help:"Subdomain."`
	Confirm string `required:"" placeholder:"SUBDOMAIN" help:"The subdomain once more, to show that you mean it."`
	AtOnce  bool   `help:"Erase it now. Without it, it is erased when the cooling-off days are over, and its owners can keep it until then."`
	Reason  string `help:"With --at-once: why. It stands in the log."`
}

// Run deletes a portal.
func (cmd *tenantDeleteCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		if !cmd.AtOnce && cmd.Reason != "" {
			return fault.Invalid(map[string]string{"reason": "A reason is for --at-once; without it the portal is erased when the cooling-off days are over."})
		}
		if !cmd.AtOnce {
			l, err := a.leaving.Schedule(ctx, cmd.Slug, cmd.Confirm)
			if err == nil {
				fmt.Printf("%s is erased on %s\n", l.TenantSlug, l.EraseAt.UTC().Format(time.RFC3339))
			}
			return err
		}
		err := a.tenants.Delete(ctx, cmd.Slug, cmd.Confirm, cmd.Reason)
		if err == nil {
			fmt.Printf("%s is deleted\n", cmd.Slug)
		}
		return err
	})
}

type tenantKeepCmd struct {
	Slug string `arg:"" help:"Subdomain."`
}

// Run keeps a portal.
func (cmd *tenantKeepCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		if err := a.leaving.Restore(ctx, cmd.Slug); err != nil {
			return err
		}
		fmt.Printf("%s stays\n", cmd.Slug)
		return nil
	})
}

type tenantReceiptCmd struct {
	Slug string `arg:"" help:"Subdomain that the portal had. Of several erasures the last one counts."`
}

// Run prints the receipt alone, to be written to a file.
func (cmd *tenantReceiptCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		list, err := a.leaving.Of(ctx, cmd.Slug)
		if err != nil {
			return err
		}
		for _, l := range list {
			if l.Receipt != "" {
				fmt.Println(l.Receipt)
				return nil
			}
		}
		return fmt.Errorf("nothing that was called %s is erased", cmd.Slug)
	})
}

type tenantKeysCmd struct{}

// Run prints a JSON Web Key Set.
func (cmd *tenantKeysCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(_ context.Context, a *app) error {
		keys, err := a.leaving.Keys()
		if err == nil {
			fmt.Println(string(keys))
		}
		return err
	})
}

type operatorCmd struct {
	Create   operatorCreateCmd   `cmd:"" help:"Make an operator's account."`
	ResetApp operatorResetAppCmd `cmd:"" name:"reset-app" help:"Take the authenticator app of an operator away who lost it."`
}

type operatorResetAppCmd struct {
	Email string `arg:"" help:"E-mail that the operator signs in with."`
}

// Run takes the app away, noted in the log of acts.
func (cmd *operatorResetAppCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		err := a.operators.ResetApp(ctx, cmd.Email)
		if err == nil {
			fmt.Printf("%s adds another app at the next sign-in at %s/operator; every session is ended\n", cmd.Email, a.hosts.PlatformURL())
		}
		return err
	})
}

type operatorCreateCmd struct {
	Email string `arg:"" help:"E-mail to sign in with."`
	Name  string `required:"" help:"Name."`
	Role  string `default:"admin" enum:"admin,operator,reader" help:"What they may do: admin (everything), operator (run tenants), reader (look)."`
}

// Run makes the account; the password is read from standard input.
func (cmd *operatorCreateCmd) Run(ctx context.Context, c *Config) error {
	password, err := secretFrom(os.Stdin, "Password (read from standard input): ")
	if err != nil {
		return err
	}
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		var o auth.Operator
		err := a.store.InControl(ctx, func(ctx context.Context) (err error) {
			if o, err = a.operators.Create(ctx, cmd.Email, cmd.Name, password, auth.OperatorRole(cmd.Role)); err != nil {
				return err
			}
			return a.store.Audit(ctx, "operator.created", uid.Nil, map[string]string{"email": o.Email, "name": o.Name, "role": cmd.Role}, a.now())
		})
		if err == nil {
			fmt.Printf("%s may sign in at %s/operator, and adds an authenticator app then\n", o.Email, a.hosts.PlatformURL())
		}
		return err
	})
}
