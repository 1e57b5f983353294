package content_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/secret/content"
)

const text = "user=joe\npassword=hunter2\n"

// plain are contents with what is found in them; no problems.
func plain(t testing.TB) map[string]struct {
	data string
	want []file
} {
	t.Helper()
	elf := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 100)
	class := "\xca\xfe\xba\xbe\x00\x00\x00\x41" + strings.Repeat("\x01\x00x", 100)
	props := file{"c/app.properties", text}
	inner := zipOf(t, 8, props, file{"A.class", class})
	alone := []file{{"f", text}}
	one := []file{{"f!c/app.properties", text}}
	nested := []file{{"f!lib/a.jar!c/app.properties", text}, {"f!z", "z"}}
	jmod := "JM\x01\x00" + zipOf(t, 8, props)
	script := "#!/bin/sh\nexec java -jar $0\n"
	type c = struct {
		data string
		want []file
	}
	return map[string]c{
		"empty":                        {"", nil},
		"text":                         {text, alone},
		"latin 1":                      {"caf\xe9\n", []file{{"f", "caf\xe9\n"}}},
		"byte order mark":              {"\ufeff" + text, []file{{"f", "\ufeff" + text}}},
		"text like a program":          {"MZ_TOKEN=x\n", []file{{"f", "MZ_TOKEN=x\n"}}},
		"text like PostScript":         {"%!x\n", []file{{"f", "%!x\n"}}},
		"binary that gitleaks reads":   {"\x00\x01\x02" + text, []file{{"f", "\x00\x01\x02" + text}}},
		"program":                      {elf, nil},
		"class":                        {class, nil},
		"UTF-16LE":                     {"\xff\xfe" + utf16Of("naïve 密 🔑\n"+text, 1), []file{{"f", "naïve 密 🔑\n" + text}}},
		"UTF-16BE":                     {"\xfe\xff" + utf16Of(text, 0), alone},
		"UTF-16LE without mark":        {utf16Of(text, 1), alone},
		"UTF-16BE without mark":        {utf16Of(text, 0), alone},
		"UTF-16 mark before ASCII":     {"\xff\xfe\x01" + text, []file{{"f", "\xff\xfe\x01" + text}}},
		"NULs between":                 {"\x001\x0005\x002\x00", []file{{"f", "\x001\x0005\x002\x00"}}},
		"small numbers":                {"a\x00\x01\x00\x02\x00\x00\x00", []file{{"f", "a\x00\x01\x00\x02\x00\x00\x00"}}},
		"zip":                          {zipOf(t, 8, props), one},
		"zip, stored":                  {zipOf(t, 0, props), one},
		"zip with sizes before":        {sizedZip(t, props), one},
		"empty zip":                    {zipOf(t, 8), nil},
		"jmod":                         {jmod, one},
		"executable jar":               {script + zipOf(t, 8, props), append([]file{{"f", script}}, one...)},
		"script that ends like a zip":  {script + "PK\x05\x06" + strings.Repeat("\x00", 18), []file{{"f", script + "PK\x05\x06" + strings.Repeat("\x00", 18)}}},
		"program with an archive":      {elf + zipOf(t, 8, props), one},
		"binaries in zip":              {zipOf(t, 8, file{"a", elf}, file{"b.class", class}, file{"c/", ""}, props), one},
		"images in zip are left out":   {zipOf(t, 8, file{"a.PNG", "x"}, props), one},
		"jar in jar":                   {zipOf(t, 8, file{"lib/a.jar", inner}, file{"z", "z"}), nested},
		"jar in jar, stored":           {zipOf(t, 0, file{"lib/a.jar", inner}, file{"z", "z"}), nested},
		"tar":                          {tarOf(t, props), one},
		"jar in tar":                   {tarOf(t, file{"lib/a.jar", inner}, file{"z", "z"}), nested},
		"tar in tar":                   {tarOf(t, file{"t.tar", tarOf(t, props)}), []file{{"f!t.tar!c/app.properties", text}}},
		"magic of tar in text":         {strings.Repeat(" ", 257) + "ustar" + strings.Repeat("x", 512), []file{{"f", strings.Repeat(" ", 257) + "ustar" + strings.Repeat("x", 512)}}},
		"gzip":                         {gzipOf(t, text), alone},
		"gzip, two members":            {gzipOf(t, text[:9]) + gzipOf(t, text[9:]), alone},
		"gzip, padded":                 {gzipOf(t, text) + strings.Repeat("\x00", 600), alone},
		"gzip, then text":              {gzipOf(t, text) + "more", []file{{"f", text}, {"f", "more"}}},
		"gzip of gzip":                 {gzipOf(t, gzipOf(t, text)), alone},
		"tar.gz":                       {gzipOf(t, tarOf(t, props)), one},
		"jar in tar.gz":                {gzipOf(t, tarOf(t, file{"lib/a.jar", inner}, file{"z", "z"})), nested},
		"zip.gz":                       {gzipOf(t, zipOf(t, 8, props)), one},
		"UTF-16 in gzip":               {gzipOf(t, "\xff\xfe"+utf16Of(text, 1)), alone},
		"zstd":                         {zstdOf(t, text), alone},
		"zstd, two frames":             {zstdOf(t, text[:9]) + zstdOf(t, text[9:]), alone},
		"bzip2":                        {bzip2Text, []file{{"f", "hello\n"}}},
		"zip with absurd names":        {zipOf(t, 0, file{"../../etc/x", "1"}, file{"/y", "2"}, file{"a\nb\x00c", "3"}, file{"\xff", "4"}, file{"", "5"}), []file{{"f!etc/x", "1"}, {"f!y", "2"}, {"f!a\ufffdb\ufffdc", "3"}, {"f!\ufffd", "4"}, {"f!", "5"}}},
		"zip with a comment-like tail": {zipOf(t, 0, file{"a", "x PK\x05\x06 is the end"}), []file{{"f!a", "x PK\x05\x06 is the end"}}},
	}
}

// bzip2Text is "hello\n" by bzip2.
const bzip2Text = "BZh91AY&SY\xc1\xc0\x80\xe2\x00\x00\x01\x41\x00\x00\x10\x02\x44\xa0\x00\x30\xcd\x00\xc3\x46\x29\x97\x17\x72\x45\x38\x50\x90\xc1\xc0\x80\xe2"

func TestTextsAreFound(t *testing.T) {
	for name, c := range plain(t) {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(walked{Texts: c.want}, walk(t, c.data, content.Limits{}), cmp.AllowUnexported(file{})); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestStreamsGiveTheSame(t *testing.T) {
	for name, c := range plain(t) {
		if name == "executable jar" || name == "program with an archive" {
			continue // The end of a stream is not known at its beginning.
		}
		t.Run(name, func(t *testing.T) {
			var got walked
			var err error
			got.Problems, err = content.WalkReader("f", io.MultiReader(strings.NewReader(c.data)), int64(len(c.data)), content.Limits{}, got.collect)
			check(t, err)
			if diff := cmp.Diff(walked{Texts: c.want}, got, cmp.AllowUnexported(file{})); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestArchivesInStreamsGoToFilesWhenLarge(t *testing.T) {
	jar := zipOf(t, 0, file{"a", text}, file{"b", strings.Repeat("x", 1<<20)})
	limits := content.Limits{Memory: 1 << 10, TempDir: t.TempDir()}
	got := walk(t, gzipOf(t, tarOf(t, file{"a.jar", jar}, file{"b.jar", jar})), limits)
	want := []string{"f!a.jar!a", "f!a.jar!b", "f!b.jar!a", "f!b.jar!b"}
	if diff := cmp.Diff(want, paths(got)); diff != "" || len(got.Problems) > 0 {
		t.Errorf("-want +got\n%s%v", diff, got.Problems)
	}
	limits.TempDir += "/none"
	if got := walk(t, gzipOf(t, jar), limits); len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Message, "temporary") {
		t.Errorf("no place for a temporary file: %v", got.Problems)
	}
}

func paths(w walked) []string {
	var out []string
	for _, f := range w.Texts {
		out = append(out, f.name)
	}
	return out
}

func TestVisitsErrorEndsTheWalk(t *testing.T) {
	stop := errors.New("stop")
	props := []file{{"a", text}, {"b", text}}
	for name, data := range map[string]string{
		"text": text, "zip": zipOf(t, 8, props...), "tar": tarOf(t, props...), "tar.gz": gzipOf(t, tarOf(t, props...)),
		"jar in jar": zipOf(t, 8, file{"x", zipOf(t, 8, props...)}), "cut off": zipOf(t, 8, props...)[:100],
	} {
		calls := 0
		_, err := content.Walk("f", strings.NewReader(data), int64(len(data)), content.Limits{}, func(string, io.Reader) error { calls++; return stop })
		if !errors.Is(err, stop) || calls != 1 {
			t.Errorf("%s: %d calls and error %v, want 1 and visit's", name, calls, err)
		}
	}
}

// Reading part of a text, or nothing, must not shift what follows.
func TestTextsNeedNotBeRead(t *testing.T) {
	data := gzipOf(t, tarOf(t, file{"a", strings.Repeat(text, 5000)}, file{"b.zip", zipOf(t, 8, file{"x", text}, file{"y", text})}, file{"c", text}))
	var got []string
	problems, err := content.Walk("f", strings.NewReader(data), int64(len(data)), content.Limits{}, func(path string, _ io.Reader) error {
		got = append(got, path)
		return nil
	})
	check(t, err)
	if diff := cmp.Diff([]string{"f!a", "f!b.zip!x", "f!b.zip!y", "f!c"}, got); diff != "" || len(problems) > 0 {
		t.Errorf("-want +got\n%s%v", diff, problems)
	}
}

func TestLongRunsOfNULAreShortened(t *testing.T) {
	zeros := strings.Repeat("\x00", 5<<20)
	data := "begin\n" + zeros + "\nend\n"
	got := walk(t, data, content.Limits{})
	s := got.Texts[0].text
	if !strings.HasPrefix(s, "begin\n") || !strings.HasSuffix(s, "\nend\n") || len(s) < 64<<10 || len(s) > 1<<20 {
		t.Errorf("%d bytes, %q…%q", len(s), s[:10], s[len(s)-10:])
	}
	short := "begin\n" + zeros[:60<<10] + "\nend\n"
	if got := walk(t, short, content.Limits{}); got.Texts[0].text != short {
		t.Error("a short run was changed")
	}
}

func TestTextsAreNotBuffered(t *testing.T) {
	const size = 64 << 20
	var n int64
	_, err := content.Walk("f", repeated("0123456789abcde\n"), size, content.Limits{}, func(_ string, r io.Reader) (err error) {
		buf := make([]byte, 1<<20)
		n, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, buf)
		return err
	})
	if check(t, err); n != size {
		t.Errorf("read %d bytes, want %d", n, size)
	}
	allocated := testing.AllocsPerRun(10, func() {
		_, err := content.Walk("f", repeated("0123456789abcde\n"), 1<<20, content.Limits{}, func(_ string, r io.Reader) error { return nil })
		check(t, err)
	})
	if allocated > 6 {
		t.Errorf("%v allocations for a file", allocated)
	}
}

// repeated is an endless file of a text of 16 bytes.
type repeated string

func (s repeated) ReadAt(p []byte, off int64) (int, error) {
	for i := range p {
		p[i] = s[(off+int64(i))&15]
	}
	return len(p), nil
}

func TestWalksRunAtOnce(t *testing.T) {
	cases := plain(t)
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for name, c := range cases {
				if diff := cmp.Diff(walked{Texts: c.want}, walk(t, c.data, content.Limits{}), cmp.AllowUnexported(file{})); diff != "" {
					t.Errorf("%s: -want +got\n%s", name, diff)
				}
			}
		})
	}
}
