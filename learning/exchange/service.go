package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/media"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
)

// Keeper is the transaction that an import is: it all happens, or nothing.
type Keeper interface {
	InTenant(ctx context.Context, fn func(context.Context) error) error
}

// Options is what the service works with.
type Options struct {
	Keep    Keeper
	Catalog *catalog.Service
	Content *content.Service
}

// Service imports and exports courses.
type Service struct {
	keep    Keeper
	catalog *catalog.Service
	files   *content.Service
	// busy bounds how many packages are taken in at once: a file of one may take maxFile of memory for that moment.
	busy chan struct{}
}

// New makes the service.
func New(o Options) *Service {
	return &Service{keep: o.Keep, catalog: o.Catalog, files: o.Content, busy: make(chan struct{}, 2)}
}

// maxFile is the size of one file of a package that a course is made of, in bytes.
const maxFile = 256 << 20

// Inspect reads a package and tells what would come of it and what would not, keeping nothing. What stops the import is in
// the course's notes; only what is no package at all is an error. It needs course:edit.
func (s *Service) Inspect(ctx context.Context, r io.ReaderAt, size int64) (*Course, error) {
	if err := auth.Require(ctx, policy.CourseEdit); err != nil {
		return nil, err
	}
	_, c, err := readPackage(r, size)
	return c, err
}

// readPackage reads a package of either format.
func readPackage(r io.ReaderAt, size int64) (*archive, *Course, error) {
	a, err := openArchive(r, size)
	if err != nil {
		return nil, nil, err
	}
	var c *Course
	_, cartridge := a.files[manifestName]
	switch {
	case cartridge:
		c = readCartridge(a)
	case hasMarkdown(a):
		c = readFolder(a)
	default:
		return nil, nil, ErrFormat
	}
	c.judge(a)
	return a, c, nil
}

func hasMarkdown(a *archive) bool {
	for _, name := range a.names {
		if strings.EqualFold(path.Ext(name), ".md") {
			return true
		}
	}
	return false
}

// judge looks over what was read: how much it is, whether its files are what their lessons need, and whether the catalog
// would take each lesson.
func (c *Course) judge(a *archive) {
	c.Title = firstOf(c.Title, "Imported course")
	if c.Lessons() == 0 && len(c.Stops()) == 0 {
		c.stop("", 0, "There are no lessons in this package.")
	}
	if len(c.Modules) > catalog.MaxModules || c.Lessons() > catalog.MaxLessons {
		c.stop("", 0, "A course has at most %d modules and %d lessons; this one has more. Split it.", catalog.MaxModules, catalog.MaxLessons)
		return
	}
	head := catalog.CourseInput{Title: cut(c.Title, catalog.MaxTitle), Summary: c.Summary, Language: c.Language, Slug: "x"}
	head.Normalise()
	if bad := fault.Of(head.Validate()).Fields; bad["language"] != "" {
		c.note("", 0, "“%s” is no language tag: the course is taken for English.", printable(c.Language))
		c.Language = "en"
	} else if bad["summary"] != "" {
		c.note("", 0, "The summary is longer than %d characters: it is cut.", catalog.MaxSummary)
		c.Summary = cut(c.Summary, catalog.MaxSummary)
	}
	checked := map[string]bool{}
	for _, m := range c.Modules {
		for _, l := range m.Lessons {
			in := l.LessonInput
			in.Normalise()
			if err := in.Validate(); err != nil {
				for field, text := range fault.Of(err).Fields {
					c.stop(l.Source, 0, "%s: %s", field, text)
				}
			}
			for file, want := range l.needs() {
				if !checked[file] {
					checked[file] = true
					c.sniff(a, l, file, want)
				}
			}
		}
	}
	if c.dropped > 0 {
		c.Notes = append(c.Notes, Note{Text: fmt.Sprintf("And %d notes more.", c.dropped)})
	}
}

// needs are the files of a lesson with what each must be.
func (l Lesson) needs() map[string]content.FileKind {
	out := map[string]content.FileKind{}
	for _, p := range markdown.Images(l.Body) {
		if file, ok := fromPackage(p.Dest); ok {
			out[file] = content.FilePicture
		}
	}
	if l.File != "" {
		out[l.File] = content.FileDocument
		if l.Kind == catalog.LessonVideo {
			out[l.File] = content.FileVideo
		}
	}
	if l.Captions != "" {
		out[l.Captions] = content.FileCaptions
	}
	return out
}

func fromPackage(dest string) (string, bool) {
	rest, ok := strings.CutPrefix(dest, "package:")
	if !ok {
		return "", false
	}
	file, err := url.PathUnescape(rest)
	return file, err == nil
}

// wantedNames is what a kind of file is called.
var wantedNames = map[content.FileKind]string{
	content.FilePicture: "a picture (PNG, JPEG, GIF, WebP or SVG)", content.FileVideo: "a video (MP4 or WebM)", content.FileDocument: "a PDF document", content.FileCaptions: "a caption file (WebVTT)",
}

// sniff looks at the first bytes of a file: what it is, not what it is called.
func (c *Course) sniff(a *archive, l Lesson, file string, want content.FileKind) {
	r, size, err := a.open(file)
	if err != nil {
		c.stop(l.Source, 0, "“%s” is not in the package.", printable(file))
		return
	}
	defer r.Close()
	if size > maxFile {
		c.stop(file, 0, "This file has %d MB; a package may bring files of at most %d MB. Leave it out and upload it in the lesson.", size>>20, maxFile>>20)
		return
	}
	head := make([]byte, min(size, media.SniffLength))
	if _, err = io.ReadFull(r, head); err != nil {
		c.stop(file, 0, "This file is damaged. Please pack it again.")
		return
	}
	is, _ := media.Sniff(head)
	ok := false
	switch want {
	case content.FilePicture:
		ok = strings.HasPrefix(is, "image/")
	case content.FileVideo:
		ok = is == "video/mp4" || is == "video/webm"
	case content.FileDocument:
		ok = is == "application/pdf"
	case content.FileCaptions:
		ok = is == "text/vtt"
	}
	if !ok {
		c.stop(file, 0, "This is not %s, whatever its name says (it looks like %s).", wantedNames[want], is)
	}
}

// Import makes a course of a package, as a draft, all or nothing: with one fault the package is refused, each fault named
// by file and line. It needs course:edit and, where files come with it, file:upload.
func (s *Service) Import(ctx context.Context, r io.ReaderAt, size int64) (out catalog.Outline, c *Course, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return out, nil, err
	}
	select {
	case s.busy <- struct{}{}:
	case <-ctx.Done():
		return out, nil, ctx.Err()
	}
	defer func() { <-s.busy }()
	a, c, err := readPackage(r, size)
	if err != nil {
		return out, nil, err
	}
	if err = c.Refusal(); err != nil {
		return out, c, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		in, err := s.take(ctx, a, c)
		if err != nil {
			return err
		}
		out, err = s.catalog.ImportDraft(ctx, in)
		return err
	})
	if err != nil {
		return catalog.Outline{}, c, err
	}
	return out, c, nil
}

// take keeps the files of a package and gives the course that refers to them.
func (s *Service) take(ctx context.Context, a *archive, c *Course) (catalog.ImportCourse, error) {
	in := catalog.ImportCourse{CourseInput: catalog.CourseInput{Title: cut(c.Title, catalog.MaxTitle), Summary: c.Summary, Language: c.Language}}
	kept := map[string]uid.ID{}
	for _, m := range c.Modules {
		module := catalog.ImportModule{Title: m.Title}
		for _, l := range m.Lessons {
			for file := range l.needs() {
				if _, done := kept[file]; done {
					continue
				}
				id, err := s.put(ctx, a, file)
				if err != nil {
					return in, err
				}
				kept[file] = id
			}
			module.Lessons = append(module.Lessons, l.referring(kept))
		}
		in.Modules = append(in.Modules, module)
	}
	return in, nil
}

// put keeps a file of a package; what is wrong with it is told by its name.
func (s *Service) put(ctx context.Context, a *archive, file string) (uid.ID, error) {
	data, err := a.read(file, maxFile)
	if err == nil {
		var f content.File
		if f, err = s.files.Put(ctx, path.Base(file), data); err == nil {
			return f.ID, nil
		}
	}
	if bad := (*flaw)(nil); errors.As(err, &bad) {
		return uid.Nil, ErrPackage.Saying("%s: %s Nothing of this package was kept.", printable(file), bad.text).With(printable(file), bad.text)
	}
	f := fault.Of(err)
	switch f.Kind {
	case fault.KindInvalid, fault.KindTooLarge:
		out := *f
		out.Text = fmt.Sprintf("%s: %s Nothing of this package was kept.", printable(file), f.Text)
		return uid.Nil, out.With(printable(file), f.Text)
	}
	return uid.Nil, fmt.Errorf("keep %q of a package: %w", file, err)
}

// referring is the lesson with files in place of paths.
func (l Lesson) referring(kept map[string]uid.ID) catalog.LessonInput {
	in := l.LessonInput
	for _, p := range markdown.Images(in.Body) {
		if file, ok := fromPackage(p.Dest); ok {
			in.Body = redirect(in.Body, p.Dest, "file:"+kept[file].String(), "!")
		}
	}
	pick := func(file string) *uid.ID {
		if file == "" {
			return nil
		}
		id := kept[file]
		return &id
	}
	in.FileID, in.CaptionsFileID = pick(l.File), pick(l.Captions)
	return in
}
