package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/themes"
)

// Keys is a person's own API keys.
type Keys struct {
	*Site
	Auth *auth.Service
}

func (k Keys) page(ctx context.Context) (themes.APIKeysPage, error) {
	p := themes.APIKeysPage{Form: themes.KeyForm{Days: "90"}}
	may := who(ctx).May
	for _, info := range policy.All() {
		if may.Has(info.Permission) {
			p.Scopes = append(p.Scopes, info.Permission)
		}
	}
	var err error
	p.Keys, err = k.Auth.Keys(ctx)
	return p, err
}

// List shows the keys.
func (k Keys) List(c *fiber.Ctx) error {
	p, err := k.page(c.UserContext())
	if err != nil {
		return err
	}
	return k.show(c, p)
}

// Create makes a key and shows its secret, this once: there is no redirect, and the answer is kept nowhere.
func (k Keys) Create(c *fiber.Ctx) error {
	ctx := c.UserContext()
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed, in, err := readKey(f)
	made := ""
	if err == nil {
		made, _, err = k.Auth.CreateKey(ctx, in)
	}
	p, failed := k.page(ctx)
	if failed != nil {
		return failed
	}
	noStore(c)
	if err != nil {
		p.Form = typed
		return k.refused(c, err, func(f *fault.Fault) themes.Page { p.Problem = f; return p })
	}
	p.Secret = made
	return k.show(c, p)
}

// readKey reads the form, as it was typed and as it was meant.
func readKey(f form) (typed themes.KeyForm, in auth.KeyInput, err error) {
	typed = themes.KeyForm{Name: f.get("name"), Days: f.get("days")}
	for _, scope := range f.all("scopes") {
		typed.Scopes = append(typed.Scopes, policy.Permission(scope))
	}
	wrong := fault.Fields{}
	in = auth.KeyInput{Name: typed.Name, Scopes: f.all("scopes"), Days: f.number(wrong, "days")}
	return typed, in, wrong.Err()
}

// Revoke ends a key.
func (k Keys) Revoke(c *fiber.Ctx) error {
	key, err := id(c, "id")
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	keys, err := k.Auth.Keys(ctx)
	if err != nil {
		return err
	}
	if err := k.Auth.RevokeKey(ctx, key); err != nil {
		return err
	}
	name := ""
	for _, one := range keys {
		if one.ID == key {
			name = one.Name
		}
	}
	return k.done(c, "/settings/api-keys", themes.FlashKeyRevoked, name)
}
