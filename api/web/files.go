package web

import (
	"context"
	"fmt"
	"mime"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/blob"
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
	return f.give(c, file, privately)
}

// Variant gives a smaller picture of one. Its address names the hash of what it is.
func (f Files) Variant(c *fiber.Ctx) error {
	wanted, err := id(c, "id")
	if err != nil {
		return err
	}
	file, err := f.Content.Variant(c.UserContext(), wanted, c.Params("hash"))
	if err != nil {
		return err
	}
	return f.give(c, file, privately)
}

// Linked gives the file of a signed link, to anyone and on any site: to a player elsewhere, to a CDN.
func (f Files) Linked(c *fiber.Ctx) error {
	wanted, err := id(c, "id")
	if err != nil {
		return content.ErrLink
	}
	seconds, ok := digits(c.Params("expires"))
	if !ok {
		return content.ErrLink
	}
	expires := time.Unix(seconds, 0)
	file, err := f.Content.Linked(c.UserContext(), wanted, expires, c.Params("signature"))
	if err != nil {
		return err
	}
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	c.Set(fiber.HeaderAccessControlExposeHeaders, "Accept-Ranges, Content-Range, Content-Length, ETag")
	return f.give(c, file, fmt.Sprintf("public, max-age=%d, immutable", int(expires.Sub(f.now()).Seconds())))
}

// give sends a file, or the stretch of it that is asked for; a large one that the object store can give itself is to be
// fetched there.
func (f Files) give(c *fiber.Ctx, file content.File, caching string) error {
	if fresh(c, etagOf(file), file.CreatedAt, caching) {
		return nil
	}
	if !expected(c, etagOf(file), file.CreatedAt) {
		return c.SendStatus(fiber.StatusPreconditionFailed)
	}
	part, status := asked(c, file)
	if status == fiber.StatusRequestedRangeNotSatisfiable {
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes */%d", file.Size))
		return c.SendStatus(status)
	}
	if c.Method() != fiber.MethodHead {
		elsewhere, err := f.Content.Elsewhere(c.UserContext(), file, dispositionOf(file))
		if err != nil {
			return err
		}
		if elsewhere != "" {
			c.Set(fiber.HeaderCacheControl, "private, no-store") // the address ends, and is for who asked
			return c.Redirect(elsewhere, fiber.StatusFound)
		}
		if err := f.send(c, file, part); err != nil {
			return err
		}
	}
	describe(c, file, etagOf(file), caching)
	c.Set(fiber.HeaderAcceptRanges, "bytes")
	if status == fiber.StatusPartialContent {
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", part.from, part.from+part.length-1, file.Size))
	}
	c.Status(status)
	return nil
}

// send has a stretch of a file follow the answer's header.
func (f Files) send(c *fiber.Ctx, file content.File, part span) error {
	ctx, cancel := sending(c)
	r, err := f.Content.Read(ctx, file, part.from, part.length)
	if err != nil {
		cancel()
		return err
	}
	c.Response().SetBodyStream(&reading{r, cancel}, int(part.length))
	return nil
}

// asked tells which stretch of the file is asked for, and with which status it is answered: 200 for the whole, 206, or
// 416 for one that the file does not have.
func asked(c *fiber.Ctx, file content.File) (part span, status int) {
	whole, header := span{0, file.Size}, c.Get(fiber.HeaderRange)
	if header == "" || c.Method() != fiber.MethodGet || !unchanged(c.Get(fiber.HeaderIfRange), etagOf(file), file.CreatedAt) {
		return whole, fiber.StatusOK
	}
	part, open, how := readRange(header, file.Size)
	switch how {
	case wishNone:
		return part, fiber.StatusRequestedRangeNotSatisfiable
	case wishSpan:
		if open && file.Kind.Played() {
			part.length = min(part.length, maxSpan)
		}
		return part, fiber.StatusPartialContent
	case wishWhole:
	}
	return whole, fiber.StatusOK
}

// Picture gives the brand's logo or favicon, or a smaller one of it, to anyone.
func (f Files) Picture(c *fiber.Ctx) error {
	wanted, err := id(c, "id")
	if err != nil {
		return err
	}
	if !brandPicture(f.brand(c), wanted) {
		return content.ErrFileNotFound
	}
	file, err := f.Content.Branded(c.UserContext(), wanted, c.Params("hash"))
	if err != nil {
		return err
	}
	c.Set("Cross-Origin-Resource-Policy", "cross-origin") // mail programs show the logo too
	return f.give(c, file, forEver)
}

// privately is how long a person's own browser keeps a file: its bytes never change under an id.
const privately = "private, max-age=31536000, immutable"

// etagOf is a file's strong tag (RFC 9110 §8.8.3): the beginning of its hash.
func etagOf(file content.File) string {
	return strconv.Quote(file.SHA256[:min(32, len(file.SHA256))])
}

// fresh answers 304 when the browser has the file already: by its tag, else by its date (RFC 9110 §13.2.2).
func fresh(c *fiber.Ctx, etag string, changed time.Time, caching string) bool {
	header, since := c.Get(fiber.HeaderIfNoneMatch), c.Get(fiber.HeaderIfModifiedSince)
	if header == "" && since == "" || header != "" && !matches(header, etag) || header == "" && newer(changed, since) {
		return false
	}
	c.Set(fiber.HeaderETag, etag)
	c.Set(fiber.HeaderCacheControl, caching)
	c.Status(fiber.StatusNotModified)
	return true
}

// newer tells whether a file was changed after a date; what is no date is overlooked (RFC 9110 §13.1.3).
func newer(changed time.Time, since string) bool {
	at, err := time.Parse(time.RFC1123, since)
	return err != nil || changed.Truncate(time.Second).After(at)
}

// expected tells whether the file is the one that If-Match or If-Unmodified-Since expect.
func expected(c *fiber.Ctx, etag string, changed time.Time) bool {
	if header := c.Get(fiber.HeaderIfMatch); header != "" {
		return strings.TrimSpace(header) == "*" || !strings.HasPrefix(strings.TrimSpace(header), "W/") && matches(header, etag)
	}
	until := c.Get(fiber.HeaderIfUnmodifiedSince)
	if _, err := time.Parse(time.RFC1123, until); err != nil {
		return true
	}
	return !newer(changed, until)
}

// httpDate is IMF-fixdate (RFC 9110 §5.6.7).
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// sendFor is how long a file may be read: it is sent after the handler has returned, when the request's deadline is over.
const sendFor = 10 * time.Minute

func sending(c *fiber.Ctx) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(c.UserContext()), sendFor)
}

// reading ends its context when it is closed; fasthttp closes it when the answer was sent or the client has gone. That it
// writes itself out lets a file go from the disk to the socket without passing through here.
type reading struct {
	*blob.Section
	cancel context.CancelFunc
}

// Close closes.
func (r *reading) Close() error {
	defer r.cancel()
	return r.Section.Close()
}

// describe sets what a file is and what a browser may do with it. It is always served as what it was found to be;
// pictures that are documents (SVG) run nothing and are framed nowhere. PDF may be framed by our own pages; a sandbox, or
// a policy on scripts and objects, would keep browsers' own viewers from showing it.
func describe(c *fiber.Ctx, file content.File, etag, caching string) {
	c.Set(fiber.HeaderETag, etag)
	c.Set(fiber.HeaderLastModified, file.CreatedAt.UTC().Format(httpDate))
	c.Set(fiber.HeaderCacheControl, caching)
	if c.Method() == fiber.MethodHead {
		c.Response().SkipBody = true
		c.Response().Header.SetContentLength(int(file.Size))
	}
	c.Set(fiber.HeaderContentType, file.MediaType)
	c.Set(fiber.HeaderContentDisposition, dispositionOf(file))
	if file.Kind == content.FileDocument {
		c.Set(fiber.HeaderContentSecurityPolicy, "base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
		c.Set(fiber.HeaderXFrameOptions, "SAMEORIGIN")
		return
	}
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'")
}

// dispositionOf shows a file in the browser; an office document is only saved.
func dispositionOf(file content.File) string {
	if file.Kind == content.FileOffice {
		return dispose("attachment", file.Name)
	}
	return disposition(file.Name)
}

// disposition shows a file in the browser and names it for saving.
func disposition(name string) string { return dispose("inline", name) }

// dispose names a file for saving (RFC 6266, RFC 8187 for letters beyond ASCII).
func dispose(how, name string) string {
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
	out := mime.FormatMediaType(how, map[string]string{"filename": plain})
	if plain != name {
		out += "; filename*=UTF-8''" + url.PathEscape(name)
	}
	return out
}
