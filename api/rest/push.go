package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/push"
)

// pushDevice is a browser that one is told on.
type pushDevice struct {
	ID        uid.ID     `json:"id"`
	UserAgent string     `json:"user_agent" doc:"As the browser named itself."`
	AddedAt   time.Time  `json:"added_at"`
	UsedAt    *time.Time `json:"used_at,omitempty" doc:"When its push service took a message last."`
}

// pushSubscription is what PushSubscription.toJSON gives in a browser (W3C Push API).
type pushSubscription struct {
	Endpoint  string   `json:"endpoint" maxLength:"1024" doc:"The push service's address for this browser: https."`
	Keys      pushKeys `json:"keys"`
	UserAgent string   `json:"user_agent,omitempty" maxLength:"400" doc:"How the device is listed."`
}

type pushKeys struct {
	P256dh string `json:"p256dh" doc:"The browser's public key, an uncompressed point on P-256, in base64url."`
	Auth   string `json:"auth" doc:"16 bytes that it shares with its senders, in base64url."`
}

type pushKeyOut struct {
	Body struct {
		PublicKey string `json:"public_key" doc:"What PushManager.subscribe takes as applicationServerKey, in base64url."`
	}
}

type pushDeviceOut struct{ Body pushDevice }

type pushDeviceNewIn struct{ Body pushSubscription }

type pushDeviceIn struct {
	ID uid.ID `path:"device" doc:"The device's id."`
}

func showPushDevice(d *push.Device) pushDevice {
	return pushDevice{d.ID, d.UserAgent, utc(d.AddedAt), utcOrNone(d.UsedAt)}
}

func (a *api) pushOperations() {
	self := route.For(policy.PersonSelf)
	on(a, operation{
		method: get, path: "/me/push-key", id: "get-push-key", tag: tagMe, need: self,
		summary: "The key that messages to devices are signed with",
		about:   "One for the portal (RFC 8292); a browser gives its subscription to this key only.",
	}, func(ctx context.Context, _ *nothing) (*pushKeyOut, error) {
		out := &pushKeyOut{}
		var err error
		out.Body.PublicKey, err = a.Push.PublicKey(ctx)
		return out, err
	})
	on(a, operation{
		method: get, path: "/me/push-devices", id: "list-my-push-devices", tag: tagMe, need: self,
		summary: "The devices that one is told on",
	}, func(ctx context.Context, _ *nothing) (*pageOut[pushDevice], error) {
		list, err := a.Push.Devices(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, showPushDevice), nil
	})
	on(a, operation{
		method: post, path: "/me/push-devices", id: "add-my-push-device", tag: tagMe, need: self, status: 201,
		summary: "Register a device",
		about:   "A device that is known by its address is one's own from now on, with its new keys. At most 10. What is sent is closed for the device (RFC 8291): an object with title, body, path, tag and icon.",
		fails:   faults{push.ErrTooMany},
	}, func(ctx context.Context, in *pushDeviceNewIn) (*pushDeviceOut, error) {
		d, _, err := a.Push.Add(ctx, push.Input{Endpoint: in.Body.Endpoint, P256dh: in.Body.Keys.P256dh, Auth: in.Body.Keys.Auth, UserAgent: in.Body.UserAgent})
		if err != nil {
			return nil, err
		}
		return &pushDeviceOut{showPushDevice(&d)}, nil
	})
	on(a, operation{
		method: del, path: "/me/push-devices/{device}", id: "delete-my-push-device", tag: tagMe, need: self,
		summary: "Take a device away",
		fails:   faults{push.ErrNotFound},
	}, func(ctx context.Context, in *pushDeviceIn) (*nothing, error) { return nil, a.Push.Remove(ctx, in.ID) })
	on(a, operation{
		method: post, path: "/me/push-devices/{device}/trial", id: "try-my-push-device", tag: tagMe, need: self,
		summary: "Send a message to a device now",
		fails:   faults{push.ErrNotFound, push.ErrNotTaken, push.ErrAway, push.ErrTrials},
	}, func(ctx context.Context, in *pushDeviceIn) (*nothing, error) { return nil, a.Push.Try(ctx, in.ID) })
}
