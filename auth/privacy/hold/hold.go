// Package hold is legal holds: a named order that nothing of some people, or of the whole portal, may be erased or go by its age until
// somebody releases it. It says who is held and why; that erasures and sweeps heed it is theirs and the store's, and so is that what goes in
// everyday life is set aside.
package hold

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Bounds, in characters and people.
const (
	nameMax   = 120
	caseMax   = 60
	reasonMax = 1000
	atOnce    = 1000 // people and groups that one call names
	toldMost  = 50   // people whom an event names one by one
)

// Hold is one order. It is a row of holds.
type Hold struct {
	ID            uid.ID
	Name          string
	CaseNumber    string // of the court, the authority or the counsel; "" unknown
	Reason        string
	Whole         bool // everybody of the portal, also who comes later
	MadeBy        uid.ID
	MadeAt        time.Time
	ReleasedBy    *uid.ID
	ReleasedAt    *time.Time
	ReleaseReason string

	People     int64  `gorm:"->"` // under it; of a whole portal 0
	MadeByName string `gorm:"->"`
}

// TableName is holds.
func (Hold) TableName() string { return "holds" }

// Open tells whether it still holds.
func (h Hold) Open() bool { return h.ReleasedAt == nil }

// Person is somebody under a hold. It is a row of hold_people.
type Person struct {
	HoldID    uid.ID
	PersonID  uid.ID
	GroupName string // by which group they came under it; "" by themselves
	AddedBy   uid.ID
	AddedAt   time.Time

	Name  string `gorm:"->"`
	Email string `gorm:"->"`
}

// Group is a group that can be put under a hold.
type Group struct {
	ID      uid.ID
	Name    string
	Members int64
}

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "hold_not_found", "There is no such legal hold.")
	ErrNameUsed = fault.New(fault.KindConflict, "hold_name_used", "There is an open hold of this name. Choose another one.").With("name", "There is an open hold of this name.")
	ErrReleased = fault.New(fault.KindConflict, "hold_released", "This hold was released. Make a new one.")
	ErrWhole    = fault.New(fault.KindConflict, "hold_whole", "This hold covers everybody of the portal: nobody is added or taken out.")
	ErrNotUnder = fault.New(fault.KindNotFound, "hold_person_not_found", "This person is not under the hold.")
	ErrSelf     = fault.New(fault.KindConflict, "hold_self", "You are under this hold yourself. Somebody else has to do that.")
	// ErrHeld refuses what would erase something of somebody under a hold.
	ErrHeld = fault.New(fault.KindConflict, "person_held", "A legal hold covers this person: nothing of theirs is erased until it is released. See Privacy, Legal holds.")
)

// Input is a new hold.
type Input struct {
	Name, CaseNumber, Reason string
	Whole                    bool
	Who
}

// Who are people, and those who are in groups at the moment.
type Who struct {
	People []uid.ID
	Emails []string // of people, as somebody typed them
	Groups []uid.ID
}

func (w Who) none() bool { return len(w.People)+len(w.Emails)+len(w.Groups) == 0 }

// Validate tidies it and gathers what is wrong.
func (in *Input) Validate() error {
	in.Name, in.CaseNumber, in.Reason = strings.Join(strings.Fields(in.Name), " "), strings.Join(strings.Fields(in.CaseNumber), " "), strings.TrimSpace(in.Reason)
	wrong := fault.Fields{}
	wrong.Check(in.Name != "", "name", "Give the hold a name.")
	wrong.Check(fits(in.Name, nameMax), "name", "Use at most 120 characters.")
	wrong.Check(fits(in.CaseNumber, caseMax), "case_number", "Use at most 60 characters.")
	wrong.Check(in.Reason != "", "reason", "Say why: an auditor will ask.")
	wrong.Check(fits(in.Reason, reasonMax), "reason", "Use at most 1,000 characters.")
	wrong.Check(in.Whole || !in.Who.none(), "emails", "Name somebody or a group, or hold the whole portal.")
	wrong.Check(!in.Whole || in.Who.none(), "whole", "A hold of the whole portal needs no people and groups.")
	in.Who.check(wrong)
	return wrong.Err()
}

func (w Who) check(wrong fault.Fields) {
	wrong.Check(len(w.People)+len(w.Emails)+len(w.Groups) <= atOnce, "emails", "Name at most 1,000 at once.")
}

func fits(text string, most int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= most
}

// Keeper is what is kept; every method but InTenant joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// InsertHold is ErrNameUsed where an open one is called so.
	InsertHold(ctx context.Context, h Hold) error
	// HoldByID finds one and keeps it as it is until the transaction ends; ErrNotFound.
	HoldByID(ctx context.Context, id uid.ID) (Hold, error)
	// FindHold finds one; ErrNotFound.
	FindHold(ctx context.Context, id uid.ID) (Hold, error)
	// LockHolds waits for deletions under the holds as they are, and keeps others from beginning until the transaction ends.
	LockHolds(ctx context.Context) error
	// Holds lists them, open ones first, the newest first.
	Holds(ctx context.Context, p page.Request) (page.Of[Hold], error)
	// HoldPeople lists who is under one, by id.
	HoldPeople(ctx context.Context, id uid.ID, p page.Request) (page.Of[Person], error)
	// AddHoldPeople puts people under a hold who are there and not under it yet, and gives them.
	AddHoldPeople(ctx context.Context, h Hold, people []uid.ID, by uid.ID, at time.Time) ([]uid.ID, error)
	// AddHoldGroup puts those under a hold who are in a group now; ok is false where there is no such group.
	AddHoldGroup(ctx context.Context, h Hold, group, by uid.ID, at time.Time) (added []uid.ID, name string, ok bool, err error)
	// TakeHoldPerson is ErrNotUnder.
	TakeHoldPerson(ctx context.Context, hold, person uid.ID) error
	// ReleaseHold writes who released one, when and why.
	ReleaseHold(ctx context.Context, h Hold) error
	// HoldsOver lists the open holds over a person, those of the whole portal included.
	HoldsOver(ctx context.Context, person uid.ID) ([]Hold, error)
	// UnderHold tells whether a person is named by a hold.
	UnderHold(ctx context.Context, hold, person uid.ID) (bool, error)
	// HeldRows lists what was set aside of people under a hold, the newest first.
	HeldRows(ctx context.Context, h Hold, p page.Request) (page.Of[Row], error)
	// CountHeldRows counts it.
	CountHeldRows(ctx context.Context, h Hold) (int64, error)
	// ForgetHeldRows removes what was set aside of people whom no hold covers any more, and says how many rows went.
	ForgetHeldRows(ctx context.Context) (int64, error)
	// HoldGroups lists groups by name, at most n.
	HoldGroups(ctx context.Context, n int) ([]Group, error)
	// PeopleByEmails finds people by their addresses, in lower case.
	PeopleByEmails(ctx context.Context, emails []string) (map[string]auth.Person, error)
}

// Service keeps holds.
type Service struct {
	keep Keeper
	now  clock.Clock
}

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service { return &Service{keep, now} }

func (s *Service) tell(ctx context.Context, typ string, h Hold, data map[string]any) error {
	if data == nil {
		data = map[string]any{}
	}
	data["name"], data["case_number"] = h.Name, h.CaseNumber
	e, err := event.New(ctx, s.now(), typ, "hold", h.ID, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

func (s *Service) read(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := auth.Require(ctx, policy.PrivacyRead); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, fn)
}

func (s *Service) manage(ctx context.Context, fn func(ctx context.Context, who uid.ID) error) error {
	if err := auth.Require(ctx, policy.PrivacyManage); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.LockHolds(ctx); err != nil {
			return err
		}
		return fn(ctx, who.PersonID)
	})
}

// List lists holds, open ones first, the newest first. It needs privacy:read.
func (s *Service) List(ctx context.Context, p page.Request) (list page.Of[Hold], err error) {
	err = s.read(ctx, func(ctx context.Context) error {
		list, err = s.keep.Holds(ctx, p)
		return err
	})
	return list, err
}

// Show gives one with some of the people under it. It needs privacy:read; ErrNotFound.
func (s *Service) Show(ctx context.Context, id uid.ID, p page.Request) (h Hold, people page.Of[Person], err error) {
	err = s.read(ctx, func(ctx context.Context) error {
		if h, err = s.keep.FindHold(ctx, id); err != nil {
			return err
		}
		people, err = s.keep.HoldPeople(ctx, id, p)
		return err
	})
	return h, people, err
}

// Groups lists those that can be put under a hold. It needs privacy:read.
func (s *Service) Groups(ctx context.Context) (list []Group, err error) {
	err = s.read(ctx, func(ctx context.Context) error {
		list, err = s.keep.HoldGroups(ctx, atOnce)
		return err
	})
	return list, err
}

// Over lists the open holds over a person. It needs privacy:read.
func (s *Service) Over(ctx context.Context, person uid.ID) (list []Hold, err error) {
	err = s.read(ctx, func(ctx context.Context) error {
		list, err = s.keep.HoldsOver(ctx, person)
		return err
	})
	return list, err
}

// Make begins a hold. It needs privacy:manage; faults of Input, ErrNameUsed. Nobody under it is told. Event hold.made.
func (s *Service) Make(ctx context.Context, in Input) (h Hold, err error) {
	err = s.manage(ctx, func(ctx context.Context, who uid.ID) error {
		if err := in.Validate(); err != nil {
			return err
		}
		h = Hold{ID: uid.New(), Name: in.Name, CaseNumber: in.CaseNumber, Reason: in.Reason, Whole: in.Whole, MadeBy: who, MadeAt: s.now()}
		if err := s.keep.InsertHold(ctx, h); err != nil {
			return err
		}
		added, groups, err := s.put(ctx, h, in.Who, who)
		if err != nil {
			return err
		}
		h.People = int64(len(added))
		return s.tell(ctx, "hold.made", h, said(added, groups, map[string]any{"whole": h.Whole, "reason": h.Reason}))
	})
	return h, err
}

// put puts people under a hold, and gives those who were not under it and what the groups are called.
func (s *Service) put(ctx context.Context, h Hold, w Who, by uid.ID) (added []uid.ID, groups []string, err error) {
	people := slices.Clone(w.People)
	if len(w.Emails) > 0 {
		var norm, unknown []string
		for _, typed := range w.Emails {
			norm = append(norm, strings.ToLower(strings.TrimSpace(typed)))
		}
		found, err := s.keep.PeopleByEmails(ctx, norm)
		if err != nil {
			return nil, nil, err
		}
		for i, one := range norm {
			if p, ok := found[one]; ok {
				people = append(people, p.ID)
			} else {
				unknown = append(unknown, strings.TrimSpace(w.Emails[i]))
			}
		}
		if len(unknown) > 0 {
			return nil, nil, fault.Invalid(map[string]string{"emails": fmt.Sprintf("Nobody here has this e-mail: %s", unknown[0])})
		}
	}
	if added, err = s.keep.AddHoldPeople(ctx, h, people, by, s.now()); err != nil {
		return nil, nil, err
	}
	for _, g := range w.Groups {
		more, name, ok, err := s.keep.AddHoldGroup(ctx, h, g, by, s.now())
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			return nil, nil, auth.ErrGroupNotFound
		}
		added, groups = append(added, more...), append(groups, name)
	}
	return added, groups, nil
}

func said(people []uid.ID, groups []string, data map[string]any) map[string]any {
	data["people"] = len(people)
	if len(people) > 0 && len(people) <= toldMost {
		data["person_ids"] = people
	}
	if len(groups) > 0 {
		data["groups"] = groups
	}
	return data
}

// Add puts more people under a hold, and tells how many were not under it yet. It needs privacy:manage; ErrNotFound, ErrReleased, ErrWhole,
// auth.ErrGroupNotFound, a fault at emails. Event hold.people_added.
func (s *Service) Add(ctx context.Context, id uid.ID, w Who) (n int, err error) {
	err = s.manage(ctx, func(ctx context.Context, who uid.ID) error {
		h, err := s.openNamed(ctx, id)
		if err != nil {
			return err
		}
		wrong := fault.Fields{}
		wrong.Check(!w.none(), "emails", "Name somebody or a group.")
		w.check(wrong)
		if err := wrong.Err(); err != nil {
			return err
		}
		added, groups, err := s.put(ctx, h, w, who)
		if n = len(added); err != nil || n == 0 {
			return err
		}
		return s.tell(ctx, "hold.people_added", h, said(added, groups, map[string]any{}))
	})
	return n, err
}

func (s *Service) openNamed(ctx context.Context, id uid.ID) (Hold, error) {
	h, err := s.keep.HoldByID(ctx, id)
	switch {
	case err != nil:
	case !h.Open():
		err = ErrReleased
	case h.Whole:
		err = ErrWhole
	}
	return h, err
}

// Take takes somebody out of a hold; what was set aside of theirs goes, unless another one covers them. It needs privacy:manage; ErrNotFound, ErrReleased, ErrWhole, ErrNotUnder, ErrSelf. Event hold.person_taken.
func (s *Service) Take(ctx context.Context, id, person uid.ID) error {
	return s.manage(ctx, func(ctx context.Context, who uid.ID) error {
		h, err := s.openNamed(ctx, id)
		if err != nil {
			return err
		}
		if who == person {
			return ErrSelf
		}
		if err := s.keep.TakeHoldPerson(ctx, id, person); err != nil {
			return err
		}
		n, err := s.keep.ForgetHeldRows(ctx)
		if err != nil {
			return err
		}
		return s.tell(ctx, "hold.person_taken", h, map[string]any{"person_ids": []uid.ID{person}, "rows": n})
	})
}

// Release ends a hold, with a reason; what was set aside of those whom no other one covers goes. Who is named by it does not release it. It needs privacy:manage; a fault at release_reason, ErrNotFound,
// ErrReleased, ErrSelf. Event hold.released.
func (s *Service) Release(ctx context.Context, id uid.ID, reason string) error {
	return s.manage(ctx, func(ctx context.Context, who uid.ID) error {
		reason = strings.TrimSpace(reason)
		wrong := fault.Fields{}
		wrong.Check(reason != "", "release_reason", "Say why: an auditor will ask.")
		wrong.Check(fits(reason, reasonMax), "release_reason", "Use at most 1,000 characters.")
		if err := wrong.Err(); err != nil {
			return err
		}
		h, err := s.keep.HoldByID(ctx, id)
		if err != nil {
			return err
		}
		if !h.Open() {
			return ErrReleased
		}
		under, err := s.keep.UnderHold(ctx, id, who)
		if err != nil {
			return err
		}
		if under {
			return ErrSelf
		}
		now := s.now()
		h.ReleasedBy, h.ReleasedAt, h.ReleaseReason = &who, &now, reason
		if err := s.keep.ReleaseHold(ctx, h); err != nil {
			return err
		}
		n, err := s.keep.ForgetHeldRows(ctx)
		if err != nil {
			return err
		}
		return s.tell(ctx, "hold.released", h, map[string]any{"reason": reason, "rows": n})
	})
}
