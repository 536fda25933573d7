// Package notice is what the portal tells its people in the app: one line each, that leads to a page. Kinds stand in one
// table (kinds.go); what happened becomes notices by the table in cmd/lyceum/worker_home.go. It says how each person wants
// to be told of what, keeps what was told, and hands it on live to their open pages (Hub). It writes no mail itself, and
// security mails are not its business: those nobody can switch off.
package notice

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Notice is one thing a person is told. It is a row of notifications.
type Notice struct {
	ID       uid.ID
	PersonID uid.ID
	Source   uid.ID // the event it was made of
	Kind     Kind
	Data     Data   // what the kind's sentence names
	Path     string // of the page it leads to, within the portal
	At       time.Time
	ReadAt   *time.Time
}

// TableName is notifications.
func (Notice) TableName() string { return "notifications" }

// Data is what a notice's sentence names: course, by, due (RFC 3339), and what else its kind says.
type Data map[string]string

// Value gives the JSON object as text: a []byte fails as jsonb in pgx's exec mode.
func (d Data) Value() (driver.Value, error) {
	if d == nil {
		return "{}", nil
	}
	raw, err := json.Marshal(map[string]string(d))
	return string(raw), err
}

// Scan reads the JSON object.
func (d *Data) Scan(src any) error { return scan(src, (*map[string]string)(d)) }

// Ways is how a person is told of a kind: in the app, by mail, on the devices that they had registered, or not at all.
type Ways struct {
	App  bool `json:"app"`
	Mail bool `json:"mail"`
	Push bool `json:"push"` // nothing where they have no device
}

// Wish is how somebody wants to be told of a kind; without Push that stays as it is.
type Wish struct {
	App, Mail bool
	Push      *bool
}

// over is a wish over what held before.
func (w Wish) over(now Ways) Ways {
	now.App, now.Mail = w.App, w.Mail
	if w.Push != nil {
		now.Push = *w.Push
	}
	return now
}

// Preferences are a person's choices; a kind that is left out has its own way.
type Preferences map[Kind]Ways

// Of is how the person is told of a kind.
func (p Preferences) Of(k Kind) Ways {
	if w, chosen := p[k]; chosen {
		return w
	}
	return k.About().Ways
}

// Value gives the JSON object as text; no choices are null.
func (p Preferences) Value() (driver.Value, error) {
	if len(p) == 0 {
		return nil, nil //nolint:nilnil // null is the value
	}
	raw, err := json.Marshal(map[Kind]Ways(p))
	return string(raw), err
}

// Scan reads the JSON object. Choices from before there were devices say nothing of them: there the kind's own way holds.
func (p *Preferences) Scan(src any) error {
	var kept map[Kind]struct {
		App  bool  `json:"app"`
		Mail bool  `json:"mail"`
		Push *bool `json:"push"`
	}
	if err := scan(src, &kept); err != nil || kept == nil {
		return err
	}
	*p = make(Preferences, len(kept))
	for k, w := range kept {
		(*p)[k] = Wish{w.App, w.Mail, w.Push}.over(k.About().Ways)
	}
	return nil
}

func scan(src, into any) error {
	switch v := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(v), into)
	case []byte:
		return json.Unmarshal(v, into)
	}
	return fmt.Errorf("cannot read %T as JSON", src)
}

// Reader is a person to be told, and how they want it.
type Reader struct {
	ID          uid.ID
	Preferences Preferences
}

// Standing is how much a person has not read, and the newest they were told.
type Standing struct {
	Unread int    // MaxUnread at most
	Newest uid.ID // Nil: nothing yet
}

// MaxUnread is how far unread notices are counted.
const MaxUnread = 100

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "notification_not_found", "There is no such notification. It may have been removed after a year.")
	ErrTooMany  = fault.New(fault.KindTooMany, "too_many_streams", "Too many pages listen for notifications. Ask for them every minute instead.")
)
