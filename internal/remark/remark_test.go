package remark_test

import (
	"html"
	"html/template"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/remark"
)

func TestACommentIsTakenApart(t *testing.T) {
	t.Parallel()
	for comment, want := range map[string]remark.Said{
		"":             {},
		"Well done.":   {Text: "Well done."},
		"a > b is not": {Text: "a > b is not"},
		"Good.\n\n> the door\n> stays shut\nWhy?\nSay more.\n\nAsk again.": {Text: "Good.\n\nAsk again.", Notes: []remark.Note{{Number: 3, Passage: "the door stays shut", Text: "Why?\nSay more."}}},
		">one\r\nFirst.\r\n>two\r\nSecond.":                                {Notes: []remark.Note{{Number: 3, Passage: "one", Text: "First."}, {Number: 4, Passage: "two", Text: "Second."}}},
		"> alone":                                                          {Notes: []remark.Note{{Number: 3, Passage: "alone"}}},
		">\n> \nnothing":                                                   {Text: "nothing"},
		"> a\n\n> b":                                                       {Notes: []remark.Note{{Number: 3, Passage: "a"}, {Number: 4, Passage: "b"}}},
		"> a\n\nabout a":                                                   {Text: "about a", Notes: []remark.Note{{Number: 3, Passage: "a"}}},
	} {
		if diff := cmp.Diff(want, remark.Read(comment, 3)); diff != "" {
			t.Errorf("%q: %s", comment, diff)
		}
	}
}

func TestPassagesAreMarkedWhereTheyStand(t *testing.T) {
	t.Parallel()
	n := func(i string) string { return `<a class="remark-number" href="#x-said-` + i + `">` + i + `</a></mark>` }
	for _, c := range []struct{ text, comment, want string }{
		{"Doors stay shut.", "> stay shut\nWhy?", `Doors <mark class="remark" id="x-1">stay shut` + n("1") + `.`},
		{"<p>Doors <b>stay</b>\n shut.</p>", "> Doors stay shut", `<p><mark class="remark">Doors </mark><b><mark class="remark">stay</mark></b><mark class="remark" id="x-1">` + "\n shut" + n("1") + `.</p>`},
		{"<p>One.</p><p>Two.</p>", "> One. Two.", `<p><mark class="remark">One.</mark></p><p><mark class="remark" id="x-1">Two.` + n("1") + `</p>`},
		{"<p>One.</p><p>Two.</p>", "> One.Two.", `<p>One.</p><p>Two.</p>`},
		{"a b a", "> a\n> b\n", `<mark class="remark" id="x-1">a b` + n("1") + ` a`},
		{"a b a", "> a\n\nx\n\n> b a\ny", `<mark class="remark" id="x-1">a` + n("1") + ` <mark class="remark" id="x-2">b a` + n("2")},
		{"a b c", "> a b\nx\n\n> b c\ny", `<mark class="remark" id="x-1">a b` + n("1") + ` c`},
		{"1 &lt; 2 &amp; 3", "> < 2 &", `1 <mark class="remark" id="x-1">&lt; 2 &amp;` + n("1") + ` 3`},
		{"große Tür 🚪 zu", "> Tür 🚪", `große <mark class="remark" id="x-1">Tür 🚪` + n("1") + ` zu`},
		{`see <a href="/x">the door</a> now`, "> the door", `see <a href="/x"><mark class="remark" id="x-1">the door</mark></a><a class="remark-number" href="#x-said-1">1</a> now`},
		{"a", "> <script>alert(1)</script>", "a"},
		{"a", "nothing is quoted", "a"},
	} {
		if got := string(remark.Anchor(template.HTML(c.text), "x", c.comment).HTML); got != c.want {
			t.Errorf("%q with %q:\n%s\nwant\n%s", c.text, c.comment, got, c.want)
		}
	}
	a := remark.Anchor("a b", "x", "> a\nfirst", "all\n\n> b\nsecond\n\n> c\nthird")
	if diff := cmp.Diff([]remark.Note{{1, "a", "first", true}, {2, "b", "second", true}, {3, "c", "third", false}}, a.Notes()); diff != "" {
		t.Error(diff)
	}
}

// Whatever is written, nothing of the text is lost, and nothing but marks is added.
func FuzzAnchor(f *testing.F) {
	f.Add("<p>One <b>two</b></p>", "> One two\nwhy")
	f.Add("a\u00a0b", ">a b")
	f.Fuzz(func(t *testing.T, text, comment string) {
		safe := template.HTMLEscapeString(text)
		got := string(remark.Anchor(template.HTML(safe), "x", comment).HTML) //nolint:gosec // escaped
		for strings.Contains(got, "<a class=") {
			before, rest, _ := strings.Cut(got, "<a class=")
			_, after, _ := strings.Cut(rest, "</a>")
			got = before + after
		}
		for strings.Contains(got, "<mark") {
			before, rest, _ := strings.Cut(got, "<mark")
			_, after, _ := strings.Cut(rest, ">")
			got = before + after
		}
		got = strings.ReplaceAll(got, "</mark>", "")
		if plain := utf8.ValidString(text) && !strings.ContainsAny(text, "\r\x00"); strings.Contains(got, "<") || plain && html.UnescapeString(got) != text {
			t.Fatalf("%q with %q became %q", text, comment, got)
		}
	})
}
