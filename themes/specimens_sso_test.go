package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/themes"
)

func ssoSpecimens(w *world) []specimen {
	acme := signon.Connection{ID: id("connection"), Kind: auth.ProtocolSAML, Name: "Acme Login"}
	person := w.people[1]
	link := signon.FirstLink{Person: person, Connection: acme.Name, HasPassword: true}
	fresh, mailed := link, link
	fresh.HasPassword, mailed.ByMail = false, true
	wrong := fault.New(fault.KindUnauthenticated, "wrong_credentials", "E-mail or password is not right. Check both, or reset your password.")
	tried := func(reason, effect string, checks auth.Report) signon.Tried {
		a := signon.Attempt{ID: id("attempt " + effect), ConnectionID: acme.ID, Outcome: signon.OutcomeDryRun, Reason: reason, Checks: signon.JSON[auth.Report]{V: checks}}
		a.Result.V = signon.Result{
			Profile: auth.Profile{Email: "jonas@acme.example", Name: "Jonas Albrecht", Attributes: auth.Attributes{"department": "Assembly", "employee_number": "4711"}},
			Groups:  []string{"Assembly", "Safety officers"}, Role: policy.Learner, Effect: effect,
		}
		return signon.Tried{Attempt: a, Connection: acme}
	}
	refusedChecks := auth.Report{{Name: "signature", OK: true}, {Name: signon.ReasonDomainUnverified, Detail: "the domain acme.example is not verified for this portal, and this connection makes accounts at verified ones only"}}
	form := signon.Departure{Action: "https://login.acme.example/sso", Fields: []signon.Field{{Name: "SAMLRequest", Value: "PHNhbWxwOkF1dGhuUmVxdWVzdD4="}, {Name: "RelayState", Value: "s3cr3t"}}}
	again := "/sso/start/" + acme.ID.String()
	return []specimen{
		{"sso-leave", w.stranger(again), themes.SSOLeavePage{Departure: signon.Departure{URL: "https://login.acme.example/authorize?client_id=lyceum&state=s3cr3t"}}},
		{"sso-leave-form", w.stranger(again), themes.SSOLeavePage{Departure: form}},
		{"sso-continue", w.stranger("/sso/finish/s3cr3t"), themes.SSOContinuePage{Waiting: signon.Waiting{Name: person.Name, Email: person.Email, Connection: acme.Name}, Here: "/sso/finish/s3cr3t"}},
		{"sso-continue-other", w.portal("/sso/finish/s3cr3t", learnerMay()), themes.SSOContinuePage{Waiting: signon.Waiting{Email: person.Email, Connection: acme.Name}, As: "Maya Chen", Here: "/sso/finish/s3cr3t"}},
		{"sso-confirm", w.stranger("/sso/confirm/s3cr3t"), themes.SSOConfirmPage{Link: link, Token: "s3cr3t"}},
		{"sso-confirm-wrong", w.stranger("/sso/confirm/s3cr3t"), themes.SSOConfirmPage{Link: link, Token: "s3cr3t", Problem: wrong}},
		{"sso-confirm-no-password", w.stranger("/sso/confirm/s3cr3t"), themes.SSOConfirmPage{Link: fresh, Token: "s3cr3t", Problem: signon.ErrTooManyMails}},
		{"sso-confirm-sent", w.stranger("/sso/confirm/s3cr3t"), themes.SSOConfirmPage{Link: link, Token: "s3cr3t", Sent: true}},
		{"sso-confirm-mailed", w.stranger("/sso/confirm/s3cr3t"), themes.SSOConfirmPage{Link: mailed, Token: "s3cr3t"}},
		{"sso-refused", w.stranger("/sso/oidc/callback"), themes.SSORefusedPage{Fault: auth.ErrSignOnRefused, Number: "7F3A-91C2", Connection: acme.Name, Again: again}},
		{"sso-refused-deactivated", w.stranger("/sso/oidc/callback"), themes.SSORefusedPage{Fault: signon.ErrDeactivated, Number: "7F3A-91C2", Connection: acme.Name, Again: again}},
		{"sso-refused-over", w.stranger("/sso/oidc/callback"), themes.SSORefusedPage{Fault: signon.ErrHandshakeOver}},
		{"sso-tried-created", w.portal("/sso/finish/s3cr3t", may()), themes.SSOTriedPage{Tried: tried("", signon.EffectCreated, nil), ReturnTo: "/settings/sign-on"}},
		{"sso-tried-confirm", w.portal("/sso/finish/s3cr3t", may()), themes.SSOTriedPage{Tried: tried("", signon.EffectConfirm, nil)}},
		{"sso-tried-linked", w.portal("/sso/finish/s3cr3t", may()), themes.SSOTriedPage{Tried: tried("", signon.EffectLinked, nil)}},
		{"sso-tried-signed-in", w.portal("/sso/finish/s3cr3t", may()), themes.SSOTriedPage{Tried: tried("", signon.EffectSignedIn, nil)}},
		{"sso-tried-refused", w.portal("/sso/finish/s3cr3t", may()), themes.SSOTriedPage{Tried: tried(signon.ReasonDomainUnverified, "", refusedChecks)}},
		{"sso-tried-stranger", w.stranger("/sso/finish/s3cr3t"), themes.SSOTriedPage{Tried: tried(signon.ReasonDomainUnverified, "", refusedChecks)}},
		{"sso-password", w.stranger("/sso/ldap/x"), themes.SSOPasswordPage{Connection: "Acme directory", Here: "/sso/ldap/x?next=%2Fcourses"}},
		{"sso-password-test", w.portal("/sso/ldap/x", may()), themes.SSOPasswordPage{Connection: "Acme directory", Form: themes.SSOPasswordForm{Login: "jonas"}, Test: true, Problem: wrong, Here: "/sso/ldap/x?test=1"}},
	}
}

func linkedAccounts(w *world) []signon.LinkedAccount {
	account := func(subject, connection string, by signon.LinkedBy) signon.LinkedAccount {
		return signon.LinkedAccount{Connection: connection, Identity: signon.Identity{
			ID: id(subject), PersonID: w.people[1].ID, Subject: subject, LinkedBy: by, LinkedAt: now.AddDate(0, -2, 0), SeenAt: now.Add(-3 * time.Hour),
		}}
	}
	return []signon.LinkedAccount{
		account("jonas@acme.example", "Acme Login", signon.LinkedByProof), account("00u1a2b3c4d5e6f7g8h9", "Acme Okta", signon.LinkedByJIT), account("d9428888-122b-11e1-b85c-61cd3cbb3210", "Entra ID", signon.LinkedByDirectory),
	}
}
