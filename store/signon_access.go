package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

const rulesName = "sign_on"

// SignOnRules reads the organization's rules of sign-on.
func (s *Store) SignOnRules(ctx context.Context) (r signon.Rules, err error) {
	return s.signOnRules(ctx, "select value::text from settings where name = ?")
}

// LockSignOnRules reads the rules and holds them until the transaction ends.
func (s *Store) LockSignOnRules(ctx context.Context) (r signon.Rules, err error) {
	// When nobody has set rules there is no row to hold yet. Who inserts it second waits for the first.
	empty, err := json.Marshal(signon.Rules{})
	if err != nil {
		return r, fmt.Errorf("rules of sign-on: %w", err)
	}
	err = s.tx(ctx).Exec("insert into settings (name, value, updated_at) values (?, ?, ?) on conflict (name) do nothing", rulesName, string(empty), time.Unix(0, 0).UTC()).Error
	if err != nil {
		return r, fail(err, "hold the rules of sign-on")
	}
	return s.signOnRules(ctx, "select value::text from settings where name = ? for update")
}

func (s *Store) signOnRules(ctx context.Context, query string) (r signon.Rules, err error) {
	var raw []string
	if err = s.tx(ctx).Raw(query, rulesName).Scan(&raw).Error; err != nil || len(raw) == 0 {
		return r, fail(err, "read the rules of sign-on")
	}
	return r, json.Unmarshal([]byte(raw[0]), &r)
}

// SaveSignOnRules writes rules that are held.
func (s *Store) SaveSignOnRules(ctx context.Context, r signon.Rules, at time.Time) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("rules of sign-on: %w", err)
	}
	return s.changeOne(ctx, signon.ErrRulesChanged, "save the rules of sign-on", "update settings set value = ?, updated_at = ? where name = ?", string(raw), at, rulesName)
}

// linked tells whether a connection that is on has signed p in.
const linked = "exists (select 1 from identities i join connections c on c.id = i.connection_id and c.status = 'on' where i.person_id = p.id)"

const holderOfLinks = personColumns + ", p.password_hash, " + personRoles + ", " + linked + " as linked"

type linkedRow struct {
	Row    personRow `gorm:"embedded"`
	Linked bool
}

// PeopleInRoles gives active people with any of the roles, by name, with all of theirs and whether they are linked.
func (s *Store) PeopleInRoles(ctx context.Context, roles []policy.Role, n int) (list []signon.Holder, err error) {
	if len(roles) == 0 {
		return nil, nil
	}
	var rows []linkedRow
	err = s.tx(ctx).Table("people p").Select(holderOfLinks).
		Where("p.status = ? and exists (select 1 from person_roles f where f.person_id = p.id and f.role in ?)", auth.PersonActive, roles).
		Order("lower(p.name), p.id").Limit(n).Find(&rows).Error
	for _, r := range rows {
		list = append(list, signon.Holder{Person: r.Row.person(), Linked: r.Linked})
	}
	return list, fail(err, "people in roles %v", roles)
}

// HolderByID gives a person with whether they are linked.
func (s *Store) HolderByID(ctx context.Context, id uid.ID) (signon.Holder, error) {
	var row linkedRow
	err := s.tx(ctx).Table("people p").Select(holderOfLinks).Where("p.id = ?", id).Take(&row).Error
	return signon.Holder{Person: row.Row.person(), Linked: row.Linked}, notFound(err, auth.ErrPersonNotFound, "find a person")
}

// CountUnlinked counts active people whom no connection that is on has signed in, and all active people.
func (s *Store) CountUnlinked(ctx context.Context) (unlinked, all int, err error) {
	var row struct{ Unlinked, All int }
	err = s.tx(ctx).Raw(`select count(*) filter (where not `+linked+`) as unlinked, count(*) as "all" from people p where p.status = ?`, auth.PersonActive).Scan(&row).Error
	return row.Unlinked, row.All, fail(err, "count people without a connection")
}

const (
	emergencies      = "break_glass"
	emergencyColumns = "id, reason, requested_by, requested_at, expires_at, minutes, approved_by, approved_at, open_until, ended_by, ended_at"
)

// InsertEmergency adds a request to open local sign-in.
func (s *Store) InsertEmergency(ctx context.Context, e signon.Emergency) error {
	return fail(s.tx(ctx).Table(emergencies).Create(&e).Error, "add a request for break-glass")
}

// SetEmergency writes who approved a request and who ended it.
func (s *Store) SetEmergency(ctx context.Context, e signon.Emergency) error {
	return s.changeOne(ctx, signon.ErrNothingWaits, "change break-glass",
		"update break_glass set approved_by = ?, approved_at = ?, open_until = ?, ended_by = ?, ended_at = ? where id = ?",
		e.ApprovedBy, e.ApprovedAt, e.OpenUntil, e.EndedBy, e.EndedAt, e.ID)
}

// LastEmergencies lists the newest first.
func (s *Store) LastEmergencies(ctx context.Context, n int) (list []signon.Emergency, err error) {
	err = s.tx(ctx).Table(emergencies).Select(emergencyColumns).Order("requested_at desc, id desc").Limit(n).Find(&list).Error
	return list, fail(err, "list break-glass")
}

// EndLocalSessionsUntil ends the local sessions that were bounded to an instant, and says how many.
func (s *Store) EndLocalSessionsUntil(ctx context.Context, until time.Time) (int, error) {
	res := s.remove(ctx, "sessions", "ends_at = ? and connection_id is null", until)
	return int(res.RowsAffected), fail(res.Error, "end the sessions of break-glass")
}

const (
	setupLinks       = "setup_links"
	setupLinkColumns = "id, hash, name, email, kind, mailed, connection_id, created_by, created_at, expires_at, opened_at, browser, finished_at, revoked_at"
)

// InsertSetupLink adds a set-up link.
func (s *Store) InsertSetupLink(ctx context.Context, l signon.SetupLink) error {
	return fail(s.tx(ctx).Table(setupLinks).Create(&l).Error, "add a set-up link")
}

// SetupLinks lists the newest first.
func (s *Store) SetupLinks(ctx context.Context, n int) (list []signon.SetupLink, err error) {
	err = s.tx(ctx).Table(setupLinks).Select(setupLinkColumns).Order("created_at desc, id desc").Limit(n).Find(&list).Error
	return list, fail(err, "list set-up links")
}

// LockSetupLink finds a set-up link and holds it until the transaction ends.
func (s *Store) LockSetupLink(ctx context.Context, id uid.ID) (l signon.SetupLink, err error) {
	err = s.tx(ctx).Table(setupLinks).Select(setupLinkColumns).Where("id = ?", id).
		Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Take(&l).Error
	return l, notFound(err, signon.ErrSetupLinkNotFound, "find set-up link %s", id)
}

// SetupLinkByHash finds the set-up link of a secret.
func (s *Store) SetupLinkByHash(ctx context.Context, hash []byte) (l signon.SetupLink, err error) {
	err = s.tx(ctx).Table(setupLinks).Select(setupLinkColumns).Where("hash = ?", hash).Take(&l).Error
	return l, notFound(err, signon.ErrSetupLinkNotFound, "find a set-up link")
}

// BindSetupLink binds a link to a browser. Of several at the same moment one meets the row, the others none.
func (s *Store) BindSetupLink(ctx context.Context, id uid.ID, browser []byte, at time.Time) error {
	return s.changeOne(ctx, signon.ErrSetupLinkUsed, "bind a set-up link", `update setup_links set browser = ?, opened_at = ?
		where id = ? and browser is null and revoked_at is null and finished_at is null and expires_at > ?`, browser, at, id, at)
}

// SetSetupLink writes a link's secret, its connection, and when it was finished or revoked.
func (s *Store) SetSetupLink(ctx context.Context, l signon.SetupLink) error {
	return s.changeOne(ctx, signon.ErrSetupLinkNotFound, "change a set-up link",
		"update setup_links set hash = ?, connection_id = ?, finished_at = ?, revoked_at = ? where id = ?",
		l.Hash, l.ConnectionID, l.FinishedAt, l.RevokedAt, l.ID)
}

const (
	signingKeysMax    = 20
	signingKeyColumns = "id, certificate, sealed, created_at, current_at, retired_at, expires_at"
)

// SigningKeys lists our keys, the oldest first: of more than 20 the newest.
func (s *Store) SigningKeys(ctx context.Context) (list []signon.SigningKey, err error) {
	newest := s.tx(ctx).Table("signing_keys").Select(signingKeyColumns).Order("created_at desc, id desc").Limit(signingKeysMax)
	err = s.tx(ctx).Table("(?) k", newest).Select(signingKeyColumns).Order("created_at, id").Find(&list).Error
	return list, fail(err, "list signing keys")
}

// InsertSigningKey adds a key.
func (s *Store) InsertSigningKey(ctx context.Context, k signon.SigningKey) error {
	return fail(s.tx(ctx).Table("signing_keys").Create(&k).Error, "add a signing key")
}

// SetSigningKey writes when a key became current and when it was retired.
func (s *Store) SetSigningKey(ctx context.Context, k signon.SigningKey) error {
	return s.changeOne(ctx, signon.ErrKeyNotFound, "change a signing key", "update signing_keys set current_at = ?, retired_at = ? where id = ?", k.CurrentAt, k.RetiredAt, k.ID)
}

// DeleteSigningKey removes a key.
func (s *Store) DeleteSigningKey(ctx context.Context, id uid.ID) error {
	return s.changeOne(ctx, signon.ErrKeyNotFound, "remove a signing key", "delete from signing_keys where id = ?", id)
}

// NoteExpiry notes that a warning was given; first is false when it had been.
func (s *Store) NoteExpiry(ctx context.Context, what string, step int, at time.Time) (first bool, err error) {
	res := s.tx(ctx).Exec("insert into expiry_warnings (what, step, warned_at) values (?, ?, ?) on conflict (what, step) do nothing", what, step, at)
	return res.RowsAffected == 1, fail(res.Error, "note a warning")
}

const endingsMax = 1000

// DirectoryTokensEnding lists tokens of directories that are in use and end before an instant.
func (s *Store) DirectoryTokensEnding(ctx context.Context, now, before time.Time) (list []signon.Ending, err error) {
	err = s.tx(ctx).Table("directory_tokens t").Joins("join directories d on d.id = t.directory_id").
		Select("t.id, d.name || ' · ' || t.name as name, t.expires_at as at").
		Where("t.revoked_at is null and t.expires_at > ? and t.expires_at <= ? and d.status <> 'off'", now, before).Order("t.expires_at, t.id").Limit(endingsMax).Find(&list).Error
	return list, fail(err, "tokens of directories that end")
}

// ConnectionServersEnding lists LDAP connections whose server showed, at the last sign-in, a certificate that ends soon.
func (s *Store) ConnectionServersEnding(ctx context.Context, before time.Time) (list []signon.Ending, err error) {
	err = s.tx(ctx).Raw(`select c.id, c.name, seen.until as at from connections c cross join lateral (
			select (x.line->>'until')::timestamptz as until from sign_on_attempts a
			cross join lateral jsonb_array_elements(case jsonb_typeof(a.checks) when 'array' then a.checks else '[]'::jsonb end) x(line)
			where a.connection_id = c.id and x.line->>'name' = 'tls' and x.line->>'until' is not null order by a.id desc limit 1) seen
		where c.kind = 'ldap' and c.status <> 'off' and seen.until <= ? order by seen.until, c.id limit ?`, before, endingsMax).Scan(&list).Error
	return list, fail(err, "servers of connections whose certificates end")
}

// DirectoryServersEnding lists LDAP directories whose server showed, at the last run, a certificate that ends soon.
func (s *Store) DirectoryServersEnding(ctx context.Context, before time.Time) (list []signon.Ending, err error) {
	err = s.tx(ctx).Raw(`select d.id, d.name, seen.until as at from directories d cross join lateral (
			select (x.line->>'until')::timestamptz as until from directory_runs r
			cross join lateral jsonb_array_elements(case jsonb_typeof(r.report) when 'array' then r.report else '[]'::jsonb end) x(line)
			where r.directory_id = d.id and x.line->>'name' = 'tls' and x.line->>'until' is not null order by r.id desc limit 1) seen
		where d.status <> 'off' and seen.until <= ? order by seen.until, d.id limit ?`, before, endingsMax).Scan(&list).Error
	return list, fail(err, "servers of directories whose certificates end")
}

// DirectoryAuthorities lists LDAP directories that are not off with the certificates of their authorities.
func (s *Store) DirectoryAuthorities(ctx context.Context) (list []signon.Authorities, err error) {
	err = s.tx(ctx).Raw(`select id, name, settings #>> '{ldap,ca_certificates}' as certificates from directories
		where kind = 'ldap' and status <> 'off' and coalesce(settings #>> '{ldap,ca_certificates}', '') <> '' order by id limit ?`, connectionsMax).Scan(&list).Error
	return list, fail(err, "authorities of directories")
}

// MetadataPoll gives what the polls of a connection know; the zero Poll before the first.
func (s *Store) MetadataPoll(ctx context.Context, connection uid.ID) (p signon.Poll, err error) {
	err = s.tx(ctx).Table("metadata_polls").Select("connection_id, next_at, fingerprint, leaving").Where("connection_id = ?", connection).Take(&p).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return signon.Poll{ConnectionID: connection}, nil
	}
	return p, fail(err, "poll of connection %s", connection)
}

// SaveMetadataPoll writes what the polls of a connection know.
func (s *Store) SaveMetadataPoll(ctx context.Context, p signon.Poll) error {
	return fail(s.tx(ctx).Table("metadata_polls").Clauses(clause.OnConflict{UpdateAll: true, Columns: []clause.Column{{Name: "connection_id"}}}).Create(&p).Error,
		"poll of connection %s", p.ConnectionID)
}
