package question

import "slices"

// scale is the width and the height of a picture in the unit of points.
const scale = 10_000

// hits tells whether a point lies in an area, its edge included.
func (a Area) hits(p Point) bool {
	switch {
	case a.Shape == Rectangle && len(a.Points) == 2:
		x, y := a.Points[0], a.Points[1]
		return p.X >= min(x.X, y.X) && p.X <= max(x.X, y.X) && p.Y >= min(x.Y, y.Y) && p.Y <= max(x.Y, y.Y)
	case a.Shape == Circle && len(a.Points) == 2:
		return distance(a.Points[0], p) <= distance(a.Points[0], a.Points[1])
	case a.Shape == Polygon && len(a.Points) >= 3:
		return inside(a.Points, p)
	}
	return false
}

// distance is the square of how far two points are from each other.
func distance(a, b Point) int { return (a.X-b.X)*(a.X-b.X) + (a.Y-b.Y)*(a.Y-b.Y) }

// inside counts how often a line from the point to the right crosses the edges: an odd number of times is inside. Points
// on an edge are inside.
func inside(corners []Point, p Point) bool {
	in := false
	for i, a := range corners {
		b := corners[(i+1)%len(corners)]
		cross := (b.X-a.X)*(p.Y-a.Y) - (b.Y-a.Y)*(p.X-a.X)
		if cross == 0 && p.X >= min(a.X, b.X) && p.X <= max(a.X, b.X) && p.Y >= min(a.Y, b.Y) && p.Y <= max(a.Y, b.Y) {
			return true
		}
		if (a.Y > p.Y) == (b.Y > p.Y) {
			continue
		}
		if right := cross > 0; right == (b.Y > a.Y) {
			in = !in
		}
	}
	return in
}

// gradeHotSpot counts every right area once, however often it was pointed at, and takes away for each point that meets
// none and for each wrong area chosen by its label.
func (q Question) gradeHotSpot(a Answer, r *Result) {
	var rights, faults Share
	hit := map[string]bool{}
	for _, area := range q.Areas {
		if area.Right {
			rights++
		}
		if slices.Contains(a.Choices, area.ID) {
			hit[area.ID] = true
		}
	}
	for _, p := range a.Points {
		met := false
		for _, area := range q.Areas {
			if area.hits(p) {
				hit[area.ID] = hit[area.ID] || area.Right
				met = met || area.Right
				if !area.Right {
					r.Parts[area.ID] = false
				}
			}
		}
		if !met {
			faults++
		}
	}
	var hits Share
	for _, area := range q.Areas {
		switch {
		case hit[area.ID] && area.Right:
			hits++
			r.Parts[area.ID] = true
		case hit[area.ID]:
			faults++
			r.Parts[area.ID] = false
		}
	}
	if rights > 0 {
		r.Share = part(hits-faults, rights)
	}
}
