package access_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/privacy/access"
	"lyceum/internal/blob"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

type house struct {
	*storetest.World
	t     *testing.T
	ctx   context.Context
	blobs *blob.Store
	s     *access.Service
	zora  auth.Person // whose data it is
	ben   auth.Person // whose data it is not
	self  context.Context
	admin context.Context
}

var look = access.Look{Locale: "en", Zone: "UTC"}

func service(keep access.Keeper, blobs *blob.Store, now func() time.Time) *access.Service {
	return access.New(access.Options{Keep: keep, Blobs: blobs, Now: now, Explain: func(_ context.Context, r access.Readme) (string, error) {
		text, err := json.Marshal(r)
		return string(text), err
	}})
}

func setup(t *testing.T) *house {
	t.Helper()
	h := &house{World: storetest.New(t), t: t}
	h.ctx = h.Tenant(t)
	h.open("mem://")
	h.zora = storetest.AddPerson(t, h.ctx, h.World, auth.Person{Name: "Zora Quill", Email: "zora" + uid.Opaque(5) + "@example.com", Locale: "de"}, policy.Learner)
	h.ben = storetest.AddPerson(t, h.ctx, h.World, auth.Person{Name: "Ben Mate", Email: "ben" + uid.Opaque(5) + "@example.com"}, policy.Instructor)
	h.self = storetest.As(t, h.ctx, h.World, h.zora)
	h.admin = storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Admin))
	return h
}

func (h *house) open(at string) {
	h.t.Helper()
	var err error
	if h.blobs, err = blob.Open(h.t.Context(), at); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = h.blobs.Close() })
	h.s = service(h.Store, h.blobs, h.Now.Clock())
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) wants(err, want error) {
	h.t.Helper()
	if !errors.Is(err, want) {
		h.t.Errorf("got %v, want %v", err, want)
	}
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	if err := h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, sql, args...)
		return err
	}); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
}

// lived gives both people data that touch each other wherever they can.
func (h *house) lived() (zorasFile, bensFile uid.ID) {
	h.t.Helper()
	course := storetest.PublishedCourse(h.t, h.ctx, h.World, storetest.SmallCourse("Fire safety"))
	learn := enrolment.New(enrolment.Options{Keep: h.Store, Now: h.Now.Clock()})
	rounds := map[uid.ID]enrolment.Enrolment{}
	for _, p := range []auth.Person{h.zora, h.ben} {
		as := storetest.As(h.t, h.ctx, h.World, p)
		e, err := learn.SelfEnrol(as, course.Course.Slug)
		h.ok(err)
		rounds[p.ID] = e
		for _, l := range course.Lessons() {
			if len(l.Questions) > 0 {
				_, err = learn.Submit(as, e.ID, l.ID, storetest.RightAnswers(l.Questions))
			} else {
				_, err = learn.Continue(as, e.ID, l.ID)
			}
			h.ok(err)
		}
	}
	at, zora, ben := h.Now.Now(), h.zora.ID.String(), h.ben.ID.String()
	lesson := course.Lessons()[0].ID.String()
	tn, _ := tenant.From(h.ctx)
	file := func(by auth.Person, name, text string) uid.ID {
		id, sum := uid.New(), sha256.Sum256([]byte(text))
		h.exec("insert into files (id, name, kind, media_type, size, sha256, seconds, created_by, created_at, handed) values ($1, $2, 'document', 'text/plain', 3, $3, 0, $4, $5, true)", id.String(), name, hex.EncodeToString(sum[:]), by.ID.String(), at)
		_, _, err := h.blobs.Put(h.ctx, tn.SchemaName+"/"+hex.EncodeToString(sum[:]), "text/plain", strings.NewReader(text))
		h.ok(err)
		return id
	}
	zorasFile, bensFile = file(h.zora, `../../etc/Report "a".TXT`, "Zora's work"), file(h.ben, "ben.txt", "Ben's secret work")
	for who, text := range map[uid.ID]string{h.zora.ID: "Zora's answer, =1+1", h.ben.ID: "Ben's secret answer"} {
		id := uid.New().String()
		h.exec("insert into submissions (id, enrolment_id, lesson_id, number, text, status, comment, percent, marked_by, submitted_at, rules, late_days, stage) values ($1, $2, $3, 1, $4, 'accepted', '', 80, $5, $6, 1, 0, '')", id, rounds[who].ID.String(), lesson, text, ben, at)
		h.exec("insert into submission_marks (submission_id, number, kind, marker_id, given, verdict, comment, at) values ($1, 1, 'mark', $2, '{}', '{}', $3, $4)", id, ben, "Good. Write to "+h.ben.Email+" for more, "+text, at)
	}
	said, _ := json.Marshal(map[string]any{"by": h.ben.Name, "note": "Ask " + h.ben.Email + " or " + h.zora.Email, "who": ben, "list": []string{ben, zora}, "by_itself": h.zora.Name})
	h.exec("insert into notifications (id, person_id, source, kind, data, path, at) values ($1, $2, $3, 'message', $4, '/people/' || $5::text, $6)", uid.New().String(), zora, uid.New().String(), string(said), ben, at)
	// Zora did something to Ben: that she did is hers, what it says of him is not. And the other way round.
	log := func(actor, subject string, data map[string]string) {
		text, _ := json.Marshal(data)
		h.exec("insert into events (id, type, version, actor_id, actor_kind, subject_type, subject_id, data, at) values ($1, 'person.updated', 1, $2, 'person', 'person', $3, $4, $5)", uid.New().String(), actor, subject, string(text), at)
	}
	log(zora, ben, map[string]string{"person_id": ben, "title": "Ben's secret title"})
	log(ben, zora, map[string]string{"person_id": zora, "title": "Zora's title", "email": h.ben.Email})
	h.exec("insert into support_visits (id, operator_id, operator_name, person_id, reason, ticket, minutes, writes, state, asked_at, why) values ($1, $2, 'Olga Operator', $3, 'Look', '', 5, false, 'ended', $4, '')", uid.New().String(), uid.New().String(), zora, at)
	h.exec("insert into sessions (id, hash, person_id, created_at, seen_at, expires_at, ip, user_agent) values ($1, '\\x0badcafe01', $2, $3, $3, $4, '192.0.2.7', 'Firefox')", uid.New().String(), zora, at, at.Add(time.Hour))
	h.exec("insert into delegations (id, giver_id, taker_id, first_day, last_day, made_by, made_at) values ($1, $2, $3, '2026-01-01', '2026-02-01', $2, $4)", uid.New().String(), zora, ben, at)
	h.exec("update people set password_hash = 'argon-secret', manager_id = $2 where id = $1", zora, ben)
	for range 450 { // more than a batch
		h.exec("insert into learning_log (enrolment_id, lesson_id, id, version_id, kind, data, at) values ($1, $2, $3, $4, 'opened', '{}', $5)", rounds[h.zora.ID].ID.String(), lesson, uid.New().String(), course.Version.ID.String(), at)
	}
	return zorasFile, bensFile
}

// fetch reads the archive as who asked.
func (h *house) fetch(ctx context.Context, id uid.ID) map[string][]byte {
	h.t.Helper()
	r, err := h.s.Fetchable(ctx, id)
	h.ok(err)
	body, err := h.s.Read(ctx, r, 0, -1)
	h.ok(err)
	defer body.Close()
	raw, err := io.ReadAll(body)
	h.ok(err)
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != r.SHA256 || int64(len(raw)) != r.Bytes {
		h.t.Error("the archive is not what was noted of it")
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	h.ok(err)
	files := map[string][]byte{}
	for _, f := range z.File {
		in, err := f.Open()
		h.ok(err)
		files[f.Name], err = io.ReadAll(in)
		h.ok(err)
		_ = in.Close()
	}
	return files
}

func (h *house) table(files map[string][]byte, name string) (rows []map[string]string) {
	h.t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(files[name])).ReadAll()
	if err != nil || len(lines) == 0 {
		h.t.Fatalf("%s: %v, %d lines", name, err, len(lines))
	}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, cell := range line {
			row[lines[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

func TestACopyHoldsAllOfThePersonAndNothingOfOthers(t *testing.T) {
	t.Parallel()
	h, other := setup(t), setup(t)
	mine, theirs := h.lived()
	other.lived()
	r, err := h.s.AskOwn(h.self, look)
	h.ok(err)
	h.ok(h.s.Make(h.ctx, r.ID))
	files := h.fetch(h.self, r.ID)

	// Of the person: what they are, answered, handed in, and what was said of it, with words beside ids.
	if p := h.table(files, "csv/account/people.csv"); len(p) != 1 || p[0]["email"] != h.zora.Email || p[0]["manager_id"] != access.AnotherPerson {
		t.Errorf("%v", p)
	}
	if s := h.table(files, "csv/hand_ins/submissions.csv"); len(s) != 1 || s[0]["text"] != "Zora's answer, =1+1" || s[0]["marked_by"] != access.AnotherPerson || s[0]["course"] != "Fire safety" || s[0]["lesson"] == "" {
		t.Errorf("%v", s)
	}
	if m := h.table(files, "csv/hand_ins/submission_marks.csv"); len(m) != 1 || m[0]["marker_id"] != access.AnotherPerson || !strings.Contains(m[0]["comment"], "Good. Write to "+access.AnotherAddress) {
		t.Errorf("%v", m)
	}
	if l := h.table(files, "csv/courses/learning_log.csv"); len(l) < 450 {
		t.Errorf("%d of the learning log", len(l))
	}
	if d := h.table(files, "csv/structure/delegations.csv"); len(d) != 1 || d[0]["giver_id"] != h.zora.ID.String() || d[0]["taker_id"] != access.AnotherPerson {
		t.Errorf("%v", d)
	}
	var topic struct {
		Topic         string
		Notifications []struct {
			Path string
			Data map[string]any
		}
	}
	if err := json.Unmarshal(files["json/messages.json"], &topic); err != nil || topic.Topic != "messages" || len(topic.Notifications) == 0 {
		t.Fatalf("%v: %s", err, files["json/messages.json"])
	}
	told := topic.Notifications[slices.IndexFunc(topic.Notifications, func(n struct {
		Path string
		Data map[string]any
	}) bool {
		return strings.HasPrefix(n.Path, "/people/")
	})]
	if told.Data["by"] != access.AnotherPerson || told.Data["note"] != "Ask "+access.AnotherAddress+" or "+h.zora.Email || told.Data["by_itself"] != h.zora.Name || told.Path != "/people/"+access.AnotherPerson {
		t.Errorf("%+v", told)
	}
	if v := h.table(files, "csv/log/support_visits.csv"); len(v) != 1 || v[0]["operator_name"] != access.AnotherPerson {
		t.Errorf("%v", v)
	}
	if !strings.Contains(string(files["json/log.json"]), "Zora's title") {
		t.Error("what was noted of the person is missing")
	}
	if string(files["files/"+mine.String()+".txt"]) != "Zora's work" || files["files/"+theirs.String()+".txt"] != nil {
		t.Error("not the files that the person handed in")
	}

	// Of nobody else, here or elsewhere, and no secret.
	for name, data := range files {
		for _, word := range []string{h.ben.Email, h.ben.ID.String(), "Ben's secret", other.zora.Email, other.zora.ID.String(), "argon-secret", "badcafe", "Olga"} {
			if strings.Contains(string(data), word) && name != "README.html" {
				t.Errorf("%s says %q", name, word)
			}
		}
		if strings.Contains(string(data), `"`+h.ben.Name+`"`) {
			t.Errorf("%s names another person", name)
		}
		if strings.HasPrefix(name, "/") || strings.Contains(name, "..") {
			t.Errorf("a name that leads elsewhere: %s", name)
		}
	}
	var readme access.Readme
	h.ok(json.Unmarshal(files["README.html"], &readme))
	if readme.Request.Locale != "de" || readme.Files != 1 || len(readme.Topics) < 10 || readme.Topics[0].Rows == 0 {
		t.Errorf("%+v", readme)
	}
	var manifest struct {
		Files []struct {
			Name   string
			Bytes  int
			SHA256 string
		}
	}
	h.ok(json.Unmarshal(files["manifest.json"], &manifest))
	if len(manifest.Files) != len(files)-1 {
		t.Errorf("the manifest has %d of %d files", len(manifest.Files), len(files)-1)
	}
	for _, m := range manifest.Files {
		if sum := sha256.Sum256(files[m.Name]); hex.EncodeToString(sum[:]) != m.SHA256 || len(files[m.Name]) != m.Bytes {
			t.Errorf("%s is not as the manifest says", m.Name)
		}
		if strings.HasSuffix(m.Name, ".json") && !json.Valid(files[m.Name]) {
			t.Errorf("%s is no JSON", m.Name)
		}
	}
}

func TestWhoAsksForACopyAndWhoFetchesIt(t *testing.T) {
	t.Parallel()
	h, other := setup(t), setup(t)
	own, err := h.s.AskOwn(h.self, look)
	h.ok(err)
	_, err = h.s.AskOwn(h.self, look)
	h.wants(err, access.ErrOpen)
	_, err = h.s.Fetchable(h.self, own.ID)
	h.wants(err, access.ErrNotReady)
	_, err = h.s.AskFor(h.self, h.ben.ID, look)
	h.wants(err, policy.ErrForbidden)
	_, err = h.s.AskFor(h.admin, uid.New(), look)
	h.wants(err, auth.ErrPersonNotFound)
	_, err = other.s.AskFor(other.admin, h.zora.ID, look)
	h.wants(err, auth.ErrPersonNotFound)
	given, err := h.s.AskFor(h.admin, h.zora.ID, look) // the person's own does not count
	h.ok(err)
	for _, id := range []uid.ID{own.ID, given.ID} {
		h.ok(h.s.Make(h.ctx, id))
	}
	_, err = h.s.AskOwn(h.self, look)
	h.wants(err, access.ErrTooSoon)
	_, err = h.s.AskFor(h.admin, h.zora.ID, look)
	h.wants(err, access.ErrTooSoon)
	// What one asked for oneself nobody else reads, and what the portal had made the person does not find.
	_, err = h.s.Fetchable(h.admin, own.ID)
	h.wants(err, access.ErrNotFound)
	_, err = h.s.Fetchable(h.self, given.ID)
	h.wants(err, access.ErrNotFound)
	_, err = h.s.Fetchable(storetest.As(t, h.ctx, h.World, h.ben), own.ID)
	h.wants(err, access.ErrNotFound)
	_, err = other.s.Fetchable(other.admin, given.ID)
	h.wants(err, access.ErrNotFound)
	h.fetch(h.self, own.ID)
	h.fetch(h.admin, given.ID)
	if list, err := h.s.Own(h.self); err != nil || len(list) != 1 || list[0].ID != own.ID {
		t.Errorf("%v: %+v", err, list)
	}
	if list, err := h.s.All(h.admin, page.Request{}); err != nil || len(list.Items) != 2 || list.Items[0].PersonName != h.zora.Name {
		t.Errorf("%v: %+v", err, list)
	}
	if list, err := other.s.All(other.admin, page.Request{}); err != nil || len(list.Items) != 0 {
		t.Errorf("%v: %+v", err, list)
	}
	n := 0
	h.ok(h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select count(*) from audit where type = 'data_request.fetched'").Scan(&n)
	}))
	if n != 2 {
		t.Errorf("%d downloads are in the audit log, want 2", n)
	}
	h.Now.Advance(access.Every)
	_, err = h.s.AskOwn(h.self, look)
	h.ok(err)
}

func TestACopyGoesAfterItsDaysAndWithThePerson(t *testing.T) {
	t.Parallel()
	h := setup(t)
	made := func() access.Request {
		r, err := h.s.AskOwn(h.self, look)
		h.ok(err)
		h.ok(h.s.Make(h.ctx, r.ID))
		r, err = h.s.Get(h.self, r.ID)
		h.ok(err)
		return r
	}
	gone := func(r access.Request) {
		t.Helper()
		if there, err := h.blobs.Exists(h.ctx, r.Object); err != nil || there {
			t.Errorf("the file is there: %v", err)
		}
		_, err := h.s.Fetchable(h.self, r.ID)
		h.wants(err, access.ErrNotReady)
	}
	old := made()
	h.Now.Advance(access.KeptFor)
	h.ok(h.s.Prune(h.ctx))
	gone(old)
	last := made()
	if n, err := h.s.RemoveOf(h.ctx, h.zora.ID); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	gone(last)
	waiting := uid.New()
	h.Now.Advance(access.Every)
	r, err := h.s.AskOwn(h.self, look)
	h.ok(err)
	waiting = r.ID
	_, err = h.s.RemoveOf(h.ctx, h.zora.ID)
	h.ok(err)
	h.ok(h.s.Make(h.ctx, waiting)) // it is wanted no more
	if r, err := h.s.Get(h.self, waiting); err != nil || r.Status != access.Expired {
		t.Errorf("%v: %+v", err, r)
	}
}

// Who is erased while a copy of them is made leaves none behind.
func TestACopyThatIsWantedNoMoreIsNotLeftBehind(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.lived()
	r, err := h.s.AskOwn(h.self, look)
	h.ok(err)
	explain := h.s.Explain
	h.s.Explain = func(ctx context.Context, page access.Readme) (string, error) {
		if _, err := h.s.RemoveOf(h.ctx, h.zora.ID); err != nil {
			return "", err
		}
		return explain(ctx, page)
	}
	h.ok(h.s.Make(h.ctx, r.ID))
	portal, _ := tenant.From(h.ctx)
	if there, err := h.blobs.Exists(h.ctx, portal.SchemaName+"/copies/"+r.ID.String()+"-1.zip"); err != nil || there {
		t.Errorf("the file is there: %v, %v", there, err)
	}
}
