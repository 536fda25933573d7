package bank

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/learning/question"
)

// Status narrows a list of questions.
type Status string

const (
	// StatusDraft was never published.
	StatusDraft Status = "draft"
	// StatusPublished was, and is not put away.
	StatusPublished Status = "published"
	// StatusChanged was published and is changed since.
	StatusChanged Status = "changed"
	// StatusArchived is put away.
	StatusArchived Status = "archived"
)

// Filter narrows a list of questions of a bank. Without a status all come that are not archived.
type Filter struct {
	Bank       uid.ID
	Query      string // part of what is written in it
	Folder     string // this one and those in it
	Tag        string
	Kind       question.Kind
	Difficulty int
	Status     Status
	Page       page.Request
}

// Input is a question and where it stands.
type Input struct {
	Folder     string
	Tags       []string
	Difficulty int
	Body       question.Question
}

// check makes the input clean, or says what to mend.
func (s *Service) check(ctx context.Context, in *Input) error {
	in.Folder, in.Tags, in.Body = CleanFolder(in.Folder), CleanTags(in.Tags), question.Tidy(in.Body)
	f := fault.Fields{}
	place(f, in.Folder, in.Tags, in.Difficulty)
	if err := question.Check(in.Body); err != nil {
		for field, text := range fault.Of(err).Fields {
			f.Add(field, text)
		}
	}
	if p := in.Body.Picture; p != nil {
		file, err := s.keep.FileByID(ctx, *p)
		if err != nil && !errors.Is(err, content.ErrFileNotFound) {
			return err
		}
		f.Check(err == nil && file.Kind == content.FilePicture && !file.Handed, "picture", "Choose a picture (PNG, JPEG, GIF, WebP or SVG).")
	}
	return f.Err()
}

func (in Input) into(q Question) Question {
	q.Folder, q.Tags, q.Difficulty, q.Body = in.Folder, in.Tags, in.Difficulty, Body{in.Body}
	q.Kind, q.Title, q.Words = in.Body.Kind, in.Body.Title, words(in)
	return q
}

// words is what a search looks through: everything that is read, in lower case.
func words(in Input) string {
	b := in.Body
	all := []string{b.Title, b.Prompt, b.PictureOf}
	for _, o := range slices.Concat(b.Options, b.Decoys) {
		all = append(all, o.Text)
	}
	for _, p := range b.Pairs {
		all = append(all, p.Item, p.Partner.Text)
	}
	for _, a := range b.Areas {
		all = append(all, a.Label)
	}
	return strings.ToLower(strings.Join(all, "\n"))
}

// Questions lists questions of a bank by title.
func (s *Service) Questions(ctx context.Context, f Filter) (out page.Of[Question], err error) {
	wrong := fault.Fields{}
	f.Query, f.Folder, f.Tag = strings.ToLower(line(f.Query)), CleanFolder(f.Folder), strings.ToLower(line(f.Tag))
	wrong.Check(length(f.Query) <= MaxName, "query", "Search for at most 120 characters.")
	wrong.Check(f.Kind == "" || slices.Contains(question.Kinds, f.Kind), "kind", "Choose what kind of question this is.")
	wrong.Check(f.Difficulty >= 0 && f.Difficulty <= 5, "difficulty", "Choose a difficulty from 1 to 5.")
	wrong.Check(slices.Contains([]Status{"", StatusDraft, StatusPublished, StatusChanged, StatusArchived}, f.Status), "status", "Choose draft, published, changed or archived.")
	if err = wrong.Err(); err != nil {
		return out, err
	}
	err = s.in(ctx, f.Bank, AccessSee, func(ctx context.Context, _ Listed) error {
		out, err = s.keep.Questions(ctx, f)
		return err
	})
	return out, err
}

// Shown is a question with its bank and its versions, the newest first.
type Shown struct {
	Question Question
	Bank     Listed
	Versions []Version
	Used     int // in how many tests
}

// Question reads a question.
func (s *Service) Question(ctx context.Context, id uid.ID) (out Shown, err error) {
	err = s.with(ctx, id, AccessSee, func(ctx context.Context, q Question, b Listed) error {
		out.Question, out.Bank = q, b
		if out.Versions, err = s.keep.QuestionVersions(ctx, id); err != nil {
			return err
		}
		uses, err := s.uses(ctx, []uid.ID{id})
		out.Used = uses[id]
		return err
	})
	return out, err
}

// Version reads what a question was when it was published the n-th time; ErrVersionNotFound.
func (s *Service) Version(ctx context.Context, id uid.ID, n int) (v Version, err error) {
	err = s.with(ctx, id, AccessSee, func(ctx context.Context, _ Question, _ Listed) error {
		if n < 1 || n > math.MaxInt32 {
			return ErrVersionNotFound
		}
		list, err := s.keep.QuestionVersionsOf(ctx, []Ref{{Question: id, Version: n}})
		if err == nil && len(list) == 0 {
			err = ErrVersionNotFound
		}
		if err == nil {
			v = list[0]
		}
		return err
	})
	return v, err
}

// with runs with a question of a bank that who asks may use so far.
func (s *Service) with(ctx context.Context, id uid.ID, least Access, do func(ctx context.Context, q Question, b Listed) error) error {
	who, err := asker(ctx)
	if err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		q, err := s.keep.QuestionByID(ctx, id)
		if err != nil {
			return err
		}
		b, err := s.may(ctx, q.BankID, who, least)
		if errors.Is(err, ErrNotFound) {
			return ErrQuestionNotFound
		}
		if err != nil {
			return err
		}
		return do(ctx, q, b)
	})
}

// Create adds a question as a draft. Fields are those of question.Check, and folder, tags, difficulty.
func (s *Service) Create(ctx context.Context, bank uid.ID, in Input) (q Question, err error) {
	err = s.in(ctx, bank, AccessEdit, func(ctx context.Context, b Listed) error {
		if err := s.check(ctx, &in); err != nil {
			return err
		}
		q, err = s.add(ctx, b, in, nil)
		return err
	})
	return q, err
}

func (s *Service) add(ctx context.Context, b Listed, in Input, copyOf *uid.ID) (q Question, err error) {
	if err = s.room(ctx, b.ID, 1); err != nil {
		return q, err
	}
	who, _ := asker(ctx)
	now := s.now()
	q = in.into(Question{ID: uid.New(), BankID: b.ID, Revision: 1, Changed: true, CreatedBy: &who.PersonID, CreatedAt: now, UpdatedAt: now})
	if err = s.keep.AddQuestions(ctx, []Question{q}); err != nil {
		return q, err
	}
	data := map[string]any{"title": q.Title, "kind": q.Kind, "bank_id": b.ID}
	if copyOf != nil {
		data["copy_of"] = copyOf
	}
	return q, s.tell(ctx, "question.created", "question", q.ID, data)
}

// room fails with ErrFull when a bank cannot take so many more.
func (s *Service) room(ctx context.Context, bank uid.ID, more int) error {
	n, err := s.keep.CountQuestions(ctx, bank)
	if err == nil && n+more > MaxQuestions {
		return ErrFull
	}
	return err
}

// alter changes a question unless somebody did meanwhile.
func (s *Service) alter(ctx context.Context, id uid.ID, revision int, typ string, do func(ctx context.Context, q *Question) error) (q Question, err error) {
	err = s.with(ctx, id, AccessEdit, func(ctx context.Context, _ Question, _ Listed) error {
		taken := false
		if q, taken, err = s.keep.TakeQuestionRevision(ctx, id, revision, s.now()); err != nil {
			return err
		}
		if !taken {
			return ErrRevision
		}
		if err = do(ctx, &q); err != nil {
			return err
		}
		if err = s.keep.UpdateQuestion(ctx, q); err != nil {
			return err
		}
		return s.tell(ctx, typ, "question", q.ID, map[string]any{"title": q.Title, "kind": q.Kind, "bank_id": q.BankID, "version": q.Version})
	})
	return q, err
}

// Save changes what a question is going to be; what was published stays as it was until Publish.
func (s *Service) Save(ctx context.Context, id uid.ID, revision int, in Input) (Question, error) {
	return s.alter(ctx, id, revision, "question.updated", func(ctx context.Context, q *Question) error {
		if err := s.check(ctx, &in); err != nil {
			return err
		}
		before, _ := q.Body.Value()
		*q = in.into(*q)
		after, _ := q.Body.Value()
		q.Changed = q.Changed || before != after
		return nil
	})
}

// Publish makes the next version of what is written; ErrNothingNew when the last one is the same.
func (s *Service) Publish(ctx context.Context, id uid.ID, revision int) (Question, error) {
	return s.alter(ctx, id, revision, "question.published", func(ctx context.Context, q *Question) error {
		if !q.Changed {
			return ErrNothingNew
		}
		return s.publish(ctx, q)
	})
}

func (s *Service) publish(ctx context.Context, q *Question) error {
	who, _ := asker(ctx)
	q.Version++
	q.Changed = false
	return s.keep.AddQuestionVersion(ctx, Version{QuestionID: q.ID, Number: q.Version, Body: q.Body, CreatedBy: &who.PersonID, CreatedAt: s.now()})
}

// Archive puts a question away or takes it back. It is drawn no more; where it is asked it stays.
func (s *Service) Archive(ctx context.Context, id uid.ID, revision int, archive bool) (Question, error) {
	typ := map[bool]string{true: "question.archived", false: "question.restored"}[archive]
	return s.alter(ctx, id, revision, typ, func(_ context.Context, q *Question) error {
		q.ArchivedAt = nil
		if now := s.now(); archive {
			q.ArchivedAt = &now
		}
		return nil
	})
}

// Delete removes a question that was never published and is used nowhere; ErrInUse for another.
func (s *Service) Delete(ctx context.Context, id uid.ID) error {
	return s.with(ctx, id, AccessEdit, func(ctx context.Context, q Question, _ Listed) error {
		uses, err := s.uses(ctx, []uid.ID{id})
		if err != nil {
			return err
		}
		if q.Version > 0 || uses[id] > 0 {
			return ErrInUse
		}
		if err = s.keep.RemoveQuestion(ctx, id); err != nil {
			return err
		}
		return s.tell(ctx, "question.deleted", "question", id, map[string]any{"title": q.Title, "bank_id": q.BankID})
	})
}

// Move puts a question into another bank or folder; who asks must be able to edit both banks.
func (s *Service) Move(ctx context.Context, id uid.ID, revision int, bank uid.ID, folder string) (Question, error) {
	who, err := asker(ctx)
	if err != nil {
		return Question{}, err
	}
	return s.alter(ctx, id, revision, "question.moved", func(ctx context.Context, q *Question) error {
		f := fault.Fields{}
		if place(f, CleanFolder(folder), nil, 0); f.Err() != nil {
			return f.Err()
		}
		if bank != q.BankID {
			if _, err := s.may(ctx, bank, who, AccessEdit); err != nil {
				return err
			}
			if err := s.room(ctx, bank, 1); err != nil {
				return err
			}
		}
		q.BankID, q.Folder = bank, CleanFolder(folder)
		return nil
	})
}

// Copy writes a question again as a draft into a bank; seeing the one and editing the other is enough.
func (s *Service) Copy(ctx context.Context, id, bank uid.ID, folder string) (made Question, err error) {
	who, err := asker(ctx)
	if err != nil {
		return made, err
	}
	err = s.with(ctx, id, AccessSee, func(ctx context.Context, q Question, _ Listed) error {
		b, err := s.may(ctx, bank, who, AccessEdit)
		if err != nil {
			return err
		}
		in := Input{Folder: folder, Tags: q.Tags, Difficulty: q.Difficulty, Body: q.Body.Question}
		if err = s.check(ctx, &in); err != nil {
			return err
		}
		made, err = s.add(ctx, b, in, &id)
		return err
	})
	return made, err
}

// Bring adds many questions at once, published when that is wished. All of them come or none: the fields of a fault begin
// with the place of the question, 0.title.
func (s *Service) Bring(ctx context.Context, bank uid.ID, list []Input, publish bool, from string) (ids []uid.ID, err error) {
	if len(list) > MaxAtOnce {
		return nil, fault.Fields{"questions": "Bring in at most 1000 questions at once."}.Err()
	}
	err = s.in(ctx, bank, AccessEdit, func(ctx context.Context, b Listed) error {
		if err := s.room(ctx, bank, len(list)); err != nil {
			return err
		}
		who, _ := asker(ctx)
		made, now := make([]Question, 0, len(list)), s.now()
		wrong := fault.Fields{}
		for i, in := range list {
			if err := s.check(ctx, &in); err != nil {
				if fault.Of(err).Kind != fault.KindInvalid {
					return err
				}
				for field, text := range fault.Of(err).Fields {
					wrong.Add(itoa(i)+"."+field, text)
				}
				continue
			}
			made = append(made, in.into(Question{ID: uid.New(), BankID: bank, Revision: 1, Changed: true, CreatedBy: &who.PersonID, CreatedAt: now, UpdatedAt: now}))
		}
		if err := wrong.Err(); err != nil {
			return err
		}
		if err := s.keep.AddQuestions(ctx, made); err != nil {
			return err
		}
		for _, q := range made {
			ids = append(ids, q.ID)
			if !publish {
				continue
			}
			if err := s.publish(ctx, &q); err != nil {
				return err
			}
			if err := s.keep.UpdateQuestion(ctx, q); err != nil {
				return err
			}
		}
		return s.tell(ctx, "bank.imported", "bank", bank, map[string]any{"name": b.Name, "questions": len(made), "published": publish, "format": from})
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// All reads up to MaxAtOnce questions of a bank.
func (s *Service) All(ctx context.Context, f Filter) (list []Question, err error) {
	err = s.in(ctx, f.Bank, AccessSee, func(ctx context.Context, _ Listed) error {
		for f.Page = (page.Request{Limit: page.MaxLimit}); len(list) < MaxAtOnce; {
			piece, err := s.Questions(ctx, f)
			if err != nil {
				return err
			}
			list = append(list, piece.Items...)
			if f.Page.After = piece.Next; piece.Next == "" {
				break
			}
		}
		return nil
	})
	return list, err
}

// Exported tells that questions left the house in a file, with their solutions.
func (s *Service) Exported(ctx context.Context, bank uid.ID, format string, questions int) error {
	return s.in(ctx, bank, AccessSee, func(ctx context.Context, b Listed) error {
		return s.tell(ctx, "bank.exported", "bank", bank, map[string]any{"name": b.Name, "questions": questions, "format": format})
	})
}

// Published tells when the last version was published, nil for never.
func (o Shown) Published() *time.Time {
	if len(o.Versions) == 0 {
		return nil
	}
	return &o.Versions[0].CreatedAt
}
