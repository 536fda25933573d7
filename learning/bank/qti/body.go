package qti

import (
	"bytes"
	"fmt"
	"html"
	"image"
	_ "image/gif"  // pictures are measured
	_ "image/jpeg" //
	_ "image/png"  //
	"path"
	"regexp"
	"strings"

	_ "golang.org/x/image/webp" //

	"lyceum/learning/bank/format"
)

// What stands for a gap while a text is read: nobody types these.
const gapBegins, gapEnds = "\ue000", "\ue001"

// silent are elements whose words are not part of what is asked.
var silent = map[string]bool{"feedbackInline": true, "feedbackBlock": true, "rubricBlock": true, "stylesheet": true, "gapText": true, "gapImg": true, "prompt": true, "infoControl": true}

// inText are interactions that stand in a line of text.
var inText = map[string]bool{"textEntryInteraction": true, "inlineChoiceInteraction": true, "gap": true}

// text is what an element says, as Markdown.
func (r *reader) text(n *format.Node) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	for _, k := range n.Kids {
		r.markup(&b, k)
	}
	// Files are indented for who reads them: in Markdown spaces at the begin of a line mean something.
	return strings.TrimSpace(atLine.ReplaceAllString(r.it.FromHTML(b.String()), "\n"))
}

var atLine = regexp.MustCompile(`[ \t]*\n[ \t]*`)

// markup writes an element as HTML.
func (r *reader) markup(b *strings.Builder, n *format.Node) {
	switch {
	case n.Name == "":
		words := strings.Join(strings.Fields(n.Text), " ")
		if words == "" && n.Text != "" {
			b.WriteString(" ")
			return
		}
		if strings.TrimLeft(n.Text, " \t\r\n") != n.Text {
			words = " " + words
		}
		if strings.TrimRight(n.Text, " \t\r\n") != n.Text {
			words += " "
		}
		b.WriteString(html.EscapeString(words))
		return
	case inText[n.Name]:
		r.gaps = append(r.gaps, n)
		fmt.Fprintf(b, "%s%d%s", gapBegins, len(r.gaps)-1, gapEnds)
		return
	case n.Name == "feedbackInline" || n.Name == "feedbackBlock":
		if !r.told[n] {
			r.it.Note("Feedback that stands in the text is left out.")
		}
		return
	case silent[n.Name]:
		return
	case n.Name == "gapMatchInteraction":
		for _, k := range n.Kids {
			r.markup(b, k)
		}
		return
	case strings.HasSuffix(n.Name, "Interaction"):
		return
	case n.Name == "img" || n.Name == "object":
		r.picture(b, n)
		return
	}
	tag := strings.ToLower(n.Name)
	b.WriteString("<" + tag)
	for _, a := range []string{"href", "alt"} {
		if v, ok := n.Attr[a]; ok {
			fmt.Fprintf(b, " %s=\"%s\"", a, html.EscapeString(v))
		}
	}
	b.WriteString(">")
	if tag == "br" || tag == "hr" {
		return
	}
	for _, k := range n.Kids {
		r.markup(b, k)
	}
	b.WriteString("</" + tag + ">")
}

// picture takes the first picture of a text as the question's, and names any other by its alternative text.
func (r *reader) picture(b *strings.Builder, n *format.Node) {
	name, alt := n.Attr["src"], n.Attr["alt"]
	if n.Name == "object" {
		name, alt = n.Attr["data"], n.Words()
		if kind := n.Attr["type"]; !strings.HasPrefix(kind, "image/") {
			r.it.Note("<%s> is left out of the text.", "object")
			return
		}
	}
	if r.it.Image == nil && r.take(name) {
		if r.it.Body.PictureOf = strings.TrimSpace(alt); r.it.Body.PictureOf == "" {
			r.it.Body.PictureOf = "Picture"
			r.it.Note("The picture has no alternative text. Say what it shows, for people who do not see it.")
		}
		return
	}
	fmt.Fprintf(b, "<img alt=\"%s\">", html.EscapeString(alt))
}

// take reads a picture of the package.
func (r *reader) take(href string) bool {
	name, ok := locate(r.dir, href)
	if !ok {
		r.it.Note("A picture outside of the package is left out: nothing is fetched from elsewhere.")
		return false
	}
	data, why := r.pack.read(name, maxPicture)
	if why == "" && !strings.HasSuffix(strings.ToLower(name), ".svg") {
		c, _, err := image.DecodeConfig(bytes.NewReader(data))
		if err != nil || c.Width < 1 || c.Height < 1 {
			why = "This is no picture (PNG, JPEG, GIF, WebP or SVG)."
		}
		r.width, r.height = float64(c.Width), float64(c.Height)
	}
	if why != "" {
		r.it.Note("A picture is left out: %s", why)
		return false
	}
	r.it.Image = &format.Image{Name: path.Base(name), Data: data}
	return true
}
