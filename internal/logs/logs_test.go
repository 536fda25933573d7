package logs_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"lyceum/internal/logs"
)

func TestSecretsAreBlottedOutAtAnyDepthInBothFormats(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log := logs.New(&out, format, slog.LevelInfo)
		log.With(slog.String("api_key", "hunter2")).WithGroup("request").Info("signed in",
			slog.String("tenant", "acme"), slog.String("Password", "hunter2"), slog.String("set-cookie", "hunter2"),
			slog.Group("headers", slog.String("Authorization", "hunter2"), slog.String("accept", "text/html")),
			slog.Group("tokens", slog.String("first", "hunter2")))
		log.Debug("hidden")
		got := out.String()
		if strings.Contains(got, "hunter2") || strings.Contains(got, "hidden") {
			t.Errorf("%s: %s", format, got)
		}
		for _, want := range []string{"acme", "text/html", "[redacted]"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in %s", format, want, got)
			}
		}
	}
}
