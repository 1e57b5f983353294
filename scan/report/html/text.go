package html

import (
	"net/url"
	"strings"

	"github.com/scan-build/scan-build/scan/internal/plain"
)

// What is kept of a text at most: enough for any honest one.
const (
	nameWidth    = 200
	sentence     = 600
	summaryWidth = 4000
	listed       = 50 // elements of a list
	urlWidth     = 2000
)

func name(s string) string { return plain.Line(s, nameWidth) }
func path(s string) string { return plain.Tail(s, nameWidth) }

func names(list []string) []string {
	var out []string
	for _, s := range list[:min(len(list), listed)] {
		out = append(out, name(s))
	}
	return out
}

// link returns the address if it is one that a reader may be sent to: http or
// https, and nothing in it that would show as something else.
func link(s string) string {
	if len(s) > urlWidth || plain.Line(s, 0) != s || strings.ContainsAny(s, " \\\"'<>`") {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return s
}

func links(list []string) []string {
	var out []string
	for _, s := range list {
		if u := link(s); u != "" && len(out) < listed {
			out = append(out, u)
		}
	}
	return out
}
