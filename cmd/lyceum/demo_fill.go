package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/text/unicode/norm"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/sample"
	"lyceum/learning/starter"
	"lyceum/tenant"
)

// fillDemo makes what is missing and gives the description. It may be stopped anywhere and run again: nothing doubles.
func (a *app) fillDemo(ctx context.Context, file string) (description, error) {
	ctx = event.WithActor(ctx, event.Actor{Kind: "system"})
	var known description
	if raw, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(raw, &known); err != nil {
			return known, fmt.Errorf("%s is damaged; remove it: %w", file, err)
		}
	}
	if err := a.onlyDemo(ctx); err != nil {
		return known, err
	}
	d := description{Platform: platformDescription{URL: a.hosts.PlatformURL(), Operator: operatorAccount{account{demoOperator, demoPassword}, demoOperatorKey}, Authenticator: a.hosts.PlatformURL() + "/dev/authenticator"}}
	if _, err := a.operators.Create(ctx, d.Platform.Operator.Email, "Olivia Operator", demoPassword); err != nil && !errors.Is(err, auth.ErrOperatorTaken) {
		return d, err
	}
	if err := a.operators.GiveApp(ctx, demoOperator, demoOperatorKey); err != nil {
		return d, err
	}
	hash, err := a.auth.HashPassword(ctx, demoPassword)
	if err != nil {
		return d, err
	}
	if err := a.demoPlans(ctx); err != nil {
		return d, err
	}
	for _, o := range organizations() {
		key := ""
		for _, t := range known.Tenants {
			if t.Slug == o.slug {
				key = t.APIKey
			}
		}
		t, err := a.fillOrganization(ctx, o, hash, key)
		if err != nil {
			return d, fmt.Errorf("%s: %w", o.name, err)
		}
		d.Tenants = append(d.Tenants, t)
	}
	return d, d.save(file)
}

// onlyDemo refuses a database that anyone really works in: the demo makes accounts whose passwords are printed for
// everyone.
func (a *app) onlyDemo(ctx context.Context) error {
	own := map[string]string{}
	for _, o := range organizations() {
		own[o.slug] = "owner@" + o.domain
	}
	list, err := a.tenants.List(ctx, tenant.Filter{Page: page.Request{Limit: page.MaxLimit}})
	if err != nil {
		return err
	}
	ours := 0
	for _, t := range list.Items {
		if own[t.Slug] == t.ContactEmail {
			ours++
		}
	}
	if len(list.Items) > 0 && ours == 0 {
		return errors.New("this database has organizations that are not the demo's: the demo would add accounts with known passwords beside them. Give it another --data, or no --database-url")
	}
	for _, t := range list.Items {
		if contact, named := own[t.Slug]; named && contact != t.ContactEmail {
			return fmt.Errorf("the portal %s is not the demo's: the demo would fill people into it. Give it another --data, or no --database-url", t.Slug)
		}
	}
	return nil
}

func (a *app) fillOrganization(ctx context.Context, o organization, hash, key string) (tenantDescription, error) {
	t, err := a.demoTenant(ctx, o)
	if err != nil {
		return tenantDescription{}, err
	}
	ctx = tenant.With(ctx, t)
	if err := a.demoSubscription(ctx, o, t); err != nil {
		return tenantDescription{}, fmt.Errorf("subscription: %w", err)
	}
	people, err := a.demoPeople(ctx, o, hash)
	if err != nil {
		return tenantDescription{}, err
	}
	owner, err := a.auth.As(ctx, people["owner"].ID)
	if err != nil {
		return tenantDescription{}, err
	}
	if err := a.demoBrand(owner, o); err != nil {
		return tenantDescription{}, err
	}
	if err := a.demoSignOn(owner, o); err != nil {
		return tenantDescription{}, fmt.Errorf("sign-on: %w", err)
	}
	instructor, err := a.auth.As(ctx, people["instructor"].ID)
	if err != nil {
		return tenantDescription{}, err
	}
	outlines, err := a.demoCourses(instructor)
	if err != nil {
		return tenantDescription{}, err
	}
	if outlines, err = a.demoCatalogue(owner, outlines); err != nil {
		return tenantDescription{}, fmt.Errorf("catalogue: %w", err)
	}
	if err := a.demoTest(instructor); err != nil {
		return tenantDescription{}, fmt.Errorf("test: %w", err)
	}
	if err := a.demoFiles(instructor); err != nil {
		return tenantDescription{}, err
	}
	if a.months != nil {
		a.months.take(o, t, people, outlines)
	} else if err := a.demoHistory(ctx, o, people, outlines); err != nil {
		return tenantDescription{}, err
	}
	if err := a.demoGroups(ctx, owner, outlines); err != nil {
		return tenantDescription{}, fmt.Errorf("groups: %w", err)
	}
	if err := a.demoDuties(owner, people, outlines); err != nil {
		return tenantDescription{}, fmt.Errorf("duties: %w", err)
	}
	learner, err := a.auth.As(ctx, people["learner"].ID)
	if err != nil {
		return tenantDescription{}, err
	}
	if err := a.demoPaths(instructor, learner, outlines); err != nil {
		return tenantDescription{}, err
	}
	if !a.demoKeyWorks(ctx, key) {
		if key, _, err = a.auth.CreateKey(owner, auth.KeyInput{Name: "Demo", Scopes: []string{"*"}, Days: 365}); err != nil {
			return tenantDescription{}, err
		}
	}
	d := tenantDescription{Slug: o.slug, SignOn: "Sign in with " + o.account(), URL: a.hosts.PortalURL(t), APIKey: key, Accounts: map[string]account{}}
	for _, role := range []string{"owner", "instructor", "manager", "learner"} {
		d.Accounts[role] = account{role + "@" + o.domain, demoPassword}
	}
	return d, nil
}

func (a *app) demoKeyWorks(ctx context.Context, key string) bool {
	if key == "" {
		return false
	}
	_, err := a.auth.KeyPrincipal(ctx, key)
	return err == nil
}

// demoTenant signs the organization up as anyone would, or finishes what an earlier start left.
func (a *app) demoTenant(ctx context.Context, o organization) (tenant.Tenant, error) {
	t, err := a.tenants.Show(ctx, o.slug)
	switch {
	case errors.Is(err, tenant.ErrNotFound):
		return a.tenants.SignUp(ctx, signUp(tenant.SignUp{
			Organization: o.name, Slug: o.slug, OwnerName: demoNames(o.slug)[0], Email: "owner@" + o.domain, Password: demoPassword,
		}))
	case err == nil && t.Status == tenant.StatusProvisioning:
		return a.tenants.Finish(ctx, t)
	}
	return t, err
}

// demoPeople makes the named accounts and 40 more learners, all with one password's hash, in one transaction.
func (a *app) demoPeople(ctx context.Context, o organization, hash string) (map[string]auth.Person, error) {
	names := demoNames(o.slug)
	roles := map[string]policy.Role{"owner": policy.Owner, "instructor": policy.Instructor, "manager": policy.Manager, "learner": policy.Learner}
	order := []string{"owner", "instructor", "manager", "learner"}
	for _, name := range names[len(order):] {
		local := localPart(name)
		order = append(order, local)
		roles[local] = policy.Learner
	}
	people := map[string]auth.Person{}
	now := a.now()
	err := a.store.InTenant(ctx, func(ctx context.Context) error {
		for i, local := range order {
			email := local + "@" + o.domain
			p, err := a.store.PersonByEmail(ctx, email)
			if errors.Is(err, auth.ErrPersonNotFound) {
				p = auth.Person{ID: uid.New(), Email: email, Name: names[i], PasswordHash: hash, Status: auth.PersonActive, CreatedAt: now, UpdatedAt: now}
				if err = a.store.InsertPerson(ctx, p); err == nil {
					err = a.store.GiveRoles(ctx, p.ID, []policy.Role{roles[local]})
				}
			}
			if err != nil {
				return err
			}
			people[local] = p
		}
		return nil
	})
	return people, err
}

func localPart(name string) string {
	return strings.ReplaceAll(strings.ToLower(asASCII(name)), " ", ".")
}

// asASCII writes accented letters plainly, for e-mail addresses.
func asASCII(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if r < 128 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// demoBrand gives the portal its look, once: what a visitor changed stays.
func (a *app) demoBrand(ctx context.Context, o organization) error {
	b, err := a.brands.Get(ctx)
	if err != nil || b.Revision > 0 {
		return err
	}
	logo, ok := sample.Logo(o.logo)
	if !ok {
		return fmt.Errorf("no logo named %s", o.logo)
	}
	f, err := a.content.Put(ctx, logo.Name, logo.Data)
	if err != nil {
		return err
	}
	b.Name, b.Colour, b.Theme, b.LogoFileID, b.LoginText = o.name, o.colour, o.theme, &f.ID, o.login
	b.MailHeader = o.name + " · Learning"
	_, err = a.brands.Save(ctx, b)
	return err
}

// demoCourses publishes the two sample courses.
func (a *app) demoCourses(ctx context.Context) ([]catalog.Outline, error) {
	courses, err := starter.List()
	if err != nil {
		return nil, err
	}
	var out []catalog.Outline
	for _, c := range courses {
		o, err := a.catalog.Published(ctx, c.Slug)
		if fault.Of(err).Kind == fault.KindNotFound || errors.Is(err, catalog.ErrNotPublished) {
			o, err = a.starter.Add(ctx, c.Slug, false)
		}
		if err != nil {
			return nil, fmt.Errorf("course %s: %w", c.Slug, err)
		}
		out = append(out, o)
	}
	return out, nil
}
