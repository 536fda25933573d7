package exchange

import (
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"lyceum/internal/markdown"
	"lyceum/learning/catalog"
)

// courseName is the file that tells of the course itself.
const courseName = "course.md"

// readFolder reads a folder of Markdown: docs/EXCHANGE.md says how it is laid out.
func readFolder(a *archive) *Course {
	c := &Course{Format: FormatMarkdown, Language: "en"}
	at := map[string]int{}
	used := map[string]bool{}
	for _, name := range a.names {
		if strings.ToLower(path.Ext(name)) != ".md" {
			continue
		}
		used[name] = true
		src, err := a.text(name)
		if err != nil {
			c.fail(err)
			continue
		}
		front := c.front(name, src)
		if strings.EqualFold(name, courseName) {
			c.Title, c.Summary = front.values["title"], strings.TrimSpace(front.body)
			if l := front.values["language"]; l != "" {
				c.Language = l
			}
			front.only(c, "title", "language")
			continue
		}
		folder, _, nested := strings.Cut(name, "/")
		if !nested {
			folder = ""
		}
		if _, known := at[folder]; !known {
			at[folder] = len(c.Modules)
			c.Modules = append(c.Modules, Module{Title: cut(named(folder), catalog.MaxTitle)})
		}
		m := &c.Modules[at[folder]]
		if base := strings.ToLower(path.Base(name)); base == "_module.md" || base == "module.md" {
			m.Title = cut(firstOf(front.values["title"], m.Title), catalog.MaxTitle)
			front.only(c, "title")
			continue
		}
		m.Lessons = append(m.Lessons, c.lesson(a, name, front, used))
	}
	for i := range c.Modules {
		c.Modules[i].Title = firstOf(c.Modules[i].Title, c.Title, "Lessons")
	}
	for _, name := range a.names {
		if !used[name] {
			c.note(name, 0, "No lesson uses this file: it is left out.")
		}
	}
	return c
}

// fail notes what made a file unreadable.
func (c *Course) fail(err error) {
	if f, ok := err.(*flaw); ok { //nolint:errorlint // never wrapped within this package
		c.stop(f.file, f.line, "%s", f.text)
		return
	}
	c.stop("", 0, "%s", err)
}

// front is the head of a file, of lines "key: value" between two lines of three hyphens, and the rest.
type front struct {
	file   string
	values map[string]string
	lines  map[string]int
	body   string
	below  int // lines above the body
}

func (c *Course) front(file, src string) front {
	f := front{file: file, values: map[string]string{}, lines: map[string]int{}, body: src}
	if !strings.HasPrefix(src, "---\n") {
		return f
	}
	head, body, ok := strings.Cut(src[4:], "\n---\n")
	if !ok {
		if head, ok = strings.CutSuffix(src[4:], "\n---"); !ok {
			c.stop(file, 1, "The head of this file is not closed: end it with a line of three hyphens.")
			return f
		}
	}
	f.body, f.below = body, strings.Count(head, "\n")+3
	for i, l := range strings.Split(head, "\n") {
		if strings.TrimSpace(l) == "" || strings.HasPrefix(l, "#") {
			continue
		}
		key, value, ok := strings.Cut(l, ":")
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		if !ok || key == "" {
			c.stop(file, i+2, "Write “key: value” here, or leave this line out.")
			continue
		}
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		if _, twice := f.values[key]; twice {
			c.stop(file, i+2, "“%s” stands here twice. Leave one out.", printable(key))
		}
		f.values[key], f.lines[key] = value, i+2
	}
	return f
}

// trimmed takes empty lines off both ends of a text, and counts those above it.
func (f *front) trimmed(text string) string {
	top := strings.TrimLeft(text, "\n")
	f.below += len(text) - len(top)
	return strings.TrimRight(top, "\n")
}

// only notes keys that mean nothing here.
func (f front) only(c *Course, keys ...string) {
	for key := range f.values {
		known := false
		for _, k := range keys {
			known = known || k == key
		}
		if !known {
			c.note(f.file, f.lines[key], "“%s” means nothing here: it is left out.", printable(key))
		}
	}
}

func (f front) number(c *Course, key string, least, most int) int {
	text, ok := f.values[key]
	if !ok || text == "" {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(strings.TrimSuffix(text, "%")), " "))
	if err != nil || n < least || n > most {
		c.stop(f.file, f.lines[key], "“%s” must be a number from %d to %d.", key, least, most)
	}
	return n
}

// lesson reads a lesson.
func (c *Course) lesson(a *archive, name string, f front, used map[string]bool) Lesson {
	l := Lesson{Source: name}
	l.Kind = catalog.LessonKind(strings.ToLower(f.values["kind"]))
	l.Minutes = f.number(c, "minutes", 0, catalog.MaxMinutes)
	l.Body = f.trimmed(f.body)
	title := f.values["title"]
	if rest, ok := strings.CutPrefix(l.Body, "# "); ok && title == "" {
		title, l.Body, _ = strings.Cut(rest, "\n")
		f.below++
		l.Body = f.trimmed(l.Body)
	}
	l.Title = cut(firstOf(title, named(strings.TrimSuffix(path.Base(name), path.Ext(name))), "Lesson"), catalog.MaxTitle)
	l.File, l.Captions = c.named(a, f, "file", used), c.named(a, f, "captions", used)
	switch l.Kind {
	case "":
		l.Kind = catalog.LessonText
		if l.File != "" {
			l.Kind = kindOfFile(l.File)
		}
	case catalog.LessonText, catalog.LessonVideo, catalog.LessonPDF:
	case catalog.LessonQuiz:
		l.PassPercent = f.number(c, "pass", 1, 100)
		c.quiz(&l, f)
	default:
		c.stop(name, f.lines["kind"], "There is no kind of lesson called “%s”. Write text, video, pdf or quiz.", printable(string(l.Kind)))
	}
	f.only(c, "title", "kind", "minutes", "file", "captions", "pass")
	c.pictures(a, &l, f.below, used)
	return l
}

// named is the file that a key of the head names.
func (c *Course) named(a *archive, f front, key string, used map[string]bool) string {
	to := f.values[key]
	if to == "" {
		return ""
	}
	found, ok := a.has(a.beside(f.file, to))
	if !ok {
		c.stop(f.file, f.lines[key], "“%s” is not in the package.", printable(to))
		return ""
	}
	used[found] = true
	return found
}

// kindOfFile guesses what a lesson is made of by the ending of its file.
func kindOfFile(name string) catalog.LessonKind {
	switch strings.ToLower(path.Ext(name)) {
	case ".mp4", ".m4v", ".webm":
		return catalog.LessonVideo
	case ".pdf":
		return catalog.LessonPDF
	}
	return catalog.LessonText
}

var numbered = regexp.MustCompile(`^\s*\d+\s*[-_.) ]+\s*`)

// named is what a file or folder is called without the number that orders it.
func named(name string) string {
	bare := numbered.ReplaceAllString(name, "")
	if bare == "" {
		bare = name
	}
	return strings.TrimSpace(strings.ReplaceAll(bare, "_", " "))
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s = strings.TrimSpace(s); s != "" {
			return s
		}
	}
	return ""
}

var (
	askedAt  = regexp.MustCompile(`^##\s+(.+?)(?:\s+#+)?\s*$`)
	answerAt = regexp.MustCompile(`^[-*+]\s+\[([ xX])\]\s+(.+)$`)
)

// quiz takes the questions out of a quiz's text: each heading of the second level is one, its answers are a task list with
// the right ones ticked, a quotation is the explanation. What stands above the first one stays as text.
func (c *Course) quiz(l *Lesson, f front) {
	var intro []string
	var q *catalog.Question
	start := 0
	end := func() {
		if q == nil {
			return
		}
		right := 0
		for _, o := range q.Options {
			if o.Correct {
				right++
			}
		}
		q.Prompt, q.Explanation = strings.TrimSpace(q.Prompt), strings.TrimSpace(q.Explanation)
		switch {
		case len(q.Options) < 2:
			c.stop(l.Source, start, "This question has fewer than two answers. Write each as “- [ ] answer”, the right ones as “- [x] answer”.")
		case right == 0, right == len(q.Options):
			c.stop(l.Source, start, "Tick at least one right answer of this question, “- [x] answer”, and leave at least one unticked.")
		}
		l.Questions = append(l.Questions, *q)
	}
	for i, line := range strings.Split(l.Body, "\n") {
		at := f.below + i + 1
		if m := askedAt.FindStringSubmatch(line); m != nil {
			end()
			q, start = &catalog.Question{Prompt: m[1]}, at
			continue
		}
		trimmed := strings.TrimSpace(line)
		switch m := answerAt.FindStringSubmatch(trimmed); {
		case q == nil:
			intro = append(intro, line)
		case m != nil:
			q.Options = append(q.Options, catalog.Option{Text: m[2], Correct: m[1] != " "})
		case strings.HasPrefix(trimmed, ">"):
			q.Explanation += strings.TrimSpace(strings.TrimPrefix(trimmed, ">")) + "\n"
		case trimmed == "":
		case len(q.Options) == 0:
			q.Prompt += "\n" + trimmed
		default:
			c.stop(l.Source, at, "This line is neither an answer (“- [ ] …”) nor an explanation (“> …”).")
		}
	}
	end()
	if len(l.Questions) == 0 {
		c.stop(l.Source, 0, "This quiz has no questions. Begin each with a heading of the second level: “## What …?”")
	}
	l.Body = strings.TrimSpace(strings.Join(intro, "\n"))
}

// pictures settles where the pictures of a lesson's text are: from the package they stay, by their path; from elsewhere they
// become links.
func (c *Course) pictures(a *archive, l *Lesson, below int, used map[string]bool) {
	if err := markdown.Check(l.Body); err != nil {
		c.stop(l.Source, 0, "This text is longer than 64 KB, or too many lists stand inside one another. Split it into two lessons.")
		return
	}
	for _, p := range markdown.Images(l.Body) {
		line := 0
		if below >= 0 {
			line = below + p.Line
		}
		to := p.Dest
		if u, err := url.PathUnescape(to); err == nil {
			to = u
		}
		if u, err := url.Parse(p.Dest); err == nil && u.Scheme != "" || strings.HasPrefix(to, "//") {
			c.note(l.Source, line, "The picture “%s” is on another site: it becomes a link. Upload it to show it.", printable(p.Dest))
			l.Body = redirect(l.Body, p.Dest, "", "")
			continue
		}
		found, ok := a.has(a.beside(l.Source, to))
		if !ok {
			c.stop(l.Source, line, "The picture “%s” is not in the package.", printable(to))
			continue
		}
		if strings.TrimSpace(p.Alt) == "" && !p.Decorative {
			c.note(l.Source, line, "The picture “%s” has no alternative text. It is needed before publishing.", printable(to))
		}
		used[found] = true
		l.Body = redirect(l.Body, p.Dest, inPackage(found), "!")
	}
}

// redirect lets every picture of a text that leads to one place lead to another; with to "" it becomes a link to the same
// place, for which sign is "".
func redirect(src, from, to, sign string) string {
	if to == "" {
		to = from
	}
	escaped := regexp.QuoteMeta(from)
	within := regexp.MustCompile(`!(\[(?:[^\[\]\\]|\\.|\[[^\]]*\])*\]\()[ \t]*<?` + escaped + `>?([ \t)])`)
	src = within.ReplaceAllString(src, sign+"${1}"+strings.ReplaceAll(to, "$", "$$")+"${2}")
	below := regexp.MustCompile(`(?m)^( {0,3}\[[^\]]+\]:[ \t]*)<?` + escaped + `>?([ \t]|$)`)
	return below.ReplaceAllString(src, "${1}"+strings.ReplaceAll(to, "$", "$$")+"${2}")
}

// inPackage is a path of the package as a picture's place.
func inPackage(file string) string {
	return "package:" + strings.NewReplacer("%2F", "/", "(", "%28", ")", "%29").Replace(url.PathEscape(file))
}

// settled notes pictures of a text that are not from the package, and those without words.
func (c *Course) settled(l *Lesson) {
	if err := markdown.Check(l.Body); err != nil {
		c.stop(l.Source, 0, "This text is longer than 64 KB, or too many lists stand inside one another. Split it into two lessons.")
		return
	}
	for _, p := range markdown.Images(l.Body) {
		if strings.HasPrefix(p.Dest, "package:") {
			if strings.TrimSpace(p.Alt) == "" && !p.Decorative {
				c.note(l.Source, 0, "A picture of this page has no alternative text. It is needed before publishing.")
			}
			continue
		}
		if u, err := url.Parse(p.Dest); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
			c.note(l.Source, 0, "The picture “%s” is on another site: it becomes a link. Upload it to show it.", printable(p.Dest))
			l.Body = redirect(l.Body, p.Dest, "", "")
			continue
		}
		c.stop(l.Source, 0, "The picture “%s” is not in the package.", printable(p.Dest))
	}
}
