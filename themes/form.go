package themes

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"

	"lyceum/internal/fault"
)

// Field is a labelled text control, drawn by parts/field.html.
type Field struct {
	ID, Name, Label, Type, Value string
	Hint, Error, Fill, Before    string // Fill is the autocomplete token, Before a text in front of the value
	After                        string
	Max, Rows                    int
	Required, Mono, Focus        bool
	Mode                         string // inputmode
	More                         template.HTMLAttr
}

// Describes lists the ids that describe the control, "" for none.
func (f Field) Describes() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-error")
	}
	return strings.Join(ids, " ")
}

// Field makes a labelled control of a form. What is wrong with it is taken from the problem's message for name. The
// options are words: type=email (text is the default; area is a text area), id=x, label=key and hint=key (messages;
// the label is field.<name> by default), fill=username (autocomplete; + stands for a space), max=80, rows=6, mode=numeric, and must, mono,
// focus.
func (c *Chrome) Field(f *fault.Fault, name, value, options string) (Field, error) {
	out := Field{ID: fieldID(name), Name: name, Type: "text", Value: value, Error: c.FieldText(f, name)}
	label, hint := "field."+name, ""
	for _, option := range strings.Fields(options) {
		word, arg, _ := strings.Cut(option, "=")
		var err error
		switch word {
		case "type":
			out.Type = arg
		case "id":
			out.ID = arg
		case "label":
			label = arg
		case "hint":
			hint = arg
		case "fill":
			out.Fill = strings.ReplaceAll(arg, "+", " ")
		case "mode":
			out.Mode = arg
		case "max":
			out.Max, err = strconv.Atoi(arg)
		case "rows":
			out.Rows, err = strconv.Atoi(arg)
		case "must":
			out.Required = true
		case "mono":
			out.Mono = true
		case "focus":
			out.Focus = f == nil // with a problem the problem's box has the focus
		default:
			err = fmt.Errorf("unknown option %q", option)
		}
		if err != nil {
			return out, fmt.Errorf("field %s: %w", name, err)
		}
	}
	var err error
	if out.Label, err = c.T(label); err != nil {
		return out, err
	}
	if hint != "" {
		out.Hint, err = c.T(hint)
	}
	return out, err
}

// Around puts fixed texts in front of and behind a field's value, such as an address's rest.
func (f Field) Around(before, after string) Field {
	f.Before, f.After = before, after
	return f
}

// Box is a failure as a form shows it above itself, drawn by parts/problem.html.
type Box struct {
	Text  string
	Items []BoxItem
}

// BoxItem leads to a field that needs attention.
type BoxItem struct{ Href, Text string }

// Box makes the box of a problem; nil without one. Fields that the form does not show stand in it as plain text.
func (c *Chrome) Box(f *fault.Fault) *Box {
	if f == nil {
		return nil
	}
	b := &Box{Text: c.FaultText(f)}
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
		if f.Fields[name] == f.Text {
			continue // it stands above already
		}
		b.Items = append(b.Items, BoxItem{Href: "#" + fieldID(name), Text: c.Sentence(f.Fields[name])})
	}
	return b
}

// Wrong is the attributes of a control whose field has a message, "" for the others.
func (c *Chrome) Wrong(f *fault.Fault, name string) template.HTMLAttr {
	if f == nil || f.Fields[name] == "" {
		return ""
	}
	return template.HTMLAttr(` aria-invalid="true" aria-describedby="` + fieldID(name) + `-error"`) //nolint:gosec // fieldID leaves only letters, digits and hyphens
}

// Wrongs is the message of a control that is not drawn by parts/field.html.
func (c *Chrome) Wrongs(f *fault.Fault, name string) Field {
	return Field{ID: fieldID(name), Error: c.FieldText(f, name)}
}
