// Package qti reads and writes content packages of IMS Question and Test Interoperability 2.1 (IMS QTI v2.1 Assessment
// Test, Section and Item Information Model; packages by IMS Content Packaging 1.1): items with one interaction, or several
// in a text with gaps, marked by match_correct, map_response, map_response_point, or rules that mean the same. Nothing
// outside of the package is ever looked at. Tests, adaptive items and templates are not taken.
package qti

import (
	"archive/zip"
	"bytes"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/media"
	"lyceum/learning/bank/format"
)

// Limits of a package beside format.MaxFile: what it unpacks to, and what is read of one file in it.
const (
	maxItem     = 1 << 20
	maxManifest = 8 << 20
	maxPicture  = 8 << 20
	maxResource = 3_000
)

var limits = media.Limits{Entries: 5_000, Total: 200 << 20, File: 50 << 20, Ratio: 200}

const manifestName = "imsmanifest.xml"

// Read reads a package, or one item without a package. What cannot come says so in its item.
func Read(data []byte) (format.Sheet, error) {
	sheet := format.Sheet{Format: "qti"}
	if len(data) > format.MaxFile {
		return sheet, format.ErrTooLarge
	}
	if !bytes.HasPrefix(data, []byte("PK")) {
		root, err := format.XML(data)
		if err != nil {
			return sheet, err
		}
		if root.Name != "assessmentItem" {
			return sheet, format.At(root.Line, "This is no QTI item: it begins with <%s> instead of <assessmentItem>.", root.Name)
		}
		it := format.Item{Line: root.Line}
		read(&it, root, pack{}, "")
		sheet.Items = append(sheet.Items, it)
		sheet.Settle()
		return sheet, nil
	}
	if err := media.CheckZip(bytes.NewReader(data), int64(len(data)), limits); err != nil {
		return sheet, err
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return sheet, media.ErrZipUnsound.Because(err)
	}
	p := pack{}
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, "/") {
			p[f.Name] = f
		}
	}
	sheet.Items, err = p.items()
	if err != nil {
		return sheet, err
	}
	sheet.Settle()
	return sheet, nil
}

// pack is the files of a package by their paths.
type pack map[string]*zip.File

func (p pack) read(name string, most int64) ([]byte, string) {
	f := p[name]
	switch {
	case f == nil:
		return nil, "It is not in the package."
	case f.UncompressedSize64 > uint64(most):
		return nil, "It is too large."
	}
	r, err := f.Open()
	if err != nil {
		return nil, "It cannot be unpacked."
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil || int64(len(data)) > most {
		return nil, "It cannot be unpacked."
	}
	return data, ""
}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// locate finds what a file names; false for what lies outside of the package.
func locate(dir, href string) (string, bool) {
	href, _, _ = strings.Cut(strings.TrimSpace(href), "#")
	href, _, _ = strings.Cut(href, "?")
	plain, err := url.PathUnescape(href)
	if err != nil || plain == "" || scheme.MatchString(plain) || strings.HasPrefix(plain, "/") || strings.ContainsAny(plain, "\\\x00") {
		return "", false
	}
	name := path.Join(dir, plain)
	return name, name != ".." && !strings.HasPrefix(name, "../") && name != "."
}

// home is the folder of the manifest: the package itself, or the one folder that all of it was packed in.
func (p pack) home() (string, bool) {
	if p[manifestName] != nil {
		return "", true
	}
	found := ""
	for name := range p {
		if path.Base(name) == manifestName && strings.Count(name, "/") == 1 && !strings.HasPrefix(name, "__MACOSX/") {
			if found != "" {
				return "", false
			}
			found = path.Dir(name)
		}
	}
	return found, found != ""
}

// items reads what the manifest lists.
func (p pack) items() (list []format.Item, err error) {
	dir, ok := p.home()
	if !ok {
		return nil, format.ErrUnread.Saying("There is no imsmanifest.xml in this ZIP file. Please export a QTI 2.1 content package.")
	}
	data, why := p.read(path.Join(dir, manifestName), maxManifest)
	if why != "" {
		return nil, format.ErrUnread.Saying("imsmanifest.xml: %s", why)
	}
	root, err := format.XML(data)
	if err != nil {
		return nil, format.ErrUnread.Saying("imsmanifest.xml: %s", fault.Of(err).Text)
	}
	if root.Name != "manifest" {
		return nil, format.ErrUnread.Saying("imsmanifest.xml: It begins with <%s> instead of <manifest>.", root.Name)
	}
	resources := root.Kid("resources")
	all := resources.All("resource")
	if len(all) > maxResource {
		return nil, format.ErrTooMany
	}
	for _, n := range all {
		kind := strings.ToLower(n.Attr["type"])
		if !strings.HasPrefix(kind, "imsqti_") {
			continue
		}
		if len(list) == format.MaxQuestions {
			return nil, format.ErrTooMany
		}
		it := format.Item{Line: n.Line, Name: n.Attr["identifier"], File: n.Attr["href"]}
		base := root.Attr["base"] + resourcesBase(resources) + n.Attr["base"]
		switch {
		case strings.HasPrefix(kind, "imsqti_item_xmlv2p"):
			p.one(&it, n, dir, base+n.Attr["href"])
		case strings.HasPrefix(kind, "imsqti_test_xmlv2p") || strings.HasPrefix(kind, "imsqti_assessment_xmlv2p") || strings.HasPrefix(kind, "imsqti_section_xmlv2p"):
			it.Refuse("This is a test. Its questions come one by one; the test itself is built here from them.")
		default:
			it.Refuse("Files of the kind “%s” are not read: QTI 2.1 is.", n.Attr["type"])
		}
		list = append(list, it)
	}
	if len(list) == 0 {
		return nil, format.ErrNothing
	}
	return list, nil
}

func resourcesBase(n *format.Node) string {
	if n == nil {
		return ""
	}
	return n.Attr["base"]
}

// one reads the item of a resource.
func (p pack) one(it *format.Item, resource *format.Node, dir, href string) {
	name, ok := locate(dir, href)
	if !ok {
		it.Refuse("It names a file outside of the package: %s", href)
		return
	}
	it.File = name
	data, why := p.read(name, maxItem)
	if why != "" {
		it.Refuse("%s", why)
		return
	}
	root, err := format.XML(data)
	if err != nil {
		it.Refuse("%s", fault.Of(err).Text)
		return
	}
	it.Line = root.Line
	if root.Name != "assessmentItem" {
		it.Refuse("It begins with <%s> instead of <assessmentItem>.", root.Name)
		return
	}
	described(it, resource.Kid("metadata"))
	read(it, root, p, path.Dir(name))
}

// difficulties are LOM 5.8 in our numbers.
var difficulties = []string{"", "very easy", "easy", "medium", "difficult", "very difficult"}

// described takes tags, difficulty and folder from the metadata (IEEE LOM 1.5 keyword, 5.8 difficulty, 9.2 taxon path).
func described(it *format.Item, n *format.Node) {
	lom := n.Find("lom")
	if lom == nil {
		return
	}
	for _, k := range lom.Kid("general").All("keyword") {
		if w := k.Words(); w != "" {
			it.Tags = append(it.Tags, w)
		}
	}
	if d := lom.Kid("educational").Kid("difficulty"); d != nil {
		word := d.Kid("value").Words()
		it.Difficulty = max(slices.Index(difficulties, strings.ToLower(word)), 0)
	}
	var names []string
	for _, x := range lom.Kid("classification").Kid("taxonPath").All("taxon") {
		if w := strings.ReplaceAll(x.Kid("entry").Words(), "/", "-"); w != "" {
			names = append(names, w)
		}
	}
	it.Folder = strings.Join(names, "/")
}
