package secret

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// filler is text as it surrounds secrets in bundles: no line break and no
// keyword of any rule but the ones that its words happen to hold.
const filler = `function(e,n,r){"use strict";var o=r(12),i=o.map(function(e){return e+1});n.exports={a:i,b:o.length>0?"yes":"no"}},`

// fill returns n bytes of filler.
func fill(n int) string {
	return strings.Repeat(filler, n/len(filler)+1)[:n]
}

// mutations of a sample that cost little to compare: the sample's surroundings,
// its line ends, its letters and its bytes are changed.
func mutations(s sample) iter.Seq[input] {
	text := s.Text
	variants := []struct{ name, text string }{
		{"as it is", text},
		{"in a line", fill(300) + " " + text + " " + fill(300)},
		{"glued into a line", fill(60) + text + fill(60)},
		{"in lines", fill(200) + "\n" + text + "\n" + fill(200)},
		{"in CRLF text", "first line\r\n" + strings.ReplaceAll(text, "\n", "\r\n") + "\r\nlast line\r\n"},
		{"after a carriage return", "a\r" + text + "\rb"},
		{"between empty lines", "\n\n\n" + text + "\n\n\n"},
		{"twice", text + text},
		{"twice in a line", text + " " + text},
		{"twice in lines", text + "\n" + text},
		{"quoted as JSON", fmt.Sprintf("{\"value\":%q}", text)},
		{"allowed by a comment", strings.ReplaceAll(text, "\n", " ") + " # gitleaks:allow\n" + text},
		{"allowed far away", text + " " + fill(5000) + " gitleaks:allow"},
		{"without its first byte", text[min(1, len(text)):]},
		{"without its last byte", text[:max(0, len(text)-1)]},
		{"in capitals", strings.ToUpper(text)},
		{"in small letters", strings.ToLower(text)},
		{"between invalid UTF-8", "\xff\xfe" + text + "\xc3\n\x80"},
		{"with a cut rune in it", text[:len(text)/2] + "\xe2\x82" + text[len(text)/2:]},
		{"with NUL bytes", "\x00" + text + "\x00"},
		// Letters that fold to ASCII ones, and one whose small form is longer.
		{"with a Kelvin sign", strings.NewReplacer("k", "\u212a", "K", "\u212a").Replace(text)},
		{"with a long s", strings.NewReplacer("s", "\u017f", "S", "\u017f").Replace(text)},
		{"after a dotted I", strings.Repeat("\u0130", 50) + " " + text},
		{"after wide runes", strings.Repeat("漢字", 30) + text + strings.Repeat("é", 30)},
	}
	return func(yield func(input) bool) {
		for _, v := range variants {
			if !yield(input{s.Rule + " " + v.name, s.Path, []byte(v.text)}) {
				return
			}
		}
	}
}

// borders are where readers begin a new buffer.
var borders = []int{4 << 10, 32 << 10, 64 << 10, 100_000, 128 << 10, 256 << 10, 512 << 10, 1 << 20}

// across puts a sample across a border, in one line of bundled code or in lines,
// cut at a place that depends on the sample.
func across(s sample, border int) input {
	hash := hashed(s.Text + fmt.Sprint(border))
	cutAt := int(hash%uint64(len(s.Text)+2)) % border
	before := fill(border - cutAt - 1)
	if hash>>32%2 == 0 {
		before = strings.ReplaceAll(before, "},", "}\n,")[:len(before)]
	}
	content := before + " " + s.Text + " " + fill(500)
	return input{fmt.Sprintf("%s across byte %d", s.Rule, border), s.Path, []byte(content)}
}

// planted puts a sample between two lines of every small file.
func planted(files iter.Seq[input], samples []sample) iter.Seq[input] {
	return func(yield func(input) bool) {
		for in := range files {
			if len(in.content) > 50_000 {
				continue
			}
			s := samples[hashed(in.name)%uint64(len(samples))]
			at := bytes.IndexByte(in.content[len(in.content)/2:], '\n') + len(in.content)/2 + 1
			in.content = slices.Concat(in.content[:at], []byte(s.Text+"\n"), in.content[at:])
			in.name += " with " + s.Rule
			if !yield(in) {
				return
			}
		}
	}
}

// bundle is one line of megabytes that has a sample in its first, a middle and
// its last megabyte.
func bundle(s sample, megabytes int) input {
	text := strings.ReplaceAll(s.Text, "\n", " ")
	var b bytes.Buffer
	for i := range megabytes {
		b.WriteString(fill(1 << 20))
		if i == 0 || i == megabytes/2 || i == megabytes-1 {
			b.WriteString(" " + text + " ")
		}
	}
	return input{fmt.Sprintf("%s in a line of %d MB", s.Rule, megabytes), s.Path, b.Bytes()}
}

// documents joins samples of all rules to files of about a size, in an order that
// mixes them.
func documents(samples []sample, separator string, size int) iter.Seq[input] {
	return func(yield func(input) bool) {
		var b bytes.Buffer
		n := 0
		for i := range samples {
			// A step that shares no factor with the number of samples visits all.
			b.WriteString(samples[i*step(len(samples))%len(samples)].Text + separator)
			if b.Len() < size && i < len(samples)-1 {
				continue
			}
			if !yield(input{fmt.Sprintf("document %d of samples with %q between", n, separator), "", bytes.Clone(b.Bytes())}) {
				return
			}
			b.Reset()
			n++
		}
	}
}

func step(n int) int {
	for s := 1009; ; s++ {
		a, b := s, n
		for b != 0 {
			a, b = b, a%b
		}
		if a == 1 {
			return s
		}
	}
}
