package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
)

// onPlans is where operators write plans.
func (s *Server) onPlans(t *table) {
	if s.Mover == nil {
		return
	}
	o := web.OperatorPlans{Site: s.site, Offers: s.Mover.Service, Mover: s.Mover}
	t.get(web.PlansPath, route.Operator, o.List)
	t.post(web.PlansPath, route.OperatorAdmin, o.Create)
	t.post(web.PlansPath+"/sign-up", route.OperatorAdmin, o.SignUp)
	t.get(web.PlansPath+"/:plan", route.Operator, o.Show)
	t.post(web.PlansPath+"/:plan", route.OperatorAdmin, o.Change)
	t.post(web.PlansPath+"/:plan/archive", route.OperatorAdmin, o.Archive)
	t.post(web.PlansPath+"/:plan/restore", route.OperatorAdmin, o.Restore)
	t.post(web.PlansPath+"/:plan/versions", route.OperatorAdmin, o.NewVersion)
	t.get(web.VersionsPath+"/:version", route.Operator, o.Version)
	t.get(web.VersionsPath+"/:version/edit", route.OperatorAdmin, o.Edit)
	t.post(web.VersionsPath+"/:version/edit", route.OperatorAdmin, o.Save)
	t.post(web.VersionsPath+"/:version/publish", route.OperatorAdmin, o.Publish)
	t.post(web.VersionsPath+"/:version/discard", route.OperatorAdmin, o.Discard)
	t.post(web.VersionsPath+"/:version/retire", route.OperatorAdmin, o.Retire)
	t.get(web.VersionsPath+"/:version/migrate", route.Operator, o.Migrate)
	t.post(web.VersionsPath+"/:version/migrate", route.OperatorAdmin, o.StartMigration)
	t.post(web.VersionsPath+"/:version/migrate/stop", route.OperatorAdmin, o.StopMigration)
}
