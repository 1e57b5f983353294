package base

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSiblingsAreTagsOfTheSameShape(t *testing.T) {
	python := []string{
		"latest", "slim", "3", "3.9-slim-bookworm", "3.11-slim-bookworm", "3.11-bookworm", "3.12-slim-bookworm",
		"3.13-slim-bookworm", "3.13-slim-bullseye", "3.14-rc-slim-bookworm", "3.14.0rc1-slim-bookworm", "3.11-slim-trixie", "3.11-slim-bullseye",
		"3.13-slim-trixie", "4.0-slim-bookworm", "3.11.4-slim-bookworm", "3.11.10-slim-bookworm", "3.11.9-slim-bookworm",
		"3.12.1-slim-bookworm", "3.11.4-slim-trixie", "3.11-alpine3.19", "3.11-alpine3.20", "3.11-alpine3.9", "3.12-alpine3.19",
	}
	for _, tc := range []struct {
		name, current string
		tags, want    []string
	}{
		{"minor version, then distribution", "3.11-slim-bookworm", python, []string{"3.13-slim-bookworm", "3.11-slim-trixie"}},
		{"patch, then minor version, then distribution", "3.11.4-slim-bookworm", python,
			[]string{"3.11.10-slim-bookworm", "3.12.1-slim-bookworm", "3.11.4-slim-trixie"}},
		{"numbered distribution", "3.11-alpine3.19", python, []string{"3.12-alpine3.19", "3.11-alpine3.20"}},
		{"newest already", "3.13-slim-trixie", python, nil},
		{"no version", "latest", python, nil},
		{"no version but a variant", "slim", python, nil},
		{"major version alone", "3", []string{"3", "4", "5"}, nil},
		{"not in the list itself", "1.2.3", []string{"1.2.4"}, []string{"1.2.4"}},
		{"version order, not text order", "1.9", []string{"1.10", "1.2", "1.9"}, []string{"1.10"}},
		{"prefix", "v1.9.0", []string{"1.9.1", "v1.9.1", "v1.10.0"}, []string{"v1.9.1", "v1.10.0"}},
		{"codename alone", "bookworm-slim", []string{"bookworm-slim", "trixie-slim", "trixie", "jammy-slim", "bullseye-slim", "forky-slim", "sid-slim"}, []string{"trixie-slim"}},
		{"dated build", "bookworm-20240101-slim", []string{"bookworm-20250101-slim", "trixie-20250101-slim"}, nil},
		{"calendar version", "22.04", []string{"22.04", "22.10", "24.04", "20.04"}, nil},
		{"variant of another name", "8-jdk-jammy", []string{"8-jre-noble", "8-jdk-noble", "11-jdk-noble"}, []string{"8-jdk-noble"}},
		{"pre-releases", "1.2.3", []string{"1.2.4-rc1", "1.2.4-beta", "1.2.5-alpha.1", "1.3.0-rc", "1.3-dev", "1.2.9rc2"}, nil},
		{"hostile", "1.2.3", []string{"", "-", "--", "....", "1.2.99999999999999999999", "1.2.3.4.5.6", string(make([]byte, 4096)), "1.2.4\x00"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Siblings(tc.current, tc.tags)); diff != "" {
				t.Errorf("Siblings(%q) (-want +got):\n%s", tc.current, diff)
			}
		})
	}
}

func TestSiblingsOfALargeRepositoryAreFound(t *testing.T) {
	var tags []string
	for i := range 200_000 {
		tags = append(tags, fmt.Sprintf("1.%d.0", i))
	}
	if diff := cmp.Diff([]string{"1.99999.0"}, Siblings("1.2.0", tags)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
