package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Review is where a draft stands with whoever reads it over.
type Review string

const (
	// ReviewNone is that nobody asked.
	ReviewNone Review = ""
	// ReviewRequested waits for someone to read it.
	ReviewRequested Review = "requested"
	// ReviewApproved may be published as it was read; a change asks anew.
	ReviewApproved Review = "approved"
	// ReviewReturned came back with a note.
	ReviewReturned Review = "returned"
)

// MaxNote is the longest note of a review, in characters.
const MaxNote = 2_000

// Failures of reviews.
var (
	ErrReviewNeeded     = fault.New(fault.KindConflict, "review_needed", "This portal has courses read over before they are published. Ask for a review, and publish what was approved.")
	ErrReviewNotAsked   = fault.New(fault.KindConflict, "review_not_asked", "Nobody has asked for a review of this course.")
	ErrReviewOwn        = fault.New(fault.KindConflict, "review_own", "You asked for this review yourself. Someone else has to read it over.")
	ErrNoDraft          = fault.New(fault.KindConflict, "no_draft", "This course has no draft.")
	ErrDraftExists      = fault.New(fault.KindConflict, "draft_exists", "This course has a draft already. Publish or discard it first.")
	ErrNeverPublished   = fault.New(fault.KindConflict, "never_published", "This course was never published: its draft is all there is of it.")
	ErrVersionNotFound  = fault.New(fault.KindNotFound, "version_not_found", "There is no such version of this course.")
	ErrLanguageNotFound = fault.New(fault.KindNotFound, "language_not_found", "This course is not offered in this language.")
	ErrLanguageTaken    = fault.New(fault.KindConflict, "language_taken", "This course is offered in this language already.")
)

// Approved tells whether the draft may be published where a review is required: it was approved and not changed since.
func (c Course) Approved() bool {
	return c.Review == ReviewApproved && c.ReviewedRevision == c.Revision
}

// AskReview asks for someone else to read the draft over, with a note for them, and tells of it as
// course.review_requested. What cannot be published cannot be asked for: the failures of Publish. It needs course:edit.
func (s *Service) AskReview(ctx context.Context, course uid.ID, revision int, note string) error {
	return s.review(ctx, policy.CourseEdit, course, note, func(ctx context.Context, c *Course, note string) (string, error) {
		if c.Revision != revision {
			return "", ErrRevision
		}
		if _, err := s.ready(ctx, *c); err != nil {
			return "", err
		}
		c.Review, c.ReviewNote, c.ReviewedBy, c.ReviewedRevision = ReviewRequested, note, nil, 0
		c.ReviewAskedBy = asker(ctx)
		return "course.review_requested", nil
	})
}

// Approve says that the draft may be published as it stands at this revision, and tells of it as course.approved. Who
// asked cannot approve (ErrReviewOwn); a draft that changed since is ErrRevision. It needs course:review.
func (s *Service) Approve(ctx context.Context, course uid.ID, revision int, note string) error {
	return s.review(ctx, policy.CourseReview, course, note, func(ctx context.Context, c *Course, note string) (string, error) {
		if err := mayAnswer(ctx, *c); err != nil {
			return "", err
		}
		if c.Revision != revision {
			return "", ErrRevision
		}
		c.Review, c.ReviewNote, c.ReviewedBy, c.ReviewedRevision = ReviewApproved, note, asker(ctx), revision
		return "course.approved", nil
	})
}

// Return gives the draft back with a note that says what is to be done, and tells of it as course.returned. It needs
// course:review.
func (s *Service) Return(ctx context.Context, course uid.ID, note string) error {
	return s.review(ctx, policy.CourseReview, course, note, func(ctx context.Context, c *Course, note string) (string, error) {
		if err := mayAnswer(ctx, *c); err != nil {
			return "", err
		}
		if note == "" {
			return "", fault.Fields{"note": "Say what has to be changed."}.Err()
		}
		c.Review, c.ReviewNote, c.ReviewedBy, c.ReviewedRevision = ReviewReturned, note, asker(ctx), 0
		return "course.returned", nil
	})
}

func asker(ctx context.Context) *uid.ID {
	if who, ok := auth.PrincipalFrom(ctx); ok && who.PersonID != uid.Nil {
		return &who.PersonID
	}
	return nil
}

func mayAnswer(ctx context.Context, c Course) error {
	if c.Review != ReviewRequested {
		return ErrReviewNotAsked
	}
	if who := asker(ctx); who != nil && c.ReviewAskedBy != nil && *who == *c.ReviewAskedBy {
		return ErrReviewOwn
	}
	return nil
}

// review changes where a held course stands; its revision stays, so that who writes on is not told of a conflict.
func (s *Service) review(ctx context.Context, need policy.Permission, course uid.ID, note string, do func(context.Context, *Course, string) (string, error)) error {
	if err := auth.Require(ctx, need); err != nil {
		return err
	}
	note = strings.TrimSpace(printable(note))
	if length(note) > MaxNote {
		return fault.Fields{"note": fmt.Sprintf("Use at most %d characters.", MaxNote)}.Err()
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.LockCourse(ctx, course)
		if err != nil {
			return err
		}
		if c.DraftID == nil {
			return ErrNoDraft
		}
		happened, err := do(ctx, &c, note)
		if err != nil {
			return err
		}
		if err = s.keep.UpdateCourseRow(ctx, c); err != nil {
			return err
		}
		v, err := s.keep.VersionByID(ctx, *c.DraftID)
		if err != nil {
			return err
		}
		return s.tell(ctx, happened, c, map[string]any{"slug": c.Slug, "title": v.Title, "version": v.Number, "note": note})
	})
}

// reread takes back the review of a held course when a lesson of its draft is saved. It counts the course's revision up,
// which a save does not do else: an answer given on the page as it was before must not hold for what it does not show.
// Whoever asked and whoever reads is told, as course.review_taken_back.
func (s *Service) reread(ctx context.Context, c *Course) error {
	if c.Review != ReviewRequested && c.Review != ReviewApproved {
		return nil
	}
	taken, err := s.take(ctx, c.ID, c.Revision)
	if err != nil {
		return err
	}
	v, err := s.keep.VersionByID(ctx, *taken.DraftID)
	if err != nil {
		return err
	}
	was := map[string]any{"slug": taken.Slug, "title": v.Title, "version": v.Number, "was": taken.Review, "asked_by": taken.ReviewAskedBy, "reviewed_by": taken.ReviewedBy}
	*c = taken
	c.unreviewed()
	if err = s.keep.UpdateCourseRow(ctx, *c); err != nil {
		return err
	}
	return s.tell(ctx, "course.review_taken_back", *c, was)
}

// reviewed fails with ErrReviewNeeded where the portal requires a review and this revision was not approved.
func (s *Service) reviewed(ctx context.Context, c Course, revision int) error {
	rules, err := s.keep.CatalogueRules(ctx)
	if err != nil {
		return err
	}
	if rules.ReviewRequired && (c.Review != ReviewApproved || c.ReviewedRevision != revision) {
		return ErrReviewNeeded
	}
	return nil
}

// Reviewing is a draft as who reads it over sees it.
type Reviewing struct {
	Outline  Outline // lessons without body and questions
	Changes  Changes // against what people learn from today; the zero value before the first publishing
	AskedBy  string  // a name
	Reviewer string
	Required bool  // the portal publishes nothing unread
	Own      bool  // who looks has asked for it themselves
	Missing  error // what keeps the draft from being published: ErrNothingToTeach or ErrNothingNew, nil for nothing
}

// ReviewOf shows a draft with what changed in it. It needs course:review or course:edit.
func (s *Service) ReviewOf(ctx context.Context, course uid.ID) (r Reviewing, err error) {
	if err = requireAny(ctx, policy.CourseReview, policy.CourseEdit); err != nil {
		return r, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		rules, err := s.keep.CatalogueRules(ctx)
		if err != nil {
			return err
		}
		r = Reviewing{Required: rules.ReviewRequired, Own: mayAnswer(ctx, c) == ErrReviewOwn} //nolint:errorlint // it is that very one
		if r.Outline, err = s.outline(ctx, c, c.edited(), s.keep.LessonHeads); err != nil {
			return err
		}
		if c.DraftID != nil && c.PublishedID != nil {
			if r.Changes, err = s.changes(ctx, *c.PublishedID, *c.DraftID); err != nil {
				return err
			}
		}
		if _, r.Missing = s.ready(ctx, c); r.Missing != nil && !errors.Is(r.Missing, ErrNothingToTeach) && !errors.Is(r.Missing, ErrNothingNew) {
			return r.Missing
		}
		r.AskedBy, r.Reviewer, err = s.names(ctx, c.ReviewAskedBy, c.ReviewedBy)
		return err
	})
	return r, err
}

// names gives the names of two people, "" for nobody.
func (s *Service) names(ctx context.Context, a, b *uid.ID) (string, string, error) {
	var ids []uid.ID
	for _, id := range []*uid.ID{a, b} {
		if id != nil {
			ids = append(ids, *id)
		}
	}
	if len(ids) == 0 {
		return "", "", nil
	}
	names, err := s.keep.NamesOf(ctx, ids)
	name := func(id *uid.ID) string {
		if id == nil {
			return ""
		}
		return names[*id]
	}
	return name(a), name(b), err
}
