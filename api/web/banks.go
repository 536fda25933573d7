package web

import (
	"encoding/base64"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/bank/format"
	"lyceum/learning/bank/transfer"
	"lyceum/learning/content"
	"lyceum/learning/question"
	"lyceum/themes"
)

// Questions is where banks are kept and questions written.
type Questions struct {
	*Site
	Banks   *bank.Service
	Content *content.Service
	Auth    *auth.Service
	Groups  *group.Service
}

func studioBank(id uid.ID) string { return "/studio/questions/" + id.String() }

func (q Questions) banks(c *fiber.Ctx) (themes.BanksPage, error) {
	f := bank.BankFilter{Query: query(c, "q"), Archived: query(c, "archived") != "", Page: after(c)}
	list, err := q.Banks.Banks(c.UserContext(), f)
	return themes.BanksPage{Query: f.Query, Archived: f.Archived, Banks: list}, err
}

// List shows the banks there are.
func (q Questions) List(c *fiber.Ctx) error {
	page, err := q.banks(c)
	if err != nil {
		return err
	}
	return q.show(c, page)
}

// CreateBank begins a bank and leads to it.
func (q Questions) CreateBank(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	made, err := q.Banks.CreateBank(c.UserContext(), bank.BankInput{Name: f.get("name")})
	if err != nil {
		page, failed := q.banks(c)
		if failed != nil {
			return failed
		}
		page.Name = f.get("name")
		return q.refused(c, err, func(wrong *fault.Fault) themes.Page { page.Problem = wrong; return page })
	}
	return q.done(c, studioBank(made.ID), themes.FlashSaved, "")
}

func (q Questions) bank(c *fiber.Ctx) (out themes.BankPage, err error) {
	id, err := id(c, "bank")
	if err != nil {
		return out, err
	}
	ctx := c.UserContext()
	if out.Bank, err = q.Banks.Bank(ctx, id); err != nil {
		return out, err
	}
	out.Filter = bank.Filter{Bank: id, Query: query(c, "q"), Folder: query(c, "folder"), Tag: query(c, "tag"), Kind: question.Kind(query(c, "kind")), Status: bank.Status(query(c, "status")), Page: after(c)}
	if out.Places, err = q.Banks.Folders(ctx, id); err != nil {
		return out, err
	}
	if out.Questions, err = q.Banks.Questions(ctx, out.Filter); err != nil || !out.Owns() {
		return out, err
	}
	return out, q.shares(c, &out)
}

// shares fills in with whom the bank can be shared.
func (q Questions) shares(c *fiber.Ctx, out *themes.BankPage) error {
	ctx := c.UserContext()
	shared, err := q.Banks.Shares(ctx, out.Bank.ID)
	if err != nil {
		return err
	}
	may := map[string]string{}
	names := map[string]string{}
	for _, x := range shared {
		key := ""
		if x.Role != nil {
			key = "role:" + *x.Role
		} else if x.GroupID != nil {
			key = "group:" + x.GroupID.String()
		}
		may[key], names[key] = "see", x.Name
		if x.MayEdit {
			may[key] = "edit"
		}
		out.Shares = append(out.Shares, themes.ShareChoice{Value: key, Name: x.Name, May: may[key]})
	}
	add := func(key, name string) {
		if _, there := may[key]; !there {
			out.Shares = append(out.Shares, themes.ShareChoice{Value: key, Name: name})
		}
	}
	for _, b := range policy.BuiltIns() {
		if b.Role != policy.Learner && b.Role != policy.Owner && b.Role != policy.Admin {
			add("role:"+string(b.Role), b.Name)
		}
	}
	if !who(ctx).May.Has(policy.PersonRead) {
		return nil
	}
	groups, err := q.Groups.List(ctx, group.Filter{Page: page.Request{Limit: bank.MaxShares - 10}})
	for _, g := range groups.Items {
		add("group:"+g.ID.String(), g.Name)
	}
	return err
}

// Bank shows the questions of a bank.
func (q Questions) Bank(c *fiber.Ctx) error {
	page, err := q.bank(c)
	if err != nil {
		return err
	}
	return q.show(c, page)
}

// UpdateBank changes what is said of a bank and with whom it is shared.
func (q Questions) UpdateBank(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	out, err := q.bank(c)
	if err != nil {
		return err
	}
	var shares []bank.Share
	may := f.all("may")
	for i, key := range f.all("share") {
		if i >= len(may) || may[i] == "" {
			continue
		}
		x := bank.Share{MayEdit: may[i] == "edit"}
		if role, ok := strings.CutPrefix(key, "role:"); ok {
			x.Role = &role
		}
		if text, ok := strings.CutPrefix(key, "group:"); ok {
			x.GroupID = optionalID(text)
		}
		shares = append(shares, x)
	}
	ctx := c.UserContext()
	b, err := q.Banks.UpdateBank(ctx, out.Bank.ID, f.revision(), bank.BankInput{Name: f.get("name"), About: f.get("about"), Everyone: bank.Everyone(f.get("everyone"))})
	if err == nil {
		_, err = q.Banks.SetShares(ctx, b.ID, b.Revision, shares)
	}
	if err != nil {
		return q.refused(c, err, func(wrong *fault.Fault) themes.Page {
			out.Problem = wrong
			out.Bank.Name, out.Bank.About = f.get("name"), f.get("about")
			return out
		})
	}
	return q.done(c, studioBank(b.ID), themes.FlashSaved, "")
}

// ArchiveBank puts a bank away or takes it back.
func (q Questions) ArchiveBank(c *fiber.Ctx) error {
	return q.act(c, func(f form, bank, _ uid.ID) (string, error) {
		_, err := q.Banks.ArchiveBank(c.UserContext(), bank, f.revision(), f.get("archive") != "")
		return "/studio/questions", err
	})
}

// DeleteBank removes an empty bank.
func (q Questions) DeleteBank(c *fiber.Ctx) error {
	return q.act(c, func(_ form, bank, _ uid.ID) (string, error) {
		return "/studio/questions", q.Banks.DeleteBank(c.UserContext(), bank)
	})
}

// act does something to a bank, or to a question of it, and leads on.
func (q Questions) act(c *fiber.Ctx, do func(f form, bank, question uid.ID) (string, error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	b, err := id(c, "bank")
	if err != nil {
		return err
	}
	asked := uid.Nil
	if c.Params("question") != "" {
		if asked, err = id(c, "question"); err != nil {
			return err
		}
	}
	to, err := do(f, b, asked)
	if err != nil {
		return err
	}
	return q.done(c, to, themes.FlashSaved, "")
}

// maxImport is the largest file that a page brings in, in bytes: it is posted once more to be applied.
const maxImport = 5 << 20

func (q Questions) transfer() transfer.Service {
	return transfer.Service{Banks: q.Banks, Content: q.Content}
}

// Import shows what a file would bring, and keeps nothing.
func (q Questions) Import(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	out, err := q.bank(c)
	if err != nil {
		return err
	}
	name, data, ok, err := f.file("file")
	switch {
	case err == nil && !ok:
		err = fault.Invalid(map[string]string{"file": "Choose a file."})
	case err == nil && len(data) > maxImport:
		err = fault.Invalid(map[string]string{"file": "This file is larger than 5 MB. Please split it."})
	}
	var sheet format.Sheet
	if err == nil {
		sheet, err = q.transfer().Plan(c.UserContext(), out.Bank.ID, f.get("format"), data)
	}
	if err != nil {
		return q.refused(c, err, func(wrong *fault.Fault) themes.Page { out.Importing = wrong; return out })
	}
	return q.showWith(c, fiber.StatusOK, themes.BankImportPage{Bank: out.Bank, Sheet: sheet, File: name, Text: carried(sheet.Format, data)})
}

// carried is a file as a page carries it along: bytes as base64, text as it is.
func carried(kind string, data []byte) string {
	if kind == transfer.QTI {
		return base64.StdEncoding.EncodeToString(data)
	}
	return clean(string(data))
}

// Apply brings in what a file holds and can come: the file is read once more, so nothing is taken on trust.
func (q Questions) Apply(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	id, err := id(c, "bank")
	if err != nil {
		return err
	}
	data := []byte(f.get("text"))
	if f.get("format") == transfer.QTI {
		if data, err = base64.StdEncoding.DecodeString(f.get("text")); err != nil {
			return problem.ErrBadRequest.Because(err)
		}
	}
	sheet, _, err := q.transfer().Apply(c.UserContext(), id, f.get("format"), data, f.get("publish") != "")
	if err != nil {
		b, failed := q.Banks.Bank(c.UserContext(), id)
		if failed != nil {
			return failed
		}
		return q.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.BankImportPage{Bank: b, Sheet: sheet, Text: f.get("text"), Problem: wrong}
		})
	}
	return q.done(c, studioBank(id), themes.FlashSaved, "")
}

// Export gives the questions of a bank as a file; what the format cannot hold is told first.
func (q Questions) Export(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	id, err := id(c, "bank")
	if err != nil {
		return err
	}
	out, err := q.transfer().Export(c.UserContext(), bank.Filter{Bank: id}, f.get("format"), f.get("anyway") != "")
	if err != nil {
		return err
	}
	if out.Data == nil {
		b, err := q.Banks.Bank(c.UserContext(), id)
		if err != nil {
			return err
		}
		return q.showWith(c, fiber.StatusOK, themes.BankExportPage{Bank: b, Format: f.get("format"), Left: out.Left})
	}
	c.Set(fiber.HeaderContentType, out.Media)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+out.Name+`"`)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(out.Data)
}
