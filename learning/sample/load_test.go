package sample

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"
)

// whole is the smallest course that loads; tests break one thing of it.
func whole() map[string]string {
	return map[string]string{
		"c/course.json": `{"slug":"c","title":"C","summary":"s","language":"en-GB","estimated_minutes":1,"cover":"cover.svg","tags":["t"],
			"modules":[{"title":"M","lessons":[{"slug":"l","title":"L","kind":"text","minutes":1,"body":"l.md"}]}]}`,
		"c/cover.svg": "<svg/>",
		"c/l.md":      "Words and ![a picture](asset:p.svg).\n",
		"c/p.svg":     "<svg/>",
	}
}

func loadMap(files map[string]string) (Course, error) {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return load(fsys, "c")
}

func TestACourseCarriesWhatItsOutlineNames(t *testing.T) {
	t.Parallel()
	c, err := loadMap(whole())
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := c.Asset("p.svg"); !ok || p.MediaType != "image/svg+xml" || len(c.Pictures()) != 1 {
		t.Errorf("the lesson's picture: found %v, %s; %d pictures in all", ok, p.MediaType, len(c.Pictures()))
	}
	if _, ok := c.Asset("cover.svg"); ok {
		t.Error("the cover counts as a picture of a lesson")
	}
}

func TestABrokenCourseIsRefusedWithTheNameOfWhatIsWrong(t *testing.T) {
	t.Parallel()
	kind := func(replacement string) map[string]string {
		return map[string]string{"c/course.json": strings.Replace(whole()["c/course.json"], `"kind":"text"`, replacement, 1)}
	}
	for name, tc := range map[string]struct {
		change map[string]string // "" removes the file
		says   string
	}{
		"no outline":                {map[string]string{"c/course.json": ""}, "course.json"},
		"unknown field":             {kind(`"kind":"text","colour":"red"`), "colour"},
		"no cover":                  {map[string]string{"c/cover.svg": ""}, "cover.svg"},
		"no body":                   {map[string]string{"c/l.md": ""}, "l.md"},
		"no picture":                {map[string]string{"c/p.svg": ""}, "p.svg"},
		"unknown kind":              {kind(`"kind":"song"`), "song"},
		"video without captions":    {kind(`"kind":"video","file":"p.svg"`), "captions"},
		"video whose file is gone":  {kind(`"kind":"video","file":"v.mp4","captions":"v.vtt"`), "v.mp4"},
		"pdf without a file":        {kind(`"kind":"pdf"`), "file"},
		"quiz without questions":    {kind(`"kind":"quiz","pass_percent":80`), "questions"},
		"quiz with a mark over 100": {kind(`"kind":"quiz","pass_percent":101,"questions":[{"prompt":"p"}]`), "pass mark"},
		"file of an unknown type":   {kind(`"kind":"pdf","file":"l.md"`), "media type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := whole()
			maps.Copy(files, tc.change)
			maps.DeleteFunc(files, func(_, text string) bool { return text == "" })
			if _, err := loadMap(files); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an error that names %q", err, tc.says)
			}
		})
	}
}
