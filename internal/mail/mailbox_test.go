package mail_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/mail"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestTheMailboxKeepsTheLastMessagesNewestFirst(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"in memory": "", "in a folder": filepath.Join(t.TempDir(), "new", "mails")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := mailbox(t, 3, dir)
			for i := range 5 {
				m := good()
				m.Subject = fmt.Sprint("mail ", i)
				if err := box.Send(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			if got := subjects(box); !reflect.DeepEqual(got, []string{"mail 4", "mail 3", "mail 2"}) {
				t.Errorf("got %q", got)
			}
			first := box.List()[0]
			if got, err := box.Get(first.ID); err != nil || !reflect.DeepEqual(got, first) || !got.At.Equal(noon) {
				t.Errorf("got %+v, %v", got, err)
			}
			if _, err := box.Get("nothing"); !errors.Is(err, mail.ErrNoSuchMail) {
				t.Errorf("an unknown id gave %v", err)
			}
			if err := box.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAMailboxInAFolderSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	box := mailbox(t, 10, dir)
	m := good()
	m.HTML, m.Headers, m.ID = "<p>Grüße & \"mehr\"</p>", map[string]string{"X-A": "b"}, "invite-1"
	for _, s := range []string{"one", "two", "three"} {
		n := good()
		n.Subject = s
		if err := box.Send(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if err := box.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"notes.json": `{"id": "x"}`, "broken.json": "{", "readme.txt": "hello", "018f0000-0000-7000-8000-000000000000.json": `{"id":"018f0000-0000-7000-8000-000000000001"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := mailbox(t, 10, dir)
	if !reflect.DeepEqual(again.List(), box.List()) || !reflect.DeepEqual(again.List()[0].Message, m) {
		t.Errorf("before %+v\nafter  %+v", box.List(), again.List())
	}
	if got := subjects(mailbox(t, 2, dir)); !reflect.DeepEqual(got, []string{"Welcome", "three"}) {
		t.Errorf("with a smaller limit: %q", got)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2+4 {
		t.Errorf("the folder holds %q, %v: two mails and four files of others were expected", files, err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v: mails are for their owner's eyes", f, info.Mode())
		}
	}
}

func TestTheSameMailSentTwiceStandsOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	box := mailbox(t, 10, dir)
	for _, id := range []string{"a", "b", "a", "", ""} {
		m := good()
		m.ID, m.Subject = id, "mail "+id
		if err := box.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"mail ", "mail ", "mail a", "mail b"}
	if got := subjects(box); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
	if got := subjects(mailbox(t, 10, dir)); !reflect.DeepEqual(got, want) {
		t.Errorf("after a restart %q", got)
	}
}

func TestTheMailboxRefusesWhatAServerWould(t *testing.T) {
	t.Parallel()
	box := mailbox(t, 10, "")
	m := good()
	m.Subject = "x\r\nBcc: all@example.com"
	if err := box.Send(t.Context(), m); fault.Of(err).Kind != fault.KindInvalid || len(box.List()) != 0 {
		t.Fatalf("got %v, %d mails", err, len(box.List()))
	}
}

func TestAFolderThatCannotBeWrittenToIsToldByTheCheck(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mails")
	box := mailbox(t, 10, dir)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if box.Check(t.Context()) == nil || box.Send(t.Context(), good()) == nil {
		t.Error("a folder that is gone was written to")
	}
	if len(box.List()) != 0 {
		t.Error("a mail that was not kept is listed")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mail.NewMailbox(clock.At(noon), 10, file); err == nil {
		t.Error("a file was taken for a folder")
	}
}

func TestTheMailboxServesManyAtOnce(t *testing.T) {
	t.Parallel()
	box := mailbox(t, 20, t.TempDir())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if err := box.Send(context.WithoutCancel(t.Context()), good()); err != nil {
					t.Error(err)
				}
				box.List()
			}
		})
	}
	wg.Wait()
	if n := len(box.List()); n != 20 {
		t.Errorf("%d mails, want 20", n)
	}
}

func mailbox(t *testing.T, limit int, dir string) *mail.Mailbox {
	t.Helper()
	box, err := mail.NewMailbox(clock.At(noon), limit, dir)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func subjects(box *mail.Mailbox) []string {
	var out []string
	for _, s := range box.List() {
		out = append(out, s.Message.Subject)
	}
	return out
}
