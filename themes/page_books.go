package themes

import (
	"lyceum/billing/books"
	"lyceum/billing/provider"
)

// FlashBooksCard says that the pretend card was changed.
const FlashBooksCard FlashKey = "books_card_changed"

// BooksCheckoutPage is GET /settings/billing/books/checkout/:id, where no real money moves. It posts answer (pay, decline)
// to itself.
type BooksCheckoutPage struct{ Till books.Till }

func (p BooksCheckoutPage) in(c *Chrome) (string, any) {
	return "books_checkout", framed[BooksCheckoutPage]{c, p}
}

// BooksCardPage is GET /settings/billing/books/card. It posts card (works, fails) to itself.
type BooksCardPage struct {
	Fails bool
	Open  []provider.Invoice // bills that wait for a card that works
}

func (p BooksCardPage) in(c *Chrome) (string, any) { return "books_card", framed[BooksCardPage]{c, p} }
