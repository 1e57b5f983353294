package frontend

import (
	"context"

	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"
)

// facts are what a scan finds out beside the analyses of the build's layers.
// What is not known is missing, with a notice where a user should know. It fails a
// scan only where the options would have blocked for it.
type facts struct {
	lint    []lintWarning
	advice  *advice
	notices []string
}

// analyze runs a plan's analyses and, beside them, whatever else is to be found
// out about the build.
func (s *scanner) analyze(ctx context.Context, p *planner) (*facts, error) {
	var lintNotices, baseNotices []string
	f := &facts{}
	eg, ctx := errgroup.WithContext(ctx)
	eg.Go(func() error { return p.plan.run(ctx, p.solver) })
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
	f.notices = append(lintNotices, baseNotices...)
	return f, nil
}
