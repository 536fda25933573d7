package assessment

import (
	"context"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/question"
	"lyceum/tenant"
)

// Versions of questions and of rules never change, and each answer that is saved asks for one of each: they are kept at
// hand. An attempt names only what was committed before it, so nothing of a transaction that is rolled back is kept.
const (
	askedKept = 2000
	rulesKept = 500
	satKept   = 5000 // attempts that are taken
	keptFor   = time.Hour
)

type askedKey struct {
	tenant uid.ID
	ref    bank.Ref
}

type satKey struct{ tenant, attempt uid.ID }

type rulesKey struct {
	tenant, lesson uid.ID
	number         int
}

func home(ctx context.Context) uid.ID {
	t, _ := tenant.From(ctx)
	return t.ID
}

// rulesOf are the settings that an attempt runs by.
func (s *Service) rulesOf(ctx context.Context, a Attempt) (out Settings, err error) {
	key := rulesKey{home(ctx), a.LessonID, a.Rules}
	if out, ok := s.rules.Peek(key); ok {
		return out, nil
	}
	if out, _, err = s.keep.TestSettings(ctx, a.LessonID, a.Rules); err == nil {
		s.rules.Put(key, out)
	}
	return out, err
}

// body is one question of an attempt.
func (s *Service) body(ctx context.Context, ref bank.Ref) (question.Question, error) {
	list, err := s.bodies(ctx, []Slot{{Ref: ref}})
	return list[ref], err
}

// bodies are the questions of an attempt.
func (s *Service) bodies(ctx context.Context, slots []Slot) (map[bank.Ref]question.Question, error) {
	out := make(map[bank.Ref]question.Question, len(slots))
	var missing []bank.Ref
	at := home(ctx)
	for _, slot := range slots {
		if q, ok := s.asked.Peek(askedKey{at, slot.Ref}); ok {
			out[slot.Ref] = q
		} else {
			missing = append(missing, slot.Ref)
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	read, err := s.questions.Bodies(ctx, missing)
	for ref, q := range read {
		out[ref] = q
		s.asked.Put(askedKey{at, ref}, q)
	}
	return out, err
}
