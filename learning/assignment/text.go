package assignment

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"
)

// The files whose words can be read: Word and OpenDocument texts and slides, and captions. All else is not compared.
var parts = map[string]func(name string) bool{
	".docx": func(n string) bool { return n == "word/document.xml" || n == "word/footnotes.xml" },
	".odt":  func(n string) bool { return n == "content.xml" },
	".odp":  func(n string) bool { return n == "content.xml" },
	".pptx": func(n string) bool { return strings.HasPrefix(n, "ppt/slides/slide") && strings.HasSuffix(n, ".xml") },
}

func readable(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return parts[ext] != nil || ext == ".vtt"
}

// textOf reads the words of a file, most bytes of them; what cannot be read is no words. Files are strangers': nothing is
// resolved, and no more is unpacked than what is kept.
func textOf(name string, raw []byte, most int) string {
	wanted := parts[strings.ToLower(path.Ext(name))]
	if wanted == nil {
		return strings.ToValidUTF8(string(raw[:min(most, len(raw))]), "")
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, f := range z.File {
		if !wanted(f.Name) || b.Len() >= most {
			continue
		}
		r, err := f.Open()
		if err != nil {
			continue
		}
		readXML(&b, io.LimitReader(r, int64(most)*20), most)
		_ = r.Close()
	}
	return strings.ToValidUTF8(b.String(), "")
}

// readXML writes the character data of a document, a paragraph a line.
func readXML(b *strings.Builder, r io.Reader, most int) {
	d := xml.NewDecoder(r)
	d.Strict = false
	for b.Len() < most {
		t, err := d.Token()
		if errors.Is(err, io.EOF) || err != nil {
			return
		}
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t[:min(len(t), most-b.Len())])
		case xml.EndElement:
			switch t.Name.Local {
			case "p", "h":
				b.WriteByte('\n')
			case "tab", "br", "s":
				b.WriteByte(' ')
			}
		}
	}
}
