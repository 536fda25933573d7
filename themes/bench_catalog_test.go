package themes_test

import (
	"bytes"
	"fmt"
	"testing"

	"lyceum/auth"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/tenant"
	"lyceum/themes"
)

// BenchmarkLargeCourse renders the pages of a course of 500 lessons.
func BenchmarkLargeCourse(b *testing.B) {
	s, err := themes.New(themes.Options{})
	if err != nil {
		b.Fatal(err)
	}
	o := catalog.Outline{Version: catalog.Version{ID: id("v"), Title: "Large", Language: "en"}, Course: catalog.Course{ID: id("c"), Slug: "large", Status: catalog.StatusPublished}}
	for i := range 20 {
		m := catalog.OutlineModule{Module: catalog.Module{ID: id(fmt.Sprint("m", i)), Position: i, Title: fmt.Sprint("Part ", i)}}
		for j := range 25 {
			m.Lessons = append(m.Lessons, catalog.Lesson{ID: id(fmt.Sprint("l", i, j)), ModuleID: m.ID, Position: j, Kind: catalog.LessonText, Title: fmt.Sprint("Step ", j), Minutes: 3})
		}
		o.Modules = append(o.Modules, m)
	}
	w := &world{people: []auth.Person{{ID: id("p"), Name: "Maya Chen"}, {ID: id("q"), Name: "Jonas Albrecht"}, {ID: id("r"), Name: "Priya"}}, brand: tenant.DefaultBrand("Acme")}
	e := enrolment.Enrolment{Status: enrolment.StatusActive}
	for _, p := range []struct {
		name string
		page themes.Page
	}{
		{"course", themes.CoursePage{Outline: o, Enrolment: &e}},
		{"player", themes.PlayerPage{Player: enrolment.Player{Outline: o, Lesson: o.Modules[3].Lessons[3]}}},
		{"studio", themes.CourseEditPage{Outline: o, Open: []string{o.Modules[4].ID.String()}}},
	} {
		b.Run(p.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var buf bytes.Buffer
				if err := s.Render(&buf, w.portal("/x", may()), p.page); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(buf.Len()))
			}
		})
	}
}
