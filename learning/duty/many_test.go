package duty_test

import (
	"fmt"
	"testing"

	"lyceum/learning/duty"
	"lyceum/tenant"
)

// TestManyAreCaughtAndEnrolledAtOnce: more than one look at a requirement takes in, and than the planner is told to expect.
func TestManyAreCaughtAndEnrolledAtOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	const many = 5100
	group := h.group("Everybody")
	for _, table := range []string{"duties", "duty_cycles", "duty_reasons", "duty_history", "enrolment_rounds", "requirement_run_changes"} {
		h.exec("vacuum analyze %s." + table) // the planner counts them as empty
	}
	h.exec(fmt.Sprintf(`with p as (insert into %%[1]s.people (id, email, name, password_hash, status, locale, time_zone, created_at, updated_at, attributes)
		select gen_random_uuid(), 'many-' || i || '@example.org', 'Person ' || i, '', 'active', '', '', now(), now(), '{}' from generate_series(1, %d) i returning id)
		insert into %%[1]s.group_members (group_id, person_id) select '%s', id from p`, many, group))
	days := 30
	r := h.requirement(duty.Terms{DueDays: &days, GraceDays: 7})
	_, err := h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoAdd, Group: group})
	h.do(err)
	for turn := range 2 { // the second changes nothing
		h.do(h.duties.Run(h.ctx, r.ID))
		portal, _ := tenant.From(h.ctx)
		var given, dated, said, enrolled, told, why int
		h.do(h.Admin.QueryRow(t.Context(), fmt.Sprintf(`select (select count(*) from %[1]s.duties where withdrawn_at is null), (select count(*) from %[1]s.duty_cycles where due_at = began_at + interval '30 days' and grace_until = began_at + interval '37 days'),
			(select count(*) from %[1]s.duty_history), (select count(*) from %[1]s.duties d join %[1]s.duty_cycles c on c.duty_id = d.id where c.due_at = (select e.due_at from %[1]s.enrolments e where e.person_id = d.person_id)),
			(select count(*) from %[1]s.outbox o join %[1]s.events e on e.id = o.event_id where e.type = 'enrolment.created'), (select count(*) from %[1]s.requirement_run_changes where change = 'enrolled' and enrolment_id is not null)`, portal.SchemaName)).
			Scan(&given, &dated, &said, &enrolled, &told, &why))
		for what, n := range map[string]int{"have the duty": given, "have a date": dated, "are in the history": said, "are enrolled with their date": enrolled, "are to be told": told, "are in the ledger": why} {
			if n != many {
				t.Errorf("turn %d: %d people %s, not %d", turn, n, what, many)
			}
		}
	}
	_, err = h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoRemove, Group: group})
	h.do(err)
	if got, err := h.duties.Get(h.asking, r.ID); err != nil || got.Count() != 0 {
		t.Errorf("%d still have the duty, %v", got.Count(), err)
	}
}
