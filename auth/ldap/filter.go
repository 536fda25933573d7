package ldap

import (
	"errors"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
)

const loginMark = "{login}"

// fill puts a login into a filter as a value: nothing in it can end the value or begin another part (RFC 4515 §3).
func fill(template, login string) string {
	return strings.ReplaceAll(template, loginMark, goldap.EscapeFilter(login))
}

// checkFilter says what is wrong with a filter that takes no login.
func checkFilter(filter string) string {
	if strings.Contains(filter, loginMark) {
		return "Leave out {login}: this filter is for all, not for one person."
	}
	if _, err := compile(filter); err != nil {
		return "This filter cannot be read. Write it as (objectClass=person) or (&(objectClass=person)(mail=*))."
	}
	return ""
}

// checkTemplate says what is wrong with a filter that takes a login. The login may stand only where a whole value is
// compared: in the place of a name it could say what is compared, and beside a * many logins would be one person's, so
// that guesses at their password could not be counted.
func checkTemplate(template string) string {
	n := strings.Count(template, loginMark)
	if n == 0 {
		return "Write {login} where the person's login belongs, such as (uid={login})."
	}
	const stand = "lyceumloginstandshere"
	p, err := compile(strings.ReplaceAll(template, loginMark, stand))
	if err != nil {
		return "This filter cannot be read. Write it as (&(objectClass=person)(uid={login}))."
	}
	if countValues(p, stand) != n {
		return "{login} must stand for a whole value: behind =, and without * beside it."
	}
	return ""
}

func compile(filter string) (*ber.Packet, error) {
	if len(filter) > filterMax {
		return nil, goldap.NewError(goldap.ErrorFilterCompile, errors.New("longer than 4096 characters"))
	}
	return goldap.CompileFilter(filter)
}

// countValues counts how often a word stands in values of a filter's equality and extensible matches (RFC 4511
// §4.5.1.7).
func countValues(p *ber.Packet, word string) (n int) {
	switch p.Tag {
	case goldap.FilterAnd, goldap.FilterOr, goldap.FilterNot:
		for _, child := range p.Children {
			n += countValues(child, word)
		}
	case goldap.FilterEqualityMatch:
		if len(p.Children) == 2 {
			n = strings.Count(p.Children[1].Data.String(), word)
		}
	case goldap.FilterExtensibleMatch:
		for _, child := range p.Children {
			if child.Tag == goldap.MatchingRuleAssertionMatchValue {
				n += strings.Count(child.Data.String(), word)
			}
		}
	}
	return n
}
