package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth/audit"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// Audit is the audit log: read, exported, checked.
type Audit struct {
	*Site
	Log *audit.Service
}

// auditFilter reads the filter of the address: type, actor, subject, ip, from, until (dates in the visitor's zone, both
// included).
func (a Audit) auditFilter(c *fiber.Ctx) (f audit.Filter, typed themes.AuditForm, err error) {
	typed = themes.AuditForm{
		Type: query(c, "type"), Actor: query(c, "actor"), Subject: query(c, "subject"), IP: query(c, "ip"), From: query(c, "from"), Until: query(c, "until"),
	}
	f = audit.Filter{Type: typed.Type, IP: typed.IP, Page: after(c)}
	wrong := fault.Fields{}
	for name, to := range map[string]*uid.ID{"actor": &f.Actor, "subject": &f.Subject} {
		if text := query(c, name); text != "" {
			var ok bool
			*to, ok = uid.Parse(text)
			wrong.Check(ok, name, "This is no id. Follow a link from the log, or a person's page.")
		}
	}
	zone, err := time.LoadLocation(who(c.UserContext()).TimeZone)
	if err != nil {
		zone = time.UTC
	}
	day := func(name, text string, add int) (at time.Time) {
		if text == "" {
			return at
		}
		d, err := time.ParseInLocation(time.DateOnly, text, zone)
		wrong.Check(err == nil, name, "Write a date as year-month-day, for example 2026-03-31.")
		return d.AddDate(0, 0, add)
	}
	f.From, f.Until = day("from", typed.From, 0), day("until", typed.Until, 1)
	return f, typed, wrong.Err()
}

// List shows the log, newest first.
func (a Audit) List(c *fiber.Ctx) error {
	f, typed, err := a.auditFilter(c)
	if err != nil {
		return err
	}
	entries, err := a.Log.Read(c.UserContext(), f)
	if err != nil {
		return err
	}
	names, err := a.Log.Names(c.UserContext(), entries.Items)
	if err != nil {
		return err
	}
	return a.show(c, themes.AuditPage{Form: typed, Entries: entries, Names: names})
}

// Check follows the whole chain and shows what it found.
func (a Audit) Check(c *fiber.Ctx) error {
	found, err := a.Log.Check(c.UserContext())
	if err != nil {
		return err
	}
	return a.show(c, themes.AuditCheckPage{Found: found})
}

// exportFor is how long an export may take.
const exportFor = 9 * time.Minute

// Export sends what matches, oldest first, while it is read.
func (a Audit) Export(as audit.Format) fiber.Handler {
	return func(c *fiber.Ctx) error {
		f, _, err := a.auditFilter(c)
		if err != nil {
			return err
		}
		ctx := c.UserContext()
		write, err := a.Log.Begin(ctx, f, as)
		if err != nil {
			return err
		}
		v := visit.Of(c)
		mediaType := "application/jsonl"
		if as == audit.CSV {
			mediaType = "text/csv; charset=utf-8; header=present"
		}
		c.Set(fiber.HeaderContentType, mediaType)
		c.Set(fiber.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", v.Tenant.Slug+"-audit-"+a.now().UTC().Format(time.DateOnly)+"."+string(as)))
		noStore(c)
		// The request's own deadline ends with this handler; the body is sent after it.
		ctx = context.WithoutCancel(ctx)
		c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			ctx, cancel := context.WithTimeout(ctx, exportFor)
			defer cancel()
			if err := write(ctx, w); err != nil {
				// What was sent cannot be taken back: the file says itself that it is not whole.
				_, _ = io.WriteString(w, "\nTHE EXPORT BROKE OFF HERE AND IS NOT COMPLETE. EXPORT AGAIN.\n")
				a.log.ErrorContext(ctx, "export the audit log", slog.String("request_id", v.ID), slog.Any("err", err))
			}
		})
		return nil
	}
}
