package themes

import (
	"time"

	"lyceum/internal/fault"
	"lyceum/tenant/leaving"
	"lyceum/tenant/takeout"
)

// Flash messages of leaving; of the first, Name is the day.
const (
	FlashLeavingAsked FlashKey = "leaving_asked"
	FlashLeavingKept  FlashKey = "leaving_kept"
	FlashTakeoutAsked FlashKey = "takeout_asked"
	FlashPortalPaused FlashKey = "portal_paused"
	FlashPortalWentOn FlashKey = "portal_went_on"

	FlashTenantLeaving FlashKey = "tenant_leaving" // Name: the organization
	FlashTenantKept    FlashKey = "tenant_kept"    // Name: the organization
)

// LeavingPage is GET /settings/leaving. It posts confirm to /settings/leaving, and nothing to …/keep, …/takeouts, …/pause and …/resume.
type LeavingPage struct {
	Slug     string
	Days     int
	PausedAt *time.Time       // since when the portal rests; nil: it does not
	Leaving  *leaving.Leaving // nil: nobody wishes to go
	Takeouts []takeout.Takeout
	Confirm  string // what was typed
	Problem  *fault.Fault
}

func (p LeavingPage) in(c *Chrome) (string, any) { return "leaving", framed[LeavingPage]{c, p} }

// Making is the archive that is being made; nil: none.
func (p LeavingPage) Making() *takeout.Takeout {
	for _, t := range p.Takeouts {
		if t.Open() {
			return &t
		}
	}
	return nil
}

// ReceiptPage is GET /receipts/:token on the platform: that an organization's data are gone. It names nobody.
type ReceiptPage struct {
	Leaving leaving.Leaving
	Steps   []leaving.ReceiptStep
}

func (p ReceiptPage) in(c *Chrome) (string, any) { return "receipt", framed[ReceiptPage]{c, p} }

// PausedAt is since when the portal rests; nil: it does not. Only who is signed in is told.
func (c *Chrome) PausedAt() *time.Time {
	if c.View.Who == nil || c.View.LeavesAt != nil {
		return nil
	}
	return c.View.PausedAt
}

// LeavesAt is when the portal is erased; nil: nobody wishes that. Only who is signed in is told.
func (c *Chrome) LeavesAt() *time.Time {
	if c.View.Who == nil {
		return nil
	}
	return c.View.LeavesAt
}
