package qti_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/bank/format"
	"lyceum/learning/bank/qti"
	"lyceum/learning/question"
)

// packed makes a package of files.
func packed(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(data))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// files are those of the sample package, written after the examples of the standard.
func files(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := os.DirFS("testdata/course")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		out[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func course(t testing.TB) map[string]format.Item {
	t.Helper()
	sheet, err := qti.Read(packed(t, files(t)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]format.Item{}
	for _, it := range sheet.Items {
		out[it.File] = it
	}
	return out
}

func TestAPackageIsReadWithAReport(t *testing.T) {
	t.Parallel()
	got := course(t)
	for name, want := range map[string]struct {
		kind           question.Kind
		refused, notes string // part of it; "" for none
	}{
		"choice":    {question.Single, "", ""},
		"water":     {question.Multiple, "", "below nothing"},
		"order":     {question.Ordering, "", "fixed place"},
		"match":     {question.Matching, "", "all count the same"},
		"associate": {question.Matching, "", "out of one set"},
		"inline":    {question.Blanks, "", ""},
		"entry":     {question.ShortText, "", ""},
		"entries":   {question.Blanks, "", ""},
		"hotspot":   {question.HotSpot, "", "no names"},
		"point":     {question.HotSpot, "", "no names"},
		"gaps":      {question.Blanks, "", "lists to choose from"},
		"essay":     {question.Essay, "", ""},
		"upload":    {question.File, "", ""},
		"slider":    {question.Numeric, "", "slider"},
		"outside":   {question.Single, "", "outside of the package"},
		"adaptive":  {"", "adaptive", ""},
		"drawing":   {"", "drawingInteraction", ""},
		"entity":    {"", "document type", ""},
		"gone":      {"", "not in the package", ""},
	} {
		it := got["items/"+name+".xml"]
		notes := strings.Join(it.Notes, " ")
		if it.Body.Kind != want.kind || (it.Refused == "") != (want.refused == "") || !strings.Contains(it.Refused, want.refused) || (notes == "") != (want.notes == "") || !strings.Contains(notes, want.notes) {
			t.Errorf("%s: %s, refused %q, notes %q", name, it.Body.Kind, it.Refused, it.Notes)
		}
	}
	if it := got["test.xml"]; !strings.Contains(it.Refused, "This is a test") {
		t.Errorf("a test: %+v", it)
	}
	if it := got["../secret.xml"]; !strings.Contains(it.Refused, "outside of the package") {
		t.Errorf("a path that leads outside: %+v", it)
	}
	it := got["items/choice.xml"]
	if it.Body.Prompt != "Look at the notice.\n\nWhat does it *say*?" || it.Body.PictureOf != "KEEP YOUR BAGS WITH YOU." || it.Image == nil || it.Body.Options[0].Text != "You must stay with your bags." || it.Body.Options[0].Feedback != "Yes." || it.Difficulty != 2 || it.Tags[0] != "Travel" || !it.Body.Keep {
		t.Errorf("%+v", it)
	}
}

func TestWhatIsReadIsMarkedAsTheFileSays(t *testing.T) {
	t.Parallel()
	got := course(t)
	body := func(name string) question.Question { return got["items/"+name+".xml"].Body }
	choose := func(name string, texts ...string) (a question.Answer) {
		for _, text := range texts {
			for _, o := range body(name).Options {
				if o.Text == text {
					a.Choices = append(a.Choices, o.ID)
				}
			}
		}
		return a
	}
	for i, c := range []struct {
		name string
		a    question.Answer
		want question.Share
	}{
		{"choice", choose("choice", "You must stay with your bags."), question.Whole},
		{"water", choose("water", "Hydrogen", "Oxygen"), question.Whole},
		{"water", choose("water", "Hydrogen"), question.Whole / 2},
		{"water", choose("water", "Hydrogen", "Oxygen", "Chlorine"), question.Whole / 2},
		{"order", choose("order", "Cem", "Ayo", "Bea"), question.Whole},
		{"order", choose("order", "Cem", "Bea", "Ayo"), 0},
		{"entry", question.Answer{Text: "York"}, question.Whole},
		{"entry", question.Answer{Text: "york"}, question.Whole / 2},
		{"entry", question.Answer{Text: "Kent"}, 0},
		{"entries", question.Answer{Parts: map[string]string{"CITY": "rome", "RIVER": "3,6"}}, question.Whole},
		{"entries", question.Answer{Parts: map[string]string{"CITY": "ROME"}}, 666_666},
		{"entries", question.Answer{Parts: map[string]string{"RIVER": "3.7"}}, 0},
		{"hotspot", question.Answer{Points: []question.Point{{X: 3850, Y: 4107}}}, question.Whole},
		{"hotspot", question.Answer{Points: []question.Point{{X: 3850, Y: 4500}}}, 0},
		{"hotspot", question.Answer{Choices: []string{"A"}}, question.Whole},
		{"point", question.Answer{Points: []question.Point{{X: 5100, Y: 4036}}}, question.Whole},
		{"slider", question.Answer{Text: "16"}, question.Whole},
	} {
		if r := question.Grade(body(c.name), c.a); r.Share != c.want {
			t.Errorf("%d: %s gives %d, not %d", i, c.name, r.Share, c.want)
		}
	}
	for name, it := range got {
		if it.Refused != "" || it.Body.Kind.ByHand() {
			continue
		}
		if r := question.Grade(it.Body, question.Solution(it.Body)); r.Share < question.Whole {
			t.Errorf("%s: the solution gives %d", name, r.Share)
		}
	}
	if p := body("match"); len(p.Pairs) != 4 || p.Pairs[1].Partner.Text != p.Pairs[2].Partner.Text || len(p.Decoys) != 1 {
		t.Errorf("%+v", p)
	}
	if p := body("gaps"); !strings.Contains(p.Prompt, "Now is the {{G1}} of our discontent made glorious {{G2}}.") || len(p.Gaps[0].Options) != 3 {
		t.Errorf("%+v", p)
	}
	if h := body("essay").Hand; h == nil || h.Notes != "Two points for each answer." {
		t.Errorf("%+v", h)
	}
}

func TestWhatCouldHarmIsRefused(t *testing.T) {
	t.Parallel()
	manifest := func(resource string) string {
		return `<manifest><resources>` + resource + `</resources></manifest>`
	}
	for name, data := range map[string][]byte{
		"no manifest": packed(t, map[string]string{"x.xml": "<x/>"}),
		"an entity":   packed(t, map[string]string{"imsmanifest.xml": `<!DOCTYPE m [<!ENTITY a "b">]><manifest>&a;</manifest>`}),
		"no items":    packed(t, map[string]string{"imsmanifest.xml": manifest("")}),
		"a path up":   packed(t, map[string]string{"imsmanifest.xml": manifest(""), "../x.xml": "<x/>"}),
		"a bomb":      packed(t, map[string]string{"imsmanifest.xml": manifest(""), "x.xml": strings.Repeat("0", 60<<20)}),
		"no package":  []byte("PK nothing"),
		"no item":     []byte("<quiz/>"),
		"too many":    packed(t, map[string]string{"imsmanifest.xml": manifest(strings.Repeat(`<resource type="imsqti_item_xmlv2p1" href="x"/>`, 1001))}),
	} {
		if _, err := qti.Read(data); err == nil || fault.Of(err).Kind == fault.KindInternal {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, href := range []string{"/etc/passwd", "file:///etc/passwd", "https://example.com/q.xml", "..%2f..%2fx.xml", `..\x.xml`, "", "items/../../x.xml"} {
		sheet, err := qti.Read(packed(t, map[string]string{"imsmanifest.xml": manifest(`<resource type="imsqti_item_xmlv2p1" href="` + href + `"/>`)}))
		if err != nil || !strings.Contains(sheet.Items[0].Refused, "outside of the package") {
			t.Errorf("%q: %v, %+v", href, err, sheet.Items)
		}
	}
}

var kinds = []question.Kind{question.Single, question.Multiple, question.TrueFalse, question.ShortText, question.Numeric, question.Matching, question.Ordering, question.Blanks, question.HotSpot, question.Essay, question.File}

// some makes a question of a kind that QTI can hold, as it is after Tidy, in the form in which it is read again.
func some(r *rand.Rand, kind question.Kind, picture format.Image) format.Item {
	words := []string{"water", "a **loud** noise", "1 \\< 2 & \"three\"", "*light*", "x \\* y", "Zürich “é”", "`code`", "a [link](https://example.com/a)"}
	word := func(i int) string { return fmt.Sprintf("%s %d", words[r.IntN(len(words))], i) }
	maybe := func() string { return []string{"", word(7), "One.\n\nTwo."}[r.IntN(3)] }
	q := question.Question{Kind: kind, Title: "A <title> & more", Prompt: word(1) + "\n\n- one\n- two\n\n" + word(2), Keep: r.IntN(2) == 0}
	it := format.Item{Folder: []string{"", "Algebra/Fractions & more"}[r.IntN(2)], Difficulty: r.IntN(6)}
	if r.IntN(2) == 0 {
		it.Tags = []string{"one", "two & three"}
	}
	q.Feedback = question.Feedback{Always: maybe(), Right: maybe(), Partly: maybe(), Wrong: maybe()}
	if r.IntN(3) == 0 || kind == question.HotSpot {
		id := uid.New()
		q.Picture, q.PictureOf, it.Image = &id, "A map & a lamp", &picture
	}
	choices := func(shares ...question.Share) (list []question.Option) {
		for i, s := range shares {
			list = append(list, question.Option{Text: word(i), Share: s, Feedback: []string{"", word(9)}[r.IntN(2)]})
		}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list
	}
	silent := func(list []question.Option) []question.Option {
		for i := range list {
			list[i].Feedback = ""
		}
		return list
	}
	texts := func(scale question.Share) *question.Texts {
		return &question.Texts{Case: r.IntN(2) == 0, Accents: true, Patterns: []question.Pattern{{Text: "Zürich & Bern", Match: question.Exact, Share: question.Whole}, {Text: "bern*", Match: question.Exact, Share: 500_000 * scale}}}
	}
	numbers := func(scale question.Share) *question.Numbers {
		return &question.Numbers{Ranges: []question.Range{{Value: "-3.14", Tolerance: "0.05", Share: question.Whole}, {Value: "3", Share: 300_000 * scale}}}
	}
	minus := []question.Share{1, -1}[r.IntN(2)]
	if minus < 0 {
		q.Scoring = question.Weighted
	}
	W := question.Whole
	switch kind {
	case question.Single:
		q.Options = choices(W, 250_000, -500_000, 0)
		if q.Scoring == "" {
			q.Options = choices(W, 0, 0)
		}
	case question.Multiple:
		switch r.IntN(3) {
		case 0:
			q.Scoring, q.Options = "", choices(W, W, W, 0, 0)
		case 1:
			q.Scoring, q.Options = question.AllOrNothing, choices(W, W, 0)
		default:
			q.Scoring, q.Options = question.Weighted, choices(333_333, 333_333, 333_334, -250_000, 0)
		}
	case question.TrueFalse:
		q.Scoring = ""
		q.Options = []question.Option{{ID: "true", Text: "True", Share: W, Feedback: maybe()}, {ID: "false", Text: "Never"}}
	case question.Ordering:
		q.Scoring, q.Options, q.Keep = question.AllOrNothing, silent(choices(0, 0, 0)), false
	case question.ShortText:
		q.Texts, q.Keep = texts(minus), false
	case question.Numeric:
		q.Numbers, q.Keep = numbers(minus), false
	case question.Matching:
		q.Scoring = []question.Scoring{"", question.AllOrNothing}[r.IntN(2)]
		for i := range 3 {
			q.Pairs = append(q.Pairs, question.Pair{Item: word(i), Partner: question.Option{Text: []string{"this", "that"}[i%2]}})
		}
		q.Decoys = []question.Option{{Text: word(5)}}
	case question.Blanks:
		q.Prompt = "A {{a}}, a {{B_2}} and\n\n- a {{c-3}}!"
		q.Gaps = []question.Gap{{ID: "a", Texts: texts(minus), Weight: 2}, {ID: "B_2", Numbers: numbers(minus), Weight: 1}, {ID: "c-3", Options: silent(choices(W, 0, 0)), Weight: 4}}
		if q.Scoring == "" && r.IntN(2) == 0 {
			q.Scoring = question.AllOrNothing
		}
	case question.HotSpot:
		q.Scoring, q.Keep = []question.Scoring{"", question.AllOrNothing, question.Weighted}[r.IntN(3)], false
		q.Areas = []question.Area{
			{ID: "r", Label: "North & up", Shape: question.Rectangle, Points: []question.Point{{X: 1000, Y: 500}, {X: 2000, Y: 2500}}, Right: true},
			{ID: "c", Label: "South", Shape: question.Circle, Points: []question.Point{{X: 5000, Y: 5000}, {X: 7000, Y: 5000}}, Right: true},
			{ID: "p", Label: "West", Shape: question.Polygon, Points: []question.Point{{X: 8000, Y: 7500}, {X: 9000, Y: 7500}, {X: 9000, Y: 10000}}},
		}
	case question.Essay:
		q.Hand = &question.HandRule{Notes: word(1), Template: "Dear Sam"}
	case question.File:
		q.Hand = &question.HandRule{Notes: word(1), Accept: []string{".pdf"}}
	}
	if kind.ByHand() {
		q.Feedback.Right, q.Feedback.Partly, q.Feedback.Wrong, q.Scoring, q.Keep = "", "", "", "", false
	}
	it.Body = question.Tidy(q)
	return it
}

// bare takes ids away: they are drawn anew.
func bare(q question.Question) question.Question {
	q.Picture = nil
	options := func(list []question.Option) []question.Option {
		out := append([]question.Option(nil), list...)
		for i := range out {
			out[i].ID = ""
		}
		return out
	}
	q.Options, q.Decoys = options(q.Options), options(q.Decoys)
	q.Pairs = append([]question.Pair(nil), q.Pairs...)
	for i := range q.Pairs {
		q.Pairs[i].ID, q.Pairs[i].Partner.ID = "", ""
	}
	q.Gaps = append([]question.Gap(nil), q.Gaps...)
	for i := range q.Gaps {
		q.Gaps[i].Options = options(q.Gaps[i].Options)
	}
	return q
}

func TestWhatIsWrittenIsReadAgainAsTheSameQuestion(t *testing.T) {
	t.Parallel()
	picture := format.Image{Name: "Map.PNG", Data: []byte(files(t)["items/images/map.png"])}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		var items []format.Item
		for _, kind := range kinds {
			it := some(r, kind, picture)
			if err := question.Check(it.Body); err != nil {
				t.Fatalf("%s: %v", kind, fault.Of(err).Fields)
			}
			items = append(items, it)
		}
		data, left := qti.Write(items)
		if len(left) > 0 {
			t.Fatalf("%+v", left)
		}
		sheet, err := qti.Read(data)
		if err != nil || len(sheet.Items) != len(items) {
			t.Fatalf("%v, %d", err, len(sheet.Items))
		}
		for i, want := range items {
			got := sheet.Items[i]
			if got.Refused != "" || len(got.Notes) > 0 {
				t.Fatalf("%d, %s: %q %q", seed, want.Body.Kind, got.Refused, got.Notes)
			}
			if got.Folder != want.Folder || !reflect.DeepEqual(got.Tags, want.Tags) || got.Difficulty != want.Difficulty || (got.Image == nil) != (want.Image == nil) || got.Image != nil && !bytes.Equal(got.Image.Data, want.Image.Data) {
				t.Fatalf("%+v\nbecame\n%+v", want, got)
			}
			a, b := bare(want.Body), bare(got.Body)
			if !want.Body.Keep && !b.Keep || a.Kind == question.Blanks && a.Keep == b.Keep {
				a.Keep, b.Keep = false, false
			}
			if a.Kind == question.ShortText || a.Kind == question.Numeric || a.Kind == question.Ordering || a.Kind == question.HotSpot {
				a.Keep, b.Keep = false, false
			}
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("%d: %+v\nbecame\n%+v", seed, a, b)
			}
		}
	}
}

func TestWhatQTICannotHoldIsTold(t *testing.T) {
	t.Parallel()
	numbers := &question.Numbers{Ranges: []question.Range{{Value: "1", Share: question.Whole}}, Units: []question.Unit{{Name: "m", Factor: "1"}}}
	patterns := &question.Texts{Patterns: []question.Pattern{{Text: "a*", Match: question.Wildcard, Share: question.Whole}}}
	id := uid.New()
	data, left := qti.Write([]format.Item{
		{Body: question.Question{Kind: question.Numeric, Title: "Units", Prompt: "?", Numbers: numbers}},
		{Body: question.Question{Kind: question.ShortText, Title: "Patterns", Prompt: "?", Texts: patterns}},
		{Body: question.Question{Kind: question.Essay, Title: "No picture", Prompt: "?", Picture: &id, PictureOf: "x"}},
		{Body: question.Question{Kind: question.Ordering, Title: "In part", Prompt: "?", Options: []question.Option{{Text: "a"}, {Text: "b"}}}},
		{Body: question.Question{Kind: question.Essay, Title: "Words", Prompt: "?", Hand: &question.HandRule{MaxWords: 5}}},
	})
	var told []string
	for _, l := range left {
		told = append(told, fmt.Sprint(l.Title, l.Kept))
	}
	if got := strings.Join(told, ", "); got != "Unitsfalse, Patternsfalse, No picturefalse, In parttrue, Wordstrue" {
		t.Error(got)
	}
	if sheet, err := qti.Read(data); err != nil || len(sheet.Items) != 2 {
		t.Errorf("%v, %+v", err, sheet)
	}
}

func FuzzReadNeverPanics(f *testing.F) {
	all := files(f)
	for name, data := range all {
		if strings.HasPrefix(name, "items/") && strings.HasSuffix(name, ".xml") {
			f.Add([]byte(data))
		}
	}
	f.Add(packed(f, all))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, packed(t, map[string]string{"imsmanifest.xml": `<manifest><resources><resource type="imsqti_item_xmlv2p1" href="q.xml"/></resources></manifest>`, "q.xml": string(data), "images/map.png": all["items/images/map.png"]})} {
			sheet, err := qti.Read(data)
			if err != nil {
				continue
			}
			for _, it := range sheet.Items {
				if it.Refused == "" && question.Check(it.Body) != nil {
					t.Errorf("%+v cannot be kept", it)
				}
			}
			qti.Write(sheet.Items)
		}
	})
}
