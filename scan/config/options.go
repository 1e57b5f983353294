package config

import (
	"slices"
	"time"

	"github.com/scan-build/scan-build/scan"
)

// FileName is the options file that stands beside the Dockerfile.
const FileName = ".scan-build.yaml"

// DefaultDB is the listing of the official Grype v6 databases.
const DefaultDB = "https://grype.anchore.io/databases/v6/latest.json"

// Options are the options of a scan after all roads have been merged. Start
// from [Default]: the zero value is the strictest gate and names no database.
type Options struct {
	// Thresholds say from which severity on findings block, warn and are counted.
	// The one that --fail-on sets is Thresholds.Image.Block.
	Thresholds Thresholds
	// OnlyFixed lets only findings block for which a fixed version exists.
	OnlyFixed bool
	// DB is where the vulnerability database comes from.
	DB Ref
	// MaxDBAge is the age above which a database is refused; 0 accepts any.
	MaxDBAge time.Duration
	// Secrets says how secrets are searched for and what they do to a build.
	Secrets Secrets
	// Grace postpones blocking.
	Grace Grace
	// KEV is what a finding does that CISA's catalogue lists as exploited.
	KEV Effect
	// EPSS is the probability of exploitation (0..1) at and above which a finding
	// blocks; 0 means that it does not matter.
	EPSS float64
	// HelpURL is shown with what blocks.
	HelpURL string
	// DeniedLicenses are globs on SPDX identifiers, in any case.
	DeniedLicenses []string
	// Checks are configuration findings.
	Checks Checks
	Base   BaseImages
	// Advise has newer base images scanned for comparison.
	Advise bool
	// Analyzers are images of the user's that look at what is built, those of
	// policies first.
	Analyzers []Analyzer
	// Exceptions are findings that the user accepts for a while.
	Exceptions []Exception
	// Profile was chosen by name or by Branch, empty for none.
	Profile, Branch string
	// Extends are the policies that the file builds on.
	Extends []Extend
	// Rego and VEX name files (globs) in the build context, or "POLICY!NAME" files
	// in a policy that is extended, see [SplitName].
	Rego, VEX []string
	// Bound are those of Rego that a policy that is extended does not let ignore
	// anything, see [Options.MayIgnore].
	Bound []string
	// RegoFiles and VEXFiles are what those names led to, and Policies all that took
	// part in the options. No road sets them: whoever reads the files adds them.
	RegoFiles, VEXFiles []File
	Policies            []scan.PolicyRef
	// Reports are FORMAT=FILE, in the order given. Formats are checked by
	// package report.
	Reports []string
	// Scanner is where the scanner's binaries come from; the zero value means
	// the one that belongs to the program itself.
	Scanner Ref
}

// Default returns the options of a scan for which nothing was set.
func Default() Options {
	o, err := Values{}.Options()
	if err != nil {
		panic(err) // a default of the table in this package is wrong; a test holds it right
	}
	return o
}

// MayIgnore says whether the results "ignore" of the files that an element of
// o.Rego names count: a file that extends a policy can always deny more, but
// less only where the policy says overridable: [rego].
func (o Options) MayIgnore(rego string) bool { return !slices.Contains(o.Bound, rego) }
