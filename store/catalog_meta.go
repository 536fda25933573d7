package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Categories lists the tree in the order in which it is read.
func (s *Store) Categories(ctx context.Context) (list []catalog.Category, err error) {
	err = s.tx(ctx).Raw(`with recursive tree as (
			select id, parent_id, name, position, 0 as depth, array[position] as way from categories where parent_id is null
			union all select k.id, k.parent_id, k.name, k.position, t.depth + 1, t.way || k.position from categories k join tree t on k.parent_id = t.id)
		select t.id, t.parent_id, t.name, t.position, t.depth, (select count(*) from courses c where c.category_id = t.id) as courses
		from tree t order by t.way, t.id limit ?`, catalog.MaxCategories).Scan(&list).Error
	return list, fail(err, "list categories")
}

// LockCategories lets one change of the tree happen at a time.
func (s *Store) LockCategories(ctx context.Context) ([]catalog.Category, error) {
	if err := s.tx(ctx).Exec("lock table categories in share row exclusive mode").Error; err != nil {
		return nil, fail(err, "hold the categories")
	}
	return s.Categories(ctx)
}

// AddCategory writes a new category.
func (s *Store) AddCategory(ctx context.Context, c catalog.Category) error {
	return fail(s.tx(ctx).Create(&c).Error, "add category %s", c.Name)
}

// UpdateCategories writes name, parent and position.
func (s *Store) UpdateCategories(ctx context.Context, list []catalog.Category) error {
	for _, c := range list {
		err := s.changeOne(ctx, catalog.ErrCategoryNotFound, "change category", "update categories set parent_id = ?, name = ?, position = ? where id = ?", c.ParentID, c.Name, c.Position, c.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteCategory removes a category; its courses stand in none then.
func (s *Store) DeleteCategory(ctx context.Context, id uid.ID) error {
	return s.changeOne(ctx, catalog.ErrCategoryNotFound, "delete category", "delete from categories where id = ?", id)
}

// Skills lists skills by name.
func (s *Store) Skills(ctx context.Context, query string, p page.Request) (out page.Of[catalog.Skill], err error) {
	type row struct {
		catalog.Skill
		SortName string
	}
	limit := p.Bounded()
	q := s.tx(ctx).Table("skills k").Select("k.id, k.name, k.description, k.created_at, (select count(*) from course_skills g where g.skill_id = k.id) as courses, lower(k.name) as sort_name").
		Order("lower(k.name), k.id").Limit(limit + 1)
	if query != "" {
		q = q.Where("k.name ilike ?", "%"+likeText.Replace(query)+"%")
	}
	if q, err = afterName(q, "(lower(k.name), k.id) > (?, ?)", p.After); err != nil {
		return out, err
	}
	var rows []row
	if err = q.Scan(&rows).Error; err != nil {
		return out, fail(err, "list skills")
	}
	return byName(rows, limit, func(r row) (string, uid.ID) { return r.SortName, r.ID }, func(r row) catalog.Skill { return r.Skill }), nil
}

// SkillByID reads a skill.
func (s *Store) SkillByID(ctx context.Context, id uid.ID) (k catalog.Skill, err error) {
	err = s.tx(ctx).Table("skills").Select("id, name, description, created_at").Where("id = ?", id).Take(&k).Error
	return k, notFound(err, catalog.ErrSkillNotFound, "skill %s", id)
}

// AddSkill writes a new skill.
func (s *Store) AddSkill(ctx context.Context, k catalog.Skill) error {
	return fail(s.tx(ctx).Create(&k).Error, "add skill %s", k.Name)
}

// UpdateSkill writes name and description.
func (s *Store) UpdateSkill(ctx context.Context, k catalog.Skill) error {
	return s.changeOne(ctx, catalog.ErrSkillNotFound, "change skill", "update skills set name = ?, description = ? where id = ?", k.Name, k.Description, k.ID)
}

// DeleteSkill removes a skill, from its courses too.
func (s *Store) DeleteSkill(ctx context.Context, id uid.ID) error {
	return s.changeOne(ctx, catalog.ErrSkillNotFound, "delete skill", "delete from skills where id = ?", id)
}

// Tags lists tags that begin with a text, the most used first.
func (s *Store) Tags(ctx context.Context, prefix string, n int) (list []catalog.Tag, err error) {
	err = s.tx(ctx).Table("course_tags").Select("tag, count(*) as courses").Where("tag like ?", likeText.Replace(prefix)+"%").
		Group("tag").Order("count(*) desc, tag").Limit(n).Scan(&list).Error
	return list, fail(err, "list tags")
}

// CourseSettings reads a course's lists beside what its row says, in one query.
func (s *Store) CourseSettings(ctx context.Context, c catalog.Course) (catalog.Settings, error) {
	out := c.SettingsOf()
	var rows []struct{ Kind, Value string }
	err := s.tx(ctx).Raw(`select 'tag' as kind, tag as value from course_tags where course_id = ?
		union all select 'skill', skill_id::text from course_skills where course_id = ?
		union all select 'group', group_id::text from course_groups where course_id = ? order by 1, 2`, c.ID, c.ID, c.ID).Scan(&rows).Error
	for _, r := range rows {
		id, _ := uid.Parse(r.Value)
		switch r.Kind {
		case "tag":
			out.Tags = append(out.Tags, r.Value)
		case "skill":
			out.Skills = append(out.Skills, id)
		default:
			out.Groups = append(out.Groups, id)
		}
	}
	return out, fail(err, "settings of course %s", c.ID)
}

// GroupChoices lists groups by name.
func (s *Store) GroupChoices(ctx context.Context) (list []catalog.GroupChoice, err error) {
	err = s.tx(ctx).Table("groups g").Select("g.id, g.name, (select count(*) from group_members m where m.group_id = g.id) as members").
		Order("lower(g.name), g.id").Limit(catalog.MaxChoices).Scan(&list).Error
	return list, fail(err, "list groups to choose from")
}

// SetTags writes a course's tags over those it had.
func (s *Store) SetTags(ctx context.Context, course uid.ID, tags []string) error {
	rows := make([]map[string]any, len(tags))
	for i, t := range tags {
		rows[i] = map[string]any{"course_id": course, "tag": t}
	}
	return s.rewrite(ctx, "course_tags", course, rows)
}

// SetSkills writes the skills a course teaches over those it had.
func (s *Store) SetSkills(ctx context.Context, course uid.ID, skills []uid.ID) error {
	return s.rewrite(ctx, "course_skills", course, paired("skill_id", course, skills))
}

// SetGroups writes the groups that see a course over those that did.
func (s *Store) SetGroups(ctx context.Context, course uid.ID, groups []uid.ID) error {
	return s.rewrite(ctx, "course_groups", course, paired("group_id", course, groups))
}

func paired(column string, course uid.ID, ids []uid.ID) []map[string]any {
	rows := make([]map[string]any, len(ids))
	for i, id := range ids {
		rows[i] = map[string]any{"course_id": course, column: id}
	}
	return rows
}

// rewrite replaces what a table of a course's lists has of a course.
func (s *Store) rewrite(ctx context.Context, table string, course uid.ID, rows []map[string]any) error {
	q := func() *gorm.DB { return s.tx(ctx).Table(table) }
	if err := q().Where("course_id = ?", course).Delete(nil).Error; err != nil {
		return fail(err, "clear %s of course %s", table, course)
	}
	if len(rows) == 0 {
		return nil
	}
	return fail(q().Create(rows).Error, "write %s of course %s", table, course)
}

// CatalogueRules reads how the running tenant keeps its catalogue. It needs no transaction around it.
func (s *Store) CatalogueRules(ctx context.Context) (r catalog.Rules, err error) {
	raw := ""
	err = s.single(ctx, func(rows pgx.Rows) error {
		raw = ""
		for rows.Next() {
			if err := rows.Scan(&raw); err != nil {
				return err
			}
		}
		return rows.Err()
	}, "select value::text from settings where name = 'catalogue'")
	if err != nil || raw == "" {
		return r, fail(err, "read the rules of the catalogue")
	}
	return r, json.Unmarshal([]byte(raw), &r)
}

// SaveCatalogueRules writes them.
func (s *Store) SaveCatalogueRules(ctx context.Context, r catalog.Rules, at time.Time) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("rules of the catalogue: %w", err)
	}
	err = s.tx(ctx).Exec(`insert into settings (name, value, updated_at) values ('catalogue', ?, ?)
		on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at`, string(raw), at).Error
	return fail(err, "save the rules of the catalogue")
}
