package ldap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

const (
	loginMax     = 256
	passwordMax  = 1024
	assertionFor = time.Minute // a bind is used at once; the assertion opens nothing later
)

// SignIn proves a person by their own password at the directory (RFC 4513 §5.1.3): the service account finds exactly one
// entry for the login, and a connection of its own binds as that entry. The assertion's issuer is the base DN, its
// subject Settings.SubjectAttribute, its claims those of Entry with all groups; nested ones too where the kind is Active
// Directory.
//
// auth.ErrWrongCredentials where login or password is not right, the login is nobody's or several people's, or the
// account is disabled: the person cannot tell which, the report does. Each of these binds once, for nobody under a name
// that is not there; what the directory itself spends on a known name's password hash is not ours to even out.
// ErrPasswordExpired where the password is right and must be changed first. ErrUnavailable where the directory could not
// be asked. The caller counts guesses: see internal/throttle.
func (c *Client) SignIn(ctx context.Context, s Settings, bindPassword, login, password string) (a auth.Assertion, r auth.Report, err error) {
	s = s.WithDefaults()
	if err := s.validate(c.allowPlain); err != nil {
		failed(&r, "settings", "%s", clean(fmt.Sprint(fault.Of(err).Fields)))
		return auth.Assertion{}, r, ErrUnavailable.Because(err)
	}
	login = strings.TrimSpace(login)
	if wrong := unfit(login, password); wrong != "" {
		failed(&r, "credentials", "%s; nothing was sent to the directory", wrong)
		return auth.Assertion{}, r, auth.ErrWrongCredentials
	}
	conn, err := c.connect(ctx, s, bindPassword, &r)
	if err != nil {
		return auth.Assertion{}, r, err
	}
	defer conn.close(ctx)
	found, err := c.findPerson(ctx, conn, s, login, &r)
	if err != nil {
		return auth.Assertion{}, r, err
	}
	if err := c.prove(ctx, s, conn.server.URL, found, password, &r); err != nil {
		return auth.Assertion{}, r, err
	}
	p, ok := s.person(found, c.now())
	if !ok {
		failed(&r, "subject", "%s has not exactly one readable %s", p.DN, s.SubjectAttribute)
		return auth.Assertion{}, r, ErrUnavailable
	}
	if !p.Active {
		failed(&r, "active", "the password is right, but the directory says that the account is disabled or has ended")
		return auth.Assertion{}, r, auth.ErrWrongCredentials
	}
	r.Passed("active", "the account may be used")
	if err := conn.addGroups(ctx, s, &p, &r); err != nil {
		return auth.Assertion{}, r, err
	}
	now := c.now()
	return auth.Assertion{
		Protocol: auth.ProtocolLDAP, Issuer: DNKey(s.BaseDN), Subject: p.Subject, ID: uid.New().String(),
		IssuedAt: now, AuthenticatedAt: now, ExpiresAt: now.Add(assertionFor), Claims: p.Claims,
	}, r, nil
}

// unfit says what is wrong with credentials that are not sent: an empty password would be an unauthenticated bind, which
// many directories answer with success (RFC 4513 §5.1.2), and a NUL ends a password early in some.
func unfit(login, password string) string {
	switch {
	case login == "":
		return "no login"
	case len(login) > loginMax || !printable(login):
		return "the login is longer than 256 bytes or has control characters"
	case password == "":
		return "no password: a directory would take it for nobody and say that all went well (RFC 4513 §5.1.2)"
	case len(password) > passwordMax || strings.ContainsRune(password, 0):
		return "the password is longer than 1024 bytes or has a NUL"
	}
	return ""
}

// findPerson gives the one entry of a login, nil where there is none or more than one.
func (c *Client) findPerson(ctx context.Context, conn *session, s Settings, login string, r *auth.Report) (*goldap.Entry, error) {
	entries, err := conn.find(ctx, search{base: s.BaseDN, scope: goldap.ScopeWholeSubtree, filter: fill(s.UserFilter, login), attributes: s.personAttributes(), limit: 2})
	if err != nil && !(goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded) || errors.Is(err, goldap.ErrSizeLimitExceeded)) {
		failed(r, "entry", "search below %s: %s", s.BaseDN, reason(err))
		return nil, ErrUnavailable.Because(err)
	}
	switch {
	case len(entries) == 1 && err == nil && named(entries[0]):
		if err := conn.completeRanges(ctx, entries[0]); err != nil {
			failed(r, "entry", "%s: %s", clean(entries[0].DN), reason(err))
			return nil, ErrUnavailable.Because(err)
		}
		r.Passed("entry", "%s", clean(entries[0].DN))
		return entries[0], nil
	case len(entries) == 0:
		failed(r, "entry", "nobody below %s has this login; a name that is not there is bound instead, so that it takes as long", s.BaseDN)
	default:
		failed(r, "entry", "more than one entry below %s has this login; make the filter narrower", s.BaseDN)
	}
	return nil, nil
}

// prove binds as the entry that was found, on a connection that is used for nothing else. For nobody it binds a name
// that is not there, with a password of its own, so that the login's existence does not show in the steps taken.
func (c *Client) prove(ctx context.Context, s Settings, address string, found *goldap.Entry, password string, r *auth.Report) error {
	name := "cn=" + uid.Opaque(20) + "," + s.BaseDN
	if found == nil {
		password, _ = uid.Secret()
	} else {
		name = found.DN
	}
	own, err := c.open(ctx, s, address)
	if err != nil {
		failed(r, "password", "second connection to %s: %s", address, reason(err))
		return ErrUnavailable.Because(err)
	}
	defer own.close(ctx)
	var policy int8
	err = own.bind(ctx, name, password, &policy)
	if err != nil && !wrongCredentials(err) {
		failed(r, "password", "%s", reason(err))
		return ErrUnavailable.Because(err)
	}
	if found == nil {
		return auth.ErrWrongCredentials
	}
	if mustChange(err, policy) {
		failed(r, "password", "the password is right, but has expired or must be changed first")
		return ErrPasswordExpired
	}
	if err != nil {
		failed(r, "password", "%s%s", reason(err), policyText(policy))
		return auth.ErrWrongCredentials
	}
	r.Passed("password", "the directory took it")
	return nil
}

// The errors of a password policy (draft-behera-ldap-password-policy-10 §6.2).
const (
	policyExpired          = 0
	policyLocked           = 1
	policyChangeAfterReset = 2
)

// mustChange tells a right password that may be used for nothing but its change. Active Directory says 532 and 773, and
// a password policy says passwordExpired, only where the password is right: nobody learns by it who is there.
func mustChange(err error, policy int8) bool {
	var answer *goldap.Error
	if errors.As(err, &answer) {
		code := subCode(answer)
		return code == "532" || code == "773" || policy == policyExpired
	}
	return policy == policyChangeAfterReset
}

func policyText(policy int8) string {
	switch policy {
	case policyExpired:
		return "; its policy says: the password has expired"
	case policyLocked:
		return "; its policy says: the account is locked"
	}
	return ""
}

// groupsMax bounds the groups of one person; Active Directory's own bound is 1,015.
const groupsMax = 5000

// inChain is Active Directory's rule that follows groups in groups (MS-ADTS §3.1.1.3.4.4.3).
const inChain = "1.2.840.113556.1.4.1941"

// addGroups adds the groups that name the person, to those that the person names.
func (s *session) addGroups(ctx context.Context, st Settings, p *Entry, r *auth.Report) error {
	member, rule := p.DN, ""
	if st.byUID() {
		member = p.uid
	} else if st.Kind == KindActiveDirectory {
		rule = ":" + inChain + ":"
	}
	names, have := map[string]string{}, map[string]bool{}
	for _, dn := range p.Groups {
		have[DNKey(dn)] = true
	}
	if member != "" {
		q := search{base: st.GroupBaseDN, scope: goldap.ScopeWholeSubtree, attributes: []string{"cn"},
			filter: fmt.Sprintf("(&%s(%s%s=%s))", st.GroupFilter, st.MemberAttribute, rule, goldap.EscapeFilter(member))}
		_, err := s.each(ctx, q, st.PageSize, func(e *goldap.Entry) error {
			key := DNKey(e.DN)
			if !named(e) {
				return nil
			}
			if names[key] = value(e, "cn"); !have[key] {
				have[key] = true
				p.Groups = append(p.Groups, e.DN)
			}
			if len(p.Groups) > groupsMax {
				return errManyGroups
			}
			return nil
		})
		if err != nil {
			failed(r, "groups", "search below %s: %s", st.GroupBaseDN, reason(err))
			return ErrUnavailable.Because(err)
		}
	}
	p.claimGroups(names)
	r.Passed("groups", "%d: %s", len(p.Groups), clean(strings.Join(p.Claims[ClaimGroups], ", ")))
	return nil
}

var errManyGroups = errors.New("the person is in more than 5,000 groups; make the group filter narrower")
