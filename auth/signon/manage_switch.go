package signon

import (
	"context"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// StatusChange is what switching a connection came to.
type StatusChange struct {
	Connection Connection
	// Unproven tells that the connection was turned on though nobody has signed in or tried successfully over it yet.
	Unproven bool
	// SignedOut is how many people it had signed in and who are signed out now, since it was switched off.
	SignedOut int
}

// SetStatus switches a connection. It needs connection:manage, and to turn it on or off one of the portal's own
// administrators. Turning on and dry runs demand complete settings; ErrConnectionRequired refuses to take away what people
// are made to use. Off ends the sessions that it opened, but that of who asks, on every process within 5 seconds. Events
// connection.status_changed with how many people that signed out, person.session_ended.
func (s *Service) SetStatus(ctx context.Context, id uid.ID, revision int, status Status) (out StatusChange, err error) {
	if !slices.Contains(Statuses(), status) {
		return out, fault.Invalid(map[string]string{"status": "Choose off, dry_run or on."})
	}
	err = s.within(ctx, id, func(ctx context.Context) error {
		was, err := s.Keep.ConnectionByID(ctx, id)
		if err != nil {
			return err
		}
		c := was
		if c.Status = status; c.Revision != revision {
			return ErrStaleRevision
		}
		if out.Connection = was; was.Status == status {
			return nil
		}
		if err := s.maySwitch(ctx, was, status); err != nil {
			return err
		}
		if status == StatusOn {
			if out.Unproven, err = s.unproven(ctx, id); err != nil {
				return err
			}
		}
		c.Revision, c.UpdatedAt = c.Revision+1, s.Now()
		if err := s.Keep.SetConnection(ctx, c, revision); err != nil {
			return err
		}
		out.Connection = c
		data := facts(c, nil)
		data["before"], data["after"] = was.Status, c.Status
		if status == StatusOff {
			if out.SignedOut, err = s.endAllOver(ctx, id); err != nil {
				return err
			}
			data["signed_out"] = out.SignedOut
		}
		return s.tell(ctx, "connection.status_changed", "connection", id, data)
	})
	if err == nil {
		s.turned(ctx)
	}
	return out, err
}

func (s *Service) maySwitch(ctx context.Context, was Connection, status Status) error {
	if status == StatusOn || was.Status == StatusOn {
		if err := s.decides(ctx); err != nil {
			return err
		}
	}
	if status != StatusOff {
		if err := was.Complete(); err != nil {
			return err
		}
	}
	if was.Status == StatusOn {
		return s.notRequired(ctx, was.ID)
	}
	return nil
}

func (s *Service) unproven(ctx context.Context, id uid.ID) (bool, error) {
	last, err := s.Keep.LastAttempts(ctx)
	if err != nil {
		return false, err
	}
	return last[id][OutcomeAdmitted].IsZero() && last[id][OutcomeDryRun].IsZero(), nil
}

// MoveConnection puts a connection at a place in the order of the buttons, from 0. It needs connection:manage. Event
// connection.changed with the field position.
func (s *Service) MoveConnection(ctx context.Context, id uid.ID, position int) error {
	if err := s.decides(ctx); err != nil {
		return err
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.Keep.LockConnections(ctx); err != nil {
			return err
		}
		all, err := s.Keep.SignOnConnections(ctx)
		if err != nil {
			return err
		}
		from := slices.IndexFunc(all, func(c Connection) bool { return c.ID == id })
		if from < 0 {
			return ErrConnectionNotFound
		}
		moved := all[from]
		position = min(max(position, 0), len(all)-1)
		if position == from {
			return nil
		}
		all = slices.Insert(slices.Delete(all, from, from+1), position, moved)
		for i, c := range all {
			if c.Position == i {
				continue
			}
			if err := s.Keep.SetConnectionPosition(ctx, c.ID, i); err != nil {
				return err
			}
		}
		return s.tell(ctx, "connection.changed", "connection", id, facts(moved, []string{"position"}))
	})
}

// Stakes is what hangs on a connection.
type Stakes struct {
	People      int      // linked to it
	OnlyWay     int      // of these, who have neither password nor passkey nor another connection
	Domains     []string // e-mail domains that lead to it
	Required    []string // of these, whose people must use it
	Directories int      // that belong to it
	SignedIn    int      // people whom it has signed in now
}

// Stakes tells what hangs on a connection, before it is deleted. It needs connection:manage.
func (s *Service) Stakes(ctx context.Context, id uid.ID) (st Stakes, err error) {
	err = s.within(ctx, id, func(ctx context.Context) error {
		if _, err := s.Keep.ConnectionByID(ctx, id); err != nil {
			return err
		}
		st, err = s.Keep.Stakes(ctx, id, s.Now())
		return err
	})
	return st, err
}

// notRequired is ErrConnectionRequired while a domain's people must use the connection: without it they could not sign in.
func (s *Service) notRequired(ctx context.Context, id uid.ID) error {
	st, err := s.Keep.Stakes(ctx, id, s.Now())
	if err != nil {
		return err
	}
	if len(st.Required) == 0 {
		return s.notTheLast(ctx, id)
	}
	return ErrConnectionRequired.Saying("People with an e-mail address at %s must use this connection, and could not sign in without it. Make it optional for them first.", strings.Join(st.Required, ", "))
}

// notTheLast is ErrConnectionRequired when the portal's rules, or a group's, make people use sign-on and no other
// connection is on.
func (s *Service) notTheLast(ctx context.Context, id uid.ID) error {
	rules, err := s.Keep.SignOnRules(ctx)
	if err != nil {
		return err
	}
	required := rules.Portal.Require == RequirementRequired || slices.ContainsFunc(rules.Groups, func(g GroupRule) bool { return g.Require == RequirementRequired })
	if !required {
		return nil
	}
	all, err := s.Keep.SignOnConnections(ctx)
	if err != nil {
		return err
	}
	this := slices.IndexFunc(all, func(c Connection) bool { return c.ID == id && c.Status == StatusOn })
	other := slices.IndexFunc(all, func(c Connection) bool { return c.ID != id && c.Status == StatusOn })
	if this >= 0 && other < 0 {
		return ErrConnectionRequired.Saying("The portal’s rules make people use sign-on, and this is the only connection that is on. Change the rules first, or switch another connection on.")
	}
	return nil
}

// DeleteConnection removes a connection with its trace, with who is linked to it, and with the sessions that it opened but
// that of who asks; the people and what they learned stay. The name must be typed as it stands. ErrConnectionRequired while people must use it. It needs connection:manage.
// Event connection.deleted.
func (s *Service) DeleteConnection(ctx context.Context, id uid.ID, typedName string) error {
	if err := s.decides(ctx); err != nil {
		return err
	}
	err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.Keep.ConnectionByID(ctx, id)
		if err != nil {
			return err
		}
		if strings.TrimSpace(typedName) != c.Name {
			return fault.Invalid(map[string]string{"confirm": "Type the connection's name exactly as it stands above."})
		}
		if err := s.notRequired(ctx, id); err != nil {
			return err
		}
		st, err := s.Keep.Stakes(ctx, id, s.Now())
		if err != nil {
			return err
		}
		if err := s.Keep.DeleteConnection(ctx, id); err != nil {
			return err
		}
		signedOut, err := s.endAllOver(ctx, id)
		if err != nil {
			return err
		}
		data := facts(c, nil)
		data["people"], data["signed_out"] = st.People, signedOut
		return s.tell(ctx, "connection.deleted", "connection", id, data)
	})
	if err == nil {
		s.turned(ctx)
	}
	return err
}

// endAllOver ends the sessions that a connection opened but that of who asks, and says how many people had one. The caller
// announces it. Event person.session_ended for each person.
func (s *Service) endAllOver(ctx context.Context, id uid.ID) (people int, err error) {
	who, _ := auth.PrincipalFrom(ctx)
	ended, err := s.Keep.EndSessionsOf(ctx, id, who.SessionID)
	if err != nil {
		return 0, err
	}
	met := map[uid.ID]bool{}
	for _, e := range ended {
		met[e.PersonID] = true
	}
	return len(met), s.tellEnded(ctx, id, ended)
}
