package rest_test

import (
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestFilesAreListedWithTheirUsesLinkedAndRemoved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	instructor, _ := s.person(t, policy.Instructor)
	learner, _ := s.person(t, policy.Learner)
	cover := s.call(t, instructor, "POST", "/files?name=cover.png", png(t)).want(t, 201).object(t).text("id")
	spare := s.call(t, instructor, "POST", "/files?name=spare.pdf", []byte("%PDF-1.7\nspare")).want(t, 201).object(t).text("id")
	id, _ := uid.Parse(cover)
	course := storetest.SmallCourse("Fire")
	course.CoverFileID = &id
	published := storetest.PublishedCourse(t, s.ctx, s.World, course)
	list := s.call(t, instructor, "GET", "/files", nil).want(t, 200).body
	for _, said := range []string{cover, spare, `"place":"course"`, published.Course.ID.String(), `"used_in":[]`} {
		if !strings.Contains(strings.ReplaceAll(string(list), ": ", ":"), said) {
			t.Errorf("the list lacks %s: %s", said, list)
		}
	}
	if list := string(s.call(t, instructor, "GET", "/files?unused=true&kind=document&order=size", nil).want(t, 200).body); !strings.Contains(list, spare) || strings.Contains(list, cover) {
		t.Errorf("unused: %s", list)
	}
	s.call(t, learner, "GET", "/files", nil).failed(t, 403, "forbidden")
	s.call(t, learner, "GET", "/files/"+spare, nil).failed(t, 404, "file_not_found")
	s.call(t, learner, "GET", "/files/"+cover, nil).want(t, 200) // of a course they see
	s.call(t, learner, "POST", "/files/"+spare+"/links", object{"minutes": 5}).failed(t, 404, "file_not_found")
	link := s.call(t, instructor, "POST", "/files/"+spare+"/links", object{"minutes": 5}).want(t, 201).object(t).text("url")
	if !strings.Contains(link, "/files/"+spare+"/link/") || !strings.HasSuffix(link, "/spare.pdf") || !strings.HasPrefix(link, "https://") {
		t.Errorf("linked at %s", link)
	}
	s.call(t, instructor, "POST", "/files/"+spare+"/links", object{"minutes": 99999}).failed(t, 422, "invalid_input")
	s.call(t, instructor, "DELETE", "/files/"+cover, nil).failed(t, 409, "file_in_use")
	s.call(t, learner, "DELETE", "/files/"+spare, nil).failed(t, 403, "forbidden")
	s.call(t, instructor, "DELETE", "/files/"+spare, nil).want(t, 204)
	s.call(t, instructor, "DELETE", "/files/"+spare, nil).failed(t, 404, "file_not_found")
}

func TestBeyondTheStorageNothingIsBegun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	instructor, _ := s.person(t, policy.Instructor)
	if st := s.call(t, instructor, "GET", "/storage", nil).want(t, 200).object(t); st.at("limit") != nil || st.at("files") != 0.0 {
		t.Errorf("%v", st)
	}
	limit := int64(100_000)
	if _, err := s.services.Content.SetLimit(s.ctx, &limit); err != nil {
		t.Fatal(err)
	}
	s.call(t, instructor, "POST", "/uploads", object{"name": "film.mp4", "size": 60_000}).want(t, 201)
	s.call(t, instructor, "POST", "/uploads", object{"name": "film.mp4", "size": 60_000}).failed(t, 413, "storage_full")
	if st := s.call(t, instructor, "GET", "/storage", nil).want(t, 200).object(t); st.at("limit") != 100_000.0 || st.at("coming") != 60_000.0 {
		t.Errorf("%v", st)
	}
}
