package themes_test

import (
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/learning/sample"
	"lyceum/tenant"
	"lyceum/themes"
)

// now is the moment at which all samples are shown.
var now = time.Date(2026, 11, 20, 9, 24, 0, 0, time.UTC)

// specimen is a page filled as a handler would fill it.
type specimen struct {
	name string
	view themes.View
	page themes.Page
}

// id gives the same id for the same name at every run.
func id(name string) uid.ID {
	var out uid.ID
	copy(out[:], uid.Hash(name)[:16])
	out[6], out[8] = out[6]&0x0f|0x70, out[8]&0x3f|0x80
	return out
}

// world is the data that specimens share: two sample courses, people, and what happened to them.
type world struct {
	outlines []catalog.Outline
	files    map[uid.ID]blob
	people   []auth.Person
	brand    tenant.Brand
}

type blob struct {
	name, mediaType string
	data            []byte
}

func (w *world) put(name, mediaType string, data []byte) *uid.ID {
	i := id("file " + name)
	w.files[i] = blob{name, mediaType, data}
	return &i
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{files: map[uid.ID]blob{}}
	courses, err := sample.Courses()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range courses {
		w.outlines = append(w.outlines, w.outline(c))
	}
	for i, name := range []string{"Maya Chen", "Jonas Albrecht", "Priya Raman", "Tomás Oliveira", "Aisha Bello", "Élodie Marchand", "Kenji Watanabe", "Sam O’Neill"} {
		p := auth.Person{
			ID: id(name), Name: name, Email: strings.ToLower(strings.Fields(name)[0]) + "@acme.example", Status: auth.PersonActive,
			CreatedAt: now.AddDate(0, -i, -3), Roles: []policy.Role{policy.Learner},
		}
		w.people = append(w.people, p)
	}
	w.people[0].Roles = []policy.Role{policy.Owner, policy.Learner}
	w.people[1].Roles = []policy.Role{policy.Instructor}
	w.people[4].Status, w.people[4].Name = auth.PersonInvited, ""
	w.people[6].Status = auth.PersonDeactivated
	w.brand = tenant.DefaultBrand("Acme Tools")
	w.brand.Colour = "#0b6e66"
	w.brand.LoginText = "## Learning at Acme\n\nWhatever you build, build it **safely**. New here? Start with *Workplace safety*: it takes half an hour."
	w.brand.MailHeader = "Acme Academy: learn a little every week"
	w.uploadedFiles()
	return w
}

func (w *world) outline(c sample.Course) catalog.Outline {
	version := id("version " + c.Slug)
	o := catalog.Outline{
		Course: catalog.Course{
			ID: id("course " + c.Slug), Slug: c.Slug, Status: catalog.StatusPublished, SelfEnrol: true, PublishedID: &version, Revision: 14,
			CreatedAt: now.AddDate(0, -3, 0), UpdatedAt: now.Add(-26 * time.Hour),
		},
		Version: catalog.Version{
			ID: version, Number: 2, Title: c.Title, Summary: c.Summary, Language: c.Language, EstimatedMinutes: c.EstimatedMinutes,
			CoverFileID: w.put(c.Slug+"-"+c.Cover.Name, c.Cover.MediaType, c.Cover.Data),
		},
	}
	for i, m := range c.Modules {
		module := catalog.OutlineModule{Module: catalog.Module{VersionID: version, ID: id(c.Slug + m.Title), Position: i, Title: m.Title}}
		for j, l := range m.Lessons {
			lesson := catalog.Lesson{
				VersionID: version, ID: id(c.Slug + l.Slug), ModuleID: module.ID, Position: j, Kind: catalog.LessonKind(l.Kind),
				Title: l.Title, Minutes: l.Minutes, Body: w.body(c, l), PassPercent: l.PassPercent,
			}
			if l.File != nil {
				lesson.FileID = w.put(l.File.Name, l.File.MediaType, l.File.Data)
			}
			if l.Captions != nil {
				lesson.CaptionsFileID = w.put(l.Captions.Name, l.Captions.MediaType, l.Captions.Data)
			}
			for k, q := range l.Questions {
				question := catalog.Question{ID: id(fmt.Sprint(l.Slug, k)), Prompt: q.Prompt, Explanation: q.Explanation}
				for n, op := range q.Options {
					question.Options = append(question.Options, catalog.Option{ID: id(fmt.Sprint(l.Slug, k, n)), Text: op.Text, Correct: op.Correct})
				}
				lesson.Questions = append(lesson.Questions, question)
			}
			module.Lessons = append(module.Lessons, lesson)
		}
		o.Modules = append(o.Modules, module)
	}
	return o
}

func (w *world) body(c sample.Course, l sample.Lesson) string {
	body := l.Body
	for _, p := range c.Pictures() {
		body = strings.ReplaceAll(body, "asset:"+p.Name, "file:"+w.put(c.Slug+"-"+p.Name, p.MediaType, p.Data).String())
	}
	return body
}

// prose renders Markdown as handlers do.
func prose(body string) template.HTML {
	return markdown.Render(body, markdown.Options{HeadingOffset: 1, ResolveImage: func(destination string) (string, bool) {
		file, ok := catalog.PictureFile(destination)
		return "/files/" + file.String() + "/picture", ok
	}})
}

func (w *world) file(i *uid.ID, kind content.FileKind) *content.File {
	b := w.files[*i]
	return &content.File{ID: *i, Name: b.name, Kind: kind, MediaType: b.mediaType, Size: int64(len(b.data)), Seconds: 45}
}

// lesson finds the first lesson of a kind.
func lesson(o catalog.Outline, kind catalog.LessonKind) catalog.Lesson {
	for _, l := range o.Lessons() {
		if l.Kind == kind {
			return l
		}
	}
	panic("no lesson of kind " + kind)
}

func (w *world) card(i int) catalog.Card {
	o := w.outlines[i]
	return catalog.Card{
		ID: o.Course.ID, Slug: o.Course.Slug, Status: o.Course.Status, SelfEnrol: true, Title: o.Version.Title, Summary: o.Version.Summary,
		Language: o.Version.Language, CoverFileID: o.Version.CoverFileID, EstimatedMinutes: o.Version.EstimatedMinutes,
		Lessons: len(o.Lessons()), UpdatedAt: o.Course.UpdatedAt, HasDraft: i == 1,
	}
}

// other cards have no cover of their own.
func plainCard(title, summary string, minutes, lessons int, status catalog.Status) catalog.Card {
	slug := strings.ToLower(strings.ReplaceAll(title, " ", "-"))
	return catalog.Card{
		ID: id(title), Slug: slug, Status: status, SelfEnrol: true, Title: title, Summary: summary, Language: "en",
		EstimatedMinutes: minutes, Lessons: lessons, UpdatedAt: now.Add(-3 * time.Hour),
	}
}

func (w *world) mine(i, percent int) enrolment.Mine {
	o := w.outlines[i]
	started := now.AddDate(0, 0, -9)
	m := enrolment.Mine{
		Enrolment: enrolment.Enrolment{
			ID: id("enrolment " + o.Course.Slug), CourseID: o.Course.ID, VersionID: o.Version.ID, PersonID: w.people[0].ID,
			Status: enrolment.StatusActive, Percent: percent, EnrolledAt: started, StartedAt: &started,
		},
		CourseSlug: o.Course.Slug, Title: o.Version.Title, Summary: o.Version.Summary, CoverFileID: o.Version.CoverFileID,
		EstimatedMinutes: o.Version.EstimatedMinutes,
	}
	if percent == 100 {
		m.Status, m.CompletedAt = enrolment.StatusCompleted, &now
	}
	return m
}

func (w *world) certificate() certificate.Certificate {
	percent := 88
	o := w.outlines[1]
	return certificate.Certificate{
		ID: id("certificate"), Code: "k3v9q0t7m2x8c5b1n6z4", EnrolmentID: id("enrolment " + o.Course.Slug), PersonID: w.people[0].ID, CourseID: o.Course.ID,
		PersonName: w.people[0].Name, CourseTitle: o.Version.Title, VersionNumber: 2, Percent: &percent, Minutes: o.Version.EstimatedMinutes,
		CompletedAt: now.AddDate(0, 0, -6), IssuedAt: now.AddDate(0, 0, -6),
	}
}

// player opens a lesson of the first course with some of it done.
func (w *world) player(l catalog.Lesson) enrolment.Player {
	o := w.outlines[0]
	p := enrolment.Player{Enrolment: w.mine(0, 40).Enrolment, Outline: o, Progress: map[uid.ID]enrolment.Progress{}, Lesson: l}
	all := o.Lessons()
	for i, x := range all {
		if i < 4 {
			p.Progress[x.ID] = enrolment.Progress{LessonID: x.ID, Status: enrolment.ProgressCompleted}
		}
		if x.ID == l.ID {
			if i > 0 {
				p.Previous = &all[i-1].ID
			}
			if i+1 < len(all) {
				p.Next = &all[i+1].ID
			}
		}
	}
	if _, ok := p.Progress[l.ID]; !ok {
		p.Progress[l.ID] = enrolment.Progress{LessonID: l.ID, Status: enrolment.ProgressStarted, Position: 12, Watched: enrolment.Intervals{{0, 12}}}
	}
	return p
}

// may gives the permission set of all roles together.
func may() policy.Set {
	s := policy.Set{}
	for _, p := range policy.All() {
		s[p.Permission] = struct{}{}
	}
	return s
}

func learnerMay() policy.Set {
	return policy.Set{policy.CourseRead: {}, policy.EnrolmentSelf: {}, policy.CertificateRead: {}, policy.PersonSelf: {}}
}

func (w *world) portal(path string, set policy.Set) themes.View {
	_, hash := themes.BrandCSS(w.brand)
	return themes.View{
		Brand: w.brand, BrandCSSURL: "/brand/" + hash + ".css", TenantSlug: "acme", TenantName: "Acme Tools",
		Who:  &auth.Principal{PersonID: w.people[0].ID, Name: w.people[0].Name, Email: w.people[0].Email, Roles: w.people[0].Roles, May: set},
		Path: path, CSRF: "csrf-value", Locale: "en", TimeZone: "Europe/Berlin", RequestID: "0199c1f2-7c3a-7b60-9d2e-0c4f7e1a2b3c", Now: now,
	}
}

func (w *world) stranger(path string) themes.View {
	v := w.portal(path, nil)
	v.Who = nil
	return v
}

func (w *world) platform(path string) themes.View {
	_, hash := themes.BrandCSS(themes.PlatformBrand())
	return themes.View{
		Brand: themes.PlatformBrand(), BrandCSSURL: "/brand/" + hash + ".css", Platform: true, Path: path, CSRF: "csrf-value", Now: now,
		Locale: "en", RequestID: "0199c1f2-7c3a-7b60-9d2e-0c4f7e1a2b3c",
	}
}

func refused(fields map[string]string) *fault.Fault { return fault.Invalid(fields) }

func happened(typ string, actor *uid.ID, data map[string]any) event.Event {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	kind := "person"
	if actor == nil {
		kind = "system"
	}
	return event.Event{ID: id(typ), Type: typ, Version: 1, ActorID: actor, ActorKind: kind, SubjectType: "course", SubjectID: id("x"), Data: raw, At: now.Add(-40 * time.Minute)}
}

func usage(w *world) billing.Usage {
	u := billing.Usage{Period: billing.PeriodOf(now), MeterUsage: billing.MeterUsage{Meter: billing.MeterActiveLearner, PerDay: make([]int64, 30)}}
	for i := range 20 {
		u.PerDay[i] = int64((i*7+3)%6 + i%3)
		if i%7 > 4 {
			u.PerDay[i] = 0
		}
		u.Total += u.PerDay[i]
	}
	for i, m := range billing.Meters() {
		one := billing.MeterUsage{Meter: m, PerDay: make([]int64, 30)}
		for day := range 20 {
			one.PerDay[day] = u.PerDay[day] * int64(1+i*i*300_000)
			one.Total += one.PerDay[day]
		}
		u.Meters = append(u.Meters, one)
	}
	u.Months = []billing.MonthTotal{{Month: u.Period.Start, Total: u.Total}, {Month: u.Period.Start.AddDate(0, -1, 0), Total: 41}}
	for i, p := range w.people {
		name := p.Name
		if name == "" {
			name = "Aisha Bello"
		}
		u.Rows = append(u.Rows, billing.UsageEvent{
			ID: id("row" + name), SubjectID: p.ID, SubjectName: name, Period: u.Period.Start, Quantity: 1, EventID: id("event" + name),
			EventType: billing.LearningEvents()[i%5], OccurredAt: now.AddDate(0, 0, -i), RecordedAt: now.AddDate(0, 0, -i).Add(3 * time.Second),
		})
	}
	return u
}

func listOf[T any](items ...T) page.Of[T] { return page.Of[T]{Items: items, Next: page.Cursor("x")} }
