package frontend

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
)

func TestFactsOfABuildComeFromItsOptions(t *testing.T) {
	const sha = "0123456789abcdef0123456789abcdef01234567"
	for name, test := range map[string]struct {
		opts   map[string]string
		branch string
		want   scan.Build
	}{
		"nothing": {want: scan.Build{Dockerfile: "Dockerfile"}},
		"folder in a repository": {
			opts:   map[string]string{"vcs:revision": sha + "-dirty", "vcs:source": "https://me:token@example.com/a.git", "filename": "./build/Dockerfile.app", "target": "app"},
			branch: "main",
			want:   scan.Build{Revision: sha + "-dirty", Source: "https://xxxxx:xxxxx@example.com/a.git", Branch: "main", Dockerfile: "build/Dockerfile.app", Stage: "app"},
		},
		"repository at a branch":             {opts: map[string]string{"context": "https://me:token@example.com/a.git#release/1:sub"}, want: scan.Build{Source: "https://xxxxx:xxxxx@example.com/a.git", Branch: "release/1", Dockerfile: "Dockerfile"}},
		"repository at a full reference":     {opts: map[string]string{"context": "https://example.com/a.git#refs/heads/main"}, want: scan.Build{Source: "https://example.com/a.git", Branch: "main", Dockerfile: "Dockerfile"}},
		"repository at a tag's":              {opts: map[string]string{"context": "https://example.com/a.git#refs/tags/v1"}, want: scan.Build{Source: "https://example.com/a.git", Dockerfile: "Dockerfile"}},
		"repository at a commit":             {opts: map[string]string{"context": "https://example.com/a.git#" + sha}, want: scan.Build{Source: "https://example.com/a.git", Revision: sha, Dockerfile: "Dockerfile"}},
		"repository with a branch as option": {opts: map[string]string{"context": "https://example.com/a.git#topic"}, branch: "main", want: scan.Build{Source: "https://example.com/a.git", Branch: "main", Dockerfile: "Dockerfile"}},
		"archive":                            {opts: map[string]string{"context": "https://example.com/a.tar.gz"}, want: scan.Build{Dockerfile: "Dockerfile"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := buildFacts(test.opts, config.Options{Branch: test.branch})
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
