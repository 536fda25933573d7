package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/intake"
	"lyceum/themes"
)

// Groups is where groups are made and used.
type Groups struct {
	*Site
	Groups  *group.Service
	Intakes *intake.Service
	Auth    *auth.Service
	Catalog *catalog.Service
	Org     *org.Service
}

// List shows the groups.
func (g Groups) List(c *fiber.Ctx) error {
	f := group.Filter{Query: query(c, "q"), Kind: group.Kind(query(c, "kind")), Page: after(c)}
	list, err := g.Groups.List(c.UserContext(), f)
	if err != nil {
		return err
	}
	return g.show(c, themes.GroupsPage{Query: f.Query, Kind: f.Kind, Groups: list})
}

// page fills a group's page.
func (g Groups) page(c *fiber.Ctx) (p themes.GroupPage, err error) {
	ctx := c.UserContext()
	at, err := id(c, "group")
	if err != nil {
		return p, err
	}
	if p.Group, err = g.Groups.Show(ctx, at); err != nil {
		return p, err
	}
	p.Query, p.Find, p.Inside = query(c, "q"), query(c, "find"), map[uid.ID]bool{}
	if p.Members, err = g.Groups.Members(ctx, at, group.MemberFilter{Query: p.Query, Page: after(c)}); err != nil {
		return p, err
	}
	may := who(ctx).May
	if may.Has(policy.EnrolmentManage) {
		if err := g.courses(ctx, &p); err != nil {
			return p, err
		}
	}
	if p.Find == "" || !p.Hand() || !may.Has(policy.GroupManage) {
		return p, nil
	}
	found, err := g.Auth.People(ctx, auth.PeopleFilter{Query: p.Find, Page: page.Request{Limit: foundPeople}})
	if err != nil {
		return p, err
	}
	for _, person := range found.Items {
		if person.Status != auth.PersonDeactivated {
			p.Found = append(p.Found, person)
		}
	}
	p.Inside, err = g.Groups.Inside(ctx, at, idsOfPeople(p.Found))
	return p, err
}

func idsOfPeople(people []auth.Person) (ids []uid.ID) {
	for _, p := range people {
		ids = append(ids, p.ID)
	}
	return ids
}

// courses fills in where the group is enrolled and where it may be.
func (g Groups) courses(ctx context.Context, p *themes.GroupPage) (err error) {
	if p.Intakes, err = g.Intakes.OfGroup(ctx, p.Group.ID); err != nil {
		return err
	}
	if !who(ctx).May.Has(policy.CourseRead) {
		return nil
	}
	cards, err := g.Catalog.Cards(ctx, catalog.CardFilter{Page: page.Request{Limit: page.MaxLimit}})
	p.Courses = cards.Items
	return err
}

// Show shows one group.
func (g Groups) Show(c *fiber.Ctx) error {
	p, err := g.page(c)
	if err != nil {
		return err
	}
	return g.show(c, p)
}

// change does something to the group of the path, and shows its page again when it was refused.
func (g Groups) change(c *fiber.Ctx, to string, key themes.FlashKey, do func(ctx context.Context, p *themes.GroupPage) (name string, err error)) error {
	p, err := g.page(c)
	if err != nil {
		return err
	}
	name, err := do(c.UserContext(), &p)
	if err != nil {
		return g.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	if to == "" {
		to = "/groups/" + p.Group.ID.String()
	}
	return g.done(c, to, key, name)
}

// Add puts a person into the group.
func (g Groups) Add(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	return g.change(c, "", themes.FlashMemberAdded, func(ctx context.Context, p *themes.GroupPage) (string, error) {
		person, ok := uid.Parse(f.get("person"))
		if !ok {
			return "", fault.Invalid(map[string]string{"person": "Choose a person."})
		}
		found, err := g.Auth.Person(ctx, person)
		if err != nil {
			return "", err
		}
		_, err = g.Groups.Add(ctx, p.Group.ID, []uid.ID{person})
		return called(found), err
	})
}

// Remove takes a person out of the group.
func (g Groups) Remove(c *fiber.Ctx) error {
	person, err := id(c, "person")
	if err != nil {
		return err
	}
	return g.change(c, "", themes.FlashMemberRemoved, func(ctx context.Context, p *themes.GroupPage) (string, error) {
		found, err := g.Auth.Person(ctx, person)
		if err != nil {
			return "", err
		}
		_, err = g.Groups.Remove(ctx, p.Group.ID, []uid.ID{person})
		return called(found), err
	})
}

// Delete removes the group.
func (g Groups) Delete(c *fiber.Ctx) error {
	return g.change(c, "/groups", themes.FlashGroupDeleted, func(ctx context.Context, p *themes.GroupPage) (string, error) {
		return p.Group.Name, g.Groups.Delete(ctx, p.Group.ID)
	})
}

// Enrol enrols the whole group in a course.
func (g Groups) Enrol(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	return g.change(c, "", themes.FlashGroupEnrolled, func(ctx context.Context, p *themes.GroupPage) (string, error) {
		p.Course, p.Later = strings.TrimSpace(f.get("course")), f.get("later") != ""
		course, err := g.Catalog.BySlug(ctx, p.Course)
		if err != nil {
			if fault.Of(err).Code == catalog.ErrCourseNotFound.Code {
				err = fault.Invalid(map[string]string{"course": "There is no such course. Choose one from the list."})
			}
			return "", err
		}
		_, err = g.Intakes.Enrol(ctx, p.Group.ID, course.ID, p.Later)
		return p.Group.Name, err
	})
}

// Stop has nobody more enrolled through the group.
func (g Groups) Stop(c *fiber.Ctx) error {
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	return g.change(c, "", themes.FlashIntakeStopped, func(ctx context.Context, p *themes.GroupPage) (string, error) {
		i := slices.IndexFunc(p.Intakes, func(one intake.Listed) bool { return one.CourseID == course })
		if i < 0 {
			return "", intake.ErrNotFound
		}
		return p.Intakes[i].CourseTitle, g.Intakes.Stop(ctx, p.Group.ID, course)
	})
}

// New shows an empty form: for a group by hand, or by rule (?kind=rule).
func (g Groups) New(c *fiber.Ctx) error {
	p := themes.GroupEditPage{Kind: group.ByHand, Form: themes.GroupForm{Match: string(group.MatchAll)}}
	if query(c, "kind") == string(group.ByRule) {
		p.Kind, p.Form.Rows = group.ByRule, []themes.RuleRow{{}}
	}
	if err := g.own(c, &p); err != nil {
		return err
	}
	return g.show(c, p)
}

// own fills in the portal's own fields that a condition may ask.
func (g Groups) own(c *fiber.Ctx, p *themes.GroupEditPage) (err error) {
	if p.Kind == group.ByRule {
		_, p.Custom, err = g.Org.Choices(c.UserContext())
	}
	return err
}

// Edit shows the form of a group.
func (g Groups) Edit(c *fiber.Ctx) error {
	p, err := g.editing(c)
	if err != nil {
		return err
	}
	if err := g.own(c, &p); err != nil {
		return err
	}
	return g.show(c, p)
}

func (g Groups) editing(c *fiber.Ctx) (p themes.GroupEditPage, err error) {
	at, err := id(c, "group")
	if err != nil {
		return p, err
	}
	shown, err := g.Groups.Show(c.UserContext(), at)
	if err == nil && shown.Kind() == group.ByDirectory {
		err = group.ErrKept
	}
	return themes.GroupEditPage{Group: shown.Group, Kind: shown.Kind(), Form: themes.NewGroupForm(shown.Group), Names: shown.Names}, err
}

// groupTyped reads the form; do is the button.
func groupTyped(f form, kind group.Kind) (themes.GroupForm, group.Input, string) {
	typed := themes.GroupForm{Name: f.get("name"), Description: f.get("description"), Match: f.get("match")}
	in := group.Input{Name: typed.Name, Description: typed.Description}
	do := f.get("do")
	if kind != group.ByRule {
		return typed, in, do
	}
	in.Rule = &group.Rule{Match: group.Match(typed.Match)}
	fields, ops, values := f.all("field"), f.all("op"), f.all("values")
	remove, err := strconv.Atoi(strings.TrimPrefix(do, "remove-"))
	if err != nil || !strings.HasPrefix(do, "remove-") {
		remove = -1
	}
	for i := range min(len(fields), len(ops), len(values)) {
		if i == remove || fields[i] == "" && do != "add" {
			continue
		}
		typed.Rows = append(typed.Rows, themes.RuleRow{Field: fields[i], Op: ops[i], Values: values[i]})
		in.Rule.Conditions = append(in.Rule.Conditions, group.Condition{
			Field: group.Field(fields[i]), Op: group.Op(ops[i]), Values: strings.Split(strings.ReplaceAll(values[i], "\r", ""), "\n"),
		})
	}
	if do == "add" || len(typed.Rows) == 0 {
		typed.Rows = append(typed.Rows, themes.RuleRow{})
	}
	return typed, in, do
}

// Create makes a group.
func (g Groups) Create(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p := themes.GroupEditPage{Kind: group.ByHand}
	if f.get("kind") == string(group.ByRule) {
		p.Kind = group.ByRule
	}
	return g.typed(c, f, p, func(ctx context.Context, in group.Input) (group.Group, error) { return g.Groups.Create(ctx, in) }, themes.FlashGroupCreated)
}

// Save changes a group.
func (g Groups) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := g.editing(c)
	if err != nil {
		return err
	}
	return g.typed(c, f, p, func(ctx context.Context, in group.Input) (group.Group, error) {
		return g.Groups.Change(ctx, p.Group.ID, f.revision(), in)
	}, themes.FlashGroupSaved)
}

// typed does what the form's button says.
func (g Groups) typed(c *fiber.Ctx, f form, p themes.GroupEditPage, save func(context.Context, group.Input) (group.Group, error), key themes.FlashKey) error {
	typed, in, do := groupTyped(f, p.Kind)
	p.Form = typed
	if err := g.own(c, &p); err != nil {
		return err
	}
	again := func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p }
	switch {
	case do == "add" || strings.HasPrefix(do, "remove-"):
		return g.show(c, p)
	case do == "preview" && in.Rule != nil:
		preview, err := g.Groups.Preview(c.UserContext(), *in.Rule)
		if err != nil {
			return g.refused(c, err, again)
		}
		p.Preview = &preview
		return g.show(c, p)
	}
	made, err := save(c.UserContext(), in)
	if err != nil {
		return g.refused(c, err, again)
	}
	return g.done(c, "/groups/"+made.ID.String(), key, made.Name)
}
