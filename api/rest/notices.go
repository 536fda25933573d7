package rest

import (
	"context"
	"maps"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
)

// notification is one thing a person was told.
type notification struct {
	ID     uid.ID            `json:"id"`
	Kind   notice.Kind       `json:"kind" doc:"What it is about; more kinds may come."`
	Data   map[string]string `json:"data" doc:"What its sentence names: course, by, due (RFC 3339), days, note, version; as says which of several things the kind means."`
	Path   string            `json:"path" doc:"The page it leads to, within the portal."`
	At     time.Time         `json:"at"`
	ReadAt *time.Time        `json:"read_at,omitempty"`
}

// unreadCount is how much a person has not read.
type unreadCount struct {
	Unread int     `json:"unread" doc:"100 stands for 100 or more."`
	Newest *uid.ID `json:"newest,omitempty" doc:"The newest one."`
}

// choice is how one is told of a kind.
type choice struct {
	Kind notice.Kind `json:"kind"`
	App  bool        `json:"app"`
	Mail bool        `json:"mail"`
	Push *bool       `json:"push,omitempty" doc:"On the devices that one registered. Left out, it stays as it is."`
}

// choices are how one is told of kinds.
type choices struct {
	Kinds []choice `json:"kinds"`
}

// upTo says how far to read.
type upTo struct {
	UpTo *uid.ID `json:"up_to,omitempty" doc:"The newest one that was seen, so that one that came meanwhile stays new. Left out, it is all."`
}

type toldIn struct {
	ID uid.ID `path:"notification" doc:"The notification's id."`
}

type noticesIn struct{ Paging }

type toldOut struct{ Body notification }

type standingOut struct{ Body unreadCount }

type choicesOut struct{ Body choices }

type choicesIn struct{ Body choices }

type upToIn struct{ Body *upTo }

func (a *api) noticeOperations() {
	self := route.For(policy.PersonSelf)
	on(a, operation{
		method: get, path: "/me/notifications", id: "list-my-notifications", tag: tagMe, need: self,
		summary: "What one was told, the newest first",
		about:   "Kept for a year. New ones come live as server-sent events at /notifications/live in a session.",
	}, func(ctx context.Context, in *noticesIn) (*pageOut[notification], error) {
		list, err := a.Notices.Mine(ctx, in.request())
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showTold), nil
	})
	on(a, operation{
		method: get, path: "/me/notifications/standing", id: "count-my-notifications", tag: tagMe, need: self,
		summary: "How many notifications are unread",
	}, func(ctx context.Context, _ *nothing) (*standingOut, error) {
		s, err := a.Notices.Standing(ctx)
		if err != nil {
			return nil, err
		}
		return &standingOut{unreadCount{s.Unread, unlessNil(s.Newest)}}, nil
	})
	on(a, operation{
		method: post, path: "/me/notifications/read", id: "read-my-notifications", tag: tagMe, need: self,
		summary: "Mark notifications as read",
	}, func(ctx context.Context, in *upToIn) (*nothing, error) {
		var last *uid.ID
		if in.Body != nil {
			last = in.Body.UpTo
		}
		return nil, a.Notices.ReadAll(ctx, last)
	})
	on(a, operation{
		method: post, path: "/me/notifications/{notification}/read", id: "read-notification", tag: tagMe, need: self, status: 200,
		summary: "Mark a notification as read",
		fails:   faults{notice.ErrNotFound},
	}, func(ctx context.Context, in *toldIn) (*toldOut, error) {
		n, err := a.Notices.Read(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &toldOut{showTold(&n)}, nil
	})
	a.choiceOperations(self)
}

func (a *api) choiceOperations(self route.Need) {
	on(a, operation{
		method: get, path: "/me/notification-preferences", id: "get-my-notification-preferences", tag: tagMe, need: self,
		summary: "How one is told of what",
	}, func(ctx context.Context, _ *nothing) (*choicesOut, error) { return a.showChoices(ctx) })
	on(a, operation{
		method: put, path: "/me/notification-preferences", id: "set-my-notification-preferences", tag: tagMe, need: self, status: 200,
		summary: "Choose how to be told of what",
		about:   "Kinds that are left out stay as they are. Mails about an account's security are none of these and always come.",
	}, func(ctx context.Context, in *choicesIn) (*choicesOut, error) {
		wishes := map[notice.Kind]notice.Wish{}
		for _, c := range in.Body.Kinds {
			wishes[c.Kind] = notice.Wish{App: c.App, Mail: c.Mail, Push: c.Push}
		}
		if err := a.Notices.Choose(ctx, wishes); err != nil {
			return nil, err
		}
		return a.showChoices(ctx)
	})
}

func (a *api) showChoices(ctx context.Context) (*choicesOut, error) {
	list, err := a.Notices.Choices(ctx)
	if err != nil {
		return nil, err
	}
	out := choices{Kinds: []choice{}}
	for _, c := range list {
		out.Kinds = append(out.Kinds, choice{c.Kind, c.Ways.App, c.Ways.Mail, &c.Ways.Push})
	}
	return &choicesOut{out}, nil
}

func showTold(n *notice.Notice) notification {
	data := maps.Clone(map[string]string(n.Data))
	if data == nil {
		data = map[string]string{}
	}
	return notification{ID: n.ID, Kind: n.Kind, Data: data, Path: n.Path, At: utc(n.At), ReadAt: utcOrNone(n.ReadAt)}
}
