package themes

import (
	"fmt"
	"html/template"

	"lyceum/internal/remark"
	"lyceum/learning/question"
)

// Anchored is what was written, with the passages that comments are about; the zero value where nothing is written as a text.
func (i AskedItem) anchored(comments ...string) remark.Anchored {
	if i.Asked.Kind != question.Essay && i.Asked.Kind != question.ShortText || i.Answer.Text == "" {
		return remark.Anchor("", "", comments...)
	}
	return remark.Anchor(template.HTML(template.HTMLEscapeString(i.Answer.Text)), fmt.Sprintf("q%d-note", i.Number), comments...) //nolint:gosec // escaped
}

// Anchored is what the learner wrote, with the passages that were commented; nil where no passage was.
func (i AskedItem) Anchored() *remark.Anchored {
	if i.Told == nil {
		return nil
	}
	return noted(i.anchored(i.Told.Comment))
}

// Anchored is an answer with the passages that markers commented; nil where no passage was.
func (p TestReviewPage) Anchored(i AskedItem) *remark.Anchored {
	var comments []string
	for _, m := range p.Given(i.Slot) {
		comments = append(comments, m.Comment)
	}
	return noted(i.anchored(comments...))
}

// Anchored is the work with the passages that markers commented.
func (p SubmissionPage) Anchored() remark.Anchored {
	var comments []string
	for _, m := range p.Sheet.Marks {
		comments = append(comments, m.Comment)
	}
	if len(comments) == 0 {
		comments = []string{p.Sheet.Comment}
	}
	return remark.Anchor(p.Text, "note", comments...)
}

// Anchored is one submission with the passages that were commented, by its place; nil where no passage was.
func (p PlayerPage) Anchored(i int) *remark.Anchored {
	w := p.Desk.Works[i]
	if !w.Released() {
		return nil
	}
	return noted(remark.Anchor(p.Wordy(i), fmt.Sprintf("work%d-note", w.Number), w.Comment))
}

func noted(a remark.Anchored) *remark.Anchored {
	if len(a.Notes()) == 0 {
		return nil
	}
	return &a
}
