package path

import (
	"context"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// WayStep is a course on the way to another.
type WayStep struct {
	CourseID uid.ID
	Slug     string
	Title    string
	Minutes  int // that are left
	Percent  int
	Status   enrolment.Status // "": not in it
	Reason   Reason           // why the person cannot begin it by themselves, "" when they can
}

// Way is what stands between a person and a course.
type Way struct {
	CourseID uid.ID
	Missing  []enrolment.Need // nothing missing: the course can be started
	Steps    []WayStep        // to complete, in this order; none where there is no way
	Minutes  int              // of all steps
	Exact    bool             // no way takes fewer minutes
}

// Open tells whether nothing is missing.
func (w Way) Open() bool { return len(w.Missing) == 0 }

// None tells whether no courses lead there.
func (w Way) None() bool { return len(w.Missing) > 0 && len(w.Steps) == 0 }

// maxWays bounds for how many courses ways are worked out at once: a page of the catalogue.
const maxWays = 200

// Way tells who asks what stands between them and a course. It needs course:read.
func (s *Service) Way(ctx context.Context, course uid.ID) (Way, error) {
	ways, err := s.Ways(ctx, []uid.ID{course})
	if err != nil {
		return Way{}, err
	}
	if w, ok := ways[course]; ok {
		return w, nil
	}
	return Way{CourseID: course, Exact: true}, nil
}

// Ways is Way for the courses of a list; those for which nothing is missing are left out. It needs course:read.
func (s *Service) Ways(ctx context.Context, courses []uid.ID) (out map[uid.ID]Way, err error) {
	if err = auth.Require(ctx, policy.CourseRead); err != nil {
		return nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	out = map[uid.ID]Way{}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		asked := courses[:min(len(courses), maxWays)]
		needs, err := s.keep.Reach(ctx, who.PersonID, asked)
		if err != nil {
			return err
		}
		for _, n := range needs {
			if n.Met || !slices.Contains(asked, n.CourseID) {
				continue
			}
			w := out[n.CourseID]
			w.CourseID, w.Missing = n.CourseID, append(w.Missing, n.Need)
			out[n.CourseID] = w
		}
		if len(out) == 0 {
			return nil
		}
		land, err := s.survey(ctx, who.PersonID, needs)
		if err != nil {
			return err
		}
		for id, w := range out {
			out[id] = land.way(w)
		}
		return nil
	})
	return out, err
}

// land is every course that leads somewhere, as one person meets it.
type land struct {
	courses map[uid.ID]Course
	nodes   map[uid.ID]Node
	teach   map[uid.ID][]uid.ID // who teaches a skill
}

// survey reads the courses that needs lead to, as a person meets them, in one query.
func (s *Service) survey(ctx context.Context, person uid.ID, needs []Reached) (land, error) {
	l := land{courses: map[uid.ID]Course{}, nodes: map[uid.ID]Node{}, teach: map[uid.ID][]uid.ID{}}
	var ids []uid.ID
	note := func(id uid.ID) {
		if _, known := l.courses[id]; !known {
			l.courses[id] = Course{}
			ids = append(ids, id)
		}
	}
	for _, n := range needs {
		if n.NeededCourse != nil {
			note(*n.NeededCourse)
		}
		if n.NeededSkill != nil {
			l.teach[*n.NeededSkill] = n.TaughtBy
			for _, id := range n.TaughtBy {
				note(id)
			}
		}
	}
	list, err := s.keep.PathCourses(ctx, person, ids)
	if err != nil {
		return l, err
	}
	for _, c := range list {
		l.courses[c.ID] = c
		l.nodes[c.ID] = Node{Course: c.ID, Minutes: c.left()}
	}
	for _, n := range needs {
		if node, there := l.nodes[n.CourseID]; there && !n.Met {
			node.Needs = append(node.Needs, l.options(n.Need))
			l.nodes[n.CourseID] = node
		}
	}
	return l, nil
}

// options are the courses that would meet a need and that the person can complete.
func (l land) options(n enrolment.Need) (ids []uid.ID) {
	if n.Kind != enrolment.NeedSkill {
		if n.NeededCourse != nil && l.courses[*n.NeededCourse].passable() {
			ids = append(ids, *n.NeededCourse)
		}
		return ids
	}
	for _, id := range l.teach[*n.NeededSkill] {
		if id != n.CourseID && l.courses[id].passable() {
			ids = append(ids, id)
		}
	}
	return ids
}

// passable tells whether a person can complete a course: they are in it, or it is there for them to get into.
func (c Course) passable() bool {
	return c.Enrolment == enrolment.StatusActive || c.Enrolment == "" && c.Status == catalog.StatusPublished && c.Visible
}

// left is about how many minutes a course still takes, at least one when it says any.
func (c Course) left() int {
	if c.Minutes == 0 {
		return 0
	}
	return max(1, c.Minutes*(100-c.Percent)/100)
}

// way finds the shortest way to what a way misses.
func (l land) way(w Way) Way {
	needs := make([][]uid.ID, len(w.Missing))
	for i, n := range w.Missing {
		needs[i] = l.options(n)
	}
	nodes := l.nodes
	if _, circular := nodes[w.CourseID]; circular { // a course is never on the way to itself
		nodes = make(map[uid.ID]Node, len(l.nodes))
		for id, n := range l.nodes {
			if id != w.CourseID {
				nodes[id] = n
			}
		}
	}
	steps, exact, ok := shortest(needs, nodes)
	w.Exact = exact
	if !ok {
		return w
	}
	for _, id := range steps {
		c := l.courses[id]
		step := WayStep{CourseID: id, Slug: c.Slug, Title: c.Title, Minutes: c.left(), Percent: c.Percent, Status: c.Enrolment}
		if c.Enrolment == "" {
			c.Unmet = 0 // the steps before it meet them
			step.Reason = c.shut(false)
		}
		w.Steps, w.Minutes = append(w.Steps, step), w.Minutes+step.Minutes
	}
	return w
}

// MissingNames are what is missing, to be listed.
func (w Way) MissingNames() []string {
	names := make([]string, len(w.Missing))
	for i, n := range w.Missing {
		names[i] = n.Name
	}
	slices.Sort(names)
	return names
}
