package store

import (
	"context"
	"time"

	"lyceum/billing"
	"lyceum/billing/books"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

// InsertBook opens a tenant's account in the books; one that is there stays.
func (s *Store) InsertBook(ctx context.Context, a books.Account) error {
	return fail(s.tx(ctx).Exec(`insert into control.books (tenant_id, card_fails, untold, ledger, created_at, updated_at)
		values (?, false, false, '{}', ?, ?) on conflict (tenant_id) do nothing`, a.TenantID, a.CreatedAt, a.UpdatedAt).Error, "open an account")
}

// LockBook finds a tenant's account and keeps it from others until the transaction ends; books.ErrNoAccount.
func (s *Store) LockBook(ctx context.Context, tenantID uid.ID) (a books.Account, err error) {
	if err := s.tx(ctx).Exec("select 1 from control.books where tenant_id = ? for update", tenantID).Error; err != nil {
		return a, fail(err, "lock an account")
	}
	return a, notFound(s.tx(ctx).Where("tenant_id = ?", tenantID).Take(&a).Error, books.ErrNoAccount, "find an account")
}

// SaveBook writes an account whole.
func (s *Store) SaveBook(ctx context.Context, a books.Account) error {
	return fail(s.tx(ctx).Model(&books.Account{}).Where("tenant_id = ?", a.TenantID).
		Select("card_fails", "next_at", "untold", "ledger", "updated_at").Updates(&a).Error, "save an account")
}

// BooksDue lists accounts on which something was to happen by a moment, the longest due first.
func (s *Store) BooksDue(ctx context.Context, at time.Time, n int) (ids []uid.ID, err error) {
	return ids, fail(s.tx(ctx).Table("control.books").Where("next_at <= ?", at).Order("next_at, tenant_id").Limit(n).Pluck("tenant_id", &ids).Error, "list due accounts")
}

// BooksUntold lists accounts with events that nobody took, of those that changed since a moment, the longest untold first.
func (s *Store) BooksUntold(ctx context.Context, since time.Time, n int) (list []books.Account, err error) {
	return list, fail(s.tx(ctx).Where("untold and updated_at >= ?", since).Order("updated_at, tenant_id").Limit(n).Find(&list).Error, "list untold accounts")
}

// NextBookNumber counts bills within a year, from 1, without gaps: a transaction that fails takes none.
func (s *Store) NextBookNumber(ctx context.Context, year int) (n int64, err error) {
	return n, fail(s.tx(ctx).Raw(`insert into control.book_numbers (year, n) values (?, 1)
		on conflict (year) do update set n = book_numbers.n + 1 returning n`, year).Scan(&n).Error, "number a bill")
}

// InsertBookUsage writes usage unless its identifier is there.
func (s *Store) InsertBookUsage(ctx context.Context, tenantID uid.ID, u provider.Usage, at time.Time) error {
	return fail(s.tx(ctx).Exec(`insert into control.book_usage (identifier, tenant_id, meter, quantity, at, recorded_at)
		values (?, ?, ?, ?, ?, ?) on conflict (tenant_id, identifier) do nothing`, u.Identifier, tenantID, u.Meter, u.Quantity, u.At, at).Error, "write usage into the books")
}

// SumBookUsage sums a meter within [from, until).
func (s *Store) SumBookUsage(ctx context.Context, tenantID uid.ID, m billing.Meter, from, until time.Time) (sum int64, err error) {
	return sum, fail(s.tx(ctx).Raw(`select coalesce(sum(quantity), 0)::bigint from control.book_usage
		where tenant_id = ? and meter = ? and at >= ? and at < ?`, tenantID, m, from, until).Scan(&sum).Error, "sum usage of the books")
}

// BookCoupon finds a coupon by its code; books.ErrNoCoupon.
func (s *Store) BookCoupon(ctx context.Context, code string) (c books.Coupon, err error) {
	return c, notFound(s.tx(ctx).Where("code = ?", code).Take(&c).Error, books.ErrNoCoupon, "find a coupon")
}

// SaveBookOffer writes a version's prices, over what stood there.
func (s *Store) SaveBookOffer(ctx context.Context, o books.Offer) error {
	done := s.tx(ctx).Model(&books.Offer{}).Where("version_id = ?", o.VersionID).Select("archived", "offer").Updates(&o)
	if done.Error != nil || done.RowsAffected > 0 {
		return fail(done.Error, "save a price")
	}
	return fail(s.tx(ctx).Create(&o).Error, "write a price")
}

// BookOffer finds a version's prices; books.ErrNoOffer.
func (s *Store) BookOffer(ctx context.Context, version uid.ID) (o books.Offer, err error) {
	return o, notFound(s.tx(ctx).Where("version_id = ?", version).Take(&o).Error, books.ErrNoOffer, "find a price")
}

// BookOffers lists all of them.
func (s *Store) BookOffers(ctx context.Context) (list []books.Offer, err error) {
	return list, fail(s.tx(ctx).Order("version_id").Limit(10_000).Find(&list).Error, "list prices")
}
