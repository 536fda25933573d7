package themes

import (
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// Expiring is the list of what expires soon.
type Expiring struct {
	*Chrome
	List []signon.Expiry
}

// Expiring makes the list.
func (c *Chrome) Expiring(list []signon.Expiry) Expiring { return Expiring{c, list} }

// Where is the page on which something that expires is renewed.
func (e Expiring) Where(one signon.Expiry) string { return ExpiryPage(one.Kind, one.ID) }

// ExpiryPage is the path of that page: id is the connection's, directory's, key's or token's.
func ExpiryPage(kind signon.ExpiryKind, id uid.ID) string {
	switch kind {
	case signon.ExpiryIdP, signon.ExpiryMetadata, signon.ExpiryAuthority, signon.ExpiryServer:
		return "/settings/sign-on/" + id.String() + "/settings"
	case signon.ExpirySyncServer, signon.ExpirySyncAuthority:
		return "/settings/directories/ldap/" + id.String()
	case signon.ExpiryToken:
		return "/settings/directories"
	case signon.ExpiryOurKey:
	}
	return "/settings/sign-on/keys"
}
