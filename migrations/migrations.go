// Package migrations holds the numbered SQL of the control schema and of every tenant's, forward only, and the runner
// that plays it: over the control schema once, over the fleet in parallel. It knows tenants only as schema names.
//
// A file is played one statement at a time (a statement ends with a semicolon at the end of a line), in one transaction
// a file. {role} stands for the tenant's role, which has the name of its schema.
package migrations

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

//go:embed control/*.sql tenant/*.sql
var files embed.FS

// Migration is one numbered file.
type Migration struct {
	Number     int
	Name       string
	Statements []string
	Checksum   string // SHA-256 of the file; a file that was played never changes
}

// Script is all migrations of one kind of schema in order, numbered from 1 without a gap.
type Script []Migration

// Latest is the number of the last migration.
func (s Script) Latest() int { return len(s) }

// After gives the migrations that a schema at a version still lacks.
func (s Script) After(version int) Script {
	if version >= len(s) {
		return nil
	}
	return s[version:]
}

// Control is the script of the control schema.
func Control() (Script, error) { return Load(files, "control") }

// Tenant is the script of a tenant's schema.
func Tenant() (Script, error) { return Load(files, "tenant") }

var nameRE = regexp.MustCompile(`^(\d{4})_([a-z0-9_]+)\.sql$`)

// Load reads a folder of numbered files.
func Load(from fs.FS, dir string) (Script, error) {
	entries, err := fs.ReadDir(from, dir)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	var s Script
	for _, e := range entries {
		m := nameRE.FindStringSubmatch(e.Name())
		if m == nil {
			return nil, fmt.Errorf("migration %s/%s: the name must be like 0001_what_it_does.sql", dir, e.Name())
		}
		n, _ := strconv.Atoi(m[1])
		if n != len(s)+1 {
			return nil, fmt.Errorf("migration %s/%s: expected number %04d", dir, e.Name(), len(s)+1)
		}
		raw, err := fs.ReadFile(from, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", e.Name(), err)
		}
		sum := sha256.Sum256(raw)
		s = append(s, Migration{Number: n, Name: m[2], Statements: Split(string(raw)), Checksum: hex.EncodeToString(sum[:])})
	}
	return s, nil
}

// Split cuts a file into statements: each ends with a semicolon at the end of a line. Comment lines are dropped. The body
// of a function, which has such lines inside, stands between lines with $$.
func Split(sql string) []string {
	var out []string
	var b strings.Builder
	body := false
	for line := range strings.Lines(sql) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "--") {
			continue
		}
		b.WriteString(line)
		if strings.Count(trimmed, "$$")%2 == 1 {
			body = !body
		}
		if strings.HasSuffix(trimmed, ";") && !body {
			out = append(out, strings.TrimSuffix(strings.TrimSpace(b.String()), ";"))
			b.Reset()
		}
	}
	if rest := strings.TrimSpace(b.String()); rest != "" {
		out = append(out, rest)
	}
	return out
}
