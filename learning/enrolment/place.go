package enrolment

import (
	"context"
	"errors"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// RequestKind is what a person asks for.
type RequestKind string

const (
	// RequestApproval asks to be let into a course whose places are given on request.
	RequestApproval RequestKind = "approval"
	// RequestWaiting asks for the next place that becomes free in a full course.
	RequestWaiting RequestKind = "waiting"
)

// RequestStatus is what became of a request.
type RequestStatus string

const (
	// RequestOpen is not decided.
	RequestOpen RequestStatus = "open"
	// RequestGranted led to an enrolment.
	RequestGranted RequestStatus = "granted"
	// RequestRefused was declined, with an answer.
	RequestRefused RequestStatus = "refused"
	// RequestTakenBack was withdrawn by who asked.
	RequestTakenBack RequestStatus = "taken_back"
)

// PlaceRequest is a person who asks for a place in a course; there is at most one open for each person and course. Who
// waits keeps the moment they first asked, also when an approval had to turn into waiting. It is a row of place_requests.
type PlaceRequest struct {
	ID        uid.ID
	CourseID  uid.ID
	PersonID  uid.ID
	Kind      RequestKind
	Status    RequestStatus
	Note      string // of who asks
	Answer    string // of who decides
	AskedAt   time.Time
	DecidedAt *time.Time
	DecidedBy *uid.ID
}

// PlaceAsked is a request as the course's list shows it.
type PlaceAsked struct {
	PlaceRequest
	PersonName  string
	PersonEmail string
}

// Places is how a course's places stand, for one who looks at it.
type Places struct {
	Capacity int           // 0: any number
	Taken    int           // people in the course who have not completed it
	Waiting  int           // people on the waiting list
	Mine     *PlaceRequest // the open request of who looks, or the last one that was refused
	Ahead    int           // people who wait before them
}

// Full tells whether who enrols themselves finds no place.
func (p Places) Full() bool { return p.Capacity > 0 && p.Taken >= p.Capacity }

// Left is how many places are free.
func (p Places) Left() int { return max(0, p.Capacity-p.Taken) }

// MaxPlaceNote bounds what is written with a request or its answer, in characters.
const MaxPlaceNote = 1_000

// Failures of places.
var (
	ErrAskFirst        = fault.New(fault.KindForbidden, "place_on_request", "Places in this course are given on request. Ask for one.")
	ErrFull            = fault.New(fault.KindConflict, "course_places_taken", "All places in this course are taken.")
	ErrNothingToAsk    = fault.New(fault.KindConflict, "place_needs_no_request", "You need not ask: enrol in this course right away.")
	ErrRequestNotFound = fault.New(fault.KindNotFound, "place_request_not_found", "There is no such request here.")
	ErrDecided         = fault.New(fault.KindConflict, "place_request_decided", "This request was decided or taken back already.")
)

// PlaceKeeper is what places need kept.
type PlaceKeeper interface {
	// LockCourse holds a course until the transaction ends, so that its last place is given once.
	LockCourse(ctx context.Context, id uid.ID) (catalog.Course, error)
	PlacesTaken(ctx context.Context, course uid.ID) (int, error)
	// AddPlaceRequest is false when the person has an open request in the course.
	AddPlaceRequest(ctx context.Context, r PlaceRequest) (added bool, err error)
	// OpenPlaceRequest is a person's open request in a course; ErrRequestNotFound.
	OpenPlaceRequest(ctx context.Context, person, course uid.ID) (PlaceRequest, error)
	// PlacesOf is how the places of a course stand for a person; Mine is their newest request, whatever became of it.
	PlacesOf(ctx context.Context, person, course uid.ID) (Places, error)
	// LockPlaceRequest holds a request until the transaction ends.
	LockPlaceRequest(ctx context.Context, id uid.ID) (PlaceRequest, error)
	PlaceRequestByID(ctx context.Context, id uid.ID) (PlaceAsked, error)
	// UpdatePlaceRequest writes kind, status, answer, and who decided when.
	UpdatePlaceRequest(ctx context.Context, r PlaceRequest) error
	// PlaceRequestsOf lists the requests of a course in the order they were made.
	PlaceRequestsOf(ctx context.Context, f PlaceFilter) (page.Of[PlaceAsked], error)
	// NextWaiting are the first who wait, of those who could begin: their accounts are active, they have what the course asks
	// for first, and nobody took them out of it.
	NextWaiting(ctx context.Context, course uid.ID, n int) ([]PlaceRequest, error)
	// CoursesWaitedFor are the courses that someone waits for.
	CoursesWaitedFor(ctx context.Context) ([]uid.ID, error)
}

// PlaceFilter narrows the list of a course's requests. An empty status is every one.
type PlaceFilter struct {
	Course uid.ID
	Status RequestStatus
	Page   page.Request
}

// room is the course, held so that its places can be counted when they are counted.
func (s *Service) room(ctx context.Context, slug string) (catalog.Course, error) {
	c, err := s.keep.CourseBySlug(ctx, slug)
	if err != nil {
		return c, err
	}
	if c.Capacity > 0 {
		return s.keep.LockCourse(ctx, c.ID)
	}
	return s.keep.ShareCourse(ctx, c.ID)
}

// free fails where a course has no place left. Capacity binds who enrols themselves and who waits, not those who manage
// enrolments: they see the number and decide.
func (s *Service) free(ctx context.Context, c catalog.Course) error {
	if c.Capacity <= 0 {
		return nil
	}
	taken, err := s.keep.PlacesTaken(ctx, c.ID)
	if err != nil || taken < c.Capacity {
		return err
	}
	if c.WaitingList {
		return ErrFull.Saying("All places in this course are taken. Join the waiting list: you get the next one that becomes free.")
	}
	return ErrFull
}

// AskPlace asks for a place where it cannot be taken right away: in a course on request, or on the waiting list of a full
// one. Asked again, it gives the open request. It tells of it as place.requested and needs enrolment:self. ErrNothingToAsk
// where enrolling is open, ErrFull where a full course has no waiting list, ErrAlreadyEnrolled for who is in it. Field: note.
func (s *Service) AskPlace(ctx context.Context, slug, note string) (r PlaceRequest, err error) {
	who, err := acts(ctx)
	if err != nil {
		return r, err
	}
	if catalog.CheckSlug(slug) != "" {
		return r, catalog.ErrCourseNotFound
	}
	if note, err = placeNote("note", note); err != nil {
		return r, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.room(ctx, slug)
		if err != nil {
			return err
		}
		kind, err := s.askable(ctx, who, c)
		if err != nil {
			return err
		}
		r = PlaceRequest{ID: uid.New(), CourseID: c.ID, PersonID: who.PersonID, Kind: kind, Status: RequestOpen, Note: note, AskedAt: s.now()}
		added, err := s.keep.AddPlaceRequest(ctx, r)
		if err != nil {
			return err
		}
		if !added {
			r, err = s.keep.OpenPlaceRequest(ctx, who.PersonID, c.ID)
			return err
		}
		return s.tellPlace(ctx, "place.requested", c, r, Learner{ID: who.PersonID, Name: who.Name})
	})
	if err != nil {
		return PlaceRequest{}, err
	}
	return r, nil
}

// askable tells what a person may ask of a course.
func (s *Service) askable(ctx context.Context, who auth.Principal, c catalog.Course) (RequestKind, error) {
	if _, err := s.keep.VisibleCourse(ctx, c.ID, "", catalog.ViewerFrom(ctx)); err != nil {
		return "", err
	}
	if err := takes(c); err != nil {
		return "", err
	}
	e, err := s.keep.EnrolmentIn(ctx, who.PersonID, c.ID)
	switch {
	case err == nil && e.Status != StatusWithdrawn:
		return "", ErrAlreadyEnrolled.Saying("You are in this course already.")
	case err == nil && !e.Left():
		return "", ErrWithdrawn
	case err != nil && !errors.Is(err, ErrEnrolmentNotFound):
		return "", err
	}
	if c.Visibility == catalog.VisibleOnRequest {
		return RequestApproval, nil
	}
	if !c.SelfEnrol {
		return "", ErrSelfEnrolClosed
	}
	full := s.free(ctx, c)
	switch {
	case full == nil:
		return "", ErrNothingToAsk
	case errors.Is(full, ErrFull) && c.WaitingList:
		return RequestWaiting, s.ready(ctx, who.PersonID, c.ID) // a place that cannot be used is not kept for anyone
	}
	return "", full
}

// TakeBackPlace takes back one's own open request, and tells of it as place.taken_back. It needs enrolment:self;
// ErrRequestNotFound where none is open.
func (s *Service) TakeBackPlace(ctx context.Context, slug string) error {
	who, err := acts(ctx)
	if err != nil {
		return err
	}
	if catalog.CheckSlug(slug) != "" {
		return catalog.ErrCourseNotFound
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseBySlug(ctx, slug)
		if err != nil {
			return err
		}
		r, err := s.keep.OpenPlaceRequest(ctx, who.PersonID, c.ID)
		if err != nil {
			return err
		}
		if r, err = s.undecided(ctx, r.ID); err != nil {
			return err
		}
		at := s.now()
		r.Status, r.DecidedAt, r.DecidedBy = RequestTakenBack, &at, &who.PersonID
		if err = s.keep.UpdatePlaceRequest(ctx, r); err != nil {
			return err
		}
		return s.tellPlace(ctx, "place.taken_back", c, r, Learner{ID: who.PersonID, Name: who.Name})
	})
}

// Decision is an answer to a request. The answer is shown and mailed to who asked.
type Decision struct {
	Request uid.ID
	Grant   bool
	Answer  string
}

// DecidePlace grants or refuses a request. An approval granted in a full course with a waiting list waits for the next
// place, keeping its turn; in one without it is ErrFull. Who waits may be given a place at once, beyond the number of
// places. What the course asks for first is not asked here: the place is kept for them, and they begin when they have it. It
// tells of it as place.granted, place.refused or place.waiting, and needs enrolment:manage. ErrDecided when
// another was quicker. Field: answer.
func (s *Service) DecidePlace(ctx context.Context, d Decision) (r PlaceRequest, err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return r, err
	}
	return s.DecidePlaceFor(ctx, d)
}

// DecidePlaceFor is DecidePlace for whom the caller has found to have a say: a manager, of the people in their line.
func (s *Service) DecidePlaceFor(ctx context.Context, d Decision) (r PlaceRequest, err error) {
	if d.Answer, err = placeNote("answer", d.Answer); err != nil {
		return r, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		asked, err := s.keep.PlaceRequestByID(ctx, d.Request)
		if err != nil {
			return err
		}
		// The course first, as FillPlaces holds them: the other way round each waits for the other.
		c, err := s.keep.LockCourse(ctx, asked.CourseID)
		if err != nil {
			return err
		}
		if r, err = s.undecided(ctx, d.Request); err != nil {
			return err
		}
		at := s.now()
		r.Answer = d.Answer
		if d.Grant && r.Kind == RequestApproval {
			err = s.free(ctx, c)
			if errors.Is(err, ErrFull) && c.WaitingList {
				r.Kind = RequestWaiting
				return s.decided(ctx, c, r, "place.waiting")
			}
			if err != nil {
				return ErrFull.Saying("All places in this course are taken. Raise their number first, or enrol the person in “People”.")
			}
		}
		r.DecidedAt, r.DecidedBy = &at, &who.PersonID
		if !d.Grant {
			r.Status = RequestRefused
			return s.decided(ctx, c, r, "place.refused")
		}
		return s.grant(ctx, c, &r)
	})
	if err != nil {
		return PlaceRequest{}, err
	}
	return r, nil
}

// undecided holds a request that is still open.
func (s *Service) undecided(ctx context.Context, id uid.ID) (PlaceRequest, error) {
	r, err := s.keep.LockPlaceRequest(ctx, id)
	if err == nil && r.Status != RequestOpen {
		err = ErrDecided
	}
	return r, err
}

// grant enrols who asked, unless somebody did meanwhile, and says so.
func (s *Service) grant(ctx context.Context, c catalog.Course, r *PlaceRequest) error {
	if err := takes(c); err != nil {
		return err
	}
	l, err := s.keep.LearnerByID(ctx, r.PersonID)
	if err != nil {
		return err
	}
	if l.Deactivated {
		return ErrDeactivated
	}
	e := s.fresh(c, r.PersonID, SourceRequested)
	e.EnrolledBy = r.DecidedBy
	added, err := s.keep.AddEnrolment(ctx, e)
	if err != nil {
		return err
	}
	if added {
		if err = s.tell(ctx, "enrolment.created", e, l); err != nil {
			return err
		}
	} else if back, err := s.reinstate(ctx, c, e); err == nil {
		if err = s.tell(ctx, "enrolment.reinstated", back, l); err != nil {
			return err
		}
	} else if !errors.Is(err, ErrAlreadyEnrolled) {
		return err
	}
	r.Status = RequestGranted
	return s.decided(ctx, c, *r, "place.granted")
}

// decided writes a request and tells what became of it.
func (s *Service) decided(ctx context.Context, c catalog.Course, r PlaceRequest, happened string) error {
	if err := s.keep.UpdatePlaceRequest(ctx, r); err != nil {
		return err
	}
	l, err := s.keep.LearnerByID(ctx, r.PersonID)
	if err != nil {
		return err
	}
	return s.tellPlace(ctx, happened, c, r, l)
}
