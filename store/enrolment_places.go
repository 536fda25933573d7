package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// PlacesTaken counts the people who are in a course and have not completed it.
func (s *Store) PlacesTaken(ctx context.Context, course uid.ID) (int, error) {
	var n int64
	err := s.tx(ctx).Model(&enrolment.Enrolment{}).Where("course_id = ? and status = 'active'", course).Count(&n).Error
	return int(n), fail(err, "count places taken in course %s", course)
}

// AddPlaceRequest writes a new request; added is false when the person has an open one in the course.
func (s *Store) AddPlaceRequest(ctx context.Context, r enrolment.PlaceRequest) (added bool, err error) {
	res := s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
	return res.RowsAffected == 1, fail(res.Error, "add request of person %s for course %s", r.PersonID, r.CourseID)
}

// OpenPlaceRequest reads a person's open request in a course.
func (s *Store) OpenPlaceRequest(ctx context.Context, person, course uid.ID) (r enrolment.PlaceRequest, err error) {
	err = s.tx(ctx).Where("course_id = ? and person_id = ? and status = 'open'", course, person).Take(&r).Error
	return r, notFound(err, enrolment.ErrRequestNotFound, "open request of person %s for course %s", person, course)
}

// PlacesOf reads how the places of a course stand for a person, in one query.
func (s *Store) PlacesOf(ctx context.Context, person, course uid.ID) (p enrolment.Places, err error) {
	var row struct {
		enrolment.PlaceRequest
		Asked                 bool
		Taken, Waiting, Ahead int
	}
	err = s.tx(ctx).Raw(`select r.id is not null as asked, coalesce(r.id, $1) as id, $1 as course_id, $2 as person_id, coalesce(r.kind, '') as kind,
			coalesce(r.status, '') as status, coalesce(r.note, '') as note, coalesce(r.answer, '') as answer, coalesce(r.asked_at, now()) as asked_at, r.decided_at, r.decided_by,
			(select count(*) from enrolments e where e.course_id = $1 and e.status = 'active') as taken,
			(select count(*) from place_requests w where w.course_id = $1 and w.status = 'open' and w.kind = 'waiting') as waiting,
			(select count(*) from place_requests w where w.course_id = $1 and w.status = 'open' and w.kind = 'waiting'
				and r.status = 'open' and r.kind = 'waiting' and w.asked_at < r.asked_at) as ahead
		from (select 1) one left join lateral (select * from place_requests where course_id = $1 and person_id = $2 order by asked_at desc, id desc limit 1) r on true`,
		course, person).Scan(&row).Error
	p = enrolment.Places{Taken: row.Taken, Waiting: row.Waiting, Ahead: row.Ahead}
	if row.Asked {
		p.Mine = &row.PlaceRequest
	}
	return p, fail(err, "places of course %s", course)
}

// LockPlaceRequest reads a request and holds it until the transaction ends.
func (s *Store) LockPlaceRequest(ctx context.Context, id uid.ID) (r enrolment.PlaceRequest, err error) {
	err = s.tx(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", id).Take(&r).Error
	return r, notFound(err, enrolment.ErrRequestNotFound, "lock request %s", id)
}

// UpdatePlaceRequest writes what became of a request.
func (s *Store) UpdatePlaceRequest(ctx context.Context, r enrolment.PlaceRequest) error {
	return s.changeOne(ctx, enrolment.ErrRequestNotFound, "update request", "update place_requests set kind = ?, status = ?, answer = ?, decided_at = ?, decided_by = ? where id = ?",
		r.Kind, r.Status, r.Answer, r.DecidedAt, r.DecidedBy, r.ID)
}

// PlaceRequestsOf lists the requests of a course in the order they were made.
func (s *Store) PlaceRequestsOf(ctx context.Context, f enrolment.PlaceFilter) (out page.Of[enrolment.PlaceAsked], err error) {
	limit := f.Page.Bounded()
	q := s.placesAsked(ctx).Where("r.course_id = ?", f.Course).Order("r.asked_at, r.id").Limit(limit + 1)
	if f.Status != "" {
		q = q.Where("r.status = ?", f.Status)
	}
	if f.Page.After != "" {
		at, id, err := timeCursor(f.Page.After)
		if err != nil {
			return out, err
		}
		q = q.Where("(r.asked_at, r.id) > (?, ?)", at, id)
	}
	var list []enrolment.PlaceAsked
	if err = q.Scan(&list).Error; err != nil {
		return out, fail(err, "requests for course %s", f.Course)
	}
	return page.Cut(list, limit, func(r enrolment.PlaceAsked) []string {
		return []string{r.AskedAt.UTC().Format(time.RFC3339Nano), r.ID.String()}
	}), nil
}

// PlaceRequestByID reads a request with whose it is.
func (s *Store) PlaceRequestByID(ctx context.Context, id uid.ID) (r enrolment.PlaceAsked, err error) {
	err = s.placesAsked(ctx).Where("r.id = ?", id).Take(&r).Error
	return r, notFound(err, enrolment.ErrRequestNotFound, "request %s", id)
}

func (s *Store) placesAsked(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("place_requests r").
		Select("r.id, r.course_id, r.person_id, r.kind, r.status, r.note, r.answer, r.asked_at, r.decided_at, r.decided_by, p.name as person_name, p.email as person_email").
		Joins("join people p on p.id = r.person_id")
}

// couldBegin tells whether who asks in place_requests has begun the course, or lacks nothing that it asks for first.
var couldBegin = "(exists (select from enrolments e where e.course_id = place_requests.course_id and e.person_id = place_requests.person_id and e.started_at is not null)" +
	" or not exists (select from prerequisites q where q.course_id = place_requests.course_id and not " + needMetOf("place_requests.person_id") + "))"

// NextWaiting reads the first who wait for a course, holding their requests. Those who could not begin are passed over and
// keep their turn: whose account is not active, who lacks something that the course asks for first, who was taken out of it.
func (s *Store) NextWaiting(ctx context.Context, course uid.ID, n int) (list []enrolment.PlaceRequest, err error) {
	err = s.tx(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).
		Where("course_id = ? and status = 'open' and kind = 'waiting'", course).
		Where("exists (select from people p where p.id = place_requests.person_id and p.status = 'active')").
		Where("not exists (select from enrolments e where e.course_id = place_requests.course_id and e.person_id = place_requests.person_id and e.status = 'withdrawn' and e.left_at is null)").
		Where(couldBegin).
		Order("asked_at, id").Limit(n).Find(&list).Error
	return list, fail(err, "who waits for course %s", course)
}

// CoursesWaitedFor reads the courses that someone waits for.
func (s *Store) CoursesWaitedFor(ctx context.Context) (ids []uid.ID, err error) {
	err = s.tx(ctx).Model(&enrolment.PlaceRequest{}).Distinct("course_id").Where("status = 'open' and kind = 'waiting'").Limit(1000).Pluck("course_id", &ids).Error
	return ids, fail(err, "courses waited for")
}
