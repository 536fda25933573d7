package bank

import (
	"context"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// BankFilter narrows a list of banks.
type BankFilter struct {
	Query    string // part of name or description
	Archived bool   // those put away instead
	Page     page.Request
}

// BankInput is what is said of a bank.
type BankInput struct {
	Name     string
	About    string
	Everyone Everyone
}

func (in *BankInput) check() error {
	in.Name, in.About = line(in.Name), line(in.About)
	f := fault.Fields{}
	f.Check(in.Name != "", "name", "Give the question bank a name.")
	f.Check(length(in.Name) <= MaxName, "name", "Use at most 120 characters.")
	f.Check(length(in.About) <= MaxAbout, "about", "Use at most 2000 characters.")
	f.Check(in.Everyone == EveryoneNothing || in.Everyone == EveryoneSees || in.Everyone == EveryoneEdits, "everyone", "Choose what all who write courses may do.")
	return f.Err()
}

// Banks lists the banks that who asks may see, by name. It needs course:edit, as everything here that says nothing else.
func (s *Service) Banks(ctx context.Context, f BankFilter) (out page.Of[Listed], err error) {
	who, err := asker(ctx)
	if err != nil {
		return out, err
	}
	if f.Query = line(f.Query); length(f.Query) > MaxName {
		return out, fault.Fields{"query": "Search for at most 120 characters."}.Err()
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.keep.Banks(ctx, who, f)
		return err
	})
	return out, err
}

// Bank reads a bank.
func (s *Service) Bank(ctx context.Context, id uid.ID) (out Listed, err error) {
	err = s.in(ctx, id, AccessSee, func(_ context.Context, b Listed) error {
		out = b
		return nil
	})
	return out, err
}

// CreateBank begins a bank that who asks owns.
func (s *Service) CreateBank(ctx context.Context, in BankInput) (b Bank, err error) {
	who, err := asker(ctx)
	if err != nil {
		return b, err
	}
	if err = in.check(); err != nil {
		return b, err
	}
	now := s.now()
	b = Bank{ID: uid.New(), Name: in.Name, About: in.About, OwnerID: &who.PersonID, Everyone: in.Everyone, Revision: 1, CreatedAt: now, UpdatedAt: now}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.AddBank(ctx, b); err != nil {
			return err
		}
		return s.tell(ctx, "bank.created", "bank", b.ID, map[string]any{"name": b.Name, "everyone": b.Everyone})
	})
	return b, err
}

// change changes a bank that who asks owns, unless somebody did meanwhile.
func (s *Service) change(ctx context.Context, id uid.ID, revision int, typ string, do func(b *Bank) (map[string]any, error)) (b Bank, err error) {
	err = s.in(ctx, id, AccessOwn, func(ctx context.Context, l Listed) error {
		now := s.now()
		taken, err := s.keep.TakeBankRevision(ctx, id, revision, now)
		if err != nil {
			return err
		}
		if !taken {
			return ErrRevision
		}
		b = l.Bank
		data, err := do(&b)
		if err != nil {
			return err
		}
		b.Revision, b.UpdatedAt = revision+1, now
		if err = s.keep.UpdateBank(ctx, b); err != nil {
			return err
		}
		return s.tell(ctx, typ, "bank", b.ID, data)
	})
	return b, err
}

// UpdateBank changes what is said of a bank. Only its owner may, and who keeps the catalogue.
func (s *Service) UpdateBank(ctx context.Context, id uid.ID, revision int, in BankInput) (Bank, error) {
	return s.change(ctx, id, revision, "bank.updated", func(b *Bank) (map[string]any, error) {
		if err := in.check(); err != nil {
			return nil, err
		}
		b.Name, b.About, b.Everyone = in.Name, in.About, in.Everyone
		return map[string]any{"name": b.Name, "everyone": b.Everyone}, nil
	})
}

// ArchiveBank puts a bank away or takes it back: its questions are drawn no more, those fixed in tests stay.
func (s *Service) ArchiveBank(ctx context.Context, id uid.ID, revision int, archive bool) (Bank, error) {
	typ := map[bool]string{true: "bank.archived", false: "bank.restored"}[archive]
	return s.change(ctx, id, revision, typ, func(b *Bank) (map[string]any, error) {
		b.ArchivedAt = nil
		if now := s.now(); archive {
			b.ArchivedAt = &now
		}
		return map[string]any{"name": b.Name}, nil
	})
}

// DeleteBank removes a bank without questions; ErrInUse for another.
func (s *Service) DeleteBank(ctx context.Context, id uid.ID) error {
	return s.in(ctx, id, AccessOwn, func(ctx context.Context, b Listed) error {
		removed, err := s.keep.RemoveBank(ctx, id)
		if err != nil {
			return err
		}
		if !removed {
			return ErrInUse.Saying("There are questions in this bank. Delete or move them first, or archive the bank.")
		}
		return s.tell(ctx, "bank.deleted", "bank", id, map[string]any{"name": b.Name})
	})
}

// Shares lists with whom a bank is shared, for its owner.
func (s *Service) Shares(ctx context.Context, bank uid.ID) (list []Share, err error) {
	err = s.in(ctx, bank, AccessOwn, func(ctx context.Context, _ Listed) error {
		list, err = s.keep.Shares(ctx, bank)
		return err
	})
	return list, err
}

// SetShares says anew with whom a bank is shared: roles and groups, each once. Fields: shares.
func (s *Service) SetShares(ctx context.Context, bank uid.ID, revision int, shares []Share) (Bank, error) {
	who, err := asker(ctx)
	if err != nil {
		return Bank{}, err
	}
	var out Bank
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.may(ctx, bank, who, AccessOwn); err != nil {
			return err
		}
		f, seen := fault.Fields{}, map[string]bool{}
		f.Check(len(shares) <= MaxShares, "shares", "Share a bank with at most 50 roles and groups.")
		told := []map[string]any{}
		for i := range shares {
			x := &shares[i]
			f.Check((x.Role == nil) != (x.GroupID == nil), "shares", "Choose a role or a group.")
			key := ""
			if x.Role != nil {
				key = "role " + *x.Role
			} else if x.GroupID != nil {
				key = "group " + x.GroupID.String()
			}
			f.Check(!seen[key], "shares", "Each role and each group can be named once.")
			seen[key] = true
			x.ID, x.BankID = uid.New(), bank
			told = append(told, map[string]any{"with": key, "edit": x.MayEdit})
		}
		if err := f.Err(); err != nil {
			return err
		}
		if out, err = s.change(ctx, bank, revision, "bank.shared", func(*Bank) (map[string]any, error) { return map[string]any{"shares": told}, nil }); err != nil {
			return err
		}
		return s.keep.SetShares(ctx, bank, shares)
	})
	return out, err
}

// Folder is a folder or tag with how many questions it has.
type Folder struct {
	Name  string
	Count int
}

// Places are the folders and the tags of a bank.
type Places struct{ Folders, Tags []Folder }

// Folders lists them.
func (s *Service) Folders(ctx context.Context, bank uid.ID) (out Places, err error) {
	err = s.in(ctx, bank, AccessSee, func(ctx context.Context, _ Listed) error {
		out, err = s.keep.Folders(ctx, bank)
		return err
	})
	return out, err
}
