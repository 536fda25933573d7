package store

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// HoldOperatorAdmins holds the active admins and counts them.
func (s *Store) HoldOperatorAdmins(ctx context.Context) (int, error) {
	var ids []uid.ID
	err := s.tx(ctx).Raw("select id from control.operators where role = 'admin' and deactivated_at is null order by id for update").Scan(&ids).Error
	return len(ids), fail(err, "hold the operators' admins")
}

// SetOperatorRole writes what an operator may do.
func (s *Store) SetOperatorRole(ctx context.Context, id uid.ID, role auth.OperatorRole) error {
	return s.changeOne(ctx, auth.ErrOperatorNotFound, "set an operator's role", "update control.operators set role = ? where id = ?", role, id)
}

// SetOperatorDeactivated writes since when an operator may not sign in; nil: they may.
func (s *Store) SetOperatorDeactivated(ctx context.Context, id uid.ID, at *time.Time) error {
	return s.changeOne(ctx, auth.ErrOperatorNotFound, "deactivate an operator", "update control.operators set deactivated_at = ? where id = ?", at, id)
}

const invitationColumns = "id, hash, email, name, role, by_id, by_name, created_at, expires_at"

// ReplaceOperatorInvitation adds an invitation in the place of one to the same e-mail.
func (s *Store) ReplaceOperatorInvitation(ctx context.Context, i auth.OperatorInvitation) error {
	if err := s.tx(ctx).Exec("delete from control.operator_invitations where email = ?", i.Email).Error; err != nil {
		return fail(err, "replace an operator's invitation")
	}
	return fail(s.tx(ctx).Table("control.operator_invitations").Create(&i).Error, "invite an operator")
}

// OperatorInvitations lists those that have not expired, newest first.
func (s *Store) OperatorInvitations(ctx context.Context, now time.Time) (all []auth.OperatorInvitation, err error) {
	err = s.tx(ctx).Table("control.operator_invitations").Select(invitationColumns).Where("expires_at > ?", now).Order("created_at desc, id").Limit(200).Find(&all).Error
	return all, fail(err, "list the operators' invitations")
}

// OperatorInvitationByHash finds an invitation, expired or not.
func (s *Store) OperatorInvitationByHash(ctx context.Context, hash []byte) (i auth.OperatorInvitation, err error) {
	err = s.tx(ctx).Table("control.operator_invitations").Select(invitationColumns).Where("hash = ?", hash).Take(&i).Error
	return i, notFound(err, auth.ErrOperatorInvitation, "find an operator's invitation")
}

// TakeOperatorInvitation finds an invitation and removes it. Of several at the same moment one meets the row.
func (s *Store) TakeOperatorInvitation(ctx context.Context, id uid.ID) (i auth.OperatorInvitation, err error) {
	err = s.tx(ctx).Table("control.operator_invitations").Select(invitationColumns).Where("id = ?", id).Take(&i).Error
	if err != nil {
		return i, notFound(err, auth.ErrOperatorInvitation, "find an operator's invitation")
	}
	return i, s.changeOne(ctx, auth.ErrOperatorInvitation, "take an operator's invitation", "delete from control.operator_invitations where id = ?", id)
}
