package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"lyceum/auth/audit"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// auditLock is the class of the advisory locks under which tenants' audit chains grow.
const auditLock = 0x6c796361 // "lyca"

// chain appends the transaction's events to the tenant's audit log, as the last thing before the commit: only then is the
// chain held against others, for as long as a commit takes.
func (s *Store) chain(ctx context.Context, r *running, tenantID uid.ID) error {
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.schema))
	// Two statements: the second sees what others committed while the first waited for them.
	b := &pgx.Batch{}
	b.Queue("select pg_advisory_xact_lock($1, $2)", int32(auditLock), int32(h.Sum32()))
	b.Queue(s.tagOf(r.schema) + "select seq, hash from audit order by seq desc limit 1")
	answers := r.pgx.SendBatch(ctx, b)
	_, err := answers.Exec()
	seq, prev := int64(0), audit.Genesis(tenantID)
	if err == nil {
		err = answers.QueryRow().Scan(&seq, &prev)
		if errors.Is(err, pgx.ErrNoRows) {
			err = nil
		}
	}
	if err = errors.Join(err, answers.Close()); err != nil {
		return fmt.Errorf("append to the audit log: %w", err)
	}
	entries := make([]audit.Entry, len(r.audited))
	for i, e := range r.audited {
		seq++
		entries[i] = audit.Of(e, seq, prev)
		prev = entries[i].Hash
	}
	if len(entries) >= copied {
		return copyAudit(ctx, r.pgx, entries)
	}
	return fail(r.db.Session(&gorm.Session{NewDB: true, Context: ctx}).Table("audit").Create(&entries).Error, "append to the audit log")
}

func copyAudit(ctx context.Context, tx pgx.Tx, entries []audit.Entry) error {
	columns := []string{"seq", "id", "type", "actor_id", "actor_kind", "subject_type", "subject_id", "ip", "request_id", "data", "at", "prev", "hash"}
	return copyRows(ctx, tx, "audit", columns, len(entries), func(i int) []any {
		e := entries[i]
		return []any{e.Seq, e.ID, e.Type, e.ActorID, e.ActorKind, e.SubjectType, e.SubjectID, e.IP, e.RequestID, e.Data, e.At, e.Prev, e.Hash}
	})
}

// noteAudited keeps those of the events that go into the audit log until the commit.
func (r *running) noteAudited(events []event.Event) {
	for _, e := range events {
		if audit.Wants(e.Type) {
			r.audited = append(r.audited, e)
		}
	}
}

func auditWhere(q *gorm.DB, f audit.Filter) *gorm.DB {
	if prefix, all := strings.CutSuffix(f.Type, ".*"); all {
		q = q.Where("type like ?", escapeLike(prefix)+".%")
	} else if f.Type != "" {
		q = q.Where("type = ?", f.Type)
	}
	if f.Actor != uid.Nil {
		q = q.Where("actor_id = ?", f.Actor)
	}
	if f.Subject != uid.Nil {
		q = q.Where("subject_id = ?", f.Subject)
	}
	if f.IP != "" {
		q = q.Where("ip = ?", f.IP)
	}
	if !f.From.IsZero() {
		q = q.Where("at >= ?", f.From)
	}
	if !f.Until.IsZero() {
		q = q.Where("at < ?", f.Until)
	}
	return q
}

// AuditBy lists the audit log, newest first.
func (s *Store) AuditBy(ctx context.Context, f audit.Filter) (out page.Of[audit.Entry], err error) {
	limit := f.Page.Bounded()
	q := auditWhere(s.tx(ctx).Table("audit"), f)
	if f.Page.After != "" {
		parts, err := page.Parts(f.Page.After, 1)
		if err != nil {
			return out, err
		}
		seq, err := strconv.ParseInt(parts[0], 10, 64)
		if err != nil {
			return out, page.ErrCursor
		}
		q = q.Where("seq < ?", seq)
	}
	var rows []audit.Entry
	if err := q.Order("seq desc").Limit(limit + 1).Find(&rows).Error; err != nil {
		return out, fail(err, "list the audit log")
	}
	return page.Cut(rows, limit, func(e audit.Entry) []string { return []string{strconv.FormatInt(e.Seq, 10)} }), nil
}

// AuditAfter gives what matches, oldest first, behind a number.
func (s *Store) AuditAfter(ctx context.Context, f audit.Filter, seq int64, n int) (rows []audit.Entry, err error) {
	err = auditWhere(s.tx(ctx).Table("audit"), f).Where("seq > ?", seq).Order("seq").Limit(n).Find(&rows).Error
	return rows, fail(err, "read the audit log")
}

// AuditHead gives the last entry.
func (s *Store) AuditHead(ctx context.Context) (e audit.Entry, err error) {
	err = s.tx(ctx).Table("audit").Order("seq desc").Take(&e).Error
	return e, notFound(err, audit.ErrEmpty, "read the end of the audit log")
}

const anchored = "audit.anchored"

// InsertAnchor writes how far a tenant's audit log went. Its table takes no updates.
func (s *Store) InsertAnchor(ctx context.Context, tenantID uid.ID, a audit.Anchor) error {
	raw, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	return fail(s.tx(ctx).Exec("insert into control.audit (id, actor_kind, action, tenant_id, data, at) values (?, 'system', ?, ?, ?, ?)",
		uid.New(), anchored, tenantID, string(raw), a.At).Error, "anchor an audit log")
}

// LastAnchor gives the newest anchor of a tenant.
func (s *Store) LastAnchor(ctx context.Context, tenantID uid.ID) (a audit.Anchor, err error) {
	var raw string
	err = s.tx(ctx).Raw("select data from control.audit where tenant_id = ? and action = ? order by id desc limit 1", tenantID, anchored).Row().Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return a, audit.ErrEmpty
	}
	if err != nil {
		return a, fail(err, "read the last anchor")
	}
	return a, json.Unmarshal([]byte(raw), &a)
}
