package api_test

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/auth/policy"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/retention"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/badge"
	"lyceum/store/fleet"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestSomebodyAsksToBeErasedAndIsWithAReceipt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee, ada := h.person(policy.Learner), h.person(policy.Admin)
	learner, boss := h.as(lee), h.as(ada)
	learner.get("/privacy").is(403)
	learner.get("/account").is(200).says("/account/data")
	learner.get("/account/data").is(200).says("Ask to be erased", "Art. 17(3)")
	learner.post("/account/data/erase").is(303).leads("/account/data")
	learner.post("/account/data/erase").is(409).says("asked for already")
	learner.get("/account/data").is(200).says("To be decided", "Take it back")
	learner.post("/account/data/keep").is(303)
	learner.post("/account/data/erase").is(303)

	boss.get("/people/" + lee.ID.String()).is(200).says("/privacy/people/" + lee.ID.String())
	boss.get("/privacy/register").is(200).says("Name taken out", "duty_history")
	list, err := h.o.Privacy.Erasures(storetest.As(t, h.ctx, h.w, ada), page.Request{})
	if err != nil || len(list.Items) != 2 {
		t.Fatalf("%v: %+v", err, list.Items)
	}
	at, about := "/privacy/erasures/"+list.Items[0].ID.String(), "/privacy/people/"+lee.ID.String()
	boss.get("/privacy").is(200).says(at, "Taken back")
	boss.get(at).is(200).says("asked by the person themselves", "See what would go")
	boss.post(at+"/refuse", "answer", "").is(422).says("Say why")
	boss.get(about).is(200).says("What an erasure would do", "Account and profile")
	boss.post(about+"/erase", "confirm", "somebody").is(422).says("as it stands above")
	boss.post(about+"/erase", "confirm", lee.Email).is(303).leads(at)
	boss.post(about+"/erase", "confirm", lee.Email).is(409)
	boss.get(at).is(200).says("Scheduled", "Do not erase")
	boss.get(at + "/receipt.jws").is(404)
	boss.post("/privacy/people/"+ada.ID.String()+"/erase", "confirm", ada.Email).is(409).says("Somebody else has to decide")
	boss.get("/privacy/people/" + uid.New().String()).is(404)

	h.w.Now.Advance(8 * 24 * time.Hour)
	if err := h.o.Privacy.Run(h.ctx); err != nil {
		t.Fatal(err)
	}
	boss = h.as(ada)
	learner.get("/account").is(303) // nobody is signed in as them
	boss.get("/people/" + lee.ID.String()).is(404)
	boss.get("/privacy").is(200).says(privacy.PseudonymOf(lee.ID)).saysNot(lee.Name)
	boss.get(at).is(200).says("Receipt", "Access ended").saysNot(lee.Name)
	receipt := boss.get(at + "/receipt.jws").is(200).body
	keys := kept(boss.get("/.well-known/did.json").is(200).body)
	r, err := privacy.Verify(strings.TrimSpace(receipt), func(portal, kid string) (ed25519.PublicKey, error) { return badge.KeyOf(portal, kid, keys) })
	if err != nil || r.AskedBy != "person" || r.Subject != privacy.PseudonymOf(lee.ID) {
		t.Errorf("%v: %+v", err, r)
	}
	boss.post("/people/invite", "email", lee.Email, "name", "Lee", "role", "learner").is(409).says("was erased")
	boss.post("/privacy/returns", "email", "stranger@example.com").is(422).says("Nobody with this e-mail")
	boss.post("/privacy/returns", "email", lee.Email).is(303)
	boss.post("/people/invite", "email", lee.Email, "name", "Lee", "role", "learner").is(303)
}

func TestSomebodyGetsACopyOfTheirDataAndGoesOnWhereADownloadBrokeOff(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee, ada := h.person(policy.Learner), h.person(policy.Admin)
	learner, boss := h.as(lee), h.as(ada)
	learner.get("/account/data").is(200).says("A copy of my data", "Make a copy")
	learner.post("/account/data/copies").is(303).leads("/account/data")
	learner.get("/account/data").is(200).says("Waiting", "<progress").saysNot("Make a copy")
	learner.post("/account/data/copies").is(409).says("is being made already")
	own, err := h.o.Access.Own(storetest.As(t, h.ctx, h.w, lee))
	if err != nil || len(own) != 1 {
		t.Fatalf("%v: %v", err, own)
	}
	at := "/account/data/copies/" + own[0].ID.String()
	learner.get(at).is(409)
	if err := h.o.Access.Make(h.ctx, own[0].ID); err != nil {
		t.Fatal(err)
	}
	learner.get("/account/data").is(200).says("Ready", at, "SHA-256")
	whole := learner.get(at).is(200)
	if got := whole.Header.Get("Accept-Ranges") + whole.Header.Get("Content-Type"); got != "bytesapplication/zip" || !strings.HasPrefix(whole.body, "PK") || len(whole.body) < 1000 {
		t.Errorf("%q, %d bytes", got, len(whole.body))
	}
	part := func(wanted, unless string) answer {
		r := httptest.NewRequest(http.MethodGet, at, http.NoBody)
		r.Header.Set("Range", wanted)
		if unless != "" {
			r.Header.Set("If-Range", unless)
		}
		return learner.do(r)
	}
	rest := part("bytes=500-", whole.Header.Get("ETag")).is(206)
	if rest.body != whole.body[500:] {
		t.Errorf("the rest has %d bytes of %d", len(rest.body), len(whole.body))
	}
	part("bytes=99999999-", "").is(416)
	learner.post("/account/data/copies").is(409).says("Ask again tomorrow")
	boss.get(at).is(404)

	about := "/privacy/people/" + lee.ID.String()
	boss.get(about).is(200).says("Copies of people’s data", "asked by the person themselves").saysNot(own[0].ID.String())
	boss.post(about + "/copies").is(303).leads(about)
	list, err := h.o.Access.Of(storetest.As(t, h.ctx, h.w, ada), lee.ID)
	if err != nil || len(list) != 2 {
		t.Fatalf("%v: %v", err, list)
	}
	if err := h.o.Access.Make(h.ctx, list[0].ID); err != nil {
		t.Fatal(err)
	}
	boss.get(about).is(200).says("/privacy/copies/" + list[0].ID.String())
	boss.get("/privacy/copies/" + list[0].ID.String()).is(200)
	learner.get("/account/data/copies/" + list[0].ID.String()).is(404)
	learner.get("/privacy/copies").is(403)
	boss.get("/privacy").is(200).says(lee.Name, "/privacy/copies")
	boss.get("/privacy/copies").is(200).says(lee.Name, "The portal", "The person")
}

func TestALegalHoldIsMadeShownAndReleased(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee, ada, owner := h.person(policy.Learner), h.person(policy.Admin), h.person(policy.Owner)
	learner, boss := h.as(lee), h.as(ada)
	learner.get("/privacy/holds").is(403)
	boss.get("/privacy").is(200).says("/privacy/holds")
	boss.get("/privacy/holds").is(200).says("No legal holds")
	boss.get("/privacy/holds/new").is(200).says("New legal hold")
	boss.post("/privacy/holds", "name", "Dispute", "reason", "", "emails", lee.Email).is(422).says("an auditor will ask")
	boss.post("/privacy/holds", "name", "Dispute", "reason", "Court", "emails", "nobody@example.com").is(422).says("Nobody here has this e-mail")
	at := boss.post("/privacy/holds", "name", "Dispute", "case_number", "4 Ca 812/26", "reason", "Court", "emails", lee.Email+"\r\n"+owner.Email).is(303).Header.Get("Location")
	boss.get(at).is(200).says(lee.Name, "4 Ca 812/26", "In force", "2 people", "Nothing was removed.")
	// Who is under it ends their other sessions as before: what goes is set aside.
	elsewhere := h.as(lee)
	elsewhere.get("/account").is(200)
	elsewhere.post("/account/sessions/end-others").is(303)
	learner = elsewhere
	learner.get(at + "/rows").is(403)
	learner.get(at + "/rows.jsonl").is(403)
	boss.get(at).is(200).says("1 entry was removed", "Download it first if you need it")
	boss.get(at+"/rows").is(200).says("Signing in", "sessions", lee.Name, "&#34;user_agent&#34;", at+"/rows.jsonl").saysNot("&#34;hash&#34;")
	file := boss.get(at + "/rows.jsonl").is(200)
	if got := file.Header.Get("Content-Type"); got != "application/jsonl" || strings.Count(file.body, "\n") != 1 || !strings.Contains(file.body, `"place":"sessions"`) || strings.Contains(file.body, `"hash"`) {
		t.Errorf("%s: %s", got, file.body)
	}
	about := "/privacy/people/" + lee.ID.String()
	boss.get(about).is(200).says("Under a legal hold", at).saysNot("Erase this person")
	boss.post(about+"/erase", "confirm", lee.Email).is(409).says("A legal hold covers this person")
	learner.get("/account/data").is(200).saysNot("legal hold", "Legal hold", "/privacy/holds")
	boss.post(at + "/people/" + owner.ID.String() + "/take").is(303).leads(at)
	boss.post(at + "/people/" + owner.ID.String() + "/take").is(404)
	boss.post(at+"/people", "emails", "", "group", "").is(422).says("Name somebody or a group.")
	boss.post(at+"/people", "emails", ada.Email).is(303)
	boss.get(at).is(200)
	boss.post(at+"/release", "release_reason", "Settled").is(409).says("Somebody else has to do that")
	h.as(owner).get(at).is(200)
	second := h.as(owner)
	second.get(at).is(200)
	second.post(at+"/release", "release_reason", "Settled").is(303)
	boss.get(at).is(200).says("Released", "Settled").saysNot("What was removed meanwhile")
	boss.get(at + "/rows").is(200).says("This hold was released.")
	boss.get(at + "/rows.jsonl").is(409)
	boss.get(about).is(200).says("Erase this person")
}

// pruner is the database's administrator.
type pruner struct{ pool *pgxpool.Pool }

func (p pruner) PruneOld(ctx context.Context, t tenant.Tenant, table string, before time.Time, n int) (int64, error) {
	return fleet.PruneOld(ctx, p.pool, t, table, before, n)
}

func TestRetentionIsChosenLookedAtAndSwitchedOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, boss := h.as(h.person(policy.Learner)), h.as(h.person(policy.Admin))
	learner.get("/privacy/retention").is(403)
	boss.get("/privacy/retention").is(200).says("Nothing goes by its age before retention is switched on", "0 rows would go.", "at least 1,095, or 0", `name="compliance.duties"`)
	with := func(line, days string) (form []string) {
		for _, l := range retention.Lines() {
			text := strconv.Itoa(l.Days)
			if l.Name == line {
				text = days
			}
			form = append(form, l.Name, text)
		}
		return form
	}
	boss.post("/privacy/retention", with("compliance.duties", "30")...).is(422).says("Keep it for at least 1095 days")
	boss.post("/privacy/retention", with("technical.log", "soon")...).is(422).says("Enter a whole number.", "soon")
	boss.post("/privacy/retention", with("technical.messages", "45")...).is(303).leads("/privacy/retention")
	boss.get("/privacy/retention").is(200).says(`value="45"`)
	boss.post("/privacy/retention/switch", "on", "1").is(303)
	boss.get("/privacy/retention").is(200).says("Switch off")
	if err := retention.New(h.w.Store, h.o.Privacy, pruner{h.w.Admin}, h.w.Now.Clock()).Sweep(h.ctx); err != nil {
		t.Fatal(err)
	}
	boss.get("/privacy/retention").is(200).says("Sweeps")
	boss.post("/privacy/retention/switch").is(303)
	boss.get("/privacy/retention").is(200).says("Switch on")
}
