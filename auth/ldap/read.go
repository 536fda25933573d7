package ldap

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"lyceum/auth"
)

// Summary says how a reading went.
type Summary struct {
	Read       int // handed to yield
	Skipped    int // without exactly one subject, so that nobody can say who they are
	Pages      int
	References int // to other servers (RFC 4511 §4.5.3); they are not followed
	// Complete is whether everything was read that there is: only then is somebody who was not among it gone.
	Complete bool
	Report   auth.Report
}

// People reads everybody whom Settings.SyncFilter finds, a page at a time, and hands each to yield; no more than a page is
// held in memory. Their groups are those that they name themselves: see Membership.
//
// ErrUnavailable where nothing could be read; ErrIncomplete where the reading ended early (a broken connection, a limit
// of the server, ctx), and where it found nobody at all, which is what a service account without rights sees. What yield
// returns ends the reading and is returned. In each of these, and where an entry was skipped, Summary.Complete is false.
func (c *Client) People(ctx context.Context, s Settings, bindPassword string, yield func(Entry) error) (Summary, error) {
	s = s.WithDefaults()
	q := search{base: s.BaseDN, scope: goldap.ScopeWholeSubtree, filter: s.SyncFilter, attributes: s.personAttributes()}
	sum, err := c.read(ctx, s, bindPassword, q, func(e *goldap.Entry) (bool, error) {
		p, ok := s.person(e, c.now())
		if !ok {
			return false, nil
		}
		return true, yield(p)
	})
	if err == nil && sum.Read+sum.Skipped == 0 {
		sum.Complete = false
		failed(&sum.Report, "people", "%s below %s finds nobody: check filter and base, and what the service account may read", s.SyncFilter, s.BaseDN)
		return sum, ErrIncomplete
	}
	return sum, err
}

// Groups reads every group that Settings.GroupFilter finds, as People reads people. No group at all is no error.
func (c *Client) Groups(ctx context.Context, s Settings, bindPassword string, yield func(Group) error) (Summary, error) {
	s = s.WithDefaults()
	q := search{base: s.GroupBaseDN, scope: goldap.ScopeWholeSubtree, filter: s.GroupFilter, attributes: []string{s.SubjectAttribute, "cn", s.MemberAttribute}}
	return c.read(ctx, s, bindPassword, q, func(e *goldap.Entry) (bool, error) {
		g := Group{DN: e.DN, Name: value(e, "cn"), Members: values(e, s.MemberAttribute)}
		if g.Name == "" {
			g.Name = firstValue(e.DN)
		}
		var ok bool
		if g.Subject, ok = s.subject(e); !ok || !named(e) {
			return false, nil
		}
		return true, yield(g)
	})
}

func (c *Client) read(ctx context.Context, s Settings, bindPassword string, q search, take func(*goldap.Entry) (bool, error)) (sum Summary, err error) {
	if err := s.validate(c.allowPlain); err != nil {
		return sum, err
	}
	conn, err := c.connect(ctx, s, bindPassword, &sum.Report)
	if err != nil {
		return sum, err
	}
	defer conn.close(ctx)
	var theirs error
	seen, err := conn.each(ctx, q, s.PageSize, func(e *goldap.Entry) error {
		var taken bool
		taken, theirs = take(e)
		switch {
		case theirs != nil:
			return theirs
		case taken:
			sum.Read++
		default:
			if sum.Skipped++; sum.Skipped <= 5 {
				failed(&sum.Report, "subject", "%s is left out: it has not exactly one readable %s", clean(e.DN), s.SubjectAttribute)
			}
		}
		return nil
	})
	sum.Pages, sum.References = seen.pages, seen.references
	switch {
	case theirs != nil:
		return sum, theirs
	case err != nil:
		failed(&sum.Report, "read", "ended after %d entries: %s", sum.Read+sum.Skipped, reason(err))
		return sum, ErrIncomplete.Because(err)
	}
	sum.Complete = sum.Skipped == 0
	sum.Report.Passed("read", "%d entries on %d pages, %d left out, %d references to other servers not followed", sum.Read+sum.Skipped, sum.Pages, sum.Skipped, sum.References)
	return sum, nil
}

const (
	entriesMax    = 1_000_000 // of one reading: a server that never comes to an end is not believed
	emptyPagesMax = 100       // one after the other: Active Directory may give some where a filter is not indexed
	valuesMax     = 1_000_000 // of one attribute, such as the members of a group
)

var errEndless = errors.New("the server does not come to an end: more than a million entries, or a hundred empty pages")

type tally struct{ entries, pages, references int }

// each gives every entry of a search to fn. It returns nil only after the server said that the last page was the last.
func (s *session) each(ctx context.Context, q search, size int, fn func(*goldap.Entry) error) (seen tally, err error) {
	var cookie []byte
	for empty := 0; ; {
		entries, references, next, err := s.page(ctx, q, size, cookie)
		if err != nil {
			return seen, err
		}
		seen.pages++
		seen.references += references
		for _, e := range entries {
			seen.entries++
			if err := s.completeRanges(ctx, e); err != nil {
				return seen, err
			}
			if err := fn(e); err != nil {
				return seen, err
			}
		}
		if len(next) == 0 {
			return seen, nil
		}
		if empty++; len(entries) > 0 {
			empty = 0
		}
		if empty > emptyPagesMax || seen.entries > entriesMax {
			return seen, errEndless
		}
		if err := ctx.Err(); err != nil {
			return seen, context.Cause(ctx)
		}
		cookie = next
	}
}

// rangeOption is how Active Directory gives a long attribute in parts: member;range=0-1499, and * for the end of the
// last part (MS-ADTS §3.1.1.3.1.3.3).
var rangeOption = regexp.MustCompile(`^([A-Za-z0-9.-]+);(?i:range)=([0-9]{1,9})-([0-9]{1,9}|\*)$`)

// completeRanges fetches what is left of attributes that came in part, and gives them their plain names.
func (s *session) completeRanges(ctx context.Context, e *goldap.Entry) error {
	kept := e.Attributes[:0]
	for _, a := range e.Attributes {
		m := rangeOption.FindStringSubmatch(a.Name)
		if m == nil {
			kept = append(kept, a)
			continue
		}
		if m[2] != "0" {
			return fmt.Errorf("%w: %s does not begin with its first value", errMalformed, clean(a.Name))
		}
		whole := goldap.EntryAttribute{Name: m[1], ByteValues: a.ByteValues}
		for last := m[3]; last != "*"; {
			n, _ := strconv.Atoi(last)
			part, end, err := s.rangeFrom(ctx, e.DN, m[1], n+1)
			if err != nil {
				return err
			}
			if whole.ByteValues = append(whole.ByteValues, part...); len(whole.ByteValues) > valuesMax {
				return errTooLong
			}
			last = end
		}
		kept = append(kept, &whole)
	}
	e.Attributes = kept
	return nil
}

func (s *session) rangeFrom(ctx context.Context, dn, attribute string, low int) (part [][]byte, last string, err error) {
	entries, err := s.find(ctx, search{base: dn, scope: goldap.ScopeBaseObject, filter: "(objectClass=*)", attributes: []string{fmt.Sprintf("%s;range=%d-*", attribute, low)}, limit: 1})
	if err != nil {
		return nil, "", err
	}
	for _, e := range entries {
		for _, a := range e.Attributes {
			m := rangeOption.FindStringSubmatch(a.Name)
			if m == nil || !strings.EqualFold(m[1], attribute) || m[2] != strconv.Itoa(low) {
				continue
			}
			if high, err := strconv.Atoi(m[3]); err == nil && (high < low || len(a.ByteValues) == 0) {
				break
			}
			return a.ByteValues, m[3], nil
		}
	}
	return nil, "", fmt.Errorf("%w: %s of %s is not given from value %d on", errMalformed, attribute, clean(dn), low)
}
