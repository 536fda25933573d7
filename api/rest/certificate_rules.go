package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
)

// certificateRule is how the certificates of a course are.
type certificateRule struct {
	ValidMonths *int    `json:"valid_months,omitempty" minimum:"1" maximum:"240" doc:"Valid for so many months from the day of completion."`
	DesignID    *uid.ID `json:"design_id,omitempty" doc:"How they look; left out: the portal's standard design, or the built-in one."`
	ValidUntil  *string `json:"valid_until,omitempty" format:"date" doc:"Valid until the end of this day, in UTC. With neither of the two they are valid for ever." example:"2027-12-31"`
}

type certificateRuleIn struct {
	ID   uid.ID `path:"course" doc:"The course's id."`
	Body certificateRule
}

type certificateRuleOut struct{ Body certificateRule }

func (a *api) certificateRuleOperations() {
	on(a, operation{
		method: get, path: "/courses/{course}/certificate", id: "get-course-certificate", tag: tagAuthoring, need: route.For(policy.CourseEdit),
		summary: "Read how a course's certificates are", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *courseIDIn) (*certificateRuleOut, error) {
		r, err := a.Certificates.RuleOf(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &certificateRuleOut{showRule(r)}, nil
	})
	on(a, operation{
		method: put, path: "/courses/{course}/certificate", id: "set-course-certificate", tag: tagAuthoring, need: route.For(policy.CourseEdit),
		summary: "Change how a course's certificates are", about: "It holds for those that come; certificates that were issued stay as they are. What is left out becomes empty.",
		fails: faults{catalog.ErrCourseNotFound, certificate.ErrDesignNotFound},
	}, func(ctx context.Context, in *certificateRuleIn) (*certificateRuleOut, error) {
		r := certificate.Rule{CourseID: in.ID, Months: in.Body.ValidMonths, DesignID: in.Body.DesignID}
		if in.Body.ValidUntil != nil {
			at, err := time.Parse(time.DateOnly, *in.Body.ValidUntil)
			if err != nil {
				return nil, fault.Invalid(map[string]string{"valid_until": "Write a day as year-month-day, for example 2026-03-31."})
			}
			r.Until = &at
		}
		r, err := a.Certificates.SetRule(ctx, r)
		if err != nil {
			return nil, err
		}
		return &certificateRuleOut{showRule(r)}, nil
	})
}

func showRule(r certificate.Rule) certificateRule {
	out := certificateRule{ValidMonths: r.Months, DesignID: r.DesignID}
	if r.Until != nil {
		day := r.Until.UTC().Format(time.DateOnly)
		out.ValidUntil = &day
	}
	return out
}
