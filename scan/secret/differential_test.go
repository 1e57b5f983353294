package secret

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zricethezav/gitleaks/v8/config"
)

// comparison is the engine beside gitleaks, both with gitleaks' rules.
type comparison struct {
	rules *Rules
	ref   *reference
}

func newComparison(t testing.TB) *comparison {
	t.Helper()
	rules, err := Compile(Default())
	if err != nil {
		t.Fatal(err)
	}
	return &comparison{rules, newReference(t, config.DefaultConfig)}
}

func TestEveryMutationOfGitleaksSamplesIsFoundAsByGitleaks(t *testing.T) {
	samples := fewer(ruleSamples(t, seeds()), 6)
	found := newComparison(t).same(t, func(yield func(input) bool) {
		for _, s := range samples {
			for in := range mutations(s) {
				if !yield(in) {
					return
				}
			}
		}
	})
	if found < 10*len(samples) {
		t.Errorf("gitleaks finds %d secrets in the mutations of %d samples: they are no test", found, len(samples))
	}
}

func TestSamplesAcrossTheEndsOfBuffersAreFoundAsByGitleaks(t *testing.T) {
	samples := perRule(ruleSamples(t, seeds()))
	newComparison(t).same(t, func(yield func(input) bool) {
		for i, s := range samples {
			for j, border := range borders {
				// gitleaks takes a second for a few megabytes even of text with one keyword.
				if !*long && (i+j)%32 > 0 && border > 64<<10 {
					continue
				}
				if !yield(across(s, border)) {
					return
				}
			}
		}
	})
}

func TestSecretsInLinesOfMegabytesAreFoundAsByGitleaks(t *testing.T) {
	samples := fewer(perRule(ruleSamples(t, seeds())), 64)
	newComparison(t).same(t, func(yield func(input) bool) {
		for _, s := range samples {
			if !yield(bundle(s, 3)) {
				return
			}
		}
	})
}

func TestDocumentsOfAllSamplesAreFoundAsByGitleaks(t *testing.T) {
	samples := fewer(ruleSamples(t, seeds()), 10)
	for _, separator := range []string{"\n", "", "\r\n"} {
		newComparison(t).same(t, documents(samples, separator, 10_000))
	}
}

func TestTreesAreSearchedAsByGitleaks(t *testing.T) {
	c := newComparison(t)
	for _, tr := range trees(t) {
		t.Run(tr.name, func(t *testing.T) { c.same(t, upTo(largeFile, tr.inputs(t))) })
	}
}

func TestSecretsInRealFilesAreFoundAsByGitleaks(t *testing.T) {
	samples := fewer(ruleSamples(t, seeds()), 6)
	c := newComparison(t)
	for _, tr := range trees(t) {
		tr.sample /= 4
		t.Run(tr.name, func(t *testing.T) { c.same(t, planted(tr.inputs(t), samples)) })
	}
}

// upTo leaves out large files: gitleaks takes an hour for 50 MB that are one
// fragment.
func upTo(size int, inputs iter.Seq[input]) iter.Seq[input] {
	return func(yield func(input) bool) {
		for in := range inputs {
			if len(in.content) <= size && !yield(in) {
				return
			}
		}
	}
}

// seeds is how often gitleaks' generator is asked for secrets.
func seeds() int {
	if *long {
		return 4
	}
	return 1
}

// fewer returns one of n samples in a normal run, the same ones each time. Most
// differ from others of their rule only in quotes and operators.
func fewer(samples []sample, n uint64) []sample {
	if *long {
		return samples
	}
	return slices.DeleteFunc(slices.Clone(samples), func(s sample) bool { return hashed(s.Text)%n != 0 })
}

// perRule returns one positive sample for each rule.
func perRule(samples []sample) []sample {
	first := map[string]sample{}
	for _, s := range samples {
		if have, ok := first[s.Rule]; s.Positive && (!ok || hashed(s.Text) < hashed(have.Text)) {
			first[s.Rule] = s
		}
	}
	var out []sample
	for _, rule := range slices.Sorted(maps.Keys(first)) {
		out = append(out, first[rule])
	}
	return out
}

// difference is what one of the two found and the other did not.
type difference struct {
	input
	missing, extra []finding
}

// explanations are the reasons why the engine may find something else than
// gitleaks. Each is checked, not believed.
var explanations = []struct {
	reason string
	holds  func(c *comparison, s *Scanner, d difference) bool
}{
	// Of a match in a last line without a newline gitleaks takes the whole file for
	// the line, and of a match that ends in one only the first line: comments and
	// expressions of allow lists accept more or less than they should. With a
	// newline at the end both must agree.
	{"the last line has no newline", func(c *comparison, s *Scanner, d difference) bool {
		if bytes.HasSuffix(d.content, newline) {
			return false
		}
		d.content = slices.Concat(d.content, newline)
		again, _, err := c.compare(s, d.input)
		return err == nil && len(again.missing)+len(again.extra) == 0
	}},
}

// compare returns the difference for an input, and how much gitleaks found.
func (c *comparison) compare(s *Scanner, in input) (difference, int, error) {
	want := c.ref.whole(in.path, in.content)
	hits, err := s.Scan(in.path, newPieces(in.content))
	got := hitFindings(hits)
	return difference{in, subtract(want, got), subtract(got, want)}, len(want), err
}

// explain returns the reason for a difference, and nothing if there is none.
func (c *comparison) explain(s *Scanner, d difference) string {
	for _, e := range explanations {
		if e.holds(c, s, d) {
			return e.reason
		}
	}
	return ""
}

// same fails the test for every input with other findings than gitleaks' and no
// explanation, after a few without looking on. It returns how much gitleaks found.
func (c *comparison) same(t *testing.T, inputs iter.Seq[input]) (found int) {
	t.Helper()
	var compared, bytes int
	var differences []difference
	explained := map[string]int{}
	var mu sync.Mutex
	c.each(inputs, func(scanner *Scanner, in input) bool {
		d, n, err := c.compare(scanner, in)
		reason := ""
		differs := len(d.missing)+len(d.extra) > 0
		if differs {
			reason = c.explain(scanner, d)
		}
		mu.Lock()
		defer mu.Unlock()
		found, compared, bytes = found+n, compared+1, bytes+len(in.content)
		if err != nil {
			t.Errorf("%s: %v", in.name, err)
		}
		if differs && reason == "" {
			differences = append(differences, d)
		} else if differs {
			explained[reason]++
		}
		return len(differences) < 20
	})
	t.Logf("compared %d inputs, %d kB, %d findings; explained differences: %v", compared, bytes>>10, found, explained)
	for _, d := range differences {
		t.Error(c.describe(d))
	}
	return found
}

// each calls f for every input, on all cores, until it returns false.
func (c *comparison) each(inputs iter.Seq[input], f func(*Scanner, input) bool) {
	queue := make(chan input)
	stop := make(chan struct{})
	var once sync.Once
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			scanner := c.rules.Scanner()
			for in := range queue {
				if !f(scanner, in) {
					once.Do(func() { close(stop) })
				}
			}
		})
	}
	for in := range inputs {
		select {
		case queue <- in:
			continue
		case <-stop:
		}
		break
	}
	close(queue)
	workers.Wait()
}

// subtract returns a's findings that b lacks, counting equal ones.
func subtract(a, b []finding) []finding {
	count := map[finding]int{}
	for _, f := range b {
		count[f]++
	}
	var out []finding
	for _, f := range a {
		if count[f]--; count[f] < 0 {
			out = append(out, f)
		}
	}
	return out
}

// describe tells a difference and the smallest part of the input that shows it.
func (c *comparison) describe(d difference) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (path %q, %d bytes)\n", d.name, d.path, len(d.content))
	for _, f := range d.missing {
		fmt.Fprintf(&b, "\tgitleaks only: %v\n", f)
	}
	for _, f := range d.extra {
		fmt.Fprintf(&b, "\tengine only:   %v\n", f)
	}
	small := c.shrink(d.input)
	if len(small) <= 2000 {
		fmt.Fprintf(&b, "\tshown by %q", small)
	} else {
		fmt.Fprintf(&b, "\tshown by %d bytes: %q", len(small), cut(string(small)))
	}
	return b.String()
}

// shrink removes parts of the content, from halves down to single bytes, as long
// as the rest still shows a difference and for two seconds.
func (c *comparison) shrink(in input) []byte {
	scanner, content := c.rules.Scanner(), in.content
	differs := func(content []byte) bool {
		d, _, _ := c.compare(scanner, input{in.name, in.path, content})
		return len(d.missing)+len(d.extra) > 0 && c.explain(scanner, d) == ""
	}
	for deadline, part := time.Now().Add(2*time.Second), len(content)/2; part > 0; part /= 2 {
		for at := 0; at+part <= len(content) && time.Now().Before(deadline); {
			if shorter := slices.Concat(content[:at], content[at+part:]); differs(shorter) {
				content = shorter
			} else {
				at += part
			}
		}
	}
	return content
}

// pieces is a reader as pipes and archives are: it gives a few bytes or many.
type pieces struct {
	rest []byte
	turn int
}

func newPieces(content []byte) io.Reader { return &pieces{rest: content} }

func (p *pieces) Read(b []byte) (int, error) {
	p.turn++
	n := min(len(b), []int{1, 4096, 3, 100_000, 1 << 30}[p.turn%5])
	n = copy(b[:n], p.rest)
	p.rest = p.rest[n:]
	if len(p.rest) == 0 {
		// The end may come together with the last bytes.
		return n, io.EOF
	}
	return n, nil
}
