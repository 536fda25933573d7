package web

import (
	"context"
	"errors"
	"html/template"
	"io"

	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
)

// prose makes safe HTML of an author's Markdown. Its pictures are uploaded files; the prefix keeps the footnotes of
// several texts on one page apart.
func prose(src, prefix string) template.HTML {
	return markdown.Render(src, markdown.Options{
		HeadingOffset: 1, IDPrefix: prefix,
		ResolveImage: func(dest string) (string, bool) {
			file, ok := catalog.PictureFile(dest)
			return "/files/" + file.String() + "/picture", ok
		},
	})
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

// readPNG reads a picture when it is a PNG of at most limit bytes; nil for none, for another kind and for one that is
// not here any more.
func readPNG(ctx context.Context, files *content.Service, file *uid.ID, limit int64) ([]byte, error) {
	f, err := fileOf(ctx, files, file)
	if err != nil || f == nil || f.MediaType != "image/png" || f.Size > limit {
		return nil, err
	}
	r, _, err := files.Open(ctx, f.ID, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
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
	content.FileDocument: "Choose a PDF document.",
	content.FileCaptions: "Choose a caption file in WebVTT.",
	content.FilePackage:  "Choose a Common Cartridge (.imscc) or a ZIP file with Markdown lessons.",
}
