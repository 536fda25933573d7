package logs

import (
	"context"
	"log/slog"
)

// blot blots out whole groups with a secret's name: slog calls ReplaceAttr for what is in a group, not for the group.
type blot struct{ slog.Handler }

// Handle blots the record's groups.
func (b blot) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(clean(a))
		return true
	})
	return b.Handler.Handle(ctx, out)
}

// WithAttrs blots the attributes' groups.
func (b blot) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = clean(a)
	}
	return blot{b.Handler.WithAttrs(out)}
}

// WithGroup keeps blotting.
func (b blot) WithGroup(name string) slog.Handler { return blot{b.Handler.WithGroup(name)} }

func clean(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		return a
	}
	if secret(a.Key) {
		return slog.String(a.Key, blotted)
	}
	inner := v.Group()
	out := make([]slog.Attr, len(inner))
	for i, in := range inner {
		out[i] = clean(in)
	}
	return slog.Attr{Key: a.Key, Value: slog.GroupValue(out...)}
}
