package themes

import (
	"lyceum/internal/fault"
	"lyceum/learning/report"
	"lyceum/learning/report/evidence"
)

// FlashEvidenceAsked tells that evidence is being made.
const FlashEvidenceAsked FlashKey = "evidence_asked"

// EvidencePage is GET /compliance/:requirement/evidence: signed files for an auditor. It posts from and until there.
type EvidencePage struct {
	Requirement report.Column
	Packs       []evidence.Pack
	From, Until string // the days that were typed
	Zone        string // in which days are
	Problem     *fault.Fault
}

func (p EvidencePage) in(c *Chrome) (string, any) { return "evidence", framed[EvidencePage]{c, p} }

// At is its address.
func (p EvidencePage) At() string { return "/compliance/" + p.Requirement.ID.String() + "/evidence" }

// Making tells that one is being made.
func (p EvidencePage) Making() bool {
	for _, pack := range p.Packs {
		if pack.Open() {
			return true
		}
	}
	return false
}

// EvidenceUntil is the last day of a pack's period, in the reader's zone.
func (c *Chrome) EvidenceUntil(p evidence.Pack) string { return c.LongDate(p.UntilAt.Add(-1)) }
