// Package webpushtest plays a push service and the browsers that subscribe to it, for tests: it checks what it is sent as RFC 8030, 8291
// and 8292 ask, and opens it with the browser's own key.
package webpushtest

import (
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
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

var b64 = base64.RawURLEncoding

// Service is a push service.
type Service struct {
	*httptest.Server
	t        testing.TB
	now      func() time.Time
	mu       sync.Mutex
	browsers map[string]*Browser
	n        int
}

// New starts one that ends with the test.
func New(t testing.TB, now func() time.Time) *Service {
	s := &Service{t: t, now: now, browsers: map[string]*Browser{}}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(s.take))
	t.Cleanup(s.Close)
	return s
}

// Browser is a subscription with what it was sent.
type Browser struct {
	Endpoint, P256dh, Auth string // as PushSubscription.toJSON writes them
	Key                    string // applicationServerKey; another sender is refused
	private                *ecdh.PrivateKey
	auth                   []byte
	s                      *Service
	path                   string
	got                    []Got
	answer                 func(n int) (status int, header map[string]string)
	calls                  int
}

// Got is a message as the browser read it.
type Got struct {
	Text                string
	TTL, Urgency, Topic string
	Subject             string
}

// Subscribe makes a browser that takes messages of one sender.
func (s *Service) Subscribe(key string) *Browser {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	auth := make([]byte, 16)
	rand.Read(auth)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	b := &Browser{s: s, private: private, auth: auth, Key: key, path: fmt.Sprintf("/push/%d", s.n), P256dh: b64.EncodeToString(private.PublicKey().Bytes()), Auth: b64.EncodeToString(auth)}
	b.Endpoint = s.URL + b.path
	s.browsers[b.path] = b
	return b
}

// Answer has the service answer otherwise than 201: n counts the calls from 1, a status of 201 takes the message.
func (b *Browser) Answer(fn func(n int) (status int, header map[string]string)) {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	b.answer = fn
}

// Got gives what came.
func (b *Browser) Got() []Got {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	return append([]Got(nil), b.got...)
}

// Calls is how often it was called.
func (b *Browser) Calls() int {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	return b.calls
}

func (s *Service) take(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.browsers[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	b.calls++
	subject, err := s.vapid(r, b.Key)
	if err != nil {
		s.t.Errorf("VAPID: %v", err)
		w.WriteHeader(http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<10))
	if err == nil && len(body) > 4096 {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	text, err := b.open(body)
	if err != nil || r.Header.Get("Content-Encoding") != "aes128gcm" || r.Header.Get("TTL") == "" {
		s.t.Errorf("a message that is none: %v, %v", err, r.Header)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	status, header := http.StatusCreated, map[string]string(nil)
	if b.answer != nil {
		status, header = b.answer(b.calls)
	}
	for k, v := range header {
		w.Header().Set(k, v)
	}
	if status == http.StatusCreated {
		b.got = append(b.got, Got{string(text), r.Header.Get("TTL"), r.Header.Get("Urgency"), r.Header.Get("Topic"), subject})
	}
	w.WriteHeader(status)
}

// vapid checks RFC 8292: the key of the subscription signed, for this origin, for at most a day.
func (s *Service) vapid(r *http.Request, key string) (subject string, err error) {
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "vapid t=")
	token, k, found := strings.Cut(rest, ", k=")
	if !ok || !found || key != "" && k != key {
		return "", fmt.Errorf("not signed by the key of the subscription: %q", r.Header.Get("Authorization"))
	}
	public, err := b64.DecodeString(k)
	if err != nil {
		return "", err
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
	if err != nil {
		return "", err
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", fmt.Errorf("no token: %q", token)
	}
	signature, err := b64.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return "", fmt.Errorf("a signature of %d bytes", len(signature))
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(pub, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return "", fmt.Errorf("the signature is another key's")
	}
	var head struct{ Alg, Typ string }
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	for part, into := range map[string]any{parts[0]: &head, parts[1]: &claims} {
		raw, err := b64.DecodeString(part)
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			return "", err
		}
	}
	end := time.Unix(claims.Exp, 0)
	switch now := s.now(); {
	case head.Alg != "ES256" || head.Typ != "JWT":
		return "", fmt.Errorf("signed by %+v", head)
	case claims.Aud != "https://"+r.Host:
		return "", fmt.Errorf("for %q, not for https://%s", claims.Aud, r.Host)
	case !end.After(now) || end.After(now.Add(24*time.Hour)):
		return "", fmt.Errorf("valid until %s, it is %s", end, now)
	case !strings.HasPrefix(claims.Sub, "mailto:") && !strings.HasPrefix(claims.Sub, "https:"):
		return "", fmt.Errorf("nobody to reach: %q", claims.Sub)
	}
	return claims.Sub, nil
}

// open reads a message as a browser does (RFC 8291 §3.4, RFC 8188 §2).
func (b *Browser) open(body []byte) ([]byte, error) {
	if len(body) < 21+65+17 || body[20] != 65 {
		return nil, fmt.Errorf("a body of %d bytes", len(body))
	}
	salt, size, ours, sealed := body[:16], binary.BigEndian.Uint32(body[16:20]), body[21:86], body[86:]
	if int(size) < len(sealed) {
		return nil, fmt.Errorf("a record of %d bytes where at most %d were told", len(sealed), size)
	}
	theirs, err := ecdh.P256().NewPublicKey(ours)
	if err != nil {
		return nil, err
	}
	shared, err := b.private.ECDH(theirs)
	if err != nil {
		return nil, err
	}
	derive := func(secret, salt []byte, info string, n int) []byte {
		key, failed := hkdf.Key(sha256.New, secret, salt, info, n)
		if failed != nil {
			err = failed
		}
		return key
	}
	ikm := derive(shared, b.auth, "WebPush: info\x00"+string(b.private.PublicKey().Bytes())+string(ours), 32)
	cek, nonce := derive(ikm, salt, "Content-Encoding: aes128gcm\x00", 16), derive(ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(cek)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nonce, sealed, nil)
	if err != nil {
		return nil, err
	}
	plain = []byte(strings.TrimRight(string(plain), "\x00"))
	if len(plain) == 0 || plain[len(plain)-1] != 2 {
		return nil, fmt.Errorf("not the last record")
	}
	return plain[:len(plain)-1], nil
}
