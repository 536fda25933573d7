package ldap

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	goldap "github.com/go-ldap/ldap/v3"
)

const (
	// ClaimGroups is the claim with the names of a person's groups, in the order of ClaimMemberOf. A name may be given to
	// two groups; a distinguished name may not.
	ClaimGroups = "groups"
	// ClaimMemberOf is the claim with the distinguished names of a person's groups.
	ClaimMemberOf = "memberOf"
	// ClaimDN is the claim with the person's distinguished name.
	ClaimDN = "dn"
)

// Entry is a person as the directory has them.
type Entry struct {
	Subject string // the value of Settings.SubjectAttribute; a GUID in canonical form, lower case
	DN      string
	// Active is false where the directory says that the account is disabled or has come to its end. A lock-out after
	// wrong passwords is not that: it passes, and anybody can bring it about.
	Active bool
	// Claims are the attributes of Settings.Attributes by the names written there, each with its values in the
	// directory's order, and ClaimDN, ClaimMemberOf and ClaimGroups. A value that is no text is in base64.
	Claims map[string][]string
	// Groups are the distinguished names of the groups that the entry itself names (memberOf). See Membership for those
	// that only the groups know.
	Groups []string
	uid    string // the member's name in groups of memberUid
}

// Group is a group as the directory has it.
type Group struct {
	Subject string
	DN      string
	Name    string // cn, else the first part of the DN
	// Members are distinguished names, or uids where the member attribute is memberUid.
	Members []string
}

// stateAttributes say whether an account may be used, in the directories that have them.
var stateAttributes = []string{"userAccountControl", "accountExpires", "msDS-UserAccountDisabled", "nsAccountLock", "loginDisabled", "pwdAccountLockedTime"}

// personAttributes are what is asked of a person.
func (s Settings) personAttributes() []string {
	list := append([]string{s.SubjectAttribute, ClaimMemberOf}, stateAttributes...)
	if s.byUID() {
		list = append(list, "uid")
	}
	for _, a := range s.Attributes {
		if !slices.ContainsFunc(list, func(b string) bool { return strings.EqualFold(a, b) }) {
			list = append(list, a)
		}
	}
	return list
}

// byUID tells groups that list uids (RFC 2307 posixGroup) from those that list DNs.
func (s Settings) byUID() bool { return strings.EqualFold(s.MemberAttribute, "memberUid") }

// person reads an entry; ok is false when it has not exactly one subject, or a name that no database takes.
func (s Settings) person(e *goldap.Entry, now time.Time) (p Entry, ok bool) {
	p = Entry{DN: e.DN, Active: active(e, now), Claims: map[string][]string{ClaimDN: {e.DN}}, Groups: values(e, ClaimMemberOf), uid: value(e, "uid")}
	for _, a := range s.Attributes {
		if v := values(e, a); len(v) > 0 {
			p.Claims[a] = v
		}
	}
	p.claimGroups(nil)
	p.Subject, ok = s.subject(e)
	return p, ok && named(e)
}

// claimGroups writes the groups into the claims. names are by DN key; where there is none the DN's first value is it.
func (p *Entry) claimGroups(names map[string]string) {
	delete(p.Claims, ClaimMemberOf)
	delete(p.Claims, ClaimGroups)
	if len(p.Groups) == 0 {
		return
	}
	list := make([]string, len(p.Groups))
	for i, dn := range p.Groups {
		if list[i] = names[DNKey(dn)]; list[i] == "" {
			list[i] = firstValue(dn)
		}
	}
	p.Claims[ClaimMemberOf], p.Claims[ClaimGroups] = p.Groups, list
}

func named(e *goldap.Entry) bool { return e.DN != "" && printable(e.DN) }

const subjectMax = 255

func (s Settings) subject(e *goldap.Entry) (string, bool) {
	v := values(e, s.SubjectAttribute)
	if len(v) != 1 {
		return "", false
	}
	subject := strings.TrimSpace(v[0])
	if _, err := uuid.Parse(subject); err == nil {
		subject = strings.ToLower(subject)
	}
	return subject, subject != "" && len(subject) <= subjectMax && printable(subject)
}

// values gives an attribute's values as text, without regard to the name's case (RFC 4512 §2.5).
func values(e *goldap.Entry, name string) (list []string) {
	for _, a := range e.Attributes {
		if !strings.EqualFold(a.Name, name) {
			continue
		}
		for _, raw := range a.ByteValues {
			list = append(list, text(name, raw))
		}
	}
	return list
}

func value(e *goldap.Entry, name string) string {
	if v := values(e, name); len(v) > 0 {
		return v[0]
	}
	return ""
}

// text gives a value as text: GUIDs and SIDs as Microsoft writes them, other text as it is, and what is no text (or has
// a NUL, which no database takes) in base64.
func text(name string, raw []byte) string {
	switch strings.ToLower(name) {
	case "objectguid":
		if s, ok := FormatGUID(raw); ok {
			return s
		}
	case "objectsid":
		if s, ok := formatSID(raw); ok {
			return s
		}
	}
	if strings.HasSuffix(name, ";binary") || !utf8.Valid(raw) || slices.Contains(raw, 0) {
		return base64.StdEncoding.EncodeToString(raw)
	}
	return string(raw)
}

// FormatGUID gives Active Directory's sixteen bytes in the form in which its tools show them: the first three groups
// have their lowest byte first (MS-DTYP §2.3.4.2).
func FormatGUID(raw []byte) (string, bool) {
	if len(raw) != 16 {
		return "", false
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(raw), binary.LittleEndian.Uint16(raw[4:]), binary.LittleEndian.Uint16(raw[6:]), raw[8:10], raw[10:]), true
}

// formatSID gives a security identifier as S-1-5-21-… (MS-DTYP §2.4.2).
func formatSID(raw []byte) (string, bool) {
	if len(raw) < 8 || raw[0] != 1 || raw[1] > 15 || len(raw) != 8+4*int(raw[1]) {
		return "", false
	}
	authority := uint64(binary.BigEndian.Uint16(raw[2:]))<<32 | uint64(binary.BigEndian.Uint32(raw[4:]))
	s := fmt.Sprintf("S-1-%d", authority)
	for i := 8; i < len(raw); i += 4 {
		s += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(raw[i:])), 10)
	}
	return s, true
}

// lockedForGood is how the password policy overlay writes a lock that an administrator set (draft-behera-ldap-password-
// policy-10 §5.3.3); any other time is that of a lock-out after wrong passwords.
const lockedForGood = "000001010000Z"

// active tells whether the directory lets the account be used.
func active(e *goldap.Entry, now time.Time) bool {
	if n, err := strconv.ParseInt(value(e, "userAccountControl"), 10, 64); err == nil && n&2 != 0 { // ADS_UF_ACCOUNTDISABLE
		return false
	}
	if n, err := strconv.ParseInt(value(e, "accountExpires"), 10, 64); err == nil && ended(n, now) {
		return false
	}
	for _, a := range []string{"msDS-UserAccountDisabled", "nsAccountLock", "loginDisabled"} {
		if strings.EqualFold(value(e, a), "TRUE") {
			return false
		}
	}
	return value(e, "pwdAccountLockedTime") != lockedForGood
}

// ended reads Active Directory's accountExpires: 100 ns since 1601; 0 and the greatest number are never.
func ended(n int64, now time.Time) bool {
	const ticks, from1601 = 10_000_000, 11_644_473_600
	return n > 0 && n != 1<<63-1 && now.Unix() >= n/ticks-from1601
}

// DNKey gives a form of a distinguished name that is equal for names that a directory holds for equal: without regard
// to case, spaces and the way of escaping (RFC 4514, RFC 4518 §2). It is for comparing only; what is no name stays as it is.
func DNKey(dn string) string {
	parsed, err := goldap.ParseDN(dn)
	if err != nil {
		return dn
	}
	for _, rdn := range parsed.RDNs {
		for _, a := range rdn.Attributes {
			a.Value = folded(a.Value)
		}
	}
	return parsed.String()
}

// folded gives text in lower case with single spaces; what is not UTF-8 stays, so that no two become one.
func folded(s string) string {
	if !utf8.ValidString(s) {
		return s
	}
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' }), " ")
}

// firstValue gives the value of a DN's first part: the usual name of a group.
func firstValue(dn string) string {
	parsed, err := goldap.ParseDN(dn)
	if err != nil || len(parsed.RDNs) == 0 || len(parsed.RDNs[0].Attributes) == 0 {
		return dn
	}
	v := parsed.RDNs[0].Attributes[0].Value
	if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
		return dn
	}
	return v
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
