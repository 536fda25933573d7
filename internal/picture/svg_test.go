package picture_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"lyceum/internal/fault"
	"lyceum/internal/picture"
)

const head = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10">`

// square makes every hostile file show something, so that what is refused is refused for its own sake.
const square = `<rect width="10" height="10"/>`

func TestWhatCannotBeSeenIsLeftOutAndTheShapeStays(t *testing.T) {
	t.Parallel()
	for name, body := range hostileButDrawable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := picture.SanitiseSVG([]byte(whole(body)))
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			if !strings.Contains(string(out), `<rect height="10" width="10"/>`) {
				t.Errorf("the shape is gone: %s", out)
			}
			if err := harmless(out); err != nil {
				t.Errorf("%v in %s", err, out)
			}
		})
	}
}

func TestTheCanonicalFormOfAHostileFileIsExactlyItsShapes(t *testing.T) {
	t.Parallel()
	in := head + `<script>alert(1)</script><g onclick="alert(1)" id="a"><a xlink:href="javascript:alert(1)" target="_blank"><path d="M0 0 L 1,1z" fill="#f00" style="fill:RED;background:url(http://x/);stroke-width:2px"/></a></g><!-- c --><use href="#a"/><use href="http://evil.example/#a"/></svg>`
	want := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><g id="a"><g><path d="M0 0 L 1,1z" fill="#f00" style="fill:RED;stroke-width:2px"/></g></g><use href="#a"/></svg>`
	out, err := picture.SanitiseSVG([]byte(in))
	if err != nil || string(out) != want {
		t.Fatalf("got  %s, %v\nwant %s", out, err, want)
	}
}

func TestAHostileStyleSheetKeepsOnlyPlainRules(t *testing.T) {
	t.Parallel()
	in := head + `<style type="text/css"><![CDATA[
		@import url("http://evil.example/a.css"); @font-face { font-family: x; src: url(http://evil.example/f) }
		@media screen { .k { fill: red } } /* comment } */
		.a, rect.b #c { fill : #FF0000 ; behavior: url(x.htc); background-image: url(http://evil.example/); stroke: url( "#g" ) }
		.d { fill: expression(alert(1)); fill: u\72l(http://evil.example/) }
		[onload] { fill: red } *{fill:red} .e{-moz-binding:url(http://evil.example/x)} .f { fill: url(http://evil.example/#g) } .h{fill:lime}
	]]></style>` + square + `</svg>`
	want := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><style>.a,rect.b #c{fill:#FF0000;stroke:url(#g)}.h{fill:lime}</style><rect height="10" width="10"/></svg>`
	out, err := picture.SanitiseSVG([]byte(in))
	if err != nil || string(out) != want {
		t.Fatalf("got  %s, %v\nwant %s", out, err, want)
	}
}

func TestWhatWouldChangeThePictureOrAttackIsRefusedByName(t *testing.T) {
	t.Parallel()
	laughs := `<g id="l0">` + square + `</g>`
	for i := 1; i <= 12; i++ {
		laughs += fmt.Sprintf(`<g id="l%d">%s</g>`, i, strings.Repeat(fmt.Sprintf(`<use href="#l%d"/>`, i-1), 10))
	}
	patterns := square
	for i := range 8 {
		patterns += fmt.Sprintf(`<pattern id="p%d" width="1" height="1">%s</pattern>`, i, strings.Repeat(fmt.Sprintf(`<rect fill="url(#p%d)"/>`, i+1), 9))
	}
	classes := `<style>`
	for i := range 8 {
		classes += fmt.Sprintf(`.c%d{fill:url(#p%d)}`, i, i+1)
	}
	classes += `</style>` + square
	for i := range 9 {
		classes += fmt.Sprintf(`<pattern id="p%d" width="1" height="1">%s</pattern>`, i, strings.Repeat(fmt.Sprintf(`<rect class="x c%d"/>`, i), 9))
	}
	for name, c := range map[string]struct {
		in   string
		is   *fault.Fault
		says string
	}{
		"document type":                   {`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">` + head + square + `</svg>`, picture.ErrSVGRefused, "document type"},
		"entity bomb":                     {`<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>` + head + `<text>&b;</text></svg>`, picture.ErrSVGRefused, "document type"},
		"external entity":                 {`<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + head + `<text>&x;</text></svg>`, picture.ErrSVGRefused, "document type"},
		"entity without its definition":   {head + `<text>&xxe;</text></svg>`, picture.ErrSVGRefused, "entity"},
		"style sheet by instruction":      {`<?xml-stylesheet href="http://evil.example/a.css"?>` + head + square + `</svg>`, picture.ErrSVGRefused, "xml-stylesheet"},
		"instruction inside":              {head + `<?php system("id") ?>` + square + `</svg>`, picture.ErrSVGRefused, "php"},
		"instruction in what is left out": {head + `<metadata><?x y?></metadata>` + square + `</svg>`, picture.ErrSVGRefused, "processing instruction"},
		"embedded picture":                {head + `<image href="data:image/png;base64,AAAA"/>` + square + `</svg>`, picture.ErrSVGRefused, "<image>"},
		"picture from elsewhere":          {head + `<image xlink:href="http://evil.example/p.png"/>` + square + `</svg>`, picture.ErrSVGRefused, "<image>"},
		"picture in a filter":             {head + `<filter id="f"><feImage href="http://evil.example/"/></filter>` + square + `</svg>`, picture.ErrSVGRefused, "<feImage>"},
		"second root":                     {head + square + `</svg>` + head + square + `</svg>`, picture.ErrSVGUnsound, "more than one root"},
		"text behind":                     {head + square + `</svg>PK`, picture.ErrSVGUnsound, "outside"},
		"another root":                    {`<html><body><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/></body></html>`, picture.ErrSVGUnsound, "root"},
		"root in capitals":                {`<SVG xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">` + square + `</SVG>`, picture.ErrSVGUnsound, "root"},
		"root of another namespace":       {`<svg xmlns="http://www.w3.org/1999/xhtml" viewBox="0 0 1 1">` + square + `</svg>`, picture.ErrSVGUnsound, "root"},
		"nothing at all":                  {``, picture.ErrSVGUnsound, "no <svg>"},
		"no size":                         {`<svg xmlns="http://www.w3.org/2000/svg">` + square + `</svg>`, picture.ErrSVGUnsound, "how large"},
		"size of nothing":                 {`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 5" width="100%" height="100%">` + square + `</svg>`, picture.ErrSVGUnsound, "how large"},
		"cut off":                         {head + `<g>` + square, picture.ErrSVGUnsound, "damaged"},
		"crossed tags":                    {head + `<g><path></g></path></svg>`, picture.ErrSVGUnsound, "damaged"},
		"attribute without quotes":        {head + `<rect width=10/></svg>`, picture.ErrSVGUnsound, "damaged"},
		"not UTF-8":                       {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" + head + "<text>\xe9</text></svg>", picture.ErrSVGUnsound, "UTF-8"},
		"UTF-7 trick":                     {"<?xml version=\"1.0\" encoding=\"UTF-7\"?>" + head + "+ADw-script+AD4-</svg>", picture.ErrSVGUnsound, "UTF-8"},
		"stray bytes":                     {head + "<text>\xff\xfe</text></svg>", picture.ErrSVGUnsound, "damaged"},
		"nested too deep":                 {head + strings.Repeat(`<g>`, 60) + square + strings.Repeat(`</g>`, 60) + `</svg>`, picture.ErrSVGRefused, "deep"},
		"too large":                       {head + `<!--` + strings.Repeat("x", 300<<10) + `-->` + square + `</svg>`, picture.ErrTooLarge, "301 KB"},
		"nothing left":                    {head + `<script>alert(1)</script><foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject></svg>`, picture.ErrSVGRefused, "Nothing"},
		"billion laughs by use":           {head + laughs + `</svg>`, picture.ErrSVGRefused, "more than 20000"},
		"billion laughs by pattern":       {head + patterns + `</svg>`, picture.ErrSVGRefused, "more than 20000"},
		"billion laughs by class":         {head + classes + `</svg>`, picture.ErrSVGRefused, "more than 20000"},
		"use of itself":                   {head + square + `<g id="a"><use href="#a"/></g></svg>`, picture.ErrSVGRefused, "circle"},
		"mask of itself by class":         {head + square + `<style>g .m{mask:url('#k')}</style><mask id="k"><rect class="m"/></mask></svg>`, picture.ErrSVGRefused, "circle"},
		"two that use each other":         {head + square + `<g id="a"><use href="#b"/></g><g id="b" style="fill:red;clip-path:url(#a)"/></svg>`, picture.ErrSVGRefused, "circle"},
		"style sheet of pointers":         {head + square + `<style>` + strings.Repeat(`g{fill:url(#q)}`, 300) + `</style></svg>`, picture.ErrSVGRefused, "200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := picture.SanitiseSVG([]byte(c.in))
			if !errors.Is(err, c.is) || !strings.Contains(fault.Of(err).Text, c.says) {
				t.Fatalf("got %q, %v; want %s saying %q", out, err, c.is.Code, c.says)
			}
		})
	}
}

// The files under testdata have the habits of three drawing programs. What a person sees of them must stay: every
// shape, gradient, clip and filter, with its geometry and its paint.
func TestAGoodLogoKeepsEveryElementThatIsSeen(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"illustrator.svg": "svg style linearGradient stop stop switch g path polygon path clipPath circle g text tspan tspan title",
		"inkscape.svg":    "svg title defs radialGradient stop stop radialGradient filter feGaussianBlur feOffset feMerge feMergeNode feMergeNode g path g use ellipse text tspan",
		"figma.svg":       "svg g rect path mask path g path defs linearGradient stop stop clipPath rect",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			in, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			out, err := picture.SanitiseSVG(in)
			if err != nil {
				t.Fatal(err)
			}
			if err := harmless(out); err != nil {
				t.Fatalf("%v in %s", err, out)
			}
			wanted := strings.Fields(want)
			slices.Sort(wanted)
			got, values := elements(t, out)
			if slices.Sort(got); !slices.Equal(got, wanted) {
				t.Errorf("elements\ngot  %v\nwant %v", got, wanted)
			}
			_, before := elements(t, in)
			for _, name := range []string{"d", "points", "viewBox", "fill", "stroke", "transform", "gradientTransform", "clip-path", "filter", "mask", "offset", "stop-color", "stdDeviation", "class"} {
				if !slices.Equal(values[name], before[name]) {
					t.Errorf("%s: got %q, want %q", name, values[name], before[name])
				}
			}
		})
	}
}

func TestSanitisingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	for name, body := range hostileButDrawable {
		once, err := picture.SanitiseSVG([]byte(whole(body)))
		if err != nil {
			t.Fatal(name, err)
		}
		if twice, err := picture.SanitiseSVG(once); err != nil || string(twice) != string(once) {
			t.Errorf("%s: %s became %s, %v", name, once, twice, err)
		}
	}
}

func FuzzSanitisedSVGIsHarmless(f *testing.F) {
	for _, body := range hostileButDrawable {
		f.Add([]byte(whole(body)))
	}
	for _, file := range []string{"illustrator.svg", "inkscape.svg", "figma.svg"} {
		b, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := picture.SanitiseSVG(in)
		if err != nil {
			if fault.Of(err).Kind == fault.KindInternal {
				t.Fatalf("an error that is no fault: %v", err)
			}
			return
		}
		if err := harmless(out); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if twice, err := picture.SanitiseSVG(out); err != nil || string(twice) != string(out) {
			t.Fatalf("not canonical: %s became %s, %v", out, twice, err)
		}
	})
}

// whole puts a trick into a file, unless it is one.
func whole(body string) string {
	if strings.Contains(body, "svg ") && strings.Contains(body, "/2000/svg") && strings.Contains(body, "</") && strings.Contains(body, "height=\"10\"/>") {
		return body
	}
	return head + body + square + `</svg>`
}

// harmless reads the output as an XML parser does and as a browser's HTML parser does, and looks for anything that
// could run, load or break out. It shares no list with the sanitiser.
func harmless(out []byte) error {
	d := xml.NewDecoder(strings.NewReader(string(out)))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("not well-formed: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Space != "http://www.w3.org/2000/svg" {
				return fmt.Errorf("element of %q", t.Name.Space)
			}
			var attrs []html.Attribute
			for _, a := range t.Attr {
				attrs = append(attrs, html.Attribute{Namespace: a.Name.Space, Key: a.Name.Local, Val: a.Value})
			}
			if err := harmlessElement(t.Name.Local, attrs); err != nil {
				return err
			}
		case xml.ProcInst, xml.Directive, xml.Comment:
			return fmt.Errorf("%T", t)
		}
	}
	doc, err := html.Parse(strings.NewReader("<!DOCTYPE html><html><head></head><body>" + string(out) + "</body></html>"))
	if err != nil {
		return err
	}
	for n := range doc.Descendants() {
		if n.Type == html.CommentNode {
			return errors.New("a comment for an HTML parser")
		}
		if n.Type != html.ElementNode || n.Namespace == "" && (n.Data == "html" || n.Data == "head" || n.Data == "body") {
			continue
		}
		if n.Namespace != "svg" {
			return fmt.Errorf("<%s> breaks out of the SVG in HTML", n.Data)
		}
		if err := harmlessElement(n.Data, n.Attr); err != nil {
			return fmt.Errorf("read as HTML: %w", err)
		}
		if n.Data == "style" && n.FirstChild != nil {
			if err := harmlessCSS(n.FirstChild.Data); err != nil {
				return err
			}
		}
	}
	return nil
}

func harmlessElement(name string, attrs []html.Attribute) error {
	switch strings.ToLower(name) {
	case "script", "foreignobject", "iframe", "object", "embed", "a", "image", "feimage", "animate", "animatetransform", "animatemotion",
		"set", "handler", "listener", "link", "meta", "base", "audio", "video", "img", "input", "form", "discard", "metadata", "font-face-uri":
		return fmt.Errorf("element <%s>", name)
	}
	for _, a := range attrs {
		key, value := strings.ToLower(a.Key), strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
		switch {
		case key == "xmlns" && a.Val == "http://www.w3.org/2000/svg":
		case strings.HasPrefix(key, "on"):
			return fmt.Errorf("attribute %s", a.Key)
		case key == "href" && !strings.HasPrefix(a.Val, "#"):
			return fmt.Errorf("href %q", a.Val)
		case strings.Contains(value, "script:"), strings.Contains(value, "data:"), strings.Contains(value, "//"), strings.Contains(value, "<"):
			return fmt.Errorf("value %q", a.Val)
		default:
			if err := harmlessCSS(a.Val); err != nil {
				return fmt.Errorf("attribute %s: %w", a.Key, err)
			}
		}
	}
	return nil
}

func harmlessCSS(css string) error {
	low := strings.ToLower(css)
	for _, bad := range []string{"@", "\\", "expression(", "behavior", "-moz-binding", "/*", "<", "//", "image(", "var(", "attr("} {
		if strings.Contains(low, bad) {
			return fmt.Errorf("%q in style %q", bad, css)
		}
	}
	if strings.Count(low, "url(") != strings.Count(low, "url(#") {
		return fmt.Errorf("address in style %q", css)
	}
	return nil
}

// elements lists the elements of the SVG namespace in order, with the values of each attribute in order of the file.
func elements(t *testing.T, svg []byte) (names []string, values map[string][]string) {
	t.Helper()
	values = map[string][]string{}
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names, values
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := token.(xml.StartElement); ok && s.Name.Space == "http://www.w3.org/2000/svg" {
			names = append(names, s.Name.Local)
			for _, a := range s.Attr {
				if a.Name.Space == "" {
					values[a.Name.Local] = append(values[a.Name.Local], strings.Join(strings.Fields(a.Value), " "))
				}
			}
		}
	}
}
