// Command handout draws the printable checklists of the sample courses: one A4 page each, with boxes to tick. It is a
// tool for whoever changes a checklist; the portal serves the PDFs that it wrote and never runs it.
//
//	go generate ./learning/sample
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", ".", "folder that holds the course folders")
	flag.Parse()
	for _, s := range sheets {
		pdf, err := s.draw()
		if err != nil {
			log.Fatalf("draw %s: %v", s.file, err)
		}
		if err := os.WriteFile(filepath.Join(*out, s.course, s.file), pdf, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
