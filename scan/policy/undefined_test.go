package policy

import (
	"testing"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// TestMissingFactsSilenceNoRule leaves out of a report what it may lack. In Rego
// a rule that reads what is not there says nothing.
func TestMissingFactsSilenceNoRule(t *testing.T) {
	for name, tc := range map[string]struct {
		change  func(*config.Options)
		prepare func(*scan.Stage)
		rule    string
	}{
		"a base image without layers that is not approved": {
			func(o *config.Options) { o.Base.Approved = [][]string{{"r.io/**"}} },
			func(s *scan.Stage) { *s = scan.Stage{Name: s.Name, Final: true, Base: &scan.Base{}} },
			"base-not-approved",
		},
		"a base image without layers that is too old": {
			func(o *config.Options) { o.Base.MaxAge = 2 * day },
			func(s *scan.Stage) {
				made := scanned.AddDate(0, 0, -9)
				*s = scan.Stage{Name: s.Name, Final: true, Base: &scan.Base{Created: &made}}
			},
			"base-too-old",
		},
		"a base image without layers that says no age": {
			func(o *config.Options) { o.Base.MaxAge = 2 * day },
			func(s *scan.Stage) { *s = scan.Stage{Name: s.Name, Final: true, Base: &scan.Base{}} },
			"base-of-unknown-age",
		},
		"an age limit below a day": {
			func(o *config.Options) { o.Base.MaxAge = day / 2 },
			func(s *scan.Stage) {
				made := scanned.AddDate(0, 0, -9)
				s.Base = &scan.Base{Created: &made}
			},
			"base-too-old",
		},
		"a package of no known layer under a licence": {
			func(o *config.Options) { o.DeniedLicenses = []string{"GPL-*"} },
			func(s *scan.Stage) {
				s.Packages = []scan.Package{{Name: "a", Licenses: []string{"GPL-3.0-only"}, Last: 99}}
			},
			"license",
		},
	} {
		t.Run(name, func(t *testing.T) {
			opts := options("none", false)
			tc.change(&opts)
			r := sample.Report()
			for i := range r.Platforms {
				tc.prepare(r.Platforms[i].FinalStage())
			}
			if v := evaluated(t, r, opts).Verdict; !violates(v, tc.rule) {
				t.Errorf("%+v", v.Violations)
			}
		})
	}
}

func violates(v scan.Verdict, rule string) bool {
	for _, x := range v.Violations {
		if x.Rule == rule {
			return true
		}
	}
	return false
}

func TestPackageOfHelpersIsNoMistakeIfItIsRead(t *testing.T) {
	opts := options("none", false)
	opts.RegoFiles = append(team("import data.lib.text\n\ndeny contains text.no\n"), config.File{Name: "lib.rego", Data: []byte("package lib.text\n\nno := \"no\"\n")})
	if v := evaluated(t, sample.Report(), opts).Verdict; v.Outcome != scan.OutcomeBlock {
		t.Errorf("outcome is %s", v.Outcome)
	}
}

func TestRuleThatReadsWhatIsNotThereSaysNothing(t *testing.T) {
	opts := options("none", false)
	opts.RegoFiles = team("deny contains \"no\" if data.elsewhere.a\n\nwarn contains \"yes\" if not data.elsewhere.a\n")
	if v := evaluated(t, sample.Report(), opts).Verdict; v.Outcome != scan.OutcomeWarn || !violates(v, "team.warn") {
		t.Errorf("%+v", v)
	}
}
