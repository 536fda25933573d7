package sample

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
)

// mediaTypes are the kinds of file a course may carry, by extension.
var mediaTypes = map[string]string{
	".svg": "image/svg+xml",
	".mp4": "video/mp4",
	".vtt": "text/vtt",
	".pdf": "application/pdf",
}

// picture matches a Markdown picture that refers to an asset: its alternative text and its file name.
var picture = regexp.MustCompile(`!\[([^\]]*)\]\(asset:([^)\s]+)\)`)

// outline is course.json: the course with the names of its files in place of their contents.
type outline struct {
	Slug             string   `json:"slug"`
	Title            string   `json:"title"`
	Summary          string   `json:"summary"`
	Language         string   `json:"language"`
	EstimatedMinutes int      `json:"estimated_minutes"`
	Cover            string   `json:"cover"`
	Tags             []string `json:"tags"`
	Modules          []struct {
		Title   string          `json:"title"`
		Lessons []lessonOutline `json:"lessons"`
	} `json:"modules"`
}

type lessonOutline struct {
	Slug        string            `json:"slug"`
	Title       string            `json:"title"`
	Kind        string            `json:"kind"`
	Minutes     int               `json:"minutes"`
	Body        string            `json:"body"`
	File        string            `json:"file"`
	Captions    string            `json:"captions"`
	PassPercent int               `json:"pass_percent"`
	Questions   []questionOutline `json:"questions"`
}

type questionOutline struct {
	Prompt  string `json:"prompt"`
	Options []struct {
		Text    string `json:"text"`
		Correct bool   `json:"correct"`
	} `json:"options"`
	Explanation string `json:"explanation"`
}

// load reads the course in folder dir. A name that leads to no file, an unknown field and a kind without what it needs
// are errors.
func load(fsys fs.FS, dir string) (Course, error) {
	raw, err := fs.ReadFile(fsys, path.Join(dir, "course.json"))
	if err != nil {
		return Course{}, err
	}
	var o outline
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return Course{}, fmt.Errorf("course.json: %w", err)
	}
	c := Course{Slug: o.Slug, Title: o.Title, Summary: o.Summary, Language: o.Language,
		EstimatedMinutes: o.EstimatedMinutes, Tags: o.Tags, pictures: map[string]Asset{}}
	if c.Cover, err = read(fsys, dir, o.Cover); err != nil {
		return Course{}, fmt.Errorf("cover: %w", err)
	}
	for _, m := range o.Modules {
		module := Module{Title: m.Title}
		for _, lo := range m.Lessons {
			l, err := loadLesson(fsys, dir, lo, c.pictures)
			if err != nil {
				return Course{}, fmt.Errorf("lesson %s: %w", lo.Slug, err)
			}
			module.Lessons = append(module.Lessons, l)
		}
		c.Modules = append(c.Modules, module)
	}
	return c, nil
}

// loadLesson reads a lesson's files and adds the pictures its text shows to pictures.
func loadLesson(fsys fs.FS, dir string, o lessonOutline, pictures map[string]Asset) (Lesson, error) {
	body, err := fs.ReadFile(fsys, path.Join(dir, o.Body))
	if err != nil {
		return Lesson{}, fmt.Errorf("body: %w", err)
	}
	l := Lesson{Slug: o.Slug, Title: o.Title, Kind: o.Kind, Minutes: o.Minutes, Body: string(body), PassPercent: o.PassPercent}
	for _, ref := range picture.FindAllStringSubmatch(l.Body, -1) {
		if pictures[ref[2]], err = read(fsys, dir, ref[2]); err != nil {
			return Lesson{}, fmt.Errorf("picture: %w", err)
		}
	}
	if l.File, err = readIfNamed(fsys, dir, o.File); err != nil {
		return Lesson{}, fmt.Errorf("file: %w", err)
	}
	if l.Captions, err = readIfNamed(fsys, dir, o.Captions); err != nil {
		return Lesson{}, fmt.Errorf("captions: %w", err)
	}
	for _, qo := range o.Questions {
		q := Question{Prompt: qo.Prompt, Explanation: qo.Explanation}
		for _, opt := range qo.Options {
			q.Options = append(q.Options, Option{Text: opt.Text, Correct: opt.Correct})
		}
		l.Questions = append(l.Questions, q)
	}
	return l, l.check()
}

// check says what a lesson of its kind lacks.
func (l Lesson) check() error {
	switch l.Kind {
	case KindText:
		return nil
	case KindVideo:
		if l.File == nil || l.Captions == nil {
			return fmt.Errorf("a video needs a file and captions")
		}
	case KindPDF:
		if l.File == nil {
			return fmt.Errorf("a pdf needs a file")
		}
	case KindQuiz:
		if len(l.Questions) == 0 || l.PassPercent < 1 || l.PassPercent > 100 {
			return fmt.Errorf("a quiz needs questions and a pass mark from 1 to 100")
		}
	default:
		return fmt.Errorf("kind %q is none of text, video, pdf, quiz", l.Kind)
	}
	return nil
}

func readIfNamed(fsys fs.FS, dir, name string) (*Asset, error) {
	if name == "" {
		return nil, nil
	}
	a, err := read(fsys, dir, name)
	return &a, err
}

func read(fsys fs.FS, dir, name string) (Asset, error) {
	mediaType, ok := mediaTypes[path.Ext(name)]
	if !ok {
		return Asset{}, fmt.Errorf("file %q is of no known media type", name)
	}
	data, err := fs.ReadFile(fsys, path.Join(dir, name))
	if err != nil {
		return Asset{}, err
	}
	return Asset{Name: name, MediaType: mediaType, Data: data}, nil
}
