package themes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// OptionForm is what was typed about an option. ID is "" for one not saved yet.
type OptionForm struct {
	ID, Text string
	Correct  bool
}

// QuestionForm is what was typed about a question.
type QuestionForm struct {
	ID, Prompt, Explanation string
	Options                 []OptionForm
}

// LessonForm is what was typed about a lesson.
type LessonForm struct {
	Title, Minutes, Body, PassPercent string
	FileID, CaptionsFileID            string
	PictureAlt                        string
	Questions                         []QuestionForm
	LessonKindForm
}

// NewLessonForm fills the form from a lesson.
func NewLessonForm(l catalog.Lesson) LessonForm {
	f := LessonForm{
		Title: l.Title, Minutes: strconv.Itoa(l.Minutes), Body: l.Body, PassPercent: strconv.Itoa(l.PassPercent),
		FileID: idText(l.FileID), CaptionsFileID: idText(l.CaptionsFileID), LessonKindForm: newLessonKindForm(l),
	}
	for _, q := range l.Questions {
		form := QuestionForm{ID: q.ID.String(), Prompt: q.Prompt, Explanation: q.Explanation}
		for _, o := range q.Options {
			form.Options = append(form.Options, OptionForm{ID: o.ID.String(), Text: o.Text, Correct: o.Correct})
		}
		f.Questions = append(f.Questions, form)
	}
	return f
}

func idText(id *uid.ID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

// ReadLessonForm reads what the lesson editor posts; get gives a field's value, "" for none. At most one question and
// one option more than allowed are read, so that the domain's message about too many is given.
func ReadLessonForm(get func(name string) string) LessonForm {
	f := LessonForm{
		Title: get("title"), Minutes: get("minutes"), Body: strings.ReplaceAll(get("body"), "\r\n", "\n"),
		PassPercent: get("pass_percent"), FileID: get("file_id"), CaptionsFileID: get("captions_file_id"), PictureAlt: get("picture_alt"),
		LessonKindForm: readLessonKindForm(get),
	}
	if get("remove_captions") != "" {
		f.CaptionsFileID = ""
	}
	for i := 0; i <= catalog.MaxQuestions; i++ {
		name := fmt.Sprintf("questions.%d.", i)
		if get(name+"here") == "" {
			break
		}
		q := QuestionForm{ID: get(name + "id"), Prompt: get(name + "prompt"), Explanation: get(name + "explanation")}
		for j := 0; j <= catalog.MaxOptions; j++ {
			option := fmt.Sprintf("%soptions.%d.", name, j)
			if get(option+"here") == "" {
				break
			}
			q.Options = append(q.Options, OptionForm{ID: get(option + "id"), Text: get(option + "text"), Correct: get(option+"correct") != ""})
		}
		f.Questions = append(f.Questions, q)
	}
	return f
}

// Apply does what a button of the quiz editor asks: add_question, add_option.<i>, remove_question.<i>,
// remove_option.<i>.<j>, up.<i>, down.<i>. Anything else changes nothing.
func (f LessonForm) Apply(do string) LessonForm {
	f.Questions = slices.Clone(f.Questions)
	word, rest, _ := strings.Cut(do, ".")
	if word == "add_question" {
		f.Questions = append(f.Questions, QuestionForm{ID: uid.New().String(), Options: []OptionForm{newOption(), newOption(), newOption()}})
		return f
	}
	first, second, _ := strings.Cut(rest, ".")
	i, err := strconv.Atoi(first)
	if err != nil || i < 0 || i >= len(f.Questions) {
		return f
	}
	q := &f.Questions[i]
	switch word {
	case "add_option":
		q.Options = append(slices.Clone(q.Options), newOption())
	case "remove_question":
		f.Questions = slices.Delete(f.Questions, i, i+1)
	case "remove_option":
		if j, err := strconv.Atoi(second); err == nil && j >= 0 && j < len(q.Options) {
			q.Options = slices.Delete(slices.Clone(q.Options), j, j+1)
		}
	case "up":
		if i > 0 {
			f.Questions[i-1], f.Questions[i] = f.Questions[i], f.Questions[i-1]
		}
	case "down":
		if i+1 < len(f.Questions) {
			f.Questions[i+1], f.Questions[i] = f.Questions[i], f.Questions[i+1]
		}
	}
	return f
}

// newOption has its id from the beginning: it is the same one however often it is saved.
func newOption() OptionForm { return OptionForm{ID: uid.New().String()} }

// AddPicture puts an uploaded picture at the end of the text and empties its fields.
func (f LessonForm) AddPicture(file uid.ID) LessonForm {
	alt := strings.NewReplacer("[", "(", "]", ")", "\n", " ", "\r", "", `\`, "").Replace(strings.TrimSpace(f.PictureAlt))
	f.Body = strings.TrimRight(f.Body, "\n ") + "\n\n![" + alt + "](file:" + file.String() + ")\n"
	f.Body = strings.TrimLeft(f.Body, "\n")
	f.PictureAlt = ""
	return f
}

// Tidy leaves out empty options and wholly empty questions. Save the tidy form and show it again when it is refused:
// the messages count its questions.
func (f LessonForm) Tidy() LessonForm {
	var questions []QuestionForm
	for _, q := range f.Questions {
		q.Options = slices.DeleteFunc(slices.Clone(q.Options), func(o OptionForm) bool { return strings.TrimSpace(o.Text) == "" && !o.Correct })
		if strings.TrimSpace(q.Prompt+q.Explanation) != "" || len(q.Options) > 0 {
			questions = append(questions, q)
		}
	}
	f.Questions = questions
	return f
}

// Quiz gives the questions to save. What has no id yet gets one.
func (f LessonForm) Quiz() catalog.Questions {
	out := catalog.Questions{}
	for _, q := range f.Questions {
		question := catalog.Question{ID: idOrNew(q.ID), Prompt: strings.TrimSpace(q.Prompt), Explanation: strings.TrimSpace(q.Explanation)}
		for _, o := range q.Options {
			question.Options = append(question.Options, catalog.Option{ID: idOrNew(o.ID), Text: strings.TrimSpace(o.Text), Correct: o.Correct})
		}
		out = append(out, question)
	}
	return out
}

func idOrNew(s string) uid.ID {
	if id, ok := uid.Parse(s); ok {
		return id
	}
	return uid.New()
}
