package store_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

// A transaction pooler hands one server connection to many clients in turn. A session-level SET then serves another
// tenant's rows without an error; this is the test that the product does not, and that the test would see it.

// bouncer starts PgBouncer in transaction mode with a number of server connections and gives its address.
func bouncer(t *testing.T, w *storetest.World, connections int) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program = "/usr/sbin/pgbouncer"; !executable(program) {
			t.Skip("LEFT OUT: no pgbouncer on this machine; `make setup` says how to get it")
		}
	}
	direct, err := pgx.ParseConfig(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	_ = ln.Close()
	dir, err := os.MkdirTemp("", "lyceum-pooler-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ini := fmt.Sprintf(`[databases]
* = host=%s port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = trust
auth_file = %s/users
pool_mode = transaction
default_pool_size = %d
max_client_conn = 200
ignore_startup_parameters = extra_float_digits,search_path
logfile = %s/log
`, direct.Host, direct.Port, port, dir, connections, dir)
	for name, text := range map[string]string{"ini": ini, "users": `"` + direct.User + `" ""` + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, filepath.Join(dir, "ini"))
	if os.Getuid() == 0 {
		asOwnerOf(t, cmd, dir, direct.Host)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	pooled := url.URL{Scheme: "postgres", User: url.User(direct.User), Host: address, Path: "/" + direct.Database, RawQuery: "sslmode=disable"}
	deadline := time.Now().Add(20 * time.Second)
	for {
		cfg, _ := pgx.ParseConfig(pooled.String())
		cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
		conn, err := pgx.ConnectConfig(t.Context(), cfg)
		if err == nil {
			_ = conn.Close(t.Context())
			return pooled.String()
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("pgbouncer does not answer: %v\n%s", err, log)
		}
		<-time.After(20 * time.Millisecond) // a server that is starting gives no signal to wait on
	}
}

func executable(file string) bool {
	fi, err := os.Stat(file)
	return err == nil && fi.Mode()&0o111 != 0
}

// asOwnerOf lets PgBouncer, which refuses to run as root, run as the account that may enter the database's socket.
func asOwnerOf(t *testing.T, cmd *exec.Cmd, dir, socket string) {
	t.Helper()
	fi, err := os.Stat(socket)
	if err != nil {
		t.Fatal(err)
	}
	st, _ := fi.Sys().(*syscall.Stat_t)
	if _, err := user.LookupId(strconv.Itoa(int(st.Uid))); err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: st.Uid, Gid: st.Gid}}
	if err := os.Chown(dir, int(st.Uid), int(st.Gid)); err != nil {
		t.Fatal(err)
	}
}

func TestBehindATransactionPoolerNoTenantSeesAnother(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	s, err := store.Open(t.Context(), store.Options{URL: bouncer(t, w, 3), Pooled: true, Shards: 2, ConnectionsPerShard: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ctxs := []context.Context{w.Tenant(t), w.Tenant(t), w.Tenant(t), w.Tenant(t)}
	for i, ctx := range ctxs {
		err := s.InTenant(ctx, func(ctx context.Context) error {
			_, err := store.Pgx(ctx).Exec(ctx, "insert into settings (name, value, updated_at) values ('who', $1::text::jsonb, $2)", strconv.Itoa(i), w.Now.Now())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var read, wrong atomic.Int64
	var wg sync.WaitGroup
	for client := range 16 {
		wg.Go(func() {
			for n := range 100 {
				want := (client + n) % len(ctxs)
				err := s.InTenant(ctxs[want], func(ctx context.Context) error {
					var got string
					if err := store.Pgx(ctx).QueryRow(ctx, "select value::text from settings where name = $1", "who").Scan(&got); err != nil {
						return err
					}
					read.Add(1)
					if got != strconv.Itoa(want) {
						wrong.Add(1)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
					return
				}
				if n%20 == 0 {
					other, _ := tenant.From(ctxs[(want+1)%len(ctxs)])
					if got := sqlstate(t, s, ctxs[want], "select value from "+other.SchemaName+".settings"); got != "42501" {
						t.Errorf("another tenant's schema answers %q", got)
					}
				}
			}
		})
	}
	wg.Wait()
	if wrong.Load() != 0 || read.Load() != 1600 {
		t.Fatalf("%d of %d reads were another tenant's", wrong.Load(), read.Load())
	}
}

// TestASessionLevelSettingLeaksThroughAPooler shows that the test above can fail: what the product never does.
func TestASessionLevelSettingLeaksThroughAPooler(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	address := bouncer(t, w, 1)
	a, b := w.TenantRow(t), w.TenantRow(t)
	connect := func(tn tenant.Tenant) *pgx.Conn {
		cfg, err := pgx.ParseConfig(address)
		if err != nil {
			t.Fatal(err)
		}
		cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
		conn, err := pgx.ConnectConfig(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		if _, err := conn.Exec(t.Context(), "set search_path = "+tn.SchemaName); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	first := connect(a)
	connect(b)
	var path string
	if err := first.QueryRow(t.Context(), "show search_path").Scan(&path); err != nil {
		t.Fatal(err)
	}
	if path != b.SchemaName {
		t.Fatalf("the first client works in %s: the leak does not show, so the test above proves nothing", path)
	}
}
