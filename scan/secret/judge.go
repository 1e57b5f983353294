package secret

import (
	"regexp"
	"strings"
)

// judge returns why a finding is none that matters, by where it is, and nothing
// for one that does. Only what a package manager put into the image is judged: a
// secret that everyone can download is not this image's. An application's own
// tests and examples count.
func judge(rule, path string) (dismissed string) {
	path = strings.ReplaceAll(path, "!", "/") // of files inside archives
	for _, p := range places {
		if p.path.MatchString(path) && (p.rule == "" || p.rule == rule) {
			return p.reason
		}
	}
	for _, t := range packageTrees {
		in := t.root.FindStringIndex(path)
		if in == nil {
			continue
		}
		rest := path[in[1]:]
		switch {
		case forTests.MatchString(rest) || testFile.MatchString(rest):
			return "test data, example or documentation of " + t.kind
		case strings.HasPrefix(rule, "generic-"):
			return "a guess, by a generic rule, in " + t.kind
		case rule == "private-key" && code.MatchString(rest):
			return "code that handles keys, in " + t.kind
		}
	}
	return ""
}

// packageTrees are where package managers put packages. A root ends where the
// names inside a package begin.
var packageTrees = []struct {
	kind string
	root *regexp.Regexp
}{
	{"an npm package", regexp.MustCompile(`(?:^|/)node_modules/(?:@[^/]+/)?[^/.][^/]*/`)},
	{"a Python package", regexp.MustCompile(`(?:^|/)lib(?:64)?/python\d(?:\.\d+)?/(?:site-packages/|dist-packages/)?`)},
	{"a gem", regexp.MustCompile(`(?:^|/)gems/[\w.-]+-\d[\w.]*/|(?:^|/)lib/ruby/(?:vendor_ruby/|\d[\d.]*/)`)},
	{"a Go module", regexp.MustCompile(`(?:^|/)pkg/mod/[^@]+@v\d[^/]*/|(?:^|/)vendor/[\w-]+\.[a-z]{2,}/[^/]+/`)},
	{"Go's own packages", regexp.MustCompile(`(?:^|/)usr/(?:local/go|(?:lib|share)/go(?:-\d[\d.]*)?)/`)},
	{"a crate", regexp.MustCompile(`(?:^|/)\.?cargo/(?:registry/src/[^/]+|git/checkouts/[^/]+)/[^/]+/`)},
	{"a Composer package", regexp.MustCompile(`(?:^|/)vendor/[a-z\d][a-z\d_.-]*/[a-z\d][a-z\d_.-]*/`)},
	{"a Perl module", regexp.MustCompile(`(?:^|/)usr/(?:local/)?(?:share|lib|lib/[\w-]+-linux-\w+)/perl(?:5|-base|/\d[\d.]*)?/`)},
	{"a distribution's package", regexp.MustCompile(`^usr/(?:include|share/(?:nodejs|javascript|php|java|gocode|rubygems-integration|python3|perl-openssl-defaults)|lib/(?:nodejs|jvm|php|git-core|erlang|R))/`)},
}

// forTests are the folders of a package that its own tests, examples and
// documentation are in; testFile are such files beside others.
var (
	forTests = regexp.MustCompile(`(?i)(?:^|/)(?:tests?|testing|test[-_]?(?:data|suite|files|cert|certs|keys)|certdata|specs?|__tests__|fixtures?|mocks?|examples?|samples?|demos?|docs?|documentation|benchmarks?)/`)
	testFile = regexp.MustCompile(`(?i)(?:^|/)(?:test_[^/]+\.py|[^/]+[._-](?:test|spec)s?\.[^/]+|[^/]+\.(?:examples?|md|rst|pod)(?:\.json)?|(?:examples?|readme|changelog|changes|history|news)(?:[-.][^/]*)?)$`)
)

// code are source files. A key's header in one is mostly there to be compared
// with or to be written.
var code = regexp.MustCompile(`(?i)\.(?:[cm]?[jt]sx?|map|pyi?|rbs?|p[lm]|php|go|rs|java|[ch]|cc|cpp|hpp|wasm)$`)

// places are judged whole.
var places = []struct {
	path   *regexp.Regexp
	rule   string // empty: every rule
	reason string
}{
	{path: regexp.MustCompile(`^usr/share/(?:doc|doc-base|man|info|help|gtk-doc)/`), reason: "documentation of a distribution's package"},
	{path: regexp.MustCompile(`^(?:var/lib/(?:apt/lists|dpkg|rpm|dnf|pacman)|var/cache/(?:apt|dnf|yum|apk)|(?:usr/)?lib/apk/db|usr/lib/sysimage)/`), reason: "index of the distribution's package manager, which is full of hashes"},
	{
		path: regexp.MustCompile(`^etc/ssl/private/ssl-cert-snakeoil\.key$`), rule: "private-key",
		reason: "key of the self-signed certificate that Debian's ssl-cert makes when it is installed: nobody trusts it",
	},
}
