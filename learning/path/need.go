package path

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// Prerequisite is something that a course asks for first. It is a row of prerequisites; all of a course's must be met.
type Prerequisite struct {
	ID           uid.ID
	CourseID     uid.ID
	Kind         enrolment.NeedKind
	NeededCourse *uid.ID
	NeededSkill  *uid.ID
}

// Skill is one that a course may ask for.
type Skill struct {
	ID   uid.ID
	Name string
}

// Teaches is a skill that a course teaches.
type Teaches struct {
	SkillID  uid.ID
	CourseID uid.ID
}

// Reached is a need with who could meet it: the courses that teach the skill, for a need of a skill.
type Reached struct {
	enrolment.Need
	TaughtBy []uid.ID `gorm:"serializer:json"`
}

// NeedKeeper is what prerequisites need kept. NeedsOf with no courses lists those of all.
type NeedKeeper interface {
	enrolment.NeedKeeper
	// LockNeeds holds all prerequisites of the tenant until the transaction ends, so that two changes make no circle.
	LockNeeds(ctx context.Context) error
	// AddNeed is false when the course asks for that already.
	AddNeed(ctx context.Context, p Prerequisite) (added bool, err error)
	// RemoveNeed fails with ErrNeedNotFound.
	RemoveNeed(ctx context.Context, course, id uid.ID) error
	// Reach is NeedsOf for some courses and for all that may have to be completed before them.
	Reach(ctx context.Context, person uid.ID, courses []uid.ID) ([]Reached, error)
	// Teaching lists which course teaches which skill.
	Teaching(ctx context.Context) ([]Teaches, error)
	// SkillChoices lists skills by name.
	SkillChoices(ctx context.Context) ([]Skill, error)
	// PutWaiver is false when there is one.
	PutWaiver(ctx context.Context, w Waiver) (added bool, err error)
	RemoveWaiver(ctx context.Context, course, person uid.ID) (removed bool, err error)
	WaiversOf(ctx context.Context, course uid.ID, p page.Request) (page.Of[Waived], error)
	CourseByID(ctx context.Context, id uid.ID) (catalog.Course, error)
}

// MaxNeeds is how many things a course may ask for first.
const MaxNeeds = 20

// NeedInput is a prerequisite as it is wished: of kind course and certificate with a course, of kind skill with a skill.
type NeedInput struct {
	Kind   enrolment.NeedKind
	Course uid.ID
	Skill  uid.ID
}

// Needs lists what a course asks for first, and whether who asks has it. It needs course:read or course:edit.
func (s *Service) Needs(ctx context.Context, course uid.ID) (list []enrolment.Need, err error) {
	if err = auth.Require(ctx, policy.CourseRead); err != nil && auth.Require(ctx, policy.CourseEdit) != nil {
		return nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err = s.keep.CourseByID(ctx, course); err != nil {
			return err
		}
		list, err = s.keep.NeedsOf(ctx, who.PersonID, []uid.ID{course})
		return err
	})
	return list, err
}

// AddNeed has a course ask for something first, and tells of it as course.prerequisite_added. It holds at once, for who
// has not started yet. It needs course:edit. Fields: kind, course, skill; a circle is refused by name.
func (s *Service) AddNeed(ctx context.Context, course uid.ID, in NeedInput) (p Prerequisite, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return p, err
	}
	if p, err = in.prerequisite(course); err != nil {
		return p, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		if err = s.keep.LockNeeds(ctx); err != nil {
			return err
		}
		name, err := s.checkNeed(ctx, c, p)
		if err != nil {
			return err
		}
		added, err := s.keep.AddNeed(ctx, p)
		if err != nil {
			return err
		}
		if !added {
			return ErrNeedTwice
		}
		return s.tellOf(ctx, "course.prerequisite_added", "course", course, map[string]any{"slug": c.Slug, "kind": p.Kind, "name": name})
	})
	if err != nil {
		return Prerequisite{}, err
	}
	return p, nil
}

func (in NeedInput) prerequisite(course uid.ID) (Prerequisite, error) {
	p, f := Prerequisite{ID: uid.New(), CourseID: course, Kind: in.Kind}, fault.Fields{}
	switch in.Kind {
	case enrolment.NeedCourse, enrolment.NeedCertificate:
		f.Check(in.Course != uid.Nil, "course", "Choose a course.")
		f.Check(in.Course != course, "course", "A course cannot come before itself.")
		p.NeededCourse = &in.Course
	case enrolment.NeedSkill:
		f.Check(in.Skill != uid.Nil, "skill", "Choose a skill.")
		p.NeededSkill = &in.Skill
	default:
		f.Add("kind", "Choose course, certificate or skill.")
	}
	return p, f.Err()
}

// checkNeed fails for what is not here and for what would close a circle, and gives the name of what is asked for.
func (s *Service) checkNeed(ctx context.Context, c catalog.Course, p Prerequisite) (name string, err error) {
	all, err := s.keep.NeedsOf(ctx, uid.Nil, nil)
	if err != nil {
		return "", err
	}
	teaching, err := s.keep.Teaching(ctx)
	if err != nil {
		return "", err
	}
	own := 0
	ids := []uid.ID{c.ID}
	for _, n := range all {
		ids = append(ids, n.CourseID)
		if n.CourseID == c.ID {
			own++
		}
		if n.NeededCourse != nil {
			ids = append(ids, *n.NeededCourse)
		}
	}
	for _, t := range teaching {
		ids = append(ids, t.CourseID)
	}
	if p.NeededCourse != nil {
		ids = append(ids, *p.NeededCourse)
	}
	courses, err := s.courses(ctx, uid.Nil, distinct(ids))
	if err != nil {
		return "", err
	}
	f := fault.Fields{}
	f.Check(own < MaxNeeds, "kind", fmt.Sprintf("A course can ask for at most %d things.", MaxNeeds))
	if p.NeededCourse != nil {
		needed, here := courses[*p.NeededCourse]
		f.Check(here, "course", "This course is not here.")
		if circle := circleOf(c.ID, *p.NeededCourse, all); circle != nil {
			f.Add("course", circleText(circle, courses))
		}
		f.Check(reachable([]uid.ID{*p.NeededCourse}, c.ID, all, teaching), "course",
			fmt.Sprintf("“%s” cannot be completed before this course: look at what it asks for itself.", needed.Title))
		return needed.Title, f.Err()
	}
	skills, err := s.keep.SkillChoices(ctx)
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(skills, func(k Skill) bool { return k.ID == *p.NeededSkill })
	if at < 0 {
		f.Add("skill", "This skill is not here.")
		return "", f.Err()
	}
	f.Check(reachable(teachersOf(*p.NeededSkill, teaching), c.ID, all, teaching), "skill",
		fmt.Sprintf("No course teaches “%s” that can be completed before this one. Let another course teach it first.", skills[at].Name))
	return skills[at].Name, f.Err()
}

// circleOf is the way from a needed course back to the one that asks for it, over courses that ask for courses; nil for
// none.
func circleOf(asking, needed uid.ID, all []enrolment.Need) []uid.ID {
	from := map[uid.ID]uid.ID{needed: asking}
	for queue := []uid.ID{needed}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at == asking {
			continue
		}
		for _, n := range all {
			if n.CourseID != at || n.NeededCourse == nil {
				continue
			}
			next := *n.NeededCourse
			if next == asking {
				circle := []uid.ID{asking}
				for ; at != asking; at = from[at] {
					circle = append(circle, at)
				}
				circle = append(circle, asking)
				slices.Reverse(circle)
				return circle
			}
			if _, seen := from[next]; !seen {
				from[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

// circleText says a circle by name: A needs B, B needs A.
func circleText(circle []uid.ID, courses map[uid.ID]Course) string {
	links := make([]string, len(circle)-1)
	for i := range links {
		links[i] = fmt.Sprintf("“%s” needs “%s”", courses[circle[i]].Title, courses[circle[i+1]].Title)
	}
	return "That would be a circle: " + strings.Join(links, ", ") + "."
}

func teachersOf(skill uid.ID, teaching []Teaches) (ids []uid.ID) {
	for _, t := range teaching {
		if t.SkillID == skill {
			ids = append(ids, t.CourseID)
		}
	}
	return ids
}

// reachable tells whether someone who has nothing can complete one of these courses without the one that asks for it.
func reachable(goal []uid.ID, asking uid.ID, all []enrolment.Need, teaching []Teaches) bool {
	nodes := map[uid.ID]Node{}
	note := func(id uid.ID) {
		if id != asking {
			nodes[id] = Node{Course: id}
		}
	}
	for _, id := range goal {
		note(id)
	}
	for _, t := range teaching {
		note(t.CourseID)
	}
	for _, n := range all {
		if n.NeededCourse != nil {
			note(*n.NeededCourse)
		}
	}
	for _, n := range all {
		node, there := nodes[n.CourseID]
		if !there {
			continue
		}
		if n.NeededCourse != nil {
			node.Needs = append(node.Needs, []uid.ID{*n.NeededCourse})
		} else {
			node.Needs = append(node.Needs, teachersOf(*n.NeededSkill, teaching))
		}
		nodes[n.CourseID] = node
	}
	_, ok := graphOf([][]uid.ID{goal}, nodes).fromBelow()
	return ok
}

func distinct(ids []uid.ID) []uid.ID {
	seen := map[uid.ID]bool{}
	return slices.DeleteFunc(ids, func(id uid.ID) bool {
		was := seen[id]
		seen[id] = true
		return was
	})
}

// RemoveNeed has a course no longer ask for something, and tells of it as course.prerequisite_removed. It needs
// course:edit; ErrNeedNotFound.
func (s *Service) RemoveNeed(ctx context.Context, course, id uid.ID) error {
	if err := auth.Require(ctx, policy.CourseEdit); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		if err = s.keep.RemoveNeed(ctx, course, id); err != nil {
			return err
		}
		return s.tellOf(ctx, "course.prerequisite_removed", "course", course, map[string]any{"slug": c.Slug})
	})
}

// Skills lists the skills that a course may ask for. It needs course:edit.
func (s *Service) Skills(ctx context.Context) (list []Skill, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.SkillChoices(ctx)
		return err
	})
	return list, err
}
