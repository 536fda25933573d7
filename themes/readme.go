package themes

import (
	"bytes"
	"fmt"
	"html/template"
	"time"

	"lyceum/auth/privacy"
	"lyceum/auth/privacy/access"
)

// dataReadme is what the page calls that explains a copy of somebody's data.
type dataReadme struct {
	talk
	access.Readme
	Portal, Address         string
	At                      time.Time
	Another, AnotherAddress string
}

// Kept says how long a class is kept.
func (d dataReadme) Kept(c privacy.Class) (string, error) {
	return d.Named("copy_kept", c)
}

func parseReadme(f folder) (*template.Template, error) {
	const name = "readmes/data.html"
	return template.New(name).Parse(string(f[name]))
}

// DataReadme writes the page that explains a copy of somebody's data (GDPR Art. 15(1)): one file that needs no other, in the language of
// the request. Portal is the organization's name, address the portal's.
func (s *Set) DataReadme(r access.Readme, portal, address string) (string, error) {
	at, err := time.Parse(time.RFC3339, r.Made)
	if err != nil {
		return "", fmt.Errorf("readme of a copy: %w", err)
	}
	var out bytes.Buffer
	d := dataReadme{talk: s.talk(PickLocale(r.Request.Locale, ""), r.Request.Zone, at), Readme: r, Portal: portal, Address: address, At: at, Another: access.AnotherPerson, AnotherAddress: access.AnotherAddress}
	if err := s.readme.Execute(&out, d); err != nil {
		return "", fmt.Errorf("readme of a copy: %w", err)
	}
	return out.String(), nil
}
