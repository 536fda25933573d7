package store

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	statementsKey = "lyceum_statements"
	statementsMax = 500 // a connection keeps; beyond it some other one goes, as a plan takes tens of kilobytes
)

// statementKey is a query of a tenant.
type statementKey struct{ schema, sql string }

// statements are those that a connection has prepared for single and several, by ourselves: the driver tells nobody what it has prepared.
type statements struct {
	of    map[statementKey]*pgconn.StatementDescription
	enter *pgconn.StatementDescription
	made  int
}

func statementsOf(conn *pgx.Conn) *statements {
	known, _ := conn.PgConn().CustomData()[statementsKey].(*statements)
	if known == nil {
		known = &statements{of: map[statementKey]*pgconn.StatementDescription{}}
		conn.PgConn().CustomData()[statementsKey] = known
	}
	return known
}

// entry is enterSQL, which is the same for all.
func (k *statements) entry(ctx context.Context, conn *pgx.Conn) (*pgconn.StatementDescription, error) {
	if k.enter == nil {
		sd, err := conn.Prepare(ctx, "lyceum_enter", enterSQL)
		if err != nil {
			return nil, err
		}
		k.enter = sd
	}
	return k.enter, nil
}

// prepare prepares a query of the tenant whose transaction runs, unless it is, and gives the name by which the driver runs it.
func (k *statements) prepare(ctx context.Context, conn *pgx.Conn, key statementKey, text string) (name string, err error) {
	if sd := k.of[key]; sd != nil {
		return sd.Name, nil
	}
	k.made++
	name = "lyceum_" + strconv.Itoa(k.made)
	sd, err := conn.Prepare(ctx, name, text)
	if err != nil {
		return "", err
	}
	if len(k.of) >= statementsMax {
		for other := range k.of { // any: maps begin anywhere
			k.forget(ctx, conn, other)
			break
		}
	}
	k.of[key] = sd
	return name, nil
}

// outdated tells whether a prepared query may be refused for what a migration changed since: what it gives, a table or column that is not there,
// or that the server does not know it.
func outdated(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "0A000" || pg.Code == "26000" || strings.HasPrefix(pg.Code, "42"))
}

// forget lets a query go. One that the server does not let go stays there under a name that is not used again.
func (k *statements) forget(ctx context.Context, conn *pgx.Conn, key statementKey) {
	if sd := k.of[key]; sd != nil {
		delete(k.of, key)
		_ = conn.Deallocate(ctx, sd.Name)
	}
}
