package scim

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"lyceum/internal/fault"
)

// bulk answers POST /Bulk (RFC 7644 §3.7). Each operation is done or not by itself; all that are done are kept together.
// Those whose bulkIds wait for each other, or for none, are refused with 409.
func (w *work) bulk(ctx context.Context, req Request) (Response, error) {
	if len(req.Body) > BodyMax {
		return Response{}, ErrTooLarge
	}
	body, err := Decode(req.Body)
	if err != nil {
		return Response{}, err
	}
	in, err := ParseBulk(body, w.q)
	if err != nil {
		return Response{}, err
	}
	order, stuck := in.ordered()
	out := BulkAnswer{Schemas: []string{MessageBulkResponse}, Operations: []BulkResult{}}
	ids, failures := map[string]string{}, 0
	ended := func() bool { return in.FailOnErrors > 0 && failures >= in.FailOnErrors }
	for _, i := range order {
		if ended() {
			break
		}
		result, id, err := w.bulkOne(ctx, in.Operations[i].resolved(ids), req)
		if err != nil {
			return Response{}, err
		}
		if result.Response != nil {
			failures++
		}
		if id != "" {
			ids[in.Operations[i].BulkID] = id
		}
		out.Operations = append(out.Operations, result)
	}
	for _, i := range stuck {
		if ended() {
			break
		}
		failures++
		op := in.Operations[i]
		_, why := Answer(ErrBulkReference)
		out.Operations = append(out.Operations, BulkResult{Method: op.Method, BulkID: op.BulkID, Status: why.Status, Response: why})
	}
	return answered(http.StatusOK, out)
}

// bulkOne does one operation. err is our own mistake, which ends the whole request.
func (w *work) bulkOne(ctx context.Context, op BulkOperation, req Request) (out BulkResult, id string, err error) {
	out = BulkResult{Method: op.Method, BulkID: op.BulkID}
	raw, err := json.Marshal(op.Data)
	if err != nil {
		return out, "", err
	}
	if refs := op.references(); len(refs) > 0 { // the operation that was to create it has failed
		_, why := Answer(ErrBulkReference)
		out.Status, out.Response = why.Status, why
		return out, "", nil
	}
	var res Response
	before := len(w.outcome.Changes)
	err = w.keep.Try(ctx, func(ctx context.Context) (err error) {
		res, err = w.dispatch(ctx, Request{Method: op.Method, Path: op.Path, Body: raw, IfMatch: op.Version, Base: req.Base})
		return err
	})
	if err != nil {
		w.outcome.Changes = w.outcome.Changes[:before]
		if fault.Of(err).Kind == fault.KindInternal {
			return out, "", err
		}
		status, why := Answer(err)
		out.Status, out.Response = strconv.Itoa(status), why
		return out, "", nil
	}
	out.Status, out.Version, out.Location = strconv.Itoa(res.Status), res.ETag, res.Location
	if op.Method == http.MethodPost {
		var created struct{ ID string }
		if err := json.Unmarshal(res.Body, &created); err != nil {
			return out, "", err
		}
		id = created.ID
	} else if out.Location == "" {
		out.Location = w.base + op.Path
	}
	return out, id, nil
}
