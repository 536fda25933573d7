package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"lyceum/auth/audit"
	"lyceum/internal/event"
	"lyceum/internal/uid"
)

func TestAnExportedAuditLogIsVerifiedWithoutADatabase(t *testing.T) {
	t.Parallel()
	tenantID := uid.New()
	var file strings.Builder
	enc := json.NewEncoder(&file)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(enc.Encode(audit.Header{Log: audit.HeaderLog, Tenant: tenantID, Slug: "acme", Exported: time.Unix(0, 0), Whole: true}))
	prev := audit.Genesis(tenantID)
	for i := range 3 {
		e, err := event.New(t.Context(), time.Unix(1e9, 123456789), "person.signed_in", "person", uid.New(), map[string]int{"n": i})
		must(err)
		entry := audit.Of(e, int64(i+1), prev)
		prev = entry.Hash
		must(enc.Encode(entry.Line()))
	}
	var out strings.Builder
	must(verifyAudit(strings.NewReader(file.String()), &out))
	if !strings.Contains(out.String(), "3 entries are as they were written and none is missing") {
		t.Errorf("says %q", out.String())
	}
	if err := verifyAudit(strings.NewReader(strings.Replace(file.String(), `{"n":1}`, `{"n":7}`, 1)), &out); !errors.Is(err, audit.ErrBroken) {
		t.Errorf("a forged entry: %v", err)
	}
	if err := verifyAudit(strings.NewReader("seq,at\n1,2\n"), &out); err == nil || errors.Is(err, audit.ErrBroken) {
		t.Errorf("what is no export: %v", err)
	}
}
