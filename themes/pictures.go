package themes

import (
	"html/template"
	"slices"
	"strconv"
	"strings"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/learning/home"
)

// Pictured is a page that shows covers: what they measure, and which smaller ones there are, is asked for beforehand and
// given in View.Pictures.
type Pictured interface{ Covers() []uid.ID }

func covers(ids ...*uid.ID) (out []uid.ID) {
	for _, id := range ids {
		if id != nil {
			out = append(out, *id)
		}
	}
	return out
}

func coversOf[T any](list []T, cover func(T) *uid.ID) (out []uid.ID) {
	for _, one := range list {
		out = append(out, covers(cover(one))...)
	}
	return out
}

func cardCover(c catalog.Card) *uid.ID   { return c.CoverFileID }
func mineCover(m enrolment.Mine) *uid.ID { return m.CoverFileID }

// Covers lists the pictures of the page.
func (p HomePage) Covers() []uid.ID {
	h := p.Home
	out := slices.Concat(coversOf(h.Due, mineCover), coversOf(h.Mine, mineCover), coversOf(h.Completed, mineCover))
	out = append(out, coversOf(h.Doing, func(d home.Doing) *uid.ID { return d.CoverFileID })...)
	return append(out, coversOf(h.Recommended, func(r home.Recommendation) *uid.ID { return r.CoverFileID })...)
}

// Covers lists the pictures of the page.
func (p CataloguePage) Covers() []uid.ID { return coversOf(p.Cards.Items, cardCover) }

// Covers lists the pictures of the page.
func (p CoursePage) Covers() []uid.ID { return covers(p.Outline.Version.CoverFileID) }

// Covers lists the pictures of the page.
func (p StudioPage) Covers() []uid.ID { return coversOf(p.Cards.Items, cardCover) }

// Srcset names a picture in all widths that there are (HTML §4.8.4.2.1); "" when there is only itself.
func (c *Chrome) Srcset(id uid.ID) template.Srcset { return SrcsetOf(c.View.Pictures[id]) }

// SrcsetOf is Srcset of a picture: a smaller one has an address that names its hash, itself is served by its id.
func SrcsetOf(p content.Picture) template.Srcset {
	if len(p.Variants) == 0 || p.Width == 0 {
		return ""
	}
	var b strings.Builder
	for _, v := range p.Variants {
		b.WriteString(VariantPath(v) + " " + strconv.Itoa(v.Width) + "w, ")
	}
	b.WriteString("/files/" + p.ID.String() + "/picture " + strconv.Itoa(p.Width) + "w")
	return template.Srcset(b.String()) //nolint:gosec // made of ids, hashes and numbers alone
}

// VariantPath is the address of a smaller picture.
func VariantPath(v content.Variant) string { return "/files/" + v.FileID.String() + "/v/" + v.SHA256 }
