package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// shownConnection reads a connection and shows it.
func (a *api) shownConnection(ctx context.Context, id uid.ID) (connection, error) {
	c, h, err := a.SignOn.ConnectionHealth(ctx, id)
	if err != nil {
		return connection{}, err
	}
	return showConnection(c, h)
}

func showConnection(c signon.Connection, h signon.Health) (connection, error) {
	settings := map[string]any{}
	if len(c.Settings) > 0 {
		if err := json.Unmarshal(c.Settings, &settings); err != nil {
			return connection{}, fmt.Errorf("settings of connection %s: %w", c.ID, err)
		}
	}
	product := c.Product
	if product == "" {
		product = signon.ProductOther
	}
	out := connection{
		ID: c.ID, Kind: c.Kind, Product: product, Name: c.Name, Status: c.Status, Position: c.Position, Settings: settings, HasSecret: c.HasSecret(),
		Mapping: []mappingRule{}, RoleRules: roleRules{Rules: []roleRule{}, Default: c.RoleRules.V.Default}, Admission: connectionAdmission(c.Admission.V), Revision: c.Revision,
		CheckedAt: utcOrNone(c.CheckedAt), Problem: c.Problem, CreatedAt: utc(c.CreatedAt), UpdatedAt: utc(c.UpdatedAt),
		Health: health{
			LastAdmitted: unlessZero(h.LastAdmitted), LastRefused: unlessZero(h.LastRefused), LastDryRun: unlessZero(h.LastTried), EndsAt: unlessZero(h.Ends), Incomplete: h.Missing,
		},
	}
	for _, r := range c.Mapping.V {
		out.Mapping = append(out.Mapping, mappingRule{Field: r.Field, From: listed(r.From)})
	}
	for _, r := range c.RoleRules.V.Rules {
		out.RoleRules.Rules = append(out.RoleRules.Rules, roleRule(r))
	}
	return out, nil
}

// unlessZero gives a time where there is one.
func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return utcOrNone(&t)
}

func showSignOnAttempt(at *signon.Attempt) signOnAttempt {
	r := at.Result.V
	out := signOnAttempt{
		ID: at.ID, Number: signon.Number(at.ID), Outcome: at.Outcome, Reason: at.Reason, PersonID: at.PersonID, Subject: at.Subject, IP: at.IP,
		Checks: make([]check, len(at.Checks.V)), Claims: map[string][]string{}, Groups: listed(r.Groups), Role: r.Role, Effect: r.Effect, At: utc(at.At),
	}
	for i, c := range at.Checks.V {
		out.Checks[i] = check{Name: c.Name, OK: c.OK, Detail: c.Detail}
	}
	for name, values := range at.Claims.V {
		out.Claims[name] = listed(values)
	}
	return out
}

func showFinding(f *signon.Finding) finding {
	return finding{Verdict: f.Prospect, Code: f.Code, Name: f.Name, Until: unlessZero(f.Until), Signed: f.Signed}
}

// packSettings gives settings as they are kept; none are none.
func packSettings(settings map[string]any) (signon.Raw, error) {
	if settings == nil {
		return nil, nil
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("write settings: %w", err)
	}
	return raw, nil
}

// mappingOf gives rules as the domain has them; none are none.
func mappingOf(rules []mappingRule) auth.Mapping {
	var m auth.Mapping
	if rules != nil {
		m = auth.Mapping{}
	}
	for _, r := range rules {
		m = append(m, auth.FieldRule(r))
	}
	return m
}

func (r roleRules) rules() auth.RoleRules {
	out := auth.RoleRules{Default: r.Default}
	for _, one := range r.Rules {
		out.Rules = append(out.Rules, auth.RoleRule(one))
	}
	return out
}

// change is what was asked, as the domain has it.
func (c connectionChange) change() (out signon.Change, err error) {
	out = signon.Change{Name: c.Name, Product: c.Product, Secret: c.Secret, Mapping: mappingOf(c.Mapping)}
	if out.Settings, err = packSettings(c.Settings); err != nil {
		return out, err
	}
	if c.RoleRules != nil {
		rules := c.RoleRules.rules()
		out.Rules = &rules
	}
	if c.Admission != nil {
		a := signon.Admission(*c.Admission)
		out.Admission = &a
	}
	return out, nil
}
