package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/tenant"
	"lyceum/tenant/flag"
	"lyceum/themes"
)

// LivePath is where open pages hear what is new. What is asked below it is no use of the session.
const LivePath = "/notifications/live"

// How a line to a page lives.
const (
	liveFor   = 9 * time.Minute  // then the browser comes again; below the server's bound on writing an answer
	heartbeat = 25 * time.Second // proxies close what is silent; with each the session is looked at, and the net below a lost announcement
	retry     = 2 * time.Second  // how soon a browser comes back
	newAtOnce = 50
	// overlap is how far behind the newest known one is looked again: ids are made a little before their transaction ends, so
	// one that was made earlier can be seen later.
	overlap = 30 * time.Second
)

// Live is the line to an open page (server-sent events, HTML Living Standard §9.2): "standing" with the number of unread
// ones, and "notice" for each new one, whose id the browser gives back when the line broke.
func (n Notices) Live(c *fiber.Ctx) error {
	ctx := c.UserContext()
	if !n.has(ctx, visit.Of(c).Tenant, flag.LiveNotices) {
		return c.SendStatus(fiber.StatusNoContent) // a browser asks no more (HTML Living Standard §9.2.3)
	}
	line, err := n.Notices.Listen(ctx)
	if err != nil {
		return err
	}
	last, known := seen(c)
	l := &listener{Notices: n, line: line, view: n.view(c), secret: visit.Session(c), last: last, fresh: !known, sent: map[uid.ID]bool{}, unread: -1}
	c.Set(fiber.HeaderContentType, "text/event-stream; charset=utf-8")
	c.Set("X-Accel-Buffering", "no") // nginx would keep it back
	noStore(c)
	t, _ := tenant.From(ctx)
	who, _ := auth.PrincipalFrom(ctx)
	// The request's own deadline ends with this handler; the line goes on.
	lasting := auth.WithPrincipal(tenant.With(context.WithoutCancel(ctx), t), who)
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer line.Close()
		if err := l.speak(lasting, w); err != nil && !errors.Is(err, errGone) && !errors.Is(err, auth.ErrSignInFirst) {
			n.log.WarnContext(lasting, "a line to a page broke", slog.String("request_id", l.view.RequestID), slog.String("tenant", t.Slug), slog.Any("err", err))
		}
	})
	return nil
}

// errGone is a browser that has left.
var errGone = errors.New("the browser has left")

// listener is one open page.
type listener struct {
	Notices
	line   *notice.Line
	view   themes.View
	secret string
	last   uid.ID          // the newest that the page knows
	sent   map[uid.ID]bool // of those within the overlap
	fresh  bool            // the page says nothing of what it knows: what was before is no news to it
	unread int
}

// speak tells the page what is new until its time is over, its session ends, the browser leaves or the server stops.
func (l *listener) speak(ctx context.Context, w *bufio.Writer) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	over := time.NewTimer(liveFor)
	defer over.Stop()
	if _, err := fmt.Fprintf(w, "retry: %d\n\n", retry.Milliseconds()); err != nil {
		return errGone
	}
	for {
		if err := l.tell(ctx, w); err != nil {
			return err
		}
		if w.Flush() != nil {
			return errGone
		}
		select {
		case <-l.line.News:
		case <-beat.C:
			if _, err := io.WriteString(w, ": \n\n"); err != nil {
				return errGone
			}
		case <-over.C:
			return nil
		case <-l.line.Over:
			return nil
		}
	}
}

// tell writes what is new, if the session still holds.
func (l *listener) tell(ctx context.Context, w *bufio.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := l.Auth.Peek(ctx, l.secret); err != nil {
		return err
	}
	standing, err := l.Notices.Notices.Standing(ctx)
	if err != nil {
		return err
	}
	if l.fresh {
		l.last, l.fresh = standing.Newest, false
	}
	if standing.Newest != l.last {
		if err := l.news(ctx, w, standing.Unread); err != nil {
			return err
		}
	}
	if standing.Unread != l.unread {
		l.unread = standing.Unread
		return say(w, "standing", "", standingSaid{Unread: standing.Unread})
	}
	return nil
}

// news writes the notices that are new to the page.
func (l *listener) news(ctx context.Context, w *bufio.Writer, unread int) error {
	for from, more := behind(l.last), true; more; {
		list, err := l.Notices.Notices.After(ctx, from, newAtOnce)
		if err != nil {
			return err
		}
		for _, one := range list {
			if from = one.ID; l.sent[from] || from == l.last {
				continue
			}
			said, err := l.said(l.view, one, unread)
			if err != nil {
				return err
			}
			if err := say(w, "notice", from.String(), said); err != nil {
				return err
			}
			l.sent[from] = true
		}
		more = len(list) == newAtOnce
		if slices.Compare(from[:], l.last[:]) > 0 {
			l.last = from
		}
	}
	return nil
}

// behind is the id from which on is looked again.
func behind(last uid.ID) uid.ID {
	if last == uid.Nil {
		return last
	}
	return uid.Floor(uid.Time(last).Add(-overlap))
}

type standingSaid struct {
	Unread int `json:"unread"`
}

// noticeSaid is a notice as a page's script reads it.
type noticeSaid struct {
	ID     uid.ID      `json:"id"`
	Kind   notice.Kind `json:"kind"`
	Text   string      `json:"text"`
	Path   string      `json:"path"`
	Read   bool        `json:"read"`
	Unread int         `json:"unread"`
}

func (s *Site) said(v themes.View, one notice.Notice, unread int) (noticeSaid, error) {
	text, err := s.themes.NoticeText(v, one)
	return noticeSaid{ID: one.ID, Kind: one.Kind, Text: text, Path: one.Path, Read: one.ReadAt != nil, Unread: unread}, err
}

// say writes one event; JSON has no line breaks of its own.
func say(w *bufio.Writer, name, id string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	if _, err := fmt.Fprintf(w, "event: %s\n%sdata: %s\n\n", name, id, raw); err != nil {
		return errGone
	}
	return nil
}

// Standing answers a page that cannot hear: how many are unread, and those newer than the one it knows.
func (n Notices) Standing(c *fiber.Ctx) error {
	ctx := c.UserContext()
	last, known := seen(c)
	standing, err := n.Notices.Standing(ctx)
	if err != nil {
		return err
	}
	out := struct {
		Unread int          `json:"unread"`
		Newest uid.ID       `json:"newest"`
		Items  []noticeSaid `json:"items"`
	}{standing.Unread, standing.Newest, []noticeSaid{}}
	if known && last != standing.Newest {
		list, err := n.Notices.After(ctx, behind(last), newAtOnce)
		if err != nil {
			return err
		}
		v := n.view(c)
		for _, one := range list {
			if one.ID == last {
				continue
			}
			said, err := n.said(v, one, standing.Unread)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, said)
		}
	}
	noStore(c)
	return c.JSON(out)
}
