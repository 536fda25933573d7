package catalog

import (
	"context"
	"fmt"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// DefaultWatched is the share of a recording that completes it, in percent, where the author says nothing.
const DefaultWatched = 90

// MaxViewed is the longest time that an author may ask a lesson to be looked at, in seconds.
const MaxViewed = 4 * 60 * 60

// LessonKinds lists every kind in the order in which authors choose.
func LessonKinds() []LessonKind {
	return []LessonKind{LessonText, LessonVideo, LessonAudio, LessonPDF, LessonFile, LessonEmbed, LessonLink, LessonQuiz, LessonTest, LessonSubmission}
}

// Known tells whether this is a kind of lesson.
func (k LessonKind) Known() bool { return k.Rules() != nil }

// Rules are what may complete a lesson of the kind, its own rule first.
func (k LessonKind) Rules() []Rule {
	switch k {
	case LessonText, LessonPDF, LessonFile, LessonEmbed, LessonLink:
		return []Rule{RuleViewed}
	case LessonVideo, LessonAudio:
		return []Rule{RuleWatched, RuleViewed}
	case LessonQuiz, LessonTest:
		return []Rule{RulePassed}
	case LessonSubmission:
		return []Rule{RuleSubmitted, RuleMarked}
	}
	return nil
}

// Recorded tells whether the kind is played: it has seconds that can be watched or heard.
func (k LessonKind) Recorded() bool { return k == LessonVideo || k == LessonAudio }

// Outside tells whether the kind shows a page of another site.
func (k LessonKind) Outside() bool { return k == LessonEmbed || k == LessonLink }

// Filed tells whether the kind is made of an uploaded file.
func (k LessonKind) Filed() bool { return k.Recorded() || k == LessonPDF || k == LessonFile }

// Completes is what completes the lesson, with nothing left to a default: the author's rule or the kind's own. seconds
// is how long its recording lasts, 0 when unknown: nobody can tell then how much was watched, so viewing it is enough.
func (l Lesson) Completes(seconds float64) Completion {
	c := l.Completion
	if rules := l.Kind.Rules(); c.Rule == "" && len(rules) > 0 {
		c = Completion{Rule: rules[0]}
	}
	switch c.Rule {
	case RuleWatched:
		if seconds <= 0 {
			return Completion{Rule: RuleViewed}
		}
		if c.Percent == 0 {
			c.Percent = DefaultWatched
		}
	case RulePassed:
		c.Percent = l.PassPercent
	case RuleViewed, RuleSubmitted, RuleMarked:
	}
	return c
}

// normalised drops what the rule does not use; a rule that the kind has by itself becomes the zero value.
func (c Completion) normalised(k LessonKind) Completion {
	switch c.Rule {
	case RuleViewed:
		c.Percent = 0
	case RuleWatched:
		c.Seconds = 0
	default:
		c.Seconds, c.Percent = 0, 0
	}
	if c.Percent == DefaultWatched {
		c.Percent = 0
	}
	if rules := k.Rules(); len(rules) > 0 && c.Rule == rules[0] && c.Seconds == 0 && c.Percent == 0 {
		return Completion{}
	}
	return c
}

// check notes a rule that the kind cannot have: fields completion.rule, completion.seconds, completion.percent.
func (c Completion) check(f fault.Fields, prefix string, k LessonKind) {
	if c.Rule == "" {
		return
	}
	fits := false
	for _, r := range k.Rules() {
		fits = fits || r == c.Rule
	}
	f.Check(fits, prefix+"completion.rule", "Choose what completes a lesson of this kind.")
	f.Check(c.Seconds >= 0 && c.Seconds <= MaxViewed, prefix+"completion.seconds", fmt.Sprintf("Enter a number of seconds from 0 to %d.", MaxViewed))
	f.Check(c.Percent >= 0 && c.Percent <= 100, prefix+"completion.percent", "Enter a share from 1 to 100 percent.")
}

// checkCompletion notes a rule that nobody could meet: a share of a recording whose duration is unknown.
func (in LessonInput) checkCompletion(f fault.Fields, prefix string, known map[uid.ID]FileInfo) {
	if in.FileID == nil || in.Completion.Rule != RuleWatched && !in.NoSkip {
		return
	}
	if info, ok := known[*in.FileID]; !ok || info.Seconds > 0 {
		return
	}
	if in.Completion.Rule == RuleWatched {
		f.Add(prefix+"completion.rule", "Nobody can tell how long this recording lasts, so a share of it cannot be asked for. Upload it as MP4, or let viewing it complete the lesson.")
	}
	if in.NoSkip {
		f.Add(prefix+"no_skip", "Nobody can tell how long this recording lasts, so it cannot be kept from being skipped. Upload it as MP4, or allow skipping.")
	}
}

// checkMeetable notes what nobody could do: see a site that is not allowed, watch a share of what has no known length.
// Lessons are by the prefix of their fields.
func (s *Service) checkMeetable(ctx context.Context, f fault.Fields, lessons map[string]LessonInput) error {
	var files []uid.ID
	embeds := false
	for _, in := range lessons {
		embeds = embeds || in.Kind == LessonEmbed && in.URL != ""
		if in.FileID != nil && (in.Completion.Rule == RuleWatched || in.NoSkip) {
			files = append(files, *in.FileID)
		}
	}
	known, err := s.filesByID(ctx, files)
	if err != nil {
		return err
	}
	var allowed []string
	if embeds {
		if allowed, err = s.embedHosts(ctx); err != nil {
			return err
		}
	}
	for prefix, in := range lessons {
		in.checkEmbed(f, prefix, allowed)
		in.checkCompletion(f, prefix, known)
	}
	return nil
}

// asInput is what checkMeetable asks of a lesson that is kept.
func (l Lesson) asInput() LessonInput {
	return LessonInput{Kind: l.Kind, FileID: l.FileID, URL: l.URL, Completion: l.Completion, NoSkip: l.NoSkip}
}
