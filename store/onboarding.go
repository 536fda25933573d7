package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/learning/onboarding"
)

// OnboardingOf reads what of the first steps is there, and what was chosen about them.
func (s *Store) OnboardingOf(ctx context.Context, now time.Time) (f onboarding.Facts, c onboarding.Choices, err error) {
	var row struct {
		onboarding.Facts
		Choices string
	}
	err = s.tx(ctx).Raw(`select
		coalesce((select (value->>'revision')::int > 0 from settings where name = 'brand'), false) as looks,
		(select count(*) from courses where status = 'published' and not coalesce(template, false)) as courses,
		(select count(*) from courses where status = 'draft') as drafts,
		(select greatest(count(*) - 1, 0) from people where status = 'active') as people,
		(select count(*) from people where status = 'invited') as invited,
		(select count(*) from connections where status = 'on') + (select count(*) from directories where status = 'on') as sign_on,
		(select count(*) from setup_links where finished_at is null and revoked_at is null and expires_at > ?) as setup_link,
		coalesce((select value::text from settings where name = 'onboarding'), '{}') as choices`, now).Scan(&row).Error
	if err != nil {
		return f, c, fail(err, "read the first steps")
	}
	if err := json.Unmarshal([]byte(row.Choices), &c); err != nil {
		return f, c, fmt.Errorf("read the first steps: %w", err)
	}
	return row.Facts, c, nil
}

// SaveOnboarding keeps what was chosen about the first steps.
func (s *Store) SaveOnboarding(ctx context.Context, c onboarding.Choices, at time.Time) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("first steps: %w", err)
	}
	return fail(s.tx(ctx).Exec(`insert into settings (name, value, updated_at) values ('onboarding', ?, ?)
		on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at`, string(raw), at).Error, "save the first steps")
}
