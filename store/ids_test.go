package store_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

// Ids go to the database and come back as they are: alone, in lists, as pointers, and where there is none.
func TestIDsAreSentAndRead(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	for _, pooled := range []bool{false, true} {
		s, err := store.Open(t.Context(), store.Options{URL: w.URL, Pooled: pooled})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err = s.Pool().AcquireFunc(t.Context(), func(c *pgxpool.Conn) error {
			if !store.SendsIDsAsBytes(c.Conn()) {
				t.Errorf("pooled %t: ids are written as text first", pooled)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		sendsAndReads(t, s, !pooled)
	}
}

// sendsAndReads sends lists too, where statements are prepared: else the driver does not learn what they are to be, and the store casts texts.
func sendsAndReads(t *testing.T, s *store.Store, lists bool) {
	t.Helper()
	a, b := uid.New(), uid.New()
	var none *uid.ID
	var sent any = []uid.ID{a, b}
	if !lists {
		sent = []string{a.String(), b.String()}
	}
	for range 2 { // the second time by what was prepared
		var one, null uid.ID
		var pointer, absent *uid.ID
		var list []uid.ID
		var text string
		err := s.Pool().QueryRow(t.Context(), "select $1::uuid, $2::uuid, $3::uuid, null::uuid, $4::uuid[], $1::uuid::text", a, &b, none, sent).Scan(&one, &pointer, &absent, &null, &list, &text)
		if err != nil {
			t.Fatal(err)
		}
		if one != a || pointer == nil || *pointer != b || absent != nil || null != uid.Nil || !slices.Equal(list, []uid.ID{a, b}) || text != a.String() {
			t.Errorf("%v %v %v %v %v %s", one, pointer, absent, null, list, text)
		}
	}
	var n int
	if err := s.Pool().QueryRow(t.Context(), "select count(*) from unnest($1::text[]) t where t = $2::text", []string{a.String(), b.String()}, a).Scan(&n); err != nil || n != 1 {
		t.Errorf("as text: %d, %v", n, err)
	}
}
