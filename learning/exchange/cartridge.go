package exchange

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"lyceum/learning/catalog"
)

// manifestName is where a cartridge says what is in it (IMS Content Packaging).
const manifestName = "imsmanifest.xml"

// Resource types of Common Cartridge 1.0 to 1.3, §4.
var (
	typeQuiz  = regexp.MustCompile(`^imsqti_xmlv1p2/imscc_xmlv1p\d/assessment$`)
	typeTopic = regexp.MustCompile(`^imsdt_xmlv1p\d$`)
	typeLink  = regexp.MustCompile(`^imswl_xmlv1p\d$`)
	typePage  = regexp.MustCompile(`^webcontent$|/learning-application-resource$`)
	typeCC    = regexp.MustCompile(`^1\.[0-3]\.\d$`)
)

// called is what a type is called that cannot be taken.
func called(kind string) string {
	switch {
	case strings.HasPrefix(kind, "imsbasiclti"):
		return "a tool of another site (LTI)"
	case strings.HasSuffix(kind, "/question-bank"):
		return "a question bank"
	case strings.HasPrefix(kind, "assignment"):
		return "an assignment"
	case kind == "":
		return "of no kind"
	}
	return fmt.Sprintf("of the kind “%s”", printable(kind))
}

// resource is a line of the manifest's list.
type resource struct {
	*node
	id, kind, href string
	used           bool
}

// cartridge is a package being read.
type cartridge struct {
	*Course
	a         *archive
	resources map[string]*resource
	used      map[string]bool // files
}

// readCartridge reads a Common Cartridge.
func readCartridge(a *archive) *Course {
	k := &cartridge{Course: &Course{Format: FormatCartridge, Language: "en"}, a: a, resources: map[string]*resource{}, used: map[string]bool{manifestName: true}}
	manifest, err := a.xml(manifestName)
	if err != nil {
		k.fail(err)
		return k.Course
	}
	if manifest.name != "manifest" {
		k.stop(manifestName, manifest.line, "This is not the manifest of a package: its root is “%s”.", printable(manifest.name))
		return k.Course
	}
	k.head(manifest)
	order := k.list(manifest)
	if org := manifest.at("organizations", "organization"); org != nil {
		k.outline(org)
	}
	if k.Lessons() == 0 {
		k.note(manifestName, manifest.line, "The package has no outline: its parts come in the order of the manifest.")
		for _, r := range order {
			ending := strings.ToLower(path.Ext(r.href))
			if typeQuiz.MatchString(r.kind) || typeTopic.MatchString(r.kind) || typeLink.MatchString(r.kind) || r.kind == "webcontent" && (ending == ".html" || ending == ".htm") {
				k.part(&k.loose().Lessons, "", r, r.line)
			}
		}
	}
	for _, r := range order {
		if !r.used && !typePage.MatchString(r.kind) {
			k.note(manifestName, r.line, "“%s” is %s and not in the outline: it is left out.", printable(firstOf(r.href, r.id)), kindName(r.kind))
		}
	}
	for i := range k.Modules {
		k.Modules[i].Title = firstOf(k.Modules[i].Title, k.Title, "Lessons")
	}
	return k.Course
}

func kindName(kind string) string {
	switch {
	case typeQuiz.MatchString(kind):
		return "a quiz"
	case typeTopic.MatchString(kind):
		return "a discussion"
	case typeLink.MatchString(kind):
		return "a link"
	}
	return called(kind)
}

// head reads what the manifest says of the course.
func (k *cartridge) head(manifest *node) {
	meta := manifest.kid("metadata")
	if v := meta.at("schemaversion").words(); !typeCC.MatchString(v) {
		k.note(manifestName, manifest.line, "This is no Common Cartridge of a version we know (it says “%s”): what can be read of it is taken.", printable(v))
	}
	general := meta.at("lom", "general")
	k.Title = cut(general.at("title", "string").words(), catalog.MaxTitle)
	k.Summary = cut(general.at("description", "string").words(), catalog.MaxSummary)
	if l := general.kid("language").words(); l != "" {
		k.Language = l
	}
}

// list reads the resources.
func (k *cartridge) list(manifest *node) (order []*resource) {
	all := manifest.kid("resources")
	for _, n := range all.all("resource") {
		base := manifest.base() + all.base() + n.base()
		r := &resource{node: n, id: n.attr["identifier"], kind: n.attr["type"], href: n.attr["href"]}
		if r.href == "" {
			r.href = n.kid("file").href()
		}
		if r.href != "" {
			r.href = base + r.href
		}
		if _, twice := k.resources[r.id]; twice {
			k.stop(manifestName, n.line, "Two resources are called “%s”.", printable(r.id))
			continue
		}
		k.resources[r.id] = r
		order = append(order, r)
		for _, f := range n.all("file") {
			if name, ok := k.file(manifestName, base+f.href()); !ok {
				// A lesson that needs it stops the import; much that systems list is none of ours, and often missing.
				k.note(manifestName, f.line, "The file “%s” is not in the package.", printable(f.href()))
			} else {
				k.used[name] = true
			}
		}
	}
	return order
}

// base is the folder that an element's addresses begin in (XML Base, as IMS Content Packaging takes it); "" for the one
// around it. Some write it without the slash at its end.
func (n *node) base() string {
	if n == nil || n.attr["base"] == "" {
		return ""
	}
	return strings.TrimRight(n.attr["base"], "/\\") + "/"
}

func (n *node) href() string {
	if n == nil {
		return ""
	}
	return n.attr["href"]
}

// fileBase is how Canvas writes the folder of a course's files.
var fileBase = regexp.MustCompile(`^(?:\$|%24)IMS[-_]CC[-_]FILEBASE(?:\$|%24)/?(.*)$`)

// file finds what an address names in the package, as it is written or with its escapes undone. A backslash is a slash:
// names in a package have none, and systems on Windows write them.
func (k *cartridge) file(from, to string) (string, bool) {
	if to == "" {
		return "", false
	}
	if m := fileBase.FindStringSubmatch(to); m != nil {
		from, to = "web_resources/x", m[1]
	}
	plain, err := url.PathUnescape(to)
	if err != nil {
		plain = to
	}
	for _, way := range []string{to, plain} {
		if name := k.a.beside(from, strings.ReplaceAll(way, `\`, "/")); name != "" {
			if found, ok := k.a.has(name); ok {
				return found, true
			}
		}
	}
	return "", false
}

// loose is the module for what stands in none: the last one when it is already such.
func (k *cartridge) loose() *Module {
	if n := len(k.Modules); n > 0 && k.Modules[n-1].Title == "" {
		return &k.Modules[n-1]
	}
	k.Modules = append(k.Modules, Module{})
	return &k.Modules[len(k.Modules)-1]
}

// outline reads the organization: one root item, below it folders, which are modules, and parts.
func (k *cartridge) outline(org *node) {
	items := org.all("item")
	if len(items) == 1 && items[0].attr["identifierref"] == "" && len(items[0].all("item")) > 0 {
		items = items[0].all("item")
	}
	for _, item := range items {
		if item.attr["identifierref"] != "" {
			k.item(&k.loose().Lessons, item)
			continue
		}
		title := cut(item.kid("title").words(), catalog.MaxTitle)
		if len(item.all("item")) == 0 {
			if title != "" {
				k.note(manifestName, item.line, "“%s” has nothing in it: it is left out.", title)
			}
			continue
		}
		k.Modules = append(k.Modules, Module{Title: firstOf(title, "Module")})
		k.within(&k.Modules[len(k.Modules)-1], item, 0)
	}
}

// within reads a folder; folders within it are laid flat.
func (k *cartridge) within(m *Module, folder *node, depth int) {
	for _, item := range folder.all("item") {
		if item.attr["identifierref"] != "" {
			k.item(&m.Lessons, item)
		}
		if inner := item.all("item"); len(inner) > 0 {
			if title := item.kid("title").words(); depth == 0 && title != "" {
				k.note(manifestName, item.line, "The folder “%s” stands within another: its parts come into the module around it.", printable(title))
			}
			k.within(m, item, depth+1)
		}
	}
}

func (k *cartridge) item(to *[]Lesson, item *node) {
	title, ref := item.kid("title").words(), item.attr["identifierref"]
	r := k.resources[ref]
	if r == nil {
		// Canvas leaves such lines behind for what it does not export.
		k.note(manifestName, item.line, "“%s” leads to the resource “%s”, which is not in the manifest: it is left out.", printable(title), printable(ref))
		return
	}
	k.part(to, title, r, item.line)
}

// part reads a resource as a lesson.
func (k *cartridge) part(to *[]Lesson, title string, r *resource, line int) {
	r.used = true
	title = cut(title, catalog.MaxTitle)
	name, ok := k.file(manifestName, r.href)
	if !ok {
		if typeQuiz.MatchString(r.kind) || typeTopic.MatchString(r.kind) || typeLink.MatchString(r.kind) || typePage.MatchString(r.kind) {
			k.stop(manifestName, r.line, "The file “%s” is not in the package.", printable(r.href))
		} else {
			k.note(manifestName, line, "“%s” is %s, which cannot be imported: it is left out.", firstOf(title, printable(r.id)), called(r.kind))
		}
		return
	}
	l := Lesson{Source: name}
	l.Title, l.Kind = title, catalog.LessonText
	switch {
	case typeQuiz.MatchString(r.kind):
		ok = k.quiz(&l, name)
	case typeTopic.MatchString(r.kind):
		ok = k.topic(&l, name)
	case typeLink.MatchString(r.kind):
		ok = k.link(&l, name)
	case typePage.MatchString(r.kind):
		ok = k.page(&l, name, line)
	default:
		k.note(manifestName, line, "“%s” is %s, which cannot be imported: it is left out.", firstOf(title, printable(name)), called(r.kind))
		return
	}
	if !ok {
		return
	}
	l.Title = firstOf(l.Title, cut(named(strings.TrimSuffix(path.Base(name), path.Ext(name))), catalog.MaxTitle), "Lesson")
	*to = append(*to, l)
}

// page reads what a browser would show: a page, a picture, a film, a document.
func (k *cartridge) page(l *Lesson, name string, line int) bool {
	switch ending := strings.ToLower(path.Ext(name)); ending {
	case ".html", ".htm", ".xhtml":
		src, err := k.a.text(name)
		if err != nil {
			k.fail(err)
			return false
		}
		k.html(l, name, src)
	case ".md", ".txt":
		src, err := k.a.text(name)
		if err != nil {
			k.fail(err)
			return false
		}
		if l.Body = src; ending == ".txt" {
			l.Body = escaped(src)
		}
		k.pictures(k.a, l, 0, k.used)
	case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg":
		l.Body = "![" + escaped(firstOf(l.Title, path.Base(name))) + "](" + inPackage(name) + ")"
		k.note(name, 0, "This picture becomes a lesson with its title as alternative text. Say better what it shows.")
	case ".mp4", ".m4v", ".webm", ".pdf":
		l.File, l.Kind = name, kindOfFile(name)
	default:
		k.note(manifestName, line, "“%s” is a file of a kind that cannot be shown (%s): it is left out.", printable(name), printable(ending))
		return false
	}
	return true
}

// html reads a page into a lesson.
func (k *cartridge) html(l *Lesson, name, src string) {
	p, err := readHTML(src, func(to string) (string, bool) { return k.file(name, to) })
	if err != nil {
		k.stop(name, 0, "This page cannot be read.")
		return
	}
	l.Title, l.Body = firstOf(l.Title, cut(p.title, catalog.MaxTitle)), p.body
	if len(p.lost) > 0 {
		k.note(name, 0, "What cannot be written as Markdown is left out of this page: %s.", strings.Join(p.lost, ", "))
	}
	switch {
	case p.video != "":
		l.Kind, l.File, l.Captions = catalog.LessonVideo, p.video, p.captions
	case p.document != "":
		l.Kind, l.File = catalog.LessonPDF, p.document
	}
	k.settled(l)
}

// topic reads a discussion as the text it begins with (imsdt).
func (k *cartridge) topic(l *Lesson, name string) bool {
	n, err := k.a.xml(name)
	if err != nil {
		k.fail(err)
		return false
	}
	l.Title = firstOf(l.Title, cut(n.kid("title").words(), catalog.MaxTitle))
	text := n.kid("text")
	if text != nil && text.attr["texttype"] == "text/html" {
		k.html(l, name, text.words())
	} else {
		l.Body = escaped(text.words())
	}
	k.note(name, n.line, "This discussion comes as a text: there is nothing yet to discuss in.")
	return true
}

// link reads a link (imswl) as a text with it.
func (k *cartridge) link(l *Lesson, name string) bool {
	n, err := k.a.xml(name)
	if err != nil {
		k.fail(err)
		return false
	}
	to := strings.TrimSpace(n.kid("url").href())
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		k.stop(name, n.line, "This link leads nowhere a browser may go: “%s”.", printable(to))
		return false
	}
	l.Title = firstOf(l.Title, cut(n.kid("title").words(), catalog.MaxTitle), u.Host)
	l.Body = "[" + escaped(l.Title) + "](" + destination(to) + ")"
	return true
}
