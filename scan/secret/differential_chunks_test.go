package secret

import (
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
)

// gitleaks' program reads files in chunks, and a chunk is all that a rule sees.
// Where it finds something else than the engine, which sees whole files, the ends
// of chunks must be the reason.
func TestOnlyTheEndsOfChunksMakeADifferenceToGitleaksProgram(t *testing.T) {
	c := newComparison(t)
	samples := ruleSamples(t, seeds())
	t.Run("samples", func(t *testing.T) { c.sameButForChunks(t, chunkedSamples(fewer(samples, 96))) })
	for _, tr := range trees(t) {
		tr.sample *= 2
		t.Run(tr.name, func(t *testing.T) { c.sameButForChunks(t, manyChunks(tr.inputs(t), fewer(samples, 8))) })
	}
}

// A normal run looks at samples of the trees elsewhere.
func TestWholeTreesAreSearchedAsByGitleaksProgram(t *testing.T) {
	if !*long {
		t.Skip("-long is not given")
	}
	c := newComparison(t)
	for _, tr := range trees(t) {
		t.Run(tr.name, func(t *testing.T) { c.sameButForChunks(t, tr.inputs(t)) })
	}
}

// chunkedSamples puts samples of every rule before, across and after the end of
// gitleaks' first chunk.
func chunkedSamples(samples []sample) iter.Seq[input] {
	const size = 125_000 // with the part up to an empty line that is not there
	return func(yield func(input) bool) {
		for _, s := range samples {
			at := size - int(hashed(s.Text)%uint64(3*len(s.Text)+3))
			if at < 0 {
				continue
			}
			before := strings.ReplaceAll(fill(at-1), "},", "}\n,")[:at-1]
			content := before + "\n" + s.Text + "\n" + fill(1000) + "\n" + s.Text
			if !yield(input{s.Rule + " at a chunk's end", s.Path, []byte(content)}) {
				return
			}
		}
	}
}

// manyChunks keeps the files of more than one chunk and plants samples in them,
// about one in a chunk.
func manyChunks(files iter.Seq[input], samples []sample) iter.Seq[input] {
	return func(yield func(input) bool) {
		for in := range files {
			if len(in.content) <= 100_000 {
				continue
			}
			var content []byte
			for part := range slices.Chunk(in.content, 90_001) {
				s := samples[hashed(string(part))%uint64(len(samples))]
				content = slices.Concat(content, part, []byte("\n"+s.Text+"\n"))
			}
			in.content = content
			if !yield(in) {
				return
			}
		}
	}
}

// sameButForChunks compares what does not depend on where a chunk begins, so not
// the columns, and fails the test for each difference without an explanation.
func (c *comparison) sameButForChunks(t *testing.T, inputs iter.Seq[input]) {
	t.Helper()
	reasons := map[string]int{}
	var found, compared, bytes int
	var mu sync.Mutex
	c.each(inputs, func(scanner *Scanner, in input) bool {
		chunks, err := c.ref.chunked(in.path, in.content)
		if err != nil {
			t.Errorf("%s: %v", in.name, err)
			return true
		}
		hits, err := scanner.Scan(in.path, newPieces(in.content))
		if err != nil {
			t.Errorf("%s: %v", in.name, err)
		}
		ours := withoutColumns(hitFindings(hits))
		var theirs []finding
		for _, chunk := range chunks {
			theirs = append(theirs, chunk.findings...)
		}
		e := explainer{c.ref, in.content, chunks}
		mu.Lock()
		defer mu.Unlock()
		found, compared, bytes = found+len(theirs), compared+1, bytes+len(in.content)
		for _, f := range subtract(theirs, ours) {
			if reason := e.explain(f); reason != "" {
				reasons["gitleaks only: "+reason]++
			} else {
				t.Errorf("%s: only gitleaks finds %v", in.name, f)
			}
		}
		for _, f := range subtract(ours, theirs) {
			if reason := e.explain(f); reason != "" {
				reasons["engine only: "+reason]++
			} else {
				t.Errorf("%s: only the engine finds %v", in.name, f)
			}
		}
		return !t.Failed()
	})
	t.Logf("compared %d inputs, %d kB; gitleaks' program has %d findings; differences: %v", compared, bytes>>10, found, reasons)
}

func withoutColumns(fs []finding) []finding {
	fs = slices.Clone(fs)
	for i := range fs {
		fs[i].column, fs[i].endColumn, fs[i].endLine = 0, 0, 0
	}
	return fs
}

// explainer finds the reason for a difference in how gitleaks cut the file.
type explainer struct {
	ref     *reference
	content []byte
	chunks  []chunk
}

func (e explainer) explain(f finding) string {
	places := e.places(f)
	if len(places) == 0 {
		return ""
	}
	reasons := make([]string, 0, len(places))
	for _, p := range places {
		reason := e.explainPlace(f.rule, p)
		if reason == "" {
			return ""
		}
		reasons = append(reasons, reason)
	}
	return reasons[0]
}

// places are the ranges in the file that a finding can come from.
func (e explainer) places(f finding) [][2]int {
	var out [][2]int
	add := func(text string, offset int) {
		for _, m := range e.ref.detector.Config.Rules[f.rule].Regex.FindAllStringIndex(text, -1) {
			place := [2]int{m[0] + offset, m[1] + offset}
			line := 1 + strings.Count(string(e.content[:place[0]]), "\n")
			same := strings.Trim(text[m[0]:m[1]], "\n") == f.match && line == f.line
			if same && !slices.Contains(out, place) {
				out = append(out, place)
			}
		}
	}
	add(string(e.content), 0)
	for _, c := range e.chunks {
		add(c.text, c.start)
	}
	return out
}

func (e explainer) explainPlace(rule string, place [2]int) string {
	if len(e.chunks) == 0 || place[1] > e.chunks[len(e.chunks)-1].end {
		return "gitleaks takes the file for a binary"
	}
	if e.nearBorder(place) {
		return "its lines lie across the end of a chunk"
	}
	if !e.keywordInChunk(rule, place) {
		return "its rule's keywords are in another chunk"
	}
	// Matches do not overlap: one that begins in the chunk before takes the text.
	re := e.ref.detector.Config.Rules[rule].Regex
	for _, m := range re.FindAllIndex(e.content, -1) {
		if m[0] < place[1] && place[0] < m[1] && e.nearBorder([2]int(m)) {
			return "a match across the end of a chunk overlaps it"
		}
	}
	return ""
}

// nearBorder says whether the lines of a place reach to the end of a chunk that
// is not the last. Allow lists look at whole lines.
func (e explainer) nearBorder(place [2]int) bool {
	start := strings.LastIndexByte(string(e.content[:place[0]]), '\n') + 1
	end := len(e.content)
	if n := strings.IndexByte(string(e.content[place[1]:]), '\n'); n >= 0 {
		end = place[1] + n + 1
	}
	for _, c := range e.chunks[:len(e.chunks)-1] {
		if start <= c.end && c.end <= end {
			return true
		}
	}
	return false
}

func (e explainer) keywordInChunk(rule string, place [2]int) bool {
	for _, c := range e.chunks {
		if place[0] < c.start || c.end < place[1] {
			continue
		}
		text := strings.ToLower(c.text)
		return slices.ContainsFunc(e.ref.detector.Config.Rules[rule].Keywords, func(k string) bool { return strings.Contains(text, k) })
	}
	return false
}
