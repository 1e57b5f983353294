package merge

import (
	"fmt"
	"testing"

	"github.com/scan-build/scan-build/scan"
)

// A stage of thirty layers, each of which rewrites the package database and
// brings a hundred files.
func BenchmarkLayers(b *testing.B) {
	var layers []scan.LayerInventory
	for i := range 30 {
		var packages []scan.Package
		for j := range 100 + 10*i {
			packages = append(packages, deb(fmt.Sprintf("p%d", j), "1"))
		}
		for j := range 100 {
			packages = append(packages, npm(fmt.Sprintf("n%d", j), "1", fmt.Sprintf("app/%d/node_modules/n%d/package.json", i, j)))
		}
		layers = append(layers, inv(packages...))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Layers(layers); err != nil {
			b.Fatal(err)
		}
	}
}
