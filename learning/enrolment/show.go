package enrolment

import (
	"context"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Record is an enrolment with whose it is and the certificate that came of it.
type Record struct {
	Enrolment
	PersonName      string
	PersonEmail     string
	CertificateCode string // empty until issued, and when it was revoked
}

// Shown is an enrolment with how far the person is. The outline is that of the enrolment's own version, its lessons
// without body and questions.
type Shown struct {
	Record
	Outline  catalog.Outline
	Progress map[uid.ID]Progress // by lesson; lessons that were never opened are left out
}

// Show gives an enrolment and how far the person is, in whatever state enrolment and course are. It begins nothing,
// tells nothing and so counts as no learning. One's own needs enrolment:self, anyone's enrolment:manage; to everyone
// else there is none (ErrEnrolmentNotFound).
func (s *Service) Show(ctx context.Context, enrolment uid.ID) (Shown, error) {
	who, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return Shown{}, auth.ErrSignInFirst
	}
	return s.shown(ctx, func(ctx context.Context) (Record, error) {
		r, err := s.keep.EnrolmentRecord(ctx, enrolment)
		switch {
		case err != nil || who.May.Has(policy.EnrolmentManage):
			return r, err
		case r.PersonID != who.PersonID:
			return Record{}, ErrEnrolmentNotFound
		}
		return r, auth.Require(ctx, policy.EnrolmentSelf)
	})
}

// In is Show for the enrolment of who asks in a course, named by its address. It needs enrolment:self; who is not in
// the course, or was taken out of it, gets ErrEnrolmentNotFound.
func (s *Service) In(ctx context.Context, slug string) (Shown, error) {
	who, err := learner(ctx)
	if err != nil {
		return Shown{}, err
	}
	if catalog.CheckSlug(slug) != "" {
		return Shown{}, ErrEnrolmentNotFound
	}
	out, err := s.keep.ShownIn(ctx, who.PersonID, slug)
	if err != nil || len(out.Outline.Languages) < 2 {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out.Outline, err = catalog.InTheirLanguage(ctx, s.keep, out.Outline)
		return err
	})
	return out, err
}

func (s *Service) shown(ctx context.Context, find func(context.Context) (Record, error)) (out Shown, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out.Record, err = find(ctx); err != nil {
			return err
		}
		if out.Outline, err = s.outline(ctx, out.Enrolment); err != nil {
			return err
		}
		out.Progress, err = s.progress(ctx, out.ID)
		return err
	})
	if err != nil {
		return Shown{}, err
	}
	return out, nil
}

// progress is that of every lesson begun, by lesson.
func (s *Service) progress(ctx context.Context, enrolment uid.ID) (map[uid.ID]Progress, error) {
	list, err := s.keep.ProgressOf(ctx, enrolment)
	out := make(map[uid.ID]Progress, len(list))
	for _, p := range list {
		out[p.LessonID] = p
	}
	return out, err
}
