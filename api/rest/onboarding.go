package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/learning/catalog"
	"lyceum/learning/onboarding"
	"lyceum/learning/sample"
	"lyceum/learning/starter"
)

// firstStep is one of a portal's first steps.
type firstStep struct {
	Step    onboarding.Step `json:"step" enum:"look,course,people,sign_on,plan"`
	Done    bool            `json:"done" doc:"Seen from what is there."`
	Skipped bool            `json:"skipped" doc:"Left out, and not done."`
}

type firstSteps struct {
	Steps     []firstStep `json:"steps" doc:"Those that who asks may do."`
	Dismissed bool        `json:"dismissed" doc:"The home page says nothing of them any more."`
	Finished  bool        `json:"finished" doc:"Each is done or left out."`
}

type firstStepsOut struct{ Body firstSteps }

type firstStepIn struct {
	Step onboarding.Step `path:"step" doc:"Which of the steps." enum:"look,course,people,sign_on,plan" example:"sign_on"`
	Body struct {
		Skipped bool `json:"skipped"`
	}
}

type dismissIn struct {
	Body struct {
		Dismissed bool `json:"dismissed"`
	}
}

type starterCourse struct {
	Slug     string `json:"slug"`
	Title    string `json:"title"`
	Summary  string `json:"summary"`
	Language string `json:"language"`
	Minutes  int    `json:"minutes"`
	Lessons  int    `json:"lessons"`
}

type starterIn struct {
	Course string `path:"course" doc:"Its slug, as the list has it." example:"workplace-safety"`
	Draft  bool   `query:"draft" doc:"As a draft, to be changed before it is published."`
}

func (a *api) onboardingOperations() {
	need := route.For(policy.BrandEdit)
	on(a, operation{
		method: get, path: "/first-steps", id: "get-first-steps", tag: tagBrand, need: need,
		summary: "How far the portal's first steps are",
	}, func(ctx context.Context, _ *nothing) (*firstStepsOut, error) {
		l, err := a.Onboarding.Look(ctx)
		return showSteps(l, err)
	})
	on(a, operation{
		method: put, path: "/first-steps/{step}", id: "skip-first-step", tag: tagBrand, need: need,
		summary: "Leave a step out, or take it up again", fails: faults{onboarding.ErrNoStep},
	}, func(ctx context.Context, in *firstStepIn) (*firstStepsOut, error) {
		l, err := a.Onboarding.Skip(ctx, in.Step, in.Body.Skipped)
		return showSteps(l, err)
	})
	on(a, operation{
		method: put, path: "/first-steps", id: "dismiss-first-steps", tag: tagBrand, need: need,
		summary: "Have the home page say nothing of the first steps, or say it again",
	}, func(ctx context.Context, in *dismissIn) (*firstStepsOut, error) {
		l, err := a.Onboarding.Dismiss(ctx, in.Body.Dismissed)
		return showSteps(l, err)
	})
	on(a, operation{
		method: get, path: "/starter-courses", id: "list-starter-courses", tag: tagCourses, need: route.For(policy.CoursePublish),
		summary: "The courses that the product comes with",
	}, func(ctx context.Context, _ *nothing) (*pageOut[starterCourse], error) {
		list, err := starter.List()
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, func(c *starter.Course) starterCourse { return starterCourse(*c) }), nil
	})
	on(a, operation{
		method: post, path: "/starter-courses/{course}", id: "add-starter-course", tag: tagCourses, need: route.For(policy.CoursePublish), status: 204,
		summary: "Bring one of them into the portal, published or as a draft",
		about:   "One that is there already stays as it is. Find it by its slug then. A draft is another one each time.",
		fails:   faults{sample.ErrCourseUnknown, catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *starterIn) (*nothing, error) {
		_, err := a.Starter.Add(ctx, in.Course, in.Draft)
		return nil, err
	})
}

func showSteps(l onboarding.List, err error) (*firstStepsOut, error) {
	if err != nil {
		return nil, err
	}
	out := firstSteps{Steps: []firstStep{}, Dismissed: l.Dismissed, Finished: l.Finished()}
	for _, i := range l.Items {
		out.Steps = append(out.Steps, firstStep(i))
	}
	return &firstStepsOut{out}, nil
}
