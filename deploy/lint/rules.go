//go:build ruleguard

// Package rules holds the house's own linter rules. golangci-lint reads them (gocritic's ruleguard); the product is
// never built with them.
package rules

import "github.com/quasilyte/go-ruleguard/dsl"

// builtSQL refuses SQL put together at run time: values are bound, and names of schemas and roles are written only
// where .golangci.yml allows it. A concatenation of constants is a constant and passes.
func builtSQL(m dsl.Matcher) {
	m.Match(
		`$_.Exec($sql)`, `$_.Exec($sql, $*_)`, `$_.Raw($sql)`, `$_.Raw($sql, $*_)`,
		`$_.Where($sql)`, `$_.Where($sql, $*_)`, `$_.Or($sql, $*_)`, `$_.Not($sql, $*_)`, `$_.Having($sql, $*_)`,
		`$_.Joins($sql, $*_)`, `$_.Order($sql)`, `$_.Group($sql)`, `$_.Table($sql, $*_)`, `$_.Select($sql, $*_)`,
		`gorm.Expr($sql, $*_)`, `clause.Expr{SQL: $sql, $*_}`, `$_.Queue($sql, $*_)`,
		`$_.Exec($_, $sql, $*_)`, `$_.Query($_, $sql, $*_)`, `$_.QueryRow($_, $sql, $*_)`,
		`$_.ExecContext($_, $sql, $*_)`, `$_.QueryContext($_, $sql, $*_)`, `$_.QueryRowContext($_, $sql, $*_)`,
	).Where(m["sql"].Type.Underlying().Is(`string`) && !m["sql"].Const &&
		(m["sql"].Text.Matches(`\bfmt\.(Sprintf|Sprint|Sprintln)\(|\bstrings\.(Join|Replace|ReplaceAll)\(`) || m["sql"].Node.Is(`BinaryExpr`))).
		Report(`SQL is never built from input: bind the value, or list the file in .golangci.yml with its reason`)

	m.Match(`fmt.Sprintf($format, $*_)`, `fmt.Appendf($_, $format, $*_)`, `fmt.Fprintf($_, $format, $*_)`).
		Where(m["format"].Text.Matches("(?i)^[\"`]\\s*(select\\s.*\\sfrom|insert\\s+into|update\\s.*\\sset|delete\\s+from|create\\s+(table|schema|role|index|or\\s)|alter\\s+(table|role|schema|default)|drop\\s+(table|schema|role)|grant\\s|revoke\\s|truncate\\s|set\\s+(local|session|role|search_path)|begin;)")).
		Report(`SQL is never formatted: bind the value, or list the file in .golangci.yml with its reason`)
}
