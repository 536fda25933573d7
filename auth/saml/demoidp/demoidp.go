// Package demoidp is a small SAML 2.0 identity provider for trying things out: `lyceum demo` starts it, and tests take it
// as the other side. It knows no passwords: whoever opens its page chooses who they are. It is no identity provider for
// anything real, and says so on every page.
package demoidp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"lyceum/auth/saml"
	"lyceum/internal/clock"
)

// Person is somebody whom the page offers.
type Person struct {
	Email      string
	Name       string
	Given      string
	Family     string
	Department string
	Groups     []string
}

// Options is what an IdP is made of.
type Options struct {
	// BaseURL is where it is reached, without a trailing slash; it may have a path. The entity ID is BaseURL + "/metadata".
	BaseURL string
	// Key signs. The zero Key: one is made.
	Key saml.Key
	// Next is published beside Key and signs after Roll; the zero Key: there is none.
	Next   saml.Key
	People []Person
	Now    clock.Clock // nil: the machine's

	// A service provider that was not registered is known by the metadata at its entity ID, where that is an address whose
	// host is HostSuffix or ends with "." + HostSuffix. Empty: registered ones only.
	HostSuffix string
	// Fetch gets that metadata; nil: registered ones only.
	Fetch func(ctx context.Context, address string) ([]byte, error)
}

const (
	keyLife     = 3 * 365 * 24 * time.Hour
	maxSessions = 1000 // remembered at once; the oldest is forgotten
)

// IdP is the identity provider. It is safe for concurrent use.
type IdP struct {
	options Options
	prefix  string // the path of BaseURL
	routes  *http.ServeMux
	pages   *pages

	mu        sync.Mutex
	keys      []saml.Key          // the first one signs, all are published
	providers map[string]provider // by entity id: those that were registered
	sessions  []session           // oldest first
}

// session is somebody who was signed in at a service.
type session struct {
	index, nameID, format string
	person                Person
	service               string // entity id
}

// New makes one.
func New(o Options) (*IdP, error) {
	u, err := url.Parse(o.BaseURL)
	if err != nil || u.Host == "" || strings.HasSuffix(o.BaseURL, "/") || u.RawQuery != "" {
		return nil, fmt.Errorf("demoidp: %q is no full address without a trailing slash", o.BaseURL)
	}
	if o.Now == nil {
		o.Now = clock.Real
	}
	idp := &IdP{options: o, prefix: u.Path, providers: map[string]provider{}}
	if o.Key == (saml.Key{}) {
		if o.Key, err = saml.NewKey(idp.EntityID(), o.Now(), keyLife); err != nil {
			return nil, err
		}
	}
	idp.keys = []saml.Key{o.Key}
	if o.Next != (saml.Key{}) {
		idp.keys = append(idp.keys, o.Next)
	}
	if idp.pages, err = parsePages(); err != nil {
		return nil, err
	}
	idp.routes = http.NewServeMux()
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /{$}":       idp.home,
		"GET /metadata":  idp.metadata,
		"GET /sso":       idp.sso,
		"POST /sso":      idp.sso,
		"POST /choose":   idp.choose,
		"POST /initiate": idp.initiate,
		"GET /slo":       idp.slo,
		"POST /slo":      idp.slo,
		"POST /signout":  idp.signOut,
		"GET /style.css": idp.style,
	} {
		idp.routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 2*saml.MaxMessage)
			if err := handle(w, r); err != nil {
				idp.failed(w, err)
			}
		})
	}
	return idp, nil
}

// ServeHTTP answers below BaseURL, whether the path of BaseURL was stripped before or not.
func (i *IdP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rest, below := strings.CutPrefix(r.URL.Path, i.prefix); below && i.prefix != "" && (rest == "" || rest[0] == '/') {
		if rest == "" {
			rest = "/"
		}
		again := r.Clone(r.Context())
		again.URL.Path, again.URL.RawPath = rest, ""
		r = again
	}
	i.routes.ServeHTTP(w, r)
}

// EntityID is what a connection with it names.
func (i *IdP) EntityID() string { return i.options.BaseURL + "/metadata" }

// MetadataURL is where its metadata is.
func (i *IdP) MetadataURL() string { return i.options.BaseURL + "/metadata" }

// Roll makes the published next key the one that signs; the old one stays published. It is a roll-over of the certificate.
func (i *IdP) Roll() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.keys) < 2 {
		return errors.New("demoidp: there is no next key")
	}
	i.keys[0], i.keys[1] = i.keys[1], i.keys[0]
	return nil
}

// side is the provider seen as one end of single logout, which is symmetrical.
func (i *IdP) side() saml.Provider {
	i.mu.Lock()
	defer i.mu.Unlock()
	return saml.Provider{EntityID: i.EntityID(), ACSURL: i.options.BaseURL + "/sso", SLOURL: i.options.BaseURL + "/slo", Keys: slices.Clone(i.keys)}
}

func (i *IdP) person(email string) (Person, error) {
	for _, p := range i.options.People {
		if p.Email == email {
			return p, nil
		}
	}
	return Person{}, fmt.Errorf("nobody here has the address %.100q", email)
}

// lasting is the persistent name of a person: the same at each sign-in, and not their address.
func lasting(p Person) string {
	sum := sha256.Sum256([]byte("demoidp\x00" + p.Email))
	return hex.EncodeToString(sum[:12])
}

func (i *IdP) remember(s session) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.sessions = append(i.sessions, s); len(i.sessions) > maxSessions {
		i.sessions = i.sessions[1:]
	}
}

// forget ends the sessions of a name at a service, those with the indexes or all of them.
func (i *IdP) forget(service string, who saml.Subject) (ended int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	before := len(i.sessions)
	i.sessions = slices.DeleteFunc(i.sessions, func(s session) bool {
		return s.service == service && s.nameID == who.NameID && (len(who.SessionIndexes) == 0 || slices.Contains(who.SessionIndexes, s.index))
	})
	return before - len(i.sessions)
}

// Sessions counts who is signed in through it.
func (i *IdP) Sessions() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.sessions)
}
