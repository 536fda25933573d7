package media

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// courseLimits are what a package of a course may unpack to.
var courseLimits = Limits{Total: 2 << 30, File: 1 << 30}

// HoldsCourse tells whether a ZIP seems to hold a course to import: the manifest of a cartridge, at its top or in its one
// folder, or texts of Markdown. Errors are those of CheckZip.
func HoldsCourse(r io.ReaderAt, size int64) (bool, error) {
	if err := CheckZip(r, size, courseLimits); err != nil {
		return false, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return false, ErrZipUnsound.Because(fmt.Errorf("read zip directory: %w", err))
	}
	for _, f := range z.File {
		if strings.EqualFold(path.Ext(f.Name), ".md") || path.Base(f.Name) == "imsmanifest.xml" && strings.Count(f.Name, "/") < 2 {
			return true, nil
		}
	}
	return false, nil
}
