package demoop

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// grant is what a code, or an access token after it, stands for.
type grant struct {
	request
	session *session
	until   time.Time
}

// token takes a code (OIDC Core 1.0 §3.1.3). A code counts once, for its client, redirect address and verifier.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		oauthError(w, http.StatusBadRequest, "invalid_request", "the request cannot be read")
		return
	}
	client, ok := p.authenticate(r)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Basic realm="demo identity provider"`)
		oauthError(w, http.StatusUnauthorized, "invalid_client", "the client is not known, or its secret is wrong")
		return
	}
	if r.PostForm.Get("grant_type") != "authorization_code" {
		oauthError(w, http.StatusBadRequest, "unsupported_grant_type", "only authorization_code is known here")
		return
	}
	code := r.PostForm.Get("code")
	g, ok := p.codes.Peek(code)
	// Whoever presents it, it is used up: who removes it may go on.
	if !ok || !p.codes.Remove(code) || p.now().After(g.until) || g.client != client || g.redirect != r.PostForm.Get("redirect_uri") || !verifies(g.challenge, r.PostForm.Get("code_verifier")) {
		oauthError(w, http.StatusBadRequest, "invalid_grant", "the code is used up, too old, or of another request")
		return
	}
	access := rand.Text()
	id, err := p.idToken(g, access)
	if err != nil {
		oauthError(w, http.StatusInternalServerError, "server_error", "the token cannot be signed")
		return
	}
	g.until = p.now().Add(tokenLife)
	p.tokens.Add(access, g)
	write(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(tokenLife / time.Second), "scope": strings.Join(g.scopes, " "), "id_token": id,
	})
}

// authenticate finds the client of a call by its secret, in the header or in the body, never in both (RFC 6749 §2.3).
func (p *Provider) authenticate(r *http.Request) (id string, ok bool) {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if name, password, basic := r.BasicAuth(); basic {
		first, err := url.QueryUnescape(name)
		second, err2 := url.QueryUnescape(password)
		if err != nil || err2 != nil || secret != "" || id != "" && id != first {
			return "", false
		}
		id, secret = first, second
	}
	client, known := p.client(r.Context(), id)
	return id, known && subtle.ConstantTimeCompare([]byte(client.Secret), []byte(secret)) == 1
}

// verifies compares a verifier with the challenge of S256 (RFC 7636 §4.6).
func verifies(challenge, verifier string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(challenge), []byte(base64.RawURLEncoding.EncodeToString(sum[:]))) == 1
}

func (p *Provider) idToken(g grant, access string) (string, error) {
	now := p.now()
	sum := sha256.Sum256([]byte(access))
	c := g.session.person.claims(g.scopes)
	for name, value := range map[string]any{
		"iss": p.issuer, "aud": g.client, "azp": g.client, "iat": now.Unix(), "exp": now.Add(tokenLife).Unix(), "jti": rand.Text(),
		"auth_time": g.session.at.Unix(), "sid": g.session.id, "at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
	} {
		c[name] = value
	}
	if g.nonce != "" {
		c["nonce"] = g.nonce
	}
	return p.sign("JWT", c)
}

func (p *Provider) sign(kind jose.ContentType, c map[string]any) (string, error) {
	k := p.allKeys()[0]
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: k}, (&jose.SignerOptions{}).WithType(kind))
	if err != nil {
		return "", fmt.Errorf("demoop: sign: %w", err)
	}
	return jwt.Signed(signer).Claims(c).Serialize()
}

// userInfo says of a person what the scopes grant (OIDC Core 1.0 §5.3).
func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g, ok := p.tokens.Get(bearer)
	if !ok || p.now().After(g.until) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		oauthError(w, http.StatusUnauthorized, "invalid_token", "the access token is not known, or too old")
		return
	}
	write(w, http.StatusOK, g.session.person.claims(g.scopes))
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the other side may be gone
}

func oauthError(w http.ResponseWriter, status int, code, text string) {
	write(w, status, map[string]string{"error": code, "error_description": text})
}
