package ldapsync

import (
	"context"
	"strings"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// What administrators do with directories. All of it needs connection:manage.

// Directories lists the LDAP directories by name.
func (s *Service) Directories(ctx context.Context) (list []Directory, err error) {
	err = s.managing(ctx, func(ctx context.Context) (err error) {
		list, err = s.keep.LDAPDirectories(ctx)
		return err
	})
	return list, err
}

// Directory gives one; ErrDirectoryNotFound.
func (s *Service) Directory(ctx context.Context, id uid.ID) (d Directory, err error) {
	err = s.managing(ctx, func(ctx context.Context) (err error) {
		d, err = s.keep.LDAPDirectory(ctx, id)
		return err
	})
	return d, err
}

// Create adds a directory. Nobody gives by its rules what they may not do themselves: auth.ErrRoleExceeds. ErrNoPassword,
// ErrTooManyDirs. Event directory.created.
func (s *Service) Create(ctx context.Context, in Input) (d Directory, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if err := s.check(ctx, &in); err != nil {
			return err
		}
		if in.Password == nil {
			return ErrNoPassword
		}
		have, err := s.keep.LDAPDirectories(ctx)
		if err != nil {
			return err
		}
		if len(have) >= DirectoriesMax {
			return ErrTooManyDirs
		}
		now := s.now()
		d = Directory{ID: uid.New(), Kind: Kind, Revision: 1, CreatedAt: now, UpdatedAt: now}
		if err := s.take(ctx, &d, in); err != nil {
			return err
		}
		if err := s.keep.InsertLDAPDirectory(ctx, d); err != nil {
			return err
		}
		return s.tell(ctx, "directory.created", "directory", d.ID, facts(d))
	})
	return d, err
}

// take brings a directory to an input that was checked.
func (s *Service) take(ctx context.Context, d *Directory, in Input) error {
	d.Name, d.Status, d.ConnectionID = in.Name, in.Status, in.ConnectionID
	d.Settings.V, d.Mapping.V, d.RoleRules.V = in.Settings, in.Mapping, in.RoleRules
	if in.Password == nil {
		return nil
	}
	sealed, err := s.sealed(ctx, *in.Password)
	d.Secrets = sealed
	return err
}

// Update changes a directory that still has the revision was; ErrDirectoryChanged, ErrDirectoryNotFound. Where server or
// account change, the password must be given anew: ErrNoPassword. What people are named by does not change. Everybody is brought to the new settings at the next
// run. Event directory.updated.
func (s *Service) Update(ctx context.Context, id uid.ID, was int, in Input) (d Directory, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if err := s.check(ctx, &in); err != nil {
			return err
		}
		if d, err = s.keep.LDAPDirectory(ctx, id); err != nil {
			return err
		}
		before, after := d.Settings.V.WithDefaults().LDAP.SubjectAttribute, in.Settings.WithDefaults().LDAP.SubjectAttribute
		if d.SyncedAt != nil && before != after {
			return fault.Invalid(map[string]string{"subject_attribute": "People were read by another attribute already, and would all be strangers. Set up another directory for this one."})
		}
		if in.Password == nil && (!d.HasSecret() || !d.Settings.V.LDAP.SameAccount(in.Settings.LDAP)) {
			return ErrNoPassword
		}
		if err := s.take(ctx, &d, in); err != nil {
			return err
		}
		return s.save(ctx, &d, was)
	})
	return d, err
}

// save writes a change and tells of it.
func (s *Service) save(ctx context.Context, d *Directory, was int) error {
	d.Revision, d.UpdatedAt = was+1, s.now()
	if err := s.keep.SetLDAPDirectory(ctx, *d, was); err != nil {
		return err
	}
	return s.tell(ctx, "directory.updated", "directory", d.ID, facts(*d))
}

// SetStatus switches a directory off, to dry run or on. Event directory.updated.
func (s *Service) SetStatus(ctx context.Context, id uid.ID, status signon.Status) error {
	if err := checkStatus(status); err != nil {
		return err
	}
	return s.managing(ctx, func(ctx context.Context) error {
		d, err := s.keep.LDAPDirectory(ctx, id)
		if err != nil || d.Status == status {
			return err
		}
		d.Status = status
		return s.save(ctx, &d, d.Revision)
	})
}

// Delete removes a directory with its groups and runs. Its people stay as they are, and so do the roles that it gave. typed
// is its name as a person typed it to be sure; nil asks nobody. Event directory.deleted.
func (s *Service) Delete(ctx context.Context, id uid.ID, typed *string) error {
	return s.managing(ctx, func(ctx context.Context) error {
		d, err := s.keep.LDAPDirectory(ctx, id)
		if err != nil {
			return err
		}
		if typed != nil && strings.TrimSpace(*typed) != d.Name {
			return fault.Invalid(map[string]string{"confirm": "Type the directory's name exactly as it stands above."})
		}
		if err := s.keep.DeleteLDAPDirectory(ctx, id); err != nil {
			return err
		}
		return s.tell(ctx, "directory.deleted", "directory", id, facts(d))
	})
}

// Check tries settings before they are saved, of a directory or, with uid.Nil, of one that is to be: see
// ldap.Client.Check. password nil takes the kept one of the directory, where it goes to the same account; ErrNoPassword
// where it does not. What the directory's mapping looks at is looked for too. What goes wrong at the directory stands in
// the report, and is no error here.
func (s *Service) Check(ctx context.Context, id uid.ID, st ldap.Settings, password *string) (r auth.Report, sample ldap.Sample, err error) {
	secret, d := "", Directory{}
	err = s.managing(ctx, func(ctx context.Context) (err error) {
		if id != uid.Nil {
			if d, err = s.keep.LDAPDirectory(ctx, id); err != nil {
				return err
			}
		}
		if err := st.Validate(); err != nil {
			return err
		}
		if password != nil {
			secret = *password
			return nil
		}
		if !d.Settings.V.LDAP.SameAccount(st) {
			return ErrNoPassword
		}
		secret, err = s.password(ctx, d)
		return err
	})
	if err != nil {
		return nil, sample, err
	}
	d.Settings.V.LDAP = st
	r, sample, err = s.ldap.Check(ctx, d.reading(), secret)
	if isUnavailable(err) {
		err = nil
	}
	return r, sample, err
}

// RequestSync asks for a run soon; a job does it (see Do). One that is off can be tried: DryRun. ErrDirectoryOff,
// ErrNoPassword. Event directory.sync_requested.
func (s *Service) RequestSync(ctx context.Context, id uid.ID, o Order) error {
	return s.managing(ctx, func(ctx context.Context) error {
		d, err := s.keep.LDAPDirectory(ctx, id)
		if err != nil {
			return err
		}
		if !d.HasSecret() {
			return ErrNoPassword
		}
		if d.Status == signon.StatusOff && !o.DryRun {
			return ErrDirectoryOff
		}
		o.By = nil
		if who, ok := auth.PrincipalFrom(ctx); ok {
			o.By = &who.PersonID
		}
		data := facts(d)
		data["dry_run"], data["confirmed"], data["by"] = o.DryRun, o.Confirmed, o.By
		return s.tell(ctx, "directory.sync_requested", "directory", id, data)
	})
}

// Run gives one run of a directory with all that it did; ErrRunNotFound.
func (s *Service) Run(ctx context.Context, directory, id uid.ID) (r Run, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		r, err = s.keep.DirectoryRun(ctx, directory, id)
		return err
	})
	return r, err
}

// Runs lists the last runs of a directory, the newest first; with whole their changes and report too.
func (s *Service) Runs(ctx context.Context, directory uid.ID, p page.Request, whole bool) (list page.Of[Run], err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if _, err := s.keep.LDAPDirectory(ctx, directory); err != nil {
			return err
		}
		list, err = s.keep.DirectoryRuns(ctx, directory, p, whole)
		return err
	})
	return list, err
}
