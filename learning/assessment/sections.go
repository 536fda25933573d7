package assessment

import (
	"context"
	"time"

	"lyceum/internal/uid"
)

// Sections with times of their own are taken one after the other. When one's time is over the next one begins by itself,
// at that moment and whether anybody looks or not; ending one early begins the next one at once.

// at finds the section that is open at a moment, when it began and when its time is over (nil: with the test). Where
// sections have no times, every one is open: section is -1.
func (a Attempt) at(s Settings, now time.Time) (section int, began time.Time, ends *time.Time) {
	if !s.Timed() || a.SectionAt == nil {
		return -1, a.StartedAt, a.EndsAt
	}
	section, began = a.Section, *a.SectionAt
	for ; section < len(s.Sections); section++ {
		end := began.Add(time.Duration(s.Sections[section].Seconds) * time.Second * time.Duration(100+a.MorePercent) / 100)
		if a.EndsAt != nil && a.EndsAt.Before(end) {
			end = *a.EndsAt
		}
		if now.Before(end) || section == len(s.Sections)-1 {
			return section, began, &end
		}
		began = end
	}
	return section, began, a.EndsAt
}

// takes tells whether an answer of a section is taken at a moment: answers on their way have the grace.
func (a Attempt) takes(s Settings, section int, now time.Time) bool {
	open, _, _ := a.at(s, now)
	late, _, _ := a.at(s, now.Add(-Grace))
	return open == -1 || section == open || section == late && late >= a.Section
}

// NextSection ends the section that is open and begins the one behind it; there is no way back. from is the section that
// the learner saw: pressing twice ends one. It needs enrolment:self, of one's own attempt.
func (s *Service) NextSection(ctx context.Context, id uid.ID, from int) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		a, err := s.ours(ctx, id, true)
		if err != nil {
			return err
		}
		now := s.moment()
		switch {
		case a.Status != StatusRunning:
			return ErrEnded
		case a.over(now):
			return ErrTimeUp
		}
		rules, _, err := s.keep.TestSettings(ctx, a.LessonID, a.Rules)
		if err != nil {
			return err
		}
		section, _, _ := a.at(rules, now)
		if section < 0 || section != from || section+1 >= len(rules.Sections) {
			return nil
		}
		a.Section, a.SectionAt = section+1, &now
		rest := 0
		for _, sec := range rules.Sections[a.Section:] {
			rest += sec.Seconds
		}
		if end := now.Add(time.Duration(rest) * time.Second * time.Duration(100+a.MorePercent) / 100); a.EndsAt == nil || end.Before(*a.EndsAt) {
			a.EndsAt = &end
		}
		return s.keep.EnterTestSection(ctx, a)
	})
}
