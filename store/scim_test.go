package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// directoryIn adds a SCIM directory with a token and a person, and gives all three.
func directoryIn(t *testing.T, w *storetest.World, ctx context.Context) (scim.Directory, scim.Token, scim.Record) {
	t.Helper()
	now := w.Now.Now()
	_, hash := uid.Secret()
	external := "x-1"
	d := scim.Directory{
		ID: uid.New(), Kind: scim.KindSCIM, Name: "Head office", Status: signon.StatusOn, Mode: scim.ModeEntra, Revision: 1, CreatedAt: now, UpdatedAt: now,
		Mapping:   signon.JSON[auth.Mapping]{V: auth.Mapping{{Field: "title", From: []string{"nickName"}}}},
		RoleRules: signon.JSON[auth.RoleRules]{V: auth.RoleRules{Default: policy.Learner}},
	}
	token := scim.Token{ID: uid.New(), DirectoryID: d.ID, Name: "First", Prefix: "lyd_abc", Hash: hash, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	p := storetest.Person(t, ctx, w)
	r := scim.Record{
		DirectoryID: d.ID, PersonID: p.ID, ExternalID: &external, UserName: "anna", Active: true, Emails: scim.Texts{`a"b\c@x.example`, "anna@x.example"},
		Resource: signon.Raw(`{"userName":"Anna","active":true}`), Revision: 1, CreatedAt: now, UpdatedAt: now,
	}
	within(t, w, ctx, func(ctx context.Context) error {
		if err := w.Store.InsertDirectory(ctx, d); err != nil {
			return err
		}
		if err := w.Store.InsertDirectoryToken(ctx, token); err != nil {
			return err
		}
		return w.Store.InsertRecord(ctx, r)
	})
	return d, token, r
}

func TestADirectoryAndItsTokensAreOneTenantsOnly(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	d, token, r := directoryIn(t, w, mine)
	at := w.Now.Now().Add(time.Minute)
	meets(t, w, other, scim.ErrUnauthorised, func(ctx context.Context) error {
		_, _, err := w.Store.DirectoryTokenByHash(ctx, token.Hash)
		return err
	})
	meets(t, w, other, scim.ErrDirectoryNotFound, func(ctx context.Context) error { _, err := w.Store.DirectoryByID(ctx, scim.KindSCIM, d.ID); return err })
	meets(t, w, other, scim.ErrDirectoryNotFound, func(ctx context.Context) error { return w.Store.DeleteDirectory(ctx, scim.KindSCIM, d.ID) })
	meets(t, w, other, scim.ErrDirectoryChanged, func(ctx context.Context) error { return w.Store.SetDirectory(ctx, d, 1) })
	meets(t, w, other, scim.ErrTokenNotFound, func(ctx context.Context) error { return w.Store.RevokeDirectoryToken(ctx, d.ID, token.ID, at) })
	meets(t, w, other, scim.ErrNotFound, func(ctx context.Context) error { _, err := w.Store.RecordByID(ctx, d.ID, r.PersonID, true); return err })
	meets(t, w, other, scim.ErrNotFound, func(ctx context.Context) error { _, err := w.Store.RecordByUserName(ctx, d.ID, "anna"); return err })
	meets(t, w, other, scim.ErrNotFound, func(ctx context.Context) error { _, err := w.Store.RecordOf(ctx, r.PersonID); return err })
	meets(t, w, other, scim.ErrNotFound, func(ctx context.Context) error { return w.Store.SetRecord(ctx, r) })
	meets(t, w, other, scim.ErrNotFound, func(ctx context.Context) error { return w.Store.UnlinkRecord(ctx, d.ID, r.PersonID, at) })
	within(t, w, other, func(ctx context.Context) error {
		if err := w.Store.TouchDirectoryToken(ctx, token, at); err != nil {
			return err
		}
		list, e1 := w.Store.Directories(ctx, scim.KindSCIM)
		tokens, e2 := w.Store.DirectoryTokens(ctx, d.ID)
		records, e3 := w.Store.Records(ctx, scim.Span{Directory: d.ID, Limit: 10})
		n, e4 := w.Store.CountRecords(ctx, d.ID, nil)
		linked, e5 := w.Store.Linked(ctx, d.ID, []uid.ID{r.PersonID})
		if len(list)+len(tokens)+len(records)+n+len(linked) != 0 {
			t.Errorf("another tenant sees %v %v %v %d %v", list, tokens, records, n, linked)
		}
		return firstError(e1, e2, e3, e4, e5)
	})
	within(t, w, mine, func(ctx context.Context) error {
		got, of, err := w.Store.DirectoryTokenByHash(ctx, token.Hash)
		if err != nil {
			return err
		}
		if got.ID != token.ID || got.LastUsedAt != nil || of.ID != d.ID || of.Mode != d.Mode || of.Mapping.V[0].Field != "title" || of.RoleRules.V.Default != policy.Learner {
			t.Errorf("%+v of %+v", got, of)
		}
		found, err := w.Store.Records(ctx, scim.Span{Directory: d.ID, Where: scim.Test{Field: scim.FieldEmail, Op: scim.Equal, Value: `A"B\C@x.example`}, Limit: 10})
		if len(found) != 1 || found[0].PersonID != r.PersonID || *found[0].ExternalID != "x-1" {
			t.Errorf("by e-mail: %+v", found)
		}
		return err
	})
}

func TestADeletedRecordIsFoundToBeLinkedAgainOnly(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	d, _, r := directoryIn(t, w, mine)
	at := w.Now.Now().Add(time.Minute)
	within(t, w, mine, func(ctx context.Context) error { return w.Store.UnlinkRecord(ctx, d.ID, r.PersonID, at) })
	meets(t, w, mine, scim.ErrNotFound, func(ctx context.Context) error { return w.Store.UnlinkRecord(ctx, d.ID, r.PersonID, at) })
	meets(t, w, mine, scim.ErrNotFound, func(ctx context.Context) error {
		_, err := w.Store.RecordByID(ctx, d.ID, r.PersonID, false)
		return err
	})
	unlinked := func(ctx context.Context, userName string, external *string) int {
		n := -1
		within(t, w, ctx, func(ctx context.Context) error {
			list, err := w.Store.Unlinked(ctx, d.ID, userName, external)
			n = len(list)
			return err
		})
		return n
	}
	wrong := "x-2"
	if a, b, c, e := unlinked(mine, "anna", nil), unlinked(mine, "x", r.ExternalID), unlinked(mine, "x", &wrong), unlinked(other, "anna", r.ExternalID); a != 1 || b != 1 || c != 0 || e != 0 {
		t.Errorf("found %d %d %d, by another tenant %d", a, b, c, e)
	}
	// Someone else may have the name meanwhile; then the first cannot have it again.
	second := r
	second.PersonID = storetest.Person(t, mine, w).ID
	within(t, w, mine, func(ctx context.Context) error { return w.Store.InsertRecord(ctx, second) })
	meets(t, w, mine, scim.ErrUniqueness, func(ctx context.Context) error { return w.Store.InsertRecord(ctx, r) })
	r.UserName = "anna2"
	within(t, w, mine, func(ctx context.Context) error { return w.Store.InsertRecord(ctx, r) })
	meets(t, w, mine, scim.ErrUniqueness, func(ctx context.Context) error { return w.Store.InsertRecord(ctx, r) })
	if n := unlinked(mine, "anna2", r.ExternalID); n != 0 {
		t.Errorf("still %d deleted ones", n)
	}
}

func TestMembersAreTheirDirectorysAndTenantsOwn(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	d, _, r := directoryIn(t, w, mine)
	now := w.Now.Now()
	g := auth.Group{ID: uid.New(), Name: "Staff", DirectoryID: &d.ID, Revision: 1, CreatedAt: now, UpdatedAt: now}
	put := func(display string) (came []uid.ID) {
		within(t, w, mine, func(ctx context.Context) (err error) {
			came, err = w.Store.PutMembers(ctx, []scim.Member{{GroupID: g.ID, PersonID: r.PersonID, Display: display}})
			return err
		})
		return came
	}
	within(t, w, mine, func(ctx context.Context) error { return w.Store.InsertGroup(ctx, g) })
	if first, again, named := put(""), put("Annie"), put(""); !slices.Equal(first, []uid.ID{r.PersonID}) || len(again)+len(named) != 0 {
		t.Errorf("came %v, then %v and %v", first, again, named)
	}
	meets(t, w, other, scim.ErrNotFound, func(ctx context.Context) error { _, err := w.Store.DirectoryGroup(ctx, d.ID, g.ID, true); return err })
	meets(t, w, mine, scim.ErrNotFound, func(ctx context.Context) error {
		_, err := w.Store.DirectoryGroup(ctx, uid.New(), g.ID, false)
		return err
	})
	see := func(ctx context.Context) (members []scim.Member, count, groups, in int) {
		within(t, w, ctx, func(ctx context.Context) error {
			var e1, e2, e3, e4 error
			members, e1 = w.Store.GroupMembers(ctx, []uid.ID{g.ID})
			counts, e2 := w.Store.MemberCounts(ctx, []uid.ID{g.ID})
			count = counts[g.ID]
			groups, e3 = w.Store.CountGroups(ctx, d.ID, scim.Test{Field: scim.FieldDisplayName, Op: scim.Equal, Value: "STAFF"})
			of, e4 := w.Store.MembershipsIn(ctx, d.ID, []uid.ID{r.PersonID})
			in = len(of)
			return firstError(e1, e2, e3, e4)
		})
		return members, count, groups, in
	}
	if members, count, groups, in := see(mine); len(members) != 1 || members[0].Display != "Annie" || count != 1 || groups != 1 || in != 1 {
		t.Errorf("%v %d %d %d", members, count, groups, in)
	}
	if members, count, groups, in := see(other); len(members)+count+groups+in != 0 {
		t.Errorf("another tenant sees %v %d %d %d", members, count, groups, in)
	}
	within(t, w, other, func(ctx context.Context) error {
		went, err := w.Store.TakeMembers(ctx, g.ID, nil)
		if len(went) != 0 {
			t.Errorf("another tenant took %v", went)
		}
		return err
	})
	within(t, w, mine, func(ctx context.Context) error {
		went, err := w.Store.TakeMembers(ctx, g.ID, []uid.ID{r.PersonID, uid.New()})
		if !slices.Equal(went, []uid.ID{r.PersonID}) {
			t.Errorf("took %v", went)
		}
		return err
	})
}

func TestTheLogOfADirectoryIsBoundedAndItsTenantsOwn(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	d, _, _ := directoryIn(t, w, mine)
	var last scim.Logged
	within(t, w, mine, func(ctx context.Context) error {
		for i := range scim.RequestsKept + 3 {
			last = scim.Logged{ID: uid.New(), DirectoryID: d.ID, Method: "GET", Path: "/Users", Status: 200, Millis: i, At: w.Now.Now(), Outcome: signon.JSON[scim.Outcome]{V: scim.Outcome{Notes: []string{"n"}}}}
			if err := w.Store.LogRequest(ctx, last); err != nil {
				return err
			}
		}
		list, err := w.Store.LoggedRequests(ctx, d.ID, page.Request{Limit: 200}, true)
		if len(list.Items) != scim.RequestsKept || list.Next != "" || list.Items[0].ID != last.ID || list.Items[0].Outcome.V.Notes[0] != "n" {
			t.Errorf("%d requests, then %q", len(list.Items), list.Next)
		}
		return err
	})
	meets(t, w, other, scim.ErrRequestNotFound, func(ctx context.Context) error { _, err := w.Store.LoggedRequest(ctx, d.ID, last.ID); return err })
	within(t, w, other, func(ctx context.Context) error {
		list, err := w.Store.LoggedRequests(ctx, d.ID, page.Request{}, true)
		if len(list.Items) != 0 {
			t.Errorf("another tenant reads %v", list.Items)
		}
		return err
	})
}

func TestWhatIsTriedIsTakenBackAndNothingElse(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	d, _, r := directoryIn(t, w, mine)
	within(t, w, mine, func(ctx context.Context) error {
		if err := w.Store.SetRecord(ctx, r); err != nil {
			return err
		}
		err := w.Store.Try(ctx, func(ctx context.Context) error {
			if err := w.Store.UnlinkRecord(ctx, d.ID, r.PersonID, w.Now.Now()); err != nil {
				return err
			}
			return w.Store.InsertDirectory(ctx, d) // fails: it is there
		})
		if err == nil {
			t.Error("the same directory twice")
		}
		_, err = w.Store.RecordByID(ctx, d.ID, r.PersonID, false)
		return err
	})
	meets(t, w, other, scim.ErrNotFound, func(ctx context.Context) error {
		_, err := w.Store.RecordByID(ctx, d.ID, r.PersonID, false)
		return err
	})
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
