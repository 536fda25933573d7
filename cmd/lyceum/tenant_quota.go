package main

import (
	"context"
	"fmt"
	"strings"

	"lyceum/learning/content"
	"lyceum/tenant"
)

type tenantQuotaCmd struct {
	Slug  string `arg:"" help:"Subdomain."`
	Bytes string `arg:"" optional:"" help:"How much it may store: 50GB, a number of bytes, 0 for no limit, or default for what --storage-quota says. Leave it out to see what is used."`
}

// Run shows or sets an organization's storage.
func (cmd *tenantQuotaCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		t, err := a.tenants.Show(ctx, cmd.Slug)
		if err != nil {
			return err
		}
		st, err := cmd.apply(tenant.With(ctx, t), a)
		if err != nil {
			return err
		}
		if cmd.Bytes != "" {
			err = a.store.InControl(ctx, func(ctx context.Context) error {
				return a.store.Audit(ctx, "tenant.quota_set", t.ID, map[string]string{"slug": t.Slug, "bytes": fmt.Sprint(st.Limit)}, a.now())
			})
		}
		limit := "without limit"
		if st.Limit > 0 {
			limit = fmt.Sprintf("of %s (%d %%)", size(st.Limit), st.Percent())
		}
		fmt.Printf("%s uses %s %s in %d files\n", t.Slug, size(st.Used), limit, st.Files)
		return err
	})
}

func (cmd *tenantQuotaCmd) apply(ctx context.Context, a *app) (content.Storage, error) {
	switch strings.ToLower(cmd.Bytes) {
	case "":
		return a.content.StorageNow(ctx)
	case "default":
		return a.content.SetLimit(ctx, nil)
	}
	var s size
	if err := s.UnmarshalText([]byte(cmd.Bytes)); err != nil {
		return content.Storage{}, err
	}
	n := int64(s)
	return a.content.SetLimit(ctx, &n)
}
