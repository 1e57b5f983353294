package config

import (
	"testing"

	"github.com/pkg/errors"
)

// FuzzParseYAML holds that any file either sets options that can be had or
// fails with an error that names the file.
func FuzzParseYAML(f *testing.F) {
	for _, s := range []string{
		"", "version: 1\nfail-on: high\nonly-fixed: true", "db: https://h/x\nmax-db-age: 5d", "a: &a [*a]", "fail-on: &x low\ndb: *x",
		"<<: {fail-on: low}", "? [a]\n: b", "!!binary aGk=", "--- a\n--- b", "fail-on: !!null low", "%YAML 1.1\n---\n{}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := ParseYAML(FileName, data)
		var e *Error
		if err != nil {
			if !errors.As(err, &e) || e.File != FileName || e.Error() == "" {
				t.Fatalf("%v is no *Error of the file", err)
			}
			return
		}
		if _, err := v.Options(); err != nil {
			t.Fatalf("accepted, but %v", err)
		}
	})
}

// FuzzParseThreshold holds that what is read is written so that it reads the same.
func FuzzParseThreshold(f *testing.F) {
	for _, s := range []string{"", "none", "High", "CRITICAL", "unknown", "hi"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseThreshold(s)
		if err != nil {
			return
		}
		again, err := ParseThreshold(got.String())
		if err != nil || again != got {
			t.Fatalf("%q → %v → %v, %v", s, got, again, err)
		}
	})
}
