package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
)

func given(points float64, passed bool, percent *int, criteria []workPick) (rubric.Given, error) {
	p, err := pointsOf(points, "points")
	g := rubric.Given{Points: p, Passed: passed, Percent: percent}
	for _, c := range criteria {
		g.Picks = append(g.Picks, rubric.Pick(c))
	}
	return g, err
}

func (a *api) markOperations() {
	mark := route.For(policy.EnrolmentMark)
	on(a, operation{
		method: get, path: "/submissions", id: "list-submissions", tag: tagLearning, need: mark,
		summary: "What learners handed in",
		about:   "What waits to be marked, the longest first; or what was marked or returned, the newest first. Where an assignment hides names, they are left out until release.",
	}, func(ctx context.Context, in *submissionsIn) (*pageOut[handed], error) {
		course, _ := uid.Parse(in.Course)
		lesson, _ := uid.Parse(in.Lesson)
		list, err := a.Assignments.Works(ctx, assignment.Filter{Status: in.Status, Course: course, Lesson: lesson, Mine: in.Mine, Appealed: in.Appealed, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, func(w *assignment.Work) handed { return showWork(*w) }), nil
	})
	on(a, operation{
		method: get, path: "/submissions/{submission}", id: "get-submission", tag: tagLearning, need: route.SignedIn,
		summary: "Something handed in", about: "To those whose it is, as far as marks are released, and to who may mark.", fails: faults{assignment.ErrNotFound},
	}, func(ctx context.Context, in *submissionIn) (*handedOut, error) {
		s, err := a.Assignments.Sheet(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &handedOut{showSheet(s)}, nil
	})
	on(a, operation{
		method: post, path: "/submissions/{submission}/claim", id: "claim-submission", tag: tagLearning, need: mark, status: 204,
		summary: "Take something handed in for oneself, to mark it", fails: faults{assignment.ErrNotFound, assignment.ErrClaimed, enrolment.ErrMarked, enrolment.ErrOwnSubmission, assignment.ErrMarkedOnce},
	}, func(ctx context.Context, in *claimIn) (*struct{}, error) {
		return nil, a.Assignments.Claim(ctx, in.ID, in.Body.Back)
	})
	on(a, operation{
		method: post, path: "/submissions/{submission}/mark", id: "mark-submission", tag: tagLearning, need: mark, status: 200,
		summary: "Mark something handed in, or return it to be done again",
		about:   "Passing completes the lesson once the mark is released: at once, unless the assignment keeps marks to be released together or asks for a second marker. The learner is told by mail.",
		fails:   faults{assignment.ErrNotFound, enrolment.ErrMarked, enrolment.ErrOwnSubmission, assignment.ErrClaimed, assignment.ErrMarkedOnce, assignment.ErrNotApart},
	}, func(ctx context.Context, in *markIn) (*handedOut, error) {
		b := in.Body
		g, err := given(b.Points, b.Accept, b.Percent, b.Criteria)
		if err != nil {
			return nil, err
		}
		s, err := a.Assignments.Mark(ctx, assignment.MarkInput{Submission: in.ID, Return: !b.Accept && !b.Fail, Agreed: b.Agreed, Given: g, Comment: b.Comment, Files: b.FileIDs})
		if err != nil {
			return nil, err
		}
		return &handedOut{showSheet(s)}, nil
	})
	on(a, operation{
		method: get, path: "/submissions/{submission}/compare/{other}", id: "compare-submissions", tag: tagLearning, need: mark,
		summary: "Two works of one lesson side by side, with what stands in both", fails: faults{assignment.ErrNotFound},
	}, func(ctx context.Context, in *compareIn) (*comparisonOut, error) {
		c, err := a.Assignments.Compare(ctx, in.ID, in.Other)
		if err != nil {
			return nil, err
		}
		out := comparison{Percent: c.Percent, Back: c.Back, One: []passage{}, Other: []passage{}}
		for _, p := range c.InOne {
			out.One = append(out.One, passage(p))
		}
		for _, p := range c.InOther {
			out.Other = append(out.Other, passage(p))
		}
		return &comparisonOut{out}, nil
	})
}

func (a *api) afterMarkOperations() {
	mark := route.For(policy.EnrolmentMark)
	on(a, operation{
		method: post, path: "/submissions/{submission}/release", id: "release-submission", tag: tagLearning, need: mark, status: 200,
		summary: "Release a mark to its learner", fails: faults{assignment.ErrNotFound, assignment.ErrNotReady},
	}, func(ctx context.Context, in *submissionIn) (*handedOut, error) {
		if err := a.Assignments.Release(ctx, in.ID); err != nil {
			return nil, err
		}
		s, err := a.Assignments.Sheet(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &handedOut{showSheet(s)}, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/lessons/{lesson}/release", id: "release-marks", tag: tagLearning, need: mark, status: 200,
		summary: "Release all marks of an assignment that are ready", about: "Asked again after a break it goes on.",
		fails: faults{catalog.ErrCourseNotFound, catalog.ErrLessonNotFound},
	}, func(ctx context.Context, in *lessonRulesIn) (*releasedOut, error) {
		if err := a.Assignments.Task(ctx, in.Course, in.Lesson); err != nil {
			return nil, err
		}
		n, err := a.Assignments.ReleaseAll(ctx, in.Lesson)
		return &releasedOut{released{n}}, err
	})
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/lessons/{lesson}/extensions", id: "extend-assignment", tag: tagLearning, need: mark, status: 201,
		summary: "Give one learner another due date, with the reason",
		fails:   append(faults{enrolment.ErrOwnSubmission}, noTask...),
	}, func(ctx context.Context, in *extensionIn) (*extensionOut, error) {
		e, err := a.Assignments.Extend(ctx, assignment.ExtendInput{Enrolment: in.Enrolment, Lesson: in.Lesson, Until: in.Body.Until, Reason: in.Body.Reason})
		if err != nil {
			return nil, err
		}
		return &extensionOut{extension{e.ID, utc(e.Until), e.Reason, e.GivenBy, utc(e.GivenAt)}}, nil
	})
	on(a, operation{
		method: post, path: "/submissions/{submission}/appeal/answer", id: "answer-appeal", tag: tagLearning, need: mark, status: 204,
		summary: "Answer an objection by keeping or changing the mark", about: "What the mark was before is kept.",
		fails: faults{assignment.ErrNotFound, assignment.ErrNoAppealOpen, enrolment.ErrOwnSubmission},
	}, func(ctx context.Context, in *answerIn) (*struct{}, error) {
		g, err := given(in.Body.Points, in.Body.Pass, nil, in.Body.Criteria)
		if err != nil {
			return nil, err
		}
		return nil, a.Assignments.AnswerAppeal(ctx, assignment.AnswerInput{Submission: in.ID, Change: in.Body.Change, Given: g, Answer: in.Body.Answer})
	})
}
