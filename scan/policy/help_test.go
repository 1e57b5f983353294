package policy

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gitleaks "github.com/zricethezav/gitleaks/v8/config"
)

// TestHelpFitsTheRules holds that every entry is of a rule that there is, and
// is not hidden by an earlier one.
func TestHelpFitsTheRules(t *testing.T) {
	files, err := os.ReadFile(filepath.Join("..", "secret", "files.toml"))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range regexp.MustCompile(`(?m)^id = "(.+)"$`).FindAllStringSubmatch(gitleaks.DefaultConfig+string(files), -1) {
		ids = append(ids, m[1])
	}
	if len(ids) < 200 {
		t.Fatalf("%d rules", len(ids))
	}
	for _, r := range rotation {
		if u, err := url.Parse(r.url); err != nil || u.Scheme != "https" || u.Host == "" {
			t.Errorf("%s: %q", r.prefix, r.url)
		}
		meant := func(id string) bool { return strings.HasPrefix(id, r.prefix) && Help(id) == r.url }
		if !slices.ContainsFunc(ids, meant) {
			t.Errorf("%s is of no rule", r.prefix)
		}
	}
}
