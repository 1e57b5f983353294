package config

import "testing"

func TestOptionsThatBlockForLintRules(t *testing.T) {
	for text, want := range map[string]bool{
		"":                        false,
		"checks: {fail-on: high}": false,
		"checks: {fail-on: low}":  true,
		"checks: {rules: {dockerfile/StageNameCasing: block}}": true,
		"checks: {rules: {'*': block}}":                        true,
		"checks: {rules: {'*Casing': block}}":                  true,
		"checks: {rules: {'dockerfile/*': warn}}":              false,
		"checks: {rules: {'root-*': block}}":                   false,
	} {
		o, err := file(t, FileName, text).Options()
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Checks.BlocksLint(); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
