package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
	"github.com/scan-build/scan-build/scan/policy"
)

func decided(t *testing.T, r *scan.Report) *scan.Report {
	t.Helper()
	if err := policy.Evaluate(r, config.Default()); err != nil {
		t.Fatal(err)
	}
	return r
}

// golden compares with a file of testdata; UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestTableReadsWell(t *testing.T) {
	o := config.Default()
	o.Secrets.Allow = []config.SecretAllow{
		{Path: "app/**", Reason: "revoked", Expires: time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)},
		{Rule: "npm-access-token", Reason: "x", Expires: time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC), File: config.FileName, Line: 7},
	}
	r := sample.Report()
	if err := policy.Evaluate(r, o); err != nil {
		t.Fatal(err)
	}
	r.Notices = []string{"whole snapshots were scanned: this builder cannot compare layers"}
	r.Platforms[0].Stages[0].Unknown = []string{"no data for alpine 3.99 in this database"}
	r.Platforms[0].Stages[0].Problems = []scan.Problem{{Path: "src/a.jar", Message: "not a zip file"}}
	for _, width := range []int{0, 100} {
		var b bytes.Buffer
		if err := WriteTable(&b, r, TableOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("table-%d.txt", width), b.Bytes())
		if width == 0 {
			continue
		}
		for _, l := range strings.Split(b.String(), "\n") {
			if len([]rune(l)) > width && !strings.Contains(l, " · ") {
				t.Errorf("line is longer than %d: %s", width, l)
			}
		}
	}
}

func TestTableOfNothing(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "table", &scan.Report{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "verdict: none") {
		t.Error(b.String())
	}
}

func TestJSONReportIsTheReport(t *testing.T) {
	want := decided(t, sample.Report())
	var b bytes.Buffer
	if err := Write(&b, "json", want); err != nil {
		t.Fatal(err)
	}
	var got scan.Report
	dec := json.NewDecoder(&b)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*want, got); diff != "" {
		t.Error(diff)
	}
}

// foreign is a report in which every text is a stranger's.
func foreign(t *testing.T) *scan.Report {
	t.Helper()
	evil := "\x1b[2J\r\nx\x00\xff\u202e<>&\"'"
	r := sample.Report()
	r.Target, r.Scanner.Version, r.Notices = evil, evil, []string{evil}
	for _, s := range r.AllStages() {
		s.Name, s.OS.PrettyName, s.OS.ID, s.OS.VersionID = evil, evil, evil, evil
		s.Unknown, s.Problems = []string{evil}, []scan.Problem{{Path: evil, Message: evil}}
		for i := range s.Layers {
			s.Layers[i].Instruction, s.Layers[i].Base, s.Layers[i].File = evil, evil, evil
		}
		for i := range s.Packages {
			p := &s.Packages[i]
			p.Name, p.Version, p.PURL, p.Path, p.Licenses, p.Type = evil, evil, evil, evil, []string{evil, evil + "2"}, evil
		}
		for i := range s.Findings {
			f := &s.Findings[i]
			f.ID, f.Package, f.Version, f.Path, f.PURL, f.Fix.Versions = evil, evil, evil, evil, evil, []string{evil}
			f.Aliases, f.URLs, f.Namespace, f.Summary, f.Published = []string{evil, evil + "2"}, []string{evil, "javascript:alert(1)"}, evil, evil, evil
			f.CVSS = []scan.CVSS{{Version: evil, Vector: evil, Score: 11, Source: evil}}
			f.EPSS, f.KEV = &scan.EPSS{Score: 0.5, Date: evil}, &scan.KEV{DateAdded: evil}
		}
		for i := range s.Secrets {
			x := &s.Secrets[i]
			x.Rule, x.Path, x.Redacted, x.Fingerprint, x.Description, x.Dismissed = evil, evil, evil, evil, evil, ""
			if i == 0 {
				x.Dismissed = evil
			}
		}
	}
	return decided(t, r)
}

func TestEveryFormatTakesForeignText(t *testing.T) {
	r := foreign(t)
	for _, f := range Formats() {
		var b bytes.Buffer
		if err := f.Write(&b, r); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if i := bytes.IndexAny(b.Bytes(), "\x1b\r\x00"); i >= 0 {
			t.Errorf("%s: control character at %q", f.Name, b.Bytes()[max(0, i-30):i+5])
		}
		if strings.Contains(f.MediaType, "json") && !json.Valid(b.Bytes()) {
			t.Errorf("%s: no valid JSON", f.Name)
		}
		if f.Name == "table" && strings.ContainsRune(b.String(), '\u202e') {
			t.Error("table changes the writing direction")
		}
	}
}

func TestFormatsAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Formats() {
		if f.Name == "" || f.Description == "" || f.MediaType == "" || f.Write == nil || seen[f.Name] {
			t.Errorf("%+v", f)
		}
		seen[f.Name] = true
	}
}

func TestTableNamesBetterBases(t *testing.T) {
	r := sample.Configured()
	for i := range r.Platforms {
		b := r.Platforms[i].FinalStage().Base
		b.Advice = []scan.BaseAdvice{{Ref: "debian:12", Digest: b.CurrentDigest, Gone: map[string]int{"high": 14}}}
	}
	var b strings.Builder
	if err := WriteTable(&b, r, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := "\n  base image: debian:12@sha256:dddddddddddd → debian:12: 14 fewer high, 0 new\n"; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in\n%s", want, b.String())
	}
}
