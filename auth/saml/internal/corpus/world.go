// Package corpus describes the responses in auth/saml/testdata that a program made once with keys of its own, honest and
// hostile ones, and the small world in which they are read again. It is for tests and for the program that renews them.
package corpus

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"lyceum/auth/saml"
)

// Names of the files in testdata.
const (
	WorldFile   = "world.json"
	HostileDir  = "hostile"
	HonestDir   = "honest"
	Manifest    = "manifest.json"
	EntityID    = "https://acme.example/saml"
	ACSURL      = "https://acme.example/sso/saml/7/acs"
	SLOURL      = "https://acme.example/sso/saml/7/slo"
	IDPEntityID = "https://idp.example/metadata"
	RequestID   = "id-3f7d6d0a1c9b4e5f8a7b6c5d4e3f2a1b0c9d8e7f"
	Person      = "ann@acme.example"
	Mallory     = "mallory@evil.example" // whom no response may ever sign in
)

// Now is when the responses arrive.
func Now() time.Time { return time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC) }

// Entry is one response: its file, what it does, and what becomes of it.
type Entry struct {
	Name string `json:"name"`
	File string `json:"file"`
	Does string `json:"does"`
	// Connection names the settings under which it arrives; empty is "plain".
	Connection string `json:"connection,omitempty"`
	// Reason is the check that refuses it; empty: it is admitted.
	Reason string `json:"reason,omitempty"`
	// Unsolicited is that this browser has no request under way.
	Unsolicited bool `json:"unsolicited,omitempty"`
	// Padding is how many spaces are put after the response before it is sent, so that large ones need no large file.
	Padding int `json:"padding,omitempty"`
	// Subject is whom an honest one names; empty is Person.
	Subject string `json:"subject,omitempty"`
}

// World is the small world of the responses: our side with its keys, and connections by name.
type World struct {
	Comment     string                   `json:"comment"`
	Provider    saml.Provider            `json:"provider"`
	Connections map[string]saml.Settings `json:"connections"`
}

// Load reads the world of a testdata folder.
func Load(testdata string) (w World, err error) { return w, read(&w, testdata, WorldFile) }

// Entries reads the manifest of one of its folders.
func Entries(testdata, dir string) (list []Entry, err error) {
	return list, read(&list, testdata, dir, Manifest)
}

func read(into any, path ...string) error {
	raw, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(path...), err)
	}
	return nil
}

// Field gives an entry's response as a browser posts it: base64, unless the file is the field itself.
func (e Entry) Field(testdata, dir string) (string, error) {
	raw, err := os.ReadFile(filepath.Join(testdata, dir, e.File))
	if err != nil || filepath.Ext(e.File) == ".b64" {
		return string(raw), err
	}
	return base64.StdEncoding.EncodeToString(append(raw, bytes.Repeat([]byte(" "), e.Padding)...)), nil
}

// Meet puts an entry before the service provider of the world.
func (w World) Meet(e Entry, field string) (saml.Provider, saml.Settings, saml.Response) {
	name := e.Connection
	if name == "" {
		name = "plain"
	}
	in := saml.Response{SAMLResponse: field, At: ACSURL, Now: Now()}
	if !e.Unsolicited {
		in.RequestIDs = []string{"id-of-an-older-tab", RequestID}
	}
	return w.Provider, w.Connections[name], in
}
