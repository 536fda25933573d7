package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/push"
	"lyceum/tenant"
)

// pushShape is the migration that brought devices: a portal of a shape before has none.
const pushShape = 47

func beforePush(ctx context.Context) bool {
	t, ok := tenant.From(ctx)
	return ok && t.SchemaVersion > 0 && t.SchemaVersion < pushShape
}

// PushKey gives the key that the portal's messages are signed with.
func (s *Store) PushKey(ctx context.Context) (k push.Key, found bool, err error) {
	var list []push.Key
	err = s.tx(ctx).Limit(1).Find(&list).Error
	if len(list) == 1 {
		k, found = list[0], true
	}
	return k, found, fail(err, "read the push key")
}

// AddPushKey writes it where there is none.
func (s *Store) AddPushKey(ctx context.Context, k push.Key) error {
	return fail(s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&k).Error, "add the push key")
}

// PushDevices lists those of people, the oldest first.
func (s *Store) PushDevices(ctx context.Context, people []uid.ID) (list []push.Device, err error) {
	if len(people) == 0 || beforePush(ctx) {
		return nil, nil
	}
	err = s.tx(ctx).Raw(`select d.id, d.person_id, d.session_id, d.endpoint, d.p256dh, d.auth, d.user_agent, d.added_at, d.used_at, exists (select 1 from sessions s where s.id = d.session_id) as open
		from push_devices d where d.person_id in ? order by d.added_at, d.id`, people).Scan(&list).Error
	return list, fail(err, "list devices")
}

// PushDeviceAt finds one by its address.
func (s *Store) PushDeviceAt(ctx context.Context, endpoint string) (d push.Device, err error) {
	return d, notFound(s.tx(ctx).Omit("open").Where("endpoint = ?", endpoint).Take(&d).Error, push.ErrNotFound, "find a device")
}

// SavePushDevice writes one, new or known by its address.
func (s *Store) SavePushDevice(ctx context.Context, d push.Device) error {
	anew := clause.OnConflict{Columns: []clause.Column{{Name: "endpoint"}}, DoUpdates: clause.AssignmentColumns([]string{"person_id", "session_id", "p256dh", "auth", "user_agent"})}
	return fail(s.tx(ctx).Clauses(anew).Create(&d).Error, "save a device")
}

// DeletePushDevice removes one of a person.
func (s *Store) DeletePushDevice(ctx context.Context, person, id uid.ID) error {
	return s.removeOne(ctx, push.ErrNotFound, "remove a device", "push_devices", "id = ? and person_id = ?", id, person)
}

// MarkPushDevice notes that its push service took a message.
func (s *Store) MarkPushDevice(ctx context.Context, id uid.ID, at time.Time) error {
	return fail(s.tx(ctx).Exec("update push_devices set used_at = ? where id = ?", at, id).Error, "note that a device was reached")
}

// AddPushSends writes those whose source was not sent to the device.
func (s *Store) AddPushSends(ctx context.Context, list []push.Send) (int, error) {
	written := 0
	for at := 0; at < len(list); at += insertAtOnce {
		part := list[at:min(at+insertAtOnce, len(list))]
		once := clause.OnConflict{Columns: []clause.Column{{Name: "source"}, {Name: "device_id"}}, DoNothing: true}
		res := s.tx(ctx).Clauses(once).Create(&part)
		if res.Error != nil {
			return 0, fail(res.Error, "add messages to devices")
		}
		written += int(res.RowsAffected)
	}
	return written, nil
}

// insertAtOnce keeps a statement below 65,535 parameters.
const insertAtOnce = 1000

const takePushSQL = `select s.id, s.batch, s.source, s.person_id, s.device_id, s.kind, s.data, s.path, s.state, s.attempts, s.status, s.made_at, s.next_at, s.ended_at,
		p.status = 'active' as active, p.locale, p.time_zone, p.quiet_from, p.quiet_to, p.notice_ways, n.id as notice_id
	from push_sends s join people p on p.id = s.person_id left join notifications n on n.source = s.source and n.person_id = s.person_id
	where s.batch = ? and s.state = 'waiting' and s.next_at <= ? order by s.next_at, s.id limit 1 for update of s skip locked`

// TakePushSend holds one of a batch whose time has come.
func (s *Store) TakePushSend(ctx context.Context, batch uid.ID, now time.Time) (d push.Due, found bool, err error) {
	var rows []struct {
		push.Send
		Active             bool
		Locale, TimeZone   string
		QuietFrom, QuietTo *int
		NoticeWays         sql.NullString
		NoticeID           *uid.ID
		Data               string // GORM does not scan into a map of ours
	}
	if err = s.tx(ctx).Raw(takePushSQL, batch, now).Scan(&rows).Error; err != nil || len(rows) == 0 {
		return d, false, fail(err, "take a message to a device")
	}
	r := rows[0]
	d = push.Due{Send: r.Send, Active: r.Active, Locale: r.Locale, TimeZone: r.TimeZone, QuietFrom: r.QuietFrom, QuietTo: r.QuietTo, NoticeID: r.NoticeID}
	if err = d.Data.Scan(r.Data); err == nil && r.NoticeWays.Valid {
		err = d.Wants.Scan(r.NoticeWays.String)
	}
	if err != nil || d.DeviceID == nil {
		return d, true, fail(err, "read message %s to a device", d.ID)
	}
	var device push.Device
	switch err = s.tx(ctx).Omit("open").Where("id = ?", *d.DeviceID).Take(&device).Error; {
	case err == nil:
		d.Device = &device
	case errors.Is(err, gorm.ErrRecordNotFound): // it was removed meanwhile
		err = nil
	}
	return d, true, fail(err, "device of message %s", d.ID)
}

// MovePushSend writes how far one is.
func (s *Store) MovePushSend(ctx context.Context, from push.State, one push.Send) (bool, error) {
	done := s.tx(ctx).Exec("update push_sends set state = ?, attempts = ?, status = ?, next_at = ?, ended_at = ? where id = ? and state = ?",
		one.State, one.Attempts, one.Status, one.NextAt, one.EndedAt, one.ID, from)
	return done.RowsAffected == 1, fail(done.Error, "note how far message %s to a device is", one.ID)
}

// NextPushSend is when the next one of a batch is to be sent.
func (s *Store) NextPushSend(ctx context.Context, batch uid.ID) (at time.Time, found bool, err error) {
	var list []time.Time
	err = s.tx(ctx).Raw("select next_at from push_sends where batch = ? and state = 'waiting' order by next_at limit 1", batch).Scan(&list).Error
	if len(list) == 1 {
		at, found = list[0], true
	}
	return at, found, fail(err, "when messages to devices go on")
}

// ForgetPushSends removes what was made before.
func (s *Store) ForgetPushSends(ctx context.Context, before time.Time, n int) (int, error) {
	if beforePush(ctx) {
		return 0, nil
	}
	res := s.tx(ctx).Exec("delete from push_sends where id in (select id from push_sends where id < ?"+unlessHeld(ctx, "push_sends.person_id")+" order by id limit ?)", uid.Floor(before), n)
	return int(res.RowsAffected), fail(res.Error, "forget messages to devices")
}
