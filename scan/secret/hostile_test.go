package secret

import (
	"bytes"
	"strings"
	"testing"
)

// BenchmarkHostile searches what was made to be slow: each is to be a matter of
// its size alone.
func BenchmarkHostile(b *testing.B) {
	r, err := Compile(Default(), Files())
	if err != nil {
		b.Fatal(err)
	}
	for name, unit := range map[string]string{
		"keywords":          "key",
		"assignments":       "key=",
		"long assignment":   "key=a1B2c3D4e5F6g7H8",
		"many values":       "key=a1B2c3D4e5F6g7H8i9J0;",
		"key without end":   "-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("MIIEpAIBAAKCAQEA\n", 3),
		"curl":              "curl -H x -u y --header z\n",
		"kubernetes":        "kind: secret\ndata: a: ",
		"dots and names":    "token-.-.-.-",
		"base64 after key":  "secret" + strings.Repeat("a1B2c3D4e5F6g7H8", 4096),
		"digits before bar": "1234567890123456|",
		"jwt":               "eyJhbGciOiJIUzI1NiJ9a.",
		"every prefix":      "AKIA ghp_ xoxb- glpat- sk_live_ npm_ hvs. dop_v1_ ",
		"newlines":          "\n",
		"zeros":             "\x00",
		"high bytes":        "\xff\xc5\xbf\xe2\x84\xaaey",
	} {
		b.Run(name, func(b *testing.B) {
			text := bytes.Repeat([]byte(unit), 1<<20/len(unit)+1)
			s := r.Scanner()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := s.Scan("app/config.yaml", bytes.NewReader(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
