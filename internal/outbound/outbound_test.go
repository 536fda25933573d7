package outbound_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lyceum/internal/outbound"
)

func TestOurOwnNetworkIsNotCalledForCustomers(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") }))
	defer srv.Close()
	port := srv.URL[strings.LastIndexByte(srv.URL, ':'):]
	for _, address := range []string{srv.URL, "http://localhost" + port, "http://idp.localhost" + port, "http://[::1]" + port, "http://[::ffff:127.0.0.1]" + port, "http://169.254.169.254/", "http://10.0.0.1/", "http://0.0.0.0" + port} {
		res, err := outbound.Client(outbound.Options{}).Get(address)
		if err == nil {
			res.Body.Close()
		}
		if !errors.Is(err, outbound.ErrAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
	res, err := outbound.Client(outbound.Options{AllowPrivate: true}).Get("http://idp.localhost" + port)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != "inside" {
		t.Errorf("%q", body)
	}
}

func TestAnAnswerIsBoundedAndSoAreRedirects(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 101)) })
	mux.HandleFunc("/right", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 100)) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	srv := httptest.NewServer(mux)
	defer srv.Close()
	client := outbound.Client(outbound.Options{AllowPrivate: true, MaxBody: 100})
	defer client.CloseIdleConnections()
	res, err := client.Get(srv.URL + "/long")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); !errors.Is(err, outbound.ErrTooLong) {
		t.Errorf("a long answer: %v", err)
	}
	if res, err = client.Get(srv.URL + "/right"); err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || len(body) != 100 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	if res, err := client.Get(srv.URL + "/round"); err == nil {
		res.Body.Close()
		t.Error("redirects go round for ever")
	}
}
