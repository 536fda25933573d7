package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/migrations"
	"lyceum/tenant"
)

// benchTenant is a tenant of the fleet with a learner and the key the load uses.
type benchTenant struct {
	tenant.Tenant
	person uid.ID
	secret string
}

func (t benchTenant) host() string { return t.Slug + ".localhost" }

// grow makes tenants until there are n, each with a learner, a key and five enrolments.
func (b *bench) grow(ctx context.Context, n int) error {
	if len(b.fleet) >= n {
		return nil
	}
	script, err := migrations.Tenant()
	if err != nil {
		return err
	}
	started, before := time.Now(), len(b.fleet)
	b.fleet = append(b.fleet, make([]benchTenant, n-before)...)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(3)
	const batch = 10
	for from := before; from < n; from += batch {
		g.Go(func() error {
			if from%200 == 0 && from > before {
				fmt.Fprintf(os.Stderr, "\r%d tenants made", from)
			}
			return b.makeTenants(ctx, script, b.fleet[from:min(from+batch, n)], from)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if made := n - before; made >= 500 {
		fmt.Fprintln(os.Stderr)
		b.note(fmt.Sprintf("making %d tenants with data, 3 at a time", made), "%.0f ms each", float64(time.Since(started).Milliseconds())/float64(made))
	}
	return nil
}

func (b *bench) makeTenants(ctx context.Context, script migrations.Script, list []benchTenant, from int) error {
	names := make([]string, len(list))
	for i := range list {
		names[i] = tenant.NewSchemaName()
		list[i] = benchTenant{Tenant: tenant.Tenant{
			ID: uid.New(), Slug: fmt.Sprintf("bench%d", from+i), Name: "Bench", Status: tenant.StatusActive, SchemaName: names[i], Node: "main", SchemaVersion: script.Latest(),
		}, person: uid.New()}
	}
	conn, err := b.app.admin.Pool().Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Release()
	return migrations.CreateSchema(ctx, conn.Conn(), script, names, func(tx pgx.Tx) error {
		for i := range list {
			if err := fillTenant(ctx, tx, &list[i]); err != nil {
				return fmt.Errorf("fill %s: %w", list[i].Slug, err)
			}
		}
		return nil
	})
}

func fillTenant(ctx context.Context, tx pgx.Tx, t *benchTenant) error {
	secret, _ := uid.Secret()
	t.secret = "lyc_" + secret
	now := time.Now().UTC()
	batch := &pgx.Batch{}
	batch.Queue(`insert into control.tenants (id, slug, name, status, schema_name, node, schema_version, contact_email, suspended_reason, created_at, updated_at, activated_at)
		values ($1, $2, $3, $4, $5, $6, $7, 'owner@bench.example', '', $8, $8, $8)`, t.ID, t.Slug, t.Name, t.Status, t.SchemaName, t.Node, t.SchemaVersion, now)
	batch.Queue("set local search_path = " + t.SchemaName) //nolint:gocritic // an opaque name of our own making
	for _, r := range policy.BuiltIns() {
		batch.Queue("insert into roles (code, name, built_in) values ($1, $2, true)", r.Role, r.Name)
	}
	for _, l := range policy.BuiltInLines() {
		batch.Queue("insert into policies (ptype, v0, v1, v2) values ($1, $2, $3, $4)", l.Kind, l.V0, l.V1, l.V2)
	}
	batch.Queue(`insert into people (id, email, name, password_hash, status, locale, time_zone, created_at, updated_at)
		values ($1, 'learner@bench.example', 'Learner', '', 'active', '', '', $2, $2)`, t.person, now)
	batch.Queue("insert into person_roles (person_id, role) values ($1, 'learner')", t.person)
	batch.Queue(`insert into api_keys (id, name, prefix, hash, scopes, person_id, created_at, expires_at) values ($1, 'bench', $2, $3, '*', $4, $5, $6)`,
		uid.New(), t.secret[:12], uid.Hash(t.secret), t.person, now, now.AddDate(1, 0, 0))
	for i := range 5 {
		course, version := uid.New(), uid.New()
		batch.Queue(`insert into courses (id, slug, status, self_enrol, published_id, revision, created_at, updated_at)
			values ($1, $2, 'published', true, $3, 1, $4, $4)`, course, fmt.Sprintf("course-%d", i), version, now)
		batch.Queue(`insert into course_versions (id, course_id, number, title, summary, language, estimated_minutes, created_at, published_at)
			values ($1, $2, 1, $3, $4, 'en', 30, $5, $5)`, version, course, fmt.Sprintf("Course number %d", i), strings.Repeat("What this course is about. ", 5), now)
		batch.Queue(`insert into enrolments (id, course_id, version_id, person_id, status, source, percent, enrolled_at, started_at)
			values ($1, $2, $3, $4, 'active', 'self', 40, $5, $5)`, uid.New(), course, version, t.person, now.Add(time.Duration(i)*time.Second))
	}
	batch.Queue("set local search_path = ''")
	return tx.SendBatch(ctx, batch).Close()
}

// shots are requests for their own enrolments by the first n tenants' learners.
func (b *bench) shots(n int) []shot {
	out := make([]shot, n)
	for i, t := range b.fleet[:n] {
		out[i] = get(t.host(), "/api/v1/me/enrolments", t.secret)
	}
	return out
}
