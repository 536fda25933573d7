package signon

import (
	"context"

	"lyceum/auth"
	"lyceum/internal/uid"
)

type onlyKey struct{}
type Only struct {
	Connection uid.ID
	Kind       auth.Protocol
}

func WithOnly(ctx context.Context, o Only) context.Context {
	return context.WithValue(ctx, onlyKey{}, o)
}
