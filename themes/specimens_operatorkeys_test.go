package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/tenant"
	"lyceum/tenant/broadcast"
	"lyceum/themes"
)

func operatorKeySpecimens(w *world) []specimen {
	view := w.platform("/operator/keys")
	view.Operator = &auth.Operator{ID: id("op"), Name: "Olga Petrova", Email: "operator@lyceum.example", Role: auth.OperatorAdmin}
	used, gone := now.Add(-5*time.Minute), now.AddDate(0, 0, -3)
	orders := auth.OperatorKey{
		ID: id("k1"), Name: "Order system", Prefix: "lyo_k3v9q2", Scopes: "read manage billing", CreatedAt: now.AddDate(0, -1, 0), ExpiresAt: now.AddDate(0, 2, 0), LastUsedAt: &used, LastIP: "203.0.113.7",
		OperatorName: "Olga Petrova", OperatorRole: auth.OperatorAdmin, OperatorActive: true,
	}
	watch, old, revoked := orders, orders, orders
	watch.ID, watch.Name, watch.Scopes, watch.LastUsedAt, watch.LastIP, watch.OperatorName, watch.OperatorActive = id("k2"), "Monitoring", "read", nil, "", "Nina Novak", false
	old.ID, old.Name, old.Scopes, old.ExpiresAt = id("k3"), "Migration of the old platform, first attempt in autumn", "read manage billing delete", now.AddDate(0, 0, -1)
	revoked.ID, revoked.Name, revoked.RevokedAt = id("k4"), "Test", &gone
	form := themes.OperatorKeyForm{Days: "90"}
	wrong := refused(map[string]string{"name": "Enter a name.", "scopes": "You may not give more than you may do yourself."})
	acme := tenant.Tenant{ID: id("t1"), Slug: "acme", Name: "Acme Tools", Status: tenant.StatusActive, SchemaName: "t_0a1b2c3d4e5f", Node: "main", SchemaVersion: 3, ContactEmail: "it@acme.example", CreatedAt: now.AddDate(0, -2, 0)}
	return []specimen{
		{"tenant-move-wrong", view, themes.TenantPage{
			Tenant: acme, URL: "https://acme.lyceum.example", Newest: 3, Base: "lyceum.example", Former: []string{"acme-old"},
			Windows: []broadcast.Window{{ID: id("w1"), Mode: broadcast.Closed, HoldsJobs: true, AnnounceAt: now, FromAt: now.Add(time.Hour), UntilAt: now.Add(2 * time.Hour)}},
			Form:    themes.TenantForm{MoveSlug: "acme", MoveReason: "x", MoveConfirm: "acne"}, Problem: refused(map[string]string{"move_slug": "The portal has this address already.", "move_confirm": "Type “acme” to move this portal."}),
		}},
		{"operator-keys", view, themes.OperatorKeysPage{Keys: []auth.OperatorKey{orders, watch, old, revoked}, Form: form}},
		{"operator-keys-none", view, themes.OperatorKeysPage{Form: form}},
		{"operator-keys-made", view, themes.OperatorKeysPage{Keys: []auth.OperatorKey{orders}, Form: form, Secret: "lyo_k3v9q2t7m2x1c5b4k3v9q2t7m2x1c5b4"}},
		{"operator-keys-wrong", view, themes.OperatorKeysPage{Form: themes.OperatorKeyForm{Days: "30", Scopes: []auth.OperatorScope{auth.OperatorMayDelete}}, Problem: wrong}},
		{"tenant-new", view, themes.NewTenantPage{Base: "lyceum.example"}},
		{"tenant-new-wrong", view, themes.NewTenantPage{Base: "lyceum.example", Form: themes.SignUpForm{Organization: "Acme Tools", Slug: "ac", Name: "Ada", Email: "ada@acme.example"}, Problem: refused(map[string]string{"slug": "Use at least 3 characters."})}},
	}
}
