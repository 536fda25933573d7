package catalog

import (
	"context"
	"fmt"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// SkillInput is a skill as it is wished.
type SkillInput struct{ Name, Description string }

func (in *SkillInput) checked() error {
	in.Name, in.Description = line(in.Name), strings.TrimSpace(printable(in.Description))
	f := fault.Fields{}
	checkName(f, in.Name)
	f.Check(length(in.Description) <= MaxDescription, "description", fmt.Sprintf("Use at most %d characters.", MaxDescription))
	return f.Err()
}

// Skills lists skills by name, those whose name has the query in it. It needs course:read or course:edit.
func (s *Service) Skills(ctx context.Context, query string, p page.Request) (out page.Of[Skill], err error) {
	if err = requireAny(ctx, policy.CourseRead, policy.CourseEdit, policy.CatalogueManage); err != nil {
		return out, err
	}
	if query = line(query); length(query) > MaxName {
		return out, fault.Fields{"query": fmt.Sprintf("Search for at most %d characters.", MaxName)}.Err()
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.keep.Skills(ctx, query, p)
		return err
	})
	return out, err
}

// AddSkill adds a skill and tells of it. It needs catalogue:manage.
func (s *Service) AddSkill(ctx context.Context, in SkillInput) (k Skill, err error) {
	if err = auth.Require(ctx, policy.CatalogueManage); err != nil {
		return Skill{}, err
	}
	if err = in.checked(); err != nil {
		return Skill{}, err
	}
	k = Skill{ID: uid.New(), Name: in.Name, Description: in.Description, CreatedAt: s.now()}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.AddSkill(ctx, k); err != nil {
			return err
		}
		return s.tellOf(ctx, "skill.created", "skill", k.ID, map[string]any{"name": k.Name})
	})
	return k, err
}

// ChangeSkill gives a skill another name and description. It needs catalogue:manage.
func (s *Service) ChangeSkill(ctx context.Context, id uid.ID, in SkillInput) error {
	if err := auth.Require(ctx, policy.CatalogueManage); err != nil {
		return err
	}
	if err := in.checked(); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		k, err := s.keep.SkillByID(ctx, id)
		if err != nil {
			return err
		}
		before := k.Name
		k.Name, k.Description = in.Name, in.Description
		if err = s.keep.UpdateSkill(ctx, k); err != nil {
			return err
		}
		return s.tellOf(ctx, "skill.changed", "skill", id, map[string]any{"before": before, "name": k.Name})
	})
}

// DeleteSkill takes a skill away, from the courses that teach it too. It needs catalogue:manage.
func (s *Service) DeleteSkill(ctx context.Context, id uid.ID) error {
	if err := auth.Require(ctx, policy.CatalogueManage); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		k, err := s.keep.SkillByID(ctx, id)
		if err != nil {
			return err
		}
		if err = s.keep.DeleteSkill(ctx, id); err != nil {
			return err
		}
		return s.tellOf(ctx, "skill.deleted", "skill", id, map[string]any{"name": k.Name})
	})
}

// Tags suggests tags that begin with a text, the most used first, at most MaxSuggested. It needs course:edit.
func (s *Service) Tags(ctx context.Context, prefix string) (list []Tag, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.Tags(ctx, strings.ToLower(line(prefix)), MaxSuggested)
		return err
	})
	return list, err
}

// Rules gives how the portal keeps its catalogue. It needs course:edit or catalogue:manage.
func (s *Service) Rules(ctx context.Context) (Rules, error) {
	if err := requireAny(ctx, policy.CourseEdit, policy.CatalogueManage, policy.CourseReview, policy.CoursePublish); err != nil {
		return Rules{}, err
	}
	return s.keep.CatalogueRules(ctx)
}

// SetRules changes how the portal keeps its catalogue and tells of it as catalogue.rules_changed. It needs
// catalogue:manage.
func (s *Service) SetRules(ctx context.Context, r Rules) error {
	if err := auth.Require(ctx, policy.CatalogueManage); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		before, err := s.keep.CatalogueRules(ctx)
		if err != nil || before == r {
			return err
		}
		if err = s.keep.SaveCatalogueRules(ctx, r, s.now()); err != nil {
			return err
		}
		return s.tellOf(ctx, "catalogue.rules_changed", "catalogue", uid.Nil, map[string]any{"review_required": r.ReviewRequired})
	})
}
