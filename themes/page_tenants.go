package themes

import (
	"lyceum/internal/page"
	"lyceum/tenant/health"
	"lyceum/tenant/life"
)

// TenantsPage is GET /operator?q=&state=&plan=&health=&behind=&sort=&after=.
type TenantsPage struct {
	Filter  health.Filter
	Tenants page.Of[health.Row]
	Plans   []health.Plan // to filter by
	Newest  int           // the newest tenant migration
}

func (p TenantsPage) in(c *Chrome) (string, any) { return "tenants", framed[TenantsPage]{c, p} }

// Behind is the filter's word for those whose schema is not the newest.
func (p TenantsPage) Behind() string {
	if p.Filter.Behind > 0 {
		return "1"
	}
	return ""
}

// Narrowed tells whether some tenants are left out.
func (p TenantsPage) Narrowed() bool {
	f := p.Filter
	return f.Query != "" || f.State != "" || f.Plan != "" || f.Verdict != "" || f.Behind > 0
}

// LifeStates lists where an organization may stand, to filter by.
func (c *Chrome) LifeStates() []life.State {
	return []life.State{life.Trial, life.Active, life.PastDue, life.ReadOnly, life.Suspended, life.ExportReady, life.Provisioning, life.Erased}
}

// Verdicts lists how a tenant may do, to filter by.
func (c *Chrome) Verdicts() []health.Verdict { return health.Verdicts() }

// HealthSorts lists by what tenants may be ordered.
func (c *Chrome) HealthSorts() []health.Sort { return health.Sorts() }

// HealthReason puts a reason into words.
func (c *Chrome) HealthReason(r health.Reason) (string, error) {
	if !c.has("health_reason." + r.Code) {
		return r.Code, nil
	}
	return c.N("health_reason."+r.Code, int(r.Number))
}

// Lag puts seconds of waiting into words, "–" for none.
func (c *Chrome) Lag(seconds int) (string, error) {
	if seconds < 60 {
		return "–", nil
	}
	return c.Minutes(seconds / 60)
}
