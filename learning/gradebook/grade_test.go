package gradebook_test

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"lyceum/internal/uid"
	"lyceum/learning/gradebook"
)

// course is a random course, and somebody in it.
func course(r *rand.Rand) (s gradebook.Settings, columns []gradebook.Column, k gradebook.Known) {
	for range 1 + r.IntN(4) {
		s.Categories = append(s.Categories, gradebook.Category{ID: uid.New(), Weight: r.IntN(4), Lowest: r.IntN(3), Highest: r.IntN(3)})
	}
	s.Missing, s.Round = gradebook.Missings[r.IntN(3)], gradebook.Rounds[r.IntN(3)]
	k = gradebook.Known{Grades: map[uid.ID]gradebook.Share{}, Marks: map[uid.ID]gradebook.Mark{}, Over: r.IntN(2) == 0}
	for range r.IntN(9) {
		c := gradebook.Column{ID: uid.New(), Category: s.Categories[r.IntN(len(s.Categories))].ID, Weight: r.IntN(4)}
		columns = append(columns, c)
		if r.IntN(3) > 0 {
			k.Grades[c.ID] = gradebook.Share(r.IntN(int(gradebook.Whole) + 1))
		}
		if r.IntN(4) == 0 {
			g := gradebook.Share(r.IntN(int(gradebook.Whole) + 1))
			m := gradebook.Mark{ColumnID: c.ID, Grade: &g}
			if r.IntN(3) == 0 {
				m.Grade, m.Excused = nil, true
			}
			k.Marks[c.ID] = m
		}
	}
	return s, columns, k
}

func TestTotalsAreBoundedAndDoNotHangOnTheOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	for range 5000 {
		s, columns, k := course(r)
		row := gradebook.Compute(s, columns, k)
		least, most := gradebook.Whole, gradebook.Share(0)
		for i, c := range row.Cells {
			if c.Grade != nil && columns[i].Weight > 0 {
				least, most = min(least, *c.Grade), max(most, *c.Grade)
			}
		}
		unit := map[gradebook.Round]gradebook.Share{gradebook.RoundNot: 1, gradebook.RoundTenths: 1000, gradebook.RoundWhole: 10_000}[s.Round]
		if g := row.Total.Grade; g != nil && (2**g < 2*least-unit || 2**g > 2*most+unit || *g%unit != 0) {
			t.Fatalf("total %d outside of %d to %d", *g, least, most)
		}
		r.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
		r.Shuffle(len(s.Categories), func(i, j int) { s.Categories[i], s.Categories[j] = s.Categories[j], s.Categories[i] })
		if again := gradebook.Compute(s, columns, k); !reflect.DeepEqual(again.Total, row.Total) {
			t.Fatalf("in another order: %v, then %v", row.Total, again.Total)
		}
	}
}

func TestDroppingTheLowestNeverLowersATotal(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 6))
	for range 5000 {
		s, columns, k := course(r)
		before := gradebook.Compute(s, columns, k)
		n := r.IntN(len(s.Categories))
		s.Categories[n].Lowest++
		after := gradebook.Compute(s, columns, k)
		if (before.Total.Grade == nil) != (after.Total.Grade == nil) || before.Total.Grade != nil && *after.Total.Grade < *before.Total.Grade {
			t.Fatalf("%+v, then %+v", before, after)
		}
	}
}

func TestDroppingTheHighestNeverRaisesATotal(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 8))
	for range 5000 {
		s, columns, k := course(r)
		before := gradebook.Compute(s, columns, k)
		s.Categories[r.IntN(len(s.Categories))].Highest++
		after := gradebook.Compute(s, columns, k)
		if (before.Total.Grade == nil) != (after.Total.Grade == nil) || before.Total.Grade != nil && *after.Total.Grade > *before.Total.Grade {
			t.Fatalf("%+v, then %+v", before, after)
		}
	}
}

func TestBothEndsAreDroppedAsLongAsOneStays(t *testing.T) {
	t.Parallel()
	cat := gradebook.Category{ID: uid.New(), Weight: 1, Lowest: 1, Highest: 1}
	k := gradebook.Known{Grades: map[uid.ID]gradebook.Share{}}
	var columns []gradebook.Column
	add := func(percent gradebook.Share) gradebook.Row {
		c := gradebook.Column{ID: uid.New(), Category: cat.ID, Weight: 1}
		columns, k.Grades[c.ID] = append(columns, c), percent*gradebook.Whole/100
		return gradebook.Compute(gradebook.Settings{Categories: []gradebook.Category{cat}}, columns, k)
	}
	for i, want := range []string{"40", "90", "60", "65"} { // 40; 40 90; 40 60 90; 40 60 70 90
		row := add([]gradebook.Share{40, 90, 60, 70}[i])
		if got := gradebook.Text(row.Total.Grade); got != want {
			t.Errorf("of %d grades: %s, not %s", i+1, got, want)
		}
	}
}

func TestTotalsAreRoundedAsTheCourseSays(t *testing.T) {
	t.Parallel()
	cat := gradebook.Category{ID: uid.New(), Weight: 1}
	c := gradebook.Column{ID: uid.New(), Category: cat.ID, Weight: 1}
	for text, want := range map[string][3]string{"59.5": {"59.5 D", "59.5 D", "60 C"}, "59.95": {"59.95 D", "60 C", "60 C"}, "59.4499": {"59.4499 D", "59.4 D", "59 D"}} {
		g, _ := gradebook.Parse(text)
		for i, round := range gradebook.Rounds {
			s := gradebook.Settings{Categories: []gradebook.Category{cat}, Round: round, Scale: []gradebook.Step{{Name: "C", From: 60}, {Name: "D", From: 0}}}
			row := gradebook.Compute(s, []gradebook.Column{c}, gradebook.Known{Grades: map[uid.ID]gradebook.Share{c.ID: g}})
			if got := gradebook.Text(row.Total.Grade) + " " + row.Step; got != want[i] {
				t.Errorf("%s rounded %q: %s, not %s", text, round, got, want[i])
			}
		}
	}
}

func TestGradesAreReadAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"82.5": "82.5", " 82,5 %": "82.5", "0": "0", ".5": "0.5", "200": "200", "33/40": "82.5", "2 / 3": "66.6667", "12,5/20": "62.5", "0.00005": "0.0001"} {
		if g, ok := gradebook.Parse(text); !ok || gradebook.Text(&g) != want {
			t.Errorf("%q: %s, not %s", text, gradebook.Text(&g), want)
		}
	}
	for _, text := range []string{"", "%", ".", "-1", "200.01", "1e1", "0x10", "NaN", "Inf", "1/0", "3/", "/3", "1/2/3", "41/20", "50%/100", "+5", "1.2.3"} {
		if g, ok := gradebook.Parse(text); ok {
			t.Errorf("%q was read as %s", text, gradebook.Text(&g))
		}
	}
	for g := gradebook.Share(0); g <= gradebook.Most; g += 37 {
		if again, ok := gradebook.Parse(gradebook.Text(&g)); !ok || again != g {
			t.Fatalf("%d went out as %s and came back as %d", g, gradebook.Text(&g), again)
		}
	}
}

func TestWeightsCountAgainstEachOther(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		s, columns, k := course(r)
		before := gradebook.Compute(s, columns, k)
		for i := range s.Categories {
			s.Categories[i].Weight *= 7
		}
		for i := range columns {
			columns[i].Weight *= 3
		}
		if after := gradebook.Compute(s, columns, k); !reflect.DeepEqual(before.Total, after.Total) {
			t.Fatalf("%+v, then %+v", before.Total, after.Total)
		}
	}
}

func TestATotalIsRoundedOnce(t *testing.T) {
	t.Parallel()
	cat := gradebook.Category{ID: uid.New(), Weight: 1}
	s := gradebook.Settings{Categories: []gradebook.Category{cat}, Scale: []gradebook.Step{{Name: "A", From: 90}, {Name: "B", From: 66}, {Name: "C", From: 0}}}
	var columns []gradebook.Column
	k := gradebook.Known{Grades: map[uid.ID]gradebook.Share{}, Marks: map[uid.ID]gradebook.Mark{}}
	for _, g := range []gradebook.Share{gradebook.Whole, gradebook.Whole, 0} {
		c := gradebook.Column{ID: uid.New(), Category: cat.ID, Weight: 1}
		columns, k.Grades[c.ID] = append(columns, c), g
	}
	row := gradebook.Compute(s, columns, k)
	if *row.Total.Grade != 666_667 || row.Step != "B" || gradebook.Text(row.Total.Grade) != "66.6667" {
		t.Errorf("%d, %s, %s", *row.Total.Grade, row.Step, gradebook.Text(row.Total.Grade))
	}
	low := gradebook.Share(500_000)
	k.Marks[uid.Nil] = gradebook.Mark{Grade: &low, Reason: "Copied."}
	if row = gradebook.Compute(s, columns, k); *row.Total.Grade != low || !row.Overridden || *row.Computed != 666_667 || row.Step != "C" {
		t.Errorf("%+v", row)
	}
}
