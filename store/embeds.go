package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// EmbedHosts reads which sites may be shown inside lessons; set is false when nobody has said yet.
func (s *Store) EmbedHosts(ctx context.Context) (hosts []string, set bool, err error) {
	var raw []string
	if err = s.tx(ctx).Raw("select value::text from settings where name = 'embeds'").Scan(&raw).Error; err != nil || len(raw) == 0 {
		return nil, false, fail(err, "read the sites for lessons")
	}
	if err = json.Unmarshal([]byte(raw[0]), &hosts); err != nil {
		return nil, false, fmt.Errorf("sites for lessons: %w", err)
	}
	return hosts, true, nil
}

// SaveEmbedHosts writes which sites may be shown inside lessons.
func (s *Store) SaveEmbedHosts(ctx context.Context, hosts []string, at time.Time) error {
	raw, err := json.Marshal(hosts)
	if err != nil {
		return fmt.Errorf("sites for lessons: %w", err)
	}
	return fail(s.tx(ctx).Exec("insert into settings (name, value, updated_at) values ('embeds', ?, ?) on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at", string(raw), at).Error,
		"save the sites for lessons")
}
