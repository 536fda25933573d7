package themes_test

import (
	"fmt"

	"lyceum/auth"
	"lyceum/auth/act"
	"lyceum/internal/page"
	"lyceum/themes"
)

func consoleSpecimens(w *world) []specimen {
	seed := auth.Seed{Text: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", URL: "otpauth://totp/Lyceum%20operators:olga@lyceum.example?algorithm=SHA1&digits=6&issuer=Lyceum%20operators&period=30&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Token: "sealed"}
	operator := w.platform("/operator/security")
	operator.Operator = &auth.Operator{ID: id("op"), Name: "Olga Petrova", Email: "operator@lyceum.example", Role: auth.OperatorAdmin}
	demo := w.platform("/operator/signin/code")
	demo.DevMail = true
	var recovery []string
	for i := range 10 {
		recovery = append(recovery, fmt.Sprintf("k3v9-q2t7-m2x%d-c5b4", i%8))
	}
	wrong := refused(map[string]string{"code": "This code is not right. Check that your phone's clock is, and type the six digits that the app shows now."})
	who, about := id("op"), id("tenant")
	acts := page.Of[act.Act]{Next: "x", Items: []act.Act{
		{Seq: 9, ID: id("a9"), ActorKind: "operator", ActorID: &who, ActorName: "Olga Petrova", Action: "tenant.suspended", TenantID: &about, TenantSlug: "acme", Data: `{"slug": "acme", "reason": "Unpaid since March."}`, At: now, Hash: []byte("hash")},
		{Seq: 8, ID: id("a8"), ActorKind: "command_line", Action: "something.new", Data: `{}`, At: now, Hash: []byte("hash")},
		{Seq: 7, ID: id("a7"), ActorKind: "system", Action: "audit.anchored", TenantSlug: "gone", Data: `{"seq": 4}`, At: now, Hash: []byte("hash")},
	}}
	all := []auth.Operator{*operator.Operator}
	reader := operator
	reader.Operator = &auth.Operator{ID: id("op2"), Name: "Rita Read", Email: "rita@lyceum.example", Role: auth.OperatorReader}
	colleague := auth.Operator{ID: id("op3"), Name: "Otto Ops", Email: "otto@lyceum.example", Role: auth.OperatorRunner, TOTPSealed: []byte("sealed")}
	gone := colleague
	gone.ID, gone.DeactivatedAt = id("op4"), &now
	invited := auth.OperatorInvitation{ID: id("inv"), Email: "nina@lyceum.example", Name: "Nina New", Role: auth.OperatorReader, ByName: "Olga Petrova", ExpiresAt: now.AddDate(0, 0, 3)}
	return []specimen{
		{"operators", operator, themes.OperatorsPage{Operators: []auth.Operator{*operator.Operator, colleague, gone}, Invitations: []auth.OperatorInvitation{invited}, Form: auth.InviteOperator{Role: auth.OperatorRunner}}},
		{"operators-link", operator, themes.OperatorsPage{Operators: all, Link: "https://lyceum.example/operator/join/k3v9q2t7m2x1c5b4"}},
		{"operators-wrong", operator, themes.OperatorsPage{Operators: all, Form: auth.InviteOperator{Email: "nina", Role: auth.OperatorAdmin}, Problem: refused(map[string]string{"email": "Enter an e-mail address, for example “anna@example.com”."})}},
		{"operator", operator, themes.OperatorPage{Operator: colleague, Role: colleague.Role}},
		{"operator-gone", operator, themes.OperatorPage{Operator: gone, Role: gone.Role}},
		{"operator-last", operator, themes.OperatorPage{Operator: *operator.Operator, Role: auth.OperatorAdmin, Problem: auth.ErrLastAdmin}},
		{"operator-join", w.platform("/operator/join/x"), themes.OperatorJoinPage{Invitation: invited}},
		{"acts-reader", reader, themes.ActsPage{Acts: acts, Operators: all}},
		{"acts", operator, themes.ActsPage{Acts: acts, Operators: all}},
		{"acts-none", operator, themes.ActsPage{Form: themes.ActsForm{Action: "tenant.*", Who: who.String(), Tenant: "acme", From: "2026-01-01", Until: "2026-02-01"}, Operators: all}},
		{"acts-check", operator, themes.ActsCheckPage{Found: act.Checked{Entries: 9, Head: "00ff", At: now}}},
		{"acts-broken", operator, themes.ActsCheckPage{Found: act.Checked{Entries: 9, Head: "00ff", At: now, Broken: act.ErrBroken.Saying("Entry %d of the log of acts was changed after it was written.", 4)}}},
		{"operator-code", w.platform("/operator/signin/code"), themes.OperatorCodePage{Next: "/operator", Problem: auth.ErrFactorWrong}},
		{"operator-code-demo", demo, themes.OperatorCodePage{}},
		{"operator-enrol", w.platform("/operator/signin/app"), themes.OperatorEnrolPage{Seed: seed, Next: "/operator"}},
		{"operator-enrol-wrong", w.platform("/operator/signin/app"), themes.OperatorEnrolPage{Seed: seed, Problem: wrong}},
		{"operator-codes", operator, themes.OperatorCodesPage{Codes: recovery, Next: "/operator", Platform: "https://lyceum.example"}},
		{"operator-security", operator, themes.OperatorSecurityPage{Seed: seed, Left: 9}},
		{"operator-security-wrong", operator, themes.OperatorSecurityPage{Seed: seed, Problem: wrong}},
		{"operator-step-up", operator, themes.OperatorStepUpPage{Kept: "sealed", Back: "/operator/tenants/acme"}},
		{"operator-step-up-wrong", operator, themes.OperatorStepUpPage{Kept: "sealed", Back: "/operator/tenants/acme", Problem: auth.ErrFactorWrong}},
		{"authenticator", demo, themes.AuthenticatorPage{Email: "operator@lyceum.example", Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Code: "123456", Seconds: 12}},
		{"authenticator-used", demo, themes.AuthenticatorPage{Email: "operator@lyceum.example", Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Seconds: 1}},
	}
}
