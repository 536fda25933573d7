package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/badge"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/tenant"
)

type issuedIn struct {
	Paging
	Query  string `query:"q" maxLength:"100" doc:"In a person's name or a course's title, or a number."`
	Course uid.ID `query:"course" doc:"Only those of this course."`
	State  string `query:"state" enum:"revoked,expired,expiring" doc:"Only those withdrawn, no longer valid, or valid for 30 days at most."`
}

// issuedProof is a certificate for those who may see everyone's.
type issuedProof struct {
	Proof
	PersonID     uid.ID            `json:"person_id"`
	RevokedBy    *uid.ID           `json:"revoked_by,omitempty" doc:"Who withdrew it."`
	RevokeClass  certificate.Class `json:"revoke_class,omitempty" enum:"error,corrected,conditions,request,other" doc:"What the public page says of why."`
	RevokeReason string            `json:"revoke_reason,omitempty" doc:"The public page does not say it."`
	ReissueOf    *uid.ID           `json:"reissue_of,omitempty" doc:"The certificate that was withdrawn for this one."`
}

type withdrawIn struct {
	Code string `path:"code" doc:"The public number; spaces, hyphens and capitals do not matter." example:"3k9d2m5q8r1t4v7w0x6z"`
	Body struct {
		Reason string            `json:"reason" maxLength:"500" doc:"Kept with the certificate and in the audit log." example:"Issued in error."`
		Class  certificate.Class `json:"class,omitempty" enum:"error,corrected,conditions,request,other" doc:"What the public page says of why. Left out: other, and corrected where it is issued anew."`
	}
}

type reissueIn struct {
	Code string `path:"code" doc:"The public number; spaces, hyphens and capitals do not matter." example:"3k9d2m5q8r1t4v7w0x6z"`
	Body struct {
		Reason string            `json:"reason" maxLength:"500" doc:"Kept with the certificate and in the audit log." example:"The name was wrong."`
		Class  certificate.Class `json:"class,omitempty" enum:"error,corrected,conditions,request,other" doc:"What the public page of the one before says of why. Left out: corrected."`
		Renew  bool              `json:"renew,omitempty" doc:"Valid as if the course were completed today. Left out, it ends when the one before ends."`
	}
}

type issuedOut struct{ Body issuedProof }

func (a *api) issuedOperations() {
	on(a, operation{
		method: get, path: "/certificates", id: "list-certificates", tag: tagCertificates, need: route.For(policy.CertificateAll),
		summary: "Everyone's certificates, the newest first",
	}, func(ctx context.Context, in *issuedIn) (*pageOut[issuedProof], error) {
		list, err := a.Certificates.Issued(ctx, certificate.Filter{Query: in.Query, Course: in.Course, State: certificate.Narrow(in.State), Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, func(c *certificate.Certificate) issuedProof { return a.showIssued(ctx, c) }), nil
	})
	on(a, operation{
		method: get, path: "/certificates/{code}/history", id: "get-certificate-history", tag: tagCertificates, need: route.For(policy.CertificateAll),
		summary: "Every certificate of the same enrolment, the newest first", about: "What was issued, withdrawn and replaced, by whom and why.",
		fails: faults{certificate.ErrNotFound},
	}, func(ctx context.Context, in *certificateIn) (*pageOut[issuedProof], error) {
		list, err := a.Certificates.History(ctx, in.Code)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, func(c *certificate.Certificate) issuedProof { return a.showIssued(ctx, c) }), nil
	})
	on(a, operation{
		method: post, path: "/certificates/{code}/revoke", id: "revoke-certificate", tag: tagCertificates, need: route.For(policy.CertificateManage), fresh: true,
		summary: "Withdraw a certificate",
		about:   "Its public page and its status list say so from then on; it is given out no more. It cannot be undone: issue it anew.",
		fails:   faults{certificate.ErrNotFound, certificate.ErrRevoked},
	}, func(ctx context.Context, in *withdrawIn) (*issuedOut, error) {
		c, err := a.Certificates.Revoke(ctx, certificate.Withdrawal{Code: in.Code, Reason: in.Body.Reason, Class: in.Body.Class})
		if err != nil {
			return nil, err
		}
		return &issuedOut{a.showIssued(ctx, &c)}, nil
	})
	on(a, operation{
		method: post, path: "/certificates/{code}/reissue", id: "reissue-certificate", tag: tagCertificates, need: route.For(policy.CertificateManage), fresh: true, status: 201,
		summary: "Issue a certificate anew",
		about:   "It is withdrawn, unless it was before, and another one takes its place that says what is so today: the person's name, and the result.",
		fails:   faults{certificate.ErrNotFound, certificate.ErrReplaced, certificate.ErrNotCompleted, enrolment.ErrEnrolmentNotFound},
	}, func(ctx context.Context, in *reissueIn) (*issuedOut, error) {
		c, err := a.Certificates.Reissue(ctx, certificate.Withdrawal{Code: in.Code, Reason: in.Body.Reason, Class: in.Body.Class, Renew: in.Body.Renew})
		if err != nil {
			return nil, err
		}
		return &issuedOut{a.showIssued(ctx, &c)}, nil
	})
}

func (a *api) showIssued(ctx context.Context, c *certificate.Certificate) issuedProof {
	return issuedProof{Proof: a.showCertificate(ctx, c), PersonID: c.PersonID, RevokedBy: c.RevokedBy, RevokeClass: c.RevokeClass, RevokeReason: c.RevokeReason, ReissueOf: c.ReissueOf}
}

type badgeOut struct {
	Type        string `header:"Content-Type" hidden:"true"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// badgeOperations give certificates out as Open Badges. What anyone needs to check one stands outside of /api/v1, at
// /.well-known/did.json and /credentials/status/1.
func (a *api) badgeOperations() {
	on(a, operation{
		method: get, path: "/certificates/{code}/credential", id: "download-credential", tag: tagCertificates, need: route.For(policy.CertificateRead),
		summary: "A certificate as an Open Badges 3.0 credential", media: badge.MediaType,
		about: "A VC-JWT signed with EdDSA by the portal's did:web. One's own; with certificate:all anyone's.",
		fails: faults{certificate.ErrNotFound, certificate.ErrRevoked},
	}, func(ctx context.Context, in *certificateIn) (*badgeOut, error) {
		b, err := a.Brands.Get(ctx)
		if err != nil {
			return nil, err
		}
		jwt, err := a.Badges.Credential(ctx, a.portal(ctx), b, in.Code)
		if err != nil {
			return nil, err
		}
		return &badgeOut{Type: badge.MediaType, Disposition: `attachment; filename="badge.jwt"`, Body: []byte(jwt)}, nil
	})
	on(a, operation{
		method: get, path: "/certificates/{code}/badge", id: "download-badge", tag: tagCertificates, need: route.For(policy.CertificateRead),
		summary: "A certificate as a picture that carries its credential", media: "image/svg+xml",
		about: "A baked badge (Open Badges 3.0, 5.3). One's own; with certificate:all anyone's.",
		fails: faults{certificate.ErrNotFound, certificate.ErrRevoked},
	}, func(ctx context.Context, in *certificateIn) (*badgeOut, error) {
		b, err := a.Brands.Get(ctx)
		if err != nil {
			return nil, err
		}
		svg, err := a.Badges.Baked(ctx, a.portal(ctx), b, in.Code)
		if err != nil {
			return nil, err
		}
		return &badgeOut{Type: "image/svg+xml", Disposition: `attachment; filename="badge.svg"`, Body: svg}, nil
	})
	on(a, operation{
		method: post, path: "/badge-keys/roll", id: "roll-badge-key", tag: tagCertificates, need: route.For(policy.CertificateManage), fresh: true, status: 204,
		summary: "Have a fresh key sign credentials",
		about:   "What the key before signed stays valid.",
	}, func(ctx context.Context, _ *nothing) (*nothing, error) {
		return nil, a.Badges.Roll(ctx)
	})
}

// portal is the portal's address.
func (a *api) portal(ctx context.Context) string {
	t, _ := tenant.From(ctx)
	return a.Hosts.PortalURL(t)
}
