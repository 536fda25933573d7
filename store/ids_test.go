package store_test

import (
	"context"
	"slices"
	"testing"

	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// Ids go to the database and come back as they are: alone, in lists, as pointers, and where there is none.
func TestIDsAreSentAndRead(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	a, b := uid.New(), uid.New()
	var none *uid.ID
	for range 2 { // the second time by what was prepared
		var one, null uid.ID
		var pointer, absent *uid.ID
		var list []uid.ID
		var text string
		err := w.Store.Pool().QueryRow(context.Background(), "select $1::uuid, $2::uuid, $3::uuid, null::uuid, $4::uuid[], $1::uuid::text", a, &b, none, []uid.ID{a, b}).Scan(&one, &pointer, &absent, &null, &list, &text)
		if err != nil {
			t.Fatal(err)
		}
		if one != a || pointer == nil || *pointer != b || absent != nil || null != uid.Nil || !slices.Equal(list, []uid.ID{a, b}) || text != a.String() {
			t.Errorf("%v %v %v %v %v %s", one, pointer, absent, null, list, text)
		}
	}
	var n int
	if err := w.Store.Pool().QueryRow(context.Background(), "select count(*) from unnest($1::text[]) t where t = $2::text", []string{a.String(), b.String()}, a).Scan(&n); err != nil || n != 1 {
		t.Errorf("as text: %d, %v", n, err)
	}
}
