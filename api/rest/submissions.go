package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// completion is what completes a lesson.
type completion struct {
	Rule    catalog.Rule `json:"rule" enum:"viewed,watched,passed,submitted,marked"`
	Seconds int          `json:"seconds,omitempty" doc:"Of viewed: how long the lesson must be looked at."`
	Percent int          `json:"percent,omitempty" doc:"Of watched: the share that must be played; left out, it is 90. Of passed: the pass mark."`
}

func showCompletion(c catalog.Completion) *completion {
	if c.Rule == "" {
		return nil
	}
	out := completion(c)
	return &out
}

// reportDraft is what a player tells of a few seconds of learning.
type reportDraft struct {
	ID       uid.ID              `json:"id" doc:"Made by who reports: a report that arrives again changes nothing."`
	Position *float64            `json:"position,omitempty" minimum:"0" doc:"The second of the recording the player stands at."`
	Played   enrolment.Intervals `json:"played,omitempty" doc:"The seconds of the recording really played, as [from, to]."`
	Seen     enrolment.Intervals `json:"seen,omitempty" doc:"When the lesson was in front of the person, or playing, as [from, to] in seconds ago: [[15, 0]] is the last quarter of a minute. At most seven days ago."`
}

// reportsDraft is reports of a lesson.
type reportsDraft struct {
	Reports []reportDraft `json:"reports" minItems:"1" maxItems:"200" doc:"The oldest first."`
}

// embedHosts is the sites that lessons may show.
type embedHosts struct {
	Hosts []string `json:"hosts" doc:"Host names, such as player.vimeo.com."`
}

type reportsIn struct {
	Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
	Body      reportsDraft
}

type embedHostsIn struct{ Body embedHosts }

type embedHostsOut struct{ Body embedHosts }

func (a *api) reportOperations() {
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/lessons/{lesson}/reports", id: "report-lesson", tag: tagLearning, need: route.For(policy.EnrolmentSelf), status: 200,
		summary: "Report what was seen and played of a lesson",
		about:   "Reports may come late, from several devices, in any order and more than once: each counts once. Only what was played while the lesson was in front of the person counts, at 2.2 times the speed and 15 seconds more.",
		fails:   faults{enrolment.ErrEnrolmentNotFound, enrolment.ErrWithdrawn, catalog.ErrLessonNotFound, enrolment.ErrNotAVideo, enrolment.ErrWatchedTooFast},
	}, func(ctx context.Context, in *reportsIn) (*progressOut, error) {
		reports := enrolment.ReportInput{Enrolment: in.Enrolment, Lesson: in.Lesson}
		for _, r := range in.Body.Reports {
			reports.Reports = append(reports.Reports, enrolment.Report{ID: r.ID, Position: r.Position, Played: r.Played, Seen: r.Seen})
		}
		p, _, err := a.Enrolment.Report(ctx, reports)
		if err != nil {
			return nil, err
		}
		return &progressOut{showProgress(p)}, nil
	})
}

func (a *api) embedOperations() {
	on(a, operation{
		method: get, path: "/embed-hosts", id: "get-embed-hosts", tag: tagAuthoring, need: route.For(policy.CourseRead),
		summary: "Which sites lessons may show",
	}, func(ctx context.Context, _ *struct{}) (*embedHostsOut, error) {
		hosts, err := a.Catalog.EmbedHosts(ctx)
		if err != nil {
			return nil, err
		}
		return &embedHostsOut{embedHosts{listed(hosts)}}, nil
	})
	on(a, operation{
		method: put, path: "/embed-hosts", id: "set-embed-hosts", tag: tagAuthoring, need: route.For(policy.SecurityManage), status: 200, fresh: true,
		summary: "Say which sites lessons may show",
		about:   "An empty list lets lessons show none. What lessons show already of a site taken away becomes a link.",
	}, func(ctx context.Context, in *embedHostsIn) (*embedHostsOut, error) {
		hosts, err := a.Catalog.SetEmbedHosts(ctx, in.Body.Hosts)
		if err != nil {
			return nil, err
		}
		return &embedHostsOut{embedHosts{listed(hosts)}}, nil
	})
}
