// Package base owns what can be said about a base image beyond its own
// findings: when it was made, which of its repository's tags are worth a look
// in its place, and what changes with another one.
//
// It looks nothing up. Whoever calls it knows the registry; the package must not.
package base
