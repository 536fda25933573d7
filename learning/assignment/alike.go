package assignment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// Match is how much of a submission stands in another one.
type Match struct {
	OtherID    uid.ID
	Percent    int
	PersonName string
	Number     int
}

// Print is the words of a part of a submission and the fingerprints chosen from them.
type Print struct {
	SubmissionID uid.ID
	Part         string // "text", or a file's id
	LessonID     uid.ID
	EnrolmentID  uid.ID
	GroupID      *uid.ID
	Content      string
	Prints       []uint64 `gorm:"serializer:json"`
}

// TableName is submission_prints.
func (Print) TableName() string { return "submission_prints" }

// AlikeKeeper is what comparing works needs kept.
type AlikeKeeper interface {
	// PutPrints replaces the prints of a submission.
	PutPrints(ctx context.Context, submission uid.ID, prints []Print) error
	// PrintsIn reads the prints of a lesson's newest submissions, without the words.
	PrintsIn(ctx context.Context, lesson uid.ID) ([]Print, error)
	PrintsOf(ctx context.Context, submission uid.ID) ([]Print, error)
	// PutMatches replaces the matches of a submission, both ways.
	PutMatches(ctx context.Context, submission uid.ID, there, back []Match) error
	MatchesOf(ctx context.Context, submission uid.ID, limit int) ([]Match, error)
}

// MaxCompared is how many bytes of a file are read to be compared, and MaxContent how many bytes of words are kept.
const (
	MaxCompared = 20 << 20
	MaxContent  = 400_000
)

// Fingerprint compares a submission with the others of its cohort, where the rules ask for it. It is a job's, may be done
// again, and asks for no permission. Work of the same person and of the same group is not compared. It decides nothing:
// it is shown to who marks.
func (s *Service) Fingerprint(ctx context.Context, submission uid.ID) error {
	var w Work
	var settings Settings
	var files []File
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if w, err = s.keep.WorkByID(ctx, submission); err != nil {
			return err
		}
		if settings, err = s.rulesOf(ctx, w.Submission); err != nil {
			return err
		}
		files, err = s.keep.WorkFiles(ctx, []uid.ID{submission})
		return err
	})
	if err != nil || !settings.Alike {
		return err
	}
	prints := []Print{}
	add := func(part, text string) {
		if found := Prints(text, settings.Template+"\n"+w.Task); len(found) > 0 {
			prints = append(prints, Print{SubmissionID: w.ID, Part: part, LessonID: w.LessonID, EnrolmentID: w.EnrolmentID, GroupID: w.GroupID, Content: text, Prints: found})
		}
	}
	add("text", w.Text)
	for _, f := range files { // the bytes are read outside any transaction
		if f.Kind != FileHanded || !readable(f.Name) || f.Size > MaxCompared {
			continue
		}
		raw, _, err := s.files.Raw(ctx, f.FileID, MaxCompared)
		if err != nil {
			return fmt.Errorf("read file %s of submission %s: %w", f.FileID, w.ID, err)
		}
		add(f.FileID.String(), textOf(f.Name, raw, MaxContent))
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.PutPrints(ctx, w.ID, prints); err != nil {
			return err
		}
		there, back, err := s.compare(ctx, w, prints)
		if err != nil {
			return err
		}
		return s.keep.PutMatches(ctx, w.ID, there, back)
	})
}

// compare works out how much a submission has of the others of its lesson, and they of it.
func (s *Service) compare(ctx context.Context, w Work, prints []Print) (there, back []Match, err error) {
	all, err := s.keep.PrintsIn(ctx, w.LessonID)
	if err != nil {
		return nil, nil, err
	}
	mine, others := united(prints), map[uid.ID][]Print{}
	for _, p := range all {
		same := p.SubmissionID == w.ID || p.EnrolmentID == w.EnrolmentID || p.GroupID != nil && w.GroupID != nil && *p.GroupID == *w.GroupID
		if !same {
			others[p.SubmissionID] = append(others[p.SubmissionID], p)
		}
	}
	for id, list := range others {
		theirs := united(list)
		if n := Alike(mine, theirs); n >= MinAlike {
			there = append(there, Match{OtherID: id, Percent: n})
		}
		if n := Alike(theirs, mine); n >= MinAlike {
			back = append(back, Match{OtherID: id, Percent: n})
		}
	}
	return there, back, nil
}

func united(list []Print) (out []uint64) {
	for _, p := range list {
		out = append(out, p.Prints...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Comparison is two works side by side.
type Comparison struct {
	One, Other     Work
	Percent, Back  int // how much of one stands in the other, and the other way round
	InOne, InOther []Piece
}

// Compare shows two works of one lesson side by side, with what stands in both. It needs enrolment:mark.
func (s *Service) Compare(ctx context.Context, one, other uid.ID) (out Comparison, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		var texts [2]string
		var sets [2][]uint64
		for i, id := range []uid.ID{one, other} {
			w, err := s.keep.WorkByID(ctx, id)
			if err != nil {
				return err
			}
			prints, err := s.keep.PrintsOf(ctx, id)
			if err != nil {
				return err
			}
			sets[i], texts[i] = united(prints), joined(prints)
			if i == 0 {
				out.One = w
			} else {
				out.Other = w
			}
		}
		if out.One.LessonID != out.Other.LessonID {
			return ErrNotFound
		}
		settings, err := s.rulesOf(ctx, out.One.Submission)
		if err != nil {
			return err
		}
		out.Percent, out.Back = Alike(sets[0], sets[1]), Alike(sets[1], sets[0])
		out.InOne, out.InOther = Passages(texts[0], texts[1], settings.Template+"\n"+out.One.Task)
		out.One.hide()
		out.Other.hide()
		return nil
	})
	return out, err
}

func joined(prints []Print) string {
	parts := make([]string, 0, len(prints))
	for _, p := range slices.Backward(prints) { // the text stands behind the files' ids, and is shown first
		parts = append(parts, p.Content)
	}
	return strings.Join(parts, "\n\n")
}
