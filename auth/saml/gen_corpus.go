//go:build ignore

// This program makes testdata/world.json, testdata/hostile, testdata/honest and the seeds in testdata/fuzz anew, with keys
// of identity providers that it throws away.
//
//	go run ./auth/saml/gen_corpus.go ./auth/saml/testdata
package main

import (
	"log"
	"os"

	"lyceum/auth/saml/internal/corpus"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run gen_corpus.go TESTDATA")
	}
	honest, hostile, err := corpus.Make(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("%d honest, %d hostile", honest, hostile)
}
