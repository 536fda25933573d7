package ldap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// session is one connection. Every question on it has a bound in time and can be given up.
type session struct {
	conn    *goldap.Conn
	raw     net.Conn
	guard   *guard
	server  Server
	timeout time.Duration
}

func begin(secured, raw net.Conn, server Server, timeout time.Duration) *session {
	s := &session{raw: raw, guard: newGuard(secured), server: server, timeout: timeout}
	s.conn = goldap.NewConn(s.guard, true)
	s.conn.Start()
	return s
}

// ask runs a question. The library knows no context, so the connection under it is closed when the time is over; it is
// of no use after that.
func (s *session) ask(ctx context.Context, question func() error) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, errSlow)
	defer cancel()
	hangUp := context.AfterFunc(ctx, func() { _ = s.raw.Close() })
	defer hangUp()
	defer func() {
		// The library takes answers of strangers apart; a mistake of it there must not end the process.
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errMalformed, p)
		}
	}()
	if err = question(); err == nil {
		return nil
	}
	if why := s.guard.failure(); why != nil {
		return why
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// bind proves a name on this connection. policy, where wanted, is filled with what the directory's password policy says
// (draft-behera-ldap-password-policy-10 §6.2), -1 where it says nothing.
func (s *session) bind(ctx context.Context, name, password string, policy *int8) error {
	if name == "" || password == "" {
		return errors.New("a bind without name or password proves nothing") // RFC 4513 §5.1.1, §5.1.2
	}
	return s.ask(ctx, func() error {
		request := goldap.NewSimpleBindRequest(name, password, nil)
		if policy != nil {
			request.Controls = []goldap.Control{goldap.NewControlBeheraPasswordPolicy()}
			*policy = -1
		}
		result, err := s.conn.SimpleBind(request)
		if policy == nil || result == nil {
			return err
		}
		if c, ok := goldap.FindControl(result.Controls, goldap.ControlTypeBeheraPasswordPolicy).(*goldap.ControlBeheraPasswordPolicy); ok {
			*policy = c.Error
		}
		return err
	})
}

// search is one search request below a base.
type search struct {
	base       string
	scope      int
	filter     string
	attributes []string
	limit      int // entries at most; 0: no limit
	names      bool
}

func (s *session) request(q search, controls ...goldap.Control) *goldap.SearchRequest {
	request := goldap.NewSearchRequest(q.base, q.scope, goldap.NeverDerefAliases, q.limit, int(s.timeout.Seconds()), q.names, q.filter, q.attributes, controls)
	request.EnforceSizeLimit = q.limit > 0
	return request
}

// find gives all entries of a search in one answer. References to other servers are not followed.
func (s *session) find(ctx context.Context, q search) (entries []*goldap.Entry, err error) {
	err = s.ask(ctx, func() error {
		result, err := s.conn.Search(s.request(q))
		if result != nil {
			entries = result.Entries
		}
		return err
	})
	return entries, err
}

// page gives one page of a search (RFC 2696) and the cookie for the next, none after the last.
func (s *session) page(ctx context.Context, q search, size int, cookie []byte) (entries []*goldap.Entry, references int, next []byte, err error) {
	paging := goldap.NewControlPaging(uint32(size))
	paging.SetCookie(cookie)
	err = s.ask(ctx, func() error {
		result, err := s.conn.Search(s.request(q, paging))
		if err != nil {
			return err
		}
		entries, references = result.Entries, len(result.Referrals)
		if c, ok := goldap.FindControl(result.Controls, goldap.ControlTypePaging).(*goldap.ControlPaging); ok {
			next = c.Cookie
		}
		return nil
	})
	return entries, references, next, err
}

// close says goodbye (RFC 4511 §4.3) and waits for the connection's goroutines.
func (s *session) close(ctx context.Context) {
	_ = s.ask(ctx, s.conn.Unbind)
	_ = s.raw.Close()
	_ = s.conn.Close()
}

// clean makes a stranger's words fit for a line of a report.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strings.TrimSpace(text)
}
