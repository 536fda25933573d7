package store

import (
	"context"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"lyceum/auth/act"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// acts is the log with the names of today. What waits for its commit has no number and is not read.
func (s *Store) acts(ctx context.Context, f act.Filter) *gorm.DB {
	q := s.tx(ctx).Table("control.audit a").
		Joins("left join control.operators o on o.id = a.actor_id").
		Joins("left join control.operator_keys k on k.id = a.actor_id").
		Joins("left join control.tenants t on t.id = a.tenant_id").
		Select(`a.seq, a.id, a.actor_kind, a.actor_id, a.action, a.tenant_id, a.data::text as data, a.at, a.prev, a.hash,
			coalesce(o.name, k.name, '') as actor_name, coalesce(t.slug, a.data->>'slug', '') as tenant_slug`).
		Where("a.seq is not null")
	if !f.System && f.Kind == "" && f.Actor == uid.Nil {
		q = q.Where("a.actor_kind <> 'system'")
	}
	if prefix, all := strings.CutSuffix(f.Action, ".*"); all {
		q = q.Where("a.action like ?", escapeLike(prefix)+".%")
	} else if f.Action != "" {
		q = q.Where("a.action = ?", f.Action)
	}
	if f.Actor != uid.Nil {
		q = q.Where("a.actor_id = ?", f.Actor)
	}
	if f.Kind != "" {
		q = q.Where("a.actor_kind = ?", f.Kind)
	}
	if f.Tenant != "" {
		q = q.Where("(t.slug = ? or a.data->>'slug' = ?)", f.Tenant, f.Tenant)
	}
	if !f.From.IsZero() {
		q = q.Where("a.at >= ?", f.From)
	}
	if !f.Until.IsZero() {
		q = q.Where("a.at < ?", f.Until)
	}
	return q
}

// ActsBy lists the log of acts, newest first.
func (s *Store) ActsBy(ctx context.Context, f act.Filter) (out page.Of[act.Act], err error) {
	limit := f.Page.Bounded()
	q := s.acts(ctx, f)
	if f.Page.After != "" {
		parts, err := page.Parts(f.Page.After, 1)
		if err != nil {
			return out, err
		}
		seq, err := strconv.ParseInt(parts[0], 10, 64)
		if err != nil {
			return out, page.ErrCursor
		}
		q = q.Where("a.seq < ?", seq)
	}
	var rows []act.Act
	if err := q.Order("a.seq desc").Limit(limit + 1).Find(&rows).Error; err != nil {
		return out, fail(err, "list the log of acts")
	}
	return page.Cut(rows, limit, func(a act.Act) []string { return []string{strconv.FormatInt(a.Seq, 10)} }), nil
}

// ActsAfter gives what matches, oldest first, behind a number.
func (s *Store) ActsAfter(ctx context.Context, f act.Filter, seq int64, n int) (rows []act.Act, err error) {
	err = s.acts(ctx, f).Where("a.seq > ?", seq).Order("a.seq").Limit(n).Find(&rows).Error
	return rows, fail(err, "read the log of acts")
}
