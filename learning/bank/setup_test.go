package bank_test

import (
	"context"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/question"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a tenant with two instructors, of whom the first owns a bank.
type house struct {
	w      *storetest.World
	banks  *bank.Service
	tenant context.Context
	owner  context.Context
	other  context.Context
	bank   bank.Bank
	used   map[uid.ID]int
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	h := &house{w: w, tenant: ctx, owner: storetest.Instructor(t, ctx, w), other: storetest.Instructor(t, ctx, w), used: map[uid.ID]int{}}
	h.banks = bank.New(bank.Options{Keep: w.Store, Now: w.Now.Clock(), Uses: func(context.Context, []uid.ID) (map[uid.ID]int, error) { return h.used, nil }})
	var err error
	if h.bank, err = h.banks.CreateBank(h.owner, bank.BankInput{Name: "Safety"}); err != nil {
		t.Fatal(err)
	}
	return h
}

func person(ctx context.Context) auth.Principal {
	who, _ := auth.PrincipalFrom(ctx)
	return who
}

// truth is a small question.
func truth(title string, tags ...string) bank.Input {
	return bank.Input{Tags: tags, Body: question.Question{Kind: question.TrueFalse, Title: title, Prompt: "Is it so: " + title + "?",
		Options: []question.Option{{ID: "true", Share: question.Whole}, {ID: "false"}}}}
}

func (h *house) create(t *testing.T, in bank.Input, publish bool) bank.Question {
	t.Helper()
	q, err := h.banks.Create(h.owner, h.bank.ID, in)
	if err == nil && publish {
		q, err = h.banks.Publish(h.owner, q.ID, q.Revision)
	}
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func admin(t *testing.T, h *house) context.Context {
	t.Helper()
	return storetest.As(t, h.tenant, h.w, storetest.Person(t, h.tenant, h.w, policy.Admin))
}
