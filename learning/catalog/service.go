package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
)

// Keeper is what the catalog needs kept; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	MetaKeeper
	VersionKeeper
	TextKeeper
	VisibleKeeper
	InTenant(ctx context.Context, fn func(context.Context) error) error

	// AddCourse is false when the slug is taken.
	AddCourse(ctx context.Context, c Course) (added bool, err error)
	CourseByID(ctx context.Context, id uid.ID) (Course, error)
	CourseBySlug(ctx context.Context, slug string) (Course, error)
	// TakeRevision counts the revision up if it still is the one named, and so holds the course until the transaction
	// ends. It is false when the course has another revision or does not exist.
	TakeRevision(ctx context.Context, id uid.ID, revision int, at time.Time) (c Course, taken bool, err error)
	// LockCourse holds the course until the transaction ends.
	LockCourse(ctx context.Context, id uid.ID) (Course, error)
	// UpdateCourseRow writes all that may change of a course but its revision.
	UpdateCourseRow(ctx context.Context, c Course) error
	CourseCards(ctx context.Context, f CardFilter) (page.Of[Card], error)

	AddVersion(ctx context.Context, v Version) error
	VersionByID(ctx context.Context, id uid.ID) (Version, error)
	CloneVersion(ctx context.Context, from, to uid.ID, at time.Time) error
	CloneModules(ctx context.Context, from, to uid.ID) error
	CloneLessons(ctx context.Context, from, to uid.ID) error
	// UpdateVersion writes everything an author may change, and the time of publishing; never a published version.
	UpdateVersion(ctx context.Context, v Version) error

	AddModules(ctx context.Context, modules []Module) error
	ModulesOf(ctx context.Context, version uid.ID) ([]Module, error)
	RenameModule(ctx context.Context, version, module uid.ID, title string) error
	// ShiftModule moves a module from one position to another; those between move over.
	ShiftModule(ctx context.Context, version, module uid.ID, from, to int) error
	RemoveModule(ctx context.Context, version, module uid.ID) error

	AddLessons(ctx context.Context, lessons []Lesson) error
	// CopyAssignmentRules gives a copied lesson the rules by which the one it was copied from takes work in.
	CopyAssignmentRules(ctx context.Context, from, to uid.ID) error
	// CopyTestSettings gives a copied lesson the test of the one it was copied from.
	CopyTestSettings(ctx context.Context, from, to uid.ID) error
	// HasTest tells whether anybody wrote the test of a lesson.
	HasTest(ctx context.Context, lesson uid.ID) (bool, error)
	LessonsOf(ctx context.Context, version uid.ID) ([]Lesson, error)
	// LessonHeads are the lessons without body and questions.
	LessonHeads(ctx context.Context, version uid.ID) ([]Lesson, error)
	// UpdateLesson writes the content of a lesson, not its place.
	UpdateLesson(ctx context.Context, l Lesson) error
	ShiftLesson(ctx context.Context, m LessonShift) error
	RemoveLesson(ctx context.Context, version, lesson uid.ID) error

	WritingKeeper
	// EmbedHosts are the sites that may be shown inside lessons; set is false when nobody has said yet.
	EmbedHosts(ctx context.Context) (hosts []string, set bool, err error)
	SaveEmbedHosts(ctx context.Context, hosts []string, at time.Time) error

	// FileInfos tells of the files that are here; the rest are left out.
	FileInfos(ctx context.Context, ids []uid.ID) ([]FileInfo, error)
	// MoveUnstarted puts everyone enrolled who has not started onto a version, and tells how many.
	MoveUnstarted(ctx context.Context, course, version uid.ID) (moved int64, err error)
}

// LessonShift moves a lesson to another position, in its module or in another one; those behind it move up, those at
// the new place and behind it move down.
type LessonShift struct {
	Version, Lesson      uid.ID
	FromModule, ToModule uid.ID
	From, To             int
}

// Options is what the catalog works with.
type Options struct {
	Keep Keeper
	Now  clock.Clock
}

// Service writes and reads courses.
type Service struct {
	keep    Keeper
	now     clock.Clock
	digests *recall.Cache[uid.ID, []Part] // of published versions
	frozen  frozen
}

// New makes the service.
func New(o Options) *Service {
	return &Service{keep: o.Keep, now: o.Now, digests: recall.New[uid.ID, []Part](digestsKept, digestsFor, o.Now), frozen: freeze(o.Now)}
}

// Create begins a course with an empty draft and tells of it as course.created. It needs course:edit. A slug made
// from the title gets a number when it is taken; a chosen one fails with ErrSlugTaken.
func (s *Service) Create(ctx context.Context, in CourseInput) (out Outline, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Outline{}, err
	}
	in.Normalise()
	chosen := in.Slug != ""
	if !chosen {
		in.Slug = SlugFrom(in.Title)
	}
	if err = in.Validate(); err != nil {
		return Outline{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		f := fault.Fields{}
		if err := s.checkFiles(ctx, f, in.files()); err != nil {
			return err
		}
		if err := f.Err(); err != nil {
			return err
		}
		c, err := s.begin(ctx, in, chosen)
		if err != nil {
			return err
		}
		if out, err = s.outline(ctx, c, *c.DraftID, s.keep.LessonsOf); err != nil {
			return err
		}
		return s.tell(ctx, "course.created", c, map[string]any{"slug": c.Slug, "title": in.Title})
	})
	return out, err
}

// begin adds the course and its first version.
func (s *Service) begin(ctx context.Context, in CourseInput, chosen bool) (Course, error) {
	now := s.now()
	v := Version{ID: uid.New(), Number: 1, CreatedAt: now}
	c := Course{ID: uid.New(), Slug: in.Slug, Status: StatusDraft, SelfEnrol: in.SelfEnrol, Visibility: VisibleToAll, DraftID: &v.ID, Revision: 1, CreatedAt: now, UpdatedAt: now}
	if who, ok := auth.PrincipalFrom(ctx); ok {
		c.CreatedBy = &who.PersonID
	}
	for try := 2; ; try++ {
		added, err := s.keep.AddCourse(ctx, c)
		if err != nil {
			return Course{}, err
		}
		if added {
			break
		}
		if chosen || try > 99 {
			return Course{}, ErrSlugTaken.With("slug", "Another course already has this address. Choose another.")
		}
		c.Slug = fmt.Sprintf("%s-%d", in.Slug, try)
	}
	v.CourseID = c.ID
	return c, s.keep.AddVersion(ctx, in.into(v))
}

// into writes what belongs to a version; slug and self-enrolment belong to the course.
func (in CourseInput) into(v Version) Version {
	v.Title, v.Summary, v.Language, v.CoverFileID, v.EstimatedMinutes = in.Title, in.Summary, in.Language, in.CoverFileID, in.EstimatedMinutes
	return v
}

// outline reads a version with its modules and lessons, in three queries.
func (s *Service) outline(ctx context.Context, c Course, version uid.ID, read func(context.Context, uid.ID) ([]Lesson, error)) (Outline, error) {
	v, err := s.keep.VersionByID(ctx, version)
	if err != nil {
		return Outline{}, err
	}
	modules, err := s.keep.ModulesOf(ctx, version)
	if err != nil {
		return Outline{}, err
	}
	lessons, err := read(ctx, version)
	if err != nil {
		return Outline{}, err
	}
	return Assemble(c, v, modules, lessons), nil
}

// Assemble makes an outline of modules and lessons that are each in order of position.
func Assemble(c Course, v Version, modules []Module, lessons []Lesson) Outline {
	out := Outline{Course: c, Version: v, Modules: make([]OutlineModule, len(modules))}
	at := make(map[uid.ID]int, len(modules))
	for i, m := range modules {
		out.Modules[i].Module = m
		at[m.ID] = i
	}
	for _, l := range lessons {
		if i, ok := at[l.ModuleID]; ok {
			out.Modules[i].Lessons = append(out.Modules[i].Lessons, l)
		}
	}
	return out
}

// With gives the outline lessons that are in order of position, each in its module.
func (o Outline) With(lessons []Lesson) Outline {
	modules := make([]Module, len(o.Modules))
	for i, m := range o.Modules {
		modules[i] = m.Module
	}
	o.Modules = Assemble(o.Course, o.Version, modules, lessons).Modules
	return o
}

// tell appends an event about a course.
func (s *Service) tell(ctx context.Context, typ string, c Course, data map[string]any) error {
	e, err := event.New(ctx, s.now(), typ, "course", c.ID, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// refuse joins a constraint's failure to the form's field it belongs to.
func refuse(err error) error {
	if errors.Is(err, ErrSlugTaken) {
		return fault.Of(err).With("slug", "Another course already has this address. Choose another.")
	}
	return err
}
