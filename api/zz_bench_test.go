package api_test

import (
	"net"
	"testing"

	"github.com/valyala/fasthttp"

	"lyceum/auth/policy"
	"lyceum/store/storetest"
)

func BenchmarkCourse(b *testing.B) {
	h := setup(b)
	in := storetest.SmallCourse("Fire")
	in.Summary = "Whatever you build, build it **safely**. New here? Start with *Workplace safety*: it takes half an hour."
	for range 4 {
		in.Modules = append(in.Modules, in.Modules[0])
	}
	o := storetest.PublishedCourse(b, h.ctx, h.w, in)
	p := h.person(policy.Learner)
	h.due(p, o, "2026-03-10")
	br := h.as(p)
	_ = net.IPv4len
	for _, path := range []string{"/courses/" + o.Course.Slug, "/"} {
		b.Run(path, func(b *testing.B) {
			hd := h.srv.Handle()
			for b.Loop() {
				var c fasthttp.RequestCtx
				c.Request.Header.SetHost(br.host)
				c.Request.SetRequestURI(path)
				c.Request.Header.Set("Accept", "text/html")
				for n, v := range br.cookies {
					c.Request.Header.SetCookie(n, v)
				}
				hd(&c)
				if c.Response.StatusCode() != 200 {
					b.Fatal(c.Response.StatusCode())
				}
			}
		})
	}
}
