package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onPrivacy is what a portal owes to people about their data.
func (s *Server) onPrivacy(t *table) {
	p := web.Privacy{Site: s.site, Privacy: s.Privacy, Access: s.Access, Holds: s.Holds, Keep: s.Retention}
	read, manage, self := route.For(policy.PrivacyRead), route.For(policy.PrivacyManage), route.For(policy.PersonSelf)
	t.get("/privacy", read, p.Show)
	t.get("/privacy/register", read, p.Register)
	t.postFresh("/privacy/returns", manage, p.Return)
	t.get("/privacy/copies", read, p.Copies)
	t.get("/privacy/copies/:copy", manage, p.Copy)
	t.get("/privacy/holds", read, p.HoldList)
	t.get("/privacy/holds/new", manage, p.HoldNew)
	t.postFresh("/privacy/holds", manage, p.HoldMake)
	t.get("/privacy/holds/:hold", read, p.Hold)
	t.get("/privacy/holds/:hold/rows", read, p.HoldRows)
	t.get("/privacy/holds/:hold/rows.jsonl", read, p.HoldRowsFile)
	t.postFresh("/privacy/holds/:hold/people", manage, p.HoldAdd)
	t.postFresh("/privacy/holds/:hold/people/:person/take", manage, p.HoldTake)
	t.postFresh("/privacy/holds/:hold/release", manage, p.HoldRelease)
	t.get("/privacy/retention", read, p.Retention)
	t.postFresh("/privacy/retention", manage, p.RetentionSave)
	t.postFresh("/privacy/retention/switch", manage, p.RetentionSwitch)
	t.get("/privacy/people/:person", read, p.Person)
	t.postFresh("/privacy/people/:person/copies", manage, p.CopyOf)
	t.postFresh("/privacy/people/:person/erase", manage, p.Erase)
	t.get("/privacy/erasures/:erasure", read, p.Erasure)
	t.get("/privacy/erasures/:erasure/receipt.jws", read, p.Receipt)
	t.postFresh("/privacy/erasures/:erasure/cancel", manage, p.Cancel)
	t.postFresh("/privacy/erasures/:erasure/refuse", manage, p.Refuse)
	t.get("/account/data", self, p.Own)
	t.postFresh("/account/data/copies", self, p.CopyOwn)
	t.get("/account/data/copies/:copy", self, p.Copy)
	t.postFresh("/account/data/erase", self, p.EraseOwn)
	t.postFresh("/account/data/keep", self, p.KeepOwn)
}
