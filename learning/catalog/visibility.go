package catalog

import (
	"context"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// Viewer is for whom courses are looked for. The store makes its predicate of it (store.visibleCourses), which every
// list and search of courses joins.
type Viewer struct {
	Person uid.ID
	All    bool // sees every course, whoever it is for: an author
}

// ViewerFrom is who asks.
func ViewerFrom(ctx context.Context) Viewer {
	who, _ := auth.PrincipalFrom(ctx)
	return Viewer{Person: who.PersonID, All: who.May.Has(policy.CourseEdit)}
}
