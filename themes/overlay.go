package themes

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"lyceum/tenant"
)

// folder is a theme's files by their path below it.
type folder map[string][]byte

// themeFiles gives a theme's files: those of atrium, and over them the theme's own. A theme's folder therefore holds
// only what differs.
func themeFiles(root fs.FS, theme tenant.Theme) (folder, error) {
	out := folder{}
	layers := []string{string(tenant.ThemeAtrium)}
	if theme != tenant.ThemeAtrium {
		layers = append(layers, string(theme))
	}
	for _, layer := range layers {
		err := fs.WalkDir(root, layer, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(root, name)
			out[strings.TrimPrefix(name, layer+"/")] = data
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// in lists the files directly in a directory that have an extension, in the order of their names.
func (f folder) in(dir, ext string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if path.Dir(name) == dir && path.Ext(name) == ext {
			names = append(names, name)
		}
	}
	return names
}

// stem is a file's name without directory and extension.
func stem(name string) string {
	base := path.Base(name)
	return base[:len(base)-len(path.Ext(base))]
}
