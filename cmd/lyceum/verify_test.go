package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lyceum/learning/badge"
	"lyceum/learning/certificate"
	"lyceum/tenant"
)

// checkedOffLine checks a certificate's badge as anyone does who has kept three files: while it is valid, when it is over, and
// with a byte changed.
func checkedOffLine(t *testing.T, a *app, learner context.Context, c certificate.Certificate) {
	t.Helper()
	at, _ := tenant.From(learner)
	base := a.hosts.PortalURL(at)
	picture, err := a.badges.Baked(learner, base, tenant.DefaultBrand(at.Name), c.Code)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := a.badges.Issuer(learner, base)
	if err != nil {
		t.Fatal(err)
	}
	list, err := a.badges.StatusList(learner, base, 1)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := &verifyCmd{DID: filepath.Join(dir, "did.json"), Status: filepath.Join(dir, "status.jwt"), Offline: true}
	if err = errors.Join(os.WriteFile(cmd.DID, doc, 0o600), os.WriteFile(cmd.Status, []byte(list), 0o600)); err != nil {
		t.Fatal(err)
	}
	from := badgeSource{cmd: cmd, ctx: t.Context()}
	verify := func(file []byte, at time.Time) (string, error) {
		var out bytes.Buffer
		err := verifyBadge(file, from, at, &out)
		return out.String(), err
	}
	day := c.LastDay().Format(time.DateOnly)
	if said, err := verify(picture, time.Now()); err != nil || !strings.Contains(said, c.PersonName) || !strings.Contains(said, "Until     "+day) || !strings.Contains(said, "not withdrawn") {
		t.Errorf("%v: %s", err, said)
	}
	if said, err := verify(picture, c.ValidUntil.Add(time.Second)); !errors.Is(err, badge.ErrExpired) || !strings.Contains(said, "EXPIRED   it was valid until "+day) {
		t.Errorf("%v: %s", err, said)
	}
	jwt, err := badge.Extract(picture)
	if err != nil {
		t.Fatal(err)
	}
	if said, err := verify([]byte(jwt[:len(jwt)-8]+"AAAAAAAA"), time.Now()); err == nil || said != "" {
		t.Errorf("a changed one: %v: %s", err, said)
	}
	cmd.DID = ""
	if _, err = verify(picture, time.Now()); !errors.Is(err, errOffline) {
		t.Errorf("without the issuer's document: %v", err)
	}
}
