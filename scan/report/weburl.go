package report

import (
	"net/url"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// webURL is an address that may be followed, or "" for anything else: addresses
// come from advisories and analyzers.
func webURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || s != plain.Line(s, 0) {
		return ""
	}
	return u.String()
}

// sourceURL is the address of the repository that was built; empty if it is none,
// or holds a user, whose name may be a token and who may have a password.
func sourceURL(b *scan.Build) string {
	source := webURL(b.Source)
	if u, err := url.Parse(source); err != nil || u.User != nil {
		return ""
	}
	return source
}
