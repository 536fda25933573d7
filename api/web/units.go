package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth/org"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// whenAsked reads the day and the day of knowledge of an address.
func whenAsked(c *fiber.Ctx) (w org.When, on, known string) {
	on, known = query(c, "on"), query(c, "known")
	if day, ok := org.ParseDay(on); ok {
		w.Day = day
	}
	if day, ok := org.ParseDay(known); ok {
		w.Known = day.Add(24*time.Hour - time.Microsecond)
	}
	return w, on, known
}

func (s Structure) units(c *fiber.Ctx, kind org.UnitKind) (p themes.UnitsPage, err error) {
	if !kind.Known() {
		kind = org.Department
	}
	p.Kind, p.Closed = kind, query(c, "closed") != ""
	p.When, p.On, p.Known = whenAsked(c)
	if !p.When.Known.IsZero() && p.When.Day.IsZero() {
		p.When.Day = org.DayOf(p.When.Known)
	}
	if !p.When.Day.IsZero() && p.When.Known.IsZero() {
		p.When.Known = s.now()
	}
	p.Units, err = s.Org.Units(c.UserContext(), kind, p.When, p.Closed)
	return p, err
}

// Units shows the departments, locations or positions.
func (s Structure) Units(c *fiber.Ctx) error {
	p, err := s.units(c, org.UnitKind(query(c, "kind")))
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// unitTyped reads a unit's form.
func unitTyped(f form) (themes.UnitForm, org.UnitInput) {
	typed := themes.UnitForm{Name: f.get("name"), Code: f.get("code"), Parent: f.get("parent")}
	in := org.UnitInput{Kind: org.UnitKind(f.get("kind")), Name: typed.Name, Code: typed.Code}
	if parent, ok := uid.Parse(typed.Parent); ok {
		in.Parent = &parent
	}
	return typed, in
}

// AddUnit makes a department, location or position.
func (s Structure) AddUnit(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed, in := unitTyped(f)
	u, err := s.Org.AddUnit(c.UserContext(), in)
	if err != nil {
		p, failed := s.units(c, in.Kind)
		if failed != nil {
			return failed
		}
		p.Form = typed
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, "/people/structure/units?kind="+string(u.Kind), themes.FlashUnitMade, u.Name)
}

func (s Structure) unit(c *fiber.Ctx) (p themes.UnitPage, err error) {
	at, err := id(c, "unit")
	if err != nil {
		return p, err
	}
	if p.Unit, err = s.Org.Unit(c.UserContext(), at); err != nil {
		return p, err
	}
	p.Form = themes.UnitForm{Name: p.Unit.Name, Code: p.Unit.Code}
	if p.Unit.ParentID != nil {
		p.Form.Parent = p.Unit.ParentID.String()
	}
	p.Units, err = s.Org.Units(c.UserContext(), p.Unit.Kind, org.When{}, true)
	return p, err
}

// Unit shows one.
func (s Structure) Unit(c *fiber.Ctx) error {
	p, err := s.unit(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// onUnit does something to the unit of the path, and shows its page again when it was refused.
func (s Structure) onUnit(c *fiber.Ctx, do func(p *themes.UnitPage, f form) (themes.FlashKey, string, error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := s.unit(c)
	if err != nil {
		return err
	}
	key, name, err := do(&p, f)
	if err != nil {
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, p.At(), key, name)
}

// ChangeUnit gives one another name, code and place.
func (s Structure) ChangeUnit(c *fiber.Ctx) error {
	return s.onUnit(c, func(p *themes.UnitPage, f form) (themes.FlashKey, string, error) {
		typed, in := unitTyped(f)
		p.Form = typed
		revision, err := strconv.Atoi(f.get("revision"))
		if err != nil {
			revision = p.Unit.Revision
		}
		_, err = s.Org.ChangeUnit(c.UserContext(), p.Unit.ID, revision, in)
		return themes.FlashSaved, "", err
	})
}

// CloseUnit closes one.
func (s Structure) CloseUnit(c *fiber.Ctx) error {
	return s.onUnit(c, func(p *themes.UnitPage, _ form) (themes.FlashKey, string, error) {
		return themes.FlashSaved, "", s.Org.CloseUnit(c.UserContext(), p.Unit.ID)
	})
}

// OpenUnit opens a closed one again.
func (s Structure) OpenUnit(c *fiber.Ctx) error {
	return s.onUnit(c, func(p *themes.UnitPage, _ form) (themes.FlashKey, string, error) {
		return themes.FlashSaved, "", s.Org.OpenUnit(c.UserContext(), p.Unit.ID)
	})
}

// MergeUnit puts all that is in one into another.
func (s Structure) MergeUnit(c *fiber.Ctx) error {
	return s.onUnit(c, func(p *themes.UnitPage, f form) (themes.FlashKey, string, error) {
		p.Into = f.get("into")
		into, ok := uid.Parse(p.Into)
		if !ok {
			return "", "", fault.Invalid(map[string]string{"into": "Choose where the people go."})
		}
		moved, err := s.Org.MergeUnit(c.UserContext(), p.Unit.ID, into)
		return themes.FlashUnitMerged, strconv.Itoa(moved), err
	})
}

func (s Structure) placement(c *fiber.Ctx) (p themes.PlacementPage, err error) {
	ctx := c.UserContext()
	person, err := id(c, "id")
	if err != nil {
		return p, err
	}
	var w org.When
	w, p.On, p.Known = whenAsked(c)
	if p.Placement, err = s.Org.Placement(ctx, person, w); err != nil {
		return p, err
	}
	if p.Units, _, err = s.Org.Choices(ctx); err != nil {
		return p, err
	}
	p.Typed = map[string]string{}
	for _, f := range p.Placement.Facts {
		switch {
		case f.UnitID != nil:
			p.Typed[string(f.Kind)] = f.UnitID.String()
		case f.ManagerID != nil:
			m, err := s.Org.Place(ctx, *f.ManagerID)
			if err != nil {
				return p, err
			}
			p.Typed[string(f.Kind)] = m.Person.Email
		default:
			p.Typed["fields."+f.Code] = f.Value
		}
	}
	return p, nil
}

// Placement shows where a person stands and stood.
func (s Structure) Placement(c *fiber.Ctx) error {
	p, err := s.placement(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// SetPlacement says where a person stands, from a day on or from today.
func (s Structure) SetPlacement(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := s.placement(c)
	if err != nil {
		return err
	}
	held, typed := p.Typed, map[string]string{"since": f.get("since")}
	p.Typed = typed
	in := org.PlaceInput{Fields: map[string]string{}}
	wrong := fault.Fields{}
	changed := func(name string) bool { // with a day all that is typed counts from it; else what is another than before
		typed[name] = strings.TrimSpace(f.get(name))
		return typed[name] != held[name]
	}
	for name, to := range map[string]**uid.ID{"department": &in.Department, "location": &in.Location, "position": &in.Position} {
		if changed(name) {
			unit, _ := uid.Parse(typed[name])
			*to = &unit
		}
	}
	for name, to := range map[string]**uid.ID{"functional": &in.Functional, "mentor": &in.Mentor} {
		if !changed(name) {
			continue
		}
		manager := uid.Nil
		if typed[name] != "" {
			if manager, err = s.Org.Named(c.UserContext(), typed[name]); err != nil {
				wrong.Check(false, name, fault.Of(err).Text)
				continue
			}
		}
		*to = &manager
	}
	for _, one := range p.Placement.Fields {
		if name := p.Name(one); changed(name) {
			in.Fields[one.Code] = typed[name]
		}
	}
	if typed["since"] != "" {
		day, ok := org.ParseDay(typed["since"])
		wrong.Check(ok, "since", "Write a day as year-month-day, for example 2026-03-31.")
		in.Since = &day
	}
	if err = wrong.Err(); err == nil {
		err = s.Org.SetPlacement(c.UserContext(), p.Placement.Person.ID, in)
	}
	if err != nil {
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, p.At(), themes.FlashSaved, "")
}

func (s Structure) fields(c *fiber.Ctx) (p themes.PersonFieldsPage, err error) {
	ctx := c.UserContext()
	p.Form = themes.PersonFieldForm{Kind: string(org.FieldText), SeenBy: string(org.CircleRead), EditedBy: string(org.CircleManage)}
	if p.Fields, err = s.Org.Fields(ctx, true); err == nil {
		p.Kinds, err = s.Org.TeamKinds(ctx)
	}
	return p, err
}

// Fields shows the portal's own fields of a person.
func (s Structure) Fields(c *fiber.Ctx) error {
	p, err := s.fields(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

func personFieldTyped(f form) (themes.PersonFieldForm, org.FieldInput) {
	typed := themes.PersonFieldForm{
		Code: f.get("code"), Name: f.get("name"), Kind: f.get("kind"), Choices: strings.ReplaceAll(f.get("choices"), "\r", ""), Pattern: f.get("pattern"), Required: f.get("required") != "",
		SeenBy: f.get("seen_by"), EditedBy: f.get("edited_by"),
	}
	return typed, org.FieldInput{
		Code: typed.Code, Name: typed.Name, Kind: org.FieldKind(typed.Kind), Choices: strings.Split(typed.Choices, "\n"), Pattern: typed.Pattern, Required: typed.Required,
		SeenBy: org.Circle(typed.SeenBy), EditedBy: org.Circle(typed.EditedBy),
	}
}

// AddField makes a field.
func (s Structure) AddField(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed, in := personFieldTyped(f)
	made, err := s.Org.AddField(c.UserContext(), in)
	if err != nil {
		p, failed := s.fields(c)
		if failed != nil {
			return failed
		}
		p.Form = typed
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, "/people/fields", themes.FlashFieldMade, made.Name)
}

// SetManagers says which managers beside the line's see their people.
func (s Structure) SetManagers(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	kinds := []org.SpanKind{}
	for _, k := range f.all("kinds") {
		kinds = append(kinds, org.SpanKind(k))
	}
	if err := s.Org.SetTeamKinds(c.UserContext(), kinds); err != nil {
		p, failed := s.fields(c)
		if failed != nil {
			return failed
		}
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, "/people/fields", themes.FlashSaved, "")
}

func (s Structure) field(c *fiber.Ctx) (p themes.PersonFieldPage, err error) {
	at, err := id(c, "field")
	if err != nil {
		return p, err
	}
	all, err := s.Org.Fields(c.UserContext(), true)
	if err != nil {
		return p, err
	}
	for _, f := range all {
		if f.ID == at {
			p.Field, p.Form = f, themes.NewPersonFieldForm(f)
			return p, nil
		}
	}
	return p, org.ErrNoField
}

// Field shows one field.
func (s Structure) Field(c *fiber.Ctx) error {
	p, err := s.field(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// ChangeField changes one.
func (s Structure) ChangeField(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := s.field(c)
	if err != nil {
		return err
	}
	typed, in := personFieldTyped(f)
	typed.Kind, typed.Code = string(p.Field.Kind), p.Field.Code
	p.Form = typed
	revision, err := strconv.Atoi(f.get("revision"))
	if err != nil {
		revision = p.Field.Revision
	}
	if _, err := s.Org.ChangeField(c.UserContext(), p.Field.ID, revision, in); err != nil {
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, p.At(), themes.FlashSaved, "")
}

// MoveField has a field stand further up or down.
func (s Structure) MoveField(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := s.field(c)
	if err != nil {
		return err
	}
	all, err := s.Org.Fields(c.UserContext(), false)
	if err != nil {
		return err
	}
	ids, at := make([]uid.ID, len(all)), -1
	for i, one := range all {
		if ids[i] = one.ID; one.ID == p.Field.ID {
			at = i
		}
	}
	to := at - 1
	if f.get("do") == "down" {
		to = at + 1
	}
	if at >= 0 && to >= 0 && to < len(ids) {
		ids[at], ids[to] = ids[to], ids[at]
		if err := s.Org.OrderFields(c.UserContext(), ids); err != nil {
			return err
		}
	}
	return s.to(c, "/people/fields")
}

// ArchiveField and RestoreField take a field out of use and back.
func (s Structure) ArchiveField(c *fiber.Ctx) error { return s.archive(c, true) }

// RestoreField brings a field back.
func (s Structure) RestoreField(c *fiber.Ctx) error { return s.archive(c, false) }

func (s Structure) archive(c *fiber.Ctx, archive bool) error {
	p, err := s.field(c)
	if err != nil {
		return err
	}
	if err := s.Org.ArchiveField(c.UserContext(), p.Field.ID, archive); err != nil {
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, "/people/fields", themes.FlashSaved, "")
}
