package gradebook

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// DefaultSettings are how a course is graded when nobody said: everything counts alike.
func DefaultSettings() Settings {
	return Settings{Categories: []Category{{ID: uid.ID{0: 1}, Name: "", Weight: 100}}}
}

// SetInput is new settings; Number is that of the ones they were made from, 0 for none.
type SetInput struct {
	Course   uid.ID
	Number   int
	Settings Settings
}

// Validate gathers what is to be mended. Fields: categories, categories.N.name, .weight, .drop, .drop_highest, items.N.title, missing,
// round, scale, scale.N.name, .from, places.ID.
func (s Settings) Validate() error {
	f := fault.Fields{}
	f.Check(len(s.Categories) >= 1 && len(s.Categories) <= MaxCategories, "categories", fmt.Sprintf("Have 1 to %d categories.", MaxCategories))
	sum := 0
	for i, c := range s.Categories {
		at := fmt.Sprintf("categories.%d.", i)
		f.Check(utf8.RuneCountInString(c.Name) <= MaxName && (c.Name != "" || len(s.Categories) == 1), at+"name", fmt.Sprintf("Give the category a name of at most %d characters.", MaxName))
		f.Check(c.Weight >= 0 && c.Weight <= MaxWeight, at+"weight", fmt.Sprintf("Use a weight of 0 to %d.", MaxWeight))
		f.Check(c.Lowest >= 0 && c.Lowest <= MaxItems, at+"drop", fmt.Sprintf("Drop at most %d grades.", MaxItems))
		f.Check(c.Highest >= 0 && c.Highest <= MaxItems, at+"drop_highest", fmt.Sprintf("Drop at most %d grades.", MaxItems))
		f.Check(!slices.ContainsFunc(s.Categories[:i], func(o Category) bool { return o.ID == c.ID }), at+"name", "This category stands twice.")
		sum += c.Weight
	}
	f.Check(sum > 0 || len(s.Categories) == 0, "categories", "Let at least one category count.")
	f.Check(len(s.Items) <= MaxItems, "items", fmt.Sprintf("Have at most %d columns of your own.", MaxItems))
	for i, item := range s.Items {
		n := utf8.RuneCountInString(item.Title)
		f.Check(n > 0 && n <= MaxName, fmt.Sprintf("items.%d.title", i), fmt.Sprintf("Give the column a name of at most %d characters.", MaxName))
	}
	for id, p := range s.Places {
		f.Check(p.Weight >= 0 && p.Weight <= MaxWeight, "places."+id, fmt.Sprintf("Use a weight of 0 to %d.", MaxWeight))
	}
	f.Check(slices.Contains(Missings, s.Missing), "missing", "Choose how counts what has no grade.")
	f.Check(slices.Contains(Rounds, s.Round), "round", "Choose how totals are rounded.")
	f.Check(len(s.Scale) <= MaxSteps, "scale", fmt.Sprintf("Have at most %d steps.", MaxSteps))
	for i, step := range s.Scale {
		n := utf8.RuneCountInString(step.Name)
		f.Check(n > 0 && n <= 40, fmt.Sprintf("scale.%d.name", i), "Give the step a name of at most 40 characters.")
		f.Check(step.From >= 0 && step.From <= 200, fmt.Sprintf("scale.%d.from", i), "Let the step begin at 0 to 200 percent.")
		f.Check(!slices.ContainsFunc(s.Scale[:i], func(o Step) bool { return o.From == step.From }), fmt.Sprintf("scale.%d.from", i), "Two steps begin at the same percentage.")
	}
	return f.Err()
}

// SetSettings writes how a course is graded; every total follows at once. Versions of before are kept. It needs
// enrolment:mark. Fields are those of Settings.Validate; ErrMoved.
func (s *Service) SetSettings(ctx context.Context, in SetInput) (number int, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return 0, err
	}
	clean := func(text string) string {
		return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), ""))
	}
	for i := range in.Settings.Categories {
		c := &in.Settings.Categories[i]
		if c.Name = clean(c.Name); c.ID == uid.Nil {
			c.ID = uid.New()
		}
	}
	for i := range in.Settings.Items {
		item := &in.Settings.Items[i]
		if item.Title = clean(item.Title); item.ID == uid.Nil {
			item.ID = uid.New()
		}
	}
	for i := range in.Settings.Scale {
		in.Settings.Scale[i].Name = clean(in.Settings.Scale[i].Name)
	}
	if err = in.Settings.Validate(); err != nil {
		return 0, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		b, err := s.head(ctx, in.Course)
		if err != nil {
			return err
		}
		if b.Number != in.Number {
			return ErrMoved
		}
		number = b.Number + 1
		if err = s.keep.AddGradebookSettings(ctx, in.Course, number, in.Settings, who.PersonID, s.now()); err != nil {
			return err
		}
		ev, err := event.New(ctx, s.now(), "gradebook.changed", "course", in.Course, map[string]any{"course_id": in.Course, "course_title": b.Title, "version": number})
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, ev)
	})
	return number, err
}

// Placed are columns where settings put them.
func Placed(in Settings, columns []Column) []Column {
	out := slices.Clone(columns)
	for i := range out {
		out[i] = in.place(out[i])
	}
	return out
}

// Version is how a course was graded from a moment on.
type Version struct {
	Number   int
	Settings Settings
	By       string // who set it; "": nobody knows any more
	At       time.Time
}

// versionsShown bounds the versions that are listed.
const versionsShown = 100

// Versions lists how a course was graded, the newest first. It needs enrolment:mark; catalog.ErrCourseNotFound.
func (s *Service) Versions(ctx context.Context, course uid.ID) (list []Version, columns []Column, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return nil, nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		b, err := s.head(ctx, course)
		if err != nil {
			return err
		}
		columns = b.Columns
		list, err = s.keep.GradebookVersions(ctx, course, versionsShown)
		return err
	})
	return list, columns, err
}
