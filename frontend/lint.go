package frontend

import (
	"context"
	"fmt"
	"maps"
	"path"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// maxLint bounds the warnings of one Dockerfile.
const maxLint = 1000

// lintPatience bounds the conversion. The engine has all that it asks for, because
// the build has just asked the same.
const lintPatience = 10 * time.Second

// lintWarning is what a lint rule of BuildKit's found in a file of a build.
type lintWarning struct {
	rule, title, url, message string
	file, line                int
}

// lint applies BuildKit's lint rules to the Dockerfile of a platform as the build
// itself does: the file is converted once more, for the same target with the
// same options, directives ("# check=skip=…") and BUILDKIT_DOCKERFILE_CHECK among
// them. So it finds what the build's client shows as warnings.
//
// A file of another language has none. A file that the Dockerfile frontend in
// this program cannot read, because another one built it (# syntax), is an error
// beside what was found until then.
func lint(ctx context.Context, c gwclient.Client, pp *planPlatform) ([]lintWarning, error) {
	at := pp.texts.mainFile()
	if at < 0 || !pp.build.File(at).Parsed() {
		return nil, nil
	}
	bc, err := dockerui.NewClient(withOpts(c, nil))
	if err != nil {
		return nil, err
	}
	info := pp.build.Files()[at]
	none := llb.Scratch()
	var out []lintWarning
	opt := dockerfile2llb.ConvertOpt{
		Config:       bc.Config,
		Client:       bc,
		SourceMap:    llb.NewSourceMap(&none, info.Filename, info.Language, info.Data),
		MetaResolver: c,
		Warn: func(rule, description, url, message string, places []parser.Range) {
			w := lintWarning{rule: rule, title: description, url: url, message: message, file: at}
			if len(places) > 0 {
				w.line = places[0].Start.Line
			}
			if len(out) < maxLint {
				out = append(out, w)
			}
		},
	}
	opt.BuildArgs = maps.Clone(opt.BuildArgs) // it is written to
	if len(bc.TargetPlatforms) > 0 {
		p, err := platforms.Parse(pp.id)
		if err != nil {
			return nil, errors.Wrapf(err, "failed to parse platform %q", pp.id)
		}
		opt.TargetPlatform = &p
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lintPatience, errors.Errorf("took longer than %s", lintPatience))
	defer cancel()
	if _, err = dockerfile2llb.Dockerfile2LLB(ctx, info.Data, opt); context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	return out, err
}

// mainFile is the index of the Dockerfile among the build's files, -1 if it is
// not among them.
func (t *texts) mainFile() int {
	files := t.build.Files()
	for i, info := range files {
		if len(files) == 1 || path.Clean(info.Filename) == t.main {
			return i
		}
	}
	return -1
}

// lint applies the rules once for a build: they do not depend on the platform
// but for what a variable holds. An error is no reason to fail: it becomes a notice.
func (p *plan) lint(ctx context.Context, c gwclient.Client) (found []lintWarning, notices []string) {
	if len(p.platforms) == 0 {
		return nil, nil
	}
	found, err := lint(ctx, c, &p.platforms[0])
	if err != nil && context.Cause(ctx) == nil {
		notices = append(notices, fmt.Sprintf("BuildKit's lint rules could not be applied to the whole Dockerfile: %v", err))
	}
	return found, notices
}

// addLint puts lint warnings into the stages of a report: what stands in a stage
// that the image continues into the final one, anything else into its own.
func (p *plan) addLint(r *scan.Report, found []lintWarning, conceal func(string) string) {
	for i := range p.platforms {
		pp := &p.platforms[i]
		if len(found) == 0 || len(pp.stages) == 0 {
			continue
		}
		chains := pp.texts.chains(&pp.stages[len(pp.stages)-1])
		for _, w := range found {
			m := scan.Misconfiguration{
				Check:    scan.LintPrefix + w.rule,
				Severity: lintSeverity(w.rule),
				Title:    w.title,
				Message:  conceal(w.message),
				URL:      w.url,
				Layer:    -1,
			}
			st := r.Platforms[i].FinalStage()
			if w.line > 0 && w.file < len(chains) {
				final, stage, place := placeInstruction(pp.build.File(w.file).At(w.line), chains[w.file], pp.stages)
				m.Instruction = place
				if !final {
					st = stageNamed(&r.Platforms[i], stage)
				}
			}
			st.Misconfigurations = append(st.Misconfigurations, m)
		}
	}
}

// lintSeverity is low but for what gives a secret away and for what will stop to
// work: most rules are about style.
func lintSeverity(rule string) scan.Severity {
	switch rule {
	case linter.RuleSecretsUsedInArgOrEnv.Name, linter.RuleMaintainerDeprecated.Name, linter.RuleNoEmptyContinuation.Name:
		return scan.SeverityMedium
	default:
		return scan.SeverityLow
	}
}
