// Package transfer brings questions into a bank and out of it as files: it chooses the format, keeps the pictures and
// says what came of each question. What a format can hold is the affair of gift, moodlexml and qti.
package transfer

import (
	"context"
	"errors"
	"slices"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/bank/format"
	"lyceum/learning/bank/gift"
	"lyceum/learning/bank/moodlexml"
	"lyceum/learning/bank/qti"
	"lyceum/learning/content"
)

// Formats of files.
const (
	GIFT      = "gift"
	MoodleXML = "moodlexml"
	QTI       = "qti"
)

// Formats are all formats, in the order in which they are offered.
var Formats = []string{QTI, MoodleXML, GIFT}

// Service carries questions. Both of what it works with are required.
type Service struct {
	Banks   *bank.Service
	Content *content.Service
}

// Read reads a file in a format, and keeps nothing. Fields: format.
func Read(kind string, data []byte) (format.Sheet, error) {
	switch kind {
	case GIFT:
		return gift.Read(data)
	case MoodleXML:
		return moodlexml.Read(data)
	case QTI:
		return qti.Read(data)
	}
	return format.Sheet{}, fault.Fields{"format": "Choose QTI 2.1, Moodle XML or GIFT."}.Err()
}

// Plan tells what a file would bring into a bank that who asks may edit. It keeps nothing.
func (s Service) Plan(ctx context.Context, id uid.ID, kind string, data []byte) (format.Sheet, error) {
	b, err := s.Banks.Bank(ctx, id)
	if err != nil {
		return format.Sheet{}, err
	}
	if b.Access < bank.AccessEdit {
		return format.Sheet{}, bank.ErrMaySeeOnly
	}
	return Read(kind, data)
}

// Apply brings in what a file holds and can come, all or nothing, and tells which question each one became: an id stands
// at the place of its item, the zero id where it was refused. The file is read anew, so that no plan is taken on trust. It
// needs file:upload too where the file has pictures.
func (s Service) Apply(ctx context.Context, id uid.ID, kind string, data []byte, publish bool) (sheet format.Sheet, ids []uid.ID, err error) {
	if sheet, err = s.Plan(ctx, id, kind, data); err != nil {
		return sheet, nil, err
	}
	var list []bank.Input
	for i := range sheet.Items {
		it := &sheet.Items[i]
		if it.Refused != "" {
			continue
		}
		if it.Image != nil {
			if err = s.picture(ctx, it); err != nil {
				return sheet, nil, err
			}
		}
		if it.Refused != "" {
			continue
		}
		list = append(list, bank.Input{Folder: it.Folder, Tags: it.Tags, Difficulty: it.Difficulty, Body: it.Body})
	}
	if len(list) == 0 {
		return sheet, nil, format.ErrNothing.Saying("No question of this file can come.")
	}
	made, err := s.Banks.Bring(ctx, id, list, publish, sheet.Format)
	if err != nil {
		return sheet, nil, err
	}
	for _, it := range sheet.Items {
		if it.Refused != "" {
			ids = append(ids, uid.Nil)
			continue
		}
		ids, made = append(ids, made[0]), made[1:]
	}
	return sheet, ids, nil
}

// picture keeps the picture of a question. The same picture twice is one file.
func (s Service) picture(ctx context.Context, it *format.Item) error {
	f, err := s.Content.Put(ctx, it.Image.Name, it.Image.Data)
	if fault.Of(err).Kind == fault.KindInvalid || err == nil && f.Kind != content.FilePicture {
		it.Refuse("Its picture cannot be kept: it is no sound PNG, JPEG, GIF, WebP or SVG.")
		return nil
	}
	if err != nil {
		return err
	}
	it.Body.Picture = &f.ID
	return nil
}

// File is an export.
type File struct {
	Name  string
	Media string
	Data  []byte
	Left  []format.Left // what the format cannot hold

	questions int // how many were to go
}

// Export writes up to bank.MaxAtOnce questions of a bank that who asks may see. Unless left is true it gives only the
// report, File.Data empty, where the format cannot hold everything; then nothing has left the house and no event tells so.
func (s Service) Export(ctx context.Context, f bank.Filter, kind string, left bool) (out File, err error) {
	if out, err = s.written(ctx, f, kind); err != nil {
		return File{}, err
	}
	if len(out.Left) > 0 && !left {
		out.Data = nil
		return out, nil
	}
	return out, s.Banks.Exported(ctx, f.Bank, kind, out.questions)
}

// Report tells what a format cannot hold of the questions that Export would write.
func (s Service) Report(ctx context.Context, f bank.Filter, kind string) ([]format.Left, error) {
	out, err := s.written(ctx, f, kind)
	return out.Left, err
}

func (s Service) written(ctx context.Context, f bank.Filter, kind string) (out File, err error) {
	if !slices.Contains(Formats, kind) {
		return out, fault.Fields{"format": "Choose QTI 2.1, Moodle XML or GIFT."}.Err()
	}
	list, err := s.Banks.All(ctx, f)
	if err != nil {
		return out, err
	}
	items := make([]format.Item, 0, len(list))
	for _, q := range list {
		it := format.Item{Folder: q.Folder, Tags: q.Tags, Difficulty: q.Difficulty, Body: q.Body.Question}
		if p := it.Body.Picture; p != nil && kind != GIFT {
			data, file, err := s.Content.Raw(ctx, *p, content.MaxChunk)
			if err != nil && !errors.Is(err, content.ErrFileNotFound) && !errors.Is(err, content.ErrFileTooLarge) {
				return out, err
			}
			if err == nil {
				it.Image = &format.Image{Name: file.Name, Data: data}
			}
		}
		items = append(items, it)
	}
	switch kind {
	case GIFT:
		out = File{Name: "questions.gift.txt", Media: "text/plain; charset=utf-8"}
		out.Data, out.Left = gift.Write(items)
	case MoodleXML:
		out = File{Name: "questions.xml", Media: "application/xml; charset=utf-8"}
		out.Data, out.Left = moodlexml.Write(items)
	default:
		out = File{Name: "questions.zip", Media: "application/zip"}
		out.Data, out.Left = qti.Write(items)
	}
	out.questions = len(items)
	return out, nil
}
