package web

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/uid"
	"lyceum/learning/content"
)

// Files gives uploaded files and takes new ones.
type Files struct {
	*Site
	Content *content.Service
}

// Show gives a file, whole or one range of it. The name in the address is for who saves it; the id alone decides.
func (f Files) Show(c *fiber.Ctx) error {
	wanted, err := id(c, "id")
	if err != nil {
		return err
	}
	file, err := f.Content.File(c.UserContext(), wanted)
	if err != nil {
		return err
	}
	if fresh(c, etagOf(file.ID), privately) {
		return nil
	}
	part, status := asked(c, file)
	if status == fiber.StatusRequestedRangeNotSatisfiable {
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes */%d", file.Size))
		return c.SendStatus(status)
	}
	if c.Method() != fiber.MethodHead {
		ctx, cancel := sending(c)
		r, _, err := f.Content.Open(ctx, file.ID, part.from, part.length)
		if err != nil {
			cancel()
			return err
		}
		c.Response().SetBodyStream(&reading{r, cancel}, int(part.length))
	}
	describe(c, file, privately)
	c.Set(fiber.HeaderAcceptRanges, "bytes")
	if status == fiber.StatusPartialContent {
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", part.from, part.from+part.length-1, file.Size))
	}
	c.Status(status)
	return nil
}

// asked tells which stretch of the file is asked for, and with which status it is answered: 200 for the whole, 206, or
// 416 for one that the file does not have.
func asked(c *fiber.Ctx, file content.File) (part span, status int) {
	whole, header := span{0, file.Size}, c.Get(fiber.HeaderRange)
	if header == "" || c.Method() != fiber.MethodGet || !unchanged(c.Get(fiber.HeaderIfRange), etagOf(file.ID), file.CreatedAt) {
		return whole, fiber.StatusOK
	}
	part, open, how := readRange(header, file.Size)
	switch how {
	case wishNone:
		return part, fiber.StatusRequestedRangeNotSatisfiable
	case wishSpan:
		if open && file.Kind == content.FileVideo {
			part.length = min(part.length, maxSpan)
		}
		return part, fiber.StatusPartialContent
	case wishWhole:
	}
	return whole, fiber.StatusOK
}

// Picture gives the brand's logo or favicon, to anyone.
func (f Files) Picture(c *fiber.Ctx) error {
	wanted, err := id(c, "id")
	if err != nil {
		return err
	}
	if !brandPicture(f.brand(c), wanted) {
		return content.ErrFileNotFound
	}
	if fresh(c, etagOf(wanted), forEver) {
		return nil
	}
	ctx, cancel := sending(c)
	r, file, err := f.Content.Public(ctx, wanted)
	if err != nil {
		cancel()
		return err
	}
	c.Response().SetBodyStream(&reading{r, cancel}, int(file.Size))
	describe(c, file, forEver)
	c.Set("Cross-Origin-Resource-Policy", "cross-origin") // mail programs show the logo too
	return nil
}

// privately is how long a person's own browser keeps a file: its bytes never change under an id.
const privately = "private, max-age=31536000, immutable"

// etagOf is a file's strong tag (RFC 9110 §8.8.3): an id has the same bytes for ever.
func etagOf(file uid.ID) string { return strconv.Quote(file.String()) }

// fresh answers 304 when the browser has the file already.
func fresh(c *fiber.Ctx, etag, caching string) bool {
	header := c.Get(fiber.HeaderIfNoneMatch)
	if header == "" || !matches(header, etag) {
		return false
	}
	c.Set(fiber.HeaderETag, etag)
	c.Set(fiber.HeaderCacheControl, caching)
	c.Status(fiber.StatusNotModified)
	return true
}

// httpDate is IMF-fixdate (RFC 9110 §5.6.7).
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// sendFor is how long a file may be read: it is sent after the handler has returned, when the request's deadline is over.
const sendFor = 10 * time.Minute

func sending(c *fiber.Ctx) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(c.UserContext()), sendFor)
}

// reading ends its context when it is closed; fasthttp closes it when the answer was sent or the client has gone.
type reading struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close closes.
func (r *reading) Close() error {
	defer r.cancel()
	return r.ReadCloser.Close()
}

// describe sets what a file is and what a browser may do with it. It is always served as what it was found to be;
// pictures that are documents (SVG) run nothing and are framed nowhere. PDF may be framed by our own pages; a sandbox, or
// a policy on scripts and objects, would keep browsers' own viewers from showing it.
func describe(c *fiber.Ctx, file content.File, caching string) {
	c.Set(fiber.HeaderETag, etagOf(file.ID))
	c.Set(fiber.HeaderLastModified, file.CreatedAt.UTC().Format(httpDate))
	c.Set(fiber.HeaderCacheControl, caching)
	if c.Method() == fiber.MethodHead {
		c.Response().SkipBody = true
		c.Response().Header.SetContentLength(int(file.Size))
	}
	c.Set(fiber.HeaderContentType, file.MediaType)
	c.Set(fiber.HeaderContentDisposition, disposition(file.Name))
	if file.Kind == content.FileDocument {
		c.Set(fiber.HeaderContentSecurityPolicy, "base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
		c.Set(fiber.HeaderXFrameOptions, "SAMEORIGIN")
		return
	}
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'")
}

// disposition shows a file in the browser and names it for saving (RFC 6266, RFC 8187 for letters beyond ASCII).
func disposition(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, name)
	if name = strings.TrimSpace(name); name == "" {
		name = "file"
	}
	plain := strings.Map(func(r rune) rune {
		if r >= 0x7f {
			return '_'
		}
		return r
	}, name)
	out := mime.FormatMediaType("inline", map[string]string{"filename": plain})
	if plain != name {
		out += "; filename*=UTF-8''" + url.PathEscape(name)
	}
	return out
}
