package config

import (
	"strings"
	"unicode"
)

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

// maxName bounds what is compared for likeness; no option's name is longer.
const maxName = 64

// near says whether two names differ by so few letters, for their length, that
// one is likely a slip of the other: 1 for SCAN_FAIL_ON, 2 for SCAN_MAX_DB_AGE,
// none for SCAN_DB.
func near(a, b string) bool {
	if len(a) > maxName || len(b) > maxName {
		return false
	}
	const prefix = len(buildArgPrefix) - 1
	return distance(a, b) <= (len(b)-prefix)/4
}

// nearest returns the name most like s, or "" if none is like it.
func nearest(s string, names []string) string {
	if len(s) > maxName {
		return ""
	}
	best, bestDistance := "", 3
	for _, n := range names {
		if d := distance(s, n); d < bestDistance && d < min(len(n), len(s)) {
			best, bestDistance = n, d
		}
	}
	return best
}

// DidYouMean is ", did you mean X?" for the one of the names that s is likely a
// slip of, empty if there is none.
func DidYouMean(s string, names []string) string {
	n := nearest(s, names)
	if n == "" {
		return ""
	}
	return ", did you mean " + n + "?"
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// orList joins names as in "a, b or c", andList as in "a, b and c".
func orList(names []string) string  { return joinNames(names, " or ") }
func andList(names []string) string { return joinNames(names, " and ") }

func joinNames(names []string, before string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + before + names[last]
}

func containsControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }
