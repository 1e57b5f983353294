package content_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/scan-build/scan-build/scan/secret/content"
)

// FuzzWalk wants an end, no panic, and no more output than the limits allow.
func FuzzWalk(f *testing.F) {
	for _, c := range plain(f) {
		f.Add([]byte(c.data))
	}
	limits := content.Limits{Inflated: 1 << 20, Entries: 1000, Memory: 64 << 10, TempDir: f.TempDir()}
	f.Fuzz(func(t *testing.T, data []byte) {
		var n int64
		count := func(path string, r io.Reader) error {
			m, err := io.Copy(io.Discard, r)
			n += m
			if len(path) > 16<<10 {
				t.Errorf("path of %d bytes", len(path))
			}
			return err
		}
		problems, err := content.Walk("f", bytes.NewReader(data), int64(len(data)), limits, count)
		if err != nil {
			t.Fatal(err)
		}
		// Stored archives in archives give their bytes once for each of 8 levels;
		// UTF-16 as UTF-8 has at most half as much again.
		if most := (int64(len(data))*8 + limits.Inflated) * 3 / 2; n > most {
			t.Errorf("%d bytes of text from %d, want at most %d", n, len(data), most)
		}
		if len(problems) > 25 {
			t.Errorf("%d problems", len(problems))
		}
		if _, err := content.WalkReader("f", bytes.NewReader(data), int64(len(data)), limits, count); err != nil {
			t.Fatal(err)
		}
	})
}
