package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"lyceum/auth"
	"lyceum/internal/uid"
)

const operatorKeyColumns = `k.id, k.name, k.prefix, k.scopes, k.operator_id, k.created_at, k.expires_at, k.last_used_at, k.last_ip, k.revoked_at, k.revoked_by,
	o.name as operator_name, o.role as operator_role, o.deactivated_at is null as operator_active`

func (s *Store) operatorKeys(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("control.operator_keys k").Joins("join control.operators o on o.id = k.operator_id").Select(operatorKeyColumns)
}

// InsertOperatorKey adds a key of operators.
func (s *Store) InsertOperatorKey(ctx context.Context, k auth.OperatorKey) error {
	return fail(s.tx(ctx).Table("control.operator_keys").Create(&k).Error, "add an operators' key")
}

// OperatorKeyByHash finds a key, expired, revoked or not, with its operator.
func (s *Store) OperatorKeyByHash(ctx context.Context, hash []byte) (k auth.OperatorKey, err error) {
	err = s.operatorKeys(ctx).Where("k.hash = ?", hash).Take(&k).Error
	return k, notFound(err, auth.ErrOperatorKeyInvalid, "find an operators' key")
}

// OperatorKeys lists all keys, those that are revoked last, the newest first, without hashes.
func (s *Store) OperatorKeys(ctx context.Context) (keys []auth.OperatorKey, err error) {
	err = s.operatorKeys(ctx).Order("k.revoked_at is not null, k.created_at desc, k.id desc").Limit(500).Find(&keys).Error
	return keys, fail(err, "list the operators' keys")
}

// TouchOperatorKey writes when and from where a key was used, unless a later use stands there already.
func (s *Store) TouchOperatorKey(ctx context.Context, id uid.ID, ip string, at time.Time) error {
	return fail(s.tx(ctx).Exec("update control.operator_keys set last_used_at = ?, last_ip = ? where id = ? and (last_used_at is null or last_used_at < ?)",
		at, ip, id, at).Error, "touch operators' key %s", id)
}

// RevokeOperatorKey ends a key and gives it.
func (s *Store) RevokeOperatorKey(ctx context.Context, id uid.ID, by string, at time.Time) (k auth.OperatorKey, err error) {
	err = s.changeOne(ctx, auth.ErrOperatorKeyNotFound, "revoke an operators' key",
		"update control.operator_keys set revoked_at = ?, revoked_by = ? where id = ? and revoked_at is null", at, by, id)
	if err != nil {
		return k, err
	}
	err = s.operatorKeys(ctx).Where("k.id = ?", id).Take(&k).Error
	return k, notFound(err, auth.ErrOperatorKeyNotFound, "find operators' key %s", id)
}
