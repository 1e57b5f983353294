package match

import (
	grypematch "github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/matcher"
	"github.com/anchore/grype/grype/matcher/apk"
	"github.com/anchore/grype/grype/matcher/dpkg"
	"github.com/anchore/grype/grype/matcher/golang"
	"github.com/anchore/grype/grype/matcher/rpm"
	"github.com/anchore/grype/grype/matcher/stock"
	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/grype/grype/version"
	"github.com/anchore/grype/grype/vulnerability"
	syftpkg "github.com/anchore/syft/syft/pkg"
)

// matchers are grype's, configured as its command line does by default
// (cmd/grype/cli/options/match.go), except that CPEs are used for nothing but
// the Go standard library unless asked for. Java's search of Maven Central is
// off: there is no network here.
func (m *Matcher) matchers() []grypematch.Matcher {
	all := matcher.NewDefaultMatchers(matcher.Config{
		Golang: golang.MatcherConfig{AlwaysUseCPEForStdlib: true},
		Stock:  stock.MatcherConfig{UseCPEs: m.opts.UseCPEs},
		Dpkg:   dpkg.MatcherConfig{MissingEpochStrategy: version.MissingEpochStrategyZero},
		Rpm:    rpm.MatcherConfig{MissingEpochStrategy: version.MissingEpochStrategyAuto},
	})
	for i, inner := range all {
		all[i] = reporting{Matcher: inner, db: m.db, dropCPEs: !m.opts.UseCPEs && isAPK(inner)}
	}
	return all
}

func isAPK(m grypematch.Matcher) bool {
	_, ok := m.(*apk.Matcher)
	return ok
}

// kernelHeaderRules are the ignore rules that grype's command line always
// applies (cmd/grype/cli/commands/root.go): vulnerabilities of the kernel say
// nothing about a package of its headers.
func kernelHeaderRules() []grypematch.IgnoreRule {
	rule := func(name, upstream string, t syftpkg.Type) grypematch.IgnoreRule {
		return grypematch.IgnoreRule{
			Package:   grypematch.IgnoreRulePackage{Name: name, UpstreamName: upstream, Type: string(t)},
			MatchType: grypematch.ExactIndirectMatch,
		}
	}
	return []grypematch.IgnoreRule{
		rule("kernel-headers", "kernel", syftpkg.RpmPkg),
		rule("linux(-.*)?-headers-.*", "linux.*", syftpkg.DebPkg),
		rule("linux-libc-dev", "linux", syftpkg.DebPkg),
	}
}

// reporting remembers the packages for which a matcher gave up. grype only
// logs that, which would read as "no vulnerabilities".
type reporting struct {
	grypematch.Matcher
	db *database
	// dropCPEs hides the package's CPEs from a matcher that cannot be told to
	// leave them alone.
	dropCPEs bool
}

func (r reporting) Match(vp vulnerability.Provider, p pkg.Package) ([]grypematch.Match, []grypematch.IgnoreFilter, error) {
	if r.dropCPEs {
		p.CPEs = nil
	}
	matches, ignores, err := r.Matcher.Match(vp, p)
	if err != nil {
		r.db.failed[p.ID] = err
	}
	return matches, ignores, err
}
