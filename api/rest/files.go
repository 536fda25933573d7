package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/content"
)

// file is an uploaded, checked file.
type file struct {
	ID        uid.ID           `json:"id"`
	Name      string           `json:"name"`
	Kind      content.FileKind `json:"kind" enum:"picture,video,audio,document,office,captions,package"`
	MediaType string           `json:"media_type"`
	Size      int64            `json:"size" doc:"In bytes."`
	SHA256    string           `json:"sha256"`
	Seconds   float64          `json:"seconds,omitempty" doc:"The duration of a video or sound, if known."`
	Width     int              `json:"width,omitempty" doc:"Of a picture in pixels, if known."`
	Height    int              `json:"height,omitempty"`
	Note      content.Note     `json:"note,omitempty" enum:"late_index" doc:"late_index: an MP4 whose index stands at its end, so that it begins slowly. Save it for the web (fast start)."`
	CreatedAt time.Time        `json:"created_at"`
}

// upload is a file on its way.
type upload struct {
	ID        uid.ID    `json:"id"`
	Name      string    `json:"name"`
	Size      int64     `json:"size" doc:"In bytes, when complete."`
	Received  int64     `json:"received" doc:"How many bytes have arrived: the next chunk begins here."`
	FileID    *uid.ID   `json:"file_id,omitempty" doc:"The file, once it is complete and checked."`
	ExpiresAt time.Time `json:"expires_at" doc:"An upload that is not complete by then is dropped."`
}

// newUpload announces a file.
type newUpload struct {
	Name     string `json:"name" example:"fire-drill.mp4"`
	Size     int64  `json:"size" minimum:"1" doc:"In bytes."`
	HandedIn bool   `json:"handed_in,omitempty" doc:"It is brought by a learner, to answer a lesson with: at most 1 GiB, and removed after a day when it was not handed in."`
}

type newUploadIn struct{ Body newUpload }

type uploadIn struct {
	ID uid.ID `path:"upload" doc:"The upload's id."`
}

type fileIn struct {
	ID uid.ID `path:"file" doc:"The file's id."`
}

type chunkIn struct {
	ID     uid.ID `path:"upload" doc:"The upload's id."`
	Offset int64  `header:"Upload-Offset" required:"true" minimum:"0" doc:"Where this chunk begins: the bytes received so far. A chunk that arrived already may be repeated."`
}

type wholeFileIn struct {
	Name string `query:"name" required:"true" minLength:"1" example:"logo.png" doc:"The file's name."`
}

// uploadOut answers an upload. Its headers are those of resumable uploads (tus 1.0).
type uploadOut struct {
	Offset int64 `header:"Upload-Offset" doc:"How many bytes have arrived."`
	Length int64 `header:"Upload-Length" doc:"In bytes, when complete."`
	Body   upload
}

type createdUploadOut struct {
	Location string `header:"Location"`
	Offset   int64  `header:"Upload-Offset" doc:"How many bytes have arrived."`
	Length   int64  `header:"Upload-Length" doc:"In bytes, when complete."`
	Body     upload
}

type uploadHeadOut struct {
	Offset int64 `header:"Upload-Offset" doc:"How many bytes have arrived."`
	Length int64 `header:"Upload-Length" doc:"In bytes, when complete."`
}

type fileOut struct{ Body file }

type createdFileOut struct {
	Location string `header:"Location"`
	Body     file
}

// sentBytes gives the body as it is, which must not be kept beyond the handler. huma does not read it: it would copy it,
// and chunks are up to 8 MiB.
func sentBytes(ctx context.Context) []byte { return behind(ctx).c.Request().Body() }

func (a *api) fileOperations() {
	a.uploadOperations()
	a.storageOperations()
	on(a, operation{
		method: post, path: "/files", id: "put-file", tag: tagFiles, need: route.For(policy.FileUpload), status: 201,
		summary: "Upload a small file at once",
		about:   "Up to 8 MiB; larger files go in chunks. What a file is, is found out from its bytes.",
		bytes:   true, fails: faults{content.ErrFileType, content.ErrFileTooLarge, content.ErrStorageFull},
	}, func(ctx context.Context, in *wholeFileIn) (*createdFileOut, error) {
		f, err := a.Content.Put(ctx, in.Name, sentBytes(ctx))
		if err != nil {
			return nil, err
		}
		return &createdFileOut{Location: base + "/files/" + f.ID.String(), Body: showFile(f)}, nil
	})
	on(a, operation{
		method: get, path: "/files/{file}", id: "get-file", tag: tagFiles, need: route.SignedIn,
		summary: "What an uploaded file is",
		about:   "For those who may see a course that uses it, whose it is, and who writes courses.",
		fails:   faults{content.ErrFileNotFound},
	}, func(ctx context.Context, in *fileIn) (*fileOut, error) {
		f, err := a.Content.File(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &fileOut{showFile(f)}, nil
	})
}

func (a *api) uploadOperations() {
	on(a, operation{
		method: post, path: "/uploads", id: "begin-upload", tag: tagFiles, need: route.SignedIn, status: 201,
		summary: "Announce a file to upload in chunks",
		about:   "Its size is reserved of the portal's storage until the upload is complete or expires. It needs file:upload; with handed_in, enrolment:self.",
		fails:   faults{policy.ErrForbidden, content.ErrHandedWaiting, content.ErrFileType, content.ErrFileTooLarge, content.ErrStorageFull},
	}, func(ctx context.Context, in *newUploadIn) (*createdUploadOut, error) {
		u, err := a.Content.Begin(ctx, content.BeginInput{Name: in.Body.Name, Size: in.Body.Size, HandedIn: in.Body.HandedIn})
		if err != nil {
			return nil, err
		}
		return &createdUploadOut{Location: base + "/uploads/" + u.ID.String(), Offset: u.Received, Length: u.Size, Body: showUpload(u)}, nil
	})
	on(a, operation{
		method: head, path: "/uploads/{upload}", id: "head-upload", tag: tagFiles, need: route.SignedIn, status: 200,
		summary: "How far an upload is, in headers alone",
		fails:   faults{content.ErrUploadNotFound, policy.ErrForbidden},
	}, func(ctx context.Context, in *uploadIn) (*uploadHeadOut, error) {
		u, err := a.Content.Status(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &uploadHeadOut{Offset: u.Received, Length: u.Size}, nil
	})
	on(a, operation{
		method: get, path: "/uploads/{upload}", id: "get-upload", tag: tagFiles, need: route.SignedIn,
		summary: "How far an upload is",
		fails:   faults{content.ErrUploadNotFound, policy.ErrForbidden},
	}, func(ctx context.Context, in *uploadIn) (*uploadOut, error) {
		u, err := a.Content.Status(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &uploadOut{Offset: u.Received, Length: u.Size, Body: showUpload(u)}, nil
	})
	on(a, operation{
		method: patch, path: "/uploads/{upload}", id: "append-chunk", tag: tagFiles, need: route.SignedIn, status: 200,
		summary: "Send the next chunk",
		about:   "Up to 8 MiB. After a break, ask how far the upload is and go on from there. With the last chunk the file is checked and kept; file_id names it.",
		bytes:   true, fails: faults{content.ErrUploadNotFound, policy.ErrForbidden, content.ErrOffset, content.ErrFileType, content.ErrFileTooLarge, content.ErrStorageFull},
	}, func(ctx context.Context, in *chunkIn) (*uploadOut, error) {
		u, err := a.Content.Append(ctx, in.ID, in.Offset, sentBytes(ctx))
		if err != nil {
			return nil, err
		}
		return &uploadOut{Offset: u.Received, Length: u.Size, Body: showUpload(u)}, nil
	})
}

func showFile(f content.File) file {
	return file{
		ID: f.ID, Name: f.Name, Kind: f.Kind, MediaType: f.MediaType, Size: f.Size, SHA256: f.SHA256, Seconds: f.Seconds, Width: f.Width, Height: f.Height, Note: f.Note, CreatedAt: utc(f.CreatedAt),
	}
}

func showUpload(u content.Upload) upload {
	return upload{ID: u.ID, Name: u.Name, Size: u.Size, Received: u.Received, FileID: u.FileID, ExpiresAt: utc(u.ExpiresAt)}
}
