package frontend

import (
	"context"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/merge"
)

// Options of one scan.
type Options struct {
	config.Options
	// Target names what is built, for the report.
	Target string
	// ScannerImage holds the scanner's binaries unless the build context
	// [ScannerContext] does.
	ScannerImage string
	// Version of the program that scans.
	Version string
	// Siblings lists a repository's tags, for advice about other base images. Nil
	// leaves only the tag that is used: an engine cannot be asked for a list.
	Siblings func(ctx context.Context, repository string) ([]string, error)
}

// Scan analyses every layer of a build's result on all its platforms, matches
// the packages and judges them. It returns the report and the references that
// hold the layers' analyses, for [Attach].
//
// An error of the build itself is returned as it is, a scan that could not be
// done as *[ScanError]. A report that blocks is no error here: see [Gate].
func Scan(ctx context.Context, c gwclient.Client, res *gwclient.Result, opt Options) (*Outcome, error) {
	eg, ctx2 := errgroup.WithContext(ctx)
	eg.Go(func() error { return Evaluate(ctx2, res) })
	var out *Outcome
	var layerErr *layerError
	eg.Go(func() (err error) {
		out, err = newScan(c, opt).run(ctx2, res)
		switch {
		case err == nil, errors.As(err, &layerErr):
			return nil // a layer that cannot be built fails its scan too: let the build speak
		case ctx2.Err() != nil:
			return context.Cause(ctx2)
		default:
			return &ScanError{Err: err} // no use in building on
		}
	})
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	if layerErr != nil {
		return nil, &ScanError{Err: layerErr}
	}
	return out, nil
}

// layerError is the failure of an operation that stands on a layer: it may be
// the layer's own.
type layerError struct{ error }

func (e *layerError) Unwrap() error { return e.error }

// Evaluate builds a result.
func Evaluate(ctx context.Context, res *gwclient.Result) error {
	eg, ctx := errgroup.WithContext(ctx)
	refs := map[string]gwclient.Reference{"": res.Ref}
	for k, r := range res.Refs {
		refs[k] = r
	}
	for _, r := range refs {
		if r != nil {
			eg.Go(func() error { return r.Evaluate(ctx) })
		}
	}
	return eg.Wait()
}

// Outcome of a scan.
type Outcome struct {
	Report *scan.Report
	// documents are VEX that came with base images.
	documents []config.File
	plan      *plan
	tools     *tools
	solver    *solver
}

type scanner struct {
	client  gwclient.Client
	opt     Options
	started time.Time
}

func newScan(c gwclient.Client, opt Options) *scanner {
	return &scanner{client: c, opt: opt, started: time.Now().UTC()}
}

func (s *scanner) run(ctx context.Context, res *gwclient.Result) (*Outcome, error) {
	bc, err := dockerui.NewClient(s.client)
	if err != nil {
		return nil, err
	}
	sv := newSolver(s.client, bc.CacheImports)
	t, search, err := s.prepare(ctx, sv, bc)
	if err != nil {
		return nil, err
	}
	p := &planner{solver: sv, tools: t, plan: newPlan(), search: search, finder: newFinder(search.rules)}
	var db *database
	var facts *facts
	eg, ctx2 := errgroup.WithContext(ctx)
	eg.Go(func() (err error) {
		db, err = loadDatabase(ctx2, sv, bc, t, s.opt.Options, s.started)
		return err
	})
	eg.Go(func() error {
		if err := p.addResult(ctx2, res); err != nil {
			return err
		}
		facts, err = s.analyze(ctx2, p, bc)
		return err
	})
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	report, err := s.report(p, db, facts)
	if err != nil {
		return nil, err
	}
	facts.external.add(report, p.plan)
	all, err := match(ctx, sv, t, db, report, facts.advice.subjects(p.plan))
	if err != nil {
		return nil, err
	}
	facts.advice.add(report, all)
	p.plan.addSecrets(report)
	p.plan.addLint(report, facts.lint, p.finder.conceal)
	p.plan.addChecks(report)
	documents, err := s.baseDocuments(ctx, sv, p.plan, report)
	if err != nil {
		return nil, err
	}
	report.Finished = time.Now().UTC()
	check.Evaluate(report)
	if err := p.plan.placeSettings(report, p.finder); err != nil {
		return nil, err
	}
	return &Outcome{Report: report, documents: documents, plan: p.plan, tools: t, solver: sv}, nil
}

// prepare finds what an analysis needs before the first one.
func (s *scanner) prepare(ctx context.Context, sv *solver, bc *dockerui.Client) (t *tools, se *search, err error) {
	eg, ctx := errgroup.WithContext(ctx)
	eg.Go(func() (err error) {
		t, err = findTools(ctx, sv, bc, s.opt.ScannerImage)
		return err
	})
	eg.Go(func() (err error) {
		se, err = readSearch(ctx, s.client, s.opt.Secrets)
		return err
	})
	err = eg.Wait()
	return t, se, err
}

// addResult plans every platform of a result.
func (p *planner) addResult(ctx context.Context, res *gwclient.Result) error {
	ps, err := exptypes.ParsePlatforms(res.Metadata)
	if err != nil {
		return err
	}
	p.multi = len(ps.Platforms) > 1
	for _, platform := range ps.Platforms {
		ref, ok := res.FindRef(platform.ID)
		if !ok {
			return errors.Errorf("build result lacks platform %s", platform.ID)
		}
		st := llb.Scratch()
		if ref != nil { // a result without layers has no reference
			if st, err = ref.ToState(); err != nil {
				return errors.Wrap(err, "failed to read the build's definition")
			}
		}
		config := exptypes.ParseKey(res.Metadata, exptypes.ExporterImageConfigKey, &platform)
		base := exptypes.ParseKey(res.Metadata, exptypes.ExporterImageBaseConfigKey, &platform)
		if err := p.add(ctx, platform.ID, st, config, base); err != nil {
			return err
		}
	}
	return nil
}

// maxConcurrent bounds the analyses that are asked for at once; the engine
// bounds what runs.
const maxConcurrent = 16

func (p *plan) run(ctx context.Context, s *solver) error {
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(maxConcurrent)
	for _, a := range p.analyses {
		eg.Go(func() error { return a.run(ctx, s) })
	}
	if err := eg.Wait(); err != nil {
		return &layerError{err}
	}
	return nil
}

// report merges the layers' inventories into the stages of a report.
func (s *scanner) report(p *planner, db *database, f *facts) (*scan.Report, error) {
	r := &scan.Report{
		SchemaVersion: scan.SchemaVersion,
		Target:        s.opt.Target,
		Scanner:       scan.Scanner{Name: "scan-build", Version: s.opt.Version, Digest: p.tools.digest.String()},
		Database:      db.status,
		Started:       s.started,
		Build:         concealed(buildFacts(s.client.BuildOpts().Opts, s.opt.Options), p.finder.conceal),
		Notices:       p.plan.notices,
	}
	for _, n := range f.notices {
		r.Notices = append(r.Notices, p.finder.conceal(n)) // an error may quote the Dockerfile
	}
	for _, pp := range p.plan.platforms {
		out := scan.Platform{ID: pp.id, Image: pp.image}
		for _, ps := range pp.stages {
			st, err := ps.merge()
			if err != nil {
				return nil, errors.Wrapf(err, "failed to merge the layers of %s", ps.Name)
			}
			out.Stages = append(out.Stages, st)
		}
		r.Platforms = append(r.Platforms, out)
	}
	p.plan.setBases(r)
	return r, nil
}

func (ps *planStage) merge() (scan.Stage, error) {
	st := scan.Stage{Name: ps.Name, Final: ps.Final}
	var inventories []scan.LayerInventory
	for _, l := range ps.layers {
		l.Stats = l.inventory.Stats
		st.Layers = append(st.Layers, l.Layer)
		inventories = append(inventories, l.inventory)
	}
	m, err := merge.Layers(inventories)
	if err != nil {
		return st, err
	}
	st.OS, st.Packages, st.Secrets, st.Problems = m.OS, m.Packages, m.Secrets, m.Problems
	st.Files, st.Owners, st.Accounts = m.Files, m.Owners, m.Accounts
	return st, nil
}
