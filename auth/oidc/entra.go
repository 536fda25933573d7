package oidc

import (
	"net/url"
	"slices"
	"strings"
)

// entraHosts are where Microsoft Entra ID issues: worldwide, for the government of the United States, and in China.
var entraHosts = []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}

// entraPlaceholder stands for the directory's id in the issuer of a multi-tenant discovery document.
const entraPlaceholder = "{tenantid}"

// entraMultiTenant tells whether an issuer is Entra's for people of every organization, and gives its host. Its discovery
// document names no issuer but a pattern: each token's issuer has its own directory's id in it, and who does not compare
// that with a list lets everybody in who can open a free directory.
func entraMultiTenant(issuer string) (host string, ok bool) {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" || !slices.Contains(entraHosts, strings.ToLower(u.Host)) {
		return "", false
	}
	return u.Host, u.Path == "/common/v2.0" || u.Path == "/organizations/v2.0"
}

// entraIssuer is the issuer of one directory's tokens, or the pattern for all.
func entraIssuer(host, directory string) string { return "https://" + host + "/" + directory + "/v2.0" }
