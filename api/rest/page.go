package rest

import (
	"context"
	"net/url"

	"lyceum/internal/page"
)

// Paging is what every list takes. It is exported because huma looks into embedded structs of exported types only.
type Paging struct {
	After string `query:"after" doc:"Where the page before ended: the next of that answer. Leave it out for the first page."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items at most."`
}

func (p *Paging) request() page.Request { return page.Request{After: p.After, Limit: p.Limit} }

// pageOf is a piece of a list.
type pageOf[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next" doc:"Give this as after to get the next page. It is null at the end."`
}

// pageOut answers a piece of a list, with a link to the next one (RFC 8288).
type pageOut[T any] struct {
	Link string `header:"Link" doc:"The next page, as <address>; rel=\"next\". It is left out at the end."`
	Body pageOf[T]
}

// paged answers a piece of a list of the domain, each item in its outer form.
func paged[D, T any](ctx context.Context, of page.Of[D], show func(*D) T) *pageOut[T] {
	out := &pageOut[T]{Body: pageOf[T]{Items: make([]T, len(of.Items))}}
	for i := range of.Items {
		out.Body.Items[i] = show(&of.Items[i])
	}
	if of.Next != "" {
		out.Link, out.Body.Next = next(ctx, of.Next), &of.Next
	}
	return out
}

// next is the link to the page that begins at a cursor: the address that was asked for, with the cursor in it.
func next(ctx context.Context, cursor string) string {
	asked := behind(ctx).c.Request().URI()
	query, err := url.ParseQuery(string(asked.QueryString()))
	if err != nil {
		query = url.Values{} // unreachable: what does not parse was refused as an unknown parameter
	}
	query.Set("after", cursor)
	here := url.URL{Path: string(asked.Path()), RawQuery: query.Encode()}
	return "<" + here.String() + `>; rel="next"`
}

// whole answers a list that the domain bounds and gives at once, in the same form as a piece.
func whole[D, T any](ctx context.Context, list []D, show func(*D) T) *pageOut[T] {
	return paged(ctx, page.Of[D]{Items: list}, show)
}
