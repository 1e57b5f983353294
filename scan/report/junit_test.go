package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// wellFormed reads XML by Go's strict parser and, where there is one, by xmllint.
func wellFormed(t *testing.T, document []byte) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(document))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		return
	}
	cmd := exec.CommandContext(t.Context(), tool, "--noout", "--nonet", "-")
	cmd.Stdin = bytes.NewReader(document)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func junitOf(t *testing.T, r *scan.Report) junitSuites {
	t.Helper()
	var out junitSuites
	if err := xml.Unmarshal(render(t, "junit", r), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestJUnitIsWellFormedAndReadsWell(t *testing.T) {
	got := render(t, "junit", everything(t))
	wellFormed(t, got)
	golden(t, "junit.xml", got)
	wellFormed(t, render(t, "junit", hostile(t)))
}

func TestJUnitFailsWhereTheBuildIsBlocked(t *testing.T) {
	r := everything(t)
	doc := junitOf(t, r)
	if len(doc.Suites) != 4 || doc.Errors != 0 {
		t.Fatalf("%d suites, %d errors", len(doc.Suites), doc.Errors)
	}
	cases := map[string]junitCase{}
	names := map[string]bool{}
	failures, tests := 0, 0
	for _, s := range doc.Suites {
		for _, c := range s.Cases {
			if id := s.Name + "\x00" + c.Class + "\x00" + c.Name; names[id] {
				t.Errorf("two tests are named %q", id)
			} else {
				names[id] = true
			}
			cases[c.Name] = c
			tests++
			if c.Failure != nil {
				failures++
			}
		}
	}
	if failures != doc.Failures || tests != doc.Tests || failures == 0 {
		t.Errorf("%d of %d tests fail, %d of %d are said to", failures, tests, doc.Failures, doc.Tests)
	}
	run := cases["RUN apt-get update && apt-get install -y curl"]
	if run.Failure == nil || !strings.HasPrefix(run.Failure.Message, "Dockerfile:7-8: ") || !strings.Contains(run.Failure.Text, "CRITICAL CVE-2023-38545 in curl 7.88.1-10 (known exploited). Upgrade curl") {
		t.Errorf("%+v", run.Failure)
	}
	if c := cases["RUN npm ci"]; c.Failure != nil || !strings.Contains(c.Output, "GHSA-moch-moch-moch") {
		t.Errorf("what does not block fails a test, or is not said: %+v", c)
	}
}

func TestJUnitCallsAScanThatFailedAnError(t *testing.T) {
	for name, r := range map[string]*scan.Report{"no verdict": sample.Report(), "nothing": {}} {
		if doc := junitOf(t, r); doc.Errors == 0 || doc.Failures != 0 {
			t.Errorf("%s: %d errors, %d failures", name, doc.Errors, doc.Failures)
		}
	}
	r := everything(t)
	r.Platforms[0].Stages[1].Problems = []scan.Problem{{Path: "var/lib/dpkg/status", Message: "truncated", Fatal: true}}
	doc := junitOf(t, r)
	if e := doc.Suites[0].Cases[0].Error; e == nil || e.Message != "/var/lib/dpkg/status could not be read: truncated" {
		t.Errorf("%+v", e)
	}
}

func TestJUnitTestsAreNotNamedByLines(t *testing.T) {
	for _, s := range junitOf(t, everything(t)).Suites {
		for _, c := range s.Cases {
			if strings.Contains(c.Name+c.Class+s.Name, "Dockerfile:") {
				t.Error(c.Name)
			}
		}
	}
}
