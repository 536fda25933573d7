package content

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/url"
	"strconv"
	"time"

	"lyceum/internal/blob"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// How long a link to a file may hold.
const (
	LinkLife    = time.Hour
	LinkLifeMax = 7 * 24 * time.Hour
	LinkLifeMin = time.Minute
)

// Link is an address at which anyone may read one file until it expires: a player on another site, a CDN, a program.
type Link struct {
	File      File
	ExpiresAt time.Time
	Signature string
}

// Path is where the link leads on the portal: the file, the second it ends, the signature, and a name for who saves it.
func (l Link) Path() string {
	return "/files/" + l.File.ID.String() + "/link/" + strconv.FormatInt(l.ExpiresAt.Unix(), 10) + "/" + l.Signature + "/" + url.PathEscape(l.File.Name)
}

// LinkTo makes a link for whoever may read the file now: LinkLife long when hold is 0, and never beyond LinkLifeMax. It
// needs what File needs.
func (s *Service) LinkTo(ctx context.Context, id uid.ID, hold time.Duration) (Link, error) {
	f, err := s.File(ctx, id)
	if err != nil {
		return Link{}, err
	}
	if hold == 0 {
		hold = LinkLife
	}
	l := Link{File: f, ExpiresAt: s.now().Add(min(max(hold, LinkLifeMin), LinkLifeMax)).Truncate(time.Second)}
	mac, err := s.sign(ctx, id, l.ExpiresAt)
	if err != nil {
		return Link{}, err
	}
	l.Signature = base64.RawURLEncoding.EncodeToString(mac)
	return l, nil
}

// Linked gives the file of a link. One that has expired, was changed, or was made for another portal is ErrLink; whether
// there is such a file is not told then.
func (s *Service) Linked(ctx context.Context, id uid.ID, expires time.Time, signature string) (File, error) {
	given, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return File{}, ErrLink
	}
	mac, err := s.sign(ctx, id, expires)
	if err != nil {
		return File{}, err
	}
	if !hmac.Equal(mac, given) || !s.now().Before(expires) {
		return File{}, ErrLink
	}
	t, _ := tenant.From(ctx)
	return s.seen.Get(ctx, seenKey{tenant: t.ID, file: id}, func(ctx context.Context) (File, error) { return s.file(ctx, id) })
}

// sign makes the signature over file and expiry under the tenant's own key.
func (s *Service) sign(ctx context.Context, id uid.ID, expires time.Time) ([]byte, error) {
	t, ok := tenant.From(ctx)
	if !ok {
		return nil, errors.New("content: no tenant in the context")
	}
	key, err := s.seal.Derive(t.ID, "file links")
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write(id[:])
	_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, uint64(expires.Unix())))
	return mac.Sum(nil), nil
}

// Read reads a file that File, Linked or Variant gave. Errors as Open.
func (s *Service) Read(ctx context.Context, f File, offset, length int64) (*blob.Section, error) {
	return s.section(ctx, f.SHA256, offset, length)
}

// StoreLife is how long an address of the object store itself holds: a player that seeks asks us again.
const StoreLife = 15 * time.Minute

// Elsewhere gives the address of a file that File or Linked gave at the object store itself, where it is to be fetched from
// there; "" where we serve it. Pictures and captions are always ours: they are small, and a page's policy is about them.
func (s *Service) Elsewhere(ctx context.Context, f File, disposition string) (string, error) {
	if s.redirect <= 0 || f.Size < s.redirect || f.Kind == FilePicture || f.Kind == FileCaptions || s.blobs.Origin() == "" {
		return "", nil
	}
	key, err := fileKey(ctx, f.SHA256)
	if err != nil {
		return "", err
	}
	return s.blobs.Sign(ctx, key, blob.Signing{For: StoreLife, MediaType: f.MediaType, Disposition: disposition, Caching: "private, max-age=900"})
}

// StoreOrigin is where Elsewhere leads, "" where files come from us alone: pages must allow it.
func (s *Service) StoreOrigin() string {
	if s.redirect <= 0 {
		return ""
	}
	return s.blobs.Origin()
}
