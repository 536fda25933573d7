package main

import (
	"context"
	"fmt"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// demoShelf is where a sample course stands in the demo's catalogue.
type demoShelf struct {
	category, below string // below is the category that it stands in
	tags            []string
	skill, can      string
	german          map[string]string // titles of the course and its parts
}

func demoShelves() map[string]demoShelf {
	return map[string]demoShelf{
		"workplace-safety": {
			category: "Safety at work", tags: []string{"all staff", "health", "safety"}, skill: "Working safely", can: "Sees what can hurt before it does, lifts well and knows what to do in the first minutes.",
			german: map[string]string{
				"Workplace safety": "Sicherheit am Arbeitsplatz", "Seeing what can hurt": "Gefahren sehen", "Your body at work": "Ihr Körper bei der Arbeit", "Emergencies": "Notfälle", "Putting it together": "Zum Schluss",
				"Hazard, risk and your part": "Gefahr, Risiko und Ihr Anteil", "Slips, trips and falls": "Stolpern und stürzen", "Lift it well": "Richtig heben", "Lifting, carrying and pushing": "Heben, tragen, schieben",
				"Ladders and steps": "Leitern und Tritte", "A desk that fits you": "Ein Schreibtisch, der passt", "Fire: prevent it, and get out": "Feuer: verhüten und hinaus", "First aid and reporting": "Erste Hilfe und Meldung",
				"Your safety checklist": "Ihre Checkliste", "Final quiz": "Abschlusstest",
			},
		},
		"information-security-awareness": {
			category: "Information security", below: "Working with computers", tags: []string{"all staff", "security"}, skill: "Handling information", can: "Spots phishing, keeps passwords and knows whom to tell.",
			german: map[string]string{"Information security awareness": "Informationssicherheit im Alltag"},
		},
	}
}

const demoTemplate = "template-short-course"

// demoCatalogue puts the sample courses on shelves, gives them tags, skills and German titles, and adds a template to begin
// from. It does so once: what a visitor changed stays.
func (a *app) demoCatalogue(ctx context.Context, outlines []catalog.Outline) ([]catalog.Outline, error) {
	switch _, err := a.catalog.BySlug(ctx, demoTemplate); {
	case err == nil:
		return outlines, nil
	case fault.Of(err).Code != catalog.ErrCourseNotFound.Code:
		return nil, err
	}
	shelves, known := demoShelves(), map[string]uid.ID{}
	list, err := a.catalog.Categories(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		known[c.Name] = c.ID
	}
	for i, o := range outlines {
		shelf, ok := shelves[o.Course.Slug]
		if !ok {
			continue
		}
		if outlines[i], err = a.demoShelve(ctx, o, shelf, known); err != nil {
			return nil, fmt.Errorf("course %s: %w", o.Course.Slug, err)
		}
	}
	return outlines, a.demoTemplateCourse(ctx)
}

// demoShelve gives one course its place, and publishes it with German titles.
func (a *app) demoShelve(ctx context.Context, o catalog.Outline, shelf demoShelf, known map[string]uid.ID) (catalog.Outline, error) {
	category, err := a.demoCategory(ctx, shelf, known)
	if err != nil {
		return o, err
	}
	var skills []uid.ID
	k, err := a.catalog.AddSkill(ctx, catalog.SkillInput{Name: shelf.skill, Description: shelf.can})
	if err == nil {
		skills = []uid.ID{k.ID}
	} else if fault.Of(err).Code != catalog.ErrSkillTaken.Code {
		return o, err
	}
	c, set, err := a.catalog.Settings(ctx, o.Course.ID)
	if err != nil {
		return o, err
	}
	set.CategoryID, set.Tags, set.Skills = &category, shelf.tags, append(set.Skills, skills...)
	if c, err = a.catalog.SetSettings(ctx, c.ID, c.Revision, set); err != nil {
		return o, err
	}
	return a.demoGerman(ctx, c, shelf.german)
}

func (a *app) demoCategory(ctx context.Context, shelf demoShelf, known map[string]uid.ID) (uid.ID, error) {
	var parent *uid.ID
	for _, name := range []string{shelf.below, shelf.category} {
		if name == "" {
			continue
		}
		id, ok := known[name]
		if !ok {
			c, err := a.catalog.AddCategory(ctx, parent, name)
			if err != nil {
				return uid.Nil, err
			}
			id, known[name] = c.ID, c.ID
		}
		parent = &id
	}
	return *parent, nil
}

// demoGerman offers a course in German, as far as titles go, and publishes it.
func (a *app) demoGerman(ctx context.Context, c catalog.Course, titles map[string]string) (catalog.Outline, error) {
	o, err := a.catalog.AddLanguage(ctx, c.ID, c.Revision, "de")
	if fault.Of(err).Code == catalog.ErrLanguageTaken.Code && err != nil {
		o, err = a.catalog.Edit(ctx, c.ID)
	}
	if err != nil {
		return o, err
	}
	_, pieces, err := a.catalog.Pieces(ctx, c.ID, "de")
	if err != nil {
		return o, err
	}
	for _, p := range pieces {
		if title := titles[p.Title]; title != "" && p.Text.Title == "" {
			if o, err = a.catalog.Translate(ctx, c.ID, o.Course.Revision, "de", p.Part, catalog.TextInput{Title: title}); err != nil {
				return o, err
			}
		}
	}
	if o.Course.DraftID == nil {
		return o, nil
	}
	return a.catalog.Publish(ctx, c.ID, o.Course.Revision)
}

// demoTemplateCourse makes a course that others begin from.
func (a *app) demoTemplateCourse(ctx context.Context) error {
	o, err := a.catalog.Create(ctx, catalog.CourseInput{Title: "Template: a short course", Slug: demoTemplate, Summary: "Three steps: why it matters, how it is done, and a check. Copy it and fill it in."})
	if err != nil {
		return err
	}
	for _, m := range []struct{ module, lesson, body string }{
		{"Why it matters", "What happened once", "Begin with a true story of two or three sentences."},
		{"How it is done", "Step by step", "1. First …\n2. Then …\n3. Last …"},
	} {
		if o, err = a.catalog.AddModule(ctx, o.Course.ID, o.Course.Revision, m.module); err != nil {
			return err
		}
		in := catalog.LessonInput{Kind: catalog.LessonText, Title: m.lesson, Body: m.body}
		if o, _, err = a.catalog.AddLesson(ctx, o.Course.ID, o.Course.Revision, o.Modules[len(o.Modules)-1].ID, in); err != nil {
			return err
		}
	}
	_, err = a.catalog.SetSettings(ctx, o.Course.ID, o.Course.Revision, catalog.Settings{Template: true})
	return err
}
