package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
	"lyceum/billing/books"
)

// onBooks is where is paid as if, on a platform that keeps books only.
func (s *Server) onBooks(t *table) {
	if s.Books == nil {
		return
	}
	b, manage := web.Books{Site: s.site, Books: s.Books}, route.For(policy.BillingManage)
	t.get(books.Path+"/checkout/:wish", manage, b.Checkout)
	t.post(books.Path+"/checkout/:wish", manage, b.Answer)
	t.get(books.Path+"/card", manage, b.Card)
	t.post(books.Path+"/card", manage, b.SetCard)
}
