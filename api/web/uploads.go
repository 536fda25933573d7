package web

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/content"
)

// Headers of an upload in parts, as tus has them: scripts that know it feel at home.
const (
	headerOffset = "Upload-Offset"
	headerLength = "Upload-Length"
	chunkType    = "application/offset+octet-stream"
)

// upload is an upload as scripts read it.
type upload struct {
	ID       uid.ID  `json:"id"`
	Received int64   `json:"received"`
	Size     int64   `json:"size"`
	FileID   *uid.ID `json:"file_id,omitempty"`
	URL      string  `json:"url,omitempty"` // of the file, once it is complete
}

func tell(c *fiber.Ctx, status int, u content.Upload) error {
	out := upload{ID: u.ID, Received: u.Received, Size: u.Size, FileID: u.FileID}
	if u.FileID != nil {
		out.URL = fileURL(*u.FileID)
	}
	c.Set(headerOffset, strconv.FormatInt(u.Received, 10))
	c.Set(headerLength, strconv.FormatInt(u.Size, 10))
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(status).JSON(out)
}

func fileURL(file uid.ID) string { return "/files/" + file.String() + "/file" }

// Begin begins an upload in parts.
func (f Files) Begin(c *fiber.Ctx) error { return f.begin(c, "/files/uploads", false) }

// BeginHandIn begins an upload in parts of what a learner answers a lesson with.
func (f Files) BeginHandIn(c *fiber.Ctx) error { return f.begin(c, "/hand-ins", true) }

func (f Files) begin(c *fiber.Ctx, at string, handedIn bool) error {
	var in struct {
		Name string `json:"name"`
		Size int64  `json:"size"`
	}
	if err := json.Unmarshal(c.Request().Body(), &in); err != nil {
		return problem.ErrBadRequest.Because(err)
	}
	u, err := f.Content.Begin(c.UserContext(), content.BeginInput{Name: clean(in.Name), Size: in.Size, HandedIn: handedIn})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderLocation, at+"/"+u.ID.String())
	return tell(c, fiber.StatusCreated, u)
}

// Status tells how much of an upload has arrived, so that it goes on there.
func (f Files) Status(c *fiber.Ctx) error {
	wanted, err := id(c, "id")
	if err != nil {
		return err
	}
	u, err := f.Content.Status(c.UserContext(), wanted)
	if err != nil {
		return err
	}
	return tell(c, fiber.StatusOK, u)
}

// Append takes a part. The last one completes the file, or says what is wrong with it.
func (f Files) Append(c *fiber.Ctx) error {
	wanted, err := id(c, "id")
	if err != nil {
		return err
	}
	if !strings.HasPrefix(c.Get(fiber.HeaderContentType), chunkType) {
		return fiber.ErrUnsupportedMediaType
	}
	offset, ok := digits(c.Get(headerOffset))
	if !ok {
		return fault.Invalid(map[string]string{headerOffset: "Say at which byte this part begins."})
	}
	u, err := f.Content.Append(c.UserContext(), wanted, offset, c.Request().Body())
	if err != nil {
		return err
	}
	return tell(c, fiber.StatusOK, u)
}

// storedFile is a file as programs read it.
type storedFile struct {
	ID        uid.ID           `json:"id"`
	Name      string           `json:"name"`
	Kind      content.FileKind `json:"kind"`
	MediaType string           `json:"media_type"`
	Size      int64            `json:"size"`
	URL       string           `json:"url"`
}

// Put takes a whole small file from a form: for browsers without scripts and for programs. A form may say where to go
// on to.
func (f Files) Put(c *fiber.Ctx) error {
	posted, err := readForm(c)
	if err != nil {
		return err
	}
	name, data, chosen, err := posted.file("file")
	if err != nil {
		return err
	}
	if !chosen {
		return fault.Invalid(map[string]string{"file": "Choose a file."})
	}
	stored, err := f.Content.Put(c.UserContext(), name, data)
	if err != nil {
		return atField(err, "file")
	}
	if back := visit.Local(posted.get("back")); back != "" {
		return f.to(c, back)
	}
	out := storedFile{stored.ID, stored.Name, stored.Kind, stored.MediaType, stored.Size, fileURL(stored.ID)}
	c.Set(fiber.HeaderLocation, out.URL)
	return c.Status(fiber.StatusCreated).JSON(out)
}
