package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/store"
	"lyceum/tenant"
)

// A course as large as one may be, with a whole company in it.
const (
	largeModules    = 20
	largeLessons    = 25 // in each
	largeLearners   = 10_000
	largeCourses    = 200 // beside it in the catalogue
	catalogClients  = 8
	catalogSlowest  = 150 * time.Millisecond // the 95th of 100
	catalogRoundMin = 2 * time.Second
)

// measureCatalog measures the pages and lists of a course of 500 lessons and 10,000 learners, each beside a bare handler that
// answers a query of the same database at the same load.
func (b *bench) measureCatalog(ctx context.Context) error {
	t := b.fleet[0]
	large, err := b.largeCourse(tenant.With(ctx, t.Tenant))
	if err != nil {
		return err
	}
	product, err := b.product(ctx)
	if err != nil {
		return err
	}
	defer product.stop()
	bare, err := b.start(ctx, "yardstick", "--url", b.config.DatabaseURL+"&search_path="+t.SchemaName, "--person", large.learner.ID.String())
	if err != nil {
		return err
	}
	defer bare.stop()
	learners, author := large.sessions[:catalogClients], large.sessions[catalogClients:]
	for _, p := range []struct {
		what, path string
		sessions   []string
		key        string
	}{
		{"course page", "/courses/large", learners, ""},
		{"player page", "/learn/large/" + large.lesson.String(), learners, ""},
		{"studio outline, one module open", "/studio/" + large.course.String() + "?open=" + large.module.String(), author, ""},
		{"roster, a page deep in it", "/studio/" + large.course.String() + "/people?after=" + large.deep, author, ""},
		{"catalogue with facets", "/courses?q=course", learners, ""},
		{"history", "/studio/" + large.course.String() + "/versions", author, ""},
		{"catalogue over REST", "/api/v1/courses?tag=bench", nil, large.key},
		{"roster over REST", "/api/v1/courses/" + large.course.String() + "/enrolments?limit=200", nil, large.key},
		{"course over REST", "/api/v1/courses/large", nil, large.key},
	} {
		if err := b.measurePage(ctx, product.address, bare.address, p.what, pageShots(t.host(), p.path, p.sessions, p.key)); err != nil {
			return fmt.Errorf("%s: %w", p.what, err)
		}
	}
	return nil
}

func (b *bench) measurePage(ctx context.Context, address, bare, what string, shots []shot) error {
	round := max(b.cmd.Round, catalogRoundMin)
	theirs := []shot{get("localhost", "/", "none"), get("localhost", "/", "none")}
	var slow, ratio []float64
	for i := -1; i < min(b.cmd.Rounds, 3); i++ { // the first round warms up and is not counted
		p, err := fire(ctx, address, shots, catalogClients, round)
		if err != nil {
			return err
		}
		y, err := fire(ctx, bare, theirs, catalogClients, round)
		if err != nil {
			return err
		}
		if p.Failed+y.Failed > 0 {
			return fmt.Errorf("%d of ours and %d of the yardstick's requests failed", p.Failed, y.Failed)
		}
		if i >= 0 {
			slow, ratio = append(slow, ms(p.P95())), append(ratio, float64(p.P95())/float64(y.P95()))
		}
	}
	_, median, high := spread(slow)
	_, times, _ := spread(ratio)
	b.judge("500 lessons, 10,000 learners, 8 clients: "+what, median <= ms(catalogSlowest), "p95 ≤ 150 ms", "p95 %.0f ms (worst round %.0f), %.0f × a bare query's", median, high, times)
	return nil
}

// pageShots ask for a page as browsers with sessions do, or for JSON with a key.
func pageShots(host, path string, sessions []string, key string) (shots []shot) {
	if key != "" {
		return []shot{get(host, path, key), get(host, path, key)}
	}
	for _, secret := range sessions {
		shots = append(shots, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: lyceum=%[3]s; __Host-lyceum=%[3]s\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\n\r\n", path, host, secret))
	}
	if len(shots) == 1 {
		shots = append(shots, shots[0])
	}
	return shots
}

// large is what was built to measure.
type large struct {
	course, module, lesson uid.ID
	learner                auth.Person
	sessions               []string // a learner's, an author's
	key                    string
	deep                   string // a place deep in the roster
}

// largeCourse publishes the course and puts people into it, most of them by SQL: what they would do is not what is measured.
func (b *bench) largeCourse(ctx context.Context) (out large, err error) {
	var people []auth.Person
	for i := range catalogClients + 1 { // learners, and an author
		role := policy.Learner
		if i == catalogClients {
			role = policy.Owner
		}
		p, err := b.benchPerson(ctx, role)
		if err != nil {
			return out, err
		}
		in, err := b.app.auth.SignIn(ctx, p.Email, demoPassword, auth.Client{IP: fmt.Sprint("192.0.2.", i)})
		if err != nil {
			return out, err
		}
		people, out.sessions = append(people, p), append(out.sessions, in.Secret)
	}
	out.learner = people[0]
	author, err := b.app.auth.As(ctx, people[catalogClients].ID)
	if err != nil {
		return out, err
	}
	if out.key, _, err = b.app.auth.CreateKey(author, auth.KeyInput{Name: "Bench", Scopes: []string{"*"}, Days: 1}); err != nil {
		return out, err
	}
	in := catalog.ImportCourse{CourseInput: catalog.CourseInput{Title: "A large course", Slug: "large", Language: "en", SelfEnrol: true}}
	for m := range largeModules {
		module := catalog.ImportModule{Title: fmt.Sprintf("Part %d", m+1)}
		for l := range largeLessons {
			module.Lessons = append(module.Lessons, catalog.LessonInput{Kind: catalog.LessonText, Title: fmt.Sprintf("Step %d of part %d", l+1, m+1), Minutes: 3, Body: strings.Repeat("A paragraph of a lesson as people write it. ", 40)})
		}
		in.Modules = append(in.Modules, module)
	}
	o, err := b.app.catalog.Import(author, in)
	if err != nil {
		return out, err
	}
	out.course, out.module, out.lesson = o.Course.ID, o.Modules[largeModules/2].ID, o.Modules[largeModules/2].Lessons[largeLessons/2].ID
	if err = b.manyCourses(author); err != nil {
		return out, err
	}
	for _, p := range people[:catalogClients] {
		as, err := b.app.auth.As(ctx, p.ID)
		if err != nil {
			return out, err
		}
		if _, err = b.app.enrolment.SelfEnrol(as, "large"); err != nil {
			return out, err
		}
	}
	if err = b.manyLearners(ctx, o); err != nil {
		return out, err
	}
	out.deep, err = deepIn(author, b.app.enrolment, o.Course.ID)
	return out, err
}

// manyCourses fills the catalogue.
func (b *bench) manyCourses(author context.Context) error {
	for i := range largeCourses {
		o, err := b.app.catalog.Import(author, catalog.ImportCourse{
			CourseInput: catalog.CourseInput{Title: fmt.Sprintf("Course %d", i), Slug: fmt.Sprintf("course-%d", i), Language: "en", SelfEnrol: true},
			Modules:     []catalog.ImportModule{{Title: "Only", Lessons: []catalog.LessonInput{{Kind: catalog.LessonText, Title: "Read", Body: "Words."}}}},
		})
		if err != nil {
			return err
		}
		if _, err = b.app.catalog.SetSettings(author, o.Course.ID, o.Course.Revision, catalog.Settings{Tags: []string{"bench", fmt.Sprintf("tag %d", i%30)}, SelfEnrol: true}); err != nil {
			return err
		}
	}
	return nil
}

// manyLearners adds people with an enrolment each, by SQL.
func (b *bench) manyLearners(ctx context.Context, o catalog.Outline) error {
	now := b.app.now()
	return b.app.store.InTenant(ctx, func(ctx context.Context) error {
		tx := store.Pgx(ctx)
		people, enrolments := make([]uid.ID, largeLearners), make([]uid.ID, largeLearners)
		for i := range people {
			people[i], enrolments[i] = uid.New(), uid.New()
		}
		rawPeople, err := json.Marshal(people)
		if err != nil {
			return err
		}
		rawEnrolments, err := json.Marshal(enrolments)
		if err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `insert into people (id, email, name, password_hash, status, locale, time_zone, created_at, updated_at)
			select p.id::uuid, p.id || '@bench.example', 'Learner ' || p.n, '', 'active', '', '', $2::timestamptz, $2::timestamptz
			from jsonb_array_elements_text($1::jsonb) with ordinality p (id, n)`, string(rawPeople), now); err != nil {
			return fmt.Errorf("add learners: %w", err)
		}
		_, err = tx.Exec(ctx, `insert into enrolments (id, course_id, version_id, person_id, status, source, percent, enrolled_at)
			select e.id::uuid, $3::uuid, $4::uuid, p.id::uuid, 'active', 'assigned', 0, $5::timestamptz
			from jsonb_array_elements_text($1::jsonb) with ordinality p (id, n) join jsonb_array_elements_text($2::jsonb) with ordinality e (id, n) on e.n = p.n`,
			string(rawPeople), string(rawEnrolments), o.Course.ID.String(), o.Version.ID.String(), now)
		if err != nil {
			return fmt.Errorf("enrol learners: %w", err)
		}
		return nil
	})
}

// deepIn gives the cursor of a page in the middle of the roster.
func deepIn(ctx context.Context, learn *enrolment.Service, course uid.ID) (string, error) {
	p := page.Request{Limit: page.MaxLimit}
	for range largeLearners / page.MaxLimit / 2 {
		list, err := learn.Roster(ctx, course, p)
		if err != nil {
			return "", err
		}
		p.After = list.Next
	}
	return p.After, nil
}
