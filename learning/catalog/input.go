package catalog

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Limits of what an author may write, in characters, minutes and pieces.
const (
	MaxTitle       = 120
	MaxSummary     = 1_000
	MaxBody        = 200_000
	MaxPrompt      = 1_000
	MaxOption      = 500
	MaxExplanation = 2_000
	MaxQuestions   = 100
	MaxOptions     = 12
	MaxMinutes     = 6_000
	MaxModules     = 100
	MaxLessons     = 500
	// DefaultPass is the pass mark of a quiz that names none, in percent.
	DefaultPass = 80
)

// CourseInput is what a course says of itself. Slug empty on creation is made from the title. EstimatedMinutes 0 is
// filled at publishing with what its lessons take.
type CourseInput struct {
	Title            string
	Slug             string
	Summary          string
	Language         string // BCP 47, default "en"
	CoverFileID      *uid.ID
	EstimatedMinutes int
	SelfEnrol        bool
}

// Normalise trims what people type around values and fills defaults.
func (in *CourseInput) Normalise() {
	in.Title = line(in.Title)
	in.Slug = strings.ToLower(line(in.Slug))
	in.Summary = strings.TrimSpace(printable(in.Summary))
	in.Language = line(in.Language)
	if in.Language == "" {
		in.Language = "en"
	}
	if in.CoverFileID != nil && *in.CoverFileID == uid.Nil {
		in.CoverFileID = nil
	}
}

// Validate gathers every fault: fields title, slug, summary, language, estimated_minutes.
func (in CourseInput) Validate() error {
	f := fault.Fields{}
	in.check(f)
	return f.Err()
}

func (in CourseInput) check(f fault.Fields) {
	checkTitle(f, "title", in.Title)
	if problem := CheckSlug(in.Slug); problem != "" {
		f.Add("slug", problem)
	}
	f.Check(length(in.Summary) <= MaxSummary, "summary", fmt.Sprintf("Use at most %d characters.", MaxSummary))
	if _, err := language.Parse(in.Language); err != nil || len(in.Language) > 35 {
		f.Add("language", "Enter a language tag such as en, de or pt-BR.")
	}
	f.Check(in.EstimatedMinutes >= 0 && in.EstimatedMinutes <= MaxMinutes, "estimated_minutes", fmt.Sprintf("Enter a number of minutes from 0 to %d.", MaxMinutes))
}

// LessonInput is a lesson as an author writes it. What its kind does not use is dropped: a file belongs to video, audio,
// PDF and file, captions and NoSkip to video and audio, an address to embed and link, pass mark and questions to a quiz;
// Body is the text, or notes beside the rest, or what a submission asks for.
type LessonInput struct {
	Kind           LessonKind
	Title          string
	Minutes        int
	Body           string
	FileID         *uid.ID
	CaptionsFileID *uid.ID
	PassPercent    int // 0 is DefaultPass
	Questions      Questions
	URL            string
	Completion     Completion // the zero value is the kind's own rule
	NoSkip         bool
}

// Normalise trims texts, drops what the kind does not use, and gives ids to new questions and options.
func (in *LessonInput) Normalise() {
	in.Title = line(in.Title)
	in.Body = strings.TrimSpace(printable(in.Body))
	if in.FileID != nil && *in.FileID == uid.Nil || !in.Kind.Filed() {
		in.FileID = nil
	}
	if in.CaptionsFileID != nil && *in.CaptionsFileID == uid.Nil || !in.Kind.Recorded() {
		in.CaptionsFileID = nil
	}
	in.NoSkip = in.NoSkip && in.Kind.Recorded()
	in.Completion = in.Completion.normalised(in.Kind)
	if in.URL = line(in.URL); !in.Kind.Outside() {
		in.URL = ""
	}
	if in.Kind == LessonEmbed {
		in.URL = embedded(in.URL)
	}
	if in.Kind != LessonQuiz {
		in.PassPercent, in.Questions = 0, nil
		return
	}
	if in.PassPercent == 0 {
		in.PassPercent = DefaultPass
	}
	in.Questions = in.Questions.normalised()
}

// normalised copies the questions with trimmed texts and an id of its own for each question and option.
func (q Questions) normalised() Questions {
	taken := map[uid.ID]bool{uid.Nil: true}
	own := func(id uid.ID) uid.ID {
		if taken[id] {
			id = uid.New()
		}
		taken[id] = true
		return id
	}
	out := make(Questions, len(q))
	for i, from := range q {
		to := Question{ID: own(from.ID), Prompt: strings.TrimSpace(printable(from.Prompt)), Explanation: strings.TrimSpace(printable(from.Explanation))}
		for _, o := range from.Options {
			to.Options = append(to.Options, Option{ID: own(o.ID), Text: line(o.Text), Correct: o.Correct})
		}
		out[i] = to
	}
	return out
}

// Validate gathers every fault: fields kind, title, minutes, body, url, completion.rule, completion.seconds,
// completion.percent, pass_percent, questions, questions.0.prompt, questions.0.options.1.text and so on. A draft may be incomplete; Publish asks for the rest.
func (in LessonInput) Validate() error {
	f := fault.Fields{}
	in.check(f, "")
	return f.Err()
}

func (in LessonInput) check(f fault.Fields, prefix string) {
	f.Check(in.Kind.Known(), prefix+"kind", "Choose text, video, audio, pdf, file, embed, link, quiz, test or submission.")
	in.checkURL(f, prefix)
	in.Completion.check(f, prefix, in.Kind)
	checkTitle(f, prefix+"title", in.Title)
	f.Check(in.Minutes >= 0 && in.Minutes <= MaxMinutes, prefix+"minutes", fmt.Sprintf("Enter a number of minutes from 0 to %d.", MaxMinutes))
	f.Check(length(in.Body) <= MaxBody, prefix+"body", fmt.Sprintf("Use at most %d characters; split longer texts into several lessons.", MaxBody))
	if in.Kind != LessonQuiz {
		return
	}
	f.Check(in.PassPercent >= 1 && in.PassPercent <= 100, prefix+"pass_percent", "Enter a pass mark from 1 to 100 percent.")
	f.Check(len(in.Questions) <= MaxQuestions, prefix+"questions", fmt.Sprintf("Use at most %d questions; split a longer quiz into several lessons.", MaxQuestions))
	for i, q := range in.Questions {
		q.check(f, fmt.Sprintf("%squestions.%d.", prefix, i))
	}
}

func (q Question) check(f fault.Fields, prefix string) {
	f.Check(q.Prompt != "", prefix+"prompt", "Write the question.")
	f.Check(length(q.Prompt) <= MaxPrompt, prefix+"prompt", fmt.Sprintf("Use at most %d characters.", MaxPrompt))
	f.Check(length(q.Explanation) <= MaxExplanation, prefix+"explanation", fmt.Sprintf("Use at most %d characters.", MaxExplanation))
	f.Check(len(q.Options) <= MaxOptions, prefix+"options", fmt.Sprintf("Offer at most %d answers.", MaxOptions))
	seen := map[string]bool{}
	for i, o := range q.Options {
		field := fmt.Sprintf("%soptions.%d.text", prefix, i)
		f.Check(o.Text != "", field, "Write this answer, or remove it.")
		f.Check(length(o.Text) <= MaxOption, field, fmt.Sprintf("Use at most %d characters.", MaxOption))
		f.Check(!seen[o.Text], field, "This answer stands there already. Change one of the two.")
		seen[o.Text] = true
	}
}

// Into writes the input over a lesson's content; ids and place stay.
func (in LessonInput) Into(l Lesson) Lesson {
	l.Kind, l.Title, l.Minutes, l.Body = in.Kind, in.Title, in.Minutes, in.Body
	l.FileID, l.CaptionsFileID, l.PassPercent, l.Questions = in.FileID, in.CaptionsFileID, in.PassPercent, in.Questions
	l.URL, l.Completion, l.NoSkip = in.URL, in.Completion, in.NoSkip
	return l
}

func checkTitle(f fault.Fields, field, title string) {
	f.Check(title != "", field, "Enter a title.")
	f.Check(length(title) <= MaxTitle, field, fmt.Sprintf("Use at most %d characters.", MaxTitle))
}

// fileWish is a file that an input names and the kind it must have.
type fileWish struct {
	field string
	id    uid.ID
	kind  string // "" is any but a picture and captions
}

var fileNames = map[string]string{
	"picture": "a picture (PNG, JPEG, GIF, WebP or SVG)", "video": "a video (MP4 or WebM)", "audio": "a sound file (MP3, M4A, Ogg, WAV or FLAC)",
	"document": "a PDF document", "captions": "a caption file (WebVTT)", "": "an office document (Word, Excel, PowerPoint or OpenDocument) or a PDF document",
}

// suits tells whether a file is of the wished kind.
func (w fileWish) suits(kind string) bool {
	if w.kind == "" {
		return kind != "picture" && kind != "captions"
	}
	return kind == w.kind
}

func (in CourseInput) files() []fileWish {
	if in.CoverFileID == nil {
		return nil
	}
	return []fileWish{{"cover_file_id", *in.CoverFileID, "picture"}}
}

// fileKindOf is the kind of the file that a lesson of a kind is made of.
var fileKindOf = map[LessonKind]string{LessonVideo: "video", LessonAudio: "audio", LessonPDF: "document", LessonFile: ""}

func (in LessonInput) files(prefix string) (wishes []fileWish) {
	if in.FileID != nil {
		wishes = append(wishes, fileWish{prefix + "file_id", *in.FileID, fileKindOf[in.Kind]})
	}
	if in.CaptionsFileID != nil {
		wishes = append(wishes, fileWish{prefix + "captions_file_id", *in.CaptionsFileID, "captions"})
	}
	return wishes
}

// checkFiles notes each wished file that is not here or is of another kind. One query for all.
func (s *Service) checkFiles(ctx context.Context, f fault.Fields, wishes []fileWish) error {
	if len(wishes) == 0 {
		return nil
	}
	ids := make([]uid.ID, len(wishes))
	for i, w := range wishes {
		ids[i] = w.id
	}
	known, err := s.filesByID(ctx, ids)
	if err != nil {
		return err
	}
	for _, w := range wishes {
		if info, ok := known[w.id]; !ok {
			f.Add(w.field, "This file is not here any more. Upload it again.")
		} else if !w.suits(info.Kind) {
			f.Add(w.field, "Choose "+fileNames[w.kind]+".")
		}
	}
	return nil
}

func (s *Service) filesByID(ctx context.Context, ids []uid.ID) (map[uid.ID]FileInfo, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := s.keep.FileInfos(ctx, ids)
	if err != nil {
		return nil, err
	}
	known := make(map[uid.ID]FileInfo, len(list))
	for _, info := range list {
		known[info.ID] = info
	}
	return known, nil
}

func length(s string) int { return utf8.RuneCountInString(s) }

// line makes one line of a text: white space becomes single spaces.
func line(s string) string { return strings.Join(strings.Fields(printable(s)), " ") }

// printable drops what cannot be kept or shown: broken UTF-8, control characters other than tab and line feed. Line
// ends become line feeds.
func printable(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
