package catalog

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/tenant"
)

// Limits of what may be shown from other sites.
const (
	MaxURL        = 2_000
	MaxEmbedHosts = 50
)

// DefaultEmbedHosts are the sites that lessons may show before anyone says otherwise: players that set no cookies
// before they play.
func DefaultEmbedHosts() []string { return []string{"player.vimeo.com", "www.youtube-nocookie.com"} }

// hostRE is a host name of at least two labels, without port.
var hostRE = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// EmbedHosts are the sites that lessons of this portal may show, sorted. It needs course:read: the page of a lesson
// asks for them too.
func (s *Service) EmbedHosts(ctx context.Context) (hosts []string, err error) {
	if err = auth.Require(ctx, policy.CourseRead); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		hosts, err = s.embedHosts(ctx)
		return err
	})
	return hosts, err
}

func (s *Service) embedHosts(ctx context.Context) ([]string, error) {
	hosts, set, err := s.keep.EmbedHosts(ctx)
	if err == nil && !set {
		hosts = DefaultEmbedHosts()
	}
	return hosts, err
}

// SetEmbedHosts says which sites lessons may show; none is allowed too. What lessons show already of a site taken away
// is shown as a link from then on. It needs security:manage and tells of it as embeds.changed. Field: hosts.
func (s *Service) SetEmbedHosts(ctx context.Context, hosts []string) ([]string, error) {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return nil, err
	}
	hosts, err := cleanHosts(hosts)
	if err != nil {
		return nil, err
	}
	return hosts, s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.SaveEmbedHosts(ctx, hosts, s.now()); err != nil {
			return err
		}
		t, _ := tenant.From(ctx)
		e, err := event.New(ctx, s.now(), "embeds.changed", "tenant", t.ID, map[string]any{"hosts": hosts})
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, e)
	})
}

// cleanHosts sorts host names, each once. Who pastes an address means its host.
func cleanHosts(hosts []string) ([]string, error) {
	f, out := fault.Fields{}, []string{}
	for _, h := range hosts {
		h = strings.ToLower(line(h))
		if u, err := url.Parse(h); err == nil && u.Host != "" {
			h = u.Host
		}
		h = strings.TrimSuffix(h, "/")
		switch {
		case h == "":
		case !hostRE.MatchString(h) || len(h) > 253:
			f.Add("hosts", fmt.Sprintf("%q is no host name. Write one a line, such as player.vimeo.com.", h))
		default:
			out = append(out, h)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	f.Check(len(out) <= MaxEmbedHosts, "hosts", fmt.Sprintf("Allow at most %d sites.", MaxEmbedHosts))
	return out, f.Err()
}

// EmbedHost is the site that an address shows, "" for an address that cannot be shown: only https, no port, no
// password.
func EmbedHost(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || u.Opaque != "" {
		return ""
	}
	if host := strings.ToLower(u.Hostname()); hostRE.MatchString(host) {
		return host
	}
	return ""
}

// checkURL notes an address that the kind cannot have: field url. An empty one is allowed in a draft.
func (in LessonInput) checkURL(f fault.Fields, prefix string) {
	if in.URL == "" {
		return
	}
	f.Check(len(in.URL) <= MaxURL, prefix+"url", fmt.Sprintf("Use at most %d characters.", MaxURL))
	u, err := url.Parse(in.URL)
	switch {
	case in.Kind == LessonEmbed:
		f.Check(EmbedHost(in.URL) != "", prefix+"url", "Enter an address that begins with https:// and a host name.")
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil:
		f.Add(prefix+"url", "Enter an address that begins with https:// or http://.")
	}
}

// checkEmbed notes an embed of a site that is not allowed here.
func (in LessonInput) checkEmbed(f fault.Fields, prefix string, allowed []string) {
	if host := EmbedHost(in.URL); in.Kind == LessonEmbed && host != "" {
		f.Check(slices.Contains(allowed, host), prefix+"url", host+" may not be shown inside lessons here. Ask an administrator to allow it, or make this lesson a link.")
	}
}

// embedded turns the address of a page that people copy from YouTube or Vimeo into that of the site's player, which
// is the one that may be framed; any other comes back as it is.
func embedded(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	path := strings.Trim(u.Path, "/")
	switch strings.ToLower(u.Hostname()) {
	case "youtu.be":
		return youTube(path, u.Query())
	case "youtube.com", "www.youtube.com", "m.youtube.com":
		if id := u.Query().Get("v"); path == "watch" {
			return youTube(id, u.Query())
		}
		if id, ok := strings.CutPrefix(path, "embed/"); ok {
			return youTube(id, u.Query())
		}
	case "vimeo.com", "www.vimeo.com":
		if vimeoRE.MatchString(path) {
			return "https://player.vimeo.com/video/" + path
		}
	}
	return address
}

var (
	vimeoRE   = regexp.MustCompile(`^[0-9]{1,12}$`)
	youTubeRE = regexp.MustCompile(`^[A-Za-z0-9_-]{5,20}$`)
)

func youTube(id string, q url.Values) string {
	if !youTubeRE.MatchString(id) {
		return "https://www.youtube.com/watch?" + q.Encode()
	}
	return "https://www.youtube-nocookie.com/embed/" + id
}
