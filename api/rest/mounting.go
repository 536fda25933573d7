package rest

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
)

// Mounting is Mount as api.Options.REST wants it. An operation that cannot be registered is a mistake in the code, so it
// panics at start.
func Mounting(s Services) func(app *fiber.App) []route.Route {
	return func(app *fiber.App) []route.Route {
		routes, err := Mount(app, s)
		if err != nil {
			panic(fmt.Errorf("mount the API: %w", err))
		}
		return routes
	}
}
