package web

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"lyceum/learning/content"
	"lyceum/themes"
)

// List shows the portal's files, where each is used, and how much room they take.
func (f Files) List(c *fiber.Ctx) error {
	ctx, wanted := c.UserContext(), content.Filter{Kind: content.FileKind(query(c, "kind")), Unused: query(c, "unused") != "", Largest: query(c, "order") == "size", Page: after(c)}
	if !slices.Contains(content.FileKinds, wanted.Kind) {
		wanted.Kind = ""
	}
	files, err := f.Content.List(ctx, wanted)
	if err != nil {
		return err
	}
	storage, err := f.Content.Storage(ctx)
	if err != nil {
		return err
	}
	return f.show(c, themes.FilesPage{Filter: wanted, Files: files, Storage: storage})
}

// Remove removes a file that nothing uses.
func (f Files) Remove(c *fiber.Ctx) error {
	wanted, err := id(c, "id")
	if err != nil {
		return err
	}
	file, err := f.Content.File(c.UserContext(), wanted)
	if err != nil {
		return err
	}
	if err := f.Content.Remove(c.UserContext(), wanted); err != nil {
		return err
	}
	return f.done(c, "/files", themes.FlashFileRemoved, file.Name)
}
