package themes

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"lyceum/tenant"
)

// Asset is a static file. It may be kept by browsers for ever: its address changes with its content.
type Asset struct {
	Data      []byte
	Gzip      []byte // Data compressed; nil where that gains nothing
	MediaType string
}

// assets are the static files of all themes under one hash, so that modules find each other by relative addresses.
type assets struct {
	hash  string
	files map[string]Asset
	icons map[string]bool // the symbols of icons.svg
}

var symbolID = regexp.MustCompile(`<symbol id="([a-z-]+)"`)

var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// newAssets makes one style sheet of each theme (<theme>.css, its css files in the order of their names) and takes
// the scripts and pictures of atrium.
func newAssets(folders map[tenant.Theme]folder) (*assets, error) {
	a := &assets{files: map[string]Asset{}, icons: map[string]bool{}}
	for _, theme := range tenant.Themes() {
		var sheet []byte
		for _, name := range folders[theme].in("css", ".css") {
			sheet = append(append(sheet, folders[theme][name]...), '\n')
		}
		a.files[string(theme)+".css"] = Asset{Data: slim(sheet)}
	}
	base := folders[tenant.ThemeAtrium]
	for _, name := range append(base.in("scripts", ".js"), base.in("pictures", ".svg")...) {
		a.files[path.Base(name)] = Asset{Data: base[name]}
	}
	for _, m := range symbolID.FindAllSubmatch(base["pictures/icons.svg"], -1) {
		a.icons[string(m[1])] = true
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(a.files)) {
		f := a.files[name]
		fmt.Fprintf(sum, "%s %d\n", name, len(f.Data))
		sum.Write(f.Data)
		f.MediaType = mediaTypes[path.Ext(name)]
		var err error
		if f.Gzip, err = compress(f.Data); err != nil {
			return nil, err
		}
		a.files[name] = f
	}
	a.hash = hex.EncodeToString(sum.Sum(nil))[:16]
	return a, nil
}

// What a style sheet holds for people who read it, and browsers need not: comments, line ends with indents, blanks around braces, and
// semicolons before them. No string in ours holds any of these.
var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssBlank   = regexp.MustCompile(`\s+`)
	cssBrace   = regexp.MustCompile(`;? ?([{};]) ?`)
)

func slim(sheet []byte) []byte {
	sheet = cssBlank.ReplaceAll(cssComment.ReplaceAll(sheet, nil), []byte(" "))
	return cssBrace.ReplaceAll(sheet, []byte("$1"))
}

func compress(data []byte) ([]byte, error) {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if buf.Len() >= len(data) {
		return nil, nil
	}
	return buf.Bytes(), nil
}

// AssetURL is the address of a static file, /assets/<hash>/<name>. A name that is no file of ours is an error, so
// that a page with a dead reference fails in tests.
func (s *Set) AssetURL(name string) (string, error) {
	if _, ok := s.assets.files[name]; !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return "/assets/" + s.assets.hash + "/" + name, nil
}

// PushWorker is the script that shows what is sent to a device. It has an address of its own: browsers ask there whether it changed.
func (s *Set) PushWorker() []byte { return s.assets.files["push-worker.js"].Data }

// Asset finds the static file of a path "/assets/<hash>/<name>" ("<hash>/<name>" works too). An old hash finds
// nothing: an answer may be kept for ever and must not be another version's.
func (s *Set) Asset(urlPath string) (Asset, bool) {
	rest := strings.TrimPrefix(urlPath, "/assets/")
	hash, name, _ := strings.Cut(rest, "/")
	if hash != s.assets.hash {
		return Asset{}, false
	}
	a, ok := s.assets.files[name]
	return a, ok
}
