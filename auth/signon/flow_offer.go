package signon

import (
	"context"
	"net/url"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// Offer is a way to sign in that the sign-in page shows: a connection that is on.
type Offer struct {
	ID   uid.ID
	Kind auth.Protocol
	Name string
}

// Offered lists the ways to sign in through someone else, in the order of the buttons. It asks nobody's permission.
func (s *Service) Offered(ctx context.Context) (offers []Offer, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		all, err := s.Keep.SignOnConnections(ctx)
		for _, c := range all {
			if c.Status == StatusOn {
				offers = append(offers, Offer{ID: c.ID, Kind: c.Kind, Name: c.Name})
			}
		}
		return err
	})
	return offers, err
}

// Path is where the button leads: local, with the place to go on to and what the person has typed of themselves.
func (o Offer) Path(next, hint string) string {
	q := url.Values{}
	if next != "" {
		q.Set("next", next)
	}
	if hint != "" {
		q.Set("hint", hint)
	}
	path := "/sso/start/" + o.ID.String()
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
