package rest

import (
	"context"
	"slices"
	"strings"
	"time"

	"lyceum/internal/uid"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/life"
)

// portalsMeant is to which portals something is said. Each list narrows it; all of them empty means every portal.
type portalsMeant struct {
	Tenants []string `json:"tenants,omitempty" example:"acme" doc:"Names in addresses."`
	Plans   []string `json:"plans,omitempty" example:"team" doc:"Codes of plans."`
	States  []string `json:"states,omitempty" enum:"provisioning,trial,active,past_due,read_only,suspended,export_ready,erased" doc:"Where the organization stands."`
}

// bannerBody is a banner as it is written.
type bannerBody struct {
	Kind        string            `json:"kind" enum:"info,warning" doc:"A warning stays, an information may be put away."`
	Texts       map[string]string `json:"texts" doc:"By language: en, de. Who has none of theirs gets the English one, else what there is. At most 500 characters each."`
	Link        string            `json:"link,omitempty" example:"https://lyceum.example/news" doc:"For more about it; https."`
	Readers     string            `json:"readers" enum:"everyone,people,admins" doc:"everyone: also who is not signed in. admins: who runs the portal."`
	Dismissible bool              `json:"dismissible,omitempty" doc:"Each reader may put it away; of an information only."`
	To          portalsMeant      `json:"to,omitempty"`
	From        *time.Time        `json:"from,omitempty" doc:"Left out: from now on."`
	Until       time.Time         `json:"until"`
	Revision    *int              `json:"revision,omitempty" doc:"In a change: the one it was made on, when If-Match does not name it."`
}

// bannerShown is a banner as it stands.
type bannerShown struct {
	ID          uid.ID            `json:"id"`
	State       string            `json:"state" enum:"planned,running,over,cancelled"`
	Kind        string            `json:"kind" enum:"info,warning"`
	Texts       map[string]string `json:"texts"`
	Link        string            `json:"link,omitempty"`
	Readers     string            `json:"readers" enum:"everyone,people,admins"`
	Dismissible bool              `json:"dismissible"`
	To          portalsMeant      `json:"to"`
	From        time.Time         `json:"from"`
	Until       time.Time         `json:"until"`
	EndedAt     *time.Time        `json:"ended_at,omitempty" doc:"By an operator, before its time."`
	By          string            `json:"by"`
	Revision    int               `json:"revision"`
}

// windowBody is a window of maintenance as it is written.
type windowBody struct {
	Mode     string            `json:"mode" enum:"read_only,closed" doc:"read_only: everything can be read and nothing changed. closed: portals answer 503."`
	Texts    map[string]string `json:"texts,omitempty" doc:"What is done, by language, for readers. At most 500 characters each."`
	HoldJobs bool              `json:"hold_jobs,omitempty" doc:"Background work of these portals waits as well, the mails to their owners too: announce it earlier."`
	Tell     bool              `json:"tell_owners,omitempty" doc:"The owners get a mail when it is announced, once."`
	To       portalsMeant      `json:"to,omitempty"`
	Announce *time.Time        `json:"announce,omitempty" doc:"From when portals' pages say so; left out: from its beginning."`
	From     *time.Time        `json:"from,omitempty" doc:"Left out: from now on."`
	Until    time.Time         `json:"until" doc:"At most 48 hours after its beginning."`
	Revision *int              `json:"revision,omitempty" doc:"In a change: the one it was made on, when If-Match does not name it."`
}

// windowShown is a window as it stands.
type windowShown struct {
	ID       uid.ID            `json:"id"`
	State    string            `json:"state" enum:"planned,running,over,cancelled"`
	Mode     string            `json:"mode" enum:"read_only,closed"`
	Texts    map[string]string `json:"texts"`
	HoldJobs bool              `json:"hold_jobs"`
	Tell     bool              `json:"tell_owners"`
	To       portalsMeant      `json:"to"`
	Announce time.Time         `json:"announce"`
	From     time.Time         `json:"from"`
	Until    time.Time         `json:"until"`
	EndedAt  *time.Time        `json:"ended_at,omitempty" doc:"By an operator, before its time."`
	By       string            `json:"by"`
	Revision int               `json:"revision"`
}

type bannerPath struct {
	ID uid.ID `path:"banner" doc:"The banner's id."`
}

type bannerNewIn struct{ Body bannerBody }

type bannerIn struct {
	ID uid.ID `path:"banner" doc:"The banner's id."`
	AtRevision
	Body bannerBody
}

type bannerOut struct {
	ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
	Body bannerShown
}

type windowPath struct {
	ID uid.ID `path:"window" doc:"The window's id."`
}

type windowNewIn struct{ Body windowBody }

type windowIn struct {
	ID uid.ID `path:"window" doc:"The window's id."`
	AtRevision
	Body windowBody
}

type windowOut struct {
	ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
	Body windowShown
}

func (a *api) consoleBannerOperations() {
	b := a.console.Broadcast
	on(a, operation{
		method: get, path: "/banners", id: "list-banners", tag: tagAnnouncements, need: looks, summary: "The last hundred banners, the last to end first",
	}, func(ctx context.Context, _ *nothing) (*pageOut[bannerShown], error) {
		list, err := b.List(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list.Banners, func(one *broadcast.Banner) bannerShown { return a.showBanner(*one, slugsOf(one.Audience, list.Slugs)) }), nil
	})
	on(a, operation{
		method: post, path: "/banners", id: "create-banner", tag: tagAnnouncements, need: manages, status: 201, summary: "Say something on portals' pages",
	}, func(ctx context.Context, in *bannerNewIn) (*bannerOut, error) {
		banner, err := a.readBanner(ctx, in.Body)
		if err == nil {
			banner, err = b.AddBanner(ctx, banner)
		}
		if err != nil {
			return nil, err
		}
		return a.bannerNow(ctx, banner.ID)
	})
	on(a, operation{
		method: get, path: "/banners/{banner}", id: "get-banner", tag: tagAnnouncements, need: looks, summary: "One banner", fails: faults{broadcast.ErrNotFound},
	}, func(ctx context.Context, in *bannerPath) (*bannerOut, error) { return a.bannerNow(ctx, in.ID) })
	on(a, operation{
		method: put, path: "/banners/{banner}", id: "change-banner", tag: tagAnnouncements, need: manages, summary: "Change a banner that is not over",
		fails: faults{broadcast.ErrNotFound, broadcast.ErrChanged, broadcast.ErrOver},
	}, func(ctx context.Context, in *bannerIn) (*bannerOut, error) {
		revision, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		banner, err := a.readBanner(ctx, in.Body)
		if err == nil {
			banner.ID, banner.Revision = in.ID, revision
			_, err = b.ChangeBanner(ctx, banner)
		}
		if err != nil {
			return nil, err
		}
		return a.bannerNow(ctx, in.ID)
	})
	on(a, operation{
		method: post, path: "/banners/{banner}/end", id: "end-banner", tag: tagAnnouncements, need: manages, summary: "Take a banner down at once",
		fails: faults{broadcast.ErrNotFound, broadcast.ErrOver},
	}, func(ctx context.Context, in *bannerPath) (*bannerOut, error) {
		if err := b.EndBanner(ctx, in.ID); err != nil {
			return nil, err
		}
		return a.bannerNow(ctx, in.ID)
	})
}

func (a *api) consoleWindowOperations() {
	b := a.console.Broadcast
	on(a, operation{
		method: get, path: "/maintenance-windows", id: "list-maintenance-windows", tag: tagMaintenance, need: looks, summary: "The last hundred windows, the last to end first",
	}, func(ctx context.Context, _ *nothing) (*pageOut[windowShown], error) {
		list, err := b.List(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list.Windows, func(one *broadcast.Window) windowShown { return a.showWindow(*one, slugsOf(one.Audience, list.Slugs)) }), nil
	})
	on(a, operation{
		method: post, path: "/maintenance-windows", id: "create-maintenance-window", tag: tagMaintenance, need: manages, status: 201, summary: "Plan maintenance",
		about: "It begins and ends by the clock.",
	}, func(ctx context.Context, in *windowNewIn) (*windowOut, error) {
		w, err := a.readWindow(ctx, in.Body)
		if err == nil {
			w, err = b.AddWindow(ctx, w)
		}
		if err != nil {
			return nil, err
		}
		return a.windowNow(ctx, w.ID)
	})
	on(a, operation{
		method: get, path: "/maintenance-windows/{window}", id: "get-maintenance-window", tag: tagMaintenance, need: looks, summary: "One window", fails: faults{broadcast.ErrNotFound},
	}, func(ctx context.Context, in *windowPath) (*windowOut, error) { return a.windowNow(ctx, in.ID) })
	on(a, operation{
		method: put, path: "/maintenance-windows/{window}", id: "change-maintenance-window", tag: tagMaintenance, need: manages, summary: "Change a window that is not over",
		about: "Of one that runs only the end and the texts change.", fails: faults{broadcast.ErrNotFound, broadcast.ErrChanged, broadcast.ErrOver},
	}, func(ctx context.Context, in *windowIn) (*windowOut, error) {
		revision, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		w, err := a.readWindow(ctx, in.Body)
		if err == nil {
			w.ID, w.Revision = in.ID, revision
			_, err = b.ChangeWindow(ctx, w)
		}
		if err != nil {
			return nil, err
		}
		return a.windowNow(ctx, in.ID)
	})
	on(a, operation{
		method: post, path: "/maintenance-windows/{window}/end", id: "end-maintenance-window", tag: tagMaintenance, need: manages, summary: "End a window that runs, or call off one that comes",
		fails: faults{broadcast.ErrNotFound, broadcast.ErrOver},
	}, func(ctx context.Context, in *windowPath) (*windowOut, error) {
		if err := b.EndWindow(ctx, in.ID); err != nil {
			return nil, err
		}
		return a.windowNow(ctx, in.ID)
	})
}

func (a *api) audience(ctx context.Context, to portalsMeant) (out broadcast.Audience, err error) {
	out.Plans = to.Plans
	for _, s := range to.States {
		out.States = append(out.States, life.State(s))
	}
	out.Tenants, err = a.console.Broadcast.Chosen(ctx, strings.Join(to.Tenants, " "))
	return out, ofFields(err, map[string]string{"tenants": "to.tenants"})
}

func (a *api) readBanner(ctx context.Context, in bannerBody) (broadcast.Banner, error) {
	b := broadcast.Banner{
		Kind: broadcast.Kind(in.Kind), Texts: in.Texts, Link: in.Link, Readers: broadcast.Readers(in.Readers), Dismissible: in.Dismissible, UntilAt: in.Until, ByName: program(ctx),
	}
	if in.From != nil {
		b.FromAt = *in.From
	}
	var err error
	b.Audience, err = a.audience(ctx, in.To)
	return b, err
}

func (a *api) readWindow(ctx context.Context, in windowBody) (broadcast.Window, error) {
	w := broadcast.Window{Mode: broadcast.Mode(in.Mode), Texts: in.Texts, HoldsJobs: in.HoldJobs, TellsOwners: in.Tell, UntilAt: in.Until, ByName: program(ctx)}
	if in.From != nil {
		w.FromAt = *in.From
	}
	if in.Announce != nil {
		w.AnnounceAt = *in.Announce
	}
	var err error
	w.Audience, err = a.audience(ctx, in.To)
	return w, err
}

func (a *api) bannerNow(ctx context.Context, id uid.ID) (*bannerOut, error) {
	b, slugs, err := a.console.Broadcast.Banner(ctx, id)
	if err != nil {
		return nil, err
	}
	return &bannerOut{etag(b.Revision), a.showBanner(b, slugs)}, nil
}

func (a *api) windowNow(ctx context.Context, id uid.ID) (*windowOut, error) {
	w, slugs, err := a.console.Broadcast.Window(ctx, id)
	if err != nil {
		return nil, err
	}
	return &windowOut{etag(w.Revision), a.showWindow(w, slugs)}, nil
}

func (a *api) showBanner(b broadcast.Banner, slugs []string) bannerShown {
	return bannerShown{
		ID: b.ID, State: string(b.State(a.Now())), Kind: string(b.Kind), Texts: b.Texts, Link: b.Link, Readers: string(b.Readers), Dismissible: b.Dismissible, To: showMeant(b.Audience, slugs),
		From: utc(b.FromAt), Until: utc(b.UntilAt), EndedAt: utcOrNone(b.EndedAt), By: b.ByName, Revision: b.Revision,
	}
}

func (a *api) showWindow(w broadcast.Window, slugs []string) windowShown {
	return windowShown{
		ID: w.ID, State: string(w.State(a.Now())), Mode: string(w.Mode), Texts: w.Texts, HoldJobs: w.HoldsJobs, Tell: w.TellsOwners, To: showMeant(w.Audience, slugs),
		Announce: utc(w.AnnounceAt), From: utc(w.FromAt), Until: utc(w.UntilAt), EndedAt: utcOrNone(w.EndedAt), By: w.ByName, Revision: w.Revision,
	}
}

func showMeant(of broadcast.Audience, slugs []string) portalsMeant {
	out := portalsMeant{Tenants: slugs, Plans: of.Plans}
	for _, s := range of.States {
		out.States = append(out.States, string(s))
	}
	return out
}

// slugsOf are the names of chosen portals that are there.
func slugsOf(of broadcast.Audience, by map[uid.ID]string) (list []string) {
	for _, id := range of.Tenants {
		if by[id] != "" {
			list = append(list, by[id])
		}
	}
	slices.Sort(list)
	return list
}
