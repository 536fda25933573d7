package api_test

import (
	"io"
	"net/http"
	"slices"
	"testing"
)

func TestThePlayedProvidersKeepTheirOwnRulesAndStandOnThePlatformOnly(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dev/idp/hello", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		_, _ = io.WriteString(w, "played")
	})
	mux.HandleFunc("POST /dev/idp/token", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "took "+r.FormValue("code")) })
	var kept []string // as a provider keeps what it was asked, until it is asked for it
	mux.HandleFunc("GET /dev/idp/authorize", func(_ http.ResponseWriter, r *http.Request) {
		kept = append(kept, r.URL.Query().Get("challenge"), r.Header.Get("X-Note"), r.Host)
	})
	h := setup(t, func(h *house) { h.o.Played = map[string]http.Handler{"/dev/idp": mux} })
	b := h.browser(platformHost)
	got := b.get("/dev/idp/hello").is(200).says("played")
	if policies := got.Header.Values("Content-Security-Policy"); len(policies) != 1 || policies[0] != "default-src 'none'" {
		t.Errorf("policies %q", policies)
	}
	b.post("/dev/idp/token", "code", "7").is(200).says("took 7") // no page of ours was seen, so there is no token of ours
	for _, challenge := range []string{"aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"} {
		b.header["X-Note"] = challenge
		b.get("/dev/idp/authorize?challenge=" + challenge).is(200)
	}
	want := []string{"aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", platformHost, "bbbbbbbbbbbbbbbb", "bbbbbbbbbbbbbbbb", platformHost, "cccccccccccccccc", "cccccccccccccccc", platformHost}
	if !slices.Equal(kept, want) {
		t.Errorf("what a provider kept turned into %q", kept)
	}
	b.get("/dev/idp/nothing").is(404)
	h.stranger().get("/dev/idp/hello").is(404)
	setup(t).browser(platformHost).get("/dev/idp/hello").is(404)
}
