package bank

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/question"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Pool is what questions are drawn from: the last published versions in a bank that are not archived.
type Pool struct {
	Bank    uid.ID        `json:"bank"`
	Folder  string        `json:"folder,omitempty"` // this one and those in it
	Tags    []string      `json:"tags,omitempty"`   // all of them
	Kind    question.Kind `json:"kind,omitempty"`
	Easiest int           `json:"easiest,omitempty"` // least difficulty; 0: any
	Hardest int           `json:"hardest,omitempty"` // greatest difficulty; 0: any
	Count   int           `json:"count"`
	Seed    uint64        `json:"-"`
	Without []uid.ID      `json:"-"` // questions that are asked already
}

// Pick draws Count questions of a pool. The same seed draws the same as long as the pool is the same. It asks for no
// permission: who draws (learning/assessment) has decided who is asked. ErrTooFew.
func (s *Service) Pick(ctx context.Context, p Pool) (refs []Ref, err error) {
	p.Folder, p.Tags = CleanFolder(p.Folder), CleanTags(p.Tags)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		refs, err = s.keep.Drawable(ctx, p, MaxQuestions)
		return err
	})
	if err != nil {
		return nil, err
	}
	refs = slices.DeleteFunc(refs, func(r Ref) bool { return slices.Contains(p.Without, r.Question) })
	if p.Count < 0 || len(refs) < p.Count {
		return nil, ErrTooFew
	}
	r := rand.New(rand.NewPCG(p.Seed, 0x6c796365756d))
	r.Shuffle(len(refs), func(i, j int) { refs[i], refs[j] = refs[j], refs[i] })
	return refs[:p.Count], nil
}

// PoolSize tells how many questions a pool can draw, for who writes a test. It needs course:edit and a bank that they
// may see.
func (s *Service) PoolSize(ctx context.Context, p Pool) (n int, err error) {
	p.Folder, p.Tags = CleanFolder(p.Folder), CleanTags(p.Tags)
	err = s.in(ctx, p.Bank, AccessSee, func(ctx context.Context, _ Listed) error {
		refs, err := s.keep.Drawable(ctx, p, MaxQuestions)
		n = len(refs)
		return err
	})
	return n, err
}

// Bodies reads versions of questions. It asks for no permission, as Pick. One that is not there is ErrVersionNotFound.
func (s *Service) Bodies(ctx context.Context, refs []Ref) (map[Ref]question.Question, error) {
	out := make(map[Ref]question.Question, len(refs))
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		for part := range slices.Chunk(refs, MaxAtOnce) {
			list, err := s.keep.QuestionVersionsOf(ctx, part)
			if err != nil {
				return err
			}
			for _, v := range list {
				out[Ref{v.QuestionID, v.Number}] = v.Body.Question
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, r := range refs {
		if _, ok := out[r]; !ok {
			return nil, ErrVersionNotFound.Because(fmt.Errorf("version %d of question %s", r.Version, r.Question))
		}
	}
	return out, nil
}

// Heads reads questions without their bodies, of banks that who asks may use and that are not archived; the rest are left
// out. It needs course:edit.
func (s *Service) Heads(ctx context.Context, ids []uid.ID) (map[uid.ID]Question, error) {
	out := make(map[uid.ID]Question, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	who, err := asker(ctx)
	if err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err := s.keep.QuestionHeads(ctx, ids)
		if err != nil {
			return err
		}
		seen := map[uid.ID]bool{}
		for _, q := range list {
			see, asked := seen[q.BankID]
			if !asked {
				_, err := s.keep.BankFor(ctx, q.BankID, who)
				if err != nil && fault.Of(err).Kind != fault.KindNotFound {
					return err
				}
				see = err == nil
				seen[q.BankID] = see
			}
			if see {
				out[q.ID] = q
			}
		}
		return nil
	})
	return out, err
}
