package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// external lists what analyzers of the user's found.
func (t *table) external(s *scan.Stage, found []scan.ExternalFinding) {
	rows := [][]string{{"SEVERITY", "ANALYZER", "RULE", "WHAT", "FOUND IN", "FROM", "NOTE"}}
	for _, e := range found {
		rows = append(rows, externalRow(s, e))
	}
	if len(rows) > 1 {
		t.rows(rows, 2, 3, 4, 6)
	}
}

func externalRow(s *scan.Stage, e scan.ExternalFinding) []string {
	at := plain.Tail(e.Path, cellWidth)
	if at != "" && e.Line > 0 {
		at += fmt.Sprintf(":%d", e.Line)
	}
	from := layerAt(s, e.Layer)
	if e.Context {
		from = "build context"
	}
	var notes []string
	if d := e.Decision; d != nil {
		switch d.Action {
		case scan.ActionDeny:
			notes = append(notes, "blocks")
		case scan.ActionIgnore:
			notes = append(notes, "ignored: "+plain.Line(d.Message, cellWidth))
		}
	}
	if e.Removed > 0 {
		notes = append(notes, "deleted by "+cmp.Or(layerAt(s, e.Removed), "a later layer")+", still in the image")
	}
	return []string{
		e.Severity.String(), plain.Line(e.Analyzer, cellWidth), plain.Line(e.Rule, cellWidth), plain.Line(e.Message, messageWidth),
		at, from, strings.Join(notes, "; "),
	}
}

// externalKey identifies what an analyzer found in whatever stage.
type externalKey struct{ analyzer, rule, path, fingerprint string }

func keyOfExternal(e scan.ExternalFinding) externalKey {
	return externalKey{e.Analyzer, e.Rule, e.Path, e.Fingerprint}
}

// externalMissingIn returns the findings that the final stage lacks.
func externalMissingIn(final *scan.Stage, found []scan.ExternalFinding) []scan.ExternalFinding {
	inFinal := map[externalKey]bool{}
	for _, e := range final.External {
		inFinal[keyOfExternal(e)] = true
	}
	var out []scan.ExternalFinding
	for _, e := range found {
		if !inFinal[keyOfExternal(e)] {
			out = append(out, e)
		}
	}
	return out
}

// countExternal counts the different ones that block.
func countExternal(blocking []scan.BlockingExternal) int {
	different := map[externalKey]bool{}
	for _, b := range blocking {
		different[keyOfExternal(b.External)] = true
	}
	return len(different)
}
