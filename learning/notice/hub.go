package notice

import (
	"context"
	"sync"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// HubOptions bound how many pages listen at once.
type HubOptions struct {
	PerPerson int // default 6
	All       int // in this process; default 1000
}

// hub wakes the open pages of people. It carries nothing: who is woken reads what is new, so nothing is lost in it.
type hub struct {
	o     HubOptions
	mu    sync.Mutex
	lines map[seat]map[*Line]struct{}
	n     int
	over  bool
}

// Line is one open page that waits for news.
type Line struct {
	// News gets a value when there may be something new; several at once are one.
	News chan struct{}
	// Over is closed when the process ends.
	Over  chan struct{}
	close func()
}

// Close ends the waiting.
func (l *Line) Close() { l.close() }

func newHub(o HubOptions) *hub {
	if o.PerPerson <= 0 {
		o.PerPerson = 6
	}
	if o.All <= 0 {
		o.All = 1000
	}
	return &hub{o: o, lines: map[seat]map[*Line]struct{}{}}
}

// Listen opens a line for who asks. ErrTooMany when they have as many as a person may, or the process as it can hold. It
// needs person:self.
func (s *Service) Listen(ctx context.Context) (*Line, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	t, _ := tenant.From(ctx)
	return s.hub.open(seat{t.ID, who.PersonID})
}

// Hang ends every line and opens no more: a server that stops waits for its open answers.
func (s *Service) Hang() { s.hub.hang() }

func (h *hub) open(at seat) (*Line, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over || h.n >= h.o.All || len(h.lines[at]) >= h.o.PerPerson {
		return nil, ErrTooMany
	}
	l := &Line{News: make(chan struct{}, 1), Over: make(chan struct{})}
	l.close = sync.OnceFunc(func() { h.drop(at, l) })
	if h.lines[at] == nil {
		h.lines[at] = map[*Line]struct{}{}
	}
	h.lines[at][l] = struct{}{}
	h.n++
	return l, nil
}

func (h *hub) drop(at seat, l *Line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, open := h.lines[at][l]; !open {
		return
	}
	delete(h.lines[at], l)
	h.n--
	if len(h.lines[at]) == 0 {
		delete(h.lines, at)
	}
}

// wake tells a person's lines that there may be news; uid.Nil stands for every tenant or every person.
func (h *hub) wake(tenantID, person uid.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if tenantID != uid.Nil && person != uid.Nil {
		ring(h.lines[seat{tenantID, person}])
		return
	}
	for at, lines := range h.lines {
		if tenantID == uid.Nil || at.tenant == tenantID {
			ring(lines)
		}
	}
}

func ring(lines map[*Line]struct{}) {
	for l := range lines {
		select {
		case l.News <- struct{}{}:
		default: // it was told already
		}
	}
}

func (h *hub) hang() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return
	}
	h.over = true
	for _, lines := range h.lines {
		for l := range lines {
			close(l.Over)
		}
	}
}
