package home

import (
	"cmp"
	"slices"
	"time"

	"lyceum/internal/uid"
)

// Reason is why a course is recommended. There is no hidden score: the kinds are ranked in the order below, and the page
// says the reason in words.
type Reason string

// The reasons, the strongest first.
const (
	ReasonPrerequisite Reason = "prerequisite" // a course the person is in asks for it first; Name is that course
	ReasonSkill        Reason = "skill"        // it teaches a skill that a course of theirs teaches; Name is the skill
	ReasonTag          Reason = "tag"          // it has a tag of a course of theirs; Name is the tag
	ReasonCategory     Reason = "category"     // it is in the category of a course of theirs; Name is the category
	ReasonGroup        Reason = "group"        // Count people of a group of theirs take it; Name is the group
	ReasonDepartment   Reason = "department"   // Count people of their department take it
	ReasonNew          Reason = "new"          // it was published lately
)

// Reasons lists them, the strongest first.
func Reasons() []Reason {
	return []Reason{ReasonPrerequisite, ReasonSkill, ReasonTag, ReasonCategory, ReasonGroup, ReasonDepartment, ReasonNew}
}

// MinCount is how many people must take a course before it is said that people of a group do: fewer would say what one
// person does.
const MinCount = 3

// Card is a course as a recommendation shows it.
type Card struct {
	CourseID         uid.ID
	Slug             string
	Title            string
	Summary          string
	CoverFileID      *uid.ID
	EstimatedMinutes int
	PublishedAt      *time.Time
}

// Candidate is a course with one reason to recommend it. The person may see the course and was never in it.
type Candidate struct {
	Card
	Reason Reason
	Name   string
	Count  int
}

// Why is a reason with what it names.
type Why struct {
	Reason Reason
	Name   string
	Count  int
}

// Recommendation is a course the person might learn next, and why: the strongest reasons first, at most two.
type Recommendation struct {
	Card
	Why []Why
}

const maxWhy = 2

// recommended takes the candidates together by course and ranks them: by the strongest reason, then by how many there
// are, how many people, the newest.
func recommended(list []Candidate) []Recommendation {
	byCourse := map[uid.ID]*Recommendation{}
	var out []*Recommendation
	for _, c := range list {
		r := byCourse[c.CourseID]
		if r == nil {
			r = &Recommendation{Card: c.Card}
			byCourse[c.CourseID] = r
			out = append(out, r)
		}
		w := Why{c.Reason, c.Name, c.Count}
		if !slices.ContainsFunc(r.Why, func(o Why) bool { return o.Reason == w.Reason }) {
			r.Why = append(r.Why, w)
		}
	}
	for _, r := range out {
		slices.SortStableFunc(r.Why, func(a, b Why) int { return rank(a.Reason) - rank(b.Reason) })
	}
	slices.SortStableFunc(out, func(a, b *Recommendation) int {
		return cmp.Or(rank(a.Why[0].Reason)-rank(b.Why[0].Reason), len(b.Why)-len(a.Why), b.Why[0].Count-a.Why[0].Count,
			published(b.Card).Compare(published(a.Card)), cmp.Compare(a.Title, b.Title))
	})
	var best []Recommendation
	for _, r := range out[:min(len(out), MaxRecommended)] {
		r.Why = r.Why[:min(len(r.Why), maxWhy)]
		best = append(best, *r)
	}
	return best
}

func rank(r Reason) int { return slices.Index(Reasons(), r) }

func published(c Card) time.Time {
	if c.PublishedAt == nil {
		return time.Time{}
	}
	return *c.PublishedAt
}
