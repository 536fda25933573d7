package sheet_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"lyceum/internal/sheet"
)

func TestATableGoesOutAndComesBack(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"name", "grade"}, {"=cmd|' /C calc'!A0", "66.6667"}, {"Ada; \"the\"\nfirst", "100"}, {"007", ""}}
	var text, book bytes.Buffer
	c := sheet.NewCSV(&text)
	x, err := sheet.NewXLSX(20, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := errors.Join(c.Row(row), x.Row(row)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(c.End(), x.End(&book)); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text.Bytes(), []byte("\n=cmd")) {
		t.Error("a formula went out")
	}
	for name, data := range map[string][]byte{"csv": text.Bytes(), "xlsx": book.Bytes()} {
		got, err := sheet.Read(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range got {
			for len(got[i]) < 2 {
				got[i] = append(got[i], "")
			}
		}
		want := [][]string{rows[0], rows[1], rows[2], {"007", ""}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got, err := sheet.Read([]byte("a;b\n1;2\n")); err != nil || len(got) != 2 || got[1][1] != "2" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range [][]byte{nil, []byte("PK\x03\x04 no"), []byte("a\n\"b")} {
		if _, err := sheet.Read(bad); !errors.Is(err, sheet.ErrUnread) {
			t.Errorf("%q is read: %v", bad, err)
		}
	}
}
