package rest

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
)

// Mounting is Mount as api.Options.REST wants it.
func Mounting(s Services) func(router fiber.Router) ([]route.Route, error) {
	return func(router fiber.Router) ([]route.Route, error) { return Mount(router, s) }
}
