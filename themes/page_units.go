package themes

import (
	"strings"

	"lyceum/auth/org"
	"lyceum/internal/fault"
)

// Flash keys of the structure.
const (
	FlashUnitMade   FlashKey = "unit_made"   // Name: the unit
	FlashUnitMerged FlashKey = "unit_merged" // Name: how many people moved
	FlashFieldMade  FlashKey = "field_made"  // Name: the field
)

// StructureTabs are the pages of the structure; On is the one that is shown: "lines", a kind of units, "fields" or "hr". Drawn by
// parts/structure.html.
type StructureTabs struct {
	*Chrome
	On string
}

// StructureTabs makes them.
func (c *Chrome) StructureTabs(on string) StructureTabs { return StructureTabs{c, on} }

// Kinds lists the kinds of units.
func (StructureTabs) Kinds() []org.UnitKind { return org.UnitKinds() }

// Is tells whether a page is the one that is shown.
func (t StructureTabs) Is(kind org.UnitKind) bool { return t.On == string(kind) }

func unitsOf(list []org.Branch, kind org.UnitKind) (out []org.Branch) {
	for _, b := range list {
		if b.Kind == kind {
			out = append(out, b)
		}
	}
	return out
}

// UnitForm is what was typed of a department, location or position.
type UnitForm struct{ Name, Code, Parent string }

// UnitsPage is GET /people/structure/units?kind=&on=&known=&closed=: departments, locations or positions with how many people are in
// each. It posts kind, name, code and parent (an id) to /people/structure/units.
type UnitsPage struct {
	Kind      org.UnitKind
	When      org.When // zero: now
	On, Known string
	Closed    bool // closed ones too
	Units     []org.Branch
	Form      UnitForm
	Problem   *fault.Fault
}

func (p UnitsPage) in(c *Chrome) (string, any) { return "units", framed[UnitsPage]{c, p} }

// Open lists those that people can be placed in.
func (p UnitsPage) Open() []org.Branch { return openUnits(p.Units) }

// Tree tells whether they stand in a tree.
func (p UnitsPage) Tree() bool { return p.Kind != org.Position }

// Steps indents a unit by how deep it stands.
func (p UnitsPage) Steps(b org.Branch) string { return strings.Repeat(" ", b.Depth) }

func openUnits(list []org.Branch) (out []org.Branch) {
	for _, b := range list {
		if b.ClosedAt == nil {
			out = append(out, b)
		}
	}
	return out
}

// UnitPage is GET /people/structure/units/:unit: one of them. It posts name, code, parent and revision to it; nothing to …/close and
// …/open; and into (an id) to …/merge.
type UnitPage struct {
	Unit    org.Unit
	Units   []org.Branch // all of its kind
	Form    UnitForm
	Into    string
	Problem *fault.Fault
}

func (p UnitPage) in(c *Chrome) (string, any) { return "unit", framed[UnitPage]{c, p} }

// At is its address.
func (p UnitPage) At() string { return "/people/structure/units/" + p.Unit.ID.String() }

// Branch is the unit with how many people are in it.
func (p UnitPage) Branch() (out org.Branch) {
	for _, b := range p.Units {
		if b.ID == p.Unit.ID {
			out = b
		}
	}
	return out
}

// Places lists where it may stand or be merged into: open ones that do not stand below it.
func (p UnitPage) Places() (out []org.Branch) {
	me := p.Branch()
	for _, b := range openUnits(p.Units) {
		if b.ID != me.ID && (me.Path == "" || !strings.HasPrefix(b.Path, me.Path+" / ")) {
			out = append(out, b)
		}
	}
	return out
}

// Tree tells whether it stands in a tree.
func (p UnitPage) Tree() bool { return p.Unit.Kind != org.Position }

// PersonFieldForm is what was typed of a field.
type PersonFieldForm struct {
	Code, Name, Kind, Choices, Pattern string
	Required                           bool
	SeenBy, EditedBy                   string
}

// PersonFieldsPage is GET /people/fields: the portal's own fields of a person, and which managers see people under /team. It posts code,
// name, kind, choices (one a line), pattern, required (1), seen_by and edited_by to /people/fields, and kinds to /people/fields/managers; and do (up or
// down) to …/:field/move.
type PersonFieldsPage struct {
	Fields  []org.Field
	Kinds   []org.SpanKind // managers beside the line's who see their people
	Form    PersonFieldForm
	Problem *fault.Fault
}

func (p PersonFieldsPage) in(c *Chrome) (string, any) {
	return "person_fields", framed[PersonFieldsPage]{c, p}
}

// Counts tells whether managers of a kind see their people.
func (p PersonFieldsPage) Counts(kind org.SpanKind) bool {
	for _, k := range p.Kinds {
		if k == kind {
			return true
		}
	}
	return false
}

// First tells whether a field stands before all others, Last whether it stands behind all others that are in use.
func (p PersonFieldsPage) First(f org.Field) bool { return p.Fields[0].ID == f.ID }

// Last tells whether a field stands behind all others that are in use.
func (p PersonFieldsPage) Last(f org.Field) bool {
	last := f.ID
	for _, one := range p.Fields {
		if one.ArchivedAt == nil {
			last = one.ID
		}
	}
	return last == f.ID
}

// ManagerKinds lists the managers beside the line's.
func (p PersonFieldsPage) ManagerKinds() []org.SpanKind { return org.ManagerKinds() }

// PersonFieldPage is GET /people/fields/:field: one of them. It posts what a new one has, without code and kind, and revision to it, and
// nothing to …/archive and …/restore.
type PersonFieldPage struct {
	Field   org.Field
	Form    PersonFieldForm
	Problem *fault.Fault
}

func (p PersonFieldPage) in(c *Chrome) (string, any) {
	return "person_field", framed[PersonFieldPage]{c, p}
}

// At is its address.
func (p PersonFieldPage) At() string { return "/people/fields/" + p.Field.ID.String() }

// NewPersonFieldForm is the form of a field as it is.
func NewPersonFieldForm(f org.Field) PersonFieldForm {
	return PersonFieldForm{Code: f.Code, Name: f.Name, Kind: string(f.Kind), Choices: strings.Join(f.Choices, "\n"), Pattern: f.Pattern, Required: f.Required, SeenBy: string(f.SeenBy), EditedBy: string(f.EditedBy)}
}

// FieldBox is the controls of a field with what draws them, for parts/structure.html.
type FieldBox struct {
	*Chrome
	Form    PersonFieldForm
	Problem *fault.Fault
	New     bool
}

// FieldBox makes them.
func (c *Chrome) FieldBox(f PersonFieldForm, p *fault.Fault, fresh bool) FieldBox {
	return FieldBox{c, f, p, fresh}
}

// Kinds lists what a field can hold.
func (FieldBox) Kinds() []org.FieldKind { return org.FieldKinds() }

// SeenBy lists who may see it, EditedBy who may change it.
func (FieldBox) SeenBy() []org.Circle { return org.Circles() }

// EditedBy lists who may change it.
func (FieldBox) EditedBy() []org.Circle { return []org.Circle{org.CircleManage, org.CircleSelf} }

// PlacementPage is GET /people/:id/placement?on=&known=: where a person stands and stood. It posts department, location and position (ids),
// functional and mentor (e-mails), since and fields.<code> to it.
type PlacementPage struct {
	Placement org.Placement
	On, Known string
	Units     []org.Branch // to choose from
	Typed     map[string]string
	Problem   *fault.Fault
}

func (p PlacementPage) in(c *Chrome) (string, any) { return "placement", framed[PlacementPage]{c, p} }

// At is its address.
func (p PlacementPage) At() string { return "/people/" + p.Placement.Person.ID.String() + "/placement" }

// Kinds lists the kinds of units.
func (p PlacementPage) Kinds() []org.UnitKind { return org.UnitKinds() }

// UnitsOf gives the units of a kind.
func (p PlacementPage) UnitsOf(kind org.UnitKind) []org.Branch { return unitsOf(p.Units, kind) }

// In tells whether a unit is chosen.
func (p PlacementPage) In(b org.Branch) bool { return p.Typed[string(b.Kind)] == b.ID.String() }

// ManagerKinds lists the managers beside the line's.
func (p PlacementPage) ManagerKinds() []org.SpanKind { return org.ManagerKinds() }

// Name is a control's name of a field.
func (p PlacementPage) Name(f org.Field) string { return "fields." + f.Code }

// ControlID is its id.
func (p PlacementPage) ControlID(f org.Field) string { return fieldID(p.Name(f)) }
