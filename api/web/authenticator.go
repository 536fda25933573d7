package web

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/themes"
)

// DemoOperator is the operator of the demo, whose app has a key that is printed for everyone.
type DemoOperator struct {
	Email string
	Key   string // base32
}

// Authenticator stands in for the app of the demo's operator. It exists in the demo only.
type Authenticator struct {
	*Site
	Operators *auth.Operators
	Of        DemoOperator
}

// Show shows the present code. The page asks again when there is another.
func (a Authenticator) Show(c *fiber.Ctx) error {
	code, left, err := a.Operators.AppCode(c.UserContext(), a.Of.Email, a.Of.Key)
	if err != nil {
		return err
	}
	seconds := int((left + time.Second - 1) / time.Second)
	c.Set("Refresh", strconv.Itoa(seconds))
	noStore(c)
	return a.show(c, themes.AuthenticatorPage{Email: a.Of.Email, Key: a.Of.Key, Code: code, Seconds: seconds})
}
