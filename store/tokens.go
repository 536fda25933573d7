package store

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// InsertToken adds a single-use link.
func (s *Store) InsertToken(ctx context.Context, t auth.Token) error {
	return fail(s.tx(ctx).Create(&t).Error, "add a link")
}

// TokenByHash finds a link of the kind, used, expired or not, and whose it is.
func (s *Store) TokenByHash(ctx context.Context, kind auth.TokenKind, hash []byte) (auth.Token, auth.Person, error) {
	var row struct {
		Token  auth.Token `gorm:"embedded"`
		Holder holderRow  `gorm:"embedded"`
	}
	err := s.tx(ctx).Table("tokens t").Joins("join people p on p.id = t.person_id").
		Select("t.hash, t.kind, t.person_id, t.created_at, t.expires_at, t.used_at, "+holderColumns).
		Where("t.hash = ? and t.kind = ?", hash, kind).Take(&row).Error
	return row.Token, row.Holder.person(), notFound(err, auth.ErrLinkInvalid, "find a link")
}

// UseToken marks a link used. Of several at the same moment one meets the row, the others none.
func (s *Store) UseToken(ctx context.Context, kind auth.TokenKind, hash []byte, at time.Time) error {
	return s.changeOne(ctx, auth.ErrLinkInvalid, "use a link",
		"update tokens set used_at = ? where hash = ? and kind = ? and used_at is null and expires_at > ?", at, hash, kind, at)
}

// DeleteTokens removes a person's links of these kinds.
func (s *Store) DeleteTokens(ctx context.Context, person uid.ID, kinds ...auth.TokenKind) error {
	return fail(s.tx(ctx).Exec("delete from tokens where person_id = ? and kind in ?", person, kinds).Error, "void links of person %s", person)
}
