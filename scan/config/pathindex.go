package config

import "strings"

// pathIndex finds, of many patterns of paths, those that may match a path.
type pathIndex struct {
	// byPart are the patterns by one of their parts between slashes that stands for
	// itself: whatever matches has this part.
	byPart map[string][]int
	// others have no such part.
	others []int
}

// indexPaths prepares the path patterns of some matchers. Of a pattern's parts
// it takes the one that the fewest patterns have: package.json says little.
func indexPaths(which []int, matchers []*matcher) pathIndex {
	count := map[string]int{}
	for _, i := range which {
		for _, part := range literalParts(matchers[i].path.pattern) {
			count[part]++
		}
	}
	x := pathIndex{byPart: map[string][]int{}}
	for _, i := range which {
		best := ""
		for _, part := range literalParts(matchers[i].path.pattern) {
			if best == "" || count[part] < count[best] {
				best = part
			}
		}
		if best == "" {
			x.others = append(x.others, i)
			continue
		}
		x.byPart[best] = append(x.byPart[best], i)
	}
	return x
}

// literalParts are the parts of a pattern that stand for themselves. A pattern
// with braces has none: they may hold slashes.
func literalParts(pattern string) []string {
	if strings.ContainsAny(pattern, `{}\`) {
		return nil
	}
	var out []string
	for part := range strings.SplitSeq(pattern, "/") {
		if part != "" && !strings.ContainsAny(part, "*?[]") {
			out = append(out, part)
		}
	}
	return out
}

// each calls f for the patterns that may match a path, for some more than once.
func (x *pathIndex) each(path string, f func(i int)) {
	if path == "" {
		return
	}
	for _, i := range x.others {
		f(i)
	}
	if len(x.byPart) == 0 {
		return
	}
	for part := range strings.SplitSeq(path, "/") {
		for _, i := range x.byPart[part] {
			f(i)
		}
		// A pattern that matches an archive matches what is in it, so its last part may
		// end where the archive's name does.
		if archive, _, ok := strings.Cut(part, "!"); ok {
			for _, i := range x.byPart[archive] {
				f(i)
			}
		}
	}
}
