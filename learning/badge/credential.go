package badge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/uid"
	"lyceum/learning/certificate"
)

// The contexts of a credential, in the order that OB 3.0 §B.1 asks for.
var contexts = []string{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"}

// schemaURL is 1EdTech's own description of what a credential looks like.
const schemaURL = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"

type thing struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

type profile struct {
	ID   string   `json:"id"`
	Type []string `json:"type"`
	Name string   `json:"name"`
	URL  string   `json:"url"`
}

type picture struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Caption string `json:"caption,omitempty"`
}

type criteria struct {
	Narrative string `json:"narrative"`
}

type resultDescription struct {
	ID         string   `json:"id"`
	Type       []string `json:"type"`
	Name       string   `json:"name"`
	ResultType string   `json:"resultType"`
	Min        string   `json:"valueMin"`
	Max        string   `json:"valueMax"`
}

type achievement struct {
	ID          string              `json:"id"`
	Type        []string            `json:"type"`
	Kind        string              `json:"achievementType"`
	Name        string              `json:"name"`
	Description string              `json:"description"`
	Criteria    criteria            `json:"criteria"`
	Image       picture             `json:"image"`
	Version     string              `json:"version"`
	Results     []resultDescription `json:"resultDescription,omitempty"`
}

type identity struct {
	Type   string `json:"type"`
	Hashed bool   `json:"hashed"`
	Hash   string `json:"identityHash"`
	Kind   string `json:"identityType"`
	Salt   string `json:"salt,omitempty"`
}

type result struct {
	Type        []string `json:"type"`
	Description string   `json:"resultDescription"`
	Value       string   `json:"value"`
}

type subject struct {
	ID          string      `json:"id"`
	Type        []string    `json:"type"`
	Identifiers []identity  `json:"identifier"`
	Ended       string      `json:"activityEndDate"`
	Achievement achievement `json:"achievement"`
	Results     []result    `json:"result,omitempty"`
}

type statusEntry struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Purpose string `json:"statusPurpose"`
	Index   string `json:"statusListIndex"`
	List    string `json:"statusListCredential"`
}

type evidence struct {
	ID   string   `json:"id"`
	Type []string `json:"type"`
	Name string   `json:"name"`
}

// credential is an AchievementCredential (OB 3.0 §B.1.1) with the claims of a VC-JWT beside it (§8.2.4.1).
type credential struct {
	Context   []string    `json:"@context"`
	ID        string      `json:"id"`
	Type      []string    `json:"type"`
	Issuer    profile     `json:"issuer"`
	ValidFrom string      `json:"validFrom"`
	ValidTill string      `json:"validUntil,omitempty"`
	Name      string      `json:"name"`
	Subject   subject     `json:"credentialSubject"`
	Evidence  []evidence  `json:"evidence"`
	Status    statusEntry `json:"credentialStatus"`
	Schema    []thing     `json:"credentialSchema"`

	Iss string `json:"iss"`
	Jti string `json:"jti"`
	Sub string `json:"sub"`
	Nbf int64  `json:"nbf"`
	Exp int64  `json:"exp,omitempty"` // the same moment as validUntil (OB 3.0 §8.2.4.1)
}

// namespace is where names derived from others begin (RFC 9562, §5.5).
var namespace = uuid.MustParse("7a1d1c5e-52a4-5b0b-9d0f-1f6b8f3c0a55")

// derived gives an id that is the same for the same words.
func derived(words ...string) string {
	return "urn:uuid:" + uuid.NewSHA1(namespace, []byte(strings.Join(words, "\x00"))).String()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// facts is everything a credential is made of.
type facts struct {
	Base        string // of the portal: https://acme.example
	Issuer      string // the portal's name
	Certificate certificate.Certificate
	Person      Person
	Status      Status
	Picture     []byte // SVG
}

// listURL is where a status list is fetched.
func listURL(base string, n int) string { return base + "/credentials/status/" + strconv.Itoa(n) }

func (f facts) credential() credential {
	c := f.Certificate
	did, verify := DID(f.Base), f.Base+"/verify/"+c.Code
	out := credential{
		Context: contexts, ID: verify, Type: []string{"VerifiableCredential", "OpenBadgeCredential"},
		Issuer:    profile{ID: did, Type: []string{"Profile"}, Name: f.Issuer, URL: f.Base},
		ValidFrom: stamp(c.IssuedAt), Name: c.CourseTitle, Subject: f.subject(),
		Evidence: []evidence{{ID: verify, Type: []string{"Evidence"}, Name: "Certificate " + c.Spaced()}},
		Status: statusEntry{
			ID: listURL(f.Base, f.Status.List) + "#" + strconv.Itoa(f.Status.Place), Type: "BitstringStatusListEntry", Purpose: "revocation",
			Index: strconv.Itoa(f.Status.Place), List: listURL(f.Base, f.Status.List),
		},
		Schema: []thing{{ID: schemaURL, Type: "1EdTechJsonSchemaValidator2019"}},
		Iss:    did, Jti: verify, Nbf: c.IssuedAt.Unix(),
	}
	out.Sub = out.Subject.ID
	if c.ValidUntil != nil {
		out.ValidTill, out.Exp = stamp(*c.ValidUntil), c.ValidUntil.Unix()
	}
	return out
}

func (f facts) subject() subject {
	c := f.Certificate
	out := subject{
		ID: "urn:uuid:" + c.PersonID.String(), Type: []string{"AchievementSubject"}, Ended: stamp(c.CompletedAt), Achievement: f.achievement(),
		Identifiers: []identity{{Type: "IdentityObject", Hash: c.PersonName, Kind: "name"}},
	}
	if f.Person.Email != "" {
		out.Identifiers = append(out.Identifiers, hashedEmail(f.Person.Email, c.ID))
	}
	if c.Percent != nil {
		out.Results = []result{{Type: []string{"Result"}, Description: out.Achievement.Results[0].ID, Value: strconv.Itoa(*c.Percent)}}
	}
	return out
}

// hashedEmail names a person so that only who knows the address finds it there (OB 3.0 §B.1.12: sha256$ of address and salt).
func hashedEmail(email string, salt uid.ID) identity {
	sum := sha256.Sum256([]byte(email + salt.String()))
	return identity{Type: "IdentityObject", Hashed: true, Hash: "sha256$" + hex.EncodeToString(sum[:]), Kind: "emailAddress", Salt: salt.String()}
}

func (f facts) achievement() achievement {
	c := f.Certificate
	version := strconv.Itoa(c.VersionNumber)
	narrative := fmt.Sprintf("Completed every required lesson of “%s”, version %s", c.CourseTitle, version)
	if c.Minutes > 0 {
		narrative += fmt.Sprintf(", about %d minutes of learning", c.Minutes)
	}
	a := achievement{
		ID: derived(c.CourseID.String(), version), Type: []string{"Achievement"}, Kind: "CertificateOfCompletion", Name: c.CourseTitle,
		Description: narrative + ", at " + f.Issuer + ".", Criteria: criteria{narrative + "."}, Version: version,
		Image: picture{ID: dataURL(f.Picture), Type: "Image", Caption: c.CourseTitle},
	}
	if c.Percent != nil {
		a.Results = []resultDescription{{
			ID: derived(c.CourseID.String(), version, "result"), Type: []string{"ResultDescription"}, Name: "Result", ResultType: "Percent", Min: "0", Max: "100",
		}}
	}
	return a
}

// sign closes anything as a JWT that names its key.
func sign(k private, base, media string, payload any) (string, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return "", fmt.Errorf("write a credential: %w", err)
	}
	return signed(k.secret, DID(base)+"#"+k.Name(), media, raw)
}
