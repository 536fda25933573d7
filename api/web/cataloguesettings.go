package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/themes"
)

// CatalogueSettings is where the catalogue is put in order.
type CatalogueSettings struct {
	*Site
	Catalog *catalog.Service
}

const catalogueSettings = "/settings/catalogue"

func (s CatalogueSettings) page(c *fiber.Ctx) (p themes.CatalogueSettingsPage, err error) {
	ctx := c.UserContext()
	if p.Rules, err = s.Catalog.Rules(ctx); err != nil {
		return p, err
	}
	if p.Categories, err = s.Catalog.Categories(ctx); err != nil {
		return p, err
	}
	p.Skills, err = s.Catalog.Skills(ctx, "", after(c))
	return p, err
}

// Show shows categories, skills and rules.
func (s CatalogueSettings) Show(c *fiber.Ctx) error {
	p, err := s.page(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// change does something and leads back, or shows the page again with what was refused, as fill puts it there.
func (s CatalogueSettings) change(c *fiber.Ctx, key themes.FlashKey, do func(form) (name string, err error), fill func(*themes.CatalogueSettingsPage, form, *fault.Fault)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	name, err := do(f)
	if err == nil {
		return s.changed(c, catalogueSettings, key, name)
	}
	if wantsNone(c) {
		return err
	}
	p, failed := s.page(c)
	if failed != nil {
		return failed
	}
	return s.refused(c, err, func(wrong *fault.Fault) themes.Page { fill(&p, f, wrong); return p })
}

func ofCategory(p *themes.CatalogueSettingsPage, f form, wrong *fault.Fault) {
	p.Category, p.Problem = f.get("name"), wrong
}

func ofSkill(p *themes.CatalogueSettingsPage, f form, wrong *fault.Fault) {
	p.Skill, p.Wrong = catalog.SkillInput{Name: f.get("name"), Description: f.get("description")}, wrong
}

// SetRules changes the rules.
func (s CatalogueSettings) SetRules(c *fiber.Ctx) error {
	return s.change(c, themes.FlashSaved, func(f form) (string, error) {
		return "", s.Catalog.SetRules(c.UserContext(), catalog.Rules{ReviewRequired: f.get("review_required") != ""})
	}, ofCategory)
}

// AddCategory adds a shelf.
func (s CatalogueSettings) AddCategory(c *fiber.Ctx) error {
	return s.change(c, themes.FlashCategoryAdded, func(f form) (string, error) {
		added, err := s.Catalog.AddCategory(c.UserContext(), optionalID(f.get("parent")), f.get("name"))
		return added.Name, err
	}, ofCategory)
}

// RenameCategory gives a shelf another name.
func (s CatalogueSettings) RenameCategory(c *fiber.Ctx) error {
	return s.changeCategory(c, themes.FlashSaved, func(f form, id uid.ID) error {
		return s.Catalog.RenameCategory(c.UserContext(), id, f.get("name"))
	})
}

// MoveCategory puts a shelf elsewhere.
func (s CatalogueSettings) MoveCategory(c *fiber.Ctx) error {
	return s.changeCategory(c, themes.FlashMoved, func(f form, id uid.ID) error {
		wrong := fault.Fields{}
		position := f.number(wrong, "position")
		if err := wrong.Err(); err != nil {
			return err
		}
		return s.Catalog.MoveCategory(c.UserContext(), id, optionalID(f.get("parent")), position)
	})
}

// DeleteCategory takes a shelf away.
func (s CatalogueSettings) DeleteCategory(c *fiber.Ctx) error {
	return s.changeCategory(c, themes.FlashCategoryDeleted, func(_ form, id uid.ID) error { return s.Catalog.DeleteCategory(c.UserContext(), id) })
}

func (s CatalogueSettings) changeCategory(c *fiber.Ctx, key themes.FlashKey, do func(form, uid.ID) error) error {
	category, err := id(c, "category")
	if err != nil {
		return err
	}
	return s.change(c, key, func(f form) (string, error) { return f.get("name"), do(f, category) }, ofCategory)
}

// AddSkill adds a skill.
func (s CatalogueSettings) AddSkill(c *fiber.Ctx) error {
	return s.change(c, themes.FlashSkillAdded, func(f form) (string, error) {
		k, err := s.Catalog.AddSkill(c.UserContext(), catalog.SkillInput{Name: f.get("name"), Description: f.get("description")})
		return k.Name, err
	}, ofSkill)
}

// ChangeSkill changes a skill.
func (s CatalogueSettings) ChangeSkill(c *fiber.Ctx) error {
	return s.changeSkill(c, themes.FlashSaved, func(f form, skill uid.ID) error {
		return s.Catalog.ChangeSkill(c.UserContext(), skill, catalog.SkillInput{Name: f.get("name"), Description: f.get("description")})
	})
}

// DeleteSkill takes a skill away.
func (s CatalogueSettings) DeleteSkill(c *fiber.Ctx) error {
	return s.changeSkill(c, themes.FlashSkillDeleted, func(_ form, skill uid.ID) error { return s.Catalog.DeleteSkill(c.UserContext(), skill) })
}

func (s CatalogueSettings) changeSkill(c *fiber.Ctx, key themes.FlashKey, do func(form, uid.ID) error) error {
	skill, err := id(c, "skill")
	if err != nil {
		return err
	}
	return s.change(c, key, func(f form) (string, error) { return "", do(f, skill) }, ofSkill)
}
