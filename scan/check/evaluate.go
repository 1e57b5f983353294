package check

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
)

// Evaluate sets the configuration findings of every stage from the report's
// facts, judged at the time of the report. It replaces the findings of its own
// checks and keeps all others: those of BuildKit's lint rules and those of
// [Instructions]. Evaluating again changes nothing but that decisions of a policy
// on replaced findings are gone: an instruction that somebody has found for one stays.
//
// Only the final stage is looked at in full. Of build stages nothing but the base
// image matters; a base that several stages share is reported once.
func Evaluate(r *scan.Report) {
	checks := stageChecks()
	for i := range r.Platforms {
		evaluatePlatform(&r.Platforms[i], r, checks)
	}
}

func stageChecks() []Check {
	return slices.DeleteFunc(All(), func(c Check) bool { return c.find == nil })
}

func evaluatePlatform(p *scan.Platform, r *scan.Report, checks []Check) {
	reported := map[string]bool{}
	for _, s := range finalFirst(p) {
		sub := &subject{platform: p, stage: s, at: r.Finished, target: r.Target}
		out := kept(s.Misconfigurations, checks)
		for _, c := range checks {
			if !s.Final && !c.everyStage {
				continue
			}
			for _, f := range c.find(sub) {
				if key := c.ID + "\x00" + f.message; !c.everyStage || !reported[key] {
					reported[key] = true
					out = append(out, placed(c.misconfiguration(f), s.Misconfigurations))
				}
			}
		}
		sortFindings(out)
		s.Misconfigurations = out
	}
}

// placed takes over the instruction that an earlier evaluation's finding was given.
func placed(m scan.Misconfiguration, earlier []scan.Misconfiguration) scan.Misconfiguration {
	for _, e := range earlier {
		if e.Check == m.Check && e.Subject == m.Subject && e.Layer == m.Layer && e.Message == m.Message {
			m.Instruction = e.Instruction
		}
	}
	return m
}

func finalFirst(p *scan.Platform) []*scan.Stage {
	var out []*scan.Stage
	for i := range p.Stages {
		out = append(out, &p.Stages[i])
	}
	slices.SortStableFunc(out, func(a, b *scan.Stage) int {
		switch {
		case a.Final == b.Final:
			return 0
		case a.Final:
			return -1
		}
		return 1
	})
	return out
}

// kept returns the findings that are not of the given checks, nil for none.
func kept(all []scan.Misconfiguration, checks []Check) []scan.Misconfiguration {
	var out []scan.Misconfiguration
	for _, m := range all {
		if !slices.ContainsFunc(checks, func(c Check) bool { return c.ID == m.Check }) {
			out = append(out, m)
		}
	}
	return out
}

func sortFindings(all []scan.Misconfiguration) {
	slices.SortStableFunc(all, func(a, b scan.Misconfiguration) int {
		return cmp.Or(
			cmp.Compare(b.Severity, a.Severity),
			strings.Compare(a.Check, b.Check),
			cmp.Compare(a.Layer, b.Layer),
			cmp.Compare(line(a.Instruction), line(b.Instruction)),
			strings.Compare(a.Message, b.Message),
		)
	})
}

func line(l *scan.Layer) int {
	if l == nil {
		return 0
	}
	return l.StartLine
}

// past says whether a day (YYYY-MM-DD) was over at a time; a day that cannot be
// read never is.
func past(day string, at time.Time) bool {
	end, err := time.Parse(time.DateOnly, day)
	return err == nil && !at.IsZero() && at.After(end.AddDate(0, 0, 1))
}
