package path

import (
	"math/rand/v2"
	"slices"
	"testing"

	"lyceum/internal/uid"
)

// bruteForce looks at every set of courses and gives the least that a way takes.
func bruteForce(needs [][]uid.ID, nodes map[uid.ID]Node, ids []uid.ID) (cost int, ok bool) {
	for set := range 1 << len(ids) {
		done, sum := map[uid.ID]bool{}, 0
		for moved := true; moved; {
			moved = false
			for i, id := range ids {
				if set&(1<<i) != 0 && !done[id] && allMet(nodes[id].Needs, done) {
					done[id], moved = true, true
				}
			}
		}
		for i, id := range ids {
			if set&(1<<i) != 0 {
				sum += nodes[id].Minutes*1024 + 1
				if !done[id] {
					sum = -1
					break
				}
			}
		}
		if sum >= 0 && allMet(needs, done) && (!ok || sum < cost) {
			cost, ok = sum, true
		}
	}
	return cost, ok
}

func allMet(needs [][]uid.ID, done map[uid.ID]bool) bool {
	for _, options := range needs {
		if !slices.ContainsFunc(options, func(id uid.ID) bool { return done[id] }) {
			return false
		}
	}
	return true
}

// randomLand makes a few courses that ask for each other in every way, circles among them.
func randomLand(r *rand.Rand) (needs [][]uid.ID, nodes map[uid.ID]Node, ids []uid.ID) {
	n := 1 + r.IntN(9)
	for range n {
		ids = append(ids, uid.New())
	}
	some := func(most int) (list []uid.ID) {
		for range r.IntN(most + 1) {
			list = append(list, ids[r.IntN(n)])
		}
		return list
	}
	needOf := func(most int) (list [][]uid.ID) {
		for range r.IntN(most + 1) {
			options := some(3)
			if len(options) == 0 && r.IntN(4) > 0 {
				options = append(options, ids[r.IntN(n)])
			}
			list = append(list, options)
		}
		return list
	}
	nodes = map[uid.ID]Node{}
	for _, id := range ids {
		nodes[id] = Node{Course: id, Minutes: r.IntN(60), Needs: needOf(2)}
	}
	return append(needOf(2), []uid.ID{ids[r.IntN(n)]}), nodes, ids
}

func TestTheShortestWayIsTheShortestOfAll(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 9))
	ways := 0
	for range 4000 {
		needs, nodes, ids := randomLand(r)
		want, there := bruteForce(needs, nodes, ids)
		way, exact, ok := shortest(needs, nodes)
		if ok != there || !exact {
			t.Fatalf("found %v (exact %v), there is one: %v, of %v in %v", ok, exact, there, needs, nodes)
		}
		if !ok {
			continue
		}
		ways++
		done, cost := map[uid.ID]bool{}, 0
		for _, id := range way {
			if done[id] || !allMet(nodes[id].Needs, done) {
				t.Fatalf("%s cannot be started after %v in %v", id, done, nodes)
			}
			done[id] = true
			cost += nodes[id].Minutes*1024 + 1
		}
		if !allMet(needs, done) || cost != want {
			t.Fatalf("the way %v costs %d, the shortest %d, of %v in %v", way, cost, want, needs, nodes)
		}
	}
	if ways < 1000 {
		t.Errorf("only %d of the random lands had a way", ways)
	}
}

func TestAWayIsFoundWhereTheLandIsTooLargeToLookAtEveryWay(t *testing.T) {
	t.Parallel()
	nodes := map[uid.ID]Node{}
	var needs [][]uid.ID
	for range 40 { // forty skills, each taught by two courses of which one asks for a third
		a, b, c := uid.New(), uid.New(), uid.New()
		nodes[a], nodes[c] = Node{Course: a, Minutes: 30}, Node{Course: c, Minutes: 5}
		nodes[b] = Node{Course: b, Minutes: 10, Needs: [][]uid.ID{{c}}}
		needs = append(needs, []uid.ID{a, b})
	}
	way, exact, ok := shortest(needs, nodes)
	if !ok || exact {
		t.Fatalf("found %v, exact %v", ok, exact)
	}
	done := map[uid.ID]bool{}
	for _, id := range way {
		if !allMet(nodes[id].Needs, done) {
			t.Fatalf("%s comes too early", id)
		}
		done[id] = true
	}
	if !allMet(needs, done) || len(way) != 80 {
		t.Errorf("the way has %d courses", len(way))
	}
}

func TestALongRowOfCoursesIsAWayWithoutASearch(t *testing.T) {
	t.Parallel()
	nodes, last := map[uid.ID]Node{}, uid.Nil
	for i := range maxWayCourses {
		n := Node{Course: uid.New(), Minutes: i}
		if last != uid.Nil {
			n.Needs = [][]uid.ID{{last}}
		}
		nodes[n.Course], last = n, n.Course
	}
	way, exact, ok := shortest([][]uid.ID{{last}}, nodes)
	if !ok || !exact || len(way) != maxWayCourses || way[len(way)-1] != last {
		t.Errorf("%d courses, exact %v, found %v", len(way), exact, ok)
	}
}
