// Package lyceum is the root of the house; its test keeps the directions in which rooms import each other.
package lyceum
