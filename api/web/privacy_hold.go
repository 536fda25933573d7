package web

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth/privacy/hold"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/themes"
)

const atHolds = "/privacy/holds"

// holdFileMax is from how many bytes on a file of what is set aside ends, and says so; more is read over REST.
const holdFileMax = 32 << 20

// HoldList lists legal holds.
func (p Privacy) HoldList(c *fiber.Ctx) error {
	list, err := p.Holds.List(c.UserContext(), after(c))
	if err != nil {
		return err
	}
	return p.show(c, themes.HoldsPage{List: list})
}

// HoldNew shows the form of a new one.
func (p Privacy) HoldNew(c *fiber.Ctx) error {
	groups, err := p.Holds.Groups(c.UserContext())
	if err != nil {
		return err
	}
	return p.show(c, themes.HoldNewPage{Groups: groups})
}

// named reads whom a form names: e-mails, one a line or with commas between, and a group.
func named(f form) (w hold.Who, err error) {
	for _, one := range strings.FieldsFunc(f.get("emails"), func(r rune) bool { return strings.ContainsRune("\r\n,; \t", r) }) {
		w.Emails = append(w.Emails, one)
	}
	if text := f.get("group"); text != "" {
		group, ok := uid.Parse(text)
		if !ok {
			return w, fault.Invalid(map[string]string{"group": "Choose one of the list."})
		}
		w.Groups = append(w.Groups, group)
	}
	return w, nil
}

// HoldMake makes one.
func (p Privacy) HoldMake(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	in := hold.Input{Name: f.get("name"), CaseNumber: f.get("case_number"), Reason: f.get("reason"), Whole: f.get("whole") != ""}
	var made hold.Hold
	if in.Who, err = named(f); err == nil {
		made, err = p.Holds.Make(c.UserContext(), in)
	}
	if err != nil {
		groups, failed := p.Holds.Groups(c.UserContext())
		if failed != nil {
			return failed
		}
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.HoldNewPage{Name: f.get("name"), CaseNumber: f.get("case_number"), Reason: f.get("reason"), Whole: in.Whole, Emails: f.get("emails"), Group: f.get("group"), Groups: groups, Problem: wrong}
		})
	}
	return p.done(c, atHolds+"/"+made.ID.String(), themes.FlashHoldMade, made.Name)
}

func (p Privacy) hold(c *fiber.Ctx) (out themes.HoldPage, err error) {
	wanted, err := id(c, "hold")
	if err != nil {
		return out, err
	}
	if out.Hold, out.People, err = p.Holds.Show(c.UserContext(), wanted, after(c)); err != nil {
		return out, err
	}
	if out.Aside, err = p.Holds.Aside(c.UserContext(), wanted); err != nil {
		return out, err
	}
	out.Groups, err = p.Holds.Groups(c.UserContext())
	return out, err
}

// HoldRows shows what was removed of those whom one covers.
func (p Privacy) HoldRows(c *fiber.Ctx) error {
	wanted, err := id(c, "hold")
	if err != nil {
		return err
	}
	var shown themes.HoldRowsPage
	if shown.Hold, shown.List, err = p.Holds.Rows(c.UserContext(), wanted, after(c)); err != nil {
		return err
	}
	return p.show(c, shown)
}

// HoldRowsFile gives all of it, a row in JSON a line.
func (p Privacy) HoldRowsFile(c *fiber.Ctx) error {
	wanted, err := id(c, "hold")
	if err != nil {
		return err
	}
	var out bytes.Buffer
	write := json.NewEncoder(&out)
	for at := (page.Request{Limit: page.MaxLimit}); ; {
		h, rows, err := p.Holds.Rows(c.UserContext(), wanted, at)
		if err == nil && !h.Open() { // released meanwhile: half of a file would look like all of it
			err = hold.ErrReleased
		}
		if err != nil {
			return err
		}
		for _, r := range rows.Items {
			line := map[string]any{"hold": h.Name, "person_id": r.PersonID, "name": r.Name, "email": r.Email, "place": r.Place, "removed_at": r.RemovedAt.UTC(), "data": r.Data}
			if err := write.Encode(line); err != nil {
				return err
			}
		}
		if at.After = rows.Next; rows.Next == "" {
			break
		}
		if out.Len() > holdFileMax {
			if err := write.Encode(map[string]string{"cut_off": "This file would be too long. Read the rest over REST.", "next": rows.Next}); err != nil {
				return err
			}
			break
		}
	}
	c.Set(fiber.HeaderContentType, "application/jsonl")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="hold-`+wanted.String()+`.jsonl"`)
	noStore(c)
	return c.Send(out.Bytes())
}

// Hold shows one and who is under it.
func (p Privacy) Hold(c *fiber.Ctx) error {
	shown, err := p.hold(c)
	if err != nil {
		return err
	}
	return p.show(c, shown)
}

// HoldAdd puts more people under one.
func (p Privacy) HoldAdd(c *fiber.Ctx) error {
	return p.onHold(c, themes.FlashHoldAdded, func(shown *themes.HoldPage, f form) error {
		shown.Emails, shown.Group = f.get("emails"), f.get("group")
		w, err := named(f)
		if err == nil {
			_, err = p.Holds.Add(c.UserContext(), shown.Hold.ID, w)
		}
		return err
	})
}

// HoldTake takes somebody out of one.
func (p Privacy) HoldTake(c *fiber.Ctx) error {
	person, err := id(c, "person")
	if err != nil {
		return err
	}
	return p.onHold(c, themes.FlashHoldTaken, func(shown *themes.HoldPage, _ form) error {
		return p.Holds.Take(c.UserContext(), shown.Hold.ID, person)
	})
}

// HoldRelease ends one.
func (p Privacy) HoldRelease(c *fiber.Ctx) error {
	return p.onHold(c, themes.FlashHoldReleased, func(shown *themes.HoldPage, f form) error {
		shown.ReleaseReason = f.get("release_reason")
		return p.Holds.Release(c.UserContext(), shown.Hold.ID, shown.ReleaseReason)
	})
}

func (p Privacy) onHold(c *fiber.Ctx, flash themes.FlashKey, do func(shown *themes.HoldPage, f form) error) error {
	shown, err := p.hold(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if err := do(&shown, f); err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { shown.Problem = wrong; return shown })
	}
	return p.done(c, shown.At(), flash, "")
}
