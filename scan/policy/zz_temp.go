package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/scan-build/scan-build/scan/config"
)

func Compile(files []config.File) error {
	for _, f := range files {
		if _, err := ast.ParseModule(f.Name, string(f.Data)); err != nil {
			return err
		}
	}
	return nil
}

func Capabilities() *ast.Capabilities { return ast.CapabilitiesForThisVersion() }

func RuleFiles() []config.File { return nil }
