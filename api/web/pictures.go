package web

import (
	"context"
	"html/template"
	"log/slog"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/markdown"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/tenant"
	"lyceum/themes"
)

// picturesOf tells of pictures which smaller ones there are. A page is shown without that rather than not at all.
func (s *Site) picturesOf(ctx context.Context, ids []uid.ID) map[uid.ID]content.Picture {
	if s.files == nil || len(ids) == 0 {
		return nil
	}
	known, err := s.files.Pictures(ctx, ids)
	if err != nil {
		t, _ := tenant.From(ctx)
		s.log.WarnContext(ctx, "pictures not read, pages show them in full size", slog.String("tenant", t.Slug), slog.Any("err", err))
	}
	return known
}

// logoWidth is wide enough for a logo on the sharpest screens, in pixels.
const logoWidth = 640

// logoURL is the address of the logo: of a smaller one where it is large.
func (s *Site) logoURL(ctx context.Context, file *uid.ID) string {
	plain := pictureURL("logo", file)
	if file == nil {
		return plain
	}
	if _, ok := tenant.From(ctx); !ok {
		return plain
	}
	for _, v := range s.picturesOf(ctx, []uid.ID{*file})[*file].Variants {
		if v.Width >= logoWidth {
			return plain + "/" + v.SHA256
		}
	}
	return plain
}

// illustrated is prose whose pictures name the smaller ones that there are, and their size, so that a phone fetches what it
// shows and the text does not jump.
func (s *Site) illustrated(ctx context.Context, src, prefix string) template.HTML {
	var ids []uid.ID
	for _, image := range markdown.Images(src) {
		if id, ok := catalog.PictureFile(image.Dest); ok {
			ids = append(ids, id)
		}
	}
	known := s.picturesOf(ctx, ids)
	if len(known) == 0 {
		return prose(src, prefix)
	}
	return markdown.Render(src, markdown.Options{
		HeadingOffset: 1, IDPrefix: prefix,
		ResolveImage: pictureAddress,
		Measure: func(dest string) (m markdown.Measures) {
			id, _ := catalog.PictureFile(dest)
			p := known[id]
			return markdown.Measures{Width: p.Width, Height: p.Height, Srcset: string(themes.SrcsetOf(p)), Sizes: "(max-width: 48rem) 92vw, 44rem"}
		},
	})
}

func pictureAddress(dest string) (string, bool) {
	file, ok := catalog.PictureFile(dest)
	return "/files/" + file.String() + "/picture", ok
}

// allowStore lets the page play films and show documents that the object store gives itself: browsers hold redirects to the
// page's policy too.
func (s *Site) allowStore(c *fiber.Ctx) {
	if s.files == nil || s.files.StoreOrigin() == "" {
		return
	}
	policy := string(c.Response().Header.Peek(fiber.HeaderContentSecurityPolicy))
	for _, directive := range []string{"media-src 'self'", "frame-src 'self'"} {
		policy = strings.Replace(policy, directive, directive+" "+s.files.StoreOrigin(), 1)
	}
	c.Set(fiber.HeaderContentSecurityPolicy, policy)
}
