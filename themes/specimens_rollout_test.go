package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/tenant/rollout"
	"lyceum/themes"
)

func rolloutSpecimens(w *world) []specimen {
	began, worked := now.Add(-time.Minute), now
	r := rollout.Rollout{
		ID: id("rollout"), Target: 17, State: rollout.Running, Plan: []int{1, 10, 100}, Workers: 4, MaxFailed: 2, StartedBy: "Olga", StartedAt: began, WorkedAt: &worked, Holder: "web-1:4711",
		Waves: []rollout.Wave{{Number: 1, Share: 1, Done: 20}, {Number: 2, Share: 10, Done: 100, Waiting: 80}, {Number: 3, Share: 100, Waiting: 1800}},
	}
	paused, done := r, r
	paused.State, paused.Why, paused.Waves = rollout.Paused, rollout.WhyCanary, []rollout.Wave{{Number: 1, Share: 1, Done: 19, Failed: 1}, {Number: 2, Share: 10, Waiting: 180}, {Number: 3, Share: 100, Waiting: 1800}}
	done.State, done.FinishedAt, done.Waves = rollout.Done, &worked, []rollout.Wave{{Number: 1, Share: 1, Done: 20}, {Number: 2, Share: 10, Done: 180}, {Number: 3, Share: 100, Done: 1800}}
	silent := r
	silent.WorkedAt = &began
	stopped := done
	stopped.State, stopped.Why = rollout.Stopped, rollout.WhyNewer
	form := themes.RolloutForm{Waves: "1, 10, 100", Workers: 4, MaxFailed: 2}
	failed := []rollout.Step{{SchemaName: "t_abcdefghijkl", Slug: "acme", Error: "ERROR: column \"nickname\" of relation \"people\" already exists (SQLSTATE 42701)"}, {SchemaName: "t_mnopqrstuvwx", Error: "canceled"}}
	v := w.platform("/operator/migrations")
	v.Operator = &auth.Operator{Name: "Olivia Operator", Email: "operator@lyceum.example"}
	return []specimen{
		{"rollout-running", v, themes.RolloutsPage{Behind: 1880, All: 2000, List: []rollout.Rollout{r, done, stopped}, Shown: &r, Canaries: []string{"acme"}, Form: form}},
		{"rollout-paused", v, themes.RolloutsPage{Behind: 1981, All: 2000, List: []rollout.Rollout{paused}, Shown: &paused, Failed: failed, Form: form}},
		{"rollout-done", v, themes.RolloutsPage{All: 2000, List: []rollout.Rollout{done}, Shown: &done, Form: form, Problem: refused(map[string]string{"slug": "There is no portal at this address."})}},
		{"rollout-none", v, themes.RolloutsPage{Behind: 3, All: 2000, Form: form, Problem: refused(map[string]string{"plan": "Write rising shares in percent that end with 100, for example 1, 10, 100."})}},
	}
}
