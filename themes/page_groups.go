package themes

import (
	"fmt"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/intake"
)

// Flash keys of groups.
const (
	FlashGroupCreated  FlashKey = "group_created"  // Name: the group
	FlashGroupSaved    FlashKey = "group_saved"    // Name: the group
	FlashGroupDeleted  FlashKey = "group_deleted"  // Name: the group
	FlashMemberAdded   FlashKey = "member_added"   // Name: the person
	FlashMemberRemoved FlashKey = "member_removed" // Name: the person
	FlashGroupEnrolled FlashKey = "group_enrolled" // Name: the group
	FlashIntakeStopped FlashKey = "intake_stopped" // Name: the course
)

// GroupsPage is GET /groups?q=&kind=&after=.
type GroupsPage struct {
	Query  string
	Kind   group.Kind // "" is all
	Groups page.Of[group.Group]
}

func (p GroupsPage) in(c *Chrome) (string, any) { return "groups", framed[GroupsPage]{c, p} }

// Kinds lists the kinds of groups.
func (p GroupsPage) Kinds() []group.Kind { return group.Kinds() }

// GroupPage is GET /groups/:group?q=&find=&after=: a group and who is in it. It posts person (an id) to
// /groups/:group/members and nothing to /groups/:group/members/:person/remove; course (an address) and later (1) to
// /groups/:group/courses, and nothing to /groups/:group/courses/:course/stop; nothing to /groups/:group/delete.
type GroupPage struct {
	Group   group.Shown
	Query   string // part of a member's name or e-mail
	Members page.Of[group.Member]
	Find    string        // name or e-mail of whom to put in, "" before a search
	Found   []auth.Person // active people that match Find
	Inside  map[uid.ID]bool
	Intakes []intake.Listed // for who enrols people
	Courses []catalog.Card  // published ones to choose from
	Course  string          // what was typed
	Later   bool
	Problem *fault.Fault
}

func (p GroupPage) in(c *Chrome) (string, any) { return "group", framed[GroupPage]{c, p} }

// Hand tells whether people choose who is in it.
func (p GroupPage) Hand() bool { return p.Group.Kind() == group.ByHand }

// Kept tells whether a directory keeps it.
func (p GroupPage) Kept() bool { return p.Group.Kind() == group.ByDirectory }

// Has tells whether a found person is in the group.
func (p GroupPage) Has(id uid.ID) bool { return p.Inside[id] }

// Uses lists what else the group is used for: intakes have a list of their own.
func (p GroupPage) Uses() (out []group.Use) {
	for _, u := range p.Group.Uses {
		if u.Kind != group.UseEnrolled {
			out = append(out, u)
		}
	}
	return out
}

// Href is where a use leads for who may go there, else "".
func (c *Chrome) UseHref(u group.Use) string {
	if u.Kind == group.UseRule {
		return "/groups/" + u.ID.String()
	}
	if c.May(policy.CourseEdit) {
		return "/studio/" + u.ID.String()
	}
	return ""
}

// RuleValues writes a condition's values for people: names in place of ids and codes.
func (c *Chrome) RuleValues(cond group.Condition, names map[string]string) (string, error) {
	shown, err := c.ruleValues(cond, names)
	if err != nil {
		return "", err
	}
	or, err := c.T("groups.or")
	if err != nil {
		return "", err
	}
	for i := range shown {
		shown[i] = "“" + shown[i] + "”"
	}
	return strings.Join(shown, " "+or+" "), nil
}

func (c *Chrome) ruleValues(cond group.Condition, names map[string]string) (out []string, err error) {
	for _, v := range cond.Values {
		if cond.Field == group.FieldRole {
			if name, err := c.RoleName(policy.Role(v)); err == nil {
				v = name
			}
		} else if name, ok := names[v]; ok {
			v = name
		}
		out = append(out, v)
	}
	return out, nil
}

// RuleField is what a condition's field is called: one of the portal's own by its name.
func (c *Chrome) RuleField(f group.Field, names map[string]string) (string, error) {
	if name, ok := names[string(f)]; ok {
		return name, nil
	}
	return c.Named("rule_field", f)
}

// RuleKnown says whom the ids of a typed condition mean, "" where there are none.
func (c *Chrome) RuleKnown(r RuleRow, names map[string]string) string {
	var known []string
	for _, v := range strings.Split(r.Values, "\n") {
		if name, ok := names[strings.TrimSpace(v)]; ok {
			known = append(known, name)
		}
	}
	return strings.Join(known, ", ")
}

// RuleRow is one condition as it was typed.
type RuleRow struct{ Field, Op, Values string }

// GroupForm is what was typed.
type GroupForm struct {
	Name, Description string
	Match             string
	Rows              []RuleRow
}

// GroupEditPage is GET and POST /groups/:group/edit, and GET and POST /groups/new?kind= (Group is zero then): fields name,
// description and revision; for a group by rule match, and for each condition in turn field, op and values (one a line). The
// button do=save saves, do=preview shows who would be in, do=add adds an empty condition, do=remove-2 removes the third.
type GroupEditPage struct {
	Group   group.Group
	Kind    group.Kind
	Form    GroupForm
	Names   map[string]string // of people and groups that the rule names, by id
	Custom  []org.Field       // the portal's own fields that a condition may ask
	Preview *group.Preview
	Problem *fault.Fault
}

func (p GroupEditPage) in(c *Chrome) (string, any) { return "group_edit", framed[GroupEditPage]{c, p} }

// New tells whether the group is being made.
func (p GroupEditPage) New() bool { return p.Group.ID == uid.Nil }

// Ruled tells whether the group has a rule.
func (p GroupEditPage) Ruled() bool { return p.Kind == group.ByRule }

// Action is where the form goes.
func (p GroupEditPage) Action() string {
	if p.New() {
		return "/groups/new"
	}
	return "/groups/" + p.Group.ID.String() + "/edit"
}

// Back is the page before.
func (p GroupEditPage) Back() string {
	if p.New() {
		return "/groups"
	}
	return "/groups/" + p.Group.ID.String()
}

// Fields lists what a condition may ask.
func (p GroupEditPage) Fields() []group.Field { return group.Fields() }

// Ops lists how conditions compare.
func (p GroupEditPage) Ops() []group.Op { return group.Ops() }

// Fits lists the fields that a comparison is for, for the page's script.
func (p GroupEditPage) Fits(op group.Op) string {
	var fields []string
	for _, f := range group.Fields() {
		if slices.Contains(f.Ops(), op) {
			fields = append(fields, string(f))
		}
	}
	for _, own := range p.Custom {
		if f := group.CustomField(own.Code); slices.Contains(f.Ops(), op) {
			fields = append(fields, string(f))
		}
	}
	return strings.Join(fields, " ")
}

// Own is the field of a condition for one of the portal's own.
func (p GroupEditPage) Own(f org.Field) string { return string(group.CustomField(f.Code)) }

// At names a part of a condition as problems do.
func (p GroupEditPage) At(i int, part string) string { return fmt.Sprintf("conditions.%d.%s", i, part) }

// NewGroupForm is the form of a group as it is; names stand for people, whose e-mail is unknown here.
func NewGroupForm(g group.Group) GroupForm {
	form := GroupForm{Name: g.Name, Description: g.Description, Match: string(group.MatchAll)}
	if g.Rule == nil {
		return form
	}
	form.Match = string(g.Rule.Match)
	for _, c := range g.Rule.Conditions {
		form.Rows = append(form.Rows, RuleRow{Field: string(c.Field), Op: string(c.Op), Values: strings.Join(c.Values, "\n")})
	}
	return form
}
