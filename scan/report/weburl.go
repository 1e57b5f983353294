package report

import (
	"net/url"

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
