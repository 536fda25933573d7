package org

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// FieldKind is what a field of a person holds.
type FieldKind string

// The kinds of fields.
const (
	FieldText   FieldKind = "text"
	FieldNumber FieldKind = "number" // a decimal number with a point
	FieldDate   FieldKind = "date"   // a day (ISO 8601)
	FieldChoice FieldKind = "choice" // one of Choices
)

// FieldKinds lists them.
func FieldKinds() []FieldKind { return []FieldKind{FieldText, FieldNumber, FieldDate, FieldChoice} }

// Circle is who sees or changes a field.
type Circle string

const (
	// CircleManage is who may manage people.
	CircleManage Circle = "manage"
	// CircleRead is who may look people up.
	CircleRead Circle = "read"
	// CircleSelf is the person too.
	CircleSelf Circle = "self"
)

// Circles lists them, the narrowest first.
func Circles() []Circle { return []Circle{CircleManage, CircleRead, CircleSelf} }

// Field is a field of a person that the portal defines itself. It is a row of person_fields.
type Field struct {
	ID         uid.ID
	Code       string // what lists, rules and the API call it: small letters, digits and _; unique, and stays
	Name       string
	Kind       FieldKind // stays
	Choices    []string  `gorm:"serializer:json"`
	Pattern    string    // RE2: the whole of a text must match; "" any
	Required   bool
	SeenBy     Circle
	EditedBy   Circle // CircleManage, or CircleSelf: the person too
	Position   *int   // where it stands among the others; nil: behind those that have a place, by name
	ArchivedAt *time.Time
	Revision   int
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// FieldInput is a field as it is wished. Code and Kind count when it is made only; without a code it is made of the name.
type FieldInput struct {
	Code, Name string
	Kind       FieldKind
	Choices    []string
	Pattern    string
	Required   bool
	SeenBy     Circle
	EditedBy   Circle
}

// Bounds of fields.
const (
	fieldsMax  = 50 // that are not archived
	choicesMax = 200
	valueMax   = 300
)

// Failures of fields.
var (
	ErrNoField      = fault.New(fault.KindNotFound, "person_field_not_found", "There is no such field.")
	ErrFieldCode    = fault.New(fault.KindConflict, "person_field_code_taken", "Another field has this code already. Choose another code.")
	ErrFieldChanged = fault.New(fault.KindConflict, "person_field_changed", "Someone else changed this field meanwhile. Look at it again, then save.")
	ErrFieldsFull   = fault.New(fault.KindConflict, "person_fields_full", "There are 50 fields already. Archive one that is not used.")
)

// FieldKeeper is what fields need kept.
type FieldKeeper interface {
	// PersonFields lists fields in their order; with archived those that are archived too.
	PersonFields(ctx context.Context, archived bool) ([]Field, error)
	// LockField fails with ErrNoField.
	LockField(ctx context.Context, id uid.ID) (Field, error)
	// AddField and SaveField write one; ErrFieldCode.
	AddField(ctx context.Context, f Field) error
	SaveField(ctx context.Context, f Field) error
	// PlaceFields has fields stand in this order, before all others.
	PlaceFields(ctx context.Context, ids []uid.ID) error
}

var codeShape = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// codeOf makes a code of a name: “Cost centre (new)” is cost_centre_new.
func codeOf(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	code := strings.Join(words, "_")
	if code == "" || code[0] >= '0' && code[0] <= '9' {
		code = "field_" + code
	}
	return strings.TrimRight(code[:min(len(code), 40)], "_")
}

func (in *FieldInput) validate() error {
	f := fault.Fields{}
	in.Name, in.Code = strings.TrimSpace(in.Name), strings.TrimSpace(in.Code)
	f.Check(in.Name != "", "name", "Enter a name.")
	f.Check(utf8.RuneCountInString(in.Name) <= 80 && utf8.ValidString(in.Name) && !strings.ContainsFunc(in.Name, unicode.IsControl), "name", "Use at most 80 characters.")
	if in.Code == "" {
		in.Code = codeOf(in.Name)
	}
	f.Check(codeShape.MatchString(in.Code), "code", "Use small letters, digits and _, at most 40, and begin with a letter.")
	f.Check(slices.Contains(FieldKinds(), in.Kind), "kind", "Choose text, number, date or choice.")
	f.Check(slices.Contains(Circles(), in.SeenBy), "seen_by", "Choose who sees it.")
	f.Check(in.EditedBy == CircleManage || in.EditedBy == CircleSelf, "edited_by", "Choose who changes it.")
	f.Check(in.EditedBy != CircleSelf || in.SeenBy == CircleSelf, "edited_by", "Who changes it must see it.")
	var choices []string
	for _, c := range in.Choices {
		if c = strings.TrimSpace(c); c != "" && !slices.ContainsFunc(choices, func(o string) bool { return strings.EqualFold(o, c) }) {
			choices = append(choices, c)
		}
	}
	in.Choices = choices
	f.Check(in.Kind != FieldChoice || len(choices) > 0, "choices", "Enter what can be chosen, one a line.")
	f.Check(len(choices) <= choicesMax, "choices", "Use at most 200.")
	for _, c := range choices {
		f.Check(utf8.RuneCountInString(c) <= 100 && utf8.ValidString(c) && !strings.ContainsFunc(c, unicode.IsControl), "choices", "Use at most 100 characters for each.")
	}
	if in.Kind != FieldChoice {
		in.Choices = []string{}
	}
	if in.Kind != FieldText {
		in.Pattern = ""
	}
	_, err := regexp.Compile(in.Pattern)
	f.Check(err == nil && len(in.Pattern) <= 200, "pattern", "Write a regular expression, for example “[A-Z]{2}[0-9]{4}”.")
	return f.Err()
}

// Read brings a value into the form in which it is kept; why says what is wrong with it. "" is no value.
func (f Field) Read(value string) (kept, why string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return "", ""
	}
	if utf8.RuneCountInString(value) > valueMax || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return "", "Use at most 300 characters, in one line."
	}
	switch f.Kind {
	case FieldNumber:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || n != n || n > 1e15 || n < -1e15 {
			return "", "Enter a number, for example 12.5."
		}
		return strconv.FormatFloat(n, 'f', -1, 64), ""
	case FieldDate:
		day, ok := ParseDay(value)
		if !ok {
			return "", "Write a day as year-month-day, for example 2026-03-31."
		}
		return day.String(), ""
	case FieldChoice:
		for _, c := range f.Choices {
			if strings.EqualFold(c, value) {
				return c, ""
			}
		}
		return "", "Choose one of: " + some(f.Choices) + "."
	case FieldText:
		if f.Pattern == "" {
			break
		}
		if whole, err := regexp.Compile("^(?:" + f.Pattern + ")$"); err != nil || !whole.MatchString(value) {
			return "", fmt.Sprintf("This does not have the form that the portal asks for: %s", f.Pattern)
		}
	}
	return value, ""
}

// some names the first of several.
func some(all []string) string {
	if len(all) > 8 {
		return strings.Join(all[:8], ", ") + ", …"
	}
	return strings.Join(all, ", ")
}

// Seen tells whether who asks sees a field of a person.
func (f Field) Seen(ctx context.Context, person uid.ID) bool {
	who, _ := auth.PrincipalFrom(ctx)
	return who.May.Has(policy.PersonManage) || f.SeenBy != CircleManage && who.May.Has(policy.PersonRead) || f.SeenBy == CircleSelf && who.PersonID == person
}

// Fields lists the portal's own fields in their order; archived ones too when asked. It needs person:read, and person:manage for those that
// only who manages people sees: they are left out else.
func (s *Service) Fields(ctx context.Context, archived bool) (list []Field, err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.PersonFields(ctx, archived)
		return err
	})
	return slices.DeleteFunc(list, func(f Field) bool { return !f.Seen(ctx, uid.Nil) }), err
}

// AddField makes a field: event person_field.created. It needs person:manage; ErrFieldCode, ErrFieldsFull.
func (s *Service) AddField(ctx context.Context, in FieldInput) (f Field, err error) {
	if err := in.validate(); err != nil {
		return f, err
	}
	now := s.now()
	f = Field{
		ID: uid.New(), Code: in.Code, Name: in.Name, Kind: in.Kind, Choices: in.Choices, Pattern: in.Pattern, Required: in.Required, SeenBy: in.SeenBy, EditedBy: in.EditedBy,
		Revision: 1, CreatedAt: now, UpdatedAt: now,
	}
	err = s.managing(ctx, func(ctx context.Context) error {
		if err := s.roomForFields(ctx); err != nil {
			return err
		}
		if err := s.keep.AddField(ctx, f); err != nil {
			return err
		}
		return s.tellField(ctx, "person_field.created", f)
	})
	return f, err
}

func (s *Service) roomForFields(ctx context.Context) error {
	all, err := s.keep.PersonFields(ctx, false)
	if err == nil && len(all) >= fieldsMax {
		return ErrFieldsFull
	}
	return err
}

// ChangeField changes a field, as made on a revision (below 0: on any); its code and kind stay. What people have stays until it is
// changed. Event person_field.changed. It needs person:manage; ErrNoField, ErrFieldChanged.
func (s *Service) ChangeField(ctx context.Context, id uid.ID, revision int, in FieldInput) (f Field, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if f, err = s.keep.LockField(ctx, id); err != nil {
			return err
		}
		in.Code, in.Kind = f.Code, f.Kind
		if err := in.validate(); err != nil {
			return err
		}
		if revision >= 0 && revision != f.Revision {
			return ErrFieldChanged
		}
		f.Name, f.Choices, f.Pattern, f.Required, f.SeenBy, f.EditedBy = in.Name, in.Choices, in.Pattern, in.Required, in.SeenBy, in.EditedBy
		return s.saveField(ctx, &f, "person_field.changed")
	})
	return f, err
}

func (s *Service) saveField(ctx context.Context, f *Field, typ string) error {
	f.Revision++
	f.UpdatedAt = s.now()
	if err := s.keep.SaveField(ctx, *f); err != nil {
		return err
	}
	return s.tellField(ctx, typ, *f)
}

// ArchiveField has a field asked of nobody any more, or asked again; what people have stays. Events person_field.archived,
// person_field.restored. It needs person:manage; ErrNoField, ErrFieldsFull.
func (s *Service) ArchiveField(ctx context.Context, id uid.ID, archive bool) error {
	return s.managing(ctx, func(ctx context.Context) error {
		f, err := s.keep.LockField(ctx, id)
		if err != nil || archive == (f.ArchivedAt != nil) {
			return err
		}
		now, typ := s.now(), "person_field.archived"
		if f.ArchivedAt = &now; !archive {
			if err := s.roomForFields(ctx); err != nil {
				return err
			}
			f.ArchivedAt, typ = nil, "person_field.restored"
		}
		return s.saveField(ctx, &f, typ)
	})
}

// OrderFields has the fields that are not archived stand in an order: event person_field.ordered. It needs person:manage; a fault at fields unless
// each of them stands in it once.
func (s *Service) OrderFields(ctx context.Context, ids []uid.ID) error {
	t, _ := tenant.From(ctx)
	return s.managing(ctx, func(ctx context.Context) error {
		open, err := s.keep.PersonFields(ctx, false)
		if err != nil {
			return err
		}
		var codes []string
		was := make([]uid.ID, len(open))
		for i, f := range open {
			was[i] = f.ID
		}
		for _, id := range ids {
			if at := slices.Index(was, id); at >= 0 {
				codes = append(codes, open[at].Code)
			}
		}
		slices.Sort(codes)
		if len(ids) != len(open) || len(slices.Compact(codes)) != len(open) {
			return fault.Invalid(map[string]string{"fields": "Name each field that is in use once."})
		}
		if slices.Equal(was, ids) {
			return nil
		}
		if err := s.keep.PlaceFields(ctx, ids); err != nil {
			return err
		}
		e, err := event.New(ctx, s.now(), "person_field.ordered", "tenant", t.ID, map[string]any{"fields": ids})
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, e)
	})
}

func (s *Service) tellField(ctx context.Context, typ string, f Field) error {
	e, err := event.New(ctx, s.now(), typ, "person_field", f.ID, map[string]any{"field_id": f.ID, "code": f.Code, "name": f.Name, "kind": f.Kind})
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}
