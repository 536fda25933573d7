package store

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/internal/uid"
)

const factorColumns = "id, person_id, kind, name, sealed, credential_id, data, last_step, created_at, confirmed_at, last_used_at"

// InsertFactor adds a second factor.
func (s *Store) InsertFactor(ctx context.Context, f auth.Factor) error {
	return fail(s.tx(ctx).Table("factors").Create(&f).Error, "add a factor")
}

// FactorsOf lists a person's second factors of every kind, the oldest first.
func (s *Store) FactorsOf(ctx context.Context, person uid.ID) (factors []auth.Factor, err error) {
	err = s.tx(ctx).Table("factors").Select(factorColumns).Where("person_id = ?", person).Order("created_at, id").Limit(listedMax).Find(&factors).Error
	return factors, fail(err, "factors of person %s", person)
}

// FactorByCredential finds the passkey of a credential id.
func (s *Store) FactorByCredential(ctx context.Context, credential []byte) (f auth.Factor, err error) {
	err = s.tx(ctx).Table("factors").Select(factorColumns).Where("credential_id = ? and kind = ?", credential, auth.FactorPasskey).Take(&f).Error
	return f, notFound(err, auth.ErrFactorNotFound, "find a passkey")
}

// SpendStep notes that a code of a time step was used. Of several at the same moment one meets the row, the others none.
func (s *Store) SpendStep(ctx context.Context, id uid.ID, step int64, at time.Time) error {
	return s.changeOne(ctx, auth.ErrFactorSpent, "use a code",
		"update factors set last_step = ?, last_used_at = ? where id = ? and last_step < ?", step, at, id, step)
}

// SetFactor writes data and when it was last used.
func (s *Store) SetFactor(ctx context.Context, f auth.Factor) error {
	return s.changeOne(ctx, auth.ErrFactorNotFound, "change a factor", "update factors set data = ?, last_used_at = ? where id = ?", f.Data, f.LastUsedAt, f.ID)
}

// DeleteFactor removes one factor of a person.
func (s *Store) DeleteFactor(ctx context.Context, person, id uid.ID) error {
	return s.removeOne(ctx, auth.ErrFactorNotFound, "remove a factor", "factors", "id = ? and person_id = ?", id, person)
}

// DeleteFactors removes a person's factors of these kinds, of all when none is named, and says how many.
func (s *Store) DeleteFactors(ctx context.Context, person uid.ID, kinds ...auth.FactorKind) (int, error) {
	where, args := "person_id = ?", []any{person}
	if len(kinds) > 0 {
		where, args = where+" and kind in ?", append(args, kinds)
	}
	res := s.remove(ctx, "factors", where, args...)
	return int(res.RowsAffected), fail(res.Error, "remove factors of person %s", person)
}

// InsertChallenge adds something under way with a browser, and clears away what of the person's is over.
func (s *Store) InsertChallenge(ctx context.Context, h auth.Handshake) error {
	err := s.tx(ctx).Exec("delete from handshakes where person_id = ? and purpose in ? and expires_at <= ?", h.PersonID, auth.HandshakePurposes(), h.CreatedAt).Error
	if err != nil {
		return fail(err, "clear a person's handshakes")
	}
	return fail(s.tx(ctx).Table("handshakes").Create(&h).Error, "add a handshake")
}

// ChallengeByHash finds something under way, used, expired or not.
func (s *Store) ChallengeByHash(ctx context.Context, purpose auth.HandshakePurpose, hash []byte) (h auth.Handshake, err error) {
	err = s.tx(ctx).Table("handshakes").Select("id, hash, purpose, person_id, sealed, tries, created_at, expires_at, used_at").
		Where("hash = ? and purpose = ?", hash, purpose).Take(&h).Error
	return h, notFound(err, auth.ErrChallengeOver, "find a handshake")
}

// TryChallenge counts a try while there are some left.
func (s *Store) TryChallenge(ctx context.Context, id uid.ID, limit int, at time.Time) error {
	return s.changeOne(ctx, auth.ErrChallengeOver, "count a try",
		"update handshakes set tries = tries + 1 where id = ? and tries < ? and used_at is null and expires_at > ?", id, limit, at)
}

// SpendChallenge uses something under way up. Of several at the same moment one meets the row, the others none.
func (s *Store) SpendChallenge(ctx context.Context, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, auth.ErrChallengeOver, "use a handshake up",
		"update handshakes set used_at = ? where id = ? and used_at is null and expires_at > ?", at, id, at)
}

// DeleteChallenges removes what is under way of a person, for auth's own purposes.
func (s *Store) DeleteChallenges(ctx context.Context, person uid.ID) error {
	return fail(s.tx(ctx).Exec("delete from handshakes where person_id = ? and purpose in ?", person, auth.HandshakePurposes()).Error,
		"void handshakes of person %s", person)
}

// SpendCeremony notes that the challenge of a passkey was answered.
func (s *Store) SpendCeremony(ctx context.Context, hash []byte, expires time.Time) error {
	// The hash stands second: GORM spreads bytes right behind a parenthesis into one value each.
	return s.changeOne(ctx, auth.ErrPasskeyRefused, "use a passkey's challenge up",
		"insert into seen_assertions (expires_at, hash) values (?, ?) on conflict (hash) do nothing", expires, hash)
}

// VerifySession writes that a session's person proved themselves anew, each word of what was proven once.
func (s *Store) VerifySession(ctx context.Context, person, id uid.ID, factors string, at time.Time) error {
	return s.changeOne(ctx, auth.ErrSessionNotFound, "verify a session",
		`update sessions set verified_at = ?, factors =
			(select string_agg(distinct w, ' ') from unnest(string_to_array(trim(coalesce(factors, '') || ' ' || ?), ' ')) w)
			where id = ? and person_id = ?`, at, factors, id, person)
}
