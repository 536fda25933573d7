package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// listedMax bounds what one person has of something: sessions, API keys.
const listedMax = 200

// holderColumns names the person who holds a session, link or key, under a prefix; holderRow takes them.
const holderColumns = `p.id as p_id, p.email as p_email, p.name as p_name, p.password_hash as p_password_hash, p.status as p_status,
	p.locale as p_locale, p.time_zone as p_time_zone, p.created_at as p_created_at, p.updated_at as p_updated_at, ` + personRoles

type holderRow struct {
	Person    auth.Person `gorm:"embedded;embeddedPrefix:p_"`
	RoleCodes string
}

func (r holderRow) person() auth.Person {
	p := r.Person
	p.Roles = rolesIn(r.RoleCodes)
	return p
}

// InsertSession adds a session.
func (s *Store) InsertSession(ctx context.Context, session auth.Session) error {
	return fail(s.tx(ctx).Create(&session).Error, "add a session")
}

const sessionByHash = "select s.id, s.hash, s.person_id, s.created_at, s.seen_at, s.expires_at, s.ip, s.user_agent, " +
	"coalesce(s.method, 'password'), coalesce(s.factors, ''), s.verified_at, s.connection_id, s.ends_at, " + holderColumns +
	" from sessions s join people p on p.id = s.person_id where s.hash = $1"

// SessionByHash finds a session, expired or not, and whose it is with their roles, in one query. It needs no
// transaction around it.
func (s *Store) SessionByHash(ctx context.Context, hash []byte) (ses auth.Session, p auth.Person, err error) {
	err = s.singleRow(ctx, auth.ErrSessionNotFound, func(row pgx.Row) error {
		return scanHolder(row, &p, &ses.ID, &ses.Hash, &ses.PersonID, &ses.CreatedAt, &ses.SeenAt, &ses.ExpiresAt, &ses.IP, &ses.UserAgent,
			&ses.Method, &ses.Factors, &ses.VerifiedAt, &ses.ConnectionID, &ses.EndsAt)
	}, sessionByHash, hash)
	return ses, p, fail(err, "find a session")
}

// scanHolder reads columns and, behind them, holderColumns.
func scanHolder(row pgx.Row, p *auth.Person, columns ...any) error {
	var codes string
	columns = append(columns, &p.ID, &p.Email, &p.Name, &p.PasswordHash, &p.Status, &p.Locale, &p.TimeZone, &p.CreatedAt, &p.UpdatedAt, &codes)
	if err := row.Scan(columns...); err != nil {
		return err
	}
	p.Roles = rolesIn(codes)
	return nil
}

// TouchSession writes when a session was used and until when it lasts, unless a later use stands there already.
func (s *Store) TouchSession(ctx context.Context, session auth.Session) error {
	return fail(s.tx(ctx).Exec("update sessions set seen_at = ?, expires_at = ? where id = ? and seen_at < ?",
		session.SeenAt, session.ExpiresAt, session.ID, session.SeenAt).Error, "touch session %s", session.ID)
}

// SessionsOf lists a person's sessions that have not expired, the last used first, without hashes.
func (s *Store) SessionsOf(ctx context.Context, person uid.ID, now time.Time) (sessions []auth.Session, err error) {
	err = s.tx(ctx).Table("sessions s").Joins("left join connections c on c.id = s.connection_id").
		Select(`s.id, s.person_id, s.created_at, s.seen_at, s.expires_at, s.ip, s.user_agent, coalesce(s.method, 'password') as method,
			coalesce(s.factors, '') as factors, s.verified_at, s.connection_id, s.ends_at, coalesce(c.name, '') as connection_name`).
		Where("s.person_id = ? and s.expires_at > ?", person, now).Order("s.seen_at desc, s.id desc").Limit(listedMax).Find(&sessions).Error
	return sessions, fail(err, "sessions of person %s", person)
}

// DeleteSession ends one session of a person.
func (s *Store) DeleteSession(ctx context.Context, person, id uid.ID) error {
	return s.removeOne(ctx, auth.ErrSessionNotFound, "end a session", "sessions", "id = ? and person_id = ?", id, person)
}

// DeleteSessionsBut ends a person's sessions but one and says how many.
func (s *Store) DeleteSessionsBut(ctx context.Context, person, id uid.ID) (int, error) {
	res := s.remove(ctx, "sessions", "person_id = ? and id <> ?", person, id)
	return int(res.RowsAffected), fail(res.Error, "end sessions of person %s", person)
}

// DeleteExpiredSessions removes what has expired of a person's.
func (s *Store) DeleteExpiredSessions(ctx context.Context, person uid.ID, now time.Time) error {
	return fail(s.remove(ctx, "sessions", "person_id = ? and expires_at <= ?", person, now).Error, "clear expired sessions of person %s", person)
}
