package path

import (
	"math/rand/v2"
	"testing"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

func open(change ...func(*Course)) Course {
	c := Course{ID: uid.New(), Status: catalog.StatusPublished, SelfEnrol: true, Visible: true}
	for _, f := range change {
		f(&c)
	}
	return c
}

func done(c *Course)     { c.Enrolment, c.Done, c.Percent = enrolment.StatusCompleted, true, 100 }
func underway(c *Course) { c.Enrolment, c.Percent = enrolment.StatusActive, 40 }
func archived(c *Course) { c.Status = catalog.StatusArchived }

// section makes a section of courses and notes them.
func section(known map[uid.ID]Course, ordered bool, need int, courses ...Course) Section {
	s := Section{ID: uid.New(), Title: "Part", Ordered: ordered, Need: need}
	for _, c := range courses {
		known[c.ID] = c
		s.Courses = append(s.Courses, c.ID)
	}
	return s
}

func states(p Part) (text string) {
	for _, s := range p.Steps {
		text += string(s.State[0])
	}
	return text
}

func TestASectionCountsWhatItsRuleAsksFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ordered    bool
		need       int
		courses    []Course
		steps      string // first letters: done, underway, open, locked, passed
		done, of   int
		complete   bool
		toEnrol    int
		nextIsThis int // −1: none
	}{
		"all, nothing done":                          {false, 0, []Course{open(), open(), open()}, "ooo", 0, 3, false, 3, 0},
		"all, in order":                              {true, 0, []Course{open(done), open(), open()}, "dol", 1, 3, false, 1, 1},
		"all, done":                                  {true, 0, []Course{open(done), open(done)}, "dd", 2, 2, true, 0, -1},
		"two of three, free: the person chooses":     {false, 2, []Course{open(done), open(), open()}, "doo", 1, 2, false, 0, 1},
		"two of three, done: the rest stays open":    {false, 2, []Course{open(done), open(done), open()}, "ddo", 2, 2, true, 0, -1},
		"two of three, in order":                     {true, 2, []Course{open(underway), open(), open()}, "ull", 0, 2, false, 0, 0},
		"more done than asked for":                   {false, 1, []Course{open(done), open(done)}, "dd", 1, 1, true, 0, -1},
		"an archived course is passed over":          {true, 0, []Course{open(archived), open()}, "po", 0, 1, false, 1, 1},
		"an archived course that was done counts":    {false, 0, []Course{open(done, archived), open()}, "do", 1, 2, false, 1, 1},
		"an archived course one is in goes on":       {true, 0, []Course{open(underway, archived), open()}, "ul", 0, 2, false, 0, 0},
		"two of three, two archived: one is left":    {false, 2, []Course{open(archived), open(archived), open()}, "ppo", 0, 1, false, 1, 2},
		"all archived: nothing to do":                {false, 0, []Course{open(archived)}, "p", 0, 0, true, 0, -1},
		"as many as there are is all":                {false, 2, []Course{open(), open()}, "oo", 0, 2, false, 2, 0},
		"completed before, on a new version again":   {false, 0, []Course{open(underway, func(c *Course) { c.Done = true }), open()}, "do", 1, 2, false, 1, 1},
		"taken out: shut, and it stands in the way":  {true, 0, []Course{open(func(c *Course) { c.Enrolment = enrolment.StatusWithdrawn }), open()}, "ll", 0, 2, false, 0, -1},
		"taken out after completing: it stays done":  {true, 0, []Course{open(func(c *Course) { c.Enrolment, c.Done = enrolment.StatusWithdrawn, true }), open()}, "do", 1, 2, false, 1, 1},
		"a course out of turn that is done counts":   {true, 0, []Course{open(), open(done)}, "od", 1, 2, false, 1, 0},
		"under way beats open as the one to go on":   {false, 0, []Course{open(), open(underway)}, "ou", 0, 2, false, 1, 1},
		"withdrawn from an archived one: passed":     {false, 0, []Course{open(archived, func(c *Course) { c.Enrolment = enrolment.StatusWithdrawn }), open()}, "po", 0, 1, false, 1, 1},
		"the number asked for is met out of a lock":  {true, 1, []Course{open(), open(done)}, "od", 1, 1, true, 0, -1},
		"nobody needs anything of an empty section":  {false, 0, nil, "", 0, 0, true, 0, -1},
		"an empty section with a number is the same": {false, 3, nil, "", 0, 0, true, 0, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known := map[uid.ID]Course{}
			p := Path{Sections: Sections{section(known, c.ordered, c.need, c.courses...)}}
			s := Stand(p, known, false)
			part := s.Parts[0]
			if states(part) != c.steps || part.Done != c.done || part.Need != c.of || part.Complete != c.complete {
				t.Errorf("%s, %d of %d, complete %v", states(part), part.Done, part.Need, part.Complete)
			}
			if n := len(s.ToEnrol()); n != c.toEnrol {
				t.Errorf("enters %d courses, want %d", n, c.toEnrol)
			}
			next := s.Next()
			if c.nextIsThis < 0 && next != nil || c.nextIsThis >= 0 && (next == nil || next.ID != c.courses[c.nextIsThis].ID) {
				t.Errorf("goes on with %v", next)
			}
		})
	}
}

func TestSectionsInOrderOpenOneAfterTheOther(t *testing.T) {
	t.Parallel()
	known := map[uid.ID]Course{}
	p := Path{Ordered: true, Sections: Sections{
		section(known, false, 1, open(done), open()), section(known, false, 0, open(), open(underway)), section(known, true, 0, open(), open(done)),
	}}
	s := Stand(p, known, false)
	if got := states(s.Parts[0]) + " " + states(s.Parts[1]) + " " + states(s.Parts[2]); got != "do ou ld" {
		t.Errorf("ordered: %s", got)
	}
	if s.Parts[2].Steps[0].Reason != ReasonSection || s.Done != 2 || s.Need != 5 || s.Percent() != 40 || s.Complete {
		t.Errorf("%+v", s)
	}
	p.Ordered = false
	if got := states(Stand(p, known, false).Parts[2]); got != "od" {
		t.Errorf("free: %s", got)
	}
	if s := Stand(Path{}, nil, false); s.Complete || s.Percent() != 0 {
		t.Error("a path without anything is complete")
	}
}

func TestWhyACourseIsShut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change          func(*Course)
		mine, allAssign Reason
	}{
		"open":                  {func(*Course) {}, "", ""},
		"left":                  {func(c *Course) { c.Enrolment, c.LeftIt = enrolment.StatusWithdrawn, true }, ReasonLeft, ReasonLeft},
		"taken out":             {func(c *Course) { c.Enrolment = enrolment.StatusWithdrawn }, ReasonWithdrawn, ReasonWithdrawn},
		"for other groups":      {func(c *Course) { c.Visible = false }, ReasonHidden, ""},
		"something comes first": {func(c *Course) { c.Unmet = 2 }, ReasonNeeds, ReasonNeeds},
		"on request":            {func(c *Course) { c.Visibility = catalog.VisibleOnRequest }, ReasonRequest, ""},
		"asked":                 {func(c *Course) { c.Visibility, c.Asked = catalog.VisibleOnRequest, true }, ReasonAsked, ""},
		"closed":                {func(c *Course) { c.SelfEnrol = false }, ReasonClosed, ""},
		"full":                  {func(c *Course) { c.Capacity, c.Taken = 2, 2 }, ReasonFull, ReasonFull},
		"waiting":               {func(c *Course) { c.Capacity, c.Taken, c.Asked = 2, 2, true }, ReasonAsked, ReasonAsked},
		"a place is left":       {func(c *Course) { c.Capacity, c.Taken = 2, 1 }, "", ""},
	} {
		if got := open(c.change).shut(false); got != c.mine {
			t.Errorf("%s: %q, want %q", name, got, c.mine)
		}
		if got := open(c.change).shut(true); got != c.allAssign {
			t.Errorf("%s, assigned: %q, want %q", name, got, c.allAssign)
		}
	}
}

// TestProgressOfRandomPathsHoldsTogether builds random paths and people, and completes one open course after the other.
func TestProgressOfRandomPathsHoldsTogether(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	for range 3000 {
		known := map[uid.ID]Course{}
		p := Path{Ordered: r.IntN(2) == 0}
		for range 1 + r.IntN(4) {
			var courses []Course
			for range r.IntN(5) {
				c := open()
				switch r.IntN(6) {
				case 0:
					done(&c)
				case 1:
					underway(&c)
				case 2:
					archived(&c)
				}
				courses = append(courses, c)
			}
			p.Sections = append(p.Sections, section(known, r.IntN(2) == 0, r.IntN(len(courses)+1), courses...))
		}
		before := Stand(p, known, false)
		for moves := 0; ; moves++ {
			s := Stand(p, known, false)
			if s.Done > s.Need || s.Done < before.Done || s.Percent() < before.Percent() || (s.Percent() == 100) != s.Complete {
				t.Fatalf("after %d moves %+v, before %+v", moves, s, before)
			}
			for _, part := range s.Parts {
				if part.Complete != (part.Done == part.Need) {
					t.Fatalf("%d of %d is complete: %v", part.Done, part.Need, part.Complete)
				}
			}
			next := s.Next()
			if next == nil {
				if !s.Complete && s.Need > 0 {
					t.Fatalf("stuck at %+v", s)
				}
				break
			}
			c := known[next.ID]
			done(&c)
			known[next.ID], before = c, s
		}
	}
}
