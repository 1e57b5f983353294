package extract

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/pkg/errors"
	"github.com/tidwall/gjson"

	"github.com/scan-build/scan-build/scan"
)

// maxNesting is how deep brackets may nest in a document. Parsers recurse, and a
// goroutine's stack that overflows ends the process, whatever is deferred.
const maxNesting = 5000

// nesting is how deep a document's brackets go, those in strings included: a
// document has few enough of these for the limit.
func nesting(b []byte) int {
	depth, deepest := 0, 0
	for _, c := range b {
		switch c {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return deepest
}

// shallow lets an extractor see a document only if it does not nest too deep.
func shallow(extract func(context.Context, *input) ([]scan.Package, error)) func(context.Context, *input) ([]scan.Package, error) {
	return func(ctx context.Context, in *input) ([]scan.Package, error) {
		b, err := in.content()
		if err != nil {
			return nil, err
		}
		if nesting(b) > maxNesting {
			return nil, errTooDeep
		}
		seen := *in
		seen.reader = bytes.NewReader(b)
		return extract(ctx, &seen)
	}
}

var errTooDeep = errors.Errorf("failed to parse: nested deeper than %d", maxNesting)

// parseJSON parses a whole document. A byte order mark is skipped, as npm does.
func parseJSON(b []byte) (gjson.Result, error) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if nesting(b) > maxNesting {
		return gjson.Result{}, errTooDeep
	}
	if !gjson.ValidBytes(b) {
		// Say what is wrong, which gjson does not.
		var v json.RawMessage
		if err := json.Unmarshal(b, &v); err != nil {
			return gjson.Result{}, errors.Wrap(err, "failed to parse")
		}
		return gjson.Result{}, errors.New("failed to parse: not JSON")
	}
	return gjson.ParseBytes(b), nil
}
