package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/frontend"
	"github.com/scan-build/scan-build/scan"
)

// TestREADMEListsTheEvents holds the published list of events to the types: an
// event or field that changes is a change for whoever reads logs. UPDATE_GOLDEN=1
// rewrites the list.
func TestREADMEListsTheEvents(t *testing.T) {
	const file, begin, end = "README.md", "<!-- events -->\n", "<!-- /events -->"
	dt, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(dt), begin)
	list, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("README.md has no place for the events")
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(head+begin+eventTable(t)+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(eventTable(t), list); diff != "" {
		t.Errorf("the events are not the published ones (-types +README):\n%s", diff)
	}
}

func eventTable(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	out.WriteString("| event | field | type | meaning |\n|---|---|---|---|\n")
	for _, e := range declaredEvents() {
		name, _ := e.kind()
		typ := reflect.TypeOf(e)
		for i := range typ.NumField() {
			f := typ.Field(i)
			key, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
			doc := f.Tag.Get("doc")
			if key == "" || doc == "" {
				t.Errorf("%s.%s has no name or no description", typ.Name(), f.Name)
			}
			if opts == "omitempty" {
				key += "?"
			}
			fmt.Fprintf(&out, "| `%s` | `%s` | %s | %s |\n", name, key, jsonType(t, f.Type), doc)
			name = "" // once
		}
	}
	return strings.ReplaceAll(out.String(), "| `` |", "| |")
}

func jsonType(t *testing.T, typ reflect.Type) string {
	t.Helper()
	switch typ.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Slice:
		return "list of " + jsonType(t, typ.Elem())
	case reflect.Map:
		return jsonType(t, typ.Elem()) + " by name"
	default:
		t.Fatalf("no name for %s", typ)
		return ""
	}
}

// logged is what a log has written, without what differs from run to run.
func logged(t *testing.T, buf *bytes.Buffer) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(buf.String()) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if _, err := time.Parse(time.RFC3339Nano, fmt.Sprint(e["time"])); err != nil {
			t.Error(err)
		}
		delete(e, "time")
		delete(e, "durationMs")
		out = append(out, e)
	}
	return out
}

type fields = map[string]any

func TestRunEndsWithTheEventOfItsOutcome(t *testing.T) {
	blocked := &frontend.BlockedError{Message: "1 finding blocks this image: 1 high (fail-on high)\n\nmore", Report: &scan.Report{
		Target: "web",
		Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{{Name: "stage-0", Final: true, Findings: []scan.Finding{
			{ID: "CVE-1", Severity: scan.SeverityHigh, Decision: &scan.Decision{Action: scan.ActionDeny, Rule: "severity"}},
			{ID: "CVE-2", Severity: scan.SeverityLow, Decision: &scan.Decision{Action: scan.ActionWarn, Rule: "severity"}},
		}}}}},
	}}
	for name, c := range map[string]struct {
		err    error
		builds bool
		want   []fields
	}{
		"built":          {nil, true, []fields{{"level": "INFO", "event": "build.finished", "exitCode": 0.0}}},
		"another's done": {nil, false, nil},
		"blocked": {errors.Wrap(blocked, "target web"), true, []fields{{
			"level": "ERROR", "event": "policy.blocked", "target": "web", "exitCode": 2.0,
			"message": "1 finding blocks this image: 1 high (fail-on high)", "vulnerabilities": fields{"high": 1.0},
		}}},
		"two blocked": {blockedTargets{blocked, &frontend.BlockedError{Message: "b"}}, true, []fields{
			{
				"level": "ERROR", "event": "policy.blocked", "target": "web", "exitCode": 2.0,
				"message": "1 finding blocks this image: 1 high (fail-on high)", "vulnerabilities": fields{"high": 1.0},
			},
			{"level": "ERROR", "event": "policy.blocked", "message": "b", "exitCode": 2.0},
		}},
		"rejected": {withCode(exitBlocked, errors.New("1 of 2 images rejected")), false, []fields{
			{"level": "ERROR", "event": "policy.blocked", "message": "1 of 2 images rejected", "exitCode": 2.0},
		}},
		"no scan": {&frontend.ScanError{Err: errors.New("no database")}, true, []fields{
			{"level": "ERROR", "event": "scan.failed", "message": "scan could not be done: no database", "exitCode": 3.0},
		}},
		"interrupted": {errors.Wrap(context.Canceled, "solve"), true, []fields{
			{"level": "ERROR", "event": "build.interrupted", "message": "solve: context canceled", "exitCode": 130.0},
		}},
		"failed":         {errors.New("exit code: 7"), true, []fields{{"level": "ERROR", "event": "build.failed", "message": "exit code: 7", "exitCode": 1.0}}},
		"another failed": {errors.New("x"), false, []fields{{"level": "ERROR", "event": "command.failed", "message": "x", "exitCode": 1.0}}},
	} {
		t.Run(name, func(t *testing.T) {
			var buf bytes.Buffer
			newRunLog(&buf).end(c.err, c.builds)
			if diff := cmp.Diff(c.want, logged(t, &buf)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStepIsToldOnceHoweverOftenBuildKitDoes(t *testing.T) {
	var buf bytes.Buffer
	s := newStepLog(newRunLog(&buf))
	a := digest.FromString("a")
	begin, end := time.Unix(1, 0), time.Unix(3, 0)
	log := func(text string) *client.VertexLog {
		return &client.VertexLog{Vertex: a, Stream: 1, Data: []byte(text)}
	}
	s.write(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: a, Name: "RUN x", Started: &begin}}})
	s.write(&client.SolveStatus{Logs: []*client.VertexLog{log("one\ntw")}})
	s.write(&client.SolveStatus{
		Vertexes: []*client.Vertex{{Digest: a, Name: "RUN x", Started: &begin, Completed: &end}},
		Logs:     []*client.VertexLog{log("o\x1b[31m\nthree")},
	})
	s.write(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: a, Name: "RUN x", Started: &begin, Completed: &end, Cached: true}}})
	output := func(text string) fields {
		return fields{"level": "INFO", "event": "build.output", "step": a.String(), "stream": "stdout", "message": text}
	}
	want := []fields{
		{"level": "INFO", "event": "build.step", "step": a.String(), "name": "RUN x", "status": "started", "cached": false},
		output("one"), output("two\x1b[31m"), output("three"),
		{"level": "INFO", "event": "build.step", "step": a.String(), "name": "RUN x", "status": "finished", "cached": false},
	}
	if bytes.ContainsRune(buf.Bytes(), 0x1b) {
		t.Error("a control character is not escaped")
	}
	if !strings.Contains(buf.String(), `"durationMs":2000`) {
		t.Error("the duration is missing")
	}
	if diff := cmp.Diff(want, logged(t, &buf)); diff != "" {
		t.Error(diff)
	}
}

func TestFindingOfSeveralStagesIsToldForTheFinalOne(t *testing.T) {
	warn := &scan.Decision{Action: scan.ActionWarn, Rule: "severity", Message: "low"}
	found := []scan.Finding{
		{ID: "CVE-1", Package: "p", Version: "1", Severity: scan.SeverityLow, Fix: scan.Fix{Versions: []string{"2"}}, Decision: warn},
		{ID: "CVE-2", Package: "p", Version: "1", Decision: &scan.Decision{Action: scan.ActionIgnore}},
		{ID: "CVE-3", Package: "p", Version: "1", Decision: &scan.Decision{Action: scan.ActionInfo}},
	}
	layers := []scan.Layer{{Digest: "sha256:1", Instruction: "FROM base", File: "Dockerfile", StartLine: 1}}
	r := &scan.Report{
		Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{
			{Name: "build", Layers: layers, Findings: found}, {Name: "stage-1", Final: true, Layers: layers, Findings: found},
		}}},
		Verdict: scan.Verdict{Outcome: scan.OutcomeWarn, Counts: map[string]int{"low": 1}},
	}
	var buf bytes.Buffer
	newRunLog(&buf).scanned("default", r, time.Now())
	want := []fields{
		{
			"level": "INFO", "event": "scan.layer", "target": "default", "platform": "linux/amd64", "stage": "build", "digest": "sha256:1",
			"instruction": "FROM base", "file": "Dockerfile", "line": 1.0, "changed": 0.0, "visited": 0.0,
		},
		{
			"level": "WARN", "event": "finding", "target": "default", "platform": "linux/amd64", "stage": "stage-1", "type": "vulnerability",
			"action": "warn", "rule": "severity", "id": "CVE-1", "severity": "low", "package": "p", "version": "1", "fixed": "2",
			"file": "Dockerfile", "line": 1.0, "message": "low",
		},
		{
			"level": "INFO", "event": "scan.finished", "target": "default", "platforms": []any{"linux/amd64"}, "outcome": "warn",
			"counts": fields{"low": 1.0},
		},
	}
	if diff := cmp.Diff(want, logged(t, &buf)); diff != "" {
		t.Error(diff)
	}
}

func TestTextOfEventsIsBounded(t *testing.T) {
	var buf bytes.Buffer
	newRunLog(&buf).emit(noticeEvent{Message: strings.Repeat("ü", maxText)})
	if n := buf.Len(); n > maxText+200 {
		t.Errorf("an event of %d bytes", n)
	}
}
