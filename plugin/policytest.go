package plugin

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/cli/cli"
	"github.com/docker/cli/cli/command"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/policy/bundle"
	"github.com/scan-build/scan-build/scan/policy/policytest"
)

// What the files of a folder of tests end with.
const (
	regoEnd   = ".rego"
	reportEnd = ".report.json"
	expectEnd = ".expect.yaml"
)

type policyTest struct {
	cli   command.Cli
	flags policyFlags
}

func newPolicyTest(dockerCli command.Cli) *cobra.Command {
	t := &policyTest{cli: dockerCli}
	cmd := &cobra.Command{
		Use:   "test [OPTIONS] DIR...",
		Short: "Run the tests of a policy",
		Long: `Run the tests of a policy that folders hold:

  *_test.rego        rules test_…, as "opa test" runs them
  NAME.report.json   a report, as "--report json=FILE" writes it, with
  NAME.expect.yaml   what the policy must make of it:

    outcome: block                          # pass, warn or block
    deny: [CVE-2024-0001, team.no-telnet]   # exactly these, by id or rule
    ignore: []                              # likewise warn

The exit code is 1 if a test failed, and 3 if they could not be run.`,
		Args:                  cli.RequiresMinArgs(1),
		RunE:                  t.run,
		DisableFlagsInUseLine: true,
	}
	t.flags.register(cmd.Flags(), "Options file or folder of the policy; the first folder of tests that has one, if not given")
	return cmd
}

func (t *policyTest) run(cmd *cobra.Command, dirs []string) error {
	tests, err := readTests(dirs)
	if err != nil {
		return withCode(exitScanFailed, err)
	}
	if t.flags.policy == "" {
		t.flags.policy = tests.policy
	}
	opts, err := t.flags.options(cmd)
	if err != nil {
		return err
	}
	var results []policytest.Result
	if tests.hasRego {
		if results, err = policytest.RunRego(cmd.Context(), withFiles(tests.rego, opts.RegoFiles)); err != nil {
			return withCode(exitScanFailed, err)
		}
	}
	for _, c := range tests.cases {
		result, err := t.check(c, opts)
		if err != nil {
			return withCode(exitScanFailed, err)
		}
		results = append(results, result)
	}
	if len(results) == 0 {
		return withCode(exitScanFailed, errors.Errorf("%s: there are no tests, want *_test.rego or NAME%s with NAME%s", strings.Join(dirs, ", "), reportEnd, expectEnd))
	}
	if err := policytest.Text(t.cli.Out(), results); err != nil {
		return err
	}
	if n := len(slices.DeleteFunc(results, policytest.Result.Passed)); n > 0 {
		return withCode(exitFailed, errors.Errorf("%d tests of the policy failed", n))
	}
	return nil
}

func (t *policyTest) check(c testCase, opts config.Options) (policytest.Result, error) {
	r, err := readReport(c.report, nil)
	if err != nil {
		return policytest.Result{}, err
	}
	if err := t.flags.judge(r, opts); err != nil {
		return policytest.Result{}, errors.Wrapf(err, "failed to judge %s", c.report)
	}
	return policytest.Result{Name: c.name, Failures: c.expect.Check(r)}, nil
}

// policyTests is what folders of tests hold.
type policyTests struct {
	// policy is the first folder that has an options file, empty for none.
	policy  string
	rego    []config.File
	hasRego bool
	cases   []testCase
}

type testCase struct {
	name, report string
	expect       policytest.Expectation
}

func readTests(dirs []string) (*policyTests, error) {
	t := &policyTests{}
	for _, dir := range dirs {
		var reports []string
		files, err := bundle.Walk(dir, func(name string) bool {
			if base, ok := strings.CutSuffix(name, reportEnd); ok {
				reports = append(reports, filepath.Join(dir, filepath.FromSlash(base)))
			}
			return name == config.FileName || strings.HasSuffix(name, regoEnd) || strings.HasSuffix(name, expectEnd)
		})
		if err != nil {
			return nil, errors.Wrapf(err, "failed to read tests in %s", dir)
		}
		for _, f := range files {
			if err := t.add(dir, f); err != nil {
				return nil, err
			}
		}
		for _, base := range reports {
			if !slices.ContainsFunc(t.cases, func(c testCase) bool { return c.name == base }) {
				return nil, errors.Errorf("%s%s has no %s%s that says what is expected of it", base, reportEnd, filepath.Base(base), expectEnd)
			}
		}
	}
	return t, nil
}

func (t *policyTests) add(dir string, f config.File) error {
	name := filepath.Join(dir, filepath.FromSlash(f.Name))
	switch base, isCase := strings.CutSuffix(name, expectEnd); {
	case isCase:
		expect, err := policytest.ParseExpectation(f.Data)
		t.cases = append(t.cases, testCase{name: base, report: base + reportEnd, expect: expect})
		return errors.Wrap(err, name)
	case strings.HasSuffix(name, regoEnd):
		t.hasRego = t.hasRego || strings.HasSuffix(name, "_test"+regoEnd)
		t.rego = append(t.rego, config.File{Name: name, Data: f.Data})
	case t.policy == "":
		t.policy = dir
	}
	return nil
}

// withFiles adds the policy's files to those of the folders, unless the same is
// there under another name.
func withFiles(rego, policy []config.File) []config.File {
	for _, f := range policy {
		if !slices.ContainsFunc(rego, func(have config.File) bool { return string(have.Data) == string(f.Data) }) {
			rego = append(rego, f)
		}
	}
	return rego
}
