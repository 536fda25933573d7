package gift_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"lyceum/learning/bank/format"
	"lyceum/learning/bank/gift"
	"lyceum/learning/question"
)

func read(t *testing.T, text string) format.Sheet {
	t.Helper()
	sheet, err := gift.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sheet
}

func TestAFileOfACourseIsReadByLineAndQuestion(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/course.gift")
	if err != nil {
		t.Fatal(err)
	}
	sheet := read(t, string(data))
	type row struct {
		line    int
		kind    question.Kind
		name    string
		refused bool
	}
	want := []row{
		{5, question.Single, "Danube", false}, {11, question.Matching, "Capitals", false}, {18, question.Blanks, "Two plus two is", false}, {20, question.Numeric, "Pi", false}, {22, question.Numeric, "Range", false},
		{24, question.TrueFalse, "True", false}, {26, question.Multiple, "Two of them", false}, {28, question.TrueFalse, "Escapes : a title", false}, {30, question.Essay, "Essay", false}, {34, "", "No end", true},
	}
	for i, w := range want {
		if i >= len(sheet.Items) {
			t.Fatalf("only %d questions were read", len(sheet.Items))
		}
		it := sheet.Items[i]
		if got := (row{it.Line, it.Body.Kind, it.Name, it.Refused != ""}); got != w {
			t.Errorf("got %+v (%s), want %+v", got, it.Refused, w)
		}
	}
	first := sheet.Items[0]
	if first.Folder != "Geography/Europe" || strings.Join(first.Tags, " ") != "rivers Easy" || first.Body.Prompt != "Which river flows through *Vienna*?" {
		t.Errorf("%+v", first)
	}
	for answer, share := range map[string]question.Share{"four": question.Whole, "4": question.Whole, "for": 500_000, "five": 0} {
		if got := question.Grade(sheet.Items[2].Body, question.Answer{Parts: map[string]string{"gap": answer}}); got.Share != share {
			t.Errorf("%q in the gap gets %d", answer, got.Share)
		}
	}
	for answer, share := range map[string]question.Share{"1": question.Whole, "5,0": question.Whole, "0.99": 0} {
		if got := question.Grade(sheet.Items[4].Body, question.Answer{Text: answer}); got.Share != share {
			t.Errorf("%q of the range gets %d", answer, got.Share)
		}
	}
	if p := sheet.Items[5].Body.Prompt; p != "Grant is **buried** in Grant's tomb." {
		t.Errorf("HTML became %q", p)
	}
	if p := sheet.Items[7].Body.Prompt; p != "Is 2 = 3 and {this} a brace~?" {
		t.Errorf("escapes became %q", p)
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/course.gift")
	if err != nil {
		t.Fatal(err)
	}
	var items []format.Item
	for _, it := range read(t, string(data)).Items {
		if it.Refused == "" {
			items = append(items, it)
		}
	}
	out, left := gift.Write(items)
	if len(left) != 0 {
		t.Fatalf("left out: %v", left)
	}
	again := read(t, string(out)).Items
	if len(again) != len(items) {
		t.Fatalf("%d questions became %d:\n%s", len(items), len(again), out)
	}
	for i, it := range items {
		got := again[i]
		if got.Refused != "" || got.Body.Kind != it.Body.Kind || got.Body.Title != it.Body.Title || got.Body.Prompt != it.Body.Prompt || got.Folder != it.Folder || !reflect.DeepEqual(got.Body.Feedback, it.Body.Feedback) {
			t.Errorf("%+v\nbecame\n%+v", it, got)
		}
		if s := question.Solution(it.Body); len(s.Choices)+len(s.Parts) == 0 && question.Grade(got.Body, s).Share != question.Grade(it.Body, s).Share {
			t.Errorf("%s is marked otherwise", it.Name)
		}
	}
}

func TestWhatGIFTCannotHoldIsTold(t *testing.T) {
	t.Parallel()
	_, left := gift.Write([]format.Item{{Body: question.Question{Kind: question.Ordering, Title: "Order"}}, {Body: question.Question{Kind: question.HotSpot, Title: "Spot"}}})
	if len(left) != 2 || left[0].Title != "Order" || left[0].Why == "" {
		t.Errorf("%v", left)
	}
}

func TestAFileThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "// nothing\n", "\xff\xfe"} {
		if _, err := gift.Read([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func FuzzReadNeverPanics(f *testing.F) {
	for _, s := range []string{"::a::b{=c ~d}", "{#1..2}", "a{T}b", "::", "{", "a{=%50%b#c####d}", "a{=x -> y}{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sheet, err := gift.Read([]byte(s))
		if err != nil {
			return
		}
		for _, it := range sheet.Items {
			if it.Refused == "" && question.Check(it.Body) != nil {
				t.Errorf("%q gave a question with faults", s)
			}
		}
	})
}
