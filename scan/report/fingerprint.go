package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// setFingerprints gives each issue an id under which a code host recognises it in
// the next build's report. It is made of what is wrong and where somebody would
// look for it: kind, rule, package and file, stage and instruction. It is not
// made of what changes while the issue stays: versions, lines, the order of
// layers, digests, dates, platforms, what the policy decided. Issues that are
// equal in all that are numbered, by version and message.
func setFingerprints(all []*issue) {
	same := map[string][]*issue{}
	for _, i := range all {
		h := i.hash()
		same[h] = append(same[h], i)
	}
	for h, list := range same {
		slices.SortStableFunc(list, func(a, b *issue) int {
			return cmp.Or(strings.Compare(a.version, b.version), strings.Compare(a.message, b.message), a.line()-b.line())
		})
		for n, i := range list {
			i.fingerprint = fmt.Sprintf("%s:%d", h, n+1)
		}
	}
}

func (i *issue) hash() string {
	parts := []string{i.kind.String(), i.rule}
	switch i.kind {
	case issueSecret:
		v := valueOf(*i.secrets[0])
		parts = append(parts, v.fingerprint, v.path)
	case issueVulnerability:
		parts = append(parts, i.finding.Type, i.pkg, i.path, i.origin())
	case issueExternal:
		parts = append(parts, i.external.Analyzer, cmp.Or(i.external.Fingerprint, i.path))
	default:
		parts = append(parts, i.pkg, i.path, i.origin())
		if i.layer != nil && i.layer.Base == "" {
			parts = append(parts, i.layer.Instruction)
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// origin is the stage that the issue comes from. Whether the image took it over
// or a build stage has it alone makes no difference.
func (i *issue) origin() string {
	if i.layer != nil && i.layer.Stage != "" {
		return i.layer.Stage
	}
	return i.stage
}
