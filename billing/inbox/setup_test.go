package inbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"lyceum/billing/inbox"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

const (
	childStep = "LYCEUM_TEST_INBOX_STEP"
	childURL  = "LYCEUM_TEST_INBOX_URL"
	childName = "LYCEUM_TEST_INBOX_PROVIDER"
)

func TestMain(m *testing.M) {
	if os.Getenv(childStep) != "" {
		child()
	}
	storetest.Main(m)
}

// sender is a payment provider of the tests. A message is signed where its header is "good".
type sender struct {
	provider.Provider // what is not faked panics
	name              string
	mu                sync.Mutex
	missed            []provider.Event
	since             []time.Time
	away              bool
}

func (p *sender) Name() string { return p.name }
func (p *sender) Live() bool   { return false }

func (p *sender) Read(payload []byte, header string, now time.Time) (e provider.Event, err error) {
	var d struct{ ID, Type, Object, Ref, Customer string }
	if header != "good" || json.Unmarshal(payload, &d) != nil {
		return e, provider.ErrForged
	}
	return provider.Event{ID: d.ID, Type: d.Type, Object: d.Object, Ref: d.Ref, Customer: d.Customer, At: now}, nil
}

func (p *sender) Undelivered(_ context.Context, since time.Time) ([]provider.Event, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = append(p.since, since)
	if p.away {
		return nil, provider.ErrUnavailable
	}
	return p.missed, nil
}

// books note what was read again.
type books struct {
	mu     sync.Mutex
	read   map[string]int
	copied map[string]int
	fail   error
}

func (b *books) Refresh(_ context.Context, ref string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read[ref]++
	return b.fail
}

func (b *books) InvoiceChanged(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.copied[id]++
	return b.fail
}

func (b *books) fails(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

type room struct {
	*inbox.Service
	w     *storetest.World
	from  *sender
	books *books
}

func setup(t *testing.T) room {
	t.Helper()
	w := storetest.New(t)
	r := room{w: w, from: &sender{name: "p" + uid.Opaque(10)}, books: &books{read: map[string]int{}, copied: map[string]int{}}}
	r.Service = inbox.New(inbox.Options{Keep: w.Store, Subscriptions: r.books, Provider: func() provider.Provider { return r.from }, Now: w.Now.Now})
	return r
}

// body is a message about a subscription.
func body(id, typ, object, ref, customer string) []byte {
	raw, _ := json.Marshal(map[string]string{"ID": id, "Type": typ, "Object": object, "Ref": ref, "Customer": customer})
	return raw
}

func (r room) send(t *testing.T, raw []byte) {
	t.Helper()
	if err := r.Accept(t.Context(), r.from.name, raw, "good"); err != nil {
		t.Fatal(err)
	}
}

func (r room) handle(t *testing.T) {
	t.Helper()
	if err := r.Handle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// mine counts this test's messages by state, and gives one.
func (r room) mine(t *testing.T) (counts map[inbox.State]int, one inbox.Message) {
	t.Helper()
	counts = map[inbox.State]int{}
	rows, err := r.w.Admin.Query(t.Context(), "select id, state from control.provider_events where provider = $1 order by id", r.from.name)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var state inbox.State
		if err := rows.Scan(&one.ID, &state); err != nil {
			t.Fatal(err)
		}
		counts[state]++
	}
	if one.ID != uid.Nil {
		if one, err = r.Show(t.Context(), one.ID); err != nil {
			t.Fatal(err)
		}
	}
	return counts, one
}

// child takes a message and handles it, and is killed at a step.
func child() {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: os.Getenv(childURL)})
	if err != nil {
		panic(err)
	}
	from := &sender{name: os.Getenv(childName)}
	b := &books{read: map[string]int{}, copied: map[string]int{}}
	service := inbox.New(inbox.Options{Keep: s, Subscriptions: b, Provider: func() provider.Provider { return from }, Now: storetest.NewClock().Now})
	service.BreakAt(func(name string) {
		if name == os.Getenv(childStep) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	})
	err = service.Accept(ctx, from.name, body("evt_killed", "customer.subscription.updated", "subscription", "sub_1", ""), "good")
	err = errors.Join(err, service.Handle(ctx))
	if err != nil {
		panic(err)
	}
	os.Exit(3) // nothing killed us
}
