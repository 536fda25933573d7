package bank

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/content"
)

// Keeper is what banks need kept; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error

	AddBank(ctx context.Context, b Bank) error
	// BankFor reads a bank and what somebody may do with it; of one that they may not see it is ErrNotFound.
	BankFor(ctx context.Context, id uid.ID, who Asker) (Listed, error)
	// Banks lists those that somebody may see, by name.
	Banks(ctx context.Context, who Asker, f BankFilter) (page.Of[Listed], error)
	// TakeBankRevision is false when the bank has another revision than the one named.
	TakeBankRevision(ctx context.Context, id uid.ID, revision int, at time.Time) (taken bool, err error)
	UpdateBank(ctx context.Context, b Bank) error
	// RemoveBank removes a bank without questions; false when it has some.
	RemoveBank(ctx context.Context, id uid.ID) (removed bool, err error)
	Shares(ctx context.Context, bank uid.ID) ([]Share, error)
	// SetShares puts these in the place of those there are.
	SetShares(ctx context.Context, bank uid.ID, shares []Share) error

	AddQuestions(ctx context.Context, list []Question) error
	QuestionByID(ctx context.Context, id uid.ID) (Question, error)
	// QuestionHeads reads questions without their bodies, as far as they are there.
	QuestionHeads(ctx context.Context, ids []uid.ID) ([]Question, error)
	// TakeQuestionRevision holds the question too; it is false when the question has another revision than the one named.
	TakeQuestionRevision(ctx context.Context, id uid.ID, revision int, at time.Time) (q Question, taken bool, err error)
	UpdateQuestion(ctx context.Context, q Question) error
	RemoveQuestion(ctx context.Context, id uid.ID) error
	CountQuestions(ctx context.Context, bank uid.ID) (int, error)
	Questions(ctx context.Context, f Filter) (page.Of[Question], error)
	// Folders lists the folders and tags of a bank with how many questions each has that are not archived.
	Folders(ctx context.Context, bank uid.ID) (Places, error)
	AddQuestionVersion(ctx context.Context, v Version) error
	QuestionVersions(ctx context.Context, question uid.ID) ([]Version, error)
	// QuestionVersionsOf reads versions, in any order, as far as they are there.
	QuestionVersionsOf(ctx context.Context, refs []Ref) ([]Version, error)
	// Drawable are the last published versions of what a pool draws from, by id, at most so many.
	Drawable(ctx context.Context, p Pool, limit int) ([]Ref, error)
	FileByID(ctx context.Context, id uid.ID) (content.File, error)
}

// Asker is who asks for a bank.
type Asker struct {
	PersonID uid.ID
	All      bool // sees and owns every bank: who keeps the catalogue
}

// Options is what the service works with.
type Options struct {
	Keep Keeper
	Now  clock.Clock
	// Uses tells in how many tests each question is used; nil: in none. It joins the running transaction.
	Uses func(ctx context.Context, questions []uid.ID) (map[uid.ID]int, error)
}

// Service keeps banks and questions.
type Service struct {
	keep Keeper
	now  clock.Clock
	uses func(ctx context.Context, questions []uid.ID) (map[uid.ID]int, error)
}

// New makes the service.
func New(o Options) *Service {
	if o.Uses == nil {
		o.Uses = func(context.Context, []uid.ID) (map[uid.ID]int, error) { return nil, nil }
	}
	return &Service{keep: o.Keep, now: o.Now, uses: o.Uses}
}

// asker says who asks. Whoever has to do with banks writes courses: course:edit.
func asker(ctx context.Context) (Asker, error) {
	if err := auth.Require(ctx, policy.CourseEdit); err != nil {
		return Asker{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return Asker{PersonID: who.PersonID, All: who.May.Has(policy.CatalogueManage)}, nil
}

// in runs with a bank that who asks may at least use so far.
func (s *Service) in(ctx context.Context, bank uid.ID, least Access, do func(ctx context.Context, b Listed) error) error {
	who, err := asker(ctx)
	if err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		b, err := s.may(ctx, bank, who, least)
		if err != nil {
			return err
		}
		return do(ctx, b)
	})
}

func (s *Service) may(ctx context.Context, bank uid.ID, who Asker, least Access) (Listed, error) {
	b, err := s.keep.BankFor(ctx, bank, who)
	switch {
	case err != nil:
		return b, err
	case b.Access >= least:
		return b, nil
	case least == AccessOwn:
		return b, ErrNotOwner
	}
	return b, ErrMaySeeOnly
}

func (s *Service) tell(ctx context.Context, typ, about string, subject uid.ID, data map[string]any) error {
	e, err := event.New(ctx, s.now(), typ, about, subject, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// line is clean text of one line.
func line(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")), " ")
}

func length(s string) int { return utf8.RuneCountInString(s) }

// CleanFolder writes a path of folders one way: names without spaces at their ends, none empty.
func CleanFolder(s string) string {
	var names []string
	for _, n := range strings.Split(s, "/") {
		if n = line(n); n != "" {
			names = append(names, n)
		}
	}
	return strings.Join(names, "/")
}

// CleanTags writes tags one way: lower case, sorted, each once.
func CleanTags(tags []string) (out Tags) {
	for _, t := range tags {
		if t = strings.ToLower(line(t)); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}

// place checks where a question stands and how it is found.
func place(f fault.Fields, folder string, tags Tags, difficulty int) {
	f.Check(length(folder) <= MaxFolder, "folder", "Use at most 200 characters for the folders together.")
	f.Check(len(tags) <= MaxTags, "tags", "Use at most 20 tags.")
	f.Check(!slices.ContainsFunc(tags, func(t string) bool { return length(t) > MaxTag }), "tags", "A tag has at most 40 characters.")
	f.Check(difficulty >= 0 && difficulty <= 5, "difficulty", "Choose a difficulty from 1 to 5.")
}
