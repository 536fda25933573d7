package store

import (
	"context"
	"time"

	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

const attemptColumns = "id, connection_id, outcome, reason, person_id, subject, ip, checks, claims, result, at"

// AttemptsOf lists a connection's attempts, the newest first.
func (s *Store) AttemptsOf(ctx context.Context, f signon.AttemptFilter) (list []signon.Attempt, err error) {
	q := s.tx(ctx).Table("sign_on_attempts").Select(attemptColumns).Where("connection_id = ?", f.Connection).Order("id desc").Limit(signon.AttemptsKept)
	if f.Outcome != "" {
		q = q.Where("outcome = ?", f.Outcome)
	}
	err = q.Find(&list).Error
	return list, fail(err, "list attempts of connection %s", f.Connection)
}

// AttemptByID finds one of a connection's attempts.
func (s *Store) AttemptByID(ctx context.Context, connection, id uid.ID) (a signon.Attempt, err error) {
	err = s.tx(ctx).Table("sign_on_attempts").Select(attemptColumns).Where("connection_id = ? and id = ?", connection, id).Take(&a).Error
	return a, notFound(err, signon.ErrAttemptNotFound, "find attempt %s", id)
}

// LastAttempts tells when something last ended with each outcome, by connection.
func (s *Store) LastAttempts(ctx context.Context) (map[uid.ID]map[signon.Outcome]time.Time, error) {
	var rows []struct {
		ConnectionID uid.ID
		Outcome      signon.Outcome
		Last         time.Time
	}
	err := s.tx(ctx).Table("sign_on_attempts").Select("connection_id, outcome, max(at) as last").Group("connection_id, outcome").Find(&rows).Error
	if err != nil {
		return nil, fail(err, "last attempts of connections")
	}
	out := map[uid.ID]map[signon.Outcome]time.Time{}
	for _, r := range rows {
		if out[r.ConnectionID] == nil {
			out[r.ConnectionID] = map[signon.Outcome]time.Time{}
		}
		out[r.ConnectionID][r.Outcome] = r.Last
	}
	return out, nil
}
