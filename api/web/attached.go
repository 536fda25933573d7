package web

import (
	"context"
	"errors"
	"html/template"
	"io"

	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/uid"
	"lyceum/learning/content"
)

// prose makes safe HTML of an author's Markdown. Its pictures are uploaded files; the prefix keeps the footnotes of
// several texts on one page apart.
func prose(src, prefix string) template.HTML {
	return markdown.Render(src, markdown.Options{
		HeadingOffset: 1, IDPrefix: prefix, ResolveImage: pictureAddress,
	})
}

// summaries bounds how many rendered summaries are remembered, and how long a text that is may be, in bytes.
const (
	summaries  = 1000
	maxSummary = 4 << 10
)

// summary is a course's summary through the sanitiser, remembered: the page is looked at often and its text never changes.
// What the pictures in one are like may change, so one with pictures is drawn anew.
func (s *Site) summary(ctx context.Context, src string) template.HTML {
	if len(src) > maxSummary || len(markdown.Images(src)) > 0 {
		return s.illustrated(ctx, src, "summary-")
	}
	if out, ok := s.summaries.Peek(src); ok {
		return out
	}
	out := prose(src, "summary-")
	s.summaries.Put(src, out)
	return out
}

// fileOf reads what a file is; nil for none and for one that is not here any more.
func fileOf(ctx context.Context, files *content.Service, file *uid.ID) (*content.File, error) {
	if file == nil {
		return nil, nil
	}
	f, err := files.File(ctx, *file)
	if errors.Is(err, content.ErrFileNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &f, nil
}

// readPNG reads a picture of the brand when it is a PNG of at most limit bytes; nil for none, for another kind and for one
// that is not here any more.
func readPNG(ctx context.Context, files *content.Service, file *uid.ID, limit int64) ([]byte, error) {
	if file == nil {
		return nil, nil
	}
	r, f, err := files.Public(ctx, *file)
	if errors.Is(err, content.ErrFileNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if f.MediaType != "image/png" || f.Size > limit {
		return nil, nil
	}
	return io.ReadAll(io.LimitReader(r, limit))
}

// keep stores a file that a form brought along and gives it; nil when none was chosen. It must be of the kind; what is
// wrong with it is a fault of the field.
func keep(ctx context.Context, files *content.Service, f form, field string, kind content.FileKind) (*content.File, error) {
	name, data, chosen, err := f.file(field)
	if err != nil || !chosen {
		return nil, err
	}
	stored, err := files.Put(ctx, name, data)
	if err != nil {
		return nil, atField(err, field)
	}
	if stored.Kind != kind {
		return nil, fault.Invalid(map[string]string{field: wanted[kind]})
	}
	return &stored, nil
}

// wanted says which files a kind takes.
var wanted = map[content.FileKind]string{
	content.FilePicture:  "Choose a picture: PNG, JPEG, GIF, WebP or SVG.",
	content.FileVideo:    "Choose a video: MP4 or WebM.",
	content.FileAudio:    "Choose a sound: MP3, M4A, Ogg, WAV or FLAC.",
	content.FileDocument: "Choose a PDF document.",
	content.FileOffice:   "Choose an office document: Word, Excel, PowerPoint or OpenDocument.",
	content.FileCaptions: "Choose a caption file in WebVTT.",
}
