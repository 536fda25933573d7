package themes

import (
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/bulk"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// PeopleImportsPage is GET and POST /people/imports: inviting many. It posts people, file, role, quiet and groups (multipart).
type PeopleImportsPage struct {
	Imports page.Of[bulk.Import]
	Roles   []policy.Role // those who asks may give
	Text    string
	Wish    bulk.Wish
	Problem *fault.Fault
}

func (p PeopleImportsPage) in(c *Chrome) (string, any) {
	return "imports", framed[PeopleImportsPage]{c, p}
}

// PeopleImportPage is GET /people/imports/:import: what a list would do, does or did. It posts column-0 and so on, role, quiet and groups
// to …/plan; revision to …/apply; and to …/discard. …/lines.csv gives the lines.
type PeopleImportPage struct {
	Import  bulk.Import
	Lines   page.Of[bulk.Line]
	Sample  []bulk.Line // the first lines, to recognise columns by
	Outcome bulk.Outcome
	Failed  bool // only lines that failed are shown
	Roles   []policy.Role
	Wish    bulk.Wish
	Problem *fault.Fault
}

func (p PeopleImportPage) in(c *Chrome) (string, any) {
	return "import_people", framed[PeopleImportPage]{c, p}
}

// Planned tells that nothing was done yet; Running that it is being done.
func (p PeopleImportPage) Planned() bool { return p.Import.Status == bulk.StatusPlanned }

// Running tells that it is being done.
func (p PeopleImportPage) Running() bool { return p.Import.Status == bulk.StatusRunning }

// Path is the page's address.
func (p PeopleImportPage) Path() string { return "/people/imports/" + p.Import.ID.String() }

// Fields lists what a column can be.
func (PeopleImportPage) Fields() []string { return bulk.Fields() }

// Outcomes lists what can become of a line.
func (PeopleImportPage) Outcomes() []bulk.Outcome { return bulk.Outcomes() }

// Human counts a column from 1.
func (PeopleImportPage) Human(column int) int { return column + 1 }

// FailedQuery is what the address says of Failed.
func (p PeopleImportPage) FailedQuery() string {
	if p.Failed {
		return "1"
	}
	return ""
}

// Example is what stands in a column first.
func (p PeopleImportPage) Example(column int) string {
	for _, l := range p.Sample {
		if column < len(l.Cells) && l.Cells[column] != "" {
			return l.Cells[column]
		}
	}
	return ""
}

// JoinLinksPage is GET and POST /people/join-links. It posts name, role, group, domains, max_uses and days; and to …/:link/revoke.
type JoinLinksPage struct {
	Links   []bulk.Link
	Roles   []policy.Role
	Groups  []auth.Group
	Base    string  // the portal's address
	Shown   *uid.ID // the link that is shown with its code
	Form    JoinLinkForm
	Problem *fault.Fault
}

// JoinLinkForm is a link as it is typed.
type JoinLinkForm struct {
	Name    string
	Role    policy.Role
	Group   string
	Domains string
	MaxUses string
	Days    int
}

func (p JoinLinksPage) in(c *Chrome) (string, any) { return "join_links", framed[JoinLinksPage]{c, p} }

// Address is where a link leads.
func (p JoinLinksPage) Address(l bulk.Link) string { return p.Base + "/join/" + l.Secret }

// Open tells whether a link can be used.
func (JoinLinksPage) Open(l bulk.Link, now time.Time) bool { return l.Open(now) }

// Most is how many people a link with a bound may bring in.
func (JoinLinksPage) Most(l bulk.Link) int { return *l.MaxUses }

// Shows tells whether a link is shown with its code.
func (p JoinLinksPage) Shows(l bulk.Link) bool { return p.Shown != nil && *p.Shown == l.ID }

// Days lists how long a link may last.
func (JoinLinksPage) Days() []int { return []int{1, 7, 30, 90, 365} }

// JoinPage is GET and POST /join/:secret, for strangers: fields email and name.
type JoinPage struct {
	Domains []string // of e-mail addresses; none: any
	Name    string
	Email   string
	Sent    bool
	Problem *fault.Fault
}

func (p JoinPage) in(c *Chrome) (string, any) { return "join", framed[JoinPage]{c, p} }

// Listed names the domains.
func (p JoinPage) Listed() string { return "@" + strings.Join(p.Domains, ", @") }
