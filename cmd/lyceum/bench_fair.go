package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/auth/bulk"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// importedPeople is how long the list is that the noisy neighbour takes in.
const importedPeople = 5_000

// measureFairness holds a quiet portal's p95 while a neighbour takes in a list of people and asks over REST with sixteen
// connections as fast as it is let, against its p95 alone: once on the pool of the neighbour, once on another.
func (b *bench) measureFairness(ctx context.Context) error {
	product, err := b.start(ctx, "serve", "--database-url", b.config.DatabaseURL, "--data", b.config.Data, "--no-migrate", "--log-level", "error", "--rate-limit", "100000000", "--spares", "0")
	if err != nil {
		return err
	}
	defer product.stop()
	defer b.app.startLine(ctx, func(uid.ID) {})() // tells the product of what happens here
	noisy := b.fleet[0]
	for _, q := range []struct {
		what string
		same bool
	}{{"on the same pool", true}, {"on another pool", false}} {
		quiet, found := benchTenant{}, false
		for _, t := range b.fleet[1:] {
			if found = b.app.store.Neighbours(noisy.Tenant, t.Tenant) == q.same; found {
				quiet = t
				break
			}
		}
		if !found {
			return errors.New("no neighbour of this kind: take more tenants")
		}
		if err := b.measureNeighbour(ctx, product.address, noisy, quiet, q.what); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) measureNeighbour(ctx context.Context, address string, noisy, quiet benchTenant, where string) error {
	mine, theirs := pair(quiet), pair(noisy)
	var ratios []float64
	var alone, beside []time.Duration
	for round := -1; round < b.cmd.Rounds; round++ {
		a, err := fire(ctx, address, mine, 1, b.cmd.Round)
		if err != nil {
			return err
		}
		imported, err := b.beginImport(tenant.With(ctx, noisy.Tenant))
		if err != nil {
			return err
		}
		loud := make(chan error, 1)
		go func() {
			_, err := fire(ctx, address, theirs, b.cmd.Clients, b.cmd.Round+500*time.Millisecond)
			loud <- err
		}()
		time.Sleep(250 * time.Millisecond)
		n, err := fire(ctx, address, mine, 1, b.cmd.Round)
		if err = errors.Join(err, <-loud); err != nil {
			return err
		}
		if a.Failed+n.Failed > 0 {
			return fmt.Errorf("%d of the quiet portal's requests failed alone and %d beside the noisy one", a.Failed, n.Failed)
		}
		if err := until(imported); err != nil { // each round begins in quiet
			return err
		}
		if round >= 0 {
			ratios, alone, beside = append(ratios, float64(n.P95())/float64(a.P95())), append(alone, a.P95()), append(beside, n.P95())
		}
	}
	low, median, high := spread(ratios)
	_, before, _ := spreadOf(alone)
	_, after, _ := spreadOf(beside)
	b.judge("a quiet portal's p95 beside a noisy one "+where+", of that alone", median <= 1.5, "≤ 1.5", "%.2f (%.2f–%.2f); %.2f ms to %.2f ms", median, low, high, ms(after), ms(before))
	return nil
}

// pair is a portal's shot, twice: fire draws from a list.
func pair(t benchTenant) []shot {
	s := get(t.host(), "/api/v1/me/enrolments", t.secret)
	return []shot{s, s}
}

// beginImport has the portal of ctx take in a list of people, which the product's workers do, and gives whether it is done.
func (b *bench) beginImport(ctx context.Context) (done func() (bool, error), err error) {
	owner, err := b.benchPerson(ctx, policy.Owner)
	if err != nil {
		return nil, err
	}
	admin, err := b.app.auth.As(ctx, owner.ID)
	if err != nil {
		return nil, err
	}
	var list bytes.Buffer
	list.WriteString("email,name,department\n")
	word := uid.Opaque(6)
	for i := range importedPeople {
		fmt.Fprintf(&list, "p%d.%s@bench.example,Person %d,Department %d\n", i, word, i, i%20)
	}
	i, err := b.app.bulk.Plan(admin, "list.csv", list.Bytes(), bulk.Wish{Role: policy.Learner, Quiet: true})
	if err != nil {
		return nil, err
	}
	if _, err = b.app.bulk.Apply(admin, i.ID, i.Revision); err != nil {
		return nil, err
	}
	return func() (bool, error) {
		now, err := b.app.bulk.Show(admin, i.ID)
		return now.Status != bulk.StatusRunning, err
	}, nil
}

// until waits for something, two minutes at most.
func until(done func() (bool, error)) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for range 600 {
		if yes, err := done(); yes || err != nil {
			return err
		}
		<-tick.C
	}
	return errors.New("the import did not end within two minutes")
}
