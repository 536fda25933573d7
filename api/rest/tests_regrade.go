package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	body "lyceum/learning/question"
)

type regraded struct {
	Regrade       int       `json:"regrade"`
	PercentBefore int       `json:"percent_before"`
	PassedBefore  bool      `json:"passed_before"`
	Percent       int       `json:"percent"`
	Passed        bool      `json:"passed"`
	Reason        string    `json:"reason"`
	At            time.Time `json:"at"`
}

// mendDraft says how a question counts.
type mendDraft struct {
	Question uid.ID            `json:"question"`
	Version  int               `json:"version,omitempty" minimum:"1" doc:"Answers count by this version of it."`
	Counts   assessment.Counts `json:"counts,omitempty" enum:",full,out" doc:"Full marks for everybody, or it counts for nobody; else as answered, by version."`
}

type regradeDraft struct {
	Number int         `json:"number" minimum:"0" doc:"How often the test was graded anew when this was wished; see get-test-regrades."`
	Mends  []mendDraft `json:"mends" maxItems:"500"`
	Reason string      `json:"reason,omitempty" maxLength:"2000" doc:"Kept with every attempt that changes."`
}

type testRegrades struct {
	Number  int             `json:"number" doc:"How often the test was graded anew."`
	Running bool            `json:"running" doc:"One has not reached every attempt yet."`
	Asked   []askedQuestion `json:"asked" doc:"What ended attempts asked."`
}

type askedQuestion struct {
	Question uid.ID           `json:"question"`
	Title    string           `json:"title"`
	Version  int              `json:"version" doc:"The newest that was asked."`
	Newest   int              `json:"newest" doc:"The newest that is published."`
	Attempts int              `json:"attempts"`
	Mend     *assessment.Mend `json:"mend,omitempty" doc:"How it is graded by now."`
}

type regradePreview struct {
	Attempts  int             `json:"attempts"`
	Changed   int             `json:"changed"`
	Up        int             `json:"up"`
	Down      int             `json:"down"`
	NowPassed int             `json:"now_passed"`
	NowFailed int             `json:"now_failed" doc:"What they completed and hold stays."`
	Changes   []regradeChange `json:"changes" doc:"At most 200."`
}

type regradeChange struct {
	Sitting
	PercentAfter int  `json:"percent_after"`
	PassedAfter  bool `json:"passed_after"`
}

type (
	regradeIn struct {
		Course uid.ID `path:"course" doc:"The course's id."`
		Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
		Body   regradeDraft
	}
	analysisIn struct {
		Course uid.ID `path:"course" doc:"The course's id."`
		Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
		All    bool   `query:"all" doc:"Every graded attempt, not only everybody's first one."`
	}
	regradesOut       struct{ Body testRegrades }
	regradePreviewOut struct{ Body regradePreview }
	regradedOut       struct {
		Body struct {
			Number int `json:"number"`
		}
	}
	analysisOut struct{ Body testAnalysis }
)

func (r regradeIn) wish() assessment.Regrading {
	out := assessment.Regrading{Course: r.Course, Lesson: r.Lesson, Number: r.Body.Number, Reason: r.Body.Reason}
	for _, m := range r.Body.Mends {
		out.Mends = append(out.Mends, assessment.Mend{Question: m.Question, Version: m.Version, Counts: m.Counts})
	}
	return out
}

func (a *api) regradeOperations() {
	mark := route.For(policy.EnrolmentMark)
	on(a, operation{
		method: get, path: "/courses/{course}/lessons/{lesson}/test/regrades", id: "get-test-regrades", tag: tagLearning, need: mark,
		summary: "What of a test was graded anew, and may be", fails: noTest,
	}, func(ctx context.Context, in *testIn) (*regradesOut, error) {
		m, err := a.Tests.Mendable(ctx, in.Course, in.Lesson)
		if err != nil {
			return nil, err
		}
		out := testRegrades{Number: m.Number, Running: m.Running, Asked: []askedQuestion{}}
		for _, q := range m.Asked {
			out.Asked = append(out.Asked, askedQuestion{q.Question, q.Title, q.Version, q.Newest, q.Attempts, q.Mend})
		}
		return &regradesOut{out}, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/lessons/{lesson}/test/regrades/preview", id: "preview-test-regrade", tag: tagLearning, need: mark, status: 200,
		summary: "What grading a test anew would change; nothing is kept", fails: append(faults{assessment.ErrMoved, assessment.ErrNoMend}, noTest...),
	}, func(ctx context.Context, in *regradeIn) (*regradePreviewOut, error) {
		p, err := a.Tests.PreviewRegrade(ctx, in.wish())
		if err != nil {
			return nil, err
		}
		out := regradePreview{Attempts: p.Attempts, Changed: p.Changed, Up: p.Up, Down: p.Down, NowPassed: p.NowPassed, NowFailed: p.NowFailed, Changes: []regradeChange{}}
		for _, c := range p.List {
			out.Changes = append(out.Changes, regradeChange{showSitting(c.Sitting), c.PercentAfter, c.PassedAfter})
		}
		return &regradePreviewOut{out}, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/lessons/{lesson}/test/regrades", id: "regrade-test", tag: tagLearning, need: mark, status: 202,
		summary: "Grade a test anew",
		about:   "Every attempt that ended, and those that run when they end. It goes on by itself after this is answered; each attempt that changes gives an event test.regraded.",
		fails:   append(faults{assessment.ErrMoved, assessment.ErrNoMend, assessment.ErrRegrading}, noTest...),
	}, func(ctx context.Context, in *regradeIn) (*regradedOut, error) {
		n, err := a.Tests.Regrade(ctx, in.wish())
		if err != nil {
			return nil, err
		}
		out := &regradedOut{}
		out.Body.Number = n
		return out, nil
	})
	on(a, operation{
		method: get, path: "/courses/{course}/lessons/{lesson}/test/analysis", id: "analyse-test", tag: tagLearning, need: mark,
		summary: "Item analysis of a test", about: "By the classical test theory, over graded attempts; see docs/TESTS.md for the formulas.", fails: noTest,
	}, func(ctx context.Context, in *analysisIn) (*analysisOut, error) {
		x, err := a.Tests.Analyse(ctx, in.Course, in.Lesson, !in.All)
		if err != nil {
			return nil, err
		}
		return &analysisOut{showAnalysis(x)}, nil
	})
}

// testAnalysis is the item analysis of a test.
type testAnalysis struct {
	Attempts  int            `json:"attempts"`
	Passed    int            `json:"passed"`
	Mean      float64        `json:"mean" doc:"Percent."`
	Median    float64        `json:"median" doc:"Percent."`
	Deviation float64        `json:"deviation" doc:"Percent."`
	Alpha     *float64       `json:"alpha,omitempty" doc:"Cronbach's alpha, KR-20 for right or wrong. Left out where attempts asked different questions, or there are too few."`
	Error     *float64       `json:"error,omitempty" doc:"Standard error of measurement, in percent."`
	Items     []analysedItem `json:"items"`
}

type analysedItem struct {
	Question       uid.ID            `json:"question"`
	Version        int               `json:"version"`
	Title          string            `json:"title"`
	Kind           body.Kind         `json:"kind"`
	Answers        int               `json:"answers"`
	Difficulty     float64           `json:"difficulty" doc:"Mean share of the marks; 1: everybody has them all."`
	Discrimination *float64          `json:"discrimination,omitempty" doc:"Correlation with the rest of the score."`
	Spread         *float64          `json:"spread,omitempty" doc:"Mean share of the best 27 % less that of the weakest 27 %."`
	Seconds        *float64          `json:"seconds,omitempty" doc:"Median, from the answer before to this one."`
	Flags          []assessment.Flag `json:"flags" enum:"key,drawing,weak,hard,easy,dead"`
	Choices        []analysedChoice  `json:"choices"`
}

type analysedChoice struct {
	Text  string  `json:"text" doc:"Markdown."`
	Right bool    `json:"right"`
	Count int     `json:"count"`
	Mean  float64 `json:"mean" doc:"Percent in the whole test of those who chose it."`
}

func showAnalysis(x assessment.Analysis) testAnalysis {
	out := testAnalysis{Attempts: x.Totals.Attempts, Passed: x.Totals.Passed, Mean: x.Totals.Mean, Median: x.Totals.Median, Deviation: x.Totals.Deviation, Alpha: x.Alpha, Error: x.Error, Items: []analysedItem{}}
	for _, i := range x.Items {
		one := analysedItem{Question: i.Question, Version: i.Version, Title: i.Title, Kind: i.Kind, Answers: i.Count, Difficulty: i.Mean, Discrimination: i.Rest, Spread: i.Spread, Seconds: i.Seconds, Flags: listed(i.Flags), Choices: []analysedChoice{}}
		for _, c := range i.Choices {
			one.Choices = append(one.Choices, analysedChoice{c.Text, c.Right, c.Count, c.Mean})
		}
		out.Items = append(out.Items, one)
	}
	return out
}
