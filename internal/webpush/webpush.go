// Package webpush hands messages to browsers through the push services that they chose (RFC 8030), closed so that only the browser opens
// them (RFC 8291, aes128gcm of RFC 8188) and signed by who sends them (VAPID, RFC 8292). It keeps nothing and tries nothing twice.
package webpush

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/outbound"
)

const (
	// EndpointMax is the longest address of a subscription that is taken, in bytes.
	EndpointMax = 1024
	// PayloadMax is the longest message in bytes: a push service has to take bodies of 4,096 bytes (RFC 8030 §7.2), of which the head,
	// the delimiter and the tag need 103.
	PayloadMax = 4096 - headSize - 1 - 16

	headSize   = 16 + 4 + 1 + 65 // salt, record size, length of the key, key (RFC 8188 §2.1)
	recordSize = 4096
	paddedTo   = 256            // so that a message's length says little of what is in it
	tokenFor   = 12 * time.Hour // RFC 8292 §2: at most 24
)

var b64 = base64.RawURLEncoding

// Key is what a sender signs with: an ECDSA key on P-256. Browsers give their subscriptions to one key only.
type Key struct{ private *ecdsa.PrivateKey }

// NewKey makes one.
func NewKey() (Key, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return Key{k}, err
}

// ParseKey reads what Bytes gave.
func ParseKey(raw []byte) (Key, error) {
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	return Key{k}, err
}

// Bytes is the secret, to be sealed.
func (k Key) Bytes() ([]byte, error) { return k.private.Bytes() }

// Public is the public half as browsers take it for applicationServerKey: an uncompressed point in base64url.
func (k Key) Public() (string, error) {
	raw, err := k.private.PublicKey.Bytes()
	return b64.EncodeToString(raw), err
}

// Subscription is where a browser takes messages, and with which keys.
type Subscription struct {
	Endpoint string
	P256dh   []byte // its public key, an uncompressed point on P-256
	Auth     []byte // 16 bytes that it shares with its senders
}

// What is wrong with a subscription.
var (
	ErrEndpoint = errors.New("webpush: the address of a subscription is https, with a name, at the usual port")
	ErrKeys     = errors.New("webpush: the keys of a subscription are a point on P-256 and 16 bytes")
)

// Parse reads a subscription as PushSubscription.toJSON writes it. anywhere lets it lead to any host and port, for tests.
func Parse(endpoint, p256dh, secret string, anywhere bool) (s Subscription, err error) {
	u, err := url.Parse(endpoint)
	if err != nil || len(endpoint) > EndpointMax || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return s, ErrEndpoint
	}
	if _, bare := netip.ParseAddr(u.Hostname()); !anywhere && (bare == nil || u.Port() != "" && u.Port() != "443") {
		return s, ErrEndpoint
	}
	s.Endpoint = endpoint
	if s.P256dh, err = decode(p256dh); err == nil {
		_, err = ecdh.P256().NewPublicKey(s.P256dh)
	}
	if err != nil {
		return s, ErrKeys
	}
	if s.Auth, err = decode(secret); err != nil || len(s.Auth) != 16 {
		return s, ErrKeys
	}
	return s, nil
}

// decode reads base64url; some browsers pad it.
func decode(text string) ([]byte, error) { return b64.DecodeString(strings.TrimRight(text, "=")) }

// Urgency is how soon a browser is woken (RFC 8030 §5.3).
type Urgency string

// The urgencies that are used.
const (
	Low    Urgency = "low"
	Normal Urgency = "normal"
	High   Urgency = "high"
)

// Message is what is sent.
type Message struct {
	Payload []byte        // at most PayloadMax bytes
	TTL     time.Duration // how long the push service keeps it for a browser that is away; whole seconds
	Urgency Urgency
	Topic   string // takes the place of one of the same topic that still waits there; at most 32 characters of base64url, "" none
}

// State is how sending ended.
type State string

// The states.
const (
	Sent    State = "sent"    // the push service has it
	Gone    State = "gone"    // the browser takes messages no more: 404 or 410
	Later   State = "later"   // too many, or a fault of the service or the line: again after After
	Refused State = "refused" // it will never be taken
)

// Result is what a push service said. Status is that of HTTP, 0 where there was no answer. After is 0 where it named no time.
type Result struct {
	State  State
	Status int
	After  time.Duration
	Err    error // of the line; nil where there was an answer
}

// Client sends. The zero Client cannot.
type Client struct {
	http    *http.Client
	subject string
	now     func() time.Time
}

// NewClient makes one that calls with c, but follows no redirect. Subject is how a push service reaches who sends (RFC 8292 §2.1):
// mailto: or https:.
func NewClient(c *http.Client, subject string, now func() time.Time) *Client {
	own := *c
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{&own, subject, now}
}

// Send hands a message over, once.
func (c *Client) Send(ctx context.Context, k Key, to Subscription, m Message) Result {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails: crypto/rand ends the process instead
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return Result{State: Refused, Err: err}
	}
	body, err := encrypt(to, m.Payload, salt, own)
	if err != nil {
		return Result{State: Refused, Err: err}
	}
	token, err := c.token(k, to.Endpoint)
	if err != nil {
		return Result{State: Refused, Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.Endpoint, strings.NewReader(string(body)))
	if err != nil {
		return Result{State: Refused, Err: err}
	}
	req.Header.Set("Authorization", token)
	req.Header.Set("Content-Encoding", "aes128gcm")
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("TTL", strconv.Itoa(max(int(m.TTL/time.Second), 0)))
	req.Header.Set("Urgency", string(m.Urgency))
	if m.Topic != "" {
		req.Header.Set("Topic", m.Topic)
	}
	return c.call(req)
}

func (c *Client) call(req *http.Request) Result {
	res, err := c.http.Do(req)
	switch {
	case errors.Is(err, outbound.ErrAddress):
		return Result{State: Refused, Err: err}
	case err != nil:
		return Result{State: Later, Err: err}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // so that the connection can be used again
	r := Result{Status: res.StatusCode}
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		r.State = Sent
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		r.State = Gone
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusRequestTimeout || res.StatusCode >= 500:
		r.State, r.After = Later, c.after(res.Header.Get("Retry-After"))
	default: // a redirect too: where it leads is not who the browser named
		r.State = Refused
	}
	return r
}

// after reads Retry-After (RFC 9110 §10.2.3): seconds or a moment.
func (c *Client) after(text string) time.Duration {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n <= 7*86400 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(c.now()), 0), 7*24*time.Hour)
	}
	return 0
}

// token is the Authorization of a request to an address (RFC 8292 §3).
func (c *Client) token(k Key, endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(struct {
		Aud string `json:"aud"`
		Exp int64  `json:"exp"`
		Sub string `json:"sub"`
	}{u.Scheme + "://" + u.Host, c.now().Add(tokenFor).Unix(), c.subject})
	if err != nil {
		return "", err
	}
	signed := b64.EncodeToString([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + b64.EncodeToString(claims)
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64) // r and s beside each other (RFC 7518 §3.4)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	public, err := k.Public()
	return "vapid t=" + signed + "." + b64.EncodeToString(signature) + ", k=" + public, err
}

// encrypt closes a message for a browser: one record of aes128gcm (RFC 8188 §2) under a key of both (RFC 8291 §3.4). Salt is 16 bytes and
// own a pair, both of this message only.
func encrypt(to Subscription, plain, salt []byte, own *ecdh.PrivateKey) ([]byte, error) {
	if len(plain) > PayloadMax {
		return nil, fmt.Errorf("webpush: a message of %d bytes, at most %d are taken", len(plain), PayloadMax)
	}
	theirs, err := ecdh.P256().NewPublicKey(to.P256dh)
	if err != nil {
		return nil, ErrKeys
	}
	shared, err := own.ECDH(theirs)
	if err != nil {
		return nil, err
	}
	aead, nonce, err := opener(shared, to.Auth, salt, to.P256dh, own.PublicKey().Bytes())
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, 4096)
	out = append(out, salt...)
	out = binary.BigEndian.AppendUint32(out, recordSize)
	out = append(out, 65)
	out = append(out, own.PublicKey().Bytes()...)
	record := append(append(make([]byte, 0, PayloadMax+1), plain...), 2) // the last record (RFC 8188 §2)
	return aead.Seal(out, nonce, record, nil), nil
}

// opener makes the cipher and its nonce of a shared secret, the browser's secret, the salt and both public keys.
func opener(shared, secret, salt, theirs, ours []byte) (cipher.AEAD, []byte, error) {
	info := "WebPush: info\x00" + string(theirs) + string(ours)
	ikm, err := hkdf.Key(sha256.New, shared, secret, info, 32)
	if err != nil {
		return nil, nil, err
	}
	cek, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(cek)
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	return aead, nonce, err
}

// Pad fills a JSON object with spaces to the next multiple of 256 bytes, where there is room.
func Pad(text []byte) []byte {
	for len(text)%paddedTo != 0 && len(text) < PayloadMax {
		text = append(text, ' ')
	}
	return text
}
