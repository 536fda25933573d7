package path

import (
	"cmp"
	"container/heap"
	"math/bits"
	"slices"

	"lyceum/internal/uid"
)

// Node is a course in the search for a way: what it costs to complete it, and what must be so before it is started. Each
// of Needs is met by completing any one of its courses; a need without a course cannot be met.
type Node struct {
	Course  uid.ID
	Minutes int
	Needs   [][]uid.ID
}

// Bounds of the search for the shortest way: beyond them a way is still found, but perhaps not the shortest.
const (
	maxWayCourses = 64
	maxWayStates  = 20_000
)

// shortest finds the courses to complete, in an order in which each can be started, so that every need is met: those
// that together take the fewest minutes, and of these the fewest courses. ok is false when there is no way; exact is false
// when the graph was too large to look at every way.
//
// It searches sets of completed courses from the empty one on (A*): a set is left by any course that can be started in it,
// and what the courses needed in any case still take is the least that is missing. First a way is built from below, each
// course with the cheapest ways to what it needs (Knuth's generalisation of Dijkstra's algorithm): it tells whether there
// is a way at all, bounds the search, and is the answer where that is too large.
func shortest(needs [][]uid.ID, nodes map[uid.ID]Node) (way []uid.ID, exact, ok bool) {
	g := graphOf(needs, nodes)
	below, ok := g.fromBelow()
	if !ok {
		return nil, true, false
	}
	if len(g.nodes) > maxWayCourses {
		return g.ids(below), false, true
	}
	best, exact := g.search(below)
	return g.ids(best), exact, true
}

// graph is the part of the courses that can matter, numbered in order of their ids.
type graph struct {
	nodes []Node
	needs [][][]int // of each course
	goal  [][]int
}

func graphOf(goal [][]uid.ID, nodes map[uid.ID]Node) graph {
	seen := map[uid.ID]bool{}
	var all []uid.ID
	var visit func(needs [][]uid.ID)
	visit = func(needs [][]uid.ID) {
		for _, options := range needs {
			for _, id := range options {
				if n, there := nodes[id]; there && !seen[id] {
					seen[id] = true
					all = append(all, id)
					visit(n.Needs)
				}
			}
		}
	}
	visit(goal)
	slices.SortFunc(all, func(a, b uid.ID) int { return cmp.Compare(a.String(), b.String()) })
	number := make(map[uid.ID]int, len(all))
	for i, id := range all {
		number[id] = i
	}
	numbered := func(needs [][]uid.ID) [][]int {
		out := make([][]int, len(needs))
		for i, options := range needs {
			for _, id := range options {
				if n, there := number[id]; there {
					out[i] = append(out[i], n)
				}
			}
		}
		return out
	}
	g := graph{goal: numbered(goal)}
	for _, id := range all {
		g.nodes = append(g.nodes, nodes[id])
		g.needs = append(g.needs, numbered(nodes[id].Needs))
	}
	return g
}

// cost of a course: minutes count first, then the number of courses.
func (g graph) cost(n int) int { return max(0, g.nodes[n].Minutes)*1024 + 1 }

func (g graph) ids(way []int) []uid.ID {
	out := make([]uid.ID, len(way))
	for i, n := range way {
		out[i] = g.nodes[n].Course
	}
	return out
}

// fromBelow builds a way from the courses that need nothing upwards.
func (g graph) fromBelow() (way []int, ok bool) {
	costs, settled, order := make([]int, len(g.nodes)), make([]bool, len(g.nodes)), []int(nil)
	pick := func(options []int) int { // the cheapest settled one
		best := -1
		for _, n := range options {
			if settled[n] && (best < 0 || costs[n] < costs[best]) {
				best = n
			}
		}
		return best
	}
	price := func(needs [][]int) (sum int, met bool) {
		for _, options := range needs {
			n := pick(options)
			if n < 0 {
				return 0, false
			}
			sum += costs[n]
		}
		return sum, true
	}
	for {
		next, cheapest := -1, 0
		for n := range g.nodes {
			if settled[n] {
				continue
			}
			if sum, met := price(g.needs[n]); met && (next < 0 || sum+g.cost(n) < cheapest) {
				next, cheapest = n, sum+g.cost(n)
			}
		}
		if next < 0 {
			break
		}
		settled[next], costs[next] = true, cheapest
		order = append(order, next)
	}
	if _, met := price(g.goal); !met {
		return nil, false
	}
	wanted := map[int]bool{}
	var want func(needs [][]int, before []int)
	want = func(needs [][]int, before []int) {
		for _, options := range needs {
			n := -1
			for _, m := range before { // only what was settled before: so no circle
				if slices.Contains(options, m) && (n < 0 || costs[m] < costs[n]) {
					n = m
				}
			}
			if !wanted[n] {
				wanted[n] = true
				want(g.needs[n], before[:slices.Index(before, n)])
			}
		}
	}
	want(g.goal, order)
	for _, n := range order {
		if wanted[n] {
			way = append(way, n)
		}
	}
	return way, true
}

// found is a set of completed courses in the search.
type found struct {
	set   uint64
	spent int
	least int // spent and what is missing at least
	last  int // the course that led here, −1 at the beginning
	from  *found
}

type frontier []*found

func (f frontier) Len() int { return len(f) }
func (f frontier) Less(a, b int) bool {
	if f[a].least != f[b].least {
		return f[a].least < f[b].least
	}
	return f[a].spent > f[b].spent // the one that is further
}
func (f frontier) Swap(a, b int) { f[a], f[b] = f[b], f[a] }

// Push takes a *found.
func (f *frontier) Push(x any) {
	if s, ok := x.(*found); ok {
		*f = append(*f, s)
	}
}

// Pop gives a *found.
func (f *frontier) Pop() any {
	old := *f
	s := old[len(old)-1]
	*f = old[:len(old)-1]
	return s
}

// search looks for a way that is shorter than one known; exact is false when it gave up.
func (g graph) search(known []int) (way []int, exact bool) {
	bound := 0
	for _, n := range known {
		bound += g.cost(n)
	}
	masks := make([][]uint64, len(g.nodes))
	for n, needs := range g.needs {
		masks[n] = maskAll(needs)
	}
	goal, forced := maskAll(g.goal), g.forced()
	least := func(set uint64) (sum int) {
		for rest := forced &^ set; rest != 0; rest &= rest - 1 {
			sum += g.cost(bits.TrailingZeros64(rest))
		}
		return sum
	}
	queue := &frontier{{least: least(0), last: -1}}
	spent := map[uint64]int{0: 0}
	for looked := 0; queue.Len() > 0; looked++ {
		at, _ := heap.Pop(queue).(*found)
		switch {
		case at.least >= bound:
			return known, true
		case met(goal, at.set):
			return at.way(), true
		case looked >= maxWayStates:
			return known, false
		case at.spent > spent[at.set]:
			continue
		}
		for n := range g.nodes {
			bit := uint64(1) << n
			if at.set&bit != 0 || !met(masks[n], at.set) {
				continue
			}
			next := found{set: at.set | bit, spent: at.spent + g.cost(n), last: n, from: at}
			next.least = next.spent + least(next.set)
			if before, seen := spent[next.set]; next.least >= bound || seen && before <= next.spent {
				continue
			}
			spent[next.set] = next.spent
			heap.Push(queue, &next)
		}
	}
	return known, true
}

// forced are the courses that stand on every way: needs that only one course meets, and theirs.
func (g graph) forced() (set uint64) {
	var visit func(needs [][]int)
	visit = func(needs [][]int) {
		for _, options := range needs {
			if len(options) == 1 && set&(1<<options[0]) == 0 {
				set |= 1 << options[0]
				visit(g.needs[options[0]])
			}
		}
	}
	visit(g.goal)
	return set
}

func (s *found) way() (way []int) {
	for at := s; at.last >= 0; at = at.from {
		way = append(way, at.last)
	}
	slices.Reverse(way)
	return way
}

func maskAll(needs [][]int) []uint64 {
	out := make([]uint64, len(needs))
	for i, options := range needs {
		for _, n := range options {
			out[i] |= 1 << n
		}
	}
	return out
}

func met(needs []uint64, set uint64) bool {
	for _, options := range needs {
		if options&set == 0 {
			return false
		}
	}
	return true
}
