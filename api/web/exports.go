package web

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/learning/report/export"
	"lyceum/themes"
)

// Exports is files of reports: small ones are sent at once, large ones are made by a job.
type Exports struct {
	*Site
	Exports *export.Service
}

func lookFor(c *fiber.Ctx) export.Look {
	ctx := c.UserContext()
	return export.Look{Zone: zoneOf(ctx).String(), Locale: themes.PickLocale(who(ctx).Locale, c.Get(fiber.HeaderAcceptLanguage))}
}

// file sends a file of a report. A sheet is sent while it is read; a PDF is drawn first.
func (s *Site) file(c *fiber.Ctx, exports *export.Service, w export.Wish, format export.Format) error {
	ctx := c.UserContext()
	f, err := exports.Open(ctx, w, format, lookFor(c))
	if err != nil {
		return err
	}
	v := visit.Of(c)
	all := func(int) error { return nil }
	if format == export.PDF {
		var drawn bytes.Buffer
		if err := f.Write(ctx, &drawn, all); err != nil {
			return err
		}
		attach(c, v.Tenant.Slug+"-"+f.Name, format)
		return c.Send(drawn.Bytes())
	}
	attach(c, v.Tenant.Slug+"-"+f.Name, format)
	// The request's own deadline ends with this handler; the body is sent after it.
	ctx = context.WithoutCancel(ctx)
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		ctx, cancel := context.WithTimeout(ctx, exportFor)
		defer cancel()
		if err := f.Write(ctx, w, all); err != nil {
			// What was sent cannot be taken back: the file says itself that it is not whole.
			_, _ = io.WriteString(w, "\nTHE EXPORT BROKE OFF HERE AND IS NOT COMPLETE. EXPORT AGAIN.\n")
			s.log.ErrorContext(ctx, "export a report", slog.String("request_id", v.ID), slog.Any("err", err))
		}
	})
	return nil
}

func attach(c *fiber.Ctx, name string, format export.Format) {
	c.Set(fiber.HeaderContentType, format.MediaType())
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", name))
	noStore(c)
}

// List lists the files that who asks had made. With watch in the address the page loads itself again while one is being made.
func (e Exports) List(c *fiber.Ctx) error {
	list, err := e.Exports.List(c.UserContext())
	if err != nil {
		return err
	}
	p := themes.ExportsPage{List: list, Watch: query(c, "watch") != ""}
	if p.Watch && p.Making() {
		c.Set("Refresh", "5")
	}
	return e.show(c, p)
}

// Ask leads to a small file, and has a large one made. What it is of stands in the address, as on the page that it is asked from.
func (e Exports) Ask(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	format := export.Format(f.get("format"))
	if format.MediaType() == "" {
		return export.ErrFormat
	}
	w := export.Wish{Kind: export.Kind(f.get("kind")), Title: f.get("title")}
	at := "/reports/run."
	if w.Kind == export.Matrix {
		filter, _, wrong := Matrix{Site: e.Site}.filter(c)
		at, w.Cells, err = "/compliance/matrix.", export.CellsOf(filter), wrong
	} else {
		w.Definition, err = askedReport(c)
	}
	if err != nil {
		return err
	}
	_, large, err := e.Exports.Large(c.UserContext(), w, format)
	if err != nil {
		return err
	}
	if !large {
		asked := c.Context().QueryArgs()
		if w.Title != "" {
			asked.Set("title", w.Title)
		}
		return e.to(c, at+string(format)+"?"+string(asked.QueryString()))
	}
	if _, err = e.Exports.Ask(c.UserContext(), w, format, lookFor(c)); err != nil {
		list, failed := e.Exports.List(c.UserContext())
		if failed != nil {
			return failed
		}
		return e.refused(c, err, func(wrong *fault.Fault) themes.Page { return themes.ExportsPage{List: list, Problem: wrong} })
	}
	return e.done(c, "/reports/exports", themes.FlashExportAsked, "")
}

// File gives a file that is ready.
func (e Exports) File(c *fiber.Ctx) error {
	file, err := id(c, "export")
	if err != nil {
		return err
	}
	one, r, err := e.Exports.Read(c.UserContext(), file)
	if err != nil {
		return err
	}
	attach(c, visit.Of(c).Tenant.Slug+"-"+one.FileName(), one.Format)
	c.Response().SetBodyStream(r, int(one.Bytes)) // closes it
	return nil
}

// Stop cancels a file that is being made, and takes one away that is there.
func (e Exports) Stop(c *fiber.Ctx) error {
	file, err := id(c, "export")
	if err == nil {
		err = e.Exports.Stop(c.UserContext(), file)
	}
	if err != nil {
		return err
	}
	return e.done(c, "/reports/exports", themes.FlashExportStopped, "")
}
