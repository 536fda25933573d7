package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// InsertAPIKey adds an API key.
func (s *Store) InsertAPIKey(ctx context.Context, k auth.APIKey) error {
	return fail(s.tx(ctx).Create(&k).Error, "add an API key")
}

const apiKeyByHash = "select k.id, k.name, k.prefix, k.hash, k.scopes, k.person_id, k.created_at, k.expires_at, k.last_used_at, k.revoked_at, " + holderColumns +
	" from api_keys k join people p on p.id = k.person_id where k.hash = $1"

// APIKeyByHash finds a key, expired, revoked or not, and whose it is with their roles, in one query. It needs no
// transaction around it.
func (s *Store) APIKeyByHash(ctx context.Context, hash []byte) (k auth.APIKey, p auth.Person, err error) {
	err = s.singleRow(ctx, auth.ErrKeyInvalid, func(row pgx.Row) error {
		return scanHolder(row, &p, &k.ID, &k.Name, &k.Prefix, &k.Hash, &k.Scopes, &k.PersonID, &k.CreatedAt, &k.ExpiresAt, &k.LastUsedAt, &k.RevokedAt)
	}, apiKeyByHash, hash)
	return k, p, fail(err, "find an API key")
}

// TouchAPIKey writes when a key was used, unless a later use stands there already.
func (s *Store) TouchAPIKey(ctx context.Context, id uid.ID, at time.Time) error {
	return fail(s.tx(ctx).Exec("update api_keys set last_used_at = ? where id = ? and (last_used_at is null or last_used_at < ?)", at, id, at).Error,
		"touch API key %s", id)
}

// APIKeysOf lists a person's keys that are not revoked, the newest first, without hashes.
func (s *Store) APIKeysOf(ctx context.Context, person uid.ID) (keys []auth.APIKey, err error) {
	err = s.tx(ctx).Select("id, name, prefix, scopes, person_id, created_at, expires_at, last_used_at, revoked_at").
		Where("person_id = ? and revoked_at is null", person).Order("created_at desc, id desc").Limit(listedMax).Find(&keys).Error
	return keys, fail(err, "API keys of person %s", person)
}

// RevokeAPIKey ends one key of a person.
func (s *Store) RevokeAPIKey(ctx context.Context, person, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, auth.ErrKeyNotFound, "revoke an API key",
		"update api_keys set revoked_at = ? where id = ? and person_id = ? and revoked_at is null", at, id, person)
}

// RevokeAPIKeysOf ends all keys of a person.
func (s *Store) RevokeAPIKeysOf(ctx context.Context, person uid.ID, at time.Time) error {
	return fail(s.tx(ctx).Exec("update api_keys set revoked_at = ? where person_id = ? and revoked_at is null", at, person).Error,
		"revoke API keys of person %s", person)
}
