package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/uid"
)

// changedChannel carries the id of a tenant about which something changed that processes keep in memory: its row, its
// brand, its roles, a session that ended. "" means: forget everything.
const changedChannel = "lyceum_changed"

// eventsChannel carries the id of a tenant whose outbox has something for the relay.
const eventsChannel = "lyceum_events"

// noticesChannel carries "<tenant> <person>": whose notices changed.
const noticesChannel = "lyceum_notices"

// Announce tells every process to forget what it keeps about a tenant. It is called after the commit; a process that
// misses it (a crash in between) forgets by itself when its caches' time is over.
func (s *Store) Announce(ctx context.Context, tenantID uid.ID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := s.control.pool.Exec(ctx, "select pg_notify($1, $2)", changedChannel, tenantID.String()); err != nil {
		s.log.ErrorContext(ctx, "announce a change", slog.String("tenant", tenantID.String()), slog.Any("err", err))
	}
}

// Hint tells the relays that tenants' outboxes have something, in one message for many.
func (s *Store) Hint(ctx context.Context, tenantIDs []uid.ID) error {
	ids := make([]string, len(tenantIDs))
	for i, id := range tenantIDs {
		ids[i] = id.String()
	}
	if _, err := s.control.pool.Exec(ctx, "select pg_notify($1, id) from unnest($2::text[]) id", eventsChannel, ids); err != nil {
		return fmt.Errorf("hint at events: %w", err)
	}
	return nil
}

// AnnounceNotices tells every process that people's notices changed, in one message for many.
func (s *Store) AnnounceNotices(ctx context.Context, tenantID uid.ID, people []uid.ID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	payloads := make([]string, len(people))
	for i, p := range people {
		payloads[i] = tenantID.String() + " " + p.String()
	}
	if _, err := s.control.pool.Exec(ctx, "select pg_notify($1, whose) from unnest($2::text[]) whose", noticesChannel, payloads); err != nil {
		s.log.ErrorContext(ctx, "announce notices", slog.String("tenant", tenantID.String()), slog.Any("err", err))
	}
}

// platformChannel says that something changed for all portals: what operators announce, maintenance, flags.
const platformChannel = "lyceum_platform"

// AnnouncePlatform tells every process that something changed for all portals. It is called after the commit.
func (s *Store) AnnouncePlatform(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := s.control.pool.Exec(ctx, "select pg_notify($1, '')", platformChannel); err != nil {
		s.log.ErrorContext(ctx, "announce a change for all portals", slog.Any("err", err))
	}
}

// Listener is what is told about announcements. All are called with uid.Nil at each (re)connection, when some may have
// been missed: then everything may have changed.
type Listener struct {
	Changed func(tenantID uid.ID)
	Events  func(tenantID uid.ID)
	Notices func(tenantID, person uid.ID) // nil: nobody here waits for notices
	// Platform is told that something changed for all portals; nil: nobody here keeps any of it.
	Platform func()
}

// heard hands an announcement on.
func (l Listener) heard(channel, payload string) {
	if channel == noticesChannel {
		if l.Notices != nil {
			of, whose, _ := strings.Cut(payload, " ")
			l.Notices(parsed(of), parsed(whose))
		}
		return
	}
	if channel == platformChannel {
		if l.Platform != nil {
			l.Platform()
		}
		return
	}
	if channel == eventsChannel {
		l.Events(parsed(payload))
		return
	}
	l.Changed(parsed(payload))
}

func parsed(text string) uid.ID {
	id, _ := uid.Parse(text)
	return id
}

// Listen hears announcements until ctx ends. url must reach PostgreSQL itself: a transaction pooler does not carry
// LISTEN.
func (s *Store) Listen(ctx context.Context, url string, l Listener) {
	wait := 100 * time.Millisecond
	for ctx.Err() == nil {
		err := listen(ctx, url, l, func() { wait = 100 * time.Millisecond })
		if ctx.Err() != nil {
			return
		}
		s.log.WarnContext(ctx, "the line for announcements broke; connecting again", slog.Any("err", err), slog.Duration("wait", wait))
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, 5*time.Second)
	}
}

func listen(ctx context.Context, url string, l Listener, connected func()) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect for announcements: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err = conn.Exec(ctx, "listen "+changedChannel+"; listen "+eventsChannel+"; listen "+noticesChannel+"; listen "+platformChannel); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	connected()
	for _, channel := range []string{changedChannel, eventsChannel, noticesChannel, platformChannel} {
		l.heard(channel, "")
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait for announcements: %w", err)
		}
		l.heard(n.Channel, n.Payload)
	}
}
