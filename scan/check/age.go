package check

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// maintained are the controls that ask for software that still gets fixes.
var maintained = []string{
	"cis-docker/4.4", "nist-800-190/4.1.1", "pci-dss/6.3.3", "pci-dss/12.3.4",
	"hipaa/164.308(a)(1)(ii)(B)", "soc2/CC7.1", "fedramp/SA-22", "fedramp/SI-2",
}

func ageChecks() []Check {
	return []Check{
		{
			ID: "eol-distribution", Severity: scan.SeverityMedium, Title: "The distribution's release is no longer maintained",
			Description: "Its packages get no fixes any more, and new vulnerabilities of them are often not even recorded: a scan that finds little says little.",
			Remedy:      "Change FROM to an image of a release that is maintained.",
			References:  []string{"https://endoflife.date/"},
			Controls:    maintained, Looks: "the end of life of the distribution's release",
			needs: needLayers | needLifetime, find: eolDistribution,
		},
		{
			ID: "eol-runtime", Severity: scan.SeverityMedium, Title: "A language runtime is no longer maintained",
			Description: "The project that makes it publishes no fixes for this version any more. A runtime that is the distribution's own package is not reported: the distribution maintains it.",
			Remedy:      "Move to a version that is maintained; rebuild Go programs with a current toolchain.",
			References:  []string{"https://endoflife.date/"},
			Controls:    maintained, Looks: "the versions of Node.js, Python, Go, Ruby, PHP and Java, where packages, programs or the base image's tag tell them",
			needs: needLayers, find: eolRuntime,
		},
	}
}

// endOfLife is the day on which the stage's distribution release ends, by the
// database or by its own os-release; "" if neither knows.
func endOfLife(s *scan.Stage) string {
	if s.EndOfLife == "" && s.OS != nil {
		return s.OS.SupportEnd
	}
	return s.EndOfLife
}

func eolDistribution(s *subject) []found {
	end := endOfLife(s.stage)
	if !past(end, s.at) {
		return nil
	}
	name := "the distribution"
	if os := s.stage.OS; os != nil {
		name = plain.Line(cmp.Or(os.PrettyName, strings.TrimSpace(os.ID+" "+os.VersionID)), nameWidth)
	}
	return []found{{message: fmt.Sprintf("%s reached its end of life on %s", name, end), layer: s.baseLayer()}}
}

// seenRuntime is a runtime of some version, and where it is.
type seenRuntime struct {
	runtime, version string
	path             string
	layer            int
}

func eolRuntime(s *subject) []found {
	var out []found
	index := map[string]int{}
	for _, v := range s.runtimes() {
		end, ok := runtimeEnd(v.runtime, v.version)
		if !ok || !past(end, s.at) {
			continue
		}
		layer := v.layer
		if s.isBase(layer) {
			layer = s.baseLayer()
		}
		key := fmt.Sprint(v.runtime, " ", v.version, " ", layer)
		i, ok := index[key]
		if !ok {
			i = len(out)
			index[key] = i
			out = append(out, found{layer: layer, message: fmt.Sprintf("%s %s reached its end of life on %s", v.runtime, v.version, end)})
		}
		if v.path != "" {
			out[i].paths = append(out[i].paths, v.path)
			out[i].count++
		}
	}
	for i := range out {
		f := &out[i]
		var names []string
		for _, p := range f.paths {
			names = append(names, "/"+plain.Tail(p, pathWidth))
		}
		if len(names) > 0 {
			f.message += ": " + enumerate(names)
		}
		if from := s.origin(f.layer); from != "" {
			f.message += " (" + from + ")"
		}
	}
	return out
}
