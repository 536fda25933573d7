package offer

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// fileFormat is the shape of a file of plans that this release writes and reads.
const fileFormat = 1

// File is plans to be carried from one installation to another: those that are not archived, with what they sell.
type File struct {
	Format int         `json:"format"`
	Plans  []PlanEntry `json:"plans"`
}

// PlanEntry is a plan in a file.
type PlanEntry struct {
	Code     string         `json:"code"`
	Name     string         `json:"name"`
	Public   bool           `json:"public"`
	Position int            `json:"position"`
	SignUp   bool           `json:"sign_up,omitempty"`
	Versions []VersionEntry `json:"versions"`
}

// VersionEntry is what a version says. Prices are in millionths of the currency: 2500000 is 2.50.
type VersionEntry struct {
	Currency   money.Currency   `json:"currency"`
	Interval   plan.Interval    `json:"interval"`
	TrialDays  int              `json:"trial_days"`
	Components []plan.Component `json:"components"`
	Limits     plan.Limits      `json:"limits"`
	Life       plan.Life        `json:"life"`
}

func entryOf(v plan.Version) VersionEntry {
	return VersionEntry{v.Currency, v.Interval, v.TrialDays, v.Components, v.Limits, v.Life}
}

// Export writes all plans that are not archived, with their published versions.
func (s *Service) Export(ctx context.Context) ([]byte, error) {
	plans, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	f := File{Format: fileFormat, Plans: []PlanEntry{}}
	for _, l := range plans {
		if l.ArchivedAt != nil {
			continue
		}
		e := PlanEntry{Code: l.Code, Name: l.Name, Public: l.Public, Position: l.Position, SignUp: l.SignUp, Versions: []VersionEntry{}}
		for _, v := range slices.Backward(l.Versions) { // the oldest first, as they are read again
			if v.Status == plan.StatusPublished {
				e.Versions = append(e.Versions, entryOf(v))
			}
		}
		f.Plans = append(f.Plans, e)
	}
	out, err := json.MarshalIndent(f, "", "  ")
	return append(out, '\n'), err
}

// ReadFile reads a file of plans and says what is wrong with it, each message at its place: plans.<i>.versions.<j>.<field>.
func ReadFile(data []byte) (f File, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return f, ErrPlanFile.Saying("This is no file of plans: %v.", err)
	}
	if d.More() {
		return f, ErrPlanFile.Saying("This is no file of plans: something follows its end.")
	}
	wrong := fault.Fields{}
	wrong.Check(f.Format == fileFormat, "format", fmt.Sprintf("This release reads format %d.", fileFormat))
	codes, signUps := map[string]bool{}, 0
	for i, e := range f.Plans {
		at := "plans." + strconv.Itoa(i) + "."
		p := plan.Plan{Code: e.Code, Name: e.Name, Position: e.Position}
		gather(wrong, at, p.Validate())
		wrong.Check(!codes[e.Code], at+"code", "This code is used twice.")
		codes[e.Code] = true
		if e.SignUp {
			signUps++
			wrong.Check(len(e.Versions) > 0, at+"sign_up", "New organizations cannot begin on a plan without a version.")
		}
		kinds := map[string]bool{}
		for j, entry := range e.Versions {
			v, at := entry.version(), at+"versions."+strconv.Itoa(j)+"."
			gather(wrong, at, v.Validate())
			f.Plans[i].Versions[j] = entryOf(v)
			kind := string(v.Currency) + " " + string(v.Interval)
			wrong.Check(!kinds[kind], at+"interval", "A plan sells one version for each currency and interval.")
			kinds[kind] = true
		}
	}
	wrong.Check(signUps <= 1, "plans", "New organizations begin on one plan at most.")
	return f, wrong.Err()
}

func gather(into fault.Fields, at string, err error) {
	var f *fault.Fault
	if errors.As(err, &f) {
		for field, text := range f.Fields {
			into.Add(at+field, text)
		}
	}
}

func (e VersionEntry) version() plan.Version {
	return plan.Version{Currency: e.Currency, Interval: e.Interval, TrialDays: e.TrialDays, Components: e.Components, Limits: e.Limits, Life: e.Life}
}

// Done is what an import did with a plan or a version of it.
type Done struct {
	Verb string // create, change, publish, keep
	Plan string
	Kind string // "": the plan itself; else EUR month
}

// Import makes plans as a file has them, all or none: new plans are created, known codes take over name, place and who may
// choose them, and each version that is not on sale as it is in the file is published as a new one. Nothing is taken from
// sale but what is replaced, and running subscriptions stay as they are. The same file again changes nothing.
func (s *Service) Import(ctx context.Context, f File) (out []Done, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		out = nil
		for _, e := range f.Plans {
			done, err := s.importPlan(ctx, e)
			if err != nil {
				return fmt.Errorf("plan %s: %w", e.Code, err)
			}
			out = append(out, done...)
		}
		return nil
	})
	s.Drop()
	if err == nil {
		s.tell(ctx)
	}
	return out, err
}

func (s *Service) importPlan(ctx context.Context, e PlanEntry) (out []Done, err error) {
	p, verb, err := s.importSettings(ctx, e)
	if err != nil {
		return nil, err
	}
	out = append(out, Done{verb, e.Code, ""})
	for _, entry := range e.Versions {
		verb, err := s.importVersion(ctx, p, entry)
		if err != nil {
			return nil, err
		}
		out = append(out, Done{verb, e.Code, string(entry.Currency) + " " + string(entry.Interval)})
	}
	if e.SignUp {
		return out, s.SetSignUp(ctx, &p.ID)
	}
	return out, nil
}

func (s *Service) importSettings(ctx context.Context, e PlanEntry) (p plan.Plan, verb string, err error) {
	p, err = s.Keep.PlanByCode(ctx, e.Code)
	switch {
	case errors.Is(err, ErrPlanNotFound):
		p = plan.Plan{Code: e.Code, Name: e.Name, Public: e.Public, Position: e.Position}
		if err := p.Validate(); err != nil {
			return p, "", err
		}
		p.ID, p.Revision, p.CreatedAt = uid.New(), 1, s.Now()
		if err := s.Keep.InsertPlan(ctx, p); err != nil {
			return p, "", err
		}
		return p, "create", s.note(ctx, "plan.created", p, nil)
	case err != nil:
		return p, "", err
	case p.Name == e.Name && p.Public == e.Public && p.Position == e.Position && p.ArchivedAt == nil:
		return p, "keep", nil
	}
	p, err = s.change(ctx, p.ID, 0, "plan.changed", func(p *plan.Plan) error {
		p.Name, p.Public, p.Position, p.ArchivedAt = e.Name, e.Public, e.Position, nil
		return p.Validate()
	})
	return p, "change", err
}

func (s *Service) importVersion(ctx context.Context, p plan.Plan, e VersionEntry) (verb string, err error) {
	list, err := s.Keep.PlanVersions(ctx, p.ID)
	if err != nil {
		return "", err
	}
	for _, old := range list {
		if old.Status == plan.StatusPublished && same(entryOf(old), e) {
			return "keep", nil
		}
	}
	now := s.Now()
	v := e.version()
	v.ID, v.PlanID, v.Number, v.Status, v.Revision, v.CreatedAt, v.UpdatedAt, v.PublishedAt = uid.New(), p.ID, nextNumber(list), plan.StatusPublished, 1, now, now, &now
	if err := v.Validate(); err != nil {
		return "", err
	}
	if err := s.makeRoom(ctx, p, v); err != nil {
		return "", err
	}
	if err := s.Keep.InsertPlanVersion(ctx, v); err != nil {
		return "", err
	}
	return "publish", s.note(ctx, "plan.published", p, numbered(v))
}

// same compares as the files would: nothing and an empty list are one.
func same(a, b VersionEntry) bool {
	var x, y any
	for from, into := range map[*VersionEntry]*any{&a: &x, &b: &y} {
		raw, err := json.Marshal(*from)
		if err != nil || json.Unmarshal(raw, into) != nil {
			return false
		}
	}
	return reflect.DeepEqual(x, y)
}

//go:embed seed.json
var seed []byte

// Seed makes the plans that the demo sells, and that an operator may begin with. Plans that are there stay as they are.
func (s *Service) Seed(ctx context.Context) ([]Done, error) {
	f, err := ReadFile(seed)
	if err != nil {
		return nil, err
	}
	known, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	out := []Done{}
	f.Plans = slices.DeleteFunc(f.Plans, func(e PlanEntry) bool {
		there := slices.ContainsFunc(known, func(l Listed) bool { return l.Code == e.Code })
		if there {
			out = append(out, Done{"keep", e.Code, ""})
		}
		return there
	})
	if slices.ContainsFunc(known, func(l Listed) bool { return l.SignUp }) {
		for i := range f.Plans {
			f.Plans[i].SignUp = false // an operator chose already
		}
	}
	done, err := s.Import(ctx, f)
	return append(out, done...), err
}
