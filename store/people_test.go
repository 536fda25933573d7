package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// within runs fn in the tenant of ctx and fails the test on an error.
func within(t *testing.T, w *storetest.World, ctx context.Context, fn func(ctx context.Context) error) {
	t.Helper()
	if err := w.Store.InTenant(ctx, fn); err != nil {
		t.Fatal(err)
	}
}

// meets fails unless fn, in the tenant of ctx, gives the failure.
func meets(t *testing.T, w *storetest.World, ctx context.Context, want error, fn func(ctx context.Context) error) {
	t.Helper()
	if err := w.Store.InTenant(ctx, fn); !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func TestAPersonIsFoundWithRolesInTheirTenantOnly(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	p := storetest.AddPerson(t, mine, w, auth.Person{PasswordHash: "hash", Locale: "de", TimeZone: "Europe/Berlin"}, policy.Manager, policy.Admin)

	within(t, w, mine, func(ctx context.Context) error {
		byID, err := w.Store.PersonByID(ctx, p.ID)
		if err != nil {
			return err
		}
		byEmail, err := w.Store.PersonByEmail(ctx, p.Email)
		if err != nil {
			return err
		}
		for _, got := range []auth.Person{byID, byEmail} {
			if got.ID != p.ID || got.Name != p.Name || got.PasswordHash != "hash" || got.Locale != "de" || got.TimeZone != "Europe/Berlin" ||
				got.Status != auth.PersonActive || !got.CreatedAt.Equal(p.CreatedAt) || !slices.Equal(got.Roles, []policy.Role{policy.Admin, policy.Manager}) {
				t.Errorf("found %+v, want %+v", got, p)
			}
		}
		locked, err := w.Store.LockPerson(ctx, p.ID)
		if locked.Email != p.Email || locked.PasswordHash != "hash" {
			t.Errorf("held %+v", locked)
		}
		return err
	})
	now := w.Now.Now()
	for name, fn := range map[string]func(ctx context.Context) error{
		"by id":        func(ctx context.Context) error { _, err := w.Store.PersonByID(ctx, p.ID); return err },
		"by e-mail":    func(ctx context.Context) error { _, err := w.Store.PersonByEmail(ctx, p.Email); return err },
		"held":         func(ctx context.Context) error { _, err := w.Store.LockPerson(ctx, p.ID); return err },
		"set profile":  func(ctx context.Context) error { return w.Store.SetProfile(ctx, p) },
		"set password": func(ctx context.Context) error { return w.Store.SetPassword(ctx, p.ID, "theirs", now) },
		"set status": func(ctx context.Context) error {
			return w.Store.SetPersonStatus(ctx, p.ID, auth.PersonDeactivated, now)
		},
	} {
		t.Run(name, func(t *testing.T) { meets(t, w, other, auth.ErrPersonNotFound, fn) })
	}
	within(t, w, other, func(ctx context.Context) error {
		list, err := w.Store.PeopleBy(ctx, auth.PeopleFilter{})
		if len(list.Items) != 0 {
			t.Errorf("another tenant lists %v", list.Items)
		}
		owners, err2 := w.Store.LockOwners(ctx)
		roles, err3 := w.Store.RolesOf(ctx, p.ID)
		if len(owners)+len(roles) != 0 {
			t.Errorf("another tenant sees owners %v and roles %v", owners, roles)
		}
		return errors.Join(err, err2, err3)
	})
}

func TestOneEmailIsOnePersonInATenantAndAnotherInTheNext(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	p := storetest.Person(t, mine, w, policy.Learner)
	twin := auth.Person{ID: uid.New(), Email: p.Email, Name: "Twin", Status: auth.PersonActive, CreatedAt: w.Now.Now(), UpdatedAt: w.Now.Now()}
	insert := func(ctx context.Context) error { return w.Store.InsertPerson(ctx, twin) }
	meets(t, w, mine, auth.ErrEmailTaken, insert)
	within(t, w, other, insert)
}

func TestChangesOfAPersonAreWrittenEachToItsColumns(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	p := storetest.AddPerson(t, ctx, w, auth.Person{Locale: "de", TimeZone: "Europe/Berlin"}, policy.Learner)
	at := w.Now.Now().Add(time.Hour)
	within(t, w, ctx, func(ctx context.Context) error {
		if err := w.Store.SetProfile(ctx, auth.Person{ID: p.ID, Name: "New", UpdatedAt: at}); err != nil {
			return err
		}
		if err := w.Store.SetPassword(ctx, p.ID, "new hash", at); err != nil {
			return err
		}
		return w.Store.SetPersonStatus(ctx, p.ID, auth.PersonDeactivated, at)
	})
	within(t, w, ctx, func(ctx context.Context) error {
		got, err := w.Store.PersonByID(ctx, p.ID)
		if got.Name != "New" || got.Locale != "" || got.TimeZone != "" || got.PasswordHash != "new hash" || got.Status != auth.PersonDeactivated ||
			got.Email != p.Email || !got.UpdatedAt.Equal(at) || !got.CreatedAt.Equal(p.CreatedAt) {
			t.Errorf("after the changes: %+v", got)
		}
		return err
	})
}

func TestAListOfPeopleIsBoundedAndItsCursorIsItsOwn(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	for range 3 {
		storetest.AddPerson(t, ctx, w, auth.Person{Name: "Same Name"}, policy.Learner)
	}
	within(t, w, ctx, func(ctx context.Context) error {
		seen := map[uid.ID]bool{}
		for after := ""; ; {
			piece, err := w.Store.PeopleBy(ctx, auth.PeopleFilter{Page: page.Request{After: after, Limit: 1}})
			if err != nil {
				return err
			}
			if len(piece.Items) != 1 || seen[piece.Items[0].ID] {
				t.Fatalf("piece %+v after %d", piece.Items, len(seen))
			}
			seen[piece.Items[0].ID] = true
			if after = piece.Next; after == "" {
				break
			}
		}
		if len(seen) != 3 {
			t.Errorf("%d people of one name were listed, want 3", len(seen))
		}
		return nil
	})
	for _, cursor := range []string{"x", page.Cursor("one"), page.Cursor("name", "no id"), page.Cursor("\x00", uid.New().String())} {
		meets(t, w, ctx, page.ErrCursor, func(ctx context.Context) error {
			_, err := w.Store.PeopleBy(ctx, auth.PeopleFilter{Page: page.Request{After: cursor}})
			return err
		})
	}
}
