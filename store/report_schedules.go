package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/report/schedule"
	"lyceum/tenant"
)

// ReportReaders lists who may sign in and has one of these roles, by name; among some people, with nil among all.
func (s *Store) ReportReaders(ctx context.Context, roles []policy.Role, among []uid.ID, n int) (list []schedule.Reader, err error) {
	q := s.tx(ctx).Table("people p").Select("p.id, p.name, p.email").Where("p.status = 'active' and exists (select 1 from person_roles r where r.person_id = p.id and r.role in ?)", roles)
	if among != nil {
		q = q.Where("p.id in ?", among)
	}
	err = q.Order("lower(p.name), p.id").Limit(n).Scan(&list).Error
	return list, fail(err, "list who may be sent reports")
}

const scheduleColumns = `s.id, s.owner_id, coalesce(nullif(p.name, ''), p.email) as owner_name, s.name, s.report_id, s.wish, s.format, s.every, s.weekday, s.day, s.hour, s.zone, s.people, s.paused, s.failures, s.next_at,
	(select max(r.ended_at) from report_runs r where r.schedule_id = s.id and r.status = 'done') as last_at, s.revision, s.created_at, s.updated_at`

func (s *Store) schedules(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("report_schedules s").Select(scheduleColumns).Joins("join people p on p.id = s.owner_id")
}

// Schedules lists those of an owner, with uid.Nil all.
func (s *Store) Schedules(ctx context.Context, owner uid.ID, n int) (list []schedule.Schedule, err error) {
	q := s.schedules(ctx)
	if owner != uid.Nil {
		q = q.Where("s.owner_id = ?", owner)
	}
	return list, fail(q.Order("lower(s.name), s.id").Limit(n).Scan(&list).Error, "list schedules of reports")
}

// ScheduleByID finds one.
func (s *Store) ScheduleByID(ctx context.Context, id uid.ID) (one schedule.Schedule, err error) {
	return one, notFound(s.schedules(ctx).Where("s.id = ?", id).Take(&one).Error, schedule.ErrNotFound, "schedule %s", id)
}

// AddSchedule writes a new one.
func (s *Store) AddSchedule(ctx context.Context, one schedule.Schedule) error {
	return fail(s.tx(ctx).Create(&one).Error, "add a schedule of a report")
}

// SaveSchedule writes one of the revision before.
func (s *Store) SaveSchedule(ctx context.Context, one schedule.Schedule) error {
	done := s.tx(ctx).Model(&schedule.Schedule{}).Where("id = ? and revision = ?", one.ID, one.Revision-1).
		Select("name", "report_id", "wish", "format", "every", "weekday", "day", "hour", "zone", "people", "next_at", "revision", "updated_at").UpdateColumns(&one)
	if done.Error == nil && done.RowsAffected == 0 {
		return schedule.ErrChanged
	}
	return fail(done.Error, "save schedule %s", one.ID)
}

// MarkSchedule writes whether one is paused, how often it failed and when it comes next.
func (s *Store) MarkSchedule(ctx context.Context, one schedule.Schedule) error {
	return s.changeOne(ctx, schedule.ErrNotFound, "mark a schedule of a report", "update report_schedules set paused = ?, failures = ?, next_at = ? where id = ?", one.Paused, one.Failures, one.NextAt, one.ID)
}

// DeleteSchedule removes one with its runs.
func (s *Store) DeleteSchedule(ctx context.Context, id uid.ID) error {
	if err := s.setAside(ctx, "report_deliveries", "run_id in (select id from report_runs where schedule_id = ?)", id); err != nil {
		return err
	}
	return s.removeOne(ctx, schedule.ErrNotFound, "delete a schedule of a report", "report_schedules", "id = ?", id)
}

// DueSchedules takes those whose time has come.
func (s *Store) DueSchedules(ctx context.Context, now time.Time, n int) (list []schedule.Schedule, err error) {
	err = s.schedules(ctx).Where("s.paused = '' and s.next_at <= ?", now).Order("s.next_at, s.id").Limit(n).
		Clauses(clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: "s"}, Options: "SKIP LOCKED"}).Scan(&list).Error
	return list, fail(err, "take schedules of reports that are due")
}

// NextSchedule is when the next one's time comes.
func (s *Store) NextSchedule(ctx context.Context) (time.Time, error) {
	var next []time.Time
	err := s.tx(ctx).Raw("select next_at from report_schedules where paused = '' order by next_at limit 1").Scan(&next).Error
	if err != nil || len(next) == 0 {
		return time.Time{}, fail(err, "when the next report is sent")
	}
	return next[0], nil
}

// AddRun writes a run but where there is one of that schedule and moment.
func (s *Store) AddRun(ctx context.Context, r schedule.Run) (bool, error) {
	done := s.tx(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "schedule_id"}, {Name: "due_at"}}, DoNothing: true}).Create(&r)
	return done.RowsAffected == 1, fail(done.Error, "note that a report is due")
}

// AddDeliveries writes whom a run is for.
func (s *Store) AddDeliveries(ctx context.Context, list []schedule.Delivery) error {
	if len(list) == 0 {
		return nil
	}
	return fail(s.tx(ctx).Create(&list).Error, "note whom a report goes to")
}

// OpenRuns counts a schedule's that are not over.
func (s *Store) OpenRuns(ctx context.Context, id uid.ID) (n int, err error) {
	err = s.tx(ctx).Raw("select count(*) from report_runs where schedule_id = ? and status in ('waiting', 'working')", id).Scan(&n).Error
	return n, fail(err, "count runs of schedule %s", id)
}

// BeginRun takes one for its next attempt.
func (s *Store) BeginRun(ctx context.Context, id uid.ID) (r schedule.Run, ok bool, err error) {
	done := s.tx(ctx).Exec("update report_runs set status = 'working', attempts = attempts + 1 where id = ? and status in ('waiting', 'working')", id)
	if done.Error != nil || done.RowsAffected == 0 {
		return r, false, fail(done.Error, "begin run %s", id)
	}
	err = s.tx(ctx).Where("id = ?", id).Take(&r).Error
	return r, err == nil, fail(err, "begin run %s", id)
}

// EndRun writes how one ended, once.
func (s *Store) EndRun(ctx context.Context, r schedule.Run) (bool, error) {
	done := s.tx(ctx).Exec("update report_runs set status = ?, problem = ?, ended_at = ? where id = ? and status = 'working'", r.Status, r.Problem, r.EndedAt, r.ID)
	return done.RowsAffected == 1, fail(done.Error, "end run %s", r.ID)
}

// ReportRuns lists a schedule's with their deliveries, the newest first.
func (s *Store) ReportRuns(ctx context.Context, id uid.ID, n int) (list []schedule.Run, err error) {
	if err = s.tx(ctx).Where("schedule_id = ?", id).Order("due_at desc, id desc").Limit(n).Find(&list).Error; err != nil || len(list) == 0 {
		return list, fail(err, "runs of schedule %s", id)
	}
	ids, at := make([]uid.ID, len(list)), map[uid.ID]int{}
	for i, r := range list {
		ids[i], at[r.ID] = r.ID, i
	}
	var all []schedule.Delivery
	err = s.deliveries(ctx).Where("d.run_id in ?", ids).Scan(&all).Error
	for _, d := range all {
		r := &list[at[d.RunID]]
		r.Deliveries = append(r.Deliveries, d)
	}
	return list, fail(err, "runs of schedule %s", id)
}

func (s *Store) deliveries(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("report_deliveries d").Select("d.run_id, d.person_id, coalesce(nullif(p.name, ''), p.email) as name, d.export_id, d.status, d.at").Joins("join people p on p.id = d.person_id").Order("lower(p.name), p.id")
}

// Deliveries lists those of a run by name.
func (s *Store) Deliveries(ctx context.Context, run uid.ID) (list []schedule.Delivery, err error) {
	return list, fail(s.deliveries(ctx).Where("d.run_id = ?", run).Scan(&list).Error, "deliveries of run %s", run)
}

// MoveDelivery writes a state where it has that one.
func (s *Store) MoveDelivery(ctx context.Context, run, person uid.ID, from, to schedule.Sending, at time.Time) (bool, error) {
	done := s.tx(ctx).Exec("update report_deliveries set status = ?, at = ? where run_id = ? and person_id = ? and status = ?", to, at, run, person, from)
	return done.RowsAffected == 1, fail(done.Error, "move a delivery of run %s", run)
}

// ForgetRuns removes runs that were due long ago.
func (s *Store) ForgetRuns(ctx context.Context, before time.Time) error {
	return fail(s.tx(ctx).Exec("delete from report_runs where due_at < ?"+unlessAnyHeld(ctx), before).Error, "forget runs of reports")
}

// TenantsToReport walks over active tenants that are to be looked at, by id, n at a time.
func (s *Store) TenantsToReport(ctx context.Context, now time.Time, after uid.ID, n int) (list []tenant.Tenant, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Table(tenants).Where("id > ? and status = 'active' and not exists (select 1 from control.report_turns t where t.tenant_id = control.tenants.id and t.next_at > ?)", after, now).
			Order("id").Limit(n).Find(&list).Error, "walk tenants with reports to send")
	})
	return list, err
}

// TakeReportTurn keeps others from looking at a tenant until a moment.
func (s *Store) TakeReportTurn(ctx context.Context, tenantID uid.ID, until time.Time) error {
	return s.turnOfReports(ctx, "insert into control.report_turns as x (tenant_id, next_at) values (?, ?) on conflict (tenant_id) do update set next_at = excluded.next_at", tenantID, until)
}

// EndReportTurn says when a tenant that was taken until a moment is looked at next, unless somebody wishes for it to be sooner meanwhile.
func (s *Store) EndReportTurn(ctx context.Context, tenantID uid.ID, until, next time.Time) error {
	return s.turnOfReports(ctx, "update control.report_turns set next_at = ? where tenant_id = ? and next_at = ?", next, tenantID, until)
}

// HastenReportTurn has a tenant looked at no later than at a moment.
func (s *Store) HastenReportTurn(ctx context.Context, tenantID uid.ID, at time.Time) error {
	return s.turnOfReports(ctx, "insert into control.report_turns as x (tenant_id, next_at) values (?, ?) on conflict (tenant_id) do update set next_at = least(x.next_at, excluded.next_at)", tenantID, at)
}

func (s *Store) turnOfReports(ctx context.Context, sql string, args ...any) error {
	return s.InControl(ctx, func(ctx context.Context) error { return fail(s.tx(ctx).Exec(sql, args...).Error, "turn of reports") })
}

var _ schedule.Keeper = (*Store)(nil)
