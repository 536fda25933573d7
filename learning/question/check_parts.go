package question

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"lyceum/internal/fault"
)

func (c checker) matching() {
	c.count("pairs", len(c.q.Pairs), 2, MaxOptions)
	items, partners := map[string]bool{}, map[string]bool{}
	for i, p := range c.q.Pairs {
		at := fmt.Sprintf("pairs.%d", i)
		c.named(at+".id", p.ID)
		c.named(at+".partner", p.Partner.ID)
		item := strings.TrimSpace(p.Item)
		c.Check(item != "", at+".item", "Write what is to be matched.")
		c.Check(!items[item], at+".item", "This stands there twice. Change one.")
		items[item] = true
		c.Check(strings.TrimSpace(p.Partner.Text) != "", at+".partner", "Write what belongs to it.")
		partners[strings.TrimSpace(p.Partner.Text)] = true
		c.fits(at+".item", p.Item, MaxPart)
		c.fits(at+".partner", p.Partner.Text, MaxPart)
		c.fits(at+".feedback", p.Partner.Feedback, MaxPart)
	}
	if len(c.q.Decoys) > 0 {
		c.options("decoys", c.q.Decoys, 0)
	}
	for i, o := range c.q.Decoys {
		c.Check(!partners[strings.TrimSpace(o.Text)], fmt.Sprintf("decoys.%d.text", i), "This belongs to an item. Write something that belongs to none.")
	}
	c.Check(len(partners)+len(c.q.Decoys) > 1 || len(c.q.Pairs) < 2, "pairs", "Give at least two different things to choose from.")
}

func (c checker) blanks() {
	c.count("gaps", len(c.q.Gaps), 1, MaxGaps)
	marks := map[string]int{}
	for _, m := range GapMark.FindAllStringSubmatch(c.q.Prompt, -1) {
		marks[m[1]]++
	}
	for i, g := range c.q.Gaps {
		at := fmt.Sprintf("gaps.%d", i)
		c.named(at+".id", g.ID)
		c.Check(marks[g.ID] == 1, at+".id", fmt.Sprintf("Put {{%s}} into the text once, where the gap is.", g.ID))
		delete(marks, g.ID)
		c.Check(g.Weight >= 0 && g.Weight <= MaxWeight, at+".weight", fmt.Sprintf("Weigh a gap from 1 to %d.", MaxWeight))
		ways := 0
		if g.Texts != nil {
			ways++
			c.texts(at+".texts", g.Texts)
		}
		if g.Numbers != nil {
			ways++
			c.numbers(at+".numbers", g.Numbers)
		}
		if len(g.Options) > 0 {
			ways++
			// Gaps may offer the same things, each under its own id.
			c.options(at+".options", g.Options, 2)
			_, some := best(g.Options)
			c.Check(some, at+".options", "Mark what is right.")
		}
		c.Check(ways == 1, at, "Say what fills the gap: a text, a number or a choice.")
	}
	for name := range marks {
		c.Add("prompt", fmt.Sprintf("There is no gap named %s. Add it or take {{%s}} out of the text.", name, name))
	}
}

func (c checker) hotSpot() {
	c.Check(c.q.Picture != nil, "picture", "Choose the picture that is pointed at.")
	c.count("areas", len(c.q.Areas), 1, MaxOptions)
	right := false
	for i, a := range c.q.Areas {
		at := fmt.Sprintf("areas.%d", i)
		c.named(at+".id", a.ID)
		c.Check(strings.TrimSpace(a.Label) != "", at+".label", "Name what is there, for people who do not point.")
		c.fits(at+".label", a.Label, MaxPart)
		right = right || a.Right
		c.Check(slices.Contains([]string{Rectangle, Circle, Polygon}, a.Shape), at+".shape", "Choose a rectangle, a circle or a polygon.")
		n := len(a.Points)
		c.Check(a.Shape == Polygon && n >= 3 && n <= MaxCorners || a.Shape != Polygon && n == 2, at+".points", fmt.Sprintf("A rectangle needs two corners, a circle its middle and a point of its edge, a polygon 3 to %d corners.", MaxCorners))
		for _, p := range a.Points {
			c.Check(p.X >= 0 && p.Y >= 0 && p.X <= scale && p.Y <= scale, at+".points", "Keep the area inside the picture.")
		}
		if n == 2 {
			flat := a.Points[0] == a.Points[1] || a.Shape == Rectangle && (a.Points[0].X == a.Points[1].X || a.Points[0].Y == a.Points[1].Y)
			c.Check(!flat, at+".points", "Make the area larger: nobody can point at it.")
		}
	}
	c.Check(right || len(c.q.Areas) == 0, "areas", "Mark what is right.")
}

// ending is how a file's name may end.
var ending = regexp.MustCompile(`^\.[a-z0-9]{1,10}$`)

func (c checker) hand() {
	h := c.q.Hand
	if h == nil {
		return
	}
	c.fits("hand.notes", h.Notes, MaxPrompt)
	c.fits("hand.template", h.Template, MaxPrompt)
	const words = 20_000
	c.Check(h.MinWords >= 0 && h.MinWords <= words, "hand.min_words", fmt.Sprintf("Ask for 0 to %d words.", words))
	c.Check(h.MaxWords >= 0 && h.MaxWords <= words, "hand.max_words", fmt.Sprintf("Ask for 0 to %d words.", words))
	c.Check(h.MaxWords == 0 || h.MaxWords >= h.MinWords, "hand.max_words", "The most words must be no fewer than the least.")
	c.Check(h.MaxFiles >= 0 && h.MaxFiles <= MaxFiles, "hand.max_files", fmt.Sprintf("Take 1 to %d files.", MaxFiles))
	c.Check(len(h.Accept) <= MaxAccepted, "hand.accept", fmt.Sprintf("Write at most %d endings.", MaxAccepted))
	for _, e := range h.Accept {
		c.Check(ending.MatchString(e), "hand.accept", "Write endings such as .pdf.")
	}
	if h.Rubric != nil {
		_, err := h.Rubric.Clean("hand.rubric")
		for field, text := range fault.Of(err).Fields {
			c.Add(field, text)
		}
	}
}
