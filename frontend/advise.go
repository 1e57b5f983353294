package frontend

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	digest "github.com/opencontainers/go-digest"
	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"github.com/scan-build/scan-build/frontend/graph"
	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/base"
	"github.com/scan-build/scan-build/scan/merge"
)

// advice compares the base images of a build with others, for whoever asked.
// Only the base of what becomes the image counts: the others' findings are not
// shipped, and each comparison pulls an image.
type advice struct {
	comparisons []*comparison
	failed      map[*analysis]error
	notices     []string
}

// comparison is one platform's base image beside others.
type comparison struct {
	platform int // index in the plan
	base     *scan.Base
	used     *subject
	others   []*otherBase
}

// otherBase is an image that could be built on instead.
type otherBase struct {
	ref, digest string
	stage       planStage
	*subject
}

// subject is an image's packages and, once they have been matched, its findings.
type subject struct {
	scan.MatchSubject
	scan.SubjectResult
}

func (a *advice) notice(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(a.notices, n) {
		a.notices = append(a.notices, n)
	}
}

// advise finds the images to compare with and analyses their layers, by the same
// operations as the build's: whoever takes the advice finds them cached. Nothing
// that goes wrong is an error of the scan.
func (p *planner) advise(ctx context.Context, t *tags, siblings func(context.Context, string) ([]string, error)) *advice {
	a := &advice{failed: map[*analysis]error{}}
	lists := map[string][]string{}
	for i := range p.plan.platforms {
		pp := &p.plan.platforms[i]
		ps := &pp.stages[len(pp.stages)-1]
		if !ps.hasRegistry() || ps.base.Tag == "" {
			continue
		}
		name := ps.base.Name
		if _, ok := lists[name]; !ok && siblings != nil {
			found, err := siblings(ctx, name)
			if err != nil {
				a.notice("no other tags of %s are compared: %v", name, err)
			}
			lists[name] = found
		}
		c := &comparison{platform: i, base: ps.base}
		c.others = a.candidates(ctx, t, pp.id, ps.base, lists[name])
		if len(c.others) > 0 {
			a.comparisons = append(a.comparisons, c)
		}
	}
	a.analyze(ctx, p)
	return a
}

// candidates are the images to compare a base with: what its tag points at now,
// and what its siblings do.
func (a *advice) candidates(ctx context.Context, t *tags, platform string, b *scan.Base, list []string) []*otherBase {
	seen := []string{b.Digest}
	var out []*otherBase
	for _, tag := range append([]string{b.Tag}, base.Siblings(b.Tag, list)...) {
		d, err := t.digest(ctx, b.Name+":"+tag, platform)
		if err != nil {
			if !errors.As(err, new(missingTag)) {
				a.notice("%s:%s is not compared with: %v", b.Name, tag, err)
			}
			continue
		}
		if !slices.Contains(seen, d) {
			seen = append(seen, d)
			out = append(out, &otherBase{ref: familiar(b.Name) + ":" + tag, digest: d})
		}
	}
	return out
}

func familiar(name string) string {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return reference.FamiliarName(named)
}

// analyze runs what the comparisons need beyond the build's own analyses.
func (a *advice) analyze(ctx context.Context, p *planner) {
	var mu sync.Mutex
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(maxConcurrent)
	for _, c := range a.comparisons {
		c.others = slices.DeleteFunc(c.others, func(o *otherBase) bool {
			// A plan of its own: what is only compared becomes no part of the build's cache.
			own := *p
			own.plan = &plan{byOp: p.plan.byOp}
			if err := own.planOther(ctx, p.plan.platforms[c.platform].id, o); err != nil {
				a.notice("%s is not compared with: %v", o.ref, err)
				return true
			}
			for _, x := range own.plan.analyses {
				eg.Go(func() error {
					if err := x.run(ctx, p.solver); err != nil {
						mu.Lock()
						defer mu.Unlock()
						a.failed[x] = err
					}
					return nil
				})
			}
			return false
		})
	}
	_ = eg.Wait() // nothing above returns an error
}

// planOther plans the analyses of another base image.
func (p *planner) planOther(ctx context.Context, platform string, o *otherBase) error {
	spec, err := platforms.Parse(platform)
	if err != nil {
		return errors.Wrapf(err, "failed to parse platform %q", platform)
	}
	ref := o.ref + "@" + o.digest
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return errors.Wrapf(err, "invalid image reference %q", ref)
	}
	img := graph.NewImage(named.String(), spec)
	st, err := img.State()
	if err != nil {
		return err
	}
	o.stage, err = p.stage(ctx, platform, &graph.Stage{Name: o.ref, Layers: []graph.Layer{{
		Instruction: graph.Instruction{Text: "FROM " + o.ref},
		Op:          digest.Digest(o.digest),
		Base:        img,
		Child:       st,
	}}})
	return err
}

// subjects are the images whose packages have to be matched. It is called once
// all analyses are done; what cannot be compared is left out, with a notice.
func (a *advice) subjects(p *plan) []*subject {
	if a == nil {
		return nil
	}
	var out []*subject
	for _, c := range a.comparisons {
		pp := &p.platforms[c.platform]
		ps := &pp.stages[len(pp.stages)-1]
		own := slices.DeleteFunc(slices.Clone(ps.layers), func(l planLayer) bool { return l.from.Base == nil })
		used, err := a.subject(own)
		if err != nil {
			a.notice("%s is compared with no other image: %v", c.base.Ref, err)
			c.others = nil
			continue
		}
		c.used = used
		c.others = slices.DeleteFunc(c.others, func(o *otherBase) bool {
			o.subject, err = a.subject(o.stage.layers)
			if err != nil {
				a.notice("%s is not compared with: %v", o.ref, err)
			}
			return err != nil
		})
		if len(c.others) == 0 {
			continue
		}
		out = append(out, used)
		for _, o := range c.others {
			out = append(out, o.subject)
		}
	}
	return out
}

// subject merges layers into an image. One that is known in part only would
// make any other look worse than it is.
func (a *advice) subject(layers []planLayer) (*subject, error) {
	var inventories []scan.LayerInventory
	for _, l := range layers {
		if err := a.failed[l.analysis]; err != nil {
			return nil, err
		}
		inventories = append(inventories, l.inventory)
	}
	m, err := merge.Layers(inventories)
	if err != nil {
		return nil, err
	}
	for _, problem := range m.Problems {
		if problem.Fatal {
			return nil, errors.Errorf("%s: %s", problem.Path, problem.Message)
		}
	}
	return &subject{MatchSubject: scan.MatchSubject{OS: m.OS, Packages: m.Packages}}, nil
}

// add puts the comparisons into a report, once the subjects have been matched,
// unless there was no room for them.
func (a *advice) add(r *scan.Report, matched bool) {
	if a == nil {
		return
	}
	if !matched {
		a.notice("no other base images are compared: together with the build's stages they hold too many packages")
		a.comparisons = nil
	}
	for _, c := range a.comparisons {
		for _, o := range c.others {
			if unknown := append(slices.Clone(c.used.Unknown), o.Unknown...); len(unknown) > 0 {
				a.notice("%s is not compared with: %s", o.ref, unknown[0])
				continue
			}
			advice := base.Compare(c.used.Findings, o.Findings)
			advice.Ref, advice.Digest = o.ref, o.digest
			// The same value as the stage of the report has.
			c.base.Advice = append(c.base.Advice, advice)
		}
	}
	r.Notices = append(r.Notices, a.notices...)
}
