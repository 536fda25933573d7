package badge_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/learning/certificate"
	"lyceum/store/storetest"
)

// openBadgesLib finds the library of others that checks Open Badges; LYCEUM_TEST_OPENBADGES is where pip put it.
func openBadgesLib(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("LYCEUM_TEST_OPENBADGES")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Skip("no home directory to look for openbadgeslib in")
		}
		dir = filepath.Join(home, ".local", "share", "lyceum", "openbadgeslib")
	}
	if _, err := os.Stat(filepath.Join(dir, "openbadgeslib")); err != nil {
		t.Skip("NOT TESTED: no openbadgeslib, so no verifier that we did not write looks at our badges. Get it with '.ci/setup badges'.")
	}
	return dir
}

// judge has openbadgeslib check a token or picture against files: the DID document and the status list.
const judge = `
import json, sys
from openbadgeslib.ob3.verifier import OB3Verifier, OB3VerificationError
from openbadgeslib.ob3 import status
ask = json.load(sys.stdin)
def download(url, *a, **k):
    return ask["files"][url].encode()
token = ask["token"]
try:
    if ask["picture"]:
        token = OB3Verifier.extract_token_from_svg(ask["picture"].encode())
    v = OB3Verifier.for_issuer_did(ask["did"], download=download)
    c = v.verify(token)
    status.check_credential_status(c, download=download)
    print(json.dumps({"name": c.achievement.name, "issuer": c.issuer.name, "recipient": c.recipient_id}))
except OB3VerificationError as e:
    print(json.dumps({"refused": str(e)}))
`

type judged struct{ Name, Issuer, Recipient, Refused string }

func (h house) judged(t *testing.T, lib, token, picture string) (out judged) {
	t.Helper()
	from := portal{h: h, tenant: h.tenant}
	doc, err := from.Document(base + "/.well-known/did.json")
	list, wrong := from.List(base + "/credentials/status/1")
	if err = errors.Join(err, wrong); err != nil {
		t.Fatal(err)
	}
	ask, err := json.Marshal(map[string]any{
		"did": "did:web:acme.example", "token": token, "picture": picture,
		"files": map[string]string{base + "/.well-known/did.json": string(doc), base + "/credentials/status/1": string(list)},
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "python3", "-c", judge)
	cmd.Env, cmd.Stdin = append(os.Environ(), "PYTHONPATH="+lib), strings.NewReader(string(ask))
	var said strings.Builder
	cmd.Stderr = &said
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return out
}

func TestALibraryThatWeDidNotWriteAgrees(t *testing.T) {
	t.Parallel()
	lib := openBadgesLib(t)
	h := setup(t)
	learner, c := h.earned(t, "Judged by others")
	jwt := h.credential(t, learner, c.Code)
	picture, err := h.badges.Baked(learner, base, look, c.Code)
	if err != nil {
		t.Fatal(err)
	}
	want := judged{Name: c.CourseTitle, Issuer: look.Name, Recipient: "urn:uuid:" + c.PersonID.String()}
	if got := h.judged(t, lib, jwt, ""); got != want {
		t.Errorf("the credential: %+v", got)
	}
	if got := h.judged(t, lib, "", string(picture)); got != want {
		t.Errorf("the picture: %+v", got)
	}
	if got := h.judged(t, lib, jwt[:len(jwt)-6]+"AAAAAA", ""); got.Refused == "" {
		t.Errorf("a changed signature: %+v", got)
	}
	for months, refused := range map[int]bool{1: true, 240: false} { // its clock is the true one, ours begins in March 2026
		o := storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse("Ends"))
		if _, err := h.certificates.SetRule(h.may(t, policy.CourseEdit), certificate.Rule{CourseID: o.Course.ID, Months: &months}); err != nil {
			t.Fatal(err)
		}
		learner, c := h.earnedIn(t, o)
		if got := h.judged(t, lib, h.credential(t, learner, c.Code), ""); (got.Refused != "") != refused {
			t.Errorf("valid for %d months: %+v", months, got)
		}
	}
	if _, err := h.certificates.Revoke(h.may(t, policy.CertificateManage), certificate.Withdrawal{Code: c.Code, Reason: "Issued in error."}); err != nil {
		t.Fatal(err)
	}
	if got := h.judged(t, lib, jwt, ""); !strings.Contains(got.Refused, "revocation") {
		t.Errorf("a withdrawn one: %+v", got)
	}
}
