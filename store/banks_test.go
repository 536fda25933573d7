package store_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/question"
	"lyceum/store/storetest"
)

func TestQuestionsAreKeptInTheirTenant(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	s, at := w.Store, w.Now.Now()
	person := storetest.Person(t, mine, w, policy.Instructor)
	b := bank.Bank{ID: uid.New(), Name: "Safety", OwnerID: &person.ID, Everyone: bank.EveryoneSees, Revision: 1, CreatedAt: at, UpdatedAt: at}
	q := bank.Question{ID: uid.New(), BankID: b.ID, Folder: "A_b/c", Kind: question.Essay, Title: "Say why", Tags: bank.Tags{"a"}, Difficulty: 3, Words: "say why", Revision: 1, Version: 1,
		Body: bank.Body{Question: question.Question{Kind: question.Essay, Title: "Say why", Prompt: "Why?"}}, CreatedBy: &person.ID, CreatedAt: at, UpdatedAt: at}
	v := bank.Version{QuestionID: q.ID, Number: 1, Body: q.Body, CreatedBy: &person.ID, CreatedAt: at}
	ref := []bank.Ref{{Question: q.ID, Version: 1}}
	all := bank.Asker{PersonID: person.ID, All: true}
	role := string(policy.Instructor)
	within(t, w, mine, func(ctx context.Context) error {
		for _, err := range []error{s.AddBank(ctx, b), s.AddQuestions(ctx, []bank.Question{q}), s.AddQuestionVersion(ctx, v), s.SetShares(ctx, b.ID, []bank.Share{{ID: uid.New(), BankID: b.ID, Role: &role, MayEdit: true}})} {
			if err != nil {
				return err
			}
		}
		got, err := s.QuestionByID(ctx, q.ID)
		if diff := cmp.Diff(q, got); diff != "" || err != nil {
			t.Errorf("%s %v", diff, err)
		}
		versions, err := s.QuestionVersionsOf(ctx, append(ref, bank.Ref{Question: q.ID, Version: 2}))
		if diff := cmp.Diff([]bank.Version{v}, versions); diff != "" || err != nil {
			t.Errorf("%s %v", diff, err)
		}
		if drawn, err := s.Drawable(ctx, bank.Pool{Bank: b.ID, Folder: "A_b", Tags: []string{"a"}, Easiest: 3, Hardest: 3}, 10); err != nil || len(drawn) != 1 {
			t.Errorf("%v, %v", drawn, err)
		}
		if shares, err := s.Shares(ctx, b.ID); err != nil || len(shares) != 1 || shares[0].Name != "Instructor" {
			t.Errorf("%v, %v", shares, err)
		}
		if removed, err := s.RemoveBank(ctx, b.ID); err != nil || removed {
			t.Errorf("a bank with questions was removed: %v", err)
		}
		if _, taken, err := s.TakeQuestionRevision(ctx, q.ID, 9, at); err != nil || taken {
			t.Errorf("a revision to come was taken: %v", err)
		}
		return nil
	})
	absent(t, w, other, bank.ErrNotFound, map[string]func(context.Context) error{
		"BankFor":    func(ctx context.Context) error { _, err := s.BankFor(ctx, b.ID, all); return err },
		"UpdateBank": func(ctx context.Context) error { return s.UpdateBank(ctx, b) },
	})
	absent(t, w, other, bank.ErrQuestionNotFound, map[string]func(context.Context) error{
		"QuestionByID":   func(ctx context.Context) error { _, err := s.QuestionByID(ctx, q.ID); return err },
		"UpdateQuestion": func(ctx context.Context) error { return s.UpdateQuestion(ctx, q) },
		"RemoveQuestion": func(ctx context.Context) error { return s.RemoveQuestion(ctx, q.ID) },
	})
	within(t, w, other, func(ctx context.Context) error {
		banks, err := s.Banks(ctx, all, bank.BankFilter{})
		list, err2 := s.Questions(ctx, bank.Filter{Bank: b.ID})
		versions, err3 := s.QuestionVersionsOf(ctx, ref)
		drawn, err4 := s.Drawable(ctx, bank.Pool{Bank: b.ID}, 10)
		places, err5 := s.Folders(ctx, b.ID)
		shares, err6 := s.Shares(ctx, b.ID)
		if n := len(banks.Items) + len(list.Items) + len(versions) + len(drawn) + len(places.Folders) + len(shares); n != 0 {
			t.Errorf("the other tenant sees %d rows", n)
		}
		for _, e := range []error{err2, err3, err4, err5, err6} {
			if err == nil {
				err = e
			}
		}
		return err
	})
}
