package store

import (
	"context"
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
)

// AddBank writes a new bank.
func (s *Store) AddBank(ctx context.Context, b bank.Bank) error {
	return fail(s.tx(ctx).Create(&b).Error, "add bank %s", b.ID)
}

// bankAccess is what somebody may do with a bank b, as a bank.Access.
const bankAccess = `case when ? or b.owner_id = ? then 3 else greatest(
	case b.everyone when 'edit' then 2 when 'see' then 1 else 0 end,
	coalesce((select max(case when x.may_edit then 2 else 1 end) from bank_shares x where x.bank_id = b.id and (
		x.role in (select r.role from person_roles r where r.person_id = ?) or x.group_id in (select m.group_id from group_members m where m.person_id = ?))), 0)) end`

// banksFor selects banks with what somebody may do with them and how many questions they have.
const banksFor = `select * from (select b.id, b.name, b.about, b.owner_id, b.everyone, b.revision, b.archived_at, b.created_at, b.updated_at,
	lower(b.name) as sort_key, coalesce(p.name, '') as owner_name, (` + bankAccess + `) as access,
	(select count(*) from questions q where q.bank_id = b.id and q.archived_at is null) as questions
	from banks b left join people p on p.id = b.owner_id) b where b.access > 0`

// bankRow is a bank in a list with the key the list is sorted by.
type bankRow struct {
	bank.Listed
	SortKey string
}

// BankFor reads a bank and what somebody may do with it.
func (s *Store) BankFor(ctx context.Context, id uid.ID, who bank.Asker) (bank.Listed, error) {
	var row bankRow
	err := s.tx(ctx).Raw(banksFor+" and b.id = ?", who.All, who.PersonID, who.PersonID, who.PersonID, id).Take(&row).Error
	return row.Listed, notFound(err, bank.ErrNotFound, "bank %s", id)
}

// Banks lists the banks that somebody may see, by name.
func (s *Store) Banks(ctx context.Context, who bank.Asker, f bank.BankFilter) (out page.Of[bank.Listed], err error) {
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table("("+banksFor+") b", who.All, who.PersonID, who.PersonID, who.PersonID).Where("(b.archived_at is not null) = ?", f.Archived)
	if f.Query != "" {
		like := "%" + likeText.Replace(f.Query) + "%"
		q = q.Where("(b.name ilike ? or b.about ilike ?)", like, like)
	}
	if q, err = afterName(q, "(b.sort_key, b.id) > (?, ?)", f.Page.After); err != nil {
		return out, err
	}
	var rows []bankRow
	if err = q.Order("b.sort_key, b.id").Limit(limit + 1).Scan(&rows).Error; err != nil {
		return out, fail(err, "list banks")
	}
	return byName(rows, limit, func(r bankRow) (string, uid.ID) { return r.SortKey, r.ID }, func(r bankRow) bank.Listed { return r.Listed }), nil
}

// TakeBankRevision counts a bank's revision up when it still is the one named, and holds the bank with that.
func (s *Store) TakeBankRevision(ctx context.Context, id uid.ID, revision int, at time.Time) (taken bool, err error) {
	res := s.tx(ctx).Exec("update banks set revision = revision + 1, updated_at = ? where id = ? and revision = ?", at, id, revision)
	return res.RowsAffected == 1, fail(res.Error, "take revision %d of bank %s", revision, id)
}

// UpdateBank writes what may change of a bank.
func (s *Store) UpdateBank(ctx context.Context, b bank.Bank) error {
	return s.changeOne(ctx, bank.ErrNotFound, "update bank", "update banks set name = ?, about = ?, everyone = ?, archived_at = ? where id = ?", b.Name, b.About, b.Everyone, b.ArchivedAt, b.ID)
}

// RemoveBank removes a bank without questions. Holding its row first keeps questions from coming in meanwhile.
func (s *Store) RemoveBank(ctx context.Context, id uid.ID) (bool, error) {
	res := s.tx(ctx).Exec("delete from banks b where b.id in (select id from banks where id = ? for update) and not exists (select 1 from questions q where q.bank_id = b.id)", id)
	return res.RowsAffected == 1, fail(res.Error, "remove bank %s", id)
}

// Shares lists with whom a bank is shared.
func (s *Store) Shares(ctx context.Context, of uid.ID) (list []bank.Share, err error) {
	err = s.tx(ctx).Raw(`select x.id, x.bank_id, x.role, x.group_id, x.may_edit, coalesce(r.name, g.name, '') as name from bank_shares x
		left join roles r on r.code = x.role left join groups g on g.id = x.group_id where x.bank_id = ? order by x.role is null, lower(coalesce(r.name, g.name)), x.id`, of).Scan(&list).Error
	return list, fail(err, "shares of bank %s", of)
}

// SetShares puts shares in the place of those there are.
func (s *Store) SetShares(ctx context.Context, of uid.ID, shares []bank.Share) error {
	if err := s.tx(ctx).Exec("delete from bank_shares where bank_id = ?", of).Error; err != nil {
		return fail(err, "clear the shares of bank %s", of)
	}
	for _, x := range shares {
		if err := s.tx(ctx).Exec("insert into bank_shares (id, bank_id, role, group_id, may_edit) values (?, ?, ?, ?, ?)", x.ID, of, x.Role, x.GroupID, x.MayEdit).Error; err != nil {
			return fail(err, "share bank %s", of)
		}
	}
	return nil
}

// Folders lists the folders and tags of a bank.
func (s *Store) Folders(ctx context.Context, of uid.ID) (out bank.Places, err error) {
	err = s.tx(ctx).Raw("select folder as name, count(*) as count from questions where bank_id = ? and archived_at is null group by folder order by lower(folder), folder limit 1000", of).Scan(&out.Folders).Error
	if err != nil {
		return out, fail(err, "folders of bank %s", of)
	}
	err = s.tx(ctx).Raw("select t.tag as name, count(*) as count from questions q, jsonb_array_elements_text(q.tags) t(tag) where q.bank_id = ? and q.archived_at is null group by t.tag order by t.tag limit 1000", of).Scan(&out.Tags).Error
	return out, fail(err, "tags of bank %s", of)
}
