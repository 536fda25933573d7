package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"lyceum/learning/badge"
	"lyceum/learning/report/evidence"
)

// openPack opens a file that looks like an evidence pack; nil for any other. Packs may be large: they are read where they are, so not from
// standard input.
func openPack(name string) (*os.File, int64, error) {
	if name == "-" {
		return nil, 0, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && evidence.Is(f, info.Size()) {
		return f, info.Size(), nil
	}
	return nil, 0, errors.Join(err, f.Close())
}

// verifyPack says what an evidence pack is, and what was changed in it.
func verifyPack(r io.ReaderAt, size int64, from badge.Source, out io.Writer) error {
	v, err := evidence.Verify(r, size, func(portal, kid string) (ed25519.PublicKey, error) { return badge.KeyOf(portal, kid, from) })
	if err != nil && !errors.Is(err, evidence.ErrTampered) {
		return err
	}
	a := v.About
	fmt.Fprintf(out, "Evidence  %s", a.Requirement)
	if a.Framework != "" {
		fmt.Fprintf(out, " (%s)", a.Framework)
	}
	fmt.Fprintf(out, "\nOf        %s (%s)\nPeriod    %s to before %s\nMade      %s, states as of %s\nSigned    with %s: the signature holds\n",
		a.Organization, a.Portal, a.From.Format(time.RFC3339), a.Until.Format(time.RFC3339), a.MadeAt.Format(time.RFC3339), a.StandingAt.Format(time.RFC3339), v.KeyID)
	if err == nil {
		fmt.Fprintf(out, "Contents  %d lines about %d people, %d entries of the audit log: every byte is as it was signed\n", v.Lines, v.People, v.Audited)
		return nil
	}
	for _, f := range v.Findings {
		fmt.Fprintf(out, "TAMPERED  %s\n", f)
	}
	return err
}
