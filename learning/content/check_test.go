package content_test

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"io"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/store/storetest"
)

func TestAFileIsWhatItsBytesSayWhateverItsNameSays(t *testing.T) {
	t.Parallel()
	h := setup(t)
	webm := append([]byte("\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm"), make([]byte, 100)...)
	for name, c := range map[string]struct {
		data      []byte
		kind      content.FileKind
		mediaType string
		kept      string
	}{
		"photo.png":                 {pngOf(t, 20, 10), content.FilePicture, "image/png", "photo.png"},
		"photo.txt":                 {pngOf(t, 21, 10), content.FilePicture, "image/png", "photo.png"},
		"no ending":                 {pngOf(t, 22, 10), content.FilePicture, "image/png", "no ending.png"},
		"PHOTO.JPEG":                {jpegWithPlace(t), content.FilePicture, "image/jpeg", "PHOTO.JPEG"},
		"page.html":                 {pdf(500), content.FileDocument, "application/pdf", "page.pdf"},
		"Chapter 3. Fire":           {pdf(501), content.FileDocument, "application/pdf", "Chapter 3. Fire.pdf"},
		"rules v1.2":                {pdf(502), content.FileDocument, "application/pdf", "rules v1.2.pdf"},
		"../../etc/cron.d/evil.pdf": {pdf(503), content.FileDocument, "application/pdf", "evil.pdf"},
		`C:\Users\me\film.mov`:      {movie(5, 300), content.FileVideo, "video/mp4", "film.mp4"},
		"film.webm":                 {webm, content.FileVideo, "video/webm", "film.webm"},
		"talk.mp3":                  {bytes.Repeat(append([]byte("\xff\xfb\x90\x00"), make([]byte, 413)...), 20), content.FileAudio, "audio/mpeg", "talk.mp3"},
		"talk.wav":                  {[]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x04\x00\x00\x00abcd"), content.FileAudio, "audio/wav", "talk.wav"},
		"plan.zip":                  {office(t, "docProps/app.xml", "[Content_Types].xml", "word/document.xml"), content.FileOffice, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "plan.docx"},
		"en.vtt":                    {[]byte(captions), content.FileCaptions, "text/vtt", "en.vtt"},
		"logo.svg":                  {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>`), content.FilePicture, "image/svg+xml", "logo.svg"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := h.files.Put(h.author, name, c.data)
			if err != nil || f.Kind != c.kind || f.MediaType != c.mediaType || f.Name != c.kept {
				t.Fatalf("got %+v, %v", f, err)
			}
			data, read := h.read(t, f.ID, 0, -1)
			if int64(len(data)) != f.Size || read.SHA256 != f.SHA256 {
				t.Errorf("kept %d bytes of %+v", len(data), read)
			}
		})
	}
}

func TestWhatCannotBeUsedIsRefusedWholeAndInParts(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for name, data := range map[string][]byte{
		"page.png":     []byte("<!DOCTYPE html><html><script>alert(1)</script></html>"),
		"run.mp4":      append([]byte("MZ\x90\x00"), make([]byte, 200)...),
		"script.pdf":   []byte("#!/bin/sh\nrm -rf /\n"),
		"archive.png":  append([]byte("PK\x03\x04"), make([]byte, 100)...),
		"sound.mp4":    append([]byte("ID3\x04\x00"), make([]byte, 100)...),
		"cut.mp4":      movie(5, 300)[:24],
		"macros.docx":  office(t, "[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
		"jar.docx":     office(t, "META-INF/MANIFEST.MF", "Main.class"),
		"half.docx":    office(t, "[Content_Types].xml", "word/document.xml")[:200],
		"words.vtt":    []byte("Welcome to the course."),
		"x.svg":        []byte("<script>alert(1)</script>"),
		"captions.vtt": []byte("WEBVTT\n\n00:05.000 --> 00:02.000\nBackwards.\n"),
		"half.png":     pngOf(t, 300, 300)[:500],
		"xxe.svg":      []byte(`<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.files.Put(h.author, name, data)
			f := fault.Of(err)
			if err == nil || f.Kind != fault.KindInvalid || f.Text == "" {
				t.Fatalf("put: %v", err)
			}
			u := h.begin(t, name, len(data))
			_, err = h.files.Append(h.author, u.ID, 0, data[:len(data)/2])
			if err == nil {
				_, err = h.files.Append(h.author, u.ID, int64(len(data)/2), data[len(data)/2:])
			}
			if fault.Of(err).Code != f.Code {
				t.Errorf("in parts: %v, whole: %v", err, f)
			}
			if _, err = h.files.Status(h.author, u.ID); !errors.Is(err, content.ErrUploadNotFound) {
				t.Errorf("the refused upload is left: %v", err)
			}
			if h.keeps(t, h.tenant, "uploads/"+u.ID.String()+"/0") {
				t.Error("its part is left")
			}
		})
	}
	if n := h.rows(t, "files"); n != 0 {
		t.Errorf("%d files were kept", n)
	}
}

func TestAPictureLosesEverythingButItsPixels(t *testing.T) {
	t.Parallel()
	h := setup(t)
	sent := jpegWithPlace(t)
	if !bytes.Contains(sent, []byte("GPS")) {
		t.Fatal("the sample has no place")
	}
	f, err := h.files.Put(h.author, "here.jpg", sent)
	if err != nil {
		t.Fatal(err)
	}
	if kept, _ := h.read(t, f.ID, 0, -1); bytes.Contains(kept, []byte("GPS")) || bytes.Contains(kept, []byte("Exif")) {
		t.Error("it still says where it was taken")
	}
	f, err = h.files.Put(h.author, "logo.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="alert(1)"><script>alert(2)</script><circle r="4"/></svg>`))
	if err != nil {
		t.Fatal(err)
	}
	if kept, _ := h.read(t, f.ID, 0, -1); bytes.Contains(kept, []byte("alert")) || !bytes.Contains(kept, []byte("circle")) {
		t.Errorf("kept %s", kept)
	}
}

func TestALargePictureIsScaledDown(t *testing.T) {
	t.Parallel()
	h := setup(t)
	data := pngOf(t, 3000, 300)
	u := h.begin(t, "wide.png", len(data))
	done := h.add(t, u.ID, 0, data)
	kept, f := h.read(t, *done.FileID, 0, -1)
	config, err := png.DecodeConfig(bytes.NewReader(kept))
	if err != nil || config.Width != content.MaxSide || config.Height != 256 || f.Size != int64(len(kept)) {
		t.Errorf("kept %d × %d, %v, %+v", config.Width, config.Height, err, f)
	}
}

func TestTheBrandsPicturesArePublicAndNothingElse(t *testing.T) {
	t.Parallel()
	h := setup(t)
	logo, err := h.files.Put(h.author, "logo.png", pngOf(t, 50, 20))
	if err != nil {
		t.Fatal(err)
	}
	document, err := h.files.Put(h.author, "secret.pdf", pdf(100))
	if err != nil {
		t.Fatal(err)
	}
	r, f, err := h.files.Public(h.tenant, logo.ID) // nobody is signed in
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil || int64(len(data)) != f.Size {
		t.Errorf("read %d bytes, %v", len(data), err)
	}
	_, _, err = h.files.Public(h.tenant, document.ID)
	wantFault(t, err, content.ErrFileNotFound)
	_, _, err = h.files.Open(h.tenant, logo.ID, 0, -1)
	wantFault(t, err, auth.ErrSignInFirst)
	_, err = h.files.File(h.tenant, logo.ID)
	wantFault(t, err, auth.ErrSignInFirst)
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	_, err = h.files.File(learner, document.ID)
	wantFault(t, err, content.ErrFileNotFound)
}

func TestUploadingAsksForItsPermission(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for name, call := range map[string]func(context.Context) error{
		"Begin": func(a context.Context) error {
			_, err := h.files.Begin(a, content.BeginInput{Name: "x", Size: 1})
			return err
		},
		"Status":  func(a context.Context) error { _, err := h.files.Status(a, uid.New()); return err },
		"Append":  func(a context.Context) error { _, err := h.files.Append(a, uid.New(), 0, nil); return err },
		"List":    func(a context.Context) error { _, err := h.files.List(a, content.Filter{}); return err },
		"Storage": func(a context.Context) error { _, err := h.files.Storage(a); return err },
		"Remove":  func(a context.Context) error { return h.files.Remove(a, uid.New()) },
		"Put":     func(a context.Context) error { _, err := h.files.Put(a, "x", pdf(10)); return err },
	} {
		if err := call(h.tenant); !errors.Is(err, auth.ErrSignInFirst) {
			t.Errorf("%s: a stranger gets %v", name, err)
		}
		who := auth.WithPrincipal(h.tenant, auth.Principal{PersonID: uid.New(), May: policy.Set{policy.EnrolmentSelf: {}}})
		want := error(policy.ErrForbidden)
		if name == "Status" || name == "Append" { // a learner may bring what they hand in
			want = content.ErrUploadNotFound
		}
		if err := call(who); !errors.Is(err, want) {
			t.Errorf("%s: a learner gets %v", name, err)
		}
	}
}
