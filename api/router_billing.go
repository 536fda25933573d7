package api

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/api/web"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing/subscription"
	"lyceum/internal/page"
	"lyceum/tenant"
)

// onBilling is a portal's plan, its costs and bills.
func (s *Server) onBilling(t *table) {
	if s.Subscriptions == nil {
		return
	}
	b := web.Billing{Site: s.site, Subscriptions: s.Subscriptions}
	see, manage := route.For(policy.BillingRead), route.For(policy.BillingManage)
	t.get(web.BillingPath, see, b.Show)
	t.get(web.BillingPath+"/plans", see, b.Plans)
	t.get(web.BillingPath+"/plans/:version", see, b.Plan)
	t.get(web.BillingPath+"/invoices/:ref", see, b.Invoice)
	t.get(web.BillingPath+"/invoices/:ref/bill.pdf", see, b.InvoicePDF)
	t.postFresh(web.BillingPath+"/checkout", manage, b.Checkout)
	t.postFresh(web.BillingPath+"/move", manage, b.Move)
	t.postFresh(web.BillingPath+"/cancel", manage, b.Cancel)
	t.postFresh(web.BillingPath+"/continue", manage, b.Continue)
	t.postFresh(web.BillingPath+"/coupon", manage, b.Coupon)
	t.postFresh(web.BillingPath+"/details", manage, b.Details)
	t.post(web.BillingPath+"/budget", manage, b.Budget)
	t.postFresh(web.BillingPath+"/portal", manage, b.Portal)
}

// onOperatorBilling is where operators look after subscriptions.
func (s *Server) onOperatorBilling(t *table) {
	if s.Subscriptions == nil {
		return
	}
	o := web.OperatorBilling{Site: s.site, Subscriptions: s.Subscriptions, Tenants: s.Tenants}
	if s.Mover != nil {
		o.Sold = s.Mover.All
	}
	const base = "/operator/billing"
	t.get(base, route.Operator, o.Overview)
	if s.Reports != nil {
		p := web.Told{Site: s.site, Reports: s.Reports, Subscriptions: s.Subscriptions}
		t.get(web.ToldPath, route.Operator, p.Show)
		t.post(web.ToldPath+"/reports/:report/retry", route.Operator, p.Retry)
	}
	t.get(base+"/subscriptions", route.Operator, o.List)
	t.get(base+"/subscriptions.csv", route.Operator, o.CSV)
	t.get(base+"/subscriptions/:tenant", route.Operator, o.Show)
	t.post(base+"/subscriptions/:tenant/hold", route.Operator, o.Hold)
	t.post(base+"/subscriptions/:tenant/release", route.Operator, o.Release)
	t.post(base+"/subscriptions/:tenant/trial", route.Operator, o.ExtendTrial)
	t.post(base+"/subscriptions/:tenant/assign", route.Operator, o.Assign)
	t.post(base+"/subscriptions/:tenant/invoices/:ref", route.Operator, o.Mark)
}

// adding are the routes by which something is added that a plan may not have.
var adding = map[string]subscription.Feature{
	"/settings/sign-on/new":          subscription.FeatureSSO,
	"/setup/:token/connection/new":   subscription.FeatureSSO,
	"/settings/directories/ldap/new": subscription.FeatureSSO,
	"/api/v1/connections":            subscription.FeatureSSO,
	"/api/v1/ldap-directories":       subscription.FeatureSSO,
}

// doors stay open on a portal that is closed because it is not paid: signing in and out, and the look of these pages.
var doors = []string{"/signin", "/signout", "/forgot", "/reset/", "/sso/", "/step-up", "/brand/", "/preferences/", "/welcome/"}

// unpaid keeps a portal closed that is not paid, but for two: who may see the bill reaches it, and who was assigned a course,
// or has a date for one, and is not done, reaches that course. Nobody misses mandatory training for a bill.
func (s *Server) unpaid(c *fiber.Ctx) error {
	if !visit.Of(c).Unpaid {
		return c.Next()
	}
	path := c.Path()
	for _, door := range doors {
		if path == strings.TrimSuffix(door, "/") || strings.HasPrefix(path, door) {
			return c.Next()
		}
	}
	who, ok := auth.PrincipalFrom(c.UserContext())
	if !ok {
		return s.site.Unpaid(c, nil, false)
	}
	bill := who.May.Has(policy.BillingRead)
	if bill && (path == web.BillingPath || strings.HasPrefix(path, web.BillingPath+"/")) {
		return c.Next()
	}
	left, err := s.mandatory(c)
	if err != nil {
		return err
	}
	if len(left) > 0 && reaches(path, left) {
		return c.Next()
	}
	if visit.WantsJSON(c) {
		return tenant.ErrSuspended
	}
	return s.site.Unpaid(c, left, bill)
}

// mandatory lists the courses that who asks was assigned, or has a date for, and has not completed.
func (s *Server) mandatory(c *fiber.Ctx) (left []web.Mandatory, err error) {
	for after := ""; ; {
		mine, err := s.Enrolment.Mine(c.UserContext(), page.Request{After: after, Limit: page.MaxLimit})
		if err != nil {
			return nil, err
		}
		for _, m := range mine.Items {
			if m.Mandatory() {
				left = append(left, web.Mandatory{Slug: m.CourseSlug, Title: m.Title, DueAt: m.DueAt})
			}
		}
		if after = mine.Next; after == "" {
			return left, nil
		}
	}
}

// reaches tells whether an address belongs to one of the courses, or is a file: those ask for themselves who may have them.
func reaches(path string, left []web.Mandatory) bool {
	if strings.HasPrefix(path, "/files/") && strings.Count(path, "/") >= 3 {
		return true
	}
	for _, m := range left {
		if path == "/courses/"+m.Slug || path == "/learn/"+m.Slug || strings.HasPrefix(path, "/learn/"+m.Slug+"/") {
			return true
		}
	}
	return false
}
