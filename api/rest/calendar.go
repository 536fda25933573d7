package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/learning/calendar"
	"lyceum/tenant"
)

// dateItem is something with a date.
type dateItem struct {
	UID    string        `json:"uid" doc:"Stable, whatever the date."`
	Kind   calendar.Kind `json:"kind" enum:"due" doc:"More kinds may come."`
	Title  string        `json:"title"`
	Begins time.Time     `json:"begins"`
	Ends   time.Time     `json:"ends"`
	AllDay bool          `json:"all_day" doc:"The day counts in which it begins where one is."`
	Done   bool          `json:"done"`
	Path   string        `json:"path,omitempty" doc:"Its page, within the portal."`
}

type spanIn struct {
	From  time.Time `query:"from" doc:"Default: 30 days ago."`
	Until time.Time `query:"until" doc:"Not part of it. Default: 90 days from now; at most 400 days after from."`
}

// feedAddress is where calendar programs read one's dates.
type feedAddress struct {
	URL       string     `json:"url,omitempty" doc:"The secret address. It is told once, when it is made."`
	CreatedAt *time.Time `json:"created_at,omitempty"`
}

type feedAddressOut struct{ Body feedAddress }

func (a *api) calendarOperations() {
	self := route.For(policy.PersonSelf)
	on(a, operation{
		method: get, path: "/me/calendar", id: "list-my-calendar", tag: tagMe, need: self,
		summary: "One's dates, in order",
		fails:   faults{calendar.ErrSpan},
	}, func(ctx context.Context, in *spanIn) (*pageOut[dateItem], error) {
		if in.From.IsZero() {
			in.From = a.Now().AddDate(0, 0, -30)
		}
		if in.Until.IsZero() {
			in.Until = a.Now().AddDate(0, 0, 90)
		}
		items, err := a.Calendar.Mine(ctx, in.From, in.Until)
		if err != nil {
			return nil, err
		}
		return whole(ctx, items, func(i *calendar.Item) dateItem {
			return dateItem{UID: i.UID, Kind: i.Kind, Title: i.Title, Begins: utc(i.Begins), Ends: utc(i.Ends), AllDay: i.AllDay, Done: i.Done, Path: i.Path}
		}), nil
	})
	on(a, operation{
		method: get, path: "/me/calendar/address", id: "get-my-calendar-address", tag: tagMe, need: self,
		summary: "Since when one's calendar has a secret address",
		fails:   faults{calendar.ErrNoAddress},
	}, func(ctx context.Context, _ *nothing) (*feedAddressOut, error) {
		at, err := a.Calendar.Address(ctx)
		if err != nil {
			return nil, err
		}
		made := utc(at.CreatedAt)
		return &feedAddressOut{feedAddress{CreatedAt: &made}}, nil
	})
	on(a, operation{
		method: post, path: "/me/calendar/address", id: "make-my-calendar-address", tag: tagMe, need: self, status: 201,
		summary: "Make a secret address at which calendar programs read one's dates (iCalendar)",
		about:   "An address that was made before opens nothing any more.",
	}, func(ctx context.Context, _ *nothing) (*feedAddressOut, error) {
		secret, err := a.Calendar.MakeAddress(ctx)
		if err != nil {
			return nil, err
		}
		t, _ := tenant.From(ctx)
		made := utc(a.Now())
		return &feedAddressOut{feedAddress{URL: calendar.FeedURL(a.Hosts.PortalURL(t), secret), CreatedAt: &made}}, nil
	})
	on(a, operation{
		method: del, path: "/me/calendar/address", id: "revoke-my-calendar-address", tag: tagMe, need: self,
		summary: "End the secret address of one's calendar",
	}, func(ctx context.Context, _ *nothing) (*nothing, error) { return nil, a.Calendar.RevokeAddress(ctx) })
}
