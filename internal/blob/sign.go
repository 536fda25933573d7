package blob

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// Signing is how a signed address answers.
type Signing struct {
	For         time.Duration // how long it holds; 0 is 5 minutes
	MediaType   string        // of the answer, whatever the store noted
	Disposition string        // of the answer (RFC 6266)
	Caching     string        // Cache-Control of the answer
}

// ErrCannotSign is a store that gives files to nobody but us.
var ErrCannotSign = errors.New("blob: this store signs no addresses")

// Origin is where signed addresses lead (scheme, host and port), "" where the store signs none.
func (s *Store) Origin() string { return s.origin }

// Sign gives an address at which anyone may read a file until it expires: an S3 store checks its signature itself. What
// the answer says of itself is part of what is signed. Whether there is a file is not asked. Other stores: ErrCannotSign.
func (s *Store) Sign(ctx context.Context, key string, how Signing) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	if how.For <= 0 {
		how.For = 5 * time.Minute
	}
	if s.typed {
		return "", ErrCannotSign
	}
	foreign := false
	address, err := s.bucket.SignedURL(ctx, key, &blob.SignedURLOptions{Expiry: how.For, Method: http.MethodGet, BeforeSign: func(as func(any) bool) error {
		var in *s3.GetObjectInput
		if foreign = !as(&in); foreign {
			return nil
		}
		for to, value := range map[**string]string{
			&in.ResponseContentType: how.MediaType, &in.ResponseContentDisposition: how.Disposition, &in.ResponseCacheControl: how.Caching,
		} {
			if value != "" {
				*to = &value
			}
		}
		return nil
	}})
	if foreign || gcerrors.Code(err) == gcerrors.Unimplemented {
		return "", ErrCannotSign
	}
	if err != nil {
		return "", failed("sign", key, err)
	}
	return address, nil
}
