package scim

import (
	"context"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// What administrators do with directories. All of it needs connection:manage.

// Directories lists the SCIM directories by name.
func (s *Service) Directories(ctx context.Context) (list []Directory, err error) {
	err = s.managing(ctx, func(ctx context.Context) (err error) {
		list, err = s.keep.Directories(ctx, KindSCIM)
		return err
	})
	return list, err
}

// Directory gives one; ErrDirectoryNotFound.
func (s *Service) Directory(ctx context.Context, id uid.ID) (d Directory, err error) {
	err = s.managing(ctx, func(ctx context.Context) (err error) {
		d, err = s.keep.DirectoryByID(ctx, KindSCIM, id)
		return err
	})
	return d, err
}

// Connections lists the identity providers that a directory may name as the one that signs its people in.
func (s *Service) Connections(ctx context.Context) (list []signon.Connection, err error) {
	err = s.managing(ctx, func(ctx context.Context) (err error) {
		list, err = s.keep.SignOnConnections(ctx)
		return err
	})
	for i := range list {
		list[i].Secrets, list[i].Settings = nil, nil
	}
	return list, err
}

// managing runs fn in a transaction for who may manage directories.
func (s *Service) managing(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := auth.Require(ctx, policy.ConnectionManage); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, fn)
}

// CreateDirectory adds a directory, without a token yet. Each role that it may give must be within one's own
// permissions. ErrTooManyDirs. Event directory.created.
func (s *Service) CreateDirectory(ctx context.Context, in DirectoryInput) (d Directory, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if err := s.check(ctx, &in); err != nil {
			return err
		}
		list, err := s.keep.Directories(ctx, KindSCIM)
		if err != nil {
			return err
		}
		if len(list) >= DirectoriesMax {
			return ErrTooManyDirs
		}
		now := s.now()
		d = Directory{
			ID: uid.New(), Kind: KindSCIM, Name: in.Name, Status: in.Status, Mode: in.Mode, ConnectionID: in.ConnectionID,
			Mapping: signon.JSON[auth.Mapping]{V: in.Mapping}, RoleRules: signon.JSON[auth.RoleRules]{V: in.RoleRules}, Revision: 1, CreatedAt: now, UpdatedAt: now,
		}
		if err := s.keep.InsertDirectory(ctx, d); err != nil {
			return err
		}
		return s.tell(ctx, "directory.created", "directory", d.ID, facts(d))
	})
	return d, err
}

func facts(d Directory) map[string]any {
	return map[string]any{"directory_id": d.ID, "name": d.Name, "kind": d.Kind, "mode": d.Mode, "status": d.Status}
}

// check validates input and asks whether who asks may give the roles that it gives.
func (s *Service) check(ctx context.Context, in *DirectoryInput) error {
	roles, err := s.keep.Roles(ctx)
	if err != nil {
		return err
	}
	if err := in.Validate(func(r policy.Role) bool { return slices.Contains(roles, r) }); err != nil {
		return err
	}
	given := []policy.Role{}
	for _, rule := range in.RoleRules.Rules {
		given = append(given, rule.Role)
	}
	if in.RoleRules.Default != "" {
		given = append(given, in.RoleRules.Default)
	}
	theirs, err := s.policy.For(ctx, given)
	if err != nil {
		return err
	}
	if who, _ := auth.PrincipalFrom(ctx); !who.May.Covers(theirs) {
		return auth.ErrRoleExceeds
	}
	return nil
}

// UpdateDirectory changes a directory that still has the revision was; ErrDirectoryChanged, ErrDirectoryNotFound. When
// rules of roles changed, the roles of its people follow at once. Event directory.updated.
func (s *Service) UpdateDirectory(ctx context.Context, id uid.ID, was int, in DirectoryInput) (d Directory, err error) {
	rules := false
	err = s.managing(ctx, func(ctx context.Context) error {
		if err := s.check(ctx, &in); err != nil {
			return err
		}
		if d, err = s.keep.DirectoryByID(ctx, KindSCIM, id); err != nil {
			return err
		}
		before := d
		d.Name, d.Mode, d.Status, d.ConnectionID = in.Name, in.Mode, in.Status, in.ConnectionID
		d.Mapping.V, d.RoleRules.V = in.Mapping, in.RoleRules
		rules = before.RoleRules.V.Default != in.RoleRules.Default || !slices.Equal(before.RoleRules.V.Rules, in.RoleRules.Rules)
		d.Revision, d.UpdatedAt = was+1, s.now()
		if err := s.keep.SetDirectory(ctx, d, was); err != nil {
			return err
		}
		data := facts(d)
		data["rules_changed"] = rules
		return s.tell(ctx, "directory.updated", "directory", d.ID, data)
	})
	if err == nil && rules {
		err = s.applyRules(ctx, d)
	}
	return d, err
}

// SetStatus switches a directory off, to dry run or on. Event directory.updated.
func (s *Service) SetStatus(ctx context.Context, id uid.ID, status signon.Status) error {
	if !slices.Contains(signon.Statuses(), status) {
		return fault.Invalid(map[string]string{"status": "Choose off, dry run or on."})
	}
	return s.managing(ctx, func(ctx context.Context) error {
		d, err := s.keep.DirectoryByID(ctx, KindSCIM, id)
		if err != nil || d.Status == status {
			return err
		}
		was := d.Revision
		d.Status, d.Revision, d.UpdatedAt = status, was+1, s.now()
		if err := s.keep.SetDirectory(ctx, d, was); err != nil {
			return err
		}
		return s.tell(ctx, "directory.updated", "directory", d.ID, facts(d))
	})
}

// DeleteDirectory removes a directory with its tokens, groups and log. Its people stay as they are: active ones sign in
// as before. The roles that it gave stay too, as if given by hand. ErrDirectoryNotFound. Event directory.deleted.
func (s *Service) DeleteDirectory(ctx context.Context, id uid.ID) error {
	return s.managing(ctx, func(ctx context.Context) error {
		d, err := s.keep.DirectoryByID(ctx, KindSCIM, id)
		if err != nil {
			return err
		}
		if err := s.keep.DeleteDirectory(ctx, KindSCIM, id); err != nil {
			return err
		}
		return s.tell(ctx, "directory.deleted", "directory", id, facts(d))
	})
}

// CreateToken makes a bearer token and shows its secret this once; several may hold at a time, so that one can be put in
// the place of another without a gap. ErrTooManyTokens, ErrDirectoryNotFound. Event directory_token.created.
func (s *Service) CreateToken(ctx context.Context, directory uid.ID, in TokenInput) (secret string, t Token, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if err := in.Validate(); err != nil {
			return err
		}
		if _, err := s.keep.DirectoryByID(ctx, KindSCIM, directory); err != nil {
			return err
		}
		now := s.now()
		tokens, err := s.keep.DirectoryTokens(ctx, directory)
		if err != nil {
			return err
		}
		live := 0
		for _, one := range tokens {
			if now.Before(one.ExpiresAt) {
				live++
			}
		}
		if live >= TokensMax {
			return ErrTooManyTokens
		}
		random, _ := uid.Secret()
		secret = TokenPrefix + random
		t = Token{
			ID: uid.New(), DirectoryID: directory, Name: in.Name, Prefix: secret[:tokenPrefixShown], Hash: uid.Hash(secret),
			CreatedAt: now, ExpiresAt: now.AddDate(0, 0, in.Days),
		}
		if who, ok := auth.PrincipalFrom(ctx); ok {
			t.CreatedBy = &who.PersonID
		}
		if err := s.keep.InsertDirectoryToken(ctx, t); err != nil {
			return err
		}
		return s.tell(ctx, "directory_token.created", "directory", directory, map[string]any{"directory_id": directory, "token_id": t.ID, "name": t.Name, "expires_at": t.ExpiresAt})
	})
	if err != nil {
		return "", Token{}, err
	}
	t.Hash = nil
	return secret, t, nil
}

// Tokens lists a directory's tokens that are not revoked, the newest first.
func (s *Service) Tokens(ctx context.Context, directory uid.ID) (list []Token, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if _, err := s.keep.DirectoryByID(ctx, KindSCIM, directory); err != nil {
			return err
		}
		list, err = s.keep.DirectoryTokens(ctx, directory)
		return err
	})
	return list, err
}

// RevokeToken ends a token at once; ErrTokenNotFound. Event directory_token.revoked.
func (s *Service) RevokeToken(ctx context.Context, directory, id uid.ID) error {
	return s.managing(ctx, func(ctx context.Context) error {
		if err := s.keep.RevokeDirectoryToken(ctx, directory, id, s.now()); err != nil {
			return err
		}
		return s.tell(ctx, "directory_token.revoked", "directory", directory, map[string]any{"directory_id": directory, "token_id": id})
	})
}

// Requests lists the last requests of a directory, the newest first; with whole their bodies too.
func (s *Service) Requests(ctx context.Context, directory uid.ID, p page.Request, whole bool) (list page.Of[Logged], err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if _, err := s.keep.DirectoryByID(ctx, KindSCIM, directory); err != nil {
			return err
		}
		list, err = s.keep.LoggedRequests(ctx, directory, p, whole)
		return err
	})
	return list, err
}

// LoggedRequest gives one request of the log; ErrRequestNotFound.
func (s *Service) LoggedRequest(ctx context.Context, directory, id uid.ID) (l Logged, err error) {
	err = s.managing(ctx, func(ctx context.Context) (err error) {
		l, err = s.keep.LoggedRequest(ctx, directory, id)
		return err
	})
	return l, err
}
