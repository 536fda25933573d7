package assignment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// DraftInput is what is being written.
type DraftInput struct {
	Enrolment uid.ID
	Lesson    uid.ID
	Revision  int // the one it was written on; 0: nothing was saved yet
	Text      string
	Files     []uid.ID
}

// SaveDraft keeps what is being written. It is kept when this returns. One that was changed in another window meanwhile
// is ErrDraftChanged; the same again changes nothing. It needs enrolment:self. Fields: text, files.
func (s *Service) SaveDraft(ctx context.Context, in DraftInput) (d Draft, err error) {
	in.Text = strings.ToValidUTF8(strings.ReplaceAll(strings.ReplaceAll(in.Text, "\x00", ""), "\r\n", "\n"), "")
	f := fault.Fields{}
	f.Check(utf8.RuneCountInString(in.Text) <= MaxText, "text", fmt.Sprintf("Use at most %d characters, or hand in a file.", MaxText))
	f.Check(len(in.Files) <= MaxFiles, "files", fmt.Sprintf("Hand in at most %d files.", MaxFiles))
	if err = f.Err(); err != nil {
		return Draft{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.ours(ctx, in.Enrolment)
		if err != nil {
			return err
		}
		if e, err = s.keep.LockEnrolment(ctx, e.ID); err != nil {
			return err
		}
		if e.Status == enrolment.StatusWithdrawn {
			return enrolment.ErrWithdrawn
		}
		if err = s.isTask(ctx, e.VersionID, in.Lesson); err != nil {
			return err
		}
		found := false
		if d, found, err = s.keep.DraftIn(ctx, in.Enrolment, in.Lesson); err != nil {
			return err
		}
		same := found && d.Text == in.Text && slices.Equal(d.Files, in.Files)
		if same {
			return nil
		}
		if found && d.Revision != in.Revision {
			return ErrDraftChanged
		}
		own, err := s.keep.FilesOf(ctx, in.Files, e.PersonID)
		if err != nil {
			return err
		}
		if len(own) != len(in.Files) {
			return fault.Invalid(map[string]string{"files": "A file is not here any more. Upload it again."})
		}
		d = Draft{EnrolmentID: in.Enrolment, LessonID: in.Lesson, Revision: in.Revision + 1, Text: in.Text, Files: append([]uid.ID{}, in.Files...), SavedAt: s.moment()}
		return s.keep.PutDraft(ctx, d)
	})
	if err != nil {
		return Draft{}, err
	}
	return d, nil
}

// HandInput is what is handed in.
type HandInput struct {
	Enrolment uid.ID
	Lesson    uid.ID
	Text      string
	Files     []uid.ID
}

// HandIn takes work in, by the rules of today, for the learner or for the group they are in, and gives its receipt. The
// same handed in again while it waits, as by a second press of the button, is the same submission. It needs
// enrolment:self. Fields: text, files.
func (s *Service) HandIn(ctx context.Context, in HandInput) (out Submission, err error) {
	in.Text = tidyText(in.Text)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		var st standing
		var files []File
		e := enrolment.Enrolment{}
		now := s.moment()
		if err := s.holdTeam(ctx, in); err != nil {
			return err
		}
		core, err := s.enrol.HandIn(ctx, enrolment.HandInInput{
			Enrolment: in.Enrolment, Lesson: in.Lesson, Text: in.Text,
			Rule: func(ctx context.Context, held enrolment.Enrolment, core *enrolment.HandInInput) error {
				e = held
				if st, err = s.standing(ctx, e, in.Lesson); err != nil {
					return err
				}
				if files, err = s.keep.FilesOf(ctx, in.Files, e.PersonID); err != nil {
					return err
				}
				if again := st.again(in, files); again != nil {
					out = *again
					return errAgain
				}
				if err = st.refuses(now); err != nil {
					return err
				}
				if len(files) > 0 {
					core.FileID = &files[0].FileID
				}
				for _, w := range st.works {
					core.Number = max(core.Number, w.Number+1)
				}
				return st.settings.accept(in, files)
			},
		})
		if errors.Is(err, errAgain) {
			return nil
		}
		if err != nil {
			return err
		}
		out, err = s.keepWork(ctx, core, e, st, files)
		return err
	})
	if err != nil {
		return Submission{}, err
	}
	return out, nil
}

// errAgain ends taking in what waits already; it never leaves this package.
var errAgain = errors.New("assignment: handed in already")

// again is the submission that waits and is the same as what is handed in, nil for none.
func (st standing) again(in HandInput, files []File) *Submission {
	if len(st.works) == 0 || st.works[0].Status != enrolment.SubmissionOpen || st.works[0].EnrolmentID != in.Enrolment {
		return nil
	}
	if w := st.works[0]; w.Receipt != "" && w.Receipt == receipt(w.ID, in.Text, files, w.SubmittedAt) {
		return &w
	}
	return nil
}

// accept says what is wrong with work under the rules.
func (s Settings) accept(in HandInput, files []File) error {
	f := fault.Fields{}
	f.Check(len(files) == len(in.Files), "files", "A file is not here any more. Upload it again.")
	f.Check(in.Text != "" || len(files) > 0, "text", "Write something or choose a file.")
	f.Check(!s.NoText || in.Text == "", "text", "No text is asked for. Hand in files.")
	f.Check(!s.NoText || len(files) > 0, "files", "Choose a file.")
	f.Check(!s.NoFiles || len(files) == 0, "files", "No files are asked for. Write your text.")
	f.Check(len(files) <= max(1, s.MaxFileCount()), "files", fmt.Sprintf("Hand in at most %d files.", max(1, s.MaxFileCount())))
	f.Check(utf8.RuneCountInString(in.Text) <= MaxText, "text", fmt.Sprintf("Use at most %d characters, or hand in a file.", MaxText))
	words := Words(in.Text)
	f.Check(s.NoText || words >= s.MinWords, "text", fmt.Sprintf("Write at least %d words; these are %d.", s.MinWords, words))
	f.Check(s.MaxWords == 0 || words <= s.MaxWords, "text", fmt.Sprintf("Write at most %d words; these are %d.", s.MaxWords, words))
	for _, file := range files {
		f.Check(s.Takes(file.Name), "files", fmt.Sprintf("“%s” is of a kind that is not taken here. Hand in %s.", file.Name, strings.Join(s.Types, ", ")))
		f.Check(s.FileMB == 0 || file.Size <= int64(s.FileMB)<<20, "files", fmt.Sprintf("“%s” is too large. A file may have %d MB here.", file.Name, s.FileMB))
	}
	return f.Err()
}

// holdTeam holds the enrolments of all for whom something is handed in, in an order that everybody keeps: two members who
// hand in at once do so one after the other.
func (s *Service) holdTeam(ctx context.Context, in HandInput) error {
	e, err := s.ours(ctx, in.Enrolment)
	if err != nil {
		return err
	}
	settings, _, err := s.keep.AssignmentRules(ctx, in.Lesson, 0)
	if err != nil || len(settings.Groups) == 0 {
		return err
	}
	_, _, members, err := s.keep.TeamOf(ctx, e.PersonID, e.CourseID, settings.Groups)
	if err != nil {
		return err
	}
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(a.EnrolmentID.String(), b.EnrolmentID.String()) })
	for _, m := range members {
		if _, err := s.keep.LockEnrolment(ctx, m.EnrolmentID); err != nil {
			return err
		}
	}
	return nil
}

// keepWork writes what belongs to a submission that was taken in.
func (s *Service) keepWork(ctx context.Context, core enrolment.Submission, e enrolment.Enrolment, st standing, files []File) (Submission, error) {
	w := Submission{Submission: core, DueAt: st.due, LateDays: st.late(core.SubmittedAt)}
	if st.rules > 0 {
		w.Rules = &st.rules
	}
	w.Receipt = receipt(w.ID, core.Text, files, core.SubmittedAt)
	if st.group != uid.Nil {
		w.GroupID = &st.group
	}
	if err := s.keep.UpdateWork(ctx, w); err != nil {
		return w, err
	}
	for i := range files {
		files[i].SubmissionID, files[i].Kind, files[i].Position = w.ID, FileHanded, i
	}
	if err := s.keep.AddWorkFiles(ctx, files); err != nil {
		return w, err
	}
	if w.GroupID != nil {
		ids := []uid.ID{}
		for _, m := range st.members {
			ids = append(ids, m.EnrolmentID)
		}
		if err := s.keep.AddWorkMembers(ctx, w.ID, ids); err != nil {
			return w, err
		}
		for _, m := range st.members {
			if m.EnrolmentID == e.ID {
				continue
			}
			if err := s.enrol.HandedFor(ctx, m.EnrolmentID, w.LessonID, w.ID, w.Number); err != nil {
				return w, err
			}
		}
	}
	return w, s.keep.DropDraft(ctx, w.EnrolmentID, w.LessonID)
}

// receipt is a hash of what was handed in and when: who has the work can prove that it is the one, and unchanged.
func receipt(id uid.ID, text string, files []File, at time.Time) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\n%s\n%x\n", id, at.UTC().Format(time.RFC3339Nano), sha256.Sum256([]byte(text)))
	for _, f := range files {
		_, _ = fmt.Fprintf(h, "%s %s\n", f.SHA256, f.Name)
	}
	return hex.EncodeToString(h.Sum(nil))
}
