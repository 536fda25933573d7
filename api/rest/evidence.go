package rest

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/report"
	proof "lyceum/learning/report/evidence"
)

// evidenceShown is a signed file for an auditor.
type evidenceShown struct {
	ID            uid.ID     `json:"id"`
	RequirementID uid.ID     `json:"requirement_id"`
	From          time.Time  `json:"from"`
	Until         time.Time  `json:"until" doc:"The period ends before it."`
	Status        string     `json:"status" enum:"waiting,working,ready,expired"`
	Percent       int        `json:"percent" doc:"How much of it is made."`
	AskedAt       time.Time  `json:"asked_at"`
	People        int        `json:"people" doc:"Whom it tells of."`
	Bytes         int64      `json:"bytes,omitempty"`
	SHA256        string     `json:"sha256,omitempty" doc:"Of the file, in hexadecimal."`
	ReadyAt       *time.Time `json:"ready_at,omitempty"`
	ExpiresAt     *time.Time `json:"expires_at,omitempty" doc:"Until when it can be fetched."`
}

type evidenceOut struct{ Body evidenceShown }

type evidenceIn struct {
	Pack uid.ID `path:"pack" doc:"The evidence pack's id."`
}

type evidenceNewIn struct {
	ID   uid.ID `path:"requirement" doc:"The requirement's id."`
	Body struct {
		From  time.Time `json:"from" doc:"The period begins."`
		Until time.Time `json:"until" doc:"And ends before this."`
	}
}

func showEvidence(p *proof.Pack) evidenceShown {
	return evidenceShown{
		ID: p.ID, RequirementID: p.RequirementID, From: p.FromAt.UTC(), Until: p.UntilAt.UTC(), Status: string(p.Status), Percent: p.Percent(), AskedAt: p.AskedAt.UTC(), People: p.People, Bytes: p.Bytes, SHA256: p.SHA256,
		ReadyAt: utcOrNone(p.ReadyAt), ExpiresAt: utcOrNone(p.ExpiresAt),
	}
}

func (a *api) evidenceOperations() {
	manage := route.For(policy.EnrolmentManage)
	on(a, operation{method: get, path: "/requirements/{requirement}/evidence", id: "list-evidence", tag: tagEnrolments, need: manage, summary: "Evidence packs of a requirement, the newest first", fails: faults{report.ErrNoRequirement}},
		func(ctx context.Context, in *requirementIn) (*pageOut[evidenceShown], error) {
			_, list, err := a.Evidence.List(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, showEvidence), nil
		})
	on(a, operation{
		method: post, path: "/requirements/{requirement}/evidence", id: "make-evidence", tag: tagEnrolments, need: manage, status: 202, summary: "Have evidence made for a period",
		about: "A job makes it; get-evidence says how far it is.", fails: faults{report.ErrNoRequirement, proof.ErrOpen},
	}, func(ctx context.Context, in *evidenceNewIn) (*evidenceOut, error) {
		p, err := a.Evidence.Ask(ctx, in.ID, in.Body.From, in.Body.Until)
		if err != nil {
			return nil, err
		}
		return &evidenceOut{showEvidence(&p)}, nil
	})
	on(a, operation{method: get, path: "/evidence/{pack}", id: "get-evidence", tag: tagEnrolments, need: manage, summary: "Where an evidence pack stands", fails: faults{proof.ErrNotFound}},
		func(ctx context.Context, in *evidenceIn) (*evidenceOut, error) {
			p, err := a.Evidence.Show(ctx, in.Pack)
			if err != nil {
				return nil, err
			}
			return &evidenceOut{showEvidence(&p)}, nil
		})
	on(a, operation{
		method: get, path: "/evidence/{pack}/file", id: "fetch-evidence", tag: tagEnrolments, need: manage, summary: "An evidence pack that is ready, as ZIP with a signature", media: "application/zip",
		about: "lyceum verify FILE checks it off line.", fails: faults{proof.ErrNotFound, proof.ErrNotReady},
	}, func(ctx context.Context, in *evidenceIn) (*archiveOut, error) {
		p, r, err := a.Evidence.Read(ctx, in.Pack)
		if err != nil {
			return nil, err
		}
		return &archiveOut{Type: "application/zip", Disposition: `attachment; filename="evidence-` + p.ID.String() + `.zip"`, Body: func(h huma.Context) {
			answer := behind(h.Context()).c
			answer.Set(fiber.HeaderContentType, "application/zip")
			answer.Context().SetBodyStream(r, int(p.Bytes)) // closes it
		}}, nil
	})
}
