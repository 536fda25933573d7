package themes_test

import (
	"io"
	"testing"
)

func BenchmarkPages(b *testing.B) {
	t := &testing.T{}
	s, w := newSet(t), newWorld(t)
	for _, sp := range specimens(t, w) {
		switch sp.name {
		case "home", "course-started", "certificates-empty", "home-first-day":
		default:
			continue
		}
		b.Run(sp.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Render(io.Discard, sp.view, sp.page); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
