package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/themes"
)

// OperatorKeysPath is where admins look after the keys of programs that run the platform.
const OperatorKeysPath = "/operator/keys"

// OperatorKeys is those keys.
type OperatorKeys struct {
	*Site
	Operators *auth.Operators
}

func (k OperatorKeys) page(c *fiber.Ctx) (p themes.OperatorKeysPage, err error) {
	p.Form = themes.OperatorKeyForm{Days: "90"}
	p.Keys, err = k.Operators.Keys(c.UserContext())
	return p, err
}

// List shows the keys.
func (k OperatorKeys) List(c *fiber.Ctx) error {
	p, err := k.page(c)
	if err != nil {
		return err
	}
	return k.show(c, p)
}

// Create makes a key and shows its secret, this once: there is no redirect, and the answer is kept nowhere.
func (k OperatorKeys) Create(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := themes.OperatorKeyForm{Name: f.get("name"), Days: f.get("days")}
	for _, s := range f.all("scopes") {
		typed.Scopes = append(typed.Scopes, auth.OperatorScope(s))
	}
	wrong := fault.Fields{}
	in := auth.OperatorKeyInput{Name: typed.Name, Scopes: typed.Scopes, Days: f.number(wrong, "days")}
	by, _ := route.OperatorFrom(c.UserContext())
	secret := ""
	if err = wrong.Err(); err == nil {
		secret, _, err = k.Operators.CreateKey(c.UserContext(), by, in)
	}
	p, failed := k.page(c)
	if failed != nil {
		return failed
	}
	noStore(c)
	if err != nil {
		p.Form = typed
		return k.refused(c, err, func(f *fault.Fault) themes.Page { p.Problem = f; return p })
	}
	p.Secret = secret
	return k.show(c, p)
}

// Revoke ends a key.
func (k OperatorKeys) Revoke(c *fiber.Ctx) error {
	key, err := id(c, "key")
	if err != nil {
		return err
	}
	by, _ := route.OperatorFrom(c.UserContext())
	gone, err := k.Operators.RevokeKey(c.UserContext(), by, key)
	if err != nil {
		return err
	}
	return k.done(c, OperatorKeysPath, themes.FlashKeyRevoked, gone.Name)
}
