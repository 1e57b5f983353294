package vex_test

import (
	"fmt"
	"testing"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/vex"
)

// BenchmarkIndex reads a document of 1,000 statements and looks 10,000 findings
// up in it: once of vulnerabilities that are spread over both, and once all of
// the same vulnerability in packages that differ.
func BenchmarkIndex(b *testing.B) {
	for name, id := range map[string]func(int) string{
		"many vulnerabilities": func(i int) string { return fmt.Sprintf("CVE-2026-%d", i%2000) },
		"one vulnerability":    func(int) string { return "CVE-2026-1" },
	} {
		b.Run(name, func(b *testing.B) {
			var statements []m
			for i := range 1000 {
				statements = append(statements, notAffected(id(i), with("pkg:oci/shop", fmt.Sprintf("pkg:npm/package-%d@1.0.%d", i, i))))
			}
			data := encode(b, openVEX(statements...))
			findings := make([]scan.Finding, 10_000)
			for i := range findings {
				findings[i] = scan.Finding{ID: id(i), Aliases: []string{"GHSA-x"}, PURL: fmt.Sprintf("pkg:npm/package-%d@1.0.%d", i%2000, i%2000)}
			}
			for b.Loop() {
				doc, err := vex.Parse("a", data)
				if err != nil {
					b.Fatal(err)
				}
				ix := vex.NewIndex([]*vex.Document{doc}, shop())
				found := 0
				for _, f := range findings {
					if _, ok := ix.For(f, ownLayer()); ok {
						found++
					}
				}
				if found != 5000 {
					b.Fatalf("found %d", found)
				}
			}
		})
	}
}
