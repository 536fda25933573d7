package access_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"lyceum/auth/privacy/access"
	"lyceum/internal/blob"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(orders); text != "" {
		child(text)
	}
	storetest.Main(m)
}

// orders tell a child process which copy to make.
const orders = "LYCEUM_TEST_COPIES"

type order struct {
	URL, Blobs string
	Tenant     tenant.Tenant
	Now        time.Time
	ID         uid.ID
	Saves      int // of how far it is, before it is killed
}

// killer kills its own process at a note of how far a copy is.
type killer struct {
	*store.Store
	left *int
}

func (k killer) SaveDataRequest(ctx context.Context, r access.Request) (bool, error) {
	if *k.left--; *k.left < 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return k.Store.SaveDataRequest(ctx, r)
}

func child(text string) {
	var o order
	err := json.Unmarshal([]byte(text), &o)
	ctx := tenant.With(context.Background(), o.Tenant)
	var s *store.Store
	var blobs *blob.Store
	if err == nil {
		s, err = store.Open(ctx, store.Options{URL: o.URL})
	}
	if err == nil {
		blobs, err = blob.Open(ctx, o.Blobs)
	}
	if err == nil {
		err = service(killer{s, &o.Saves}, blobs, func() time.Time { return o.Now }).Make(ctx, o.ID)
	}
	fmt.Fprintln(os.Stderr, "nothing killed us", err)
	os.Exit(3)
}

// A process that is really killed, before it wrote, in the midst and with the whole archive written and not yet noted, is followed by another one
// that makes it anew; what was left behind is removed.
func TestAfterAKilledProcessACopyIsMadeAnew(t *testing.T) {
	t.Parallel()
	h := setup(t)
	at := "file://" + t.TempDir()
	h.open(at)
	h.lived()
	r, err := h.s.AskOwn(h.self, look)
	h.ok(err)
	var left []string
	for n, saves := range []int{0, 20, len(access.Tables()) + 1} {
		o := order{URL: h.URL, Blobs: at, Now: h.Now.Now(), ID: r.ID, Saves: saves}
		o.Tenant, _ = tenant.From(h.ctx)
		text, err := json.Marshal(o)
		h.ok(err)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), orders+"="+string(text))
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the child ended otherwise: %v\n%s", err, out)
		}
		got, err := h.s.Get(h.self, r.ID)
		if err != nil || got.Status != access.Working || got.Attempts != n+1 {
			t.Fatalf("%v %+v", err, got)
		}
		left = append(left, got.Object)
	}
	h.ok(h.s.Make(h.ctx, r.ID))
	if files := h.fetch(h.self, r.ID); len(h.table(files, "csv/account/people.csv")) != 1 {
		t.Error("not whole")
	}
	for _, key := range left {
		if key == "" {
			continue
		}
		if there, err := h.blobs.Exists(h.ctx, key); err != nil || there {
			t.Errorf("%s was left behind: %v", key, err)
		}
	}
}
