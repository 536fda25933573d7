package rest_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/store/storetest"
)

func TestALessonIsSavedOnItsOwnRevisionAndAConflictTellsBothSides(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Desks"))
	ada, _ := s.person(t, policy.Instructor)
	ben, _ := s.person(t, policy.Instructor)
	at := "/courses/" + course.Course.ID.String() + "/lessons/" + course.Lessons()[0].ID.String()
	read := s.call(t, ada, "GET", at, nil).want(t, 200)
	if read.Header.Get("ETag") != `"0"` || read.object(t).text("lesson.body") != course.Lessons()[0].Body {
		t.Fatalf("read: %v %s", read.Header, read.body)
	}
	s.call(t, ada, "PUT", at, object{"title": "T", "body": "one\ntwo"}).failed(t, 422, "invalid_input") // on no revision
	first := s.call(t, ada, "PUT", at, object{"title": "Read this", "body": "Lock your screen when you leave your desk.\n\nAlways."}, "If-Match", `"0"`).want(t, 200)
	if first.Header.Get("ETag") != `"1"` || first.object(t).text("version_id") == course.Version.ID.String() {
		t.Errorf("saved: %v %s", first.Header, first.body)
	}
	mine := object{"title": "Read this now", "body": "Lock your screen when you leave your desk.", "minutes": 10, "revision": 0}
	clash := s.call(t, ben, "PUT", at, mine)
	clash.failed(t, 409, "lesson_changed")
	told := clash.object(t)
	if told.at("current.revision") != float64(1) || told.text("current.theirs.body") != "Lock your screen when you leave your desk.\n\nAlways." || told.at("current.clean") != true ||
		told.text("current.merged.title") != "Read this now" || told.text("current.merged.body") != "Lock your screen when you leave your desk.\n\nAlways." {
		t.Errorf("the conflict: %s", clash.body)
	}
	merged := s.call(t, ben, "POST", at+"/merge", mine).want(t, 200).object(t)
	s.call(t, ben, "PUT", at, object{"title": merged.text("merged.title"), "body": merged.text("merged.body"), "revision": 1}).want(t, 200)
	saves := s.call(t, ada, "GET", at+"/saves", nil).want(t, 200).object(t)
	if items, _ := saves.at("items").([]any); len(items) != 3 {
		t.Errorf("kept: %v", saves)
	}
	past := s.call(t, ada, "GET", at+"/saves/1", nil).want(t, 200)
	if !strings.Contains(string(past.body), `{"kind":"added","lines":["","Always."]}`) {
		t.Errorf("what changed: %s", past.body)
	}
	back := s.call(t, ada, "POST", at+"/saves/0/restore", nil, "If-Match", `"2"`).want(t, 200)
	if back.object(t).text("lesson.body") != course.Lessons()[0].Body || back.Header.Get("ETag") != `"3"` {
		t.Errorf("restored: %s", back.body)
	}
	s.call(t, ada, "POST", at+"/saves/77/restore", nil, "If-Match", `"3"`).failed(t, 404, "lesson_save_not_found")
	s.call(t, ada, "PUT", at, object{"title": "T", "body": "a\n![](file:" + course.Course.ID.String() + ")", "revision": 3}).failed(t, 422, "invalid_input")
	s.call(t, ada, "PUT", at+"?automatic=true", object{"title": "T", "body": "a\n![](file:" + course.Course.ID.String() + ")", "revision": 3}).want(t, 200)
}

func TestACourseIsTakenOutAndBroughtInElsewhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Desks"))
	author, _ := s.person(t, policy.Instructor)
	learner, _ := s.person(t, policy.Learner)
	for _, format := range []string{"cartridge", "markdown"} {
		at := "/courses/" + course.Course.ID.String() + "/export?format=" + format
		s.call(t, learner, "GET", at, nil).failed(t, 403, "forbidden")
		packed := s.call(t, author, "GET", at, nil).want(t, 200)
		if packed.Header.Get("Content-Type") != "application/zip" || !strings.HasPrefix(packed.Header.Get("Content-Disposition"), `attachment; filename="desks.`) {
			t.Errorf("%s: %v", format, packed.Header)
		}
		if _, err := zip.NewReader(bytes.NewReader(packed.body), int64(len(packed.body))); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		looked := s.call(t, author, "POST", "/courses/import/check", packed.body).want(t, 200).object(t)
		if looked.text("format") != format || looked.at("refused") != false || looked.text("title") != "Desks" {
			t.Errorf("looked into: %v", looked)
		}
		s.call(t, learner, "POST", "/courses/import", packed.body).failed(t, 403, "forbidden")
		made := s.call(t, author, "POST", "/courses/import", packed.body).want(t, 201)
		if o := made.object(t); o.text("course.title") != "Desks" || o.text("course.status") != "draft" || made.Header.Get("Location") != "/api/v1/courses/"+o.text("course.id")+"/draft" {
			t.Errorf("made: %v %s", made.Header, made.body)
		}
		// The same in chunks, as a large package goes.
		up := s.call(t, author, "POST", "/uploads", object{"name": "desks.zip", "size": len(packed.body)}).want(t, 201).Header.Get("Location")
		whole := s.call(t, author, "PATCH", up, packed.body, "Upload-Offset", "0").want(t, 200).object(t)
		s.call(t, author, "POST", "/courses/import?file="+whole.text("file_id"), nil).want(t, 201)
	}
	s.call(t, author, "GET", "/courses/"+course.Course.ID.String()+"/export?format=scorm", nil).failed(t, 422, "invalid_input")
}

func TestAPackageIsRefusedByFileAndLine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	author, _ := s.person(t, policy.Instructor)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("One/a.md")
	if err == nil {
		_, err = w.Write([]byte("# A\n\n![x](gone.png)\n"))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	refused := s.call(t, author, "POST", "/courses/import", b.Bytes())
	refused.failed(t, 422, "package_refused")
	if !strings.Contains(string(refused.body), `{"field":"One/a.md:3","message":"The picture “gone.png” is not in the package."}`) {
		t.Errorf("refused: %s", refused.body)
	}
	if looked := s.call(t, author, "POST", "/courses/import/check", b.Bytes()).want(t, 200).object(t); looked.at("refused") != true {
		t.Errorf("looked into: %v", looked)
	}
	s.call(t, author, "POST", "/courses/import", []byte("no zip")).failed(t, 422, "zip_unsound")
}
