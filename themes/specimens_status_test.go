package themes_test

import (
	"time"

	"lyceum/tenant/status"
	"lyceum/themes"
)

// statusSpecimens shows how well things work: of a portal, by the hour, and of the platform, by the day.
func statusSpecimens(w *world) []specimen {
	past := func(part status.Part, each time.Duration, n int, troubles map[int]status.Verdict) (list []status.Span) {
		begin := now.Truncate(each).Add(each)
		for i := range n {
			s := status.Span{Begin: begin.Add(time.Duration(i-n) * each), Count: status.Count{Part: part, Good: int64(1000 + i*7), Bad: int64(i % 3)}, Verdict: status.Working}
			if v, ok := troubles[i]; ok {
				s.Verdict, s.Bad, s.WorstMS = v, 612, 754_000
			}
			if i < 3 {
				s.Count = status.Count{Part: part}
			}
			list = append(list, s)
		}
		return list
	}
	of := func(each time.Duration, n int, bad map[status.Part]status.Verdict) status.Report {
		r := status.Report{At: now, Each: each, Verdict: status.Working}
		for i, part := range status.Parts() {
			v, ok := bad[part]
			if !ok {
				v = status.Working
			}
			troubles := map[int]status.Verdict{}
			if ok {
				troubles = map[int]status.Verdict{n - 1: v, n - 2: status.Disturbed, n / 3: status.Down}
			}
			r.Verdict = status.Worse(r.Verdict, v)
			r.Parts = append(r.Parts, status.Now{Part: part, Verdict: v, Count: status.Count{Part: part, Good: int64(1204 - i*200), Bad: int64(i * 3), WorstMS: 1200}, Past: past(part, each, n, troubles)})
		}
		return r
	}
	trouble := map[status.Part]status.Verdict{status.Mails: status.Down, status.Jobs: status.Disturbed}
	auditor := w.portal("/status", may())
	stranger := w.stranger("/status")
	return []specimen{
		{"status", stranger, themes.StatusPage{Report: of(time.Hour, 24, nil)}},
		{"status-troubled", auditor, themes.StatusPage{Report: of(time.Hour, 24, trouble), Figures: true}},
		{"status-platform", w.platform("/status"), themes.StatusPage{Report: of(24*time.Hour, 90, trouble)}},
		{"operator-status", w.platform("/operator/status"), themes.OperatorStatusPage{StatusPage: themes.StatusPage{Report: of(24*time.Hour, 90, trouble), Figures: true}}},
	}
}
