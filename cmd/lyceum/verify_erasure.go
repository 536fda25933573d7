package main

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"lyceum/auth/privacy"
	"lyceum/learning/badge"
)

// verifyErasure checks the receipt of a person's erasure and says what it says.
func verifyErasure(text string, from badge.Source, out io.Writer) error {
	r, err := privacy.Verify(text, func(portal, kid string) (ed25519.PublicKey, error) { return badge.KeyOf(portal, kid, from) })
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Erased    %s\nOf        %s (%s)\nAsked     by the %s on %s\nDone      %s\nSigned    by the portal: the signature holds\n",
		r.Subject, r.Organization, r.Portal, r.AskedBy, r.AskedAt.Format(time.DateOnly), r.ErasedAt.Format(time.RFC3339))
	for _, s := range r.Steps {
		fmt.Fprintf(out, "  %-10s %s", s.Step, s.DoneAt.Format(time.RFC3339))
		for _, name := range slices.Sorted(maps.Keys(s.Counts)) {
			fmt.Fprintf(out, "  %s %d", name, s.Counts[name])
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out, "What stays:")
	for _, s := range r.Stays {
		fmt.Fprintf(out, "  %s: %s", s.What, s.Why)
		if s.Rows > 0 {
			fmt.Fprintf(out, " (%d rows)", s.Rows)
		}
		fmt.Fprintln(out)
	}
	return nil
}
