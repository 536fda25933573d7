package web

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/reminder"
	"lyceum/themes"
)

// Reminders is when people are told of what is due, what they were told, and each one's own message.
type Reminders struct {
	*Site
	Reminders *reminder.Service
	Duties    *duty.Service
}

// Show shows the rules and what is ahead.
func (r Reminders) Show(c *fiber.Ctx) error {
	ctx := c.UserContext()
	policies, err := r.Reminders.Policies(ctx)
	if err != nil {
		return err
	}
	p := themes.RemindersPage{Policies: policies}
	if p.Ahead, p.More, err = r.Reminders.Preview(ctx); err != nil {
		return err
	}
	own := map[uid.ID]bool{}
	for _, one := range policies {
		own[one.ScopeID] = true
	}
	add := func(scope reminder.Scope, id uid.ID, name string) {
		if !own[id] {
			p.Choices = append(p.Choices, themes.ReminderChoice{Of: themes.ReminderOf(scope, id), Name: name})
		}
	}
	requirements, err := r.Duties.List(ctx)
	if err != nil {
		return err
	}
	for _, one := range requirements {
		add(reminder.ScopeRequirement, one.ID, one.Name)
	}
	choices, err := r.Duties.Choices(ctx)
	if err != nil {
		return err
	}
	for _, one := range choices.Courses {
		add(reminder.ScopeCourse, one.ID, one.Title)
	}
	return r.show(c, p)
}

// of reads which rules are meant; what is nothing is the course of no id, which there is not.
func of(text string) (reminder.Scope, uid.ID) {
	if text == string(reminder.ScopePortal) || text == "" {
		return reminder.ScopePortal, uid.Nil
	}
	scope, rest, _ := strings.Cut(text, ".")
	parsed, _ := uid.Parse(rest)
	return reminder.Scope(scope), parsed
}

func (r Reminders) page(c *fiber.Ctx, which string) (p themes.ReminderRulesPage, err error) {
	scope, id := of(which)
	p.Policy, err = r.Reminders.Policy(c.UserContext(), scope, id)
	rules := p.Policy.Rules
	p.Form = themes.ReminderForm{
		On: rules.On, OnDay: rules.OnDay, App: rules.App, Mail: rules.Mail, BeforeDue: themes.ReminderSteps(rules.BeforeDue), BeforeExpiry: themes.ReminderSteps(rules.BeforeExpiry),
		OverdueEvery: strconv.Itoa(rules.OverdueEvery), OverdueTimes: strconv.Itoa(rules.OverdueTimes), EscalateAfter: strconv.Itoa(rules.EscalateAfter), QuietFrom: strconv.Itoa(rules.QuietFrom), QuietTo: strconv.Itoa(rules.QuietTo),
	}
	return p, err
}

// Rules shows the rules of the portal, a requirement or a course.
func (r Reminders) Rules(c *fiber.Ctx) error {
	p, err := r.page(c, query(c, "of"))
	if err != nil {
		return err
	}
	return r.show(c, p)
}

// SaveRules writes them.
func (r Reminders) SaveRules(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := r.page(c, f.get("of"))
	if err != nil {
		return err
	}
	p.Form = themes.ReminderForm{
		On: f.get("on") != "", OnDay: f.get("on_day") != "", App: f.get("app") != "", Mail: f.get("mail") != "", BeforeDue: f.get("before_due"), BeforeExpiry: f.get("before_expiry"),
		OverdueEvery: f.get("overdue_every"), OverdueTimes: f.get("overdue_times"), EscalateAfter: f.get("escalate_after"), QuietFrom: f.get("quiet_from"), QuietTo: f.get("quiet_to"),
	}
	wrong := fault.Fields{}
	in := p.Policy
	in.Revision = max(f.revision(), 0)
	in.Rules = reminder.Rules{
		On: p.Form.On, OnDay: p.Form.OnDay, App: p.Form.App, Mail: p.Form.Mail, BeforeDue: f.numbers(wrong, "before_due"), BeforeExpiry: f.numbers(wrong, "before_expiry"),
		OverdueEvery: f.number(wrong, "overdue_every"), OverdueTimes: f.number(wrong, "overdue_times"), EscalateAfter: f.number(wrong, "escalate_after"),
	}
	if p.Everywhere() {
		in.Rules.QuietFrom, in.Rules.QuietTo = f.number(wrong, "quiet_from"), f.number(wrong, "quiet_to")
	}
	if err = wrong.Err(); err == nil {
		_, err = r.Reminders.Save(c.UserContext(), in)
	}
	if err != nil {
		return r.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return r.done(c, "/reminders", themes.FlashSaved, "")
}

// numbers reads whole numbers that commas or blanks part.
func (f form) numbers(wrong fault.Fields, name string) (out []int) {
	for _, word := range strings.FieldsFunc(f.get(name), func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		n, err := strconv.Atoi(word)
		wrong.Check(err == nil, name, "Use numbers from 1 to 365, such as 14, 7, 1.")
		out = append(out, n)
	}
	return out
}

// RemoveRules takes rules of their own away.
func (r Reminders) RemoveRules(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	scope, id := of(f.get("of"))
	if err := r.Reminders.Remove(c.UserContext(), scope, id); err != nil {
		return err
	}
	return r.done(c, "/reminders", themes.FlashSaved, "")
}

// Sent lists what was told.
func (r Reminders) Sent(c *fiber.Ctx) error {
	p := themes.RemindersSentPage{First: after(c).After == ""}
	if one, ok := uid.Parse(query(c, "person")); ok {
		p.Person = one
	}
	var err error
	if p.List, err = r.Reminders.Sent(c.UserContext(), p.Person, after(c)); err != nil {
		return err
	}
	return r.show(c, p)
}

// Mine shows one's own message.
func (r Reminders) Mine(c *fiber.Ctx) error {
	wanted, err := id(c, "reminder")
	if err != nil {
		return err
	}
	m, err := r.Reminders.Mine(c.UserContext(), wanted)
	if err != nil {
		return err
	}
	return r.show(c, themes.ReminderPage{Message: m})
}
