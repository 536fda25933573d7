package themes

import "lyceum/auth/signon"

// Expiring is the list of what expires soon.
type Expiring struct {
	*Chrome
	List []signon.Expiry
}

// Expiring makes the list.
func (c *Chrome) Expiring(list []signon.Expiry) Expiring { return Expiring{c, list} }

// Where is the page on which something that expires is renewed.
func (e Expiring) Where(one signon.Expiry) string {
	switch one.Kind {
	case signon.ExpiryIdP, signon.ExpiryMetadata, signon.ExpiryAuthority:
		return "/settings/sign-on/" + one.ID.String() + "/settings"
	case signon.ExpiryToken:
		return "/settings/directories"
	case signon.ExpiryOurKey:
	}
	return "/settings/sign-on/keys"
}
