package blob

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/blob/s3blob"
)

// Open opens the store of a URL:
//
//   - file:///dir keeps files in a folder, which is made when missing and is for its owner alone.
//   - s3://bucket keeps them in a bucket that is there already. The query may say region, endpoint (for servers that are
//     not Amazon's), use_path_style=true (for most of those), prefix (a folder in the bucket, with its slash) and what else
//     gocloud.dev/blob/s3blob knows. Who we are comes from the environment as with every program of AWS
//     (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, the machine's role), never from the URL.
//   - mem:// keeps them until Close.
func Open(ctx context.Context, address string) (*Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("storage URL: %w", err)
	}
	switch u.Scheme {
	case "mem":
		return &Store{bucket: memblob.OpenBucket(nil)}, nil
	case "file":
		return openFolder(address, u)
	case "s3":
		return openS3(ctx, u)
	}
	return nil, fmt.Errorf("storage URL %s: only file:///path, s3://bucket and mem:// are known", address)
}

func openFolder(address string, u *url.URL) (*Store, error) {
	if u.Host != "" || !strings.HasPrefix(u.Path, "/") || u.RawQuery != "" {
		return nil, fmt.Errorf("storage URL %s: write file:///path/of/the/folder", address)
	}
	dir := filepath.FromSlash(u.Path)
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{
		CreateDir: true, DirFileMode: 0o700, Metadata: fileblob.MetadataDontWrite,
		NoTempDir: true, // a half-written file stands beside its place: a rename does not cross file systems
	})
	if err != nil {
		return nil, fmt.Errorf("open storage %s: %w", address, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		_ = b.Close()
		return nil, fmt.Errorf("open storage %s: %w", address, err)
	}
	return &Store{bucket: b, typed: true, root: root}, nil
}

func openS3(ctx context.Context, u *url.URL) (*Store, error) {
	// Nothing of the query is repeated in an error: somebody may have put a secret there.
	if u.Host == "" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return nil, fmt.Errorf("storage URL of S3: write s3://bucket?region=…, and the keys into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	q := u.Query()
	prefix := q.Get("prefix")
	if prefix != "" && (CheckKey(strings.TrimSuffix(prefix, "/")) != nil || !strings.HasSuffix(prefix, "/")) {
		return nil, fmt.Errorf("storage URL of S3: the prefix is a folder with its slash, for example prefix=lyceum/")
	}
	q.Del("prefix")
	opened, err := (&s3blob.URLOpener{}).OpenBucketURL(ctx, &url.URL{Scheme: u.Scheme, Host: u.Host, RawQuery: q.Encode()})
	if err != nil {
		return nil, fmt.Errorf("open storage s3://%s: %w", u.Host, err)
	}
	if prefix != "" {
		opened = blob.PrefixedBucket(opened, prefix)
	}
	s := &Store{bucket: opened}
	probe, err := s.Sign(ctx, "probe", Signing{})
	if err != nil {
		return nil, fmt.Errorf("open storage s3://%s: %w", u.Host, err)
	}
	at, err := url.Parse(probe)
	if err != nil {
		return nil, fmt.Errorf("open storage s3://%s: %w", u.Host, err)
	}
	s.origin = at.Scheme + "://" + at.Host
	return s, nil
}
