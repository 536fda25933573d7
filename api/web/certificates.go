package web

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/content"
	"lyceum/themes"
)

// CertificateDesk is where authors say how the certificates of their courses are, and administrators how they look.
type CertificateDesk struct {
	*Site
	Content      *content.Service
	Catalog      *catalog.Service
	Certificates *certificate.Service
}

func (d CertificateDesk) rule(c *fiber.Ctx) (p themes.CourseCertificatePage, err error) {
	ctx := c.UserContext()
	course, err := id(c, "course")
	if err != nil {
		return p, err
	}
	if p.Outline, err = d.Catalog.EditHead(ctx, course); err != nil {
		return p, err
	}
	r, err := d.Certificates.RuleOf(ctx, course)
	if err != nil {
		return p, err
	}
	p.Form = validityForm(r)
	p.Designs, err = d.Certificates.DesignChoices(ctx)
	return p, err
}

func validityForm(r certificate.Rule) themes.CertificateRuleForm {
	f := themes.CertificateRuleForm{Valid: "always"}
	switch {
	case r.Months != nil:
		f.Valid, f.Months = "months", strconv.Itoa(*r.Months)
	case r.Until != nil:
		f.Valid, f.Until = "until", r.Until.UTC().Format(time.DateOnly)
	}
	if r.DesignID != nil {
		f.Design = r.DesignID.String()
	}
	return f
}

// Rule shows how the certificates of a course are.
func (d CertificateDesk) Rule(c *fiber.Ctx) error {
	p, err := d.rule(c)
	if err != nil {
		return err
	}
	return d.show(c, p)
}

// SaveRule changes it.
func (d CertificateDesk) SaveRule(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	typed := themes.CertificateRuleForm{Valid: f.get("valid"), Months: f.get("valid_months"), Until: f.get("valid_until"), Design: f.get("design_id")}
	wrong := fault.Fields{}
	r := certificate.Rule{CourseID: course, DesignID: optionalID(typed.Design)}
	switch typed.Valid {
	case "months":
		n := f.number(wrong, "valid_months")
		r.Months = &n
	case "until":
		at, err := time.Parse(time.DateOnly, typed.Until)
		wrong.Check(err == nil, "valid_until", "Choose a day.")
		r.Until = &at
	}
	if err = wrong.Err(); err == nil {
		_, err = d.Certificates.SetRule(c.UserContext(), r)
	}
	if err != nil {
		p, failed := d.rule(c)
		if failed != nil {
			return failed
		}
		p.Form = typed
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return d.done(c, studio(course)+"/certificate", themes.FlashSaved, "")
}
