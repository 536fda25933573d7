// Package content is the bytes that courses and brands are made of: uploading in chunks that resume, checking by
// content, keeping them in the object store once per tenant and hash within the tenant's storage, smaller variants of
// pictures, who may read what, and reading ranges of them.
package content

import (
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// FileKind is what a file may be used for.
type FileKind string

const (
	// FilePicture is PNG, JPEG, GIF, WebP or sanitised SVG.
	FilePicture FileKind = "picture"
	// FileVideo is MP4 or WebM.
	FileVideo FileKind = "video"
	// FileAudio is MP3, M4A, Ogg, WAV or FLAC.
	FileAudio FileKind = "audio"
	// FileDocument is PDF.
	FileDocument FileKind = "document"
	// FileOffice is Word, Excel, PowerPoint or OpenDocument, without macros: to be opened with a program of one's own.
	FileOffice FileKind = "office"
	// FileCaptions is WebVTT.
	FileCaptions FileKind = "captions"
	// FilePackage is a ZIP with a course to import: learning/exchange looks into it.
	FilePackage FileKind = "package"
)

// FileKinds lists every kind, in the order in which they are offered.
var FileKinds = []FileKind{FilePicture, FileVideo, FileAudio, FileDocument, FileOffice, FileCaptions, FilePackage}

// Played tells whether a file is watched or heard: it has Seconds.
func (k FileKind) Played() bool { return k == FileVideo || k == FileAudio }

// Limits of an upload, in bytes.
const (
	MaxChunk    = 8 << 20
	MaxPicture  = 20 << 20
	MaxVideo    = 4 << 30
	MaxAudio    = 1 << 30
	MaxDocument = 200 << 20
	MaxCaptions = 1 << 20
	MaxPackage  = 1 << 30
	MaxHanded   = 1 << 30        // of one file that is handed in
	UploadLife  = 24 * time.Hour // an unfinished upload is kept this long
)

// MaxHandedWaiting is how many files one person may have uploaded to hand in, and not handed in.
const MaxHandedWaiting = 10

// MaxSide is the longest side of a raster picture in pixels; a larger one is scaled down.
const MaxSide = 2560

// Note is what a file's author should know of it.
type Note string

// NoteLateIndex is an MP4 film whose index stands behind its pictures: it begins slowly. Saving it "for the web" (fast
// start) mends that.
const NoteLateIndex Note = "late_index"

// File is an uploaded, checked file. It is a row of files; its bytes are under the tenant's prefix by their hash.
type File struct {
	ID        uid.ID
	Name      string
	Kind      FileKind
	MediaType string
	Size      int64
	SHA256    string  `gorm:"column:sha256"`
	Seconds   float64 // duration of a video or sound, 0 when unknown
	Width     int     // of a raster picture in pixels, 0 when unknown
	Height    int
	Note      Note
	Handed    bool // brought by a learner to answer a lesson with
	CreatedBy *uid.ID
	CreatedAt time.Time
}

// Upload is a file on its way: Received bytes of Size have arrived.
type Upload struct {
	ID        uid.ID
	Name      string
	Size      int64
	Received  int64
	Hashed    []byte  // the state of SHA-256 over what has arrived; nil at the beginning
	FileID    *uid.ID // set when it is complete
	Handed    bool    // brought by a learner to answer a lesson with
	CreatedBy uid.ID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Failures of this package.
var (
	ErrFileNotFound   = fault.New(fault.KindNotFound, "file_not_found", "There is no such file here.")
	ErrUploadNotFound = fault.New(fault.KindNotFound, "upload_not_found", "This upload has expired or was never begun. Start it again.")
	ErrOffset         = fault.New(fault.KindConflict, "upload_offset", "This part does not begin where the last one ended. Ask for the offset and go on from there.")
	ErrFileType       = fault.New(fault.KindInvalid, "file_type", "This kind of file cannot be used here.")
	ErrFileTooLarge   = fault.New(fault.KindTooLarge, "file_too_large", "This file is too large.")
	ErrStorageFull    = fault.New(fault.KindTooLarge, "storage_full", "There is no room for this file. Remove files that are not used any more, or ask for more storage.")
	ErrFileInUse      = fault.New(fault.KindConflict, "file_in_use", "This file is used. Take it out of the courses that use it first.")
	ErrHandedWaiting  = fault.New(fault.KindConflict, "handed_files_waiting", "You uploaded ten files that you have not handed in. Hand in what you want to; the others are removed after a day.")
	ErrLink           = fault.New(fault.KindForbidden, "file_link_invalid", "This link to a file has expired or was changed. Ask for a new one.")
)
