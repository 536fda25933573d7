package themes

import (
	"html/template"
	"time"

	"lyceum/internal/fault"
	"lyceum/learning/assignment"
	"lyceum/learning/enrolment"
)

// HandedText is what was written in a submission, through the sanitiser.
type HandedText = template.HTML

// Newest is what was handed in last, nil for nothing.
func (p PlayerPage) Newest() *assignment.Shown {
	if p.Desk == nil || len(p.Desk.Works) == 0 {
		return nil
	}
	return &p.Desk.Works[0]
}

// MayHandIn tells whether something may be handed in now.
func (p PlayerPage) MayHandIn() bool { return p.Desk != nil && p.Desk.Refused == nil }

// Refused is why nothing may be handed in, where the state of what was handed in does not say it already; "" else.
func (c *Chrome) Refused(d assignment.Desk) string {
	if d.Refused == nil || d.Refused == error(enrolment.ErrSubmissionWaits) || d.Refused == error(enrolment.ErrSubmissionAccepted) {
		return ""
	}
	return c.FaultText(fault.Of(d.Refused))
}

// Writing is the text of the form: what was typed and refused, the draft, or what the author lets one begin with.
func (p PlayerPage) Writing() string {
	switch {
	case p.Problem != nil && p.Text != "":
		return p.Text
	case p.Desk.Draft.Revision > 0:
		return p.Desk.Draft.Text
	}
	return p.Desk.Settings.Template
}

// Wordy is the text of one submission, by its place.
func (p PlayerPage) Wordy(i int) template.HTML {
	if i < len(p.Texts) {
		return p.Texts[i]
	}
	return ""
}

// MoreFiles tells whether another file may be added to the draft.
func (p PlayerPage) MoreFiles() bool {
	return len(p.Desk.DraftFiles) < p.Desk.Settings.MaxFileCount()
}

// Over tells whether a moment is past.
func (c *Chrome) Over(at *time.Time) bool { return at != nil && at.Before(c.now) }
