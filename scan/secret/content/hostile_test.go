package content_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"
	"golang.org/x/sys/unix"

	"github.com/scan-build/scan-build/scan/secret/content"
)

// What is damaged is searched as far as it can be read, and is a problem.
func TestDamageIsAProblem(t *testing.T) {
	long := strings.Repeat(text, 3000)
	props := []file{{"a", text}, {"b", text}, {"c", "random: " + noise(4<<10)}}
	z, sized, tarball, gz := zipOf(t, 8, props...), sizedZip(t, props...), tarOf(t, props...), gzipOf(t, noise(64<<10)+long)
	entries, _, _ := strings.Cut(sized, "PK\x01\x02")
	for name, c := range map[string]struct {
		data string
		// begun are the paths of texts of which there is something.
		begun []string
		says  string
	}{
		"zip, cut off in the third entry":             {z[:2000], []string{"f!a", "f!b", "f!c"}, "no directory"},
		"zip, directory cut off":                      {z[:len(z)-30], []string{"f!a", "f!b", "f!c"}, "no directory"},
		"sized zip, cut off in the third entry":       {sized[:2000], []string{"f!a", "f!b", "f!c"}, "no directory"},
		"sized zip, without a directory":              {entries, []string{"f!a", "f!b", "f!c"}, "no directory"},
		"zip, second header overwritten":              {replaceSecond(z, "PK\x03\x04", "XXXX"), []string{"f!a", "f!c"}, "no header"},
		"zip, directory overwritten":                  {replaceSecond(z, "PK\x01\x02", "XXXX"), []string{"f!a"}, "damaged directory"},
		"zip, deflate overwritten":                    {z[:60] + strings.Repeat("\xff", 4) + z[64:], []string{"f!a", "f!b", "f!c"}, "corrupt"},
		"zip of nothing":                              {"PK\x03\x04" + strings.Repeat("x", 100), nil, "no directory"},
		"tar, cut off in the third entry":             {tarball[:1024*2+512+100], []string{"f!a", "f!b", "f!c"}, "cut off"},
		"tar, header overwritten":                     {tarball[:1024] + strings.Repeat("x", 512) + tarball[1536:], []string{"f!a"}, "header"},
		"tar.gz, cut off":                             {gzipOf(t, tarball)[:2000], []string{"f!a", "f!b", "f!c"}, "cut off"},
		"gzip, cut off":                               {gz[:len(gz)-100], []string{"f"}, "cut off"},
		"gzip, wrong checksum":                        {gz[:len(gz)-8] + "12345678", []string{"f"}, "checksum"},
		"gzip, header only":                           {gz[:10], nil, "cut off"},
		"gzip, half a header":                         {gz[:5], nil, "cut off"},
		"zstd, cut off":                               {zstdOf(t, noise(200<<10))[:180<<10], []string{"f"}, "cut off"},
		"zstd of nothing":                             {"\x28\xb5\x2f\xfd" + strings.Repeat("\xff", 100), nil, "not searched"},
		"bzip2, cut off":                              {bzip2Text[:30], nil, "cut off"},
		"jar in jar, cut off inside":                  {zipOf(t, 8, file{"x.jar", z[:2000]}, file{"y", text}), []string{"f!x.jar!a", "f!x.jar!b", "f!x.jar!c", "f!y"}, "no directory"},
		"zip with a method of compression of its own": {method(sized, 99), nil, "method 99"},
	} {
		t.Run(name, func(t *testing.T) {
			got := walk(t, c.data, content.Limits{})
			if diff := cmp.Diff(c.begun, paths(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if len(got.Problems) == 0 || !strings.Contains(got.Problems[0].Message, c.says) {
				t.Errorf("want a problem with %q, got %v", c.says, got.Problems)
			}
		})
	}
}

// noise is text that does not compress much.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = ' ' + byte(x>>24)%95
	}
	return string(b)
}

func replaceSecond(s, old, with string) string {
	i := strings.Index(s, old) + len(old)
	return s[:i] + strings.Replace(s[i:], old, with, 1)
}

// method changes the method of compression of all entries.
func method(z string, m uint16) string {
	b := []byte(z)
	for i := range b {
		switch {
		case bytes.HasPrefix(b[i:], []byte("PK\x03\x04")):
			binary.LittleEndian.PutUint16(b[i+8:], m)
		case bytes.HasPrefix(b[i:], []byte("PK\x01\x02")):
			binary.LittleEndian.PutUint16(b[i+10:], m)
		}
	}
	return string(b)
}

func TestEncryptedEntriesAreLeftOut(t *testing.T) {
	b := []byte(sizedZip(t, file{"a", text}, file{"b", text}))
	i := bytes.Index(b, []byte("PK\x01\x02"))
	b[i+8] |= 1
	got := walk(t, string(b), content.Limits{})
	if diff := cmp.Diff([]string{"f!b"}, paths(got)); diff != "" || len(got.Problems) > 0 {
		t.Errorf("-want +got\n%s%v", diff, got.Problems)
	}
}

// Each limit is told once, and what came before it is searched.
func TestLimitsAreProblems(t *testing.T) {
	big := strings.Repeat("0123456789abcde\n", 1<<16) // 1 MiB
	many := make([]file, 100)
	for i := range many {
		many[i] = file{string(rune('a'+i%26)) + "x", text}
	}
	droste := text
	for range 12 {
		droste = zipOf(t, 8, file{"z", droste})
	}
	for name, c := range map[string]struct {
		data   string
		limits content.Limits
		texts  int
		says   string
	}{
		"inflated, gzip":        {gzipOf(t, big), content.Limits{Inflated: 1 << 19}, 1, "inflates to more than 524288 bytes"},
		"inflated, zip":         {zipOf(t, 8, file{"a", big}, file{"b", big}), content.Limits{Inflated: 1 << 19}, 1, "inflates to more than 524288 bytes"},
		"inflated, tar.gz":      {gzipOf(t, tarOf(t, file{"a", big}, file{"b", big})), content.Limits{Inflated: 3 << 19}, 2, "inflates to more than"},
		"inflated, jar in jar":  {zipOf(t, 8, file{"x", zipOf(t, 8, file{"a", big})}, file{"b", big}), content.Limits{Inflated: 1 << 19}, 1, "inflates to more than"},
		"inflated, gzip twice":  {gzipOf(t, gzipOf(t, big+big)), content.Limits{Inflated: 1 << 19}, 1, "inflates to more than"},
		"inflated, zstd":        {zstdOf(t, big), content.Limits{Inflated: 1 << 19}, 1, "inflates to more than"},
		"ratio":                 {gzipOf(t, strings.Repeat(big, 20)), content.Limits{Ratio: 1}, 1, "inflates to more than"},
		"entries, zip":          {zipOf(t, 8, many...), content.Limits{Entries: 10}, 10, "more than 10 entries"},
		"entries, tar":          {tarOf(t, many...), content.Limits{Entries: 10}, 10, "more than 10 entries"},
		"entries, two archives": {tarOf(t, file{"a", zipOf(t, 8, many[:8]...)}, file{"b", text}, file{"c", text}), content.Limits{Entries: 10}, 9, "more than 10 entries"},
		"depth":                 {droste, content.Limits{}, 0, "lies within 8 archives"},
	} {
		t.Run(name, func(t *testing.T) {
			got := walk(t, c.data, c.limits)
			if len(got.Texts) != c.texts {
				t.Errorf("%d texts, want %d: %v", len(got.Texts), c.texts, paths(got))
			}
			if len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Message, c.says) {
				t.Errorf("want one problem with %q, got %v", c.says, got.Problems)
			}
		})
	}
	exact := walk(t, gzipOf(t, big), content.Limits{Inflated: 1 << 20})
	if len(exact.Problems) > 0 || len(exact.Texts[0].text) != 1<<20 {
		t.Errorf("just within the limit: %v", exact.Problems)
	}
}

// A zip whose entries are the same bytes again and again gives no more than it has.
func TestOverlappingEntriesEnd(t *testing.T) {
	z := sizedZip(t, file{"a", noise(1 << 20)})
	at := strings.Index(z, "PK\x01\x02")
	record, end := z[at:len(z)-22], []byte(z[len(z)-22:])
	directory := strings.Repeat(record, 10_000)
	binary.LittleEndian.PutUint32(end[12:], uint32(len(directory)))
	got := walk(t, z[:at]+directory+string(end), content.Limits{})
	if len(got.Texts) > 2 || len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Message, "overlap") {
		t.Errorf("%d texts, %v", len(got.Texts), got.Problems)
	}
}

// A directory of millions of entries is not held in memory, and ends.
func TestHugeDirectory(t *testing.T) {
	z := sizedZip(t, file{"a", text})
	at := strings.Index(z, "PK\x01\x02")
	end := []byte(z[len(z)-22:])
	directory := strings.Repeat(z[at:len(z)-22], 1_000_000)
	binary.LittleEndian.PutUint32(end[12:], uint32(len(directory)))
	data := z[:at] + directory + string(end)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := walk(t, data, content.Limits{Entries: 1000})
	runtime.ReadMemStats(&after)
	if len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Message, "more than 1000 entries") {
		t.Errorf("%d texts, %v", len(got.Texts), got.Problems)
	}
	// The test's own copy of the data, and little more.
	if n := after.TotalAlloc - before.TotalAlloc; n > uint64(len(data))+8<<20 {
		t.Errorf("%d bytes allocated for a file of %d", n, len(data))
	}
}

func TestProblemsAreBounded(t *testing.T) {
	files := make([]file, 500)
	for i := range files {
		files[i] = file{"a", text}
	}
	got := walk(t, method(sizedZip(t, files...), 99), content.Limits{})
	if n := len(got.Problems); n > 25 || !strings.Contains(got.Problems[n-1].Message, "480 more") {
		t.Errorf("%d problems, the last %v", n, got.Problems[n-1])
	}
	long := walk(t, zipOf(t, 0, file{strings.Repeat("é", 20_000) + ".env", text}), content.Limits{})
	if p := long.Texts[0].name; len(p) > 1100 || !strings.HasSuffix(p, ".env") || !strings.HasPrefix(p, "f!…é") {
		t.Errorf("path of %d bytes: %.20s", len(p), p)
	}
}

// faulty fails or ends where told.
type faulty struct {
	data string
	at   int64
	err  error
}

func (f faulty) ReadAt(p []byte, off int64) (int, error) {
	if off >= f.at {
		return 0, f.err
	}
	n := copy(p, f.data[off:f.at])
	if n < len(p) {
		return n, f.err
	}
	return n, nil
}

func TestReadsThatFailAreProblems(t *testing.T) {
	long := strings.Repeat(text, 10_000)
	for name, data := range map[string]string{
		"text": long, "tar": tarOf(t, file{"a", long}), "gzip": gzipOf(t, noise(200<<10)), "zip": zipOf(t, 0, file{"a", long}),
	} {
		size := int64(len(data))
		got := walkAt(t, faulty{data, size - 100<<10, unix.EIO}, size, content.Limits{})
		if len(got.Problems) == 0 || !strings.Contains(got.Problems[0].Message, unix.EIO.Error()) {
			t.Errorf("%s: %v", name, got.Problems)
		}
	}
	got := walkAt(t, faulty{long, 0, unix.EIO}, int64(len(long)), content.Limits{})
	if len(got.Texts) > 0 || len(got.Problems) != 1 {
		t.Errorf("nothing can be read: %v", got)
	}
}

// A file may shrink between being listed and being read: what it has is searched.
func TestFilesMayShrink(t *testing.T) {
	got := walkAt(t, faulty{text, int64(len(text)), io.EOF}, 1<<20, content.Limits{})
	if diff := cmp.Diff(walked{Texts: []file{{"f", text}}}, got, cmp.AllowUnexported(file{})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	z := zipOf(t, 8, file{"a", text})
	if got := walkAt(t, faulty{z, int64(len(z)) - 20, io.EOF}, int64(len(z)), content.Limits{}); len(got.Problems) == 0 {
		t.Error("a zip that shrinks is no problem")
	}
}

func TestSparseFilesAreFast(t *testing.T) {
	const size = 64 << 30
	f, err := os.Create(filepath.Join(t.TempDir(), "sparse"))
	check(t, err)
	defer f.Close()
	_, err = f.WriteString("begin\n")
	check(t, err)
	_, err = f.WriteAt([]byte(text), size/2)
	check(t, err)
	check(t, f.Truncate(size))
	began := time.Now()
	got := walkAt(t, f, size, content.Limits{})
	took := time.Since(began)
	s := got.Texts[0].text
	if !strings.HasPrefix(s, "begin\n") || !strings.Contains(s, "\x00"+text) || len(s) > 4<<20 {
		t.Errorf("%d bytes", len(s))
	}
	if took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	t.Log(took)
}

func TestVisitMayFailLikeARead(t *testing.T) {
	_, err := content.Walk("f", strings.NewReader(text), int64(len(text)), content.Limits{}, func(string, io.Reader) error { return unix.EIO })
	if !errors.Is(err, unix.EIO) {
		t.Errorf("visit's error became %v", err)
	}
}
