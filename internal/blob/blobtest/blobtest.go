// Package blobtest starts object stores for tests: a light one of this process, and a real one where it is installed.
package blobtest

import (
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

const (
	user   = "lyceum-test"
	secret = "lyceum-test-secret"
	bucket = "files"
)

// Credentials puts the test's keys where programs of AWS look for them. It must be called before tests run side by side:
// in TestMain.
func Credentials() {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": user, "AWS_SECRET_ACCESS_KEY": secret, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		_ = os.Setenv(name, value)
	}
}

// Fake is the storage URL of a bucket of gofakes3: it speaks S3, but lets forged signatures through.
func Fake(t testing.TB) string {
	t.Helper()
	mem := s3mem.New()
	if err := mem.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(gofakes3.New(mem, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(srv.Close)
	return address(srv.URL)
}

func address(endpoint string) string {
	return "s3://" + bucket + "?region=us-east-1&use_path_style=true&endpoint=" + url.QueryEscape(endpoint)
}

// Minio is the storage URL of a bucket of a real S3 server that the test has for itself. Without one the test is skipped,
// and says how to get it.
func Minio(t testing.TB) string {
	t.Helper()
	program := find()
	if program == "" {
		t.Skip("SKIPPED LOUDLY: no minio on this machine, so nothing is tested against a real S3 server. Get it: go install github.com/minio/minio@latest (a few minutes), or name it in LYCEUM_TEST_MINIO")
	}
	listen := freeAddress(t)
	cmd := exec.Command(program, "server", "--quiet", "--address", listen, "--console-address", freeAddress(t), t.TempDir())
	cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+user, "MINIO_ROOT_PASSWORD="+secret, "MINIO_BROWSER=off", "MINIO_UPDATE=off", "HOME="+t.TempDir())
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended //nolint:errcheck // it was killed
	})
	makeBucket(t, "http://"+listen, ended, &said)
	return address("http://" + listen)
}

// find looks where the program may be.
func find() string {
	places := []string{os.Getenv("LYCEUM_TEST_MINIO")}
	if found, err := exec.LookPath("minio"); err == nil {
		places = append(places, found)
	}
	if home, err := os.UserHomeDir(); err == nil {
		places = append(places, filepath.Join(home, "go", "bin", "minio"))
	}
	for _, p := range places {
		if at, err := os.Stat(p); p != "" && err == nil && !at.IsDir() {
			return p
		}
	}
	return ""
}

func freeAddress(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// makeBucket asks until the server answers.
func makeBucket(t testing.TB, endpoint string, ended <-chan error, said fmt.Stringer) {
	t.Helper()
	client := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(endpoint), UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(user, secret, ""), RetryMaxAttempts: 1,
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)})
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case end := <-ended:
			t.Fatalf("minio ended: %v\n%s", end, said)
		case <-ctx.Done():
			t.Fatalf("minio does not answer: %v", err)
		}
	}
}
