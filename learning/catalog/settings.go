package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// normalise trims and sorts what comes as lists: tags are lower case, each thing stands once.
func (in *Settings) normalise() {
	var tags []string
	for _, t := range in.Tags {
		if t = strings.ToLower(line(t)); t != "" {
			tags = append(tags, t)
		}
	}
	slices.Sort(tags)
	in.Tags = slices.Compact(tags)
	in.Skills, in.Groups = once(in.Skills), once(in.Groups)
	if in.Visibility == "" {
		in.Visibility = VisibleToAll
	}
	if in.CategoryID != nil && *in.CategoryID == uid.Nil {
		in.CategoryID = nil
	}
	if in.Visibility != VisibleToGroups {
		in.Groups = nil
	}
	if in.Capacity == 0 {
		in.WaitingList = false
	}
}

func once(ids []uid.ID) []uid.ID {
	out := slices.DeleteFunc(slices.Clone(ids), func(id uid.ID) bool { return id == uid.Nil })
	slices.SortFunc(out, func(a, b uid.ID) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(out)
}

// Validate gathers every fault: fields category_id, tags, skills, visibility, groups, capacity.
func (in Settings) Validate() error {
	f := fault.Fields{}
	f.Check(len(in.Tags) <= MaxTags, "tags", fmt.Sprintf("Use at most %d tags.", MaxTags))
	for _, t := range in.Tags {
		f.Check(length(t) <= MaxTag, "tags", fmt.Sprintf("A tag has at most %d characters.", MaxTag))
	}
	f.Check(len(in.Skills) <= MaxSkills, "skills", fmt.Sprintf("A course teaches at most %d skills.", MaxSkills))
	switch in.Visibility {
	case VisibleToAll, VisibleOnRequest:
	case VisibleToGroups:
		f.Check(len(in.Groups) > 0, "groups", "Choose at least one group that sees the course.")
		f.Check(len(in.Groups) <= MaxGroups, "groups", fmt.Sprintf("Choose at most %d groups.", MaxGroups))
	default:
		f.Add("visibility", "Choose everyone, groups or request.")
	}
	f.Check(in.Capacity >= 0 && in.Capacity <= MaxCapacity, "capacity", fmt.Sprintf("Enter a number from 1 to %d, or leave it empty for any number.", MaxCapacity))
	return f.Err()
}

// Settings gives what holds of a course whatever its version says. It needs course:edit.
func (s *Service) Settings(ctx context.Context, course uid.ID) (c Course, out Settings, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Course{}, Settings{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if c, err = s.keep.CourseByID(ctx, course); err != nil {
			return err
		}
		out, err = s.keep.CourseSettings(ctx, c)
		return err
	})
	return c, out, err
}

// Groups lists the groups that a course may be shown to. It needs course:edit.
func (s *Service) Groups(ctx context.Context) (list []GroupChoice, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.GroupChoices(ctx)
		return err
	})
	return list, err
}

// SetSettings changes them all at once and tells of it as course.settings_changed. They belong to no version: what was
// approved stays approved. It needs course:edit, and catalogue:manage to make a template of a course or take that back;
// it fails with ErrRevision when the course is not at the revision named any more.
func (s *Service) SetSettings(ctx context.Context, course uid.ID, revision int, in Settings) (c Course, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Course{}, err
	}
	in.normalise()
	if err = in.Validate(); err != nil {
		return Course{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if c, err = s.take(ctx, course, revision); err != nil {
			return err
		}
		before, err := s.keep.CourseSettings(ctx, c)
		if err != nil {
			return err
		}
		if before.Template != in.Template {
			if err = auth.Require(ctx, policy.CatalogueManage); err != nil {
				return err
			}
		}
		if err = s.checkCategory(ctx, in.CategoryID); err != nil {
			return err
		}
		if c.Review == ReviewApproved && c.ReviewedRevision == revision {
			c.ReviewedRevision = c.Revision
		}
		in.into(&c)
		if err = s.keep.UpdateCourseRow(ctx, c); err != nil {
			return err
		}
		if err = s.setLists(ctx, c.ID, before, in); err != nil {
			return err
		}
		return s.tell(ctx, "course.settings_changed", c, map[string]any{"slug": c.Slug, "changed": changedSettings(before, in), "visibility": in.Visibility})
	})
	return c, err
}

func (s *Service) checkCategory(ctx context.Context, category *uid.ID) error {
	if category == nil {
		return nil
	}
	list, err := s.keep.Categories(ctx)
	if err != nil {
		return err
	}
	if _, err = categoryIn(list, *category); err != nil {
		return fault.Fields{"category_id": "This category is not here any more. Choose another."}.Err()
	}
	return nil
}

func (s *Service) setLists(ctx context.Context, course uid.ID, before, in Settings) error {
	if !slices.Equal(before.Tags, in.Tags) {
		if err := s.keep.SetTags(ctx, course, in.Tags); err != nil {
			return err
		}
	}
	if !slices.Equal(once(before.Skills), in.Skills) {
		if err := s.keep.SetSkills(ctx, course, in.Skills); err != nil {
			return err
		}
	}
	if slices.Equal(once(before.Groups), in.Groups) {
		return nil
	}
	return s.keep.SetGroups(ctx, course, in.Groups)
}

// into writes what the course's own row holds.
func (in Settings) into(c *Course) {
	c.CategoryID, c.Visibility, c.SelfEnrol, c.Capacity, c.WaitingList, c.Template = in.CategoryID, in.Visibility, in.SelfEnrol, in.Capacity, in.WaitingList, in.Template
}

// SettingsOf is what the course's own row says.
func (c Course) SettingsOf() Settings {
	v := c.Visibility
	if v == "" {
		v = VisibleToAll
	}
	return Settings{CategoryID: c.CategoryID, Visibility: v, SelfEnrol: c.SelfEnrol, Capacity: c.Capacity, WaitingList: c.WaitingList, Template: c.Template}
}

// changedSettings names what changed, for the log.
func changedSettings(a, b Settings) (names []string) {
	for _, d := range []struct {
		name string
		same bool
	}{
		{"category", sameParent(a.CategoryID, b.CategoryID)},
		{"tags", slices.Equal(a.Tags, b.Tags)},
		{"skills", slices.Equal(once(a.Skills), once(b.Skills))},
		{"visibility", a.Visibility == b.Visibility},
		{"groups", slices.Equal(once(a.Groups), once(b.Groups))},
		{"self_enrol", a.SelfEnrol == b.SelfEnrol},
		{"capacity", a.Capacity == b.Capacity && a.WaitingList == b.WaitingList},
		{"template", a.Template == b.Template},
	} {
		if !d.same {
			names = append(names, d.name)
		}
	}
	return names
}
