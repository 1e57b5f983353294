package secret

import (
	"math"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
)

// found is a finding before the whole file is known.
type found struct {
	Hit
	rule int
	// start is the match's offset in the file.
	start int64
}

// try runs a rule's expression over a window and takes up matches that begin at
// or before latest. It returns where the last of them ended.
func (s *Scanner) try(i int, w window, latest int64) (last int64) {
	r := s.rules[i]
	from, to := w.from, w.to+edge
	if !w.hard {
		from -= edge
	}
	from, to = max(from, s.base), min(to, s.base+int64(len(s.buf)))
	text := s.buf[from-s.base : to-s.base]
	if !r.secrets.possible(text) {
		return 0
	}
	for _, m := range r.expr(len(text)).FindAllIndex(text, -1) {
		start := from + int64(m[0])
		if start > latest {
			break
		}
		last = from + int64(m[1])
		s.take(i, int(start-s.base), int(last-s.base))
	}
	return last
}

// take judges a match, buf[start:end], as gitleaks does.
func (s *Scanner) take(i, start, end int) {
	if len(s.found) >= maxHits {
		return
	}
	r := s.rules[i]
	match := strings.TrimLeft(string(s.buf[start:end]), "\n")
	skipped := end - start - len(match)
	match = strings.TrimRight(match, "\n")
	end = start + len(match)
	line := s.line(start, end)
	if line.comment {
		return
	}
	value, ok := r.value(match)
	if !ok || r.Entropy != 0 && entropy(value) <= r.Entropy {
		return
	}
	f := found{rule: i, start: s.base + int64(start), Hit: Hit{
		Rule: r.id, Description: r.description, Path: s.path, match: match, secret: value,
	}}
	if s.allowed(&f, line, r) {
		return
	}
	// gitleaks cuts newlines off a match, but lets it begin with them.
	start, end = start+skipped, end+skipped
	f.Line, f.Column = s.lines.at(s.buf, start)
	f.EndLine, f.EndColumn = s.lines.at(s.buf, max(end-1, start))
	s.found = append(s.found, f)
}

// value is the part of a match that is the secret.
func (r *rule) value(match string) (string, bool) {
	groups := r.expr(len(match)).FindStringSubmatch(match)
	if len(groups) < 2 {
		return match, true
	}
	if r.SecretGroup > 0 {
		if len(groups) <= r.SecretGroup {
			return "", false
		}
		return groups[r.SecretGroup], true
	}
	for _, g := range groups[1:] {
		if g != "" {
			return g, true
		}
	}
	return match, true
}

// allowed says whether one of the rule's lists accepts a finding. Those that look
// at the line, which may be long, are asked last.
func (s *Scanner) allowed(f *found, line *lineText, r *rule) bool {
	for _, ofLine := range []bool{false, true} {
		for _, lists := range [][]*config.Allowlist{r.set.allow, r.Allowlists} {
			for _, a := range lists {
				if (a.RegexTarget == "line") == ofLine && s.accepts(a, f, line) {
					return true
				}
			}
		}
	}
	return false
}

func (s *Scanner) accepts(a *config.Allowlist, f *found, line *lineText) bool {
	matches := func() bool {
		switch a.RegexTarget {
		case "match":
			return a.RegexAllowed(f.match)
		case "line":
			return s.acceptsLine(a, line)
		}
		return a.RegexAllowed(f.secret)
	}
	stops, _ := a.ContainsStopWord(f.secret)
	if a.MatchCondition != config.AllowlistMatchAnd {
		return stops || matches()
	}
	// There are no commits here: a list that asks for one never accepts.
	return len(a.Commits) == 0 &&
		(len(a.Paths) == 0 || a.PathAllowed(s.path)) &&
		(len(a.StopWords) == 0 || stops) &&
		(len(a.Regexes) == 0 || matches())
}

// entropy is Shannon's, in bits per character, as gitleaks reckons it.
func entropy(s string) (bits float64) {
	counts := map[rune]int{}
	for _, c := range s {
		counts[c]++
	}
	n := 1 / float64(len(s))
	for _, c := range counts {
		f := float64(c) * n
		bits -= f * math.Log2(f)
	}
	return bits
}

// finish decides what depends on the whole file.
func (s *Scanner) finish() []Hit {
	for _, i := range s.plan.named {
		r := s.rules[i]
		s.found = append(s.found, found{rule: i, Hit: Hit{Rule: r.id, Description: r.description, Path: s.path}})
	}
	all := s.found
	out := slices.DeleteFunc(slices.Clone(all), func(f found) bool {
		r := s.rules[f.rule]
		return r.skip || !s.keywordSeen(r) || !complete(r, &f, all)
	})
	specific := slices.Clone(out)
	out = slices.DeleteFunc(out, func(f found) bool { return s.covered(&f, specific) })
	slices.SortStableFunc(out, func(a, b found) int {
		if a.start != b.start {
			return int(min(max(a.start-b.start, -1), 1))
		}
		return strings.Compare(a.Rule, b.Rule)
	})
	hits := make([]Hit, 0, len(out))
	for i, f := range out {
		if i > 0 && f.start == out[i-1].start && f.Rule == out[i-1].Rule && f.match == out[i-1].match {
			continue // two sets have the rule
		}
		hits = append(hits, f.Hit)
	}
	return hits
}

func (s *Scanner) keywordSeen(r *rule) bool {
	return len(r.keywords) == 0 || slices.ContainsFunc(r.keywords, func(k int) bool { return s.seen[k] })
}

// covered says whether a finding is part of one on its line that knows more.
func (s *Scanner) covered(f *found, all []found) bool {
	return slices.ContainsFunc(all, func(o found) bool {
		return s.rules[o.rule].rank > s.rules[f.rule].rank && o.Line == f.Line && strings.Contains(o.secret, f.secret)
	})
}

// complete says whether all that a rule requires beside its own match was found.
func complete(r *rule, f *found, all []found) bool {
	for _, q := range r.required {
		if !slices.ContainsFunc(all, func(o found) bool {
			return o.Rule == q.RuleID &&
				(q.WithinLines == nil || abs(o.Line-f.Line) <= *q.WithinLines) &&
				(q.WithinColumns == nil || abs(o.Column-f.Column) <= *q.WithinColumns)
		}) {
			return false
		}
	}
	return true
}

func abs(n int) int { return max(n, -n) }
