package duty

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Input is a requirement as it is written. Revision is that of the one it was made from, 0 for a new one.
type Input struct {
	Name, Framework string
	Courses         []uid.ID // any of them fulfils it; none with a path
	Path            uid.ID   // that fulfils it; uid.Nil: the courses do
	Terms           Terms
	LeaveCourse     bool
	Status          Status      // of a new one: draft or on, "" is draft
	Role            policy.Role // that it gives; "": none
	RoleWhile       RoleWhile   // "" is RoleWhileDuty
	Revision        int
}

func (in *Input) check() error {
	in.Name, in.Framework = strings.TrimSpace(in.Name), strings.TrimSpace(in.Framework)
	f := fault.Fields{}
	f.Check(in.Name != "" && utf8.ValidString(in.Name) && utf8.RuneCountInString(in.Name) <= nameMax, "name", "Use a name of 1 to 120 characters.")
	f.Check(utf8.ValidString(in.Framework) && utf8.RuneCountInString(in.Framework) <= nameMax, "framework", "Use at most 120 characters.")
	in.Courses = unique(in.Courses)
	f.Check(in.Path == uid.Nil || len(in.Courses) == 0, "path", "Choose a path, or courses of which one is enough, not both.")
	f.Check(in.Path != uid.Nil || len(in.Courses) > 0 && len(in.Courses) <= coursesMax, "courses", "Choose 1 to 20 courses.")
	f.Check(in.Path == uid.Nil || !in.Terms.Certificate, "until_certificate", "A path has no certificate of its own. Say for how many months it is valid.")
	within := func(n *int, most int, field string) {
		f.Check(n == nil || *n >= 1 && *n <= most, field, fmt.Sprintf("Use 1 to %d, or leave it empty.", most))
	}
	within(in.Terms.ValidMonths, monthsMax, "valid_months")
	within(in.Terms.DueDays, daysMax, "due_days")
	if in.Status == "" {
		in.Status = StatusDraft
	}
	f.Check(in.Status == StatusDraft || in.Status == StatusOn, "status", "A new requirement is a draft or on.")
	f.Check(in.Terms.GraceDays >= 0 && in.Terms.GraceDays <= daysMax, "grace_days", fmt.Sprintf("Use 0 to %d days.", daysMax))
	most := daysMax
	if in.Terms.ValidMonths != nil {
		most = *in.Terms.ValidMonths * 28
	}
	f.Check(!in.Terms.FromHired || in.Terms.DueDays != nil, "due_days", "Say how many days after the day of hiring it is due.")
	if in.Role != "" && in.RoleWhile == "" {
		in.RoleWhile = RoleWhileDuty
	}
	f.Check(in.Role == "" || in.RoleWhile == RoleWhileDuty || in.RoleWhile == RoleWhileValid, "role_while", "Choose one of the options.")
	f.Check(in.Terms.RenewDays >= 0 && in.Terms.RenewDays <= most, "renew_days", "Renewal cannot open before the training was done. Use fewer days.")
	return f.Err()
}

// unique leaves out what stands there twice; the first one stays where it is.
func unique(list []uid.ID) (out []uid.ID) {
	for _, one := range list {
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

// Save writes a requirement, a new one with uid.Nil. A change of terms moves open cycles; what was completed keeps what it was
// completed under. It needs enrolment:manage; faults at the fields, ErrNotFound, ErrNameTaken, ErrChanged. Event requirement.saved.
func (s *Service) Save(ctx context.Context, id uid.ID, in Input) (out Shown, err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	if err := in.check(); err != nil {
		return out, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	now := s.now()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.known(ctx, in); err != nil {
			return err
		}
		r := Requirement{ID: id, Name: in.Name, Framework: in.Framework, ValidMonths: in.Terms.ValidMonths, DueDays: in.Terms.DueDays, GraceDays: in.Terms.GraceDays, RenewDays: in.Terms.RenewDays, KeepDay: in.Terms.KeepDay, DueAt: in.Terms.DueAt, LeaveCourse: in.LeaveCourse, Status: in.Status, DueFromHired: in.Terms.FromHired, UntilCertificate: in.Terms.Certificate, Revision: in.Revision + 1, CreatedBy: &who.PersonID, CreatedAt: now, UpdatedAt: now}
		if in.Role != "" {
			r.Role, r.RoleWhile = &in.Role, &in.RoleWhile
		}
		if in.Path != uid.Nil {
			r.PathID = &in.Path
		}
		var was Shown
		if id != uid.Nil {
			if was, err = s.keep.RequirementByID(ctx, id, now); err != nil {
				return err
			}
		}
		if err = s.mayGive(ctx, in.Role); err != nil {
			return err
		}
		if id == uid.Nil {
			r.ID, r.Revision = uid.New(), 1
			if err = s.keep.AddRequirement(ctx, r, in.Courses); err == nil {
				err = s.few(ctx)
			}
		} else {
			r.Status = was.Status
			err = s.keep.SaveRequirement(ctx, r, in.Courses)
		}
		if err != nil {
			return err
		}
		if out, err = s.settle(ctx, r.ID, Run{Cause: CauseSettled}); err != nil {
			return err
		}
		return s.tell(ctx, "requirement.saved", out, nil)
	})
	return out, err
}

// few is ErrTooMany where there are more requirements than reports show.
func (s *Service) few(ctx context.Context) error {
	n, err := s.keep.CountRequirements(ctx)
	if err == nil && n > requirementsMax {
		err = ErrTooMany
	}
	return err
}

// known tells what is wrong with what is to fulfil a requirement.
func (s *Service) known(ctx context.Context, in Input) error {
	if in.Path != uid.Nil {
		ok, err := s.keep.KnownPath(ctx, in.Path)
		if err == nil && (!ok || s.paths == nil) {
			err = fault.Invalid(map[string]string{"path": "Choose a path that is published and has courses."})
		}
		return err
	}
	n, err := s.keep.KnownCourses(ctx, in.Courses)
	if err == nil && n != len(in.Courses) {
		err = fault.Invalid(map[string]string{"courses": "Choose courses that are published."})
	}
	return err
}
