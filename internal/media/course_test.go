package media_test

import (
	"errors"
	"strings"
	"testing"

	"lyceum/internal/media"
)

func TestACourseInAZipIsToldFromOtherArchives(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		names []string
		want  bool
	}{
		{[]string{"imsmanifest.xml", "a.html"}, true}, {[]string{"course/imsmanifest.xml"}, true}, {[]string{"a/b/imsmanifest.xml"}, false}, {[]string{"One/Read.MD"}, true},
		{[]string{"[Content_Types].xml", "_rels/.rels", "word/document.xml"}, false}, {[]string{"a.txt"}, false},
	} {
		data := zipped(t, c.names...)
		if got, err := media.HoldsCourse(strings.NewReader(data), int64(len(data))); got != c.want || err != nil {
			t.Errorf("%v: %v, %v", c.names, got, err)
		}
	}
	if _, err := media.HoldsCourse(strings.NewReader("PK"), 2); !errors.Is(err, media.ErrZipUnsound) {
		t.Errorf("no ZIP: %v", err)
	}
}
