package plugin

import (
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/frontend"
	"github.com/scan-build/scan-build/scan"
)

// loggedError is an error that the log has told.
type loggedError struct{ error }

func (e *loggedError) Unwrap() error { return e.error }

// isLogged says whether an error has been told already.
func isLogged(err error) bool {
	var l *loggedError
	return errors.As(err, &l)
}

// end tells how a run ended: with one event, or one for each target that is blocked.
func (l *runLog) end(err error, builds bool) {
	if l == nil {
		return
	}
	code := ExitCode(err)
	switch {
	case err == nil && builds:
		l.emit(buildFinished{Duration: l.took()})
	case err == nil:
	case code == exitBlocked:
		for _, e := range blockedEvents(err) {
			e.ExitCode, e.Duration = code, l.took()
			l.emit(e)
		}
	case code == exitScanFailed:
		l.emit(scanFailed{Message: err.Error(), ExitCode: code, Duration: l.took()})
	case code == exitInterrupted:
		l.emit(buildInterrupted{Message: err.Error(), ExitCode: code, Duration: l.took()})
	case builds:
		e := buildFailed{Message: err.Error(), ExitCode: code, Duration: l.took()}
		e.File, e.Line = sourceOf(err)
		l.emit(e)
	default:
		l.emit(commandFailed{Message: err.Error(), ExitCode: code, Duration: l.took()})
	}
}

func blockedEvents(err error) []policyBlocked {
	errs := []error{err}
	var targets blockedTargets
	if errors.As(err, &targets) {
		errs = targets
	}
	var out []policyBlocked
	for _, err := range errs {
		var b *frontend.BlockedError
		if !errors.As(err, &b) {
			out = append(out, policyBlocked{Message: err.Error()})
			continue
		}
		headline, _, _ := strings.Cut(b.Message, "\n")
		e := policyBlocked{Message: headline}
		if b.Report != nil {
			e.count(b.Report)
		}
		out = append(out, e)
	}
	return out
}

// count counts what blocks, each once for all platforms and stages.
func (e *policyBlocked) count(r *scan.Report) {
	e.Target = r.Target
	distinct := map[findingEvent]bool{}
	for _, s := range r.AllStages() {
		for _, f := range findingsOf(s) {
			if f.Action == string(scan.ActionDeny) {
				f.Stage, f.File, f.Line = "", "", 0
				distinct[f] = true
			}
		}
	}
	for _, f := range slices.Collect(maps.Keys(distinct)) {
		switch f.Type {
		case kindVulnerability:
			if e.Vulnerabilities == nil {
				e.Vulnerabilities = map[string]int{}
			}
			e.Vulnerabilities[f.Severity]++
		case kindSecret:
			e.Secrets++
		case kindMisconfiguration:
			e.Misconfigurations++
		case kindExternal:
			e.External++
		}
	}
	for _, v := range r.Verdict.Violations {
		if v.Action == scan.ActionDeny {
			e.Violations++
		}
	}
}

// sourceOf is the place in a Dockerfile that an error is about.
func sourceOf(err error) (file string, line int) {
	for _, s := range errdefs.Sources(err) {
		if s.Info != nil && len(s.Ranges) > 0 && s.Ranges[0].Start != nil {
			return s.Info.Filename, int(s.Ranges[0].Start.Line)
		}
	}
	return "", 0
}
