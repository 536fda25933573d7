// Package typecheck has only tests: the templates of every page against the page's own type. They stand apart because
// the compiler makes Chrome's methods anew for each page's type, which takes a minute that the tests of themes need not wait for.
package typecheck
