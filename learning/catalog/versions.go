package catalog

import (
	"context"
	"maps"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// VersionKeeper is what the history of a course needs kept.
type VersionKeeper interface {
	// VersionsOf lists a course's published versions, the newest first, without what changed.
	VersionsOf(ctx context.Context, course uid.ID, p page.Request) (page.Of[Edition], error)
	// PartsOf lists modules and lessons of versions, each with a digest of what it says, in order of place.
	PartsOf(ctx context.Context, versions []uid.ID) ([]Part, error)
	// TongueDigests digests what versions say in each of their other languages.
	TongueDigests(ctx context.Context, versions []uid.ID) ([]TongueDigest, error)
	// RemoveVersion deletes a version that was never published, with all that is in it.
	RemoveVersion(ctx context.Context, version uid.ID) error
	NamesOf(ctx context.Context, people []uid.ID) (map[uid.ID]string, error)
	// LessonToLearn reads a lesson whole and the seconds of its recording.
	LessonToLearn(ctx context.Context, version, lesson uid.ID) (l Lesson, seconds float64, err error)
}

// Edition is a published version as the history shows it.
type Edition struct {
	Version
	Publisher string  // a name; "" when it is not known
	Before    *uid.ID // the version published before it
	Lessons   int
	People    int     // who are on it
	Changes   Changes `gorm:"-"` // against the one before; everything added for the first
}

// Part is a module or lesson of a version.
type Part struct {
	VersionID uid.ID
	ID        uid.ID
	Module    bool
	Title     string
	Digest    string // of what it says, its place aside
}

// TongueDigest is a digest of all that a version says in a language beside its own.
type TongueDigest struct {
	VersionID uid.ID
	Language  string
	Digest    string
}

// Changes are what differs between two versions.
type Changes struct {
	Added, Removed, Changed []Part
	Details                 bool     // title, summary, language, picture or time differ
	Order                   bool     // what both have stands in another order
	Languages               []string // in which translations differ, came or went
}

// None tells whether nothing differs.
func (c Changes) None() bool {
	return len(c.Added)+len(c.Removed)+len(c.Changed)+len(c.Languages) == 0 && !c.Details && !c.Order
}

// maxEditions is how many versions the history shows at once: each is compared with the one before.
const maxEditions = 10

// Versions lists the published versions of a course, the newest first, at most 10 at once, each with what changed
// against the one before. It needs course:edit, course:review or course:publish.
func (s *Service) Versions(ctx context.Context, course uid.ID, p page.Request) (c Course, out page.Of[Edition], err error) {
	if err = requireAny(ctx, policy.CourseEdit, policy.CourseReview, policy.CoursePublish); err != nil {
		return c, out, err
	}
	if p.Limit <= 0 || p.Limit > maxEditions {
		p.Limit = maxEditions
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if c, err = s.keep.CourseByID(ctx, course); err != nil {
			return err
		}
		if out, err = s.keep.VersionsOf(ctx, course, p); err != nil || len(out.Items) == 0 {
			return err
		}
		ids := make([]uid.ID, 0, len(out.Items)+1)
		for _, e := range out.Items {
			ids = append(ids, e.ID)
		}
		last := out.Items[len(out.Items)-1]
		var eldest Version
		if last.Before != nil {
			ids = append(ids, *last.Before)
			if eldest, err = s.keep.VersionByID(ctx, *last.Before); err != nil {
				return err
			}
		}
		parts, err := s.parts(ctx, ids)
		if err != nil {
			return err
		}
		tongues, err := s.keep.TongueDigests(ctx, ids)
		if err != nil {
			return err
		}
		for i := range out.Items {
			e, before := &out.Items[i], eldest
			if i+1 < len(out.Items) {
				before = out.Items[i+1].Version
			}
			e.Changes = compare(before, e.Version, parts[before.ID], parts[e.ID])
			e.Changes.Languages = otherwise(tongues, before.ID, e.ID)
		}
		return nil
	})
	return c, out, err
}

// digestsKept is how many versions' digests a process keeps: those of a course of 500 lessons are about 60 kB.
const (
	digestsKept = 256
	digestsFor  = time.Hour
)

// parts lists modules and lessons of published versions, by version. A published version never changes, so that its
// digests, which read every lesson's whole text, are made once.
func (s *Service) parts(ctx context.Context, published []uid.ID) (map[uid.ID][]Part, error) {
	by, missing := map[uid.ID][]Part{}, []uid.ID{}
	for _, id := range published {
		if list, ok := s.digests.Peek(id); ok {
			by[id] = list
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return by, nil
	}
	read, err := s.keep.PartsOf(ctx, missing)
	if err != nil {
		return nil, err
	}
	maps.Copy(by, byVersion(read))
	for _, id := range missing {
		s.digests.Put(id, by[id])
	}
	return by, nil
}

func byVersion(parts []Part) map[uid.ID][]Part {
	by := map[uid.ID][]Part{}
	for _, p := range parts {
		by[p.VersionID] = append(by[p.VersionID], p)
	}
	return by
}

// changes compares two versions of a course.
func (s *Service) changes(ctx context.Context, from, to uid.ID) (Changes, error) {
	before, err := s.keep.VersionByID(ctx, from)
	if err != nil {
		return Changes{}, err
	}
	after, err := s.keep.VersionByID(ctx, to)
	if err != nil {
		return Changes{}, err
	}
	parts, err := s.keep.PartsOf(ctx, []uid.ID{from, to})
	if err != nil {
		return Changes{}, err
	}
	by := byVersion(parts)
	c := compare(before, after, by[from], by[to])
	tongues, err := s.keep.TongueDigests(ctx, []uid.ID{from, to})
	c.Languages = otherwise(tongues, from, to)
	return c, err
}

// otherwise are the languages in which two versions do not say the same.
func otherwise(tongues []TongueDigest, before, after uid.ID) (list []string) {
	said := map[string][2]string{}
	for _, t := range tongues {
		both := said[t.Language]
		switch t.VersionID {
		case before:
			both[0] = t.Digest
		case after:
			both[1] = t.Digest
		}
		said[t.Language] = both
	}
	for l, both := range said {
		if both[0] != both[1] {
			list = append(list, l)
		}
	}
	slices.Sort(list)
	return list
}

// compare tells what a version has that the one before had not, and the other way round.
func compare(before, after Version, was, is []Part) (c Changes) {
	find := func(list []Part) map[uid.ID]Part {
		m := make(map[uid.ID]Part, len(list))
		for _, p := range list {
			m[p.ID] = p
		}
		return m
	}
	old, current := find(was), find(is)
	var order, orderBefore []uid.ID
	for _, p := range is {
		o, kept := old[p.ID]
		switch {
		case !kept:
			c.Added = append(c.Added, p)
			continue
		case o.Digest != p.Digest:
			c.Changed = append(c.Changed, p)
		}
		order = append(order, p.ID)
	}
	for _, p := range was {
		if _, kept := current[p.ID]; kept {
			orderBefore = append(orderBefore, p.ID)
		} else {
			c.Removed = append(c.Removed, p)
		}
	}
	c.Order = !slices.Equal(order, orderBefore)
	c.Details = before.ID != uid.Nil && !says(before, after)
	return c
}

func says(a, b Version) bool {
	return sameParent(a.CoverFileID, b.CoverFileID) && a.Title == b.Title && a.Summary == b.Summary && a.Language == b.Language && a.EstimatedMinutes == b.EstimatedMinutes
}

// VersionOutline shows one version of a course, published or the draft, to read: its lessons whole. It needs
// course:edit or course:review.
func (s *Service) VersionOutline(ctx context.Context, course, version uid.ID) (Outline, error) {
	return s.reading(ctx, course, version, s.keep.LessonsOf)
}

// VersionHead is VersionOutline with lessons without body and questions.
func (s *Service) VersionHead(ctx context.Context, course, version uid.ID) (Outline, error) {
	return s.reading(ctx, course, version, s.keep.LessonHeads)
}

func (s *Service) reading(ctx context.Context, course, version uid.ID, read func(context.Context, uid.ID) ([]Lesson, error)) (out Outline, err error) {
	if err = requireAny(ctx, policy.CourseEdit, policy.CourseReview); err != nil {
		return Outline{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.versionOf(ctx, course, version)
		if err != nil {
			return err
		}
		out, err = s.outline(ctx, c, version, read)
		return err
	})
	return out, err
}

// VersionLesson reads one lesson of a version whole, with what is correct in it. It needs course:edit or course:review.
func (s *Service) VersionLesson(ctx context.Context, course, version, lesson uid.ID) (l Lesson, err error) {
	if err = requireAny(ctx, policy.CourseEdit, policy.CourseReview); err != nil {
		return Lesson{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.versionOf(ctx, course, version); err != nil {
			return err
		}
		l, _, err = s.keep.LessonToLearn(ctx, version, lesson)
		return err
	})
	return l, err
}

// versionOf reads the course that a version is of.
func (s *Service) versionOf(ctx context.Context, course, version uid.ID) (Course, error) {
	c, err := s.keep.CourseByID(ctx, course)
	if err != nil {
		return Course{}, err
	}
	v, err := s.keep.VersionByID(ctx, version)
	if err != nil || v.CourseID != course {
		return Course{}, ErrVersionNotFound
	}
	return c, nil
}

// BeginFrom begins a draft that says what a version said, and tells of it as course.draft_begun. Where there is a draft
// already it is ErrDraftExists. It needs course:edit.
func (s *Service) BeginFrom(ctx context.Context, course uid.ID, revision int, version uid.ID) (out Outline, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Outline{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.take(ctx, course, revision)
		if err != nil {
			return err
		}
		if _, err = s.versionOf(ctx, course, version); err != nil {
			return err
		}
		if c.DraftID != nil {
			return ErrDraftExists
		}
		from, err := s.keep.VersionByID(ctx, version)
		if err != nil {
			return err
		}
		if err = s.clone(ctx, &c, version); err != nil {
			return err
		}
		if out, err = s.outline(ctx, c, *c.DraftID, s.keep.LessonsOf); err != nil {
			return err
		}
		return s.tell(ctx, "course.draft_begun", c, map[string]any{"slug": c.Slug, "title": from.Title, "from_version": from.Number, "version": out.Version.Number})
	})
	return out, err
}

// DiscardDraft drops the draft of a published course, and tells of it as course.draft_discarded. It needs course:edit.
func (s *Service) DiscardDraft(ctx context.Context, course uid.ID, revision int) error {
	if err := auth.Require(ctx, policy.CourseEdit); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.take(ctx, course, revision)
		switch {
		case err != nil:
			return err
		case c.DraftID == nil:
			return ErrNoDraft
		case c.PublishedID == nil:
			return ErrNeverPublished
		}
		v, err := s.keep.VersionByID(ctx, *c.DraftID)
		if err != nil {
			return err
		}
		c.DraftID = nil
		c.unreviewed()
		if err = s.keep.UpdateCourseRow(ctx, c); err != nil {
			return err
		}
		if err = s.keep.RemoveVersion(ctx, v.ID); err != nil {
			return err
		}
		return s.tell(ctx, "course.draft_discarded", c, map[string]any{"slug": c.Slug, "title": v.Title, "version": v.Number})
	})
}

// unreviewed forgets what was said of a draft that is none any more.
func (c *Course) unreviewed() {
	c.Review, c.ReviewNote, c.ReviewAskedBy, c.ReviewedBy, c.ReviewedRevision = ReviewNone, "", nil, nil, 0
}
