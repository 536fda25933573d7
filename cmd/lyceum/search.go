package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/tenant"
)

// searchCmd is about what can be found.
type searchCmd struct {
	Rebuild searchRebuildCmd `cmd:"" help:"Build anew what can be found, from what is kept. People may search meanwhile, and find what is there already."`
}

// searchRebuildCmd builds anew what can be found.
type searchRebuildCmd struct {
	Slug string `arg:"" optional:"" help:"Only this organization. Default: all."`
}

// Run builds, and says for each organization that it is done.
func (cmd *searchRebuildCmd) Run(ctx context.Context, c *Config) error {
	a, err := newApp(ctx, c, "", false, false)
	if err != nil {
		return err
	}
	defer a.close()
	done := 0
	err = a.everywhere(ctx, "search", func(ctx context.Context) error {
		t, _ := tenant.From(ctx)
		if cmd.Slug != "" && cmd.Slug != t.Slug {
			return nil
		}
		done++
		if err := a.search.Rebuild(ctx); err != nil {
			return err
		}
		fmt.Fprintln(os.Stdout, t.Slug)
		return nil
	})
	if err == nil && done == 0 && cmd.Slug != "" {
		return tenant.ErrNotFound
	}
	return err
}

// captions reads a captions file as the system.
func (a *app) captions(ctx context.Context, file uid.ID) ([]byte, error) {
	var f content.File
	err := a.store.InTenant(ctx, func(ctx context.Context) (err error) {
		f, err = a.store.FileByID(ctx, file)
		return err
	})
	if err != nil {
		return nil, err
	}
	r, err := a.content.Read(ctx, f, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, captionsMax))
}

// captionsMax is more than the captions of the longest film hold.
const captionsMax = 4 << 20
