package api_test

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/internal/blob/blobtest"
	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/store/storetest"
)

func widePNG(t *testing.T, width int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, width, width/2))
	if _, err := rand.NewChaCha8([32]byte{}).Read(img.Pix); err != nil { // noise: what is drawn smaller is smaller
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTheFilesOfAPortalAreShownWithTheirUsesAndRemovedWhenNothingUsesThem(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	limit := int64(10 << 20)
	if _, err := h.o.Content.SetLimit(h.ctx, &limit); err != nil {
		t.Fatal(err)
	}
	b.get("/files").is(200).says("Files", "No files", "10\u00a0MB")
	film, _ := h.film(b)
	b.get("/files").is(200).says("drill.mp4", "Video", "Used in", "Nothing", "/files/"+film+"/remove")
	b.get("/files?kind=picture").is(200).says("Nothing matches").saysNot("drill.mp4")
	b.get("/files?kind=nonsense&order=size&unused=1").is(200).says("drill.mp4")
	big := b.multipart("/files", nil, "file", "big.pdf", append([]byte("%PDF-1.7\n"), make([]byte, 7<<20)...)).is(201)
	b.json(http.MethodPost, "/files/uploads", `{"name": "another.mp4", "size": 8388608}`).is(413).says("storage_full", "3 MB of 10 MB")
	h.as(h.person(policy.Learner)).get("/files").is(403)
	b.post("/files/" + film + "/remove").is(303).leads("/files")
	b.get("/files").is(200).says("drill.mp4” is removed", "big.pdf").saysNot("/files/" + film + "/remove")
	b.get("/files/" + film + "/x").is(404)
	b.post("/files/" + film + "/remove").is(404)
	there := h.as(h.person(policy.Instructor))
	there.get(big.Header.Get("Location")).is(200)
}

func TestALinkToAFileNeedsNoSessionUntilItEnds(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	film, data := h.film(b)
	id, _ := uid.Parse(film)
	l, err := h.o.Content.LinkTo(storetest.As(t, h.ctx, h.w, h.person(policy.Instructor)), id, 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	anyone := h.stranger()
	got := anyone.get(l.Path()).is(200).has("Content-Type", "video/mp4").has("Access-Control-Allow-Origin", "*").has("Cross-Origin-Resource-Policy", "cross-origin").
		has("Cache-Control", "public, max-age=600, immutable").has("Accept-Ranges", "bytes")
	if got.body != string(data) {
		t.Errorf("%d bytes", len(got.body))
	}
	r := httptest.NewRequest(http.MethodGet, l.Path(), http.NoBody)
	r.Header.Set("Range", "bytes=3-9")
	if part := anyone.do(r).is(206); part.body != string(data[3:10]) {
		t.Errorf("a part: %q", part.body)
	}
	parts := strings.Split(l.Path(), "/") // "", files, id, link, expires, signature, name
	for name, change := range map[string]func(p []string){
		"another file": func(p []string) { p[2] = uid.New().String() }, "no file": func(p []string) { p[2] = "x" },
		"a longer life": func(p []string) { p[4] = "9" + p[4] }, "no end": func(p []string) { p[4] = "soon" },
		"another signature": func(p []string) { p[5] = "A" + p[5][1:] + "A" }, "no signature": func(p []string) { p[5] = "-" },
	} {
		forged := append([]string(nil), parts...)
		change(forged)
		t.Log(name)
		anyone.get(strings.Join(forged, "/")).is(403).says("Ask for a new one")
	}
	renamed := append([]string(nil), parts...)
	renamed[6] = "other.mp4" // the name is for who saves it
	anyone.get(strings.Join(renamed, "/")).is(200)
	there := h.browser(h.hostOf(h.newTenant()))
	there.get(l.Path()).is(403)
	if strings.Contains(h.log.String(), l.Signature) {
		t.Error("the signature stands in the log")
	}
	h.w.Now.Advance(11 * time.Minute)
	anyone.get(l.Path()).is(403)
}

func TestAPictureIsOfferedInTheWidthsThereAre(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	b.get("/studio").is(200)
	made := b.multipart("/files", nil, "file", "wide.png", widePNG(t, 900)).is(201)
	id, _ := uid.Parse(strings.Split(made.Header.Get("Location"), "/")[2])
	in := storetest.SmallCourse("Fire")
	in.CoverFileID = &id
	in.Modules[0].Lessons[0].Body = "![The exit](file:" + id.String() + ")"
	course := storetest.PublishedCourse(t, h.ctx, h.w, in)
	b.get("/courses").is(200).says("/files/" + id.String() + "/cover").saysNot("srcset")
	if err := h.o.Content.MakeVariants(h.ctx, id); err != nil {
		t.Fatal(err)
	}
	known, err := h.o.Content.Pictures(h.ctx, []uid.ID{id})
	if err != nil || len(known[id].Variants) != 2 {
		t.Fatalf("%+v, %v", known, err)
	}
	small := known[id].Variants[0]
	address := "/files/" + id.String() + "/v/" + small.SHA256
	b.get("/courses").is(200).says(address+" 320w", "/files/"+id.String()+"/picture 900w", "sizes=")
	b.get("/studio").is(200).says(address + " 320w")
	b.post("/courses/" + course.Course.Slug + "/enrol").is(303)
	b.get("/learn/"+course.Course.Slug+"/"+course.Modules[0].Lessons[0].ID.String()).is(200).says(address+" 320w", `width="900"`, `height="450"`)
	got := b.get(address).is(200).has("Content-Type", "image/png").has("Cache-Control", "private, max-age=31536000, immutable")
	if config, err := png.DecodeConfig(strings.NewReader(got.body)); err != nil || config.Width != 320 || config.Height != 160 {
		t.Errorf("%+v, %v", config, err)
	}
	b.get("/files/" + id.String() + "/v/" + strings.Repeat("0", 64)).is(404)
	h.as(h.person(policy.Learner)).get(address).is(200) // the cover of a course they see
	h.stranger().get(address).is(303)
}

func TestWhatABrowserHasIsNotSentAgain(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	film, _ := h.film(b)
	ask := func(header, value string) answer {
		r := httptest.NewRequest(http.MethodGet, "/files/"+film+"/x", http.NoBody)
		r.Header.Set(header, value)
		return b.do(r)
	}
	whole := b.get("/files/" + film + "/x").is(200)
	tag, date := whole.Header.Get("ETag"), whole.Header.Get("Last-Modified")
	ask("If-Modified-Since", date).is(304)
	ask("If-Modified-Since", "Mon, 02 Jan 2006 15:04:05 GMT").is(200)
	ask("If-Modified-Since", "nonsense").is(200)
	ask("If-None-Match", `"other"`).is(200)
	ask("If-Match", tag).is(200)
	ask("If-Match", `"other"`).is(412)
	ask("If-Match", "*").is(200)
	ask("If-Unmodified-Since", date).is(200)
	ask("If-Unmodified-Since", "Mon, 02 Jan 2006 15:04:05 GMT").is(412)
}

// inS3 has the portal keep its files in an object store that signs addresses.
func inS3(t *testing.T, address string, from int64) func(*house) {
	return func(h *house) {
		blobs, err := blob.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = blobs.Close() })
		h.o.Content = content.New(content.Options{Keep: h.w.Store, Blobs: blobs, Seal: sealKey(t), RedirectFrom: from, Now: h.w.Now.Clock()})
	}
}

// TestALargeFileIsFetchedFromTheObjectStore runs against a real S3 server where there is one.
func TestALargeFileIsFetchedFromTheObjectStore(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]func(testing.TB) string{"gofakes3": blobtest.Fake, "minio": blobtest.Minio} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fetched(t, store(t))
		})
	}
}

func fetched(t *testing.T, store string) {
	t.Helper()
	h := setup(t, inS3(t, store, 1000))
	b := h.as(h.person(policy.Instructor))
	film, data := h.film(b)
	at := b.get("/files/"+film+"/drill.mp4").is(302).has("Cache-Control", "private, no-store").Header.Get("Location")
	if !strings.HasPrefix(at, h.o.Content.StoreOrigin()+"/") || strings.Contains(at, h.host) {
		t.Fatalf("leads to %s", at)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Range", "bytes=4-11")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var part bytes.Buffer
	if _, err := part.ReadFrom(res.Body); err != nil || res.StatusCode != http.StatusPartialContent || part.String() != string(data[4:12]) || res.Header.Get("Content-Type") != "video/mp4" {
		t.Errorf("%d, %q as %s, %v", res.StatusCode, part.String(), res.Header.Get("Content-Type"), err)
	}
	b.do(httptest.NewRequest(http.MethodHead, "/files/"+film+"/drill.mp4", http.NoBody)).is(200).has("Content-Type", "video/mp4") // the signature is for GET
	picture := b.multipart("/files", nil, "file", "wide.png", widePNG(t, 400)).is(201)
	b.get(picture.Header.Get("Location")).is(200).has("Content-Type", "image/png") // pictures are ours
	origin, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	b.get("/studio").is(200).hasIn("Content-Security-Policy", "media-src 'self' http://"+origin.Host).hasIn("Content-Security-Policy", "frame-src 'self' http://"+origin.Host)
	h.as(h.person(policy.Learner)).get("/files/" + film + "/drill.mp4").is(404)
}
