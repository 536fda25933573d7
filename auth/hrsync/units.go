package hrsync

import (
	"context"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/internal/uid"
)

// unit makes, changes, opens or closes a unit, by the rules of auth/org.
func (s *Service) unit(ctx context.Context, _ Source, r *Row) error {
	id := *r.UnitID
	switch r.Outcome {
	case OutcomeLeave:
		return s.Org.CloseUnit(ctx, id)
	case OutcomeCreate:
		in := org.UnitInput{ID: id}
		for _, d := range r.Changes {
			setUnit(&in, d)
		}
		_, err := s.Org.AddUnit(ctx, in)
		return err
	case OutcomeReturn:
		if err := s.Org.OpenUnit(ctx, id); err != nil {
			return err
		}
	}
	u, err := s.Org.Unit(ctx, id)
	if err != nil {
		return err
	}
	in, changed := org.UnitInput{Kind: u.Kind, Name: u.Name, Code: u.Code, Parent: u.ParentID}, false
	for _, d := range r.Changes {
		text, at := unitSays(u, d.Field)
		switch {
		case unitIs(d.Field, text, at, d.New, d.NewID):
		case !unitIs(d.Field, text, at, d.Old, d.OldID):
			return errMoved.With(d.Field, errMoved.Text)
		default:
			setUnit(&in, d)
			changed = true
		}
	}
	if changed {
		_, err = s.Org.ChangeUnit(ctx, id, u.Revision, in)
	}
	return err
}

func setUnit(in *org.UnitInput, d Diff) {
	switch d.Field {
	case FieldKind:
		in.Kind = org.UnitKind(d.New)
	case auth.FieldName:
		in.Name = d.New
	case FieldCode:
		in.Code = d.New
	case FieldParent:
		if in.Parent = nil; d.NewID != uid.Nil {
			in.Parent = &d.NewID
		}
	}
}

// unitSays is what a field of a unit says now.
func unitSays(u org.Unit, field string) (string, uid.ID) {
	switch field {
	case FieldKind:
		return string(u.Kind), uid.Nil
	case FieldCode:
		return u.Code, uid.Nil
	case FieldParent:
		if u.ParentID != nil {
			return "", *u.ParentID
		}
		return "", uid.Nil
	}
	return u.Name, uid.Nil
}

func unitIs(field, text string, id uid.ID, wantText string, wantID uid.ID) bool {
	if field == FieldParent {
		return id == wantID
	}
	return text == wantText
}
