package lyceum

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "lyceum/"

// rooms lists, for every folder, the folders it may import. The longest name that fits rules. docs/DECISIONS.md and the
// map in README.md say why; a new room needs a line here.
var rooms = map[string][]string{
	"internal":             {"internal"},
	"migrations":           {},
	"tenant":               {"tenant", "internal"},
	"tenant/life":          {},
	"tenant/leaving":       {"tenant", "auth", "internal"},
	"tenant/takeout":       {"tenant", "auth", "internal"},
	"auth":                 {"auth", "tenant", "internal"},
	"billing":              {"billing", "auth", "tenant", "internal"},
	"learning/catalog":     {"auth", "tenant", "internal"},
	"learning/content":     {"auth", "tenant", "internal"},
	"learning/enrolment":   {"learning/catalog", "auth", "tenant", "internal"},
	"learning/certificate": {"learning/enrolment", "learning/catalog", "auth", "tenant", "internal"},
	"learning/badge":       {"learning/certificate", "learning/enrolment", "learning/catalog", "auth", "tenant", "internal"},
	"learning/question":    {"learning/question", "learning/rubric", "internal"},
	"learning/rubric":      {"learning/rubric", "internal"},
	"learning/assignment":  {"learning/assignment", "learning/rubric", "learning/enrolment", "learning/content", "learning/catalog", "auth", "tenant", "internal"},
	"learning/bank":        {"learning/question", "learning/content", "auth", "tenant", "internal"},
	"learning/assessment":  {"learning/assessment", "learning/rubric", "learning/question", "learning/bank", "learning/enrolment", "learning/catalog", "auth", "tenant", "internal"},
	"learning/intake":      {"learning/enrolment", "learning/catalog", "auth", "tenant", "internal"},
	"learning/search":      {"learning/content", "learning/catalog", "auth", "tenant", "internal"},
	"learning/path":        {"learning/enrolment", "learning/catalog", "auth", "tenant", "internal"},
	"learning/exchange":    {"learning/catalog", "learning/content", "auth", "tenant", "internal"},
	"learning/sample":      {"internal"},
	"learning/starter":     {"learning/sample", "learning/catalog", "learning/content", "auth", "tenant", "internal"},
	"learning/onboarding":  {"auth", "tenant", "internal"},
	"learning/calendar":    {"auth", "tenant", "internal"},
	"learning/gradebook":   {"learning/enrolment", "learning/catalog", "auth", "tenant", "internal"},
	"learning/duty":        {"learning/enrolment", "auth", "tenant", "internal"},
	"learning/dashboard":   {"learning/report", "learning/duty", "auth", "tenant", "internal"},
	"learning/push":        {"learning/notice", "auth", "tenant", "internal"},
	"learning/reminder":    {"learning/notice", "auth", "tenant", "internal"},
	"learning/report":      {"learning/duty", "auth", "tenant", "internal"},
	"learning/team":        {"learning/enrolment", "learning/catalog", "auth", "tenant", "internal"},
	"learning/desk":        {"learning/enrolment", "learning/catalog", "auth", "tenant", "internal"},
	"learning/transcript":  {"learning/certificate", "learning/enrolment", "learning/catalog", "auth", "tenant", "internal"},
	"learning/home":        {"learning/certificate", "learning/enrolment", "learning/catalog", "auth", "tenant", "internal"},
	"learning/notice":      {"auth", "tenant", "internal"},
	"themes":               {"themes", "tenant", "auth", "billing", "learning", "internal"},
	"store":                {"store", "tenant", "auth", "billing", "learning", "migrations", "internal"},
	"store/embedded":       {"internal"},
	"api":                  {"api", "themes", "tenant", "auth", "billing", "learning", "internal"},
	"cmd":                  {"api", "store", "themes", "tenant", "auth", "billing", "learning", "migrations", "internal"},
	"deploy":               {},
	"journey":              {"journey"},
}

// guests lists modules from outside that only some rooms may receive.
var guests = map[string][]string{
	"github.com/gofiber/":             {"api", "cmd/lyceum/yardstick"},
	"github.com/valyala/fasthttp":     {"api"},
	"github.com/danielgtaylor/":       {"api/rest"},
	"gorm.io/":                        {"store"},
	"github.com/jackc/pgx":            {"store", "migrations", "cmd"},
	"github.com/riverqueue/":          {"store"},
	"github.com/stripe/":              {"billing/stripe"},
	"github.com/crewjam/":             {"auth/saml"},
	"github.com/beevik/etree":         {"auth/saml"},
	"github.com/russellhaering/":      {"auth/saml"},
	"github.com/go-ldap/":             {"auth/ldap"},
	"github.com/go-asn1-ber/":         {"auth/ldap"},
	"github.com/go-webauthn/":         {"auth"},
	"github.com/caddyserver/":         {"internal/acme"},
	"go.uber.org/zap":                 {"internal/acme"},
	"github.com/pquerna/otp":          {"auth"},
	"github.com/coreos/go-oidc/":      {"auth/oidc"},
	"github.com/casbin/":              {"auth/policy"},
	"github.com/alecthomas/kong":      {"cmd"},
	"gocloud.dev":                     {"internal/blob"},
	"github.com/aws/":                 {"internal/blob"},
	"github.com/johannesboyne/":       {"internal/blob/blobtest"},
	"github.com/wneessen/go-mail":     {"internal/mail"},
	"github.com/yuin/goldmark":        {"internal/markdown"},
	"github.com/microcosm-cc/":        {"internal/markdown"},
	"codeberg.org/go-pdf/":            {"internal/paper", "learning/sample/internal"},
	"github.com/arran4/golang-ical":   {"learning/calendar"},
	"github.com/prometheus/":          {"cmd"},
	"github.com/nicksnyder/go-i18n":   {"themes"},
	"github.com/chromedp/":            {"journey", "learning/sample/internal"},
	"github.com/alexedwards/argon2id": {"auth"},
}

func within(pkg string, rooms []string) bool {
	return slices.ContainsFunc(rooms, func(r string) bool { return pkg == r || strings.HasPrefix(pkg, r+"/") })
}

// room finds the longest named room that a package is in.
func room(pkg string) string {
	for p := pkg; p != "."; p = path.Dir(p) {
		if _, ok := rooms[p]; ok {
			return p
		}
	}
	return ""
}

// forbidden says why a package may not import another, "" when it may.
func forbidden(pkg, name string) string {
	for guest, hosts := range guests {
		if strings.HasPrefix(name, guest) && !within(pkg, hosts) {
			return name + " may enter only " + strings.Join(hosts, ", ")
		}
	}
	to, ours := strings.CutPrefix(name, module)
	if !ours || within(to, []string{room(pkg)}) && room(pkg) == room(to) {
		return ""
	}
	if !within(to, rooms[room(pkg)]) {
		return room(pkg) + " may import only " + strings.Join(rooms[room(pkg)], ", ")
	}
	return ""
}

// TestImportDirections keeps the house in order: a package imports only rooms below it.
func TestImportDirections(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != "." || d.Name() == "testdata" || d.Name() == "artifacts") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(file))
		if pkg == "." {
			return nil
		}
		if room(pkg) == "" {
			t.Errorf("%s is in no room of the design", pkg)
			return nil
		}
		for _, imp := range f.Imports {
			if why := forbidden(pkg, strings.Trim(imp.Path.Value, `"`)); why != "" && !generator(file) {
				t.Errorf("%s imports %s: %s", file, imp.Path.Value, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// generator tells whether a file only makes files for the tree (go:build ignore) and is no part of the product.
func generator(file string) bool { return strings.HasPrefix(filepath.Base(file), "gen_") }

// TestTheRulesForbidWhatTheDesignForbids proves that the test above can fail.
func TestTheRulesForbidWhatTheDesignForbids(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"api/web", "lyceum/store"},
		{"api", "gorm.io/gorm"},
		{"themes", "lyceum/store"},
		{"store", "lyceum/api"},
		{"store", "lyceum/themes"},
		{"learning/catalog", "lyceum/learning/enrolment"},
		{"learning/enrolment", "lyceum/learning/certificate"},
		{"learning/catalog", "lyceum/store"},
		{"auth", "lyceum/billing"},
		{"tenant", "lyceum/auth"},
		{"internal/mail", "lyceum/tenant"},
		{"migrations", "lyceum/tenant"},
		{"billing", "github.com/stripe/stripe-go/v76"},
		{"auth", "github.com/casbin/casbin/v2"},
		{"store", "github.com/gofiber/fiber/v2"},
	} {
		if forbidden(c[0], c[1]) == "" {
			t.Errorf("%s may import %s", c[0], c[1])
		}
	}
	for _, c := range [][2]string{{"api/web", "lyceum/auth"}, {"store", "gorm.io/gorm"}, {"cmd/lyceum", "lyceum/store/queue"}, {"learning/enrolment", "lyceum/learning/catalog"}} {
		if why := forbidden(c[0], c[1]); why != "" {
			t.Errorf("%s may not import %s: %s", c[0], c[1], why)
		}
	}
}
