package store

import (
	"context"

	"lyceum/internal/uid"
	"lyceum/learning/assessment"
)

// Item analysis reads the item columns of graded attempts: one pass over the attempts of a test, without their answers. $1 is
// the lesson, $2: first attempts only.

const analysedWhere = `t.lesson_id = $1 and t.status = 'graded' and t.item_questions is not null and t.most > 0 and (not $2 or t.number = 1)`

// The regr_ functions share what they count with corr, so that all of them cost one pass. $3 and $4 are where the weakest and the best 27 % end
// and begin; who stands at a cut belongs to both sides of it.
const itemsSQL = `select u.question, u.version, count(*) as count, regr_avgy(u.share * u.marks, t.points - u.share * u.marks) * count(*) / sum(u.marks) / 1e6 as mean,
	corr(u.share * u.marks, t.points - u.share * u.marks) as rest, avg(u.share::float8) filter (where t.points::float8 / t.most >= $4) / 1e6 as upper, avg(u.share::float8) filter (where t.points::float8 / t.most <= $3) / 1e6 as lower,
	coalesce(regr_syy(u.share * u.marks, t.points - u.share * u.marks) / nullif(count(*) - 1, 0), 0) / 1e12 as variance
from test_attempts t cross join lateral unnest(t.item_questions, t.item_versions, t.item_shares, t.item_marks) u(question, version, share, marks)
where ` + analysedWhere + ` and u.share is not null
group by u.question, u.version order by u.question, u.version limit 2000`

const totalsSQL = `select count(*) as attempts, coalesce(avg(t.percent), 0) as mean, coalesce(percentile_cont(0.5) within group (order by t.percent), 0) as median,
	coalesce(stddev_samp(100 * t.points::float8 / t.most), 0) as deviation, coalesce(var_samp(t.points::float8), 0) / 1e12 as variance, count(*) filter (where t.passed) as passed,
	case when min(cardinality(t.item_questions)) = max(cardinality(t.item_questions)) then min(cardinality(t.item_questions)) else 0 end as items, coalesce(max(t.most), 0)::float8 / 1e6 as most,
	coalesce((percentile_cont(array[0.27, 0.73]) within group (order by t.points::float8 / t.most))[1], 0) as weakest, coalesce((percentile_cont(array[0.27, 0.73]) within group (order by t.points::float8 / t.most))[2], 0) as best
from test_attempts t where ` + analysedWhere

// latestSQL gives the newest of the attempts, for what needs their answers; latest are those of the ids in $1.
const latestSQL = `select t.id from test_attempts t where ` + analysedWhere + ` order by t.started_at desc, t.id desc limit $3`

const latest = `l as materialized (select t.id, t.percent, t.item_questions, t.item_versions, t.started_at from test_attempts t where t.id = any(cast($1 as uuid[])))`

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
func (s *Store) TestItems(ctx context.Context, lesson uid.ID, firstOnly bool, of assessment.TotalsRow) (list []assessment.ItemRow, err error) {
	err = s.tx(ctx).Raw(itemsSQL, lesson, firstOnly, of.Weakest, of.Best).Scan(&list).Error
	return list, fail(err, "items of test %s", lesson)
}

// TestTotals counts what whole attempts at a test came to.
func (s *Store) TestTotals(ctx context.Context, lesson uid.ID, firstOnly bool) (t assessment.TotalsRow, err error) {
	err = s.tx(ctx).Raw(totalsSQL, lesson, firstOnly).Scan(&t).Error
	return t, fail(err, "totals of test %s", lesson)
}

// TestLatest counts who chose what and how long answers took, over the n newest attempts.
func (s *Store) TestLatest(ctx context.Context, lesson uid.ID, firstOnly bool, n int) (choices []assessment.ChoiceRow, times []assessment.TimeRow, err error) {
	var ids []string
	if err = s.tx(ctx).Raw(latestSQL, lesson, firstOnly, n).Scan(&ids).Error; err != nil || len(ids) == 0 {
		return nil, nil, fail(err, "newest attempts at test %s", lesson)
	}
	if err = s.tx(ctx).Raw(choicesSQL, array(ids)).Scan(&choices).Error; err != nil {
		return nil, nil, fail(err, "choices of test %s", lesson)
	}
	err = s.tx(ctx).Raw(timesSQL, array(ids)).Scan(&times).Error
	return choices, times, fail(err, "times of test %s", lesson)
}
