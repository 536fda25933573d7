package media_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/media"
)

const ooxml = "application/vnd.openxmlformats-officedocument."

func typesXML(mainPart string) string {
	return `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/x" ContentType='` + mainPart + `'/></Types>`
}

func TestAnOfficeDocumentIsKnownByWhatIsInside(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		entries []entry
		want    string
	}{
		"Word":                         {[]entry{{name: "[Content_Types].xml", body: typesXML(ooxml + "wordprocessingml.document.main+xml")}, {name: "word/document.xml", body: "<w/>"}}, ooxml + "wordprocessingml.document"},
		"Excel with its types last":    {[]entry{{name: "docProps/app.xml", body: "<x/>"}, {name: "xl/workbook.xml", body: "<x/>"}, {name: "[Content_Types].xml", body: typesXML(ooxml + "spreadsheetml.sheet.main+xml")}}, ooxml + "spreadsheetml.sheet"},
		"PowerPoint":                   {[]entry{{name: "[Content_Types].xml", body: typesXML(ooxml + "presentationml.presentation.main+xml")}, {name: "ppt/presentation.xml", body: "<x/>"}}, ooxml + "presentationml.presentation"},
		"a show that starts by itself": {[]entry{{name: "[Content_Types].xml", body: typesXML(ooxml + "presentationml.slideshow.main+xml")}, {name: "ppt/presentation.xml", body: "<x/>"}}, ooxml + "presentationml.presentation"},
		"Writer":                       {[]entry{{name: "mimetype", body: "application/vnd.oasis.opendocument.text", header: zip.FileHeader{Method: zip.Store}}, {name: "content.xml", body: "<x/>"}}, "application/vnd.oasis.opendocument.text"},
		"Calc with empty folders":      {[]entry{{name: "mimetype", body: "application/vnd.oasis.opendocument.spreadsheet"}, {name: "Basic/"}, {name: "content.xml", body: "<x/>"}}, "application/vnd.oasis.opendocument.spreadsheet"},
		"Impress":                      {[]entry{{name: "mimetype", body: "application/vnd.oasis.opendocument.presentation\n"}}, "application/vnd.oasis.opendocument.presentation"},
	} {
		b := pack(t, c.entries)
		if got, err := media.Office(bytes.NewReader(b), int64(len(b))); err != nil || got != c.want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
}

func TestADocumentThatIsNoneOrBringsAProgramIsRefusedByName(t *testing.T) {
	t.Parallel()
	word := entry{name: "[Content_Types].xml", body: typesXML(ooxml + "wordprocessingml.document.main+xml")}
	text := entry{name: "mimetype", body: "application/vnd.oasis.opendocument.text"}
	for name, c := range map[string]struct {
		entries []entry
		want    *fault.Fault
		says    string
	}{
		"VBA":                         {[]entry{word, {name: "word/document.xml", body: "x"}, {name: "word/vbaProject.bin", body: "x"}}, media.ErrMacros, "word/vbaProject.bin"},
		"VBA under another name":      {[]entry{{name: "[Content_Types].xml", body: typesXML("application/vnd.ms-word.document.macroEnabled.main+xml")}, {name: "word/document.xml", body: "x"}}, media.ErrMacros, "macroEnabled"},
		"macros of Excel 4":           {[]entry{word, {name: "xl/macrosheets/sheet1.xml", body: "x"}}, media.ErrMacros, "macrosheets"},
		"ActiveX":                     {[]entry{word, {name: "word/activeX/activeX1.bin", body: "x"}}, media.ErrMacros, "activeX1.bin"},
		"Basic of OpenDocument":       {[]entry{text, {name: "Basic/Standard/Module1.xml", body: "x"}}, media.ErrMacros, "Module1.xml"},
		"a script of OpenDocument":    {[]entry{text, {name: "Scripts/python/a.py", body: "x"}}, media.ErrMacros, "a.py"},
		"an EPUB":                     {[]entry{{name: "mimetype", body: "application/epub+zip"}, {name: "content.opf", body: "x"}}, media.ErrNoDocument, ""},
		"a drawing":                   {[]entry{{name: "mimetype", body: "application/vnd.oasis.opendocument.graphics"}}, media.ErrNoDocument, ""},
		"a folder called word":        {[]entry{{name: "word/document.xml", body: "x"}}, media.ErrNoDocument, ""},
		"types without the document":  {[]entry{word, {name: "evil/run.exe", body: "x"}}, media.ErrNoDocument, ""},
		"a package of Python":         {[]entry{{name: "__main__.py", body: "x"}}, media.ErrNoDocument, ""},
		"a bomb":                      {[]entry{word, {name: "word/document.xml", body: strings.Repeat("0", 40<<20)}}, media.ErrZipUnsafe, "word/document.xml"},
		"a path that leads elsewhere": {[]entry{word, {name: "../word/document.xml", body: "x"}}, media.ErrZipUnsafe, "../word"},
	} {
		b := pack(t, c.entries)
		got, err := media.Office(bytes.NewReader(b), int64(len(b)))
		if got != "" || !errors.Is(err, c.want) || !strings.Contains(fault.Of(err).Text, c.says) {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	b := pack(t, []entry{word, {name: "word/document.xml", body: "x"}})
	if _, err := media.Office(bytes.NewReader(b[:len(b)-30]), int64(len(b)-30)); !errors.Is(err, media.ErrZipUnsound) {
		t.Errorf("half a document: %v", err)
	}
}

func FuzzOfficeNeverPanics(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"[Content_Types].xml", "word/document.xml", "mimetype"} {
		w, err := z.Create(name)
		if err != nil {
			f.Fatal(err)
		}
		_, _ = w.Write([]byte(typesXML(ooxml + "wordprocessingml.document.main+xml")))
	}
	if err := z.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) {
		if got, err := media.Office(bytes.NewReader(in), int64(len(in))); (got == "") != (err != nil) {
			t.Fatalf("%q, %v", got, err)
		}
	})
}
