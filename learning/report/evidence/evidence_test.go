package evidence_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/learning/badge"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/learning/report"
	"lyceum/learning/report/evidence"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const base = "https://acme.example"

type house struct {
	*storetest.World
	t           *testing.T
	ctx, asking context.Context
	evidence    *evidence.Service
	badges      *badge.Service
	fire        duty.Shown
	lee         auth.Person
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	now := w.Now.Clock()
	key, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	files, err := blob.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	h := &house{World: w, t: t, ctx: ctx, asking: storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin)), badges: badge.New(badge.Options{Keep: w.Store, Seal: key, Now: now})}
	h.evidence = evidence.New(evidence.Options{Keep: w.Store, Blobs: files, Sign: h.badges, Base: func(tenant.Tenant) string { return base }, Now: now})
	course := storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Fire safety"))
	duties, groups := duty.New(w.Store, enrolment.New(enrolment.Options{Keep: w.Store, Now: now}), nil, now), group.New(w.Store, now)
	h.lee = storetest.AddPerson(t, ctx, w, auth.Person{Name: "Lee <b>", Email: "lee" + uid.Opaque(5) + "@example.com"}, policy.Learner)
	kim := storetest.Person(t, ctx, w, policy.Learner)
	g, err := groups.Create(h.asking, group.Input{Name: "Cooks"})
	for _, p := range []auth.Person{h.lee, kim} {
		if err == nil {
			_, err = groups.Add(h.asking, g.ID, []uid.ID{p.ID})
		}
	}
	soon, months := 30, 12
	if err == nil {
		h.fire, err = duties.Save(h.asking, uid.Nil, duty.Input{Status: duty.StatusOn, Name: "Fire safety", Framework: "OSHA", Courses: []uid.ID{course.Course.ID}, Terms: duty.Terms{DueDays: &soon, ValidMonths: &months, RenewDays: 30}})
	}
	if err == nil {
		h.fire, err = duties.Apply(h.asking, h.fire.ID, duty.Proposal{Do: duty.DoAdd, Group: g.ID})
	}
	if err == nil {
		err = duties.Waive(h.asking, h.fire.ID, kim.ID, nil, "Works at a desk.")
	}
	portal, _ := tenant.From(ctx)
	if err == nil {
		w.Now.Advance(time.Hour)
		_, err = w.Admin.Exec(t.Context(), fmt.Sprintf(`insert into %s.enrolment_rounds (id, course_id, version_id, person_id, status, source, percent, enrolled_at, started_at, completed_at) values ($1, $2, $3, $4, 'completed', 'assigned', 100, $5, $5, $5)`, portal.SchemaName), uid.New(), course.Course.ID, *course.Course.PublishedID, h.lee.ID, now())
	}
	if err == nil {
		err = duties.Advance(ctx, h.lee.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Now.Advance(time.Hour)
	return h
}

// pack makes one and gives its bytes.
func (h *house) pack() []byte {
	h.t.Helper()
	now := h.World.Now.Now()
	p, err := h.evidence.Ask(h.asking, h.fire.ID, now.AddDate(0, 0, -1), now.AddDate(0, 0, 1))
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.evidence.Ask(h.asking, h.fire.ID, now.AddDate(0, 0, -1), now); !errors.Is(err, evidence.ErrOpen) {
		h.t.Errorf("a second one: %v", err)
	}
	if _, _, err := h.evidence.Read(h.asking, p.ID); !errors.Is(err, evidence.ErrNotReady) {
		h.t.Errorf("before it is ready: %v", err)
	}
	for range 2 {
		if err := h.evidence.Run(h.ctx, p.ID); err != nil { // again changes nothing
			h.t.Fatal(err)
		}
	}
	p, r, err := h.evidence.Read(h.asking, p.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Close()
	file, err := io.ReadAll(r)
	if err != nil || int64(len(file)) != p.Bytes || p.People != 2 {
		h.t.Fatalf("%v, %+v", err, p)
	}
	return file
}

type source []byte

func (s source) Document(string) ([]byte, error) { return s, nil }
func (s source) List(string) ([]byte, error)     { return nil, nil }

func (h *house) verify(file []byte) (evidence.Verdict, error) {
	h.t.Helper()
	doc, err := h.badges.Issuer(h.asking, base)
	if err != nil {
		h.t.Fatal(err)
	}
	return evidence.Verify(bytes.NewReader(file), int64(len(file)), func(portal, kid string) (ed25519.PublicKey, error) { return badge.KeyOf(portal, kid, source(doc)) })
}

func TestAPackSaysWhoDidWhatAndHoldsOffLine(t *testing.T) {
	t.Parallel()
	h := setup(t)
	file := h.pack()
	if !evidence.Is(bytes.NewReader(file), int64(len(file))) {
		t.Error("it does not look like a pack")
	}
	v, err := h.verify(file)
	if err != nil || v.People != 2 || v.Audited < 3 || v.About.Requirement != "Fire safety" || v.About.Portal != base {
		t.Fatalf("%v: %+v", err, v)
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		f, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		text, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if page := read("index.html"); !strings.Contains(page, "Lee &lt;b&gt;") || !strings.Contains(page, "Works at a desk.") || !strings.Contains(page, "Compliant") || strings.Contains(page, "Lee <b>") {
		t.Errorf("%s", page)
	}
	kinds := map[string]int{}
	for text := range strings.Lines(read("entries.jsonl")) {
		var l struct {
			Kind string
			Data map[string]any
		}
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		kinds[l.Kind]++
		if l.Kind == "completion" && (l.Data["content_version"] != 1.0 || l.Data["course"] != "Fire safety" || l.Data["person_id"] != h.lee.ID.String()) {
			t.Errorf("%v", l.Data)
		}
	}
	if kinds["pack"] != 1 || kinds["requirement"] != 1 || kinds["person"] != 2 || kinds["fact"] < 4 || kinds["completion"] != 1 {
		t.Errorf("%v", kinds)
	}
}

func TestAnyFlippedByteIsFound(t *testing.T) {
	t.Parallel()
	h := setup(t)
	file := h.pack()
	doc, err := h.badges.Issuer(h.asking, base)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Methods []struct {
			Key struct{ X string } `json:"publicKeyJwk"`
		} `json:"verificationMethod"`
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		t.Fatal(err)
	}
	var key ed25519.PublicKey
	if key, err = badge.KeyOf(base, keyID(t, h, file), source(doc)); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 9)) //nolint:gosec // a test
	keys := func(string, string) (ed25519.PublicKey, error) { return key, nil }
	changed := slices.Clone(file)
	for i := range changed {
		bit := byte(1) << r.IntN(8)
		changed[i] ^= bit
		if v, err := evidence.Verify(bytes.NewReader(changed), int64(len(changed)), keys); err == nil {
			t.Fatalf("byte %d of %d: %+v", i, len(file), v)
		} else if errors.Is(err, evidence.ErrTampered) && len(v.Findings) == 0 {
			t.Fatalf("byte %d: nothing is said of it", i)
		}
		changed[i] ^= bit
	}
	for name, other := range map[string][]byte{"cut off": file[:len(file)-1], "longer": append(slices.Clone(file), ' '), "empty": nil, "no pack": []byte("PK\x03\x04 no")} {
		if _, err := evidence.Verify(bytes.NewReader(other), int64(len(other)), keys); !errors.Is(err, evidence.ErrNoSeal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func keyID(t *testing.T, h *house, file []byte) string {
	t.Helper()
	v, err := h.verify(file)
	if err != nil {
		t.Fatal(err)
	}
	return v.KeyID
}

// repack makes an archive anew with other contents, and puts the old seal at its end: what somebody does who has no key.
func repack(t *testing.T, file []byte, change func(name string, text []byte) []byte) []byte {
	t.Helper()
	const sealed = 8 << 10
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	if err := w.SetComment(string(file[len(file)-sealed:])); err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if text = change(f.Name, text); text == nil {
			continue
		}
		to, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: f.Modified})
		if err == nil {
			_, err = to.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatWasTamperedWithIsNamed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	file := h.pack()
	in := func(name string, do func(string) string) func(string, []byte) []byte {
		return func(n string, text []byte) []byte {
			if n == name {
				return []byte(do(string(text)))
			}
			return text
		}
	}
	for what, c := range map[string]struct {
		change func(string, []byte) []byte
		want   string
	}{
		"a reason": {in("entries.jsonl", func(s string) string { return strings.Replace(s, "Works at a desk.", "Works at a dusk.", 1) }), "was changed: its hash is not that of what it says"},
		"a person's line out": {in("entries.jsonl", func(s string) string {
			a := strings.Index(s, `{"n":3,`)
			b := strings.Index(s, `{"n":4,`)
			return s[:a] + s[b:]
		}), "line 3: "},
		"the page":     {in("index.html", func(s string) string { return strings.Replace(s, "Compliant", "compliant", 1) }), "index.html was changed"},
		"the manifest": {in("manifest.json", func(s string) string { return strings.Replace(s, "OSHA", "OSHB", 1) }), "manifest.json was changed"},
		"a file out": {func(n string, text []byte) []byte {
			if n == "README.txt" {
				return nil
			}
			return text
		}, "README.txt is missing"},
		"nothing but packing": {func(_ string, text []byte) []byte { return text }, ""},
	} {
		v, err := h.verify(repack(t, file, c.change))
		if c.want == "" { // the same bytes may come out
			if err != nil && !errors.Is(err, evidence.ErrTampered) {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		if !errors.Is(err, evidence.ErrTampered) || !strings.Contains(strings.Join(v.Findings, "\n"), c.want) {
			t.Errorf("%s: %v, %q", what, err, v.Findings)
		}
	}
}

func TestAnotherTenantHasNoPackAndNoKeyForIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	file := h.pack()
	_, list, err := h.evidence.List(h.asking, h.fire.ID)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
	other := h.World.Tenant(t)
	stranger := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	if _, _, err := h.evidence.List(stranger, h.fire.ID); !errors.Is(err, report.ErrNoRequirement) {
		t.Error(err)
	}
	if _, err := h.evidence.Show(stranger, list[0].ID); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
	if _, _, err := h.evidence.Read(stranger, list[0].ID); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
	doc, err := h.badges.Issuer(stranger, base)
	if err != nil {
		t.Fatal(err)
	}
	_, err = evidence.Verify(bytes.NewReader(file), int64(len(file)), func(portal, kid string) (ed25519.PublicKey, error) { return badge.KeyOf(portal, kid, source(doc)) })
	if !errors.Is(err, evidence.ErrUnproven) {
		t.Errorf("with another's keys: %v", err)
	}
	if _, _, err := h.evidence.List(storetest.As(t, h.ctx, h.World, h.lee), h.fire.ID); err == nil {
		t.Error("a learner sees evidence")
	}
	// Its days end.
	h.World.Now.Advance(evidence.KeptFor + time.Hour)
	if err := h.evidence.Prune(h.ctx); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.evidence.Read(h.asking, list[0].ID); !errors.Is(err, evidence.ErrNotReady) {
		t.Error(err)
	}
}

// A pack of a period that is over tells where people stood then.
func TestAPackTellsTheDepartmentAndTheLineOfItsPeriod(t *testing.T) {
	t.Parallel()
	h := setup(t)
	places := org.New(h.World.Store, h.World.Now.Clock())
	boss, later := storetest.AddPerson(t, h.ctx, h.World, auth.Person{Name: "Bo Then"}, policy.Learner), storetest.AddPerson(t, h.ctx, h.World, auth.Person{Name: "Lu Now"}, policy.Learner)
	place := func(name string, manager uid.ID) {
		t.Helper()
		u, err := places.AddUnit(h.asking, org.UnitInput{Kind: org.Department, Name: name})
		if err == nil {
			err = places.SetManager(h.asking, h.lee.ID, &manager)
		}
		if err == nil {
			err = places.SetPlacement(h.asking, h.lee.ID, org.PlaceInput{Department: &u.ID})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	place("Kitchen", boss.ID)
	ends := h.World.Now.Now().AddDate(0, 0, 2)
	h.World.Now.Advance(10 * 24 * time.Hour)
	place("Hall", later.ID)
	p, err := h.evidence.Ask(h.asking, h.fire.ID, ends.AddDate(0, 0, -5), ends)
	if err == nil {
		err = h.evidence.Run(h.ctx, p.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, body, err := h.evidence.Read(h.asking, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	raw, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("entries.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil || !strings.Contains(string(text), `"department":"Kitchen"`) || !strings.Contains(string(text), `"manager":"Bo Then"`) || strings.Contains(string(text), `"Hall"`) {
		t.Errorf("%v\n%s", err, text)
	}
}
