package secret

import "testing"

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(Default(), Files()); err != nil {
			b.Fatal(err)
		}
	}
}
