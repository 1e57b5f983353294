package check

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

func TestEveryCheckIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range All() {
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(c.ID) || seen[c.ID] {
			t.Errorf("bad or second id %q", c.ID)
		}
		seen[c.ID] = true
		if (c.find == nil) == (c.inspect == nil) {
			t.Errorf("%s looks at facts and instructions, or neither", c.ID)
		}
		if c.OfInstructions() != (c.needs == needDockerfile) {
			t.Errorf("%s needs the wrong facts", c.ID)
		}
		if c.Severity <= scan.SeverityUnknown || c.needs == 0 {
			t.Errorf("%s has no severity or needs nothing", c.ID)
		}
		for _, text := range []string{c.Title, c.Description, c.Remedy, c.Looks} {
			if text == "" || strings.Contains(text, "\n") {
				t.Errorf("%s: text %q", c.ID, text)
			}
		}
		if strings.HasSuffix(c.Title, ".") || !strings.HasSuffix(c.Description, ".") || !strings.HasSuffix(c.Remedy, ".") {
			t.Errorf("%s: full stops", c.ID)
		}
		if len(c.References) == 0 {
			t.Errorf("%s has no reference", c.ID)
		}
		for _, r := range c.References {
			if u, err := url.Parse(r); err != nil || u.Scheme != "https" || u.Host == "" {
				t.Errorf("%s: reference %q", c.ID, r)
			}
		}
		if found, ok := Find(c.ID); !ok || found.ID != c.ID {
			t.Errorf("%s is not found", c.ID)
		}
	}
	if _, ok := Find("no-such"); ok {
		t.Error("a check that does not exist is found")
	}
}

func TestOnlyLeaksAreHigh(t *testing.T) {
	var high []string
	for _, c := range All() {
		if c.Severity >= scan.SeverityHigh {
			high = append(high, c.ID)
		}
	}
	slices.Sort(high)
	if diff := cmp.Diff([]string{"core-dump", "docker-socket", "git-directory", "ssh-key"}, high); diff != "" {
		t.Error(diff)
	}
}

func TestControlsOfChecksExist(t *testing.T) {
	for _, c := range All() {
		for i, ref := range c.Controls {
			if _, ok := FindControl(ref); !ok {
				t.Errorf("%s: no control %q", c.ID, ref)
			}
			if slices.Contains(c.Controls[:i], ref) {
				t.Errorf("%s: %q twice", c.ID, ref)
			}
		}
	}
}

func TestEveryControlIsAssessedOrSaysWhyNot(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Frameworks() {
		if len(f.Controls) == 0 || f.Name == "" || !strings.HasPrefix(f.URL, "https://") {
			t.Errorf("framework %q is incomplete", f.ID)
		}
		for _, c := range f.Controls {
			if seen[c.Ref()] || c.Title == "" {
				t.Errorf("%s is there twice or has no title", c.Ref())
			}
			seen[c.Ref()] = true
			if !c.Assessable() && c.Reason == "" {
				t.Errorf("%s is assessed by nothing and does not say why", c.Ref())
			}
			for _, l := range c.Lint {
				if !strings.HasPrefix(l, "dockerfile/") {
					t.Errorf("%s: %q is no lint rule", c.Ref(), l)
				}
			}
		}
	}
	if _, ok := FindControl("cis-docker/9.9"); ok {
		t.Error("a control that does not exist is found")
	}
}

func TestLifetimesAreDays(t *testing.T) {
	if _, err := time.Parse(time.DateOnly, lifetimesDate); err != nil {
		t.Error(err)
	}
	for name, list := range lifetimes {
		seen := map[string]bool{}
		for _, entry := range strings.Split(list, ",") {
			f := strings.Fields(entry)
			if len(f) != 2 || seen[f[0]] || cycle(name, f[0]) != f[0] {
				t.Errorf("%s: entry %q", name, entry)
				continue
			}
			seen[f[0]] = true
			if _, err := time.Parse(time.DateOnly, f[1]); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestDocumentationIsCurrent holds CHECKS.md to the checks; UPDATE_GOLDEN=1
// rewrites it.
func TestDocumentationIsCurrent(t *testing.T) {
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile("CHECKS.md", []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("CHECKS.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Markdown(), string(got)); diff != "" {
		t.Error(diff)
	}
}
