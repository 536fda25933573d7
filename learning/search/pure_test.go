package search

import (
	"slices"
	"strings"
	"testing"
)

func words(text string) (out []string) {
	for _, t := range tokens(text) {
		out = append(out, t.word)
		if t.other != "" {
			out = append(out, "/"+t.other)
		}
	}
	return out
}

func TestWordsAreFoldedTheSameWayEverywhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"Übung macht den Meister": {"ubung", "/uebung", "macht", "den", "meister"},
		"Straße, STRASSE":         {"strasse", "strasse"},
		"Café crème d’œuvre":      {"cafe", "creme", "d", "oeuvre"},
		"Ångström Ærø":            {"angstrom", "/aangstroem", "aero", "/aeroe"},
		"e\u0301te\u0301":         {"ete"},
		"信息安全":                    {"信息", "息安", "安全", "全"},
		"ISO27001-安全 test":        {"iso27001", "安全", "全", "test"},
		"ПривЕт, Άλφα":            {"привет", "αλφα"},
		"ａｂｃ ﬁre":                 {"abc", "fire"},
		"'; drop table -- & | !":  {"drop", "table"},
		"\xff\xfe broken":         {"broken"},
		"हिन्दी":                  {"हिन्दी"},
		"":                        nil,
	} {
		if got := words(text); !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestAMistypedWordMeetsTheRightOne(t *testing.T) {
	t.Parallel()
	kept := []string{"sicherheit", "sicher", "brandschutz", "ladder", "security", "feedback", "fire", "wire", "leiter"}
	for typed, want := range map[string]string{
		"sicherhiet": "sicherheit", "sicherheid": "sicherheit", "scherheit": "sicherheit", "brandshutz": "brandschutz", "secuirty": "security",
		"laddder": "ladder", "lader": "ladder", "fedback": "feedback", "fier": "fire", "sicherhe1t": "sicherheit",
	} {
		keys := Near(typed)
		var met []string
		for _, w := range kept {
			if slices.ContainsFunc(Near(w), func(k string) bool { return slices.Contains(keys, k) }) {
				met = append(met, w)
			}
		}
		if got := meant(typed, met, false, 5); len(got) == 0 || got[0] != want {
			t.Errorf("%q means %q, want %q (met %q)", typed, got, want, met)
		}
	}
	if got := meant("sicherhi", []string{"sicherheit"}, true, 5); !slices.Equal(got, []string{"sicherheit"}) {
		t.Errorf("a mistyped beginning means %q", got)
	}
	if got := meant("cat", []string{"car", "cut"}, false, 5); got != nil {
		t.Errorf("a word of three letters is taken for %q", got)
	}
}

func TestAQuestionIsTakenApartAndNothingInItIsAnOperator(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"Übung leiter":     "('ubung':* | 'uebung':*) & ('leiter':*)",
		"a":                "",
		"信":                "('信':*)",
		"信息安":              "('信息' <-> '息安')",
		"'x':* & !y | (z)": "('x':*) & ('y':*) & ('z':*)",
		`\'`:               "",
		"& | ! <-> :*":     "",
	} {
		if got := ask(parse(query)).All; got != want {
			t.Errorf("%q asks %s, want %s", query, got, want)
		}
	}
	if n := len(parse(strings.Repeat("word1 w2 x3 y4 z5 a6 b7 c8 d9 e10 ", 50))); n != termsMax {
		t.Errorf("%d terms of a long question", n)
	}
}

func shown(pieces []Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		if p.Hit {
			b.WriteString("[" + p.Text + "]")
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestAnExcerptShowsWhatWasFoundAndLosesNoCharacter(t *testing.T) {
	t.Parallel()
	if got := shown(mark("Die Übungen & <b>Leitern</b>", parse("ubung leiter"))); got != "Die [Übungen] & <b>[Leitern]</b>" {
		t.Errorf("got %s", got)
	}
	if got := shown(mark("企业信息安全培训", parse("信息安全"))); got != "企业[信息安全]培训" {
		t.Errorf("got %s", got)
	}
	long := strings.Repeat("Füllwort überall. ", 200) + "Hier steht die Leiter neben dem Dach. " + strings.Repeat("Noch mehr überall. ", 200)
	got := shown(excerpt(long, parse("leiter dach")))
	if !strings.Contains(got, "[Leiter] neben dem [Dach]") || len(got) > 300 || !strings.HasPrefix(got, "… ") || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("got %s", got)
	}
	if excerpt("nothing here", parse("leiter")) != nil {
		t.Error("an excerpt of nothing")
	}
}

func FuzzAQuestionBreaksNothing(f *testing.F) {
	for _, s := range []string{"a b", "信息安全", "' & |", "e\u0301", "\xff", "ก็ดี", "ß", "İ"} {
		f.Add(s, s+" x "+s)
	}
	f.Fuzz(func(t *testing.T, query, text string) {
		terms := parse(query)
		ask(terms)
		var all strings.Builder
		for _, p := range cut(text, 0, len(text), hits(text, terms)) {
			all.WriteString(p.Text)
		}
		if strip(all.String()) != strip(text) {
			t.Errorf("%q became %q", text, all.String())
		}
		excerpt(text, terms)
	})
}

func strip(s string) string { return strings.NewReplacer("\n", "", "\r", "", " ", "").Replace(s) }
