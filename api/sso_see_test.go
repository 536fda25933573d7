package api_test

import (
	"context"
	"encoding/json"

	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/store"
)

// who gives the person of an e-mail with their roles.
func (h *house) who(email string) (p auth.Person) {
	h.t.Helper()
	h.inTenant(func(ctx context.Context) (err error) {
		p, err = h.w.Store.PersonByEmail(ctx, email)
		return err
	})
	return p
}

// nobody checks that an e-mail has no account.
func (h *house) nobody(email string) {
	h.t.Helper()
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		_, err := h.w.Store.PersonByEmail(ctx, email)
		return err
	})
	if err == nil {
		h.t.Errorf("%s has an account", email)
	}
}

// trace gives the attempts over the company's connection, the newest first.
func (c *company) trace() (list []signon.Attempt) {
	c.t.Helper()
	c.inTenant(func(ctx context.Context) (err error) {
		list, err = c.w.Store.AttemptsOf(ctx, signon.AttemptFilter{Connection: c.connection.ID})
		return err
	})
	return list
}

// last checks how the newest attempt ended.
func (c *company) last(o signon.Outcome, reason string) signon.Attempt {
	c.t.Helper()
	list := c.trace()
	if len(list) == 0 {
		c.t.Fatal("no attempt was written down")
	}
	a := list[0]
	if a.Outcome != o || a.Reason != reason {
		c.t.Errorf("the attempt ended as %s %q, want %s %q: %+v", a.Outcome, a.Reason, o, reason, a.Checks.V)
	}
	return a
}

// identities counts who is linked.
func (h *house) count(query string, args ...any) (n int) {
	h.t.Helper()
	h.inTenant(func(ctx context.Context) error { return store.Pgx(ctx).QueryRow(ctx, query, args...).Scan(&n) })
	return n
}

// happened counts events of a type.
func (h *house) happened(typ string) int {
	h.t.Helper()
	return h.count("select count(*) from events where type = $1", typ)
}

// newest gives the newest event of a type.
func (h *house) newest(typ string) (e event.Event) {
	h.t.Helper()
	h.inTenant(func(ctx context.Context) error {
		list, err := h.w.Store.Events(ctx, event.Filter{Type: typ})
		if err == nil && len(list.Items) > 0 {
			e = list.Items[0]
		}
		return err
	})
	if e.ID == uid.Nil {
		h.t.Fatalf("no event %s", typ)
	}
	return e
}

// change writes a connection anew.
func (c *company) change(edit func(*signon.Connection)) {
	c.t.Helper()
	was := c.connection.Revision
	edit(&c.connection)
	c.connection.Revision++
	c.inTenant(func(ctx context.Context) error { return c.w.Store.SetConnection(ctx, c.connection, was) })
}

// rename gives a person another e-mail.
func (h *house) rename(p auth.Person, email string) {
	h.t.Helper()
	h.inTenant(func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, "update people set email = $1 where id = $2", email, p.ID)
		return err
	})
}

// scan reads one value of the tenant.
func (h *house) scan(to any, query string, args ...any) {
	h.t.Helper()
	h.inTenant(func(ctx context.Context) error { return store.Pgx(ctx).QueryRow(ctx, query, args...).Scan(to) })
}

func jsonOf(raw signon.Raw, to any) error { return json.Unmarshal(raw, to) }
