// Package push tells people on the devices that they registered: browsers, and portals that were put on a phone's home screen. What is told
// is notice's to say and how each wants to be told is kept there; this room keeps the devices, and what was sent to which. Nothing is sent
// in quiet hours, and nothing twice to a device.
package push

import (
	"context"
	"net/http"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/seal"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
	"lyceum/internal/webpush"
	"lyceum/learning/notice"
)

// Key is the pair that a portal's messages are signed with (RFC 8292). It is the row of push_keys.
type Key struct {
	ID        uid.ID
	Public    string // an uncompressed point in base64url, as browsers take it
	Sealed    []byte
	CreatedAt time.Time
}

// TableName is push_keys.
func (Key) TableName() string { return "push_keys" }

// Device is a browser that takes a person's messages. It is a row of push_devices.
type Device struct {
	ID        uid.ID
	PersonID  uid.ID
	SessionID *uid.ID // it was registered or last seen in
	Endpoint  string  // of its push service
	P256dh    []byte  `gorm:"column:p256dh"`
	Auth      []byte
	UserAgent string // as the browser named itself
	AddedAt   time.Time
	UsedAt    *time.Time // when its push service took a message last
	Open      bool       `gorm:"->"` // the session is there
}

// TableName is push_devices.
func (Device) TableName() string { return "push_devices" }

func (d Device) subscription() webpush.Subscription {
	return webpush.Subscription{Endpoint: d.Endpoint, P256dh: d.P256dh, Auth: d.Auth}
}

// State is how far a send went.
type State string

// The states.
const (
	Waiting State = "waiting" // for its turn, for the end of quiet hours, or to be tried again
	Sending State = "sending" // with the push service; after a crash nobody knows, and it is not sent again
	Sent    State = "sent"
	Gone    State = "gone"    // the device takes messages no more
	Refused State = "refused" // the push service will not take it
	Dropped State = "dropped" // too late, or not wanted any more
)

// Send is one message to one device. It is a row of push_sends.
type Send struct {
	ID       uid.ID
	Batch    uid.ID // the event whose job sends it
	Source   uid.ID // the event or reminder that it tells of
	PersonID uid.ID
	DeviceID *uid.ID // nil: it was removed
	Kind     notice.Kind
	Data     notice.Data
	Path     string
	State    State
	Attempts int
	Status   int // of HTTP, the last; 0 none
	MadeAt   time.Time
	NextAt   time.Time
	EndedAt  *time.Time
}

// TableName is push_sends.
func (Send) TableName() string { return "push_sends" }

// Due is a send whose time has come, with what is to be known of its reader.
type Due struct {
	Send
	Device    *Device // nil: it was removed
	Active    bool    // the person may sign in
	Wants     notice.Preferences
	Locale    string
	TimeZone  string
	QuietFrom *int // the person's own hours; nil: the portal's
	QuietTo   *int
	NoticeID  *uid.ID // of the line in the app, where there is one
}

// Words are what a message says.
type Words struct {
	Title string // the portal's name
	Text  string
	Icon  string // its address within the portal, "" none
}

// Keeper is what is kept; every method but InTenant joins the running transaction of the tenant. A portal of a shape before has no devices.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// Readers are those of these people who may sign in, with what they chose.
	Readers(ctx context.Context, people []uid.ID) ([]notice.Reader, error)

	// PushKey gives the portal's; found is false where it has none yet.
	PushKey(ctx context.Context) (k Key, found bool, err error)
	// AddPushKey writes it where there is none.
	AddPushKey(ctx context.Context, k Key) error

	// PushDevices lists those of people, the oldest first.
	PushDevices(ctx context.Context, people []uid.ID) ([]Device, error)
	// PushDeviceAt finds one by its address; ErrNotFound.
	PushDeviceAt(ctx context.Context, endpoint string) (Device, error)
	// SavePushDevice writes one, new or known by its address.
	SavePushDevice(ctx context.Context, d Device) error
	// DeletePushDevice is ErrNotFound for one of somebody else.
	DeletePushDevice(ctx context.Context, person, id uid.ID) error
	// MarkPushDevice notes that its push service took a message.
	MarkPushDevice(ctx context.Context, id uid.ID, at time.Time) error

	// AddPushSends writes those whose source was not sent to the device, and says how many.
	AddPushSends(ctx context.Context, list []Send) (int, error)
	// TakePushSend holds one of a batch whose time has come and that nobody else holds; found is false for none.
	TakePushSend(ctx context.Context, batch uid.ID, now time.Time) (d Due, found bool, err error)
	// MovePushSend writes state, attempts, status, next_at and ended_at where it is in a state, and tells whether it was.
	MovePushSend(ctx context.Context, from State, s Send) (bool, error)
	// NextPushSend is when the next one of a batch is to be sent; found is false where none waits.
	NextPushSend(ctx context.Context, batch uid.ID) (at time.Time, found bool, err error)
	// ForgetPushSends removes what was made before, at most n, and says how many.
	ForgetPushSends(ctx context.Context, before time.Time, n int) (int, error)
}

// Options is what the service works with.
type Options struct {
	Keep Keeper
	Seal seal.Key
	// HTTP calls push services: an outbound.Client. No redirect is followed.
	HTTP *http.Client
	// Anywhere lets devices name any host and port, for tests and for the demo.
	Anywhere bool
	// Contact is how a push service reaches who runs this: mailto: or https: (RFC 8292 §2.1).
	Contact string
	// Quiet gives the portal's quiet hours, within a transaction.
	Quiet func(ctx context.Context) (notice.Quiet, error)
	// Words says a notice in a language and a zone.
	Words func(ctx context.Context, n notice.Notice, locale, zone string) (Words, error)
	// Trials bounds how often somebody has a message sent to try a device, by person; default five a minute.
	Trials *throttle.Limiter
	Now    clock.Clock
}

// Service tells people on their devices.
type Service struct {
	Options
	client *webpush.Client
}

// New makes the service.
func New(o Options) *Service {
	if o.Trials == nil {
		o.Trials = throttle.New(o.Now, 5, time.Minute, 5)
	}
	return &Service{o, webpush.NewClient(o.HTTP, o.Contact, o.Now)}
}

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "push_device_not_found", "There is no such device. It may have been removed.")
	ErrTooMany  = fault.New(fault.KindConflict, "push_devices_too_many", "You have 10 devices. Remove one that you do not use any more.")
	ErrTrials   = fault.New(fault.KindTooMany, "push_trials", "You tried this several times. Wait a minute.")
	ErrNotTaken = fault.New(fault.KindConflict, "push_not_taken", "The browser's push service did not take the message. Try again later, or remove this device and register it anew.")
	ErrAway     = fault.New(fault.KindConflict, "push_device_gone", "This device takes messages no more and was removed. Open the portal on it and switch messages on again.")
)

const (
	devicesMax   = 10
	userAgentMax = 400
	purpose      = "push key"

	// keptFor is how long what was sent is kept, and sweepAtOnce how many are removed in one transaction.
	keptFor     = 365 * 24 * time.Hour
	sweepAtOnce = 5000
)
