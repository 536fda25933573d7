package store_test

import (
	"context"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestGroupsAndTheirMembersStayInTheirTenant(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	p, q := storetest.Person(t, mine, w, policy.Learner), storetest.Person(t, mine, w, policy.Learner)
	now := w.Now.Now()
	lab := auth.Group{ID: uid.New(), Name: "Lab", Revision: 1, CreatedAt: now, UpdatedAt: now}
	works := auth.Group{ID: uid.New(), Name: "works council", Revision: 1, CreatedAt: now, UpdatedAt: now}
	within(t, w, mine, func(ctx context.Context) error {
		for _, g := range []auth.Group{works, lab} {
			if err := w.Store.InsertGroup(ctx, g); err != nil {
				return err
			}
		}
		for want := range 2 { // the second time nobody is new
			n, err := w.Store.AddMembers(ctx, lab.ID, []uid.ID{p.ID, q.ID})
			if err != nil || n != 2-2*want {
				t.Errorf("%d were new, %v", n, err)
			}
		}
		_, err := w.Store.AddMembers(ctx, works.ID, []uid.ID{p.ID})
		return err
	})
	meets(t, w, mine, auth.ErrPersonNotFound, func(ctx context.Context) error {
		_, err := w.Store.AddMembers(ctx, lab.ID, []uid.ID{uid.New()})
		return err
	})
	within(t, w, mine, func(ctx context.Context) error {
		first, err := w.Store.GroupsBy(ctx, auth.GroupFilter{Page: page.Request{Limit: 1}})
		if err != nil || len(first.Items) != 1 || first.Items[0].Name != "Lab" {
			t.Errorf("the first page: %+v, %v", first, err)
		}
		rest, err := w.Store.GroupsBy(ctx, auth.GroupFilter{Page: page.Request{Limit: 1, After: first.Next}})
		if err != nil || len(rest.Items) != 1 || rest.Items[0].Name != "works council" || rest.Next != "" {
			t.Errorf("the second page: %+v, %v", rest, err)
		}
		of, err := w.Store.GroupsOf(ctx, p.ID)
		if err != nil || len(of) != 2 {
			t.Errorf("in groups %v, %v", of, err)
		}
		if n, err := w.Store.RemoveMembers(ctx, lab.ID, []uid.ID{p.ID, uid.New()}); err != nil || n != 1 {
			t.Errorf("%d were in it, %v", n, err)
		}
		in, err := w.Store.MembersOf(ctx, lab.ID, uid.Nil, 10)
		if err != nil || len(in) != 1 || in[0] != q.ID {
			t.Errorf("members %v, %v", in, err)
		}
		lab.Name, lab.Revision = "Laboratory", 2
		return w.Store.SetGroup(ctx, lab)
	})
	for what, fn := range map[string]func(ctx context.Context) error{
		"read":   func(ctx context.Context) error { _, err := w.Store.GroupByID(ctx, lab.ID); return err },
		"change": func(ctx context.Context) error { return w.Store.SetGroup(ctx, lab) },
		"remove": func(ctx context.Context) error { return w.Store.DeleteGroup(ctx, lab.ID) },
	} {
		t.Log(what)
		meets(t, w, other, auth.ErrGroupNotFound, fn)
	}
	within(t, w, other, func(ctx context.Context) error {
		in, err := w.Store.MembersOf(ctx, lab.ID, uid.Nil, 10)
		of, errOf := w.Store.GroupsOf(ctx, p.ID)
		all, errAll := w.Store.GroupsBy(ctx, auth.GroupFilter{})
		if err != nil || errOf != nil || errAll != nil || len(in)+len(of)+len(all.Items) != 0 {
			t.Errorf("another tenant sees %v, %v, %v (%v %v %v)", in, of, all.Items, err, errOf, errAll)
		}
		return nil
	})
	within(t, w, mine, func(ctx context.Context) error { return w.Store.DeleteGroup(ctx, lab.ID) })
	meets(t, w, mine, auth.ErrGroupNotFound, func(ctx context.Context) error { _, err := w.Store.GroupByID(ctx, lab.ID); return err })
}
