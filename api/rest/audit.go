package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/audit"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

type auditIn struct {
	Paging
	Type    string    `query:"type" doc:"Only entries of this type. person.* stands for every type that begins with person." example:"person.*"`
	Subject uid.ID    `query:"subject" doc:"Only entries about this id."`
	Actor   uid.ID    `query:"actor" doc:"Only entries caused by this person."`
	IP      string    `query:"ip" doc:"Only entries whose request came from this address."`
	From    time.Time `query:"from" doc:"Only entries at or after this time."`
	Until   time.Time `query:"until" doc:"Only entries before this time."`
}

// auditCheck is what following the chain found.
type auditCheck struct {
	Holds     bool      `json:"holds"`
	Problem   string    `json:"problem,omitempty" doc:"Where the chain breaks, when it does."`
	Entries   int64     `json:"entries"`
	Head      string    `json:"head" doc:"Hash of the last entry, in hexadecimal."`
	AnchorSeq int64     `json:"anchor_seq,omitempty" doc:"How far the log went when it was last noted outside of the portal's own data."`
	CheckedAt time.Time `json:"checked_at"`
}

type auditCheckOut struct{ Body auditCheck }

func (a *api) auditOperations() {
	on(a, operation{
		method: get, path: "/audit", id: "list-audit-entries", tag: tagAudit, need: route.For(policy.AuditRead),
		summary: "The audit log, the newest first",
		about:   "Who did what to whom, kept for good. Each entry carries its SHA-256 and that of the entry before; docs/AUDIT.md says over which bytes.",
	}, func(ctx context.Context, in *auditIn) (*pageOut[audit.Line], error) {
		f := audit.Filter{Type: in.Type, Subject: in.Subject, Actor: in.Actor, IP: in.IP, From: in.From, Until: in.Until, Page: in.request()}
		list, err := a.Audit.Read(ctx, f)
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, func(e *audit.Entry) audit.Line { return e.Line() }), nil
	})
	on(a, operation{
		method: get, path: "/audit/check", id: "check-audit-log", tag: tagAudit, need: route.For(policy.AuditRead),
		summary: "Follow the whole chain of the audit log",
	}, func(ctx context.Context, _ *struct{}) (*auditCheckOut, error) {
		found, err := a.Audit.Check(ctx)
		if err != nil {
			return nil, err
		}
		out := auditCheck{Holds: found.Broken == nil, Entries: found.Entries, Head: found.Head, CheckedAt: utc(found.At)}
		if found.Broken != nil {
			out.Problem = fault.Of(found.Broken).Text
		}
		if found.Anchor != nil {
			out.AnchorSeq = found.Anchor.Seq
		}
		return &auditCheckOut{out}, nil
	})
}
