package subscription

import (
	"strings"
	"time"

	"lyceum/billing/money"
)

// words are what a bill on paper says, in one language.
type words struct {
	language, comma, day                                 string
	bill, noMoney, written, period, to, status, paid     string
	what, quantity, amount, tax, total, payUntil, naming string
	statuses                                             map[string]string
}

var billWords = map[string]words{
	"en": {
		language: "en", comma: ".", day: "2 January 2006", bill: "Bill", noMoney: "No real money: this bill only keeps books. Nothing is to be paid.",
		written: "Written", period: "Period", to: "to", status: "Status", paid: "Paid", what: "For", quantity: "Quantity", amount: "Amount", tax: "Tax included", total: "Total",
		payUntil: "Please pay by bank transfer until", naming: "and name the number",
		statuses: map[string]string{"draft": "draft", "open": "open", "paid": "paid", "void": "void", "uncollectible": "written off"},
	},
	"de": {
		language: "de", comma: ",", day: "02.01.2006", bill: "Rechnung", noMoney: "Kein echtes Geld: Diese Rechnung dient nur den Büchern. Es ist nichts zu zahlen.",
		written: "Ausgestellt", period: "Zeitraum", to: "bis", status: "Stand", paid: "Bezahlt", what: "Leistung", quantity: "Menge", amount: "Betrag", tax: "Enthaltene Steuer", total: "Summe",
		payUntil: "Bitte überweisen Sie bis", naming: "und geben Sie die Nummer an:",
		statuses: map[string]string{"draft": "Entwurf", "open": "offen", "paid": "bezahlt", "void": "storniert", "uncollectible": "ausgebucht"},
	},
}

// wordsFor finds the words of a locale (de-AT), English where there are none.
func wordsFor(locale string) words {
	base, _, _ := strings.Cut(strings.ToLower(locale), "-")
	if w, ok := billWords[base]; ok {
		return w
	}
	return billWords["en"]
}

func (w words) date(at time.Time) string { return at.UTC().Format(w.day) }

func (w words) sum(m money.Money) string {
	return strings.ReplaceAll(m.Decimal(), ".", w.comma) + " " + string(m.Currency)
}
