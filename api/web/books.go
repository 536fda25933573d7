package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/billing/books"
	"lyceum/themes"
)

// Books are the pages of a platform on which no real money moves.
type Books struct {
	*Site
	Books *books.Books
}

// Checkout shows what is to be paid as if.
func (b Books) Checkout(c *fiber.Ctx) error {
	wish, err := id(c, "wish")
	if err != nil {
		return err
	}
	till, err := b.Books.Open(c.UserContext(), wish)
	if err != nil {
		return err
	}
	return b.show(c, themes.BooksCheckoutPage{Till: till})
}

// Answer pays as if, or declines as if, and leads back.
func (b Books) Answer(c *fiber.Ctx) error {
	wish, err := id(c, "wish")
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	answer := f.get("answer")
	if answer != "pay" && answer != "decline" {
		return problem.ErrBadRequest
	}
	url, err := b.Books.Answer(c.UserContext(), wish, answer == "pay")
	if err != nil {
		return err
	}
	return b.to(c, url)
}

// Card shows the pretend card.
func (b Books) Card(c *fiber.Ctx) error {
	fails, open, err := b.Books.Card(c.UserContext())
	if err != nil {
		return err
	}
	return b.show(c, themes.BooksCardPage{Fails: fails, Open: open})
}

// SetCard changes it.
func (b Books) SetCard(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	card := f.get("card")
	if card != "works" && card != "fails" {
		return problem.ErrBadRequest
	}
	if err := b.Books.SetCard(c.UserContext(), card == "fails"); err != nil {
		return err
	}
	return b.done(c, books.Path+"/card", themes.FlashBooksCard, "")
}
