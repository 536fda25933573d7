// Package journey drives the product in a real browser as its users do. It is tests only; pictures of what they saw lie
// in artifacts/journey.
package journey
