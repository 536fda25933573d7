package lines_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lyceum/internal/lines"
)

// few makes a text of n lines out of so few words that many lines are alike.
func few(r *rand.Rand, n int) string {
	words := []string{"", "a", "b", "c", "d", "## e", "f g"}
	out := make([]string, n)
	for i := range out {
		out[i] = words[r.IntN(len(words))]
	}
	return strings.Join(out, "\n")
}

// edited changes, adds and takes away some lines.
func edited(r *rand.Rand, text string) string {
	all := slices.Clone(lines.Split(text))
	for range r.IntN(5) {
		at := r.IntN(len(all) + 1)
		switch {
		case r.IntN(3) == 0:
			all = slices.Insert(all, at, fmt.Sprintf("new %d", r.IntN(1000)))
		case at < len(all) && r.IntN(2) == 0:
			all = slices.Delete(all, at, at+1)
		case at < len(all):
			all[at] += fmt.Sprintf(" changed %d", r.IntN(1000))
		}
	}
	return strings.Join(all, "\n")
}

func TestADifferenceGivesBothTextsBack(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		a := few(r, 1+r.IntN(12))
		b := edited(r, a)
		if r.IntN(3) == 0 {
			b = few(r, 1+r.IntN(12))
		}
		var before, after []string
		last := lines.Kind("")
		for _, c := range lines.Diff(a, b) {
			if c.Kind == last || len(c.Lines) == 0 {
				t.Fatalf("stretches are not joined: %q → %q: %v", a, b, lines.Diff(a, b))
			}
			last = c.Kind
			if c.Kind != lines.Added {
				before = append(before, c.Lines...)
			}
			if c.Kind != lines.Removed {
				after = append(after, c.Lines...)
			}
		}
		if !slices.Equal(before, lines.Split(a)) || !slices.Equal(after, lines.Split(b)) {
			t.Fatalf("%q → %q gives back %q and %q", a, b, before, after)
		}
	}
}

func TestWhatOneAloneChangedIsTaken(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		base := few(r, r.IntN(12))
		x := edited(r, base)
		for name, m := range map[string]lines.Merged{"mine": lines.Merge(base, x, base), "theirs": lines.Merge(base, base, x), "both alike": lines.Merge(base, x, x)} {
			if m.Text() != x || len(m.Clashes()) != 0 {
				t.Fatalf("%s: %q → %q gives %q with %d clashes", name, base, x, m.Text(), len(m.Clashes()))
			}
		}
	}
}

// Whatever two people wrote: each of their new lines is in the merged text, and who is called mine changes nothing but
// the order within clashes.
func TestNothingEitherWroteIsLost(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		base := few(r, r.IntN(14))
		mine, theirs := edited(r, base), edited(r, base)
		m, turned := lines.Merge(base, mine, theirs), lines.Merge(base, theirs, mine)
		merged := lines.Split(m.Text())
		for _, side := range []string{mine, theirs} {
			for _, l := range lines.Split(side) {
				if strings.Contains(l, "new ") || strings.Contains(l, " changed ") {
					if !slices.Contains(merged, l) {
						t.Fatalf("%q is lost of %q / %q / %q: %q", l, base, mine, theirs, merged)
					}
				}
			}
		}
		if len(m.Clashes()) != len(turned.Clashes()) || len(m) != len(turned) {
			t.Fatalf("not alike when turned: %q / %q / %q", base, mine, theirs)
		}
		if len(m.Clashes()) == 0 && m.Text() != turned.Text() {
			t.Fatalf("without a clash the order matters: %q and %q", m.Text(), turned.Text())
		}
	}
}

func TestChangesApartFromEachOtherDoNotClash(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for range 1000 {
		base := make([]string, 12)
		for i := range base {
			base[i] = fmt.Sprintf("paragraph %d", i)
		}
		mine, theirs, want := slices.Clone(base), slices.Clone(base), slices.Clone(base)
		x := r.IntN(12)
		y := (x + 2 + r.IntN(9)) % 12
		mine[x], want[x] = "mine", "mine"
		theirs[y], want[y] = "theirs", "theirs"
		m := lines.Merge(strings.Join(base, "\n"), strings.Join(mine, "\n"), strings.Join(theirs, "\n"))
		if x != y && (len(m.Clashes()) != 0 || !slices.Equal(lines.Split(m.Text()), want)) {
			t.Fatalf("lines %d and %d clash: %q", x, y, m.Text())
		}
	}
}

func TestAClashKeepsBothMineFirst(t *testing.T) {
	t.Parallel()
	m := lines.Merge("one\ntwo\nthree", "one\nzwei\nthree", "one\ndeux\nthree\nfour")
	if got := m.Text(); got != "one\nzwei\ndeux\nthree\nfour" {
		t.Errorf("got %q", got)
	}
	clashes := m.Clashes()
	if len(clashes) != 1 || !slices.Equal(clashes[0].Base, []string{"two"}) || !slices.Equal(clashes[0].Mine, []string{"zwei"}) || !slices.Equal(clashes[0].Theirs, []string{"deux"}) {
		t.Errorf("clashes: %+v", clashes)
	}
}

func TestOnlyTheNeighbourhoodOfAChangeIsShown(t *testing.T) {
	t.Parallel()
	all := lines.Diff("a\nb\nc\nd\ne\nf\ng", "a\nb\nc\nX\ne\nf\ng")
	got := fmt.Sprint(lines.Near(all, 1))
	if want := "[{same []} {same [c]} {removed [d]} {added [X]} {same [e]} {same []}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A text of the longest kind allowed, of lines that are all alike, must not take time or memory beyond measure.
func TestLongTextsOfEqualLinesAreCompared(t *testing.T) {
	t.Parallel()
	a, b := strings.Repeat("x\n", 30000), strings.Repeat("y\n", 10)+strings.Repeat("x\n", 29000)+"z\n"
	if got := lines.Merge(a, b, a).Text(); got != b {
		t.Error("what one alone changed is not taken")
	}
}

func FuzzMerge(f *testing.F) {
	f.Add("a\nb\nc", "a\nx\nc", "a\nb\ny")
	f.Add("", "a", "b")
	f.Add("a\r\nb", "a\nb", "")
	f.Fuzz(func(t *testing.T, base, mine, theirs string) {
		if got := lines.Merge(base, mine, base).Text(); got != strings.ReplaceAll(mine, "\r\n", "\n") {
			t.Errorf("%q, %q gives %q", base, mine, got)
		}
		lines.Merge(base, mine, theirs)
	})
}
