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
	case "audio/mpeg":
		return kindOf{FileAudio, MaxAudio, "A sound", []string{".mp3"}}, true
	case "audio/mp4":
		return kindOf{FileAudio, MaxAudio, "A sound", []string{".m4a", ".m4b", ".mp4"}}, true
	case "audio/ogg":
		return kindOf{FileAudio, MaxAudio, "A sound", []string{".ogg", ".oga", ".opus"}}, true
	case "audio/wav":
		return kindOf{FileAudio, MaxAudio, "A sound", []string{".wav"}}, true
	case "audio/flac":
		return kindOf{FileAudio, MaxAudio, "A sound", []string{".flac"}}, true
	case "application/pdf":
		return kindOf{FileDocument, MaxDocument, "A document", []string{".pdf"}}, true
	case "text/vtt":
		return kindOf{FileCaptions, MaxCaptions, "A caption file", []string{".vtt"}}, true
	case zipped:
		return kindOf{FilePackage, MaxPackage, "A package", []string{".zip", ".imscc"}}, true
	}
	if ending := officeEndings[mediaType]; ending != "" {
		return kindOf{FileOffice, MaxDocument, "A document", []string{ending}}, true
	}
	return kindOf{}, false
}

const (
	ooxml        = "application/vnd.openxmlformats-officedocument."
	openDocument = "application/vnd.oasis.opendocument."
	zipped       = "application/zip"
)

var officeEndings = map[string]string{
	ooxml + "wordprocessingml.document": ".docx", ooxml + "spreadsheetml.sheet": ".xlsx", ooxml + "presentationml.presentation": ".pptx",
	openDocument + "text": ".odt", openDocument + "spreadsheet": ".ods", openDocument + "presentation": ".odp",
}

// taken says what may be uploaded, in words of those who upload.
const taken = "Upload a picture (PNG, JPEG, GIF, WebP, SVG), a video (MP4, WebM), a sound (MP3, M4A, Ogg, WAV, FLAC), a PDF, an office document (Word, Excel, PowerPoint, OpenDocument) or captions (WebVTT)."

// recognise says by its first bytes what a file is, and fails when it cannot be used or is too large for its kind. A ZIP
// may turn out to be an office document, or to hold a course: its directory stands at the end.
func recognise(head []byte, size int64) (mediaType string, err error) {
	mediaType, _ = media.Sniff(head)
	k, ok := kinds(mediaType)
	switch {
	case !ok && mediaType == media.Unknown:
		return "", refuse(ErrFileType.Saying("This kind of file cannot be used here. " + taken))
	case !ok:
		return "", refuse(ErrFileType.Saying("A file of type %s cannot be used here. "+taken, mediaType))
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
	width     int
	height    int
	note      Note
	bytes     source
	sum       string // SHA-256 of bytes where it is known already
}

// check finds out what a file is and whether it is sound. Rasters are encoded anew, without metadata and at most
// MaxSide long; SVG is reduced to what can only be seen; captions are read through; of films and sounds the duration is
// read; what seems to be an archive must be an office document without macros.
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
	k, _ := kinds(c.mediaType)
	inside := &blocky{source: src}
	switch {
	case k.kind.Played():
		if err = media.CheckPlayable(inside, src.Size(), c.mediaType); err != nil {
			return checked{}, refuseTheirs(err)
		}
		if d, ok := media.Length(inside, src.Size(), c.mediaType); ok {
			c.seconds = d.Seconds()
		}
		if c.mediaType == "video/mp4" && media.LateIndex(inside, src.Size()) {
			c.note = NoteLateIndex
		}
	case k.kind == FileOffice, c.mediaType == zipped:
		if err = archived(&c, inside); err != nil {
			return checked{}, err
		}
	case k.kind == FileDocument:
	default:
		if err = s.checkSmall(ctx, &c); err != nil {
			return checked{}, err
		}
	}
	c.name = withEnding(name, c.mediaType)
	return c, nil
}

// archived says what an archive is: a package of a course, or an office document.
func archived(c *checked, src source) error {
	course, err := media.HoldsCourse(src, src.Size())
	if err != nil {
		return refuseTheirs(err)
	}
	if course {
		c.mediaType = zipped
		return nil
	}
	if c.mediaType, err = media.Office(src, src.Size()); err != nil {
		return refuseTheirs(err)
	}
	if src.Size() > MaxDocument {
		return refuse(tooLarge("A document", MaxDocument, src.Size()))
	}
	return nil
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
		data, c.mediaType, c.width, c.height, err = picture.Normalise(data, MaxSide)
		<-s.decoding
	}
	if err != nil {
		return refuseTheirs(err)
	}
	c.bytes = inMemory(data)
	return nil
}

// refuseTheirs marks a failure that lies in the file; our own mistakes stay what they are.
func refuseTheirs(err error) error {
	if fault.Of(err).Kind == fault.KindInternal {
		return err
	}
	return refuse(err)
}

// keepBytes keeps the bytes of a checked file under their hash, once per tenant, and gives its row without id, maker
// and time.
func (s *Service) keepBytes(ctx context.Context, c checked) (File, error) {
	sum, err := s.store(ctx, c.mediaType, c.bytes, c.sum)
	if err != nil {
		return File{}, fmt.Errorf("keep %q: %w", c.name, err)
	}
	k, _ := kinds(c.mediaType)
	return File{
		Name: c.name, Kind: k.kind, MediaType: c.mediaType, Size: c.bytes.Size(), SHA256: sum,
		Seconds: c.seconds, Width: c.width, Height: c.height, Note: c.note,
	}, nil
}

// store keeps bytes under their hash and gives it; sum is "" where it is not known. That they are coming is noted first:
// from then on the sweep leaves them alone for a while (SweepBytes), so what is found here now is still here when a row
// counts it.
func (s *Service) store(ctx context.Context, mediaType string, bytes source, sum string) (string, error) {
	if sum == "" {
		hash := sha256.New()
		if _, err := io.Copy(hash, whole(bytes)); err != nil {
			return "", fmt.Errorf("read: %w", err)
		}
		sum = hex.EncodeToString(hash.Sum(nil))
	}
	key, err := fileKey(ctx, sum)
	if err != nil {
		return "", err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.TouchBytes(ctx, sum, bytes.Size(), s.now()) })
	if err != nil {
		return "", err
	}
	there, err := s.blobs.Exists(ctx, key)
	if err != nil || there {
		return sum, err
	}
	_, _, err = s.blobs.Put(ctx, key, mediaType, whole(bytes))
	return sum, err
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
