package web

import (
	"errors"
	"io"
	"mime/multipart"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/content"
)

// form is what a page posted. Only the body is read: an address's query cannot fill a form in.
type form struct {
	values map[string][]string
	files  map[string][]*multipart.FileHeader
}

// readForm reads a posted form, urlencoded or multipart. Any other body is an empty form.
func readForm(c *fiber.Ctx) (form, error) {
	f := form{values: map[string][]string{}}
	switch sent := c.Get(fiber.HeaderContentType); {
	case strings.HasPrefix(sent, fiber.MIMEMultipartForm):
		m, err := c.MultipartForm()
		if err != nil {
			return f, problem.ErrBadRequest.Because(err)
		}
		for name, list := range m.Value {
			for _, v := range list {
				f.values[clean(name)] = append(f.values[clean(name)], clean(v))
			}
		}
		f.files = m.File
	case strings.HasPrefix(sent, fiber.MIMEApplicationForm):
		for name, v := range c.Context().PostArgs().All() {
			n := clean(string(name))
			f.values[n] = append(f.values[n], clean(string(v)))
		}
	}
	return f, nil
}

// clean drops what PostgreSQL cannot keep and no keyboard types: NUL and broken UTF-8.
func clean(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") }

// get gives the first value of a field, "" for none.
func (f form) get(name string) string {
	if list := f.values[name]; len(list) > 0 {
		return list[0]
	}
	return ""
}

// all gives every value of a field.
func (f form) all(name string) []string { return f.values[name] }

// number reads a whole number; an empty field is 0, anything else but a number is noted as wrong.
func (f form) number(wrong fault.Fields, name string) int {
	text := strings.TrimSpace(f.get(name))
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	wrong.Check(err == nil, name, "Enter a whole number.")
	return n
}

// revision is the state that a change was made on; one that is missing or no number agrees with no state.
func (f form) revision() int {
	n, err := strconv.Atoi(f.get("revision"))
	if err != nil {
		return -1
	}
	return n
}

// file reads an uploaded file; ok is false when none was chosen.
func (f form) file(name string) (filename string, data []byte, ok bool, err error) {
	list := f.files[name]
	if len(list) == 0 || list[0].Size == 0 {
		return "", nil, false, nil
	}
	if list[0].Size > content.MaxChunk {
		return "", nil, false, fault.Invalid(map[string]string{name: "This file is larger than 8 MB. Choose a smaller one, or turn JavaScript on: then larger files go up in parts."})
	}
	r, err := list[0].Open()
	if err != nil {
		return "", nil, false, problem.ErrBadRequest.Because(err)
	}
	defer r.Close()
	data, err = io.ReadAll(r)
	return clean(list[0].Filename), data, err == nil, err
}

// query gives a value of the address's query, "" for none.
func query(c *fiber.Ctx, name string) string { return clean(c.Query(name)) }

// after is the wish for a piece of a list.
func after(c *fiber.Ctx) page.Request { return page.Request{After: query(c, "after")} }

// id reads an id in the path; what is none names nothing.
func id(c *fiber.Ctx, name string) (uid.ID, error) {
	if parsed, ok := uid.Parse(c.Params(name)); ok {
		return parsed, nil
	}
	return uid.Nil, problem.ErrNotFound
}

// optionalID reads an id in a form; nil for none.
func optionalID(text string) *uid.ID {
	if parsed, ok := uid.Parse(text); ok {
		return &parsed
	}
	return nil
}

// renamed gives the failure with its fields' names as the form has them.
func renamed(err error, name func(string) string) error {
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	out := *f
	out.Fields = make(map[string]string, len(f.Fields))
	for field, text := range f.Fields {
		out.Fields[name(field)] = text
	}
	return &out
}

// atField gives the failure of an uploaded file as one of the field it came in.
func atField(err error, field string) error {
	f := fault.Of(err)
	switch f.Kind {
	case fault.KindInvalid, fault.KindTooLarge:
		text := f.Text
		for _, t := range f.Fields {
			text = t
		}
		return fault.Invalid(map[string]string{field: text})
	}
	return err
}
