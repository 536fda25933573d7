package store

import (
	"context"

	"lyceum/billing"
	"lyceum/internal/uid"
)

// UsageTotalsOfAll is UsageTotals of every tenant that used anything, for operators.
func (s *Store) UsageTotalsOfAll(ctx context.Context, p billing.Period) (map[uid.ID]map[billing.Meter]int64, error) {
	var rows []struct {
		TenantID uid.ID
		Meter    billing.Meter
		Total    int64
	}
	err := s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Raw(`select tenant_id, meter, sum(quantity)::bigint as total from control.usage_days
			where day >= ? and day < ? and entries <> 0 group by tenant_id, meter`, p.Start, p.End()).Scan(&rows).Error, "usage totals of all")
	})
	out := map[uid.ID]map[billing.Meter]int64{}
	for _, r := range rows {
		if out[r.TenantID] == nil {
			out[r.TenantID] = map[billing.Meter]int64{}
		}
		out[r.TenantID][r.Meter] = r.Total
	}
	return out, err
}
