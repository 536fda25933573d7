package web

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/visit"
	"lyceum/billing"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// Usage is what was counted.
type Usage struct {
	*Site
	Billing *billing.Service
}

// wish reads which meter and month are asked for.
func (u Usage) wish(c *fiber.Ctx) (m billing.Meter, p billing.Period, err error) {
	if p, err = billing.ParsePeriod(query(c, "month"), u.now()); err != nil {
		return m, p, err
	}
	m, err = billing.ParseMeter(query(c, "meter"))
	return m, p, err
}

// Show shows a month's meters day by day, and the entries of one.
func (u Usage) Show(c *fiber.Ctx) error {
	meter, month, err := u.wish(c)
	if err != nil {
		return err
	}
	used, err := u.Billing.Usage(c.UserContext(), meter, month, after(c))
	if err != nil {
		return err
	}
	return u.show(c, themes.UsagePage{Usage: used, First: visit.Of(c).Tenant.CreatedAt})
}

// proof is the page of an entry.
func (u Usage) proof(c *fiber.Ctx, entry uid.ID) (themes.UsageEventPage, error) {
	p, err := u.Billing.Proof(c.UserContext(), entry)
	return themes.UsageEventPage{Row: p.Entry, Event: p.Event, Others: p.Others, Strikable: p.Strikable, Until: p.Until}, err
}

// Proof shows why someone counts.
func (u Usage) Proof(c *fiber.Ctx) error {
	entry, err := id(c, "entry")
	if err != nil {
		return err
	}
	p, err := u.proof(c, entry)
	if err != nil {
		return err
	}
	return u.show(c, p)
}

// Strike takes an entry back.
func (u Usage) Strike(c *fiber.Ctx) error {
	entry, err := id(c, "entry")
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	correction, err := u.Billing.Strike(c.UserContext(), billing.StrikeInput{Entry: entry, Reason: f.get("reason")})
	if err == nil {
		return u.done(c, "/usage/"+correction.ID.String(), themes.FlashStruck, correction.SubjectName)
	}
	if _, ok := problem.Shown(err); !ok {
		return err
	}
	p, wrong := u.proof(c, entry)
	if wrong != nil {
		return wrong
	}
	p.Reason = f.get("reason")
	return u.refused(c, err, func(found *fault.Fault) themes.Page { p.Problem = found; return p })
}

// CSV sends the entries of a month and meter while they are read.
func (u Usage) CSV(c *fiber.Ctx) error {
	meter, month, err := u.wish(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	first, err := u.Billing.Usage(ctx, meter, month, page.Request{Limit: page.MaxLimit})
	if err != nil {
		return err
	}
	v := visit.Of(c)
	name := fmt.Sprintf("%s-usage-%s-%s.csv", v.Tenant.Slug, month.Start.Format("2006-01"), meter)
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8; header=present")
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", name))
	noStore(c)
	// The request's own deadline ends with this handler; the body is sent after it.
	ctx = context.WithoutCancel(ctx)
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		ctx, cancel := context.WithTimeout(ctx, exportFor)
		defer cancel()
		if err := u.writeCSV(ctx, csv.NewWriter(w), first); err != nil {
			// What was sent cannot be taken back: the file says itself that it is not whole.
			_, _ = io.WriteString(w, "\nTHE FILE BREAKS OFF HERE AND IS NOT COMPLETE. DOWNLOAD IT AGAIN.\n")
			u.log.ErrorContext(ctx, "send usage", slog.String("request_id", v.ID), slog.Any("err", err))
		}
	})
	return nil
}

func (u Usage) writeCSV(ctx context.Context, w *csv.Writer, used billing.Usage) error {
	_ = w.Write([]string{"id", "meter", "period", "kind", "quantity", "subject_id", "subject_name", "event_id", "event_type", "occurred_at", "recorded_at", "reason", "by_id", "by_name"})
	rows := page.Of[billing.UsageEvent]{Items: used.Rows, Next: used.Next}
	for {
		for _, e := range rows.Items {
			by := ""
			if e.ByID != nil {
				by = e.ByID.String()
			}
			_ = w.Write([]string{
				e.ID.String(), string(e.Meter), e.Period.UTC().Format("2006-01"), string(e.Kind), strconv.FormatInt(e.Quantity, 10), e.SubjectID.String(), cell(e.SubjectName),
				e.EventID.String(), e.EventType, e.OccurredAt.UTC().Format(time.RFC3339Nano), e.RecordedAt.UTC().Format(time.RFC3339Nano), cell(e.Reason), by, cell(e.ByName),
			})
		}
		if w.Flush(); w.Error() != nil || rows.Next == "" {
			return w.Error()
		}
		var err error
		if rows, err = u.Billing.Entries(ctx, used.Meter, used.Period, page.Request{After: rows.Next, Limit: page.MaxLimit}); err != nil {
			return err
		}
	}
}
