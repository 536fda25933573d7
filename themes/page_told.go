package themes

import (
	"lyceum/billing/report"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// ToldPage is GET /operator/payments/usage?all=&after=: how telling the payment service of usage goes. It posts nothing
// to …/reports/:report/retry.
type ToldPage struct {
	Standing    report.Standing
	Parked      page.Of[report.Row]
	Comparisons page.Of[report.Comparison]
	All         bool              // comparisons that found no difference too
	Names       map[uid.ID]string // of organizations
}

func (p ToldPage) in(c *Chrome) (string, any) { return "told", framed[ToldPage]{c, p} }

// NameOf is an organization's name; its id where it is gone.
func (p ToldPage) NameOf(id uid.ID) string {
	if name := p.Names[id]; name != "" {
		return name
	}
	return id.String()
}
