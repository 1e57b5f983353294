package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// shownWarnings is how many warnings a build gives before the rest is counted.
const shownWarnings = 10

// Warning is something worth saying about one Dockerfile instruction of a
// build that may still pass.
type Warning struct {
	// Stage the warning is about; Layer tells the Dockerfile lines, if known.
	Stage string
	Layer scan.Layer
	// Short is one line, Detail a few more, already made safe to print.
	Short  string
	Detail []string
	// URL explains the worst finding; may be empty.
	URL string
}

// Warnings returns what a report says beyond what blocks: first stages that
// could not be judged fully, then secrets, then rules about no single finding, then
// vulnerabilities, one warning for each instruction, worst first, then
// what analyzers found, one for each of them, then configuration, one for each check. What the final image has too is not
// repeated for a build stage, nor what several platforms or stages share.
func Warnings(r *scan.Report) []Warning {
	out := append(gapWarnings(r), secretWarnings(r)...)
	out = append(out, violationWarnings(r)...)
	image, stages := nonBlocking(r)
	groups := append(groupByInstruction(warned(image)), groupByInstruction(warned(stages))...)
	for i, g := range groups {
		if len(out) >= shownWarnings {
			last := restOfGroups(groups[i:])
			out = append(out, Warning{Short: strings.TrimPrefix(last, "… and ") + " do not block"})
			break
		}
		out = append(out, g.warning(r))
	}
	out = append(out, externalWarnings(r)...)
	config := misconfigurationWarnings(r)
	if room := max(shownWarnings-len(out), 1); len(config) > room {
		rest := plain.Count(len(config)-room, "more check warns", "more checks warn") + " about the image's configuration"
		config = append(config[:room], Warning{Short: rest})
	}
	return append(out, config...)
}

// warned are those of the findings that the policy warns about: others are only
// counted.
func warned(found []scan.Blocking) []scan.Blocking {
	return slices.DeleteFunc(slices.Clone(found), func(b scan.Blocking) bool {
		return b.Finding.Decision != nil && b.Finding.Decision.Action != scan.ActionWarn
	})
}

// counted says whether a finding is worth counting: it was not taken out of
// account, and some rule said something of it.
func counted(f scan.Finding) bool {
	return f.Decision == nil || !ignored(f.Decision) && f.Decision.Rule != "none"
}

func (g *group) warning(r *scan.Report) Warning {
	counts := countAll(g.found)
	n := total(counts)
	what := plain.Count(n, "finding does not block", "findings do not block")
	if !isFinal(r, g.stage) {
		what = plain.Count(n, "finding", "findings") + " in build stage " + plain.Line(g.stage, nameWidth)
	}
	w := Warning{
		Stage:  g.stage,
		Layer:  g.layer,
		Short:  fmt.Sprintf("%s: %s (%s)", g.instructionText(), what, CountText(counts)),
		Detail: g.text(len(r.Platforms)),
	}
	if urls := g.lines[0].finding.URLs; len(urls) > 0 {
		w.URL = plain.Line(urls[0], 0)
	}
	return w
}

func isFinal(r *scan.Report, stage string) bool {
	for i := range r.Platforms {
		if s := r.Platforms[i].FinalStage(); s != nil && s.Name == stage {
			return true
		}
	}
	return false
}

// nonBlocking collects the findings that do not block: those of the final
// stages, and those of packages that only build stages have. Both are sorted
// like blocking ones; findings are repeated for each platform that has them.
func nonBlocking(r *scan.Report) (image, stages []scan.Blocking) {
	for i := range r.Platforms {
		p := &r.Platforms[i]
		final := p.FinalStage()
		if final == nil {
			continue
		}
		seen := map[identity]bool{}
		image = appendNew(image, p, final, seen)
		inFinal := map[identity]bool{}
		for _, f := range final.Findings {
			inFinal[anywhere(f)] = true
		}
		for j := range p.Stages {
			if !p.Stages[j].Final {
				stages = appendNew(stages, p, without(&p.Stages[j], inFinal), seen)
			}
		}
	}
	sortBlocking(image)
	sortBlocking(stages)
	return image, stages
}

// anywhere identifies a finding wherever in a stage its package lies: a COPY
// between stages seldom keeps the path.
func anywhere(f scan.Finding) identity {
	f.Path = ""
	return identify(f)
}

// without is the stage less the findings of the given identities.
func without(s *scan.Stage, drop map[identity]bool) *scan.Stage {
	rest := *s
	rest.Findings = slices.DeleteFunc(slices.Clone(s.Findings), func(f scan.Finding) bool { return drop[anywhere(f)] })
	return &rest
}

func appendNew(out []scan.Blocking, p *scan.Platform, s *scan.Stage, seen map[identity]bool) []scan.Blocking {
	for _, f := range s.Findings {
		if k := identify(f); !seen[k] && counted(f) && !denied(f.Decision) {
			seen[k] = true
			out = append(out, scan.Blocking{Platform: p.ID, Stage: s.Name, Finding: f, Layer: layerOf(s, f)})
		}
	}
	return out
}

// gapWarnings says what could not be judged: packages that the database does
// not know, files that could not be read, releases nobody maintains.
func gapWarnings(r *scan.Report) []Warning {
	var out []Warning
	seen := map[string]bool{}
	add := func(s *scan.Stage, short string, detail []string) {
		short = "stage " + plain.Line(s.Name, nameWidth) + ": " + short
		if key := short + "\n" + strings.Join(detail, "\n"); !seen[key] {
			seen[key] = true
			out = append(out, Warning{Stage: s.Name, Layer: baseLayer(s), Short: short, Detail: detail})
		}
	}
	for _, s := range r.AllStages() {
		if len(s.Unknown) > 0 {
			add(s, "not fully checked: "+plain.Line(s.Unknown[0], 200)+andMore(len(s.Unknown)-1), safeLines(s.Unknown))
		}
		if unmaintained(s, r.Finished) {
			add(s, fmt.Sprintf("%s reached its end of life on %s, new vulnerabilities are not reported for it", osName(s.OS), s.EndOfLife), nil)
		}
		if n := len(s.Problems); n > 0 {
			add(s, fmt.Sprintf("%s could not be read: /%s%s", plain.Count(n, "file", "files"),
				plain.Tail(s.Problems[0].Path, pathWidth), andMore(n-1)), problemLines(s.Problems))
		}
	}
	return out
}

func andMore(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", n)
}

// baseLayer is the layer whose instruction names what the stage is made from.
func baseLayer(s *scan.Stage) scan.Layer {
	if len(s.Layers) == 0 {
		return scan.Layer{}
	}
	return s.Layers[0]
}

func osName(os *scan.OSRelease) string {
	switch {
	case os == nil:
		return "the distribution"
	case os.PrettyName != "":
		return plain.Line(os.PrettyName, nameWidth)
	default:
		return plain.Line(strings.TrimSpace(os.ID+" "+os.VersionID), nameWidth)
	}
}

func safeLines(texts []string) []string {
	out := make([]string, 0, min(len(texts), shownLines))
	for _, t := range texts[:min(len(texts), shownLines)] {
		out = append(out, plain.Line(t, 200))
	}
	return out
}

func problemLines(problems []scan.Problem) []string {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = "/" + p.Path + ": " + p.Message
	}
	return safeLines(texts)
}
