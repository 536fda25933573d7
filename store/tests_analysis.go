package store

import (
	"context"

	"lyceum/internal/uid"
	"lyceum/learning/assessment"
)

// Item analysis reads the item columns of graded attempts: one pass over the attempts of a test, without their answers. $1 is
// the lesson, $2: first attempts only.

const analysed = `a as materialized (
	select t.id, t.points::float8 / 1e6 as points, t.most::float8 / 1e6 as most, t.percent, t.passed, t.item_questions, t.item_versions, t.item_shares, t.item_marks,
		ntile(100) over (order by t.points::float8 / nullif(t.most, 0), t.id) as part
	from test_attempts t where t.lesson_id = $1 and t.status = 'graded' and t.item_questions is not null and t.most > 0 and (not $2 or t.number = 1)
)`

const itemsSQL = `with ` + analysed + `, i as (
	select u.question, u.version, u.share::float8 / 1e6 as share, u.marks, a.points, a.part
	from a cross join lateral unnest(a.item_questions, a.item_versions, a.item_shares, a.item_marks) u(question, version, share, marks)
	where u.share is not null
) select question, version, count(*) as count, avg(share) as mean, coalesce(stddev_samp(share), 0) as deviation, corr(share * marks, points - share * marks) as rest,
	avg(share) filter (where part > 73) as upper, avg(share) filter (where part <= 27) as lower, coalesce(var_samp(share * marks), 0) as variance
from i group by question, version order by question, version limit 2000`

const totalsSQL = `with ` + analysed + ` select count(*) as attempts, coalesce(avg(percent), 0) as mean, coalesce(percentile_cont(0.5) within group (order by percent), 0) as median,
	coalesce(stddev_samp(100 * points / most), 0) as deviation, coalesce(var_samp(points), 0) as variance, count(*) filter (where passed) as passed,
	case when min(cardinality(item_questions)) = max(cardinality(item_questions)) then min(cardinality(item_questions)) else 0 end as items, coalesce(max(most), 0) as most from a`

// latest are the newest of the attempts, for what needs their answers.
const latest = `l as materialized (
	select t.id, t.percent, t.item_questions, t.item_versions, t.started_at
	from test_attempts t where t.lesson_id = $1 and t.status = 'graded' and t.item_questions is not null and t.most > 0 and (not $2 or t.number = 1)
	order by t.started_at desc, t.id desc limit $3
)`

const choicesSQL = `with ` + latest + ` select u.question, u.version, c.choice, count(*) as count, avg(l.percent) as mean
from l cross join lateral unnest(l.item_questions, l.item_versions) with ordinality u(question, version, place)
	join test_answers w on w.attempt_id = l.id and w.slot = u.place - 1
	cross join lateral jsonb_array_elements_text(coalesce(w.answer->'choices', '[]'::jsonb)) c(choice)
group by 1, 2, 3 order by 1, 2, 3 limit 20000`

const timesSQL = `with ` + latest + `, w as (
	select l.item_questions[w.slot + 1] as question, extract(epoch from w.saved_at - coalesce(lag(w.saved_at) over (partition by w.attempt_id order by w.saved_at, w.slot), l.started_at)) as seconds
	from l join test_answers w on w.attempt_id = l.id
) select question, percentile_cont(0.5) within group (order by seconds) as seconds from w where question is not null group by question order by question limit 2000`

// TestItems counts what each question of a test came to.
func (s *Store) TestItems(ctx context.Context, lesson uid.ID, firstOnly bool) (list []assessment.ItemRow, err error) {
	err = s.tx(ctx).Raw(itemsSQL, lesson, firstOnly).Scan(&list).Error
	return list, fail(err, "items of test %s", lesson)
}

// TestTotals counts what whole attempts at a test came to.
func (s *Store) TestTotals(ctx context.Context, lesson uid.ID, firstOnly bool) (t assessment.TotalsRow, err error) {
	err = s.tx(ctx).Raw(totalsSQL, lesson, firstOnly).Scan(&t).Error
	return t, fail(err, "totals of test %s", lesson)
}

// TestChoices counts who chose what, over the newest attempts.
func (s *Store) TestChoices(ctx context.Context, lesson uid.ID, firstOnly bool, n int) (list []assessment.ChoiceRow, err error) {
	err = s.tx(ctx).Raw(choicesSQL, lesson, firstOnly, n).Scan(&list).Error
	return list, fail(err, "choices of test %s", lesson)
}

// TestTimes tells how long answers took, over the newest attempts.
func (s *Store) TestTimes(ctx context.Context, lesson uid.ID, firstOnly bool, n int) (list []assessment.TimeRow, err error) {
	err = s.tx(ctx).Raw(timesSQL, lesson, firstOnly, n).Scan(&list).Error
	return list, fail(err, "times of test %s", lesson)
}
