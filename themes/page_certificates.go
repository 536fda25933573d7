package themes

import (
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/learning/certificate"
)

// IssuedPage is GET /certificates/issued?q=&state=&after=: the certificates of everyone. It posts reason to
// …/:code/revoke and …/:code/reissue.
type IssuedPage struct {
	Query        string
	Revoked      bool // those withdrawn alone
	Certificates page.Of[certificate.Certificate]
	Opened       string // the number of the one whose form was refused
	Reason       string // what was typed
	Problem      *fault.Fault
}

func (p IssuedPage) in(c *Chrome) (string, any) { return "issued", framed[IssuedPage]{c, p} }

// State is what the list is narrowed to, as the address says it.
func (p IssuedPage) State() string {
	if p.Revoked {
		return "revoked"
	}
	return ""
}
