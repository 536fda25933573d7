package catalog

import (
	"context"
	"fmt"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Categories lists the tree: each before what stands in it, in order. It needs course:read or course:edit.
func (s *Service) Categories(ctx context.Context) (list []Category, err error) {
	if err = requireAny(ctx, policy.CourseRead, policy.CourseEdit, policy.CatalogueManage); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.Categories(ctx)
		return err
	})
	return list, err
}

// AddCategory adds a shelf at the end of its parent's (nil: at the top). It needs catalogue:manage.
func (s *Service) AddCategory(ctx context.Context, parent *uid.ID, name string) (c Category, err error) {
	name, err = checkedName(ctx, name)
	if err != nil {
		return Category{}, err
	}
	c = Category{ID: uid.New(), ParentID: parent, Name: name}
	err = s.rearrange(ctx, func(ctx context.Context, list []Category) error {
		if len(list) >= MaxCategories {
			return ErrCategoriesFull
		}
		depth, err := depthUnder(list, parent)
		if err != nil {
			return err
		}
		if c.Depth = depth; depth >= MaxCategoryDepth {
			return ErrCategoryDeep
		}
		c.Position = len(children(list, parent))
		if err = s.keep.AddCategory(ctx, c); err != nil {
			return err
		}
		return s.tellOf(ctx, "category.created", "category", c.ID, map[string]any{"name": c.Name})
	})
	return c, err
}

// RenameCategory gives a shelf another name. It needs catalogue:manage.
func (s *Service) RenameCategory(ctx context.Context, id uid.ID, name string) error {
	name, err := checkedName(ctx, name)
	if err != nil {
		return err
	}
	return s.rearrange(ctx, func(ctx context.Context, list []Category) error {
		c, err := categoryIn(list, id)
		if err != nil || c.Name == name {
			return err
		}
		before := c.Name
		c.Name = name
		if err = s.keep.UpdateCategories(ctx, []Category{c}); err != nil {
			return err
		}
		return s.tellOf(ctx, "category.changed", "category", id, map[string]any{"before": before, "name": name})
	})
}

// MoveCategory puts a shelf at a position, counted from 0, in another one or at the top (nil); beyond the end means the
// end. It needs catalogue:manage.
func (s *Service) MoveCategory(ctx context.Context, id uid.ID, parent *uid.ID, position int) error {
	if err := auth.Require(ctx, policy.CatalogueManage); err != nil {
		return err
	}
	return s.rearrange(ctx, func(ctx context.Context, list []Category) error {
		changed, err := moved(list, id, parent, position)
		if err != nil || len(changed) == 0 {
			return err
		}
		if err = s.keep.UpdateCategories(ctx, changed); err != nil {
			return err
		}
		c, _ := categoryIn(list, id)
		return s.tellOf(ctx, "category.moved", "category", id, map[string]any{"name": c.Name})
	})
}

// moved works out which rows change when a shelf goes elsewhere.
func moved(list []Category, id uid.ID, parent *uid.ID, position int) (changed []Category, err error) {
	c, err := categoryIn(list, id)
	if err != nil {
		return nil, err
	}
	depth, err := depthUnder(list, parent)
	if err != nil {
		return nil, err
	}
	below := under(list, id)
	if parent != nil && below[*parent] || depth+height(list, c, below) > MaxCategoryDepth {
		return nil, ErrCategoryDeep
	}
	there := slices.DeleteFunc(children(list, parent), func(o Category) bool { return o.ID == id })
	c.ParentID = parent
	there = slices.Insert(there, within(position, len(there)+1), c)
	old, _ := categoryIn(list, id)
	rows := [][]Category{there}
	if !sameParent(old.ParentID, parent) {
		rows = append(rows, slices.DeleteFunc(children(list, old.ParentID), func(o Category) bool { return o.ID == id }))
	}
	for _, row := range rows {
		for i, o := range row {
			before, _ := categoryIn(list, o.ID)
			if before.Position != i || !sameParent(before.ParentID, o.ParentID) {
				o.Position = i
				changed = append(changed, o)
			}
		}
	}
	return changed, nil
}

// DeleteCategory takes an empty shelf away; its courses stand in none then. It needs catalogue:manage.
func (s *Service) DeleteCategory(ctx context.Context, id uid.ID) error {
	if err := auth.Require(ctx, policy.CatalogueManage); err != nil {
		return err
	}
	return s.rearrange(ctx, func(ctx context.Context, list []Category) error {
		c, err := categoryIn(list, id)
		if err != nil {
			return err
		}
		if len(children(list, &id)) > 0 {
			return ErrCategoryNotEmpty
		}
		if err = s.keep.DeleteCategory(ctx, id); err != nil {
			return err
		}
		var after []Category
		for i, o := range slices.DeleteFunc(children(list, c.ParentID), func(o Category) bool { return o.ID == id }) {
			if o.Position != i {
				o.Position = i
				after = append(after, o)
			}
		}
		if err = s.keep.UpdateCategories(ctx, after); err != nil {
			return err
		}
		return s.tellOf(ctx, "category.deleted", "category", id, map[string]any{"name": c.Name})
	})
}

// rearrange changes the tree, one change after the other.
func (s *Service) rearrange(ctx context.Context, do func(context.Context, []Category) error) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err := s.keep.LockCategories(ctx)
		if err != nil {
			return err
		}
		return do(ctx, list)
	})
}

func checkedName(ctx context.Context, name string) (string, error) {
	if err := auth.Require(ctx, policy.CatalogueManage); err != nil {
		return "", err
	}
	name = line(name)
	f := fault.Fields{}
	checkName(f, name)
	return name, f.Err()
}

func checkName(f fault.Fields, name string) {
	if name == "" {
		f.Add("name", "Enter a name.")
	}
	f.Check(length(name) <= MaxName, "name", fmt.Sprintf("Use at most %d characters.", MaxName))
}

func categoryIn(list []Category, id uid.ID) (Category, error) {
	i := slices.IndexFunc(list, func(c Category) bool { return c.ID == id })
	if i < 0 {
		return Category{}, ErrCategoryNotFound
	}
	return list[i], nil
}

func sameParent(a, b *uid.ID) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// children are the shelves that stand directly in one, in order.
func children(list []Category, parent *uid.ID) (out []Category) {
	for _, c := range list {
		if sameParent(c.ParentID, parent) {
			out = append(out, c)
		}
	}
	return out
}

// depthUnder is the depth of what stands in a shelf.
func depthUnder(list []Category, parent *uid.ID) (int, error) {
	if parent == nil {
		return 0, nil
	}
	c, err := categoryIn(list, *parent)
	return c.Depth + 1, err
}

// under is a shelf and everything that stands in it, however deep.
func under(list []Category, id uid.ID) map[uid.ID]bool {
	in := map[uid.ID]bool{id: true}
	for _, c := range list { // each comes after what it stands in
		if c.ParentID != nil && in[*c.ParentID] {
			in[c.ID] = true
		}
	}
	return in
}

// height is how many levels a shelf takes with what stands in it.
func height(list []Category, of Category, below map[uid.ID]bool) int {
	deepest := of.Depth
	for _, c := range list {
		if below[c.ID] {
			deepest = max(deepest, c.Depth)
		}
	}
	return deepest - of.Depth + 1
}

// tellOf appends an event about something of the catalogue that is no course.
func (s *Service) tellOf(ctx context.Context, typ, subject string, id uid.ID, data map[string]any) error {
	e, err := event.New(ctx, s.now(), typ, subject, id, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}
