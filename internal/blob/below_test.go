package blob_test

import (
	"strings"
	"testing"

	"lyceum/internal/blob"
)

func TestDeletingBelowAFolderLeavesTheNeighbours(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"mem://", "file://" + t.TempDir()} {
		s, err := blob.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"t_aa/1", "t_aa/uploads/x/0", "t_aab/1", "t_b/1"} {
			if _, _, err := s.Put(t.Context(), key, "text/plain", strings.NewReader(key)); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // again is no failure
			if _, err := s.DeleteBelow(t.Context(), "t_aa"); err != nil {
				t.Fatal(err)
			}
		}
		for key, want := range map[string]bool{"t_aa/1": false, "t_aa/uploads/x/0": false, "t_aab/1": true, "t_b/1": true} {
			if got, err := s.Exists(t.Context(), key); err != nil || got != want {
				t.Errorf("%s %s: there is %v, want %v (%v)", address, key, got, want, err)
			}
		}
		if _, err := s.DeleteBelow(t.Context(), "../etc"); err == nil {
			t.Error("a path trick was accepted")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
