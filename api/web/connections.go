package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// Connections is where administrators keep identity providers, and where whoever was sent a set-up link works on one: the
// service finds out by the context which of both it is.
type Connections struct {
	*Site
	SignOn *signon.Service
	// Base is where the pages stand, as a route's pattern: /settings/sign-on, or something with :token in it.
	Base string
	// Made is told of a connection that was added. Optional.
	Made func(c *fiber.Ctx, connection uid.ID) error
}

// base is where the pages of this request stand.
func (h Connections) base(c *fiber.Ctx) string {
	return strings.Replace(h.Base, ":token", c.Params("token"), 1)
}

// restricted tells whether who asks works by a set-up link.
func restricted(ctx context.Context) bool {
	_, ok := signon.OnlyFrom(ctx)
	return ok
}

// head gives what the pages of the connection of the path have in common.
func (h Connections) head(c *fiber.Ctx) (themes.ConnectionHead, error) {
	out := themes.ConnectionHead{Base: h.base(c), Restricted: restricted(c.UserContext())}
	connection, err := id(c, "connection")
	if err != nil {
		return out, err
	}
	out.Connection, out.Health, err = h.SignOn.ConnectionHealth(c.UserContext(), connection)
	return out, err
}

func (h Connections) list(c *fiber.Ctx) (themes.ConnectionsPage, error) {
	ctx := c.UserContext()
	p := themes.ConnectionsPage{Base: h.base(c), Restricted: restricted(ctx)}
	list, err := h.SignOn.Connections(ctx)
	if err != nil {
		return p, err
	}
	healths, err := h.SignOn.Healths(ctx)
	for _, one := range list {
		p.Rows = append(p.Rows, themes.ConnectionRow{Connection: one, Health: healths[one.ID]})
	}
	if err == nil && !p.Restricted {
		p.Expiring, err = h.SignOn.Expiring(ctx)
	}
	return p, err
}

// List shows the connections in the order of their buttons.
func (h Connections) List(c *fiber.Ctx) error {
	p, err := h.list(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// Move puts a connection elsewhere in the order.
func (h Connections) Move(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	connection, err := id(c, "connection")
	if err != nil {
		return err
	}
	position, err := strconv.Atoi(f.get("position"))
	if err == nil {
		err = h.SignOn.MoveConnection(c.UserContext(), connection, position)
	} else {
		err = fault.Invalid(map[string]string{"position": "Enter a whole number."})
	}
	if err != nil {
		p, failed := h.list(c)
		if failed != nil {
			return failed
		}
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.done(c, h.base(c), themes.FlashMoved, "")
}

// NewForm offers what to connect.
func (h Connections) NewForm(c *fiber.Ctx) error {
	return h.show(c, themes.ConnectionNewPage{Base: h.base(c), Only: onlyKind(c.UserContext())})
}

func onlyKind(ctx context.Context) auth.Protocol {
	only, _ := signon.OnlyFrom(ctx)
	return only.Kind
}

// Create adds a connection and leads on to its guide.
func (h Connections) Create(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := themes.ConnectionNewForm{Choice: f.get("choice"), Name: f.get("name")}
	kind, product, _ := strings.Cut(typed.Choice, ":")
	in := signon.ConnectionInput{Kind: auth.Protocol(kind), Product: signon.Product(product), Name: typed.Name}
	if strings.TrimSpace(in.Name) == "" {
		in.Name = in.Product.Label()
	}
	made, err := h.SignOn.CreateConnection(c.UserContext(), in)
	if err == nil && h.Made != nil {
		err = h.Made(c, made.ID)
	}
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.ConnectionNewPage{Base: h.base(c), Only: onlyKind(c.UserContext()), Form: typed, Problem: wrong}
		})
	}
	return h.done(c, h.base(c)+"/"+made.ID.String()+"/guide", themes.FlashConnectionCreated, made.Name)
}

func (h Connections) overview(c *fiber.Ctx) (p themes.ConnectionPage, err error) {
	if p.Head, err = h.head(c); err != nil {
		return p, err
	}
	if missing := p.Head.Connection.Complete(); missing != nil {
		p.Incomplete = fault.Of(missing)
	}
	p.Stakes, err = h.SignOn.Stakes(c.UserContext(), p.Head.Connection.ID)
	return p, err
}

// Show shows how a connection does and what is next.
func (h Connections) Show(c *fiber.Ctx) error {
	p, err := h.overview(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// SetStatus switches a connection.
func (h Connections) SetStatus(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := h.overview(c)
	if err != nil {
		return err
	}
	if to := signon.Status(f.get("status")); to == signon.StatusOff && to != p.Head.Connection.Status && p.Stakes.SignedIn > 0 && f.get("end_sessions") == "" {
		return h.refused(c, errEndsSessions, func(wrong *fault.Fault) themes.Page { p.Problem, p.Off = wrong, true; return p })
	}
	switched, err := h.SignOn.SetStatus(c.UserContext(), p.Head.Connection.ID, f.revision(), signon.Status(f.get("status")))
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	key := map[signon.Status]themes.FlashKey{
		signon.StatusOn: themes.FlashConnectionOn, signon.StatusDryRun: themes.FlashConnectionDryRun, signon.StatusOff: themes.FlashConnectionOff,
	}[switched.Connection.Status]
	if switched.Unproven {
		key = themes.FlashConnectionUnproven
	}
	return h.done(c, p.Head.Address(), key, p.Head.Connection.Name)
}

// errEndsSessions asks who switches a connection off whether its people are to be signed out.
var errEndsSessions = fault.Invalid(map[string]string{"end_sessions": "People are signed in through this connection, and switching it off signs them out. Tick that this is meant."})

// Refresh fetches metadata or discovery anew.
func (h Connections) Refresh(c *fiber.Ctx) error {
	p, err := h.overview(c)
	if err != nil {
		return err
	}
	out, err := h.SignOn.Refresh(c.UserContext(), p.Head.Connection.ID)
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	key := themes.FlashMetadataSame
	if len(out.Changes) > 0 {
		key = themes.FlashMetadataTaken
	}
	if p.Head.Connection.Kind == auth.ProtocolOIDC {
		key = themes.FlashDiscoveryChecked
	}
	return h.done(c, p.Head.Address(), key, p.Head.Connection.Name)
}

// DeleteForm says what deleting a connection does.
func (h Connections) DeleteForm(c *fiber.Ctx) error {
	p, err := h.overview(c)
	if err != nil {
		return err
	}
	return h.show(c, themes.ConnectionDeletePage{Head: p.Head, Stakes: p.Stakes})
}

// Delete removes a connection.
func (h Connections) Delete(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := h.overview(c)
	if err != nil {
		return err
	}
	if err := h.SignOn.DeleteConnection(c.UserContext(), p.Head.Connection.ID, f.get("confirm")); err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.ConnectionDeletePage{Head: p.Head, Stakes: p.Stakes, Confirm: f.get("confirm"), Problem: wrong}
		})
	}
	return h.done(c, p.Head.Base, themes.FlashConnectionDeleted, p.Head.Connection.Name)
}

func (h Connections) guide(c *fiber.Ctx, product signon.Product) (p themes.ConnectionGuidePage, err error) {
	if p.Head, err = h.head(c); err != nil {
		return p, err
	}
	kind := p.Head.Connection.Kind
	if !slices.Contains(signon.ProductsOf(kind), product) {
		product = p.Head.Connection.Product
	}
	p.Guide, _ = signon.GuideFor(kind, product)
	p.Addresses = h.SignOn.Addresses(c.UserContext(), p.Head.Connection.ID)
	return p, nil
}

// Guide shows what to do at the identity provider.
func (h Connections) Guide(c *fiber.Ctx) error {
	p, err := h.guide(c, signon.Product(query(c, "for")))
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// ChooseGuide has a connection follow a guide, with its mapping.
func (h Connections) ChooseGuide(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := h.guide(c, signon.Product(f.get("product")))
	if err != nil {
		return err
	}
	product := signon.Product(f.get("product"))
	changed, err := h.SignOn.ChangeConnection(c.UserContext(), p.Head.Connection.ID, f.revision(), signon.Change{Product: &product, Mapping: p.Guide.Mapping})
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.done(c, p.Head.Address()+"/guide", themes.FlashGuideChosen, changed.Name)
}
