package themes_test

import (
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/themes"
)

func factorSpecimens(w *world) []specimen {
	p := w.people[0]
	used := now.Add(-5 * time.Hour)
	seed := auth.Seed{Text: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", URL: "otpauth://totp/Acme%20Tools:maya@acme.example?algorithm=SHA1&digits=6&issuer=Acme%20Tools&period=30&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Token: "sealed"}
	all := auth.Challenge{Person: p, TOTP: true, Passkey: true, Recovery: true}
	factors := []auth.Factor{
		{ID: id("f1"), Kind: auth.FactorPasskey, Name: "Laptop", CreatedAt: now.AddDate(0, -2, 0), LastUsedAt: &used, Data: auth.FactorData{Passkey: &auth.Passkey{BackupEligible: true}}},
		{ID: id("f2"), Kind: auth.FactorPasskey, Name: "Security key on my keyring", CreatedAt: now.AddDate(0, -1, 0), Data: auth.FactorData{Passkey: &auth.Passkey{}}},
		{ID: id("f3"), Kind: auth.FactorTOTP, Name: "Phone", CreatedAt: now.AddDate(0, -1, 0), LastUsedAt: &used},
		{ID: id("f5"), Kind: auth.FactorBrowser, Name: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", CreatedAt: now.AddDate(0, 0, -3), LastUsedAt: &used},
	}
	codes := func(n int) auth.Factor {
		return auth.Factor{ID: id("f4"), Kind: auth.FactorRecovery, CreatedAt: now, Data: auth.FactorData{Codes: make([][]byte, n)}}
	}
	sessions := []auth.Session{
		{ID: id("s1"), CreatedAt: now.AddDate(0, 0, -2), SeenAt: now, IP: "192.0.2.10", Proof: auth.Proof{Method: auth.MethodPassword, Factors: "pwd otp mfa"}, UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15"},
		{ID: id("s2"), CreatedAt: now.AddDate(0, 0, -12), SeenAt: now.Add(-5 * time.Hour), IP: "198.51.100.7", Proof: auth.Proof{Method: auth.MethodSAML}, ConnectionName: "Okta", UserAgent: "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36"},
		{ID: id("s3"), CreatedAt: now.AddDate(0, 0, -20), SeenAt: now.AddDate(0, 0, -3), IP: "2001:db8:1234:5678:9abc:def0:1234:5678", Proof: auth.Proof{Method: auth.MethodPasskey}, UserAgent: "curl/8"},
		{ID: id("s4"), CreatedAt: now.AddDate(0, 0, -21), SeenAt: now.AddDate(0, 0, -4), IP: "192.0.2.10", Proof: auth.Proof{Method: auth.MethodOIDC}},
		{ID: id("s5"), CreatedAt: now.AddDate(0, 0, -22), SeenAt: now.AddDate(0, 0, -5), IP: "192.0.2.10", Proof: auth.Proof{Method: auth.MethodLink}},
		{ID: id("s6"), CreatedAt: now.AddDate(0, 0, -23), SeenAt: now.AddDate(0, 0, -6), IP: "192.0.2.10", Proof: auth.Proof{Method: auth.MethodPassword, Factors: "pwd"}},
	}
	var recovery []string
	for i := range 10 {
		recovery = append(recovery, fmt.Sprintf("k3v9-q2t7-m2x%d-c5b4", i%8))
	}
	form := themes.RulesForm{From: map[policy.Role]string{policy.Owner: "2026-12-01", policy.Admin: "2026-12-01"}, Grace: "14", Idle: "20160", Lifetime: "129600", Remember: "30", StepUp: "15", FactorSignOn: true, Revision: 3}
	counts := []auth.FactorCount{{Role: policy.Admin, People: 3, Without: 2}, {Role: policy.Learner, People: 1240, Without: 1190}, {Role: policy.Owner, People: 1}}
	nobody := form
	nobody.From, nobody.Idle, nobody.SessionsMax = nil, "25", "3"
	wrong := nobody
	wrong.Grace, wrong.PasswordOff = "many", true
	roles := append(policy.BuiltInRoles(), "auditor")
	ways := auth.StepUpWays{Password: true, TOTP: true, Passkey: true, Recovery: true}
	person := themes.PersonPage{Person: w.people[1], Roles: policy.BuiltInRoles(), Chosen: w.people[1].Roles, Factors: append(factors, codes(9))}
	account := w.portal("/account/security", learnerMay())
	return []specimen{
		{"factor", w.stranger("/signin/factor"), themes.FactorPage{Challenge: all, RememberDays: 30, Next: "/courses"}},
		{"factor-wrong", w.stranger("/signin/factor"), themes.FactorPage{Challenge: auth.Challenge{Person: p, TOTP: true, Recovery: true}, Remember: true, RememberDays: 1, Problem: auth.ErrFactorWrong}},
		{"factor-passkey", w.stranger("/signin/factor"), themes.FactorPage{Challenge: auth.Challenge{Person: p, Passkey: true}}},
		{"enrol", w.stranger("/signin/factor/enrol"), themes.EnrolPage{Challenge: auth.Challenge{Person: p, Enrol: true, SkipUntil: now.AddDate(0, 0, 7)}, Seed: seed}},
		{"enrol-wrong", w.stranger("/signin/factor/enrol"), themes.EnrolPage{Challenge: auth.Challenge{Person: p, Enrol: true}, Seed: seed, Problem: refused(map[string]string{"code": "This code is not right. Check that your phone's clock is, and type the six digits that the app shows now."})}},
		{"security", account, themes.SecurityPage{Person: p, Factors: append(factors, codes(9)), Sessions: sessions, CurrentSession: id("s1")}},
		{"security-few", account, themes.SecurityPage{Person: p, Factors: append(factors[:1:1], codes(2)), Sessions: sessions[:1], CurrentSession: id("s1"), Problem: auth.ErrFactorRequired}},
		{"security-no-codes", account, themes.SecurityPage{Person: p, Factors: factors[:1], Sessions: sessions[:1], CurrentSession: id("s1")}},
		{"security-none", account, themes.SecurityPage{Person: p, Sessions: sessions[:1], CurrentSession: id("s1")}},
		{"app", w.portal("/account/security/totp", learnerMay()), themes.AppPage{Seed: seed, Name: "Phone"}},
		{"app-wrong", w.portal("/account/security/totp", learnerMay()), themes.AppPage{Seed: seed, Name: "Phone", Problem: refused(map[string]string{"code": "This code is not right. Check that your phone's clock is, and type the six digits that the app shows now."})}},
		{"recovery", w.portal("/account/security/recovery", learnerMay()), themes.RecoveryPage{}},
		{"recovery-left", w.portal("/account/security/recovery", learnerMay()), themes.RecoveryPage{Left: 1, Next: "/courses"}},
		{"recovery-codes", w.portal("/account/security/recovery", learnerMay()), themes.RecoveryPage{Codes: recovery, Portal: "https://acme.lyceum.example"}},
		{"recovery-no-factor", w.portal("/account/security/recovery", learnerMay()), themes.RecoveryPage{Problem: auth.ErrNoFactor}},
		{"step-up", w.portal("/step-up", may()), themes.StepUpPage{Action: "/step-up", Next: "/people", Ways: ways}},
		{"step-up-kept", w.portal("/step-up/x", may()), themes.StepUpPage{Action: "/step-up/x", Back: "/people/x", Ways: auth.StepUpWays{Password: true}, Problem: refused(map[string]string{"password": "This is not your password."})}},
		{"step-up-company", w.portal("/step-up/x", may()), themes.StepUpPage{Action: "/step-up/x", Back: "/people/x", SignOnTo: "/sso/start/x?purpose=step_up"}},
		{"step-up-proven", w.portal("/step-up/x", may()), themes.StepUpPage{Action: "/step-up/x", Back: "/people/x", Proven: true}},
		{"step-up-none", w.portal("/step-up", may()), themes.StepUpPage{Action: "/step-up"}},
		{"rules", w.portal("/settings/security", may()), themes.RulesPage{Form: form, Roles: roles, Counts: counts, MayName: true}},
		{"rules-preview", w.portal("/settings/security", may()), themes.RulesPage{Form: form, Roles: roles, Counts: counts, MayName: true, Previewed: true, Asked: listOf(w.people[0], w.people[1])}},
		{"rules-preview-done", w.portal("/settings/security", may()), themes.RulesPage{Form: form, Roles: roles, Counts: counts, MayName: true, Previewed: true}},
		{"rules-preview-nobody", w.portal("/settings/security", may()), themes.RulesPage{Form: nobody, Roles: roles, Counts: counts, MayName: true, Previewed: true}},
		{"rules-preview-unnamed", w.portal("/settings/security", may()), themes.RulesPage{Form: form, Roles: roles, Counts: counts, Previewed: true}},
		{"rules-wrong", w.portal("/settings/security", may()), themes.RulesPage{Form: wrong, Roles: roles, Counts: counts, Problem: refused(map[string]string{"grace_days": "Enter a whole number.", "idle_minutes": "Choose 5 minutes to 90 days.", "factor_from": "Choose a day from the calendar.", "password_off": "Nobody could sign in any more. First let an owner add a passkey, or sign in with your company account."})}},
		{"person-factors", w.portal("/people/x", may()), person},
	}
}
