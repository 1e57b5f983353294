package frontend

import (
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/secret"
)

// finder finds secrets in what this process sees of a build, the Dockerfile and
// the image's configuration, and keeps their values out of all that is shown.
// The values do not leave it. It is for one goroutine.
type finder struct {
	scanner *secret.Scanner
	// known are the lines on which secrets were found, one for each secret, and
	// concealed is what remains of them: a token that is known by the name of its
	// variable may stand elsewhere without the name, where no rule would see it.
	known, concealed string
	seen             map[string]bool // fingerprints
	found            int
}

// Bounds of what one build's texts may hold, which come from anywhere. A secret
// costs 8 ms for its fingerprint, and a known line is searched with every text.
const (
	maxFound     = 1000
	maxKnown     = 64
	maxKnownLine = 4096
)

func newFinder(rules *secret.Rules) *finder {
	return &finder{scanner: rules.Scanner(), seen: map[string]bool{}}
}

// find finds the secrets in a text. From then on they are concealed in any other.
func (f *finder) find(path, text string) ([]scan.Secret, error) {
	hits, err := f.scanner.Scan(path, strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	if f.found += len(hits); f.found > maxFound {
		return nil, errors.Errorf("the Dockerfile and the image's configuration hold more than %d secrets", maxFound)
	}
	var out []scan.Secret
	lines := strings.Split(text, "\n")
	for _, h := range hits {
		s := h.Secret()
		out = append(out, s)
		if h.Line == h.EndLine && h.Line > 0 && h.Line <= len(lines) {
			f.know(s.Fingerprint, lines[h.Line-1])
		}
	}
	return out, nil
}

func (f *finder) know(fingerprint, line string) {
	if f.seen[fingerprint] || len(f.seen) == maxKnown || len(line) > maxKnownLine {
		return
	}
	f.seen[fingerprint] = true
	f.known += line + "\n\n"
	f.concealed = f.scanner.Redact(dockerfileName, f.known)
}

// conceal replaces every secret in a text of the Dockerfile by its redacted
// form. The text keeps its lines: those of a secret of several are blotted out.
func (f *finder) conceal(text string) string {
	if strings.Contains(text, "\n") {
		text = f.blot(text)
	}
	// A secret is replaced wherever it stands in a text, so the known lines go
	// before it.
	if out, ok := strings.CutPrefix(f.scanner.Redact(dockerfileName, f.known+text), f.concealed); ok {
		return out
	}
	return f.scanner.Redact(dockerfileName, text)
}

// blotted stands for a line that is part of a secret.
const blotted = "******"

func (f *finder) blot(text string) string {
	hits, err := f.scanner.Scan(dockerfileName, strings.NewReader(text))
	if err != nil {
		return strings.Repeat(blotted+"\n", strings.Count(text, "\n")) // a string can be read
	}
	lines := strings.Split(text, "\n")
	for _, h := range hits {
		for i := h.Line; h.Line < h.EndLine && i <= min(h.EndLine, len(lines)); i++ {
			lines[i-1] = blotted
		}
	}
	return strings.Join(lines, "\n")
}
