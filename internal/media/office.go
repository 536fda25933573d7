package media

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"lyceum/internal/fault"
)

var (
	// ErrMacros is an office document that brings a program along.
	ErrMacros = fault.New(fault.KindInvalid, "document_macros", "This document contains macros. Save it without them and upload it again.")
	// ErrNoDocument is a ZIP that is no office document.
	ErrNoDocument = fault.New(fault.KindInvalid, "document_unknown", "This ZIP file is no office document we know. Upload a Word, Excel, PowerPoint or OpenDocument file.")
)

const (
	ooxml        = "application/vnd.openxmlformats-officedocument."
	openDocument = "application/vnd.oasis.opendocument."
)

// officeLimits bound what a document may unpack to: it is opened by people's own programs.
var officeLimits = Limits{Entries: 10_000, Total: 2 << 30, File: 1 << 30, Ratio: 500} // the rows of a table repeat themselves

// mainParts are the content types of a document's main part (ECMA-376 part 1 §11.3, §12.3, §13.3) and what the file is then.
var mainParts = map[string]string{
	ooxml + "wordprocessingml.document.main+xml":   ooxml + "wordprocessingml.document",
	ooxml + "spreadsheetml.sheet.main+xml":         ooxml + "spreadsheetml.sheet",
	ooxml + "presentationml.presentation.main+xml": ooxml + "presentationml.presentation",
	ooxml + "presentationml.slideshow.main+xml":    ooxml + "presentationml.presentation",
}

// Office looks into a ZIP and says which office document it is: Word, Excel and PowerPoint (Office Open XML) and text,
// spreadsheet and presentation (OpenDocument). What the whole directory says counts, not how the file begins. It refuses
// what CheckZip refuses, what is no such document (ErrNoDocument), and documents with macros (ErrMacros, which names where).
func Office(r io.ReaderAt, size int64) (mediaType string, err error) {
	if err := CheckZip(r, size, officeLimits); err != nil {
		return "", err
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return "", ErrZipUnsound.Because(fmt.Errorf("read zip directory: %w", err))
	}
	for _, f := range z.File {
		if macro(f.Name) {
			return "", ErrMacros.Saying("This document contains macros (%s). Save it without them, as DOCX, XLSX, PPTX or OpenDocument, and upload it again.", quote(f.Name))
		}
	}
	if t, err := openDocumentType(z); t != "" || err != nil {
		return t, err
	}
	return ooxmlType(z)
}

// macro tells whether an entry is where office programs keep programs: VBA and the XML macros of old, of OpenDocument
// Basic and scripts.
func macro(name string) bool {
	name = strings.ToLower(name)
	last := name[strings.LastIndexByte(name, '/')+1:]
	switch {
	case last == "vbaproject.bin", last == "vbadata.xml", strings.Contains(name, "/activex/") && strings.HasSuffix(name, ".bin"), strings.HasPrefix(name, "xl/macrosheets/"):
		return true
	}
	return (strings.HasPrefix(name, "basic/") || strings.HasPrefix(name, "scripts/")) && !strings.HasSuffix(name, "/")
}

// openDocumentType reads the entry `mimetype` (OpenDocument part 2 §3.3).
func openDocumentType(z *zip.Reader) (string, error) {
	for _, f := range z.File {
		if f.Name != "mimetype" {
			continue
		}
		said, err := readEntry(f, 128)
		kind, ours := strings.CutPrefix(strings.TrimSpace(string(said)), openDocument)
		if err != nil || !ours {
			return "", err
		}
		switch kind {
		case "text", "spreadsheet", "presentation":
			return openDocument + kind, nil
		}
		return "", ErrNoDocument
	}
	return "", nil
}

var contentTypePattern = regexp.MustCompile(`ContentType\s*=\s*["']([^"']{1,200})["']`)

// ooxmlType reads [Content_Types].xml (ECMA-376 part 2 §10.1.2) and asks that the part it names is there.
func ooxmlType(z *zip.Reader) (string, error) {
	var types []byte
	folders := map[string]bool{}
	for _, f := range z.File {
		if f.Name == "[Content_Types].xml" {
			var err error
			if types, err = readEntry(f, 1<<20); err != nil {
				return "", err
			}
		}
		folder, _, _ := strings.Cut(f.Name, "/")
		folders[folder] = true
	}
	found := ""
	for _, m := range contentTypePattern.FindAllSubmatch(types, -1) {
		said := string(m[1])
		if strings.Contains(strings.ToLower(said), "macroenabled") {
			return "", ErrMacros.Saying("This document is of the kind with macros (%s). Save it as DOCX, XLSX or PPTX and upload it again.", quote(said))
		}
		if t := mainParts[said]; t != "" && found == "" {
			found = t
		}
	}
	folder := map[string]string{ooxml + "wordprocessingml.document": "word", ooxml + "spreadsheetml.sheet": "xl", ooxml + "presentationml.presentation": "ppt"}[found]
	if found == "" || !folders[folder] {
		return "", ErrNoDocument
	}
	return found, nil
}

// readEntry unpacks up to most bytes of an entry.
func readEntry(f *zip.File, most int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, ErrZipUnsound.Because(fmt.Errorf("open %s: %w", f.Name, err))
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return nil, ErrZipUnsound.Because(fmt.Errorf("read %s: %w", f.Name, err))
	}
	return b, nil
}
