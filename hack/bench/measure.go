package main

import (
	"context"
	"slices"
	"time"
)

// situation is what happened since the last build.
type situation struct {
	name string
	// prepare runs before each pair of builds.
	prepare func(ctx context.Context, w *workload, sides [2]*side) error
	pairs   int // in a round
	target  time.Duration
}

func situations() []situation {
	edit := func(_ context.Context, w *workload, _ [2]*side) error { return w.edit() }
	cold := func(ctx context.Context, w *workload, sides [2]*side) error {
		for _, s := range sides {
			if err := s.prune(ctx); err != nil {
				return err
			}
		}
		return w.edit()
	}
	unchanged := func(context.Context, *workload, [2]*side) error { return nil }
	return []situation{
		{"cold", cold, 1, 3 * time.Second},
		{"nothing changed", unchanged, 2, 300 * time.Millisecond},
		{"one line changed", edit, 1, 2 * time.Second},
	}
}

// result holds the pairs of one workload: per situation, per side, per run.
type result struct {
	work     *workload
	runs     []samples
	scanners []scanner
}

// samples of one situation. The n-th of each is a pair.
type samples struct {
	situation
	plain, scan []*timing
	others      map[string][]time.Duration // by scanner, on the pushed image
}

// measure builds in rounds of all situations until the rounds or the time are
// used up; one round is always made.
func measure(ctx context.Context, w *workload, sides [2]*side, budget time.Duration) (*result, error) {
	deadline := time.Now().Add(budget)
	r := &result{work: w}
	for _, s := range situations() {
		r.runs = append(r.runs, samples{situation: s, others: map[string][]time.Duration{}})
	}
	r.scanners = findScanners(sides[1])
	var longest time.Duration
	for round := 0; round < w.rounds; round++ {
		if round > 0 && time.Now().Add(longest).After(deadline) {
			logf("%s: time is up after %d rounds", w.name, round)
			break
		}
		started := time.Now()
		for i := range r.runs {
			if err := r.runs[i].add(ctx, w, sides, round); err != nil {
				return nil, err
			}
			r.scanPushed(ctx, &r.runs[i], sides[1])
		}
		longest = max(longest, time.Since(started))
	}
	return r, nil
}

// add makes a round's pairs. Who builds first alternates.
func (s *samples) add(ctx context.Context, w *workload, sides [2]*side, round int) error {
	if err := s.prepare(ctx, w, sides); err != nil {
		return err
	}
	for pair := range s.pairs {
		order := []*side{sides[0], sides[1]}
		if (round+pair)%2 == 1 {
			slices.Reverse(order)
		}
		took := map[*side]*timing{}
		for _, side := range order {
			t, err := side.build(ctx, w)
			if err != nil {
				return err
			}
			took[side] = t
		}
		plain, scan := took[sides[0]], took[sides[1]]
		s.plain, s.scan = append(s.plain, plain), append(s.scan, scan)
		logf("%s, %s: plain %.2f s, scan %.2f s (%+.2f)", w.name, s.name, plain.wall.Seconds(), scan.wall.Seconds(), (scan.wall - plain.wall).Seconds())
	}
	return nil
}

// scanPushed times the other scanners on the image that was just pushed. One
// that fails, for want of its database above all, is not asked again.
func (r *result) scanPushed(ctx context.Context, s *samples, side *side) {
	r.scanners = slices.DeleteFunc(r.scanners, func(other scanner) bool {
		d, err := other.scan(ctx, side, r.work)
		if err != nil {
			logf("left out: %v", err)
			return true
		}
		logf("%s, %s: %s %.2f s", r.work.name, s.name, other.name, d.Seconds())
		s.others[other.name] = append(s.others[other.name], d)
		return false
	})
}
