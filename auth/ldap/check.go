package ldap

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"lyceum/auth"
)

// Sample is what a connection test saw of a directory. It holds no value of anybody's attributes but their name in the
// directory.
type Sample struct {
	Server Server
	// People is how many entries the sync filter finds; More where the count was given up at a thousand.
	People int
	More   bool
	// DN is one of them, Attributes the names of all attributes that the service account sees of them, Missing those of
	// Settings.Attributes that are not among them.
	DN         string
	Attributes []string
	Missing    []string
}

const (
	countMax     = 1000
	noAttributes = "1.1" // RFC 4511 §4.5.1.8
)

// Check tries the settings: a server is reached, its certificate verified, the service account taken, the base read,
// people found. The report has a line for each, with what to do where it failed; the error is that of Validate or
// ErrUnavailable.
func (c *Client) Check(ctx context.Context, s Settings, bindPassword string) (r auth.Report, sample Sample, err error) {
	s = s.WithDefaults()
	if err := s.validate(c.allowPlain); err != nil {
		return r, sample, err
	}
	conn, err := c.connect(ctx, s, bindPassword, &r)
	if err != nil {
		return r, sample, err
	}
	defer conn.close(ctx)
	sample.Server = conn.server
	for _, base := range slices.Compact([]string{s.BaseDN, s.GroupBaseDN}) {
		entries, err := conn.find(ctx, search{base: base, scope: goldap.ScopeBaseObject, filter: "(objectClass=*)", attributes: []string{noAttributes}, limit: 1})
		if err == nil && len(entries) == 0 {
			err = errUnseen
		}
		if err != nil {
			failed(&r, "base", "%s: %s", base, reason(err))
			return r, sample, ErrUnavailable.Because(err)
		}
		r.Passed("base", "%s can be read", base)
	}
	if err := conn.count(ctx, s, &sample, &r); err != nil {
		return r, sample, err
	}
	return r, sample, conn.sample(ctx, s, &sample, &r)
}

var (
	errUnseen = errors.New("the entry is not there, or the service account may not see it")
	errEnough = errors.New("enough")
)

// count finds people until there are enough, and keeps the name of the first.
func (s *session) count(ctx context.Context, st Settings, sample *Sample, r *auth.Report) error {
	q := search{base: st.BaseDN, scope: goldap.ScopeWholeSubtree, filter: st.SyncFilter, attributes: []string{noAttributes}}
	_, err := s.each(ctx, q, st.PageSize, func(e *goldap.Entry) error {
		if sample.People == countMax {
			sample.More = true
			return errEnough
		}
		if sample.People++; sample.DN == "" {
			sample.DN = e.DN
		}
		return nil
	})
	switch {
	case err != nil && !sample.More:
		failed(r, "people", "%s: %s", st.SyncFilter, reason(err))
		return ErrUnavailable.Because(err)
	case sample.People == 0:
		failed(r, "people", "%s below %s finds nobody: check filter and base, and what the service account may read", st.SyncFilter, st.BaseDN)
		return ErrUnavailable
	case sample.More:
		r.Passed("people", "more than %d", countMax)
	default:
		r.Passed("people", "%d", sample.People)
	}
	return nil
}

// sample looks at the first person: the subject, and the names of what the service account sees.
func (s *session) sample(ctx context.Context, st Settings, sample *Sample, r *auth.Report) error {
	q := search{base: sample.DN, scope: goldap.ScopeBaseObject, filter: "(objectClass=*)", attributes: []string{"*", "+"}, limit: 1, names: true}
	seen, err := s.find(ctx, q)
	if err != nil || len(seen) == 0 {
		failed(r, "sample", "%s: %s", clean(sample.DN), reason(cmp.Or(err, errUnseen)))
		return ErrUnavailable.Because(err)
	}
	q.attributes, q.names = []string{st.SubjectAttribute, "userAccountControl"}, false
	one, err := s.find(ctx, q)
	if err != nil || len(one) == 0 {
		failed(r, "sample", "%s: %s", clean(sample.DN), reason(cmp.Or(err, errUnseen)))
		return ErrUnavailable.Because(err)
	}
	for _, a := range seen[0].Attributes {
		name, _, _ := strings.Cut(a.Name, ";range=")
		sample.Attributes = append(sample.Attributes, name)
	}
	slices.Sort(sample.Attributes)
	sample.Attributes = slices.Compact(sample.Attributes)
	sees := func(name string) bool {
		return slices.ContainsFunc(sample.Attributes, func(a string) bool { return strings.EqualFold(a, name) })
	}
	for _, a := range st.Attributes {
		if !sees(a) {
			sample.Missing = append(sample.Missing, a)
		}
	}
	subject, ok := st.subject(one[0])
	if !ok {
		failed(r, "subject", "%s has not exactly one readable %s: choose the attribute that this directory names people by for ever", clean(sample.DN), st.SubjectAttribute)
		return ErrUnavailable
	}
	r.Passed("subject", "%s: %s is %s", clean(sample.DN), st.SubjectAttribute, subject)
	if st.Kind == KindActiveDirectory && value(one[0], "userAccountControl") == "" {
		failed(r, "active", "the service account may not read userAccountControl, so that disabled people would stay; give it that right")
		return ErrUnavailable
	}
	if i := slices.IndexFunc(sample.Attributes, secret); i >= 0 {
		r.Passed("rights", "the service account sees %s, which it does not need; take that right away", sample.Attributes[i])
	}
	return nil
}
