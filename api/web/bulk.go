package web

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth/bulk"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// Bulk is where many people are brought in.
type Bulk struct {
	*Site
	Bulk   *bulk.Service
	Groups *group.Service
	People People
}

// PeopleImports is where lists of people are read in.
const PeopleImports = "/people/imports"

// Form shows where a list is written, and those that were.
func (b Bulk) Form(c *fiber.Ctx) error {
	p, err := b.form(c)
	if err != nil {
		return err
	}
	return b.show(c, p)
}

func (b Bulk) form(c *fiber.Ctx) (p themes.PeopleImportsPage, err error) {
	p.Wish.Role = policy.Learner
	if p.Roles, err = b.People.offered(c.UserContext()); err != nil {
		return p, err
	}
	p.Imports, err = b.Bulk.Imports(c.UserContext(), after(c))
	return p, err
}

func wishIn(f form) bulk.Wish {
	return bulk.Wish{Role: policy.Role(f.get("role")), Quiet: f.get("quiet") != "", NewGroups: f.get("groups") != ""}
}

// Read reads a list and shows what it would do.
func (b Bulk) Read(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := b.form(c)
	if err != nil {
		return err
	}
	p.Text, p.Wish = f.get("list"), wishIn(f)
	name, data, chosen, err := f.file("file")
	if err == nil && !chosen {
		name, data = "", []byte(p.Text)
	}
	var i bulk.Import
	if err == nil {
		i, err = b.Bulk.Plan(c.UserContext(), name, data, p.Wish)
	}
	if err != nil {
		return b.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return b.to(c, PeopleImports+"/"+i.ID.String())
}

func (b Bulk) page(c *fiber.Ctx) (p themes.PeopleImportPage, err error) {
	at, err := id(c, "import")
	if err != nil {
		return p, err
	}
	ctx := c.UserContext()
	if p.Import, err = b.Bulk.Show(ctx, at); err != nil {
		return p, err
	}
	p.Wish = bulk.Wish{Role: p.Import.Role, Quiet: p.Import.Quiet, NewGroups: p.Import.NewGroups}
	if p.Roles, err = b.People.offered(ctx); err != nil {
		return p, err
	}
	if p.Planned() {
		sample, err := b.Bulk.Lines(ctx, at, bulk.Filter{Page: page.Request{Limit: 10}})
		if err != nil {
			return p, err
		}
		p.Sample = sample.Items
	}
	p.Outcome, p.Failed = bulk.Outcome(query(c, "outcome")), query(c, "failed") != ""
	filter := bulk.Filter{Outcome: p.Outcome, Page: after(c)}
	if p.Failed {
		filter.State = bulk.LineFailed
	}
	p.Lines, err = b.Bulk.Lines(ctx, at, filter)
	return p, err
}

// Show shows what a list would do, does or did.
func (b Bulk) Show(c *fiber.Ctx) error {
	p, err := b.page(c)
	if err != nil {
		return err
	}
	return b.show(c, p)
}

// change does something to the list of the path, and shows its page again when it was refused.
func (b Bulk) change(c *fiber.Ctx, do func(f form, p *themes.PeopleImportPage) error) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := b.page(c)
	if err != nil {
		return err
	}
	if err := do(f, &p); err != nil {
		return b.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return b.to(c, p.Path())
}

// Replan reads the columns another way.
func (b Bulk) Replan(c *fiber.Ctx) error {
	return b.change(c, func(f form, p *themes.PeopleImportPage) error {
		p.Wish = wishIn(f)
		w := p.Wish
		w.Columns = make([]string, len(p.Import.Columns))
		for n := range w.Columns {
			w.Columns[n] = f.get("column-" + strconv.Itoa(n))
		}
		_, err := b.Bulk.Replan(c.UserContext(), p.Import.ID, w)
		return err
	})
}

// Apply brings a list in as it was reviewed.
func (b Bulk) Apply(c *fiber.Ctx) error {
	return b.change(c, func(f form, p *themes.PeopleImportPage) error {
		_, err := b.Bulk.Apply(c.UserContext(), p.Import.ID, f.revision())
		return err
	})
}

// Discard forgets a list.
func (b Bulk) Discard(c *fiber.Ctx) error {
	at, err := id(c, "import")
	if err != nil {
		return err
	}
	if err := b.Bulk.Discard(c.UserContext(), at); err != nil {
		return err
	}
	return b.done(c, PeopleImports, themes.FlashImportDiscarded, "")
}

// CSV gives a list's lines with what becomes of each.
func (b Bulk) CSV(c *fiber.Ctx) error {
	at, err := id(c, "import")
	if err != nil {
		return err
	}
	var out strings.Builder
	w := csv.NewWriter(&out)
	write := func(cells ...string) {
		for i := range cells {
			cells[i] = cell(cells[i])
		}
		_ = w.Write(cells) // into memory
	}
	write("line", "email", "name", "roles", "groups", "outcome", "state", "problem")
	f := bulk.Filter{Page: page.Request{Limit: page.MaxLimit}}
	for {
		lines, err := b.Bulk.Lines(c.UserContext(), at, f)
		if err != nil {
			return err
		}
		for _, l := range lines.Items {
			roles := make([]string, len(l.Detail.Roles))
			for i, r := range l.Detail.Roles {
				roles[i] = string(r)
			}
			write(strconv.Itoa(l.Number), l.Email, l.Name, strings.Join(roles, ";"), strings.Join(l.Detail.Groups, ";"), string(l.Outcome), string(l.State), l.Problem)
		}
		if f.Page.After = lines.Next; lines.Next == "" {
			break
		}
	}
	w.Flush()
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="people-%s.csv"`, at))
	return c.SendString("\ufeff" + out.String())
}

func (b Bulk) links(c *fiber.Ctx) (p themes.JoinLinksPage, err error) {
	ctx := c.UserContext()
	p.Form = themes.JoinLinkForm{Role: policy.Learner, Days: 30}
	if p.Links, err = b.Bulk.Links(ctx); err != nil {
		return p, err
	}
	if p.Roles, err = b.People.offered(ctx); err != nil {
		return p, err
	}
	p.Base, p.Shown = b.hosts.PortalURL(visit.Of(c).Tenant), optionalID(query(c, "show"))
	if !who(ctx).May.Has(policy.GroupManage) {
		return p, nil
	}
	list, err := b.Groups.List(ctx, group.Filter{Kind: group.ByHand, Page: page.Request{Limit: page.MaxLimit}})
	for _, g := range list.Items {
		p.Groups = append(p.Groups, g.Group)
	}
	return p, err
}

// Links shows the links to join.
func (b Bulk) Links(c *fiber.Ctx) error {
	p, err := b.links(c)
	if err != nil {
		return err
	}
	return b.show(c, p)
}

// MakeLink makes one.
func (b Bulk) MakeLink(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := b.links(c)
	if err != nil {
		return err
	}
	wrong := fault.Fields{}
	p.Form = themes.JoinLinkForm{Name: f.get("name"), Role: policy.Role(f.get("role")), Group: f.get("group"), Domains: f.get("domains"), MaxUses: f.get("max_uses"), Days: f.number(wrong, "days")}
	in := bulk.LinkInput{Name: p.Form.Name, Role: p.Form.Role, Group: optionalID(p.Form.Group), Domains: strings.FieldsFunc(p.Form.Domains, func(r rune) bool { return strings.ContainsRune(" ,;\r\n\t", r) }), Days: p.Form.Days}
	if strings.TrimSpace(p.Form.MaxUses) != "" {
		n := f.number(wrong, "max_uses")
		in.MaxUses = &n
	}
	var made bulk.Link
	if err = wrong.Err(); err == nil {
		made, err = b.Bulk.CreateLink(c.UserContext(), in)
	}
	if err != nil {
		return b.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return b.done(c, "/people/join-links?show="+made.ID.String(), themes.FlashJoinLinkMade, made.Name)
}

// RevokeLink ends one.
func (b Bulk) RevokeLink(c *fiber.Ctx) error {
	at, err := id(c, "link")
	if err != nil {
		return err
	}
	if err := b.Bulk.RevokeLink(c.UserContext(), at); err != nil {
		return err
	}
	return b.done(c, "/people/join-links", themes.FlashJoinLinkRevoked, b.nameOf(c, at))
}

func (b Bulk) nameOf(c *fiber.Ctx, at uid.ID) string {
	list, err := b.Bulk.Links(c.UserContext())
	if err != nil {
		return ""
	}
	for _, l := range list {
		if l.ID == at {
			return l.Name
		}
	}
	return ""
}

// JoinForm shows a stranger where they ask to join.
func (b Bulk) JoinForm(c *fiber.Ctx) error {
	l, err := b.Bulk.OpenLink(c.UserContext(), c.Params("secret"))
	if err != nil {
		return err
	}
	return b.show(c, themes.JoinPage{Domains: l.Domains})
}

// Join asks to join.
func (b Bulk) Join(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	l, err := b.Bulk.OpenLink(c.UserContext(), c.Params("secret"))
	if err != nil {
		return err
	}
	p := themes.JoinPage{Domains: l.Domains, Name: f.get("name"), Email: strings.TrimSpace(f.get("email"))}
	if err := b.Bulk.Join(c.UserContext(), c.Params("secret"), p.Email, p.Name, client(c)); err != nil {
		return b.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	p.Sent = true
	return b.show(c, p)
}
