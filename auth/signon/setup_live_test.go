package signon_test

import (
	"errors"
	"testing"

	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
)

// TestASetUpLinkChangesNothingThatIsOn: whoever may name the identity provider of a connection that is on signs in as
// everybody, owners too.
func TestASetUpLinkChangesNothingThatIsOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.complete("Okta")
	_, _, err := h.s.CreateSetupLink(h.admin, signon.SetupInput{Kind: signon.SetupExisting, ConnectionID: &c.ID, Name: "Lena"})
	if err != nil {
		t.Fatal(err)
	}
	link := signon.WithOnly(h.admin, signon.Only{Connection: c.ID})
	changes := func() map[string]error {
		_, settings := h.s.ChangeConnection(link, c.ID, c.Revision, signon.Change{Settings: c.Settings})
		_, mapping := h.s.ChangeConnection(link, c.ID, c.Revision, signon.Change{Mapping: auth.Mapping{{Field: auth.FieldEmail, From: []string{"mine"}}}})
		_, certificates := h.s.AddCertificates(link, c.ID, c.Revision, h.certificate("mine", 10))
		return map[string]error{"settings": settings, "mapping": mapping, "certificates": certificates}
	}
	c = h.set(c, signon.StatusOn)
	for what, err := range changes() {
		if !errors.Is(err, signon.ErrConnectionLive) {
			t.Errorf("%s of a connection that is on: %v", what, err)
		}
	}
	if _, _, err := h.s.CreateSetupLink(h.admin, signon.SetupInput{Kind: signon.SetupExisting, ConnectionID: &c.ID, Name: "Lena"}); fault.Of(err).Fields["connection"] == "" {
		t.Errorf("a link for a connection that is on: %v", err)
	}
	c = h.set(c, signon.StatusDryRun)
	for what, err := range changes() {
		if errors.Is(err, signon.ErrConnectionLive) {
			t.Errorf("%s in a dry run: %v", what, err)
		}
	}
}
