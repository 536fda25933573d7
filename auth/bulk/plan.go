package bulk

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Wish is how a list is to be understood.
type Wish struct {
	Columns   []string // nil: as they are guessed
	Role      policy.Role
	Quiet     bool
	NewGroups bool
}

// Plan reads a list of people and says what it would do; nothing is done but keeping it. It needs person:manage. Faults at
// list, columns and role.
func (s *Service) Plan(ctx context.Context, name string, raw []byte, w Wish) (i Import, err error) {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return i, err
	}
	sheet, err := read(raw)
	if err != nil {
		return i, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	if w.Columns == nil {
		w.Columns = sheet.guess()
	}
	i = Import{
		ID: uid.New(), Name: short(strings.TrimSpace(strings.ToValidUTF8(name, "")), 200), Status: StatusPlanned, Header: shortened(sheet.header), Total: len(sheet.rows),
		CreatedBy: &who.PersonID, CreatedAt: s.Now(),
	}
	lines := make([]Line, len(sheet.rows))
	for n, r := range sheet.rows {
		lines[n] = Line{ImportID: i.ID, Number: r.number, Cells: shortened(r.cells)}
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.plan(ctx, &i, lines, w); err != nil {
			return err
		}
		return s.Keep.AddImport(ctx, i, lines)
	})
	return i, err
}

func short(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}

func shortened(cells []string) List {
	out := make(List, len(cells))
	for i, c := range cells {
		out[i] = short(c, cellMax)
	}
	return out
}

// Replan understands a list another way: event-free, nothing is done. It needs person:manage; ErrNotFound, ErrNotNow.
func (s *Service) Replan(ctx context.Context, id uid.ID, w Wish) (i Import, err error) {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return i, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if i, err = s.Keep.LockImport(ctx, id); err != nil {
			return err
		}
		if i.Status != StatusPlanned {
			return ErrNotNow
		}
		if w.Columns == nil {
			w.Columns = i.Columns
		}
		var lines []Line
		f := Filter{Page: page.Request{Limit: page.MaxLimit}}
		for {
			piece, err := s.Keep.ImportLines(ctx, id, f)
			if err != nil {
				return err
			}
			lines = append(lines, piece.Items...)
			if f.Page.After = piece.Next; piece.Next == "" {
				break
			}
		}
		if err := s.plan(ctx, &i, lines, w); err != nil {
			return err
		}
		if err := s.Keep.SaveLines(ctx, lines); err != nil {
			return err
		}
		return s.Keep.SaveImport(ctx, i)
	})
	return i, err
}

// known is what is here that lines speak of.
type known struct {
	people   map[string]auth.Person
	groups   map[string]group.Group
	in       map[uid.ID]map[string]bool
	roles    map[string]policy.Role // by code and by name, in small letters
	givable  []policy.Role
	mayGroup bool
}

// plan says what each line would do.
func (s *Service) plan(ctx context.Context, i *Import, lines []Line, w Wish) error {
	f := fault.Fields{}
	seen := map[string]bool{}
	for _, c := range w.Columns {
		f.Check(c == "" || slices.Contains(Fields(), c), "columns", "Choose what each column is from the list.")
		f.Check(c == "" || !seen[c], "columns", "Two columns cannot be the same.")
		seen[c] = true
	}
	f.Check(len(w.Columns) == len(i.Header), "columns", "Say of each column what it is.")
	f.Check(seen[auth.FieldEmail] || len(w.Columns) == 0, "columns", "Say which column holds the e-mail addresses.")
	f.Check(w.Role != "", "role", "Choose a role.")
	if err := f.Err(); err != nil {
		return err
	}
	i.Columns, i.Role, i.Quiet, i.NewGroups = w.Columns, w.Role, w.Quiet, w.NewGroups
	i.Revision++
	k := known{}
	if err := s.roles(ctx, &k); err != nil {
		return err
	}
	if !slices.Contains(k.givable, w.Role) {
		return fault.Invalid(map[string]string{"role": "Choose a role that you may give."})
	}
	for n := range lines {
		lines[n].read(w.Columns, w.Role, k)
	}
	if err := s.look(ctx, &k, lines); err != nil {
		return err
	}
	i.Counts, seen = Counts{}, map[string]bool{}
	for n := range lines {
		l := &lines[n]
		if l.Problem == "" && seen[l.Email] {
			l.refuse(errTwice)
		}
		if seen[l.Email] = true; l.Problem == "" {
			l.settle(k, *i)
		}
		i.Counts[l.Outcome]++
	}
	i.Mailed = i.Counts[OutcomeInvite]
	return nil
}

func (l *Line) refuse(why *fault.Fault) {
	l.Outcome, l.Problem, l.State = OutcomeRefused, why.Text, LinePassed
}

// read understands a line by its columns.
func (l *Line) read(columns []string, role policy.Role, k known) {
	l.Problem, l.Detail, l.State, l.Outcome = "", Detail{}, LineWaiting, ""
	var m auth.Mapping
	claims := map[string][]string{}
	for n, field := range columns {
		if n >= len(l.Cells) || l.Cells[n] == "" {
			continue
		}
		switch field {
		case "":
		case FieldRoles:
			for _, name := range parts(l.Cells[n]) {
				code, ok := k.roles[strings.ToLower(name)]
				if !ok {
					l.refuse(errNoRole)
				} else if !slices.Contains(k.givable, code) {
					l.refuse(auth.ErrRoleExceeds)
				}
				l.Detail.Roles = append(l.Detail.Roles, code)
			}
		case auth.FieldGroups:
			l.Detail.Groups = parts(l.Cells[n])
		default:
			m, claims[field] = append(m, auth.FieldRule{Field: field, From: []string{field}}), []string{l.Cells[n]}
		}
	}
	got := m.Apply(claims)
	l.Detail.Profile = got.Profile
	for field := range got.Left {
		l.Detail.Left = append(l.Detail.Left, field)
	}
	slices.Sort(l.Detail.Left)
	if len(l.Detail.Roles) == 0 {
		l.Detail.Roles = []policy.Role{role}
	}
	p := &l.Detail.Profile
	if local, _, _ := strings.Cut(p.Email, "@"); p.Name == local {
		p.Name = nameOf(local)
	}
	l.Email, l.Name = p.Email, p.Name
	in := auth.InviteInput{Email: p.Email, Name: p.Name, Role: role}
	if err := in.Validate(); err != nil && l.Problem == "" {
		why := fault.Of(err)
		for _, field := range []string{"email", "name"} {
			if text := why.Fields[field]; text != "" {
				why = fault.New(fault.KindInvalid, why.Code, text)
				break
			}
		}
		if l.refuse(why); l.Email == "" {
			l.Email = short(strings.Join(l.Cells, " "), 100) // what can be recognised
		}
	}
}

// parts takes a cell with several names apart.
func parts(cell string) (out []string) {
	for _, p := range strings.FieldsFunc(cell, func(r rune) bool { return r == ';' || r == '|' || r == ',' }) {
		if p = strings.TrimSpace(p); p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// nameOf makes a name of an address, until its person says another: anna.berg is Anna Berg.
func nameOf(local string) string {
	words := strings.FieldsFunc(local, func(r rune) bool { return r == '.' || r == '_' || r == '-' || r == '+' })
	for i, w := range words {
		r, size := utf8.DecodeRuneInString(w)
		words[i] = string(unicode.ToUpper(r)) + w[size:]
	}
	return strings.Join(words, " ")
}

func (s *Service) roles(ctx context.Context, k *known) (err error) {
	if k.givable, err = s.Auth.GivableRoles(ctx); err != nil {
		return err
	}
	rows, err := s.Keep.RoleRows(ctx)
	k.roles = map[string]policy.Role{}
	for _, r := range rows {
		k.roles[strings.ToLower(r.Name)] = r.Code
	}
	for _, r := range rows {
		k.roles[strings.ToLower(string(r.Code))] = r.Code
	}
	who, _ := auth.PrincipalFrom(ctx)
	k.mayGroup = who.May.Has(policy.GroupManage)
	return err
}

// look finds who and what the lines speak of.
func (s *Service) look(ctx context.Context, k *known, lines []Line) (err error) {
	var emails, names []string
	for _, l := range lines {
		if l.Problem != "" {
			continue
		}
		emails = append(emails, l.Email)
		for _, g := range l.Detail.Groups {
			names = append(names, strings.ToLower(g))
		}
	}
	slices.Sort(names)
	if k.people, err = s.Keep.PeopleByEmails(ctx, emails); err != nil {
		return err
	}
	if names = slices.Compact(names); len(names) == 0 {
		return nil
	}
	if k.groups, err = s.Keep.GroupsByNames(ctx, names); err != nil {
		return err
	}
	people := make([]uid.ID, 0, len(k.people))
	for _, p := range k.people {
		people = append(people, p.ID)
	}
	k.in, err = s.Keep.GroupNamesOf(ctx, people)
	return err
}

// settle says what a line would do.
func (l *Line) settle(k known, i Import) {
	for _, name := range l.Detail.Groups {
		g, there := k.groups[strings.ToLower(name)]
		switch {
		case !k.mayGroup:
			l.refuse(errMayGroup)
		case there && (g.DirectoryID != nil || g.Rule != nil):
			l.refuse(errKept)
		case !there && !i.NewGroups:
			l.refuse(errNoGroup)
		}
		if l.Problem != "" {
			return
		}
	}
	p, here := k.people[l.Email]
	switch {
	case !here && i.Quiet:
		l.Outcome = OutcomeCreate
		return
	case !here:
		l.Outcome = OutcomeInvite
		return
	case p.Status == auth.PersonDeactivated:
		l.refuse(errOff)
		return
	}
	l.Detail.Changes = auth.WouldChange(p, l.Detail.Profile, l.Detail.Roles)
	if slices.ContainsFunc(l.Detail.Groups, func(g string) bool { return !k.in[p.ID][strings.ToLower(g)] }) {
		l.Detail.Changes = append(l.Detail.Changes, auth.FieldGroups)
	}
	if l.PersonID, l.Outcome = &p.ID, OutcomeUpdate; len(l.Detail.Changes) == 0 {
		l.Outcome, l.State = OutcomeSame, LinePassed
	}
}

// Show gives a list. It needs person:manage; ErrNotFound.
func (s *Service) Show(ctx context.Context, id uid.ID) (i Import, err error) {
	err = s.reading(ctx, func(ctx context.Context) error {
		i, err = s.Keep.ImportByID(ctx, id)
		return err
	})
	return i, err
}

// Imports lists the lists of the last 30 days, the newest first. It needs person:manage.
func (s *Service) Imports(ctx context.Context, r page.Request) (out page.Of[Import], err error) {
	err = s.reading(ctx, func(ctx context.Context) error {
		out, err = s.Keep.Imports(ctx, r)
		return err
	})
	return out, err
}

// Lines lists what becomes of the lines. It needs person:manage; ErrNotFound.
func (s *Service) Lines(ctx context.Context, id uid.ID, f Filter) (out page.Of[Line], err error) {
	err = s.reading(ctx, func(ctx context.Context) error {
		if _, err := s.Keep.ImportByID(ctx, id); err != nil {
			return err
		}
		out, err = s.Keep.ImportLines(ctx, id, f)
		return err
	})
	return out, err
}

func (s *Service) reading(ctx context.Context, do func(context.Context) error) error {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return err
	}
	return s.Keep.InTenant(ctx, do)
}

// tell appends an event about a list.
func (s *Service) tell(ctx context.Context, typ string, i Import, more map[string]any) error {
	data := map[string]any{"import_id": i.ID, "name": i.Name, "lines": i.Total}
	for k, v := range more {
		data[k] = v
	}
	e, err := event.New(ctx, s.Now(), typ, "people_import", i.ID, data)
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, e)
}
