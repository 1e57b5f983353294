package policytest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/policy"
)

const (
	// ruleTime bounds one test rule, regoTime all of them.
	ruleTime = 10 * time.Second
	regoTime = 5 * time.Minute
)

// RunRego runs the rules test_… in files of Rego, which hold the policy and its
// tests. They can do what policies can, and use the program's own rules. An error
// says that they could not be run: they do not compile, or take too long.
func RunRego(ctx context.Context, files []config.File) ([]Result, error) {
	modules := map[string]*ast.Module{}
	for _, f := range slices.Concat(policy.RuleFiles(), files) {
		if _, twice := modules[f.Name]; twice {
			return nil, errors.Errorf("%s is there twice", f.Name)
		}
		m, err := ast.ParseModuleWithOpts(f.Name, string(f.Data), ast.ParserOptions{Capabilities: policy.Capabilities(), ProcessAnnotation: true})
		if err != nil {
			return nil, errors.Wrap(short(err), "failed to read Rego")
		}
		if m != nil {
			modules[f.Name] = m
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, regoTime, errors.Errorf("the tests took longer than %s", regoTime))
	defer cancel()
	compiler := ast.NewCompiler().WithCapabilities(policy.Capabilities()).WithEnablePrintStatements(true)
	runner := tester.NewRunner().SetCompiler(compiler).SetModules(modules).SetTimeout(ruleTime).RaiseBuiltinErrors(true).CapturePrintOutput(true)
	found, err := runner.RunTests(ctx, nil)
	if err != nil {
		return nil, errors.Wrap(short(err), "failed to compile Rego")
	}
	var out []Result
	for r := range found {
		out = append(out, regoResult(r))
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	slices.SortFunc(out, func(a, b Result) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// short says the first of OPA's errors on one line.
func short(err error) error {
	var list ast.Errors
	if !errors.As(err, &list) || len(list) == 0 {
		return err
	}
	if at := list[0].Location; at != nil {
		return errors.Errorf("%s:%d: %s", at.File, at.Row, list[0].Message)
	}
	return errors.New(list[0].Message)
}

func regoResult(r *tester.Result) Result {
	out := Result{Name: strings.TrimPrefix(r.Package, "data.") + "." + r.Name, Skipped: r.Skip}
	if r.Location != nil {
		out.Location = fmt.Sprintf("%s:%d", r.Location.File, r.Location.Row)
	}
	switch {
	case r.Error != nil:
		out.Failures = append(out.Failures, r.Error.Error())
	case r.Fail:
		out.Failures = append(out.Failures, "is not true")
	}
	if text := strings.TrimSpace(string(r.Output)); text != "" && len(out.Failures) > 0 {
		out.Failures = append(out.Failures, "printed: "+text)
	}
	return out
}
