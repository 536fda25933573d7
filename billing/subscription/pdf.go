package subscription

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/paper"
)

// Measures in millimetres: A4 upright.
const (
	pageWidth, pageHeight = 210.0, 297.0
	left, right           = 18.0, pageWidth - 18.0
	rowHeight             = 9.0
	lowest                = pageHeight - 30
)

// PDF draws a bill of our own in the language of a locale, English where it has no words for it. The same bill gives the
// same bytes.
func PDF(i Invoice, sub Subscription, live bool, locale string) ([]byte, error) {
	w := wordsFor(locale)
	p, err := paper.New("P", "#1f4b8e", paper.Facts{Title: w.bill + " " + i.Number, Author: "Lyceum", Subject: w.bill, Language: w.language, At: i.CreatedAt})
	if err != nil {
		return nil, fmt.Errorf("bill %s: %w", i.Ref, err)
	}
	y := billHead(p, i, sub, live, w)
	for _, l := range i.Lines {
		if y > lowest {
			p.AddPage()
			y = 30
		}
		p.From(l.Text, paper.Fit("", 10, 7), left, y, 100, paper.Ink)
		ending(p, strconv.FormatInt(l.Quantity, 10), "", 145, y)
		ending(p, w.sum(l.Amount), "", right, y)
		p.Stroke(paper.Pale, 0.15)
		p.Line(left, y+3, right, y+3)
		y += rowHeight
	}
	if i.TaxMinor != 0 {
		tax := i.Total()
		tax.Minor = i.TaxMinor
		p.From(w.tax, paper.Fit("", 10, 7), left, y, 100, paper.Ink)
		ending(p, w.sum(tax), "", right, y)
		y += rowHeight
	}
	p.From(w.total, paper.Fit("B", 12, 8), left, y+2, 100, paper.Ink)
	ending(p, w.sum(i.Total()), "B", right, y+2)
	if i.DueAt != nil && i.PaidAt == nil {
		p.From(w.payUntil+" "+w.date(*i.DueAt)+" "+w.naming+" "+i.Number, paper.Fit("", 10, 7), left, y+16, right-left, paper.Ink)
	}
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("draw bill %s: %w", i.Ref, err)
	}
	return out.Bytes(), nil
}

// billHead draws what stands above the lines and says where these begin.
func billHead(p *paper.Sheet, i Invoice, sub Subscription, live bool, w words) float64 {
	p.AddPage()
	p.Fill(p.Brand)
	p.Rect(0, 0, pageWidth, 9, "F")
	p.From(w.bill+" "+i.Number, paper.Fit("B", 20, 12), left, 30, 120, paper.Ink)
	if !live {
		p.From(w.noMoney, paper.Fit("I", 10, 8), left, 37, right-left, paper.Faint)
	}
	y := 50.0
	a := sub.Address
	for _, line := range []string{sub.TenantName, a.Line1, a.Line2, strings.TrimSpace(a.PostalCode + " " + a.City), a.State, a.Country} {
		if line != "" {
			p.From(line, paper.Fit("", 11, 8), left, y, 90, paper.Ink)
			y += 5.5
		}
	}
	for _, t := range sub.TaxIDs {
		p.From(t.Value, paper.Fit("", 10, 8), left, y, 90, paper.Faint)
		y += 5.5
	}
	facts := []string{w.written + " " + w.date(i.CreatedAt), w.period + " " + w.date(i.PeriodStart) + " " + w.to + " " + w.date(i.PeriodEnd.Add(-time.Second)), w.status + " " + w.statuses[i.Status]}
	if i.PaidAt != nil {
		facts = append(facts, w.paid+" "+w.date(*i.PaidAt))
	}
	for n, f := range facts {
		ending(p, f, "", right, 50+5.5*float64(n))
	}
	y = max(y, 75) + 10
	p.From(w.what, paper.Fit("B", 9, 7), left, y, 100, paper.Faint)
	ending(p, w.quantity, "B", 145, y)
	ending(p, w.amount, "B", right, y)
	p.Stroke(p.Brand, 0.4)
	p.Line(left, y+2.5, right, y+2.5)
	return y + rowHeight
}

// ending draws a text that ends at x.
func ending(p *paper.Sheet, s, style string, x, y float64) {
	p.Use(style, 10, paper.Ink)
	p.Text(x-p.GetStringWidth(s), y, s)
}
