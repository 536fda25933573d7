package exchange

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
)

// pack is a package being written.
type pack struct {
	*zip.Writer
	ctx   context.Context //nolint:containedctx // lives no longer than one call of Export
	files *content.Service
	at    map[uid.ID]string // where a file of the course stands in the package
	order []uid.ID          // in which they came
	taken map[string]bool
	known map[uid.ID]content.File
}

// Export writes a course as its authors see it into a package: the draft, or the published version when nothing was changed
// since. It needs course:edit.
func (s *Service) Export(ctx context.Context, course uid.ID, format Format, to io.Writer) error {
	if err := auth.Require(ctx, policy.CourseEdit); err != nil {
		return err
	}
	if format != FormatMarkdown && format != FormatCartridge {
		return fault.Fields{"format": "Choose markdown or cartridge."}.Err()
	}
	o, err := s.catalog.Edit(ctx, course)
	if err != nil {
		return err
	}
	p := &pack{Writer: zip.NewWriter(to), ctx: ctx, files: s.files, at: map[uid.ID]string{}, taken: map[string]bool{}, known: map[uid.ID]content.File{}}
	if err = p.bring(o); err != nil {
		return err
	}
	write := p.folder
	if format == FormatCartridge {
		write = p.cartridge
	}
	if err = write(o); err != nil {
		return fmt.Errorf("export course %s: %w", course, err)
	}
	return p.Close()
}

// FileName is what an export of a course is called.
func FileName(c catalog.Course, format Format) string {
	if format == FormatCartridge {
		return c.Slug + ".imscc"
	}
	return c.Slug + ".zip"
}

// bring puts every file of the course into the package, each once.
func (p *pack) bring(o catalog.Outline) error {
	for _, l := range o.Lessons() {
		ids := []*uid.ID{l.FileID, l.CaptionsFileID}
		for _, picture := range markdown.Images(l.Body) {
			if id, ok := catalog.PictureFile(picture.Dest); ok {
				ids = append(ids, &id)
			}
		}
		for _, id := range ids {
			if id == nil || p.at[*id] != "" {
				continue
			}
			if err := p.bringFile(*id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pack) bringFile(id uid.ID) error {
	f, err := p.files.File(p.ctx, id)
	if errors.Is(err, content.ErrFileNotFound) {
		return nil // the lesson says so itself, in the package too
	}
	if err != nil {
		return err
	}
	name := p.free("files/" + plainName(f.Name))
	p.at[id], p.known[id], p.order = name, f, append(p.order, id)
	r, _, err := p.files.Open(p.ctx, id, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := p.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store}) // films and pictures are packed already
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return err
}

// free is a name that nothing in the package has yet.
func (p *pack) free(name string) string {
	ending := path.Ext(name)
	stem := strings.TrimSuffix(name, ending)
	for n := 2; p.taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s-%d%s", stem, n, ending)
	}
	p.taken[strings.ToLower(name)] = true
	return name
}

// write puts a text into the package.
func (p *pack) write(name, text string) error {
	w, err := p.Create(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// plainName is a name that every system can keep.
func plainName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|#%&{}$!'@+=`, r) {
			return '-'
		}
		return r
	}, strings.TrimSpace(name))
	name = strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
	if r := []rune(name); len(r) > 80 {
		ending := path.Ext(name)
		if len(ending) > 8 {
			ending = ""
		}
		name = strings.TrimSpace(string(r[:80-len(ending)])) + ending
	}
	if name == "" {
		return "file"
	}
	return name
}

// folder writes the course as folders of Markdown.
func (p *pack) folder(o catalog.Outline) error {
	v := o.Version
	head := "---\ntitle: " + quoted(v.Title) + "\nlanguage: " + v.Language + "\n---\n\n" + v.Summary + "\n"
	if err := p.write(courseName, head); err != nil {
		return err
	}
	for i, m := range o.Modules {
		dir := fmt.Sprintf("%02d %s", i+1, plainName(m.Title))
		if err := p.write(dir+"/_module.md", "---\ntitle: "+quoted(m.Title)+"\n---\n"); err != nil {
			return err
		}
		for j, l := range m.Lessons {
			if err := p.write(fmt.Sprintf("%s/%02d %s.md", dir, j+1, plainName(l.Title)), p.lesson(l)); err != nil {
				return err
			}
		}
	}
	return nil
}

// lesson is a lesson as a file of the folder.
func (p *pack) lesson(l catalog.Lesson) string {
	var b strings.Builder
	b.WriteString("---\ntitle: " + quoted(l.Title) + "\n")
	if l.Kind != catalog.LessonText {
		b.WriteString("kind: " + string(l.Kind) + "\n")
	}
	if l.Minutes > 0 {
		fmt.Fprintf(&b, "minutes: %d\n", l.Minutes)
	}
	for _, named := range []struct {
		key string
		id  *uid.ID
	}{{"file", l.FileID}, {"captions", l.CaptionsFileID}} {
		if named.id != nil && p.at[*named.id] != "" {
			b.WriteString(named.key + ": ../" + p.at[*named.id] + "\n")
		}
	}
	if l.Kind == catalog.LessonQuiz {
		fmt.Fprintf(&b, "pass: %d\n", l.PassPercent)
	}
	b.WriteString("---\n\n")
	body := l.Body
	for _, picture := range markdown.Images(body) {
		if id, ok := catalog.PictureFile(picture.Dest); ok && p.at[id] != "" {
			body = redirect(body, picture.Dest, destination("../"+p.at[id]), "!")
		}
	}
	if l.Kind == catalog.LessonQuiz {
		body = questionLike.ReplaceAllString(body, "#$1") // a heading of the second level begins a question here
	}
	b.WriteString(body + "\n")
	for _, q := range l.Questions {
		prompt, more, _ := strings.Cut(q.Prompt, "\n")
		b.WriteString("\n## " + prompt + "\n\n")
		if more != "" {
			b.WriteString(more + "\n\n")
		}
		for _, option := range q.Options {
			tick := " "
			if option.Correct {
				tick = "x"
			}
			b.WriteString("- [" + tick + "] " + option.Text + "\n")
		}
		if q.Explanation != "" {
			b.WriteString("\n> " + strings.ReplaceAll(q.Explanation, "\n", "\n> ") + "\n")
		}
	}
	return b.String()
}

var questionLike = regexp.MustCompile(`(?m)^(##[ \t])`)

// quoted is a value of a file's head; what has quotation marks around itself gets others around them.
func quoted(value string) string {
	if value != "" && strings.ContainsAny(value[:1]+value[len(value)-1:], `"'`) {
		return `"` + value + `"`
	}
	return value
}
