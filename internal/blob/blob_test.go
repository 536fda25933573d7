package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"lyceum/internal/blob"
	"lyceum/internal/blob/blobtest"
	"lyceum/internal/fault"
)

func TestMain(m *testing.M) {
	blobtest.Credentials()
	os.Exit(m.Run())
}

// each runs a test on every kind of store.
func each(t *testing.T, test func(t *testing.T, s *blob.Store)) {
	t.Parallel()
	for name, address := range map[string]string{"folder": "file://" + filepath.Join(t.TempDir(), "made", "when missing"), "memory": "mem://", "s3": blobtest.Fake(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t, address))
		})
	}
}

func TestWhatWasPutIsRead(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		for key, content := range map[string]string{"a": "", "t/018f/pictures/logo-2.png": "picture", "deep/er/and/deep.er": strings.Repeat("0123456789", 1<<17)} {
			size, sum, err := s.Put(t.Context(), key, "image/png", strings.NewReader(content))
			want := sha256.Sum256([]byte(content))
			if err != nil || size != int64(len(content)) || sum != hex.EncodeToString(want[:]) {
				t.Fatalf("%s: %d, %s, %v", key, size, sum, err)
			}
			r, info, err := s.Get(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, r); got != content {
				t.Errorf("%s: %d bytes read, %d written", key, len(got), len(content))
			}
			if info.MediaType != "image/png" || info.Size != int64(len(content)) || time.Since(info.ModTime) > time.Hour || info.ModTime.Location() != time.UTC {
				t.Errorf("%s: %+v", key, info)
			}
			if ok, err := s.Exists(t.Context(), key); !ok || err != nil {
				t.Errorf("%s: %v, %v", key, ok, err)
			}
		}
	})
}

func TestAFileWithoutAMediaTypeIsForDownload(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		put(t, s, "page", "", "<script>alert(1)</script>")
		r, info, err := s.Get(t.Context(), "page")
		if err != nil || info.MediaType != "application/octet-stream" {
			t.Fatalf("%+v, %v", info, err)
		}
		readAll(t, r)
		if _, _, err := s.Put(t.Context(), "x", "not a type\r\n", strings.NewReader("")); err == nil {
			t.Error("a broken media type was taken")
		}
	})
}

func TestAPartOfAFileIsReadWithTheSizeOfTheWhole(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		put(t, s, "ten", "text/plain", "0123456789")
		put(t, s, "empty", "text/plain", "")
		for _, c := range []struct {
			key            string
			offset, length int64
			want           string
			err            error
		}{
			{"ten", 0, 3, "012", nil}, {"ten", 4, 3, "456", nil}, {"ten", 7, -1, "789", nil}, {"ten", 7, -9, "789", nil}, {"ten", 8, 100, "89", nil}, {"ten", 9, 1, "9", nil}, {"ten", 3, 0, "", nil},
			{"empty", 0, -1, "", nil}, {"empty", 0, 5, "", nil},
			{"ten", 10, 1, "", blob.ErrRange}, {"ten", 1 << 40, -1, "", blob.ErrRange}, {"ten", -1, 5, "", blob.ErrRange}, {"empty", 1, 1, "", blob.ErrRange}, {"none", 0, 1, "", blob.ErrNotFound},
		} {
			r, info, err := s.Range(t.Context(), c.key, c.offset, c.length)
			if c.err != nil {
				if !errors.Is(err, c.err) {
					t.Errorf("%s %d+%d gave %v", c.key, c.offset, c.length, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s %d+%d: %v", c.key, c.offset, c.length, err)
				continue
			}
			if got := readAll(t, r); got != c.want || c.key == "ten" && info.Size != 10 {
				t.Errorf("%s %d+%d: %q of %d", c.key, c.offset, c.length, got, info.Size)
			}
		}
	})
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		put(t, s, "folder/file", "", "x")
		for _, key := range []string{"none", "folder", "folder/none", "folder/file2"} {
			_, _, err := s.Get(t.Context(), key)
			if !errors.Is(err, blob.ErrNotFound) || fault.Of(err).Kind != fault.KindNotFound {
				t.Errorf("get %s gave %v", key, err)
			}
			if err := s.Delete(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("delete %s gave %v", key, err)
			}
			if ok, err := s.Exists(t.Context(), key); ok || err != nil {
				t.Errorf("exists %s: %v, %v", key, ok, err)
			}
		}
	})
}

func TestADeletedFileIsGoneAndAPutFileReplacesTheOld(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		put(t, s, "a/b", "text/plain", "a long first version")
		put(t, s, "a/b", "text/html", "second")
		r, info, err := s.Get(t.Context(), "a/b")
		if err != nil || info.MediaType != "text/html" || readAll(t, r) != "second" {
			t.Fatalf("%+v, %v", info, err)
		}
		if err := s.Delete(t.Context(), "a/b"); err != nil {
			t.Fatal(err)
		}
		if ok, err := s.Exists(t.Context(), "a/b"); ok || err != nil {
			t.Errorf("after deleting: %v, %v", ok, err)
		}
	})
}

func TestDeletingLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, "file://"+dir)
	put(t, s, "a", "text/plain", "x")
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	more, err2 := filepath.Glob(filepath.Join(dir, "a*"))
	if err := errors.Join(err, err2); err != nil || len(files)+len(more) != 0 {
		t.Errorf("left behind: %q %q, %v", files, more, err)
	}
}

func TestAFileLaidIntoTheFolderByHandIsReadWithoutAType(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "by-hand"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, info, err := open(t, "file://"+dir).Get(t.Context(), "by-hand")
	if err != nil || readAll(t, r) != "x" || info.MediaType != "application/octet-stream" {
		t.Fatalf("%+v, %v", info, err)
	}
}

func TestAnUploadThatBreaksOffLeavesTheOldFile(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		put(t, s, "old", "text/plain", "as it was")
		broken := errors.New("connection lost")
		for _, key := range []string{"old", "new"} {
			half := io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), iotest.ErrReader(broken))
			if _, _, err := s.Put(t.Context(), key, "text/plain", half); !errors.Is(err, broken) {
				t.Fatalf("%s: %v", key, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := s.Put(ctx, "old", "text/plain", strings.NewReader("too late")); err == nil {
			t.Error("a put under a dead context succeeded")
		}
		r, _, err := s.Get(t.Context(), "old")
		if err != nil || readAll(t, r) != "as it was" {
			t.Errorf("the old file suffered: %v", err)
		}
		if ok, _ := s.Exists(t.Context(), "new"); ok {
			t.Error("half a file is there")
		}
	})
}

var evilKeys = []string{
	"", "/", "/etc/passwd", "../x", "a/../../x", "a/..", "..", ".", "./a", "a/./b", "a//b", "a/", ".hidden", "a/.hidden", "a..b", `a\b`, `..\x`, "C:x", "A", "ä", "a b", "a\x00b", "a\nb", "a%2f..%2fb", "a?b", "a*b", "~/x", "a:b", "x.attrs", "a/b.attrs", "x.type", "a/b.tmp", "a\u2024\u2024/b", strings.Repeat("a", 513),
}

func TestAKeyThatLeadsElsewhereIsRefusedEverywhere(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		for _, key := range evilKeys {
			_, _, put := s.Put(t.Context(), key, "", strings.NewReader("x"))
			_, _, get := s.Get(t.Context(), key)
			_, _, part := s.Range(t.Context(), key, 0, 1)
			_, exists := s.Exists(t.Context(), key)
			for what, err := range map[string]error{"put": put, "get": get, "range": part, "exists": exists, "delete": s.Delete(t.Context(), key), "check": blob.CheckKey(key)} {
				if !errors.Is(err, blob.ErrKey) || fault.Of(err).Kind != fault.KindInvalid {
					t.Errorf("%s of %q gave %v", what, key, err)
				}
			}
		}
		for _, key := range []string{"a", "0/1/2", "a-b_c.d/e.png", "t/018f0c2e-0000-7000-8000-000000000000/x.attrs2", strings.Repeat("a", 200) + "/" + strings.Repeat("b", 200)} {
			if err := blob.CheckKey(key); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
	})
}

func TestNothingIsWrittenOutsideTheFolderNorReadableByOthers(t *testing.T) {
	t.Parallel()
	outer := t.TempDir()
	s := open(t, "file://"+outer+"/store")
	for _, key := range append(evilKeys, "good/key") {
		_, _, _ = s.Put(t.Context(), key, "", bytes.NewReader([]byte("x")))
	}
	var found []string
	err := filepath.WalkDir(outer, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.IsDir() && path != outer && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("the folder %s is %v", path, info.Mode())
		}
		if !d.IsDir() {
			found = append(found, strings.TrimPrefix(path, outer))
		}
		return nil
	})
	if err != nil || len(found) != 2 || found[0] != "/store/good/key" || found[1] != "/store/good/key.type" {
		t.Errorf("found %q, %v", found, err)
	}
}

func TestAFolderSurvivesARestart(t *testing.T) {
	t.Parallel()
	address := "file://" + t.TempDir()
	first := open(t, address)
	put(t, first, "a/b.png", "image/png", "kept")
	r, info, err := open(t, address).Get(t.Context(), "a/b.png")
	if err != nil || readAll(t, r) != "kept" || info.MediaType != "image/png" {
		t.Fatalf("%+v, %v", info, err)
	}
}

func TestTheCheckPassesOnASoundStoreAndFailsOnABrokenOne(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("broken", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "store")
		s := open(t, "file://"+dir)
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir, nil, 0o600); err != nil { // where the folder was stands a file
			t.Fatal(err)
		}
		if err := s.Check(t.Context()); err == nil {
			t.Error("a store without its folder passed")
		}
	})
}

func TestAnAddressThatIsNotKnownIsTold(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "/var/files", "file://relative/path", "file:relative", "s3://", "s3://bucket/with/path", "s3://key:secret@bucket", "s3://bucket?nonsense=1", "s3://bucket?region=x&prefix=../x/", "http://x", "file:///x?metadata=skip", "::"} {
		if s, err := blob.Open(t.Context(), address); err == nil {
			t.Errorf("%q was opened", address)
			_ = s.Close()
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.Open(t.Context(), "file://"+file); err == nil {
		t.Error("a file was opened as a folder")
	}
}

func TestManyMayUseOneStore(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for n := range 5 {
					key := fmt.Sprintf("t/%d", n)
					if _, _, err := s.Put(t.Context(), key, "text/plain", strings.NewReader(strings.Repeat(fmt.Sprint(i), 1000))); err != nil {
						t.Error(err)
					}
					r, _, err := s.Get(t.Context(), key)
					if err != nil {
						t.Error(err)
						continue
					}
					if got := readAll(t, r); len(got) != 1000 || strings.Trim(got, got[:1]) != "" {
						t.Errorf("a mixture was read: %.20s…", got)
					}
				}
			})
		}
		wg.Wait()
	})
}

func open(t *testing.T, address string) *blob.Store {
	t.Helper()
	s, err := blob.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func put(t *testing.T, s *blob.Store, key, mediaType, content string) {
	t.Helper()
	if _, _, err := s.Put(t.Context(), key, mediaType, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

func readAll(t *testing.T, r io.ReadCloser) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}
