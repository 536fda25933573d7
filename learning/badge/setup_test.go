package badge_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/seal"
	"lyceum/learning/badge"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const base = "https://acme.example"

var look = tenant.DefaultBrand("Acme & Sons")

// house is a tenant whose certificates are given out as badges.
type house struct {
	w            *storetest.World
	badges       *badge.Service
	certificates *certificate.Service
	learn        *enrolment.Service
	tenant       context.Context // nobody asks
}

func setup(t *testing.T) house {
	t.Helper()
	w := storetest.New(t)
	key, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return house{
		w: w, tenant: w.Tenant(t),
		badges:       badge.New(badge.Options{Keep: w.Store, Seal: key, Now: w.Now.Clock()}),
		certificates: certificate.New(certificate.Options{Keep: w.Store, Now: w.Now.Clock()}),
		learn:        enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()}),
	}
}

// earned is a learner with a certificate for a course with a quiz.
func (h house) earned(t *testing.T, title string) (context.Context, certificate.Certificate) {
	t.Helper()
	return h.earnedIn(t, storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse(title)))
}

func (h house) earnedIn(t *testing.T, o catalog.Outline) (context.Context, certificate.Certificate) {
	t.Helper()
	learner, e := storetest.EnrolledLearner(t, h.tenant, h.w, o)
	for _, l := range o.Lessons() {
		var err error
		if l.Kind == catalog.LessonQuiz {
			_, err = h.learn.Submit(learner, e.ID, l.ID, storetest.RightAnswers(l.Questions))
		} else {
			e, err = h.learn.Continue(learner, e.ID, l.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := h.certificates.Issue(h.tenant, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	return learner, c
}

func (h house) credential(t *testing.T, who context.Context, code string) string {
	t.Helper()
	jwt, err := h.badges.Credential(who, base, look, code)
	if err != nil {
		t.Fatal(err)
	}
	return jwt
}

// may gives somebody of the tenant who is not the learner some permissions.
func (h house) may(t *testing.T, p ...policy.Permission) context.Context {
	t.Helper()
	ctx, _ := storetest.Learner(t, h.tenant, h.w)
	who, _ := auth.PrincipalFrom(ctx)
	who.May = policy.Set{}
	for _, one := range p {
		who.May[one] = struct{}{}
	}
	return auth.WithPrincipal(ctx, who)
}

// portal answers what a check asks of the issuer.
type portal struct {
	h        house
	tenant   context.Context
	document func([]byte) []byte // nil leaves it as it is
	list     func([]byte) []byte
}

var errAway = errors.New("nobody answers")

func (p portal) Document(url string) ([]byte, error) {
	if url != base+"/.well-known/did.json" {
		return nil, errAway
	}
	doc, err := p.h.badges.Issuer(p.tenant, base)
	if p.document != nil {
		doc = p.document(doc)
	}
	return doc, err
}

func (p portal) List(url string) ([]byte, error) {
	if url != base+"/credentials/status/1" {
		return nil, errAway
	}
	jwt, err := p.h.badges.StatusList(p.tenant, base, 1)
	raw := []byte(jwt)
	if p.list != nil {
		raw = p.list(raw)
	}
	return raw, err
}

// payload reads what a JWT says, whoever signed it.
func payload(t *testing.T, jwt string) map[string]any {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", jwt)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}
