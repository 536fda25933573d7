package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/reminder"
)

// reminderRules are when people are reminded.
type reminderRules struct {
	On            bool  `json:"on"`
	BeforeDue     []int `json:"before_due" maxItems:"10" doc:"So many days before something is due."`
	BeforeExpiry  []int `json:"before_expiry" maxItems:"10" doc:"So many days before something ends: what must be renewed, and certificates."`
	OnDay         bool  `json:"on_day" doc:"On the day it is due or ends, too."`
	OverdueEvery  int   `json:"overdue_every" minimum:"1" maximum:"365" doc:"Days between reminders once it is overdue; the first is sent the day after."`
	OverdueTimes  int   `json:"overdue_times" minimum:"0" maximum:"52" doc:"How many of those; 0 none."`
	EscalateAfter int   `json:"escalate_after" minimum:"0" maximum:"365" doc:"So many days overdue the manager is told, once; 0 never."`
	App           bool  `json:"app"`
	Mail          bool  `json:"mail"`
	QuietFrom     int   `json:"quiet_from,omitempty" minimum:"0" maximum:"23" doc:"A full hour where the person is, from which nothing is sent. The portal's only."`
	QuietTo       int   `json:"quiet_to,omitempty" minimum:"0" maximum:"23" doc:"Until this full hour; equal ones are never quiet. The portal's only."`
}

type reminderPolicy struct {
	Scope    reminder.Scope `json:"scope" enum:"portal,requirement,course"`
	ScopeID  *uid.ID        `json:"scope_id,omitempty" doc:"The requirement or course."`
	Name     string         `json:"name,omitempty"`
	Rules    reminderRules  `json:"rules"`
	Revision int            `json:"revision" doc:"0: nobody wrote them; the portal's hold, or the defaults."`
	SavedAt  *time.Time     `json:"saved_at,omitempty"`
}

type reminderPoliciesOut struct {
	Body struct {
		Items []reminderPolicy `json:"items"`
	}
}

type reminderPolicyOut struct{ Body reminderPolicy }

type reminderRulesBody struct {
	Rules    reminderRules `json:"rules"`
	Revision int           `json:"revision,omitempty" minimum:"0" doc:"That of the rules they were made from."`
}

type reminderPortalIn struct{ Body reminderRulesBody }

type reminderRequirementIn struct {
	ID uid.ID `path:"requirement" doc:"The requirement's id."`
}

type reminderRequirementSetIn struct {
	ID   uid.ID `path:"requirement" doc:"The requirement's id."`
	Body reminderRulesBody
}

type reminderCourseIn struct {
	ID uid.ID `path:"course" doc:"The course's id."`
}

type reminderCourseSetIn struct {
	ID   uid.ID `path:"course" doc:"The course's id."`
	Body reminderRulesBody
}

type reminderItem struct {
	Kind      reminder.Kind `json:"kind" enum:"course,duty,renewal,certificate"`
	SubjectID uid.ID        `json:"subject_id" doc:"The enrolment, duty or certificate."`
	AboutID   uid.ID        `json:"about_id" doc:"Whose it is: the person told, or one whom they manage."`
	About     string        `json:"about"`
	Title     string        `json:"title"`
	At        time.Time     `json:"at" doc:"When it is due, or ends."`
	Step      int           `json:"step" doc:"Days after that; negative: before."`
}

type reminderMessage struct {
	ID       *uid.ID            `json:"id,omitempty"`
	PersonID uid.ID             `json:"person_id"`
	Name     string             `json:"name"`
	Day      string             `json:"day" doc:"Where the person is, as 2026-03-31."`
	SentAt   *time.Time         `json:"sent_at,omitempty"`
	App      bool               `json:"app"`
	Mail     reminder.MailState `json:"mail,omitempty" enum:"none,waiting,sending,sent,refused,dropped" doc:"sending: handed to the mail server; after a crash it is not sent again. dropped: it was done, or it was too late."`
	Items    []reminderItem     `json:"items"`
	More     int                `json:"more" doc:"Further things, told of as a number."`
	Devices  int                `json:"devices,omitempty" doc:"That it was sent to."`
	By       string             `json:"by,omitempty" doc:"The manager whose own reminder was the day's."`
}

type remindersIn struct {
	Paging
	Person uid.ID `query:"person" doc:"Only those of this person."`
}

type remindersAheadOut struct {
	Body struct {
		Days []reminderDay `json:"days"`
		More bool          `json:"more" doc:"There is more than was looked through."`
	}
}

type reminderDay struct {
	Day      string            `json:"day"`
	People   int               `json:"people" doc:"How many are told."`
	Messages []reminderMessage `json:"messages" doc:"The first 50 of them."`
}

type quietHours struct {
	From       *int `json:"from,omitempty" minimum:"0" maximum:"23" doc:"A full hour of one's own time zone. Left out with to: the portal's."`
	To         *int `json:"to,omitempty" minimum:"0" maximum:"23" doc:"Equal to from: never quiet."`
	PortalFrom int  `json:"portal_from"`
	PortalTo   int  `json:"portal_to"`
}

type quietHoursOut struct{ Body quietHours }

type quietHoursIn struct {
	Body struct {
		From *int `json:"from,omitempty" minimum:"0" maximum:"23"`
		To   *int `json:"to,omitempty" minimum:"0" maximum:"23"`
	}
}

func showReminderPolicy(p reminder.Policy) reminderPolicy {
	r := reminderRules(p.Rules)
	r.BeforeDue, r.BeforeExpiry = append([]int{}, r.BeforeDue...), append([]int{}, r.BeforeExpiry...)
	return reminderPolicy{Scope: p.Scope, ScopeID: unlessNil(p.ScopeID), Name: p.Name, Rules: r, Revision: p.Revision, SavedAt: utcOrNone(p.SavedAt)}
}

func showReminder(m *reminder.Message) reminderMessage {
	out := reminderMessage{ID: unlessNil(m.ID), PersonID: m.PersonID, Name: m.Name, Day: m.Day, App: m.App, Mail: m.Mail, Items: []reminderItem{}, More: m.More, Devices: m.Devices, By: m.By}
	if !m.SentAt.IsZero() {
		out.SentAt = utcOrNone(&m.SentAt)
	}
	for _, i := range m.Items {
		out.Items = append(out.Items, reminderItem{i.Kind, i.Subject, i.About, i.Name, i.Title, i.At.UTC(), i.Step})
	}
	return out
}

func (a *api) reminderOperations() {
	manage := route.For(policy.EnrolmentManage)
	shown := func(p reminder.Policy, err error) (*reminderPolicyOut, error) {
		if err != nil {
			return nil, err
		}
		return &reminderPolicyOut{showReminderPolicy(p)}, nil
	}
	save := func(ctx context.Context, s reminder.Scope, id uid.ID, in reminderRulesBody) (*reminderPolicyOut, error) {
		return shown(a.Reminders.Save(ctx, reminder.Policy{Scope: s, ScopeID: id, Rules: reminder.Rules(in.Rules), Revision: in.Revision}))
	}
	on(a, operation{method: get, path: "/reminder-rules", id: "list-reminder-rules", tag: tagEnrolments, need: manage, summary: "When people are reminded", about: "The portal's rules, and then those of requirements and courses, which go before them."},
		func(ctx context.Context, _ *struct{}) (*reminderPoliciesOut, error) {
			list, err := a.Reminders.Policies(ctx)
			if err != nil {
				return nil, err
			}
			out := &reminderPoliciesOut{}
			out.Body.Items = []reminderPolicy{}
			for _, p := range list {
				out.Body.Items = append(out.Body.Items, showReminderPolicy(p))
			}
			return out, nil
		})
	on(a, operation{method: put, path: "/reminder-rules", id: "set-reminder-rules", tag: tagEnrolments, need: route.For(policy.PersonManage), status: 200, summary: "Write the portal's rules of reminders", fails: faults{reminder.ErrChanged}},
		func(ctx context.Context, in *reminderPortalIn) (*reminderPolicyOut, error) {
			return save(ctx, reminder.ScopePortal, uid.Nil, in.Body)
		})
	own := faults{reminder.ErrNoScope, reminder.ErrChanged}
	on(a, operation{method: get, path: "/requirements/{requirement}/reminder-rules", id: "get-requirement-reminder-rules", tag: tagEnrolments, need: manage, summary: "When people are reminded of a requirement", fails: faults{reminder.ErrNoScope}},
		func(ctx context.Context, in *reminderRequirementIn) (*reminderPolicyOut, error) {
			return shown(a.Reminders.Policy(ctx, reminder.ScopeRequirement, in.ID))
		})
	on(a, operation{method: put, path: "/requirements/{requirement}/reminder-rules", id: "set-requirement-reminder-rules", tag: tagEnrolments, need: manage, status: 200, summary: "Write rules of reminders for a requirement", fails: own},
		func(ctx context.Context, in *reminderRequirementSetIn) (*reminderPolicyOut, error) {
			return save(ctx, reminder.ScopeRequirement, in.ID, in.Body)
		})
	on(a, operation{method: del, path: "/requirements/{requirement}/reminder-rules", id: "delete-requirement-reminder-rules", tag: tagEnrolments, need: manage, summary: "Use the portal's rules of reminders for a requirement again", fails: faults{reminder.ErrNoScope, reminder.ErrNotFound}},
		func(ctx context.Context, in *reminderRequirementIn) (*struct{}, error) {
			return nil, a.Reminders.Remove(ctx, reminder.ScopeRequirement, in.ID)
		})
	on(a, operation{method: get, path: "/courses/{course}/reminder-rules", id: "get-course-reminder-rules", tag: tagEnrolments, need: manage, summary: "When people are reminded of a course", fails: faults{reminder.ErrNoScope}},
		func(ctx context.Context, in *reminderCourseIn) (*reminderPolicyOut, error) {
			return shown(a.Reminders.Policy(ctx, reminder.ScopeCourse, in.ID))
		})
	on(a, operation{method: put, path: "/courses/{course}/reminder-rules", id: "set-course-reminder-rules", tag: tagEnrolments, need: manage, status: 200, summary: "Write rules of reminders for a course", fails: own},
		func(ctx context.Context, in *reminderCourseSetIn) (*reminderPolicyOut, error) {
			return save(ctx, reminder.ScopeCourse, in.ID, in.Body)
		})
	on(a, operation{method: del, path: "/courses/{course}/reminder-rules", id: "delete-course-reminder-rules", tag: tagEnrolments, need: manage, summary: "Use the portal's rules of reminders for a course again", fails: faults{reminder.ErrNoScope, reminder.ErrNotFound}},
		func(ctx context.Context, in *reminderCourseIn) (*struct{}, error) {
			return nil, a.Reminders.Remove(ctx, reminder.ScopeCourse, in.ID)
		})
	a.sentReminderOperations(manage)
}

func (a *api) sentReminderOperations(manage route.Need) {
	on(a, operation{method: get, path: "/reminders", id: "list-reminders", tag: tagEnrolments, need: manage, summary: "What people were reminded of, the newest first", about: "Kept for three years."},
		func(ctx context.Context, in *remindersIn) (*pageOut[reminderMessage], error) {
			list, err := a.Reminders.Sent(ctx, in.Person, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showReminder), nil
		})
	on(a, operation{method: get, path: "/reminders/preview", id: "preview-reminders", tag: tagEnrolments, need: manage, summary: "Who will be told of what in the next seven days", about: "If nothing is completed meanwhile. Nothing is sent."},
		func(ctx context.Context, _ *struct{}) (*remindersAheadOut, error) {
			days, more, err := a.Reminders.Preview(ctx)
			if err != nil {
				return nil, err
			}
			out := &remindersAheadOut{}
			out.Body.Days, out.Body.More = []reminderDay{}, more
			for _, d := range days {
				one := reminderDay{Day: d.Day, People: d.People, Messages: []reminderMessage{}}
				for _, m := range d.Messages {
					one.Messages = append(one.Messages, showReminder(&m))
				}
				out.Body.Days = append(out.Body.Days, one)
			}
			return out, nil
		})
	self := route.For(policy.PersonSelf)
	hours := func(ctx context.Context) (*quietHoursOut, error) {
		own, from, to, err := a.Reminders.Hours(ctx)
		if err != nil {
			return nil, err
		}
		return &quietHoursOut{quietHours{own.From, own.To, from, to}}, nil
	}
	on(a, operation{method: get, path: "/me/quiet-hours", id: "get-my-quiet-hours", tag: tagMe, need: self, summary: "When one is not reminded"},
		func(ctx context.Context, _ *struct{}) (*quietHoursOut, error) { return hours(ctx) })
	on(a, operation{method: put, path: "/me/quiet-hours", id: "set-my-quiet-hours", tag: tagMe, need: self, status: 200, summary: "Choose when one is not reminded", about: "Both hours, or neither for the portal's."},
		func(ctx context.Context, in *quietHoursIn) (*quietHoursOut, error) {
			if err := a.Reminders.SetHours(ctx, reminder.Hours{From: in.Body.From, To: in.Body.To}); err != nil {
				return nil, err
			}
			return hours(ctx)
		})
}
