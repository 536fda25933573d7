package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/badge"
)

// BadgeKeys lists all keys, the current one first, then the newest.
func (s *Store) BadgeKeys(ctx context.Context) (keys []badge.Key, err error) {
	err = s.tx(ctx).Table("badge_keys").Order("retired_at is not null, created_at desc, id desc").Find(&keys).Error
	return keys, fail(err, "list badge keys")
}

// AddBadgeKey writes a key; added is false when there is a current one already.
func (s *Store) AddBadgeKey(ctx context.Context, k badge.Key) (added bool, err error) {
	res := s.tx(ctx).Table("badge_keys").Clauses(clause.OnConflict{DoNothing: true}).Create(&k)
	return res.RowsAffected == 1, fail(res.Error, "add a badge key")
}

// RetireBadgeKey ends the current key's signing.
func (s *Store) RetireBadgeKey(ctx context.Context, at time.Time) error {
	return fail(s.tx(ctx).Exec("update badge_keys set retired_at = ? where retired_at is null", at).Error, "retire the badge key")
}

// BadgeStatusOf gives a certificate's place in the status lists.
func (s *Store) BadgeStatusOf(ctx context.Context, certificate uid.ID) (st badge.Status, found bool, err error) {
	err = s.tx(ctx).Table("badge_statuses").Where("certificate_id = ?", certificate).Take(&st).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return st, false, nil
	}
	return st, err == nil, fail(err, "place of certificate %s", certificate)
}

// NewestBadgeList gives the last status list and how many of its places are taken.
func (s *Store) NewestBadgeList(ctx context.Context) (list, taken int, err error) {
	var row struct{ List, Taken int }
	err = s.tx(ctx).Raw("select list, count(*) as taken from badge_statuses where list = (select max(list) from badge_statuses) group by list").Scan(&row).Error
	return row.List, row.Taken, fail(err, "newest status list")
}

// AddBadgeStatus takes a place; added is false when the certificate has one, or the place is taken.
func (s *Store) AddBadgeStatus(ctx context.Context, st badge.Status) (added bool, err error) {
	res := s.tx(ctx).Table("badge_statuses").Clauses(clause.OnConflict{DoNothing: true}).Create(&st)
	return res.RowsAffected == 1, fail(res.Error, "take a place on status list %d", st.List)
}

// WithdrawnPlaces gives the places of a list whose certificates are revoked; found is false for a list without places.
func (s *Store) WithdrawnPlaces(ctx context.Context, list int) (places []int, found bool, err error) {
	err = s.tx(ctx).Raw(`select b.place from badge_statuses b join certificates c on c.id = b.certificate_id
		where b.list = ? and c.revoked_at is not null order by b.place`, list).Scan(&places).Error
	if err != nil || len(places) > 0 {
		return places, err == nil, fail(err, "withdrawn places of status list %d", list)
	}
	err = s.tx(ctx).Raw("select exists (select 1 from badge_statuses where list = ?)", list).Scan(&found).Error
	return nil, found, fail(err, "look for status list %d", list)
}

// EmailOf gives a person's address, "" for one who is not there any more.
func (s *Store) EmailOf(ctx context.Context, person uid.ID) (email string, err error) {
	err = s.tx(ctx).Raw("select email from people where id = ?", person).Scan(&email).Error
	return email, fail(err, "address of person %s", person)
}
