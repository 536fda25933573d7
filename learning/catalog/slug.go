package catalog

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"lyceum/internal/uid"
)

// MaxSlug is the longest address of a course, in characters.
const MaxSlug = 80

var slugRE = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// reservedSlugs are words that stand at the same place in addresses.
var reservedSlugs = []string{"new", "edit", "import", "archive", "search"}

// CheckSlug says what is wrong with a wished address, or "": up to MaxSlug characters of a–z, 0–9 and single hyphens.
func CheckSlug(slug string) string {
	switch {
	case slug == "":
		return "Enter an address for the course, for example “fire-safety”."
	case len(slug) > MaxSlug:
		return "Use at most " + strconv.Itoa(MaxSlug) + " characters."
	case !slugRE.MatchString(slug):
		return "Use small letters, digits and single hyphens, for example “fire-safety”."
	case slices.Contains(reservedSlugs, slug) || isID(slug):
		return "This word is reserved. Please choose another."
	}
	return ""
}

// isID tells whether an address would be taken for a course's id where either names a course.
func isID(slug string) bool {
	_, ok := uid.Parse(slug)
	return ok
}

// unfolded are letters that do not decompose into a base letter and a mark.
var unfolded = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "ł", "l", "ı", "i", "ħ", "h", "&", " and ")

// SlugFrom makes an address of a title: marks are taken off letters, everything but a–z and 0–9 separates. A title
// without such letters (in another script) becomes "course".
func SlugFrom(title string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFD.String(unfolded.Replace(strings.ToLower(title))) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
		default:
			gap = true
		}
	}
	slug := b.String()
	if len(slug) > MaxSlug-4 {
		slug = strings.TrimRight(slug[:MaxSlug-4], "-")
	}
	if CheckSlug(slug) != "" {
		return "course"
	}
	return slug
}
