package path

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/tenant"
)

// Keeper is what paths need kept; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	PeopleKeeper
	NeedKeeper
	InTenant(ctx context.Context, fn func(context.Context) error) error

	// AddPath is false when the slug is taken.
	AddPath(ctx context.Context, p Path) (added bool, err error)
	PathByID(ctx context.Context, id uid.ID) (Path, error)
	PathBySlug(ctx context.Context, slug string) (Path, error)
	// TakePathRevision counts the revision up if it still is the one named, and so holds the path until the transaction
	// ends. It is false when the path has another revision or does not exist.
	TakePathRevision(ctx context.Context, id uid.ID, revision int, at time.Time) (p Path, taken bool, err error)
	// UpdatePath writes everything an author may change.
	UpdatePath(ctx context.Context, p Path) error
	// Paths lists paths by title, each with the enrolment of a person.
	Paths(ctx context.Context, person uid.ID, f Filter) (page.Of[Listed], error)
	AnyPublishedPath(ctx context.Context) (bool, error)
	// PathsWith are the paths that are not drafts and have a course.
	PathsWith(ctx context.Context, course uid.ID) ([]uid.ID, error)
	// PathCourses reads courses as a person meets them; uid.Nil is nobody. Those that are not here are left out.
	PathCourses(ctx context.Context, person uid.ID, ids []uid.ID) ([]Course, error)
	FileInfos(ctx context.Context, ids []uid.ID) ([]catalog.FileInfo, error)
}

// Options is what the service works with.
type Options struct {
	Keep      Keeper
	Enrolment *enrolment.Service
	// As puts a person into the context as who asks (auth.Service.As): what opens on a path is entered in the name of who
	// takes it, or of who put them on it.
	As  func(ctx context.Context, person uid.ID) (context.Context, error)
	Now clock.Clock
}

// Service writes paths and takes people along them.
type Service struct {
	keep  Keeper
	enrol *enrolment.Service
	as    func(ctx context.Context, person uid.ID) (context.Context, error)
	now   clock.Clock
	any   *recall.Cache[uid.ID, bool]
}

// New makes the service.
func New(o Options) *Service {
	return &Service{keep: o.Keep, enrol: o.Enrolment, as: o.As, now: o.Now, any: recall.New[uid.ID, bool](5000, time.Minute, o.Now)}
}

// Filter narrows a list of paths. Authoring shows drafts and archived ones too and needs path:edit; without it published
// ones come, and those that who asks is on. Mine leaves only the latter.
type Filter struct {
	Status    Status
	Query     string // part of title or summary
	Authoring bool
	Mine      bool
	Page      page.Request
}

// Listed is a path in a list with how far who asks is.
type Listed struct {
	Path
	Mine     *Enrolment // nil: not on it
	Standing Standing
	Minutes  int // of all courses that are needed, at most
}

// List lists paths by title. It needs course:read, or path:edit for authoring.
func (s *Service) List(ctx context.Context, f Filter) (out page.Of[Listed], err error) {
	need := policy.CourseRead
	if f.Authoring {
		need = policy.PathEdit
	}
	if err = auth.Require(ctx, need); err != nil {
		return out, err
	}
	switch f.Status {
	case "", StatusDraft, StatusPublished, StatusArchived:
	default:
		return out, fault.Fields{"status": "Choose draft, published or archived."}.Err()
	}
	if f.Query = line(f.Query); length(f.Query) > MaxTitle {
		return out, fault.Fields{"query": "Search for at most 120 characters."}.Err()
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out, err = s.keep.Paths(ctx, who.PersonID, f); err != nil {
			return err
		}
		var ids []uid.ID
		for _, p := range out.Items {
			ids = append(ids, p.Courses()...)
		}
		courses, err := s.courses(ctx, who.PersonID, ids)
		for i := range out.Items {
			p := &out.Items[i]
			p.Standing, p.Minutes = Stand(p.Path, courses, assigned(p.Mine)), minutes(p.Path, courses)
		}
		return err
	})
	return out, err
}

// minutes is how long the courses of a path take, all of them.
func minutes(p Path, courses map[uid.ID]Course) (sum int) {
	for _, id := range p.Courses() {
		sum += courses[id].Minutes
	}
	return sum
}

func (s *Service) courses(ctx context.Context, person uid.ID, ids []uid.ID) (map[uid.ID]Course, error) {
	out := make(map[uid.ID]Course, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	list, err := s.keep.PathCourses(ctx, person, ids)
	for _, c := range list {
		out[c.ID] = c
	}
	return out, err
}

func assigned(e *Enrolment) bool { return e != nil && e.Assigned() }

// Shown is a path as who asks meets it.
type Shown struct {
	Path     Path
	Courses  map[uid.ID]Course
	Standing Standing
	Mine     *Enrolment // nil: not on it
	Minutes  int
}

// BySlug shows a path to who may take it. It needs course:read. A draft is found by who may edit it only; an archived path
// by those, and by who is on it; to everyone else it is ErrNotPublished.
func (s *Service) BySlug(ctx context.Context, slug string) (Shown, error) {
	if catalog.CheckSlug(slug) != "" {
		return Shown{}, ErrNotFound
	}
	return s.shown(ctx, func(ctx context.Context) (Path, error) { return s.keep.PathBySlug(ctx, slug) })
}

// ByID is BySlug by the path's id.
func (s *Service) ByID(ctx context.Context, id uid.ID) (Shown, error) {
	return s.shown(ctx, func(ctx context.Context) (Path, error) { return s.keep.PathByID(ctx, id) })
}

func (s *Service) shown(ctx context.Context, find func(context.Context) (Path, error)) (out Shown, err error) {
	who, _ := auth.PrincipalFrom(ctx)
	edits := who.May.Has(policy.PathEdit)
	if err = auth.Require(ctx, policy.CourseRead); err != nil && !edits {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := find(ctx)
		if err != nil {
			return err
		}
		if out, err = s.meet(ctx, p, who.PersonID); err != nil || edits {
			return err
		}
		switch {
		case p.Status == StatusDraft:
			return ErrNotFound
		case p.Status == StatusArchived && out.Mine == nil:
			return ErrNotPublished
		}
		return nil
	})
	if err != nil {
		return Shown{}, err
	}
	return out, nil
}

// meet reads a path as a person meets it.
func (s *Service) meet(ctx context.Context, p Path, person uid.ID) (out Shown, err error) {
	out.Path = p
	if out.Mine, err = s.on(ctx, p.ID, person); err != nil {
		return out, err
	}
	if out.Courses, err = s.courses(ctx, person, p.Courses()); err != nil {
		return out, err
	}
	out.Standing, out.Minutes = Stand(p, out.Courses, assigned(out.Mine)), minutes(p, out.Courses)
	return out, nil
}

// Any tells whether the portal has a published path, remembered for a minute: every page's navigation asks. It asks for no
// permission.
func (s *Service) Any(ctx context.Context) (bool, error) {
	t, ok := tenant.From(ctx)
	if !ok {
		return false, nil
	}
	return s.any.Get(ctx, t.ID, func(ctx context.Context) (any bool, err error) {
		err = s.keep.InTenant(ctx, func(ctx context.Context) error {
			any, err = s.keep.AnyPublishedPath(ctx)
			return err
		})
		return any, err
	})
}

func (s *Service) forget(ctx context.Context) {
	if t, ok := tenant.From(ctx); ok {
		s.any.Drop(func(id uid.ID, _ bool) bool { return id == t.ID })
	}
}

// tell appends an event about a path.
func (s *Service) tell(ctx context.Context, typ string, p Path, data map[string]any) error {
	if data == nil {
		data = map[string]any{}
	}
	data["slug"], data["title"] = p.Slug, p.Title
	return s.tellOf(ctx, typ, "path", p.ID, data)
}

func (s *Service) tellOf(ctx context.Context, typ, about string, subject uid.ID, data map[string]any) error {
	e, err := event.New(ctx, s.now(), typ, about, subject, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}
