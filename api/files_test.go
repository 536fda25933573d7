package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

func TestAVideoIsGivenInRanges(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	file, data := h.film(b)
	address, size := "/files/"+file+"/drill.mp4", strconv.Itoa(len(data))
	ask := func(method string, header ...string) answer {
		r := httptest.NewRequest(method, address, http.NoBody)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return b.do(r)
	}
	whole := ask("GET").is(200).has("Content-Type", "video/mp4").has("Accept-Ranges", "bytes").has("Content-Length", size).
		has("Cache-Control", "private, max-age=31536000, immutable").hasIn("Content-Security-Policy", "sandbox").has("X-Content-Type-Options", "nosniff")
	if whole.body != string(data) {
		t.Errorf("%d bytes, want %d", len(whole.body), len(data))
	}
	tag := whole.Header.Get("ETag")
	for _, c := range []struct {
		header   []string
		status   int
		span     string
		from, to int
	}{
		{[]string{"Range", "bytes=0-0"}, 206, "bytes 0-0/" + size, 0, 1},
		{[]string{"Range", "bytes=100-199"}, 206, "bytes 100-199/" + size, 100, 200},
		{[]string{"Range", "bytes=-50"}, 206, "bytes " + strconv.Itoa(len(data)-50) + "-" + strconv.Itoa(len(data)-1) + "/" + size, len(data) - 50, len(data)},
		{[]string{"Range", "bytes=100-", "If-Range", tag}, 206, "bytes 100-" + strconv.Itoa(len(data)-1) + "/" + size, 100, len(data)},
		{[]string{"Range", "bytes=100-", "If-Range", `"another"`}, 200, "", 0, len(data)},
		{[]string{"Range", "bytes=0-1,5-6"}, 200, "", 0, len(data)},
		{[]string{"Range", "bytes=" + size + "-"}, 416, "bytes */" + size, 0, 0},
	} {
		got := ask("GET", c.header...).is(c.status).has("Content-Range", c.span)
		if c.status != 416 && got.body != string(data[c.from:c.to]) {
			t.Errorf("%v: %d bytes, want those from %d to %d", c.header, len(got.body), c.from, c.to)
		}
	}
	if got := ask("GET", "If-None-Match", tag).is(304); got.body != "" {
		t.Error("304 has a body")
	}
	if got := ask("HEAD").is(200).has("Content-Length", size); got.body != "" {
		t.Error("HEAD has a body")
	}
	h.as(h.person(policy.Learner)).get(address).is(404) // no course of theirs uses it
	h.stranger().get(address).is(303)
	picture := h.stranger()
	picture.header["Sec-Fetch-Dest"] = "video"
	picture.get(address).is(401)
	b.get("/files/" + uid.New().String() + "/x").is(404)
	b.get("/files/../../etc/passwd").is(404)
	there := h.browser(h.hostOf(h.newTenant()))
	there.cookies = b.cookies
	there.get(address).is(303)
}

func TestAnUploadComesInPartsAndGoesOnAfterABreak(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	b.get("/studio").is(200)
	data, err := os.ReadFile("../internal/media/testdata/" + filmName(t))
	if err != nil {
		t.Fatal(err)
	}
	begun := b.json(http.MethodPost, "/files/uploads", `{"name": "../../etc/drill.mp4", "size": `+strconv.Itoa(len(data))+`}`).is(201)
	var u struct {
		ID       string `json:"id"`
		Received int    `json:"received"`
		FileID   string `json:"file_id"`
	}
	read := func(a answer) {
		t.Helper()
		if err := json.Unmarshal([]byte(a.body), &u); err != nil {
			t.Fatal(err)
		}
	}
	read(begun)
	at := "/files/uploads/" + u.ID
	begun.has("Location", at).has("Upload-Offset", "0")
	part := func(offset int, data []byte) answer {
		t.Helper()
		return b.json(http.MethodPatch, at, string(data), "Content-Type", "application/offset+octet-stream", "Upload-Offset", strconv.Itoa(offset))
	}
	half := len(data) / 2
	part(0, data[:half]).is(200).has("Upload-Offset", strconv.Itoa(half))
	part(half+1, data[half+1:]).is(409).says("upload_offset")
	b.json(http.MethodPatch, at, "x", "Upload-Offset", "0").is(415)
	b.json(http.MethodPatch, at, "x", "Content-Type", "application/offset+octet-stream").is(422).says("Upload-Offset")
	b.do(httptest.NewRequest(http.MethodHead, at, http.NoBody)).is(200).has("Upload-Offset", strconv.Itoa(half)).has("Upload-Length", strconv.Itoa(len(data)))
	done := part(half, data[half:]).is(200)
	read(done)
	got := b.get("/files/"+u.FileID+"/x").is(200).hasIn("Content-Disposition", "drill.mp4")
	if got.body != string(data) || strings.Contains(got.Header.Get("Content-Disposition"), "..") {
		t.Errorf("%d bytes as %s", len(got.body), got.Header.Get("Content-Disposition"))
	}
	b.json(http.MethodPost, "/files/uploads", `{"name": "x", "size": 99999999999}`).is(413)
	b.json(http.MethodPost, "/files/uploads", `nonsense`).is(422).says("bad_request")
	other := h.as(h.person(policy.Instructor))
	other.do(httptest.NewRequest(http.MethodHead, at, http.NoBody)).is(404)
	b.multipart("/files", nil, "file", "evil.png", []byte("<script>alert(1)</script>")).is(422)
	b.multipart("/files", nil, "file", "big.png", append(append([]byte{}, onePixel...), make([]byte, 8<<20)...)).is(422).says("8 MB")
}

func TestAnSVGRunsNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	b.get("/studio").is(200)
	made := b.multipart("/files", nil, "file", "Übersicht \"1\".svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script><rect width="9" height="9"/></svg>`)).is(201)
	b.get(made.Header.Get("Location")).is(200).has("Content-Type", "image/svg+xml").saysNot("script").
		hasIn("Content-Security-Policy", "sandbox").hasIn("Content-Security-Policy", "default-src 'none'").hasIn("Content-Disposition", "filename*=UTF-8''%C3%9Cbersicht")
}
