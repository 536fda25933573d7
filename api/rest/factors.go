package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// factor is one second factor.
type factor struct {
	ID         uid.ID          `json:"id"`
	Kind       auth.FactorKind `json:"kind" enum:"totp,passkey,recovery,browser" doc:"An authenticator app, a passkey, the recovery codes (all in one), or a browser that is spared the second factor for a while."`
	Name       string          `json:"name"`
	CodesLeft  *int            `json:"codes_left,omitempty" doc:"How many recovery codes are left."`
	Synced     *bool           `json:"synced,omitempty" doc:"The passkey is kept in an account and comes along to new devices."`
	CreatedAt  time.Time       `json:"created_at"`
	LastUsedAt *time.Time      `json:"last_used_at,omitempty"`
}

// totpSeed is what an authenticator app is given once.
type totpSeed struct {
	Secret string `json:"secret" doc:"The key in base32, to be typed."`
	URI    string `json:"uri" doc:"The same as an otpauth address, to be shown as a QR code."`
	Token  string `json:"token" doc:"Give it back with the first code, within 30 minutes. Nothing is kept until then."`
}

// totpConfirmation is an app's first code.
type totpConfirmation struct {
	Token string `json:"token"`
	Code  string `json:"code" example:"492039" doc:"The six digits that the app shows now."`
	Name  string `json:"name,omitempty" example:"Phone"`
}

// recoveryCodes are shown once.
type recoveryCodes struct {
	Codes []string `json:"codes" doc:"Each works once, in place of a second factor. They are shown this once."`
}

type totpSeedOut struct{ Body totpSeed }

type totpConfirmationIn struct{ Body totpConfirmation }

type factorOut struct{ Body factor }

type recoveryCodesOut struct{ Body recoveryCodes }

type factorIn struct {
	ID uid.ID `path:"factor" doc:"The factor's id."`
}

// rules are the portal's rules for sessions and second factors.
type rules struct {
	FactorFrom      map[policy.Role]time.Time `json:"factor_from" doc:"By role, when its people are asked for a second factor first. A role that is left out needs none."`
	GraceDays       int                       `json:"grace_days" doc:"For how many days people can put it off, from then or from when they came. 0 to 90."`
	FactorSignOn    bool                      `json:"factor_sign_on" doc:"Asks those too whom an identity provider vouched for, unless it says that it did (RFC 8176 mfa)."`
	IdleMinutes     int                       `json:"idle_minutes" doc:"How long a session lasts without use, 5 minutes to 90 days. Shorter times hold for running sessions too."`
	LifetimeMinutes int                       `json:"lifetime_minutes" doc:"How long a session lasts at all, 1 hour to 90 days."`
	SessionsMax     int                       `json:"sessions_max" doc:"How many sessions a person has at once; one more ends the oldest. 0 is no limit."`
	RememberDays    int                       `json:"remember_days" doc:"For how many days a browser may be spared the second factor. 0 is never."`
	StepUpMinutes   int                       `json:"step_up_minutes" doc:"How long a proof is fresh for what is dangerous, 1 minute to 24 hours."`
	PasswordOff     bool                      `json:"password_off" doc:"No passwords are taken at sign-in. Needs an owner with a passkey."`
	Revision        *int                      `json:"revision,omitempty" doc:"Counts the changes. A change names the revision it was made on, here or as If-Match."`
}

type securityRulesOut struct {
	ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
	Body rules
}

type rulesIn struct {
	AtRevision
	Body rules
}

func (a *api) factorOperations() {
	self := route.For(policy.PersonSelf)
	on(a, operation{
		method: get, path: "/me/factors", id: "list-my-factors", tag: tagSecurity, need: self,
		summary: "One's own second factors, the oldest first",
	}, func(ctx context.Context, _ *nothing) (*pageOut[factor], error) {
		factors, err := a.Auth.Factors(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, factors, showFactor), nil
	})
	on(a, operation{
		method: post, path: "/me/factors/totp", id: "begin-my-totp", tag: tagSecurity, need: self, fresh: true, status: 200,
		summary: "Begin to add an authenticator app",
		about:   "It is added by confirming its first code. An API key cannot do this: it needs a session. Passkeys are made in the browser, in the portal.",
		fails:   faults{auth.ErrKeyChangesFactors},
	}, func(ctx context.Context, _ *nothing) (*totpSeedOut, error) {
		seed, err := a.Auth.BeginTOTP(ctx)
		if err != nil {
			return nil, err
		}
		return &totpSeedOut{totpSeed{Secret: seed.Text, URI: seed.URL, Token: seed.Token}}, nil
	})
	on(a, operation{
		method: post, path: "/me/factors/totp/confirm", id: "confirm-my-totp", tag: tagSecurity, need: self, fresh: true, status: 201,
		summary: "Add an authenticator app by its first code",
		fails:   faults{auth.ErrKeyChangesFactors, auth.ErrSeedOver, auth.ErrTooManyFactors},
	}, func(ctx context.Context, in *totpConfirmationIn) (*factorOut, error) {
		f, err := a.Auth.ConfirmTOTP(ctx, in.Body.Token, in.Body.Code, in.Body.Name)
		if err != nil {
			return nil, err
		}
		return &factorOut{showFactor(&f)}, nil
	})
	on(a, operation{
		method: post, path: "/me/factors/recovery-codes", id: "make-my-recovery-codes", tag: tagSecurity, need: self, fresh: true, status: 201,
		summary: "Make ten new recovery codes",
		about:   "Those from before are void.",
		fails:   faults{auth.ErrKeyChangesFactors, auth.ErrNoFactor},
	}, func(ctx context.Context, _ *nothing) (*recoveryCodesOut, error) {
		codes, err := a.Auth.MakeRecoveryCodes(ctx)
		if err != nil {
			return nil, err
		}
		return &recoveryCodesOut{recoveryCodes{codes}}, nil
	})
	on(a, operation{
		method: del, path: "/me/factors/{factor}", id: "remove-my-factor", tag: tagSecurity, need: self, fresh: true,
		summary: "Remove a second factor",
		about:   "With the last one go the recovery codes and the remembered browsers.",
		fails:   faults{auth.ErrKeyChangesFactors, auth.ErrFactorNotFound, auth.ErrFactorRequired},
	}, func(ctx context.Context, in *factorIn) (*nothing, error) {
		return nil, a.Auth.RemoveFactor(ctx, in.ID)
	})
	on(a, operation{
		method: del, path: "/people/{person}/factors", id: "reset-factors", tag: tagSecurity, need: route.For(policy.PersonManage), fresh: true,
		summary: "Take all second factors of a person away",
		about:   "For those who lost them. The person is told by e-mail.",
		fails:   faults{auth.ErrPersonNotFound, auth.ErrOwnersOnly, auth.ErrRoleExceeds},
	}, func(ctx context.Context, in *personIn) (*nothing, error) {
		return nil, a.Auth.ResetFactors(ctx, in.ID)
	})
	a.ruleOperations()
}

func (a *api) ruleOperations() {
	on(a, operation{
		method: get, path: "/settings/security", id: "get-security-rules", tag: tagSecurity, need: route.For(policy.SecurityManage),
		summary: "The rules for sessions and second factors",
	}, func(ctx context.Context, _ *nothing) (*securityRulesOut, error) {
		r, err := a.Auth.SecurityRules(ctx)
		if err != nil {
			return nil, err
		}
		return showRules(r), nil
	})
	on(a, operation{
		method: put, path: "/settings/security", id: "update-security-rules", tag: tagSecurity, need: route.For(policy.SecurityManage), fresh: true,
		summary: "Change the rules for sessions and second factors",
		about:   "All rules are given. Shorter times end running sessions within seconds.",
		fails:   faults{auth.ErrRulesChanged},
	}, func(ctx context.Context, in *rulesIn) (*securityRulesOut, error) {
		if err := auth.Require(ctx, policy.SecurityManage); err != nil {
			return nil, err
		}
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		r, err := a.Auth.SetSecurityRules(ctx, in.Body.at(at))
		if err != nil {
			return nil, err
		}
		return showRules(r), nil
	})
}

// at is the rules to save on a revision.
func (r rules) at(revision int) auth.SecurityRules {
	return auth.SecurityRules{
		Revision: revision, FactorFrom: r.FactorFrom, GraceDays: r.GraceDays, FactorSignOn: r.FactorSignOn, IdleMinutes: r.IdleMinutes,
		LifetimeMinutes: r.LifetimeMinutes, SessionsMax: r.SessionsMax, RememberDays: r.RememberDays, StepUpMinutes: r.StepUpMinutes, PasswordOff: r.PasswordOff,
	}
}

func showRules(r auth.SecurityRules) *securityRulesOut {
	from := make(map[policy.Role]time.Time, len(r.FactorFrom))
	for role, day := range r.FactorFrom {
		from[role] = utc(day)
	}
	return &securityRulesOut{ETag: etag(r.Revision), Body: rules{
		FactorFrom: from, GraceDays: r.GraceDays, FactorSignOn: r.FactorSignOn, IdleMinutes: r.IdleMinutes, LifetimeMinutes: r.LifetimeMinutes,
		SessionsMax: r.SessionsMax, RememberDays: r.RememberDays, StepUpMinutes: r.StepUpMinutes, PasswordOff: r.PasswordOff, Revision: &r.Revision,
	}}
}

func showFactor(f *auth.Factor) factor {
	out := factor{ID: f.ID, Kind: f.Kind, Name: f.Name, CreatedAt: utc(f.CreatedAt), LastUsedAt: utcOrNone(f.LastUsedAt)}
	if f.Kind == auth.FactorRecovery {
		n := len(f.Data.Codes)
		out.CodesLeft = &n
	}
	if f.Data.Passkey != nil {
		out.Synced = &f.Data.Passkey.BackupEligible
	}
	return out
}
