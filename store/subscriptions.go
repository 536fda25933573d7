package store

import (
	"context"
	"time"

	"lyceum/billing/subscription"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

const subscriptions = "control.subscriptions"

// InsertSubscription writes a new subscription; one that is there stays.
func (s *Store) InsertSubscription(ctx context.Context, sub subscription.Subscription) error {
	var there int64
	if err := s.tx(ctx).Table(subscriptions).Where("tenant_id = ?", sub.TenantID).Count(&there).Error; err != nil || there > 0 {
		return fail(err, "insert subscription")
	}
	if err := s.tx(ctx).Create(&sub).Error; err != nil {
		return fail(err, "insert subscription of %s", sub.TenantSlug)
	}
	return s.settleLife(ctx, sub.TenantID, "bill", sub.CreatedAt)
}

// SubscriptionOf finds a tenant's; subscription.ErrNotFound.
func (s *Store) SubscriptionOf(ctx context.Context, tenantID uid.ID) (sub subscription.Subscription, err error) {
	return sub, notFound(s.tx(ctx).Where("tenant_id = ?", tenantID).Take(&sub).Error, subscription.ErrNotFound, "find subscription")
}

// LockSubscription finds a tenant's and keeps it from others until the transaction ends.
func (s *Store) LockSubscription(ctx context.Context, tenantID uid.ID) (sub subscription.Subscription, err error) {
	if err := s.tx(ctx).Exec("select 1 from control.subscriptions where tenant_id = ? for update", tenantID).Error; err != nil {
		return sub, fail(err, "lock subscription")
	}
	return s.SubscriptionOf(ctx, tenantID)
}

// SubscriptionByRef finds the one that a provider knows by a reference.
func (s *Store) SubscriptionByRef(ctx context.Context, ref string) (sub subscription.Subscription, err error) {
	return sub, notFound(s.tx(ctx).Where("provider_ref = ? and provider_ref <> ''", ref).Take(&sub).Error, subscription.ErrNotFound, "find subscription")
}

// SubscriptionByCustomer finds the one whose payer a provider knows by a reference.
func (s *Store) SubscriptionByCustomer(ctx context.Context, ref string) (sub subscription.Subscription, err error) {
	return sub, notFound(s.tx(ctx).Where("customer_ref = ? and customer_ref <> ''", ref).Take(&sub).Error, subscription.ErrNotFound, "find subscription")
}

// SaveSubscription writes over the revision before; subscription.ErrChanged when that one is gone.
func (s *Store) SaveSubscription(ctx context.Context, sub subscription.Subscription) error {
	res := s.tx(ctx).Model(&subscription.Subscription{}).Where("tenant_id = ? and revision = ?", sub.TenantID, sub.Revision-1).
		Select("*").Omit("tenant_id", "tenant_slug", "created_at").UpdateColumns(&sub)
	if res.Error != nil {
		return fail(res.Error, "save subscription of %s", sub.TenantSlug)
	}
	if res.RowsAffected == 0 {
		return subscription.ErrChanged
	}
	return s.settleLife(ctx, sub.TenantID, "bill", sub.UpdatedAt)
}

// Subscriptions lists by the tenant's address.
func (s *Store) Subscriptions(ctx context.Context, f subscription.Filter) (out page.Of[subscription.Subscription], err error) {
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table(subscriptions)
	if f.Page.After != "" {
		after, err := page.Parts(f.Page.After, 2)
		if err != nil {
			return out, err
		}
		id, ok := uid.Parse(after[1])
		if !ok {
			return out, page.ErrCursor
		}
		q = q.Where("(tenant_slug, tenant_id) > (?, ?)", after[0], id) // an erased one's address may have been taken again
	}
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if f.Query != "" {
		like := "%" + escapeLike(f.Query) + "%"
		q = q.Where("tenant_slug ilike ? or tenant_name ilike ?", like, like)
	}
	var rows []subscription.Subscription
	if err := q.Order("tenant_slug, tenant_id").Limit(limit + 1).Find(&rows).Error; err != nil {
		return out, fail(err, "list subscriptions")
	}
	return page.Cut(rows, limit, func(s subscription.Subscription) []string { return []string{s.TenantSlug, s.TenantID.String()} }), nil
}

// SubscriptionsAfter walks over those whose data are not gone, by tenant, n at a time.
func (s *Store) SubscriptionsAfter(ctx context.Context, after uid.ID, n int) (list []subscription.Subscription, err error) {
	return list, fail(s.tx(ctx).Where("tenant_id > ? and erased_at is null", after).Order("tenant_id").Limit(n).Find(&list).Error, "walk subscriptions")
}

// SubscriptionNames are the names of tenants, by their ids.
func (s *Store) SubscriptionNames(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error) {
	out := map[uid.ID]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []subscription.Subscription
	err := s.tx(ctx).Select("tenant_id, tenant_name").Where("tenant_id in ?", ids).Find(&rows).Error
	for _, r := range rows {
		out[r.TenantID] = r.TenantName
	}
	return out, fail(err, "names of %d tenants", len(ids))
}

// InsertStep writes a step.
func (s *Store) InsertStep(ctx context.Context, step subscription.Step) error {
	return fail(s.tx(ctx).Table("control.subscription_steps").Create(&step).Error, "write a step")
}

// StepsOf lists a tenant's newest steps.
func (s *Store) StepsOf(ctx context.Context, tenantID uid.ID, n int) (list []subscription.Step, err error) {
	return list, fail(s.tx(ctx).Table("control.subscription_steps").Where("tenant_id = ?", tenantID).Order("id desc").Limit(n).Find(&list).Error, "list steps")
}

// StepCounts counts steps of all tenants from a moment until another, both included.
func (s *Store) StepCounts(ctx context.Context, from, until time.Time) (list []subscription.StepCount, err error) {
	return list, fail(s.tx(ctx).Raw(`select from_state, to_state, why, count(*)::int as count from control.subscription_steps
		where at >= ? and at <= ? group by from_state, to_state, why order by from_state, to_state, why`, from, until).Scan(&list).Error, "count steps")
}

// InsertLetter writes a letter once for its kind and occasion.
func (s *Store) InsertLetter(ctx context.Context, l subscription.Letter) (written bool, err error) {
	var there int64
	err = s.tx(ctx).Model(&l).Where("tenant_id = ? and kind = ? and occasion = ?", l.TenantID, l.Kind, l.Occasion).Count(&there).Error
	if err != nil || there > 0 {
		return false, fail(err, "write a letter")
	}
	return true, fail(s.tx(ctx).Create(&l).Error, "write a letter")
}

// LettersToSend lists letters that did not go out yet, the oldest first.
func (s *Store) LettersToSend(ctx context.Context, n int) (list []subscription.Letter, err error) {
	return list, fail(s.tx(ctx).Where("sent_at is null").Order("created_at, id").Limit(n).Find(&list).Error, "list letters")
}

// LettersOf lists a tenant's letters, the oldest first.
func (s *Store) LettersOf(ctx context.Context, tenantID uid.ID) (list []subscription.Letter, err error) {
	return list, fail(s.tx(ctx).Where("tenant_id = ?", tenantID).Order("created_at, id").Limit(1000).Find(&list).Error, "list letters")
}

// MarkLetterSent notes that a letter went out.
func (s *Store) MarkLetterSent(ctx context.Context, id uid.ID, at time.Time) error {
	return fail(s.tx(ctx).Exec("update control.billing_letters set sent_at = ? where id = ?", at, id).Error, "mark a letter")
}

// SaveInvoice writes a bill, over the one of the same reference.
func (s *Store) SaveInvoice(ctx context.Context, i subscription.Invoice) error {
	var there int64
	if err := s.tx(ctx).Model(&i).Where("tenant_id = ? and ref = ?", i.TenantID, i.Ref).Count(&there).Error; err != nil {
		return fail(err, "save a bill")
	}
	if there == 0 {
		return fail(s.tx(ctx).Create(&i).Error, "write a bill")
	}
	return fail(s.tx(ctx).Model(&subscription.Invoice{}).Where("tenant_id = ? and ref = ?", i.TenantID, i.Ref).
		Select("*").Omit("tenant_id", "ref", "source").Updates(&i).Error, "save a bill")
}

// InvoiceOf finds a tenant's bill; subscription.ErrInvoiceNotFound when it is not there, or another tenant's.
func (s *Store) InvoiceOf(ctx context.Context, tenantID uid.ID, ref string) (i subscription.Invoice, err error) {
	return i, notFound(s.tx(ctx).Where("tenant_id = ? and ref = ?", tenantID, ref).Take(&i).Error, subscription.ErrInvoiceNotFound, "find a bill")
}

// InvoicesOf lists a tenant's newest bills.
func (s *Store) InvoicesOf(ctx context.Context, tenantID uid.ID, n int) (list []subscription.Invoice, err error) {
	return list, fail(s.tx(ctx).Where("tenant_id = ?", tenantID).Order("period_start desc, created_at desc, ref").Limit(n).Find(&list).Error, "list bills")
}

// OverdueInvoices counts a tenant's own bills that are open beyond their date.
func (s *Store) OverdueInvoices(ctx context.Context, tenantID uid.ID, now time.Time) (int, error) {
	var n int64
	err := s.tx(ctx).Model(&subscription.Invoice{}).Where("tenant_id = ? and source = 'own' and status = 'open' and due_at <= ?", tenantID, now).Count(&n).Error
	return int(n), fail(err, "count overdue bills")
}

// OwnInvoiceCount counts our own bills of a year; it keeps others from writing one until the transaction ends, so that
// numbers have neither gap nor double.
func (s *Store) OwnInvoiceCount(ctx context.Context, year int) (int, error) {
	if err := s.tx(ctx).Exec("select pg_advisory_xact_lock(7206210005)").Error; err != nil {
		return 0, fail(err, "lock the bills' numbers")
	}
	var n int64
	err := s.tx(ctx).Raw("select count(*) from control.invoices where source = 'own' and number like ?", time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-")+"%").Scan(&n).Error
	return int(n), fail(err, "count bills")
}

// Aside gives a context outside the transaction that runs, for a look at the control schema from within a tenant's: a control
// transaction never waits for a tenant's, so the two cannot wait for each other.
func (s *Store) Aside(ctx context.Context) context.Context {
	return context.WithValue(ctx, runningKey{}, (*running)(nil))
}
