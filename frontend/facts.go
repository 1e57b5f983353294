package frontend

import (
	"context"
	"slices"

	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"
)

// facts are what a scan finds out beside the analyses of the build's layers.
// What is not known is missing, with a notice where a user should know. A scan
// fails for what the user's own analyzers cannot find, and where the options would
// have blocked for what is missing.
type facts struct {
	lint     []lintWarning
	advice   *advice
	external *externals
	notices  []string
}

// analyze runs a plan's analyses and, beside them, whatever else is to be found
// out about the build.
func (s *scanner) analyze(ctx context.Context, p *planner, bc *dockerui.Client) (*facts, error) {
	var lintNotices, baseNotices []string
	f := &facts{}
	eg, ctx := errgroup.WithContext(ctx)
	eg.Go(func() error { return p.plan.run(ctx, p.solver) })
	eg.Go(func() (err error) {
		f.external, err = p.runExternal(ctx, bc, s.opt.Analyzers)
		return err
	})
	eg.Go(func() error {
		f.lint, lintNotices = p.plan.lint(ctx, s.client)
		if len(lintNotices) > 0 && s.opt.Checks.BlocksLint() {
			return errors.New(p.finder.conceal(lintNotices[0]))
		}
		return nil
	})
	eg.Go(func() error {
		t := newTags(p.solver, tagPatience)
		if s.opt.Advise {
			t = newTags(p.solver, advicePatience)
		}
		baseNotices = p.plan.lookUpBases(ctx, t)
		if s.opt.Advise {
			f.advice = p.advise(ctx, t, s.opt.Siblings)
		}
		return nil
	})
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	f.notices = slices.Concat(lintNotices, baseNotices, f.external.notices)
	return f, nil
}
