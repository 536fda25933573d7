package path

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Create begins a path as a draft without sections and tells of it as path.created. It needs path:edit. A slug made from
// the title gets a number when it is taken; a chosen one fails with ErrSlugTaken.
func (s *Service) Create(ctx context.Context, in Input) (p Path, err error) {
	if err = auth.Require(ctx, policy.PathEdit); err != nil {
		return Path{}, err
	}
	in.Normalise()
	chosen := in.Slug != ""
	if !chosen {
		if in.Slug = catalog.SlugFrom(in.Title); in.Slug == "course" {
			in.Slug = "path"
		}
	}
	if err = in.Validate(); err != nil {
		return Path{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.checkCover(ctx, in); err != nil {
			return err
		}
		now := s.now()
		p = Path{ID: uid.New(), Status: StatusDraft, Revision: 1, Sections: Sections{}, CreatedBy: &who.PersonID, CreatedAt: now, UpdatedAt: now}
		p = in.into(p)
		for try := 2; ; try++ {
			added, err := s.keep.AddPath(ctx, p)
			if err != nil {
				return err
			}
			if added {
				return s.tell(ctx, "path.created", p, nil)
			}
			if chosen || try > 99 {
				return taken()
			}
			p.Slug = fmt.Sprintf("%s-%d", in.Slug, try)
		}
	})
	if err != nil {
		return Path{}, err
	}
	return p, nil
}

func taken() error {
	return ErrSlugTaken.With("slug", "Another path already has this address. Choose another.")
}

func (in Input) into(p Path) Path {
	p.Title, p.Slug, p.Summary, p.CoverFileID, p.Ordered = in.Title, in.Slug, in.Summary, in.CoverFileID, in.Ordered
	return p
}

func (s *Service) checkCover(ctx context.Context, in Input) error {
	if in.CoverFileID == nil {
		return nil
	}
	known, err := s.keep.FileInfos(ctx, []uid.ID{*in.CoverFileID})
	f := fault.Fields{}
	f.Check(len(known) == 1, "cover_file_id", "This file is not here any more. Upload it again.")
	f.Check(len(known) == 1 && known[0].Kind == "picture", "cover_file_id", "Choose a picture (PNG, JPEG, GIF, WebP or SVG).")
	return errors.Join(err, f.Err())
}

// Update changes what a path says of itself. It needs path:edit; ErrRevision when the path is not at the revision named.
func (s *Service) Update(ctx context.Context, id uid.ID, revision int, in Input) (Path, error) {
	in.Normalise()
	return s.change(ctx, id, revision, func(ctx context.Context, p *Path) error {
		if err := in.Validate(); err != nil {
			return err
		}
		*p = in.into(*p)
		return s.checkCover(ctx, in)
	})
}

// Set changes everything of a path at once; sections keep the ids they come with. It needs path:edit. Fields beside those
// of Update: sections, sections.0.title, sections.0.need, sections.0.courses.
func (s *Service) Set(ctx context.Context, id uid.ID, revision int, in Input, sections Sections) (Path, error) {
	in.Normalise()
	return s.change(ctx, id, revision, func(ctx context.Context, p *Path) (err error) {
		if err = in.Validate(); err != nil {
			return err
		}
		*p = in.into(*p)
		if p.Sections, err = checkSections(sections); err != nil {
			return err
		}
		return s.checkCover(ctx, in)
	})
}

// AddSection adds a section at the end. It needs path:edit.
func (s *Service) AddSection(ctx context.Context, id uid.ID, revision int, in SectionInput) (Path, error) {
	in.Normalise()
	return s.change(ctx, id, revision, func(_ context.Context, p *Path) error {
		f := fault.Fields{}
		in.check(f, "", 0)
		if err := f.Err(); err != nil {
			return err
		}
		if len(p.Sections) >= MaxSections {
			return ErrFull
		}
		p.Sections = append(p.Sections, Section{ID: uid.New(), Title: in.Title, Ordered: in.Ordered, Need: in.Need, Courses: []uid.ID{}})
		return nil
	})
}

// UpdateSection changes what a section says of itself. It needs path:edit. Fields: title, need.
func (s *Service) UpdateSection(ctx context.Context, id uid.ID, revision int, section uid.ID, in SectionInput) (Path, error) {
	in.Normalise()
	return s.changeSection(ctx, id, revision, section, func(_ context.Context, p *Path, i int) error {
		f := fault.Fields{}
		in.check(f, "", len(p.Sections[i].Courses))
		x := &p.Sections[i]
		x.Title, x.Ordered, x.Need = in.Title, in.Ordered, in.Need
		return f.Err()
	})
}

// MoveSection puts a section at a position counted from 0; beyond the end means the end. It needs path:edit.
func (s *Service) MoveSection(ctx context.Context, id uid.ID, revision int, section uid.ID, position int) (Path, error) {
	return s.changeSection(ctx, id, revision, section, func(_ context.Context, p *Path, i int) error {
		x := p.Sections[i]
		p.Sections = slices.Delete(p.Sections, i, i+1)
		p.Sections = slices.Insert(p.Sections, within(position, len(p.Sections)+1), x)
		return nil
	})
}

// RemoveSection takes a section out of the path. It needs path:edit.
func (s *Service) RemoveSection(ctx context.Context, id uid.ID, revision int, section uid.ID) (Path, error) {
	return s.changeSection(ctx, id, revision, section, func(_ context.Context, p *Path, i int) error {
		p.Sections = slices.Delete(p.Sections, i, i+1)
		return nil
	})
}

// AddCourse puts a course at the end of a section. It needs path:edit. Field: course.
func (s *Service) AddCourse(ctx context.Context, id uid.ID, revision int, section, course uid.ID) (Path, error) {
	return s.changeSection(ctx, id, revision, section, func(_ context.Context, p *Path, i int) error {
		if slices.Contains(p.Courses(), course) {
			return fault.Fields{"course": "A course can stand in a path once."}.Err()
		}
		if len(p.Courses()) >= MaxCourses {
			return ErrFull
		}
		p.Sections[i].Courses = append(p.Sections[i].Courses, course)
		return nil
	})
}

// MoveCourse puts a course of the path at a position of a section, its own or another. It needs path:edit.
func (s *Service) MoveCourse(ctx context.Context, id uid.ID, revision int, course, section uid.ID, position int) (Path, error) {
	return s.changeSection(ctx, id, revision, section, func(_ context.Context, p *Path, i int) error {
		if !p.drop(course) {
			return catalog.ErrCourseNotFound
		}
		x := &p.Sections[i]
		x.Courses = slices.Insert(x.Courses, within(position, len(x.Courses)+1), course)
		return nil
	})
}

// RemoveCourse takes a course out of the path; who is in it stays in it. It needs path:edit.
func (s *Service) RemoveCourse(ctx context.Context, id uid.ID, revision int, course uid.ID) (Path, error) {
	return s.change(ctx, id, revision, func(_ context.Context, p *Path) error {
		if !p.drop(course) {
			return catalog.ErrCourseNotFound
		}
		return nil
	})
}

// drop takes a course out of the section it stands in. A section that asks for some of its courses never asks for more
// than it has.
func (p *Path) drop(course uid.ID) bool {
	for i := range p.Sections {
		x := &p.Sections[i]
		if at := slices.Index(x.Courses, course); at >= 0 {
			x.Courses = slices.Delete(x.Courses, at, at+1)
			return true
		}
	}
	return false
}

func (s *Service) changeSection(ctx context.Context, id uid.ID, revision int, section uid.ID, do func(context.Context, *Path, int) error) (Path, error) {
	return s.change(ctx, id, revision, func(ctx context.Context, p *Path) error {
		i, err := p.Sections.find(section)
		if err != nil {
			return err
		}
		return do(ctx, p, i)
	})
}

// change runs one change on a path, holding it from the revision check to the commit. That it changed is told as
// path.changed, so that who is on it moves on.
func (s *Service) change(ctx context.Context, id uid.ID, revision int, do func(context.Context, *Path) error) (p Path, err error) {
	if err = auth.Require(ctx, policy.PathEdit); err != nil {
		return Path{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if p, err = s.take(ctx, id, revision); err != nil {
			return err
		}
		before := p.Sections.copied()
		if err = do(ctx, &p); err != nil {
			return err
		}
		if err = s.checkCourses(ctx, p, before); err != nil {
			return err
		}
		if err = s.keep.UpdatePath(ctx, p); err != nil {
			if errors.Is(err, ErrSlugTaken) {
				return taken()
			}
			return err
		}
		return s.tell(ctx, "path.changed", p, nil)
	})
	if err != nil {
		return Path{}, err
	}
	return p, nil
}

// take holds the path if it still is at the revision, counting it up.
func (s *Service) take(ctx context.Context, id uid.ID, revision int) (Path, error) {
	p, taken, err := s.keep.TakePathRevision(ctx, id, revision, s.now())
	if err != nil || taken {
		return p, err
	}
	if _, err = s.keep.PathByID(ctx, id); err != nil {
		return Path{}, err
	}
	return Path{}, ErrRevision
}

// checkCourses fails for courses that are not here, and in a published path for new ones that are not published; those that
// were archived since stay and are passed over.
func (s *Service) checkCourses(ctx context.Context, p Path, before Sections) error {
	courses, err := s.courses(ctx, uid.Nil, p.Courses())
	if err != nil {
		return err
	}
	f := fault.Fields{}
	for i, x := range p.Sections {
		for _, id := range x.Courses {
			c, here := courses[id]
			field := fmt.Sprintf("sections.%d.courses", i)
			f.Check(here, field, "One of these courses is not here.")
			was := slices.ContainsFunc(before, func(b Section) bool { return slices.Contains(b.Courses, id) })
			if here && p.Status == StatusPublished && !was && c.Status != catalog.StatusPublished {
				f.Add(field, "Only published courses can be in a published path: publish “"+c.Title+"” first.")
			}
		}
	}
	return f.Err()
}

// missing is what must be done before a path can be published, nil for nothing.
func missing(p Path, courses map[uid.ID]Course) error {
	f := fault.Fields{}
	f.Check(len(p.Sections) > 0, "sections", "Add a section with courses.")
	for i, x := range p.Sections {
		at := fmt.Sprintf("sections.%d.", i)
		f.Check(len(x.Courses) > 0, at+"courses", "Add a course to “"+x.Title+"”, or remove the section.")
		f.Check(x.Need <= len(x.Courses), at+"need", "“"+x.Title+"” asks for more courses than it has.")
		var not []string
		for _, id := range x.Courses {
			if c := courses[id]; c.Status != catalog.StatusPublished {
				not = append(not, "“"+c.Title+"”")
			}
		}
		f.Check(len(not) == 0, at+"courses", "Publish these courses first: "+strings.Join(not, ", ")+".")
	}
	if err := f.Err(); err != nil {
		found := *ErrIncomplete
		found.Fields = f
		return &found
	}
	return nil
}

// Publish lets people take a path, and tells of it as path.published. Every course in it must be published. It needs
// path:edit. ErrIncomplete says in its fields what is missing.
func (s *Service) Publish(ctx context.Context, id uid.ID, revision int) (Path, error) {
	return s.turn(ctx, id, revision, StatusPublished, "path.published")
}

// Archive takes a path from those who are not on it, and tells of it as path.archived. It needs path:edit.
func (s *Service) Archive(ctx context.Context, id uid.ID, revision int) (Path, error) {
	return s.turn(ctx, id, revision, StatusArchived, "path.archived")
}

func (s *Service) turn(ctx context.Context, id uid.ID, revision int, to Status, happened string) (p Path, err error) {
	if err = auth.Require(ctx, policy.PathEdit); err != nil {
		return Path{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if p, err = s.take(ctx, id, revision); err != nil {
			return err
		}
		if p.Status == to {
			return nil
		}
		if to == StatusPublished {
			courses, err := s.courses(ctx, uid.Nil, p.Courses())
			if err != nil {
				return err
			}
			if err = missing(p, courses); err != nil {
				return err
			}
		}
		p.Status = to
		if err = s.keep.UpdatePath(ctx, p); err != nil {
			return err
		}
		return s.tell(ctx, happened, p, nil)
	})
	if err != nil {
		return Path{}, err
	}
	s.forget(ctx)
	return p, nil
}

// Edit gives a path as its authors see it, with its courses as they are for nobody in particular. It needs path:edit or
// enrolment:manage.
func (s *Service) Edit(ctx context.Context, id uid.ID) (out Shown, err error) {
	if err = auth.Require(ctx, policy.PathEdit); err != nil && auth.Require(ctx, policy.EnrolmentManage) != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out.Path, err = s.keep.PathByID(ctx, id); err != nil {
			return err
		}
		out.Courses, err = s.courses(ctx, uid.Nil, out.Path.Courses())
		out.Minutes = minutes(out.Path, out.Courses)
		return err
	})
	return out, err
}

// Missing is what must be done before a path can be published, nil for nothing.
func (s Shown) Missing() *fault.Fault {
	if err := missing(s.Path, s.Courses); err != nil {
		return fault.Of(err)
	}
	return nil
}
