package main

import (
	"context"
	"fmt"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
	"lyceum/learning/gradebook"
	"lyceum/learning/question"
)

// demoTestSlug is the address of the demo's course with a test.
const demoTestSlug = "fire-warden-check"

// demoTest publishes a short course that ends in a timed test of questions from a bank, and a gradebook that counts it, once.
func (a *app) demoTest(ctx context.Context) error {
	_, err := a.catalog.BySlug(ctx, demoTestSlug)
	if fault.Of(err).Kind != fault.KindNotFound {
		return err
	}
	kept, err := a.banks.CreateBank(ctx, bank.BankInput{Name: "Fire wardens", About: "Questions of the yearly check.", Everyone: bank.EveryoneSees})
	if err != nil {
		return err
	}
	var list []bank.Input
	for _, q := range demoQuestions() {
		list = append(list, bank.Input{Folder: "Yearly check", Tags: []string{"fire"}, Difficulty: 2, Body: q})
	}
	ids, err := a.banks.Bring(ctx, kept.ID, list, true, "demo")
	if err != nil {
		return err
	}
	o, err := a.catalog.Import(ctx, catalog.ImportCourse{
		CourseInput: catalog.CourseInput{Title: "Fire warden check", Summary: "Read the rules once more, then show what you know: six questions in ten minutes.", EstimatedMinutes: 15, SelfEnrol: true},
		Modules:     []catalog.ImportModule{{Title: "The check", Lessons: []catalog.LessonInput{{Kind: catalog.LessonText, Title: "Before you begin", Minutes: 3, Body: demoRules}}}},
	})
	if err != nil {
		return err
	}
	if o, err = a.catalog.Edit(ctx, o.Course.ID); err != nil {
		return err
	}
	o, lesson, err := a.catalog.AddLesson(ctx, o.Course.ID, o.Course.Revision, o.Modules[0].ID, catalog.LessonInput{Kind: catalog.LessonTest, Title: "Show what you know", Minutes: 10, Body: "Take your time: every answer is saved as you give it."})
	if err != nil {
		return err
	}
	rules := assessment.Settings{Pass: 60, Seconds: 600, Attempts: 3, Feedback: assessment.Feedback{Marks: true, Right: true, Texts: true}, Sections: []assessment.Section{{Title: "What to know", Marks: 1}, {Title: "What to do", Marks: 2}}}
	for i, id := range ids {
		rules.Sections[i/3].Fixed = append(rules.Sections[i/3].Fixed, bank.Ref{Question: id, Version: 1})
	}
	if _, err = a.tests.SetSettings(ctx, assessment.SetInput{Course: o.Course.ID, Lesson: lesson, Settings: rules}); err != nil {
		return err
	}
	if _, err = a.catalog.Publish(ctx, o.Course.ID, o.Course.Revision); err != nil {
		return err
	}
	_, err = a.grades.SetSettings(ctx, gradebook.SetInput{Course: o.Course.ID, Settings: gradebook.Settings{
		Categories: []gradebook.Category{{ID: uid.New(), Name: "Tests", Weight: 70}, {ID: uid.New(), Name: "Drill", Weight: 30}},
		Items:      []gradebook.Item{{ID: uid.New(), Title: "Evacuation drill"}}, Scale: []gradebook.Step{{Name: "Passed", From: 60}, {Name: "Not passed"}},
	}})
	if err != nil {
		return fmt.Errorf("gradebook: %w", err)
	}
	return nil
}

const demoRules = `Wardens **raise the alarm first**, then guide people out, then fight a fire that is still small.

- Call 112 from outside, and say where, what and how many.
- Close doors behind you; never lock them.
- Meet at the assembly point and count your people.
`

func demoQuestions() []question.Question {
	whole := question.Whole
	return []question.Question{
		{Kind: question.Single, Title: "First of all", Prompt: "You see smoke under a door. What do you do **first**?", Options: []question.Option{{Text: "Raise the alarm", Share: whole, Feedback: "Right: everything else can wait for that."}, {Text: "Open the door to look", Feedback: "Air feeds the fire, and smoke fills the corridor."}, {Text: "Fetch your things"}}},
		{Kind: question.TrueFalse, Title: "Fire doors", Prompt: "Fire doors may be wedged open in summer.", Keep: true, Options: []question.Option{{ID: "true", Text: "True"}, {ID: "false", Text: "False", Share: whole}}},
		{Kind: question.ShortText, Title: "Number", Prompt: "Which number do you call?", Texts: &question.Texts{Patterns: []question.Pattern{{Text: "112", Match: question.Exact, Share: whole}}}},
		{Kind: question.Multiple, Title: "Never used", Prompt: "What is never used in a fire?", Options: []question.Option{{Text: "Lifts", Share: whole}, {Text: "Water on burning oil", Share: whole}, {Text: "Stairs"}, {Text: "Emergency exits"}}},
		{Kind: question.Matching, Title: "Colours", Prompt: "What do the colours of signs mean?", Pairs: []question.Pair{{Item: "Red", Partner: question.Option{Text: "Fire equipment"}}, {Item: "Green", Partner: question.Option{Text: "Way out"}}}, Decoys: []question.Option{{Text: "Duty to wear a helmet"}}},
		{Kind: question.Ordering, Title: "Order", Prompt: "In which order do you act?", Options: []question.Option{{Text: "Raise the alarm"}, {Text: "Guide people out"}, {Text: "Count your people"}}},
	}
}
