package oidc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"unicode"

	"lyceum/internal/fault"
	"lyceum/internal/outbound"
)

// ErrUnreachable is an identity provider that does not answer, or not as one: nothing is wrong with the person or their
// answer, and trying again later may work. auth.RefusalOf finds the check behind it.
var ErrUnreachable = fault.New(fault.KindUnavailable, "identity_provider_unreachable", "Your organization's sign-in service does not answer as it should. Try again in a few minutes; if it stays, tell your IT team.")

// ErrIssuer is what an administrator is told whose issuer cannot be used as it stands.
var ErrIssuer = fault.New(fault.KindInvalid, "issuer_unusable", "This issuer cannot be used.")

// ProviderError is the refusal that the provider itself sent to the callback (OIDC Core 1.0 §3.1.2.6). Who asked with the
// prompt none meets login_required or interaction_required; who pressed cancel, access_denied.
type ProviderError struct {
	Code        string
	Description string
}

// Error says the code and what the provider wrote.
func (e *ProviderError) Error() string { return e.Code + ": " + e.Description }

// providerErrors says the codes of RFC 6749 §4.1.2.1 and OIDC Core 1.0 §3.1.2.6 in words.
var providerErrors = map[string]string{
	"access_denied":              "the person cancelled, or is not assigned to this application at the identity provider",
	"login_required":             "the person is not signed in at the identity provider, and we had asked it not to show a page",
	"interaction_required":       "the identity provider has to show the person a page, and we had asked it not to",
	"consent_required":           "the person or an administrator has to consent to this application at the identity provider",
	"account_selection_required": "the person has to choose an account at the identity provider",
	"invalid_scope":              "the identity provider does not grant one of the scopes asked for",
	"unauthorized_client":        "the identity provider does not allow this client the authorization code flow", //nolint:misspell // the word of RFC 6749
	"unsupported_response_type":  "the identity provider does not allow this client the authorization code flow",
	"invalid_request":            "the identity provider did not understand the request; compare the client id and the redirect address with its settings",
	"server_error":               "the identity provider had a failure of its own",
	"temporarily_unavailable":    "the identity provider is overloaded or being maintained",
}

// tokenErrors says the codes of RFC 6749 §5.2 in words.
var tokenErrors = map[string]string{
	"invalid_client":         "the client id or its secret is wrong or expired, or the identity provider wants another way of proving it",
	"invalid_grant":          "the code was used before, has expired, or was issued for another redirect address or another browser",
	"unauthorized_client":    "the identity provider does not allow this client the authorization code flow", //nolint:misspell // the word of RFC 6749
	"unsupported_grant_type": "the identity provider does not allow this client the authorization code flow",
	"invalid_request":        "the identity provider did not understand the request",
	"invalid_scope":          "the identity provider does not grant one of the scopes asked for",
}

// inWords joins a code, what it means and what the provider wrote, which is bounded and has no control characters.
func inWords(meanings map[string]string, code, description string) string {
	text := brief(code)
	if words := meanings[code]; words != "" {
		text += ": " + words
	}
	if description = brief(description); description != "" {
		text += fmt.Sprintf(" (it wrote: %s)", description)
	}
	return text
}

// brief makes text of a stranger fit for the trace.
func brief(text string) string {
	const most = 300
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar }), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// unusable is ErrIssuer with what to change.
func unusable(text string) *fault.Fault { return ErrIssuer.With("issuer", text) }

// unreachable is ErrUnreachable with why, for an administrator.
func unreachable(err error) *fault.Fault {
	return ErrUnreachable.Because(err).With("issuer", "The identity provider does not answer as it should: "+why(err)+".")
}

// statusError is an answer with another status than 200.
type statusError int

// Error names the status.
func (s statusError) Error() string {
	return fmt.Sprintf("it answered %d %s", int(s), http.StatusText(int(s)))
}

// why says why a call failed, without a word that the other side wrote: what stands inside a network is not shown to one
// who can make us call it.
func why(err error) string {
	var status statusError
	var timeout net.Error
	var lookup *net.DNSError
	var fields *fault.Fault
	switch {
	case errors.As(err, &fields) && fields.Fields["issuer"] != "":
		return fields.Fields["issuer"]
	case errors.As(err, &status):
		return status.Error()
	case errors.Is(err, outbound.ErrAddress):
		return "its address lies in a private network, which this installation does not call"
	case errors.Is(err, outbound.ErrTooLong):
		return "its answer is longer than we read"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "it did not answer in time"
	case errors.As(err, &lookup):
		return "no address is known for its name"
	case errors.Is(err, errKeySet):
		return "its key set cannot be read"
	}
	return "it cannot be called, or gave no answer that can be read"
}
