package rest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"lyceum/auth/policy"
)

func TestAFileGoesUpInChunksThatResume(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	instructor, _ := s.person(t, policy.Instructor)
	other, _ := s.person(t, policy.Instructor)
	data := png(t)
	half := len(data) / 2
	begun := s.call(t, instructor, "POST", "/uploads", object{"name": "logo.png", "size": len(data)}).want(t, 201)
	at := begun.Header.Get("Location")
	if begun.Header.Get("Upload-Offset") != "0" || begun.Header.Get("Upload-Length") != itoa(len(data)) || at != "/api/v1/uploads/"+begun.object(t).text("id") {
		t.Fatalf("begun: %v %s", begun.Header, begun.body)
	}
	s.call(t, instructor, "PATCH", at, data[:half]).failed(t, 422, "invalid_input") // no Upload-Offset
	s.call(t, instructor, "PATCH", at, data[half:], "Upload-Offset", itoa(half)).failed(t, 409, "upload_offset")
	first := s.call(t, instructor, "PATCH", at, data[:half], "Upload-Offset", "0").want(t, 200)
	if first.Header.Get("Upload-Offset") != itoa(half) || first.object(t).at("file_id") != nil {
		t.Errorf("after the first chunk: %s", first.body)
	}
	s.call(t, instructor, "PATCH", at, data[:half], "Upload-Offset", "0").want(t, 200) // once more, as after a break
	s.call(t, other, "GET", at, nil).failed(t, 404, "upload_not_found")
	if got := s.call(t, instructor, "HEAD", at, nil).want(t, 200); got.Header.Get("Upload-Offset") != itoa(half) || len(got.body) != 0 {
		t.Errorf("how far: %v", got.Header)
	}
	last := s.call(t, instructor, "PATCH", at, data[half:], "Upload-Offset", itoa(half), "Content-Type", "application/offset+octet-stream").want(t, 200).object(t)
	file := s.call(t, other, "GET", "/files/"+last.text("file_id"), nil).want(t, 200).object(t)
	sum := sha256.Sum256(data)
	if file.text("kind") != "picture" || file.text("media_type") != "image/png" || file.at("size") != float64(len(data)) && file.text("sha256") == hex.EncodeToString(sum[:]) {
		t.Errorf("the file: %v", file)
	}
	s.call(t, instructor, "PATCH", at, bytes.Repeat([]byte("a"), 8<<20+1), "Upload-Offset", "0").failed(t, 413, "body_too_large")
	s.call(t, instructor, "PATCH", at, "{}", "Upload-Offset", "0").failed(t, 415, "media_type")
}

func TestASmallFileGoesUpAtOnceAndIsTakenForWhatItIs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	instructor, _ := s.person(t, policy.Instructor)
	learner, _ := s.person(t, policy.Learner)
	file := s.call(t, instructor, "POST", "/files?name=cover.txt", png(t)).want(t, 201)
	if f := file.object(t); f.text("media_type") != "image/png" || file.Header.Get("Location") != "/api/v1/files/"+f.text("id") {
		t.Errorf("the file: %v %s", file.Header, file.body)
	}
	s.call(t, instructor, "POST", "/files?name=page.html", []byte("<!doctype html><script>alert(1)</script>")).failed(t, 422, "file_type")
	s.call(t, instructor, "POST", "/files", png(t)).failed(t, 422, "invalid_input")
	s.call(t, instructor, "POST", "/files?name=none.png", nil).want(t, 422)
	s.call(t, learner, "POST", "/files?name=cover.png", png(t)).failed(t, 403, "forbidden")
}

func TestTheBrandIsChangedOnItsRevisionAndAColourNobodyCanReadIsRefusedWithABetterOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner, _ := s.person(t, policy.Owner)
	learner, _ := s.person(t, policy.Learner)
	look := s.call(t, learner, "GET", "/brand", nil).want(t, 200)
	b := look.object(t)
	f := s.call(t, owner, "PUT", "/brand", object{"name": "Acme", "colour": "#ffee88", "theme": "campus"}, "If-Match", look.Header.Get("ETag")).failed(t, 422, "invalid_input")
	if i := strings.LastIndex(f["colour"], "#"); i < 0 || len(f["colour"]) < i+7 {
		t.Fatalf("no colour is offered: %v", f)
	} else {
		b["colour"] = f["colour"][i : i+7]
	}
	logo := s.call(t, owner, "POST", "/files?name=logo.png", png(t)).want(t, 201).object(t)
	b["name"], b["theme"], b["logo_file_id"] = "Acme Tools", "campus", logo.text("id")
	saved := s.call(t, owner, "PUT", "/brand", b).want(t, 200)
	if got := saved.object(t); got.text("name") != "Acme Tools" || got.text("logo_file_id") != logo.text("id") || saved.Header.Get("ETag") == look.Header.Get("ETag") {
		t.Errorf("saved %s", saved.body)
	}
	s.call(t, owner, "PUT", "/brand", b).failed(t, 409, "brand_changed")
	if got := s.call(t, learner, "GET", "/brand", nil).want(t, 200).object(t); got.text("name") != "Acme Tools" {
		t.Errorf("the look is %v", got)
	}
	b["logo_file_id"], b["revision"] = "0197c2a4-5b1e-7d3a-9f00-3c5d7e9a1b2c", saved.object(t).at("revision")
	if f := s.call(t, owner, "PUT", "/brand", b).failed(t, 422, "invalid_input"); f["logo_file_id"] == "" {
		t.Errorf("a logo that is not there: %v", f)
	}
	s.call(t, owner, "PUT", "/brand", object{"name": "x", "colour": "#3b4cc0", "theme": "<b>", "revision": 1}).failed(t, 422, "invalid_input")
	s.call(t, learner, "PUT", "/brand", b).failed(t, 403, "forbidden")
}

func TestUnknownAddressesAndMethodsAreProblemsToo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner, _ := s.person(t, policy.Owner)
	s.call(t, owner, "GET", "/nothing", nil).failed(t, 404, "page_not_found")
	got := s.call(t, owner, "DELETE", "/people", nil)
	got.failed(t, 405, "method_not_allowed")
	if allow := got.Header.Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
		t.Errorf("Allow: %q", allow)
	}
	if got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control: %q", got.Header.Get("Cache-Control"))
	}
	if got := s.call(t, owner, "HEAD", "/people", nil).want(t, 200); len(got.body) != 0 || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("HEAD: %v %s", got.Header, got.body)
	}
}
