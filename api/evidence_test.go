package api_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/badge"
	"lyceum/learning/duty"
	"lyceum/learning/report/evidence"
	"lyceum/store/storetest"
)

// kept is a portal's keys as they were published.
type kept string

func (k kept) Document(string) ([]byte, error) { return []byte(k), nil }
func (k kept) List(string) ([]byte, error)     { return nil, nil }

func TestEvidenceIsAskedForMadeFetchedAndHoldsByThePublishedKeys(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Knots"))
	lee := h.person(policy.Learner)
	admin := storetest.As(t, h.ctx, h.w, storetest.Person(t, h.ctx, h.w, policy.Admin))
	g, err := h.o.Groups.Create(admin, group.Input{Name: "Riggers"})
	if err == nil {
		_, err = h.o.Groups.Add(admin, g.ID, []uid.ID{lee.ID})
	}
	var r duty.Shown
	if err == nil {
		r, err = h.o.Duties.Save(admin, uid.Nil, duty.Input{Status: duty.StatusOn, Name: "Rigging", Courses: []uid.ID{course.Course.ID}})
	}
	if err == nil {
		_, err = h.o.Duties.Apply(admin, r.ID, duty.Proposal{Do: duty.DoAdd, Group: g.ID})
	}
	if err != nil {
		t.Fatal(err)
	}
	boss, learner := h.as(h.person(policy.Manager)), h.as(lee)
	at, today := "/compliance/"+r.ID.String()+"/evidence", h.w.Now.Now().Format(time.DateOnly)
	learner.get(at).is(403)
	boss.get("/compliance/" + r.ID.String()).is(200).says(at)
	boss.get(at).is(200).says("No evidence was made yet", "Days end at midnight in UTC.")
	boss.get("/compliance/" + uid.New().String() + "/evidence").is(404)
	boss.post(at, "from", today, "until", "2020-01-01").is(422).says("Choose a day that is not before the first.")
	boss.post(at, "from", "", "until", today).is(422).says("Choose a day.")
	boss.post(at, "from", today, "until", today).is(303).leads(at)
	boss.post(at, "from", today, "until", today).is(409).says("being made already")
	boss.get(at).is(200).says("Waiting", "Look again")
	_, list, err := h.o.Evidence.List(admin, r.ID)
	if err == nil {
		err = h.o.Evidence.Run(h.ctx, list[0].ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	boss.get(at).is(200).says("Ready", "SHA-256")
	learner.get(at + "/" + list[0].ID.String()).is(403)
	boss.get(at + "/" + uid.New().String()).is(404)
	file := boss.get(at + "/" + list[0].ID.String()).is(200)
	if !strings.Contains(file.Header.Get("Content-Disposition"), ".zip") {
		t.Errorf("%v", file.Header)
	}
	keys := kept(boss.get("/.well-known/did.json").is(200).body)
	v, err := evidence.Verify(strings.NewReader(file.body), int64(len(file.body)), func(portal, kid string) (ed25519.PublicKey, error) { return badge.KeyOf(portal, kid, keys) })
	if err != nil || v.People != 1 || v.About.Requirement != "Rigging" {
		t.Errorf("%v: %+v", err, v)
	}
	changed := []byte(file.body)
	changed[len(changed)/2] ^= 1
	if _, err := evidence.Verify(bytes.NewReader(changed), int64(len(changed)), func(portal, kid string) (ed25519.PublicKey, error) { return badge.KeyOf(portal, kid, keys) }); err == nil {
		t.Error("a changed byte is not found")
	}
}
