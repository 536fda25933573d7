package api_test

import (
	"context"
	"testing"
	"time"

	"lyceum/billing/provider"
	"lyceum/billing/report"
	"lyceum/internal/uid"
	"lyceum/store"
)

func TestOperatorsSeeWhatThePaymentServiceIsToldAndRetryWhatItRefused(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) {
		h.o.Reports = report.New(report.Options{Keep: h.w.Store, Provider: func() provider.Provider { return nil }, Now: h.w.Now.Now, Wall: h.w.Now.Now})
	})
	id, month := uid.New(), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	if err := h.o.Subscriptions.Begin(h.ctx, h.tenant); err != nil {
		t.Fatal(err)
	}
	err := h.w.Store.InControl(t.Context(), func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, `insert into control.usage_reports
			(id, tenant_id, meter, period, seq, quantity, customer_ref, version_id, at, state, attempts, next_try_at, error, created_at)
			values ($1, $2, 'api_calls', $3, 1, 1200, 'cus', $1, $4, 'parked', 3, $4, 'No such <customer>', $4)`, id, h.tenant.ID, month, h.w.Now.Now())
		if err != nil {
			return err
		}
		return h.w.Store.SaveComparison(ctx, report.Comparison{TenantID: h.tenant.ID, Meter: "video_minutes", Period: month, Ledger: 41, Outbox: 41, Sent: 41, Provider: 43, Difference: 2, At: h.w.Now.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	const at = "/operator/payments/usage"
	retry := at + "/reports/" + id.String() + "/retry"
	o := h.operator()
	o.get(at).is(200).says("No such &lt;customer&gt;", h.tenant.Name, "API calls", "43")
	o.get(at + "?all=1").is(200).says("Only differences")
	o.get(at + "?after=nonsense").is(422)
	o.post(at + "/reports/" + uid.New().String() + "/retry").is(404)
	o.post(retry).is(303).leads(at)
	o.post(retry).is(409).says("not parked")
	o.get(at).is(200).says("It is sent again in a moment.").saysNot("No such &lt;customer&gt;")
	h.stranger().get(at).is(404)
}
