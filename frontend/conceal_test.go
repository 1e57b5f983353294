package frontend

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/scan-build/scan-build/scan/secret"
)

// token makes a GitHub token that has never been one.
func token() string { return "gh" + "p_" + (rand.Text() + strings.ToLower(rand.Text()))[:36] }

// privateKey makes what looks like one, in several lines.
func privateKey() string {
	const kind = "PRIVATE" + " KEY-----"
	body := rand.Text() + "\n" + rand.Text() + "\n" + rand.Text() + "\n" + rand.Text()
	return "-----BEGIN " + kind + "\n" + body + "\n-----END " + kind
}

func testFinder(t *testing.T) *finder {
	t.Helper()
	rules, err := secret.Compile(secret.Default(), secret.Files())
	if err != nil {
		t.Fatal(err)
	}
	return newFinder(rules)
}

func TestSecretsAreConcealed(t *testing.T) {
	value, key, plain := token(), privateKey(), strings.ToLower(rand.Text())+"7"
	for name, test := range map[string]struct {
		known, text, want string
	}{
		"in its line":                 {"", "FROM a\nENV T=" + value + "\nRUN b\n", "FROM a\nENV T=ghp_******\nRUN b\n"},
		"several times":               {"", "RUN a " + value + " " + value, "RUN a ghp_****** ghp_******"},
		"no secret":                   {"", "RUN a\n", "RUN a\n"},
		"empty":                       {"", "", ""},
		"of several lines":            {"", "COPY <<EOF /a\n" + key + "\nEOF\nRUN b\n", "COPY <<EOF /a\n******\n******\n******\n******\n******\n******\nEOF\nRUN b\n"},
		"known by its name elsewhere": {"API_KEY=" + plain, "RUN curl -H x:" + plain + " a", "RUN curl -H x:" + plain[:4] + "****** a"},
	} {
		t.Run(name, func(t *testing.T) {
			f := testFinder(t)
			if _, err := f.find("Env", test.known); err != nil {
				t.Fatal(err)
			}
			if got := f.conceal(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestConcealingKeepsLines(t *testing.T) {
	f := testFinder(t)
	for range 50 {
		text := "FROM a\nRUN echo '" + privateKey() + "' && \\\n " + token() + "\n\nENV A=" + token() + "\n"
		if _, err := f.find("Dockerfile", text); err != nil {
			t.Fatal(err)
		}
		if got := f.conceal(text); strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Fatalf("%q became %q", text, got)
		}
	}
}

func TestTextsFullOfSecretsAreRefused(t *testing.T) {
	f := testFinder(t)
	var text strings.Builder
	for range maxFound + 1 {
		text.WriteString("ENV A=" + token() + "\n")
	}
	if _, err := f.find("Dockerfile", text.String()); err == nil || !strings.Contains(err.Error(), "more than 1000") {
		t.Errorf("got %v, want an error that names the limit", err)
	}
}

// What was found first is concealed in other texts, and what was found later
// where a rule sees it.
func TestConcealingManySecretsTakesNoTime(t *testing.T) {
	f := testFinder(t)
	var values []string
	for range 2 * maxKnown {
		values = append(values, token())
		if _, err := f.find("Env", "A="+values[len(values)-1]); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	for _, v := range values {
		if got := f.conceal("RUN " + v); got != "RUN ghp_******" {
			t.Fatalf("got %q", got)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("%d texts took %s", len(values), took)
	}
}

func BenchmarkConcealing(b *testing.B) {
	rules, err := secret.Compile(secret.Default(), secret.Files())
	if err != nil {
		b.Fatal(err)
	}
	f := newFinder(rules)
	for b.Loop() {
		f.conceal("RUN apt-get update && apt-get install --yes curl")
	}
}

func BenchmarkRules(b *testing.B) {
	for b.Loop() {
		if _, err := secret.Compile(secret.Default(), secret.Files()); err != nil {
			b.Fatal(err)
		}
	}
}
