// Package ldap asks a customer's directory (LDAPv3, RFC 4511) who a person is, and reads its people and groups: over TLS
// only, with a certificate that was verified, and never trusting what the directory answers to be short or well formed.
// It is not the keeper of settings, secrets or people: who calls hands them in and decides what an answer means.
package ldap

import (
	"sync"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/fault"
)

// Options says what a client may do.
type Options struct {
	// Now judges certificates and the end of accounts, and dates assertions; default clock.Real.
	Now clock.Clock
	// AllowPrivate lets it call loopback and private networks: for tests, for the demo, and for installations that stand
	// in the directory's own network.
	AllowPrivate bool
	// AllowPlain lets settings name ldap:// without StartTLS, over which passwords are read by anybody on the way. It is
	// for tests; no setting of a tenant reaches it.
	AllowPlain bool
}

// Client asks directories. It keeps no connection open and is safe for use at the same time.
type Client struct {
	now                      clock.Clock
	allowPrivate, allowPlain bool

	mu     sync.Mutex
	rested map[string]time.Time // addresses that did not answer, and when: they are tried last
}

// New makes a client.
func New(o Options) *Client {
	if o.Now == nil {
		o.Now = clock.Real
	}
	return &Client{now: o.Now, allowPrivate: o.AllowPrivate, allowPlain: o.AllowPlain, rested: map[string]time.Time{}}
}

var (
	// ErrUnavailable is a directory that could not be asked: no server reached, no TLS, the service account refused, a
	// search refused. The report and the cause say which.
	ErrUnavailable = fault.New(fault.KindUnavailable, "directory_unavailable", "Your organization's directory cannot be asked at the moment. Try again in a few minutes; if it stays, tell your IT team.")
	// ErrIncomplete is a reading that ended before the directory said that it was the end. What was read until then is
	// true, but nobody may be taken for gone because of it.
	ErrIncomplete = fault.New(fault.KindUnavailable, "directory_read_incomplete", "The directory was not read to its end, so nobody was deactivated. It will be read again; if this stays, look at the report.")
	// ErrPasswordExpired is a right password that the directory takes only to have it changed.
	ErrPasswordExpired = fault.New(fault.KindForbidden, "directory_password_expired", "Your organization wants you to change your password. Change it there, then sign in here.")
)
