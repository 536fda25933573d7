package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"lyceum/auth/act"
	"lyceum/auth/audit"
)

// auditCmd is what an auditor does with an exported log.
type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check an exported log (JSON Lines) without a database: a portal's audit log, or the operators' log of acts. With --acts, check the log of acts in the database."`
}

// auditVerifyCmd follows the chain of an export, or of the log of acts itself.
type auditVerifyCmd struct {
	File string `arg:"" optional:"" help:"The exported file, or - for standard input."`
	Acts bool   `help:"Check the log of acts in the database."`
}

// Run says what was found, and fails when the chain does not hold.
func (cmd *auditVerifyCmd) Run(ctx context.Context, c *Config) error {
	if cmd.Acts {
		return operate(ctx, c, func(ctx context.Context, a *app) error { return verifyActs(ctx, a.acts, os.Stdout) })
	}
	if cmd.File == "" {
		return errors.New("name the exported file, or - for standard input, or --acts for the log of acts in the database")
	}
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

func verifyActs(ctx context.Context, log *act.Service, out io.Writer) error {
	found, err := log.Check(ctx)
	if err == nil {
		err = found.Broken
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The log of acts: %d entries are as they were written and none is missing between them.\nHash of the last: %s\nKeep it elsewhere: entries cut off at the end are missed by it.\n", found.Entries, found.Head)
	return nil
}

func verifyAudit(in io.Reader, out io.Writer) error {
	export := bufio.NewReader(in)
	if first, _ := export.Peek(200); bytes.Contains(first, []byte(act.HeaderLog)) {
		return verifyActsExport(export, out)
	}
	h, found, err := audit.Verify(export)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s (%s), exported %s: %d entries are as they were written", h.Slug, h.Tenant, h.Exported.UTC().Format("2006-01-02 15:04 MST"), found.Entries)
	return foundWhole(out, h.Whole, found.Head, "the portal")
}

func verifyActsExport(in io.Reader, out io.Writer) error {
	h, found, err := act.Verify(in)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The log of acts, exported %s: %d entries are as they were written", h.Exported.UTC().Format("2006-01-02 15:04 MST"), found.Entries)
	return foundWhole(out, h.Whole, found.Head, "the console")
}

func foundWhole(out io.Writer, whole bool, head, where string) error {
	if !whole {
		_, err := fmt.Fprintln(out, ".\nThe export was narrowed: it does not show that none is missing. Export the whole log for that.")
		return err
	}
	_, err := fmt.Fprintf(out, " and none is missing between them.\nHash of the last: %s\nCompare it with what %s shows under “Check”: what came after this export is not in it.\n", head, where)
	return err
}
