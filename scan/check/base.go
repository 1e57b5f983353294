package check

import (
	"fmt"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

const dockerPin = "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions"

func baseChecks() []Check {
	return []Check{
		{
			ID: "base-latest", Severity: scan.SeverityMedium, Title: "The base image has no tag of its own, or latest",
			Description: "What latest means changes without notice, also to another major version: the next build may be of something else.",
			Remedy:      "Name a version in FROM, and its digest.",
			References:  []string{dockerPin},
			Controls:    []string{"nist-800-190/4.1.2", "nist-800-190/4.1.5", "soc2/CC8.1", "fedramp/SR-11"},
			Looks:       "the base images that FROM names", needs: needBase, find: baseLatest, everyStage: true,
		},
		{
			ID: "base-unpinned", Severity: scan.SeverityLow, Title: "The base image is not pinned by digest",
			Description: "Whoever may push the tag decides what the next build contains. A digest is always the same image; a bot can raise it.",
			Remedy:      "Write FROM image:tag@sha256:….",
			References:  []string{dockerPin},
			Controls:    []string{"nist-800-190/4.1.5", "soc2/CC8.1", "fedramp/SI-7", "fedramp/SR-11"},
			Looks:       "the base images that FROM names", needs: needBase, find: baseUnpinned, everyStage: true,
		},
		{
			ID: "base-tag-moved", Severity: scan.SeverityLow, Title: "The base image's tag points at a newer image",
			Description: "The Dockerfile pins a digest that the registry has since replaced under the same tag, mostly by a rebuild with security fixes.",
			Remedy:      "Raise the digest in FROM; --advise says what would change.",
			References:  []string{dockerPin},
			Controls:    []string{"nist-800-190/4.1.1"},
			Looks:       "what the tags of pinned base images point at now", needs: needBase, find: baseTagMoved, everyStage: true,
		},
		{
			ID: "base-tag-gone", Severity: scan.SeverityMedium, Title: "The base image's tag is gone from the registry",
			Description: "Tags are removed when a version is given up. The pinned image will get no fixes, and may be removed as well.",
			Remedy:      "Change FROM to a tag that is maintained.",
			References:  []string{dockerPin},
			Controls:    []string{"nist-800-190/4.1.1", "fedramp/SA-22"},
			Looks:       "whether the registry still has the tags of base images", needs: needBase, find: baseTagGone, everyStage: true,
		},
	}
}

// base returns the stage's base image if a registry has it.
func (s *subject) base() *scan.Base {
	if b := s.stage.Base; b != nil && b.Name != "" {
		return b
	}
	return nil
}

// ofBase makes a finding about the base image, at the layer that FROM brought.
func (s *subject) ofBase(format string, args ...any) []found {
	return []found{{message: fmt.Sprintf(format, args...), layer: s.baseLayer()}}
}

func baseLatest(s *subject) []found {
	b := s.base()
	if b == nil || b.Pinned || !b.Untagged && b.Tag != "latest" {
		return nil
	}
	if b.Untagged {
		return s.ofBase("FROM %s names no tag, which means latest", plain.Line(b.Ref, nameWidth))
	}
	return s.ofBase("FROM %s", plain.Line(b.Ref, nameWidth))
}

func baseUnpinned(s *subject) []found {
	b := s.base()
	if b == nil || b.Pinned || len(baseLatest(s)) > 0 {
		return nil
	}
	pin := ""
	if b.Digest != "" {
		pin = ": it is " + plain.Line(b.Digest, nameWidth) + " now"
	}
	return s.ofBase("FROM %s has no digest%s", plain.Line(b.Ref, nameWidth), pin)
}

func baseTagMoved(s *subject) []found {
	b := s.base()
	if b == nil || !b.Pinned || !b.Moved() {
		return nil
	}
	return s.ofBase("FROM %s: the tag %s is %s now", plain.Line(shortRef(b.Ref), nameWidth), plain.Line(b.Tag, nameWidth), plain.Line(b.CurrentDigest, nameWidth))
}

func baseTagGone(s *subject) []found {
	b := s.base()
	if b == nil || !b.Missing {
		return nil
	}
	return s.ofBase("FROM %s: the registry does not have the tag %s any more", plain.Line(shortRef(b.Ref), nameWidth), plain.Line(b.Tag, nameWidth))
}

// shortRef shortens a digest in a reference.
func shortRef(ref string) string {
	name, digest, ok := strings.Cut(ref, "@sha256:")
	if !ok || len(digest) <= 12 {
		return ref
	}
	return name + "@sha256:" + digest[:12] + "…"
}
