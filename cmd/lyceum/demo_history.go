package main

import (
	"context"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/internal/clock"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/store"
)

// The demo's past is made by the same services as the present, with a clock that begins on an earlier day: every figure
// it shows comes from the events behind it.

// historyDays is how far back the demo's learners began.
const historyDays = 24

// demoHistory lets the further learners take the courses: each begins on a day of the last weeks and comes as far as
// their place in the list says. It does nothing where there is history already.
func (a *app) demoHistory(ctx context.Context, o organization, people map[string]auth.Person, courses []catalog.Outline) error {
	var enrolled int
	if err := a.store.InTenant(ctx, func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select count(*) from enrolments").Scan(&enrolled)
	}); err != nil {
		return err
	}
	// The learner whose password is printed has one course behind them and is in the middle of the other.
	if enrolled == 0 {
		for i, course := range courses {
			reach := len(course.Lessons())
			if i > 0 {
				reach = reach/2 + 1
			}
			if err := a.demoLearner(ctx, people["learner"], course, a.now().AddDate(0, 0, -9+6*i), reach); err != nil {
				return fmt.Errorf("history of the learner: %w", err)
			}
		}
	}
	learners := demoNames(o.slug)[4:]
	for i, name := range learners {
		if i < enrolled-len(courses)-1 {
			continue // an earlier start came this far; the last one it began is gone over again
		}
		course := courses[i%len(courses)]
		// Every third comes to the end, every fourth only enrolled, the rest are on their way.
		reach := len(course.Lessons())
		switch {
		case i%4 == 3:
			reach = 0
		case i%3 != 0:
			reach = 1 + i%(reach-1)
		}
		day := a.now().AddDate(0, 0, -historyDays+i*historyDays/len(learners))
		if err := a.demoLearner(ctx, people[localPart(name)], course, day, reach); err != nil {
			return fmt.Errorf("history of %s: %w", name, err)
		}
	}
	return nil
}

// demoLearner takes a course from a day on and opens reach of its lessons; the last one stays open unless it is the
// course's last.
func (a *app) demoLearner(ctx context.Context, p auth.Person, course catalog.Outline, day time.Time, reach int) error {
	now := day
	c := clock.Clock(func() time.Time { return now })
	learn := enrolment.New(enrolment.Options{Keep: a.store, Now: c})
	me, err := a.auth.As(ctx, p.ID)
	if err != nil {
		return err
	}
	e, err := learn.SelfEnrol(me, course.Course.Slug)
	if err != nil {
		return err
	}
	lessons := course.Lessons()
	for n, l := range lessons[:reach] {
		now = now.Add(7 * time.Minute)
		if _, err := learn.Open(me, course.Course.Slug, &l.ID); err != nil {
			return err
		}
		now = now.Add(time.Duration(max(l.Minutes, 1)) * time.Minute)
		if n == reach-1 && reach < len(lessons) {
			return nil // here they stopped
		}
		if err := a.demoLesson(me, learn, e, l); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) demoLesson(ctx context.Context, learn *enrolment.Service, e enrolment.Enrolment, l catalog.Lesson) error {
	switch l.Kind {
	case catalog.LessonQuiz:
		_, err := learn.Submit(ctx, e.ID, l.ID, rightAnswers(l))
		return err
	case catalog.LessonVideo:
		seconds, err := a.videoSeconds(ctx, l)
		if err != nil {
			return err
		}
		_, err = learn.Watch(ctx, enrolment.WatchInput{Enrolment: e.ID, Lesson: l.ID, Position: seconds, Played: enrolment.Intervals{{0, seconds}}})
		return err
	case catalog.LessonText, catalog.LessonPDF:
		_, err := learn.Continue(ctx, e.ID, l.ID)
		return err
	}
	return fmt.Errorf("lesson of kind %q", l.Kind)
}

func (a *app) videoSeconds(ctx context.Context, l catalog.Lesson) (float64, error) {
	if l.FileID == nil {
		return 0, fmt.Errorf("lesson %q has no video", l.Title)
	}
	f, err := a.content.File(ctx, *l.FileID)
	return f.Seconds, err
}

func rightAnswers(l catalog.Lesson) enrolment.Answers {
	answers := enrolment.Answers{}
	for _, q := range l.Questions {
		var right []uid.ID
		for _, o := range q.Options {
			if o.Correct {
				right = append(right, o.ID)
			}
		}
		answers[q.ID] = right
	}
	return answers
}

// demoNames are owner, instructor, manager, learner and 40 more learners.
func demoNames(slug string) []string {
	if slug == "acme" {
		return []string{
			"Amara Okafor", "Jonas Lindqvist", "Priya Raman", "Leo Marchetti",
			"Aisha Rahman", "Andrés Molina", "Anna Kowalska", "Ben Fischer", "Bianca Rossi", "Carlos Mendes", "Chen Wei", "Clara Hoffmann",
			"Daniel Osei", "Diana Petrova", "Elif Demir", "Emma Larsen", "Eric Dubois", "Fatima Zahra", "Felix Braun", "Grace Mbeki",
			"Hana Sato", "Henrik Dahl", "Ines Carvalho", "Ivan Horvat", "Jana Novak", "José Álvarez", "Julia Weber", "Kofi Mensah",
			"Laura Jansen", "Lukas Bauer", "Maria Lopez", "Martin Černý", "Mei Lin", "Mohamed Ali", "Nadia Haddad", "Nils Berg",
			"Olga Ivanova", "Omar Farouk", "Paula Costa", "Rosa Jiménez", "Samuel Wright", "Sofia Rinaldi", "Tomás Ortega", "Yuki Tanaka",
		}
	}
	return []string{
		"Margaret Byrne", "Tobias Keller", "Zanele Dlamini", "Noor van Dijk",
		"Adam Novotny", "Adele Laurent", "Ahmed Nasser", "Alice Moreau", "Bruno Silva", "Camille Girard", "Cecilia Nordin", "David Cohen",
		"Dmitri Orlov", "Eleni Pappas", "Esther Adeyemi", "Fiona Gallagher", "Franz Huber", "Gabriela Torres", "Giulia Conti", "Hassan Karimi",
		"Helena Virtanen", "Hugo Almeida", "Imani Njoroge", "Isabel Reyes", "Jakub Zielinski", "Joanna Nowak", "Karim Benali", "Katarina Jovic",
		"Lars Eriksen", "Lucía Navarro", "Marco Bianchi", "Marta Pereira", "Mateo Vargas", "Nina Schmidt", "Oluwaseun Bello", "Patrick Doyle",
		"Quentin Roux", "Rania Khalil", "Ravi Chandra", "Sanna Korhonen", "Stefan Popescu", "Teresa Gomez", "Victor Hugo Lima", "Wanjiru Kamau",
	}
}
