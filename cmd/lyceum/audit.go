package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"lyceum/auth/audit"
)

// auditCmd is what an auditor does with an exported log.
type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check an exported audit log (JSON Lines), without a database."`
}

// auditVerifyCmd follows the chain of an export.
type auditVerifyCmd struct {
	File string `arg:"" help:"The exported file, or - for standard input."`
}

// Run says what was found, and fails when the chain does not hold.
func (cmd *auditVerifyCmd) Run() error {
	in := io.Reader(os.Stdin)
	if cmd.File != "-" {
		f, err := os.Open(cmd.File)
		if err != nil {
			return fmt.Errorf("verify an audit log: %w", err)
		}
		defer f.Close()
		in = f
	}
	return verifyAudit(bufio.NewReader(in), os.Stdout)
}

func verifyAudit(in io.Reader, out io.Writer) error {
	h, found, err := audit.Verify(in)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s (%s), exported %s: %d entries are as they were written", h.Slug, h.Tenant, h.Exported.UTC().Format("2006-01-02 15:04 MST"), found.Entries)
	if !h.Whole {
		fmt.Fprintln(out, ".\nThe export was narrowed: it does not show that none is missing. Export the whole log for that.")
		return nil
	}
	fmt.Fprintf(out, " and none is missing between them.\nHash of the last: %s\nCompare it with what the portal shows under “Check”: what came after this export is not in it.\n", found.Head)
	return nil
}
