package api

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/api/scim"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onDirectories is SCIM, and where administrators keep directories.
func (s *Server) onDirectories(t *table) {
	d := web.Directories{Site: s.site, SCIM: s.SCIM, Sync: s.LDAPSync, Auth: s.Auth}
	manage := route.For(policy.ConnectionManage)
	t.get("/settings/directories", manage, d.List)
	t.postFresh("/settings/directories", manage, d.Create)
	t.get("/settings/directories/:directory", manage, d.Show)
	t.postFresh("/settings/directories/:directory/status", manage, d.SetStatus)
	t.postFresh("/settings/directories/:directory/tokens", manage, d.CreateToken)
	t.post("/settings/directories/:directory/tokens/:key/revoke", manage, d.RevokeToken)
	t.get("/settings/directories/:directory/settings", manage, d.Settings)
	t.postFresh("/settings/directories/:directory/settings", manage, d.Save)
	t.postFresh("/settings/directories/:directory/delete", manage, d.Delete)
	t.get("/settings/directories/:directory/people", manage, d.People)
	t.postFresh("/settings/directories/:directory/people", manage, d.Link)
	t.get("/settings/directories/:directory/groups", manage, d.Groups)
	t.get("/settings/directories/:directory/requests", manage, d.Requests)
	t.get("/settings/directories/:directory/requests.json", manage, d.Download)
	t.get("/settings/directories/:directory/requests/:request", manage, d.Request)
	t.post("/settings/directories/:directory/requests/:request/try", manage, d.Try)
	t.postFresh("/settings/directories/:directory/requests/:request/replay", manage, d.Replay)

	ldapRoutes(t, web.LDAP{Directories: d}, manage)

	// The handler asks for a directory's token itself.
	h := scim.Handler{Service: s.SCIM, Auth: s.Auth, Guesses: s.Limits.SignOn, Called: s.Billing.Called}
	for _, kind := range []string{scim.Root + "/Users", scim.Root + "/Groups"} {
		t.open(fiber.MethodGet, kind, route.Public, h.Serve)
		t.open(fiber.MethodPost, kind, route.Public, h.Serve)
		t.open(fiber.MethodPost, kind+"/.search", route.Public, h.Serve)
		t.open(fiber.MethodGet, kind+"/:id", route.Public, h.Serve)
		t.open(fiber.MethodPut, kind+"/:id", route.Public, h.Serve)
		t.open(fiber.MethodPatch, kind+"/:id", route.Public, h.Serve)
		t.open(fiber.MethodDelete, kind+"/:id", route.Public, h.Serve)
	}
	t.open(fiber.MethodPost, scim.Root+"/Bulk", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/Me", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/ServiceProviderConfig", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/ResourceTypes", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/ResourceTypes/:id", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/Schemas", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/Schemas/:id", route.Public, h.Serve)
	for _, method := range []string{fiber.MethodGet, fiber.MethodPost, fiber.MethodPut, fiber.MethodPatch, fiber.MethodDelete} {
		t.open(method, scim.Root+"/*", route.Public, h.Serve) // what is not there, told as SCIM tells it; and old names of Entra's
	}
}

// ldapRoutes are the pages of LDAP directories.
func ldapRoutes(t *table, h web.LDAP, manage route.Need) {
	const base = "/settings/directories/ldap"
	t.get(base+"/new", manage, h.New)
	t.postFresh(base+"/new", manage, h.Create)
	t.post(base+"/new/check", manage, h.CheckNew)
	t.get(base+"/:directory", manage, h.Show)
	t.postFresh(base+"/:directory/status", manage, h.SetStatus)
	t.post(base+"/:directory/sync", manage, h.Read)
	t.post(base+"/:directory/try", manage, h.Try)
	t.postFresh(base+"/:directory/confirm", manage, h.Confirm)
	t.get(base+"/:directory/runs/:run", manage, h.Run)
	t.get(base+"/:directory/settings", manage, h.Settings)
	t.postFresh(base+"/:directory/settings", manage, h.Save)
	t.post(base+"/:directory/check", manage, h.Check)
	t.get(base+"/:directory/mapping", manage, h.Mapping)
	t.postFresh(base+"/:directory/mapping", manage, h.SaveMapping)
	t.get(base+"/:directory/delete", manage, h.AskDelete)
	t.postFresh(base+"/:directory/delete", manage, h.Delete)
}
