package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// The parts of JUnit's format that Jenkins and GitLab both read, as the schema of
// Jenkins' xUnit plugin (junit-10.xsd) has them.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Timestamp string      `xml:"timestamp,attr,omitempty"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Failure *junitProblem `xml:"failure"`
		Error   *junitProblem `xml:"error"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitProblem struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes a suite for each stage of each platform and in it a test for
// each instruction, which fails if something that the instruction brought blocks.
// What only warns, or is counted, is the test's output.
func writeJUnit(w io.Writer, r *scan.Report) error {
	doc := junitSuites{Name: strings.TrimSpace("scan-build " + xmlLine(r.Target))}
	for i := range r.Platforms {
		doc.Suites = append(doc.Suites, junitPlatform(r, &r.Platforms[i])...)
	}
	if len(doc.Suites) == 0 {
		doc.Suites = []junitSuite{newJUnitSuite(r, "scan", []junitCase{scanCase(r, "scan", "no platform was scanned", nil)})}
	}
	for _, s := range doc.Suites {
		doc.Tests, doc.Failures, doc.Errors = doc.Tests+s.Tests, doc.Failures+s.Failures, doc.Errors+s.Errors
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func newJUnitSuite(r *scan.Report, name string, cases []junitCase) junitSuite {
	s := junitSuite{Name: xmlLine(name), Tests: len(cases), Cases: cases}
	if !r.Started.IsZero() {
		s.Timestamp = r.Started.UTC().Format("2006-01-02T15:04:05")
	}
	for _, c := range cases {
		if c.Failure != nil {
			s.Failures++
		}
		if c.Error != nil {
			s.Errors++
		}
	}
	return s
}

// scanCase is the test of a stage's scan itself: an error if it could not be done,
// with what was not checked as its output.
func scanCase(r *scan.Report, class, problem string, s *scan.Stage) junitCase {
	c := junitCase{Name: "scan", Class: class}
	if s != nil {
		var lines []string
		for _, x := range remarks(&scan.Report{Platforms: []scan.Platform{{Stages: []scan.Stage{*s}}}}) {
			lines = append(lines, x.text)
		}
		c.Output = xmlText(lines)
		for _, p := range s.Problems {
			if p.Fatal && problem == "" {
				problem = fmt.Sprintf("/%s could not be read: %s", p.Path, p.Message)
			}
		}
	}
	if problem == "" && r.Verdict.Outcome == "" {
		problem = "the scan has no verdict"
	}
	if problem != "" {
		c.Error = &junitProblem{Type: "scan", Message: xmlLine(problem), Text: c.Output}
	}
	return c
}

// xmlLine is text for an attribute: one line of printable characters.
func xmlLine(s string) string { return xmlSafe(plain.Line(s, messageWidth)) }

// xmlText joins lines that are safe to print already.
func xmlText(lines []string) string { return xmlSafe(strings.Join(lines, "\n")) }

// xmlSafe leaves out the characters that XML 1.0 does not allow, even escaped:
// https://www.w3.org/TR/xml/#charsets
func xmlSafe(s string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x20 && c != '\n' && c != '\t' || c == 0xFFFE || c == 0xFFFF {
			return -1
		}
		return c
	}, s)
}
