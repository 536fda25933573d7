package api_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/billing"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// opened has a new learner open a lesson, and gives the entry by which they count.
func (h *house) opened() billing.UsageEvent {
	h.t.Helper()
	course := storetest.PublishedCourse(h.t, h.ctx, h.w, storetest.SmallCourse("Counted "+uid.Opaque(6)))
	learner, e := storetest.EnrolledLearner(h.t, h.ctx, h.w, course)
	if _, err := h.o.Enrolment.Open(learner, course.Course.Slug, nil); err != nil {
		h.t.Fatal(err)
	}
	h.inTenant(func(ctx context.Context) error {
		list, err := h.w.Store.Events(ctx, event.Filter{Type: "lesson.started", Subject: e.ID})
		if err != nil {
			return err
		}
		return h.o.Billing.Count(h.ctx, list.Items[0])
	})
	for _, row := range h.used(billing.MeterActiveLearner).Rows {
		if row.SubjectID == e.PersonID {
			return row
		}
	}
	h.t.Fatal("the learner does not count")
	return billing.UsageEvent{}
}

// used gives the month of now of a meter.
func (h *house) used(m billing.Meter) billing.Usage {
	h.t.Helper()
	ctx := storetest.As(h.t, h.ctx, h.w, storetest.Person(h.t, h.ctx, h.w, policy.Owner))
	u, err := h.o.Billing.Usage(ctx, m, billing.PeriodOf(h.w.Now.Now()), page.Request{Limit: page.MaxLimit})
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

// calls gives how many calls were counted so far.
func (h *house) calls() int64 {
	h.t.Helper()
	if err := h.o.Billing.Flush(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return h.used(billing.MeterAPICalls).Total
}

func TestAMistakenAccessIsStruckOffByWhoPays(t *testing.T) {
	t.Parallel()
	h := setup(t)
	entry := h.opened()
	at := "/usage/" + entry.ID.String()
	admin := h.as(h.person(policy.Admin)) // sees the bill, and does not change it
	admin.get(at).is(200).says("Why " + entry.SubjectName).saysNot("Strike off")
	admin.post(at+"/strike", "reason", "It was a mistake.").is(403)
	b := h.as(h.person(policy.Owner))
	b.get(at).is(200).says("Strike off", "once for a person and month")
	b.post(at+"/strike", "reason", "no").is(422).says("3 to 500 characters", `value="no"`)
	correction := b.post(at+"/strike", "reason", "Opened the <wrong> course.").is(303).Header.Get("Location")
	if correction == at || !strings.HasPrefix(correction, "/usage/") {
		t.Fatalf("leads to %q", correction)
	}
	b.get(correction).is(200).says("was struck off", "Opened the &lt;wrong&gt; course.", "<dd>-1</dd>")
	b.get(at).is(200).says("Correction").saysNot("Strike off</button>")
	b.get("/usage").is(200).says("Correction", "Opened the &lt;wrong&gt; course.", `<p class="big-number">0</p>`)
	b.post(at+"/strike", "reason", "Once more.").is(409).says("struck off this month already")
	b.post(correction+"/strike", "reason", "And back.").is(409)
	b.post("/usage/"+uid.New().String()+"/strike", "reason", "Of nobody.").is(404)
	other := h.opened()
	h.w.Now.Advance(billing.Grace + time.Second)
	b = h.as(h.person(policy.Owner))
	b.get("/usage/" + other.ID.String()).is(200).saysNot("Strike off</button>")
	b.post("/usage/"+other.ID.String()+"/strike", "reason", "Too late.").is(409).says("These are over")
}

func TestEveryMeterIsShownAndDownloaded(t *testing.T) {
	t.Parallel()
	h := setup(t)
	first := h.opened()
	b := h.as(h.person(policy.Owner))
	if err := h.o.Billing.SampleStorage(h.ctx, func(context.Context) (int64, error) { return 3 << 30, nil }); err != nil {
		t.Fatal(err)
	}
	b.get("/usage").is(200)
	b.post("/usage/"+first.ID.String()+"/strike", "reason", `=HYPERLINK("http://evil")`).is(303)
	second := h.opened()
	b.get("/usage").is(200).says("Active learners", "Storage", "Video minutes", "API calls", "AI tokens", second.SubjectName)
	month := h.w.Now.Now().Format("2006-01")
	b.get("/usage?meter=storage_byte_hours").is(200).says("3\u00a0GB × h", "Size of the files", "/usage.csv?month="+month+"&amp;meter=storage_byte_hours")
	b.get("/usage?meter=video_minutes").is(200).says("Nothing used this month")
	b.get("/usage?meter=lies").is(422).says("There is no such meter")
	b.get("/usage.csv?month=March").is(422)

	file := b.get("/usage.csv?month="+month).is(200).has("Content-Type", "text/csv; charset=utf-8; header=present").hasIn("Content-Disposition", "active_learner.csv").has("Cache-Control", "no-store")
	rows, err := csv.NewReader(strings.NewReader(file.body)).ReadAll()
	if err != nil || len(rows) != 4 || rows[0][0] != "id" {
		t.Fatalf("%d rows (%v): %s", len(rows), err, file.body)
	}
	kinds := map[string]string{}
	for _, r := range rows[1:] {
		kinds[r[3]+" "+r[5]] = r[4] + r[11]
	}
	if kinds["struck "+first.SubjectID.String()] != `-1'=HYPERLINK("http://evil")` || kinds["counted "+second.SubjectID.String()] != "1" {
		t.Errorf("rows %v", kinds)
	}
	h.as(h.person(policy.Learner)).get("/usage.csv").is(403)
	h.stranger().get("/usage.csv").is(303)
}

func TestCallsWithAKeyOrTokenAreCountedAndPagesAreNot(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	key := "Bearer " + keyFrom(t, b, "*")
	call := func(path string) answer { return h.stranger().json(http.MethodGet, path, "", "Authorization", key) }
	b.get("/usage").is(200)
	b.json(http.MethodGet, "/api/v1/me", "").is(200) // a page's script
	h.stranger().json(http.MethodGet, "/api/v1/me", "").is(401)
	h.stranger().json(http.MethodGet, "/api/v1/me", "", "Authorization", "Bearer lyc_wrong").is(401)
	if got := h.calls(); got != 0 {
		t.Errorf("%d calls before any", got)
	}
	call("/api/v1/me").is(200)
	call("/api/v1/people").is(200)
	call("/api/v1/courses/" + uid.New().String()).is(404) // answered, though not as wished
	if got := h.calls(); got != 3 {
		t.Errorf("%d calls, want 3", got)
	}
	_, token := h.directory(scim.ModeStandard)
	h.provision(h.host, token, "GET", "/Users", "").is(200)
	h.provision(h.host, token, "GET", "/Users/"+uid.New().String(), "").is(404)
	h.provision(h.host, "wrong", "GET", "/Users", "").is(401)
	h.provision(h.host, strings.TrimPrefix(key, "Bearer "), "GET", "/Me", "").is(404) // the owner is in no directory
	if got := h.calls(); got != 6 {
		t.Errorf("%d calls with SCIM, want 6", got)
	}
}

func TestProgramsReadUsageAndStrikeOff(t *testing.T) {
	t.Parallel()
	h := setup(t)
	entry := h.opened()
	key := "Bearer " + keyFrom(t, h.as(h.person(policy.Owner)), "*")
	ask := func(method, path, body string) answer {
		return h.stranger().json(method, "/api/v1"+path, body, "Authorization", key)
	}
	ask("GET", "/usage", "").is(200).says(`"total":1`, `"meters":[{"meter":"active_learner","total":1`, `"kind":"counted"`, `"months":[{"period":"`+h.w.Now.Now().Format("2006-01")+`","total":1}]`)
	ask("GET", "/usage?meter=lies", "").is(422).says("bad_meter")
	at := "/usage/" + entry.ID.String()
	ask("GET", at, "").is(200).says(`"strikable":true`, `"others":[]`)
	ask("POST", at+"/strike", `{"reason":"x"}`).is(422).says("usage_reason", `"field":"reason"`)
	struck := ask("POST", at+"/strike", `{"reason":"Opened the wrong course."}`).is(201).says(`"quantity":-1`, `"kind":"struck"`, `"reason":"Opened the wrong course."`)
	if !regexp.MustCompile(`^/api/v1/usage/[0-9a-f-]{36}$`).MatchString(struck.Header.Get("Location")) {
		t.Errorf("Location %q", struck.Header.Get("Location"))
	}
	ask("POST", at+"/strike", `{"reason":"Opened the wrong course."}`).is(409).says("usage_struck")
	ask("GET", at, "").is(200).says(`"strikable":false`, `"kind":"struck"`)
	ask("GET", "/usage", "").is(200).says(`"total":0`, `"kind":"struck"`)
	h.opened() // flushes nothing, counts one more
	ask("GET", "/usage", "").is(200).says(`"total":1`)
	if got := h.calls(); got < 8 {
		t.Errorf("%d calls", got)
	}
}
