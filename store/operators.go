package store

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/internal/uid"
)

const operatorColumns = "o.id, o.email, o.name, o.password_hash, o.created_at, o.totp_sealed, coalesce(o.totp_step, 0) as totp_step, o.role, o.deactivated_at"

// InsertOperator adds an operator.
func (s *Store) InsertOperator(ctx context.Context, o auth.Operator) error {
	return fail(s.tx(ctx).Table("control.operators").Create(&o).Error, "add an operator")
}

// OperatorByEmail finds the operator of a normalised e-mail.
func (s *Store) OperatorByEmail(ctx context.Context, email string) (o auth.Operator, err error) {
	err = s.tx(ctx).Table("control.operators o").Select(operatorColumns).Where("o.email = ?", email).Take(&o).Error
	return o, notFound(err, auth.ErrOperatorNotFound, "find an operator")
}

// EveryOperator lists all operators by name, the deactivated last.
func (s *Store) EveryOperator(ctx context.Context) (all []auth.Operator, err error) {
	err = s.tx(ctx).Table("control.operators o").Select(operatorColumns).Order("o.deactivated_at is not null, lower(o.name), o.id").Limit(1000).Find(&all).Error
	return all, fail(err, "list the operators")
}

// OperatorByID finds an operator.
func (s *Store) OperatorByID(ctx context.Context, id uid.ID) (o auth.Operator, err error) {
	err = s.tx(ctx).Table("control.operators o").Select(operatorColumns).Where("o.id = ?", id).Take(&o).Error
	return o, notFound(err, auth.ErrOperatorNotFound, "find operator %s", id)
}

// SetOperatorTOTP writes the seed of an operator's app and the last step used.
func (s *Store) SetOperatorTOTP(ctx context.Context, id uid.ID, sealed []byte, step int64) error {
	return s.changeOne(ctx, auth.ErrOperatorNotFound, "set an operator's app",
		"update control.operators set totp_sealed = ?, totp_step = ? where id = ?", sealed, step, id)
}

// SpendOperatorStep notes that a code of a time step was used. Of several at the same moment one meets the row.
func (s *Store) SpendOperatorStep(ctx context.Context, id uid.ID, step int64) error {
	return s.changeOne(ctx, auth.ErrFactorSpent, "use an operator's code",
		"update control.operators set totp_step = ? where id = ? and totp_step < ?", step, id, step)
}

// SetOperatorPassword writes a password's hash if the old one is still there.
func (s *Store) SetOperatorPassword(ctx context.Context, id uid.ID, old, hash string) error {
	return s.changeOne(ctx, auth.ErrOperatorNotFound, "set an operator's password",
		"update control.operators set password_hash = ? where id = ? and password_hash = ?", hash, id, old)
}

// InsertOperatorSession adds an operator's session.
func (s *Store) InsertOperatorSession(ctx context.Context, session auth.OperatorSession) error {
	return fail(s.tx(ctx).Table("control.operator_sessions").Create(&session).Error, "add an operator's session")
}

// OperatorSessionByHash finds a session, expired or not, and whose it is.
func (s *Store) OperatorSessionByHash(ctx context.Context, hash []byte) (auth.OperatorSession, auth.Operator, error) {
	var row struct {
		Session  auth.OperatorSession `gorm:"embedded"`
		Operator auth.Operator        `gorm:"embedded;embeddedPrefix:o_"`
	}
	err := s.tx(ctx).Table("control.operator_sessions s").Joins("join control.operators o on o.id = s.operator_id").
		Select(`s.id, s.hash, s.operator_id, s.created_at, s.seen_at, s.verified_at, s.expires_at, s.ip, s.user_agent,
			o.id as o_id, o.email as o_email, o.name as o_name, o.created_at as o_created_at, o.totp_sealed as o_totp_sealed,
			o.role as o_role, o.deactivated_at as o_deactivated_at`).
		Where("s.hash = ?", hash).Take(&row).Error
	return row.Session, row.Operator, notFound(err, auth.ErrSessionNotFound, "find an operator's session")
}

// TouchOperatorSession writes when a session was used and until when it lasts, unless a later use stands there already.
func (s *Store) TouchOperatorSession(ctx context.Context, session auth.OperatorSession) error {
	return fail(s.tx(ctx).Exec("update control.operator_sessions set seen_at = ?, expires_at = ? where id = ? and seen_at < ?",
		session.SeenAt, session.ExpiresAt, session.ID, session.SeenAt).Error, "touch an operator's session")
}

// DeleteOperatorSession ends a session; one that is not there is no failure.
func (s *Store) DeleteOperatorSession(ctx context.Context, hash []byte) error {
	return fail(s.tx(ctx).Exec("delete from control.operator_sessions where hash = ?", hash).Error, "end an operator's session")
}

// DeleteExpiredOperatorSessions removes what has expired of an operator's.
func (s *Store) DeleteExpiredOperatorSessions(ctx context.Context, operator uid.ID, now time.Time) error {
	return fail(s.tx(ctx).Exec("delete from control.operator_sessions where operator_id = ? and expires_at <= ?", operator, now).Error,
		"clear an operator's expired sessions")
}

// VerifyOperatorSession writes when an operator proved themselves anew in a session.
func (s *Store) VerifyOperatorSession(ctx context.Context, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, auth.ErrSessionNotFound, "verify an operator's session",
		"update control.operator_sessions set verified_at = ? where id = ?", at, id)
}

// DeleteOperatorSessions ends the sessions of an operator, but one.
func (s *Store) DeleteOperatorSessions(ctx context.Context, operator, but uid.ID) error {
	return fail(s.tx(ctx).Exec("delete from control.operator_sessions where operator_id = ? and id <> ?", operator, but).Error, "end an operator's sessions")
}

// SetOperatorCodes writes the hashes of an operator's recovery codes over those from before.
func (s *Store) SetOperatorCodes(ctx context.Context, operator uid.ID, hashes [][]byte) error {
	if err := s.tx(ctx).Exec("delete from control.operator_codes where operator_id = ?", operator).Error; err != nil {
		return fail(err, "clear an operator's recovery codes")
	}
	rows := make([]operatorCode, len(hashes))
	for i, hash := range hashes {
		rows[i] = operatorCode{operator, hash}
	}
	if len(rows) == 0 {
		return nil
	}
	return fail(s.tx(ctx).Table("control.operator_codes").Create(&rows).Error, "write an operator's recovery codes")
}

type operatorCode struct {
	OperatorID uid.ID
	Hash       []byte
}

// SpendOperatorCode uses a recovery code up. Of several at the same moment one meets the row.
func (s *Store) SpendOperatorCode(ctx context.Context, operator uid.ID, hash []byte) error {
	return s.changeOne(ctx, auth.ErrFactorSpent, "use an operator's recovery code",
		"delete from control.operator_codes where operator_id = ? and hash = ?", operator, hash)
}

// OperatorCodes counts the recovery codes that an operator has left.
func (s *Store) OperatorCodes(ctx context.Context, operator uid.ID) (n int, err error) {
	err = s.tx(ctx).Raw("select count(*) from control.operator_codes where operator_id = ?", operator).Scan(&n).Error
	return n, fail(err, "count an operator's recovery codes")
}
