package policy

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/scan-build/scan-build/scan/config"
)

// This file stands for the Rego engine until it is merged.

// Compile checks files of Rego as a build would.
func Compile(files []config.File) error {
	for _, f := range files {
		if _, err := ast.ParseModule(f.Name, string(f.Data)); err != nil {
			return err
		}
	}
	return nil
}

// Capabilities are what policies may do.
func Capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return b.Nondeterministic || b.Name == "http.send" })
	c.AllowNet = []string{}
	return c
}

// RuleFiles are the program's own rules, for policytest.
func RuleFiles() []config.File { return nil }
