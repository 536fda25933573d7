package scim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/logs"
	"lyceum/internal/uid"
)

// bodyKept is how much of a body the log keeps, in bytes.
const bodyKept = 64 << 10

// logged is a request as the log keeps it.
func (s *Service) logged(d Directory, req Request, out Response, began time.Time) Logged {
	l := Logged{
		ID: uid.New(), DirectoryID: d.ID, Method: req.Method, Path: pathOf(req), Status: out.Status, DryRun: out.DryRun || d.Status != signon.StatusOn,
		Millis: int(s.now().Sub(began) / time.Millisecond), At: s.now(), Outcome: signon.JSON[Outcome]{V: out.Outcome},
	}
	var cut bool
	l.Request, cut = kept(redacted(req.Body))
	l.Response, _ = kept(redacted(out.Body))
	l.Outcome.V.Cut = cut
	return l
}

func pathOf(req Request) string {
	path := strings.ToValidUTF8(req.Path, "?")
	if req.RawQuery != "" {
		path += "?" + strings.ToValidUTF8(req.RawQuery, "?")
	}
	path, _ = kept(strings.ReplaceAll(path, "\x00", ""))
	return path
}

// kept cuts a text to what is kept.
func kept(text string) (string, bool) {
	if len(text) <= bodyKept {
		return text, false
	}
	return strings.ToValidUTF8(text[:bodyKept], ""), true
}

// redacted is a body without secrets. What is not JSON is not kept at all: nobody knows what is in it.
func redacted(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Sprintf("(%d bytes that are not JSON)", len(body))
	}
	raw, err := json.Marshal(withoutSecrets(v, false))
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(raw), `\u0000`, "")
}

// withoutSecrets replaces the values of secretive names, and of a patch's operations whose path is one.
func withoutSecrets(v any, hide bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		path, _ := valueOf(v, "path")
		text, _ := path.(string)
		for name, one := range v {
			out[name] = withoutSecrets(one, hide || logs.Secret(name) || strings.EqualFold(name, "value") && logs.Secret(text))
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = withoutSecrets(one, hide)
		}
		return out
	case nil:
		return nil
	}
	if hide {
		if _, truth := v.(bool); !truth {
			return logs.Redacted
		}
	}
	return v
}

// Replay sends a request of the log again, in dry run unless real, whatever the directory's own status, and tells what it
// changes or would change. What was redacted is sent as it was kept. It needs connection:manage. ErrRequestNotFound,
// ErrRequestCut. Event directory.request_replayed when it was real.
func (s *Service) Replay(ctx context.Context, directory, id uid.ID, base string, real bool) (Response, error) {
	if err := auth.Require(ctx, policy.ConnectionManage); err != nil {
		return Response{}, err
	}
	var d Directory
	var l Logged
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if d, err = s.keep.DirectoryByID(ctx, KindSCIM, directory); err != nil {
			return err
		}
		if l, err = s.keep.LoggedRequest(ctx, directory, id); err != nil || !real {
			return err
		}
		return s.tell(ctx, "directory.request_replayed", "directory", d.ID, map[string]any{"directory_id": d.ID, "request_id": l.ID, "method": l.Method})
	})
	if err != nil {
		return Response{}, err
	}
	if l.Outcome.V.Cut {
		return Response{}, ErrRequestCut
	}
	path, query, _ := strings.Cut(l.Path, "?")
	return s.serve(ctx, d, Request{Method: l.Method, Path: path, RawQuery: query, Query: ReadQuery(query), Body: []byte(l.Request), Base: base}, !real)
}

// parameterNames are those of a list, as the standard writes them.
var parameterNames = []string{"filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes"}

// ReadQuery reads a request's query; names in any case, others are passed over (RFC 7644 §3.4.2).
func ReadQuery(raw string) Parameters {
	out := Parameters{}
	values, err := url.ParseQuery(raw)
	if err != nil {
		values = url.Values{}
		for _, pair := range strings.Split(raw, "&") { // what can be read of it: Entra leaves some signs as they are
			name, value, _ := strings.Cut(pair, "=")
			if plain, err := url.QueryUnescape(value); err == nil {
				value = plain
			}
			values.Set(name, value)
		}
	}
	for name, list := range values {
		for _, known := range parameterNames {
			if strings.EqualFold(name, known) && len(list) > 0 {
				out[known] = list[0]
			}
		}
	}
	return out
}
