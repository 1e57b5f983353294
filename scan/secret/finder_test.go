package secret

import (
	"math/rand"
	"testing"
)

func BenchmarkFinder(b *testing.B) {
	r, err := Compile(Default())
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewSource(1))
	buf := make([]byte, 1<<20)
	for i := range buf {
		buf[i] = "etaoin shrdlu(){};.,=\n\tkcmfgyp"[rng.Intn(30)]
	}
	b.SetBytes(int64(len(buf)))
	n := 0
	for b.Loop() {
		n += len(r.finder.find(buf, 0, len(buf)-1, nil))
	}
	b.ReportMetric(float64(n)/float64(b.N)/float64(len(buf)), "hits/byte")
}
