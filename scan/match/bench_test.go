package match_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/dbbuild/dbtest"
	"github.com/scan-build/scan-build/scan/match"
)

// BenchmarkMatch opens a database and matches packages of which one in ten has
// records, which is more than most images have.
func BenchmarkMatch(b *testing.B) {
	const known = 500
	var advisories []dbtest.Advisory
	for i := range known {
		advisories = append(advisories, dbtest.Advisory{ID: fmt.Sprintf("CVE-2026-%d", i), Ecosystem: "npm", Package: fmt.Sprintf("known-%d", i), Fixed: "2.0.0", Severity: "HIGH"})
	}
	db := dbtest.Database(b, advisories...)
	for _, n := range []int{100, 5000} {
		packages := make([]scan.Package, n)
		for i := range packages {
			packages[i] = scan.Package{Name: fmt.Sprintf("other-%d", i), Version: "1.0.0", Type: "npm"}
			if i%10 == 0 {
				packages[i].Name = fmt.Sprintf("known-%d", i/10)
			}
		}
		req := scan.MatchRequest{SchemaVersion: scan.SchemaVersion, Subjects: []scan.MatchSubject{{Packages: packages}}}
		b.Run(fmt.Sprintf("%d packages", n), func(b *testing.B) {
			for b.Loop() {
				m, err := match.Open(db, match.Options{})
				if err != nil {
					b.Fatal(err)
				}
				res, err := m.Match(context.Background(), req)
				if err != nil || len(res.Subjects[0].Findings) != n/10 {
					b.Fatal(err, len(res.Subjects[0].Findings))
				}
				if err := m.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
