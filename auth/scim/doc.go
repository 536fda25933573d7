// Package scim is SCIM 2.0 as a provider (RFC 7643, RFC 7644, RFC 9865): a company's directory creates, changes and
// removes people and groups here. It holds the schemas as data, the parsers of filters, paths and patches, the modes that
// bend to what Entra ID and Okta really send, and the Service that turns requests into people and groups of a tenant.
// It speaks no HTTP (api/scim does) and no SQL (store does).
package scim
