package blob_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lyceum/internal/blob"
	"lyceum/internal/blob/blobtest"
)

// TestARealS3ServerKeepsFilesAndChecksWhatWeSign is the acceptance test: nobody here wrote minio.
func TestARealS3ServerKeepsFilesAndChecksWhatWeSign(t *testing.T) {
	t.Parallel()
	address := blobtest.Minio(t)
	s := open(t, address+"&prefix="+url.QueryEscape("portal/"))
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	film := bytes.Repeat([]byte("0123456789abcdef"), 12<<20/16) // beyond one part of a multipart upload
	if size, _, err := s.Put(t.Context(), "t/film", "video/mp4", bytes.NewReader(film)); err != nil || size != int64(len(film)) {
		t.Fatal(size, err)
	}
	r, info, err := s.Range(t.Context(), "t/film", 8<<20-3, 7)
	if err != nil || readAll(t, r) != string(film[8<<20-3:8<<20+4]) || info.Size != int64(len(film)) || info.MediaType != "video/mp4" {
		t.Fatalf("%+v, %v", info, err)
	}
	if ok, _ := open(t, address).Exists(t.Context(), "portal/t/film"); !ok {
		t.Error("the prefix is not where it should be")
	}
	broken := errors.New("connection lost")
	if _, _, err := s.Put(t.Context(), "t/half", "", io.MultiReader(bytes.NewReader(film), brokenReader{broken})); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if ok, _ := s.Exists(t.Context(), "t/half"); ok {
		t.Error("half a file is there")
	}
	signed(t, s, film)
	if n, err := s.DeleteBelow(t.Context(), "t"); err != nil || n != 1 {
		t.Error(n, err)
	}
	if _, _, err := s.Get(t.Context(), "t/film"); !errors.Is(err, blob.ErrNotFound) {
		t.Error(err)
	}
}

// signed asks the server for what we signed, and for what we did not.
func signed(t *testing.T, s *blob.Store, film []byte) {
	t.Helper()
	at, err := s.Sign(t.Context(), "t/film", blob.Signing{For: time.Minute, MediaType: "video/webm", Disposition: `inline; filename="drill.webm"`, Caching: "private, max-age=60"})
	if err != nil || !strings.HasPrefix(at, s.Origin()+"/") {
		t.Fatal(at, s.Origin(), err)
	}
	status, header, body := fetch(t, at, "bytes=5-9")
	if status != http.StatusPartialContent || body != string(film[5:10]) || header.Get("Content-Type") != "video/webm" ||
		header.Get("Content-Disposition") != `inline; filename="drill.webm"` || header.Get("Cache-Control") != "private, max-age=60" {
		t.Errorf("%d %q %v", status, body, header)
	}
	for what, forged := range map[string]string{
		"another file":      strings.Replace(at, "t/film", "t/other", 1),
		"another type":      strings.Replace(at, "video%2Fwebm", "text%2Fhtml", 1),
		"a longer life":     strings.Replace(at, "X-Amz-Expires=60", "X-Amz-Expires=6000", 1),
		"another signature": at[:len(at)-1] + map[bool]string{true: "0", false: "1"}[strings.HasSuffix(at, "1")],
		"no signature":      at[:strings.Index(at, "?")],
	} {
		if forged == strings.Clone(at) {
			t.Fatalf("%s: nothing was forged in %s", what, at)
		}
		if status, _, _ := fetch(t, forged, ""); status != http.StatusForbidden && status != http.StatusBadRequest {
			t.Errorf("%s: %d", what, status)
		}
	}
}

func fetch(t *testing.T, at, part string) (status int, header http.Header, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if part != "" {
		req.Header.Set("Range", part)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, readAll(t, res.Body)
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

func TestOnlyAnS3StoreSigns(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"folder": "file://" + t.TempDir(), "memory": "mem://"} {
		s := open(t, address)
		if at, err := s.Sign(t.Context(), "a", blob.Signing{}); !errors.Is(err, blob.ErrCannotSign) || s.Origin() != "" {
			t.Errorf("%s: %q %v", name, at, err)
		}
	}
	if _, err := open(t, blobtest.Fake(t)).Sign(t.Context(), "../a", blob.Signing{}); !errors.Is(err, blob.ErrKey) {
		t.Errorf("a key that leads elsewhere was signed: %v", err)
	}
}

func TestASectionIsSentWhole(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		content := strings.Repeat("0123456789", 30_000)
		put(t, s, "a/b", "text/plain", content)
		put(t, s, "empty", "text/plain", "")
		for _, c := range []struct {
			key            string
			offset, length int64
			want           string
			err            error
		}{
			{"a/b", 0, -1, content, nil}, {"a/b", 7, 5, "78901", nil}, {"a/b", 299_998, 100, "89", nil}, {"a/b", 5, 0, "", nil}, {"empty", 0, -1, "", nil},
			{"a/b", 300_000, 1, "", blob.ErrRange}, {"a/b", -1, 1, "", blob.ErrRange}, {"a", 0, 1, "", blob.ErrNotFound}, {"none", 0, 1, "", blob.ErrNotFound}, {"../x", 0, 1, "", blob.ErrKey},
		} {
			for name, send := range map[string]func(*testing.T, *blob.Section) string{"read": readSection, "write": writeSection, "buffered": bufferSection, "socket": socketSection} {
				part, err := s.Section(t.Context(), c.key, c.offset, c.length)
				if c.err != nil {
					if !errors.Is(err, c.err) {
						t.Errorf("%s %d+%d gave %v", c.key, c.offset, c.length, err)
					}
					continue
				}
				if err != nil {
					t.Fatalf("%s %d+%d: %v", c.key, c.offset, c.length, err)
				}
				if part.Len() != int64(len(c.want)) {
					t.Errorf("%s %d+%d says %d bytes", c.key, c.offset, c.length, part.Len())
				}
				if got := send(t, part); got != c.want {
					t.Errorf("%s %s %d+%d: %d bytes, want %d", name, c.key, c.offset, c.length, len(got), len(c.want))
				}
			}
		}
	})
}

func readSection(t *testing.T, s *blob.Section) string {
	t.Helper()
	return readAll(t, struct {
		io.Reader
		io.Closer
	}{s, s})
}

func writeSection(t *testing.T, s *blob.Section) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := s.WriteTo(&b); errors.Join(err, s.Close()) != nil {
		t.Error(err)
	}
	return b.String()
}

func bufferSection(t *testing.T, s *blob.Section) string {
	t.Helper()
	var b bytes.Buffer
	w := bufio.NewWriterSize(&b, 100)
	_, _ = w.WriteString("head")
	_, err := s.WriteTo(w)
	if errors.Join(err, w.Flush(), s.Close()) != nil {
		t.Error(err)
	}
	return strings.TrimPrefix(b.String(), "head")
}

func socketSection(t *testing.T, s *blob.Section) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := make(chan string, 1)
	go func() {
		c, err := ln.Accept()
		if err != nil {
			got <- err.Error()
			return
		}
		b, _ := io.ReadAll(c)
		got <- string(b)
	}()
	c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(c)
	_, _ = w.WriteString("head")
	_, err = s.WriteTo(w)
	if errors.Join(err, w.Flush(), c.Close(), s.Close()) != nil {
		t.Error(err)
	}
	return strings.TrimPrefix(<-got, "head")
}
