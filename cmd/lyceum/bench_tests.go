package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
	"lyceum/learning/question"
	"lyceum/tenant"
)

const (
	testTenants   = 8    // that take tests at once
	testQuestions = 20   // of a test
	testPeople    = 1000 // who hand in
	testMinute    = time.Minute
	analysedTries = 100_000
)

// benchTest is a test in a tenant of the fleet.
type benchTest struct {
	benchTenant
	ctx    context.Context //nolint:containedctx // of the tenant, for the time of the run
	author context.Context //nolint:containedctx // who wrote it
	course catalog.Outline
	lesson uid.ID
}

// taker is somebody with an attempt.
type taker struct {
	ctx     context.Context //nolint:containedctx // whose answers these are
	test    *benchTest
	attempt assessment.Attempt
	rights  int
	count   int64
}

func (b *bench) testIn(ctx context.Context, t benchTenant) (x *benchTest, err error) {
	x = &benchTest{benchTenant: t, ctx: tenant.With(ctx, t.Tenant)}
	who, err := b.benchPerson(x.ctx, policy.Admin)
	if err != nil {
		return nil, err
	}
	if x.author, err = b.app.auth.As(x.ctx, who.ID); err != nil {
		return nil, err
	}
	kept, err := b.app.banks.CreateBank(x.author, bank.BankInput{Name: "Bench " + uid.Opaque(6)})
	if err != nil {
		return nil, err
	}
	var list []bank.Input
	for i := range testQuestions {
		list = append(list, bank.Input{Body: question.Question{Kind: question.TrueFalse, Title: fmt.Sprint("Question ", i), Prompt: "Is it so?", Options: []question.Option{{ID: "true", Text: "True", Share: question.Whole}, {ID: "false", Text: "False"}}}})
	}
	ids, err := b.app.banks.Bring(x.author, kept.ID, list, true, "bench")
	if err != nil {
		return nil, err
	}
	rules := assessment.DefaultSettings()
	for _, id := range ids {
		rules.Sections[0].Fixed = append(rules.Sections[0].Fixed, bank.Ref{Question: id, Version: 1})
	}
	o, err := b.app.catalog.Import(x.author, catalog.ImportCourse{
		CourseInput: catalog.CourseInput{Title: "Tests", SelfEnrol: true}, Modules: []catalog.ImportModule{{Title: "All", Lessons: []catalog.LessonInput{{Kind: catalog.LessonText, Title: "Read", Body: "Read this."}}}},
	})
	if err != nil {
		return nil, err
	}
	if o, err = b.app.catalog.Edit(x.author, o.Course.ID); err != nil {
		return nil, err
	}
	if o, x.lesson, err = b.app.catalog.AddLesson(x.author, o.Course.ID, o.Course.Revision, o.Modules[0].ID, catalog.LessonInput{Kind: catalog.LessonTest, Title: "Show it"}); err != nil {
		return nil, err
	}
	if _, err = b.app.tests.SetSettings(x.author, assessment.SetInput{Course: o.Course.ID, Lesson: x.lesson, Settings: rules}); err != nil {
		return nil, err
	}
	x.course, err = b.app.catalog.Publish(x.author, o.Course.ID, o.Course.Revision)
	return x, err
}

// sits begins an attempt of somebody new.
func (b *bench) sits(x *benchTest) (t *taker, err error) {
	who, err := b.benchPerson(x.ctx, policy.Learner)
	if err != nil {
		return nil, err
	}
	t = &taker{test: x}
	if t.ctx, err = b.app.auth.As(x.ctx, who.ID); err != nil {
		return nil, err
	}
	e, err := b.app.enrolment.SelfEnrol(t.ctx, x.course.Course.Slug)
	if err != nil {
		return nil, err
	}
	t.attempt, err = b.app.tests.Start(t.ctx, e.ID, x.lesson, "")
	return t, err
}

// save answers a question, right or wrong.
func (b *bench) save(t *taker, slot int, right bool) error {
	t.count++
	choice := "false"
	if right {
		choice = "true"
	}
	_, err := b.app.tests.Save(t.ctx, assessment.Saving{Attempt: t.attempt.ID, Slot: slot, Sequence: t.count, Answer: question.Answer{Choices: []string{choice}}})
	return err
}

// measureTests measures saving an answer, many handing in, and item analysis.
func (b *bench) measureTests(ctx context.Context) error {
	var tests []*benchTest
	for _, t := range b.fleet[:testTenants] {
		x, err := b.testIn(ctx, t)
		if err != nil {
			return err
		}
		tests = append(tests, x)
	}
	return errors.Join(b.measureSaving(ctx, tests), b.measureHandingIn(ctx, tests), b.measureAnalysis(ctx, tests[0]))
}

func (b *bench) measureSaving(ctx context.Context, tests []*benchTest) error {
	list := make([]*taker, reporters)
	for i := range list {
		var err error
		if list[i], err = b.sits(tests[i%len(tests)]); err != nil {
			return err
		}
	}
	config, err := pgxpool.ParseConfig(b.config.DatabaseURL)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	config.MaxConns = bareReports
	bare, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	defer bare.Close()
	if _, err = bare.Exec(ctx, `create table if not exists public.bare_answers (attempt_id uuid not null, slot integer not null, sequence bigint not null, answer jsonb not null, saved_at timestamptz not null, primary key (attempt_id, slot))`); err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	counts := make([]int64, reporters)
	return b.compareReports("saving an answer at 32 clients, of a bare single-row upsert", func(d time.Duration) (float64, error) {
		return many(ctx, d, func(_ context.Context, client int) error {
			t := list[client]
			return b.save(t, int(t.count)%testQuestions, t.count%2 == 0)
		})
	}, func(d time.Duration) (float64, error) {
		return many(ctx, d, func(ctx context.Context, client int) error {
			counts[client]++
			_, err := bare.Exec(ctx, `insert into public.bare_answers values ($1, $2, $3, $4, $5) on conflict (attempt_id, slot) do update set sequence = excluded.sequence, answer = excluded.answer, saved_at = excluded.saved_at where bare_answers.sequence < excluded.sequence`,
				list[client].attempt.ID, counts[client]%testQuestions, counts[client], `{"choices": ["a"]}`, b.app.now())
			return err
		})
	})
}

// measureHandingIn lets 1,000 people who have answered everything hand in within a minute, each at a moment of their own.
func (b *bench) measureHandingIn(ctx context.Context, tests []*benchTest) error {
	list := make([]*taker, testPeople)
	var ready sync.WaitGroup
	failures := make(chan error, testTenants)
	for n := range tests {
		ready.Go(func() {
			for i := n; i < testPeople; i += len(tests) {
				t, err := b.sits(tests[n])
				for slot := 0; err == nil && slot < testQuestions; slot++ {
					right := (slot+i)%(i%7+1) == 0
					if right {
						t.rights++
					}
					err = b.save(t, slot, right)
				}
				if err != nil {
					failures <- err
					return
				}
				list[i] = t
			}
		})
	}
	ready.Wait()
	close(failures)
	if err := <-failures; err != nil {
		return err
	}
	took := make([]time.Duration, testPeople)
	var mu sync.Mutex
	failed, wrong := 0, 0
	began := time.Now()
	for i, t := range list {
		ready.Go(func() {
			select {
			case <-ctx.Done():
				return
			case <-time.After(testMinute * time.Duration(i) / testPeople):
			}
			from := time.Now()
			a, err := b.app.tests.HandIn(t.ctx, t.attempt.ID)
			took[i] = time.Since(from)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed++
			} else if a.Status != assessment.StatusGraded || a.Percent != 100*t.rights/testQuestions {
				wrong++
			}
		})
	}
	ready.Wait()
	whole := time.Since(began)
	slices.Sort(took)
	p99 := quantile(took, 0.99)
	b.judge("1,000 people hand in a test of 20 questions within a minute", failed == 0 && wrong == 0 && p99 <= 250*time.Millisecond, "p99 ≤ 250 ms, no error, every grade right",
		"p50 %.0f ms, p99 %.0f ms; %d failed, %d grades wrong; %.0f s", ms(quantile(took, 0.5)), ms(p99), failed, wrong, whole.Seconds())
	return nil
}

// bareItems is the aggregate that item analysis cannot do without.
const bareItems = `select u.question, u.version, count(*), avg(u.share::float8 / 1e6), corr(u.share::float8 / 1e6 * u.marks, t.points::float8 / 1e6 - u.share::float8 / 1e6 * u.marks)
	from test_attempts t cross join lateral unnest(t.item_questions, t.item_versions, t.item_shares, t.item_marks) u(question, version, share, marks)
	where t.lesson_id = $1 and t.status = 'graded' group by 1, 2`

// measureAnalysis takes the whole analysis of 100,000 attempts against the bare aggregate, in turn.
func (b *bench) measureAnalysis(ctx context.Context, x *benchTest) error {
	t, err := b.sits(x)
	if err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig(b.config.DatabaseURL + "&search_path=" + x.SchemaName)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	bare, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	defer bare.Close()
	fill := `with q as (select (s->'ref'->>'question')::uuid as id, n from test_attempts, jsonb_array_elements(slots) with ordinality x(s, n) where test_attempts.id = $1),
		g as (select i, n, q.id, case when random() < 0.3 + 0.4 * (i % 10) / 10.0 then 1000000 else 0 end::bigint as share from generate_series(1, $2::integer) i cross join q),
		a as (select i, array_agg(id order by n) as questions, array_agg(share order by n) as shares, sum(share) as points, count(*) as items from g group by i)
		insert into test_attempts (id, enrolment_id, lesson_id, number, rules, slots, status, started_at, ended_at, ended_by, points, most, percent, passed, item_questions, item_versions, item_shares, item_marks)
		select gen_random_uuid(), t.enrolment_id, t.lesson_id, 1000 + a.i, 1, t.slots, 'graded', t.started_at, t.started_at, 'hand', a.points, a.items * 1000000, 100 * a.points / (a.items * 1000000), false,
			a.questions, array_fill(1, array[a.items::integer]), a.shares, array_fill(1, array[a.items::integer]) from a cross join test_attempts t where t.id = $1`
	for _, step := range []string{fill, "analyze test_attempts"} {
		args := []any{}
		if step == fill {
			args = []any{t.attempt.ID, analysedTries}
		}
		if _, err = bare.Exec(ctx, step, args...); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
	}
	var ratios, ours []float64
	for round := -1; round < b.cmd.Rounds; round++ { // the first round warms up and is not counted
		from := time.Now()
		if _, err = b.app.tests.Analyse(x.author, x.course.Course.ID, x.lesson, false); err != nil {
			return err
		}
		whole := time.Since(from)
		from = time.Now()
		if _, err = bare.Exec(ctx, bareItems, x.lesson); err != nil {
			return fmt.Errorf("yardstick: %w", err)
		}
		if round >= 0 {
			ratios, ours = append(ratios, whole.Seconds()/time.Since(from).Seconds()), append(ours, whole.Seconds())
		}
	}
	low, median, high := spread(ratios)
	_, seconds, _ := spread(ours)
	b.judge("item analysis of 100,000 attempts, of the bare SQL aggregate", median <= 2, "≤ 2", "%.2f (%.2f–%.2f); %.1f s", median, low, high, seconds)
	return nil
}
