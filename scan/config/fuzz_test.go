package config

import (
	"testing"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// FuzzParseYAML holds that any file either sets options that can be had or
// fails with an error that names the file.
func FuzzParseYAML(f *testing.F) {
	for _, s := range []string{
		"", "version: 1\nfail-on: high\nonly-fixed: true", "db: https://h/x\nmax-db-age: 5d", "a: &a [*a]", "fail-on: &x low\ndb: *x",
		"<<: {fail-on: low}", "? [a]\n: b", "!!binary aGk=", "--- a\n--- b", "fail-on: !!null low", "%YAML 1.1\n---\n{}",
		"secrets: off", "secrets: {mode: warn, rules: [default, a/b.toml], allow: [{rule: a, path: 'a/{b,c}/**', reason: r, expires: 2027-01-31}]}",
		"secrets: &s {allow: &a [*a, *s]}", "secrets: {rules: &r [*r]}", "secrets: {? {} : {}}",
		"thresholds: {image: {block: low}, base: {warn: none}}\ngrace: {low: 7d, since: published}\nkev: warn\nepss: .5\nonly-fixed: false",
		"checks: {fail-on: low, rules: {a*: off, b: warn}}\nbase: {approved: [a.io/**], max-age: 9d}\nlicenses: {deny: A*}\nhelp-url: https://h/",
		"exceptions: [{vulnerability: a, package: b, purl: 'pkg:a/b?c=d', layer: '*', reason: r, expires: 2027-01-31}]\noverridable: [grace]",
		"profiles: {a: {branches: [b*], fail-on: low}, quick: {kev: off}}\nextends: [a.yaml, {policy: b, digest: 'sha256:0'}]\nrego: a\nvex: [b]",
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
		opts, err := v.Options()
		if err != nil { // only what several keys say together can still be wrong
			if !errors.As(err, &e) || e.File != FileName {
				t.Fatalf("%v is no *Error of the file", err)
			}
			return
		}
		if opts.Digest() == "" || len(v.Extends()) != len(opts.Extends) {
			t.Fatalf("%+v", opts)
		}
		// What was accepted can be extended by itself.
		both, err := Chain([]Values{v}, v)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := both.Options(); err != nil && !errors.As(err, &e) {
			t.Fatalf("%v is no *Error", err)
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

// FuzzParseGitleaksIgnore holds that any file is either read into entries that
// can be matched or refused with an error that names it.
func FuzzParseGitleaksIgnore(f *testing.F) {
	for _, s := range []string{"", "# x\n\na/b:rule:1\r\n", "0123456789012345678901234567890123456789:a:b:2", "::", "a:b:-1", `C:\a\b:rule:3`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ParseGitleaksIgnore(IgnoreFileName, data)
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.File != IgnoreFileName) {
			t.Fatalf("%v is no *Error of the file", err)
		}
		for _, i := range entries {
			if i.Path == "" || i.Rule == "" || i.Line < 0 || !i.Matches(scan.Secret{Path: "x/" + i.Path, Rule: i.Rule, Line: i.Line}) {
				t.Fatalf("%+v", i)
			}
		}
	})
}

// FuzzAllowedPath holds that a pattern that is accepted can be matched.
func FuzzAllowedPath(f *testing.F) {
	for _, s := range []string{"**", "/a/", "a/**/b", "{a,b}*[!c]", `\*`, "a//b"} {
		f.Add(s, "a/b/c.zip!d")
	}
	f.Fuzz(func(t *testing.T, glob, file string) {
		g, err := parseGlob(glob)
		if err != nil {
			return
		}
		if _, err := doublestar.Match(g, file); err != nil {
			t.Fatalf("%q: %v", g, err)
		}
	})
}
