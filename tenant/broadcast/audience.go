package broadcast

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

func (s *Service) slugs(ctx context.Context, a Audience) (list []string, err error) {
	by, err := s.Keep.TenantSlugs(ctx, a.Tenants)
	for _, id := range a.Tenants {
		if by[id] != "" {
			list = append(list, by[id])
		}
	}
	slices.Sort(list)
	return list, err
}

// Chosen reads the slugs of portals as they are typed, apart by spaces, commas or lines. A fault at tenants names those that are not there.
func (s *Service) Chosen(ctx context.Context, typed string) (ids []uid.ID, err error) {
	slugs := strings.FieldsFunc(strings.ToLower(typed), func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
	slices.Sort(slugs)
	slugs = slices.Compact(slugs)
	if len(slugs) == 0 {
		return nil, nil
	}
	if len(slugs) > maxTenants {
		return nil, fault.Invalid(map[string]string{"tenants": "Choose at most 500 portals; by plan or state there may be more."})
	}
	var by map[string]uid.ID
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		by, err = s.Keep.TenantsBySlug(ctx, slugs)
		return err
	})
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, slug := range slugs {
		if id, ok := by[slug]; ok {
			ids = append(ids, id)
		} else {
			missing = append(missing, slug)
		}
	}
	if len(missing) > 0 {
		return nil, fault.Invalid(map[string]string{"tenants": "There is no portal “" + strings.Join(missing[:min(len(missing), 5)], "”, “") + "”."})
	}
	return ids, nil
}

// facts says in a few words who is meant.
func (a Audience) facts() string {
	if a.All() {
		return "all"
	}
	var parts []string
	if n := len(a.Tenants); n > 0 {
		parts = append(parts, strconv.Itoa(n)+" portals")
	}
	if len(a.Plans) > 0 {
		parts = append(parts, "plans "+strings.Join(a.Plans, ", "))
	}
	if len(a.States) > 0 {
		var states []string
		for _, s := range a.States {
			states = append(states, string(s))
		}
		parts = append(parts, "states "+strings.Join(states, ", "))
	}
	return strings.Join(parts, "; ")
}
