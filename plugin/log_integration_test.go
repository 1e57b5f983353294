package plugin_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// logEvent is a line of --log-format json.
type logEvent map[string]any

func (e logEvent) text(field string) string {
	if e[field] == nil {
		return ""
	}
	return fmt.Sprint(e[field])
}

// events reads what a run wrote to standard error and holds every line to the
// published list.
func events(t *testing.T, stderr string) []logEvent {
	t.Helper()
	known := publishedEvents(t)
	var out []logEvent
	for line := range strings.Lines(stderr) {
		var e logEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("a line is no event: %v: %q", err, line)
		}
		if _, err := time.Parse(time.RFC3339Nano, e.text("time")); err != nil {
			t.Errorf("%v in %s", err, line)
		}
		fields, ok := known[e.text("event")]
		if !ok {
			t.Errorf("an event that is not published: %s", line)
		}
		for key, value := range e {
			if key == "time" || key == "level" || key == "event" {
				continue
			}
			if want := fields[key]; want == "" || !hasType(value, want) {
				t.Errorf("field %q, published as %q, in %s", key, want, line)
			}
		}
		for key := range fields {
			if _, ok := e[strings.TrimSuffix(key, "?")]; !ok && !strings.HasSuffix(key, "?") && fields[key+"?"] == "" {
				t.Errorf("no %s in %s", key, line)
			}
		}
		out = append(out, e)
	}
	return out
}

// publishedEvents reads README.md's table: types by event and field; a field that
// may be missing is there with its "?", too.
func publishedEvents(t *testing.T) map[string]map[string]string {
	t.Helper()
	dt, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| (?:`([a-z.]+)`)? ?\\| `([A-Za-z]+)(\\?)?` \\| ([a-z ]+) \\|")
	out := map[string]map[string]string{}
	event := ""
	for _, m := range row.FindAllStringSubmatch(string(dt), -1) {
		if m[1] != "" {
			event = m[1]
			out[event] = map[string]string{}
		}
		out[event][m[2]] = m[4]
		if m[3] != "" {
			out[event][m[2]+"?"] = m[4]
		}
	}
	if len(out) < 10 {
		t.Fatalf("README.md lists %d events", len(out))
	}
	return out
}

func hasType(value any, want string) bool {
	switch v := value.(type) {
	case string:
		return want == "string"
	case bool:
		return want == "boolean"
	case float64:
		return want == "integer" && v == float64(int64(v))
	case []any:
		return want == "list of string"
	case map[string]any:
		return want == "integer by name"
	default: // null: an empty map or list
		return value == nil && want != "string"
	}
}

// named are the events of a name.
func named(all []logEvent, name string) []logEvent {
	return slices.DeleteFunc(slices.Clone(all), func(e logEvent) bool { return e.text("event") != name })
}

// endings are the events that end a run.
var endings = []string{"build.finished", "policy.blocked", "scan.failed", "build.failed", "build.interrupted", "command.failed"}

func ending(t *testing.T, all []logEvent) []logEvent {
	t.Helper()
	var out []logEvent
	for _, e := range all {
		if slices.Contains(endings, e.text("event")) {
			out = append(out, e)
		}
	}
	if len(out) == 0 || !slices.Contains(endings, all[len(all)-1].text("event")) {
		t.Fatalf("the log does not end with an ending: %v", all)
	}
	return out
}

func TestLogTellsOutcomesApart(t *testing.T) {
	w := engine(t)
	for name, c := range map[string]struct {
		dockerfile string
		args       []string
		code       int
		event      string
		says       string
	}{
		"built":        {cleanDockerfile, []string{"."}, 0, "build.finished", ""},
		"blocked":      {vulnerableDockerfile, []string{"."}, 2, "policy.blocked", "1 finding blocks this image"},
		"no database":  {cleanDockerfile, []string{"--db=/nothing-here", "."}, 3, "scan.failed", "/nothing-here"},
		"build failed": {failingDockerfile, []string{"."}, 1, "build.failed", "exit code: 7"},
		"no folder":    {cleanDockerfile, []string{"nothing-here"}, 1, "build.failed", "nothing-here"},
		"plain":        {cleanDockerfile, []string{"--progress=plain", "."}, 1, "build.failed", "--progress=plain"},
		"wrong flag":   {cleanDockerfile, []string{"--nonsense", "."}, 1, "command.failed", "--nonsense"},
		"check":        {"from $BASE\nRUN true\n", []string{"--call=check", "."}, 1, "build.failed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.dockerfile(t, c.dockerfile)
			r := p.build(t, append([]string{"--log-format=json"}, c.args...)...).Exits(t, c.code)
			ends := ending(t, events(t, r.Stderr))
			if len(ends) != 1 || ends[0].text("event") != c.event || ends[0].text("exitCode") != fmt.Sprint(c.code) {
				t.Errorf("the run ended with %v, want %s", ends, c.event)
			}
			says(t, ends[0].text("message"), c.says)
		})
	}
}

func TestLogOfAPushTellsEveryStep(t *testing.T) {
	w := engine(t)
	image := w.image()
	p := w.dockerfile(t, strings.Replace(vulnerableDockerfile, "1.2.0", "1.2.3", 1)+"RUN echo fresh "+image+"\n")
	key, _ := newKeys(t)
	r := p.with("SCAN_BUILD_LOG_FORMAT=json").build(t, "--fail-on=none", "--push", "--tag", image, "--sign", "--key", key, ".").OK(t)
	all := events(t, r.Stderr)
	for _, name := range []string{"build.started", "build.step", "build.output", "scan.started", "scan.layer", "finding", "scan.finished", "image.pushed", "attestations.signed", "build.finished"} {
		if len(named(all, name)) == 0 {
			t.Errorf("no %s", name)
		}
	}
	if found := named(all, "finding")[0]; found.text("id") != vulnerableID || found.text("package") != "minimist" || found.text("file") != "Dockerfile" || found.text("line") != "3" {
		t.Errorf("the finding is %v", found)
	}
	if pushed := named(all, "image.pushed")[0]; pushed.text("image") != image || !strings.HasPrefix(pushed.text("digest"), "sha256:") {
		t.Errorf("what was pushed is %v", pushed)
	}
	says(t, fmt.Sprint(named(all, "build.output")), "fresh "+image)
	if r.Stdout != "" {
		t.Errorf("standard output: %s", r.Stdout)
	}
}

func TestLogOfABakeRunTellsEachBlockedTarget(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{
		"good/Dockerfile": cleanDockerfile, "bad/Dockerfile": vulnerableDockerfile,
		"docker-bake.hcl": "group \"default\" { targets = [\"a\", \"b\", \"c\"] }\n" +
			"target \"a\" { context = \"bad\" }\ntarget \"b\" { context = \"good\" }\ntarget \"c\" { context = \"bad\" }\n",
	})
	all := events(t, p.bake(t, "--log-format=json").Exits(t, 2).Stderr)
	var blocked []string
	for _, e := range ending(t, all) {
		blocked = append(blocked, e.text("event")+" "+e.text("target"))
	}
	slices.Sort(blocked)
	if want := []string{"policy.blocked a", "policy.blocked c"}; !slices.Equal(blocked, want) {
		t.Errorf("blocked: %v, want %v", blocked, want)
	}
	if n := len(named(all, "scan.finished")); n != 3 {
		t.Errorf("%d scans have finished, want 3", n)
	}
}

func TestLogTellsAnInterrupt(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, "FROM $BASE\nRUN echo ready to wait && sleep 120\n")
	stderr := interruptAt(t, p, []string{"--db", w.database, "--no-cache", "--log-format=json", "."}, `"message":"ready to wait"`)
	if ends := ending(t, events(t, stderr)); ends[0].text("event") != "build.interrupted" {
		t.Errorf("it ended with %v", ends)
	}
}

func TestLogOfOtherCommands(t *testing.T) {
	w := engine(t)
	image := w.image()
	p := w.dockerfile(t, cleanDockerfile)
	p.build(t, "--push", "--tag", image, ".").OK(t)
	_, key := newKeys(t)
	for name, c := range map[string]struct {
		args  []string
		code  int
		event string
	}{
		"rejected":     {[]string{"verify", "--key", key, image}, 2, "policy.blocked"},
		"no key":       {[]string{"verify", image}, 1, "command.failed"},
		"no database":  {[]string{"db", "update", "--from=/nothing-here"}, 3, "scan.failed"},
		"wrong format": {[]string{"policy", "test", "--log-format=xml", "."}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := p.run(t, append([]string{"--log-format=json"}, c.args...)...).Exits(t, c.code)
			if c.event == "" {
				says(t, r.Stderr, "--log-format", "xml")
				return
			}
			if ends := ending(t, events(t, r.Stderr)); ends[0].text("event") != c.event {
				t.Errorf("it ended with %v", ends)
			}
		})
	}
}
