package qti

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"lyceum/learning/bank/format"
	"lyceum/learning/question"
)

// scale is the width and the height of a picture in the unit of points.
const scale = 10_000

// hotSpot is places of a picture: chosen (QTI 2.1, 7.4.1) or pointed at (7.4.2).
func (r *reader) hotSpot(n *format.Node, m marks) {
	q := &r.it.Body
	q.Kind = question.HotSpot
	object := n.Kid("object")
	if object == nil || !r.drawn(object) {
		r.it.Refuse("Its picture is not in the package, or cannot be read.")
		return
	}
	places := n.All("hotspotChoice")
	var keys []string
	if n.Name == "selectPointInteraction" {
		places = nil
		for i, e := range r.declared[n.Attr["responseIdentifier"]].Kid("areaMapping").All("areaMapEntry") {
			e.Attr["identifier"] = "area" + strconv.Itoa(i+1)
			places = append(places, e)
			v, _ := decimal(e.Attr["mappedValue"])
			m.list = append(m.list, mark{key: e.Attr["identifier"], points: v})
		}
		m.mapped = true
		if a := r.declared[n.Attr["responseIdentifier"]].Kid("areaMapping"); a != nil {
			m.lower, m.upper = bound(a, "lowerBound"), bound(a, "upperBound")
		}
		if len(places) == 0 {
			r.it.Refuse("The file does not say which places are right.")
			return
		}
	}
	for i, p := range places {
		a := question.Area{Label: p.Attr["hotspotLabel"]}
		if a.Label == "" {
			a.Label = fmt.Sprintf("Place %d", i+1)
			r.it.Note("Places have no names. Name them, for people who do not point.")
		}
		if a.ID = p.Attr["identifier"]; !gapName.MatchString(a.ID) {
			a.ID = "area" + strconv.Itoa(i+1)
		}
		if why := r.shape(&a, p.Attr["shape"], p.Attr["coords"]); why != "" {
			r.it.Refuse("%s", why)
			return
		}
		keys = append(keys, p.Attr["identifier"])
		q.Areas = append(q.Areas, a)
	}
	shares, scoring := r.shares(keys, m, true)
	for i := range q.Areas {
		q.Areas[i].Right = shares[i] > 0
	}
	q.Scoring = scoring
	if scoring != question.Weighted {
		return
	}
	if q.Scoring = ""; m.lower == nil || *m.lower < 0 {
		q.Scoring = question.Weighted
	}
	for i := range shares {
		if shares[i] != shares[0] && shares[i] != -shares[0] || shares[i] == 0 && n.Name != "selectPointInteraction" {
			r.it.Note("All places count the same here, and each wrong one takes a right one away.")
		}
	}
}

// drawn takes the picture that is pointed at.
func (r *reader) drawn(n *format.Node) bool {
	if r.it.Image != nil {
		r.it.Image = nil
		r.it.Note("A picture in the text is left out. Upload it to the question afterwards.")
	}
	if !r.take(n.Attr["data"]) {
		return false
	}
	if r.it.Body.PictureOf = n.Words(); r.it.Body.PictureOf == "" {
		r.it.Body.PictureOf = "Picture"
		r.it.Note("The picture has no alternative text. Say what it shows, for people who do not see it.")
	}
	w, _ := decimal(n.Attr["width"])
	h, _ := decimal(n.Attr["height"])
	// Coordinates are pixels of the picture as it is shown (QTI 2.1, 7.4): its size in the file may be another.
	if w > 0 && h > 0 {
		r.width, r.height = w, h
	}
	if r.width <= 0 || r.height <= 0 {
		r.it.Note("The file does not say how large the picture is. Please check the places.")
		r.width, r.height = 1000, 1000
	}
	return true
}

// shape reads an area; its numbers are pixels.
func (r *reader) shape(a *question.Area, shape, coords string) (why string) {
	var n []float64
	for _, s := range strings.Split(coords, ",") {
		s = strings.TrimSpace(s)
		v, ok := decimal(strings.TrimSuffix(s, "%"))
		if !ok && coords != "" {
			return "The numbers of a place cannot be read."
		}
		if strings.HasSuffix(s, "%") {
			v *= []float64{r.width, r.height}[len(n)%2] / 100
		}
		n = append(n, v)
	}
	at := func(x, y float64) question.Point {
		return question.Point{X: within(x / r.width), Y: within(y / r.height)}
	}
	switch {
	case shape == "rect" && len(n) == 4:
		a.Shape, a.Points = question.Rectangle, []question.Point{at(n[0], n[1]), at(n[2], n[3])}
	case shape == "circle" && len(n) == 3:
		r.round(a, n[0], n[1], n[2], n[2])
	case shape == "ellipse" && len(n) == 4:
		r.round(a, n[0], n[1], n[2], n[3])
	case shape == "poly" && len(n) >= 6 && len(n)%2 == 0:
		a.Shape = question.Polygon
		for i := 0; i < len(n); i += 2 {
			a.Points = append(a.Points, at(n[i], n[i+1]))
		}
		if last := len(a.Points) - 1; last > 2 && a.Points[last] == a.Points[0] {
			a.Points = a.Points[:last]
		}
	case shape == "default":
		a.Shape, a.Points = question.Rectangle, []question.Point{{}, {X: scale, Y: scale}}
	default:
		return "The shape of a place cannot be read."
	}
	return ""
}

func within(v float64) int { return int(math.Round(min(max(v, 0), 1) * scale)) }

// round is a circle. Ours is as wide and as high a part of the picture, so that another becomes a polygon.
func (r *reader) round(a *question.Area, x, y, rx, ry float64) {
	w, h := rx/r.width, ry/r.height
	if math.Abs(w-h)*scale <= 1 && x/r.width+w <= 1 {
		a.Shape = question.Circle
		a.Points = []question.Point{{X: within(x / r.width), Y: within(y / r.height)}, {X: within(x/r.width + w), Y: within(y / r.height)}}
		return
	}
	a.Shape = question.Polygon
	const corners = 32
	for i := range corners {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		a.Points = append(a.Points, question.Point{X: within((x + rx*cos) / r.width), Y: within((y + ry*sin) / r.height)})
	}
}
