package secret

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// FuzzScan compares with gitleaks on a whole file what is found in one that
// comes in pieces.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		"token = 'glpat-" + "x8Zb2nT4qPw7LkR1vS9d'\n", "key=key=key=aB3dE5fG7hI9jK1lM3nO", "-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("MIIE", 30) + "\n-----END RSA PRIVATE KEY-----",
		"curl -u user:pa55word https://x\n curl\n -H \"Authorization: Bearer abcdefgh12345678\"", "kind: Secret\ndata:\n  a: aGVsbG8gd29ybGQh\n",
		"\xc5\xbfecret_\u212aey: 4fT9qLm2Zx8Vb6Nc1\xff\xfe", "password\t=>\t\"aaaaaaaaaa\" # gitleaks:allow", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x",
	} {
		f.Add([]byte(s), uint8(7), uint8(3))
	}
	rules, err := Compile(Default())
	if err != nil {
		f.Fatal(err)
	}
	ref := newReference(f, string(Default().TOML))
	s := rules.Scanner()
	s.states = 40 // so few that automata forget them all the time
	f.Fuzz(func(t *testing.T, text []byte, step, repeat uint8) {
		text = bytes.Repeat(text, int(repeat%16)+1)
		if len(text) > 64<<10 || !bytes.HasSuffix(text, newline) && bytes.Contains(text, []byte(allowComment)) {
			return // where gitleaks' line is not a line
		}
		s.step = int(step) + 1
		hits, err := s.Scan("a/file", bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		got, want := hitFindings(hits), ref.whole("a/file", text)
		for _, list := range [][]finding{got, want} {
			slices.SortFunc(list, func(a, b finding) int { return strings.Compare(a.String(), b.String()) })
		}
		if !slices.Equal(got, want) {
			t.Errorf("found %v\nwant  %v", got, want)
		}
	})
}
