package ldap

import (
	"fmt"
	"regexp"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"lyceum/auth"
)

// failed notes a check that did not go well and that is not the person's to read.
func failed(r *auth.Report, name, format string, args ...any) {
	*r = append(*r, auth.Check{Name: name, Detail: fmt.Sprintf(format, args...)})
}

// sub finds the code that Active Directory hides in the text of a refused bind: "… comment: AcceptSecurityContext
// error, data 52e, v2580".
var sub = regexp.MustCompile(`data ([0-9a-fA-F]{3,8})\b`)

// subCodes are Windows' logon failures as Active Directory gives them (MS-ERREF §2.2, in hexadecimal).
var subCodes = map[string]string{
	"525": "no such person",
	"52e": "wrong password",
	"52f": "an account restriction (an empty password, or a rule of the domain)",
	"530": "not allowed to sign in at this hour",
	"531": "not allowed to sign in from this computer",
	"532": "the password has expired",
	"533": "the account is disabled",
	"568": "the account is in too many groups",
	"701": "the account has come to its end",
	"773": "the password must be changed at the first sign-in",
	"775": "the account is locked after wrong passwords",
}

// subCode gives Active Directory's own code of a refusal, "" where there is none.
func subCode(answer *goldap.Error) string {
	if answer.Err == nil {
		return ""
	}
	m := sub.FindStringSubmatch(answer.Err.Error())
	if m == nil {
		return ""
	}
	return strings.TrimLeft(strings.ToLower(m[1]), "0")
}

// diagnose puts a result code (RFC 4511 appendix A) into words, with the server's own.
func diagnose(answer *goldap.Error) string {
	text := fmt.Sprintf("result %d, %s", answer.ResultCode, goldap.LDAPResultCodeMap[answer.ResultCode])
	if code := subCode(answer); subCodes[code] != "" {
		return text + ": " + subCodes[code] + " (" + code + ")"
	}
	if advice := advices[answer.ResultCode]; advice != "" {
		text += ": " + advice
	}
	if answer.Err != nil && answer.Err.Error() != "" {
		text += " (the server says: " + clean(answer.Err.Error()) + ")"
	}
	return text
}

var advices = map[uint16]string{
	goldap.LDAPResultInvalidCredentials:           "name or password is not right",
	goldap.LDAPResultConfidentialityRequired:      "the server wants TLS; use ldaps:// or StartTLS",
	goldap.LDAPResultStrongAuthRequired:           "the server wants TLS or signing; use ldaps:// or StartTLS",
	goldap.LDAPResultNoSuchObject:                 "the entry is not there, or the service account may not see it",
	goldap.LDAPResultInsufficientAccessRights:     "the service account may not read this",
	goldap.LDAPResultSizeLimitExceeded:            "the server gives no more entries to this account; raise its limit for paged searches",
	goldap.LDAPResultTimeLimitExceeded:            "the server gave up; index the attributes of the filter",
	goldap.LDAPResultAdminLimitExceeded:           "a limit of the server; raise it for this account, or index the attributes of the filter",
	goldap.LDAPResultReferral:                     "this server does not hold the entry; name the server that does",
	goldap.LDAPResultUnwillingToPerform:           "the server does not do this now",
	goldap.LDAPResultUnavailableCriticalExtension: "the server does not know a needed extension",
}

// wrongCredentials tells the answers with which directories refuse a person: each has its own for locked, disabled and
// unknown ones.
func wrongCredentials(err error) bool {
	return goldap.IsErrorAnyOf(err, goldap.LDAPResultInvalidCredentials, goldap.LDAPResultInappropriateAuthentication, goldap.LDAPResultNoSuchObject,
		goldap.LDAPResultInvalidDNSyntax, goldap.LDAPResultConstraintViolation, goldap.LDAPResultUnwillingToPerform, goldap.LDAPResultInsufficientAccessRights)
}
