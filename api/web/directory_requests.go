package web

import (
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	binding "lyceum/api/scim"
	"lyceum/api/visit"
	"lyceum/auth/scim"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// Requests shows a directory's last requests.
func (d Directories) Requests(c *fiber.Ctx) error {
	one, err := d.asked(c)
	if err != nil {
		return err
	}
	requests, err := d.SCIM.Requests(c.UserContext(), one.ID, after(c), false)
	if err != nil {
		return err
	}
	return d.show(c, themes.DirectoryRequestsPage{Directory: one, Requests: requests})
}

// keptRequest is a request in the file that an administrator keeps.
type keptRequest struct {
	ID       uid.ID          `json:"id"`
	At       string          `json:"at"`
	Method   string          `json:"method"`
	Path     string          `json:"path"`
	Status   int             `json:"status"`
	DryRun   bool            `json:"dry_run"`
	Millis   int             `json:"millis"`
	Request  json.RawMessage `json:"request,omitempty"`
	Response json.RawMessage `json:"response,omitempty"`
	Outcome  scim.Outcome    `json:"outcome"`
}

// Download gives the whole log as JSON, the newest request first.
func (d Directories) Download(c *fiber.Ctx) error {
	one, err := d.asked(c)
	if err != nil {
		return err
	}
	all, err := d.SCIM.Requests(c.UserContext(), one.ID, page.Request{Limit: scim.RequestsKept}, true)
	if err != nil {
		return err
	}
	out := make([]keptRequest, len(all.Items))
	for i, l := range all.Items {
		out[i] = keptRequest{
			ID: l.ID, At: l.At.UTC().Format("2006-01-02T15:04:05.000Z"), Method: l.Method, Path: l.Path, Status: l.Status, DryRun: l.DryRun, Millis: l.Millis,
			Request: asJSON(l.Request), Response: asJSON(l.Response), Outcome: l.Outcome.V,
		}
	}
	noStore(c)
	c.Attachment("scim-requests.json")
	return c.JSON(out)
}

// asJSON gives a body as it is when it is JSON, else as a text.
func asJSON(text string) json.RawMessage {
	if text == "" || json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	raw, err := json.Marshal(text)
	if err != nil {
		return nil
	}
	return raw
}

func (d Directories) request(c *fiber.Ctx) (p themes.DirectoryRequestPage, err error) {
	if p.Directory, err = d.asked(c); err != nil {
		return p, err
	}
	one, err := id(c, "request")
	if err != nil {
		return p, err
	}
	p.Request, err = d.SCIM.LoggedRequest(c.UserContext(), p.Directory.ID, one)
	return p, err
}

// Request shows one request with its answer.
func (d Directories) Request(c *fiber.Ctx) error {
	p, err := d.request(c)
	if err != nil {
		return err
	}
	noStore(c)
	return d.show(c, p)
}

// Try sends a request again in dry run.
func (d Directories) Try(c *fiber.Ctx) error { return d.again(c, false) }

// Replay sends a request again for real.
func (d Directories) Replay(c *fiber.Ctx) error { return d.again(c, true) }

func (d Directories) again(c *fiber.Ctx, real bool) error {
	p, err := d.request(c)
	if err != nil {
		return err
	}
	noStore(c)
	out, err := d.SCIM.Replay(c.UserContext(), p.Directory.ID, p.Request.ID, visit.Of(c).Origin()+binding.Root, real)
	if err != nil {
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	p.Replayed = &out
	return d.show(c, p)
}
