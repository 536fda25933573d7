package content

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/media"
	"lyceum/internal/picture"
)

// kindOf says what a media type may be used for, with its limit in bytes and the endings of its names, the usual one
// first.
type kindOf struct {
	kind    FileKind
	most    int64
	called  string
	endings []string
}

func kinds(mediaType string) (kindOf, bool) {
	switch mediaType {
	case "image/png":
		return kindOf{FilePicture, MaxPicture, "A picture", []string{".png"}}, true
	case "image/jpeg":
		return kindOf{FilePicture, MaxPicture, "A picture", []string{".jpg", ".jpeg", ".jpe", ".jfif"}}, true
	case "image/gif":
		return kindOf{FilePicture, MaxPicture, "A picture", []string{".gif"}}, true
	case "image/webp":
		return kindOf{FilePicture, MaxPicture, "A picture", []string{".webp"}}, true
	case "image/svg+xml":
		return kindOf{FilePicture, MaxPicture, "A picture", []string{".svg"}}, true
	case "video/mp4":
		return kindOf{FileVideo, MaxVideo, "A video", []string{".mp4", ".m4v"}}, true
	case "video/webm":
		return kindOf{FileVideo, MaxVideo, "A video", []string{".webm"}}, true
	case "application/pdf":
		return kindOf{FileDocument, MaxDocument, "A document", []string{".pdf"}}, true
	case "text/vtt":
		return kindOf{FileCaptions, MaxCaptions, "A caption file", []string{".vtt"}}, true
	case "application/zip":
		return kindOf{FilePackage, MaxPackage, "A package", []string{".zip", ".imscc"}}, true
	}
	return kindOf{}, false
}

// recognise says by its first bytes what a file is, and fails when it cannot be used or is too large for its kind.
func recognise(head []byte, size int64) (mediaType string, err error) {
	mediaType, _ = media.Sniff(head)
	k, ok := kinds(mediaType)
	switch {
	case !ok && mediaType == media.Unknown:
		return "", refuse(ErrFileType.Saying("This kind of file cannot be used here. Upload a picture (PNG, JPEG, GIF, WebP, SVG), a video (MP4, WebM), a PDF or captions (WebVTT)."))
	case !ok:
		return "", refuse(ErrFileType.Saying("A file of type %s cannot be used here. Upload a picture (PNG, JPEG, GIF, WebP, SVG), a video (MP4, WebM), a PDF or captions (WebVTT).", mediaType))
	case size > k.most:
		return "", refuse(tooLarge(k.called, k.most, size))
	}
	return mediaType, nil
}

// checked is a file found sound: what it is, and the bytes to keep, which are not always those that came.
type checked struct {
	name      string
	mediaType string
	seconds   float64
	bytes     source
}

// check finds out what a file is and whether it is sound. Rasters are encoded anew, without metadata and at most
// MaxSide long; SVG is reduced to what can only be seen; captions are read through; of an MP4 the duration is read.
// Its failures that lie in the file are marked as refusals.
func (s *Service) check(ctx context.Context, name string, src source) (c checked, err error) {
	head := make([]byte, min(src.Size(), media.SniffLength))
	if _, err = src.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return checked{}, fmt.Errorf("read %q: %w", name, err)
	}
	c = checked{bytes: src}
	if c.mediaType, err = recognise(head, src.Size()); err != nil {
		return checked{}, err
	}
	switch c.mediaType {
	case "video/mp4":
		if d, ok := media.MP4Duration(src, src.Size()); ok {
			c.seconds = d.Seconds()
		}
	case "application/zip":
		if err = media.CheckZip(src, src.Size(), media.Limits{Total: 2 * MaxPackage}); err != nil {
			if fault.Of(err).Kind == fault.KindInternal {
				return checked{}, err
			}
			return checked{}, refuse(err)
		}
	case "video/webm", "application/pdf":
	default:
		if err = s.checkSmall(ctx, &c); err != nil {
			return checked{}, err
		}
	}
	c.name = withEnding(name, c.mediaType)
	return c, nil
}

// checkSmall checks what is read whole: pictures and captions.
func (s *Service) checkSmall(ctx context.Context, c *checked) error {
	data, err := io.ReadAll(whole(c.bytes))
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	switch c.mediaType {
	case "text/vtt":
		err = media.CheckVTT(data)
	case "image/svg+xml":
		data, err = picture.SanitiseSVG(data)
	default:
		select {
		case s.decoding <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		data, c.mediaType, _, _, err = picture.Normalise(data, MaxSide)
		<-s.decoding
	}
	if err != nil {
		if fault.Of(err).Kind == fault.KindInternal {
			return err
		}
		return refuse(err)
	}
	c.bytes = inMemory(data)
	return nil
}

// keepBytes keeps the bytes of a checked file under their hash, once per tenant, and gives its row without id, maker
// and time. Bytes without a row, which a crash may leave, harm nothing: the next file with the hash uses them.
func (s *Service) keepBytes(ctx context.Context, c checked) (File, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, whole(c.bytes)); err != nil {
		return File{}, fmt.Errorf("read %q: %w", c.name, err)
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	key, err := fileKey(ctx, sum)
	if err != nil {
		return File{}, err
	}
	there, err := s.blobs.Exists(ctx, key)
	if err != nil {
		return File{}, fmt.Errorf("keep %q: %w", c.name, err)
	}
	if !there {
		if _, _, err = s.blobs.Put(ctx, key, c.mediaType, whole(c.bytes)); err != nil {
			return File{}, fmt.Errorf("keep %q: %w", c.name, err)
		}
	}
	k, _ := kinds(c.mediaType)
	return File{Name: c.name, Kind: k.kind, MediaType: c.mediaType, Size: c.bytes.Size(), SHA256: sum, Seconds: c.seconds}, nil
}

// endingRE is what looks like an ending, unlike that of "Version 1.2" or "Chapter 3. Fire".
var endingRE = regexp.MustCompile(`^\.[A-Za-z][A-Za-z0-9]{0,4}$`)

// withEnding gives a name the ending of what the file is, so that it is saved as what it is.
func withEnding(name, mediaType string) string {
	k, _ := kinds(mediaType)
	ending := path.Ext(name)
	if slices.Contains(k.endings, strings.ToLower(ending)) {
		return name
	}
	stem := name
	if endingRE.MatchString(ending) {
		stem = strings.TrimSuffix(name, ending)
	}
	return media.CleanName(stem + k.endings[0])
}
