package store_test

import (
	"context"
	"testing"

	"lyceum/auth"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

func TestAForgedCursorOfAListByNameIsRefused(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	for _, cursor := range []string{"x", page.Cursor("one"), page.Cursor("name", "no id"), page.Cursor("\x00", uid.New().String())} {
		after := page.Request{After: cursor}
		for name, list := range map[string]func(context.Context) error{
			"people": func(ctx context.Context) error {
				_, err := w.Store.PeopleBy(ctx, auth.PeopleFilter{Page: after})
				return err
			},
			"without factors": func(ctx context.Context) error { _, err := w.Store.WithoutFactor(ctx, nil, after); return err },
			"groups": func(ctx context.Context) error {
				_, err := w.Store.GroupsBy(ctx, auth.GroupFilter{Page: after})
				return err
			},
			"courses": func(ctx context.Context) error {
				_, err := w.Store.CourseCards(ctx, catalog.CardFilter{Page: after})
				return err
			},
		} {
			t.Run(name, func(t *testing.T) { meets(t, w, ctx, page.ErrCursor, list) })
		}
	}
}
