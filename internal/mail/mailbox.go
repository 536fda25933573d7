package mail

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// ErrNoSuchMail is an id that the mailbox does not, or no longer, hold.
var ErrNoSuchMail = fault.New(fault.KindNotFound, "mail_not_found", "This mail is not in the mailbox any more.")

// Stored is a message in the mailbox. Whoever shows its HTML does so in a sandbox: it was not checked.
type Stored struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Message Message   `json:"message"`
}

// Mailbox is a Sender for development and tests: it keeps the last messages and sends none. It may be used from
// several goroutines.
type Mailbox struct {
	mu    sync.Mutex
	now   clock.Clock
	limit int
	dir   string
	mails []Stored // oldest first
}

// NewMailbox opens a mailbox for the last limit messages (at least 1). With a folder, which is made when missing,
// each message is a JSON file there, and those of an earlier run are read back; files that are no messages are left
// alone.
func NewMailbox(now clock.Clock, limit int, dir string) (*Mailbox, error) {
	b := &Mailbox{now: now, limit: max(1, limit), dir: dir}
	if dir == "" {
		return b, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the mailbox's folder: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("read the mailbox: %w", err)
	}
	for _, file := range files {
		if s, ok := readMail(file); ok {
			b.mails = append(b.mails, s)
		}
	}
	slices.SortFunc(b.mails, func(x, y Stored) int { return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.ID, y.ID)) })
	return b, b.trim()
}

// readMail reads a file that has the name and the form of one of ours.
func readMail(file string) (s Stored, ok bool) {
	data, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(data, &s) != nil {
		return s, false
	}
	_, valid := uid.Parse(s.ID)
	return s, valid && filepath.Base(file) == s.ID+".json"
}

// Send implements Sender. A message whose ID is in the mailbox already takes that one's place, as a server that knows
// the Message-ID would see to.
func (b *Mailbox) Send(_ context.Context, m Message) error {
	if err := m.Validate(); err != nil {
		return err
	}
	s := Stored{ID: uid.New().String(), At: b.now(), Message: m}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.write(s); err != nil {
		return fmt.Errorf("keep mail: %w", err)
	}
	b.mails = append(b.mails, s)
	if i := slices.IndexFunc(b.mails, func(o Stored) bool { return m.ID != "" && o.Message.ID == m.ID }); i >= 0 && i < len(b.mails)-1 {
		if err := b.remove(i); err != nil {
			return err
		}
	}
	return b.trim()
}

// Check implements Sender: it writes to the folder and tidies up.
func (b *Mailbox) Check(context.Context) error {
	if b.dir == "" {
		return nil
	}
	f, err := os.CreateTemp(b.dir, "check-*")
	if err != nil {
		return fmt.Errorf("write to the mailbox's folder: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// List gives the messages, newest first.
func (b *Mailbox) List() []Stored {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.mails)
	slices.Reverse(out)
	return out
}

// Get gives one message, or ErrNoSuchMail.
func (b *Mailbox) Get(id string) (Stored, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.mails {
		if s.ID == id {
			return s, nil
		}
	}
	return Stored{}, ErrNoSuchMail
}

// trim drops the oldest messages beyond the limit.
func (b *Mailbox) trim() error {
	for len(b.mails) > b.limit {
		if err := b.remove(0); err != nil {
			return err
		}
	}
	return nil
}

func (b *Mailbox) remove(i int) error {
	if b.dir != "" {
		if err := os.Remove(b.file(b.mails[i])); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("drop old mail: %w", err)
		}
	}
	b.mails = slices.Delete(b.mails, i, i+1)
	return nil
}

func (b *Mailbox) file(s Stored) string { return filepath.Join(b.dir, s.ID+".json") }

// write puts the file beside its place first: a reader, and a restart, never meet half a message.
func (b *Mailbox) write(s Stored) error {
	if b.dir == "" {
		return nil
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	half := b.file(s) + ".half"
	if err := os.WriteFile(half, data, 0o600); err != nil {
		return err
	}
	return os.Rename(half, b.file(s))
}
