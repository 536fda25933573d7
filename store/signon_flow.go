package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

const handshakeColumns = "id, hash, browser, purpose, connection_id, person_id, sealed, tries, created_at, expires_at, used_at"

// InsertHandshake adds a handshake.
func (s *Store) InsertHandshake(ctx context.Context, h signon.Handshake) error {
	return fail(s.tx(ctx).Table("handshakes").Create(&h).Error, "add a handshake")
}

// HandshakeByHash finds a handshake by what its browser or the other side holds, used, expired or not.
func (s *Store) HandshakeByHash(ctx context.Context, hash []byte) (h signon.Handshake, err error) {
	err = s.tx(ctx).Table("handshakes").Select(handshakeColumns).Where("hash = ?", hash).Take(&h).Error
	return h, notFound(err, signon.ErrHandshakeOver, "find a handshake")
}

// HandshakeByID finds a handshake, used, expired or not.
func (s *Store) HandshakeByID(ctx context.Context, id uid.ID) (h signon.Handshake, err error) {
	err = s.tx(ctx).Table("handshakes").Select(handshakeColumns).Where("id = ?", id).Take(&h).Error
	return h, notFound(err, signon.ErrHandshakeOver, "find handshake %s", id)
}

// UseHandshake marks a handshake used. Of several at the same moment one meets the row, the others none.
func (s *Store) UseHandshake(ctx context.Context, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, signon.ErrHandshakeOver, "use a handshake",
		"update handshakes set used_at = ? where id = ? and used_at is null and expires_at > ?", at, id, at)
}

// BindHandshake binds a handshake to its first browser.
func (s *Store) BindHandshake(ctx context.Context, id uid.ID, browser []byte) error {
	return s.changeOne(ctx, signon.ErrHandshakeOver, "bind a handshake",
		"update handshakes set browser = ? where id = ? and browser is null and used_at is null", browser, id)
}

// CountTry counts a try and says how many there were.
func (s *Store) CountTry(ctx context.Context, id uid.ID) (tries int, err error) {
	var rows []int
	err = s.tx(ctx).Raw("update handshakes set tries = tries + 1 where id = ? returning tries", id).Scan(&rows).Error
	if err == nil && len(rows) == 0 {
		return 0, signon.ErrHandshakeOver
	}
	if err != nil {
		return 0, fail(err, "count a try at handshake %s", id)
	}
	return rows[0], nil
}

// VoidHandshakes removes those of a person at a connection for a purpose.
func (s *Store) VoidHandshakes(ctx context.Context, p signon.Purpose, person, connection uid.ID) error {
	return fail(s.tx(ctx).Exec("delete from handshakes where purpose = ? and person_id = ? and connection_id = ?", p, person, connection).Error,
		"void handshakes of person %s", person)
}

// DeleteHandshakes removes what expired before.
func (s *Store) DeleteHandshakes(ctx context.Context, before time.Time) error {
	return fail(s.tx(ctx).Exec("delete from handshakes where expires_at < ?", before).Error, "clear expired handshakes")
}

type seenRow struct {
	Hash      []byte
	ExpiresAt time.Time
}

// Remember notes what must not be accepted twice. Of several at the same moment, in whichever process, one notes it; the
// others wait for its transaction.
func (s *Store) Remember(ctx context.Context, hash []byte, until time.Time) (bool, error) {
	row := seenRow{Hash: hash, ExpiresAt: until} // not by Exec: GORM takes a []byte behind a parenthesis for a list
	res := s.tx(ctx).Table("seen_assertions").Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	return res.RowsAffected == 1, fail(res.Error, "remember an assertion")
}

// ForgetSeen removes what expired before.
func (s *Store) ForgetSeen(ctx context.Context, before time.Time) error {
	return fail(s.tx(ctx).Exec("delete from seen_assertions where expires_at < ?", before).Error, "forget expired assertions")
}

const identityColumns = "id, person_id, connection_id, issuer, subject, linked_by, linked_at, seen_at"

const identitiesMax = 100

// IdentityBySubject finds who a subject of a connection is.
func (s *Store) IdentityBySubject(ctx context.Context, connection uid.ID, subject string) (i signon.Identity, err error) {
	err = s.tx(ctx).Table("identities").Select(identityColumns).Where("connection_id = ? and subject = ?", connection, subject).Take(&i).Error
	return i, notFound(err, signon.ErrIdentityNotFound, "find an identity at connection %s", connection)
}

// IdentitiesOf lists a person's identities, the oldest first.
func (s *Store) IdentitiesOf(ctx context.Context, person uid.ID) (list []signon.Identity, err error) {
	err = s.tx(ctx).Table("identities").Select(identityColumns).Where("person_id = ?", person).Order("id").Limit(identitiesMax).Find(&list).Error
	return list, fail(err, "identities of person %s", person)
}

// InsertIdentity links a subject of a connection with a person.
func (s *Store) InsertIdentity(ctx context.Context, i signon.Identity) error {
	return fail(s.tx(ctx).Table("identities").Create(&i).Error, "link an identity")
}

// TouchIdentity writes when a subject last signed in.
func (s *Store) TouchIdentity(ctx context.Context, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, signon.ErrIdentityNotFound, "touch an identity", "update identities set seen_at = ? where id = ?", at, id)
}

// DeleteIdentity disconnects a subject from a person and gives what it was.
func (s *Store) DeleteIdentity(ctx context.Context, person, id uid.ID) (i signon.Identity, err error) {
	err = s.tx(ctx).Table("identities").Select(identityColumns).Where("id = ? and person_id = ?", id, person).Take(&i).Error
	if err != nil {
		return i, notFound(err, signon.ErrIdentityNotFound, "find identity %s", id)
	}
	return i, s.removeOne(ctx, signon.ErrIdentityNotFound, "disconnect an identity", "identities", "id = ? and person_id = ?", id, person)
}

// PeopleInDirectories gives the people whom directories that are on and tied to a connection know by one of these names.
func (s *Store) PeopleInDirectories(ctx context.Context, connection uid.ID, names []string, userNames bool) (people []uid.ID, err error) {
	q := s.tx(ctx).Table("directory_people dp").Joins("join directories d on d.id = dp.directory_id").
		Where("d.connection_id = ? and d.status = 'on'", connection).Distinct().Order("dp.person_id").Limit(2)
	if userNames {
		lowered := make([]string, len(names))
		for i, n := range names {
			lowered[i] = strings.ToLower(n)
		}
		q = q.Where("(dp.external_id in ? or lower(dp.user_name) in ?)", names, lowered)
	} else {
		q = q.Where("dp.external_id in ?", names)
	}
	err = q.Pluck("dp.person_id", &people).Error
	return people, fail(err, "find people in directories of connection %s", connection)
}

// DomainVerified tells whether an e-mail domain is proven for the tenant.
func (s *Store) DomainVerified(ctx context.Context, domain string) (bool, error) {
	var n int64
	err := s.tx(ctx).Table("email_domains").Where("domain = ? and verified_at is not null", domain).Count(&n).Error
	return n > 0, fail(err, "find e-mail domain %s", domain)
}

// InsertAttempt adds an attempt and removes all of its connection but the newest. Attempts at the same moment do not wait
// for each other: what one is removing, another leaves to it.
func (s *Store) InsertAttempt(ctx context.Context, a signon.Attempt, keep int) error {
	if err := s.tx(ctx).Table("sign_on_attempts").Create(&a).Error; err != nil {
		return fail(err, "add an attempt")
	}
	return fail(s.tx(ctx).Exec(`delete from sign_on_attempts where id in (
		select o.id from sign_on_attempts o where o.connection_id = ? and o.id <= (
			select n.id from sign_on_attempts n where n.connection_id = ? order by n.id desc limit 1 offset ?)`+unlessHeld(ctx, "o.person_id")+`
		for update skip locked)`, a.ConnectionID, a.ConnectionID, keep).Error, "let go of old attempts")
}

const vouchedColumns = "id, person_id, connection_id, coalesce(idp_subject, '') as idp_subject, coalesce(idp_session, '') as idp_session, idp_sealed"

// VouchedSession finds a session with what an identity provider said of it.
func (s *Store) VouchedSession(ctx context.Context, id uid.ID) (ses auth.Session, err error) {
	err = s.tx(ctx).Table("sessions").Select(vouchedColumns).Where("id = ? and connection_id is not null", id).Take(&ses).Error
	return ses, notFound(err, auth.ErrSessionNotFound, "find session %s", id)
}

// VouchedSessions lists the sessions that have a name at a connection's identity provider.
func (s *Store) VouchedSessions(ctx context.Context, connection uid.ID, name string) (list []auth.Session, err error) {
	err = s.tx(ctx).Table("sessions").Select(vouchedColumns).Where("connection_id = ? and idp_session = ?", connection, name).
		Order("id").Limit(listedMax).Find(&list).Error
	return list, fail(err, "sessions of connection %s", connection)
}

var errNobodyMeant = errors.New("store: neither a subject nor a session is named")

// EndVouchedSessions ends the sessions that are meant and names them.
func (s *Store) EndVouchedSessions(ctx context.Context, v signon.Vouched) (ended []signon.EndedSession, err error) {
	doing := "end sessions of connection " + v.Connection.String()
	where, args := "connection_id = ? and idp_subject = ? and (idp_session in ? or coalesce(idp_session, '') = '')", []any{v.Connection, v.Subject, v.Sessions}
	switch {
	case v.Subject == "" && len(v.Sessions) == 0:
		return nil, errNobodyMeant
	case len(v.Sessions) == 0:
		where, args = "connection_id = ? and idp_subject = ?", args[:2]
	case v.Subject == "":
		where, args = "connection_id = ? and idp_session in ?", []any{v.Connection, v.Sessions}
	}
	if err = s.setAside(ctx, "sessions", where, args...); err != nil {
		return nil, err
	}
	err = s.tx(ctx).Raw("delete from sessions where "+where+" returning id, person_id", args...).Scan(&ended).Error
	return ended, fail(err, "%s", doing)
}

// EndSessionsOver ends the sessions of a person that a connection opened.
func (s *Store) EndSessionsOver(ctx context.Context, person, connection uid.ID) error {
	return fail(s.remove(ctx, "sessions", "person_id = ? and connection_id = ?", person, connection).Error, "end sessions of person %s", person)
}

// EndSessionsOf ends the sessions that a connection opened but one, and names them.
func (s *Store) EndSessionsOf(ctx context.Context, connection, but uid.ID) (ended []signon.EndedSession, err error) {
	if err = s.setAside(ctx, "sessions", "connection_id = ? and id <> ?", connection, but); err != nil {
		return nil, err
	}
	err = s.tx(ctx).Raw("delete from sessions where connection_id = ? and id <> ? returning id, person_id", connection, but).Scan(&ended).Error
	return ended, fail(err, "end sessions of connection %s", connection)
}
