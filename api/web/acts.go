package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/act"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// ActsPath is where the log of acts stands.
const ActsPath = "/operator/acts"

// Acts is the log of acts: read, exported, checked.
type Acts struct {
	*Site
	Log       *act.Service
	Operators *auth.Operators
}

// filter reads the filter of the address: action, who (an operator's id, a kind of actor, or all), tenant, from, until
// (dates in UTC, both included).
func (a Acts) filter(c *fiber.Ctx) (f act.Filter, typed themes.ActsForm, err error) {
	typed = themes.ActsForm{Action: query(c, "action"), Who: query(c, "who"), Tenant: query(c, "tenant"), From: query(c, "from"), Until: query(c, "until")}
	f = act.Filter{Action: typed.Action, Tenant: typed.Tenant, Page: after(c)}
	wrong := fault.Fields{}
	switch {
	case typed.Who == "":
	case typed.Who == themes.ActsAll:
		f.System = true
	case slices.Contains(themes.ActorKinds(), typed.Who):
		f.Kind = typed.Who
	default:
		id, ok := uid.Parse(typed.Who)
		wrong.Check(ok, "who", "Choose from the list.")
		f.Actor = id
	}
	day := func(name, text string, add int) (at time.Time) {
		if text == "" {
			return at
		}
		d, err := time.Parse(time.DateOnly, text)
		wrong.Check(err == nil, name, "Write a date as year-month-day, for example 2026-03-31.")
		return d.AddDate(0, 0, add)
	}
	f.From, f.Until = day("from", typed.From, 0), day("until", typed.Until, 1)
	return f, typed, wrong.Err()
}

// List shows the log, newest first.
func (a Acts) List(c *fiber.Ctx) error {
	f, typed, err := a.filter(c)
	if err != nil {
		return err
	}
	acts, err := a.Log.Read(c.UserContext(), f)
	if err != nil {
		return err
	}
	operators, err := a.Operators.All(c.UserContext())
	if err != nil {
		return err
	}
	return a.show(c, themes.ActsPage{Form: typed, Acts: acts, Operators: operators})
}

// Check follows the whole chain and shows what it found.
func (a Acts) Check(c *fiber.Ctx) error {
	found, err := a.Log.Check(c.UserContext())
	if err != nil {
		return err
	}
	return a.show(c, themes.ActsCheckPage{Found: found})
}

// Export sends what matches, oldest first, while it is read.
func (a Acts) Export(as act.Format) fiber.Handler {
	return func(c *fiber.Ctx) error {
		f, _, err := a.filter(c)
		if err != nil {
			return err
		}
		ctx := c.UserContext()
		write, err := a.Log.Begin(ctx, f, as)
		if err != nil {
			return err
		}
		mediaType := "application/jsonl"
		if as == act.CSV {
			mediaType = "text/csv; charset=utf-8; header=present"
		}
		c.Set(fiber.HeaderContentType, mediaType)
		c.Set(fiber.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", "acts-"+a.now().UTC().Format(time.DateOnly)+"."+string(as)))
		noStore(c)
		id := visit.Of(c).ID
		ctx = context.WithoutCancel(ctx) // the body is sent after the request's own deadline ends with this handler
		c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			ctx, cancel := context.WithTimeout(ctx, exportFor)
			defer cancel()
			if err := write(ctx, w); err != nil {
				_, _ = io.WriteString(w, "\nTHE EXPORT BROKE OFF HERE AND IS NOT COMPLETE. EXPORT AGAIN.\n")
				a.log.ErrorContext(ctx, "export the log of acts", slog.String("request_id", id), slog.Any("err", err))
			}
		})
		return nil
	}
}
