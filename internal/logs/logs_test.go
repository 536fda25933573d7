package logs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lyceum/internal/logs"
)

const hush = "s3cr3t-value"

func TestTheValueOfASecretsKeyIsNeverWritten(t *testing.T) {
	t.Parallel()
	type inner struct {
		Password string `json:"pw"`
		Name     string `json:"name"`
	}
	type outer struct {
		When  time.Time
		Inner *inner
		List  []inner
		named string
	}
	address, err := url.Parse("https://ada:" + hush + "@example.com/x?access_token=" + hush + "&page=2")
	if err != nil {
		t.Fatal(err)
	}
	value := outer{When: time.Unix(0, 0).UTC(), Inner: &inner{hush, "Ada"}, List: []inner{{hush, "Bob"}}, named: "x"}
	for name, log := range map[string]func(l *slog.Logger){
		"attribute": func(l *slog.Logger) { l.Info("m", "password", hush, "Password", hush, "PASSWORD", hush) },
		"each kind": func(l *slog.Logger) {
			l.Info("m", "passwd", hush, "client_secret", hush, "refresh-token", hush, "Authorization", hush, "Set-Cookie", hush, "api_key", hush, "X-API-Key", hush, "apikey", hush, "privateKey", hush, "db.password", hush, "credentials", hush)
		},
		"value of another type": func(l *slog.Logger) {
			l.Info("m", "token", []byte(hush), "secret", errors.New(hush), "cookie", map[string]string{"a": hush})
		},
		"group": func(l *slog.Logger) { l.Info("m", slog.Group("a", slog.Group("b", slog.String("token", hush)))) },
		"group that is secret": func(l *slog.Logger) {
			l.Info("m", slog.Group("secrets", slog.String("name", hush), slog.Any("x", []string{hush})))
		},
		"logger with group": func(l *slog.Logger) { l.WithGroup("http").With("cookie", hush).Info("m", "authorization", hush) },
		"map": func(l *slog.Logger) {
			l.Info("m", "input", map[string]any{"a": map[string]any{"password": hush}, "b": []any{map[string]string{"token": hush}}})
		},
		"header": func(l *slog.Logger) {
			l.Info("m", "header", http.Header{"Authorization": {hush}, "Cookie": {hush}, "Accept": {"*/*"}})
		},
		"struct":          func(l *slog.Logger) { l.Info("m", "in", value); l.Info("m", "in", &value) },
		"struct in a map": func(l *slog.Logger) { l.Info("m", "in", map[string]any{"v": []*outer{&value}}) },
		"log valuer":      func(l *slog.Logger) { l.Info("m", "in", valuer{}) },
		"address": func(l *slog.Logger) {
			l.Info("m", "url", address)
			l.Info("m", "url", *address, "in", map[string]any{"u": address})
		},
	} {
		for _, format := range []string{logs.FormatText, logs.FormatJSON} {
			var b bytes.Buffer
			log(logs.New(&b, format, nil))
			if out := b.String(); strings.Contains(out, hush) || !strings.Contains(out, "redacted") {
				t.Errorf("%s as %s: %s", name, format, out)
			}
		}
	}
}

type valuer struct{}

func (valuer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", "Ada"), slog.Group("deep", slog.String("api_key", hush)))
}

func TestWhatIsNoSecretIsWrittenAsItWas(t *testing.T) {
	t.Parallel()
	type point struct{ X, Y int }
	var b bytes.Buffer
	l := logs.New(&b, logs.FormatJSON, slog.LevelDebug)
	l.Debug("request", "request_id", "r1", "dur", 3*time.Millisecond, "err", errors.New("broken"), "at", time.Unix(0, 0).UTC(), "p", point{1, 2}, "m", map[string]int{"a": 1}, "n", nil,
		"url", &url.URL{Scheme: "https", Host: "example.com", User: url.User("ada"), RawQuery: "b=2&a=1"}, "user", map[string]any{"name": "Ada", "password": hush, "tags": []string{"x"}})
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "time")
	want := map[string]any{
		"level": "DEBUG", "msg": "request", "request_id": "r1", "dur": 3e6, "err": "broken", "at": "1970-01-01T00:00:00Z", "p": map[string]any{"X": 1.0, "Y": 2.0}, "m": map[string]any{"a": 1.0}, "n": nil,
		"user": map[string]any{"name": "Ada", "password": "[redacted]", "tags": []any{"x"}},
	}
	address := got["url"].(map[string]any)
	delete(got, "url")
	if a, b := canonical(t, got), canonical(t, want); a != b || address["Host"] != "example.com" {
		t.Errorf("got  %s\nwant %s", a, b)
	}
}

func TestAKeyIsASecretByItsWords(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"password": true, "new_password": true, "PassWord2": true, "passwd": true, "passphrase": true, "secret": true, "SAML_PRIVATE_KEY": true, "token": true, "csrf-token": true, "Authorization": true, "Proxy-Authorization": true, "cookie": true, "Set-Cookie": true, "api_key": true, "Api-Key": true, "apiKey": true, "api key": true, "credential_id": true,
		"": false, "tenant": false, "person": false, "err": false, "key": false, "keyboard": false, "author": false, "pass": false, "passed": false, "request_id": false, "email": false,
	} {
		if logs.Secret(key) != want {
			t.Errorf("Secret(%q) = %v", key, !want)
		}
	}
}

func TestTheLevelDecidesWhatIsWritten(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	level := new(slog.LevelVar)
	l := logs.New(&b, logs.FormatText, level)
	l.Debug("one")
	level.Set(slog.LevelDebug)
	l.Debug("two")
	if out := b.String(); strings.Contains(out, "one") || !strings.Contains(out, "msg=two") || !strings.HasPrefix(out, "time=") {
		t.Errorf("got %s", out)
	}
	b.Reset()
	quiet := logs.New(&b, "neither", nil)
	quiet.Debug("hidden")
	quiet.Info("shown", "a", 1)
	if out := b.String(); strings.Contains(out, "hidden") || !strings.Contains(out, "msg=shown a=1") {
		t.Errorf("got %s", out)
	}
}

// A value that leads back to itself, or lies very deep, must neither hang nor show what it holds.
func TestAValueWithoutEndIsWritten(t *testing.T) {
	t.Parallel()
	loop := map[string]any{"password": hush, "name": "x"}
	loop["self"] = loop
	deep := any(map[string]any{"token": hush})
	for range 30 {
		deep = map[string]any{"in": deep, "cookie": hush}
	}
	for name, v := range map[string]any{"loop": loop, "deep": deep} {
		var b bytes.Buffer
		logs.New(&b, logs.FormatJSON, nil).Info("m", "v", v)
		if out := b.String(); strings.Contains(out, hush) || !json.Valid(b.Bytes()) {
			t.Errorf("%s: %.300s", name, out)
		}
	}
}

func canonical(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
