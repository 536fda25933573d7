// Package home is what a learner comes back to: what is due, what they were doing, what they earned, and what they might
// learn next, each with its reason in words. It only reads: enrolling and learning are enrolment's.
package home

import (
	"cmp"
	"context"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
)

// How much home shows of each.
const (
	MaxMine         = 60
	MaxSpots        = 3
	MaxCertificates = 4 // the number stands in the query too
	MaxSkills       = 12
	MaxRecommended  = 6
)

// Spot is where a person is in a course: the lesson to go on with, and in a recording the second.
type Spot struct {
	EnrolmentID uid.ID
	LessonID    uid.ID
	Title       string
	Number      int     // of the lesson in the course, from 1
	Lessons     int     // of the course
	Position    float64 // seconds; 0 but in a recording that was begun
	TouchedAt   *time.Time
}

// Skill is what a person can do since they completed a course that teaches it.
type Skill struct {
	ID   uid.ID
	Name string
	At   time.Time
}

// Glance is all that home needs, as the store reads it.
type Glance struct {
	Mine         []enrolment.Mine // under way first, those by their due date; then completed, the newest first; MaxMine
	Spots        []Spot           // of the courses under way that were touched last, the latest first; MaxSpots
	Certificates []certificate.Certificate
	Skills       []Skill
	Candidates   []Candidate
}

// Question is whose home is asked for, and when.
type Question struct {
	Person    uid.ID
	Now       time.Time
	Languages []string // in which titles are wished for, the dearest first
}

// Keeper is what home needs kept.
type Keeper interface {
	// Glance reads all of it in one transaction of four queries, which alone travel in one message: this page is opened daily
	// by everyone.
	Glance(ctx context.Context, q Question) (Glance, error)
}

// Service puts home together.
type Service struct {
	keep Keeper
	now  clock.Clock
}

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service { return &Service{keep: keep, now: now} }

// Home is a learner's home.
type Home struct {
	Due          []enrolment.Mine // under way with a date, overdue first
	Doing        []Doing          // under way and begun, the latest first
	Mine         []enrolment.Mine // the other courses under way, the newest first
	Completed    []enrolment.Mine // the newest first
	Certificates []certificate.Certificate
	Skills       []Skill
	Recommended  []Recommendation
}

// Doing is a course under way with where the person is in it.
type Doing struct {
	enrolment.Mine
	Spot Spot
}

// Active counts the courses under way.
func (h Home) Active() int {
	n := 0
	seen := map[uid.ID]bool{}
	for _, list := range [][]enrolment.Mine{h.Due, h.Mine} {
		for _, m := range list {
			if !seen[m.ID] {
				seen[m.ID] = true
				n++
			}
		}
	}
	for _, d := range h.Doing {
		if !seen[d.ID] {
			seen[d.ID] = true
			n++
		}
	}
	return n
}

// Overdue counts what is past its date at a moment.
func (h Home) Overdue(now time.Time) int {
	n := 0
	for _, m := range h.Due {
		if m.DueAt.Before(now) {
			n++
		}
	}
	return n
}

// Empty tells whether the person is in no course and was in none.
func (h Home) Empty() bool { return len(h.Due)+len(h.Doing)+len(h.Mine)+len(h.Completed) == 0 }

// Look gives the home of who asks. It needs person:self; what they may not see is left out.
func (s *Service) Look(ctx context.Context) (Home, error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return Home{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	g, err := s.keep.Glance(ctx, Question{Person: who.PersonID, Now: s.now(), Languages: catalog.LanguagesFrom(ctx)})
	if err != nil {
		return Home{}, err
	}
	h := arranged(g)
	if !who.May.Has(policy.EnrolmentSelf) {
		h = Home{Certificates: h.Certificates, Recommended: h.Recommended}
	}
	if !who.May.Has(policy.CertificateRead) {
		h.Certificates = nil
	}
	if !who.May.Has(policy.CourseRead) {
		h.Recommended = nil
	}
	return h, nil
}

func arranged(g Glance) Home {
	h := Home{Certificates: g.Certificates, Skills: g.Skills, Recommended: recommended(g.Candidates)}
	byID := make(map[uid.ID]enrolment.Mine, len(g.Mine))
	for _, m := range g.Mine {
		byID[m.ID] = m
	}
	doing := map[uid.ID]bool{}
	for _, spot := range g.Spots {
		if m, ok := byID[spot.EnrolmentID]; ok {
			h.Doing = append(h.Doing, Doing{m, spot})
			doing[m.ID] = true
		}
	}
	for _, m := range g.Mine {
		switch {
		case m.Status == enrolment.StatusCompleted:
			h.Completed = append(h.Completed, m)
		case m.DueAt != nil:
			h.Due = append(h.Due, m)
		case !doing[m.ID]:
			h.Mine = append(h.Mine, m)
		}
	}
	slices.SortStableFunc(h.Due, func(a, b enrolment.Mine) int { return cmp.Or(a.DueAt.Compare(*b.DueAt), cmp.Compare(a.Title, b.Title)) })
	slices.SortStableFunc(h.Completed, func(a, b enrolment.Mine) int { return completedAt(b).Compare(completedAt(a)) })
	return h
}

func completedAt(m enrolment.Mine) time.Time {
	if m.CompletedAt == nil {
		return m.EnrolledAt
	}
	return *m.CompletedAt
}
