package main

import (
	"context"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/search"
	"lyceum/store"
	"lyceum/tenant"
)

// What the portal holds in which the search is measured.
const (
	searchedCourses = 500
	searchedLessons = 6 // of a course
	searchedPeople  = 10_000
	searchRounds    = 40 // of each word
)

// searchWords are courses' and people's words, some of them mistyped.
var searchWords = []string{"la", "lad", "ladder", "ladders", "safety", "sa", "fire", "fire ext", "extinguisher", "laddre", "extingiusher", "miller", "person 77", "sicherheit"}

// measureSearch holds a search, as one types, against a query that reads one row by its key, in turn.
func (b *bench) measureSearch(ctx context.Context) error {
	ctx = tenant.With(ctx, b.fleet[2].Tenant)
	owner, err := b.benchPerson(ctx, policy.Owner)
	if err != nil {
		return err
	}
	asking, err := b.app.auth.As(ctx, owner.ID)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := b.searchable(ctx, asking); err != nil {
		return err
	}
	filled := time.Since(began)
	began = time.Now()
	if err := b.app.search.Rebuild(ctx); err != nil {
		return err
	}
	b.note("building anew what can be found", "%.1f s for %d courses, %d lessons, %d people (filled in %.0f s)",
		time.Since(began).Seconds(), searchedCourses, searchedCourses*searchedLessons, searchedPeople, filled.Seconds())
	for _, mistyped := range []bool{false, true} {
		var bare, found []time.Duration
		for round := range searchRounds {
			for i, word := range searchWords {
				if (i == 9 || i == 10) != mistyped {
					continue
				}
				took, err := b.oneRow(ctx, owner.ID)
				if err != nil {
					return err
				}
				began := time.Now()
				if _, err := b.app.search.Search(asking, search.Question{Text: word, Locale: "en"}); err != nil {
					return fmt.Errorf("search %q: %w", word, err)
				}
				if round > 0 { // the first time plans are made
					bare, found = append(bare, took), append(found, time.Since(began))
				}
			}
		}
		_, one, _ := spreadOf(bare)
		_, half, most := spreadOf(found)
		what, goal := "a search as one types", 50*time.Millisecond
		if mistyped {
			what, goal = "a search for a mistyped word", 100*time.Millisecond
		}
		b.judge(what+fmt.Sprintf(", median over %d courses and %d people", searchedCourses, searchedPeople), half <= goal, "≤ "+goal.String(),
			"%.1f ms (at most %.1f), %.0f times a bare one-row query (%.2f ms)", ms(half), ms(most), float64(half)/float64(one), ms(one))
	}
	return nil
}

// oneRow is a transaction of the tenant that reads a row by its key.
func (b *bench) oneRow(ctx context.Context, person uid.ID) (time.Duration, error) {
	began := time.Now()
	err := b.app.store.InTenant(ctx, func(ctx context.Context) error {
		var name string
		return store.Pgx(ctx).QueryRow(ctx, "select name from people where id = $1", person).Scan(&name)
	})
	return time.Since(began), err
}

// searchable fills the portal.
func (b *bench) searchable(ctx, author context.Context) error {
	subjects := []string{"Ladder", "Fire extinguisher", "Data protection", "First aid", "Forklift", "Feedback", "Machine safety", "Sicherheit"}
	for i := range searchedCourses {
		subject := subjects[i%len(subjects)]
		in := catalog.ImportCourse{CourseInput: catalog.CourseInput{
			Title: fmt.Sprintf("%s, course %d", subject, i), Slug: fmt.Sprintf("searched-%d", i), Language: "en", Summary: "Working with " + subject + " every day, and safety before all.", SelfEnrol: true,
		}, Modules: []catalog.ImportModule{{Title: "All"}}}
		for j := range searchedLessons {
			in.Modules[0].Lessons = append(in.Modules[0].Lessons, catalog.LessonInput{
				Kind: catalog.LessonText, Title: fmt.Sprintf("%s, step %d", subject, j), Minutes: 3,
				Body: fmt.Sprintf("Step %d of %s. Check the equipment, then begin with word%d and word%d. Keep calm, keep others informed, and never climb a ladder alone.", j, subject, i, i*searchedLessons+j),
			})
		}
		if _, err := b.app.catalog.Import(author, in); err != nil {
			return err
		}
	}
	now, names := b.app.now(), []string{"Miller", "Okafor", "Schneider", "Nguyen", "García", "Rossi", "Müller"}
	for from := 0; from < searchedPeople; from += 500 {
		err := b.app.store.InTenant(ctx, func(ctx context.Context) error {
			for i := from; i < from+500; i++ {
				p := auth.Person{
					ID: uid.New(), Email: fmt.Sprintf("p%d.%s@bench.example", i, uid.Opaque(6)), Name: fmt.Sprintf("Person %d %s", i, names[i%len(names)]), Status: auth.PersonActive, CreatedAt: now, UpdatedAt: now,
				}
				if err := b.app.store.InsertPerson(ctx, p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
