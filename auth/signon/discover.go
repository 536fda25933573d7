package signon

import (
	"context"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
)

// Next is where someone goes who has typed their e-mail address.
type Next struct {
	// Offer is the connection they are led to; nil: the form for the password.
	Offer *Offer
	// Required tells that local sign-in is closed to people with such an address; From that it will be.
	Required bool
	From     *time.Time
}

// Discover says where someone with an e-mail address signs in (home-realm discovery): at the connection of the address's
// proven domain, or, where a rule requires one and a single one is on, there. It looks at the domain alone, so that nobody
// learns whether an account exists: the answer and the work are the same for every address at a domain. It asks nobody's
// permission.
func (s *Service) Discover(ctx context.Context, email string) (Next, error) {
	p, err := s.Gate.of(ctx)
	if err != nil {
		return Next{}, err
	}
	domain, _ := domainOf(email)
	v := p.verdict(domain, nil, s.Now())
	out := Next{Required: v.Require == RequirementRequired, From: v.Coming}
	if d, ok := p.domains[domain]; ok && d.ConnectionID != nil {
		if i := slices.IndexFunc(p.ways, func(c Connection) bool { return c.ID == *d.ConnectionID }); i >= 0 {
			out.Offer = offerOf(p.ways[i])
		}
	}
	if out.Offer == nil && out.Required && len(p.ways) == 1 {
		out.Offer = offerOf(p.ways[0])
	}
	return out, nil
}

func offerOf(c Connection) *Offer { return &Offer{ID: c.ID, Kind: c.Kind, Name: c.Name} }

// Entrance is what the sign-in page shows before anyone has typed anything.
type Entrance struct {
	Offers []Offer // the buttons
	// Required tells that the portal's own rule closes local sign-in; Coming that it will, and when.
	Required bool
	Coming   *time.Time
	// Emergency tells that owners are named who can open local sign-in; OpenUntil until when it is open.
	Emergency bool
	OpenUntil *time.Time
}

// EmailFirst tells whether the page asks for the e-mail address alone at first: where there is somewhere else to go.
func (e Entrance) EmailFirst() bool { return len(e.Offers) > 0 }

// Entrance describes the way in. It asks nobody's permission.
func (s *Service) Entrance(ctx context.Context) (Entrance, error) {
	p, err := s.Gate.of(ctx)
	if err != nil {
		return Entrance{}, err
	}
	now := s.Now()
	v := p.verdict("", nil, now)
	out := Entrance{Required: v.Require == RequirementRequired, Coming: v.Coming, OpenUntil: p.openUntil(now)}
	out.Emergency = p.requires(now) && len(p.rules.BreakGlass) >= breakGlassMin
	for _, c := range p.ways {
		out.Offers = append(out.Offers, *offerOf(c))
	}
	return out, nil
}

// NoticeKind is what administrators are reminded of on every page.
type NoticeKind string

// The kinds.
const (
	NoticeEmergencyOpen    NoticeKind = "emergency_open"    // At: until when
	NoticeEmergencyWaiting NoticeKind = "emergency_waiting" // At: until when a second owner may open it
	NoticeRuleComing       NoticeKind = "rule_coming"       // At: from when
)

// Notice is one reminder.
type Notice struct {
	Kind NoticeKind
	At   time.Time
}

// noticeAhead is how long before its date a coming rule is announced to administrators on every page.
const noticeAhead = 30 * 24 * time.Hour

// Notices gives what who asks is to be reminded of on every page; nothing for who does not look after sign-on.
func (s *Service) Notices(ctx context.Context) ([]Notice, error) {
	who, ok := auth.PrincipalFrom(ctx)
	if !ok || !who.May.Has(policy.ConnectionManage) && !who.May.Has(policy.SecurityManage) {
		return nil, nil
	}
	p, err := s.Gate.of(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	var out []Notice
	if len(p.last) > 0 {
		switch e := p.last[0]; e.State(now) {
		case EmergencyOpen:
			out = append(out, Notice{NoticeEmergencyOpen, *e.OpenUntil})
		case EmergencyWaiting:
			out = append(out, Notice{NoticeEmergencyWaiting, e.ExpiresAt})
		}
	}
	if at := p.nextRule(now); at != nil && at.Before(now.Add(noticeAhead)) {
		out = append(out, Notice{NoticeRuleComing, *at})
	}
	return out, nil
}

// nextRule is the earliest date ahead from which any rule will require.
func (p posture) nextRule(now time.Time) (at *time.Time) {
	look := func(r Rule) {
		if c := r.coming(now); c != nil && (at == nil || c.Before(*at)) {
			at = c
		}
	}
	look(p.rules.Portal)
	for _, g := range p.rules.Groups {
		look(g.Rule)
	}
	for _, d := range p.domains {
		look(d.rule())
	}
	return at
}
